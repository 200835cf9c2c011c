// neutron: the server with its lists and the agents that say they live.
import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { bus } from './bus.mjs'
import { option, release, rooted } from './conf.mjs'
import { die, every, log, ownName } from './daemon.mjs'
import { door, Refusal, serve } from './http.mjs'
import { moment, now, store } from './store.mjs'

// A fifth of the real times: a test sees agents flap in seconds, and whole-second timestamps still leave room.
const pace = 200

const plugins = new Set([
  'openvswitch',
  'ml2',
  'linuxbridge',
  'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2',
  'neutron.plugins.ml2.plugin.Ml2Plugin',
  'neutron.plugins.linuxbridge.lb_neutron_plugin.LinuxBridgePluginV2',
])

function checkCommon(conf) {
  const backend = option(conf, 'rpc_backend', 'neutron.openstack.common.rpc.impl_kombu')
  if (!backend.includes('.')) die('neutron', `ImportError: No module named ${backend}`)
}

function tables() {
  const icehouse = release() === 'icehouse'
  const ipv6 = icehouse
    ? `, ipv6_ra_mode enum('slaac','dhcpv6-stateful','dhcpv6-stateless'),
    ipv6_address_mode enum('slaac','dhcpv6-stateful','dhcpv6-stateless')`
    : ''
  const unique = icehouse ? ', CONSTRAINT uniq_agents0agent_type0host UNIQUE (agent_type(127), host(127))' : ''
  return [
    `CREATE TABLE IF NOT EXISTS networks (tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255),
      status varchar(16), admin_state_up tinyint(1), shared tinyint(1), PRIMARY KEY (id)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS subnets (tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255),
      network_id varchar(36), ip_version int NOT NULL, cidr varchar(64) NOT NULL, gateway_ip varchar(64),
      enable_dhcp tinyint(1), shared tinyint(1)${ipv6}, PRIMARY KEY (id),
      FOREIGN KEY (network_id) REFERENCES networks (id)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ports (tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255),
      network_id varchar(36) NOT NULL, mac_address varchar(32) NOT NULL, admin_state_up tinyint(1) NOT NULL,
      status varchar(16) NOT NULL, device_id varchar(255) NOT NULL, device_owner varchar(255) NOT NULL,
      PRIMARY KEY (id), FOREIGN KEY (network_id) REFERENCES networks (id)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS routers (tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255),
      status varchar(16), admin_state_up tinyint(1), gw_port_id varchar(36), enable_snat tinyint(1) NOT NULL,
      PRIMARY KEY (id), FOREIGN KEY (gw_port_id) REFERENCES ports (id)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS agents (id varchar(36) NOT NULL, agent_type varchar(255) NOT NULL,
      \`binary\` varchar(255) NOT NULL, topic varchar(255) NOT NULL, host varchar(255) NOT NULL,
      admin_state_up tinyint(1) NOT NULL, created_at datetime NOT NULL, started_at datetime NOT NULL,
      heartbeat_timestamp datetime NOT NULL, description varchar(255), configurations varchar(4095) NOT NULL,
      PRIMARY KEY (id)${unique}) ENGINE=InnoDB`,
  ]
}

