import { allHosts, play, playbook, text } from 'switchover'
import { dedent, template } from 'switchover/modules'

export default playbook('Templates', [
  play('Proxy', { hosts: 'db', vars: { apps: allHosts('app'), title: text.or('example') } }, ({ ensure }) => {
    // #region template
    // A list becomes lines, with the indentation of the line it stands in.
    ensure('Write the configuration', (host) =>
      template(
        `/tmp/${host.name}.conf`,
        dedent`
          # ${host.vars.title}, made for ${host.name}
          backend app
            ${host.vars.apps.map(({ name }) => `server ${name}:8080`)}
        `,
        { mode: '0640' },
      ),
    )
    // #endregion
  }),
])
