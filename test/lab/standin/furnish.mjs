// furnish.mjs ROOT HOST: writes into a host's root directory what Fuel and its Puppet left there.
import {
  chmodSync,
  closeSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { astute } from './astute.mjs'
import { hashed } from './broker.mjs'
import { imageChunks } from './bytes.mjs'
import { dashboard, paste, policy, rootwrapConf, rootwrapFilters } from './packaged.mjs'
import { installed, services, users } from './names.mjs'
import { compose, samples } from './samples.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const library = '/usr/lib/openstack-standin'

const packages = {
  controller: [
    'openstack-keystone',
    'openstack-glance',
    'openstack-nova-api',
    'openstack-nova-cert',
    'openstack-nova-common',
    'openstack-nova-conductor',
    'openstack-nova-console',
    'openstack-nova-objectstore',
    'openstack-nova-scheduler',
    'openstack-nova-novncproxy',
    'openstack-neutron',
    'openstack-neutron-openvswitch',
    'openstack-cinder',
    'openstack-dashboard',
    'scsi-target-utils',
    'rabbitmq-server',
    'memcached',
  ],
  compute: ['openstack-nova-compute', 'openstack-nova-common', 'openstack-neutron', 'openstack-neutron-openvswitch'],
}
const versions = {
  havana: { openstack: '2013.2.4', 'scsi-target-utils': '1.0.24', 'rabbitmq-server': '2.8.7', memcached: '1.4.4' },
  icehouse: { openstack: '2014.1.5', 'scsi-target-utils': '1.0.24', 'rabbitmq-server': '3.3.5', memcached: '1.4.4' },
}

/** Files below a root directory, with their owner by number and their mode. */
function place(root) {
  const own = (path, owner, group) => lchownSync(path, users[owner], users[group])
  const folder = (path, mode = 0o755, owner = 'root', group = owner) => {
    const full = join(root, path)
    mkdirSync(full, { recursive: true })
    chmodSync(full, mode)
    own(full, owner, group)
  }
  const file = (path, content, mode = 0o644, owner = 'root', group = owner) => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    rmSync(full, { force: true })
    if (typeof content === 'string') writeFileSync(full, content)
    else {
      const descriptor = openSync(full, 'w')
      for (const chunk of content) writeSync(descriptor, chunk)
      closeSync(descriptor)
    }
    chmodSync(full, mode)
    own(full, owner, group)
  }
  const link = (path, to) => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    rmSync(full, { force: true })
    symlinkSync(to, full)
  }
  return { folder, file, link }
}

/** Everything the files of one host are made of: itself, its controller, its release. */
function facts(clouds, name) {
  const host = clouds[name]
  const compute = host.databasePasswords === undefined
  const controller = compute
    ? Object.values(clouds).find((other) => other.databasePasswords && other.release === host.release)
    : host
  return {
    host,
    controller,
    compute,
    release: host.release,
    old: host.release === 'havana',
    uid: name.replace(/^node-/, ''),
    clouds,
  }
}

const authtoken = ({ controller, old }, user, extra = {}) => ({
  auth_host: controller.management,
  auth_port: '35357',
  auth_protocol: 'http',
  ...(old ? {} : { auth_uri: `http://${controller.management}:5000/` }),
  admin_tenant_name: 'services',
  admin_user: user,
  admin_password: controller.servicePasswords[user],
  ...extra,
})

const rabbit = ({ controller, old }, hosts = `${controller.management}:5672`) => ({
  rabbit_hosts: hosts,
  rabbit_userid: controller.rabbit.user,
  rabbit_password: controller.rabbit.password,
  rabbit_virtual_host: '/',
  rabbit_use_ssl: 'False',
  rabbit_ha_queues: 'False',
  ...(old ? {} : { kombu_reconnect_delay: '5.0', amqp_durable_queues: 'False' }),
})

const url = ({ controller }, service, host, query = 'read_timeout=60') =>
  `mysql://${service}:${controller.databasePasswords[service]}@${host}/${service}?${query}`

