import { type ConnectionSettings, type Host, type Inventory, type RawVar, Unusable } from '../model/inventory.ts'
import type { Json } from '../model/operation.ts'
import { knownSecrets, Secret } from '../model/secret.ts'
import { namesOf } from './ansible-vars.ts'
import { Float } from './scalars.ts'
import { Template } from './template.ts'

/** The groups as a tree, each with its child groups and its own hosts. */
export function graph(inventory: Inventory): string {
  const lines = ['@all:']
  const walk = (name: string, indent: string) => {
    const group = inventory.groups.get(name)
    const children = group?.children ?? []
    for (const child of children) {
      lines.push(`${indent}|--@${child}:`)
      walk(child, `${indent}|  `)
    }
    for (const host of ownHosts(inventory, name)) lines.push(`${indent}|--${host}`)
  }
  walk('all', '  ')
  return lines.join('\n')
}

/** The inventory as Ansible's `--list` has it: templates as they stand, secrets masked. */
export function listing(inventory: Inventory): { readonly [name: string]: Json } {
  const hostvars = Object.fromEntries(
    [...inventory.hosts.values()].map((host) => [
      host.name,
      {
        ...connectionVars(host),
        ...Object.fromEntries(
          Object.entries(host.vars).map(([name, { value, written = value }]) => [name, shown(written, name)]),
        ),
      },
    ]),
  )
  const groups = [...inventory.groups.values()]
    .map(({ name, children }) => {
      const hosts = ownHosts(inventory, name)
      return [name, { ...(children.length > 0 ? { children } : {}), ...(hosts.length > 0 ? { hosts } : {}) }] as const
    })
    .filter(([, group]) => Object.keys(group).length > 0)
  return { _meta: { hostvars }, ...Object.fromEntries(groups) }
}

/** `listing` as text. */
export function listJson(inventory: Inventory): string {
  return JSON.stringify(listing(inventory), null, 2)
}

/** A variable of a host, secrets masked. */
export interface ShownVar {
  readonly name: string
  readonly value: Json
  /** The template that it was made of. */
  readonly written?: Json
  readonly from: string
  /** What it replaced, the nearest first. */
  readonly overrode: readonly { readonly value: Json; readonly from: string }[]
}

/** Every variable of a host by name, with where it came from and what it overrode. */
export function varsOf(host: Host): readonly ShownVar[] {
  const one = ({ value, written, from }: RawVar, name: string) => ({
    value: shown(value, name),
    ...(written === undefined ? {} : { written: shown(written, name) }),
    from,
  })
  return Object.entries(host.vars)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, raw]) => ({
      name,
      ...one(raw, name),
      overrode: (raw.overrode ?? []).map((below) => one(below, name)),
    }))
}

/** How a host is reached, secrets masked; only what the inventory says. */
export function settingsOf(host: Host): { readonly [setting: string]: Json } {
  return Object.fromEntries(
    Object.entries(host.settings).map(([name, value]) => [
      name,
      // The path of a key, which is none itself.
      name === 'privateKey' && typeof value === 'string' ? masked(value) : shown(value, name),
    ]),
  )
}

/** A host as `run inventory --host` prints it: its groups, its connection, and `varsOf` as a table. */
export function hostVars(inventory: Inventory, host: Host): string {
  const rows = varsOf(host).flatMap(({ name, value, written, from, overrode }) => [
    [name, `= ${text(value)}`, from],
    ...(written === undefined ? [] : [['', `  made of ${text(written)}`, '']]),
    ...overrode.map((below) => ['', `  over ${text(below.value)}`, below.from]),
  ])
  const width = (column: number) => Math.min(48, Math.max(0, ...rows.map((row) => row[column]!.length)))
  const [names, values] = [width(0), width(1)]
  return [
    `${host.name}  groups: ${host.groups.join(', ') || 'none'}  inventory: ${inventory.path}`,
    ...Object.entries(settingsOf(host)).map(([name, value]) => `  ${name}: ${text(value)}`),
    ...(host.faults ?? []).map(({ message, hint }) => `  cannot be reached: ${message}${hint ? ` - ${hint}` : ''}`),
    ...rows.map(([name = '', value = '', from = '']) => `${name.padEnd(names)} ${value.padEnd(values)}  ${from}`),
  ].join('\n')
}

// A mask is no text of the inventory, so it stands without quotes.
const text = (value: Json) =>
  typeof value === 'string' && /^‹[^›]*›$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined')

// A host that is named in a group and in its child belongs to both.
function ownHosts(inventory: Inventory, name: string): readonly string[] {
  const group = inventory.groups.get(name)
  return (group?.own ?? []).filter((host) => inventory.hosts.has(host))
}

// Nobody but a role knows that a plain text is a secret, so here the name decides.
const sounds = /pass(?:word|wd|phrase)?$|secret|token$|private_?key$|api_?key$/i

function shown(value: unknown, name: string): Json {
  if (value instanceof Secret) return value.toString()
  if (value instanceof Template) return value.label === undefined ? masked(value.text) : value.toString()
  if (value instanceof Float) return shown(value.value, name)
  if (value instanceof Unusable) return `‹not to be had: ${value.problem.message}›`
  if (typeof value === 'string') return sounds.test(name) && value !== '' ? `‹${name}›` : masked(value)
  if (typeof value === 'number') return sounds.test(name) ? `‹${name}›` : value
  if (Array.isArray(value)) return value.map((item) => shown(item, name))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item, key)]))
  return value as Json
}

function masked(text: string): string {
  return knownSecrets().reduce((rest, [secret, label]) => rest.replaceAll(secret, `‹${label}›`), text)
}

/** What the settings say, as the variables that Ansible has for it; not what such variables have said. */
function connectionVars({ vars, settings }: Host): Record<string, Json> {
  const { connection, address, port, user, privateKey, become, becomeMethod, password, becomePassword } = settings
  const all: readonly (readonly [keyof ConnectionSettings, string, Json])[] = [
    ['connection', 'ansible_connection', connection],
    ['address', 'ansible_host', address],
    ['port', 'ansible_port', port],
    ['user', 'ansible_user', user],
    ['password', 'ansible_password', password?.toString()],
    ['privateKey', 'ansible_ssh_private_key_file', privateKey],
    ['become', 'ansible_become', become === undefined ? undefined : become !== false],
    ['become', 'ansible_become_user', typeof become === 'string' ? become : undefined],
    ['becomeMethod', 'ansible_become_method', becomeMethod],
    ['becomePassword', 'ansible_become_password', becomePassword?.toString()],
  ]
  return Object.fromEntries(
    all
      .filter(
        ([setting, , value]) => value !== undefined && !namesOf(setting).some((name) => Object.hasOwn(vars, name)),
      )
      .map(([, name, value]) => [name, value]),
  )
}
