// The alembic chain from Havana to Icehouse. Each revision runs only for the plugins it names, as the releases do it.

const ovs = 'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2'
const bridge = 'neutron.plugins.linuxbridge.lb_neutron_plugin.LinuxBridgePluginV2'
const ml2 = 'neutron.plugins.ml2.plugin.Ml2Plugin'
const router = 'neutron.services.l3_router.l3_router_plugin.L3RouterPlugin'
const everyone = ['*']

const ipv6Mode = "ENUM('slaac','dhcpv6-stateful','dhcpv6-stateless')"

/** Revisions from the oldest to `icehouse`: name, title, the plugins it is for, what it does. */
export const revisions = [
  { revision: 'havana', title: 'havana' },
  { revision: 'e197124d4b9', title: 'add unique constraint to members' },
  {
    revision: '1fcfc149aca4',
    title:
      'Add a unique constraint on (agent_type, host) columns to prevent a race\n' +
      "condition when an agent entry is 'upserted'.",
    plugins: [ovs, bridge, ml2],
    up: (db) => db.execute('ALTER TABLE agents ADD CONSTRAINT uniq_agents0agent_type0host UNIQUE (agent_type, host)'),
  },
  { revision: '50e86cb2637a', title: 'nsx_mappings' },
  { revision: '1421183d533f', title: 'NSX DHCP/metadata support' },
  { revision: '3d3cb89d84ee', title: 'nsx_switch_mappings' },
  { revision: '4ca36cfc898c', title: 'nsx_router_mappings' },
  {
    revision: '27cc183af192',
    title: 'ml2_vnic_type',
    plugins: [ml2],
    up: (db) => db.execute("ALTER TABLE ml2_port_bindings ADD COLUMN vnic_type VARCHAR(64) DEFAULT 'normal' NOT NULL"),
  },
  {
    revision: '50d5ba354c23',
    title: 'ml2 binding:vif_details',
    plugins: [ml2],
    up: async (db) => {
      await db.execute("ALTER TABLE ml2_port_bindings ADD COLUMN vif_details VARCHAR(4095) DEFAULT '' NOT NULL")
      await db.execute('UPDATE ml2_port_bindings SET vif_details = %s WHERE cap_port_filter = 1', [
        '{"port_filter": true}',
      ])
      await db.execute('UPDATE ml2_port_bindings SET vif_details = %s WHERE cap_port_filter = 0', [
        '{"port_filter": false}',
      ])
      await db.execute('ALTER TABLE ml2_port_bindings DROP COLUMN cap_port_filter')
    },
  },
  {
    revision: '157a5d299379',
    title: 'ml2 binding:profile',
    plugins: [ml2],
    up: (db) => db.execute("ALTER TABLE ml2_port_bindings ADD COLUMN profile VARCHAR(4095) DEFAULT '' NOT NULL"),
  },
  { revision: '3d2585038b95', title: 'VMware NSX rebranding' },
  { revision: 'abc88c33f74f', title: 'lb stats' },
  { revision: '1b2580001654', title: 'nsx_sec_group_mapping' },
  { revision: 'e766b19a3bb', title: 'nuage_initial' },
  {
    revision: '2eeaf963a447',
    title: 'floatingip_status',
    plugins: [ovs, bridge, router],
    up: async (db) => {
      await db.execute('ALTER TABLE floatingips ADD COLUMN last_known_router_id VARCHAR(36)')
      await db.execute('ALTER TABLE floatingips ADD COLUMN status VARCHAR(16)')
    },
  },
  {
    revision: '492a106273f8',
    title: 'Brocade ML2 Mech. Driver',
    plugins: [ml2],
    up: async (db) => {
      await db.execute(`
CREATE TABLE ml2_brocadenetworks (
\tid VARCHAR(36) NOT NULL,
\tvlan VARCHAR(10),
\tsegment_id VARCHAR(36),
\tnetwork_type VARCHAR(10),
\ttenant_id VARCHAR(255),
\tPRIMARY KEY (id)
)`)
      await db.execute(`
CREATE TABLE ml2_brocadeports (
\tid VARCHAR(36) NOT NULL,
\tnetwork_id VARCHAR(36) NOT NULL,
\tadmin_state_up BOOL,
\tphysical_interface VARCHAR(36),
\tvlan_id VARCHAR(36),
\ttenant_id VARCHAR(255),
\tPRIMARY KEY (id)
)`)
    },
  },
  { revision: '24c7ea5160d7', title: 'Cisco CSR VPNaaS' },
  {
    revision: '81c553f3776c',
    title: 'bsn_consistencyhashes',
    plugins: [ml2],
    up: (db) =>
      db.execute(`
CREATE TABLE consistencyhashes (
\thash_id VARCHAR(255) NOT NULL,
\thash VARCHAR(255) NOT NULL,
\tPRIMARY KEY (hash_id)
)`),
  },
  { revision: '117643811bca', title: 'nec: delete old ofc mapping tables' },
  { revision: '19180cf98af6', title: 'nsx_gw_devices' },
  { revision: '33dd0a9fa487', title: 'embrane_lbaas_driver' },
  {
    revision: '2447ad0e9585',
    title: 'Add IPv6 Subnet properties',
    plugins: everyone,
    up: async (db) => {
      await db.execute(`ALTER TABLE subnets ADD COLUMN ipv6_ra_mode ${ipv6Mode}`)
      await db.execute(`ALTER TABLE subnets ADD COLUMN ipv6_address_mode ${ipv6Mode}`)
    },
  },
  { revision: '538732fa21e1', title: 'NEC Rename quantum_id to neutron_id' },
  { revision: '5ac1c354a051', title: 'n1kv segment allocs for cisco n1kv plugin' },
  { revision: 'icehouse', title: 'icehouse' },
]

/** What stands before `havana` in `current`, for its "previous -> this" form. */
export const beforeHavana = '40b0aff0302e'

/** Whether a revision touches the database of these plugins. */
export const appliesTo = ({ plugins = [] }, active) =>
  plugins.includes('*') || plugins.some((plugin) => active.includes(plugin))
