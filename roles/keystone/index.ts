import { role } from '../../lib/index.ts'
import { line, probe } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { cloud, releaseOf, sourceOf } from '../openstack/cloud.ts'
import { move } from '../openstack/move.ts'
import { list, start } from '../openstack/start.ts'

/**
 * Keystone on the target controller: the article's «Upgrading Keystone». It asks nobody, so it is started as soon as
 * it is moved. Beyond the article its tables become utf8, which it asks for as glance does, and the endpoints lead to
 * the target.
 */
export const keystone = role('keystone', cloud, (steps) => {
  move(steps, 'keystone', {
    configure() {
      // The imported database has the source's admin, so the password is the source's; the address stays the target's.
      steps.task('Bring the credentials of the admin into openrc', { tags: ['config'] }, async (host) => {
        const { openrc } = releaseOf(host)
        const { stdout } = await sourceOf(host).run(probe`sed -n 's/^ *export OS_/OS_/p' ${openrc}`)
        for (const name of ['OS_TENANT_NAME', 'OS_USERNAME', 'OS_PASSWORD']) {
          const value = new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1]
          const wanted = { line: `  export ${name}=${value}`, regexp: new RegExp(`^\\s*export ${name}=`) }
          if (value) await host.run(line.present(openrc, wanted))
        }
      })
    },
  })
  start(steps, 'keystone')
  list(steps, 'keystone')
})

/** `run keystone`: stops keystone on the source and moves it to the target. */
export default alone('keystone', [keystone])
