import { play, playbook } from 'switchover'
import { file, probe, shell } from 'switchover/modules'

export default playbook('Results', [
  play('What one task found, another uses', { hosts: 'app' }, ({ ensure, task }) => {
    ensure('Make the folder', (host) => file.directory(`/tmp/${host.name}`))
    // #region result
    const kernel = ensure('Ask for the kernel', probe`uname -r`)
    ensure('Write it down', (host) => file.content(`/tmp/${host.name}/kernel`, host.result(kernel).stdout))
    // #endregion

    // #region when
    task(
      'Migrate',
      { when: (host) => !host.result(kernel).stdout.startsWith('2.6') },
      (host) => shell({ creates: `/tmp/${host.name}/migrated` })`touch /tmp/${host.name}/migrated`,
    )
    // #endregion

    // #region judge
    task(
      'Tidy up',
      (host) => shell({ changed: ({ stdout }) => stdout !== '' })`find /tmp/${host.name} -name '*.old' -print -delete`,
    )
    // #endregion
  }),
])
