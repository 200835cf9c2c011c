import type { IniDocument, Item, Pair } from './document.ts'

/** The `=` with its blanks, as a new line below this pair would have it; a pair with a colon sets no example. */
export function styleOf(pair: Pair): string | undefined {
  const { text, delimiter } = pair
  if (text.charAt(delimiter) !== '=') return undefined
  const before = /[ \t]/.test(text.charAt(delimiter - 1)) ? ' ' : ''
  const valueless = /^[ \t]*\r?\n/.test(text.slice(delimiter + 1))
  const after = valueless ? before : /[ \t]/.test(text.charAt(delimiter + 1)) ? ' ' : ''
  return `${before}=${after}`
}

/** The style of a commented-out default for the key (`#debug = False`), if that is what the line is. */
export function commentedStyle(item: Item, key: string): string | undefined {
  if (item.kind !== 'comment') return undefined
  const { text } = item
  const start = text.charAt(1) === ' ' ? 2 : 1
  if (!text.startsWith(key, start)) return undefined
  const match = /^([ \t]*)=([ \t]*)/.exec(text.slice(start + key.length))
  return match ? `${match[1] ? ' ' : ''}=${match[2] ? ' ' : ''}` : undefined
}

/** The majority's spacing, for a line that has no neighbour to follow. */
export function fileStyle(document: IniDocument): string {
  let spaced = 0
  let tight = 0
  for (const section of document.sections) {
    for (const item of section.items) {
      if (item.kind !== 'pair' || item.text.charAt(item.delimiter) !== '=') continue
      if (/[ \t]/.test(item.text.charAt(item.delimiter - 1))) spaced++
      else tight++
    }
  }
  return tight > spaced ? '=' : ' = '
}

/** How many lines above the first key or header are the file's own comment, with the blank lines around it. */
export function headerCommentLength(document: IniDocument): number {
  const { items } = document.sections[0]!
  let at = 0
  for (const kind of ['blank', 'comment', 'blank']) while (items[at]?.kind === kind) at++
  return at
}

/** Whether the file sets its sections apart by blank lines. */
export function hasBlankAboveHeaders(document: IniDocument): boolean {
  const above = document.sections.slice(0, -1)
  return above.some(({ items }) => items.findLast(({ kind }) => kind !== 'comment')?.kind === 'blank')
}
