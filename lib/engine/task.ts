import type { Event, Failure, Status } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import { TimedOut, Unreachable, type Value } from '../model/operation.ts'
import { milliseconds, type Duration, type TaskOptions } from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { actsAs, type Become } from './become.ts'
import { type Ahead, type Attempt, type Changes, directly, type Way } from './ahead.ts'
import { type Clock, pause } from './clock.ts'
import { type BodyRecord, type ContextOptions, holds, type Memory, runBody, Unpredictable } from './context.ts'
import { failureOf } from './failure.ts'
import { Begun, Forgotten } from './forgotten.ts'
import type { HandlerNode, TaskNode } from './select.ts'

/** How a task ended on one host. */
export interface Outcome {
  readonly status: Status
  /** Something was changed, or would be, however the task ended. */
  readonly changed: boolean
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
  /** What is said of who acts, by the command line or the play. */
  readonly become: Become
  /** In check mode, hosts that an earlier task would have changed: failures there are no longer the host's fault. */
  readonly stale: ReadonlySet<string>
  /** An interrupted run was killed after it had begun to change something here: the change is this task's. */
  readonly begun: boolean
  /** What may have changed on which host. */
  readonly changes: Changes
  /** Reads for the tasks that follow this one on its host, when they may. */
  readonly ahead?: Ahead
  /** Fires when the operator wants everything ended now. */
  readonly abort: AbortSignal
  emit(event: Event): void
}

/** One task on one host: when → attempts → timeout → body → outcome. It never rejects. */
export async function runTask(node: TaskNode | HandlerNode, host: Host, around: Surroundings): Promise<Outcome> {
  const { abort, clock, check, emit } = around
  const { path } = node
  const { name, at, body } = 'task' in node ? node.task : node.handler
  const options: TaskOptions<unknown> = 'task' in node ? (node.task.options as TaskOptions<unknown>) : {}
  const said = options.become ?? around.become
  const began = clock.now()
  const delegated = new Set<string>()
  let record = begin(abort)
  // One attempt may change something and fail, and the next find nothing left to do: the task has changed it all the
  // same.
  let changed = around.begun
  const end = (outcome: Omit<Outcome, 'delegated' | 'milliseconds' | 'changed'>): Outcome => ({
    ...outcome,
    changed: (changed ||= record.changed),
    delegated: [...delegated],
    milliseconds: Math.round(clock.now() - began),
  })

  // Asked again after the real run; what is there now says nothing.
  if (check && options.verify && around.stale.size > 0)
    return end({ status: 'skipped', reason: 'it checks what only a real run brings about', unpredictable: true })
  try {
    if (options.when && !(await holds(options.when, contextOf(record))))
      return end({ status: 'skipped', reason: 'its condition does not hold' })
  } catch (error) {
    return failed(error)
  }
  for (let left = options.retries ?? 0; ; left--) {
    try {
      const result = await attempt(options.timeout)
      changed = options.changedWhen ?? (changed || record.changed)
      record.changed = changed
      return end({ status: changed ? 'changed' : 'ok', result, unpredictable: record.unpredictable })
    } catch (error) {
      const outcome = failed(error)
      if (left <= 0 || (outcome.status !== 'failed' && outcome.status !== 'ignored') || abort.aborted) return outcome
      emit({ type: 'attempt-failed', path, host: host.name, reason: outcome.failure?.reason ?? '', left })
      await pause(clock, milliseconds(options.delay ?? 5), abort)
      if (abort.aborted) return outcome
    }
  }

  function begin(signal: AbortSignal): BodyRecord {
    return {
      changed: false,
      unpredictable: false,
      delegated,
      begun: new Begun(signal),
      planned: (operation, diff) => emit({ type: 'change-planned', path, host: host.name, operation, diff }),
      log: (text) => emit({ type: 'output', path, host: host.name, text, stream: 'log' }),
    }
  }

  function contextOf(record: BodyRecord): ContextOptions {
    const connect = (to: Host): Way => {
      const attempt: Attempt = {
        signal: record.begun.signal,
        output: (text, stream) => emit({ type: 'output', path, host: host.name, text, stream }),
        progress: (text) => emit({ type: 'output', path, host: host.name, text, stream: 'progress' }),
      }
      const ahead = to === host && 'task' in node ? around.ahead?.way(node, said, attempt) : undefined
      if (ahead) return ahead
      const become = (at: Host) => actsAs(said, at)
      return directly(to, around.transport.connection(to, { become, ...attempt }), around.changes)
    }
    return { memory: around.memory, role: node.role.role, host, check, connect, record }
  }

  function attempt(limit: Duration | undefined): Promise<Value> {
    const work = (signal: AbortSignal) => {
      record = begin(signal)
      return runBody(body, contextOf(record))
    }
    return limit === undefined ? work(abort) : within(milliseconds(limit), work)
  }

  /** Ends the attempt when its time is over, whatever the body is doing. */
  async function within<T>(limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const attempt = new AbortController()
    const end = () => attempt.abort(abort.reason)
    if (abort.aborted) end()
    abort.addEventListener('abort', end, { once: true })
    let cancel = () => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        const overdue = () => {
          const late = new TimedOut(`«${name}» took longer than ${limit / 1000} s`)
          attempt.abort(late)
          reject(late)
        }
        cancel = clock.after(limit, overdue, 'limit')
        work(attempt.signal).then(resolve, reject)
      })
    } finally {
      cancel()
      abort.removeEventListener('abort', end)
    }
  }

  function failed(error: unknown): Outcome {
    changed ||= record.changed
    // A task that never counts as changed does not when it fails either.
    if (options.changedWhen === false) changed = record.changed = false
    const failure = failureOf(error, at)
    if (abort.aborted)
      return end({ status: 'failed', failure: { ...failure, reason: `interrupted: ${failure.reason}` } })
    if (error instanceof Unreachable) return end({ status: 'unreachable', failure })
    if (error instanceof Unpredictable) return end({ status: 'skipped', reason: error.message, unpredictable: true })
    const foretold = check && (changed || [host.name, ...delegated].some((name) => around.stale.has(name)))
    if (foretold && !(error instanceof Forgotten)) {
      return end({
        status: 'skipped',
        unpredictable: true,
        reason: `cannot be told before a real run (now: ${failure.reason})`,
      })
    }
    return end({ status: options.ignoreErrors ? 'ignored' : 'failed', failure })
  }
}