function keystone(of, { folder, file }) {
  const { controller, old, release } = of
  const settings = {
    DEFAULT: {
      admin_token: controller.adminToken,
      bind_host: '0.0.0.0',
      public_port: '5000',
      admin_port: '35357',
      compute_port: '3000',
      debug: 'False',
      verbose: 'True',
      use_syslog: 'False',
      log_dir: '/var/log/keystone',
      log_file: 'keystone.log',
    },
    ...(old
      ? { sql: { connection: url(of, 'keystone', '127.0.0.1'), idle_timeout: '3600' }, DATABASE: { max_retries: '-1' } }
      : {
          database: {
            connection: url(of, 'keystone', '127.0.0.1'),
            idle_timeout: '3600',
            max_pool_size: '10',
            max_retries: '-1',
            max_overflow: '30',
          },
        }),
    identity: { driver: 'keystone.identity.backends.sql.Identity' },
    catalog: { driver: ' keystone.catalog.backends.sql.Catalog' },
    policy: { driver: 'keystone.policy.backends.rules.Policy' },
    ec2: { driver: 'keystone.contrib.ec2.backends.sql.Ec2' },
    token: old
      ? { driver: 'keystone.token.backends.sql.Token' }
      : { driver: 'keystone.token.backends.memcache.Token', caching: 'true' },
    ...(old
      ? {}
      : {
          cache: { enabled: 'true', backend: 'dogpile.cache.memcached', backend_argument: 'url:127.0.0.1:11211' },
          memcache: { servers: '127.0.0.1:11211' },
        }),
    signing: { token_format: 'UUID' },
  }
  const sample = old
    ? samples.keystone
    : Object.fromEntries(Object.entries(samples.keystone).filter(([name]) => name !== 'sql'))
  folder('etc/keystone', 0o755, 'keystone')
  file(
    'etc/keystone/keystone.conf',
    compose(sample, settings, release) + (old ? `\n${paste.keystone.havana}` : ''),
    0o640,
    'keystone',
  )
  if (!old) file('etc/keystone/keystone-paste.ini', paste.keystone.icehouse, 0o640, 'keystone')
  file('etc/keystone/policy.json', policy('keystone', release), 0o640, 'keystone')
  file(
    'etc/keystone/logging.conf',
    '[loggers]\nkeys=root\n\n[formatters]\nkeys=normal\n\n[handlers]\nkeys=production\n',
    0o644,
    'keystone',
  )
  file(
    'etc/keystone/default_catalog.templates',
    '# config for TemplatedCatalog\ncatalog.RegionOne.identity.publicURL = http://localhost:$(public_port)s/v2.0\n',
    0o644,
    'keystone',
  )
  for (const path of ['var/lib/keystone', 'var/log/keystone'])
    folder(path, path.startsWith('var/log') ? 0o750 : 0o755, 'keystone')
}

