import { play, playbook, role } from '../lib/index.ts'
import { cinder, cinderStart } from '../roles/cinder/index.ts'
import { compute } from '../roles/compute/index.ts'
import { glance, glanceStart } from '../roles/glance/index.ts'
import { heat, heatStart } from '../roles/heat/index.ts'
import { horizon } from '../roles/horizon/index.ts'
import { keystone } from '../roles/keystone/index.ts'
import { neutron, neutronStart } from '../roles/neutron/index.ts'
import { nova, novaStart } from '../roles/nova/index.ts'
import { cloud } from '../roles/openstack/cloud.ts'
import { mustBeMoved, servicesWithData } from '../roles/openstack/moved.ts'
import { only } from '../roles/openstack/only.ts'
import { placement, placementStart } from '../roles/placement/index.ts'

const moved = role('verify', cloud, ({ task }) => {
  task('Check that there is something to verify', { tags: ['verify'] }, (host) =>
    mustBeMoved(host, servicesWithData(host), 'there is nothing to verify yet'),
  )
})
const data = [keystone, glance, placement, neutron, nova, cinder, heat]
const running = [glanceStart, placementStart, neutronStart, novaStart, cinderStart, heatStart, horizon]

/** Every check of the upgrade, and nothing that changes something. */
export default playbook('Is it as it should be?', [
  play('Verify the controller', { hosts: 'target' }, [
    moved,
    ...[...data, ...running].map((one) => only(one, 'verify')),
  ]),
  play('Verify the compute nodes', { hosts: 'compute' }, [only(compute, 'verify')]),
])