export async function neutronServer(conf) {
  checkCommon(conf)
  const plugin = option(conf, 'core_plugin')
  if (!plugins.has(plugin)) die('neutron', `ImportError: Plugin '${plugin}' not found.`)
  const down = pace * Number(option(conf, 'agent_down_time', release() === 'icehouse' ? '75' : '9'))
  const paste = option(conf, 'api_paste_config', 'api-paste.ini')
  const enter = door(conf, { logger: 'neutron', paste: paste.startsWith('/') ? paste : `/etc/neutron/${paste}` })
  const db = store(conf, 'neutron')
  const { quote } = db
  const started = Date.now()

  // As the real server at its start: whatever table is missing is made, in this release's shape.
  for (const statement of tables()) {
    try {
      await db.query(statement)
    } catch (error) {
      log('ERROR', 'neutron.db.api', `Database registration exception: ${error.message}`)
      break
    }
  }

  const rpc = bus(conf, 'neutron')
  rpc.consume('q-plugin', async ({ method, args }) => {
    if (method !== 'report_state') return
    if (args.time < started) return log('WARNING', 'neutron.db.agents_db', 'Message with invalid timestamp received')
    const { agent } = args
    const where = `agent_type = ${quote(agent.agent_type)} AND host = ${quote(agent.host)}`
    const { affected } = await db.query(`UPDATE agents SET heartbeat_timestamp = ${quote(now())},
      configurations = ${quote(JSON.stringify(agent.configurations))}
      ${args.first ? `, started_at = ${quote(now())}` : ''} WHERE ${where}`)
    if (affected === 0) {
      const { agent_type: type, binary, topic, host, configurations } = agent
      const values = [randomUUID(), type, binary, topic, host, 1, now(), now(), now(), JSON.stringify(configurations)]
      await db.query(`INSERT INTO agents (id, agent_type, \`binary\`, topic, host, admin_state_up,
        created_at, started_at, heartbeat_timestamp, configurations) VALUES (${values.map(quote).join(', ')})`)
    }
  })

  const bool = (text) => text === '1'
  const lists = {
    networks: async (where) => {
      const subnets = await db.rows('SELECT id, network_id FROM subnets ORDER BY id')
      return (await db.rows(`SELECT * FROM networks WHERE ${where('tenant_id', 'shared = 1')} ORDER BY id`)).map(
        (row) => ({
          id: row.id,
          name: row.name,
          tenant_id: row.tenant_id,
          status: row.status,
          admin_state_up: bool(row.admin_state_up),
          shared: bool(row.shared),
          subnets: subnets.filter((subnet) => subnet.network_id === row.id).map(({ id }) => id),
        }),
      )
    },
    subnets: async (where) =>
      (await db.rows(`SELECT * FROM subnets WHERE ${where('tenant_id', 'shared = 1')} ORDER BY id`)).map((row) => ({
        id: row.id,
        name: row.name,
        tenant_id: row.tenant_id,
        network_id: row.network_id,
        cidr: row.cidr,
        gateway_ip: row.gateway_ip,
        ip_version: Number(row.ip_version),
        enable_dhcp: bool(row.enable_dhcp),
      })),
    routers: async (where) =>
      (await db.rows(`SELECT * FROM routers WHERE ${where('tenant_id')} ORDER BY id`)).map((row) => ({
        id: row.id,
        name: row.name,
        tenant_id: row.tenant_id,
        status: row.status,
        admin_state_up: bool(row.admin_state_up),
      })),
    ports: async (where) =>
      (await db.rows(`SELECT * FROM ports WHERE ${where('tenant_id')} ORDER BY id`)).map((row) => ({
        id: row.id,
        name: row.name,
        tenant_id: row.tenant_id,
        network_id: row.network_id,
        mac_address: row.mac_address,
        status: row.status,
        device_id: row.device_id,
        device_owner: row.device_owner,
      })),
    agents: async () =>
      (await db.rows('SELECT * FROM agents ORDER BY id')).map((row) => ({
        id: row.id,
        agent_type: row.agent_type,
        binary: row.binary,
        topic: row.topic,
        host: row.host,
        admin_state_up: bool(row.admin_state_up),
        heartbeat_timestamp: row.heartbeat_timestamp,
        configurations: JSON.parse(row.configurations || '{}'),
        alive: Date.now() - moment(row.heartbeat_timestamp) <= down,
      })),
  }
  await serve({
    name: 'neutron',
    address: option(conf, 'bind_host', '0.0.0.0'),
    port: Number(option(conf, 'bind_port', '9696')),
    wrong: (code, message) => ({
      NeutronError: code === 500 ? 'Request Failed: internal server error while processing your request.' : message,
    }),
    async handle(request) {
      const { path, method, body } = request
      if (path === '') return { versions: [{ id: 'v2.0', status: 'CURRENT' }] }
      const me = await enter(request)
      const where = (column, or) =>
        me.admin ? '1 = 1' : `(${column} = ${quote(me.tenant?.id)}${or ? ` OR ${or}` : ''})`
      const [, name, id] = /^\/v2\.0\/(\w+)(?:\/([^/]+))?$/.exec(path) ?? []
      if (!Object.hasOwn(lists, name ?? '')) throw new Refusal(404, 'The resource could not be found.')
      if (name === 'agents' && !me.admin) throw new Refusal(403, "Policy doesn't allow get_agent to be performed.")
      if (method === 'DELETE' && name === 'agents' && me.admin) {
        await db.query(`DELETE FROM agents WHERE id = ${quote(id)}`)
        return { status: 204 }
      }
      if (method !== 'GET')
        throw new Refusal(405, `Method ${method} is not allowed: ${JSON.stringify(body ?? null).length} bytes ignored`)
      const rows = await lists[name](where)
      if (!id) return { [name]: rows }
      const row = rows.find((found) => found.id === id)
      if (!row) throw new Refusal(404, `${name.slice(0, -1)} ${id} could not be found`)
      return { [name.slice(0, -1)]: row }
    },
  })
}

