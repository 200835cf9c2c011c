import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Advice, role } from '../../lib/index.ts'
import { database, ini, probe, wait } from '../../lib/modules/index.ts'
import { cloud, type CloudHost, rootLogin, serviceLogin, sourceOf } from '../openstack/cloud.ts'
import { move, start } from '../openstack/move.ts'
import { services } from '../openstack/services.ts'
import { carried, databaseSettings, merged, rabbitSettings, valueOf } from '../openstack/settings.ts'

const conf = '/etc/neutron/neutron.conf'
const plugin = '/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini'
const agents = ['dhcp_agent', 'l3_agent', 'metadata_agent'] as const
const credentials = ['admin_user', 'admin_password', 'admin_tenant_name']

/** Neutron's database and configuration on the target controller: the article's «Upgrading Neutron». */
export const neutronData = role('neutron', cloud, (steps) => {
  const { task } = steps
  move(steps, {
    service: 'neutron',
    configure(changed) {
      task('Set database, broker, plugin and credentials', { tags: ['config'], notify: changed }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read(conf))
        return ini.set(
          conf,
          merged(
            databaseSettings(host, 'neutron'),
            {
              DEFAULT: {
                ...rabbitSettings(host)['DEFAULT'],
                rabbit_hosts: `127.0.0.1:5672,${host.vars.management}:5672`,
                // A module path still: `rabbit` alone cannot be imported (neutron 2014.1 neutron/openstack/common/rpc/__init__.py:269).
                rpc_backend: 'neutron.openstack.common.rpc.impl_kombu',
                ...(await pluginClasses(host, theirs)),
              },
              // MOS 4.1 sets agent_down_time=15 alone; the agents' default interval went from 4 s to 30 s, and they seemed to flap.
              agent: { report_interval: 5 },
            },
            carried(theirs, { DEFAULT: ['allow_overlapping_ips', 'base_mac'], keystone_authtoken: credentials }),
          ),
        )
      })
      task(
        'Keep agents from being called dead between two reports',
        { tags: ['config'], notify: changed },
        async (host) => {
          const ours = await host.run(ini.read(conf))
          const down = Number(valueOf(ours, 'DEFAULT', 'agent_down_time') ?? 75)
          return ini.set(conf, { DEFAULT: { agent_down_time: Math.max(down, 15) } })
        },
      )
      task('Set the credentials in api-paste.ini', { tags: ['config'], notify: changed }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read(conf))
        const ours = await host.run(ini.read('/etc/neutron/api-paste.ini', { dialect: 'loose' }))
        // Values of the paste file win over those of neutron.conf, so they must agree where they are set at all.
        if (valueOf(ours, 'filter:authtoken', 'admin_password') === undefined) return undefined
        const { keystone_authtoken } = carried(theirs, { keystone_authtoken: credentials })
        return host.run(
          ini.set('/etc/neutron/api-paste.ini', { 'filter:authtoken': keystone_authtoken! }, { dialect: 'loose' }),
        )
      })
      task('Set the credentials of the agents', { tags: ['config'], notify: changed }, async (host) => {
        for (const agent of agents) {
          const theirs = await sourceOf(host).run(ini.read(`/etc/neutron/${agent}.ini`))
          await host.run(ini.set(`/etc/neutron/${agent}.ini`, carried(theirs, { DEFAULT: credentials })))
        }
      })
      task('Bring the tunnels and bridges of the plugin', { tags: ['config'], notify: changed }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read(plugin))
        return ini.set(
          plugin,
          carried(theirs, {
            ovs: [
              'tenant_network_type',
              'enable_tunneling',
              'tunnel_type',
              'tunnel_id_ranges',
              'network_vlan_ranges',
              'bridge_mappings',
              'integration_bridge',
              'tunnel_bridge',
            ],
          }),
        )
      })
    },
    // A database that neutron-server made itself has no version, and must be given one; stamping one that has a version would
    // make the same migrations run twice.
    async migrations(host) {
      const [stamp, upgrade] = services.neutron.migrations as [string, string]
      const [known] = await host.run(
        database.select(
          "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'neutron' AND table_name = 'alembic_version'",
          rootLogin(host),
        ),
      )
      const [row] =
        known?.[0] === '1'
          ? await host.run(database.select('SELECT version_num FROM neutron.alembic_version', rootLogin(host)))
          : []
      return row ? [upgrade] : [stamp, upgrade]
    },
    rows() {
      const tags = ['rows', 'database']
      // Bindings of routers and networks refer to the agent's row, so they move with it; without this the target's agents would
      // make rows of their own and everything would stay bound to dead ones.
      task('Give the agents of the old controller the new name', { tags }, async (host) => {
        await renameHost(host, 'agents', 'id', 'host')
        await renameHost(host, 'portbindingports', 'port_id', 'host')
      })
      task('Give the DHCP ports of the old controller to the new one', { tags }, (host) => {
        const [from, to] = [dhcpDevice(sourceOf(host).vars.fqdn), dhcpDevice(host.vars.fqdn)]
        return database.rewrite({
          login: serviceLogin(host, 'neutron'),
          table: 'ports',
          key: 'id',
          columns: ['device_id'],
          where: "device_owner = 'network:dhcp'",
          save: `${host.vars.backups}/rows/neutron.ports.jsonl`,
          change: (row) => ({ device_id: String(row['device_id']).replace(from, to) }),
        })
      })
      // The end point is the agent's local_ip, in whichever network that is.
      task('Move the tunnel end point of the old controller', { tags }, async (host) => {
        const [from, to] = await Promise.all(
          [sourceOf(host), host].map(
            async (one) => valueOf(await one.run(ini.read(plugin)), 'ovs', 'local_ip') ?? one.vars.management,
          ),
        )
        return host.run(
          database.rewrite({
            login: serviceLogin(host, 'neutron'),
            table: 'ovs_tunnel_endpoints',
            key: 'id',
            columns: ['ip_address'],
            save: `${host.vars.backups}/rows/neutron.ovs_tunnel_endpoints.jsonl`,
            change: (row) => (row['ip_address'] === from ? { ip_address: to } : undefined),
          }),
        )
      })
    },
  })
})

