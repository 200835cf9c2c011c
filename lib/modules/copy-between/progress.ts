import type { Connection } from '../../model/operation.ts'

/** Counts bytes and shows now and then how far a copy is. */
export type Meter = (bytes: number) => void

/** A meter for a copy of so many bytes. */
export function meterOf(connection: Connection, all: number, did = 'copied'): Meter {
  let done = 0
  let shown = 0
  return (bytes) => {
    done += bytes
    if (done - shown < Math.max(all / 100, 1 << 20) && done !== all) return
    shown = done
    connection.progress(`${(done / 1048576).toFixed(0)} of ${(all / 1048576).toFixed(0)} MiB ${did}`)
  }
}
