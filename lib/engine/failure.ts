import { inspect, types } from 'node:util'
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

/** An error in parts; `at` is where it belongs when it does not say itself where it comes from. It never throws. */
export function failureOf(error: unknown, at: Location): Failure {
  try {
    if (isError(error)) return parts(error, at)
    const reason = `something that is no error was thrown: ${shown(error)}`
    return { reason, at, hint: "throw new Error('…') there: it knows its place" }
  } catch {
    return { reason: 'something was thrown that cannot be looked at', at, hint: "throw new Error('…')" }
  }
}

function parts(error: Error, at: Location): Failure {
  const operation = during.get(error)
  const told =
    error instanceof Advice ||
    error instanceof CommandFailed ||
    error instanceof Unreachable ||
    error instanceof TimedOut
  // What a module says of a host belongs to whoever called it. An assertion, or a slip of the author's, in a module
  // too, says more by its own line.
  const thrown = operation && told ? undefined : authorsFrame(stackOf(error))
  return {
    reason: reasonOf(error),
    at: error instanceof Forgotten ? error.at : (thrown ?? operation?.at ?? at),
    ...(operation ? { operation: operation.operation } : {}),
    ...(error instanceof CommandFailed ? { command: error.command, code: error.result.code } : {}),
    ...('hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}),
    ...(thrown || !told ? { stack: causesOf(error).map(stackOf).join('\ncaused by ') } : {}),
  }
}

// One of another realm, as of node:vm, is an error as well.
const isError = (thrown: unknown): thrown is Error => thrown instanceof Error || types.isNativeError(thrown)

const shown = (thrown: unknown) => (typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2 }))

const stackOf = (error: Error): string => (typeof error.stack === 'string' ? error.stack : '')

/** The error, what caused it, what caused that, and so on. */
function causesOf(error: Error): readonly Error[] {
  const all = [error]
  for (let { cause } = error; isError(cause) && !all.includes(cause); { cause } = cause) all.push(cause)
  return all
}

function reasonOf(error: Error): string {
  return causesOf(error)
    .map(messageOf)
    .filter((message, i, all) => i === 0 || !all[i - 1]!.includes(message))
    .join(': ')
}

// Node's own errors of several causes, such as a refused connection to both addresses of a name, have no message.
function messageOf(error: Error): string {
  if (error.message) return String(error.message)
  const causes =
    error instanceof AggregateError ? error.errors.map((one) => (isError(one) ? one.message : shown(one))) : []
  return causes.join('; ') || ('code' in error ? String(error.code) : String(error.name))
}
