import { play, playbook } from '../../../lib/index.ts'
import { command, file } from '../../../lib/modules/index.ts'

// What befalls a host stands in its /srv/fate: in the middle of the run a few die, a few fall silent, a few are slow.
const fate = `
case $(cat /srv/fate) in
  dies) kill -KILL $(pidof sshd) ;;
  silent) kill -STOP $(pidof sshd) ;;
  slow) sleep 5 ;;
esac`

export default playbook('load', [
  play('Forty tasks', { hosts: 'all' }, ({ task, ensure }) => {
    for (let i = 1; i <= 19; i++) task(`Run true ${i}`, command(['/bin/true']))
    task('Meet the fate', command(['/bin/sh', '-c', fate]))
    for (let i = 1; i <= 10; i++) {
      ensure(`Write file ${i}`, (host) => file.content(`/srv/load-${i}`, `${host.name} ${i}\n`, { mode: '0644' }))
    }
    for (let i = 20; i <= 29; i++) task(`Run true ${i}`, command(['/bin/true']))
  }),
])
