/** Whose reading rules hold: the OpenStack services' (oslo.config), or the forgiving ones of general INI tools. */
export type IniDialect = 'oslo' | 'loose'

/** A key with its value, continuation lines included; `text` is every byte of it. */
export interface Pair {
  readonly kind: 'pair'
  readonly key: string
  /** Offset of the `=` or `:` in `text`; -1 where the key stands alone, as the loose dialect allows. */
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
const BYTE_ORDER_MARK = 0xfeff

/** Cuts a text into sections and their lines. */
export function parseIni(source: string, rules: IniRules, complain: Complain): IniDocument {
  const oslo = rules.dialect === 'oslo'
  const mark = source.charCodeAt(0) === BYTE_ORDER_MARK ? source.slice(0, 1) : ''
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
    const first = text.charCodeAt(start)
    if (carriageReturn !== -1) {
      if (carriageReturn < start) carriageReturn = text.indexOf('\r', start)
      const inside = carriageReturn !== -1 && carriageReturn < end
      if (oslo && inside) complain(line, 'carriage return inside the line', false)
    }

    if (end === start) {
      section.items.push({ kind: 'blank', text: text.slice(start, next) })
      if (oslo) pair = undefined
    } else if (first === BLANK.space || first === BLANK.tab) {
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
    } else if (isCommentSign(first, oslo)) {
      section.items.push({ kind: 'comment', text: text.slice(start, next) })
      if (oslo) pair = undefined
    } else if (first === OPEN) {
      section = { name: headerName(text, start, end, line, oslo, complain), header: text.slice(start, next), items: [] }
      sections.push(section)
      pair = undefined
    } else {
      const delimiter = findDelimiter(text, start, end)
      const keyEnd = delimiter === -1 ? bareKeyEnd(text, start, end) : trimmedEnd(text, start, delimiter)
      const body = text.slice(start, next)
      strayAbove = keyEnd === start || (oslo && delimiter === -1)
      if (strayAbove) {
        section.items.push({ kind: 'stray', text: body })
        complain(line, keyEnd === start ? 'line has no key' : 'line has neither = nor :', false)
        pair = undefined
        continue
      }
      if (oslo && sections.length === 1) complain(line, 'key above the first section', false)
      const key = text.slice(start, keyEnd)
      pair = { kind: 'pair', key, delimiter: delimiter === -1 ? -1 : delimiter - start, text: body }
      pairStart = start
      pairIndex = section.items.push(pair) - 1
    }
    strayAbove = false
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

// Once the last line is gone, the one above it keeps the line end that it always had.
function isUnterminated({ unterminated, sections }: IniDocument): boolean {
  return sections.some((section) => section === unterminated || section.items.some((item) => item === unterminated))
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
  const { text } = pair
  const next = text.indexOf('\n') + 1
  const end = trimmedEnd(text, 0, next)
  const start = pair.delimiter === -1 ? pair.key.length : skipBlanks(text, pair.delimiter + 1, next)
  const empty = start >= end
  const tailStart = dialect === 'loose' ? inlineComment(text, start, end, pair.delimiter === -1) : end
  const lines = [pair.delimiter === -1 || empty ? '' : text.slice(start, tailStart)]
  let notes = ''
  let indent = ' '
  for (let from = next; from < text.length; ) {
    const after = text.indexOf('\n', from) + 1
    const contentEnd = trimmedEnd(text, from, after)
    const content = skipBlanks(text, from, contentEnd)
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

/** The value as it stands in the file, its lines joined and its quotes kept; undefined for a key that stands alone. */
export function writtenValue(pair: Pair, dialect: IniDialect): string | undefined {
  return pair.delimiter === -1 ? undefined : partsOf(pair, dialect).lines.join('\n')
}

/** The value as the program that owns the file reads it. */
export function readValue(pair: Pair, dialect: IniDialect): string {
  const { lines } = partsOf(pair, dialect)
  const [first = ''] = lines
  if (dialect === 'loose' || !isQuoted(first)) return lines.join('\n')
  return [first.slice(1, -1), ...lines.slice(1)].join('\n')
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

function skipBlanks(text: string, start: number, end: number): number {
  while (start < end && (text.charCodeAt(start) === BLANK.space || text.charCodeAt(start) === BLANK.tab)) start++
  return start
}

function firstEol(text: string): string {
  const newline = text.indexOf('\n')
  return newline > 0 && text.charCodeAt(newline - 1) === BLANK.carriageReturn ? '\r\n' : '\n'
}
