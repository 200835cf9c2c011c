import type { ConnectionSettings, Host, Inventory, RawVar } from '../../lib/model/inventory.ts'
import { operation, output } from '../../lib/model/operation.ts'
import { FakeNetwork } from '../../lib/testing/fake-hosts.ts'
import type { Sshd } from './sshd.ts'

/** A host of an inventory that has nothing but a name and the way to it. */
export function aHost(name: string, settings: ConnectionSettings = {}): Host {
  return { name, groups: [], vars: {}, settings }
}

/** An inventory of these hosts. */
export function inventoryOf(...hosts: readonly Host[]): Inventory {
  return { path: 'test', hosts: new Map(hosts.map((host) => [host.name, host])), groups: new Map() }
}

/** How to reach a throw-away ssh server. */
export function reach({ port, privateKey, knownHosts }: Sshd): ConnectionSettings {
  return { address: '127.0.0.1', port, privateKey, knownHosts }
}

/** The hosts of a test, in groups: `{ compute: ['c-1', 'c-2'] }`; variables by host. */
export function rigOf(
  groups: Readonly<Record<string, readonly string[]>>,
  vars: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): FakeNetwork {
  const names = [...new Set(Object.values(groups).flat())]
  const raw = (host: string): Readonly<Record<string, RawVar>> =>
    Object.fromEntries(Object.entries(vars[host] ?? {}).map(([name, value]) => [name, { value, from: 'hosts:1' }]))
  const hosts = new Map(
    names.map((name) => [
      name,
      {
        ...aHost(name),
        groups: Object.keys(groups).filter((group) => groups[group]!.includes(name)),
        vars: raw(name),
      },
    ]),
  )
  const inventory: Inventory = {
    path: 'test',
    hosts,
    groups: new Map(
      Object.entries(groups).map(([name, members]) => [name, { name, hosts: members, children: [], vars: {} }]),
    ),
  }
  return new FakeNetwork(inventory, true)
}

/** Changes the host by a command, each time it is run. */
export const change = operation<string, null, string, string>((script) => `change ${script}`, {
  read: () => Promise.resolve(null),
  plan: (_, script) => ({ result: '', change: script }),
  apply: (connection, script) => output(connection, script),
})

/** Runs a command that only looks. */
export const look = operation<string, string, string>((script) => `look ${script}`, {
  read: (connection, script) => output(connection, script),
  plan: (said) => ({ result: said }),
})

/** Looks with one command whether the host is as wished (it prints `yes`), and makes it so with another. */
export const wish = operation<{ readonly is: string; readonly make: string }, boolean, string, boolean>(
  ({ make }) => `wish ${make}`,
  {
    read: async (connection, { is }) => (await output(connection, is)) === 'yes',
    plan: (is, { make }) =>
      is ? { result: true } : { result: true, change: make, diff: { path: 'state', before: 'no\n', after: 'yes\n' } },
    async apply(connection, make) {
      await output(connection, make)
    },
  },
)

/** Changes the host, and only the real run can tell with which result. */
export const guess = operation<string, null, string, string>((script) => `guess ${script}`, {
  read: () => Promise.resolve(null),
  plan: (_, script) => ({ result: 'made up', change: script, unpredictable: true }),
  apply: (connection, script) => output(connection, script),
})
