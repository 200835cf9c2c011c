import { type Event, type Failure, type Status, untold } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import type { Location } from '../model/location.ts'
import {
  type Connection,
  type Operation,
  type Prepared,
  Settled,
  TimedOut,
  Unreachable,
  type Value,
} from '../model/operation.ts'
import { identity, type TaskPath } from '../model/path.ts'
import { Unforeseen } from '../model/foreseen.ts'
import { thingsOf } from '../model/things.ts'
import {
  type Block,
  type Body,
  type Condition,
  type Handler,
  milliseconds,
  type Task,
  type TaskOptions,
} from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { actsAs, type Become, type Line, saidBy } from './become.ts'
import { type Ahead, type Attempt, type Changes, directly, type Way } from './ahead.ts'
import { type Clock, pause, within } from './clock.ts'
import { type BodyRecord, type ContextOptions, holds, type Memory, runBody, Unpredictable } from './context.ts'
import { failureOf } from './failure.ts'
import { Begun, Forgotten } from './forgotten.ts'
import type { BlockNode, HandlerNode, TaskNode } from './select.ts'

/** What runs on hosts under a line of its own: a task, a handler, or the condition of a block. */
export type Work = TaskNode | HandlerNode | BlockNode

/** How it ended on one host. */
export interface Outcome {
  readonly status: Status
  /** Something was changed, or would be, however the task ended. */
  readonly changed: boolean
  /** Hosts that it has started anew. */
  readonly rebooted?: ReadonlySet<string>
  /** The host was spoken with. */
  readonly reached?: boolean
  readonly result?: Value
  readonly reason?: string
  readonly failure?: Failure
  readonly unpredictable?: boolean
  readonly delegated: readonly string[]
  readonly milliseconds: number
}

/** What one task on one host needs to know of the run around it. */
export interface Surroundings {
  readonly memory: Memory
  readonly transport: Transport
  readonly clock: Clock
  readonly check: boolean
  /** What the play says of who acts, and what the command line says. */
  readonly become: Become
  readonly line: Line
  /** In check mode, hosts that an earlier task would have changed: failures there are no longer the host's fault. */
  readonly stale: ReadonlySet<string>
  /** An interrupted run was killed after it had begun to change something here: the change is this task's. */
  readonly begun?: boolean
  /** It was done here before, and is asked only whether that still holds: its condition was asked then. */
  readonly again?: boolean
  /** Earlier runs whose commands that have ended meanwhile are this task's. */
  readonly after?: readonly string[]
  /** What may have changed on which host. */
  readonly changes: Changes
  /** Reads for the tasks that follow this one on its host, when they may. */
  readonly ahead?: Ahead
  /** Fires when the operator wants everything ended now. */
  readonly abort: AbortSignal
  /** Hears of each operation before anything of it is done. @throws what keeps it from being done */
  weigh?(what: Weighed): void
  /** Keeps what an operation is about to replace; what it gives is called when it has, however it ended. */
  save?(what: Saving): Promise<() => Promise<void>>
  /** In check mode, notes what an operation of a task would leave on a host; without its plan, that nobody knows. */
  foresee?(task: string, on: string, operation: Operation<Value>, plan?: Prepared<Value>): void
  /** Hears that a function of an author's is about to be called. */
  calls?(): void
  emit(event: Event): void
}

/** What an operation of a task found, and would do. */
export interface Weighed {
  readonly path: TaskPath
  /** Whose task it is. */
  readonly host: string
  /** Where it acts: another host where it is delegated. */
  readonly on: string
  readonly operation: Operation<Value>
  readonly plan: Prepared<Value>
}

/** An operation that is about to change something. */
export interface Saving extends Weighed {
  readonly connection: Connection
  /** Whom it acts as there, where that is not the user of the connection. */
  readonly become?: string
}

/** What a task that was done before had brought about is still so, or a later task has made something else of it. */
export class AsItWas extends Error {}

