import type { CloudHost } from '../openstack/cloud.ts'
import { ini } from '../../lib/modules/index.ts'
import { type Finding, left } from '../openstack/look/finding.ts'
import { valueOf } from '../openstack/settings.ts'

/** Where users and tokens come from: what else than its database keystone would need on the target. */
export async function identity(host: CloudHost): Promise<readonly Finding[]> {
  const conf = await host.run(ini.read('/etc/keystone/keystone.conf'))
  const found: Finding[] = []
  const driver = valueOf(conf, 'identity', 'driver') ?? ''
  if (/ldap/i.test(driver))
    found.push(
      left(
        host,
        'ldap',
        `keystone takes its users from LDAP (${driver}), and its settings are not moved`,
        'set [identity], [assignment] and [ldap] in keystone.conf of the target as on the source',
      ),
    )
  const tokens = [valueOf(conf, 'signing', 'token_format'), valueOf(conf, 'token', 'provider')].join(' ')
  if (/pki/i.test(tokens))
    found.push(
      left(
        host,
        'pki',
        `keystone signs PKI tokens (${tokens.trim()}), and its certificates are not moved`,
        'copy /etc/keystone/ssl to the target and set [signing] there as on the source',
      ),
    )
  return found
}
