import { parseIni, readValue, writeIni, writtenValue } from './document.ts'
import { addValues, dropSection, ensureSection, findPairs, removePairs, sectionsNamed, writeValues } from './edit.ts'
import { IniError } from './error.ts'
import { editList } from './list.ts'
import { iniValueText, keyProblem, sectionProblem, valueProblem } from './wish.ts'
import type { IniDialect, IniDocument } from './document.ts'
import type { IniValue } from './wish.ts'

export { IniError }
export type { IniDialect, IniValue }

/** What one key is to be; exactly one of `value`, `values`, `absent`, the members or the items is given. */
export interface IniEdit {
  readonly section: string
  readonly key: string
  /** One line with this value is left. */
  readonly value?: IniValue
  /** Exactly these lines are left; a file that has them in another order is left alone. */
  readonly values?: readonly IniValue[]
  /** Lines of a multi-valued key that must be there. */
  readonly add?: readonly IniValue[]
  /** Lines of a multi-valued key that must not be there. */
  readonly remove?: readonly IniValue[]
  /** Items that must be in the key's one comma-separated value. */
  readonly addItems?: readonly string[]
  /** Items that must not be in the key's one comma-separated value. */
  readonly removeItems?: readonly string[]
  /** No line of the key is left. */
  readonly absent?: boolean
}

/** How to read the text. */
export interface IniOptions {
  readonly dialect?: IniDialect
  /** The file's name, for messages. */
  readonly file?: string
  /** Whether keys are the same whatever their letter case. */
  readonly foldKeys?: boolean
  /** Whether a section that the edits leave empty goes as well. */
  readonly pruneEmpty?: boolean
}

/** The text with the edits made in order and every other line as it was; the very same string when nothing changes. */
export function editIni(text: string, edits: readonly IniEdit[], options: IniOptions = {}): string {
  const document = parse(text, options)
  for (const edit of edits) applyEdit(document, edit, options)
  return written(document, text)
}

/** The text with the section there, empty if it is new. */
export function addSection(text: string, section: string, options: IniOptions = {}): string {
  const document = parse(text, options)
  refuse(sectionProblem(section, document.rules.dialect), `[${section}]`, options)
  ensureSection(document, section)
  return written(document, text)
}

/** The text without any section of that name. */
export function removeSection(text: string, section: string, options: IniOptions = {}): string {
  const document = parse(text, options)
  for (const found of sectionsNamed(document, section)) dropSection(document, found)
  return written(document, text)
}

/**
 * All that the owner of the file reads: section as spelled, key, values in file order. In the oslo dialect a line that
 * a service refuses is an error here too; in the loose dialect keys above the first header are in a section named ''.
 */
export function readIni(text: string, options: IniOptions = {}): Map<string, Map<string, string[]>> {
  const [problem] = iniProblems(text, options)
  if (problem) throw problem
  const { rules, sections } = parse(text, options)
  const read = new Map<string, Map<string, string[]>>()
  for (const { name, header, items } of sections) {
    const keys = read.get(name) ?? new Map<string, string[]>()
    for (const item of items) {
      if (item.kind !== 'pair') continue
      const values = keys.get(item.key)
      if (values) values.push(readValue(item, rules.dialect))
      else keys.set(item.key, [readValue(item, rules.dialect)])
    }
    if (header !== '' || keys.size > 0) read.set(name, keys)
  }
  return read
}

/** The values of one key in file order, read as leniently as an edit reads: the file's other problems do not matter. */
export function getIni(text: string, section: string, key: string, options: IniOptions = {}): readonly string[] {
  const document = parse(text, options)
  return findPairs(document, section, key).map((pair) => readValue(pair, document.rules.dialect))
}

/** Every line because of which the owner of the file would refuse it, in file order. */
export function iniProblems(text: string, options: IniOptions = {}): readonly IniError[] {
  const problems: IniError[] = []
  const { file } = options
  parseIni(text, rulesOf(options), (line, problem) => problems.push(new IniError(problem, { line, file })))
  return problems
}

function parse(text: string, options: IniOptions): IniDocument {
  return parseIni(text, rulesOf(options), (line, problem, fatal) => {
    if (fatal) throw new IniError(problem, { line, file: options.file })
  })
}

function rulesOf({ dialect = 'oslo', foldKeys = false }: IniOptions): IniDocument['rules'] {
  return { dialect, foldKeys }
}

function written(document: IniDocument, before: string): string {
  const after = writeIni(document)
  return after === before ? before : after
}

function applyEdit(document: IniDocument, edit: IniEdit, options: IniOptions): void {
  const { section, key } = edit
  const { dialect } = document.rules
  const place = `[${section}] ${key}`
  refuse(sectionProblem(section, dialect) ?? keyProblem(key) ?? wishProblem(edit), place, options)
  const textsOf = (values: readonly IniValue[] = []): string[] => {
    const texts = [...new Set(values.map(iniValueText))]
    for (const value of texts) refuse(valueProblem(value, dialect), place, options)
    return texts
  }

  const found = findPairs(document, section, key)
  if (edit.value !== undefined) {
    writeValues(document, section, key, textsOf([edit.value]))
  } else if (edit.values) {
    writeValues(document, section, key, textsOf(edit.values))
  } else if (edit.addItems ?? edit.removeItems) {
    const current = found.at(-1)
    const before = current && writtenValue(current, dialect)
    const after = editList(before ?? '', textsOf(edit.addItems), edit.removeItems ?? [])
    if (after !== (before ?? '')) writeValues(document, section, key, textsOf([after]))
  } else if (edit.absent) {
    removePairs(document, found)
  } else {
    const present = new Set(found.map((pair) => writtenValue(pair, dialect)))
    const unwanted = new Set<string | undefined>((edit.remove ?? []).map(iniValueText))
    const missing = textsOf(edit.add).filter((value) => !present.has(value))
    // Adding comes first: the new lines belong where the old ones stand.
    addValues(document, section, key, missing)
    removePairs(
      document,
      found.filter((pair) => unwanted.has(writtenValue(pair, dialect))),
    )
  }

  if (!options.pruneEmpty || found.length === 0) return
  for (const emptied of sectionsNamed(document, section)) {
    if (emptied.items.every(({ kind }) => kind === 'blank')) dropSection(document, emptied)
  }
}

function wishProblem({ value, values, add, remove, addItems, removeItems, absent }: IniEdit): string | undefined {
  const wishes = [value !== undefined, values, add ?? remove, addItems ?? removeItems, absent].filter(Boolean)
  if (wishes.length === 1) {
    const unwanted: readonly IniValue[] = remove ?? removeItems ?? []
    const both = (add ?? addItems ?? []).some((item) => unwanted.includes(item))
    return both ? 'the same value is to be added and removed' : undefined
  }
  const said = wishes.length === 0 ? 'nothing' : 'more than one thing'
  return `the edit asks for ${said}: give value, values, add and remove, addItems and removeItems, or absent`
}

function refuse(problem: string | undefined, place: string, { file }: IniOptions): void {
  if (problem !== undefined) throw new IniError(`${place}: ${problem}`, { file })
}
