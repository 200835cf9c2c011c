import { Advice, masked } from '../../../lib/index.ts'
import { sh } from '../../../lib/kit/index.ts'
import type { ini } from '../../../lib/modules/index.ts'
import { ceilometer } from '../../ceilometer/look.ts'
import { serving } from '../../cinder/exports.ts'
import { drivers, volumes } from '../../cinder/look.ts'
import { oldPortals, portalFile, portalIn, portalOf, withPortal } from '../../cinder/portal.ts'
import { images, stores } from '../../glance/look.ts'
import { identity } from '../../keystone/look.ts'
import { logins, templates } from '../../heat/look.ts'
import { dhcpDevice } from '../../neutron/dhcp-device.ts'
import { api, balancers, classOf, plugins } from '../../neutron/look.ts'
import { staleAgents } from '../../neutron/stale.ts'
import { computes } from '../../nova/look.ts'
import { hostOf, type Moved, withMovedAddresses } from '../addresses.ts'
import { rowsThat } from '../hazards.ts'
import { passwordOf } from '../logins.ts'
import { type Ask, type Found, type Hazard, moving, type Release, type Service } from '../release.ts'
import { carried, connection, valueOf } from '../settings.ts'

// Where facts come from: N openstack/nova, K keystone, G glance, C cinder, Q neutron, H horizon, E heat, each
// at the tag given; F openstack/fuel-library, the puppet code that set up MOS 4.1 (Havana) and MOS 5.0 (Icehouse).
// Names of daemons: F deployment/puppet/SERVICE/manifests/params.pp, equal at 4.1 and 5.0. Versions of schemas: the
// folders migrate_repo/versions of the releases' tags; a release has several heads, as point releases added some.

/** Since when a row has been as it is. */
const minutes = 'TIMESTAMPDIFF(MINUTE, IFNULL(updated_at, created_at), UTC_TIMESTAMP())'

/** Where volumes are served: cinder's default is its own address, which need not be that of the storage network. */
const portal = { file: portalFile, of: portalIn }

/** The password that a service has in keystone is the one of the imported database. */
const credentials = ['admin_user', 'admin_password', 'admin_tenant_name']

/** Which endpoints are whose; EC2 and S3 are answered by nova's daemons. */
const endpoints = {
  keystone: ['identity', 'identityv3'],
  glance: ['image'],
  cinder: ['volume', 'volumev2'],
  neutron: ['network'],
  nova: ['compute', 'computev3', 'ec2', 's3'],
  // MOS has no endpoint cloudformation, clouds made by hand have one (F@4.1 heat/manifests/keystone/auth.pp:20).
  heat: ['orchestration', 'cloudformation'],
} as const

const keystone: Service = {
  name: 'keystone',
  endpoints: endpoints.keystone,
  looks: [identity],
  etc: '/etc/keystone',
  user: 'keystone',
  owned: ['/etc/keystone'],
  // No api: until everything else has stopped, everything else asks it.
  daemons: [{ redhat: 'openstack-keystone', debian: 'keystone' }],
  databases: [
    {
      name: 'keystone',
      migrations: ['keystone-manage db_sync'],
      version: {
        table: 'migrate_version',
        sql: "SELECT version FROM keystone.migrate_version WHERE repository_id = 'keystone'",
        before: ['34', '35', '36'],
        after: ['44'],
      },
      rows: [
        {
          table: 'endpoint',
          key: 'id',
          columns: ['url'],
          where: (release) => `service_id IN (SELECT id FROM service WHERE type IN (${moving(release)}))`,
          change: (row, { addresses }) => ({ url: withMovedAddresses(String(row['url']), addresses) }),
        },
      ],
    },
  ],
  config: [
    {
      path: '/etc/keystone/keystone.conf',
      settings: [
        connection({
          service: 'keystone',
          at: 'loopback',
          query: 'read_timeout=60',
          // F@4.1 keystone/manifests/init.pp:216
          aliases: [
            ['sql', 'connection'],
            ['DEFAULT', 'sql_connection'],
          ],
        }),
        // The clients and scripts of the operators have the source's.
        carried({ DEFAULT: ['admin_token'] }),
      ],
    },
  ],
  // MOS 5.0 lets it remember answers for 600 s, and tokens, in memcached (F@5.0 keystone/manifests/init.pp).
  caches: {
    file: '/etc/keystone/keystone.conf',
    keys: [
      ['cache', 'backend_argument'],
      ['cache', 'memcache_servers'],
      ['memcache', 'servers'],
    ],
  },
  hazards: [
    rowsThat(
      'keystone.endpoint without extra (migration 042 breaks off)',
      'SELECT id FROM keystone.endpoint WHERE extra IS NULL',
      `mysql keystone -e "UPDATE endpoint SET extra = '{}' WHERE extra IS NULL"`,
    ),
    rowsThat(
      'keystone.service without extra (migration 044 breaks off)',
      'SELECT id FROM keystone.service WHERE extra IS NULL',
      `mysql keystone -e "UPDATE service SET extra = '{}' WHERE extra IS NULL"`,
    ),
    brokenGrants,
  ],
  answers: { url: 'http://127.0.0.1:5000/v2.0/' },
  list: {
    of: 'endpoints',
    command: 'keystone endpoint-list',
    count: 'SELECT COUNT(*) FROM keystone.endpoint',
    behind: (release) => `SELECT id FROM keystone.service WHERE type NOT IN (${moving(release)})`,
  },
}

