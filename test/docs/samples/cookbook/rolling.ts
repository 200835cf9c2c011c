import { play, playbook } from 'switchover'
import { file, probe, shell, wait } from 'switchover/modules'

export default playbook('Rolling', [
  // #region rolling
  // One host, then two, then a quarter of them at a time. More than a tenth of a batch lost ends the play.
  play(
    'Web servers',
    { hosts: 'app', serial: [1, 2, '25%'], maxFailPercentage: 10 },
    ({ ensure, block, handler, task, flush }) => {
      const restart = handler('Restart', (host) => shell`touch /tmp/${host.name}/up`)

      ensure('Make the folder', (host) => file.directory(`/tmp/${host.name}`))
      block('Update', {
        try() {
          ensure('Set the release', { notify: restart }, (host) => file.content(`/tmp/${host.name}/release`, '42\n'))
          // What was notified so far runs here, and not at the end of the play.
          flush()
          ensure('Wait until it is up', { verify: true }, (host) => wait.file(`/tmp/${host.name}/up`, { timeout: 60 }))
          ensure(
            'Check the release',
            { verify: true, retries: 5, delay: '2s' },
            (host) => probe`grep -x 42 /tmp/${host.name}/release`,
          )
        },
        rescue() {
          ensure('Put the release back', (host) => file.restore(`/tmp/${host.name}/release`))
          task('Say so', { tags: ['always'] }, (host): never => {
            throw new Error(`${host.name} has its old release again`)
          })
        },
      })
    },
  ),
  // #endregion
])
