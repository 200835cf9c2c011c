import { type Command, performAll, performStep } from '../../kit/command.ts'
import type { HostRef } from '../../model/inventory.ts'
import type { Connection } from '../../model/operation.ts'
import { carry } from './carry.ts'
import { type Direct, straight } from './direct.ts'
import { hostSource, hostTarget } from './ends.ts'
import { readingData, receivingData } from './holes.ts'
import { readingScript } from './lanes.ts'
import { type Meter, meterOf } from './progress.ts'
import { receiving } from './receive.ts'

/** Files that are to be brought from another host. */
export type Bringing = {
  /** What makes the directories that they lie in. */
  readonly directories: readonly Command[]
  readonly files: readonly Brought[]
}

/** One of them. */
export type Brought = {
  readonly path: string
  readonly to: string
  readonly bytes: number
  /** Much of it is holes, which are not sent. */
  readonly holes?: boolean
  /** Size and time of the other host's file, by which one sees that it is another one now. */
  readonly stamp: string
  /** No earlier copy has brought a part of it. */
  readonly anew: boolean
  /** Gives what arrived its mode, its time and its name. */
  readonly finish: Command
}

/** How they come. */
export interface Way {
  readonly from: HostRef
  readonly atOnce?: number
  readonly direct?: Direct
}

/** Brings them, so many at the same time. The first failure lets what runs come to its end, and begins nothing more. */
export async function bring(
  connection: Connection,
  { directories, files }: Bringing,
  { from, atOnce = 1, direct }: Way,
): Promise<void> {
  const source = await connection.peer(from)
  await performAll(connection, directories)
  const meter = meterOf(
    connection,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  const waiting = [...files]
  const together = Math.min(atOnce, files.length)
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      await bringOne(source, connection, file, meter, together, direct).catch((error: unknown) => {
        waiting.length = 0
        throw error
      })
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: together }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
}

async function bringOne(
  source: Connection,
  connection: Connection,
  { path, to, bytes, holes = false, stamp, anew, finish }: Brought,
  meter: Meter,
  atOnce: number,
  direct: Direct | undefined,
): Promise<void> {
  const target = hostTarget(connection, to, holes)
  await carry({
    source: hostSource(source, path, holes),
    target,
    bytes,
    stamp,
    anew,
    meter,
    atOnce,
    ...(direct && {
      past: (at) =>
        holes
          ? straight(source, connection, readingData(path, at, bytes), receivingData(target.part, at), path, direct)
          : straight(source, connection, readingScript(path, at), receiving(target.part, at), path, direct),
    }),
  })
  await performStep(connection, finish)
}
