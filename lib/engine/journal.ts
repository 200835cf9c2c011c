import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { RunStarted, Timed } from '../model/event.ts'
import type { Diff, Value } from '../model/operation.ts'
import { identity } from '../model/path.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'

// Shown while it happens and worth nothing afterwards.
const fleeting = new Set(['host-started'])

/** Appends every event of a run to a file, one JSON object a line. Events must be masked already. */
export class Journal {
  readonly path: string
  readonly #file: number

  constructor(run: string, directory: string = stateFolder.runs) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.path = path.join(directory, `${run}.jsonl`)
    this.#file = openSync(this.path, 'a', 0o600)
  }
  append(event: Timed): void {
    if (fleeting.has(event.type) || (event.type === 'output' && event.stream === 'progress')) return
    // Written at once, not at the end of the tick: what is not in the file when the process is killed was not done.
    const kept = event.type === 'change-planned' ? { ...event, diff: event.diff.map(short) } : event
    appendFileSync(this.#file, `${JSON.stringify(kept)}\n`)
  }
  close(): void {
    closeSync(this.#file)
  }
}

// The sides of a difference may be whole files, and thirty edits of one would be recorded as thirty copies of it.
const longestSide = 4096

function short(diff: Diff): Diff {
  const cut = (text: string) => (text.length > longestSide ? `(${text.length} characters)` : text)
  return { ...diff, before: cut(diff.before), after: cut(diff.after) }
}

/** The events of a recorded run, whole lines only: a killed process may have left half of one. */
export function readJournal(file: string): readonly Timed[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Timed]
      } catch {
        return []
      }
    })
}

/** The events of a run that is recorded here. */
export function readRun(run: string, directory: string = stateFolder.runs): readonly Timed[] {
  return readJournal(path.join(directory, `${run}.jsonl`))
}

/** The names of recorded runs, oldest first. */
export function recordedRuns(directory: string = stateFolder.runs): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -6))
    .sort()
}

/** What an earlier run did: which tasks ended well on which hosts, and which handlers it still owes. */
export interface Done {
  readonly run: string
  get(id: string, host: string): { readonly result: Value } | undefined
  has(id: string, host: string): boolean
  /** Did the operator go on at this gate? */
  passed(id: string): boolean
  /** The last thing this task did on this host was to fail, whether it was rescued or not. */
  failed(id: string, host: string): boolean
  /** It had begun to change something when the run was killed. */
  begun(id: string, host: string): boolean
  owed(handlerId: string): readonly string[]
}

/** Folds a recorded run, and those it went on with, into what need not be done again. A task's last word counts. */
export function doneIn(run: string, events: Iterable<Timed>): Done {
  const results = new Map<string, { readonly result: Value }>()
  const failed = new Set<string>()
  const begun = new Set<string>()
  const owed = new Map<string, Set<string>>()
  const passed = new Set<string>()
  for (const event of events) {
    if (event.type === 'handler-notified') {
      const id = identity({ ...event.path, blocks: [], task: event.handler })
      owed.set(id, (owed.get(id) ?? new Set()).add(event.host))
    }
    if (event.type === 'gate-answered' && event.passed) passed.add(identity(event.path))
    if (event.type === 'change-planned') begun.add(`${identity(event.path)}\0${event.host}`)
    if (event.type !== 'task-finished') continue
    const id = identity(event.path)
    const key = `${id}\0${event.host}`
    const well = event.status === 'ok' || event.status === 'changed' || event.status === 'resumed'
    begun.delete(key)
    failed.delete(key)
    if (event.handler) {
      if (well) owed.get(id)?.delete(event.host)
      continue
    }
    if (well) results.set(key, { result: event.result })
    else results.delete(key)
    if (event.status === 'failed' || event.status === 'rescued') failed.add(key)
  }
  return {
    run,
    get: (id, host) => results.get(`${id}\0${host}`),
    has: (id, host) => results.has(`${id}\0${host}`),
    passed: (id) => passed.has(id),
    failed: (id, host) => failed.has(`${id}\0${host}`),
    begun: (id, host) => begun.has(`${id}\0${host}`),
    owed: (id) => [...(owed.get(id) ?? [])],
  }
}

/**
 * The run to go on with: the named one, or the latest of the same playbook that changed things and did not end well.
 * What it had itself gone on with is part of it.
 * @throws Refused when there is none
 */
export function findRun(name: string | undefined, playbook: string, directory: string = stateFolder.runs): Done {
  const runs = recordedRuns(directory)
  const load = (run: string) => readRun(run, directory)
  const isOwn = (run: string) => {
    const started = startOf(load(run))
    return started !== undefined && !started.check && started.playbook === playbook
  }
  for (const run of name === undefined
    ? [...runs].reverse()
    : [onlyRun(name, runs.includes(name) ? runs : runs.filter(isOwn)) ?? []].flat()) {
    const events = load(run)
    const started = startOf(events)
    if (!started || started.check || started.playbook !== playbook) continue
    const finished = events.findLast((event) => event.type === 'run-finished')
    if (name === undefined && finished?.type === 'run-finished' && finished.outcome === 'ok') {
      throw new Refused(
        {
          message: `the latest run of «${playbook}» (${run}) ended well: there is nothing to resume`,
          hint: 'run it without --resume',
        },
        exit.usage,
      )
    }
    const chain = [events]
    const met = new Set([run])
    for (let before = started.resumes; before !== undefined && runs.includes(before) && !met.has(before); ) {
      met.add(before)
      const earlier = load(before)
      chain.unshift(earlier)
      before = startOf(earlier)?.resumes
    }
    return doneIn(run, chain.flat())
  }
  const own = name === undefined ? [] : runs.filter(isOwn)
  throw new Refused(
    {
      message: `there is no recorded run${name ? ` ${name}` : ''} of «${playbook}» to resume`,
      hint: own.length > 0 ? `recorded: ${latestOf(own)}` : 'run it without --resume',
    },
    exit.usage,
  )
}

/** The run of that name, or the only one whose name begins so. @throws Refused with their names where several do */
export function onlyRun(name: string, runs: readonly string[]): string | undefined {
  if (runs.includes(name)) return name
  const found = runs.filter((run) => run.startsWith(name))
  if (found.length > 1)
    throw new Refused({ message: `several runs begin with ${name}`, hint: `they are: ${latestOf(found)}` }, exit.usage)
  return found[0]
}

/** The latest of these runs by their names, and how many there are besides. */
export function latestOf(runs: readonly string[]): string {
  const more = runs.length - mostNamed
  return `${runs.slice(-mostNamed).join(', ')}${more > 0 ? `, and ${more} earlier` : ''}`
}

const mostNamed = 5

function startOf(events: readonly Timed[]): (RunStarted & Timed) | undefined {
  return events.find((event): event is RunStarted & Timed => event.type === 'run-started')
}
