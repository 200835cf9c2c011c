import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type ScalarTag,
  type Tags,
  visit,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml'
import { type RawVars, Unusable } from '../model/inventory.ts'
import { didYouMean } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import { kept } from './ansible-vars.ts'
import { type Draft, problemOf } from './draft.ts'
import { readDynamic } from './dynamic.ts'
import { hostsAndPort } from './ini.ts'
import { Float, jsonScalars, Large, plainScalars } from './scalars.ts'
import type { Source } from './source.ts'
import { written } from './template.ts'
import type { VaultOpener } from './vault.ts'

/** A value encrypted in place, from the time it is read to the time it is opened. */
class Encrypted {
  readonly text: string
  plain: string | Unusable = ''
  constructor(text: string) {
    this.text = text
  }
}

/** A text that is no template, whatever stands in it. */
class Literal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A YAML or JSON file whose values know their lines. */
interface Parsed {
  readonly root: ParsedNode | null
  readonly document: Document.Parsed
  readonly file: string
  readonly shown: string
  readonly secret: boolean
  line(node: unknown): number
  /** What a node is, also where `*name` stands for it. */
  meant(node: unknown): unknown
}

/** Reads a file of variables, as group_vars and host_vars are, and what -e @FILE names. */
export async function readVarsFile(draft: Draft, source: Source, vault: VaultOpener): Promise<RawVars> {
  const parsed = await parse(draft, source, vault)
  if (!parsed?.root || isNull(parsed.root)) return {}
  if (isMap(parsed.root)) return varsOf(draft, parsed, parsed.root, '')
  const { file, root, line } = parsed
  draft.problem(
    'a file of variables must be a mapping of names to values',
    { file, line: line(root) },
    'write NAME: VALUE, a line each',
  )
  return {}
}

/** Reads an inventory in Ansible's YAML form, or as JSON in that form or in the form a dynamic inventory prints. */
export async function readYaml(draft: Draft, source: Source, vault: VaultOpener): Promise<void> {
  const parsed = await parse(draft, source, vault)
  if (!parsed?.root || isNull(parsed.root)) return
  const { file, root, line } = parsed
  if (!isMap(root))
    return draft.problem('an inventory must be a mapping of groups', { file, line: line(root) }, 'begin with all:')
  if (root.has('_meta')) return await readDynamic(draft, file, root.toJS(parsed.document) as JsonObject, vault)
  if (root.has('plugin')) {
    return draft.problem(
      'inventory plugins are not supported',
      { file, line: line(root.items[0]?.key) },
      `${draft.fromAnsible(file)}; ` + 'or write a program that prints it, or inventory(async () => …) in TypeScript',
    )
  }
  for (const { key, value } of itemsOf(parsed, root)) readGroup(draft, parsed, keyText(key), value)
}

type JsonObject = Readonly<Record<string, unknown>>

const sections = ['hosts', 'children', 'vars']

/** The items of a mapping in Ansible's order: those that `<<` merges into it first, of which its own win. */
function itemsOf(parsed: Parsed, map: YAMLMap): readonly Pair[] {
  const isMerge = ({ key }: Pair) => isScalar(key) && isMergeKey(key)
  const merged = map.items.filter(isMerge).flatMap(({ value }) => {
    const given = parsed.meant(value)
    // Of a list the first wins.
    const maps = isSeq(given) ? given.items.map(parsed.meant).reverse() : [given]
    return maps.flatMap((one) => (isMap(one) ? itemsOf(parsed, one) : []))
  })
  const items = new Map<string, Pair>()
  for (const item of [...merged, ...map.items.filter((one) => !isMerge(one))]) items.set(keyText(item.key), item)
  return [...items.values()]
}