/** One task on one host: when → attempts → timeout → body → outcome. It never rejects. */
export async function runTask(node: TaskNode | HandlerNode, host: Host, around: Surroundings): Promise<Outcome> {
  const { abort, check, clock, emit } = around
  const options = optionsOf(node)
  const doing = new Doing(node, host, around)
  // Asked again after the real run; what is there now says something only where what is foreseen is in it.
  const wary = check && options.verify === true && around.stale.size > 0
  try {
    if (options.when && !around.again && !(await doing.asks(options.when))) return doing.end(notHolding)
  } catch (error) {
    return doing.failed(error)
  }
  // Nothing gets better by waiting for it where nothing is done.
  const retries = check && around.stale.size > 0 ? 0 : (options.retries ?? 0)
  for (let left = retries; ; left--) {
    try {
      const outcome = await doing.attempt(node.kind === 'task' ? node.task.body : node.handler.body)
      return wary && outcome.status !== 'ok' ? doing.end(onlyThen) : outcome
    } catch (error) {
      const outcome = doing.failed(error)
      if (wary && outcome.status !== 'unreachable') return doing.end(onlyThen)
      if (left <= 0 || (outcome.status !== 'failed' && outcome.status !== 'ignored') || abort.aborted) return outcome
      const reason = outcome.failure?.reason ?? ''
      emit({ type: 'attempt-failed', path: node.path, host: host.name, reason, left })
      await pause(clock, milliseconds(options.delay ?? 5), abort)
      if (abort.aborted) return outcome
    }
  }
}

/** Does the condition of a block hold on a host? ok: it does, skipped: it does not. It never rejects. */
export async function askCondition(node: BlockNode, host: Host, around: Surroundings): Promise<Outcome> {
  const doing = new Doing(node, host, around)
  try {
    return doing.end((await doing.asks(node.block.when!)) ? { status: 'ok' } : notHolding)
  } catch (error) {
    return doing.failed(error)
  }
}

// What lies in a whole tree is not all told.
const mostThings = 100

const onlyThen = {
  status: 'skipped',
  reason: 'it checks what only a real run brings about',
  unpredictable: true,
} as const
const notHolding = { status: 'skipped', reason: 'its condition does not hold' } as const

function definitionOf(work: Work): Task | Handler | Block {
  switch (work.kind) {
    case 'task':
      return work.task
    case 'handler':
      return work.handler
    case 'block':
      return work.block
  }
}

const optionsOf = (work: Work): TaskOptions<unknown> =>
  work.kind === 'task' ? (work.task.options as TaskOptions<unknown>) : {}

/** Where the author wrote it. */
export const placeOf = (work: Work): Location => definitionOf(work).at

/** One piece of work on one host: what it changed, where else it worked, and how it ends. */
class Doing {
  readonly #work: Work
  readonly #host: Host
  readonly #around: Surroundings
  readonly #options: TaskOptions<unknown>
  readonly #began: number
  readonly #delegated = new Set<string>()
  #record: BodyRecord
  #reached = false
  readonly #rebooted = new Set<string>()
  // One attempt may change something and fail, and the next find nothing left to do: the task has changed it all the
  // same.
  #changed: boolean

  constructor(work: Work, host: Host, around: Surroundings) {
    this.#work = work
    this.#host = host
    this.#around = around
    this.#options = optionsOf(work)
    this.#began = around.clock.now()
    this.#record = this.#begin(around.abort)
    this.#changed = around.begun === true
  }

