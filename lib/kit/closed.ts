import { Advice } from '../model/operation.ts'

/**
 * Defines `closed PATH` in sh: true where a directory on the way there may not be entered. What lies behind it looks to
 * every test as if it were missing.
 */
export const closed =
  'closed() { d=${1%/*}; while [ -n "$d" ] && [ ! -d "$d" ]; do d=${d%/*}; done; [ ! -x "${d:-/}" ]; }'

/**
 * Defines `barred PATH` in sh: true where no folder can be there, because something else lies at the path or on the way
 * to it; `u` is its path then.
 */
export const barred =
  'barred() { u=$1; while [ -n "$u" ] && [ ! -e "$u" ] && [ ! -L "$u" ]; do u=${u%/*}; done; [ ! -d "$u/." ]; }'

/** The failure of a task that would have to guess. */
export function cannotLook(path: string, host: string): Advice {
  return new Advice(
    `cannot look at ${path} on ${host}: permission denied`,
    'let the task act as a user who may: become: true, or -b for all tasks',
  )
}
