import type { Failure, Status } from '../model/event.ts'
import { showLocation } from '../model/location.ts'
import { showPath, type TaskPath } from '../model/path.ts'
import { type Paint, statusStyle } from './paint.ts'
import { cut, harmless } from './width.ts'

// A failure is there to be read; the whole of what a program said is in the journal.
const mostLines = 40
const headLines = 10
const longestLine = 2000

/** A failure and where it happened. */
export interface Failed {
  readonly host: string
  readonly path: TaskPath
  readonly status: Status
  readonly failure: Failure
}

/** Who, what, why, where, how, and what next. */
export function drawFailure(failed: Failed, paint: Paint, columns: number, verbosity: number): readonly string[] {
  const { host, path, status, failure } = failed
  const style = statusStyle[status]
  const mark = status === 'ignored' || status === 'rescued' ? '⚠' : '✖'
  const note = status === 'failed' ? '' : ` (${status})`
  return [
    `${paint(style, mark)} ${paint('bold', host)}  ${path.play} › ${showPath(path)}${paint(style, note)}`,
    ...drawReason(failure, paint, columns, verbosity >= 3),
  ]
}

/** What ended a run that belongs to none of its tasks. Nobody will see it a second time, so all of it is told. */
export function drawCrash(failure: Failure, paint: Paint, columns: number): readonly string[] {
  const head = 'nobody caught this error, and the run is over'
  return [`${paint('red', '✖')} ${head}`, ...drawReason(failure, paint, columns, true)]
}

function drawReason(failure: Failure, paint: Paint, columns: number, withStack: boolean): readonly string[] {
  const [first = '', ...more] = reasonOf(failure).split('\n')
  const lines = [
    `  ${failure.operation ? `${failure.operation}: ` : ''}${first}`,
    ...more.map((line) => `    ${line}`),
    // What was typed, as for exec, lies in no file.
    ...(failure.at.line > 0 ? [paint('dim', `    at ${showLocation(failure.at)}`)] : []),
  ]
  if (failure.command) {
    const [command = '', ...rest] = failure.command.trim().split('\n')
    lines.push(paint('dim', cut(`    ran: ${harmless(command)}${rest.length > 0 ? ' …' : ''}`, Math.max(columns, 40))))
  }
  if (failure.hint) lines.push(`    try: ${failure.hint}`)
  if (failure.stack && withStack) {
    lines.push(...failure.stack.split('\n').map((line) => paint('dim', `    ${line.trim()}`)))
  }
  return lines
}

/** Failures with the same text are told once. */
export function failureKey({ status, failure }: Failed): string {
  return [status, failure.operation ?? '', reasonOf(failure), failure.hint ?? ''].join('\0')
}

function reasonOf({ reason, code }: Failure): string {
  const all = reason.trimEnd().split('\n')
  // What was going on stands at the head, why it went wrong at the end.
  const some =
    all.length > mostLines
      ? [...all.slice(0, headLines), `… ${all.length - mostLines} lines …`, ...all.slice(headLines - mostLines)]
      : all
  const said = some
    .map((line) => harmless(line.length > longestLine ? `${line.slice(0, longestLine)}…` : line))
    .join('\n')
  const known = code === undefined || said.includes(`(exit code ${code})`)
  if (known) return said
  const [first = '', ...more] = said.split('\n')
  return [`${first} (exit code ${code})`, ...more].join('\n')
}
