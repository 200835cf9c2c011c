import type { ChangePlanned, HostMet, RunStarted, Timed } from '../model/event.ts'
import type { Value } from '../model/operation.ts'
import { identity, type TaskPath } from '../model/path.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import type { Touch } from '../model/things.ts'
import { type Damaged, runMeant, onlyRun, readRun, recordedRuns, startOfRun } from './journal.ts'

/** A task that ended well on a host, and under which circumstances. */
export interface Entry {
  readonly result: Value
  /** It had something to do there. */
  readonly changed: boolean
  /** The run that did it. */
  readonly run: string
  /** The journal has no result: it held a secret, or was too long. */
  readonly unkept: boolean
  readonly code: string | undefined
  readonly vars: Readonly<Record<string, string>> | undefined
  /** The hosts that it worked on. */
  readonly met: readonly HostMet[]
}

/** A gate at which the operator went on, and what the hosts were then. */
export interface Passed {
  readonly run: string
  readonly met: ReadonlyMap<string, HostMet>
}

/** A handler that was notified on a host and has not run. */
export interface Debt {
  readonly id: string
  readonly handler: string
  readonly host: string
  /** The tasks that notified it. */
  readonly by: readonly TaskPath[]
}

/** Another run that has worked on a host. */
export interface Other {
  readonly run: string
  /** Which it was, for people: the run and its playbook. */
  readonly told: string
}

/** What an earlier run did: which tasks ended well on which hosts, and which handlers it still owes. */
export interface Done {
  readonly run: string
  /** With those that it went on with. */
  readonly runs: readonly string[]
  /** Only what it owes counts: the run that asks begins anew. */
  readonly anew?: true
  get(id: string, host: string): Entry | undefined
  has(id: string, host: string): boolean
  /** Every task that it has something of, by its identity. */
  readonly ids: ReadonlySet<string>
  /** Where and when the operator went on at this gate. */
  passed(id: string): Passed | undefined
  /** The last thing this task did on this host was to fail, whether it was rescued or not. */
  failed(id: string, host: string): boolean
  /** It had begun to change something when the run was killed. */
  begun(id: string, host: string): boolean
  /** What was changed on a host behind the last change of a task there. */
  later(id: string, host: string): readonly Touch[]
  /** The hosts on which a handler is owed. */
  owed(handlerId: string): readonly string[]
  readonly debts: readonly Debt[]
  /** The run that worked on a host last, by the host itself: where it is none of these, and no journal here has it. */
  stranger(met: HostMet): Other | undefined
  /** The latest other run that worked, later than this one, on a host of that name or address. */
  since(run: string, host: string, address: string): Other | undefined
}

/** How the run ended whose events were folded; undefined: it was broken off. */
interface Folded extends Done {
  readonly outcome: string | undefined
}

