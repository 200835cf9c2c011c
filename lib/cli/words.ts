import { type Option, type Options, options } from './options.ts'

/** A word that is neither an option nor its value, and where it stands in the line. */
export interface PositionalWord {
  readonly kind: 'positional'
  readonly text: string
  readonly index: number
}

/** An option as it was typed, its long name where there is one, and what stands behind its `=` or its letter. */
export interface OptionWord {
  readonly kind: 'option'
  readonly text: string
  readonly option?: string
  readonly value?: string
  /** It is a flag that is turned off. */
  readonly off?: true
}

/** The value that an option has as the next word. */
export interface ValueWord {
  readonly kind: 'value'
  readonly text: string
  readonly option: string
}

/** What one word of a command line is; of several letters behind one dash each is an option. */
export type Word = PositionalWord | OptionWord | ValueWord

/** Tells the words of a line apart, up to `--`. */
export function tellApart(line: readonly string[], of: Options): readonly Word[] {
  const end = line.indexOf('--')
  const words: Word[] = []
  for (const [index, text] of (end < 0 ? line : line.slice(0, end)).entries()) {
    const last = words.at(-1)
    if (looksLikeOption(text)) words.push(...(text.startsWith('--') ? [long(text, of)] : letters(text, of)))
    else if (last?.kind === 'option' && waits(last, of)) words.push({ kind: 'value', text, option: last.option! })
    else words.push({ kind: 'positional', text, index })
  }
  return words
}

/** The words behind `--`, which are nobody's options. */
export function behind(line: readonly string[]): readonly string[] {
  const end = line.indexOf('--')
  return end < 0 ? [] : line.slice(end + 1)
}

/** Is this the word of an option whose value is the next word? */
export function waits({ option, value }: OptionWord, of: Options): boolean {
  return option !== undefined && value === undefined && wantsValue(of[option]!)
}

function wantsValue({ kind }: Option): boolean {
  return kind !== 'flag' && kind !== 'count'
}

// A dash alone is a file, and -1 is a number.
function looksLikeOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\d/.test(word)
}

function long(word: string, of: Options): Word {
  const [, text = '', value] = /^(--[^=]*)(?:=(.*))?$/s.exec(word)!
  const given = value === undefined ? {} : { value }
  const name = longName(text.slice(2), of)
  if (name !== undefined)
    return { kind: 'option', text, option: name, ...given, ...(value === 'false' ? { off: true } : {}) }
  const off = negated(text.slice(2), of)
  return { kind: 'option', text, ...given, ...(off === undefined ? {} : { option: off, off: true }) }
}

/** `-Cl web`, `-lweb`, `-l=web`: flags, and behind the first that wants a value the rest is that value. */
function letters(word: string, of: Options): readonly Word[] {
  const found: Word[] = []
  for (let i = 1; i < word.length; i++) {
    const option = longName(word[i]!, of)
    const rest = word.slice(i + 1)
    // Of a word that is none of ours, all of it is shown.
    if (option === undefined) return [{ kind: 'option', text: i === 1 ? word : `-${word[i]}` }]
    const takesRest = rest !== '' && (wantsValue(of[option]!) || rest.startsWith('='))
    found.push({
      kind: 'option',
      text: `-${word[i]}`,
      option,
      ...(takesRest ? { value: rest.replace(/^=/, '') } : {}),
      ...(rest === '=false' && of[option]!.kind === 'flag' ? { off: true } : {}),
    })
    if (takesRest) break
  }
  return found
}

function longName(word: string, of: Options): string | undefined {
  if (Object.hasOwn(of, word)) return word
  return Object.keys(of).find((name) => [of[name]!.alias ?? []].flat().includes(word))
}

/** The flag that `no-…` turns off. */
function negated(word: string, of: Options): string | undefined {
  const name = word.startsWith('no-') ? longName(word.slice(3), of) : undefined
  return name !== undefined && of[name]!.kind === 'flag' ? name : undefined
}

/** The word of the command that a line names, or the one it means by naming none, and the line without it. */
export function commandIn(
  line: readonly string[],
  commands: Readonly<Record<string, unknown>>,
  otherwise: string,
): readonly [word: string, rest: readonly string[]] {
  const found = tellApart(line, options).find((word) => word.kind === 'positional')
  if (found === undefined || !Object.hasOwn(commands, found.text)) return [otherwise, line]
  return [found.text, line.toSpliced(found.index, 1)]
}
