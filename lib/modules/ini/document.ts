import { markOf } from '../../kit/text-lines.ts'
import { type DialectRules, type IniDialect, programs } from './dialect.ts'

export type { IniDialect } from './dialect.ts'

/** A key with its value, continuation lines included; `text` is every byte of it. */
export interface Pair {
  readonly kind: 'pair'
  readonly key: string
  /** Offset of the `=` or `:` in `text`; -1 where the key stands alone, as all but oslo allow. */
  delimiter: number
  text: string
}

/** A line that carries no key; a stray one is text that the dialect cannot read. */
export interface Remark {
  readonly kind: 'comment' | 'blank' | 'stray'
  text: string
}

/** One piece of a section, in file order. */
export type Item = Pair | Remark

/** A header and everything down to the next one; what stands above the first header is a section without a header. */
export interface Section {
  readonly name: string
  header: string
  readonly items: Item[]
}

/** How a document is to be read: the dialect, and whether keys are the same whatever their letter case. */
export interface IniRules {
  readonly dialect: IniDialect
  readonly foldKeys: boolean
}

/** A whole text, cut so that joining the pieces gives it back byte for byte. */
export interface IniDocument {
  readonly rules: IniRules
  readonly mark: string
  /** The line end that new lines get. */
  readonly eol: string
  /** The piece that came without a line end, if the last did: it has one here, which goes again when it is written. */
  readonly unterminated: Item | Section | undefined
  /** Never empty: the first one is what stands above the first header. */
  readonly sections: Section[]
}

/** Told of each line that a service would refuse, in order; `fatal` where an edit would be a guess. */
export type Complain = (line: number, problem: string, fatal: boolean) => void

const BLANK = { space: 32, tab: 9, formFeed: 12, verticalTab: 11, newline: 10, carriageReturn: 13 }
const HASH = 35
const PERCENT = 37
const COLON = 58
const SEMICOLON = 59
const EQUALS = 61
const OPEN = 91
const CLOSE = 93

/** Cuts a text into sections and their lines. */
export function parseIni(source: string, rules: IniRules, complain: Complain): IniDocument {
  const oslo = rules.dialect === 'oslo'
  const program = programs[rules.dialect]
  const mark = markOf(source)
  const eol = firstEol(source)
  const terminated = source.length === mark.length || source.endsWith('\n')
  const text = terminated ? source : source + eol
  let section: Section = { name: '', header: '', items: [] }
  const sections = [section]
  let pair: Pair | undefined
  let pairStart = 0
  let pairIndex = 0
  let strayAbove = false
  let carriageReturn = text.indexOf('\r')

  if (mark && oslo) complain(1, 'begins with a byte order mark, which the services cannot read', false)
  for (let start = mark.length, next = start, line = 1; start < text.length; start = next, line++) {
    next = text.indexOf('\n', start) + 1
    const end = trimmedEnd(text, start, next)
    const from = program ? skipBlanks(text, start, end) : start
    const first = text.charCodeAt(from)
    if (carriageReturn !== -1) {
      if (carriageReturn < start) carriageReturn = text.indexOf('\r', start)
      const inside = carriageReturn !== -1 && carriageReturn < end
      if (oslo && inside) complain(line, 'carriage return inside the line', false)
    }

    if (end === start) {
      section.items.push({ kind: 'blank', text: text.slice(start, next) })
      if (oslo) pair = undefined
    } else if (!program && (first === BLANK.space || first === BLANK.tab)) {
      if (pair) {
        // The loose dialect lets comments and blank lines stand inside a value: they become part of its pair.
        section.items.length = pairIndex + 1
        pair.text = text.slice(pairStart, next)
      } else {
        const comment = !oslo && isCommentSign(text.charCodeAt(skipBlanks(text, start, end)), oslo)
        section.items.push({ kind: comment ? 'comment' : 'stray', text: text.slice(start, next) })
        if (!comment) complain(line, 'indented line with no key above it', !strayAbove)
      }
      continue
    } else if (program ? program.comment.test(text.charAt(from)) : isCommentSign(first, oslo)) {
      section.items.push({ kind: 'comment', text: text.slice(start, next) })
      if (oslo) pair = undefined
    } else if (first === OPEN) {
      section = { name: headerName(text, from, end, line, oslo, complain), header: text.slice(start, next), items: [] }
      sections.push(section)
      pair = undefined
    } else {
      if (program?.joined !== undefined) next = endOfJoined(text, start, next, program)
      const delimiter = program ? delimiterIn(text, from, end, program) : findDelimiter(text, start, end)
      const keyEnd = delimiter === -1 ? bareKeyEnd(text, from, end) : trimmedEnd(text, from, delimiter)
      const body = text.slice(start, next)
      strayAbove = keyEnd === from || (delimiter === -1 && !(program?.bare ?? !oslo))
      if (strayAbove) {
        section.items.push({ kind: 'stray', text: body })
        complain(line, keyEnd === from ? 'line has no key' : 'line has neither = nor :', false)
        pair = undefined
        continue
      }
      if (oslo && sections.length === 1) complain(line, 'key above the first section', false)
      const key = text.slice(from, keyEnd)
      pair = { kind: 'pair', key, delimiter: delimiter === -1 ? -1 : delimiter - start, text: body }
      pairStart = start
      pairIndex = section.items.push(pair) - 1
    }
    strayAbove = false
    line += text.slice(start, next).split('\n').length - 2
  }
  const unterminated = terminated ? undefined : (section.items.at(-1) ?? section)
  return { rules, mark, eol, unterminated, sections }
}

