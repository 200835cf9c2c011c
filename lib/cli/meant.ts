import { existsSync } from 'node:fs'
import { type AnyCommand, first, partsOf } from './command.ts'
import { typed } from './command-line.ts'
import { hostNames, tagNames } from './names.ts'
import { isRunnable } from '../program/playbooks.ts'
import type { PositionalWord, Word } from './words.ts'
import { program } from '../model/program.ts'

interface Line {
  readonly word: string
  readonly command: AnyCommand
  readonly line: readonly string[]
  readonly told: readonly Word[]
}

/** What a word that nothing takes was most likely meant as, in words; undefined where nobody can tell. */
export async function meantAs(
  { text, index }: PositionalWord,
  { word, command, line, told }: Line,
): Promise<string | undefined> {
  const { options } = partsOf(command)
  const has = (name: string) => Object.hasOwn(options, name)
  const named = told.some((one) => one.kind === 'option' && one.option === 'inventory')
  const meant = (option: string) => `did you mean ${option} ${typed([text])}?`
  if (command.behind !== undefined) {
    const [own, rest] = inventoryFirst(line.slice(index))
    return `did you mean ${program()} ${word} ${typed([...line.slice(0, index), ...own])} -- ${typed(rest)}?`
  }
  if (has('extra-vars') && /^\w+=/.test(text)) return meant('-e')
  if (has('inventory') && !named && (existsSync(text) || text.includes(',')) && !isRunnable(text)) return meant('-i')
  if (word === first && isRunnable(text)) return `it runs one playbook: ${program()} ${text} when this one has ended`
  if (has('limit') && (await nameIn(text, () => hostNames(told)))) return meant('-l')
  if (has('tags') && (await nameIn(text, () => tagNames(told)))) return meant('-t')
  return has('inventory') && existsSync(text) && !isRunnable(text) ? meant('-i') : undefined
}

/** Of the words of a command that stand where our own should, those that name an inventory, and the others. */
function inventoryFirst(words: readonly string[]): readonly [own: readonly string[], rest: readonly string[]] {
  const own = words.filter((word, i) => /^(-i|--inventory)$/.test(words[i - 1] ?? '') || /^(-i|--inventory)/.test(word))
  return [own, words.filter((word) => !own.includes(word) && word !== '--')]
}

// A pattern is known by one of its names, as in web:!web1.
async function nameIn(text: string, names: () => Promise<readonly string[]>): Promise<boolean> {
  const known = await names().catch((): readonly string[] => [])
  return text.split(/[,:]/).some((part) => known.includes(part.replace(/^[!&]/, '')))
}
