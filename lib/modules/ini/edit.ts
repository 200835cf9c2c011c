import { programs } from './dialect.ts'
import { partsOf, writtenValue } from './document.ts'
import { IniError } from './error.ts'
import { commentedStyle, fileStyle, hasBlankAboveHeaders, headerCommentLength, styleOf } from './style.ts'
import type { IniDocument, Pair, Section } from './document.ts'

/** The pairs of a key in all sections of that name, in file order. */
export function findPairs(document: IniDocument, name: string, key: string): Pair[] {
  const { foldKeys, dialect } = document.rules
  const program = programs[dialect]
  const wanted = program ? program.key(key) : foldKeys ? key.toLowerCase() : key
  const found: Pair[] = []
  for (const section of sectionsNamed(document, name)) {
    for (const item of section.items) {
      if (item.kind !== 'pair') continue
      if (program && program.key(item.key) !== wanted) continue
      if (program || item.key === wanted || (foldKeys && item.key.toLowerCase() === wanted)) found.push(item)
    }
  }
  return found
}

/** All sections of that name; DEFAULT takes in the keys above the first header. */
export function sectionsNamed(document: IniDocument, name: string): Section[] {
  const program = programs[document.rules.dialect]
  const fold = (written: string): string => {
    if (program) return program.section(written)
    if (written === '') return 'DEFAULT'
    return document.rules.dialect === 'oslo' && written !== 'DEFAULT' ? written.toLowerCase() : written
  }
  const wanted = fold(name)
  return document.sections.filter((section) => fold(section.name) === wanted)
}

/** Leaves exactly these values in this order, one line each; does nothing where they are there in any order. */
export function writeValues(document: IniDocument, name: string, key: string, values: readonly string[]): void {
  const found = findPairs(document, name, key)
  const current = found.map((pair) => writtenValue(pair, document.rules.dialect))
  if (haveSameMembers(current, values)) return
  mustBeSure(document, found)
  if (hasDefault(document, name)) ensureDefaultHeader(document)
  // Of several lines a single-valued option reads the last, so that is the one to keep when none is right already.
  const right = current.lastIndexOf(values[0])
  const kept = values.length === 1 ? found.slice(right).slice(0, 1) : found.slice(0, values.length)
  removePairs(
    document,
    found.filter((pair) => !kept.includes(pair)),
  )
  kept.forEach((pair, at) => rewrite(document, pair, values[at]!))
  addValues(document, name, key, values.slice(kept.length))
}

/** Adds a line for each value, below those that the key has. */
export function addValues(document: IniDocument, name: string, key: string, values: readonly string[]): void {
  if (values.length === 0) return
  if (hasDefault(document, name)) ensureDefaultHeader(document)
  const last = findPairs(document, name, key).at(-1)
  const { section, index, style, indent } = last ? below(document, last) : placeFor(document, name, key)
  const pairs = values.map((value) => {
    const delimiter = indent.length + key.length + style.indexOf('=')
    const pair: Pair = { kind: 'pair', key, delimiter, text: indent + key + style + document.eol }
    rewrite(document, pair, value)
    return pair
  })
  section.items.splice(index, 0, ...pairs)
}

/** Takes lines away, with their continuation lines; comments stay. */
export function removePairs(document: IniDocument, pairs: readonly Pair[]): void {
  mustBeSure(document, pairs)
  for (const pair of pairs) {
    const { items } = sectionOf(document, pair)
    const { notes } = partsOf(pair, document.rules.dialect)
    items.splice(items.indexOf(pair), 1, ...(notes === '' ? [] : [{ kind: 'comment', text: notes } as const]))
  }
}

/** The section, made where the file has none: DEFAULT below the file's own comment, any other at the end. */
export function ensureSection(document: IniDocument, name: string): Section {
  const { sections, eol } = document
  const preamble = sections[0]!
  if (name === '') return preamble
  const present = sectionsNamed(document, name).findLast((section) => section !== preamble)
  if (present) return present

  const blanks = sections.find(({ header, name: there }) => header !== '' && there.trim() === name && there !== name)
  if (blanks)
    throw new IniError(
      `[${name}]: the file has [${blanks.name}], which is another section for its program: ` +
        'take the blanks out of it first, or name it with them',
      {},
    )
  const section: Section = { name, header: `[${name}]${eol}`, items: [] }
  const top = headerCommentLength(document)
  if (hasDefault(document, name) && (sections.length > 1 || top < preamble.items.length)) {
    const apart = hasBlankAboveHeaders(document)
    section.items.push(...preamble.items.splice(top))
    if (apart && !section.items.some(({ kind }) => kind === 'pair')) section.items.unshift({ kind: 'blank', text: eol })
    sections.splice(1, 0, section)
    return section
  }
  const above = sections.at(-1)!
  const last = above.items.at(-1)
  const onlyComments = sections.length === 1 && preamble.items.every(({ kind }) => kind === 'comment')
  if (!onlyComments && (last ? last.kind !== 'blank' : above !== preamble))
    above.items.push({ kind: 'blank', text: eol })
  sections.push(section)
  return section
}

