import { parallel, play, playbook } from '../lib/index.ts'
import {
  cinderData,
  cinderStart,
  compute,
  freeze,
  glanceData,
  glanceStart,
  horizon,
  keystone,
  look,
  neutronData,
  neutronStart,
  novaData,
  novaStart,
} from '../roles/index.ts'

export default playbook('Havana to Icehouse by replacing the controller', [
  play('Look before anything is touched', { hosts: 'source:target:compute', anyErrorsFatal: true }, [look]),
  play('Freeze the source', { hosts: 'source' }, [freeze]),
  // Nothing but keystone is started before all data is there: what answers would be asked.
  play('Move the data', { hosts: 'target' }, [parallel(keystone, glanceData, neutronData, novaData, cinderData)]),
  // After keystone, which each of them asks who is calling, and after nova's database, which holds cinder's
  // attachments.
  play('Start the services', { hosts: 'target' }, [
    parallel(glanceStart, neutronStart, novaStart, cinderStart, horizon),
  ]),
  play('Reconnect the compute nodes', { hosts: 'compute', serial: [1, '25%'] }, [compute]),
])
