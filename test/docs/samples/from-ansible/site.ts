import { number, oneHost, play, playbook, text } from 'switchover'
import { dedent, file, line, probe, shell, template } from 'switchover/modules'

const vars = { root: text, port: number.or(8080), database: oneHost('db') }

export default playbook('Set up the site', [
  play('Set up the web servers', { hosts: 'web', serial: 1, vars }, ({ ensure, task, handler }) => {
    const restart = handler('Restart the app', ({ vars }) => shell`touch ${vars.root}/restarted`)

    for (const name of ['logs', 'cache']) {
      ensure(`Make the folder for ${name}`, ({ vars }) => file.directory(`${vars.root}/${name}`, { mode: '0750' }))
    }
    ensure('Write the configuration', { notify: restart }, ({ name, vars }) =>
      template(
        `${vars.root}/${name}.conf`,
        dedent`
          # ${name}
          port = ${vars.port}
        `,
      ),
    )
    const version = ensure('Ask for the version', { tags: ['verify'] }, probe`uname -r`)
    ensure(
      'Migrate',
      { once: true, when: (host) => !host.result(version).stdout.startsWith('2.6') },
      ({ vars }) => shell({ creates: `${vars.root}/migrated` })`touch ${vars.root}/migrated`,
    )
    task('Tell the database about this server', (host) => {
      const database = host.on(host.vars.database)
      return database.run(line.present(`${database.vars.root}/clients`, { line: host.name, create: true }))
    })
  }),
])
