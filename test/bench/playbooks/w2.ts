import { play, playbook } from '../../../lib/index.ts'
import { command } from '../../../lib/modules/index.ts'

export default playbook('w2', [
  play('Thirty commands', { hosts: 'all' }, ({ task }) => {
    for (let i = 1; i <= 30; i++) task(`Run true ${i}`, command(['/bin/true']))
  }),
])
