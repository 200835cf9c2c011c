import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { neutronData, neutronStart } from './controller.ts'

/** `run neutron`: stops neutron on the source and moves it to the target. */
export default playbook('neutron', [
  play('Stop neutron on the source', { hosts: 'source' }, [freezeService('neutron')]),
  play('Move neutron', { hosts: 'target' }, [neutronData, neutronStart]),
])
