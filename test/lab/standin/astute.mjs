// /etc/astute.yaml: what Fuel knew of an environment, in the style of each release.
const plain = (value) =>
  typeof value === 'string' &&
  /^[A-Za-z][\w ./@:-]*$/.test(value) &&
  !/: |^(true|false|yes|no|on|off|null|y|n)$/i.test(value) &&
  !value.endsWith(':')

const scalar = (value) => {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  return plain(value) ? value : JSON.stringify(value)
}

/** Block style; ruby 1.8's Syck leaves a space after what opens a collection and does not indent sequences. */
function block(value, indent, gap) {
  const pad = '  '.repeat(indent)
  if (Array.isArray(value)) {
    return value
      .map((item) =>
        item !== null && typeof item === 'object'
          ? `${pad}- ${block(item, indent + 1, gap).trimStart()}`
          : `${pad}- ${scalar(item)}`,
      )
      .join('\n')
  }
  return Object.entries(value)
    .map(([key, item]) => {
      if (item === null || typeof item !== 'object') return `${pad}${key}: ${scalar(item)}`.trimEnd()
      const empty = Array.isArray(item) ? item.length === 0 : Object.keys(item).length === 0
      if (empty) return `${pad}${key}: ${Array.isArray(item) ? '[]' : '{}'}`
      return `${pad}${key}:${gap}\n${block(item, Array.isArray(item) ? indent : indent + 1, gap)}`
    })
    .join('\n')
}

const one = (clouds, name, role) => {
  const host = clouds[name]
  const uid = name.replace(/^node-/, '')
  return {
    uid,
    ...(host.release === 'icehouse' ? { swift_zone: uid } : {}),
    name,
    fqdn: host.hostname,
    role,
    internal_address: host.management,
    internal_netmask: '255.255.255.0',
    public_address: host.public ?? `172.16.40.${42 + Number(uid)}`,
    public_netmask: '255.255.255.224',
    storage_address: host.storage,
    storage_netmask: '255.255.255.0',
  }
}