/** Folds a recorded run, and those it went on with, into what need not be done again. A task's last word counts. */
export function doneIn(
  run: string,
  events: Iterable<Timed>,
  others: Others = new Map(),
  recorded: ReadonlySet<string> = new Set(),
): Folded {
  const results = new Map<string, Entry>()
  const failed = new Set<string>()
  const begun = new Set<string>()
  const sent = new Set<string>()
  const touched = new Map<string, (Touch & { readonly id: string })[]>()
  const debts = new Map<string, Map<string, Map<string, TaskPath>>>()
  const passed = new Map<string, Passed>()
  const met = new Map<string, HostMet>()
  const vars = new Map<string, Readonly<Record<string, string>>>()
  const names = new Map<string, string>()
  const runs = new Set([run])
  const strangers = new Map<string, Other>()
  const stranger = ({ last }: HostMet): Other | undefined =>
    last && !runs.has(last.run) && !recorded.has(last.run)
      ? { run: last.run, told: last.holder.replace(/^run /, '') || last.run }
      : undefined
  const touch = ({ path, host, on = host, operation, things = [] }: ChangePlanned) => {
    const there = touched.get(on) ?? []
    there.push({ id: identity(path), operation, things })
    touched.set(on, there)
  }
  let current = run
  let outcome: string | undefined
  for (const event of events) {
    switch (event.type) {
      case 'run-started':
        current = event.run
        runs.add(current)
        outcome = undefined
        break
      case 'run-finished':
        outcome = event.outcome
        break
      case 'host-met': {
        met.set(event.host, event)
        const other = stranger(event)
        // Later than all that was done before this meeting, whatever the clocks say.
        if (other) strangers.set(event.host, { ...other, run: current })
        if (event.again) for (const [key, entry] of results) results.set(key, metAgain(entry, event))
        break
      }
      case 'vars-read':
        vars.set(`${event.play}\0${event.role}\0${event.host}`, event.vars)
        break
      case 'handler-notified': {
        const id = identity({ ...event.path, blocks: [], task: event.handler })
        names.set(id, event.handler)
        const hosts = debts.get(id) ?? new Map<string, Map<string, TaskPath>>()
        const by = hosts.get(event.host) ?? new Map<string, TaskPath>()
        debts.set(id, hosts.set(event.host, by.set(identity(event.path), event.path)))
        break
      }
      case 'gate-answered':
        if (event.passed) passed.set(identity(event.path), { run: current, met: new Map(met) })
        break
      case 'change-planned':
        begun.add(`${identity(event.path)}\0${event.host}`)
        touch(event)
        break
      case 'sent-ahead':
        for (const path of event.paths) {
          const key = `${identity(path)}\0${event.host}`
          if (event.begun) sent.add(key)
          else sent.delete(key)
        }
        break
      case 'task-finished': {
        const id = identity(event.path)
        const key = `${id}\0${event.host}`
        const well = event.status === 'ok' || event.status === 'changed' || event.status === 'resumed'
        const changing = begun.delete(key)
        sent.delete(key)
        failed.delete(key)
        if (event.handler) {
          if (well) debts.get(id)?.delete(event.host)
          break
        }
        if (event.status === 'failed' || event.status === 'rescued') failed.add(key)
        const { play, role } = event.path
        const entry: Entry = {
          result: event.result,
          changed: changing || event.status !== 'ok',
          run: current,
          unkept: event.unkept !== undefined,
          code: event.code,
          vars: vars.get(`${play}\0${role}\0${event.host}`),
          met: [event.host, ...event.delegated].flatMap((host) => met.get(host) ?? []),
        }
        for (const host of new Set([event.host, ...(event.once ?? [])])) {
          const one = `${id}\0${host}`
          if (!well) results.delete(one)
          // What was taken as done is known better from when it was done.
          else if (event.status !== 'resumed' || !results.has(one))
            // Each host has variables of its own, as far as the run has read them there.
            results.set(one, { ...entry, vars: vars.get(`${play}\0${role}\0${host}`) })
        }
        break
      }
      default:
    }
  }
  const all = [...debts].flatMap(([id, hosts]) =>
    [...hosts].map(([host, by]): Debt => ({ id, handler: names.get(id)!, host, by: [...by.values()] })),
  )
  return {
    run,
    runs: [...runs],
    outcome,
    get: (id, host) => results.get(`${id}\0${host}`),
    has: (id, host) => results.has(`${id}\0${host}`),
    ids: new Set([...results.keys()].map((key) => key.slice(0, key.indexOf('\0')))),
    passed: (id) => passed.get(id),
    failed: (id, host) => failed.has(`${id}\0${host}`),
    begun: (id, host) => begun.has(`${id}\0${host}`) || sent.has(`${id}\0${host}`),
    later(id, host) {
      const all = touched.get(host) ?? []
      return all.slice(all.findLastIndex((one) => one.id === id) + 1)
    },
    owed: (id) => [...(debts.get(id)?.keys() ?? [])],
    debts: all,
    stranger,
    since(since, host, address) {
      const [latest] = [others.get(host), others.get(`@${address}`), strangers.get(host)].filter(
        (other) => other !== undefined && other.run > since,
      )
      return latest
    },
  }
}

const metAgain = (entry: Entry, now: HostMet): Entry => ({
  ...entry,
  met: entry.met.map((met) => (met.host === now.host ? now : met)),
})

/** An event with the names that the playbook has, where the journal has them masked. */
type Named = (event: Timed) => Timed
const asRecorded: Named = (event) => event

/** The latest other run on a host, by its name, and by its address behind an @. */
type Others = ReadonlyMap<string, Other>

/**
 * The run to go on with: the named one, or the latest of the same playbook that changed things and did not end well.
 * What it had itself gone on with is part of it.
 * @throws Refused when there is none
 */
export function findRun(
  name: string | undefined,
  playbook: string,
  damaged: Damaged,
  directory: string = stateFolder.runs,
  named: Named = asRecorded,
): Done {
  const runs = recordedRuns(directory)
  const records = new Records(runs, damaged, directory, named)
  const isOwn = (run: string) => records.isOf(run, playbook)
  for (const run of name === undefined
    ? [...runs].reverse()
    : [onlyRun(name, runs.includes(name) ? runs : runs.filter(isOwn)) ?? []].flat()) {
    if (!isOwn(run)) continue
    const done = records.done(run)
    if (name === undefined && done.outcome === 'ok') {
      throw new Refused(
        {
          message: `the latest run of «${playbook}» (${run}) ended well: there is nothing to resume`,
          hint: 'run it without --resume',
        },
        exit.usage,
      )
    }
    return done
  }
  const own = name === undefined ? [] : runs.filter(isOwn)
  throw new Refused(
    {
      message: `there is no recorded run${name ? ` ${name}` : ''} of «${playbook}» to resume`,
      hint: runMeant(name ?? '', own, 'run it without --resume'),
    },
    exit.usage,
  )
}

