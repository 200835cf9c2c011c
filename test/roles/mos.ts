import { Clouds, type CloudsOptions } from '../rig/clouds.ts'

/** The options that make dumps of one moment, with every letter, and equal when the rows are. */
export const mysqldump =
  'mysqldump --default-character-set=utf8mb4 --single-transaction --quick --routines --triggers --events --hex-blob --skip-dump-date'

/** `chown -R SERVICE:SERVICE PATH`, of what does not belong to it yet, and without following links. */
export const handOver = (path: string, service: string) => `chown -h ${service}:${service} ${path} …`

/** A command as the user of a service: run by root, the tools leave logs that the service cannot write. */
export const as = (user: string, command: string) => `su -s /bin/sh -c '${command}' ${user}`

// Names of services: fuel-library deployment/puppet/*/manifests/params.pp at 4.1 and 5.0.
export const services = {
  keystone: ['openstack-keystone'],
  glance: ['openstack-glance-registry', 'openstack-glance-api'],
  cinder: ['tgtd', 'openstack-cinder-volume', 'openstack-cinder-scheduler', 'openstack-cinder-api'],
  neutron: [
    'neutron-server',
    'neutron-openvswitch-agent',
    'neutron-dhcp-agent',
    'neutron-l3-agent',
    'neutron-metadata-agent',
  ],
  nova: ['conductor', 'scheduler', 'consoleauth', 'cert', 'console', 'api', 'novncproxy', 'objectstore'].map(
    (name) => `openstack-nova-${name}`,
  ),
  horizon: ['httpd'],
  compute: ['neutron-openvswitch-agent', 'openstack-nova-compute'],
} as const

const { compute, ...ofControllers } = services
export const onControllers = Object.values(ofControllers).flat()

/** Files in which it is recorded what a controller ran before it was stopped: all, or those named. */
export function recorded(end: 'source' | 'target', running: readonly string[] = onControllers) {
  return Object.fromEntries(
    Object.entries(ofControllers).map(([service, names]) => [
      `/var/backups/switchover/${end}/services/${service}`,
      names.map((name) => `${name} ${running.includes(name) ? 'running enabled' : 'stopped disabled'}\n`).join(''),
    ]),
  )
}

/** A volume of the article; one MiB of it will do. */
export const volume = 'f374f730-4adc-40f3-bfd4-67c4ac14ba76'
const bytes = 1 << 20

const authtoken = (service: string, password: string) =>
  `[keystone_authtoken]\nadmin_user=${service}\nadmin_password=${password}\nadmin_tenant_name=services\n`
const openrc = (host: string, password: string) => `#!/bin/sh
  export OS_TENANT_NAME=admin
  export OS_USERNAME=admin
  export OS_PASSWORD=${password}
  export OS_AUTH_URL=http://${host}:5000/v2.0/
`
const agent = (password: string) => `[DEFAULT]\nadmin_user=neutron\nadmin_password=${password}\n`
const plugin = '/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini'

