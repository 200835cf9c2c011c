import { Advice } from '../../lib/index.ts'
import { probe } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf } from '../openstack/cloud.ts'
import { named } from '../openstack/settings.ts'

/** The installed version of nova on a compute node, such as 2013.2.4. @throws Advice when there is none */
export async function computePackage(host: CloudHost): Promise<string> {
  const name = named(releaseOf(host).compute.package, host)
  const { code, stdout } = await host.run(
    host.vars.osFamily === 'redhat'
      ? probe({ allow: [0, 1] })`rpm -q --queryformat '%{VERSION}\\n' ${name}`
      : probe({ allow: [0, 1] })`dpkg-query -W -f '\${Version}\\n' ${name}`,
  )
  if (code !== 0)
    throw new Advice(
      `${name} is not installed on ${host.name}`,
      'is this host a compute node? see the group compute of the inventory',
    )
  return stdout.trim().replace(/^\d+:/, '').replace(/-.*/, '')
}

/** Is a version as young as another, number by number? */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((one) => one.split('.').map(Number))
  const at = want!.findIndex((number, i) => number !== (have![i] ?? 0))
  return at < 0 || (have![at] ?? 0) > want![at]!
}
