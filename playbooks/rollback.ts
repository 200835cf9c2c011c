import { play, playbook } from '../lib/index.ts'
import { computesBack, startSource, stopTarget, targetAsBefore } from '../roles/openstack/rollback.ts'

export default playbook('Back to the source controller', [
  play('Stop the target', { hosts: 'target' }, [stopTarget]),
  play('Start the source', { hosts: 'source' }, [startSource]),
  play('Give the compute nodes back', { hosts: 'compute', serial: '25%' }, [computesBack]),
  play('Make the target what it was', { hosts: 'target' }, [targetAsBefore]),
])
