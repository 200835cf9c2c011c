import { between } from './clouds.ts'

export default between('victoria', 'zed')
