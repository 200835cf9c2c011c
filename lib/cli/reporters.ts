import { existsSync } from 'node:fs'
import path from 'node:path'
import { importAuthored } from '../authored.ts'
import type { Reporter } from '../model/event.ts'
import { makeFolder } from '../model/disk.ts'
import { checkOutput } from '../model/output-file.ts'
import { besides } from '../model/besides.ts'
import { didYouMean, exit, type Problem, Refused, together, wrongly } from '../model/problem.ts'
import { problemsOf } from '../program/playbooks.ts'
import { junitFile } from '../report/junit.ts'
import type { LiveReporter } from '../report/index.ts'
import { typedToResume } from './command-line.ts'
import type { Values } from './options.ts'

/**
 * What -o asks for.
 * @throws Refused for what there is not, for two on one stdout, or for a file that cannot be written
 */
export function checkOutputs(output: Values['output'] = []): void {
  const hint = 'there are lines, json, junit=FILE and ./REPORTER.ts'
  const problems: Problem[] = output
    .filter((one) => !/^(?:lines|json|junit=.+)$/.test(one) && !isFile(one))
    .map((one) => ({ message: `--output ${one} is unknown`, hint: didYouMean(one, ['lines', 'json']) ?? hint }))
  if (output.includes('lines') && output.includes('json'))
    problems.push({
      message: '-o lines and -o json exclude each other: both are for stdout',
      hint: 'leave one of them out',
    })
  together(wrongly(problems, exit.usage), wrongly(missing(output), exit.load))
  for (const one of output)
    if (one.startsWith(junit)) {
      const file = one.slice(junit.length)
      makeFolder(path.dirname(file))
      checkOutput(file, junitFile)
    }
}

/** The reporters of somebody's own that are not there. */
function missing(output: NonNullable<Values['output']>): readonly Problem[] {
  return output
    .filter((one) => isFile(one) && !existsSync(one))
    .map((one) => ({ message: `there is no reporter ${one}`, hint: besides(one) }))
}

const junit = 'junit='

/** The files of reporters that -o names. */
export function ownReporters(output: Values['output'] = []): readonly string[] {
  return output.filter(isFile).map((file) => path.resolve(file))
}

const isFile = (output: string) => /\.[cm]?[jt]s$/.test(output) && !output.startsWith(junit)

/** A reporter of somebody's own, and how it is called in messages. */
export interface Own {
  readonly name: string
  readonly reporter: Reporter
}

/** Makes the reporters of files. @throws Refused when one does not load, or makes none */
export async function makeOwn(files: readonly string[]): Promise<readonly Own[]> {
  return Promise.all(
    files.map(async (file) => {
      const name = path.relative(process.cwd(), file)
      try {
        const { default: standard, reporter = standard } = (await importAuthored(file)) as Record<string, unknown>
        const made: unknown = typeof reporter === 'function' ? await (reporter as () => unknown)() : undefined
        if (isReporter(made)) return { name, reporter: made }
      } catch (error) {
        throw new Refused(problemsOf(error, name), exit.load)
      }
      throw new Refused(
        {
          message: `${name} makes no reporter`,
          hint: 'write: export function reporter(): Reporter { return { report(event) { … }, async close() { … } } }',
        },
        exit.load,
      )
    }),
  )
}

function isReporter(made: unknown): made is Reporter {
  if (typeof made !== 'object' || made === null) return false
  const { report, close } = made as Partial<Reporter>
  return typeof report === 'function' && typeof close === 'function'
}

/** Who tells of a run: what -o names, and the screen unless reporters of somebody's own are all that is asked for. */
export async function reportersFor(
  { output = [], step, verbose, diff, check }: Pick<Values, 'output' | 'step' | 'verbose' | 'diff' | 'check'>,
  own: readonly Own[],
  argv: readonly string[],
): Promise<{ readonly live: Pick<LiveReporter, 'pause' | 'resume'>; readonly reporters: readonly Reporter[] }> {
  const { canDraw, createJunitReporter, createOwnReporter, createReporter, wantsColor } = await import(
    '../report/index.ts'
  )
  const beside = [
    ...output.flatMap((one) => (one.startsWith(junit) ? [createJunitReporter(one.slice(junit.length))] : [])),
    ...own.map(({ name, reporter }) => createOwnReporter(reporter, name)),
  ]
  const [lines, json] = [output.includes('lines'), output.includes('json')]
  if (own.length > 0 && !lines && !json) return { live: { pause() {}, resume() {} }, reporters: beside }
  const screen = createReporter({
    kind: json ? 'json' : canDraw(process.stdout) && !lines && !step ? 'tree' : 'lines',
    out: process.stdout,
    err: process.stderr,
    verbosity: verbose,
    diff,
    color: wantsColor(process.stdout),
    columns: process.stdout.columns || 120,
    rows: process.stdout.rows || 24,
    next: ({ finished }) => (check || finished.outcome === 'ok' ? undefined : `Go on with: ${typedToResume(argv)}`),
  })
  return { live: screen, reporters: [screen, ...beside] }
}
