import { play, playbook } from '../lib/index.ts'
import {
  computesBack,
  sourceAnswers,
  startSource,
  stopTarget,
  targetAsBefore,
  wayBackGone,
} from '../roles/openstack/rollback.ts'

export default playbook('Back to the source controller', [
  play('Stop the target', { hosts: 'target' }, [stopTarget]),
  play('Start the source', { hosts: 'source' }, [startSource]),
  // All at once: one that is dead does not keep the others away from their controller.
  play('Give the compute nodes back', { hosts: 'compute' }, [computesBack]),
  play('Make the target what it was', { hosts: 'target' }, [targetAsBefore]),
  play('Ask the source', { hosts: 'source' }, [sourceAnswers]),
  play('File away what was kept', { hosts: 'target' }, [wayBackGone]),
])
