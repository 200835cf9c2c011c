import type { CloudHost, ServiceName } from './cloud.ts'

/** What one release of one service is on a host: names that differ between families, commands, versions. */
export interface Service {
  readonly name: ServiceName
  /** Owns the files, and runs the tools that migrate. */
  readonly user: string
  /** In the order they are started. */
  readonly daemons: Readonly<Record<'redhat' | 'debian', readonly string[]>>
  /** The file that holds the database's URL, and every spelling under which the service looks for it. */
  readonly config: readonly string[]
  readonly connectionAliases: readonly (readonly [section: string, key: string])[]
  /** Where the URL points, and what follows its database. */
  readonly databaseHost: 'loopback' | 'management'
  readonly databaseQuery: string
  /** Brings the schema to the release, as the service's user. */
  readonly migrations: readonly string[]
  /** What `SELECT` must give after it: a release has several heads, as later point releases added some. */
  readonly version: { readonly sql: string; readonly before: readonly string[]; readonly after: readonly string[] }
}

/**
 * Names of the daemons: fuel-library deployment/puppet/SERVICE/manifests/params.pp at 4.1 and 5.0, which are equal.
 * Not openstack-nova-metadata-api: with Neutron nova-api itself serves metadata, and the two would fight for port 8775.
 * Not neutron-ovs-cleanup: it is run once at boot and wipes the ports of running agents.
 * Version heads: the migrate_repo folders of the release tags.
 */
export const services: Readonly<Record<ServiceName, Service>> = {
  keystone: {
    name: 'keystone',
    user: 'keystone',
    daemons: { redhat: ['openstack-keystone'], debian: ['keystone'] },
    config: ['/etc/keystone/keystone.conf'],
    connectionAliases: [
      ['sql', 'connection'],
      ['DEFAULT', 'sql_connection'],
    ],
    databaseHost: 'loopback',
    databaseQuery: 'read_timeout=60',
    migrations: ['keystone-manage db_sync'],
    version: {
      sql: "SELECT version FROM keystone.migrate_version WHERE repository_id = 'keystone'",
      before: ['34', '35', '36'],
      after: ['44'],
    },
  },
  glance: {
    name: 'glance',
    user: 'glance',
    daemons: {
      redhat: ['openstack-glance-registry', 'openstack-glance-api'],
      debian: ['glance-registry', 'glance-api'],
    },
    config: ['/etc/glance/glance-api.conf', '/etc/glance/glance-registry.conf'],
    connectionAliases: [
      ['DEFAULT', 'sql_connection'],
      ['sql', 'connection'],
    ],
    databaseHost: 'loopback',
    databaseQuery: 'read_timeout=60',
    migrations: ['glance-manage db_sync'],
    version: {
      sql: "SELECT version FROM glance.migrate_version WHERE repository_id = 'Glance Migrations'",
      before: ['29'],
      after: ['34'],
    },
  },
  nova: {
    name: 'nova',
    user: 'nova',
    daemons: {
      // conductor first: the compute nodes wait for it.
      redhat: ['conductor', 'scheduler', 'consoleauth', 'cert', 'console', 'api', 'novncproxy', 'objectstore'].map(
        (name) => `openstack-nova-${name}`,
      ),
      debian: ['conductor', 'scheduler', 'consoleauth', 'cert', 'api', 'novncproxy', 'objectstore'].map(
        (name) => `nova-${name}`,
      ),
    },
    config: ['/etc/nova/nova.conf'],
    connectionAliases: [
      ['DEFAULT', 'sql_connection'],
      ['sql', 'connection'],
    ],
    databaseHost: 'loopback',
    databaseQuery: 'read_timeout=60',
    // The category is `db` and the action `sync`: `nova-manage db_sync` ends with a usage error.
    migrations: ['nova-manage db sync'],
    version: {
      sql: "SELECT version FROM nova.migrate_version WHERE repository_id = 'nova'",
      before: ['216'],
      after: ['233', '234'],
    },
  },
  neutron: {
    name: 'neutron',
    user: 'neutron',
    daemons: {
      redhat: [
        'neutron-server',
        'neutron-openvswitch-agent',
        'neutron-dhcp-agent',
        'neutron-l3-agent',
        'neutron-metadata-agent',
      ],
      debian: [
        'neutron-server',
        'neutron-plugin-openvswitch-agent',
        'neutron-dhcp-agent',
        'neutron-l3-agent',
        'neutron-metadata-agent',
      ],
    },
    config: ['/etc/neutron/neutron.conf'],
    connectionAliases: [['DEFAULT', 'sql_connection']],
    databaseHost: 'management',
    databaseQuery: 'read_timeout=60',
    migrations: ['stamp havana', 'upgrade icehouse'].map(
      (step) =>
        `neutron-db-manage --config-file /etc/neutron/neutron.conf --config-file /etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini ${step}`,
    ),
    version: { sql: 'SELECT version_num FROM neutron.alembic_version', before: ['havana'], after: ['icehouse'] },
  },
  cinder: {
    name: 'cinder',
    user: 'cinder',
    daemons: {
      redhat: ['openstack-cinder-volume', 'openstack-cinder-scheduler', 'openstack-cinder-api'],
      debian: ['cinder-volume', 'cinder-scheduler', 'cinder-api'],
    },
    config: ['/etc/cinder/cinder.conf'],
    connectionAliases: [['DEFAULT', 'sql_connection']],
    databaseHost: 'management',
    databaseQuery: 'charset=utf8&read_timeout=60',
    migrations: ['cinder-manage db sync'],
    version: {
      sql: "SELECT version FROM cinder.migrate_version WHERE repository_id = 'cinder'",
      before: ['20', '21'],
      after: ['22'],
    },
  },
}

/** The daemons of a service under the names that this host has for them. */
export function daemons(host: CloudHost, service: ServiceName): readonly [string, ...string[]] {
  return services[service].daemons[host.vars.osFamily] as readonly [string, ...string[]]
}

/** What serves iSCSI, and what serves the dashboard. */
export function iscsiTarget(host: CloudHost): string {
  return host.vars.osFamily === 'redhat' ? 'tgtd' : 'tgt'
}
export function webServer(host: CloudHost): string {
  return host.vars.osFamily === 'redhat' ? 'httpd' : 'apache2'
}
