/**
 * Files and block devices from host to host: streamed through the controller or straight, checked, taken up where they
 * broke off.
 */
export { device, type CopiedDevice, type DeviceBetween } from './copy-between/device.ts'
export { file, type FileBetween, files, type CopiedBetween, type FilesBetween } from './copy-between/files.ts'
export type { Direct } from './copy-between/direct.ts'
export { type Pace, pace, type PaceOptions } from './copy-between/pace.ts'
