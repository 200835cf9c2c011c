import { counted } from '../model/counted.ts'
import { showPath } from '../model/path.ts'
import { showDuration } from './clock.ts'
import type { Activity, OpenTask } from './open-tasks.ts'
import { names, summary } from './outcome.ts'
import type { Paint } from './paint.ts'
import { cut, harmless, padded, widthOf } from './width.ts'

/** What the live part of the screen shows. */
export interface Picture {
  readonly play: string
  /** `play 2 of 3, batch 1 of 4`, or empty when there is only one. */
  readonly position: string
  readonly doneTasks: number
  readonly allTasks: number
  readonly since: number
  readonly now: number
  readonly tasks: readonly OpenTask[]
  readonly spinner: string
}

/** The last lines of output that are kept of each host. */
export const tailLength = 3

// Beside the live part, some of the lines that stay must be seen.
const share = 2 / 3
const least = 6

interface Talking {
  readonly host: string
  readonly since: number
  readonly progress: string | undefined
  readonly tail: readonly string[]
  lines: number
}
interface Shown {
  readonly task: OpenTask
  readonly talking: readonly Talking[]
  readonly silent: readonly string[]
  lines: number
}

/** Draws the live part into the space there is: never more lines than fit, never a line wider than the screen. */
export function drawFrame(picture: Picture, paint: Paint, rows: number, columns: number): readonly string[] {
  const space = Math.max(1, Math.min(rows - 1, Math.max(least, Math.floor(rows * share))))
  // An empty line sets the live part off from what stays, where there is room for one.
  const height = space > least ? space - 1 : space
  const busy = picture.tasks.filter((task) => task.running.size > 0)
  const active = busy.length > 0 ? busy : picture.tasks
  const fit = active.length <= height - 1 ? active : active.slice(0, Math.max(0, height - 2))
  const hidden = active.length - fit.length
  let left = height - 1 - fit.length - (hidden > 0 ? 1 : 0)

  const shown = fit.map((task): Shown => {
    const hosts = [...task.running].map(([host, activity]) => talkOf(host, activity))
    const talks = ({ progress, tail }: Talking) => progress !== undefined || tail.length > 0
    const silent = hosts.filter((one) => !talks(one)).map(({ host }) => host)
    return { task, talking: hosts.filter(talks), silent, lines: 0 }
  })
  left = dealOut(left, shown, ({ talking, silent }) => talking.length + (silent.length > 0 ? 1 : 0))

  const bodies = shown.map(({ task, talking, silent, lines }) => {
    const all = talking.length + (silent.length > 0 ? 1 : 0) <= lines
    const own = talking.slice(0, all ? talking.length : Math.max(0, lines - 1))
    const others = [...talking.slice(own.length).map(({ host }) => host), ...silent]
    return { task, own, others: lines > 0 ? others : [] }
  })
  // What stands beside the host is its progress, or else the first of the lines that are shown.
  const below = ({ tail, progress }: Talking) => tail.length - (progress === undefined ? 1 : 0)
  dealOut(
    left,
    bodies.flatMap(({ own }) => own),
    below,
  )

  const lines = [header(picture, paint, columns)]
  for (const { task, own, others } of bodies) {
    lines.push(taskLine(task, picture, paint, columns))
    const width = Math.min(24, Math.max(0, ...own.map(({ host }) => widthOf(host))))
    for (const { host, since, progress, tail, lines: below } of own) {
      const [words = '', ...under] =
        progress === undefined ? tail.slice(-below - 1) : [progress, ...tail.slice(tail.length - below)]
      const name = padded(cut(host, width), width)
      lines.push(`    ${name}  ${paint('dim', showDuration(picture.now - since).padStart(6))}  ${words}`.trimEnd())
      lines.push(...under.map((line) => paint('dim', `      │ ${line}`)))
    }
    if (others.length > 0) lines.push(`    ${namesWithin(others, columns - 4)}`)
  }
  if (hidden > 0) lines.push(cut(paint('dim', `  and ${counted(hidden, 'more task')}`), columns))
  return [...(space > least ? [''] : []), ...lines.slice(0, height).map((line) => cut(line, columns))]
}

function talkOf(host: string, { since, progress, ended, unended }: Activity): Talking {
  const last = harmless(unended)
  const tail = (last.trim() ? [...ended, last] : ended).slice(-tailLength)
  return { host, since, progress: progress === undefined ? undefined : harmless(progress), tail, lines: 0 }
}

/** Gives out lines in turns, one at a time, until nobody wants more or none are left; returns what is left. */
function dealOut<T extends { lines: number }>(lines: number, to: readonly T[], wants: (one: T) => number): number {
  for (let left = lines; ; ) {
    const before = left
    for (const one of to) {
      if (left === 0) return 0
      if (one.lines >= wants(one)) continue
      one.lines++
      left--
    }
    if (left === before) return left
  }
}

function header({ play, position, doneTasks, allTasks, since, now }: Picture, paint: Paint, columns: number): string {
  const right = `${doneTasks} of ${allTasks} tasks  ${showDuration(now - since)}`
  const left = `${play}${position ? `  ${position}` : ''}`
  return paint('bold', besides(left, right, columns))
}

function taskLine(task: OpenTask, { spinner, now }: Picture, paint: Paint, columns: number): string {
  const waiting = task.missing.size - task.running.size
  const ended = summary(task, paint, false)
  const counts = [
    ...(ended ? [ended] : []),
    ...(task.running.size > 0 ? [`${task.running.size} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ].join(', ')
  const right = `${counts}  ${showDuration(now - task.since)}`
  return `${paint('yellow', spinner)} ${besides(showPath(task.path), right, columns - 2)}`
}

/** Two texts in a line, the second at its end; when they do not fit, the first gives way. */
function besides(left: string, right: string, columns: number): string {
  const room = columns - widthOf(right) - 2
  if (room < 12) return cut(`${cut(left, Math.max(12, columns - 14))}  ${right}`, columns)
  return `${padded(cut(left, room), room)}  ${right}`
}

function namesWithin(hosts: readonly string[], columns: number): string {
  const all = names(hosts)
  if (widthOf(all) <= columns) return all
  const sortedNames = all.split(', ')
  const more = (count: number) => ` and ${sortedNames.length - count} more`
  let count = sortedNames.length - 1
  while (count > 1 && widthOf(sortedNames.slice(0, count).join(', ') + more(count)) > columns) count--
  return cut(sortedNames.slice(0, count).join(', ') + more(count), columns)
}
