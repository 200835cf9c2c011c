import { masked, play, playbook, secret } from 'switchover'
import { file, ini, shell } from 'switchover/modules'

export default playbook('Secrets', [
  play('Database access', { hosts: 'app', vars: { password: secret } }, ({ ensure, task }) => {
    ensure('Make the folder', (host) => file.directory(`/tmp/${host.name}`))
    // #region secret
    // In a text that can be read but for the password:
    ensure('Set the URL', (host) =>
      ini.set(
        `/tmp/${host.name}/app.ini`,
        { database: { url: masked`mysql://app:${host.vars.password}@db-1/app` } },
        { create: true, mode: '0600' },
      ),
    )
    // A program gets it on stdin: what stands on a command line can be read by every user of the host.
    task('Hand it to a program', (host) => shell({ stdin: host.vars.password })`cat > /dev/null`)
    // #endregion
  }),
])
