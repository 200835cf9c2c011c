import type { Failure } from '../model/event.ts'
import { authorsFrame, type Location } from '../model/location.ts'
import { Advice, CommandFailed, TimedOut, Unreachable } from '../model/operation.ts'
import { Forgotten } from './forgotten.ts'

/** The operation during which an error came up. */
export const during = new WeakMap<Error, { readonly operation: string; readonly at: Location }>()

/**
 * Something that nobody caught while a run went on, such as the throw of a timer in a playbook. As the reason of
 * `abort` it makes the run count as crashed.
 */
export class Stray extends Error {
  constructor(error: unknown) {
    super('nobody caught an error', { cause: error })
  }
}

/** An error in parts; `at` is where it belongs when it does not say itself where it comes from. */
export function failureOf(error: unknown, at: Location): Failure {
  if (!(error instanceof Error)) return { reason: `something that is no error was thrown: ${String(error)}`, at }
  const operation = during.get(error)
  // An assertion or a throw of the author's own says more by its own line than by the task's.
  const thrown = operation ? undefined : authorsFrame(error.stack ?? '')
  const ours =
    !operation &&
    !thrown &&
    !(
      error instanceof Advice ||
      error instanceof CommandFailed ||
      error instanceof Unreachable ||
      error instanceof TimedOut
    )
  return {
    reason: reasonOf(error),
    at: error instanceof Forgotten ? error.at : (thrown ?? operation?.at ?? at),
    ...(operation ? { operation: operation.operation } : {}),
    ...(error instanceof CommandFailed ? { command: error.command, code: error.result.code } : {}),
    ...('hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}),
    ...(thrown || ours ? { stack: error.stack ?? '' } : {}),
  }
}

// Node's own errors of several causes, such as a refused connection to both addresses of a name, have no message.
function reasonOf(error: Error): string {
  if (error.message) return error.message
  const causes =
    error instanceof AggregateError
      ? error.errors.map((cause) => (cause instanceof Error ? cause.message : String(cause)))
      : []
  return causes.join('; ') || ('code' in error ? String(error.code) : error.name)
}
