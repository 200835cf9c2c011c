import { masked } from '../../../lib/index.ts'
import type { database, ini } from '../../../lib/modules/index.ts'
import { hostOf, type Moved, withMovedAddresses } from '../addresses.ts'
import { type Cap, type Database, type Found, moving, type Release, type Service, type Version } from '../release.ts'
import { carried } from '../settings.ts'

/** What is of one pair of releases alone, where Debian has both. */
export interface Pair extends Pick<Release, 'from' | 'to' | 'server'> {
  /** By the names of the databases: as the releases' own tools leave them there, seen by running them. */
  readonly versions: Readonly<Record<Schema['name'], Version>>
  readonly cap: Cap
}

/** A pair of releases as Debian's packages have them. */
export function debian({ versions, cap, ...pair }: Pair): Release {
  const versioned = (one: Schema): Database => ({ ...one, version: versions[one.name] })
  return {
    ...pair,
    services: services.map((one) => ({ ...one, databases: one.databases.map(versioned) })),
    charset: { charset: 'utf8', collation: 'utf8_general_ci' },
    catalogue: `SELECT s.type, IFNULL(s.extra, ''), MIN(e.url) FROM keystone.endpoint e
      JOIN keystone.service s ON s.id = e.service_id GROUP BY 1, 2`,
    openrc: '/root/openrc',
    broker: { redhat: 'rabbitmq-server', debian: 'rabbitmq-server' },
    compute: {
      daemon: { redhat: 'openstack-nova-compute', debian: 'nova-compute' },
      agent: { redhat: 'neutron-openvswitch-agent', debian: 'neutron-openvswitch-agent' },
      package: { redhat: 'python3-nova', debian: 'python3-nova' },
      log: { redhat: '/var/log/nova/nova-compute.log', debian: '/var/log/nova/nova-compute.log' },
      config: {
        daemon: { path: '/etc/nova/nova.conf', settings: [broker, computeAddresses] },
        agent: { path: '/etc/neutron/neutron.conf', settings: [broker] },
      },
      cap,
      // As an error: a newer object that the conductor brings to the node's version is told of as a warning.
      refusals: 'ERROR .*(UnsupportedVersion|IncompatibleObjectVersion|RPCVersionCapError)',
    },
  }
}

/** The way of a schema whose version both releases note by alembic, as all do since Zed. */
export function migrated(name: string, before: string, after: string): Version {
  return { ...alembic(name), before: [before], after: [after] }
}

/** Where alembic notes the version of a schema. */
export function alembic(name: string): Pick<Version, 'table' | 'sql'> {
  const sql = `SELECT GROUP_CONCAT(version_num ORDER BY version_num) FROM ${name}.alembic_version`
  return { table: 'alembic_version', sql }
}

interface Schema extends Omit<Database, 'version'> {
  readonly name: 'keystone' | 'placement' | 'glance' | 'cinder' | 'neutron' | 'nova_api' | 'nova' | 'nova_cell0'
}
interface Unversioned extends Omit<Service, 'databases'> {
  readonly databases: readonly Schema[]
}

/** Since when a row has been as it is. */
const minutes = 'TIMESTAMPDIFF(MINUTE, IFNULL(updated_at, created_at), UTC_TIMESTAMP())'

/** Who a service is in keystone: the imported one has the users of the source. */
const credentials = ['username', 'password', 'project_name', 'project_domain_name', 'user_domain_name']

