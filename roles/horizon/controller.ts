import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database, line, service, wait } from '../../lib/modules/index.ts'
import { cloud, rootLogin } from '../openstack/cloud.ts'
import { saveDirectory } from '../openstack/move.ts'
import { webServer } from '../openstack/services.ts'

/** The dashboard on the target controller: the article's «Upgrade the OpenStack Dashboard UI». */
export const horizonController = role('horizon', cloud, ({ task, handler, flush }) => {
  const restart = handler('Restart the web server', (host) => service.restarted(webServer(host)))
  const settings = (family: string) => `/etc/openstack-dashboard/local_settings${family === 'debian' ? '.py' : ''}`

  task('Save the configuration', { tags: ['backup'] }, (host) => saveDirectory(host, '/etc/openstack-dashboard'))
  task('Point the dashboard at the controller', { tags: ['config'], notify: restart }, (host) =>
    line.present(settings(host.vars.osFamily), {
      line: `OPENSTACK_HOST = "${host.vars.management}"`,
      regexp: /^OPENSTACK_HOST\s*=/,
    }),
  )
  // Icehouse's own default is `_member_`, Fuel's up to 5.1 is `Member`; the role must be one that keystone has.
  task('Set the default role', { tags: ['config'], notify: restart }, async (host) => {
    const rows = await host.run(
      database.select(
        "SELECT name FROM keystone.role WHERE name IN ('_member_', 'Member') ORDER BY name DESC",
        rootLogin(host),
      ),
    )
    const wanted = rows.map(([name]) => name).find((name) => name === '_member_') ?? rows[0]?.[0]
    assert(
      wanted,
      'keystone has neither a role _member_ nor Member: nobody could be added to a project in the dashboard',
    )
    return host.run(
      line.present(settings(host.vars.osFamily), {
        line: `OPENSTACK_KEYSTONE_DEFAULT_ROLE = "${wanted}"`,
        regexp: /^OPENSTACK_KEYSTONE_DEFAULT_ROLE\s*=/,
      }),
    )
  })
  flush()
  task('Start the web server', { tags: ['start'] }, (host) => service.started(webServer(host)))
  task('Check that the dashboard answers', { tags: ['verify'] }, (host) =>
    wait.http(`http://127.0.0.1/${host.vars.osFamily === 'redhat' ? 'dashboard' : 'horizon'}`, { timeout: 60 }),
  )
})
