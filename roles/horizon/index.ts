import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { horizonController } from './controller.ts'

/** `run horizon`: stops the dashboard on the source and sets up the target's. */
export default playbook('horizon', [
  play('Stop horizon on the source', { hosts: 'source' }, [freezeService('horizon')]),
  play('Move horizon', { hosts: 'target' }, [horizonController]),
])
