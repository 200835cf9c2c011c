import { existsSync } from 'node:fs'
import { quote } from '../kit/shell.ts'
import { didYouMean, exit, nearest, type Problem, Refused } from '../model/problem.ts'
import { always, type AnyCommand, first, partsOf } from './command.ts'
import { type Completes, type Option, type Options, wrongTyped } from './options.ts'
import { isRunnable, playbooks, roles } from '../program/playbooks.ts'
import { behind, type OptionWord, type PositionalWord, waits, type Word } from './words.ts'
import { commands, commandWords } from '../commands/index.ts'
import { program } from '../model/program.ts'
import { asCalled } from './command-line.ts'

/** A command line, and the command that it is for. */
interface Line {
  readonly word: string
  readonly command: AnyCommand
  readonly line: readonly string[]
  readonly told: readonly Word[]
}

/**
 * Refuses a line of which a word would be dropped, or taken for something else than it says.
 * @throws Refused with every such word, but for those of which another says more
 */
export async function refuseWords(of: Line): Promise<void> {
  const { told, command } = of
  refuseNearCommand(of)
  const { takes } = partsOf(command)
  const given = told.filter((word) => word.kind === 'positional')
  const most = Object.values(takes).some(({ many }) => many) ? Infinity : Object.keys(takes).length
  // What follows a command that lacks its two dashes is that command's own, and none of ours.
  const unmarked = command.behind !== undefined && !of.line.includes('--') ? given[most] : undefined
  const strange = told.findIndex((word) => word.kind === 'option' && word.option === undefined)
  if (unmarked && (strange < 0 || told.indexOf(unmarked) < strange))
    throw new Refused(await tooMuch(unmarked, of), exit.usage)
  const others =
    strange < 0
      ? []
      : await Promise.all([first, ...commandWords()].map(async (one) => [one, await commands[one]!()] as const))
  const problems = told.flatMap((word, i) =>
    word.kind === 'option' ? (wrongOption(word, told[i + 1], of, others) ?? []) : [],
  )
  problems.push(...repeated(of))
  // A word behind an option that there is not may be its value, and then there is one that lacks.
  if (strange < 0) problems.push(...(await wrongPositionals(given, most, of)))
  if (problems.length > 0) throw new Refused(problems, exit.usage)
}

async function wrongPositionals(given: readonly PositionalWord[], most: number, of: Line): Promise<readonly Problem[]> {
  const { takes } = partsOf(of.command)
  const problems: Problem[] = []
  if (given.length > most) problems.push(await tooMuch(strayed(given, most), of))
  if (of.command.behind === undefined && behind(of.line).length > 0)
    problems.push({
      message: `${behind(of.line)[0]} is too much`,
      hint: `nothing stands behind -- here; ${seeHelp(of)}`,
    })
  const { missing } = Object.values(takes)[given.length] ?? {}
  if (missing) problems.push({ message: missing[0], hint: asCalled(missing[1]) })
  for (const [i, [name, { choices }]] of Object.entries(takes).entries()) {
    const text = given[i]?.text
    if (choices && text !== undefined && !choices.includes(text))
      problems.push({
        message: `there is no ${name} ${text}`,
        hint: didYouMean(text, choices) ?? `there are: ${choices.join(', ')}`,
      })
  }
  return problems
}

/** A misspelt command is taken for a playbook, of which nothing that follows makes sense. */
export function refuseNearCommand({ word, told }: Pick<Line, 'word' | 'told'>): void {
  const target = told.find(({ kind }) => kind === 'positional')?.text
  if (word !== first || target === undefined || /[/.]/.test(target) || isRunnable(target)) return
  const words = commandWords()
  const near = nearest(target, [...roles(), ...playbooks(), ...words])
  if (near !== undefined && words.includes(near))
    throw new Refused(
      {
        message: `there is no command ${target}, and no playbook or role of that name`,
        hint: `did you mean ${near}?`,
      },
      exit.usage,
    )
}

/** Commands by their words. */
type Others = readonly (readonly [word: string, command: AnyCommand])[]

function wrongOption(word: OptionWord, next: Word | undefined, of: Line, others: Others): Problem | undefined {
  const { options } = partsOf(of.command)
  const { text, option: name, value } = word
  if (name === undefined) return unknown(text, of, others)
  const option = options[name]!
  const plain = (hint: string) => ({ message: `${text}=${value}: it takes no value`, hint })
  if (value !== undefined && text.startsWith('--no-')) return plain(`write ${text}`)
  const given = value ?? (next?.kind === 'value' ? next.text : undefined)
  if (value === undefined && !waits(word, options)) return undefined
  if (option.kind === 'count') return plain('repeat it, as in -vv')
  if (option.kind === 'flag' && !/^(true|false)$/.test(value!))
    return plain(`for yes write ${text}, for no --no-${name}`)
  if (option.kind === 'flag') return undefined
  if (given === undefined || given === '')
    return {
      message: `${text} needs a value`,
      hint: `${given === '' ? 'what is given is empty: ' : ''}${asIn(text, name, option)}`,
    }
  return wrongTyped(name, option, given)
}