/** MOS 4.1 on node-1: files with what matters of them, written as it writes them. */
const havana = {
  '/root/openrc': openrc('10.0.0.4', 'admins-own'),
  '/etc/keystone/keystone.conf': '[DEFAULT]\nadmin_token=p7YtXc1B\n[sql]\nconnection=mysql://keystone:fDm3oOLv@x/y\n',
  '/etc/glance/glance-api.conf': `[DEFAULT]
default_store=file
sql_connection=mysql://glance:aB3xQ9fT@127.0.0.1/glance?read_timeout=60
${authtoken('glance', 'mN6cV2sD')}`,
  '/etc/glance/glance-registry.conf': `[DEFAULT]\n${authtoken('glance', 'mN6cV2sD')}`,
  '/etc/glance/glance-cache.conf': '[DEFAULT]\nadmin_user=glance\nadmin_password=mN6cV2sD\n',
  '/var/lib/glance/images/5bd625a0-cb69-4018-93c8-cf8bf0348f52': 'the bytes of TestVM\n',
  '/etc/nova/nova.conf': `[DEFAULT]\nneutron_admin_password=gH9jK2lZ\n${authtoken('nova', 'wS1qA7zX')}`,
  '/etc/neutron/neutron.conf': `[DEFAULT]
core_plugin=neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2
service_plugins=neutron.services.l3_router.l3_router_plugin.L3RouterPlugin
${authtoken('neutron', 'gH9jK2lZ')}`,
  '/etc/neutron/dhcp_agent.ini': agent('gH9jK2lZ'),
  '/etc/neutron/l3_agent.ini': agent('gH9jK2lZ'),
  '/etc/neutron/metadata_agent.ini': agent('gH9jK2lZ'),
  [plugin]: '[OVS]\nlocal_ip=10.0.0.4\nbridge_mappings=physnet1:br-ex\n',
  [`/dev/cinder/volume-${volume}`]: 'what a guest wrote\n'.padEnd(bytes, '\0'),
  '/etc/cinder/cinder.conf': `[DEFAULT]\niscsi_ip_address=192.168.1.4\n${authtoken('cinder', 'oP9lK2jH')}`,
}

/** MOS 5.0 on node-5, as it was deployed. */
const icehouse = {
  '/root/openrc': openrc('10.0.0.14', 'admin'),
  '/etc/keystone/keystone.conf': '[DEFAULT]\nadmin_token=c3HsJ6wE\n[database]\nconnection=mysql://keystone:own@x/y\n',
  '/etc/glance/glance-api.conf': `[DEFAULT]\n[database]\nconnection=mysql://own\n${authtoken('glance', 'T9dKf4Zn')}`,
  '/etc/glance/glance-registry.conf': `[DEFAULT]\n${authtoken('glance', 'T9dKf4Zn')}`,
  '/etc/glance/glance-cache.conf': '[DEFAULT]\nadmin_password=T9dKf4Zn\n',
  '/etc/nova/nova.conf': `[DEFAULT]\nrabbit_userid=nova\n${authtoken('nova', 'r6PzM1vA')}`,
  '/etc/neutron/neutron.conf': `[DEFAULT]\nagent_down_time=15\n${authtoken('neutron', 'b2XtE7nK')}`,
  '/etc/neutron/api-paste.ini': '[filter:authtoken]\nadmin_password=b2XtE7nK\n',
  '/etc/neutron/dhcp_agent.ini': agent('b2XtE7nK'),
  '/etc/neutron/l3_agent.ini': agent('b2XtE7nK'),
  '/etc/neutron/metadata_agent.ini': agent('b2XtE7nK'),
  [plugin]: '[OVS]\nlocal_ip=10.0.0.14\n',
  '/etc/cinder/cinder.conf': `[DEFAULT]\n${authtoken('cinder', 'Dy5tH9oL')}`,
  '/etc/cinder/rootwrap.conf': '[DEFAULT]\nexec_dirs=/sbin,/usr/sbin,/bin,/usr/bin\n',
  '/etc/openstack-dashboard/local_settings': 'OPENSTACK_HOST = "127.0.0.1"\n',
}

/** Node-3, which stays at MOS 4.1. */
const computeNode = {
  '/etc/nova/nova.conf': '[DEFAULT]\nrabbit_userid=nova\nrabbit_password=Hk2vR8dM\nsql_connection=mysql://old\n',
  '/etc/neutron/neutron.conf': '[DEFAULT]\nrabbit_password=Hk2vR8dM\n',
}

/** The login of that volume. */
export const chap = '3NRooC58UK3YiYRaPyAt eNJy8GZUta39wqEiCr23'

const iqn = `iqn.2010-10.org.openstack:volume-${volume}`

