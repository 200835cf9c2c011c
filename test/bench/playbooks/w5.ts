import { play, playbook } from '../../../lib/index.ts'
import { database } from '../../../lib/modules/index.ts'

const [from, dump, saved] = [{ name: 'bench-1' }, '/srv/w5.sql', '/srv/w5-before.sql']

export default playbook('w5', [
  play('Bring a database', { hosts: 'bench-2' }, ({ task }) => {
    task('Bring its dump', database.dump({ database: 'w5', from, to: dump }))
    task(
      'Replace the database',
      database.replace({ database: 'w5', dump, saved, charset: 'utf8', collation: 'utf8_general_ci' }),
    )
  }),
])
