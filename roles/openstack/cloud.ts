import {
  Advice,
  allHosts,
  type HostContext,
  type HostView,
  list,
  oneHost,
  oneOf,
  secret,
  secrets,
  text,
  type VarsOf,
} from '../../lib/index.ts'
import { releases } from './releases/index.ts'
import type { Release, Service } from './release.ts'

/** What the inventory says about every host of the two clouds. */
export const cloud = {
  release: oneOf(...Object.keys(releases))
    .or('havana-icehouse')
    .describe('the releases that are left and reached: a file of roles/openstack/releases'),
  source: oneHost('source').describe('the controller that is replaced'),
  target: oneHost('target').describe('the controller that replaces it'),
  computes: allHosts('compute').describe('the compute nodes, which stay'),
  leave: list
    .or([] as readonly string[])
    .describe('what of the source is knowingly left behind, by the names that preflight gives it, such as swift'),
  also: list
    .or([] as readonly string[])
    .describe('services that not every cloud has, and that are moved too, by the names that preflight gives them'),
  without: list
    .or([] as readonly string[])
    .describe('daemons that a controller does without, by the names that preflight gives them; set it on that host'),
  carry: list
    .or([] as readonly string[])
    .describe('settings of the source that are taken over, such as nova.conf:DEFAULT.cpu_allocation_ratio'),
  proceed: list.or([] as readonly string[]).describe('questions that the inventory answers with yes: computes, guests'),
  fqdn: text.describe('the host as OpenStack knows it: the value of host= or the full host name'),
  management: text.describe('address in the management network'),
  storage: text.describe('address in the storage network: where iSCSI is served and used'),
  public: text.or('').describe('address of a controller in the public network'),
  rabbitUser: text.or('nova').describe('AMQP user on the target'),
  rabbitPassword: secret.describe('AMQP password on the target'),
  databasePasswords: secrets.describe('database passwords of the services on the target, by the name of the service'),
  databaseRootPassword: secret
    .or(undefined)
    .describe("root's password of this host's database server, where its socket alone does not do"),
  volumeGroup: text.or('cinder').describe('LVM volume group of cinder, on both controllers'),
  backups: text.or('/var/backups/switchover').describe('where dumps and saved files are kept on the target'),
  osFamily: oneOf('redhat', 'debian').or('redhat').describe('whose names the services have'),
}

export type Cloud = VarsOf<typeof cloud>
export type CloudHost = HostContext<Cloud>
export type CloudView = HostView<Cloud>

/** The variables of both controllers. */
export interface Site {
  readonly source: Cloud
  readonly target: Cloud
}

/** The source controller, with its own variables. */
export function sourceOf(host: CloudHost): CloudHost
export function sourceOf(host: CloudView): CloudView
export function sourceOf(host: CloudView): CloudView {
  return host.on(host.vars.source)
}

/** The target controller, with its own variables. */
export function targetOf(host: CloudHost): CloudHost
export function targetOf(host: CloudView): CloudView
export function targetOf(host: CloudView): CloudView {
  return host.on(host.vars.target)
}

/** Both controllers, as any host of the clouds sees them. */
export function siteOf(host: CloudView): Site {
  return { source: sourceOf(host).vars, target: targetOf(host).vars }
}

/**
 * The releases in force: the one place where they are chosen is the variable `release`. Of their optional services they
 * have those that the variable `also` names.
 */
export function releaseOf({ vars }: CloudView): Release {
  const release = releases[vars.release]!
  const wanted = ({ optional, name }: Service) => !optional || vars.also.includes(name)
  return { ...release, services: release.services.filter(wanted) }
}

/** The services that the releases in force could move, and that the inventory does not name. */
export function optionalOf({ vars }: CloudView): readonly Service[] {
  return releases[vars.release]!.services.filter(({ optional, name }) => optional && !vars.also.includes(name))
}

/** Do the releases in force have a service of that name? */
export function has(name: string) {
  return (host: CloudView) => releaseOf(host).services.some((service) => service.name === name)
}

/** A service of the release in force. @throws Advice when it is optional and not asked for */
export function serviceOf(host: CloudView, name: string): Service {
  const { services, to } = releaseOf(host)
  const found = services.find((service) => service.name === name)
  if (!found && optionalOf(host).some((one) => one.name === name))
    throw new Advice(
      `${name} is moved only where the inventory names it`,
      `set also: ['${name}'] there for all hosts, or type -e also=${name} with every command`,
    )
  if (!found) throw new Error(`${to} has no service ${name}: there are ${services.map((one) => one.name).join(', ')}`)
  return found
}
