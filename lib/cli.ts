import { effective, options } from './cli/options.ts'
import { always, first } from './cli/command.ts'
import { helpOf, parse, type Worded } from './cli/parser.ts'
import { Interrupted } from './cli/terminal.ts'
import { refuseNearCommand } from './cli/wrong-words.ts'
import { commandIn, tellApart } from './cli/words.ts'
import { version } from './cli/version.ts'
import { commands } from './commands/index.ts'
import { authorsFrame } from './model/location.ts'
import { isOfDisk, problemOfDisk } from './model/disk.ts'
import { exit, type Problem, Refused, showProblems } from './model/problem.ts'
import { mask } from './report/mask.ts'

/** Reads the command line, does what it says, and decides the exit code: nothing else does. */
export async function main(argv: readonly string[]): Promise<void> {
  let lost: NodeJS.ErrnoException | undefined
  // `run … | head` has read enough, and a terminal may be closed: that is no error.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') lost = error
    })
  // While a run goes on, that is ended in order (see cli/signals.ts); before and after there is only this to be said.
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') > 1) return
    process.exit(tell(error))
  })
  const code = await exitCodeOf(argv)
  // Of a full disk that it goes to Node tells in its next turn. It ends no run, and must not pass for what it is not.
  await new Promise((resolve) => setImmediate(resolve))
  process.exitCode = lost === undefined ? code : told(lost, code)
  // A playbook may have left a timer or a socket behind; what was written to stdout is out by then.
  setTimeout(() => process.exit(), 2000).unref()
}

/** Does what a command line says, tells what is wrong, and gives the exit code. */
export async function exitCodeOf(argv: readonly string[]): Promise<number> {
  try {
    return await obey(normal(argv))
  } catch (error) {
    if (error instanceof Refused) {
      process.stderr.write(`${mask(showProblems(error.problems))}\n`)
      return error.exitCode
    }
    if (error instanceof Interrupted) return exit.interrupted
    return tell(error)
  }
}

/**
 * Says that what was printed is lost, and gives the exit code: that of the command, unless all went well. It is not the
 * one that says of a run that it never began.
 */
function told(lost: NodeJS.ErrnoException, code: number): number {
  const { message, hint = '' }: Problem = isOfDisk(lost) ? problemOfDisk(lost) : { message: String(lost), hint: '' }
  process.stderr.write(`${showProblems([{ message: `what was printed is cut off: ${message}`, hint }])}\n`)
  return code === exit.ok ? exit.crashed : code
}

/**
 * Tells an error that nobody expected: an author's with its place, what a disk refused with the path, ours with all
 * there is. Gives the exit code.
 */
function tell(error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const at = authorsFrame(stack)
  const said = at
    ? showProblems([
        { message: `nobody caught this error: ${error instanceof Error ? error.message : stack}`, at, hint: uncaught },
      ])
    : isOfDisk(error)
      ? showProblems([problemOfDisk(error)])
      : `this is a fault of switchover itself, not of your playbook:\n${stack}`
  process.stderr.write(`${mask(said)}\n`)
  return !at && isOfDisk(error) ? exit.load : exit.crashed
}

const uncaught = 'catch it there, or do that in the body of a task, which then fails on its host'

/** Finds the command of a line, gives it what follows, and gives its exit code. */
async function obey(argv: readonly string[]): Promise<number> {
  const [word, line] = commandIn(argv, commands, first)
  const command = await commands[word]!()
  const asked = tellApart(line, { ...command.options, ...always }).map((one) =>
    one.kind === 'option' ? one.option : undefined,
  )
  if (asked.includes('help')) {
    refuseNearCommand({ word, told: tellApart(line, { ...command.options, ...always }) })
    return print(await help({ word, command }))
  }
  if (asked.includes('version')) return print(`${version()}\n`)
  const { words, values, behind } = await parse({ word, command }, line)
  // Completion must never fail for a typing error in the settings.
  const shared = Object.keys(command.options ?? {}).some((name) => Object.hasOwn(options, name))
  const settings = shared ? await (await import('./cli/settings.ts')).allSettings(values) : { values: {} }
  return command.act({ words: words as never, behind, argv, ...effective(command.options ?? {}, values, settings) })
}

// What --resume means without a name.
const latest = 'latest'

// What the parser cannot say: `help exec`, a lone dash, and a value of --resume that may be missing.
function normal(argv: readonly string[]): readonly string[] {
  if (argv[0] === 'help') return [...argv.slice(1), '--help']
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const isRun = (word: string | undefined) => word !== undefined && /^\d{8}(?:-|$)/.test(word)
  const joined = words.flatMap((word, i) => {
    // A lone dash is dropped by the parser; in what we take it for, it is this file.
    if (word === '-') return ['/dev/stdin']
    if (word === '--resume') return [`--resume=${isRun(words[i + 1]) ? words[i + 1] : latest}`]
    return words[i - 1] === '--resume' && isRun(word) ? [] : [word]
  })
  return end < 0 ? joined : [...joined, ...argv.slice(end)]
}

async function help(of: Worded): Promise<string> {
  if (of.word !== first) return helpOf(of)
  const words = Object.keys(commands).filter((word) => word !== first)
  return helpOf(of, await Promise.all(words.map(async (word) => ({ word, command: await commands[word]!() }))))
}

function print(text: string): number {
  process.stdout.write(text)
  return exit.ok
}
