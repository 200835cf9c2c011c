import { between } from '../../test/openstack/inventory.ts'

export default between('zed', 'epoxy')