const kinds = {
  'neutron-openvswitch-agent': (conf) => ({
    agent_type: 'Open vSwitch agent',
    binary: 'neutron-openvswitch-agent',
    topic: 'N/A',
    configurations: {
      tunnel_types: ['gre'],
      tunneling_ip: option(conf, 'ovs.local_ip', ''),
      bridge_mappings: {},
      l2_population: false,
      devices: 2,
    },
  }),
  'neutron-dhcp-agent': (conf) => ({
    agent_type: 'DHCP agent',
    binary: 'neutron-dhcp-agent',
    topic: 'dhcp_agent',
    configurations: {
      subnets: 2,
      use_namespaces: true,
      dhcp_lease_duration: 120,
      dhcp_driver: option(conf, 'dhcp_driver', 'neutron.agent.linux.dhcp.Dnsmasq'),
      networks: 2,
      ports: 6,
    },
  }),
  'neutron-l3-agent': (conf) => ({
    agent_type: 'L3 agent',
    binary: 'neutron-l3-agent',
    topic: 'l3_agent',
    configurations: {
      router_id: '',
      ex_gw_ports: 1,
      gateway_external_network_id: option(conf, 'gateway_external_network_id', ''),
      handle_internal_only_routers: true,
      use_namespaces: true,
      routers: 1,
      interfaces: 2,
      floating_ips: 1,
      interface_driver: option(conf, 'interface_driver', ''),
    },
  }),
  'neutron-metadata-agent': (conf) => ({
    agent_type: 'Metadata agent',
    binary: 'neutron-metadata-agent',
    topic: 'N/A',
    configurations: {
      nova_metadata_ip: option(conf, 'nova_metadata_ip', '127.0.0.1'),
      nova_metadata_port: Number(option(conf, 'nova_metadata_port', '8775')),
      metadata_proxy_socket: '/var/lib/neutron/metadata_proxy',
    },
  }),
}

export async function neutronAgent(conf, name) {
  checkCommon(conf)
  const host = option(conf, 'host', ownName())
  const agent = { ...kinds[name](conf), host }
  const interval =
    pace * Number(option(conf, ['agent.report_interval', 'report_interval'], release() === 'icehouse' ? '30' : '4'))
  const rpc = bus(conf, 'neutron')
  let first = true
  await rpc.connected
  every(interval, 'neutron.agent', () => {
    if (!rpc.cast('q-plugin', { method: 'report_state', args: { agent, time: Date.now(), first } }))
      throw new Error('Failed reporting state!')
    first = false
  })
}

/** What the real one does to br-int at boot, and what nobody must do on a live controller. */
export const ovsCleanup = () => appendFileSync(rooted('/var/log/neutron/ovs-cleanup.log'), `${now()} all ports wiped\n`)