function glance(of, { folder, file }) {
  const { controller, old, release } = of
  const { management } = controller
  const base = (kind) => ({
    verbose: 'True',
    debug: 'False',
    bind_host: '0.0.0.0',
    bind_port: kind === 'api' ? '9292' : '9191',
    backlog: '4096',
    sql_connection: url(of, 'glance', '127.0.0.1'),
    sql_idle_timeout: '3600',
    use_syslog: 'False',
    log_file: `/var/log/glance/${kind}.log`,
    ...(old ? {} : { sql_max_pool_size: '10', sql_max_retries: '-1', sql_max_overflow: '30' }),
  })
  const messages = {
    notification_driver: 'messaging',
    rabbit_notification_exchange: 'glance',
    rabbit_notification_topic: 'notifications',
    ...rabbit(of),
  }
  const api = {
    DEFAULT: {
      ...base('api'),
      registry_host: management,
      registry_port: '9191',
      workers: '2',
      image_cache_dir: '/var/lib/glance/image-cache/',
      scrubber_datadir: '/var/lib/glance/scrubber',
      default_store: 'file',
      filesystem_store_datadir: '/var/lib/glance/images/',
      notifier_strategy: 'noop',
      auth_uri: `http://${management}:35357`,
      ...(old ? {} : messages),
    },
    keystone_authtoken: authtoken(of, 'glance', {
      signing_dir: '/tmp/keystone-signing-glance',
      signing_dirname: '/tmp/keystone-signing-glance',
    }),
    paste_deploy: { flavor: 'keystone+cachemanagement' },
  }
  const registry = {
    DEFAULT: base('registry'),
    keystone_authtoken: authtoken(of, 'glance', { signing_dir: '/tmp/keystone-signing-glance' }),
    paste_deploy: { flavor: 'keystone' },
  }
  const cache = {
    DEFAULT: {
      verbose: 'True',
      debug: 'False',
      image_cache_dir: '/var/lib/glance/image-cache/',
      image_cache_max_size: '5368709120',
      registry_host: management,
      registry_port: '9191',
      auth_url: `http://${management}:35357`,
      admin_tenant_name: 'services',
      admin_user: 'glance',
      admin_password: controller.servicePasswords.glance,
      filesystem_store_datadir: '/var/lib/glance/images/',
      log_file: '/var/log/glance/image-cache.log',
    },
  }
  folder('etc/glance', 0o770, 'glance')
  file('etc/glance/glance-api.conf', compose(samples.glance, api, release), 0o640, 'glance')
  file(
    'etc/glance/glance-registry.conf',
    compose(
      { DEFAULT: '', keystone_authtoken: samples.glance.keystone_authtoken, paste_deploy: samples.glance.paste_deploy },
      registry,
      release,
    ),
    0o640,
    'glance',
  )
  file('etc/glance/glance-cache.conf', compose({ DEFAULT: '' }, cache, release), 0o640, 'glance')
  file('etc/glance/glance-api-paste.ini', paste.glanceApi, 0o640, 'glance')
  file('etc/glance/glance-registry-paste.ini', paste.glanceRegistry[release], 0o640, 'glance')
  file('etc/glance/policy.json', policy('glance', release), 0o640, 'glance')
  file(
    'etc/glance/schema-image.json',
    '{\n    "kernel_id": {\n        "type": "string",\n        "pattern": "^([0-9a-fA-F-]){36}$"\n    }\n}\n',
    0o640,
    'glance',
  )
  for (const path of [
    'var/lib/glance',
    'var/lib/glance/images',
    'var/lib/glance/image-cache',
    'var/lib/glance/image-cache/incomplete',
    'var/lib/glance/image-cache/invalid',
    'var/lib/glance/image-cache/queue',
    'var/lib/glance/scrubber',
    'var/log/glance',
  ])
    folder(path, 0o755, 'glance')
  file('var/lib/glance/image-cache/cache.db', '', 0o644, 'glance')
  if (old)
    for (const { id, size } of of.clouds.images)
      file(`var/lib/glance/images/${id}`, imageChunks(id, size), 0o640, 'glance')
}

