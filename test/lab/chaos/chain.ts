import type { ChangePlanned, TaskFinished, Timed } from '../../../lib/model/event.ts'
import { identity } from '../../../lib/model/path.ts'
import { hear, type Heard, isBoundary } from '../../rig/killed.ts'
import { doLab } from '../../rig/lab.ts'

/** What the operator types. */
export const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '--yes'] as const

/** How an upgrade that was killed again and again has ended. */
export interface Chain {
  /** Where it was killed, in this order. */
  readonly killed: readonly string[]
  /** All places that it came by. */
  readonly seen: ReadonlySet<string>
  readonly last: Heard
  /** How often a run was typed again because the one before still held a host. */
  readonly waited: number
}

/** Milliseconds from the beginning of a task that takes long to its middle. */
export type Middles = ReadonlyMap<string, number>

/**
 * One upgrade on fresh disks that is killed where `at` says so, and gone on with, until it ends. It is asked once for
 * each place that the upgrade comes to, with the number of that place; `tell` hears of each kill.
 */
export async function chain(
  at: (place: string, nth: number) => boolean,
  middles: Middles,
  tell: (place: string) => void = () => {},
): Promise<Chain> {
  await doLab('reset')
  const killed: string[] = []
  const seen = new Set<string>()
  let waited = 0
  for (let first = true; ; first = false) {
    const timers = new Map<string, NodeJS.Timeout>()
    const stop = () => timers.forEach((timer) => clearTimeout(timer))
    const last = await hear([...upgrade, ...(first ? [] : ['--resume'])], (event, kill) => {
      if (!isPlace(event)) return
      const come = (place: string) => {
        if (seen.has(place)) return
        seen.add(place)
        if (!at(place, seen.size - 1)) return
        killed.push(place)
        stop()
        kill()
        tell(place)
      }
      const middle = middleOf(event)
      clearTimeout(timers.get(middle))
      come(placeOf(event))
      const after = middles.get(middle)
      if (event.type === 'change-planned' && after !== undefined && killed.at(-1) !== placeOf(event))
        timers.set(middle, setTimeout(come, after, middle))
    })
    stop()
    if (last.code === null) continue
    if (last.code !== locked || ++waited > 100) return { killed, seen, last, waited }
  }
}

/** Another run holds a host: one that was killed has not let go of it yet (lib/commands/README.md). */
const locked = 9

// What took more than such a part of the run is long, however fast the machine.
const longs = 100

/** The places of a run, and how long after their beginning tasks that took long were in their middle. */
export function placesOf(events: readonly Timed[]): { readonly places: readonly string[]; readonly middles: Middles } {
  const places = new Set<string>()
  const middles = new Map<string, number>()
  const begun = new Map<string, number>()
  const whole = events.length === 0 ? 0 : events.at(-1)!.time - events[0]!.time
  for (const event of events) {
    if (!isPlace(event)) continue
    places.add(placeOf(event))
    const middle = middleOf(event)
    if (event.type === 'change-planned') begun.set(middle, event.time)
    const took = event.time - (begun.get(middle) ?? event.time)
    if (event.type === 'change-planned' || took < whole / longs) continue
    places.add(middle)
    middles.set(middle, took / 2)
  }
  return { places: [...places], middles }
}

type Place = (ChangePlanned | TaskFinished) & { readonly time: number }

function isPlace(event: Timed): event is Place {
  return isBoundary(event)
}

/** What tells a place from all others: the task, the host, and whether it begins to change something or has ended. */
function placeOf(event: Place): string {
  const where = `${identity(event.path)} on ${event.host}`
  return event.type === 'task-finished' ? `${where}, ended` : `${where}, ${event.operation} begun`
}

function middleOf(event: Place): string {
  return `${identity(event.path)} on ${event.host}, in its middle`
}
