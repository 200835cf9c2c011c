import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure, Status } from '../model/event.ts'
import type { Event } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import { authorsFrame, type Location } from '../model/location.ts'
import { Advice, CommandFailed, type Connection, TimedOut, Unreachable, type Value } from '../model/operation.ts'
import { milliseconds, type Body, type HostContext, type TaskOptions } from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { type BodyRecord, contextFor, ForgottenOperation, type Memory, runBody, Unpredictable } from './context.ts'
import type { HandlerNode, TaskNode } from './select.ts'

/** How a task ended on one host. */
export interface Outcome {
  readonly status: Status
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
  readonly check: boolean
  readonly become: boolean | string | undefined
  /** In check mode, an earlier task of this host would have changed it: failures are no longer the host's fault. */
  readonly stale: boolean
  /** Fires when the operator wants everything ended now. */
  readonly abort: AbortSignal
  emit(event: Event): void
}

/** One task on one host: when → attempts → timeout → body → outcome. It never rejects. */
export async function runTask(node: TaskNode | HandlerNode, host: Host, around: Surroundings): Promise<Outcome> {
  const began = performance.now()
  const { name, at, body } = 'task' in node ? node.task : node.handler
  const options: TaskOptions<unknown> = 'task' in node ? node.task.options as TaskOptions<unknown> : {}
  const delegated = new Set<string>()
  const end = (outcome: Omit<Outcome, 'delegated' | 'milliseconds'>): Outcome =>
    ({ ...outcome, delegated: [...delegated], milliseconds: Math.round(performance.now() - began) })
  const { path } = node
  for (let left = options.retries ?? 0; ; left--) {
    const attempt = new AbortController()
    const signal = AbortSignal.any([around.abort, attempt.signal])
    const record: BodyRecord = {
      changed: false,
      unpredictable: false,
      delegated,
      failures: new WeakMap(),
      planned: (operation, diff) => around.emit({ type: 'change-planned', path, host: host.name, operation, diff }),
      log: (text) => around.emit({ type: 'output', path, host: host.name, text, stream: 'log' }),
    }
    const connect = (to: Host): Connection => around.transport.connection(to, {
      become: becomeUser(options.become ?? around.become ?? to.settings.become),
      signal,
      output: (text, stream) => around.emit({ type: 'output', path, host: host.name, text, stream }),
      progress: (text) => around.emit({ type: 'output', path, host: host.name, text, stream: 'progress' }),
    })
    const context = contextFor({ memory: around.memory, role: node.role.role, host, check: around.check, connect, record })
    try {
      if (options.when && !await options.when(context)) return end({ status: 'skipped', changed: false, reason: 'its condition does not hold' })
      const result = await within(options.timeout === undefined ? undefined : milliseconds(options.timeout), attempt,
        runBody(body as Body<never, Value> as (host: HostContext<unknown>) => unknown, context))
      const changed = options.changedWhen ?? record.changed
      return end({ status: changed ? 'changed' : 'ok', changed, result: result as Value, unpredictable: record.unpredictable })
    } catch (error) {
      const failure = describe(error, record, at)
      if (around.abort.aborted) return end({ status: 'failed', changed: record.changed, failure: { ...failure, reason: `interrupted: ${failure.reason}` } })
      if (error instanceof Unreachable) return end({ status: 'unreachable', changed: record.changed, failure })
      if (error instanceof Unpredictable) return end({ status: 'skipped', changed: false, reason: error.message, unpredictable: true })
      if (around.check && (record.changed || around.stale) && !(error instanceof ForgottenOperation)) {
        return end({ status: 'skipped', changed: false, unpredictable: true, reason: `cannot be told before a real run (now: ${failure.reason})` })
      }
      if (left > 0) {
        around.emit({ type: 'attempt-failed', path, host: host.name, reason: failure.reason, left })
        await sleep(milliseconds(options.delay ?? 5), undefined, { signal: around.abort }).catch(() => {})
        if (!around.abort.aborted) continue
      }
      return end({ status: options.ignoreErrors ? 'ignored' : 'failed', changed: record.changed, failure })
    }
  }

  function within<T>(limit: number | undefined, attempt: AbortController, work: Promise<T>): Promise<T> {
    if (limit === undefined) return work
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const late = new TimedOut(`«${name}» took longer than ${limit / 1000} s`)
        attempt.abort(late)
        reject(late)
      }, limit)
      work.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

function becomeUser(become: boolean | string | undefined): string | undefined {
  return become === true ? 'root' : become === false ? undefined : become
}

function describe(error: unknown, record: BodyRecord, at: Location): Failure {
  if (!(error instanceof Error)) return { reason: String(error), at }
  const during = record.failures.get(error)
  // An assertion or a throw of the author's own says more by its own line than by the task's.
  const thrown = during ? undefined : authorsFrame(error.stack ?? '')
  const ours = !during && !thrown && !(error instanceof Advice || error instanceof CommandFailed || error instanceof Unreachable || error instanceof TimedOut)
  return {
    reason: error.message,
    at: error instanceof ForgottenOperation ? error.at : thrown ?? during?.at ?? at,
    ...(during ? { operation: during.operation } : {}),
    ...(error instanceof CommandFailed ? { command: error.command, code: error.result.code } : {}),
    ...('hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}),
    ...(thrown || ours ? { stack: error.stack ?? '' } : {}),
  }
}
