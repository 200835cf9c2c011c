import { differing } from '../model/fingerprint.ts'
import { identity, showPath } from '../model/path.ts'
import type { PlannedHost, PlannedStep, PlannedTask, SavedPlan } from '../model/plan.ts'

/** What is another now than a plan saw, by host. */
export type Moved = Map<string, string[]>

/** The files of the playbook that are others now, or are gone, or have come. */
export function codeMoved({ code }: SavedPlan, now: SavedPlan['code']): readonly string[] {
  return differing(code, now).map((file) =>
    now[file] === undefined ? `${file} is gone` : code[file] === undefined ? `${file} is new` : `${file} was changed`,
  )
}

/** Hosts of which the inventory says something else now. */
export function inventoryMoved({ hosts }: SavedPlan, now: Readonly<Record<string, PlannedHost>>): Moved {
  const moved: Moved = new Map()
  for (const [host, before] of Object.entries(hosts)) {
    const after = now[host]
    if (!after) add(moved, host, 'it is no longer in the inventory')
    else {
      const vars = differing(before.vars, after.vars)
      const settings = differing(before.settings, after.settings)
      if (vars.length > 0) add(moved, host, `the inventory says otherwise of ${vars.join(', ')}`)
      if (settings.length > 0) add(moved, host, `it is reached otherwise: ${settings.join(', ')}`)
    }
  }
  return moved
}

/** Hosts on which a look now finds something else than the plan did, or would do something else. */
export function hostsMoved(planned: readonly PlannedTask[], now: readonly PlannedTask[]): Moved {
  const moved: Moved = new Map()
  const before = turnsOf(planned)
  const after = turnsOf(now)
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key), after.get(key)]
    const { host, path } = (was ?? is)!
    for (const what of taskMoved(was, is)) add(moved, host, `${what} («${showPath(path)}», ${(was ?? is)!.at})`)
  }
  return moved
}

/** Each turn of each task on each host by a name of its own. */
export function turnsOf(tasks: readonly PlannedTask[]): ReadonlyMap<string, PlannedTask> {
  const count = new Map<string, number>()
  return new Map(
    tasks.map((task) => {
      const key = turnKey(task)
      const nth = count.get(key) ?? 0
      count.set(key, nth + 1)
      return [`${key}\0${nth}`, task]
    }),
  )
}

/** The name of what all turns of a task on a host share. */
export function turnKey({ path, host }: Pick<PlannedTask, 'path' | 'host'>): string {
  return `${identity(path)}\0${host}`
}

/** The steps of a task by names of their own, as they come whatever their order. */
export function stepsOf({ steps }: Pick<PlannedTask, 'steps'>): ReadonlyMap<string, PlannedStep> {
  const counts = new StepNames()
  return new Map(steps.map((step) => [counts.next(step), step]))
}

/** Names the steps of one attempt of a task: operations of one name on one host by their number. */
export class StepNames {
  readonly #counts = new Map<string, number>()
  next({ on, operation }: Pick<PlannedStep, 'on' | 'operation'>): string {
    const name = `${on}\0${operation}`
    const nth = this.#counts.get(name) ?? 0
    this.#counts.set(name, nth + 1)
    return `${name}\0${nth}`
  }
}

function taskMoved(was: PlannedTask | undefined, is: PlannedTask | undefined): readonly string[] {
  if (is?.verdict === 'failed' && was?.verdict !== 'failed') return [`it fails now: ${firstLine(is.reason ?? '')}`]
  const before = stepsOf(was ?? { steps: [] })
  const after = stepsOf(is ?? { steps: [] })
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [one, other] = [before.get(name), after.get(name)]
    if (one?.seal === undefined && other?.seal === undefined) return []
    const { operation } = (one ?? other)!
    if (one?.seal === undefined) return [`${operation} has something to change now, and had not`]
    if (other?.seal === undefined) return [`${operation} has nothing to change any more`]
    const parts = differing(one.state ?? {}, other.state ?? {})
    const named = parts.filter((part) => part !== '')
    if (parts.length > 0) return [`${operation} finds another state${named.length > 0 ? `: ${listed(named)}` : ''}`]
    return one.seal === other.seal ? [] : [`${operation} would make another change`]
  })
}

const mostNamed = 4

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const firstLine = (text: string) => text.trim().split('\n')[0]!

function add(moved: Moved, host: string, what: string): void {
  moved.set(host, [...(moved.get(host) ?? []), what])
}
