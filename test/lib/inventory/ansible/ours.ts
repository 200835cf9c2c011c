import { chmodSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readAnsibleConfig } from '../../../../lib/cli/ansible-config.ts'
import { Draft } from '../../../../lib/inventory/draft.ts'
import { pythonValue } from '../../../../lib/inventory/python.ts'
import { Float } from '../../../../lib/inventory/scalars.ts'
import { deep, Template, written } from '../../../../lib/inventory/template.ts'
import { Values } from '../../../../lib/inventory/values.ts'
import { VaultOpener } from '../../../../lib/inventory/vault.ts'
import { readVarsFile } from '../../../../lib/inventory/yaml.ts'
import { type Inventory, type RawVars, Unusable } from '../../../../lib/model/inventory.ts'
import { Advice } from '../../../../lib/model/operation.ts'
import { matchHosts } from '../../../../lib/model/pattern.ts'
import { Refused } from '../../../../lib/model/problem.ts'
import { Secret } from '../../../../lib/model/secret.ts'
import { Folder, values } from '../folder.ts'
import type { Question } from './cases.ts'

export type Answer = { readonly is: unknown } | { readonly error: string }

interface Hosts {
  readonly order: readonly string[]
  readonly hostvars: Readonly<Record<string, unknown>>
  readonly groups: Readonly<Record<string, Readonly<Record<'hosts' | 'children' | 'all', readonly string[]>>>>
  readonly patterns: readonly (readonly string[] | { readonly error: string })[]
}

/** What we answer, in the form in which ask.py does. */
export async function ours(question: Question): Promise<Answer> {
  try {
    return { is: said(await answer(question)) }
  } catch (error) {
    if (error instanceof Refused || error instanceof Wrong) return { error: error.message }
    throw error
  }
}

class Wrong extends Error {}

const plain = (vars: RawVars) =>
  deep(Object.fromEntries(Object.entries(vars).map(([name, { value }]) => [name, value])), (leaf) =>
    leaf instanceof Template ? leaf.text : leaf,
  )

async function answer(question: Question): Promise<unknown> {
  switch (question.kind) {
    case 'value':
      return pythonValue(question.text)
    case 'yaml': {
      const draft = new Draft('/')
      const vars = await readVarsFile(
        draft,
        { file: '/vars.yml', text: question.text, secret: false },
        new VaultOpener([]),
      )
      if (draft.problems.length > 0) throw new Wrong(draft.problems[0]!.message)
      return plain(vars)
    }
    case 'template': {
      const vars = deep({ ...question.vars, asked: question.text }, (leaf) =>
        typeof leaf === 'string' ? written(leaf) : leaf,
      ) as Record<string, unknown>
      const raw = Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, { value, from: 'here' }]))
      const host = { name: 'h', groups: [], vars: raw, source: undefined }
      const { value } = new Values(new Map(), new Map(), '/').of(host)['asked']!
      if (value instanceof Unusable) throw new Wrong(value.problem.message)
      return value
    }
    case 'config': {
      using folder = new Folder({ 'ansible.cfg': question.text })
      const { values: found, defaults } = readAnsibleConfig(folder.path, question.env)
      const full = (name: string, value: unknown): unknown =>
        Array.isArray(value)
          ? value.map((one) => full(name, one))
          : /inventory|file/.test(name)
            ? path.resolve('FOLDER', String(value)).replace(`${process.cwd()}/`, '')
            : value
      const all: readonly (readonly [string, unknown])[] = [
        ...Object.entries(found).map(
          ([name, value]) => [name, name === 'vault-password-file' ? ([value].flat()[0] as unknown) : value] as const,
        ),
        ...Object.entries(defaults).map(([name, { value }]) => [name, value] as const),
      ]
      return Object.fromEntries(all.map(([name, value]) => [name, full(name, value)]))
    }
    case 'search': {
      using folder = new Folder(question.files)
      for (const name of ['cwd', 'home', 'named']) mkdirSync(path.join(folder.path, name), { recursive: true })
      const cwd = path.join(folder.path, 'cwd')
      chmodSync(cwd, question.open ? 0o777 : 0o755)
      const { named } = question
      const home = process.env['HOME']
      process.env['HOME'] = path.join(folder.path, 'home')
      try {
        const given = named === undefined || /^(?:~|$)/.test(named) ? named : path.join(folder.path, named)
        return readAnsibleConfig(cwd, given === undefined ? {} : { ANSIBLE_CONFIG: given }).values.forks ?? null
      } finally {
        process.env['HOME'] = home
      }
    }
    case 'vault': {
      const keys = question.keys.map(([label, password]) => ({ label, password: () => Secret.of(password, label) }))
      try {
        return (await new VaultOpener(keys).open(question.text)).plain.toString('utf8')
      } catch (error) {
        if (error instanceof Advice) throw new Wrong(error.message)
        throw error
      }
    }
    case 'nested':
    case 'inventory': {
      using folder = new Folder()
      for (const [name, content] of Object.entries(question.files))
        folder.write(name, content, content.startsWith('#!') ? 0o755 : 0o644)
      return told(await folder.load(question.args, { playbookFolder: folder.path }), question.patterns)
    }
  }
}

