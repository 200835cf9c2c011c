import type { CloudHost } from '../openstack/cloud.ts'
import { database, ini } from '../../lib/modules/index.ts'
import { broken, type Finding, left, refused } from '../openstack/look/finding.ts'
import { rootLogin } from '../openstack/logins.ts'
import { valueOf } from '../openstack/settings.ts'

/** What the short names stand for (Q@2014.1 setup.cfg, neutron.core_plugins and neutron.service_plugins). */
const classes: Readonly<Record<string, string>> = {
  openvswitch: 'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2',
  linuxbridge: 'neutron.plugins.linuxbridge.lb_neutron_plugin.LinuxBridgePluginV2',
  ml2: 'neutron.plugins.ml2.plugin.Ml2Plugin',
  router: 'neutron.services.l3_router.l3_router_plugin.L3RouterPlugin',
  firewall: 'neutron.services.firewall.fwaas_plugin.FirewallPlugin',
  lbaas: 'neutron.services.loadbalancer.plugin.LoadBalancerPlugin',
  vpnaas: 'neutron.services.vpn.plugin.VPNDriverPlugin',
  metering: 'neutron.services.metering.metering_plugin.MeteringPlugin',
}

/** The class of a plugin, where its short name is a known one. */
export function classOf(name: string): string | undefined {
  return classes[name]
}

/** The plugins, of which the migrations take only whole class names. */
export async function plugins(host: CloudHost): Promise<readonly Finding[]> {
  const conf = await host.run(ini.read('/etc/neutron/neutron.conf'))
  const found: Finding[] = []
  const core = valueOf(conf, 'DEFAULT', 'core_plugin') ?? ''
  if (!core.includes('.'))
    found.push(
      broken(
        `core_plugin in neutron.conf is ${core || 'not set'}, and the migrations take only a class`,
        `write its full name there on ${host.name}: ${classOf(core) ?? 'see setup.cfg of its package'}`,
      ),
    )
  const services = (valueOf(conf, 'DEFAULT', 'service_plugins') ?? '').split(',').map((one) => one.trim())
  const short = services.filter((one) => one !== '' && !one.includes('.'))
  if (short.length > 0)
    found.push(
      broken(
        `service_plugins in neutron.conf has ${short.join(', ')}, and the migrations take only classes`,
        `write the full names there on ${host.name}: ` +
          `service_plugins=${services.map((one) => classOf(one) ?? one).join(',')}`,
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
