import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database, ini, line, probe, wait } from '../../lib/modules/index.ts'
import { cloud, movedAddresses, serviceLogin, sourceOf, withMovedAddresses } from '../openstack/cloud.ts'
import { move, start } from '../openstack/move.ts'
import { carried, databaseSettings, merged } from '../openstack/settings.ts'

const conf = '/etc/keystone/keystone.conf'

/**
 * Keystone on the target controller: the article's «Upgrading Keystone». It asks nobody, so it is started as soon as it is
 * moved.
 */
export const keystoneController = role('keystone', cloud, (steps) => {
  const { task } = steps
  move(steps, {
    service: 'keystone',
    configure(changed) {
      // admin_token is the source's, because the clients and scripts of the operators have it.
      task('Set database and admin token', { tags: ['config'], notify: changed }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read(conf))
        return ini.set(conf, merged(databaseSettings(host, 'keystone'), carried(theirs, { DEFAULT: ['admin_token'] })))
      })
      // The imported database has the source's admin, so the password is the source's; the address stays the target's.
      task('Bring the credentials of the admin into openrc', { tags: ['config'] }, async (host) => {
        const theirs = await sourceOf(host).run(probe`sed -n 's/^ *export OS_/OS_/p' /root/openrc`)
        for (const name of ['OS_TENANT_NAME', 'OS_USERNAME', 'OS_PASSWORD']) {
          const value = new RegExp(`^${name}=(.*)$`, 'm').exec(theirs.stdout)?.[1]
          if (value)
            await host.run(
              line.present('/root/openrc', {
                line: `  export ${name}=${value}`,
                regexp: new RegExp(`^\\s*export ${name}=`),
              }),
            )
        }
      })
    },
    rows() {
      task('Point the endpoints at the target', { tags: ['rows', 'database'] }, (host) => {
        const moved = movedAddresses(host)
        return database.rewrite({
          login: serviceLogin(host, 'keystone'),
          table: 'endpoint',
          key: 'id',
          columns: ['url'],
          save: `${host.vars.backups}/rows/keystone.endpoint.jsonl`,
          change: (row) => ({ url: withMovedAddresses(String(row['url']), moved) }),
        })
      })
    },
  })
  start(steps, 'keystone')
  task(
    'Wait until keystone answers',
    { tags: ['start', 'verify'] },
    wait.http('http://127.0.0.1:5000/v2.0/', { timeout: 60 }),
  )
  task('Check the endpoint list', { tags: ['verify'], retries: 5, delay: '1s' }, async (host) => {
    const { stdout } = await host.run(probe`. /root/openrc && keystone endpoint-list`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]/.test(row))
    assert(rows.length > 0, 'keystone lists no endpoint')
    for (const [old] of movedAddresses(host)) {
      const still = rows.filter((row) => row.includes(`//${old}:`))
      assert(still.length === 0, `these endpoints still point at ${host.vars.source.name}:\n${still.join('\n')}`)
    }
    return { endpoints: rows.length }
  })
})
