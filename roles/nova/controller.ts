import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database, ini, probe, wait } from '../../lib/modules/index.ts'
import { cloud, rootLogin, serviceLogin, sourceOf } from '../openstack/cloud.ts'
import { move, start } from '../openstack/move.ts'
import { carried, databaseSettings, merged, rabbitSettings } from '../openstack/settings.ts'

const conf = '/etc/nova/nova.conf'

/** Nova's database and configuration on the target controller: the article's «Upgrade Nova». */
export const novaData = role('nova', cloud, (steps) => {
  const { task } = steps
  move(steps, {
    service: 'nova',
    configure(changed) {
      task('Set database, broker and credentials', { tags: ['config'], notify: changed }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read(conf))
        return ini.set(
          conf,
          merged(
            databaseSettings(host, 'nova'),
            rabbitSettings(host),
            {
              // Icehouse's default is to destroy guests that the database calls deleted.
              DEFAULT: { running_deleted_instance_action: 'log' },
            },
            carried(theirs, {
              DEFAULT: [
                'neutron_admin_username',
                'neutron_admin_password',
                'neutron_admin_tenant_name',
                'quota_driver',
              ],
              keystone_authtoken: ['admin_user', 'admin_password', 'admin_tenant_name'],
            }),
          ),
        )
      })
      // The cap is read by those who send to the compute nodes, and these daemons are the senders: without it Havana's computes
      // drop every message (nova 2014.1 nova/compute/rpcapi.py:246). Unset it when the last compute node is upgraded.
      task(
        'Set [upgrade_levels] compute=icehouse-compat',
        { tags: ['config', 'pin'], notify: changed },
        ini.set(conf, { upgrade_levels: { compute: 'icehouse-compat' } }),
      )
    },
    rows() {
      // The daemons look for their row by host and name; without this the old controller's would stay for ever, as dead ones.
      task('Give the services of the old controller the new name', { tags: ['rows', 'database'] }, (host) =>
        database.rewrite({
          login: serviceLogin(host, 'nova'),
          table: 'services',
          key: 'id',
          columns: ['host'],
          where: "deleted = 0 AND `binary` <> 'nova-compute'",
          save: `${host.vars.backups}/rows/nova.services.jsonl`,
          change: (row) => (row['host'] === sourceOf(host).vars.fqdn ? { host: host.vars.fqdn } : undefined),
        }),
      )
    },
  })
})

/** Starts the nova that has been moved. */
export const novaStart = role('nova.start', cloud, (steps) => {
  const { task } = steps
  const started = start(steps, 'nova')
  task('Wait until nova answers', { tags: ['start', 'verify'] }, wait.http('http://127.0.0.1:8774/', { timeout: 60 }))
  task(
    'Check that every nova service of the target smiles',
    { tags: ['verify'], retries: 30, delay: '1s' },
    async (host) => {
      const { stdout } = await host.run(probe`nova-manage service list`)
      const services = parseServices(stdout).filter((row) => row.host === host.vars.fqdn)
      assert(services.length > 0, `nova knows no service on ${host.vars.fqdn}:\n${stdout}`)
      const dead = services.filter((row) => row.state !== ':-)')
      assert(dead.length === 0, `these nova services are down: ${dead.map((row) => row.binary).join(', ')}`)
      const silent = await host.run(
        database.select(
          `SELECT \`binary\` FROM nova.services WHERE host = '${host.vars.fqdn}' AND deleted = 0 AND (updated_at IS NULL OR updated_at < '${host.result(started).now}')`,
          rootLogin(host),
        ),
      )
      assert(silent.length === 0, `these nova services have not reported since they were started: ${silent.join(', ')}`)
      return { alive: services.map((row) => row.binary).sort() }
    },
  )
  task('Check the list of instances', { tags: ['verify'], retries: 5, delay: '1s' }, async (host) => {
    const { stdout } = await host.run(probe`. /root/openrc && nova list`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}-/.test(row))
    const [counted] = await host.run(
      database.select('SELECT COUNT(*) FROM nova.instances WHERE deleted = 0', rootLogin(host)),
    )
    assert(rows.length > 0 || counted?.[0] === '0', 'nova lists no instance')
    return { instances: rows.length }
  })
})

/** A row of `nova-manage service list`. */
export interface ServiceRow {
  readonly binary: string
  readonly host: string
  readonly state: string
}

/** Long host names push the columns aside, so they are split at blanks; the header is left out. */
export function parseServices(text: string): readonly ServiceRow[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length >= 5 && words[0] !== 'Binary')
    .map(([binary, host, , , state]) => ({ binary: binary!, host: host!, state: state! }))
}
