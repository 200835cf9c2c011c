import { list, play, playbook } from 'switchover'
import { file } from 'switchover/modules'

export default playbook('Loops', [
  play('One task for each', { hosts: 'app', vars: { tenants: list.or(['red', 'blue']) } }, ({ ensure, task }) => {
    // #region declared
    // What is known when the playbook is written makes a task each: each can be selected, skipped and resumed.
    for (const name of ['logs', 'cache']) {
      ensure(`Make the folder for ${name}`, (host) => file.directory(`/tmp/${host.name}/${name}`))
    }
    // #endregion

    // #region run
    // What only the host's variables say is a loop inside of one task.
    task('Make a folder for each tenant', async (host) => {
      for (const tenant of host.vars.tenants) await host.run(file.directory(`/tmp/${host.name}/tenants/${tenant}`))
    })
    // #endregion
  }),
])
