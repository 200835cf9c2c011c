import { Advice } from '../../lib/index.ts'
import { probe } from '../../lib/modules/index.ts'
import type { CloudHost } from '../openstack/cloud.ts'

/** The installed version of nova on a compute node, such as 2013.2.4. @throws Advice when there is none */
export async function computePackage(host: CloudHost): Promise<string> {
  const { code, stdout } = await host.run(
    host.vars.osFamily === 'redhat'
      ? probe({ allow: [0, 1] })`rpm -q --queryformat '%{VERSION}\\n' openstack-nova-compute`
      : probe({ allow: [0, 1] })`dpkg-query -W -f '\${Version}\\n' nova-compute`,
  )
  if (code !== 0)
    throw new Advice(
      `nova-compute is not installed on ${host.name}`,
      'is this host a compute node? see the group compute of the inventory',
    )
  return stdout.trim().replace(/^\d+:/, '').replace(/-.*/, '')
}

/**
 * Does this release take `icehouse-compat` on a compute node? The alias came with 2013.2.2 (before, the word is taken for a
 * version number and fails at the first message), and 2013.2.2 itself sends wrong arguments under it (bug 1301436).
 */
export function supportsIcehouseCompat(version: string): boolean {
  const [year = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return year > 2013 || (year === 2013 && (minor > 2 || (minor === 2 && patch >= 3)))
}
