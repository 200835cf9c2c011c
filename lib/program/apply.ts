import type { PlayNode } from '../engine/select.ts'
import { showPath } from '../model/path.ts'
import type { PlannedTask, SavedPlan } from '../model/plan.ts'
import { exit, type Problem, Refused } from '../model/problem.ts'
import { Enforcing } from './enforcing.ts'
import { codeMoved, hostsMoved, inventoryMoved, type Moved } from './moved.ts'
import { type Performance, perform } from './perform.ts'
import type { Performed } from './performed.ts'
import { plannedHosts } from './plan-file.ts'
import type { Prepared } from './prepare.ts'
import { Recording } from './recording.ts'

/** How a plan is carried out. */
export interface Applying extends Performance {
  readonly plan: SavedPlan
  /** The checksums of the playbook's files now. */
  readonly code: SavedPlan['code']
  /** What the plan could not foresee is done too, at its turn. */
  readonly unknown: boolean
  /** What to type for another plan. */
  readonly anew: string
  /** Hears, before anything is changed, on which hosts nothing will be, and why. */
  left(moved: Moved): void
}

/** How it ended; and whether there was nothing to do, or hosts were left out. */
export interface Applied {
  readonly performed?: Performed
  readonly left: Moved
}

/**
 * Carries a plan out: looks again whether everything is as the plan saw it, leaves out the hosts where it is not, and
 * does on the others what the plan says.
 * @throws Refused before anything is changed, when the playbook is another one, when only the real run can tell what
 * it does and nobody has allowed that, or when everything has moved on every host
 */
export async function apply(prepared: Prepared, how: Applying): Promise<Applied> {
  const { plan, code, unknown, anew, left, ...performance } = how
  const hint = `see what would be done now: ${anew}`
  const moved = codeMoved(plan, code)
  if (moved.length > 0)
    throw new Refused(
      { message: `the playbook is not the one that was planned: ${moved.join('; ')}`, hint },
      exit.refused,
    )
  const chosen = new Set(prepared.plays.flatMap(({ hosts }) => hosts.map(({ name }) => name)))
  const tasks = plan.tasks.filter(({ host }) => chosen.has(host))
  if (!unknown) refuseUnknown(tasks)
  const others = inventoryMoved(plan, plannedHosts(prepared.inventory, plan.key))
  for (const { host, verdict, reason, path } of tasks)
    if (verdict === 'failed')
      others.set(host, [...(others.get(host) ?? []), `the plan ends at «${showPath(path)}»: ${reason ?? 'it failed'}`])
  for (const host of chosen) if (!Object.hasOwn(plan.hosts, host)) others.set(host, ['it is not in the plan'])
  spread(others, tasks)

  const { performed, tasks: found } = await look(without(prepared, others), how)
  if (performed.outcome === 'interrupted') return { performed, left: new Map() }
  for (const [host, what] of hostsMoved(
    tasks.filter(({ host }) => !others.has(host)),
    found,
  ))
    others.set(host, what)
  spread(others, tasks)
  const out = new Map([...others].filter(([host]) => chosen.has(host)))
  if (out.size > 0) left(out)
  const rest = without(prepared, others)
  const due = tasks.filter(({ host }) => !others.has(host))
  if (!rest.plays.some(({ hosts }) => hosts.length > 0) || !due.some(hasWork)) return { left: out }

  const enforcing = new Enforcing(due, rest.plays, { key: plan.key, unknown, anew })
  const reporters = [enforcing.reporter, ...performance.reporters]
  return { left: out, performed: await perform(rest, { ...performance, reporters, weigh: enforcing.weigh }) }
}

/** Looks once more, in silence. */
async function look(
  prepared: Prepared,
  { plan, forks, become, becomeUser, operator }: Applying,
): Promise<{
  readonly performed: Performed
  readonly tasks: readonly PlannedTask[]
}> {
  const recording = new Recording(prepared.plays, plan.key)
  const performed = await perform(prepared, {
    check: true,
    forks,
    forceHandlers: false,
    argv: [],
    ...(become === undefined ? {} : { become }),
    ...(becomeUser === undefined ? {} : { becomeUser }),
    records: false,
    weigh: recording.weigh,
    reporters: [recording.reporter],
    operator,
  })
  return { performed, tasks: recording.tasks() }
}

/** A host for whose tasks something was to be done on one that is left out is left out as well. */
function spread(moved: Moved, tasks: readonly PlannedTask[]): void {
  for (let before = -1; before !== moved.size; ) {
    before = moved.size
    for (const { host, steps } of tasks) {
      const lost = moved.has(host) ? undefined : steps.find(({ on, seal }) => seal !== undefined && moved.has(on))
      if (lost) moved.set(host, [`${lost.operation} works on ${lost.on}, which is left out`])
    }
  }
}

function without(prepared: Prepared, moved: Moved): Prepared {
  const plays = prepared.plays.map(
    (play): PlayNode => ({ ...play, hosts: play.hosts.filter(({ name }) => !moved.has(name)) }),
  )
  return { ...prepared, plays }
}

/** Is there something to do, or to look at once more, for which the hosts are visited? */
function hasWork({ verdict }: PlannedTask): boolean {
  return verdict === 'changed' || verdict === 'unknown'
}

const mostNamed = 10

function refuseUnknown(tasks: readonly PlannedTask[]): void {
  const unknown = tasks.filter(({ verdict }) => verdict === 'unknown')
  if (unknown.length === 0) return
  const named = [...new Set(unknown.map(({ path }) => showPath(path)))]
  const shown = named.slice(0, mostNamed).map((name) => `«${name}»`)
  const more = named.length - shown.length
  const problem: Problem = {
    message: `the plan cannot say what these do: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    hint: 'let them do at their turn what they find to do: --unknown; or run the playbook as it is',
  }
  throw new Refused(problem, exit.refused)
}
