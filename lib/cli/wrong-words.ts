import { existsSync } from 'node:fs'
import { quote } from '../kit/shell.ts'
import { didYouMean, exit, nearest, Refused } from '../model/problem.ts'
import { type AnyCommand, first, partsOf } from './command.ts'
import type { Option } from './options.ts'
import { isRunnable, playbooks, roles } from '../program/playbooks.ts'
import { behind, type OptionWord, type PositionalWord, waits, type Word } from './words.ts'
import { commandWords } from '../commands/index.ts'
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
 * @throws Refused for the first such word
 */
export async function refuseWords(of: Line): Promise<void> {
  const { told } = of
  refuseNearCommand(of)
  const { takes } = partsOf(of.command)
  const given = told.filter((word) => word.kind === 'positional')
  const most = Object.values(takes).some(({ many }) => many) ? Infinity : Object.keys(takes).length
  // What follows a command that lacks its two dashes is that command's own, and none of ours.
  const unmarked = of.command.behind !== undefined && !of.line.includes('--') ? given[most] : undefined
  const strange = told.findIndex((word) => word.kind === 'option' && word.option === undefined)
  if (unmarked && (strange < 0 || told.indexOf(unmarked) < strange)) throw await tooMuch(unmarked, of)
  for (const [i, word] of told.entries()) if (word.kind === 'option') refuseOption(word, told[i + 1], of)
  refuseRepeated(of)
  if (given.length > most) throw await tooMuch(strayed(given, most), of)
  if (of.command.behind === undefined && behind(of.line).length > 0)
    throw usage(`${behind(of.line)[0]} is too much`, `nothing stands behind -- here; ${seeHelp(of)}`)
  const { missing } = Object.values(takes)[given.length] ?? {}
  if (missing) throw usage(missing[0], asCalled(missing[1]))
  for (const [i, [name, { choices }]] of Object.entries(takes).entries()) {
    const text = given[i]?.text
    if (choices && text !== undefined && !choices.includes(text))
      throw usage(`there is no ${name} ${text}`, didYouMean(text, choices) ?? `there are: ${choices.join(', ')}`)
  }
}

/** A misspelt command is taken for a playbook, of which nothing that follows makes sense. */
function refuseNearCommand({ word, told }: Line): void {
  const target = told.find(({ kind }) => kind === 'positional')?.text
  if (word !== first || target === undefined || /[/.]/.test(target) || isRunnable(target)) return
  const words = commandWords()
  const near = nearest(target, [...roles(), ...playbooks(), ...words])
  if (near !== undefined && words.includes(near))
    throw usage(`there is no command ${target}, and no playbook or role of that name`, `did you mean ${near}?`)
}

function refuseOption(word: OptionWord, next: Word | undefined, of: Line): void {
  const { options } = partsOf(of.command)
  const { text, option: name, value } = word
  if (name === undefined) throw unknown(text, of)
  const option = options[name]!
  if (value !== undefined && text.startsWith('--no-'))
    throw usage(`${text}=${value}: it takes no value`, `write ${text}`)
  if (waits(word, options) && (next?.kind !== 'value' || next.text === '')) throw usage(`${text} needs a value`)
  if (value === undefined) return
  if (option.kind === 'count') throw usage(`${text}=${value}: it takes no value`, 'repeat it, as in -vv')
  if (option.kind === 'flag' && !/^(true|false)$/.test(value))
    throw usage(`${text}=${value}: it takes no value`, `for yes write ${text}, for no --no-${name}`)
  if (value === '') throw usage(`${text} needs a value`)
}

function unknown(text: string, { word, command }: Line): Refused {
  const bare = text.replace(/^-+/, '')
  const message = word === first ? `there is no option ${text}` : `${program()} ${word} has no option ${text}`
  const near = bare.length > 1 ? didYouMean(bare, Object.keys(partsOf(command).options)) : undefined
  return usage(message, near?.replace('mean ', 'mean --') ?? seeHelp({ word }))
}

/** Refuses what can have one value and is given two. */
function refuseRepeated({ command, told }: Line): void {
  for (const [name, { kind }] of Object.entries(partsOf(command).options)) {
    const given = told.flatMap((word, i) => {
      if (word.kind !== 'option' || word.option !== name) return []
      const next = told[i + 1]
      return kind === 'flag' ? [word.off ? 'off' : 'on'] : [word.value ?? (next?.kind === 'value' ? next.text : '')]
    })
    const [one, other] = [...new Set(given)]
    if (other === undefined || kind === 'texts' || kind === 'count') continue
    throw kind === 'flag'
      ? usage(`--${name} and --no-${name} exclude each other`)
      : usage(`--${name} is given twice, as ${one} and as ${other}`, 'it takes one value')
  }
}

/** Which of too many words is the one: the first that cannot be run, where a later one can, and else the last. */
function strayed(given: readonly PositionalWord[], most: number): PositionalWord {
  const [target, ...more] = given
  return !isRunnable(target!.text) && more.some(({ text }) => isRunnable(text)) ? target! : given[most]!
}

/** A word that nothing takes, with what it may have been meant as. */
async function tooMuch(extra: PositionalWord, of: Line): Promise<Refused> {
  const unmarked = of.command.behind !== undefined && !of.line.includes('--')
  const hint =
    (unmarked ? undefined : besideAnOption(extra, of)) ?? (await (await import('./meant.ts')).meantAs(extra, of))
  return usage(`${quote(extra.text)} is too much`, hint ?? seeHelp(of))
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
  if (kind !== 'texts') return `${before.text} takes one value`
  if (before.option === 'inventory' && !existsSync(extra.text) && !extra.text.includes(',')) return undefined
  return before.option === 'limit' || before.option!.endsWith('tags')
    ? `did you mean ${before.text} ${given},${extra.text}?`
    : `did you mean ${before.text} ${given} ${before.text} ${extra.text}?`
}

const seeHelp = ({ word }: { readonly word: string }) => `see ${program()} ${word === first ? '' : `${word} `}--help`

function usage(message: string, hint?: string): Refused {
  return new Refused({ message, ...(hint === undefined ? {} : { hint }) }, exit.usage)
}
