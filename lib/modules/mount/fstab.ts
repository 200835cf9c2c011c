import { eolOfText, insertLines, joinLines, splitLines } from '../../kit/text-lines.ts'

/** A line of fstab; what is undefined stays as it is there, or gets its default in a new line. */
export interface FstabEntry {
  readonly device: string
  readonly path: string
  readonly type: string
  readonly options?: string | undefined
  readonly dump?: number | undefined
  readonly pass?: number | undefined
}

/** The text with a line for the entry; the very same string when nothing changes. */
export function fstabText(text: string, entry: FstabEntry): string {
  const { device, path, type, options, dump, pass } = entry
  const lines = splitLines(text)
  const eol = eolOfText(text)
  const index = lines.findLastIndex((line) => matches(line.text, path, device))
  if (index === -1) {
    const fields = [escape(device), escape(path), escape(type), options ?? 'defaults', dump ?? 0, pass ?? 0]
    return joinLines(insertLines(lines, lines.length, [{ text: fields.join(' '), eol }], eol))
  }
  const line = lines[index]!
  const wanted = [escape(device), undefined, escape(type), options, dump?.toString(), pass?.toString()]
  lines[index] = { ...line, text: withFields(line.text, wanted) }
  return joinLines(lines)
}

/** The text without the lines that mount something at this path. */
export function fstabWithout(text: string, path: string): string {
  return joinLines(splitLines(text).filter((line) => !matches(line.text, path, '')))
}

/** The entry for a path; for swap, which has none, the one of the device. */
export function inFstab(text: string, path: string, device: string): FstabEntry | undefined {
  const line = splitLines(text).findLast((one) => matches(one.text, path, device))
  if (!line) return undefined
  const [from = '', at = '', type = '', options = 'defaults', dump = '0', pass = '0'] = fields(line.text)
  return {
    device: unescape(from),
    path: unescape(at),
    type: unescape(type),
    options,
    dump: Number(dump),
    pass: Number(pass),
  }
}

function matches(line: string, path: string, device: string): boolean {
  const [from, at] = fields(line).map(unescape)
  if (from === undefined || at === undefined) return false
  return path === 'none' || path === 'swap'
    ? (at === 'none' || at === 'swap') && from === device
    : plain(at) === plain(path)
}

function fields(line: string): readonly string[] {
  return /^\s*(#|$)/.test(line) ? [] : line.trim().split(/\s+/)
}

// The columns that the operator lined up stay where they are, as far as the new words let them.
function withFields(line: string, wanted: readonly (string | undefined)[]): string {
  const [lead = ''] = /^\s*/.exec(line)!
  const parts = [...line.slice(lead.length).matchAll(/(\S+)(\s*)/g)].map(([, word, blank]) => ({
    word: word!,
    blank: blank!,
  }))
  const missing = ['', '', '', 'defaults', '0', '0']
  wanted.forEach((word, i) => {
    const part = parts[i]
    if (word === undefined || part?.word === word || (!part && word === missing[i])) return
    if (part) {
      const room =
        part.blank.length > 1 && !part.blank.includes('\t') ? part.word.length + part.blank.length - word.length : 0
      parts[i] = { word, blank: room > 0 ? ' '.repeat(room) : part.blank }
      return
    }
    for (let at = parts.length; at < i; at++) parts.push({ word: missing[at]!, blank: ' ' })
    const last = parts.at(-1)!
    parts[parts.length - 1] = { ...last, blank: last.blank || ' ' }
    parts.push({ word, blank: '' })
  })
  return lead + parts.map(({ word, blank }) => word + blank).join('')
}

function plain(path: string): string {
  return path.replace(/(.)\/+$/, '$1')
}

function escape(field: string): string {
  return field.replaceAll(/[\\ \t]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}
