import { counted } from '../model/counted.ts'
import { type HostCounts, recap, type RunFinished, type RunStarted, type Timed } from '../model/event.ts'
import { identity, showPath } from '../model/path.ts'
import { showDuration } from './clock.ts'
import { createCriticalPath, type Link } from './critical-path.ts'
import { type Paint, statusStyle, type Style } from './paint.ts'
import { padded } from './width.ts'

/** How a run ended: what the advice on what to type next is made from. */
export interface RunEnd {
  readonly started: RunStarted
  readonly finished: RunFinished
  readonly counts: readonly HostCounts[]
}

/** The command to type next, or undefined when there is none to advise. */
export type Next = (end: RunEnd) => string | undefined

/** What is known at the end of a run, folded as it goes. */
export interface Recap {
  add(event: Timed): void
  /** The last lines of a report; none before the run has ended. */
  lines(paint: Paint, next?: Next): readonly string[]
}

interface Timing {
  readonly title: string
  /** Milliseconds of the times it was offered before, to other batches. */
  spent: number
  since: number
  until: number
}

const slowest = 5
// Faster tasks are nobody's question.
const slow = 1000
// Nor is what held up a run that took no longer than this.
const long = 5000
const longestLinks = 8

/** Begins a recap with nothing in it. */
export function createRecap(): Recap {
  const rows = new Map<string, Record<CountedWord, number>>()
  const timings = new Map<string, Timing>()
  const path = createCriticalPath()
  let started: RunStarted | undefined
  let finished: RunFinished | undefined

  const row = (host: string) => {
    let found = rows.get(host)
    if (!found) rows.set(host, (found = zero()))
    return found
  }
  const time = (event: Extract<Timed, { readonly type: 'task-started' | 'task-finished' }>, since: number) => {
    const key = identity(event.path)
    const timing = timings.get(key)
    if (!timing) timings.set(key, { title: showPath(event.path), spent: 0, since, until: event.time })
    else if (event.type === 'task-started') {
      timing.spent += timing.until - timing.since
      timing.since = timing.until = event.time
    } else timing.until = event.time
  }

  return {
    add(event) {
      path.add(event)
      if (event.type === 'run-started') started = event
      if (event.type === 'run-finished') finished = event
      if (event.type === 'task-started') time(event, event.time)
      if (event.type === 'task-finished') time(event, event.time - event.milliseconds)
      if (event.type !== 'task-finished' && event.type !== 'run-started') return
      // What counts as what is decided in one place; here its rows are only added up.
      for (const counts of recap([event])) {
        const sums = row(counts.host)
        for (const word of words) sums[word] += counts[word]
      }
    },
    lines(paint, next) {
      if (!finished) return []
      const counts = [...rows].map(([host, sums]) => ({ host, ...sums })).sort((a, b) => (a.host < b.host ? -1 : 1))
      const advice = started && next?.({ started, finished, counts })
      return [
        ...(counts.length > 0 ? [paint('bold', 'PLAY RECAP'), ...table(counts, paint)] : []),
        ...owed(finished, paint),
        ...slowTasks([...timings.values()], paint),
        // Runs that went on beside each other waited for nothing of each other's.
        ...(started?.joins ? [] : criticalPath(path.links(), finished.milliseconds, paint)),
        '',
        conclusion(finished, started?.check === true, paint),
        ...(advice ? [advice] : []),
      ]
    },
  }
}

const words = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored', 'resumed'] as const
const zero = () => ({ ok: 0, changed: 0, unreachable: 0, failed: 0, skipped: 0, rescued: 0, ignored: 0, resumed: 0 })
const always: ReadonlySet<CountedWord> = new Set(['ok', 'changed', 'unreachable', 'failed'])
type CountedWord = (typeof words)[number]

function table(counts: readonly HostCounts[], paint: Paint): readonly string[] {
  const width = Math.max(...counts.map(({ host }) => host.length))
  // The four that scripts look for, and what happened: all of them in every line would be wider than a terminal.
  const columns = words
    .filter((word) => always.has(word) || counts.some((row) => row[word] > 0))
    .map((word) => ({ word, width: Math.max(...counts.map((row) => `${word}=${row[word]}`.length)) }))
  return counts.map((row) => {
    const worst: Style = row.failed > 0 ? 'red' : row.unreachable > 0 ? 'magenta' : row.changed > 0 ? 'yellow' : 'green'
    const cells = columns.map(({ word, width }) => {
      const cell = `${word}=${row[word]}`
      return padded(row[word] > 0 ? paint(statusStyle[word], cell) : cell, width)
    })
    return `${padded(paint(worst, row.host), width)} : ${cells.join('  ').trimEnd()}`
  })
}

function owed({ owed }: RunFinished, paint: Paint): readonly string[] {
  if (owed.length === 0) return []
  const byHandler = new Map<string, string[]>()
  for (const { handler, host } of owed) byHandler.set(handler, [...(byHandler.get(handler) ?? []), host])
  const lines = [...byHandler].map(([handler, hosts]) => `  ${handler}: ${hosts.sort().join(', ')}`)
  return ['', paint('yellow', 'HANDLERS STILL OWED (notified, and not run)'), ...lines]
}

function slowTasks(timings: readonly Timing[], paint: Paint): readonly string[] {
  const ranked = timings
    .map(({ title, spent, since, until }) => ({ title, took: spent + until - since }))
    .filter(({ took }) => took >= slow)
    .sort((a, b) => b.took - a.took)
    .slice(0, slowest)
  if (ranked.length === 0) return []
  const lines = ranked.map(({ title, took }) => `${showDuration(took).padStart(8)}  ${title}`)
  return ['', paint('bold', 'SLOWEST TASKS'), ...lines]
}

function criticalPath(all: readonly Link[], wall: number, paint: Paint): readonly string[] {
  const links = all.filter(({ milliseconds }) => milliseconds > 0)
  if (wall < long || links.length < 2) return []
  const sum = (some: readonly Link[]) => some.reduce((total, { milliseconds }) => total + milliseconds, 0)
  const longest = [...links].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, longestLinks)
  const shown = links.filter((link) => longest.includes(link))
  const rest = links.length - shown.length
  const line = (took: number, what: string) => `${showDuration(took).padStart(8)}  ${what}`
  // Conditions of blocks, questions of --step, waits for a turn, the engine itself.
  const between = wall - sum(links)
  return [
    '',
    `${paint('bold', 'CRITICAL PATH')} (${showDuration(sum(links))} of ${showDuration(wall)})`,
    ...shown.map(({ path, host, milliseconds }) =>
      line(milliseconds, `${showPath(path)}${host === undefined ? '' : ` [${host}]`}`),
    ),
    ...(rest > 0 ? [line(sum(links) - sum(shown), counted(rest, 'shorter task'))] : []),
    ...(between >= 50 ? [line(between, 'between tasks')] : []),
  ]
}

const conclusions: { readonly [O in RunFinished['outcome']]: readonly [Style, string] } = {
  ok: ['green', 'Finished in'],
  failed: ['red', 'Failed after'],
  unreachable: ['magenta', 'Hosts unreachable, ended after'],
  interrupted: ['yellow', 'Interrupted after'],
  refused: ['red', 'Refused after'],
  crashed: ['red', 'Crashed after'],
}

function conclusion({ outcome, milliseconds }: RunFinished, check: boolean, paint: Paint): string {
  const took = showDuration(milliseconds)
  const [style, said] = conclusions[outcome]
  return `${paint(style, `${said} ${took}`)}${check ? ' (check mode: nothing was changed)' : ''}`
}
