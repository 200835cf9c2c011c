import { play, playbook } from 'switchover'
import { file } from 'switchover/modules'

export default playbook('Asking', [
  play('What cannot be undone', { hosts: 'app' }, ({ ensure, gate }) => {
    // #region gate
    gate('Is the backup of today complete?')
    ensure('Remove the old data', (host) => file.absent(`/tmp/${host.name}/old`))
    // #endregion
  }),
])
