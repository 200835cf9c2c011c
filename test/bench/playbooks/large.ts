import { play, playbook } from '../../../lib/index.ts'
import { database } from '../../../lib/modules/index.ts'

const [from, dump, saved] = [{ name: 'bench-1' }, '/srv/nova.sql', '/srv/nova-before.sql']
const nova = { database: 'nova', charset: 'utf8', collation: 'utf8_general_ci' }
// A column more is the commonest step of nova's own migrations, and at its time each of them copied the table.
const migration = 'mariadb nova -e "ALTER TABLE instances ADD COLUMN more INT, ALGORITHM=COPY"'

/** As the roles do it: dumped, imported, converted, migrated. */
export default playbook('A large database', [
  play('Bring it', { hosts: 'bench-2' }, ({ task }) => {
    task('dump', database.dump({ database: 'nova', from, to: dump }))
    task('import', database.replace({ ...nova, dump, saved }))
    task('conversion', database.convert(nova))
    task('migration', database.migrate({ database: 'nova', commands: [migration] }))
  }),
])