/** Starts the neutron that has been moved. */
export const neutronStart = role('neutron.start', cloud, (steps) => {
  const { task } = steps
  // Icehouse neutron tells nova about ports. The tenant's id comes from the imported keystone: the one in the file is of the
  // target's own, which is gone.
  task('Let neutron notify nova', { tags: ['config'] }, async (host) => {
    const [tenant] = await host.run(
      database.select(
        "SELECT id FROM keystone.project WHERE name IN ('services', 'service') ORDER BY name DESC",
        rootLogin(host),
      ),
    )
    if (!tenant)
      throw new Advice(
        `keystone on ${host.name} has no project services`,
        'move keystone first: run keystone -i INVENTORY',
      )
    const theirs = await sourceOf(host).run(ini.read('/etc/nova/nova.conf'))
    const { admin_user, admin_password } = carried(theirs, { keystone_authtoken: ['admin_user', 'admin_password'] })[
      'keystone_authtoken'
    ]!
    return host.run(
      ini.set(conf, {
        DEFAULT: {
          notify_nova_on_port_status_changes: true,
          notify_nova_on_port_data_changes: true,
          nova_url: `http://${host.vars.management}:8774/v2`,
          nova_region_name: 'RegionOne',
          nova_admin_auth_url: `http://${host.vars.management}:35357/v2.0`,
          nova_admin_tenant_id: tenant[0]!,
          ...(admin_user === undefined ? {} : { nova_admin_username: admin_user }),
          ...(admin_password === undefined ? {} : { nova_admin_password: admin_password }),
        },
      }),
    )
  })
  const started = start(steps, 'neutron')
  task(
    'Wait until neutron answers',
    { tags: ['start', 'verify'] },
    wait.http('http://127.0.0.1:9696/', { timeout: 60 }),
  )
  task('Check the list of networks', { tags: ['verify'], retries: 5, delay: '1s' }, async (host) => {
    const { stdout } = await host.run(probe`. /root/openrc && neutron net-list`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}-/.test(row))
    const [counted] = await host.run(database.select('SELECT COUNT(*) FROM neutron.networks', rootLogin(host)))
    assert(rows.length > 0 || counted?.[0] === '0', 'neutron lists no network')
    return { networks: rows.length }
  })
  task("Check that the target's agents are alive", { tags: ['verify'], retries: 30, delay: '1s' }, async (host) => {
    const rows = await host.run(
      database.select(
        `SELECT agent_type, heartbeat_timestamp > '${host.result(started).now}' FROM neutron.agents WHERE host = '${host.vars.fqdn}'`,
        rootLogin(host),
      ),
    )
    assert(rows.length > 0, `neutron knows no agent on ${host.vars.fqdn}`)
    const dead = rows.filter(([, alive]) => alive !== '1').map(([type]) => type)
    assert(dead.length === 0, `these agents do not report: ${dead.join(', ')}`)
    return { agents: rows.length }
  })
})

/**
 * The plugins with their full class names. The server knows short names, but neutron-db-manage imports what it reads, and it
 * must migrate the tables of the plugins that the source had (neutron 2014.1 .../alembic_migrations/env.py:37).
 */
async function pluginClasses(host: CloudHost, theirs: ini.Contents): Promise<Readonly<Record<string, string>>> {
  const core = valueOf(theirs, 'DEFAULT', 'core_plugin')
  const services = valueOf(theirs, 'DEFAULT', 'service_plugins')
  if (!core?.includes('.')) {
    throw new Advice(
      `core_plugin in ${conf} of ${host.vars.source.name} is ${core ?? 'not set'}, not a class`,
      'its migrations cannot be chosen by a short name: write the full class name there',
    )
  }
  return { core_plugin: core, ...(services === undefined ? {} : { service_plugins: services }) }
}

function renameHost(host: CloudHost, table: string, key: string, column: string) {
  const [from, to] = [sourceOf(host).vars.fqdn, host.vars.fqdn]
  return host.run(
    database.rewrite({
      login: serviceLogin(host, 'neutron'),
      table,
      key,
      columns: [column],
      save: `${host.vars.backups}/rows/neutron.${table}.jsonl`,
      change: (row) => (row[column] === from ? { [column]: to } : undefined),
    }),
  )
}

/** What the DHCP agent of a host calls itself on its ports: a UUID of its host name (neutron 2014.1 neutron/agent/linux/dhcp.py:697). */
export function dhcpDevice(hostname: string): string {
  const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex')
  const hash = createHash('sha1').update(dns).update(hostname).digest().subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return `dhcp${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
