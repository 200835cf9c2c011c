import { type AnyCommand, command, first, partsOf } from '../cli/command.ts'
import { hostNames, inventories, tagNames, taskNames } from '../cli/names.ts'
import type { Completes, Options } from '../cli/options.ts'
import { always } from '../cli/command.ts'
import { playbooks, roles } from '../program/playbooks.ts'
import { commandIn, tellApart, waits, type Word } from '../cli/words.ts'
import { recordedRuns } from '../engine/journal.ts'
import { exit } from '../model/problem.ts'
import { commands } from './index.ts'

/** What shells ask: prints what the word at `index` may become, one a line; nothing when it is anybody's guess. */
export const complete = command({
  takes: {
    index: { describe: 'Which of the words is being typed', missing: ['the index of the word is missing', ''] },
  },
  behind: 'The words of the line',
  async act({ words: { index }, behind }) {
    // Nothing is ever refused here.
    const found = await candidates(Number(index), behind).catch(() => [])
    process.stdout.write(found.map((word) => `${word}\n`).join(''))
    return exit.ok
  },
})

async function candidates(index: number, given: readonly string[]): Promise<readonly string[]> {
  // bash cuts words at `=`: --tags=a comes as three.
  const words = given.slice(0, index + 1).filter((word) => word !== '=')
  const typed = given[index] === '=' ? '' : (words.at(-1) ?? '')
  const line = words.slice(1, given[index] === '=' ? undefined : -1)
  if (line.includes('--')) return []
  if (line[0] === 'help') return starting(typed, await visible())
  const [word, rest] = commandIn(line, commands, first)
  const whose = await commands[word]!()
  const known: Options = { ...whose.options, ...always }
  const told = tellApart(rest, known)
  const last = told.at(-1)
  if (last?.kind === 'option' && waits(last, known)) {
    const { choices, completes } = known[last.option!]!
    return startingPart(typed, choices ?? (await valuesOf(completes, told)))
  }
  if (typed.startsWith('-'))
    return starting(
      typed,
      Object.keys(known).map((name) => `--${name}`),
    )
  const first_ = rest.length === 0 && word === first ? [...(await visible()), 'help'] : []
  return starting(typed, [...first_, ...(await positionalsOf(whose, told))])
}

/** Those that begin as the word does. */
function starting(word: string, all: readonly string[]): readonly string[] {
  return [...new Set(all)].filter((one) => one.startsWith(word))
}

/** The same for the last part of a list with commas. */
function startingPart(word: string, all: readonly string[]): readonly string[] {
  const before = word.slice(0, word.lastIndexOf(',') + 1)
  return starting(word.slice(before.length), all).map((one) => before + one)
}

/** The words of the commands that help shows. */
async function visible(): Promise<readonly string[]> {
  const shown = await Promise.all(
    Object.entries(commands).map(async ([word, load]) => ((await load()).describe === undefined ? [] : [word])),
  )
  return shown.flat().filter((word) => word !== first)
}

/**
 * What the next word may be that is neither an option nor its value; the options where a command takes no such words.
 */
async function positionalsOf(whose: AnyCommand, told: readonly Word[]): Promise<readonly string[]> {
  const { takes: all, options } = partsOf(whose)
  const takes = Object.values(all)
  if (takes.length === 0) return Object.keys(options).map((name) => `--${name}`)
  const next = takes[told.filter(({ kind }) => kind === 'positional').length]
  return next ? (next.choices ?? valuesOf(next.completes, told)) : []
}

async function valuesOf(what: Completes | undefined, told: readonly Word[]): Promise<readonly string[]> {
  switch (what) {
    case 'runnable':
      return [...roles(), ...playbooks()]
    case 'inventories':
      return inventories()
    case 'hosts':
      return hostNames(told)
    case 'tags':
      return tagNames(told)
    case 'tasks':
      return taskNames(told)
    case 'outputs':
      return ['lines', 'json', 'junit=']
    case 'runs':
      return recordedRuns().toReversed()
    case 'files':
    case undefined:
      return []
  }
}
