import { masked, role, Secret } from '../../lib/index.ts'
import { line, probe } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { cloud, releaseOf, sourceOf } from '../openstack/cloud.ts'
import { saved } from '../openstack/kept.ts'
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
      // The token too, for keystone.conf has the source's: the clients prefer it to a password (python-keystoneclient
      // 0.3.2 keystoneclient/shell.py).
      steps.task('Bring the credentials into openrc', { tags: ['config'] }, async (host) => {
        const { openrc } = releaseOf(host)
        await host.run(saved(host, openrc))
        const assignments = probe`sed -n 's/^ *export //p' ${openrc}`
        const [theirs, ours] = [await sourceOf(host).run(assignments), await host.run(assignments)]
        for (const name of ['OS_TENANT_NAME', 'OS_USERNAME', 'OS_PASSWORD', 'SERVICE_TOKEN', 'OS_SERVICE_TOKEN']) {
          const value = valueIn(theirs.stdout, name)
          const due = value !== undefined && (name.startsWith('OS_') || valueIn(ours.stdout, name) !== undefined)
          if (due) await host.run(exported(openrc, name, value))
        }
      })
    },
  })
  start(steps, 'keystone')
  list(steps, 'keystone')
})

/** `run keystone`: stops keystone on the source and moves it to the target. */
export default alone('keystone', [keystone])

function valueIn(assignments: string, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(assignments)?.[1]
}

function exported(openrc: string, name: string, value: string) {
  const text = /PASSWORD|TOKEN/.test(name) ? Secret.of(value, name) : value
  return line.present(openrc, { line: masked`  export ${name}=${text}`, regexp: new RegExp(`^\\s*export ${name}=`) })
}
