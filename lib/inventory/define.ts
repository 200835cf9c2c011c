import type { ConnectionSettings } from '../model/inventory.ts'
import { here, type Location } from '../model/location.ts'

/** Connection settings, of which any may still be on its way: `password: fromCommand('pass show lab')`. */
export type SettingsDefinition = {
  readonly [K in keyof ConnectionSettings]: ConnectionSettings[K] | Promise<ConnectionSettings[K]>
}

/** What an inventory says of one host, or of a range of hosts such as `node-[01:10]`. */
export interface HostDefinition {
  readonly settings?: SettingsDefinition
  readonly vars?: Readonly<Record<string, unknown>>
}

/** Hosts with what is said of each, or only their names. */
export type HostsDefinition = Readonly<Record<string, HostDefinition>> | readonly string[]

/** A group: what holds for all its hosts, and the groups it contains. */
export interface GroupDefinition<Name extends string = string> extends HostDefinition {
  readonly hosts?: HostsDefinition
  readonly children?: readonly Name[]
}

/** An inventory as its author writes it; what a group says wins over the whole, what a host says over its groups. */
export interface InventoryDefinition<Name extends string = string> extends HostDefinition {
  readonly groups?: { readonly [group in Name]: GroupDefinition<NoInfer<Name>> }
  /** Hosts of no group. */
  readonly hosts?: HostsDefinition
  readonly at?: Location
}

/**
 * Declares an inventory: what an inventory file exports as its default. A child group that is not defined does not
 * compile.
 *
 * ```ts
 * export default inventory({
 *   settings: { user: 'deploy', become: true },
 *   groups: { web: { hosts: { 'web-1': { settings: { address: '192.0.2.11' } } }, vars: { workers: 4 } } },
 * })
 * ```
 */
export function inventory<const Name extends string = never>(
  definition: InventoryDefinition<Name>,
): InventoryDefinition {
  return { ...definition, at: here() } as unknown as InventoryDefinition
}