const keystone: Unversioned = {
  name: 'keystone',
  endpoints: ['identity'],
  etc: '/etc/keystone',
  user: 'keystone',
  owned: ['/etc/keystone'],
  // Tokens that users hold, and credentials in the database, are read with the keys of the source.
  folders: ['/etc/keystone/fernet-keys', '/etc/keystone/credential-keys'],
  daemons: [{ debian: 'keystone' }],
  databases: [
    {
      name: 'keystone',
      migrations: ['keystone-manage db_sync'],
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
  config: [],
  caches: { file: '/etc/keystone/keystone.conf', keys: [['cache', 'memcache_servers']] },
  answers: { url: 'http://127.0.0.1:5000/v3/' },
  list: {
    of: 'endpoints',
    command: 'openstack endpoint list',
    count: 'SELECT COUNT(*) FROM keystone.endpoint',
    behind: (release) => `SELECT id FROM keystone.service WHERE type NOT IN (${moving(release)})`,
  },
}

const glance: Unversioned = {
  name: 'glance',
  endpoints: ['image'],
  etc: '/etc/glance',
  user: 'glance',
  owned: ['/etc/glance', '/var/lib/glance'],
  folders: ['/var/lib/glance/images'],
  daemons: [{ debian: 'glance-api', kind: 'api' }],
  databases: [{ name: 'glance', migrations: ['glance-manage db_sync'] }],
  config: [
    {
      path: '/etc/glance/glance-api.conf',
      settings: [carried({ keystone_authtoken: credentials, glance_store: ['filesystem_store_datadir'] })],
    },
  ],
  underWay: [
    `SELECT 'image', id, status, ${minutes}, CONCAT('openstack image delete ', id)
    FROM glance.images WHERE deleted = 0 AND status IN ('saving', 'importing')`,
  ],
  answers: { url: 'http://127.0.0.1:9292/', status: 300 },
  list: {
    of: 'images',
    command: 'openstack image list',
    count: "SELECT COUNT(*) FROM glance.images WHERE deleted = 0 AND status <> 'killed'",
  },
}

const placement: Unversioned = {
  name: 'placement',
  endpoints: ['placement'],
  etc: '/etc/placement',
  user: 'placement',
  owned: [],
  daemons: [{ debian: 'placement-api', kind: 'api' }],
  databases: [{ name: 'placement', migrations: ['placement-manage db sync'] }],
  config: [{ path: '/etc/placement/placement.conf', settings: [carried({ keystone_authtoken: credentials })] }],
  answers: { url: 'http://127.0.0.1:8778/' },
}

const cinder: Unversioned = {
  name: 'cinder',
  endpoints: ['volumev3', 'volumev2', 'block-storage'],
  etc: '/etc/cinder',
  user: 'cinder',
  owned: ['/etc/cinder'],
  // The folder that the share is: volumes are files in it.
  folders: ['/srv/cinder'],
  files: `SELECT id, CONCAT('/srv/cinder/volume-', id) FROM cinder.volumes
    WHERE deleted = 0 AND status IN ('available', 'in-use')`,
  storage: { name: 'NFS server', port: 2049 },
  daemons: [{ debian: 'cinder-volume' }, { debian: 'cinder-scheduler' }, { debian: 'cinder-api', kind: 'api' }],
  databases: [
    {
      name: 'cinder',
      migrations: ['cinder-manage db sync'],
      rows: [
        {
          table: 'volumes',
          key: 'id',
          columns: ['host', 'provider_location'],
          where: 'deleted = 0',
          change: (row, moved) => ({ ...hostOf(row, moved), ...addressesOf(row, 'provider_location', moved) }),
        },
        {
          table: 'volume_attachment',
          key: 'id',
          columns: ['connection_info'],
          where: 'deleted = 0 AND connection_info IS NOT NULL',
          change: (row, moved) => addressesOf(row, 'connection_info', moved),
        },
        { table: 'services', key: 'id', columns: ['host'], where: 'deleted = 0', change: hostOf },
        { table: 'backups', key: 'id', columns: ['host'], where: 'deleted = 0', change: hostOf },
      ],
    },
  ],
  online: ['cinder-manage db online_data_migrations'],
  config: [{ path: '/etc/cinder/cinder.conf', settings: [carried({ keystone_authtoken: credentials })] }],
  underWay: [
    `SELECT 'volume', id, status, ${minutes},
      CONCAT('cinder reset-state --state ', IF(attach_status = 'attached', 'in-use ', 'available '), id)
      FROM cinder.volumes WHERE deleted = 0
      AND status NOT IN ('available', 'in-use', 'error', 'error_deleting', 'error_extending', 'reserved')`,
  ],
  answers: { url: 'http://127.0.0.1:8776/', status: 300 },
  list: {
    of: 'volumes',
    command: 'openstack volume list --all-projects',
    count: 'SELECT COUNT(*) FROM cinder.volumes WHERE deleted = 0',
    broken: /\| error/,
  },
}

const neutron: Unversioned = {
  name: 'neutron',
  endpoints: ['network'],
  etc: '/etc/neutron',
  user: 'neutron',
  owned: ['/etc/neutron'],
  daemons: [{ debian: 'neutron-rpc-server' }, { debian: 'neutron-api', kind: 'api' }],
  databases: [
    {
      name: 'neutron',
      migrations: [
        'neutron-db-manage --config-file /etc/neutron/neutron.conf ' +
          '--config-file /etc/neutron/plugins/ml2/ml2_conf.ini upgrade heads',
      ],
    },
  ],
  config: [
    {
      path: '/etc/neutron/neutron.conf',
      settings: [carried({ keystone_authtoken: credentials, nova: credentials, DEFAULT: ['base_mac'] })],
    },
    {
      path: '/etc/neutron/plugins/ml2/ml2_conf.ini',
      settings: [
        carried({
          ml2: ['type_drivers', 'tenant_network_types', 'mechanism_drivers', 'extension_drivers'],
          ml2_type_flat: ['flat_networks'],
          ml2_type_vlan: ['network_vlan_ranges'],
          ml2_type_vxlan: ['vni_ranges'],
        }),
      ],
    },
  ],
  answers: { url: 'http://127.0.0.1:9696/' },
  list: {
    of: 'networks',
    command: 'openstack network list',
    count: 'SELECT COUNT(*) FROM neutron.networks',
  },
}

const nova: Unversioned = {
  name: 'nova',
  endpoints: ['compute'],
  etc: '/etc/nova',
  user: 'nova',
  owned: ['/etc/nova'],
  // Conductor first: the compute nodes wait for it.
  daemons: [
    { debian: 'nova-conductor' },
    { debian: 'nova-scheduler' },
    { debian: 'nova-api', kind: 'api' },
    { debian: 'nova-api-metadata' },
  ],
  databases: [
    {
      name: 'nova_api',
      migrations: ['nova-manage api_db sync'],
      rows: [
        {
          // Where the cells are, with passwords and addresses of the source. They are asked when nova's own schema is
          // migrated: with these the source's would be. As templates, which every host fills in from its own nova.conf
          // (nova/objects/cell_mapping.py, since Rocky), they need no password.
          table: 'cell_mappings',
          key: 'id',
          columns: ['transport_url', 'database_connection'],
          early: true,
          change: (row) => {
            const name = /\/([^/?]+)(?:\?.*)?$/.exec(String(row['database_connection']))?.[1] ?? ''
            return {
              transport_url: row['transport_url'] === 'none:///' ? 'none:///' : ofThisHost(':{port}/'),
              database_connection: ofThisHost(name.endsWith('_cell0') ? `/${name}` : '/{path}'),
            }
          },
          show: (value) => String(value).replace(/:[^:@/]*@/, ':‹password›@'),
        },
      ],
    },
    {
      name: 'nova',
      // That of both cells.
      migrations: ['nova-manage db sync'],
      rows: [
        {
          table: 'services',
          key: 'id',
          columns: ['host'],
          where: "deleted = 0 AND `binary` <> 'nova-compute'",
          change: hostOf,
        },
        {
          table: 'block_device_mapping',
          key: 'id',
          columns: ['connection_info'],
          where: 'deleted = 0 AND volume_id IS NOT NULL AND connection_info IS NOT NULL',
          change: (row, moved) => addressesOf(row, 'connection_info', moved),
        },
      ],
    },
    { name: 'nova_cell0', migrations: [] },
  ],
  online: ['nova-manage db online_data_migrations', 'nova-manage cell_v2 discover_hosts'],
  roles: [grantOf('service', 'nova')],
  config: [
    {
      path: '/etc/nova/nova.conf',
      settings: [
        carried({
          keystone_authtoken: credentials,
          placement: credentials,
          neutron: [...credentials, 'metadata_proxy_shared_secret'],
          service_user: credentials,
          cinder: credentials,
        }),
        // Without it cinder refuses to detach what a server that is deleted had (CVE-2023-2088).
        { service_user: { send_service_user_token: true } },
      ],
    },
  ],
  underWay: [
    `SELECT 'instance', uuid, task_state, ${minutes}, CONCAT('openstack server set --state active ', uuid)
      FROM nova.instances WHERE deleted = 0 AND task_state IS NOT NULL`,
  ],
  answers: { url: 'http://127.0.0.1:8774/' },
  list: {
    of: 'instances',
    command: 'openstack server list --all-projects',
    count: 'SELECT COUNT(*) FROM nova.instances WHERE deleted = 0',
  },
}

const horizon: Unversioned = {
  name: 'horizon',
  etc: '/etc/openstack-dashboard',
  daemons: [{ debian: 'apache2', kind: 'api' }],
  databases: [],
  config: [],
  answers: { url: 'http://127.0.0.1/horizon' },
}

/** Who is asked before who asks. */
const services = [keystone, placement, glance, cinder, neutron, nova, horizon]

/** A role for a service's user in the project of the services. */
function grantOf(role: string, user: string) {
  const count = `SELECT COUNT(*) FROM keystone.assignment a JOIN keystone.role r ON r.id = a.role_id
    JOIN keystone.local_user u ON u.user_id = a.actor_id WHERE r.name = '${role}' AND u.name = '${user}'`
  return { role, user, project: 'service', count }
}

/** A URL of a cell that every host fills in from its own settings. */
function ofThisHost(rest: string): string {
  return `{scheme}://{username}:{password}@{hostname}${rest}`
}

/** A text of a row with the addresses of the source as the target's. */
function addressesOf(row: database.Row, column: string, { addresses }: Moved) {
  return { [column]: row[column] && withMovedAddresses(String(row[column]), addresses) }
}

/** Where services find the target's broker, and how they log in there. */
function broker({ site: { target } }: Found) {
  const { rabbitUser, rabbitPassword, management } = target
  return { DEFAULT: { transport_url: masked`rabbit://${rabbitUser}:${rabbitPassword}@${management}:5672/` } }
}

/** Where a compute node finds the new controller; who it is there stays, as keystone's users do. */
function computeAddresses({ site: { target } }: Found): ini.Sections {
  const at = `http://${target.management}`
  const auth = { auth_url: `${at}:5000` }
  return {
    glance: { api_servers: `${at}:9292` },
    placement: auth,
    neutron: auth,
    service_user: { ...auth, send_service_user_token: true },
    keystone_authtoken: {
      ...auth,
      www_authenticate_uri: `${at}:5000`,
      memcached_servers: `${target.management}:11211`,
    },
  }
}