/** The article's own row, as it is before the upgrade and after it. */
export const attachment = (ip: string) =>
  `{"driver_volume_type": "iscsi", "serial": "${volume}", "data": {"access_mode": "rw", "target_discovered": false, ` +
  `"encrypted": false, "qos_specs": null, "target_iqn": "${iqn}", "target_portal": "${ip}:3260", ` +
  `"volume_id": "${volume}", "target_lun": 1, "device_path": "/dev/disk/by-path/ip-${ip}:3260-iscsi-${iqn}-lun-1", ` +
  '"auth_password": "eNJy8GZUta39wqEiCr23", "auth_username": "3NRooC58UK3YiYRaPyAt", "auth_method": "CHAP"}}'

const old = 'node-1.domain.tld'
const tables = {
  'keystone.endpoint': [{ id: '8cb1c821', url: 'http://172.16.40.43:5000/v2.0' }],
  // Those that the article converts by name.
  'glance.image_locations': [],
  'glance.image_members': [],
  'glance.image_properties': [],
  'glance.image_tags': [],
  'glance.images': [{ id: '5bd625a0-cb69-4018-93c8-cf8bf0348f52' }],
  'glance.migrate_version': [],
  'nova.services': [{ id: '1', host: old }],
  'nova.block_device_mapping': [{ id: '5', connection_info: attachment('192.168.1.4') }],
  'nova.instances': [{ id: '1' }],
  'neutron.agents': [{ id: 'a1fe62bf', host: old }],
  'neutron.portbindingports': [],
  // uuid5 of the name in the DNS namespace, as python3 -c 'import uuid; …' says it.
  'neutron.ports': [{ id: 'p-1', device_id: 'dhcpbd68d150-fa47-5731-af14-182327878895-net' }],
  'neutron.ovs_tunnel_endpoints': [{ id: '1', ip_address: '10.0.0.4' }],
  'neutron.networks': [{ id: 'net04' }],
  'cinder.volumes': [
    {
      id: volume,
      host: old,
      provider_location: `192.168.1.4:3260,1 ${iqn} 1`,
      provider_auth: `CHAP ${chap}`,
    },
  ],
  'cinder.services': [{ id: '1', host: old }],
  'cinder.backups': [],
}

/** What the clients list, a row each; ids as the article shows them. */
const listed = (id: string) => `| ${id} | x |\n`

/** The article's clouds before the upgrade, with what a test has otherwise. */
export function mos(more: CloudsOptions = {}): Promise<Clouds> {
  return Clouds.of({
    ...more,
    versions: {
      keystone: ['36', '44'],
      glance: ['29', '34'],
      nova: ['216', '234'],
      // MOS 4.1 lets neutron-server make the tables: there is no version.
      neutron: ['', 'icehouse'],
      cinder: ['20', '22'],
      ...more.versions,
    },
    files: {
      'node-1': { ...havana, ...more.files?.['node-1'] },
      'node-5': { ...icehouse, ...more.files?.['node-5'] },
      'node-3': { ...computeNode, ...more.files?.['node-3'] },
    },
    running: { 'node-5': onControllers, 'node-3': compute, ...more.running },
    stopped: { 'node-1': onControllers, ...more.stopped },
    tables: { ...tables, ...more.tables },
    http: { 9292: 300, ...more.http },
    answers: [
      ...(more.answers ?? []),
      [/FROM keystone\.project WHERE name IN/, [['b9750983962fed846333e9c9248d1fc9']]],
      [/SELECT name FROM keystone\.role/, [['Member'], ['_member_']]],
      [/FROM keystone\.service WHERE type NOT IN/, []],
      [/FROM glance\.images i JOIN/, []],
      [/SELECT `binary` FROM nova\.services/, []],
      [/heartbeat_timestamp > /, [['L3 agent', '1']]],
      [/SELECT id, size FROM cinder\.volumes/, []],
      [/SELECT id FROM cinder\.volumes WHERE deleted = 0 AND status = 'in-use'/, [[volume]]],
      [/SELECT id, connection_info FROM nova\.block_device_mapping .* UNION ALL/, []],
      [/SELECT id, provider_auth FROM cinder\.volumes/, [[volume, `CHAP ${chap}`]]],
      // No compute node has reported to the target yet.
      [/SELECT host, report_count FROM nova\.services/, []],
      [/SELECT updated_at > /, [['1']]],
    ],
    programs: {
      keystone: listed('8cb1c8216990434eb46e8180faf522bd'),
      glance: listed('5bd625a0-cb69-4018-93c8-cf8bf0348f52'),
      nova: listed('75eee200-5961-4e2e-bc9f-b6c276c68554'),
      neutron: listed('36560f8d-73ee-4f41-8def-8aecf7516417'),
      cinder: listed('69717c74-2cdd-4ef7-b7dd-a38ce63baa54'),
      'nova-manage': 'nova-cert node-5.domain.tld internal enabled :-) 2014-09-03 15:17:25\n',
      vgs: '  cinder:1073741824:1073741824:1048576\n',
      tgtadm: `Target 1: ${iqn}\n        LUN: 1\n    Account information:\n        ${chap.split(' ')[0]}\n`,
      rpm: '2013.2.3\n',
      rabbitmqctl: '0\n',
      ...more.programs,
    },
  })
}

