import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type ParsedNode,
  type ScalarTag,
  type Tags,
  type YAMLMap,
} from 'yaml'
import type { RawVar, RawVars } from '../model/inventory.ts'
import { didYouMean } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import { kept } from './connection.ts'
import type { Draft } from './draft.ts'
import { readDynamic } from './dynamic.ts'
import { hostsAndPort } from './ini.ts'
import { isVault, type VaultOpener } from './vault.ts'

/** A value encrypted in place, from the time it is read to the time it is opened. */
class Encrypted {
  readonly text: string
  plain = ''
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
  /** The whole file was a vault: every text in it is secret. */
  readonly encrypted: boolean
  line(node: unknown): number
}

/** Reads a group_vars or host_vars file. */
export async function readVarsFile(draft: Draft, file: string, content: string, vault: VaultOpener): Promise<RawVars> {
  const parsed = await parse(draft, file, content, vault)
  if (!parsed?.root || isNull(parsed.root)) return {}
  if (isMap(parsed.root)) return varsOf(parsed, parsed.root, '')
  draft.problem('a file of variables must be a mapping of names to values', { file, line: parsed.line(parsed.root) })
  return {}
}

/** Reads an inventory in Ansible's YAML form, or as JSON in that form or in the form a dynamic inventory prints. */
export async function readYaml(draft: Draft, file: string, content: string, vault: VaultOpener): Promise<void> {
  const parsed = await parse(draft, file, content, vault)
  if (!parsed?.root || isNull(parsed.root)) return
  const { root, line } = parsed
  if (!isMap(root))
    return draft.problem('an inventory must be a mapping of groups', { file, line: line(root) }, 'begin with all:')
  if (root.has('_meta')) return await readDynamic(draft, file, plain(parsed, root, '') as Record<string, unknown>)
  if (root.has('plugin')) {
    return draft.problem(
      'inventory plugins are not supported',
      { file, line: line(root.items[0]?.key) },
      'write an executable that prints the inventory, or inventory(async () => ...) in TypeScript',
    )
  }
  for (const { key, value } of root.items) readGroup(draft, parsed, keyText(key), value)
}

const sections = ['hosts', 'children', 'vars']

function readGroup(draft: Draft, parsed: Parsed, name: string, node: unknown): void {
  const { file, line } = parsed
  const group = draft.group(name)
  if (isNull(node)) return
  if (!isMap(node))
    return draft.problem(`the group ${name} must be a mapping with hosts, children or vars`, {
      file,
      line: line(node),
    })
  for (const { key, value } of node.items) {
    const section = keyText(key)
    const at = { file, line: line(key) }
    if (!sections.includes(section))
      draft.problem(
        `the group ${name} has ${section}, and only hosts, children and vars can be there`,
        at,
        didYouMean(section, sections),
      )
    else if (isNull(value)) continue
    else if (!isMap(value))
      draft.problem(
        `${section} of the group ${name} must be a mapping`,
        at,
        section === 'vars' ? undefined : 'end each name with a colon',
      )
    else if (section === 'vars') group.inline.push({ vars: varsOf(parsed, value, ` group ${name}`) })
    else if (section === 'children') {
      for (const child of value.items) {
        group.children.add(keyText(child.key))
        readGroup(draft, parsed, keyText(child.key), child.value)
      }
    } else for (const host of value.items) readHosts(draft, parsed, name, host.key, host.value)
  }
}

function readHosts(draft: Draft, parsed: Parsed, group: string, key: unknown, value: unknown): void {
  const { file, shown, line } = parsed
  const at = { file, line: line(key) }
  if (!isNull(value) && !isMap(value))
    return draft.problem(`the variables of the host ${keyText(key)} must be a mapping`, at)
  try {
    const { names, port } = hostsAndPort(keyText(key))
    for (const name of names) {
      const vars: Record<string, RawVar> =
        port === undefined ? {} : { ansible_port: { value: port, from: `${shown}:${at.line} host ${name}` } }
      draft
        .host(name, group, at)
        .inline.push({ vars: { ...vars, ...(isMap(value) ? varsOf(parsed, value, ` host ${name}`) : {}) } })
    }
  } catch (error) {
    draft.problem((error as Error).message, at)
  }
}