/** What a store of images elsewhere is found by. */
const storeKeys = [
  ...['user', 'pool', 'ceph_conf', 'chunk_size'].map((key) => `rbd_store_${key}`),
  ...['auth_address', 'auth_version', 'user', 'key', 'container', 'create_container_on_put'].map(
    (key) => `swift_store_${key}`,
  ),
]

const glance: Service = {
  name: 'glance',
  endpoints: endpoints.glance,
  looks: [stores, images],
  etc: '/etc/glance',
  user: 'glance',
  owned: ['/etc/glance', '/var/lib/glance'],
  daemons: [
    { redhat: 'openstack-glance-registry', debian: 'glance-registry' },
    { redhat: 'openstack-glance-api', debian: 'glance-api', kind: 'api' },
  ],
  databases: [
    {
      name: 'glance',
      migrations: ['glance-manage db_sync'],
      version: {
        table: 'migrate_version',
        sql: "SELECT version FROM glance.migrate_version WHERE repository_id = 'Glance Migrations'",
        before: ['29'],
        after: ['34'],
      },
    },
  ],
  // The cache is left behind: it fills itself, and its database names files of the old host.
  folders: ['/var/lib/glance/images'],
  config: [
    {
      path: '/etc/glance/glance-api.conf',
      settings: [
        glanceConnection(),
        rabbit,
        carried({
          // The key decrypts the rows of image_locations (G@2014.1 glance/db/sqlalchemy/models.py:175). The stores
          // must be named, because the default list is shorter than it was (G@2014.1 glance/store/__init__.py:35).
          DEFAULT: [
            'metadata_encryption_key',
            'default_store',
            'known_stores',
            'filesystem_store_datadir',
            ...storeKeys,
          ],
          keystone_authtoken: credentials,
        }),
      ],
    },
    {
      path: '/etc/glance/glance-registry.conf',
      settings: [
        glanceConnection(),
        carried({ DEFAULT: ['metadata_encryption_key'], keystone_authtoken: credentials }),
      ],
    },
    {
      path: '/etc/glance/glance-cache.conf',
      settings: [carried({ DEFAULT: [...credentials, 'metadata_encryption_key'] })],
    },
  ],
  underWay: [
    `SELECT 'image', id, status, ${minutes}, CONCAT('glance image-delete ', id)
    FROM glance.images WHERE deleted = 0 AND status = 'saving'`,
  ],
  answers: { url: 'http://127.0.0.1:9292/', status: 300 },
  list: {
    of: 'images',
    command: 'glance image-list',
    count: "SELECT COUNT(*) FROM glance.images WHERE deleted = 0 AND status <> 'killed'",
  },
}

