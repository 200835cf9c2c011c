import { play, playbook } from '../../../lib/index.ts'
import { file } from '../../../lib/modules/index.ts'

export default playbook('w4 up', [
  play('Bring a large file', { hosts: 'bench-1' }, ({ task }) => {
    task('Bring it', file.copy(`${process.env['BENCH']}/big`, '/srv/big/up'))
  }),
])
