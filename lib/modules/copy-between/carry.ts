import { Advice } from '../../model/operation.ts'
import type { Source, Target } from './ends.ts'
import { sure } from './lanes.ts'
import { mebi, type Meter } from './progress.ts'
import { sumIn } from './receive.ts'
import { relay } from './relay.ts'

export interface Carrying {
  readonly source: Source
  readonly target: Target
  readonly bytes: number
  /** What the source's `stamp` said when the copy was planned. */
  readonly stamp: string
  /** Nothing of it is there yet. */
  readonly anew?: boolean
  readonly meter: Meter
  /** How many files are copied at the same time; 1 unless said. */
  readonly atOnce?: number
  /** Carries the bytes from one on without us, and resolves with what the writing end said. */
  readonly past?: (from: number) => Promise<string>
}

/**
 * Brings a file's bytes into the target's part and sees that both are the same, or throws; a copy that broke off goes
 * on where it stopped. Resolves with the sha256 of all of it when that is known by then.
 * @throws Advice when the source changes meanwhile; CommandFailed, Unreachable
 */
export async function carry({
  source,
  target,
  bytes,
  stamp,
  anew = false,
  meter,
  atOnce = 1,
  past,
}: Carrying): Promise<string | undefined> {
  const from = await beginning()
  meter(from)
  const [reading, writing] = [source.end(from, bytes, atOnce), target.end(from, bytes, atOnce)]
  let sums: readonly [string, string]
  if (past) {
    const sum = source.sum({ from })
    sum.catch(() => {})
    const ours = sumIn(await past(from))
    sums = [await sum, ours]
  } else {
    const passed = await relay(reading, writing, meter, reading.ours || writing.ours)
    // Holes did not pass.
    meter(Math.max(0, bytes - from - passed.bytes))
    sums = await Promise.all([reading.sum(passed), writing.sum(passed)])
  }
  if ((await source.stamp()) !== stamp) {
    await target.discard()
    throw new Advice(`${source.name} changed while it was copied`, 'stop what writes it there, then run the task again')
  }
  if (sums[0] !== sums[1]) {
    await target.discard()
    throw new Advice(
      `the copy of ${source.name} differs from it`,
      'run the task again: it begins anew; if it happens twice, check the disks of both machines',
    )
  }
  return from === 0 ? sums[0] : undefined

  /** Where to go on: whole MiB are compared, and when they are another file's it begins anew. */
  async function beginning(): Promise<number> {
    const there = anew ? 0 : await target.begun()
    const whole = there > bytes ? 0 : Math.floor(sure(there, bytes) / mebi) * mebi
    if (whole <= 0) return 0
    const [theirs, ours] = await Promise.all([source.sum({ to: whole }), target.sum({ to: whole })])
    return theirs === ours ? whole : 0
  }
}
