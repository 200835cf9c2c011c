/** What can be asked about a host: `await host.fact(os)`. */
export { addresses, type Address, type Addresses } from './addresses.ts'
export { disks, type Disks, type Filesystem } from './disks.ts'
export { os, type OperatingSystem } from './os.ts'
export { packages, type Versions } from './packages.ts'
export { services, type KnownService } from './services.ts'
export { time, type Clock } from './time.ts'