const cinder: Service = {
  name: 'cinder',
  endpoints: endpoints.cinder,
  looks: [drivers, volumes],
  etc: '/etc/cinder',
  user: 'cinder',
  owned: ['/etc/cinder'],
  daemons: [
    { redhat: 'tgtd', debian: 'tgt', kind: 'target' },
    { redhat: 'openstack-cinder-volume', debian: 'cinder-volume' },
    { redhat: 'openstack-cinder-scheduler', debian: 'cinder-scheduler' },
    { redhat: 'openstack-cinder-api', debian: 'cinder-api', kind: 'api' },
  ],
  databases: [
    {
      name: 'cinder',
      // The category is `db` and the action `sync`: `db_sync` ends with a usage error (C@2014.1 bin/cinder-manage:215).
      migrations: ['cinder-manage db sync'],
      version: {
        table: 'migrate_version',
        sql: "SELECT version FROM cinder.migrate_version WHERE repository_id = 'cinder'",
        before: ['20', '21'],
        after: ['22'],
      },
      rows: [
        {
          // cinder-volume manages the volumes whose host is exactly its own (C@2014.1 cinder/volume/manager.py:253).
          table: 'volumes',
          key: 'id',
          columns: ['host', 'provider_location'],
          where: 'deleted = 0',
          address: portal,
          change: (row, moved) => ({
            ...hostOf(row, moved),
            provider_location: row['provider_location'] && withAddressAhead(String(row['provider_location']), moved),
          }),
        },
        { table: 'services', key: 'id', columns: ['host'], where: 'deleted = 0', change: hostOf },
        { table: 'backups', key: 'id', columns: ['host'], where: 'deleted = 0', change: hostOf },
      ],
    },
  ],
  config: [
    {
      path: '/etc/cinder/cinder.conf',
      settings: [
        connection({
          service: 'cinder',
          at: 'management',
          query: 'charset=utf8&read_timeout=60',
          aliases: [['DEFAULT', 'sql_connection']],
        }),
        rabbit,
        ({ site: { target } }) => ({
          DEFAULT: {
            iscsi_ip_address: target.storage,
            volume_group: target.volumeGroup,
            // F@4.1 cinder/manifests/volume/iscsi.pp
            volumes_dir: '/etc/cinder/volumes',
          },
        }),
        carried({
          DEFAULT: ['volume_backend_name', 'volume_name_template', 'iscsi_target_prefix'],
          keystone_authtoken: credentials,
        }),
      ],
    },
  ],
  underWay: [
    `SELECT 'volume', id, status, ${minutes},
      CONCAT('cinder reset-state --state ', IF(attach_status = 'attached', 'in-use ', 'available '), id)
      FROM cinder.volumes WHERE deleted = 0
      AND status NOT IN ('available', 'in-use', 'error', 'error_deleting', 'error_extending')`,
    `SELECT 'snapshot', id, status, ${minutes}, CONCAT('cinder snapshot-reset-state --state error ', id)
      FROM cinder.snapshots WHERE deleted = 0 AND status IN ('creating', 'deleting')`,
    `SELECT 'backup', id, status, ${minutes},
      CONCAT('if /var/log/cinder/backup.log says that nothing goes on: ',
        'mysql cinder -e "UPDATE backups SET status = ''error'' WHERE id = ''', id, '''"')
      FROM cinder.backups WHERE deleted = 0 AND status IN ('creating', 'restoring', 'deleting')`,
  ],
  list: {
    of: 'volumes',
    command: 'cinder list',
    count: 'SELECT COUNT(*) FROM cinder.volumes WHERE deleted = 0',
    broken: /\| error/,
  },
  storage: { name: 'iSCSI target', port: 3260 },
  serving,
}

const plugin = '/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini'
const manage = `neutron-db-manage --config-file /etc/neutron/neutron.conf --config-file ${plugin}`

