import assert from 'node:assert/strict'
import { Advice, play, playbook, role, type Task } from '../../lib/index.ts'
import { file, ini, probe, service } from '../../lib/modules/index.ts'
import { type CloudHost, type CloudView, cloud, releaseOf, siteOf, targetOf } from '../openstack/cloud.ts'
import { inEarnest } from '../openstack/moved.ts'
import type { Compute } from '../openstack/release.ts'
import { named, settingsOf } from '../openstack/settings.ts'
import { databaseClock } from '../openstack/start.ts'
import { forgetCopy, nodeOf } from './node.ts'
import { mustBeCalledAsItsGuestsSay, mustBeTheOnlyController, mustHaveItsGuests } from './ready.ts'
import { mustReport } from './reports.ts'
import { atLeast, computePackage } from './version.ts'

/**
 * A compute node that stays at its release and gets a new controller: the article's notes under «Upgrade Nova» on
 * credentials, on icehouse-compat and on restarting nova-compute. It differs in that a node whose release takes the
 * cap wrong is refused, the Open vSwitch agent is pointed at the new controller as well, and what does not come up
 * gets its old configuration back.
 */
export const compute = role('compute', cloud, ({ task, ensure, handler, block, flush }) => {
  let novaEdits: readonly Task<file.Written>[] = []
  let agentEdits: readonly Task<file.Written>[] = []
  const edited = (host: CloudView, edits: readonly Task<file.Written>[]) =>
    edits.some((one) => host.resultIfRun(one)?.changed)
  // Where nova-compute is restarted next, the agent settles at the same time, and is looked at when both have.
  const agent = handler('Restart the Open vSwitch agent', async (host) => {
    await inEarnest(host, mustHaveItsGuests(host))
    const settle = edited(host, novaEdits) ? 0 : 2
    await host.run(service.restarted({ log: '/var/log/neutron/*.log', settle }, nodeOf(host).agent))
  })
  const restart = handler('Restart nova-compute', async (host) => {
    await inEarnest(host, mustHaveItsGuests(host))
    await host.run(service.restarted({ log: nodeOf(host).log, timeout: 20 }, nodeOf(host).daemon))
    if (!edited(host, agentEdits)) return
    const { running, name, said } = await host.run(service.status(nodeOf(host).agent))
    assert(running, `${name} was restarted and did not stay up (it says: ${said})`)
  })

  task('Check that this release takes the cap', { tags: ['pin', 'preflight'] }, async (host) => {
    const version = await computePackage(host)
    const { name, least } = releaseOf(host).compute.cap
    if (atLeast(version, least)) return { version }
    throw new Advice(
      `nova-compute ${version} does not take ${name} right: that came with ${least}`,
      `update the nova packages of this node within ${releaseOf(host).from} first`,
    )
  })
  const looking = { tags: ['config', 'pin', 'start', 'verify'], verify: true } as const
  task('Check that the new controller has the guests of the nodes', looking, mustHaveItsGuests)
  task('Check that there is one controller', { ...looking, once: true }, mustBeTheOnlyController)
  task('Check the name of the node', looking, mustBeCalledAsItsGuestsSay)
  task('Save the configuration', { tags: ['backup'] }, async (host) => {
    for (const path of nodeOf(host).files) await host.run(file.backup(path))
  })
  block('Reconnect', {
    try() {
      const config = { tags: ['config'], notify: restart }
      const pointed = task('Point nova-compute at the new controller', config, (host) => written(host, 'daemon'))
      const pinned = task('Set [upgrade_levels] compute', { ...config, tags: ['config', 'pin'] }, async (host) => {
        await saveFirst(host, nodeOf(host).files[0])
        return host.run(ini.set(nodeOf(host).files[0], releaseOf(host).compute.cap.compute))
      })
      const toAgent = { tags: ['config'], notify: agent }
      const agentPointed = task('Point the Open vSwitch agent at it', toAgent, (host) => written(host, 'agent'))
      novaEdits = [pointed, pinned]
      agentEdits = [agentPointed]
      const before = task('Note the clock of the new controller', { tags: ['verify'] }, (host) =>
        databaseClock(targetOf(host)),
      )
      flush()
      ensure('Start what is not running', { tags: ['start'] }, (host) =>
        service.started(nodeOf(host).agent, nodeOf(host).daemon),
      )
      const patient = { tags: ['verify'], retries: 60, delay: '1s', verify: true } as const
      task('Check that nova-compute reports to the new controller', patient, (host) =>
        mustReport(host, targetOf(host), host.result(before).now),
      )
      task('Check that no message was refused', { tags: ['verify'], verify: true }, async (host) => {
        const { refusals, cap } = releaseOf(host).compute
        const refused = (await host.run(saidSinceStart(nodeOf(host).log, refusals))).stdout.trim()
        const why = `refuses what the controller sends; is ${cap.name} set there?`
        assert(refused === '', `nova-compute on ${host.name} ${why}\n${refused}`)
      })
    },
    rescue() {
      // Only what this run wrote: a check that fails changes nothing.
      const touched = (host: CloudView) => edited(host, [...novaEdits, ...agentEdits])
      const back = { tags: ['always'], when: touched, notify: [restart, agent] }
      task('Put the configuration back', back, async (host) => {
        for (const path of nodeOf(host).files) await host.run(file.restore(path))
      })
      flush()
      // The next attempt begins with what the operator has made of the files by then.
      task('Forget the saved configuration', { tags: ['always'], when: touched }, async (host) => {
        for (const path of nodeOf(host).files) await forgetCopy(host, path)
      })
      task('Say how the node is left', { tags: ['always'] }, (host): never => {
        throw touched(host)
          ? new Advice(
              `${host.name} could not be reconnected, and has its old configuration again`,
              'mend what failed above, then go on with --resume',
            )
          : new Advice(
              `${host.name} does not work as it should, and nothing was changed on it`,
              'mend what failed above',
            )
      })
    },
  })
})

/** From here on the two clouds have each their own truth. */
export const askBefore = role('compute.gate', cloud, ({ gate }) => {
  gate(
    'Reconnect the compute nodes to the new controller? On the way back from there everything is lost that users do ' +
      'on the new one: instances, networks, volumes that they make',
    { tags: ['config'], answered: ({ proceed }) => proceed.includes('computes') },
  )
})

/** `run compute`: reconnects the compute nodes to the target, the first one alone. */
export default playbook('compute', [
  play('Reconnect the compute nodes', { hosts: 'compute', serial: [1, '25%'] }, [askBefore, compute]),
])

/** What a file asks for before it leads elsewhere: here, where neither a tag nor a journal leaves it out. */
async function saveFirst(host: CloudHost, path: string): Promise<void> {
  await inEarnest(host, mustHaveItsGuests(host))
  await host.run(file.backup(path))
}

/** Writes the settings that lead to the new controller; nothing is taken over from the old one. */
async function written(host: CloudHost, whose: keyof Compute['config']) {
  const { compute } = releaseOf(host)
  const path = named(compute.config[whose].path, host)
  await saveFirst(host, path)
  const found = { site: siteOf(host), theirs: {}, ours: await host.run(ini.read(path)), asked: [] }
  return host.run(ini.set(path, settingsOf(compute.config[whose], found)))
}

/** Only what was logged since the service started counts: older lines are of older times. */
function saidSinceStart(log: string, words: string) {
  return probe({ allow: [0, 1] })`
    tail -n 200 ${log} 2>/dev/null | sed '1,/Starting compute node/d' | grep -E ${words} | tail -n 3`
}
