import type { CloudHost } from '../openstack/cloud.ts'

export const novaConf = '/etc/nova/nova.conf'
export const neutronConf = '/etc/neutron/neutron.conf'

/** nova-compute under the name that this host has for it. */
export function computeName({ vars }: CloudHost): string {
  return vars.osFamily === 'redhat' ? 'openstack-nova-compute' : 'nova-compute'
}

/** The Open vSwitch agent under the name that this host has for it. */
export function agentName({ vars }: CloudHost): string {
  return vars.osFamily === 'redhat' ? 'neutron-openvswitch-agent' : 'neutron-plugin-openvswitch-agent'
}