/** Databases that are as they should be; what a test says otherwise comes first. */
const right: NonNullable<CloudsOptions['answers']> = [
  [/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova'], ['neutron'], ['cinder']]],
  [/IN \('nova-conductor', 'nova-scheduler'\)/, []],
  [/FROM keystone\.endpoint e JOIN/, [['compute', '{"name": "nova"}', 'http://10.0.0.4:8774/']]],
  [/SELECT table_schema, COUNT/, [['nova', '115', '4000000']]],
  [/FROM keystone\.(endpoint|service) WHERE extra IS NULL/, []],
  [/FROM neutron\.agents GROUP BY/, []],
  [/engine <> 'InnoDB'/, []],
  [/SELECT id FROM keystone\.role/, [['r-1']]],
  [/SELECT table_name FROM information_schema\.tables WHERE table_schema = 'keystone'/, [['user_project_metadata']]],
  [/SELECT table_name FROM information_schema\.tables WHERE table_schema = 'neutron'/, []],
  [/SELECT DISTINCT data FROM keystone\.user_project_metadata/, [['{"roles": [{"id": "r-1"}]}']]],
  [/SUM\(data_length/, [['1000000']]],
  [/SELECT COUNT\(\*\) FROM nova\.services/, [['1']]],
  [/UNION ALL/, []],
  [/SELECT uuid FROM nova\.instances/, []],
  [/status = 'queued'/, [['0']]],
  [/SUBSTRING\(l\.value, 8\)/, [['5bd625a0', '20', '/var/lib/glance/images/5bd625a0-cb69-4018-93c8-cf8bf0348f52']]],
  [/SUBSTRING_INDEX\(l\.value/, []],
  [/FROM cinder\.volumes WHERE deleted = 0$/, [[volume, '0', 'in-use', 'node-1.domain.tld']]],
  [/FROM cinder\.volumes WHERE deleted = 0 GROUP BY 1/, []],
  [/FROM cinder\.snapshots/, []],
  [/volume_type_extra_specs/, []],
  [/SELECT id, instance_uuid, volume_id, connection_info/, []],
  [/SELECT DISTINCT host FROM nova\.services WHERE deleted = 0 AND `binary`/, [['node-3.domain.tld']]],
  [/FROM nova\.instances WHERE deleted = 0 AND host IS NOT NULL/, [['node-3.domain.tld', '2']]],
]

/** As `mos`, with what a cloud that can be moved answers. */
export const ready = (more: CloudsOptions) =>
  mos({
    ...more,
    files: {
      ...more.files,
      'node-1': {
        '/etc/nova/nova.conf': '[DEFAULT]\nnetwork_api_class=nova.network.neutronv2.api.API\n',
        ...more.files?.['node-1'],
      },
    },
    answers: [...(more.answers ?? []), ...right],
    running: { 'node-1': onControllers, 'node-5': onControllers, ...more.running },
    stopped: { 'node-1': [] },
    programs: { ...more.programs },
  })