/**
 * Of the latest run of the playbook, if it owes handlers or was broken off in a task: that alone, for a run that begins
 * anew.
 */
export function owedBefore(
  playbook: string,
  damaged: Damaged,
  directory: string = stateFolder.runs,
  named: Named = asRecorded,
): Done | undefined {
  const runs = recordedRuns(directory)
  // Whoever resumes is told of damages; who begins anew need not be, but for the run that counts.
  const records = new Records(runs, damaged, directory, named)
  const run = runs.findLast((one) => records.isOf(one, playbook))
  if (run === undefined) return undefined
  const done = records.done(run)
  return {
    ...done,
    anew: true,
    get: () => undefined,
    has: () => false,
    ids: new Set(),
    passed: () => undefined,
    failed: () => false,
  }
}

/**
 * What going on with one of these runs is read from: them, those that they went on with, and the latest other runs that
 * worked on each host since, but for which it would be believed that nobody did.
 */
export function readFrom(runs: readonly string[], directory: string = stateFolder.runs): ReadonlySet<string> {
  const records = new Records(recordedRuns(directory), () => {}, directory, asRecorded)
  return new Set(runs.flatMap((run) => records.readFrom(run)))
}

/** The recorded runs of a folder, each read when it is asked for. */
class Records {
  readonly #runs: readonly string[]
  readonly #damaged: Damaged
  readonly #directory: string
  readonly #named: Named
  readonly #starts = new Map<string, RunStarted | undefined>()
  readonly #works = new Map<string, readonly string[]>()

  constructor(runs: readonly string[], damaged: Damaged, directory: string, named: Named) {
    this.#runs = runs
    this.#damaged = damaged
    this.#directory = directory
    this.#named = named
  }

  /** Did this run do something, or could it, of that playbook? */
  isOf(run: string, playbook: string): boolean {
    const started = this.#start(run)
    return started !== undefined && !started.check && started.playbook === playbook
  }

  /** What a run had done, with those that it went on with. */
  done(run: string): Folded {
    const chain = this.#chain(run)
    const [events, named] = [this.events, this.#named]
    return doneIn(
      run,
      (function* () {
        for (const one of chain) for (const event of events(one)) yield named(event)
      })(),
      this.#others(chain),
      new Set(this.#runs),
    )
  }

  readFrom(run: string): readonly string[] {
    const chain = this.#chain(run)
    return [...chain, ...[...this.#others(chain).values()].map((other) => other.run)]
  }

  readonly events = (run: string): Iterable<Timed> => readRun(run, this.#damaged, this.#directory)

  #chain(run: string): readonly string[] {
    const chain = [run]
    for (let before = this.#start(run)?.resumes; before !== undefined; before = this.#start(before)?.resumes) {
      if (!this.#runs.includes(before) || chain.includes(before)) break
      chain.unshift(before)
    }
    return chain
  }

  /** Who worked on hosts since the first run of the chain began. */
  #others(chain: readonly string[]): Others {
    const others = new Map<string, Other>()
    for (const run of this.#runs) {
      const started = run > chain[0]! && !chain.includes(run) ? this.#start(run) : undefined
      if (!started || started.check) continue
      for (const place of this.#worked(run)) others.set(place, { run, told: `${run} of «${started.playbook}»` })
    }
    return others
  }

  /** Where a run changed something: the hosts by their names, and by their addresses behind an @. */
  #worked(run: string): readonly string[] {
    const known = this.#works.get(run)
    if (known) return known
    const worked = new Set<string>()
    const addresses = new Map<string, string>()
    for (const event of readRun(run, () => {}, this.#directory)) {
      if (event.type === 'host-met') addresses.set(event.host, event.address)
      if (event.type === 'change-planned') worked.add(event.host)
      if (event.type === 'task-finished' && event.status === 'changed')
        for (const host of [event.host, ...event.delegated]) worked.add(host)
    }
    const places = [...worked].flatMap((host) => {
      const address = addresses.get(host)
      return address === undefined ? [host] : [host, `@${address}`]
    })
    this.#works.set(run, places)
    return places
  }

  #start(run: string): RunStarted | undefined {
    if (this.#starts.has(run)) return this.#starts.get(run)
    const faults: string[] = []
    const found = startOfRun(run, (fault) => faults.push(fault), this.#directory)
    if (!found && faults.length > 0)
      this.#damaged(`${faults[0]}, so that nobody knows what the run was: it is passed over`)
    this.#starts.set(run, found)
    return found
  }
}