/** How an option is written with its value. */
function asIn(text: string, name: string, { choices, completes, kind, path, fallback = 30 }: Option): string {
  if (choices) return `write ${choices.map((choice) => `${text} ${choice}`).join(' or ')}`
  const value = samples[name] ?? (kind === 'number' ? String(fallback) : completes ? valueOf[completes] : undefined)
  return `write ${text} ${value ?? (path ? 'FILE' : name.replace(/^.*-/, '').toUpperCase())}`
}

const samples: Readonly<Record<string, string>> = { 'extra-vars': 'NAME=VALUE', 'vault-id': 'LABEL@FILE' }

const valueOf: Readonly<Record<Completes, string>> = {
  runnable: 'PLAYBOOK',
  hosts: 'HOSTS',
  tags: 'TAGS',
  tasks: 'TASK',
  runs: 'RUN',
  inventories: 'INVENTORY',
  outputs: 'lines',
  files: 'FILE',
}

function unknown(text: string, { word, command }: Line, others: Others): Problem {
  const bare = text.replace(/^-+/, '')
  const message = word === first ? `there is no option ${text}` : `${program()} ${word} has no option ${text}`
  const near = bare.length > 1 ? didYouMean(bare, longNames({ ...partsOf(command).options, ...always })) : undefined
  const having = others.find(([, one]) => longNames(partsOf(one).options).includes(bare))?.[0]
  const hint =
    near?.replace('mean ', 'mean --') ?? (having && `it is one of another command: ${seeHelp({ word: having })}`)
  return { message, hint: hint ?? seeHelp({ word }) }
}

/** All that may follow two dashes. */
function longNames(options: Options): readonly string[] {
  return Object.entries(options).flatMap(([name, { alias = [], kind }]) => [
    name,
    ...[alias].flat().filter((one) => one.length > 1),
    ...(kind === 'flag' ? [`no-${name}`] : []),
  ])
}

/** What can have one value and is given two. */
function repeated({ command, told }: Line): readonly Problem[] {
  return Object.entries(partsOf(command).options).flatMap(([name, { kind }]): readonly Problem[] => {
    const given = told.flatMap((word, i) => {
      if (word.kind !== 'option' || word.option !== name) return []
      const next = told[i + 1]
      return kind === 'flag' ? [word.off ? 'off' : 'on'] : [word.value ?? (next?.kind === 'value' ? next.text : '')]
    })
    const [one, other] = [...new Set(given)]
    if (other === undefined || kind === 'texts' || kind === 'count') return []
    return kind === 'flag'
      ? [{ message: `--${name} and --no-${name} exclude each other`, hint: 'leave one of them out' }]
      : [{ message: `--${name} is given twice, as ${one} and as ${other}`, hint: 'it takes one value' }]
  })
}

/** Which of too many words is the one: the first that cannot be run, where a later one can, and else the last. */
function strayed(given: readonly PositionalWord[], most: number): PositionalWord {
  const [target, ...more] = given
  return !isRunnable(target!.text) && more.some(({ text }) => isRunnable(text)) ? target! : given[most]!
}

/** A word that nothing takes, with what it may have been meant as. */
async function tooMuch(extra: PositionalWord, of: Line): Promise<Problem> {
  const unmarked = of.command.behind !== undefined && !of.line.includes('--')
  const hint =
    (unmarked ? undefined : besideAnOption(extra, of)) ?? (await (await import('./meant.ts')).meantAs(extra, of))
  return { message: `${quote(extra.text)} is too much`, hint: hint ?? seeHelp(of) }
}

/** Behind an option and its value a second word is most likely a second value; behind a flag, a first one. */
function besideAnOption(extra: PositionalWord, { told, command }: Line): string | undefined {
  const { options } = partsOf(command)
  const at = told.indexOf(extra)
  const value = told[at - 1]
  const before = value?.kind === 'value' ? told[at - 2] : value
  if (before?.kind !== 'option') return undefined
  const { kind } = options[before.option!] as Option
  if (kind === 'flag' && /^(true|false|yes|no|on|off)$/i.test(extra.text))
    return `${before.text} takes no value: for yes write ${before.text}, for no --no-${before.option}`
  if (kind === 'flag' || kind === 'count') return undefined
  const given = value?.kind === 'value' ? value.text : before.value!
  if (before.option === 'resume') return `did you mean --resume=${extra.text}? ${program()} history lists the runs`
  if (kind !== 'texts') return `${before.text} takes one value`
  if (before.option === 'inventory' && !existsSync(extra.text) && !extra.text.includes(',')) return undefined
  return before.option === 'limit' || before.option!.endsWith('tags')
    ? `did you mean ${before.text} ${given},${extra.text}?`
    : `did you mean ${before.text} ${given} ${before.text} ${extra.text}?`
}

const seeHelp = ({ word }: { readonly word: string }) => `see ${program()} ${word === first ? '' : `${word} `}--help`
