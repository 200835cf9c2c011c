import { isBelow, names } from './foreseen.ts'
import type { Plan, Value } from './operation.ts'

/** What of a host a change touches, by its plan: `file /etc/motd`, `service nginx`; none where it does not say. */
export function thingsOf({ leaves = [], replaces = [] }: Pick<Plan<Value>, 'leaves' | 'replaces'>): readonly string[] {
  const replaced = replaces.map((one) => ('file' in one ? `file ${one.file}` : one.what))
  return [...new Set([...leaves.map(({ what }) => what), ...replaced])]
}

/** Something that was changed on a host: by its name, and what it touched as far as it said so. */
export interface Touch {
  readonly operation: string
  readonly things: readonly string[]
}

/** May a change have touched one of these things? One that does not say what it touches may where it names it. */
export function touches({ operation, things }: Touch, sought: readonly string[]): boolean {
  return sought.some((what) =>
    things.length === 0
      ? names(operation, what, true)
      : things.some((other) => other === what || isBelow(other, what) || isBelow(what, other)),
  )
}