function readGroup(draft: Draft, parsed: Parsed, name: string, given: unknown): void {
  const { file, line, shown } = parsed
  const group = draft.group(name)
  const node = parsed.meant(given)
  if (isNull(node)) return
  if (!isMap(node))
    return draft.problem(
      `the group ${name} must be a mapping with hosts, children or vars`,
      { file, line: line(given) },
      'write hosts:, and below it the names, each with a colon',
    )
  for (const { key, value: said } of itemsOf(parsed, node)) {
    const section = keyText(key)
    const value = parsed.meant(said)
    const at = { file, line: line(key) }
    if (!sections.includes(section)) {
      const only = `the group ${name} has ${section}, and only hosts, children and vars can be there`
      const meant = didYouMean(section, sections)
      // As for Ansible: what resembles nothing is passed over with a word, and a slip is none of its kind.
      if (meant) draft.problem(only, at, meant)
      else draft.warn(`${only}: it is passed over (${shown}:${at.line})`)
    } else if (isNull(value)) continue
    else if (section !== 'vars' && isScalar(value) && typeof value.value === 'string') {
      if (section === 'children') draft.child(name, value.value, at)
      else readHosts(draft, parsed, name, value, null)
    } else if (!isMap(value))
      draft.problem(
        `${section} of the group ${name} must be a mapping`,
        at,
        section === 'vars'
          ? 'write NAME: VALUE, a line each, without a dash'
          : 'write each name without a dash, and a colon behind it',
      )
    else if (section === 'vars') group.inline.push({ vars: varsOf(draft, parsed, value, ` group ${name}`) })
    else if (section === 'children') {
      for (const child of itemsOf(parsed, value)) {
        draft.child(name, keyText(child.key), { file, line: line(child.key) })
        readGroup(draft, parsed, keyText(child.key), child.value)
      }
    } else for (const host of itemsOf(parsed, value)) readHosts(draft, parsed, name, host.key, host.value)
  }
}

function readHosts(draft: Draft, parsed: Parsed, group: string, key: unknown, given: unknown): void {
  const { file, shown, line } = parsed
  const value = parsed.meant(given)
  const at = { file, line: line(key) }
  if (!isNull(value) && !isMap(value))
    return draft.problem(
      `the variables of the host ${keyText(key)} must be a mapping`,
      at,
      'write NAME: VALUE below it, further to the right',
    )
  try {
    const { names, port } = hostsAndPort(keyText(key))
    for (const name of names) {
      const portVars = draft.portOf(name, port, `${shown}:${at.line} host ${name}`)
      draft
        .host(name, group, at)
        .inline.push({ vars: { ...portVars, ...(isMap(value) ? varsOf(draft, parsed, value, ` host ${name}`) : {}) } })
    }
  } catch (error) {
    draft.refused(error, at)
  }
}

function varsOf(draft: Draft, parsed: Parsed, map: YAMLMap, of: string): RawVars {
  const keys = new Map(
    itemsOf(parsed, map).map(({ key }) => [
      isScalar(key) ? String(key.value) : '',
      { name: keyText(key), line: parsed.line(key) },
    ]),
  )
  const values = map.toJS(parsed.document) as JsonObject
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      // A merged key stands elsewhere, so the line of the mapping has to do.
      const { name, line } = keys.get(key) ?? { name: key, line: parsed.line(map) }
      const from = `${parsed.shown}:${line}${of}`
      if (tooLarge(value))
        draft.warn(`${name} is a number too large to be counted exactly: it is kept as a text (${from})`)
      return [name, { value: kept(name, opened(value, name, parsed.secret)), from }]
    }),
  )
}

// What was encrypted is secret, however deep it lies.
function opened(value: unknown, name: string, secret: boolean): unknown {
  if (value instanceof Encrypted) return value.plain instanceof Unusable ? value.plain : Secret.of(value.plain, name)
  if (value instanceof Literal) return secret ? Secret.of(value.text, name) : value.text
  if (value instanceof Large) return secret ? Secret.of(value.digits, name) : value.digits
  if (value instanceof Float) return value
  if (typeof value === 'string') return written(value, secret ? name : undefined)
  if (Array.isArray(value)) return value.map((item) => opened(item, name, secret))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, opened(item, name ? `${name}.${key}` : key, secret)]),
  )
}

const tooLarge = (value: unknown): boolean =>
  value instanceof Large ||
  (typeof value === 'object' && value !== null && Object.values(value as JsonObject).some(tooLarge))

