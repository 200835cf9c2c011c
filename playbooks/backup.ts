import { play, playbook } from '../lib/index.ts'
import { backup, earlyDumps } from '../roles/openstack/backup.ts'

/** What there is of the source is saved on the target, while everything runs; nothing is stopped. */
export default playbook('Save what there is', [play('Save the source', { hosts: 'target' }, [backup, earlyDumps])])
