import { isIPv6 } from 'node:net'
import { expandRange } from '../model/pattern.ts'
import type { RawVar } from '../model/inventory.ts'
import { kept, secretVars } from './connection.ts'
import type { Draft } from './draft.ts'
import { pythonValue } from './python.ts'
import { words } from './words.ts'

/** A host as inventories write it: `node-[1:3]:2222` is three names and a port. @throws on a bad range */
export function hostsAndPort(text: string): { readonly names: readonly string[]; readonly port?: number } {
  const bracketed = /^\[([\da-fA-F:.]+)\](?::(\d+))?$/.exec(text)
  if (bracketed?.[1] && isIPv6(bracketed[1]))
    return { names: [bracketed[1]], ...(bracketed[2] ? { port: Number(bracketed[2]) } : {}) }
  if (text.includes(':') && isIPv6(text)) return { names: [text] }
  const colon = /^(.*?):(\d*)$/.exec(text.replace(/\[[^\]]*\]/g, (range) => '_'.repeat(range.length)))
  if (!colon) return { names: expandRange(text) }
  if (colon[2] === '') throw new Error(`${text} ends in a colon: write the port after it`)
  return { names: expandRange(text.slice(0, colon[1]!.length)), port: Number(colon[2]) }
}

/** Reads an inventory in Ansible's INI form. */
export function readIni(draft: Draft, file: string, content: string): void {
  const shown = draft.show(file)
  const declared = new Set(['all', 'ungrouped'])
  const awaited = new Map<string, { readonly line: number; readonly section: string }>()
  let group = 'ungrouped'
  let kind: 'hosts' | 'children' | 'vars' = 'hosts'

  content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .forEach((raw, index) => {
      const line = index + 1
      const text = raw.trim()
      const wrong = (message: string, hint?: string) => draft.problem(message, { file, line }, hint)
      if (text === '' || /^[#;]/.test(text)) return

      const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(text)
      if (section) {
        const [, name = '', of = 'hosts'] = section
        if (of !== 'hosts' && of !== 'children' && of !== 'vars') {
          kind = 'hosts'
          return wrong(`[${name}:${of}] is no section`, 'a section is [group], [group:children] or [group:vars]')
        }
        group = name
        kind = of
        draft.group(name)
        if (of === 'vars') {
          if (!declared.has(name) && !awaited.has(name)) awaited.set(name, { line, section: `[${name}:vars]` })
        } else declared.add(name)
        return
      }
      if (text.startsWith('[') && text.endsWith(']'))
        return wrong(`${text} is no section`, 'a section is [group], [group:children] or [group:vars]')

      if (kind === 'vars') {
        const at = text.indexOf('=')
        if (at < 1) return wrong(`${text} is not a variable`, 'write name=value')
        const name = text.slice(0, at).trim()
        const value = valueOf(name, text.slice(at + 1).trim())
        draft.group(group).inline.push({ vars: { [name]: { value, from: `${shown}:${line} group ${group}` } } })
      } else if (kind === 'children') {
        const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(text)?.[1]
        if (!child) return wrong(`${text} is not the name of a group`)
        draft.group(child)
        draft.group(group).children.add(child)
        if (!declared.has(child) && !awaited.has(child)) awaited.set(child, { line, section: `[${group}:children]` })
      } else readHostLine(draft, file, line, text, group)
    })

  for (const [name, { line, section }] of awaited) {
    if (!declared.has(name))
      draft.problem(
        `${section} speaks of the group ${name}, which is not defined`,
        { file, line },
        `add a section [${name}]`,
      )
  }
}

// A password of digits is the digits as they stand.
function valueOf(name: string, text: string): unknown {
  const value = pythonValue(text)
  return kept(name, secretVars.includes(name) && typeof value !== 'string' ? text : value)
}

function readHostLine(draft: Draft, file: string, line: number, text: string, group: string): void {
  try {
    const [host, ...settings] = words(text, { comments: true })
    if (host === undefined) return
    const { names, port } = hostsAndPort(host)
    const from = (name: string) => `${draft.show(file)}:${line} host ${name}`
    const given = settings.map((setting) => {
      const at = setting.indexOf('=')
      if (at < 1)
        throw new Error(
          `${setting} is not a variable of ${host}: write name=value, and quotes around a value with blanks`,
        )
      const key = setting.slice(0, at)
      return [key, valueOf(key, setting.slice(at + 1))] as const
    })
    for (const name of names) {
      const vars: Record<string, RawVar> = {}
      if (port !== undefined) vars['ansible_port'] = { value: port, from: from(name) }
      for (const [key, value] of given) vars[key] = { value, from: from(name) }
      draft.host(name, group, { file, line }).inline.push({ vars })
    }
  } catch (error) {
    draft.problem((error as Error).message, { file, line })
  }
}