function nova(of, { folder, file }) {
  const { host, controller, compute, old, release } = of
  const { management } = controller
  const connection = url(of, 'nova', compute ? management : '127.0.0.1')
  const both = {
    debug: 'False',
    verbose: 'True',
    use_syslog: 'False',
    logdir: '/var/log/nova',
    state_path: '/var/lib/nova',
    lock_path: '/var/lib/nova/tmp',
    rootwrap_config: '/etc/nova/rootwrap.conf',
    my_ip: host.management,
    rpc_backend: 'nova.rpc.impl_kombu',
    ...rabbit(of),
    auth_strategy: 'keystone',
    service_down_time: old ? '60' : '180',
    ...(old ? {} : { report_interval: '60' }),
    image_service: 'nova.image.glance.GlanceImageService',
    glance_api_servers: compute ? `${management}:9292` : `${controller.public}:9292`,
    notify_api_faults: 'False',
    volume_api_class: 'nova.volume.cinder.API',
    use_cow_images: 'True',
    start_guests_on_host_boot: 'True',
    compute_scheduler_driver: 'nova.scheduler.filter_scheduler.FilterScheduler',
    security_group_api: 'neutron',
    firewall_driver: 'nova.virt.firewall.NoopFirewallDriver',
    network_api_class: 'nova.network.neutronv2.api.API',
    neutron_auth_strategy: 'keystone',
    neutron_url: `http://${management}:9696`,
    neutron_admin_tenant_name: 'services',
    neutron_admin_username: 'neutron',
    neutron_admin_password: controller.servicePasswords.neutron,
    neutron_admin_auth_url: `http://${management}:35357/v2.0`,
    ...(old
      ? { neutron_connection_host: management }
      : {
          neutron_region_name: 'RegionOne',
          neutron_url_timeout: '30',
          neutron_ovs_bridge: 'br-int',
          vif_plugging_is_fatal: 'true',
          vif_plugging_timeout: '300',
        }),
    ...(old ? { sql_connection: connection, sql_idle_timeout: '3600' } : {}),
  }
  const own = compute
    ? {
        compute_driver: 'libvirt.LibvirtDriver',
        libvirt_type: 'qemu',
        libvirt_use_virtio_for_bridges: 'True',
        libvirt_vif_driver: 'nova.virt.libvirt.vif.LibvirtHybridOVSBridgeDriver',
        libvirt_inject_partition: '-1',
        vnc_enabled: 'True',
        vncserver_listen: host.management,
        vncserver_proxyclient_address: host.management,
        vnc_keymap: 'en-us',
        novncproxy_base_url: `http://${controller.public}:6080/vnc_auto.html`,
        compute_manager: 'nova.compute.manager.ComputeManager',
        connection_type: 'libvirt',
        instance_usage_audit: 'True',
        instance_usage_audit_period: 'hour',
        metadata_host: management,
      }
    : {
        api_paste_config: '/etc/nova/api-paste.ini',
        enabled_apis: 'ec2,osapi_compute,metadata',
        ec2_listen: '0.0.0.0',
        osapi_compute_listen: '0.0.0.0',
        metadata_listen: '0.0.0.0',
        volume_manager: 'nova.volume.manager.VolumeManager',
        quota_driver: 'nova.quota.NoopQuotaDriver',
        keystone_ec2_url: `http://${management}:5000/v2.0/ec2tokens`,
        api_rate_limit: 'False',
        osapi_volume_listen: '0.0.0.0',
        novncproxy_host: '0.0.0.0',
        novncproxy_port: '6080',
        cert_topic: 'cert',
        service_neutron_metadata_proxy: 'True',
        neutron_metadata_proxy_shared_secret: controller.metadataSecret,
        ...(old
          ? { memcached_servers: '127.0.0.1:11211' }
          : {
              scheduler_host_manager: 'nova.scheduler.host_manager.HostManager',
              scheduler_max_attempts: '3',
              scheduler_host_subset_size: '30',
              scheduler_default_filters:
                'RetryFilter,AvailabilityZoneFilter,RamFilter,CoreFilter,DiskFilter,ComputeFilter',
              cpu_allocation_ratio: '8.0',
              ram_allocation_ratio: '1.0',
            }),
      }
  const settings = {
    DEFAULT: { ...both, ...own },
    DATABASE: old
      ? { max_retries: '-1' }
      : { connection, idle_timeout: '3600', max_pool_size: '10', max_retries: '-1', max_overflow: '30' },
    ...(compute ? { conductor: { use_local: 'False' } } : {}),
    keystone_authtoken: authtoken(of, 'nova', {
      signing_dir: '/tmp/keystone-signing-nova',
      signing_dirname: '/tmp/keystone-signing-nova',
    }),
  }
  const { upgrade_levels: _, ...sample } = samples.nova
  folder('etc/nova', 0o755, 'root')
  folder('etc/nova/rootwrap.d')
  file('etc/nova/nova.conf', compose(old ? sample : samples.nova, settings, release), 0o640, 'nova')
  file('etc/nova/api-paste.ini', paste.nova[release], 0o640, 'root', 'nova')
  file('etc/nova/policy.json', policy('nova', release), 0o640, 'root', 'nova')
  file('etc/nova/rootwrap.conf', rootwrapConf('nova'))
  for (const [name, text] of Object.entries(rootwrapFilters('nova', release)))
    file(`etc/nova/rootwrap.d/${name}.filters`, text)
  folder('var/lib/nova', 0o755, 'nova')
  folder('var/lib/nova/tmp', 0o755, 'nova')
  folder('var/lib/nova/instances', 0o755, 'nova')
  folder('var/log/nova', 0o755, 'nova')
}

