import type { Connection } from '../../model/operation.ts'

export const mebi = 2 ** 20

/** Counts bytes and shows now and then how far a copy is. */
export type Meter = (bytes: number) => void

/** A meter for a copy of so many bytes. */
export function meterOf(connection: Connection, all: number, did = 'copied'): Meter {
  let done = 0
  let shown = 0
  return (bytes) => {
    done += bytes
    if (done - shown < Math.max(all / 100, mebi) && done !== all) return
    shown = done
    connection.progress(`${(done / mebi).toFixed(0)} of ${(all / mebi).toFixed(0)} MiB ${did}`, { done, all })
  }
}
