import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { cinderData, cinderStart } from './controller.ts'

/** `run cinder`: stops cinder on the source and moves it to the target. */
export default playbook('cinder', [
  play('Stop cinder on the source', { hosts: 'source' }, [freezeService('cinder')]),
  play('Move cinder', { hosts: 'target' }, [cinderData, cinderStart]),
])
