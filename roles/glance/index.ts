import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { glanceData, glanceStart } from './controller.ts'

/** `run glance`: stops glance on the source and moves it to the target. */
export default playbook('glance', [
  play('Stop glance on the source', { hosts: 'source' }, [freezeService('glance')]),
  play('Move glance', { hosts: 'target' }, [glanceData, glanceStart]),
])