function neutron(of, { folder, file, link }) {
  const { host, controller, compute, old, release } = of
  const { management } = controller
  const admin = {
    admin_tenant_name: 'services',
    admin_user: 'neutron',
    admin_password: controller.servicePasswords.neutron,
  }
  const connection = url(of, 'neutron', `${management}:3306`)
  const settings = {
    DEFAULT: {
      debug: 'False',
      verbose: 'True',
      use_syslog: 'False',
      log_dir: '/var/log/neutron',
      bind_host: '0.0.0.0',
      bind_port: '9696',
      ...(old ? {} : { state_path: '/var/lib/neutron', lock_path: '/var/lib/neutron/lock' }),
      core_plugin: old ? 'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2' : 'openvswitch',
      auth_strategy: 'keystone',
      base_mac: 'fa:16:3e:00:00:00',
      mac_generation_retries: '32',
      dhcp_lease_duration: '120',
      allow_bulk: 'True',
      allow_overlapping_ips: old ? 'False' : 'True',
      control_exchange: 'neutron',
      rpc_backend: 'neutron.openstack.common.rpc.impl_kombu',
      ...rabbit(of, compute ? `${management}:5672` : `127.0.0.1:5672,${management}:5672`),
      rabbit_ha_queues: 'True',
      agent_down_time: '15',
      network_device_mtu: '1500',
      dhcp_agents_per_network: '1',
      router_scheduler_driver: 'neutron.scheduler.l3_agent_scheduler.ChanceScheduler',
      ...(old || compute
        ? {}
        : {
            notify_nova_on_port_status_changes: 'true',
            notify_nova_on_port_data_changes: 'true',
            nova_url: `http://${management}:8774/v2`,
            nova_region_name: 'RegionOne',
            nova_admin_username: 'nova',
            nova_admin_tenant_id: host.servicesTenant,
            nova_admin_password: controller.servicePasswords.nova,
            nova_admin_auth_url: `http://${management}:35357/v2.0`,
          }),
    },
    ...(old
      ? {
          QUOTAS: { default_quota: '-1', quota_network: '10', quota_subnet: '10', quota_port: '50' },
          quota: { quota_driver: 'neutron.db.quota_db.DbQuotaDriver' },
        }
      : {
          quotas: {
            default_quota: '-1',
            quota_network: '10',
            quota_subnet: '10',
            quota_port: '50',
            quota_driver: 'neutron.db.quota_db.DbQuotaDriver',
          },
        }),
    agent: {
      root_helper: 'sudo neutron-rootwrap /etc/neutron/rootwrap.conf',
      ...(old ? {} : { report_interval: '5' }),
    },
    keystone_authtoken: authtoken(of, 'neutron', { signing_dir: '/var/lib/neutron/keystone-signing' }),
    database: {
      ...(compute ? {} : { connection }),
      ...(old
        ? { max_retries: '-1' }
        : { max_retries: '-1', idle_timeout: '3600', max_pool_size: '10', max_overflow: '30' }),
    },
  }
  folder('etc/neutron')
  folder('etc/neutron/plugins')
  folder('etc/neutron/plugins/openvswitch')
  folder('etc/neutron/rootwrap.d')
  file('etc/neutron/neutron.conf', compose(samples.neutron, settings, release), 0o640, 'root', 'neutron')
  const [ovs, agent, group] = old ? ['OVS', 'AGENT', 'SECURITYGROUP'] : ['ovs', 'agent', 'securitygroup']
  const plugin = {
    ...(old ? { DATABASE: { sql_max_retries: '-1', reconnect_interval: '2' } } : {}),
    [ovs]: {
      integration_bridge: 'br-int',
      tenant_network_type: 'gre',
      enable_tunneling: 'True',
      tunnel_type: 'gre',
      tunnel_bridge: 'br-tun',
      int_peer_patch_port: 'patch-tun',
      tun_peer_patch_port: 'patch-int',
      tunnel_id_ranges: '2:65535',
      network_vlan_ranges: 'physnet1',
      bridge_mappings: 'physnet1:br-ex',
      local_ip: host.management,
    },
    [agent]: { polling_interval: '2', root_helper: 'sudo neutron-rootwrap /etc/neutron/rootwrap.conf' },
    [group]: { firewall_driver: 'neutron.agent.linux.iptables_firewall.OVSHybridIptablesFirewallDriver' },
  }
  file('etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini', compose({}, plugin, release), 0o640, 'root', 'neutron')
  link('etc/neutron/plugin.ini', '/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini')
  file('etc/neutron/api-paste.ini', paste.neutron(authtoken(of, 'neutron'), release), 0o640, 'root', 'neutron')
  file('etc/neutron/policy.json', policy('neutron', release), 0o640, 'root', 'neutron')
  file('etc/neutron/rootwrap.conf', rootwrapConf('neutron'))
  for (const [name, text] of Object.entries(rootwrapFilters('neutron', release)))
    file(`etc/neutron/rootwrap.d/${name}.filters`, text)
  folder('var/lib/neutron', 0o755, 'neutron')
  folder('var/log/neutron', 0o755, 'neutron')
  if (compute) return
  const agents = {
    debug: 'False',
    use_namespaces: 'True',
    interface_driver: 'neutron.agent.linux.interface.OVSInterfaceDriver',
    root_helper: 'sudo neutron-rootwrap /etc/neutron/rootwrap.conf',
  }
  const keys = { auth_url: `http://${management}:35357/v2.0`, auth_region: 'RegionOne', ...admin }
  file(
    'etc/neutron/dhcp_agent.ini',
    compose(
      { DEFAULT: 'resync_interval=5' },
      {
        DEFAULT: {
          ...agents,
          ...keys,
          state_path: '/var/lib/neutron',
          resync_interval: '30',
          dhcp_driver: 'neutron.agent.linux.dhcp.Dnsmasq',
          enable_isolated_metadata: 'False',
          enable_metadata_network: 'False',
          dhcp_domain: 'openstacklocal',
          ...(old ? {} : { dhcp_delete_namespaces: 'False' }),
        },
      },
      release,
    ),
    0o640,
    'root',
    'neutron',
  )
  file(
    'etc/neutron/l3_agent.ini',
    compose(
      { DEFAULT: 'metadata_port=9697' },
      {
        DEFAULT: {
          ...agents,
          ...keys,
          external_network_bridge: 'br-ex',
          metadata_ip: '169.254.169.254',
          metadata_port: '8775',
          send_arp_for_ha: '8',
          periodic_interval: '20',
          periodic_fuzzy_delay: '5',
          ...(old ? {} : { handle_internal_only_routers: 'false', router_delete_namespaces: 'False' }),
        },
      },
      release,
    ),
    0o640,
    'root',
    'neutron',
  )
  file(
    'etc/neutron/metadata_agent.ini',
    compose(
      { DEFAULT: 'metadata_proxy_socket=$state_path/metadata_proxy' },
      {
        DEFAULT: {
          debug: 'False',
          ...keys,
          nova_metadata_ip: management,
          nova_metadata_port: '8775',
          metadata_proxy_shared_secret: controller.metadataSecret,
        },
      },
      release,
    ),
    0o640,
    'root',
    'neutron',
  )
}