/** The file of one host. */
export function astute({ host, controller, compute, old, uid, clouds }) {
  const nodes = Object.keys(clouds)
    .filter((name) => clouds[name].management && clouds[name].release === host.release)
    .flatMap((name) =>
      clouds[name].databasePasswords
        ? [one(clouds, name, 'cinder'), one(clouds, name, 'controller')]
        : [one(clouds, name, 'compute')],
    )
  const { databasePasswords: db, servicePasswords: service } = controller
  const label = (text, weight) => (old ? {} : { metadata: { label: text, weight } })
  const content = {
    uid,
    fqdn: host.hostname,
    role: compute ? 'compute' : 'cinder',
    status: 'provisioned',
    online: true,
    priority: 200,
    deployment_mode: 'multinode',
    deployment_id: old ? 1 : 2,
    ...(old ? {} : { openstack_version: '2014.1', fuel_version: '5.0' }),
    master_ip: '10.20.0.2',
    management_vip: controller.management,
    management_network_range: '10.0.0.0/24',
    storage_network_range: '192.168.1.0/24',
    use_cinder: true,
    quantum: true,
    nodes,
    access: {
      user: 'admin',
      password: controller.adminPassword,
      tenant: 'admin',
      email: 'admin@example.org',
      ...label('Access', 10),
    },
    mysql: { root_password: controller.mysqlRoot || 'zK4tQw9L' },
    rabbit: { password: controller.rabbit.password },
    keystone: { db_password: db.keystone, admin_token: controller.adminToken },
    glance: { db_password: db.glance, user_password: service.glance, image_cache_max_size: '5368709120' },
    nova: { db_password: db.nova, user_password: service.nova, state_path: '/var/lib/nova' },
    cinder: { db_password: db.cinder, user_password: service.cinder },
    swift: { user_password: old ? 'gF5dS8aZ' : 'Je4WxU7g' },
    heat: {
      db_password: old ? 'xC3vB7nM' : 'a1RvB6qC',
      user_password: old ? 'qW2eR5tY' : 'Ou3ZsI8m',
      rabbit_password: old ? 'uI8oP1aS' : 'Pf9EkT2d',
      enabled: true,
    },
    ceilometer: {
      db_password: old ? 'dF4gH6jK' : 'Yh7LnX4b',
      user_password: old ? 'lZ9xC2vB' : 'i5GwQ1rV',
      metering_secret: old ? 'nM5qW8eR' : 'Mc8JpD3z',
      enabled: false,
    },
    [old ? 'savanna' : 'sahara']: {
      db_password: old ? 'tY1uI4oP' : 'Ks2UaF6t',
      user_password: old ? 'aS7dF9gH' : 'w9BoH4yE',
      enabled: false,
    },
    murano: {
      db_password: old ? 'jK2lZ5xC' : 'N1zRgT7x',
      user_password: old ? 'vB8nM1qW' : 'q6VcS3jW',
      rabbit_password: old ? 'eR4tY7uI' : 'Lm5IdP8k',
      enabled: false,
    },
    quantum_settings: {
      database: { passwd: db.neutron },
      keystone: { admin_password: service.neutron },
      metadata: { metadata_proxy_shared_secret: controller.metadataSecret },
      L2: {
        base_mac: 'fa:16:3e:00:00:00',
        segmentation_type: 'gre',
        tunnel_id_ranges: '2:65535',
        phys_nets: { physnet1: { bridge: 'br-ex', vlan_range: null } },
      },
      L3: { use_namespaces: true },
      predefined_networks: {
        net04: {
          shared: false,
          tenant: 'admin',
          L2: { network_type: 'gre', physnet: null, router_ext: false, segment_id: null },
          L3: {
            subnet: '192.168.111.0/24',
            gateway: '192.168.111.1',
            nameservers: ['8.8.4.4', '8.8.8.8'],
            floating: null,
            enable_dhcp: true,
          },
        },
        net04_ext: {
          shared: false,
          tenant: 'admin',
          L2: { network_type: 'flat', physnet: 'physnet1', router_ext: true, segment_id: null },
          L3: {
            subnet: '172.16.40.32/27',
            gateway: '172.16.40.33',
            nameservers: [],
            floating: '172.16.40.50:172.16.40.62',
            enable_dhcp: false,
          },
        },
      },
    },
    storage: {
      volumes_lvm: true,
      volumes_ceph: false,
      images_ceph: false,
      objects_ceph: false,
      ephemeral_ceph: false,
      osd_pool_size: '2',
      ...(old ? {} : { pg_num: 128 }),
      ...label('Storage', 60),
    },
    syslog: { syslog_server: '', syslog_port: '514', syslog_transport: 'tcp', ...label('Syslog', 50) },
    base_syslog: { syslog_server: '10.20.0.2', syslog_port: '514' },
    cobbler: { profile: 'centos-x86_64' },
    debug: false,
    nova_quota: false,
    auto_assign_floating_ip: false,
    libvirt_type: 'qemu',
    start_guests_on_host_boot: true,
    use_cow_images: true,
    compute_scheduler_driver: 'nova.scheduler.filter_scheduler.FilterScheduler',
    auth_key: '',
    vlan_splinters: old
      ? 'disabled'
      : { vswitch: 'disabled', metadata: { label: 'VLAN Splinters', weight: 50, toggleable: true, enabled: false } },
    network_scheme: {
      version: '1.0',
      provider: 'ovs',
      interfaces: { eth0: { L2: { vlan_splinters: 'off' } }, eth1: { L2: { vlan_splinters: 'off' } } },
      endpoints: {
        ...(host.public ? { 'br-ex': { IP: [`${host.public}/27`], gateway: '172.16.40.33' } } : {}),
        'br-mgmt': { IP: [`${host.management}/24`] },
        'br-storage': { IP: [`${host.storage}/24`] },
        'br-fw-admin': { IP: [`10.20.0.${128 + Number(uid)}/24`] },
      },
      roles: { ex: 'br-ex', management: 'br-mgmt', storage: 'br-storage', 'fw-admin': 'br-fw-admin', mesh: 'br-mgmt' },
      transformations: [
        { action: 'add-br', name: 'br-eth0' },
        { action: 'add-port', bridge: 'br-eth0', name: 'eth0' },
        { action: 'add-br', name: 'br-ex' },
        { action: 'add-br', name: 'br-mgmt' },
        { action: 'add-br', name: 'br-storage' },
        { action: 'add-patch', bridges: ['br-eth0', 'br-mgmt'], tags: [101, 0] },
        { action: 'add-patch', bridges: ['br-eth0', 'br-storage'], tags: [102, 0] },
      ],
    },
  }
  if (!old) return `---\n${block(content, 0, '')}\n`
  // Hashes of ruby 1.8 have no order: the deployed file never comes out as it was written.
  const shuffled = Object.fromEntries(
    Object.entries(content).sort(([a], [b]) => ([...a].reverse().join('') < [...b].reverse().join('') ? -1 : 1)),
  )
  return `--- \n${block(shuffled, 0, ' ')}\n`
}
