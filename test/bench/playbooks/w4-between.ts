import { play, playbook } from '../../../lib/index.ts'
import { copyBetween } from '../../../lib/modules/index.ts'

export default playbook('w4 between', [
  play('Copy a large file between hosts', { hosts: 'bench-2' }, ({ task }) => {
    task('Copy it', copyBetween.files({ from: { name: 'bench-1' }, path: '/srv/between' }))
  }),
])
