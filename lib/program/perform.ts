import { existsSync, mkdirSync } from 'node:fs'
import { type Done, findRun, owedBefore } from '../engine/done.ts'
import { Journal, recordedRuns } from '../engine/journal.ts'
import { describe, holderOf, lockHosts, unlocking } from '../engine/lock.ts'
import { checkGates, checkReach } from '../engine/preflight.ts'
import { pruneRuns } from '../engine/prune.ts'
import type { Keep } from '../model/keep.ts'
import { newRunId, type RunOptions, run } from '../engine/run.ts'
import type { Circumstances } from '../engine/meetings.ts'
import { type PlayNode, tasksOf } from '../engine/select.ts'
import { counted } from '../model/counted.ts'
import type { Event, Reporter } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import { isOfDisk, problemOfDisk } from '../model/disk.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { stateFolder } from '../model/state-folder.ts'
import type { Transport } from '../model/transport.ts'
import { both, guarded } from '../report/guard.ts'
import { mask } from '../report/mask.ts'
import { type Claim, createTransport, type Locked, type TransportOptions, type Worker } from '../transport/index.ts'
import { withInventory } from './advice.ts'
import { machineOf } from './machine.ts'
import { ownNames } from './own-names.ts'
import { writePage } from './page.ts'
import type { Performed } from './performed.ts'
import type { Prepared } from './prepare.ts'
import { TaskCode } from './task-code.ts'
import { steadyNow } from '../model/steady-time.ts'

/** Who answers what a run asks, and may stop it. */
export type Operator = Pick<RunOptions, 'gate' | 'step' | 'calls' | 'stop' | 'abort'> &
  Pick<TransportOptions, 'ask' | 'askSecret'>

/** How what was prepared is carried out. */
export interface Performance
  extends Pick<RunOptions, 'check' | 'forks' | 'forceHandlers' | 'become' | 'becomeUser' | 'argv' | 'weigh'> {
  /** Keeps other runs from its hosts, and says how to look in spite of theirs. Runs that only look have none. */
  readonly locks?: string
  /** false: the logs of the hosts are not told of the run. */
  readonly audit?: boolean
  /** Writes the journal that it can be resumed from. */
  readonly records: boolean
  /** How long earlier journals stay; without it, for ever. */
  readonly keep?: Keep
  /** Keeps what a run of that name replaces. */
  keeper?(run: string): Pick<RunOptions, 'save'>
  /** Nobody can be asked: where a gate lies ahead, nothing is begun. */
  readonly unattended?: boolean
  /** The run to go on with: its name, or `latest`. */
  readonly resume?: string
  /** Who hears of what happens; each guards itself. */
  readonly reporters: readonly Reporter[]
  /** The operator, who can tell the reporters something. */
  operator(emit: (event: Event) => void): Operator
}

/**
 * Carries out what was prepared, with its lock, its journal and its connections, which all have ended when this has.
 * @throws Refused when a host is locked, the run to go on with is not there, or nobody can answer at a gate
 */
export async function perform(prepared: Prepared, how: Performance): Promise<Performed> {
  const { playbook, plays, inventory } = prepared
  const { resume, reporters, locks, records, keep, unattended, keeper, ...options } = how
  const faults: string[] = []
  const done = before(prepared, { resume, records }, faults)
  const unreachable = checkReach(plays)
  if (unreachable.length > 0) throw new Refused(unreachable, exit.load)
  const unanswered = unattended ? checkGates(plays, done, inventory) : []
  if (unanswered.length > 0) throw new Refused(unanswered, exit.refused)
  const runId = newRunId(recordedRuns())
  const claims = locks !== undefined && changesSomething(plays)
  // Of the run that is gone on with nothing goes on: it would have its lock here.
  const over = new Set(resume === undefined ? [] : done?.runs)
  const release = claims
    ? written(() => lockHosts(workedOn(plays), runId, playbook.name, locks, (run) => over.add(run)))
    : () => {}
  // Whatever ends the process, the next run must not find it locked.
  process.on('exit', release)
  try {
    const broken = new AbortController()
    const untold = new Set<Locked>()
    const say = (event: Event) => sinks.report({ ...withInventory(event, options.argv), time: steadyNow() })
    const warn = (message: string) => say({ type: 'warned', message })
    const emit = (event: Event) => {
      if (event.type === 'task-finished')
        for (const one of untold) if (event.failure?.reason.includes(one.message)) untold.delete(one)
      // A host that is only asked which machine it is ends the run as well, before any task can say why.
      if (event.type === 'run-finished') for (const { message, hint } of untold) warn(`${message}: ${hint}`)
      say(event)
    }
    const journal = records
      ? [
          recorder(
            written(() => new Journal(runId)),
            warn,
            () => broken.abort(),
          ),
        ]
      : []
    const sinks = both(...journal, ...reporters)
    const operator = how.operator(emit)
    let locked = false
    const lasts = new Map<string, Worker>()
    const claim: Claim = {
      run: runId,
      holder: describe(holderOf(runId, playbook.name)),
      unlock: (host, run) => unlocking(run, host, inventory.path),
      over: (run) => over.has(run),
      own: (run) => run === runId || (resume !== undefined && done?.runs.includes(run) === true),
      followed: (host, last) => void lasts.set(host, last),
      refused(reason) {
        locked = true
        untold.add(reason)
        broken.abort()
      },
      logs: how.audit !== false,
      warn,
    }
    let ending: Performed['outcome'] = 'crashed'
    const transport = createTransport({ ...operator, inventory, warn, ...(claims ? { claim } : {}) })
    for (const fault of faults) warn(`${fault}; what it said is not known: what nothing else tells of is done again`)
    if (records && keep) prune(keep, done, warn)
    try {
      const outcome = await run({
        ...options,
        ...operator,
        ...(keeper ? written(() => keeper(runId)) : {}),
        playbook,
        plays,
        inventory,
        transport,
        emit,
        runId,
        ...(done ? { done } : {}),
        ...(records || resume !== undefined ? { circumstances: circumstancesOf(transport, lasts) } : {}),
        stop: AbortSignal.any([operator.stop, broken.signal]),
      })
      ending = locked ? 'locked' : outcome
      const page = records && playbook.page ? pageOf(runId, warn) : undefined
      return { run: runId, outcome: ending, ...(page === undefined ? {} : { page }) }
    } catch (error) {
      emit({ type: 'run-finished', run: runId, outcome: 'crashed', milliseconds: 0, owed: [] })
      throw error
    } finally {
      await transport.close(ending)
      await sinks.close()
    }
  } finally {
    release()
    process.off('exit', release)
  }
}

