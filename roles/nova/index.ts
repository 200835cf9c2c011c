import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database, ini, probe } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { cloud, releaseOf, serviceOf } from '../openstack/cloud.ts'
import { rootLogin } from '../openstack/logins.ts'
import { move } from '../openstack/move.ts'
import { list, start } from '../openstack/start.ts'
import { parseServices } from './service-list.ts'

/**
 * Nova's database and configuration on the target controller: the article's «Upgrade Nova». It differs where the
 * article's `nova-manage db_sync` ends with a usage error, and where the article caps messages on compute nodes
 * alone: those who send to them are here. The attachments of volumes, which the article mends under «Upgrade Cinder»,
 * are rows of nova's database and move with it.
 */
export const nova = role('nova', cloud, (steps) => {
  move(steps, 'nova', {
    configure(changed) {
      // To be unset when the last compute node is upgraded.
      steps.ensure('Set [upgrade_levels] compute', { tags: ['config', 'pin'], notify: changed }, (host) =>
        ini.set('/etc/nova/nova.conf', releaseOf(host).compute.cap.controller),
      )
    },
  })
})

/** Starts the nova that has been moved. */
export const novaStart = role('nova.start', cloud, (steps) => {
  const { since, started } = start(steps, 'nova')
  const patient = { tags: ['verify'], retries: 60, delay: '1s', verify: true } as const
  steps.task('Check that every nova service of the target smiles', patient, async (host) => {
    const { fqdn } = host.vars
    const { smiles } = serviceOf(host, 'nova')
    if (smiles) {
      const { stdout } = await host.run(probe`${smiles.split(' ')}`)
      const services = parseServices(stdout).filter((row) => row.host === fqdn)
      assert(services.length > 0, `nova knows no service on ${fqdn}:\n${stdout}`)
      const dead = services.filter((row) => row.state !== ':-)').map((row) => row.binary)
      assert(dead.length === 0, `these nova services are down: ${dead.join(', ')}`)
    }
    // A row that was imported looks alive for a while. What runs since longer reports when its time has come.
    const fresh = host.resultIfRun(started)?.services ?? []
    const select = `SELECT \`binary\` FROM nova.services WHERE host = '${fqdn}' AND deleted = 0
      AND (updated_at IS NULL OR updated_at < '${host.result(since).now}')`
    const late = (await host.run(database.select(select, rootLogin(host)))).map(([binary]) => binary!)
    const silent = late.filter((binary) => fresh.some((name) => name.endsWith(binary)))
    assert(silent.length === 0, `these nova services have not reported since they were started: ${silent.join(', ')}`)
    const mine = `SELECT \`binary\` FROM nova.services WHERE host = '${fqdn}' AND deleted = 0 ORDER BY 1`
    return { alive: (await host.run(database.select(mine, rootLogin(host)))).map(([name]) => name!) }
  })
  list(steps, 'nova')
})

/** `run nova`: stops nova on the source and moves it to the target. */
export default alone('nova', [nova, novaStart])
