import { steadyNow } from '../model/steady-time.ts'
import type { Reporter } from '../model/event.ts'
import { guarded, readable } from './guard.ts'
import { brokeOff, harmless } from './harmless.ts'
import { jsonReporter } from './json.ts'
import { junitReporter } from './junit.ts'
import { linesReporter } from './lines.ts'
import { mask } from './mask.ts'
import { paints } from './paint.ts'
import type { Next } from './recap.ts'
import { sink } from './sink.ts'
import { type LiveReporter, treeReporter } from './tree.ts'

export { htmlReport, pageFile } from './html.ts'
export { both } from './guard.ts'
export { exitCodeOf, joined } from './joined.ts'
export { mask, maskEvent, Masker, maskValue } from './mask.ts'
export { canDraw, wantsColor } from './paint.ts'
export type { Next, RunEnd } from './recap.ts'
export { drawPlan } from './plan.ts'
export { harmlessLines } from './width.ts'
export type { LiveReporter } from './tree.ts'

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly rows?: number; readonly columns?: number }

/** How the report is to look, and where it goes. */
export interface ReportOptions {
  readonly kind: 'lines' | 'tree' | 'json'
  readonly out: Stream
  readonly err: Stream
  readonly verbosity: number
  readonly diff: boolean
  readonly color: boolean
  /** The size where the stream does not tell its own. */
  readonly columns?: number
  readonly rows?: number
  /** The command to type next, asked when the run has ended. */
  readonly next?: Next
  readonly now?: () => number
  /** Calls each second until what it gives is called; tests have a time of their own. */
  readonly eachSecond?: (call: () => void) => () => void
}

/**
 * Makes a reporter. Its `pause` and `resume` clear the screen for a question; they do nothing where nothing is live.
 */
export function createReporter(options: ReportOptions): LiveReporter {
  const { kind, out, err, verbosity, diff, color, next } = options
  const size = () => ({ rows: out.rows ?? options.rows ?? 24, columns: out.columns ?? options.columns ?? 80 })
  const [stdout, stderr] = [sink(out), sink(err)]
  const advise: Next | undefined =
    next &&
    ((end) => {
      const advice = next(end)
      return advice === undefined ? undefined : mask(advice)
    })
  // A report that breaks must not end the run: the journal goes on, and the operator is told once.
  const trouble = (error: unknown) => stderr.write(brokeOff('report', error))
  const drawing = { paint: paints(color), verbosity, diff, columns: size().columns }
  switch (kind) {
    case 'json':
      return still(guarded(jsonReporter(stdout), trouble))
    case 'lines': {
      const time = { now: options.now ?? steadyNow, eachSecond: options.eachSecond ?? eachSecond }
      const lines = linesReporter(stdout, stderr, drawing, time, advise)
      const heard = guarded(readable(lines), trouble, verbosity > 0 ? 'whole' : 'when')
      return { ...heard, pause: lines.pause, resume: lines.resume }
    }
    case 'tree': {
      const warnings = err.isTTY ? undefined : stderr
      const terminal = { out, sink: stdout, warnings, size, now: options.now ?? steadyNow }
      const tree = treeReporter(terminal, drawing, advise)
      return { ...guarded(readable(tree), trouble), pause: tree.pause, resume: tree.resume }
    }
  }
}

/** Makes a reporter that writes a JUnit file when it is closed. */
export function createJunitReporter(file: string, err: NodeJS.WritableStream = process.stderr): Reporter {
  return harmless(junitReporter(file), `JUnit report ${file}`, false, err)
}

/** Lets a reporter that somebody else wrote hear of the run, and keeps the run from it. */
export function createOwnReporter(
  reporter: Reporter,
  name: string,
  err: NodeJS.WritableStream = process.stderr,
): Reporter {
  return harmless(reporter, `reporter ${name}`, true, err)
}

function eachSecond(call: () => void): () => void {
  // Nobody waits for a sign of life.
  const timer = setInterval(call, 1000).unref()
  return () => clearInterval(timer)
}

function still(reporter: Reporter): LiveReporter {
  return { ...reporter, pause() {}, resume() {} }
}
