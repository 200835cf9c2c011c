import type { ConnectionSettings, Host, Inventory, RawVar } from '../model/inventory.ts'
import type { Json } from '../model/operation.ts'
import { knownSecrets, Secret } from '../model/secret.ts'

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

/** The inventory as Ansible's `--list` has it, secrets masked. */
export function listing(inventory: Inventory): { readonly [name: string]: Json } {
  const hostvars = Object.fromEntries(
    [...inventory.hosts.values()].map((host) => [
      host.name,
      {
        ...connectionVars(host.settings),
        ...Object.fromEntries(Object.entries(host.vars).map(([name, { value }]) => [name, shown(value, name)])),
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
  readonly from: string
  /** What it replaced, the nearest first. */
  readonly overrode: readonly { readonly value: Json; readonly from: string }[]
}

/** Every variable of a host by name, with where it came from and what it overrode. */
export function varsOf(host: Host): readonly ShownVar[] {
  const one = ({ value, from }: RawVar, name: string) => ({ value: shown(value, name), from })
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
  return Object.fromEntries(Object.entries(host.settings).map(([name, value]) => [name, shown(value, name)]))
}

/** A host as `run inventory --host` prints it: its groups, its connection, and `varsOf` as a table. */
export function hostVars(inventory: Inventory, host: Host): string {
  const rows = varsOf(host).flatMap(({ name, value, from, overrode }) => [
    [name, `= ${text(value)}`, from],
    ...overrode.map((below) => ['', `  over ${text(below.value)}`, below.from]),
  ])
  const width = (column: number) => Math.min(48, Math.max(0, ...rows.map((row) => row[column]!.length)))
  const [names, values] = [width(0), width(1)]
  return [
    `${host.name}  groups: ${host.groups.join(', ') || 'none'}  inventory: ${inventory.path}`,
    ...Object.entries(settingsOf(host)).map(([name, value]) => `  ${name}: ${text(value)}`),
    ...rows.map(([name = '', value = '', from = '']) => `${name.padEnd(names)} ${value.padEnd(values)}  ${from}`),
  ].join('\n')
}

// A mask is no text of the inventory, so it stands without quotes.
const text = (value: Json) =>
  typeof value === 'string' && /^‹[^›]*›$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined')

// The model keeps the hosts of child groups with those of a group; its own are the others.
function ownHosts(inventory: Inventory, name: string): readonly string[] {
  const group = inventory.groups.get(name)
  const below = new Set(group?.children.flatMap((child) => inventory.groups.get(child)?.hosts ?? []))
  return group?.hosts.filter((host) => !below.has(host)) ?? []
}

// Nobody but a role knows that a plain text is a secret, so here the name decides.
const sounds = /pass(?:word|wd|phrase)?$|secret|token$|private_?key$|api_?key$/i

function shown(value: unknown, name: string): Json {
  if (value instanceof Secret) return value.toString()
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

function connectionVars({
  connection,
  address,
  port,
  user,
  privateKey,
  become,
  becomeMethod,
  password,
  becomePassword,
}: ConnectionSettings): Record<string, Json> {
  const all: Record<string, Json> = {
    ansible_connection: connection,
    ansible_host: address,
    ansible_port: port,
    ansible_user: user,
    ansible_password: password?.toString(),
    ansible_ssh_private_key_file: privateKey,
    ansible_become: become === undefined ? undefined : become !== false,
    ansible_become_user: typeof become === 'string' ? become : undefined,
    ansible_become_method: becomeMethod,
    ansible_become_password: becomePassword?.toString(),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