/** The document as text again. */
export function writeIni(document: IniDocument): string {
  let text = document.mark
  for (const section of document.sections) {
    text += section.header
    for (const item of section.items) text += item.text
  }
  return isUnterminated(document) ? text.slice(0, -document.eol.length) : text
}

// Once the last line is gone, the one above it keeps the line end that it always had; what is put behind it has one.
function isUnterminated({ unterminated, sections }: IniDocument): boolean {
  const last = sections.at(-1)!
  return unterminated !== undefined && unterminated === (last.items.at(-1) ?? last)
}

/** A pair taken apart: all up to the value, the value's lines without their blanks, and what must survive a change. */
export interface PairParts {
  readonly head: string
  readonly lines: readonly string[]
  readonly indent: string
  /** A comment behind the value, with the blanks before it (loose dialect). */
  readonly tail: string
  /** Comment and blank lines that stand inside the value (loose dialect). */
  readonly notes: string
}

/** Takes a pair apart. */
export function partsOf(pair: Pair, dialect: IniDialect): PairParts {
  const program = programs[dialect]
  if (program) return programParts(pair, program)
  const { text } = pair
  const next = text.indexOf('\n') + 1
  const end = trimmedEnd(text, 0, next)
  const start = pair.delimiter === -1 ? pair.key.length : trimmedStart(text, pair.delimiter + 1, next)
  const empty = start >= end
  const tailStart = dialect === 'loose' ? inlineComment(text, start, end, pair.delimiter === -1) : end
  const lines = [pair.delimiter === -1 || empty ? '' : text.slice(start, tailStart)]
  let notes = ''
  let indent = ' '
  for (let from = next; from < text.length; ) {
    const after = text.indexOf('\n', from) + 1
    const contentEnd = trimmedEnd(text, from, after)
    const content = trimmedStart(text, from, contentEnd)
    if (content === from || content === contentEnd) {
      notes += text.slice(from, after)
    } else {
      if (lines.length === 1) indent = text.slice(from, content)
      lines.push(text.slice(content, contentEnd))
    }
    from = after
  }
  return {
    head: text.slice(0, empty ? Math.max(end, start) : start),
    lines,
    indent,
    tail: text.slice(tailStart, end),
    notes,
  }
}

// Its lines are joined as the program joins them: there is one value, and one line where it is written anew.
function programParts(pair: Pair, { inline, joined, comment }: DialectRules): PairParts {
  const [first = '', ...more] = pair.text.split(/(?<=\n)/)
  const lines = more.filter((line) => !comment.test(line.trimStart().charAt(0)))
  const notes = more.filter((line) => comment.test(line.trimStart().charAt(0))).join('')
  const end = trimmedEnd(first, 0, first.length)
  const keyStart = skipBlanks(first, 0, end)
  const start = pair.delimiter === -1 ? keyStart + pair.key.length : skipBlanks(first, pair.delimiter + 1, end)
  const stop = inline === undefined ? end : commentIn(first, start, end, inline)
  const value = [first.slice(start, stop), ...lines.map((line) => line.trim())]
  const whole = value.map((one, i) => (i < value.length - 1 ? one.replace(/[ \t]*\\$/, joined ?? '') : one)).join('')
  return {
    head: first.slice(0, start >= end ? Math.max(end, start) : start),
    lines: [pair.delimiter === -1 || start >= end ? '' : whole],
    indent: '',
    tail: lines.length > 0 ? '' : first.slice(stop, end),
    notes,
  }
}

/** Where a comment begins behind a value, the blanks before it included; nothing in quotes does. */
function commentIn(text: string, start: number, end: number, sign: RegExp): number {
  let quote = ''
  for (let at = start; at < end; at++) {
    const char = text.charAt(at)
    if (quote !== '' && char === '\\') at++
    else if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (sign.test(char)) return trimmedEnd(text, start, at)
  }
  return end
}

/** Whether a value of these would end before its end: a sign of a comment outside of quotes. */
export function endsEarly(value: string, dialect: IniDialect): boolean {
  const inline = programs[dialect]?.inline
  return inline !== undefined && commentIn(value, 0, value.length, inline) < value.length
}

/** The value as it stands in the file, its lines joined and its quotes kept; undefined for a key that stands alone. */
export function writtenValue(pair: Pair, dialect: IniDialect): string | undefined {
  return pair.delimiter === -1 ? undefined : partsOf(pair, dialect).lines.join('\n')
}