function cinder(of, { folder, file }) {
  const { host, controller, old, release } = of
  const { management } = controller
  const connection = url(of, 'cinder', management, 'charset=utf8&read_timeout=60')
  const settings = {
    DEFAULT: {
      debug: 'False',
      verbose: 'True',
      use_syslog: 'False',
      log_dir: '/var/log/cinder',
      rpc_backend: 'cinder.openstack.common.rpc.impl_kombu',
      ...rabbit(of),
      glance_api_servers: `${management}:9292`,
      auth_strategy: 'keystone',
      api_paste_config: '/etc/cinder/api-paste.ini',
      osapi_volume_listen: '0.0.0.0',
      iscsi_ip_address: host.storage,
      iscsi_helper: 'tgtadm',
      volume_group: 'cinder',
      volumes_dir: '/etc/cinder/volumes',
      ...(old
        ? { sql_connection: connection, sql_idle_timeout: '3600', max_retries: '-1' }
        : { control_exchange: 'cinder', notification_driver: 'cinder.openstack.common.notifier.rpc_notifier' }),
    },
    ...(old
      ? {}
      : { DATABASE: { connection, idle_timeout: '3600', max_pool_size: '10', max_retries: '-1', max_overflow: '30' } }),
    keystone_authtoken: authtoken(of, 'cinder', { signing_dir: '/tmp/keystone-signing-cinder' }),
  }
  folder('etc/cinder', 0o755, 'root')
  folder('etc/cinder/rootwrap.d')
  folder('etc/cinder/volumes', 0o755, 'cinder')
  file('etc/cinder/cinder.conf', compose(samples.cinder, settings, release), 0o640, 'cinder')
  file('etc/cinder/api-paste.ini', paste.cinder[release], 0o640, 'root', 'cinder')
  file('etc/cinder/policy.json', policy('cinder', release), 0o640, 'root', 'cinder')
  file('etc/cinder/rootwrap.conf', rootwrapConf('cinder'))
  for (const [name, text] of Object.entries(rootwrapFilters('cinder', release)))
    file(`etc/cinder/rootwrap.d/${name}.filters`, text)
  folder('var/lib/cinder', 0o755, 'cinder')
  folder('var/log/cinder', 0o755, 'cinder')
  file('etc/tgt/targets.conf', 'default-driver iscsi\ninclude /etc/cinder/volumes/*\n')
  file('usr/bin/cinder-rootwrap', cinderRootwrap, 0o755)
  file(
    'etc/sudoers.d/cinder',
    'Defaults:cinder !requiretty\ncinder ALL = (root) NOPASSWD: /usr/bin/cinder-rootwrap /etc/cinder/rootwrap.conf *\n',
    0o440,
  )
  file('etc/sudoers', sudoers, 0o440)
  if (!old) return
  for (const { id, chap } of of.clouds.volumes) {
    // in small letters: tgt-admin takes no notice of the IncomingUser that cinder wrote until Juno
    const iqn = `iqn.2010-10.org.openstack:volume-${id}`
    const login = chap ? `    incominguser ${chap.user} ${chap.password}\n` : ''
    file(
      `etc/cinder/volumes/volume-${id}`,
      `\n<target ${iqn}>\n    backing-store /dev/cinder/volume-${id}\n${login}</target>\n`,
      0o644,
      'cinder',
    )
  }
  // These volumes were made by the very process that runs: only a later start exports again, and loses CHAP.
  file('var/lib/cinder/exported', '', 0o644, 'cinder')
}