function told(inventory: Inventory, patterns: readonly string[]): Hosts {
  const names = [...inventory.hosts.keys()]
  return {
    order: names,
    hostvars: Object.fromEntries(names.map((name) => [name, values(inventory, name)])),
    groups: Object.fromEntries(
      [...inventory.groups.values()].map(({ name, hosts, own = [], children }) => [
        name,
        { hosts: [...own], children: [...children], all: [...hosts] },
      ]),
    ),
    patterns: patterns.map((pattern) => {
      const { hosts, problems } = matchHosts(pattern, inventory)
      // To name nothing is refused here, and a warning there: the others are compared.
      const wrong = problems.find(({ message }) => !/no host or group matches/.test(message))
      return wrong ? { error: wrong.message } : hosts.map(({ name }) => name)
    }),
  }
}

/** As JSON, in the way of ask.py. */
function said(value: unknown): unknown {
  if (value instanceof Unusable) return { $: 'error', of: value.problem.message }
  if (value instanceof Float) return value.value
  if (typeof value === 'number' && !Number.isFinite(value))
    return { $: 'float', of: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' }
  if (Array.isArray(value)) return value.map(said)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, said(item)]))
}

/** Is our answer Ansible's, but for what is meant to differ? */
export function agree(question: Question, mine: Answer, theirs: Answer): boolean {
  // Named by nothing, it is none here; there it is the one of this folder, even where anybody could have put it.
  if (question.kind === 'search' && question.named === '' && question.open) return true
  if ('error' in theirs) return 'error' in mine || lenient(question, theirs.error)
  // What is neither yes nor no is refused here, and no there.
  if ('error' in mine)
    return (
      (question.kind === 'config' && /must be yes or no.*maybe/.test(mine.error)) ||
      // The version of a vault is not looked at there.
      (question.kind === 'vault' && /no header of an Ansible Vault/.test(mine.error))
    )
  if (question.kind !== 'inventory' && question.kind !== 'nested') return same(mine.is, theirs.is, question)
  const [a, b] = [mine.is as Hosts, theirs.is as Hosts]
  return (
    isDeepStrictEqual(a.order, b.order) &&
    same(a.hostvars, b.hostvars, question) &&
    isDeepStrictEqual(Object.keys(a.groups).sort(), Object.keys(b.groups).sort()) &&
    Object.entries(b.groups).every(([name, group]) => {
      const own = a.groups[name]!
      // Ansible walks groups below groups in the order of a hash table.
      return (
        isDeepStrictEqual([...own.all].sort(), [...group.all].sort()) &&
        (name === 'all' || isDeepStrictEqual(own.hosts, group.hosts)) &&
        isDeepStrictEqual(own.children, group.children)
      )
    }) &&
    a.patterns.every((own, i) => {
      const [pattern, other] = [question.patterns[i]!, b.patterns[i]!]
      // A slice with nothing in it is refused here, and there only when it is one element.
      if ('error' in own)
        return 'error' in other || (other as readonly string[]).length === 0 || /matches no host/.test(own.error)
      if ('error' in other) return false
      const ordered = pattern.startsWith('h*')
      return isDeepStrictEqual(ordered ? own : [...own].sort(), ordered ? other : [...other].sort())
    })
  )
}

/** What Ansible refuses and we read: odd syntax of YAML, a lone = as a value, and numbers that are none. */
const lenient = (question: Question, error: string) =>
  /invalid literal for int/.test(error) ||
  (question.kind === 'yaml' && /constructor|Syntax Error while loading YAML/.test(error))

const timeOfDay = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/

/** Equal, but that dates and times of day stay texts here, and numbers too large to count are the texts of theirs. */
function same(mine: unknown, theirs: unknown, question: Question): boolean {
  const { $: fault, of: reason } = (mine ?? {}) as { readonly $?: string; readonly of?: string }
  if (fault === 'error')
    return (
      (theirs as { readonly $?: string } | null)?.$ === 'error' ||
      // A letter of a text is had there by its number, and what hostvars cannot evaluate stays as it is written.
      /takes something from the text|\[-?\d+\] is not there/.test(reason ?? '') ||
      JSON.stringify(theirs).includes('{{')
    )
  // A template of a template is now and then left as it is written there, which nobody means.
  if (question.kind === 'nested' && typeof theirs === 'string' && theirs.includes('{{')) return mine !== undefined
  if (typeof theirs === 'number' && typeof mine === 'string') return timeOfDay.test(mine)
  if (typeof theirs !== 'object' || theirs === null) return mine === theirs || (mine === 0 && theirs === 0)
  const { $: kind, of } = theirs as { readonly $?: string; readonly of?: string }
  if (kind === 'int') return mine === of
  if (kind === 'date' || kind === 'datetime') return typeof mine === 'string' && JSON.stringify(question).includes(mine)
  if (typeof mine !== 'object' || mine === null) return false
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  return [...names].every((name) =>
    same((mine as Record<string, unknown>)[name], (theirs as Record<string, unknown>)[name], question),
  )
}
