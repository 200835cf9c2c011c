import type { OptionNames } from '../model/option-names.ts'
import { Advice } from '../model/operation.ts'

/** A line without its line end, and that line end: empty only for a last line that has none. */
export interface TextLine {
  readonly text: string
  readonly eol: string
}

/** The lines of a text; joining them gives it back byte for byte. */
export function splitLines(text: string): TextLine[] {
  const lines: TextLine[] = []
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const next = newline === -1 ? text.length : newline + 1
    const end = newline === -1 ? next : newline > start && text.charAt(newline - 1) === '\r' ? newline - 1 : newline
    lines.push({ text: text.slice(start, end), eol: text.slice(end, next) })
    start = next
  }
  return lines
}

/** The text of the lines. */
export function joinLines(lines: readonly TextLine[]): string {
  let text = ''
  for (const line of lines) text += line.text + line.eol
  return text
}

/** The line end of a text's first line, which new lines follow. */
export function eolOfText(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}

/** The lines with others put in at an index; a last line that had no line end gets one when something follows it. */
export function insertLines(
  lines: readonly TextLine[],
  index: number,
  added: readonly TextLine[],
  eol: string,
): TextLine[] {
  const above = lines.slice(0, index)
  const last = above.at(-1)
  if (last?.eol === '' && added.length > 0) above[above.length - 1] = { text: last.text, eol }
  return [...above, ...added, ...lines.slice(index)]
}

/** Where new lines go: by a pattern, or at an end of the file. */
export interface Anchors {
  /** Behind the last line that matches; at the end where none does. */
  readonly insertAfter?: RegExp | 'EOF'
  /** Before the last line that matches; at the end where none does. */
  readonly insertBefore?: RegExp | 'BOF'
}

/** Where a new line goes, by name. */
export const anchorNames: OptionNames<Anchors> = { insertAfter: true, insertBefore: true }

/** The index at which the anchors put a new line. */
export function anchorIndex(lines: readonly TextLine[], anchors: Anchors, first: boolean): number {
  const { insertAfter, insertBefore } = anchors
  if (insertAfter && insertBefore)
    throw new Advice('give insertAfter or insertBefore, not both', 'leave one of them out')
  if (insertBefore === 'BOF') return 0
  const anchor = insertAfter ?? insertBefore
  if (anchor === undefined || anchor === 'EOF') return lines.length
  const index = findLine(lines, matcher(anchor), first)
  if (index === -1) return lines.length
  return insertAfter === undefined ? index : index + 1
}

/** The first or the last line that passes, or -1. */
export function findLine(lines: readonly TextLine[], passes: (text: string) => boolean, first: boolean): number {
  return first ? lines.findIndex(({ text }) => passes(text)) : lines.findLastIndex(({ text }) => passes(text))
}

/** Whether a line matches; unlike `test`, the same for the same line even if the pattern is global or sticky. */
export function matcher(pattern: RegExp): (text: string) => boolean {
  const own = stateless(pattern)
  return (text) => own.test(text)
}

/** The pattern without the flags that make it remember where it was. */
export function stateless(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''))
}

/** A replacement in which `$1`, `$<name>` and `$&` stand for what was found, and every other `$` for itself. */
export function replacing(replacement: string): (...found: readonly unknown[]) => string {
  return (...found) => {
    const groups = typeof found.at(-1) === 'object' ? (found.at(-1) as Readonly<Record<string, string>>) : undefined
    const count = found.length - (groups ? 4 : 3)
    return replacement.replaceAll(/\$(?:(&)|(\d\d?)|<([^>]*)>)/g, (said, all, number: string, name: string) => {
      if (all) return String(found[0])
      if (name !== undefined) return groups ? (groups[name] ?? '') : said
      // As everywhere: $12 is the first group and a 2 where there are fewer than twelve.
      const digits = Number(number) > count || number === '00' ? number.slice(0, 1) : number
      if (Number(digits) < 1 || Number(digits) > count) return said
      return ((found[Number(digits)] as string | undefined) ?? '') + number.slice(digits.length)
    })
  }
}

/** The byte order mark of a text, if it has one; of a file that is not UTF-8 its three bytes are three letters. */
export function markOf(text: string): string {
  return /^(?:\ufeff|\xef\xbb\xbf)*/.exec(text)![0]
}

/** Edits the text behind its byte order mark, if it has one. */
export function behindMark(text: string, edit: (body: string) => string): string {
  const mark = markOf(text)
  const body = text.slice(mark.length)
  const edited = edit(body)
  return edited === body ? text : mark + edited
}
