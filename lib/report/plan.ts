import { counted } from '../model/counted.ts'
import { headline, identity } from '../model/path.ts'
import { destroys, type PlannedTask, restarts, type SavedPlan } from '../model/plan.ts'
import { drawDiff } from './diff.ts'
import { names } from './outcome.ts'
import { type Paint, paints, type Style } from './paint.ts'
import { harmless } from './width.ts'

/** How a plan is to be drawn. */
export interface PlanDrawing {
  readonly color: boolean
  readonly diff: boolean
  /** Says of what is as wanted that it is so, too. */
  readonly verbosity: number
}

/** What a plan says, for the terminal: what would be done, task by task, and a sum of it. */
export function drawPlan({ tasks }: Pick<SavedPlan, 'tasks'>, { color, diff, verbosity }: PlanDrawing): string {
  const paint = paints(color)
  const shown = tasks.filter(({ verdict }) => verbosity > 0 || (verdict !== 'ok' && verdict !== 'skipped'))
  const groups = new Map<string, PlannedTask[]>()
  for (const task of shown) {
    const key = JSON.stringify([identity(task.path), task.handler, wordOf(task), task.reason, task.diff, stepsIn(task)])
    groups.set(key, [...(groups.get(key) ?? []), task])
  }
  const lines: string[] = []
  let play: string | undefined
  // A task's hosts stand together, where the first of them ended.
  const byTask = new Map<string, PlannedTask[][]>()
  for (const group of groups.values()) {
    const id = `${identity(group[0]!.path)}\0${group[0]!.handler}`
    byTask.set(id, [...(byTask.get(id) ?? []), group])
  }
  for (const groups of byTask.values()) {
    const { path, handler } = groups[0]![0]!
    if (path.play !== play) lines.push(...(lines.length > 0 ? [''] : []), paint('bold', `PLAY [${path.play}]`))
    play = path.play
    lines.push('', paint('bold', `${handler ? 'HANDLER' : 'TASK'} [${headline(path)}]`))
    for (const group of [...groups].sort(([a], [b]) => (a!.host < b!.host ? -1 : 1)))
      lines.push(...drawGroup(group, paint, diff))
  }
  return [...lines, ...(lines.length > 0 ? [''] : []), ...summed(tasks, paint)].join('\n')
}

type Word = 'changes' | 'restarts' | 'destroys' | 'unknown' | 'looks later' | 'fails' | 'ok' | 'skipped'

const styles: Readonly<Record<Word, Style>> = {
  changes: 'yellow',
  restarts: 'magenta',
  destroys: 'red',
  unknown: 'cyan',
  'looks later': 'dim',
  fails: 'red',
  ok: 'green',
  skipped: 'cyan',
}

/** What becomes of a task, in a word. */
function wordOf(task: PlannedTask): Word {
  switch (task.verdict) {
    case 'changed':
      return destroys(task) ? 'destroys' : restarts(task) ? 'restarts' : 'changes'
    case 'later':
      return 'looks later'
    case 'failed':
      return 'fails'
    default:
      return task.verdict
  }
}

function stepsIn({ steps, host }: PlannedTask): readonly string[] {
  return steps
    .filter(({ seal }) => seal !== undefined)
    .map(({ operation, on }) => `${operation}${on === host ? '' : ` (on ${on})`}`)
}

function drawGroup(group: readonly PlannedTask[], paint: Paint, diff: boolean): readonly string[] {
  const [task] = group as [PlannedTask]
  const word = wordOf(task)
  const why = task.reason === undefined ? '' : ` (${harmless(task.reason.trim().split('\n')[0]!)})`
  return [
    `${paint(styles[word], word)}: [${names(group.map(({ host }) => host))}]${why}`,
    ...stepsIn(task).map((step) => `  ${harmless(step)}`),
    ...(diff ? task.diff.flatMap((one) => drawDiff(one, paint)) : []),
  ]
}

function summed(tasks: readonly PlannedTask[], paint: Paint): readonly string[] {
  const of = (word: Word) => tasks.filter((task) => wordOf(task) === word)
  const changing = [...of('changes'), ...of('restarts'), ...of('destroys')]
  const hosts = new Set(changing.map(({ host }) => host)).size
  const lost = of('destroys').length
  const parts = [
    ...(lost > 0 ? [paint('red', `${lost} of them ${lost === 1 ? 'destroys' : 'destroy'} something`)] : []),
    ...(of('restarts').length > 0 ? [counted(of('restarts').length, 'restart')] : []),
    ...(of('unknown').length > 0 ? [`${of('unknown').length} unknown`] : []),
    ...(of('looks later').length > 0 ? [`${counted(of('looks later').length, 'check')} left for the run`] : []),
    ...(of('fails').length > 0 ? [paint('red', `${of('fails').length} failed`)] : []),
  ]
  const what =
    changing.length === 0
      ? 'nothing would be changed'
      : `${counted(changing.length, 'change')} on ${counted(hosts, 'host')}`
  return [`${paint('bold', 'PLAN')}: ${[what, ...parts].join(', ')}`]
}
