import { parallel, play, playbook, role } from 'switchover'
import { file, probe } from 'switchover/modules'

const glance = role('glance', {}, ({ ensure }) => {
  ensure('Make its folder', (host) => file.directory(`/tmp/${host.name}/glance`))
})
const cinder = role('cinder', {}, ({ ensure, parallel }) => {
  // #region steps
  parallel('Look around', () => {
    ensure('Ask for the kernel', probe`uname -r`)
    ensure('Ask for the time', probe`date`)
  })
  // #endregion
  ensure('Make its folder', (host) => file.directory(`/tmp/${host.name}/cinder`))
})

export default playbook('Side by side', [
  // #region roles
  play('Both at once', { hosts: 'app' }, [parallel(glance, cinder)]),
  // #endregion
])
