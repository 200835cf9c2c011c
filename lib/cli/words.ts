import { type Option, type Options, options } from './options.ts'

/** What one word of a command line is. */
export interface Word {
  readonly text: string
  readonly kind: 'option' | 'value' | 'positional'
  /** The long name of the option that it is, or is the value of; undefined where there is no such option. */
  readonly option?: string
}

/** Tells the words of a line apart, up to `--`. */
export function tellApart(line: readonly string[], options: Options): readonly Word[] {
  const end = line.indexOf('--')
  const words: Word[] = []
  let waiting: string | undefined
  for (const text of end < 0 ? line : line.slice(0, end)) {
    if (waiting !== undefined && !looksLikeOption(text)) {
      words.push({ text, kind: 'value', option: waiting })
      waiting = undefined
    } else if (looksLikeOption(text)) {
      const { name, wants } = optionIn(text, options)
      words.push({ text, kind: 'option', ...(name === undefined ? {} : { option: name }) })
      waiting = wants ? name : undefined
    } else words.push({ text, kind: 'positional' })
  }
  return words
}

/** Does this option want a value behind it? */
export function wantsValue({ kind }: Option): boolean {
  return kind !== 'flag' && kind !== 'count'
}

/** The long name that a word for an option means, without its dashes. */
export function longName(word: string, options: Options): string | undefined {
  if (Object.hasOwn(options, word)) return word
  return Object.keys(options).find((name) => [options[name]!.alias ?? []].flat().includes(word))
}

// A dash alone is a file, and -1 is a number.
function looksLikeOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\d/.test(word)
}

/** The option of a word, and whether its value is the next word. Of letters in a row the last one counts. */
function optionIn(text: string, options: Options): { readonly name?: string; readonly wants: boolean } {
  if (text.startsWith('--')) {
    const [word = '', value] = text.slice(2).split('=', 2)
    const name = longName(word, options) ?? longName(word.replace(/^no-/, ''), options)
    return {
      ...(name === undefined ? {} : { name }),
      wants: name !== undefined && value === undefined && wantsValue(options[name]!),
    }
  }
  const letters = text.slice(1)
  for (const [i, letter] of [...letters].entries()) {
    const name = longName(letter, options)
    if (name === undefined) return { wants: false }
    if (wantsValue(options[name]!)) return { name, wants: i === letters.length - 1 }
    if (i === letters.length - 1) return { name, wants: false }
  }
  return { wants: false }
}

/** The word of the command that a line names, or the one it means by naming none, and the line without it. */
export function commandIn(
  line: readonly string[],
  commands: Readonly<Record<string, unknown>>,
  otherwise: string,
): readonly [word: string, rest: readonly string[]] {
  const word = tellApart(line, options).find(({ kind }) => kind === 'positional')?.text
  if (word === undefined || !Object.hasOwn(commands, word)) return [otherwise, line]
  return [word, line.toSpliced(line.indexOf(word), 1)]
}
