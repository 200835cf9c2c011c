import { type HostContext, oneHost, oneOf, secret, secrets, text, type VarsOf } from '../../lib/index.ts'
import type { database } from '../../lib/modules/index.ts'

/** What the inventory says about every host of the two clouds. */
export const cloud = {
  source: oneHost('source').describe('the controller that is replaced'),
  target: oneHost('target').describe('the controller that replaces it'),
  fqdn: text.describe('the host as OpenStack knows it: the value of host= or the full host name'),
  management: text.describe('address in the management network'),
  storage: text.describe('address in the storage network: where iSCSI is served and used'),
  public: text.or('').describe('address of a controller in the public network'),
  rabbitUser: text.or('nova').describe('AMQP user on the target'),
  rabbitPassword: secret.describe('AMQP password on the target'),
  databasePasswords: secrets.describe(
    'database passwords of the services on the target: keystone, glance, nova, neutron, cinder',
  ),
  databaseRootPassword: secret
    .or(undefined)
    .describe("root's password of this host's database server, where its socket alone does not do"),
  volumeGroup: text.or('cinder').describe('LVM volume group of cinder, on both controllers'),
  backups: text.or('/var/backups/switchover').describe('where dumps and saved files are kept on the target'),
  osFamily: oneOf('redhat', 'debian').or('redhat').describe('whose names the services have'),
}

export type Cloud = VarsOf<typeof cloud>
export type CloudHost = HostContext<Cloud>
export type ServiceName = 'keystone' | 'glance' | 'nova' | 'neutron' | 'cinder'

/** How root logs in to the database server of a host. */
export function rootLogin(host: CloudHost): database.Login {
  const { databaseRootPassword } = host.vars
  return databaseRootPassword ? { user: 'root', password: databaseRootPassword } : {}
}

/** How a service logs in to its database on the target. */
export function serviceLogin(host: CloudHost, service: ServiceName): database.ServiceLogin {
  const password = host.vars.databasePasswords[service]
  if (!password) throw new Error(`databasePasswords of ${host.name} has no ${service}: add it to the inventory`)
  return { user: service, password, database: service }
}

/** The source controller, with its own variables. */
export function sourceOf(host: CloudHost): CloudHost {
  return host.on(host.vars.source)
}

/** The target controller, with its own variables. */
export function targetOf(host: CloudHost): CloudHost {
  return host.on(host.vars.target)
}

/** Which addresses of the source become which of the target; unset and equal ones are left out. */
export function movedAddresses(host: CloudHost): readonly (readonly [from: string, to: string])[] {
  const [from, to] = [sourceOf(host).vars, targetOf(host).vars]
  const pairs = [
    [from.management, to.management],
    [from.public, to.public],
    [from.storage, to.storage],
  ] as const
  return pairs.filter(([a, b]) => a !== '' && b !== '' && a !== b)
}

/**
 * A text with the source's addresses replaced by the target's. An address counts only as a whole: 192.168.1.4 is also the
 * beginning of 192.168.1.40.
 */
export function withMovedAddresses(value: string, moved: readonly (readonly [from: string, to: string])[]): string {
  if (moved.length === 0) return value
  const to = new Map(moved)
  const pattern = moved.map(([from]) => from.replaceAll('.', '\\.')).join('|')
  return value.replace(new RegExp(`(?<![\\d.])(?:${pattern})(?![\\d]|\\.\\d)`, 'g'), (found) => to.get(found) ?? found)
}
