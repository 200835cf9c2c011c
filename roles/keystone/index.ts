import { play, playbook } from '../../lib/index.ts'
import { freezeService } from '../openstack/freeze.ts'
import { keystoneController } from './controller.ts'

/** `run keystone`: stops keystone on the source and moves it to the target. */
export default playbook('keystone', [
  play('Stop keystone on the source', { hosts: 'source' }, [freezeService('keystone')]),
  play('Move keystone', { hosts: 'target' }, [keystoneController]),
])
