import { between } from '../victoria-zed/clouds.ts'

export default between('zed', 'epoxy')
