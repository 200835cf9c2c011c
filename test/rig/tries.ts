import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A next step that a source file can print behind `try:` or `→`, as it is written there. */
export interface Try {
  readonly file: string
  readonly line: number
  /** The expression, on one line. */
  readonly says: string
}

/** Who prints a next step, and as which of its arguments; each is called with all of them. */
const printers: Readonly<Record<string, number>> = {
  'new Advice': 1,
  broken: 1,
  refused: 1,
  left: 3,
  mustBeStopped: 3,
}

/** Every next step of some folders and files, in the order in which they stand there. */
export function triesIn(root: string, places: readonly string[]): readonly Try[] {
  return places
    .flatMap((place) => (place.endsWith('.ts') ? [place] : sourcesIn(root, place)))
    .sort()
    .flatMap((file) => triesOf(file, readFileSync(path.join(root, file), 'utf8')))
}

function sourcesIn(root: string, folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true })
    .map((name) => path.join(folder, String(name)))
    .filter((name) => name.endsWith('.ts'))
}

/** Those of one file. A name that is only declared, imported or handed on prints nothing. */
export function triesOf(file: string, text: string): readonly Try[] {
  const found: Try[] = []
  const calls = new RegExp(
    `(?<![\\w.]|function |const )(${Object.keys(printers).join('|')})\\(|\\b(?:hint|mend):\\s+(?=['"\`])`,
    'g',
  )
  for (const match of text.matchAll(calls)) {
    const begin = match.index + match[0].length
    const given = argumentsAt(text, begin)[match[1] === undefined ? 0 : printers[match[1]]!]
    const says = given !== undefined && /^\w+$/.test(given) ? valueOf(text.slice(0, match.index), given) : given
    // A declaration has types there, and what passes a hint on has another's.
    if (says === undefined || !/['"`]/.test(says)) continue
    found.push({ file, line: text.slice(0, match.index).split('\n').length, says })
  }
  return found
}

/** What a name was last made of before the end of a text. */
function valueOf(text: string, name: string): string | undefined {
  const at = text.lastIndexOf(`const ${name} = `)
  if (at < 0) return undefined
  // A statement ends where the next line does not go on with it.
  const [value = ''] = /^[^]*?(?=\n *(?![ ?:+.`'"])\S)/.exec(text.slice(at + `const ${name} = `.length)) ?? []
  return value.replaceAll(/\s+/g, ' ').trim()
}

/** The arguments that begin at a place of a source text, each on one line; they end with the bracket that ends them. */
function argumentsAt(text: string, begin: number): readonly string[] {
  const all: string[] = []
  let start = begin
  let depth = 0
  for (let at = begin; at < text.length; at++) {
    const skipped = quotedAt(text, at)
    if (skipped > at) {
      at = skipped - 1
      continue
    }
    const char = text[at]!
    if ('([{'.includes(char)) depth++
    const ends = depth === 0 && ')]}'.includes(char)
    if (')]}'.includes(char)) depth--
    if (ends || (depth === 0 && char === ',')) {
      const one = text
        .slice(start, at)
        .replaceAll(/^\s*\/\/.*\n/gm, '')
        .replaceAll(/\s+/g, ' ')
        .trim()
      if (one !== '') all.push(one)
      start = at + 1
    }
    if (ends) break
  }
  return all
}

/** Where a comment, a string or a template that begins there ends; the place itself where none begins. */
function quotedAt(text: string, at: number): number {
  if (text.startsWith('//', at)) return text.indexOf('\n', at)
  if (text.startsWith('/*', at)) return text.indexOf('*/', at) + 2
  const quote = text[at]!
  if (!`'"\``.includes(quote)) return at
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\') end++
    else if (text[end] === quote) return end + 1
    else if (quote === '`' && text.startsWith('${', end)) {
      let inner = end + 2
      for (let depth = 1; depth > 0; inner++) {
        const skipped = quotedAt(text, inner)
        if (skipped > inner) inner = skipped - 1
        else if (text[inner] === '{') depth++
        else if (text[inner] === '}') depth--
      }
      end = inner - 1
    }
  }
  return text.length
}
