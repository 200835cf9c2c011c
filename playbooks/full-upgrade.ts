import { parallel, play, playbook } from '../lib/index.ts'
import { cinder, compute, freeze, glance, horizon, keystone, look, neutron, nova } from '../roles/index.ts'

export default playbook('Havana to Icehouse by replacing the controller', [
  play('Look before anything is touched', { hosts: 'source:target:compute', anyErrorsFatal: true }, [look]),
  play('Freeze the source', { hosts: 'source' }, [freeze]),
  play('Move the services', { hosts: 'target' }, [
    keystone, // first: every other service asks it who is calling
    parallel(glance, neutron),
    nova,
    cinder, // after nova, whose database holds the attachments
    horizon,
  ]),
  play('Reconnect the compute nodes', { hosts: 'compute', serial: [1, '25%'] }, [compute]),
])
