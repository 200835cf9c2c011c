import { counted } from '../model/counted.ts'
import { showLocation } from '../model/location.ts'
import type { AttemptFailed, GateAnswered, RunStarted, Status } from '../model/event.ts'
import { headline } from '../model/path.ts'
import { drawDiff } from './diff.ts'
import type { OpenTask, Outcome } from './open-tasks.ts'
import { type Paint, statusStyle } from './paint.ts'
import { cut, harmless } from './width.ts'

/** How a report is to be drawn. */
export interface Drawing {
  readonly paint: Paint
  readonly columns: number
  readonly verbosity: number
  readonly diff: boolean
}

// Ansible's words before the bracket.
const words: { readonly [S in Status]: string } = {
  ok: 'ok',
  changed: 'changed',
  skipped: 'skipping',
  failed: 'failed',
  rescued: 'rescued',
  ignored: 'ignored',
  unreachable: 'unreachable',
  resumed: 'resumed',
}
const quiet: ReadonlySet<Status> = new Set(['ok', 'skipped', 'resumed'])
const order: readonly Status[] = ['resumed', 'skipped', 'ok', 'changed', 'ignored', 'rescued', 'failed', 'unreachable']
const namesShown = 6
const resultShown = 400

/** `TASK [nova.compute : Pin compute RPC › Set compute=icehouse-compat]`. */
export function heading({ path, handler, at }: OpenTask, { paint, verbosity }: Drawing): readonly string[] {
  return [
    paint('bold', `${handler ? 'RUNNING HANDLER' : 'TASK'} [${headline(path)}]`),
    ...(verbosity >= 2 ? [paint('dim', `task path: ${showLocation(at)}`)] : []),
  ]
}

/** What the operator said at a gate. */
export function answered({ passed }: GateAnswered, paint: Paint): string {
  return passed ? paint('green', 'the operator goes on') : paint('red', 'the operator does not go on')
}

/** What a task did, hosts with the same outcome in one line. */
export function drawOutcomes(task: OpenTask, drawing: Drawing): readonly string[] {
  return [
    ...drawDiffs(task, drawing),
    ...sorted(task).flatMap((outcome) => line(outcome, task, drawing)),
    ...drawNotified(task, drawing),
    ...drawMissing(task, drawing),
  ]
}

/** The differences a task found, each with the hosts it was found on. */
export function drawDiffs(task: OpenTask, { paint, diff }: Drawing): readonly string[] {
  if (!diff) return []
  return [...task.diffs.values()].flatMap(({ operation, diffs, hosts }) => [
    `${paint('yellow', 'diff')}: [${names(hosts)}] ${operation}`,
    ...diffs.flatMap((one) => drawDiff(one, paint)),
  ])
}

/** Outcomes from the dullest to the worst: what matters stands last, next to what follows. */
export function sorted(task: OpenTask): readonly Outcome[] {
  return [...task.outcomes.values()].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
}

/** What -v says of a run before its first play. */
export function introduction({ run, playbook, plays, tasks, hosts }: RunStarted): string {
  return `run ${run}: ${playbook}, plays: ${plays}, tasks: ${tasks}, hosts: ${hosts.length}`
}

/** How a failed attempt ends its line: `(9 retries left): nova-compute is down`. */
export function attempt({ left, reason }: AttemptFailed): string {
  return `(${counted(left, 'retry', 'retries')} left): ${harmless(reason.trim().split('\n')[0]!)}`
}

/** How the task ended as a whole: the worst that happened on a host. */
export function worst(task: OpenTask): Status {
  return sorted(task).at(-1)?.status ?? 'skipped'
}

/** What became of the hosts, in words: `45 ok, 3 changed: c-1, c-2, c-3`. */
export function summary(task: OpenTask, paint: Paint, named = true): string {
  const groups = new Map<Status, string[]>()
  for (const { status, hosts } of sorted(task)) groups.set(status, [...(groups.get(status) ?? []), ...hosts])
  return [...groups]
    .map(([status, hosts]) => {
      const count = task.hosts.size === 1 && hosts.length === 1 ? status : `${hosts.length} ${status}`
      const few = named && hosts.length < task.hosts.size && hosts.length <= 3 && !quiet.has(status)
      return (
        paint(statusStyle[status], count) + (few ? `: ${names(hosts.map((host) => host.replace(/ -> .*/, '')))}` : '')
      )
    })
    .join(', ')
}

/** Few hosts by their names, many by their number, of those that the task is for. */
export function who(hosts: readonly string[], of: number): string {
  if (hosts.length <= namesShown) return names(hosts)
  return `${hosts.length === of ? 'all ' : ''}${hosts.length} hosts`
}

/** The names of hosts in the order of their names. */
export function names(hosts: readonly string[]): string {
  return [...hosts].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).join(', ')
}

function line(outcome: Outcome, task: OpenTask, { paint, verbosity }: Drawing): readonly string[] {
  const { status, hosts, reason, result, unpredictable } = outcome
  const all = hosts.length === task.hosts.size
  const few = verbosity > 0 || !(quiet.has(status) || (all && status === 'changed'))
  const which = few ? names(hosts) : who(hosts, task.hosts.size)
  const why = reason ? ` (${reason})` : ''
  const guess = unpredictable ? ' (only a real run can tell)' : ''
  const value = result === undefined ? '' : ` => ${verbosity >= 2 ? result : cut(result, resultShown)}`
  return [`${paint(statusStyle[status], words[status])}: [${which}]${why}${guess}${value}`]
}

function drawNotified(task: OpenTask, { paint, verbosity }: Drawing): readonly string[] {
  if (verbosity === 0) return []
  return [...task.notified].map(([handler, hosts]) => paint('dim', `notified: ${handler} [${names(hosts)}]`))
}

function drawMissing({ missing }: OpenTask, { paint }: Drawing): readonly string[] {
  return missing.size === 0 ? [] : [`${paint('yellow', 'not finished')}: [${names([...missing])}]`]
}
