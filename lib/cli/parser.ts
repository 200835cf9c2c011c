import yargs, { type Argv } from 'yargs'
import { always, type AnyCommand, first, partsOf } from './command.ts'
import type { Option, Options } from './options.ts'
import { behind, tellApart, type Word } from './words.ts'
import { refuseWords } from './wrong-words.ts'
import { program } from '../model/program.ts'
import { asCalled } from './command-line.ts'

/** A command and its word. */
export interface Worded {
  readonly word: string
  readonly command: AnyCommand
}

/** What the words behind a command say. */
export interface Parsed {
  readonly words: Readonly<Record<string, unknown>>
  readonly values: Readonly<Record<string, unknown>>
  readonly behind: readonly string[]
}

/**
 * Takes the words behind a command apart.
 * @throws Refused for a word that the command does not know, or wants and has not
 */
export async function parse(of: Worded, line: readonly string[]): Promise<Parsed> {
  const { takes, options } = partsOf(of.command)
  const told = tellApart(line, options)
  await refuseWords({ ...of, line, told })
  const args = await parserFor(of)
    // What it could find wrong has been refused.
    .fail((message, error) => {
      throw error ?? new Error(message)
    })
    .parseAsync([...plain(told, options)])
  const some = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, args[name]]))
  return { words: some(Object.keys(takes)), values: some(Object.keys(options)), behind: behind(line) }
}

/** A line that can be understood in one way only: `-Clweb` is `--check --limit=web`. */
function plain(told: readonly Word[], options: Options): readonly string[] {
  return told.flatMap((word, i) => {
    if (word.kind === 'positional') return [word.text]
    if (word.kind === 'value') return []
    const next = told[i + 1]
    const value = word.value ?? (next?.kind === 'value' ? next.text : undefined)
    const name = word.option!
    if (options[name]!.kind === 'flag') return [`--${word.off ? 'no-' : ''}${name}`]
    return [value === undefined ? `--${name}` : `--${name}=${value}`]
  })
}

/** The help of one command; that of the first has all others too. */
export async function helpOf(of: Worded, others: readonly Worded[] = []): Promise<string> {
  const made = parserFor(of)
  for (const { word, command } of others) {
    // A describe of false keeps a command out of the help, which its types do not know.
    made.command(
      `${word}${usageOf(command)}`,
      command.describe === undefined ? (false as never) : asCalled(command.describe),
    )
  }
  const help = await made.epilogue(of.word === first ? exitCodes() : '').getHelp()
  // The type of an option is seen from what is written of it.
  return `${help.replace(/ *\[(?:string|array|boolean|count)\]/g, '').replace(/ +$/gm, '')}\n`
}

const exitCodes = () => `Exit codes:
  0  all went well                        6    playbook, inventory or settings cannot be loaded
  1  an error that nobody caught          7    nothing is selected: no such host, tag or task
  2  a task failed on a host              8    refused at a gate
  4  a host was unreachable               9    locked by another run
  5  wrong option or value                130  Ctrl-C (143: TERM)

${program()} COMMAND --help says more of each command.`

function parserFor({ word, command }: Worded): Argv {
  const { takes, options } = partsOf(command)
  const examples: readonly (readonly [string, string])[] = command.examples ?? []
  const made = yargs()
    .scriptName(word === first ? program() : `${program()} ${word}`)
    .usage(
      word === first
        ? '$0 PLAYBOOK|ROLE -i INVENTORY [options]'
        : `$0${usageOf(command)}\n\n${asCalled(command.describe ?? '')}`,
    )
    .command(`$0${usageOf(command)}`, asCalled(command.describe ?? ''), (y) => {
      for (const [name, { describe, choices, missing, many }] of Object.entries(takes))
        y.positional(name, {
          type: 'string',
          describe: `${describe}${choices ? `: ${choices.join(', ')}` : ''}`,
          ...(many ? { array: true, ...(missing ? {} : { default: [] }) } : {}),
          ...(missing ? { demandOption: true } : {}),
        })
      for (const [name, option] of Object.entries(options)) y.option(name, forParser(option))
      return y.example(examples.map(([line, what]) => [asCalled(line), what]))
    })
  return made
    .parserConfiguration({
      'duplicate-arguments-array': true,
      'camel-case-expansion': false,
      'greedy-arrays': false,
      'parse-positional-numbers': false,
    })
    .version('version', always.version.describe, '')
    .help('help', always.help.describe)
    .alias('help', 'h')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
}

/** ` <action> [files..]` */
function usageOf(command: AnyCommand): string {
  return Object.entries(partsOf(command).takes)
    .map(([name, { missing, many }]) => [`${name}${many ? '..' : ''}`, missing] as const)
    .map(([words, missing]) => (missing ? ` <${words}>` : ` [${words}]`))
    .join('')
}

function forParser({ kind, alias, group, describe, choices, fallback }: Option) {
  const type = kind === 'flag' ? 'boolean' : kind === 'count' ? 'count' : 'string'
  const default_ = kind === 'number' && fallback !== undefined ? ` (${fallback})` : ''
  return {
    type,
    describe: `${describe}${choices ? `: ${choices.join(' or ')}` : ''}${default_}`,
    ...(group === undefined ? {} : { group }),
    ...(alias === undefined ? {} : { alias }),
    ...(kind === 'texts' ? { array: true } : {}),
  } as const
}