/** What an earlier run had done, as far as it counts. @throws Refused when there is none to go on with */
function before(
  { playbook, plays }: Prepared,
  { resume, records }: Pick<Performance, 'resume' | 'records'>,
  faults: string[],
): Done | undefined {
  const damaged = (fault: string) => void faults.push(fault)
  const [name, named] = [mask(playbook.name), ownNames(plays)]
  if (resume === undefined) return records ? owedBefore(name, damaged, undefined, named) : undefined
  try {
    return findRun(resume === 'latest' ? undefined : resume, name, damaged, undefined, named)
  } catch (error) {
    if (!(error instanceof Refused) || faults.length === 0) throw error
    throw new Refused(
      [
        ...error.problems,
        ...faults.map((message) => ({ message, hint: 'keep a copy of it, and run it without --resume' })),
      ],
      error.exitCode,
    )
  }
}

/** Removes what is beyond its time, and says so. What cannot be removed stays: that is no reason not to run. */
function prune(keep: Keep, done: Done | undefined, warn: (message: string) => void): void {
  try {
    const { runs, bytes } = pruneRuns(keep, done?.runs)
    if (runs.length === 0) return
    const which = runs.length === 1 ? runs[0] : `${counted(runs.length, 'run')}, ${runs[0]} to ${runs.at(-1)}`
    warn(
      `removed the journal of ${which}: ${(bytes / 1e6).toFixed(1)} MB beyond ` +
        `keep-days (${keep.days}) or keep-megabytes (${keep.megabytes})`,
    )
  } catch (error) {
    if (!isOfDisk(error)) throw error
    warn(`old journals cannot be removed: ${error.message}`)
  }
}

function circumstancesOf(transport: Transport, lasts: ReadonlyMap<string, Worker>): Circumstances {
  const code = new TaskCode()
  return {
    codeOf: (at) => code.codeAt(at),
    async meet(host) {
      const machine = await machineOf(transport.connection(host, {}))
      const last = lasts.get(host.name)
      return { ...machine, ...(last ? { last } : {}) }
    },
  }
}

/** A run of nothing but checks keeps nobody from anything. */
function changesSomething(plays: readonly PlayNode[]): boolean {
  const selected = plays.flatMap((play) => [...tasksOf(play.nodes)]).filter((node) => node.selected)
  return selected.some((node) => node.kind !== 'task' || node.task.options.verify !== true)
}

/** The hosts on which something is going to be done. */
function workedOn(plays: readonly PlayNode[]): readonly Host[] {
  const busy = plays.filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
  return [...new Map(busy.flatMap((play) => play.hosts).map((host) => [host.name, host])).values()]
}

/**
 * The journal as a reporter: it gets events masked, as every other sink does. A run whose record breaks off must not go
 * on.
 */
function recorder(journal: Journal, warn: (message: string) => void, stop: () => void): Reporter {
  return guarded(
    { report: (event) => journal.append(event), close: () => Promise.resolve(journal.close()) },
    (error) => {
      stop()
      warn(`the journal ${journal.path} cannot be written, and nothing new is started: ${(error as Error).message}`)
    },
  )
}

/** A report that cannot be written makes no run that went well a bad one: it can be written later. */
function pageOf(run: string, warn: (message: string) => void): string | undefined {
  try {
    return writePage(run)
  } catch (error) {
    warn(`its report was not written: ${(error as Error).message}; later: ${program()} report ${run} --html FILE`)
    return undefined
  }
}

/** What is written into the folder that runs are kept in. @throws Refused where nobody may write */
function written<T>(write: () => T): T {
  try {
    // Made in a step of its own: where it makes several folders at once, Node calls a read-only disk ENOENT.
    if (!existsSync(stateFolder.root)) mkdirSync(stateFolder.root, { mode: 0o700 })
    return write()
  } catch (error) {
    if (!isOfDisk(error)) throw error
    const full = error.code === 'ENOSPC' || error.code === 'EDQUOT'
    const { message, hint = '' } = problemOfDisk(error, error.path ?? stateFolder.root)
    throw new Refused(
      {
        message: `this folder cannot keep the run's lock and journal: ${message}`,
        hint: full ? hint : 'start it from a folder that you may write to',
      },
      exit.load,
    )
  }
}
