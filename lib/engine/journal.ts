import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'
import type { Event, RunFinished, RunStarted, Timed } from '../model/event.ts'
import type { Diff } from '../model/operation.ts'
import { identity } from '../model/path.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { withTexts } from '../model/texts.ts'

// Shown while it happens and worth nothing afterwards.
const fleeting = new Set(['host-started'])
// What one task on one host may say there; of what fails, the last lines are in its reason besides.
const mostOutput = 64 << 10
const longestText = 64 << 10
const longestResult = 1 << 20
// The sides of a difference may be whole files, and thirty edits of one would be recorded as thirty copies of it.
const longestSide = 4096
const mostDiffs = 200
// No event that we write comes near.
const longestLine = 16 << 20

/** Appends every event of a run to a file, one JSON object a line. Events must be masked already. */
export class Journal {
  readonly path: string
  readonly #file: number
  /** How much of the output of a task on a host is kept already. */
  readonly #outputs = new Map<string, number>()

  constructor(run: string, directory: string = stateFolder.runs) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.path = path.join(directory, `${run}.jsonl`)
    this.#file = openSync(this.path, 'a', 0o600)
  }
  append(event: Timed): void {
    if (fleeting.has(event.type)) return
    const kept = event.type === 'output' ? this.#output(event) : bounded(event)
    if (event.type === 'task-finished') this.#outputs.delete(keyOf(event))
    // Written at once, not at the end of the tick: what is not in the file when the process is killed was not done.
    if (kept) appendFileSync(this.#file, `${JSON.stringify(kept)}\n`)
  }
  close(): void {
    closeSync(this.#file)
  }

  #output(event: Extract<Timed, { readonly type: 'output' }>): Timed | undefined {
    if (event.stream === 'progress') return undefined
    const key = keyOf(event)
    const left = mostOutput - (this.#outputs.get(key) ?? 0)
    if (left <= 0) return undefined
    this.#outputs.set(key, mostOutput - left + event.text.length)
    return event.text.length <= left
      ? event
      : { ...event, text: `${event.text.slice(0, left)}\n(the rest is not kept)\n` }
  }
}

const keyOf = (event: { readonly path: Parameters<typeof identity>[0]; readonly host: string }) =>
  `${identity(event.path)}\0${event.host}`

function bounded(event: Timed): Timed {
  const short = (text: string) =>
    text.length > longestText ? `${text.slice(0, longestText)}… (${text.length} characters)` : text
  if (event.type === 'change-planned') return { ...event, diff: event.diff.slice(0, mostDiffs).map(sides) }
  if (event.type !== 'task-finished' || event.result === undefined) return withTexts(event, short)
  const { result, ...others } = event
  const long = JSON.stringify(result).length > longestResult
  return { ...withTexts(others, short), ...(long ? { unkept: 'long' } : { result }) }
}

function sides(diff: Diff): Diff {
  const cut = (text: string) => (text.length > longestSide ? `(${text.length} characters)` : text)
  return { ...diff, before: cut(diff.before), after: cut(diff.after) }
}

/** Is told of what cannot be read. */
export type Damaged = (message: string) => void

/**
 * The events of a recorded run, line by line, so that its length does not matter. A line that is none is told; half of
 * one at the end is not, since a killed process leaves it.
 */
export function* readJournal(file: string, damaged: Damaged): Generator<Timed> {
  let number = 0
  let faults = 0
  const told = (why: string) => {
    if (++faults <= mostFaults) damaged(`${file}:${number} is damaged: ${why}`)
  }
  for (const line of linesOf(file)) {
    number++
    if (line === undefined) {
      told(`it is longer than ${longestLine >> 20} MiB`)
      continue
    }
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch {
      told('it is no JSON')
      continue
    }
    const fault = faultOf(event)
    if (fault === undefined) yield { time: 0, ...defaults[(event as Timed).type], ...(event as object) } as Timed
    else told(fault)
  }
  if (faults > mostFaults) damaged(`${file} has ${faults - mostFaults} more damaged lines`)
}

const mostFaults = 3

/** Tells a damage to whoever only looks at runs. */
export const tellDamage: Damaged = (message) => void process.stderr.write(`[WARNING]: ${message}; it is passed over\n`)

/** The lines of a file that have ended; undefined for one that is too long. */
function* linesOf(file: string): Generator<string | undefined> {
  const handle = openSync(file, 'r')
  try {
    const piece = Buffer.alloc(64 << 10)
    let parts: Buffer[] = []
    let length = 0
    for (let read = readSync(handle, piece); read > 0; read = readSync(handle, piece)) {
      let from = 0
      for (let end = piece.indexOf(10, from); end >= 0 && end < read; end = piece.indexOf(10, from)) {
        length += end - from
        yield length > longestLine ? undefined : Buffer.concat([...parts, piece.subarray(from, end)]).toString('utf8')
        parts = []
        length = 0
        from = end + 1
      }
      length += read - from
      if (length > longestLine) parts = []
      else if (read > from) parts.push(Buffer.from(piece.subarray(from, read)))
    }
  } finally {
    closeSync(handle)
  }
}

type Kind = 'record' | 'text' | 'texts' | 'number' | 'truth' | 'path' | 'place' | 'list' | 'status'

// What readers of each event take for granted.
const shapes: { readonly [T in Event['type']]: Readonly<Record<string, Kind>> } = {
  'run-started': { run: 'text', playbook: 'text' },
  'play-started': { play: 'text', hosts: 'texts', batches: 'number' },
  'play-skipped': { play: 'text', reason: 'text' },
  'batch-started': { play: 'text', batch: 'number', hosts: 'texts' },
  'task-started': { path: 'path', at: 'place', hosts: 'texts', handler: 'truth' },
  'host-met': { host: 'text', address: 'text', keys: 'texts' },
  'vars-read': { play: 'text', role: 'text', host: 'text', vars: 'record' },
  'host-started': { path: 'path', host: 'text' },
  output: { path: 'path', host: 'text', text: 'text', stream: 'text' },
  'change-planned': { path: 'path', host: 'text', operation: 'text', diff: 'list' },
  'sent-ahead': { host: 'text', paths: 'list', begun: 'truth' },
  'attempt-failed': { path: 'path', host: 'text', reason: 'text', left: 'number' },
  'handler-notified': { path: 'path', host: 'text', handler: 'text' },
  'task-finished': {
    path: 'path',
    at: 'place',
    host: 'text',
    delegated: 'texts',
    status: 'status',
    handler: 'truth',
    milliseconds: 'number',
  },
  'gate-answered': { path: 'path', at: 'place', passed: 'truth' },
  'play-stopped': { play: 'text', reason: 'text' },
  warned: { message: 'text' },
  'run-finished': { run: 'text', outcome: 'text', milliseconds: 'number', owed: 'list' },
}

// What a shorter line may leave out.
const defaults: { readonly [T in Event['type']]?: Partial<Extract<Event, { readonly type: T }>> } = {
  'run-started': { check: false, hosts: [], plays: 0, tasks: 0, argv: [] },
}

const statuses = ['ok', 'changed', 'skipped', 'failed', 'rescued', 'ignored', 'unreachable', 'resumed']

/** Why this is no event, in words. */
function faultOf(value: unknown): string | undefined {
  if (!isRecord(value)) return 'it is no event'
  const { type } = value
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return 'it is of no kind that is known'
  const wrong = Object.entries(shapes[type as Event['type']]).find(([name, kind]) => !isKind(kind, value[name]))
  return wrong && `its ${wrong[0]} is ${value[wrong[0]] === undefined ? 'missing' : 'not what it should be'}`
}

function isKind(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'truth':
      return typeof value === 'boolean'
    case 'list':
      return Array.isArray(value)
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string')
    case 'record':
      return isRecord(value)
    case 'status':
      return statuses.includes(value as string)
    case 'place':
      return isRecord(value) && typeof value['file'] === 'string' && typeof value['line'] === 'number'
    case 'path':
      return (
        isRecord(value) &&
        [value['play'], value['role'], value['task']].every((one) => typeof one === 'string') &&
        isKind('texts', value['blocks'])
      )
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The events of a run that is recorded here; none where another run has removed it since it was listed. */
export function* readRun(run: string, damaged: Damaged, directory: string = stateFolder.runs): Generator<Timed> {
  try {
    yield* readJournal(fileOfRun(run, directory), damaged)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** How a recorded run began; undefined where that cannot be read. */
export function startOfRun(
  run: string,
  damaged: Damaged,
  directory: string = stateFolder.runs,
): RunStarted | undefined {
  for (const event of readRun(run, damaged, directory)) {
    if (event.type === 'run-started') return event
    // Nothing but warnings comes before it.
    if (event.type !== 'warned') break
  }
  return undefined
}

// It is among the last lines, and these are all that is read of what may be long.
const longestEnd = 256 << 10

/** How a recorded run ended; undefined where it has not, or nobody can tell. */
export function endOfRun(run: string, directory: string = stateFolder.runs): RunFinished | undefined {
  let handle: number | undefined
  try {
    handle = openSync(fileOfRun(run, directory), 'r')
    const { size } = fstatSync(handle)
    const piece = Buffer.alloc(Math.min(size, longestEnd))
    const read = readSync(handle, piece, 0, piece.length, size - piece.length)
    const lines = piece.toString('utf8', 0, read).split('\n').slice(0, -1)
    return lines.map(finished).findLast((event) => event !== undefined)
  } catch (error) {
    if (!isGone(error)) throw error
    return undefined
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

function finished(line: string): RunFinished | undefined {
  try {
    const event: unknown = JSON.parse(line)
    return faultOf(event) === undefined && (event as Timed).type === 'run-finished' ? (event as RunFinished) : undefined
  } catch {
    return undefined
  }
}

/** Where a run is recorded. */
export function fileOfRun(run: string, directory: string = stateFolder.runs): string {
  return path.join(directory, `${run}.jsonl`)
}

/** The names of recorded runs, oldest first. */
export function recordedRuns(directory: string = stateFolder.runs): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -6))
    .sort()
}

/** The run of that name, or the only one whose name begins so. @throws Refused with their names where several do */
export function onlyRun(name: string, runs: readonly string[]): string | undefined {
  if (runs.includes(name)) return name
  const found = runs.filter((run) => run.startsWith(name))
  if (found.length > 1)
    throw new Refused({ message: `several runs begin with ${name}`, hint: `they are: ${latestOf(found)}` }, exit.usage)
  return found[0]
}

/** What to do about a run that is not among these: the one most likely meant, or the latest of them. */
export function runMeant(name: string, runs: readonly string[], otherwise: string): string {
  return didYouMean(name, runs) ?? (runs.length > 0 ? `recorded: ${latestOf(runs)}` : otherwise)
}

/** The latest of these runs by their names, and how many there are besides. */
export function latestOf(runs: readonly string[]): string {
  const more = runs.length - mostNamed
  return `${runs.slice(-mostNamed).join(', ')}${more > 0 ? `, and ${more} earlier` : ''}`
}

const mostNamed = 5
