import { between } from '../../test/openstack/inventory.ts'

export default between('victoria', 'zed')
