import { play, playbook } from '../../../lib/index.ts'
import { file } from '../../../lib/modules/index.ts'

export default playbook('w4 down', [
  play('Fetch a large file', { hosts: 'bench-1' }, ({ task }) => {
    task('Fetch it', file.fetch('/srv/big/source', `${process.env['BENCH']}/down`))
  }),
])