/** Takes a section away with all its lines, but not the comment that stands right above the next header. */
export function dropSection(document: IniDocument, section: Section): void {
  const { sections } = document
  const { items } = section
  const at = sections.indexOf(section)
  const above = sections[at - 1]
  const last = at === sections.length - 1
  const end = last ? items.length : items.findLastIndex(({ kind }) => kind !== 'comment') + 1
  if (!above) {
    const start = items.findIndex(({ kind }) => kind === 'pair')
    if (start !== -1) items.splice(start, end - start)
    return
  }
  above.items.push(...items.slice(end))
  sections.splice(at, 1)
  if (last) while (above.items.at(-1)?.kind === 'blank') above.items.pop()
}

function rewrite(document: IniDocument, pair: Pair, value: string): void {
  const parts = partsOf(pair, document.rules.dialect)
  if (writtenValue(pair, document.rules.dialect) === value) return
  const [first = '', ...more] = value.split('\n')
  let { head } = parts
  if (pair.delimiter === -1) {
    const style = fileStyle(document)
    pair.delimiter = head.length + style.indexOf('=')
    head += style
  } else if (first !== '' && /\s[=:]$/.test(head)) {
    head += ' '
  }
  // Behind an empty value the comment would be read as the value.
  const tail = first === '' ? '' : parts.tail
  const eol = /\r?\n/.exec(pair.text)?.[0] ?? document.eol
  pair.text = [head + first + tail, ...more.map((line) => parts.indent + line), ''].join(eol) + parts.notes
}

// What programs have that know keys without a section is none that a name stands for.
function hasDefault({ rules }: IniDocument, name: string): boolean {
  return name === 'DEFAULT' && programs[rules.dialect] === undefined
}

/** @throws IniError where an indented line may be a part of the value or a key of its own */
function mustBeSure({ rules }: IniDocument, pairs: readonly Pair[]): void {
  if (rules.dialect !== 'loose') return
  for (const { key, text } of pairs) {
    const line = text
      .split('\n')
      .slice(1)
      .find((one) => /^[ \t]+[A-Za-z][\w.-]*[ \t]*=/.test(one))
    if (line === undefined) continue
    const other = line.trim().split('=')[0]!.trim()
    throw new IniError(
      `${key}: the indented line «${other} = …» below it is a part of its value for some programs, ` +
        'and a key for others: say whose file it is, with dialect',
      {},
    )
  }
}

// Keys above the first header make a file that no service reads; a wish for DEFAULT gives them their header.
function ensureDefaultHeader(document: IniDocument): void {
  if (document.sections[0]!.items.some(({ kind }) => kind === 'pair')) ensureSection(document, 'DEFAULT')
}

interface Place {
  readonly section: Section
  readonly index: number
  readonly style: string
  readonly indent: string
}

// Where a person would write it: under the commented-out default, else under the section's last key.
function placeFor(document: IniDocument, name: string, key: string): Place {
  const candidates = sectionsNamed(document, name)
    .filter(({ header }) => header !== '' || name === '')
    .toReversed()
  for (const section of candidates) {
    for (let at = section.items.length - 1; at >= 0; at--) {
      const style = commentedStyle(section.items[at]!, key)
      if (style !== undefined) return { section, index: at + 1, style, indent: indentOf(document, section) }
    }
  }
  for (const section of candidates) {
    const last = section.items.findLast((item) => item.kind === 'pair')
    if (last) return below(document, last)
  }
  const section = candidates.find(({ header }) => header !== '') ?? ensureSection(document, name)
  const index = section.header === '' ? headerCommentLength(document) : 0
  return { section, index, style: fileStyle(document), indent: indentOf(document) }
}

function below(document: IniDocument, pair: Pair): Place {
  const section = sectionOf(document, pair)
  const index = section.items.indexOf(pair) + 1
  return { section, index, style: styleOf(pair) ?? fileStyle(document), indent: indentOf(document, section) }
}

/** How the keys of a section, or of the file, are indented where that means nothing. */
function indentOf({ rules, sections }: IniDocument, section?: Section): string {
  if (!programs[rules.dialect]) return ''
  const pairs = (section ? [section] : sections).flatMap(({ items }) => items.filter(({ kind }) => kind === 'pair'))
  return /^[ \t]*/.exec(pairs.at(-1)?.text ?? '')![0]
}

function sectionOf(document: IniDocument, pair: Pair): Section {
  return document.sections.find(({ items }) => items.includes(pair))!
}

function haveSameMembers(one: readonly (string | undefined)[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  const sorted = other.toSorted()
  return one.toSorted().every((value, at) => value === sorted[at])
}