async function parse(draft: Draft, { file, text, secret }: Source, vault: VaultOpener): Promise<Parsed | undefined> {
  const lines = new LineCounter()
  const values: Encrypted[] = []
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: tagsOf(values, isJson(text) ? jsonScalars : plainScalars),
  })
  const line = (node: unknown) => lines.linePos((node as { range?: readonly number[] } | null)?.range?.[0] ?? 0).line
  for (const error of document.errors) {
    const reason =
      error.code === 'DUPLICATE_KEY' ? 'the same name stands twice in one mapping' : firstSentence(error.message)
    draft.problem(
      `${secret ? 'decrypted, ' : ''}it is not YAML: ${reason}`,
      { file, line: lines.linePos(error.pos[0]).line },
      error.code === 'DUPLICATE_KEY'
        ? 'take one of the two away'
        : 'mend the line, or put quotes around a value with signs such as : or # in it',
    )
  }
  if (document.errors.length > 0) return undefined
  const lost = lostAliases(document)
  for (const [alias, anchors] of lost)
    draft.problem(
      `*${alias.source} stands for nothing`,
      { file, line: line(alias) },
      didYouMean(alias.source, anchors)?.replace('mean ', 'mean *') ??
        `mark what it stands for, above it: &${alias.source}`,
    )
  if (lost.length > 0) return undefined
  const odd = settleKeys(document)
  if (odd) {
    draft.problem(
      'a name must be a text, and is a list or a mapping',
      { file, line: line(odd) },
      'put quotes around it: a text that begins with { or [ is read as one of these',
    )
    return undefined
  }
  const places = new Map<unknown, number>()
  if (values.length > 0) visit(document, { Scalar: (_, node) => void places.set(node.value, line(node)) })
  for (const value of values) {
    try {
      value.plain = (await vault.open(value.text)).plain.toString('utf8')
    } catch (error) {
      // It may never be used: then nobody needs the password.
      value.plain = new Unusable({ ...problemOf(error), at: { file, line: places.get(value) ?? 1 } })
    }
  }
  const meant = (node: unknown) => (isAlias(node) ? node.resolve(document) : node)
  return { root: document.contents, document, file, shown: draft.show(file), secret, line, meant }
}

/** What stands for something that is not marked before it, with what is. */
function lostAliases(document: Document.Parsed): readonly (readonly [alias: Alias, anchors: readonly string[]])[] {
  const anchors = new Set<string>()
  const lost: (readonly [Alias, readonly string[]])[] = []
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) lost.push([node, [...anchors]])
      } else if (node.anchor !== undefined) anchors.add(node.anchor)
    },
  })
  return lost
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Makes texts of names that are none, as JSON has them, and literals of what is !unsafe. Gives a name that is a list.
 */
function settleKeys(document: Document.Parsed): Node | undefined {
  let odd: Node | undefined
  visit(document, {
    Pair(_, { key }) {
      if (isCollection(key)) odd = key
      if (!isScalar(key) || typeof key.value === 'string' || isMergeKey(key)) return
      const { value, source = '' } = key
      // What is written with a dot is no whole number.
      const point = Number.isInteger(value) && /^[\d_+-]*\./.test(source) && !/e/.test(String(value)) ? '.0' : ''
      key.value = (typeof value === 'object' && value !== null ? source : String(value)) + point
    },
    Collection(_, node) {
      if (node.tag !== '!unsafe') return
      visit(node, { Scalar: (_, one) => void (typeof one.value === 'string' && (one.value = new Literal(one.value))) })
    },
  })
  return odd
}

const isMergeKey = (key: Scalar) => typeof key.value === 'symbol'

const firstSentence = (text: string) => text.split('\n', 1)[0]!.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())

function tagsOf(values: Encrypted[], scalars: readonly ScalarTag[]): (tags: Tags) => Tags {
  const vault = (tag: string): ScalarTag => ({
    tag,
    resolve(text) {
      const value = new Encrypted(text)
      values.push(value)
      return value
    },
  })
  const replaced = new Set(['null', 'bool', 'int', 'float', 'timestamp'].map((kind) => `tag:yaml.org,2002:${kind}`))
  return (tags) => [
    ...tags.filter((tag) => typeof tag === 'string' || !replaced.has(tag.tag)),
    ...scalars,
    vault('!vault'),
    vault('!vault-encrypted'),
    { tag: '!unsafe', resolve: (text: string) => new Literal(text) },
    { tag: '!unsafe', collection: 'map', resolve: (map) => map },
    { tag: '!unsafe', collection: 'seq', resolve: (seq) => seq },
  ]
}

const isNull = (node: unknown) => node === null || node === undefined || (isScalar(node) && node.value === null)

// A name such as 0123 or on is what stands there, whatever YAML makes of it.
function keyText(key: unknown): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : String(key)
}
