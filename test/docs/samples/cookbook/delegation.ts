import { oneHost, play, playbook } from 'switchover'
import { copyBetween, file, probe } from 'switchover/modules'

export default playbook('Delegation', [
  play('Ask another host', { hosts: 'app', vars: { database: oneHost('db') } }, ({ ensure, task }) => {
    ensure('Make the folder', (host) => file.directory(`/tmp/${host.name}`))
    // #region on
    task('Tell the database about this host', async (host) => {
      const database = host.on(host.vars.database)
      await database.run(file.directory(`/tmp/${database.name}/clients`))
      await database.run(file.content(`/tmp/${database.name}/clients/${host.name}`, 'may connect\n'))
    })
    // #endregion

    // #region once
    // Once for all hosts of the play; its result belongs to each of them.
    const clients = task('Count the clients', { once: true, verify: true }, (host) =>
      host.on(host.vars.database).run(probe`ls /tmp/${host.vars.database.name}/clients`),
    )
    task('Say who may connect', { verify: true }, (host) => host.log(host.result(clients).stdout.trim()))
    // #endregion

    // #region between
    // Bytes go from host to host through this machine, and never lie on its disk; `direct` lets the hosts copy alone.
    ensure('Bring what the database says of this host', (host) =>
      copyBetween.file({
        from: host.vars.database,
        path: `/tmp/${host.vars.database.name}/clients/${host.name}`,
        to: `/tmp/${host.name}/client`,
      }),
    )
    // #endregion
  }),
])
