// Every stand-in service: its user, its log, the configuration files its init script gives it.
const neutron = (log, ...files) => ({
  user: 'neutron',
  log: `neutron/${log}.log`,
  conf: ['/etc/neutron/neutron.conf', ...files],
})
const nova = (log) => ({ user: 'nova', log: `nova/${log}.log`, conf: ['/etc/nova/nova.conf'] })
const cinder = (log) => ({ user: 'cinder', log: `cinder/${log}.log`, conf: ['/etc/cinder/cinder.conf'] })
const glance = (log) => ({ user: 'glance', log: `glance/${log}.log`, conf: [`/etc/glance/glance-${log}.conf`] })
const heat = (log) => ({ user: 'heat', log: `heat/${log}.log`, conf: ['/etc/heat/heat.conf'] })
const ovs = '/etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini'

export const services = {
  'rabbitmq-server': { user: 'root', log: 'rabbitmq/rabbit.log', conf: [] },
  memcached: { user: 'root', log: 'memcached.log', conf: [] },
  'openstack-keystone': { user: 'keystone', log: 'keystone/keystone.log', conf: ['/etc/keystone/keystone.conf'] },
  'openstack-glance-api': glance('api'),
  'openstack-glance-registry': glance('registry'),
  'openstack-nova-api': nova('api'),
  'openstack-nova-metadata-api': nova('metadata-api'),
  'openstack-nova-cert': nova('cert'),
  'openstack-nova-conductor': nova('conductor'),
  'openstack-nova-consoleauth': nova('consoleauth'),
  'openstack-nova-console': nova('console'),
  'openstack-nova-scheduler': nova('scheduler'),
  'openstack-nova-novncproxy': nova('novncproxy'),
  'openstack-nova-objectstore': nova('objectstore'),
  'openstack-nova-compute': nova('compute'),
  'neutron-server': neutron('server', '/etc/neutron/plugin.ini'),
  'neutron-openvswitch-agent': neutron('openvswitch-agent', ovs),
  'neutron-dhcp-agent': neutron('dhcp-agent', '/etc/neutron/dhcp_agent.ini'),
  'neutron-l3-agent': neutron('l3-agent', '/etc/neutron/l3_agent.ini'),
  'neutron-metadata-agent': neutron('metadata-agent', '/etc/neutron/metadata_agent.ini'),
  'neutron-ovs-cleanup': { ...neutron('ovs-cleanup', ovs), once: true },
  'openstack-cinder-api': cinder('api'),
  'openstack-cinder-scheduler': cinder('scheduler'),
  'openstack-cinder-volume': cinder('volume'),
  'openstack-heat-engine': heat('heat-engine'),
  'openstack-heat-api-cloudwatch': heat('heat-api-cloudwatch'),
  'openstack-heat-api-cfn': heat('heat-api-cfn'),
  'openstack-heat-api': heat('heat-api'),
}

/** Users of RDO's packages by number, since a root directory is furnished from outside. */
export const users = { root: 0, keystone: 163, glance: 161, nova: 162, neutron: 164, cinder: 165, heat: 187 }

/** The services that a kind of host has installed, running or not. */
export const installed = {
  controller: Object.keys(services).filter((name) => !/^openstack-(nova-compute|heat-.*)$/.test(name)),
  heat: Object.keys(services).filter((name) => name.startsWith('openstack-heat-')),
  compute: ['openstack-nova-compute', 'neutron-openvswitch-agent', 'neutron-ovs-cleanup'],
}
