import { parallel, play, playbook } from '../lib/index.ts'
import { cinder, cinderStart } from '../roles/cinder/index.ts'
import { glance, glanceStart } from '../roles/glance/index.ts'
import { heat, heatStart } from '../roles/heat/index.ts'
import { horizon } from '../roles/horizon/index.ts'
import { keystone } from '../roles/keystone/index.ts'
import { neutron, neutronStart } from '../roles/neutron/index.ts'
import { nova, novaStart } from '../roles/nova/index.ts'
import { backup } from '../roles/openstack/backup.ts'
import { freeze } from '../roles/openstack/freeze.ts'
import { summary } from '../roles/openstack/summary.ts'
import { computes } from './computes.ts'
import { placement, placementStart } from '../roles/placement/index.ts'
import { before } from './preflight.ts'

export default playbook(
  'A new release by replacing the controller',
  [
    before,
    play('Save the configuration of the source', { hosts: 'target' }, [backup]),
    play('Freeze the source', { hosts: 'source' }, [freeze]),
    // Nothing but keystone is started before all data is there: what answers would be asked.
    play('Move the data', { hosts: 'target' }, [parallel(keystone, glance, placement, neutron, nova, cinder, heat)]),
    // After keystone, which each of them asks who is calling.
    play('Start the services', { hosts: 'target' }, [
      parallel(glanceStart, placementStart, neutronStart, novaStart, cinderStart, horizon),
      // Its engine asks all of them.
      heatStart,
    ]),
    computes,
    play('Tell how it ended', { hosts: 'target' }, [summary]),
  ],
  { page: true },
)
