import type { ConnectionSettings, Host, Inventory } from '../../lib/model/inventory.ts'
import type { Sshd } from './sshd.ts'

/** A host of an inventory that has nothing but a name and the way to it. */
export function aHost(name: string, settings: ConnectionSettings): Host {
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
