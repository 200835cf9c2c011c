import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { novaData, novaStart } from './controller.ts'

/** `run nova`: stops nova on the source and moves it to the target. */
export default playbook('nova', [
  play('Stop nova on the source', { hosts: 'source' }, [freezeService('nova')]),
  play('Move nova', { hosts: 'target' }, [novaData, novaStart]),
])
