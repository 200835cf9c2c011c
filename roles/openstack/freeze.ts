import { Advice, role } from '../../lib/index.ts'
import { database, file, service as daemon } from '../../lib/modules/index.ts'
import { cloud, releaseOf, targetOf } from './cloud.ts'
import { allDaemons, allRunning, daemonsOf, inwards } from './daemons.ts'
import { runningRecord } from './kept.ts'
import { rootLogin } from './logins.ts'

/**
 * Stops the source cloud so that nothing is written after its databases are dumped: the article's «Setting up», which
 * stops nova-api alone; glance, cinder, neutron and keystone would go on writing, and the agents would serve the same
 * addresses as the target's. Nothing but the state of its services is changed on the source, ever: going back is
 * starting what is recorded here.
 */
export const freeze = role('freeze', cloud, ({ task, ensure }) => {
  task('Record what runs on the source', { tags: ['freeze', 'backup'] }, async (host) => {
    const target = targetOf(host)
    const path = runningRecord(target)
    if ((await target.run(file.stat(path))).exists) return { recorded: 'before' }
    const running = await allRunning(host)
    await target.run(file.directory(`${target.vars.backups}/source`, { mode: '0700' }))
    await target.run(file.content(path, `${running.join('\n')}\n`, { mode: '0600' }))
    return { recorded: running.join(' ') }
  })
  ensure('Stop the APIs', { tags: ['freeze', 'stop'] }, (host) => daemon.stopped(...inwards(allDaemons(host, 'api'))))
  const patient = { tags: ['freeze', 'stop'], retries: 60, delay: '5s', verify: true } as const
  task('Wait until nothing is under way', patient, async (host) => {
    const selects = releaseOf(host).services.flatMap(({ underWay }) => underWay ?? [])
    const busy = await host.run(database.select(selects.join('\n  UNION ALL '), rootLogin(host)))
    if (busy.length === 0) return
    throw new Advice(
      `these are still under way on ${host.name}: ` +
        busy.map(([kind, id, state]) => `${kind} ${id} ${state}`).join('; '),
      'wait for them, or bring each to an end by hand, then go on with --resume: frozen halfway they would stay so',
    )
  })
  ensure('Stop everything else', { tags: ['freeze', 'stop'] }, (host) => daemon.stopped(...inwards(allDaemons(host))))
  task('Check that nothing is left running', { tags: ['freeze', 'verify'], verify: true }, async (host) => {
    const left = await allRunning(host)
    if (left.length === 0) return
    throw new Advice(
      `these still run on ${host.name}: ${left.join(', ')}`,
      'a cluster manager may have started them again: stop them there (crm resource stop NAME)',
    )
  })
})

/** A role's part on the source: only that service is stopped there. */
export function freezeService(name: string) {
  return role(`${name}.source`, cloud, ({ ensure }) => {
    ensure(`Stop ${name} on the source`, { tags: ['freeze', 'stop'] }, (host) =>
      daemon.stopped(...inwards(daemonsOf(host, name))),
    )
  })
}
