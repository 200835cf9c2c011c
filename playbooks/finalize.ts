import { play, playbook } from '../lib/index.ts'
import { clean, online, uncapComputes, uncapController, upgraded } from '../roles/openstack/finalize.ts'

/** When every compute node has been upgraded itself: the last traces of the old release go. */
export default playbook('Every compute node is upgraded', [
  play('Check that nothing of the old release remains', { hosts: 'target:compute', anyErrorsFatal: true }, [upgraded]),
  // First, since its daemons remember until their restart that there were older nodes, and tell the nodes so.
  play('Take the cap from the controller', { hosts: 'target' }, [uncapController]),
  play('Take the cap from the compute nodes', { hosts: 'compute', serial: '25%' }, [uncapComputes]),
  play('End it on the controller', { hosts: 'target' }, [online, clean]),
])
