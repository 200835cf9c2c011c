import { play, playbook } from '../../../lib/index.ts'
import { command } from '../../../lib/modules/index.ts'

export default playbook('w1', [
  play('One command', { hosts: 'all' }, ({ task }) => {
    task('Run true', command(['/bin/true']))
  }),
])
