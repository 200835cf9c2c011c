import type { CloudHost } from '../openstack/cloud.ts'
import { database, ini } from '../../lib/modules/index.ts'
import { broken, type Finding, left, refused } from '../openstack/look/finding.ts'
import { rootLogin } from '../openstack/logins.ts'
import { valueOf } from '../openstack/settings.ts'

/** The plugins, of which the migrations take only whole class names. */
export async function plugins(host: CloudHost): Promise<readonly Finding[]> {
  const conf = await host.run(ini.read('/etc/neutron/neutron.conf'))
  const found: Finding[] = []
  const core = valueOf(conf, 'DEFAULT', 'core_plugin') ?? ''
  if (!core.includes('.'))
    found.push(
      broken(
        `core_plugin in neutron.conf is ${core || 'not set'}, and the migrations take only a class`,
        `write its full name there on ${host.name}: neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2`,
      ),
    )
  const services = (valueOf(conf, 'DEFAULT', 'service_plugins') ?? '').split(',').map((one) => one.trim())
  const short = services.filter((one) => one !== '' && !one.includes('.'))
  if (short.length > 0)
    found.push(
      broken(
        `service_plugins in neutron.conf has ${short.join(', ')}, and the migrations take only classes`,
        `write their full names there on ${host.name}`,
      ),
    )
  return found
}

/** Networks of nova's own, which no role moves. */
export async function api(host: CloudHost): Promise<readonly Finding[]> {
  const client = valueOf(await host.run(ini.read('/etc/nova/nova.conf')), 'DEFAULT', 'network_api_class') ?? ''
  if (/neutron|quantum/.test(client)) return []
  return [
    refused(
      `nova uses nova-network (network_api_class ${client || 'is not set'}), which no role moves`,
      'these roles move clouds with neutron',
    ),
  ]
}

/** Load balancers, whose agent no role starts. */
export async function balancers(host: CloudHost): Promise<readonly Finding[]> {
  const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
  const there = await ask(`SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'neutron' AND table_name IN ('pools', 'vips', 'members')`)
  if (there.length === 0) return []
  const [[count = '0'] = []] = await ask('SELECT COUNT(*) FROM neutron.pools')
  if (count === '0') return []
  return [left(host, 'lbaas', `${count} pools of load balancers move as rows, and no agent serves them on the target`)]
}
