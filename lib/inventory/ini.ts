import { isIPv6 } from 'node:net'
import type { RawVar } from '../model/inventory.ts'
import { Advice } from '../model/operation.ts'
import { expandRange } from '../model/pattern.ts'
import { didYouMean } from '../model/problem.ts'
import { kept, secretVars } from './ansible-vars.ts'
import type { Draft } from './draft.ts'
import { pythonValue, withoutComment } from './python.ts'
import { deep, written } from './template.ts'
import { words } from './words.ts'

/** A host as inventories write it: `node-[1:3]:2222` is three names and a port. @throws on a bad range */
export function hostsAndPort(text: string): { readonly names: readonly string[]; readonly port?: number } {
  const bracketed = /^\[([\da-fA-F:.]+)\](?::(\d+))?$/.exec(text)
  if (bracketed?.[1] && isIPv6(bracketed[1]))
    return { names: [bracketed[1]], ...(bracketed[2] ? { port: Number(bracketed[2]) } : {}) }
  if (text.includes(':') && isIPv6(text)) return { names: [text] }
  const colon = /^(.*?):(\d*)$/.exec(text.replace(/\[[^\]]*\]/g, (range) => '_'.repeat(range.length)))
  if (!colon) return { names: expandRange(text) }
  if (colon[2] === '') throw new Advice(`${text} ends in a colon`, 'write the port after it, or take it away')
  return { names: expandRange(text.slice(0, colon[1]!.length)), port: Number(colon[2]) }
}

/** Reads an inventory in Ansible's INI form. What stands in a vault is `secret`. */
export function readIni(draft: Draft, file: string, content: string, secret = false): void {
  const shown = draft.show(file)
  const pending = new Pending(draft, file)
  let group = 'ungrouped'
  let kind: 'hosts' | 'children' | 'vars' = 'hosts'

  content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((raw, index) => {
      const line = index + 1
      const text = raw.trim()
      const wrong = (message: string, hint: string) => draft.problem(message, { file, line }, hint)
      if (text === '' || /^[#;]/.test(text)) return

      const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(text)
      if (section) {
        const [, name = '', of = 'hosts'] = section
        if (of !== 'hosts' && of !== 'children' && of !== 'vars') {
          kind = 'hosts'
          return wrong(`[${name}:${of}] is no section`, didYouMean(of, kinds) ?? aSection)
        }
        group = name
        kind = of
        pending.section(name, of, line)
        return
      }
      if (text.startsWith('[') && text.endsWith(']'))
        return wrong(`${text} is no section`, /\S\s+\S/.test(text) ? `write ${text.replaceAll(/\s+/g, '_')}` : aSection)

      if (kind === 'vars') {
        const at = text.indexOf('=')
        if (at < 1) return wrong(`${text} is not a variable`, 'write name=value')
        const name = text.slice(0, at).trim()
        const value = valueOf(name, text.slice(at + 1).trim(), secret)
        draft.group(group).inline.push({ vars: { [name]: { value, from: `${shown}:${line} group ${group}` } } })
      } else if (kind === 'children') {
        const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(text)?.[1]
        if (child) pending.child(group, child, line)
        else wrong(`${text} is not the name of a group`, 'write the name of one group a line, without = and blanks')
      } else readHostLine(draft, file, line, text, group, secret)
    })
  pending.tell()
}

const kinds = ['children', 'vars']
const aSection = 'a section is [group], [group:children] or [group:vars]'

/** Groups that are spoken of before they are declared: they count from where they are declared, as in Ansible. */
class Pending {
  readonly #draft: Draft
  readonly #file: string
  readonly #awaited = new Map<
    string,
    { readonly section: string; readonly line: number; readonly parents: [group: string, line: number][] }
  >()

  constructor(draft: Draft, file: string) {
    this.#draft = draft
    this.#file = file
  }

  section(name: string, kind: 'hosts' | 'children' | 'vars', line: number): void {
    const known = this.#draft.groups.has(name)
    if (kind === 'vars' && !known && !this.#awaited.has(name))
      this.#awaited.set(name, { section: `[${name}:vars]`, line, parents: [] })
    this.#draft.group(name)
    if (kind !== 'vars') this.#declared(name)
  }

  child(group: string, child: string, line: number): void {
    if (this.#draft.groups.has(child)) return this.#draft.child(group, child, { file: this.#file, line })
    const awaited = this.#awaited.get(child)
    if (awaited) awaited.parents.push([group, line])
    else this.#awaited.set(child, { section: `[${group}:children]`, line, parents: [[group, line]] })
  }

  tell(): void {
    for (const [name, { line, section }] of this.#awaited)
      this.#draft.problem(
        `${section} speaks of the group ${name}, which is not defined`,
        { file: this.#file, line },
        didYouMean(
          name,
          [...this.#draft.groups.keys()].filter((other) => !this.#awaited.has(other)),
        ) ?? `add a section [${name}]`,
      )
  }

  #declared(name: string): void {
    for (const [parent, line] of this.#awaited.get(name)?.parents ?? [])
      this.#draft.child(parent, name, { file: this.#file, line })
    this.#awaited.delete(name)
  }
}

// A password of digits is the digits as they stand.
function valueOf(name: string, text: string, secret: boolean): unknown {
  const read = pythonValue(text)
  const value = secretVars.includes(name) && typeof read !== 'string' ? withoutComment(text) : read
  return kept(
    name,
    deep(value, (leaf) => (typeof leaf === 'string' ? written(leaf, secret ? name : undefined) : leaf)),
  )
}

function readHostLine(draft: Draft, file: string, line: number, text: string, group: string, secret: boolean): void {
  try {
    const [host, ...settings] = words(text, { comments: true })
    if (host === undefined) return
    const { names, port } = hostsAndPort(host)
    const from = (name: string) => `${draft.show(file)}:${line} host ${name}`
    const given = settings.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1)
        throw new Advice(
          `${setting} is not a variable of ${host}`,
          'write name=value, and quotes around a value with blanks',
        )
      const key = setting.slice(0, at)
      return [key, valueOf(key, setting.slice(at + 1), secret)] as const
    })
    for (const name of names) {
      const vars: Record<string, RawVar> = { ...draft.portOf(name, port, from(name)) }
      for (const [key, value] of given) vars[key] = { value, from: from(name) }
      draft.host(name, group, { file, line }).inline.push({ vars })
    }
  } catch (error) {
    draft.refused(error, { file, line })
  }
}
