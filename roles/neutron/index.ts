import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { type CloudView, cloud } from '../openstack/cloud.ts'
import { daemonsOf } from '../openstack/daemons.ts'
import { rootLogin } from '../openstack/logins.ts'
import { moved } from '../openstack/move.ts'
import { list, start } from '../openstack/start.ts'

/**
 * Neutron's database and configuration on the target controller: the article's «Upgrading Neutron». A database that
 * has a version is not stamped again, agents and what is bound to them take the new controller's name, and agents
 * report often enough not to seem to flop.
 */
export const neutron = moved('neutron')

/** Starts the neutron that has been moved. By name: the article's neutron-* has daemons that must not run. */
export const neutronStart = role('neutron.start', cloud, (steps) => {
  const { since } = start(steps, 'neutron')
  list(steps, 'neutron')
  const any = (host: CloudView) => daemonsOf(host, 'neutron', 'agent').length > 0
  const patient = { tags: ['verify'], retries: 30, delay: '1s', verify: true, when: any } as const
  steps.task("Check that the target's agents are alive", patient, async (host) => {
    const { fqdn, without } = host.vars
    // One that ran on the source has a row here, too.
    const missing = ['none', ...without].map((name) => `'${name}'`).join(', ')
    const select = `SELECT agent_type, heartbeat_timestamp > '${host.result(since).now}'
      FROM neutron.agents WHERE host = '${fqdn}' AND \`binary\` NOT IN (${missing})`
    const rows = await host.run(database.select(select, rootLogin(host)))
    assert(rows.length > 0, `neutron knows no agent on ${fqdn}`)
    const dead = rows.filter(([, alive]) => alive !== '1').map(([type]) => type)
    assert(dead.length === 0, `these agents do not report: ${dead.join(', ')}`)
    return { agents: rows.length }
  })
})

/** `run neutron`: stops neutron on the source and moves it to the target. */
export default alone('neutron', [neutron, neutronStart])