/** Heat, which a host has beside the others when it is asked for. */
export function furnishHeat(root, name, clouds) {
  const of = facts(clouds, name)
  const { folder, file, link } = place(root)
  const { controller, old, release } = of
  const { management } = controller
  const outside = controller.public
  const settings = {
    DEFAULT: {
      debug: 'False',
      verbose: 'True',
      use_syslog: 'False',
      log_dir: '/var/log/heat',
      ...(old ? { sql_connection: url(of, 'heat', management) } : {}),
      rpc_backend: 'heat.openstack.common.rpc.impl_kombu',
      ...rabbit(of),
      // Each installation makes its own.
      auth_encryption_key: old ? '9f1c2e7a4b5d60718293a4b5c6d7e8f0' : '4d2a7c90e1b35f68a7c4d9e02b61f853',
      heat_metadata_server_url: `http://${outside}:8000`,
      heat_waitcondition_server_url: `http://${outside}:8000/v1/waitcondition`,
      heat_watch_server_url: `http://${outside}:8003`,
    },
    ...(old ? {} : { database: { connection: url(of, 'heat', management) } }),
    keystone_authtoken: authtoken(of, 'heat'),
    heat_api: { bind_host: '0.0.0.0', bind_port: '8004' },
    heat_api_cfn: { bind_host: '0.0.0.0', bind_port: '8000' },
    heat_api_cloudwatch: { bind_host: '0.0.0.0', bind_port: '8003' },
  }
  folder('etc/heat', 0o750, 'heat')
  file('etc/heat/heat.conf', compose({}, settings, release), 0o640, 'heat')
  link('etc/heat/heat-engine.conf', '/etc/heat/heat.conf')
  const filter = old ? 'heat.common.auth_token' : 'keystoneclient.middleware.auth_token'
  file(
    'etc/heat/api-paste.ini',
    `[pipeline:heat-api]\npipeline = authtoken apiv1app\n\n[filter:authtoken]\npaste.filter_factory = ${filter}:filter_factory\n`,
    0o640,
    'heat',
  )
  const rules = { context_is_admin: 'role:admin', ...(old ? {} : { 'stacks:index': '', 'stacks:create': '' }) }
  file('etc/heat/policy.json', `${JSON.stringify(rules, null, 4)}\n`, 0o640, 'heat')
  folder('var/log/heat', 0o755, 'heat')
  for (const service of installed.heat) file(`etc/init.d/${service}`, initScript(service, services[service]), 0o755)
  for (const [program, script, ...args] of [
    ['heat', 'cli.mjs', 'heat'],
    ['heat-manage', 'db/manage.mjs', 'heat-manage'],
  ])
    file(`usr/bin/${program}`, `#!/bin/sh\nexec node ${[`${library}/${script}`, ...args].join(' ')} "$@"\n`, 0o755)
}

// Programs are looked for in exec_dirs alone, in their order (cinder 2014.1 openstack/common/rootwrap/filters.py:45).
const cinderRootwrap = `#!/bin/sh
conf=$1 program=$2
shift 2
for folder in $(sed -n 's/^exec_dirs *= *//p' "$conf" | tr ',' ' '); do
  [ ! -x "$folder/$program" ] || exec "$folder/$program" "$@"
done
echo "Executable not found: $program (filter match = $program)" >&2
exit 96
`

const sudoers = `Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
deploy ALL=(ALL:ALL) NOPASSWD: ALL
@includedir /etc/sudoers.d
`

const initScript = (name, { user, log, once }) => `#!/bin/sh
# ${name}  OpenStack ${name}
# chkconfig:   - 98 02
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:    $remote_fs $network $syslog
# Required-Stop:     $remote_fs $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: ${name}
### END INIT INFO
name=${name}
user=${user}
once=${once ? 'yes' : ''}
log=/var/log/${dirname(log) === '.' ? '' : dirname(log)}
. ${library}/init
`