function varsOf(parsed: Parsed, map: YAMLMap, of: string): RawVars {
  const keys = new Map(
    map.items.map(({ key }) => [
      isScalar(key) ? String(key.value) : '',
      { name: keyText(key), line: parsed.line(key) },
    ]),
  )
  const values = map.toJS(parsed.document) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      // A merged key stands elsewhere, so the line of the mapping has to do.
      const { name, line } = keys.get(key) ?? { name: key, line: parsed.line(map) }
      const from = `${parsed.shown}:${line}${of}`
      return [name, { value: kept(name, opened(value, name, parsed.encrypted)), from }]
    }),
  )
}

const plain = (parsed: Parsed, node: Node, name: string) => opened(node.toJS(parsed.document), name, parsed.encrypted)

// What was encrypted is secret, however deep it lies.
function opened(value: unknown, name: string, secret: boolean): unknown {
  if (value instanceof Encrypted) return Secret.of(value.plain, name)
  if (typeof value === 'string') return secret ? Secret.of(value, name) : value
  if (Array.isArray(value)) return value.map((item) => opened(item, name, secret))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, opened(item, name ? `${name}.${key}` : key, secret)]),
  )
}

async function parse(draft: Draft, file: string, content: string, vault: VaultOpener): Promise<Parsed | undefined> {
  const encrypted = isVault(content)
  let text = content
  try {
    if (encrypted) text = await vault.open(content)
  } catch (error) {
    draft.problem((error as Error).message, { file, line: 1 })
    return undefined
  }
  const lines = new LineCounter()
  const values: Encrypted[] = []
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    customTags: tagsOf(values),
  })
  const line = (node: unknown) => lines.linePos((node as { range?: readonly number[] } | null)?.range?.[0] ?? 0).line
  for (const error of document.errors) {
    const reason =
      error.code === 'DUPLICATE_KEY' ? 'the same name stands twice in one mapping' : firstSentence(error.message)
    draft.problem(`${encrypted ? 'decrypted, ' : ''}it is not YAML: ${reason}`, {
      file,
      line: lines.linePos(error.pos[0]).line,
    })
  }
  if (document.errors.length > 0) return undefined
  const places = new Map<unknown, number>()
  if (values.length > 0) visit(document, { Scalar: (_, node) => void places.set(node.value, line(node)) })
  for (const value of values) {
    try {
      value.plain = await vault.open(value.text)
    } catch (error) {
      draft.problem((error as Error).message, { file, line: places.get(value) ?? 1 })
    }
  }
  return { root: document.contents, document, file, shown: draft.show(file), encrypted, line }
}

const firstSentence = (text: string) => text.split('\n', 1)[0]!.replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())

// As Ansible's parser has YAML 1.1, but for what surprises everybody there: y and n, dates and 12:30 stay texts.
function tagsOf(values: Encrypted[]): (tags: Tags) => Tags {
  const vault = (tag: string): ScalarTag => ({
    tag,
    resolve(text) {
      const value = new Encrypted(text)
      values.push(value)
      return value
    },
  })
  const bool: ScalarTag = {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    resolve: (text) => /^(?:yes|true|on)$/i.test(text),
  }
  const left = (tag: Tags[number]) =>
    typeof tag === 'string' ||
    !(tag.tag.endsWith(':bool') || tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME'))
  return (tags) => [
    ...tags.filter(left),
    bool,
    vault('!vault'),
    vault('!vault-encrypted'),
    { tag: '!unsafe', resolve: (text: string) => text },
  ]
}

const isNull = (node: unknown) => node === null || node === undefined || (isScalar(node) && node.value === null)

// A name such as 0123 or on is what stands there, whatever YAML makes of it.
function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