  /** Asks a condition. */
  asks(when: Condition<never>): Promise<boolean> {
    return holds(when, this.#context(this.#record))
  }

  /** Calls the body once, within its time. */
  async attempt(body: Body<never, Value>): Promise<Outcome> {
    const { abort, clock } = this.#around
    const { timeout, changedWhen } = this.#options
    const work = (signal: AbortSignal) => {
      this.#record = this.#begin(signal)
      return runBody(body, this.#context(this.#record))
    }
    const late = (limit: number) =>
      new TimedOut(`«${definitionOf(this.#work).name}» took longer than ${limit / 1000} s`)
    const result = await (timeout === undefined ? work(abort) : within(clock, milliseconds(timeout), abort, late, work))
    const record = this.#record
    this.#changed = changedWhen ?? (this.#changed || record.changed)
    record.changed = this.#changed
    return this.end({ status: this.#changed ? 'changed' : 'ok', result, unpredictable: record.unpredictable })
  }

  end(outcome: Omit<Outcome, 'delegated' | 'milliseconds' | 'changed'>): Outcome {
    return {
      ...outcome,
      changed: (this.#changed ||= this.#record.changed),
      reached: this.#reached,
      rebooted: this.#rebooted,
      delegated: [...this.#delegated],
      milliseconds: Math.round(this.#around.clock.now() - this.#began),
    }
  }

  failed(error: unknown): Outcome {
    const { abort, check, stale } = this.#around
    this.#changed ||= this.#record.changed
    // A task that never counts as changed does not when it fails either.
    if (this.#options.changedWhen === false) this.#changed = this.#record.changed = false
    if (error instanceof AsItWas) return this.end({ status: 'resumed' })
    const failure = failureOf(error, placeOf(this.#work))
    if (abort.aborted) {
      const reason = failure.reason.replace(/^(?!interrupted)/, 'interrupted: ')
      return this.end({ status: 'failed', failure: { ...failure, reason } })
    }
    if (error instanceof Unreachable) return this.end({ status: 'unreachable', failure })
    if (error instanceof Unpredictable || error instanceof Unforeseen)
      return this.end({ status: 'skipped', reason: error.message, unpredictable: true })
    const stales = this.#changed || [this.#host.name, ...this.#delegated].some((name) => stale.has(name))
    // What nobody told anything fails in a real run too.
    const certain = error instanceof Forgotten || error instanceof Settled || !this.#record.told
    if (check && stales && !certain) {
      const reason = untold(failure.reason)
      return this.end({ status: 'skipped', unpredictable: true, reason })
    }
    return this.end({ status: this.#options.ignoreErrors ? 'ignored' : 'failed', failure })
  }

  #begin(signal: AbortSignal): BodyRecord {
    const { path } = this.#work
    const { check, emit, foresee, save, stale, weigh } = this.#around
    const host = this.#host.name
    return {
      ...(check && this.#options.verify === true ? { wary: (on) => stale.has(on) } : {}),
      changed: false,
      unpredictable: false,
      told: false,
      delegated: this.#delegated,
      rebooted: this.#rebooted,
      begun: new Begun(signal),
      planned: ({ name: operation }, on, diff, plan) => {
        const things = thingsOf(plan).slice(0, mostThings)
        emit({
          type: 'change-planned',
          path,
          host,
          operation,
          diff,
          ...(on === host ? {} : { on }),
          ...(things.length > 0 ? { things } : {}),
        })
      },
      ...(foresee ? { foresee: (operation, on, plan) => foresee(path.task, on, operation, plan) } : {}),
      ...(save
        ? {
            save: (operation, on, plan, connection) =>
              save({ path, host, on, operation, plan, connection, ...this.#actingAs(on) }),
          }
        : {}),
      ...(weigh ? { weigh: (operation, on, plan) => weigh({ path, host, on, operation, plan }) } : {}),
      log: (text) => emit({ type: 'output', path, host, text, stream: 'log' }),
    }
  }

  #actingAs(on: string): { readonly become?: string } {
    const { become, line, memory } = this.#around
    const host = on === this.#host.name ? this.#host : memory.inventory.hosts.get(on)
    const user = host && actsAs(saidBy(this.#options.become, become), host, line)
    return user === undefined ? {} : { become: user }
  }

  #context(record: BodyRecord): ContextOptions {
    const { path, role } = this.#work
    const work = { task: identity(path), after: this.#around.after ?? [] }
    const { memory, check, transport, changes, ahead, line, emit, calls } = this.#around
    const host = this.#host
    const said = saidBy(this.#options.become, this.#around.become)
    const connect = (to: Host): Way => {
      this.#reached ||= to === host
      const attempt: Attempt = {
        signal: record.begun.signal,
        work,
        output: (text, stream) => emit({ type: 'output', path, host: host.name, text, stream }),
        progress: (text, size) =>
          emit({ type: 'output', path, host: host.name, text, stream: 'progress', ...(size && { size }) }),
      }
      const way = to === host && this.#work.kind === 'task' ? ahead?.way(this.#work, said, attempt) : undefined
      if (way) return way
      const become = (at: Host) => actsAs(said, at, line)
      return directly(to, transport.connection(to, { become, ...attempt }), changes)
    }
    return { memory, role: role.role, host, check, connect, record, ...(calls ? { calls } : {}) }
  }
}