/** The value as the program that owns the file reads it. */
export function readValue(pair: Pair, dialect: IniDialect): string {
  const { lines } = partsOf(pair, dialect)
  const [first = ''] = lines
  if (dialect === 'systemd' || dialect === 'samba') return first
  if (dialect === 'git' || dialect === 'mysql' || dialect === 'php') return unquoted(first, dialect)
  if (dialect === 'loose' || !isQuoted(first)) return lines.join('\n')
  return [first.slice(1, -1), ...lines.slice(1)].join('\n')
}

// git lets quotes begin and end anywhere in a value; the others only around it.
function unquoted(value: string, dialect: 'git' | 'mysql' | 'php'): string {
  const escapes: Readonly<Record<string, string>> =
    dialect === 'mysql'
      ? { b: '\b', t: '\t', n: '\n', r: '\r', '\\': '\\', s: ' ' }
      : { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' }
  const plain = (text: string) => text.replaceAll(/\\(.)/g, (said, char: string) => escapes[char] ?? said)
  if (dialect === 'git')
    return value.replaceAll(/\\(.)|"/g, (_, char?: string) => (char ? (escapes[char] ?? char) : ''))
  const inner = isQuoted(value) && value.length > 1 ? value.slice(1, -1) : value
  if (dialect === 'mysql') return plain(inner)
  return value.startsWith('"') ? inner.replaceAll('\\"', '"').replaceAll('\\\\', '\\') : inner
}

/** Where the comment that stands behind a value begins, blanks included; the end where there is none. */
export function inlineComment(text: string, start: number, end: number, bare = false): number {
  // Only the first semicolon counts, and only behind a blank: `a;b` and `;b` are values.
  const semicolon = text.indexOf(';', start)
  const sign = bare ? text.slice(start, end).search(/\s[;#]/) + start + 1 : semicolon
  if (sign <= start || sign >= end || !isBlank(text.charCodeAt(sign - 1))) return end
  return trimmedEnd(text, start, sign)
}

function headerName(text: string, start: number, end: number, line: number, oslo: boolean, complain: Complain): string {
  const closing = oslo && text.charCodeAt(end - 1) === CLOSE ? end - 1 : text.indexOf(']', start)
  if (closing === -1 || closing >= end) {
    complain(line, 'section header is not closed', true)
    return text.slice(start + 1, end)
  }
  if (closing === start + 1) complain(line, 'section header has no name', true)
  if (closing < end - 1) {
    const sign = text.charCodeAt(skipBlanks(text, closing + 1, end))
    complain(line, 'text after the section header', sign !== HASH && sign !== SEMICOLON)
  }
  return text.slice(start + 1, closing)
}

function delimiterIn(text: string, start: number, end: number, { delimiter }: DialectRules): number {
  const at = text.slice(start, end).search(delimiter)
  return at === -1 ? -1 : start + at
}

/** The end of a value of several lines, each of which but the last ends in a backslash; comments may stand between. */
function endOfJoined(text: string, start: number, next: number, { comment }: DialectRules): number {
  let open = text.charAt(trimmedEnd(text, start, next) - 1) === '\\'
  let end = next
  while (open && end < text.length) {
    const from = end
    end = text.indexOf('\n', from) + 1
    const isComment = comment.test(text.charAt(skipBlanks(text, from, end)))
    if (!isComment) open = text.charAt(trimmedEnd(text, from, end) - 1) === '\\'
  }
  return end
}

function findDelimiter(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === EQUALS || code === COLON) return at
  }
  return -1
}

function bareKeyEnd(text: string, start: number, end: number): number {
  const comment = text.slice(start, end).search(/\s+[;#]/)
  return comment === -1 ? end : start + comment
}

function isCommentSign(code: number, oslo: boolean): boolean {
  return code === HASH || code === SEMICOLON || (code === PERCENT && !oslo)
}

function isBlank(code: number): boolean {
  return code === BLANK.space || (code >= BLANK.tab && code <= BLANK.carriageReturn)
}

function isQuoted(value: string): boolean {
  return value !== '' && value.at(0) === value.at(-1) && (value.startsWith('"') || value.startsWith("'"))
}

function trimmedEnd(text: string, start: number, end: number): number {
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return end
}

// A value begins behind everything that is a blank; a line that goes on begins with a space or a tab.
function trimmedStart(text: string, start: number, end: number): number {
  const ends = (code: number) => code === BLANK.newline || code === BLANK.carriageReturn
  while (start < end && isBlank(text.charCodeAt(start)) && !ends(text.charCodeAt(start))) start++
  return start
}

function skipBlanks(text: string, start: number, end: number): number {
  while (start < end && (text.charCodeAt(start) === BLANK.space || text.charCodeAt(start) === BLANK.tab)) start++
  return start
}

function firstEol(text: string): string {
  const newline = text.indexOf('\n')
  return newline > 0 && text.charCodeAt(newline - 1) === BLANK.carriageReturn ? '\r\n' : '\n'
}