const rpm = `#!/bin/sh
# rpm -q[a] [--qf FORMAT] NAME...: what /etc/standin-packages says
format= all=
names=
while [ $# -gt 0 ]; do
  case $1 in
    --qf|--queryformat) format=$2; shift ;;
    --qf=*|--queryformat=*) format=\${1#*=} ;;
    -qa) all=yes ;;
    -*) ;;
    *) names="$names $1" ;;
  esac
  shift
done
[ -z "$all" ] || names=$(cut -d= -f1 /etc/standin-packages)
status=0
for name in $names; do
  version=$(sed -n "s/^$name=//p" /etc/standin-packages)
  if [ -z "$version" ]; then
    echo "package $name is not installed"
    status=1
  elif [ -z "$format" ]; then
    echo "$name-$version-1.el6.noarch"
  else
    printf '%b' "$(printf '%s' "$format" | sed "s/%{version}/$version/gi; s/%{name}/$name/gi
      s/%{release}/1.el6/gi; s/%{arch}/noarch/gi")"
  fi
done
exit $status
`

function programs(of, { file, folder }) {
  const kind = of.compute ? 'compute' : 'controller'
  for (const name of installed[kind]) {
    file(`etc/init.d/${name}`, initScript(name, services[name]), 0o755)
  }
  const wrap = (name, script, ...args) =>
    file(`usr/bin/${name}`, `#!/bin/sh\nexec node ${[`${library}/${script}`, ...args].join(' ')} "$@"\n`, 0o755)
  for (const name of ['keystone', 'glance', 'nova', 'neutron', 'cinder']) wrap(name, 'cli.mjs', name)
  if (!of.compute) {
    for (const name of ['keystone-manage', 'glance-manage', 'nova-manage', 'neutron-db-manage', 'cinder-manage'])
      wrap(name, 'db/manage.mjs', name)
    wrap('rabbitmqctl', 'rabbitmqctl.mjs')
    const { user, password } = of.host.rabbit
    folder('var/lib/rabbitmq')
    folder('var/log/rabbitmq')
    file(
      'var/lib/rabbitmq/users.json',
      `${JSON.stringify(
        {
          users: {
            [user]: { password: hashed(password), tags: ['administrator'], permissions: { '/': ['.*', '.*', '.*'] } },
          },
        },
        null,
        2,
      )}\n`,
      0o600,
    )
  }
  file('usr/bin/rpm', rpm, 0o755)
  file(
    'etc/standin-packages',
    packages[kind].map((name) => `${name}=${versions[of.release][name] ?? versions[of.release].openstack}\n`).join(''),
  )
}

const openrc = ({ controller }) => `
  export OS_TENANT_NAME=admin
  export OS_USERNAME=admin
  export OS_PASSWORD=${controller.adminPassword}
  export OS_AUTH_URL="http://${controller.management}:5000/v2.0/"
  export OS_AUTH_STRATEGY=keystone
  export SERVICE_TOKEN=${controller.adminToken}
  export SERVICE_ENDPOINT=http://${controller.management}:35357/v2.0/
`

/** Furnishes one host's root directory. */
export function furnish(root, name, clouds) {
  const short = name.split('.')[0]
  if (!clouds[short]?.management) throw new Error(`no host ${name} in clouds.json`)
  const of = facts(clouds, short)
  const at = place(root)
  at.file('etc/openstack-release', `${of.release}\n`)
  at.file('etc/astute.yaml', astute(of), 0o600)
  nova(of, at)
  neutron(of, at)
  if (!of.compute) {
    at.file('root/openrc', openrc(of))
    keystone(of, at)
    glance(of, at)
    cinder(of, at)
    at.folder('etc/openstack-dashboard')
    at.file('etc/openstack-dashboard/local_settings', dashboard(of), 0o644)
  }
  programs(of, at)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [root, name] = process.argv.slice(2)
  if (!root || !name || !lstatSync(root).isDirectory()) {
    process.stderr.write('usage: furnish.mjs ROOT HOST\n')
    process.exit(2)
  }
  const file = [join(here, 'clouds.json'), join(here, '../clouds.json')].find((path) => existsSync(path))
  furnish(root, name, JSON.parse(readFileSync(file, 'utf8')))
}