const neutron: Service = {
  name: 'neutron',
  stale: staleAgents,
  endpoints: endpoints.neutron,
  looks: [api, plugins, balancers],
  etc: '/etc/neutron',
  user: 'neutron',
  owned: ['/etc/neutron'],
  // Not neutron-ovs-cleanup: it is run once at boot, and wipes the ports of running agents.
  daemons: [
    { redhat: 'neutron-server', debian: 'neutron-server', kind: 'api' },
    { redhat: 'neutron-openvswitch-agent', debian: 'neutron-plugin-openvswitch-agent', kind: 'agent' },
    { redhat: 'neutron-dhcp-agent', debian: 'neutron-dhcp-agent', kind: 'agent' },
    { redhat: 'neutron-l3-agent', debian: 'neutron-l3-agent', kind: 'agent' },
    { redhat: 'neutron-metadata-agent', debian: 'neutron-metadata-agent', kind: 'agent' },
  ],
  databases: [
    {
      name: 'neutron',
      migrations: [`${manage} upgrade icehouse`],
      // MOS 4.1 lets neutron-server make its tables, and then there is no version (Q@2013.2.2 neutron/db/api.py:57).
      // Stamping one that has a version would make the same migrations run twice.
      stamp: `${manage} stamp havana`,
      version: {
        table: 'alembic_version',
        sql: 'SELECT version_num FROM neutron.alembic_version',
        before: ['havana'],
        after: ['icehouse'],
      },
      rows: [
        // Bindings of routers and networks refer to the agent's row, so they move with it; else the target's agents
        // would make rows of their own, and everything would stay bound to dead ones.
        { table: 'agents', key: 'id', columns: ['host'], change: hostOf },
        { table: 'portbindingports', key: 'port_id', columns: ['host'], change: hostOf },
        {
          table: 'ports',
          key: 'id',
          columns: ['device_id'],
          where: "device_owner = 'network:dhcp'",
          change: (row, { from, to }) => ({
            device_id: String(row['device_id']).replace(dhcpDevice(from.fqdn), dhcpDevice(to.fqdn)),
          }),
        },
        {
          // The end point is the agent's local_ip, in whichever network that is.
          table: 'ovs_tunnel_endpoints',
          key: 'id',
          columns: ['ip_address'],
          address: { file: plugin, of: (contents, vars) => valueOf(contents, 'ovs', 'local_ip') ?? vars.management },
          change: (row, { from, to }) => (row['ip_address'] === from.address ? { ip_address: to.address } : undefined),
        },
      ],
    },
  ],
  config: [
    {
      path: '/etc/neutron/neutron.conf',
      settings: [
        connection({
          service: 'neutron',
          at: 'management',
          query: 'read_timeout=60',
          aliases: [['DEFAULT', 'sql_connection']],
        }),
        rabbit,
        ({ site: { target } }) => ({ DEFAULT: { rabbit_hosts: `127.0.0.1:5672,${target.management}:5672` } }),
        {
          // A module path still: `rabbit` alone cannot be imported (Q@2014.1
          // neutron/openstack/common/rpc/__init__.py:269).
          DEFAULT: { rpc_backend: 'neutron.openstack.common.rpc.impl_kombu' },
          // The agents' default went from 4 s to 30 s, and MOS 4.1 calls them dead after 15 s: so they seemed to flap
          // (Q@2014.1 neutron/agent/common/config.py:35, F@4.1 neutron/manifests/init.pp:130).
          agent: { report_interval: 5 },
        },
        ({ ours }) => ({
          DEFAULT: { agent_down_time: Math.max(Number(valueOf(ours, 'DEFAULT', 'agent_down_time') ?? 75), 15) },
        }),
        pluginClasses,
        carried({ DEFAULT: ['allow_overlapping_ips', 'base_mac'], keystone_authtoken: credentials }),
      ],
    },
    {
      // Values of the paste file win over those of neutron.conf, so they must agree where they are set at all.
      path: '/etc/neutron/api-paste.ini',
      format: 'loose',
      from: '/etc/neutron/neutron.conf',
      settings: [
        ({ theirs, ours }): ini.Sections =>
          valueOf(ours, 'filter:authtoken', 'admin_password') === undefined
            ? {}
            : { 'filter:authtoken': carried({ keystone_authtoken: credentials })({ theirs })['keystone_authtoken']! },
      ],
    },
    ...['dhcp_agent', 'l3_agent', 'metadata_agent'].map((agent) => ({
      path: `/etc/neutron/${agent}.ini`,
      settings: [carried({ DEFAULT: credentials })],
    })),
    {
      path: plugin,
      settings: [
        carried({
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
      ],
    },
  ],
  // Icehouse's neutron tells nova about ports. The tenant's id is the imported keystone's: the one in the file is of
  // the target's own, which is gone (Q@2014.1 neutron/common/config.py:84).
  configAtStart: [
    {
      path: '/etc/neutron/neutron.conf',
      from: '/etc/nova/nova.conf',
      ask: "SELECT id FROM keystone.project WHERE name IN ('services', 'service') ORDER BY name DESC",
      settings: [notifyNova],
    },
  ],
  hazards: [
    rowsThat(
      'neutron.agents with the same type and host (migration 1fcfc149aca4 breaks off)',
      `SELECT agent_type, host, COUNT(*), SUBSTRING_INDEX(GROUP_CONCAT(id ORDER BY created_at DESC), ',', 1)
        FROM neutron.agents GROUP BY 1, 2 HAVING COUNT(*) > 1`,
      (rows) => `take away the one that came later: ${rows.map((row) => `neutron agent-delete ${row[3]}`).join('; ')}`,
    ),
  ],
  answers: { url: 'http://127.0.0.1:9696/' },
  list: { of: 'networks', command: 'neutron net-list', count: 'SELECT COUNT(*) FROM neutron.networks' },
}

const nova: Service = {
  name: 'nova',
  smiles: 'nova-manage service list',
  endpoints: endpoints.nova,
  looks: [computes],
  etc: '/etc/nova',
  user: 'nova',
  owned: ['/etc/nova'],
  // Conductor first: the compute nodes wait for it. Not openstack-nova-metadata-api: with neutron nova-api itself
  // serves metadata, and the two would fight for port 8775.
  daemons: [
    { redhat: 'openstack-nova-conductor', debian: 'nova-conductor' },
    { redhat: 'openstack-nova-scheduler', debian: 'nova-scheduler' },
    { redhat: 'openstack-nova-consoleauth', debian: 'nova-consoleauth' },
    { redhat: 'openstack-nova-cert', debian: 'nova-cert' },
    { redhat: 'openstack-nova-console' },
    { redhat: 'openstack-nova-api', debian: 'nova-api', kind: 'api' },
    { redhat: 'openstack-nova-novncproxy', debian: 'nova-novncproxy' },
    { redhat: 'openstack-nova-objectstore', debian: 'nova-objectstore' },
  ],
  databases: [
    {
      name: 'nova',
      // As cinder's: `nova-manage db_sync` ends with a usage error (N@2014.1 nova/cmd/manage.py:874).
      migrations: ['nova-manage db sync'],
      version: {
        table: 'migrate_version',
        sql: "SELECT version FROM nova.migrate_version WHERE repository_id = 'nova'",
        before: ['216'],
        after: ['233', '234'],
      },
      rows: [
        {
          // The daemons look for their row by host and name; else the old controller's would stay for ever, as dead
          // ones.
          table: 'services',
          key: 'id',
          columns: ['host'],
          where: "deleted = 0 AND `binary` <> 'nova-compute'",
          change: hostOf,
        },
        {
          // Guests find their volumes by what is stored here, and it is asked of nobody again: a hard reboot uses it
          // as it is (N@2013.2.2 nova/compute/manager.py:1506).
          table: 'block_device_mapping',
          key: 'id',
          columns: ['connection_info'],
          where: 'deleted = 0 AND volume_id IS NOT NULL AND connection_info IS NOT NULL',
          address: portal,
          change: (row, { from, to }) => ({
            connection_info: withPortal(
              String(row['connection_info']),
              oldPortals(from, from.address),
              to.storage,
              String(row['id']),
            ),
          }),
          show: (value) => portalOf(String(value)),
        },
      ],
    },
  ],
  config: [
    {
      path: '/etc/nova/nova.conf',
      settings: [
        connection({
          service: 'nova',
          at: 'loopback',
          query: 'read_timeout=60',
          aliases: [
            ['DEFAULT', 'sql_connection'],
            ['sql', 'connection'],
          ],
        }),
        rabbit,
        // The default became to destroy guests that the database calls deleted (N@2014.1 nova/compute/manager.py:181).
        { DEFAULT: { running_deleted_instance_action: 'log' } },
        carried({
          DEFAULT: ['neutron_admin_username', 'neutron_admin_password', 'neutron_admin_tenant_name', 'quota_driver'],
          keystone_authtoken: credentials,
        }),
      ],
    },
  ],
  underWay: [
    `SELECT 'instance', uuid, task_state, ${minutes}, CONCAT('nova reset-state --active ', uuid)
      FROM nova.instances WHERE deleted = 0 AND task_state IS NOT NULL`,
    // The client can end the task of an instance, and not a migration.
    `SELECT 'migration of instance', instance_uuid, status, ${minutes},
      CONCAT('if nova show ', instance_uuid, ' says that nothing goes on: ',
        'mysql nova -e "UPDATE migrations SET status = ''error'' WHERE id = ', id, '"')
      FROM nova.migrations WHERE deleted = 0
      AND status IN ('accepted', 'running', 'pre-migrating', 'migrating', 'post-migrating', 'confirming', 'reverting')`,
  ],
  answers: { url: 'http://127.0.0.1:8774/' },
  shown: ['nova-manage service list'],
  list: { of: 'instances', command: 'nova list', count: 'SELECT COUNT(*) FROM nova.instances WHERE deleted = 0' },
}

/** The tenant of `openrc`, which is all that heat's client shows (E@2014.1.5 heat/db/sqlalchemy/api.py). */
const ofAdmin = "SELECT id FROM keystone.project WHERE name = 'admin'"

const heat: Service = {
  name: 'heat',
  // MOS 4.1 deploys it always, except on RHEL; clouds made by hand need not have it.
  optional: true,
  endpoints: endpoints.heat,
  looks: [logins, templates],
  etc: '/etc/heat',
  user: 'heat',
  owned: ['/etc/heat'],
  // Nobody but the engine answers the APIs.
  daemons: [
    { redhat: 'openstack-heat-engine', debian: 'heat-engine' },
    { redhat: 'openstack-heat-api-cloudwatch', debian: 'heat-api-cloudwatch', kind: 'api' },
    { redhat: 'openstack-heat-api-cfn', debian: 'heat-api-cfn', kind: 'api' },
    { redhat: 'openstack-heat-api', debian: 'heat-api', kind: 'api' },
  ],
  databases: [
    {
      name: 'heat',
      migrations: ['heat-manage db_sync'],
      version: {
        table: 'migrate_version',
        sql: "SELECT version FROM heat.migrate_version WHERE repository_id = 'heat'",
        before: ['28'],
        after: ['43'],
      },
      rows: [
        {
          // The engine logs in there for all that it does later in a user's name (E@2014.1.5
          // heat/common/heat_keystoneclient.py:70). URLs that heat has signed stay: the signature covers the host
          // (heat/api/aws/ec2token.py:177), and what guests have of them cannot be changed.
          table: 'user_creds',
          key: 'id',
          columns: ['auth_url'],
          where: 'auth_url IS NOT NULL',
          change: (row, { addresses }) => ({ auth_url: withMovedAddresses(String(row['auth_url']), addresses) }),
        },
      ],
    },
  ],
  // Not api-paste.ini, which names a module that is gone, nor policy.json, whose default would forbid everything.
  config: [
    {
      path: '/etc/heat/heat.conf',
      settings: [
        connection({
          service: 'heat',
          at: 'management',
          query: 'read_timeout=60',
          aliases: [
            ['DEFAULT', 'sql_connection'],
            ['sql', 'connection'],
          ],
        }),
        rabbit,
        carried({
          DEFAULT: [
            // Without it nobody can read what is stored in user_creds and resource_data (E@2014.1.5
            // heat/common/crypt.py:51).
            'auth_encryption_key',
            'heat_stack_user_role',
            'deferred_auth_method',
            'trusts_delegated_roles',
            'instance_user',
          ],
          keystone_authtoken: credentials,
        }),
      ],
    },
  ],
  // What was begun when the engine stopped is taken up by nobody (E@2014.1.5 heat/engine/service.py:296).
  underWay: [
    `SELECT 'stack', name, CONCAT(action, ' ', status), ${minutes},
      CONCAT('if heat event-list ', name, ' shows that nothing goes on: mysql heat -e "UPDATE stack SET ',
        'status = ''FAILED'' WHERE id = ''', id, '''"')
      FROM heat.stack WHERE deleted_at IS NULL AND status = 'IN_PROGRESS'`,
  ],
  // Neither MOS makes it. Havana's heat only writes into its log that it is missing; Icehouse's fails at every
  // stack that waits for a guest or scales (E@2014.1.5 heat/common/heat_keystoneclient.py:305).
  madeRole: {
    file: '/etc/heat/heat.conf',
    key: ['DEFAULT', 'heat_stack_user_role'],
    fallback: 'heat_stack_user',
    known: 'SELECT name FROM keystone.role',
    command: 'keystone role-create --name',
  },
  answers: { url: 'http://127.0.0.1:8004/', status: 300 },
  list: {
    of: 'stacks',
    command: 'heat stack-list',
    count: 'SELECT COUNT(*) FROM heat.stack WHERE deleted_at IS NULL',
    seen: `SELECT COUNT(*) FROM heat.stack WHERE deleted_at IS NULL AND owner_id IS NULL AND tenant IN (${ofAdmin})`,
  },
}

const horizon: Service = {
  name: 'horizon',
  etc: '/etc/openstack-dashboard',
  daemons: [{ redhat: 'httpd', debian: 'apache2', kind: 'api' }],
  databases: [],
  config: [
    {
      path: {
        redhat: '/etc/openstack-dashboard/local_settings',
        debian: '/etc/openstack-dashboard/local_settings.py',
      },
      format: 'python',
      ask: "SELECT name FROM keystone.role WHERE name IN ('_member_', 'Member')",
      settings: [({ site: { target } }) => ({ '': { OPENSTACK_HOST: target.management } }), defaultRole],
    },
  ],
  answers: { url: { redhat: 'http://127.0.0.1/dashboard', debian: 'http://127.0.0.1/horizon' } },
}

/** Havana to Icehouse: MOS 4.1 to MOS 5.0. */
export const havanaIcehouse: Release = {
  from: 'Havana',
  to: 'Icehouse',
  services: [keystone, glance, cinder, neutron, nova, heat, horizon],
  // MOS 4.1's databases are latin1, and new tables whose keys point to old ones of another collation fail (errno 150).
  // keystone and glance refuse to migrate what is not utf8 (K@2014.1
  // keystone/openstack/common/db/sqlalchemy/migration.py:203).
  charset: { charset: 'utf8', collation: 'utf8_general_ci' },
  connections: 'latin1',
  behind: { ceilometer },
  catalogue: `SELECT s.type, IFNULL(s.extra, ''), MIN(e.url) FROM keystone.endpoint e
    JOIN keystone.service s ON s.id = e.service_id GROUP BY 1, 2`,
  openrc: '/root/openrc',
  broker: { redhat: 'rabbitmq-server', debian: 'rabbitmq-server' },
  compute: {
    daemon: { redhat: 'openstack-nova-compute', debian: 'nova-compute' },
    agent: { redhat: 'neutron-openvswitch-agent', debian: 'neutron-plugin-openvswitch-agent' },
    package: { redhat: 'openstack-nova-compute', debian: 'nova-compute' },
    log: { redhat: '/var/log/nova/compute.log', debian: '/var/log/nova/nova-compute.log' },
    config: {
      daemon: { path: '/etc/nova/nova.conf', settings: [rabbit, computeAddresses] },
      agent: {
        path: '/etc/neutron/neutron.conf',
        settings: [rabbit, ({ site: { target } }) => ({ keystone_authtoken: { auth_host: target.management } })],
      },
    },
    cap: {
      name: '[upgrade_levels] compute=icehouse-compat',
      // Those who send must know what old nodes understand (N@2014.1 nova/compute/rpcapi.py:246): without it on the
      // controller they drop every message. On the nodes, as the article has it, it counts once the first of them is
      // upgraded.
      afterwards: { service: 'neutron', path: '/etc/neutron/neutron.conf', sections: { DEFAULT: portNotices(true) } },
      controller: { upgrade_levels: { compute: 'icehouse-compat' } },
      compute: { upgrade_levels: { compute: 'icehouse-compat' } },
      // The alias came with 2013.2.2: before, the word is taken for a version number and fails at the first message;
      // and 2013.2.2 itself sends wrong arguments under it (bug 1301436).
      least: '2013.2.3',
      until: '2014.1',
    },
    refusals: 'UnsupportedRpcVersion|UnsupportedVersion|IncompatibleObjectVersion|RPCVersionCapError',
  },
}

function glanceConnection() {
  return connection({
    service: 'glance',
    at: 'loopback',
    query: 'read_timeout=60',
    aliases: [
      ['DEFAULT', 'sql_connection'],
      ['sql', 'connection'],
    ],
  })
}

/** Where services find the target's broker, and how they log in there. */
function rabbit({ site: { target } }: Found) {
  return {
    DEFAULT: {
      rabbit_hosts: `${target.management}:5672`,
      rabbit_userid: target.rabbitUser,
      rabbit_password: target.rabbitPassword,
    },
  }
}

/**
 * The plugins with their full class names. The server knows short names, but neutron-db-manage imports what it reads,
 * and it must migrate the tables of the plugins that the source had (Q@2014.1
 * neutron/db/migration/alembic_migrations/env.py:37).
 */
function pluginClasses({ site, theirs }: Found) {
  const core = valueOf(theirs, 'DEFAULT', 'core_plugin')
  const services = valueOf(theirs, 'DEFAULT', 'service_plugins')
  if (!core?.includes('.')) {
    throw new Advice(
      `core_plugin in neutron.conf of ${site.target.source.name} is ${core ?? 'not set'}, not a class`,
      `its migrations cannot be chosen by a short name: write ${classOf(core ?? '') ?? 'the full class name'} there`,
    )
  }
  return { DEFAULT: { core_plugin: core, ...(services === undefined ? {} : { service_plugins: services }) } }
}

function notifyNova({ site: { target }, theirs, asked: [project] }: Found) {
  if (!project) {
    throw new Advice(
      `keystone on ${target.target.name} has no project services`,
      'move keystone first: run keystone -i INVENTORY',
    )
  }
  const { admin_user, admin_password } = carried({ keystone_authtoken: credentials })({ theirs })['keystone_authtoken']!
  return {
    DEFAULT: {
      // Not while the cap is set: nova-api could hand none on (N@2014.1 nova/compute/rpcapi.py:969), and would answer
      // each with an error.
      ...portNotices(false),
      nova_url: `http://${target.management}:8774/v2`,
      nova_region_name: 'RegionOne',
      nova_admin_auth_url: `http://${target.management}:35357/v2.0`,
      nova_admin_tenant_id: project[0]!,
      ...(admin_user === undefined ? {} : { nova_admin_username: admin_user }),
      ...(admin_password === undefined ? {} : { nova_admin_password: admin_password }),
    },
  }
}

/** Whether neutron tells nova about ports. */
function portNotices(wanted: boolean) {
  return { notify_nova_on_port_status_changes: wanted, notify_nova_on_port_data_changes: wanted }
}

/** The role that the dashboard gives to members: Icehouse's is `_member_`, Fuel's is `Member`; one must be there. */
function defaultRole({ asked }: Found) {
  const role = ['_member_', 'Member'].find((wanted) => asked.some(([name]) => name === wanted))
  if (!role) {
    throw new Advice(
      'keystone has neither a role _member_ nor Member: nobody could be added to a project in the dashboard',
      'move keystone first, or make one: keystone role-create --name _member_',
    )
  }
  return { '': { OPENSTACK_KEYSTONE_DEFAULT_ROLE: role } }
}

/** Where a compute node finds the new controller. */
function computeAddresses({ site: { target }, ours }: Found) {
  const where = target.management
  const only = (key: string, value: ini.Setting) => (valueOf(ours, 'DEFAULT', key) ? { [key]: value } : {})
  const password = passwordOf(target, 'nova')
  return {
    DEFAULT: {
      // Nodes go through the conductor and need no database, but Fuel gives them one: then it must be the right one.
      ...only('sql_connection', masked`mysql://nova:${password}@${where}/nova?read_timeout=60`),
      glance_api_servers: `${where}:9292`,
      neutron_url: `http://${where}:9696`,
      neutron_admin_auth_url: `http://${where}:35357/v2.0`,
      ...only('neutron_connection_host', where),
      ...only('metadata_host', where),
      novncproxy_base_url: `http://${target.public || where}:6080/vnc_auto.html`,
    },
    keystone_authtoken: { auth_host: where },
  }
}

/** A portal under the new controller's address: `192.168.1.4:3260,1 IQN 1` (C@2014.1 cinder/volume/iscsi.py:147). */
function withAddressAhead(location: string, { from, to }: Moved): string {
  const old = oldPortals(from, from.address).find((address) => location.startsWith(`${address}:`))
  return old === undefined ? location : to.storage + location.slice(old.length)
}

/** Grants that migration 039 cannot read: no JSON, a role that is gone, the same role twice. */
async function brokenGrants(ask: Ask): ReturnType<Hazard> {
  const roles = new Set((await ask('SELECT id FROM keystone.role')).map(([id]) => id))
  const tables = await ask(`
    SELECT table_name FROM information_schema.tables WHERE table_schema = 'keystone' AND table_name IN
      ('user_project_metadata', 'group_project_metadata', 'user_domain_metadata', 'group_domain_metadata')`)
  const wrong: Awaited<ReturnType<Hazard>>[number][] = []
  for (const [table] of tables) {
    for (const [data] of await ask(`SELECT DISTINCT data FROM keystone.${table}`)) {
      const grants = grantsOf(data!)
      const names = grants?.map(idOf) ?? []
      const what = !grants
        ? 'has a grant without JSON'
        : names.some((name) => !roles.has(name))
          ? 'grants a role that is gone'
          : new Set(names).size < names.length
            ? 'grants a role twice'
            : undefined
      if (what === undefined) continue
      const right = (grants ?? []).filter((_, i) => roles.has(names[i]) && names.indexOf(names[i]!) === i)
      const which = data === 'NULL' ? 'data IS NULL' : `data = ${sqlText(data!)}`
      const update = `UPDATE keystone.${table} SET data = ${sqlText(JSON.stringify({ roles: right }))} WHERE ${which}`
      wrong.push({ says: `keystone.${table} ${what} (${data})`, mend: sh`mysql -e ${update}` })
    }
  }
  return wrong
}

type Grant = string | { readonly id?: string; readonly inherited_to?: string }
const idOf = (grant: Grant) => (typeof grant === 'string' ? grant : `${grant.id}`)

function grantsOf(data: string): readonly Grant[] | undefined {
  try {
    return (JSON.parse(data) as { readonly roles?: readonly Grant[] }).roles ?? []
  } catch {
    return undefined
  }
}

function sqlText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
