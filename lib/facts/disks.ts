import { output } from '../model/operation.ts'
import type { Fact } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'

/** A mounted file system; sizes in bytes. */
export interface Filesystem {
  readonly device: string
  readonly mount: string
  readonly size: number
  readonly used: number
  readonly available: number
}

/** The file systems and block devices of a host. */
export interface Disks {
  readonly filesystems: readonly Filesystem[]
  /** Names of block devices as the kernel has them (sda, sda1, dm-0), with their bytes. */
  readonly devices: Readonly<Record<string, number>>
}

// A dead network mount makes df complain and go on: what it could tell counts.
const script = 'LC_ALL=C df -P -k 2>/dev/null; echo; cat /proc/partitions 2>/dev/null; :'

/**
 * Which file systems and block devices a host has, and how full they are.
 *
 * ```ts
 * const { filesystems } = await host.fact(facts.disks)
 * assert(filesystems.every(({ available }) => available > 2 ** 30), 'a file system has less than 1 GiB left')
 * ```
 */
export const disks: Fact<Disks> = fact('disks', 'task', async (connection) =>
  parseDisks(await output(connection, script, { timeout: 60 })),
)

/** Makes sense of what df and /proc/partitions say. */
export function parseDisks(text: string): Disks {
  const [df = '', partitions = ''] = text.split(/\n\n(?=major|$)/)
  const filesystems = df.split('\n').flatMap((line): Filesystem[] => {
    const [, device, size, used, available, mount] = /^(.+?)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? []
    return mount === undefined
      ? []
      : [
          {
            device: device!,
            mount,
            size: Number(size) * 1024,
            used: Number(used) * 1024,
            available: Number(available) * 1024,
          },
        ]
  })
  const devices = Object.fromEntries(
    [...partitions.matchAll(/^\s*\d+\s+\d+\s+(\d+)\s+(\S+)$/gm)].map(([, blocks, name]) => [
      name!,
      Number(blocks) * 1024,
    ]),
  )
  return { filesystems, devices }
}
