/** What a host is called, which time it has, and what its kernel has loaded. */
export { hostname } from './system/hostname.ts'
export { type ModuleOptions, kernelModule, noKernelModule } from './system/kernel-module.ts'
export { timezone } from './system/timezone.ts'
export type { Setting } from './system/setting.ts'
