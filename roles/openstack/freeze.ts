import { Advice, role } from '../../lib/index.ts'
import { database, service as daemon } from '../../lib/modules/index.ts'
import { type CloudView, cloud, releaseOf, serviceOf } from './cloud.ts'
import { mustBeLeft, untilGone } from './connected.ts'
import { allDaemons, allRunning, daemonsOf, inwards } from './daemons.ts'
import { rootLogin } from './logins.ts'
import { recordRan } from './ran.ts'

/**
 * Stops the source cloud so that nothing is written after its databases are dumped: the article's «Setting up», which
 * stops nova-api alone; glance, cinder, neutron and keystone would go on writing, and the agents would serve the same
 * addresses as the target's. Nothing but the state of its services is changed on the source, ever, now and at its next
 * boot: going back is starting what is recorded here.
 */
export const freeze = role('freeze', cloud, ({ task, ensure }) => {
  // Whichever part of this is run: nothing is stopped that the way back would not know of.
  task('Record what runs on the source', { tags: ['freeze', 'stop', 'backup'] }, (host) => recordRan(host, names(host)))
  task('Save who may use which disk', { tags: ['freeze', 'stop', 'backup'] }, async (host) => {
    for (const { serving } of releaseOf(host).services) await serving?.save(host)
  })
  ensure('Keep it down at the next boot', { tags: ['freeze', 'stop'] }, (host) => daemon.disabled(...allDaemons(host)))
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
  // All at once: now nobody asks them, and how long it takes is how long users wait.
  ensure('Stop everything else', { tags: ['freeze', 'stop'] }, (host) =>
    daemon.stopped({ together: true }, ...inwards(allDaemons(host))),
  )
  task('Check that nothing is left running', { tags: ['freeze', 'verify'], verify: true }, async (host) => {
    const left = await allRunning(host)
    if (left.length === 0) return
    throw new Advice(
      `these still run on ${host.name}: ${left.join(', ')}`,
      'a cluster manager may have started them again: stop them there (crm resource stop NAME)',
    )
  })
  // Their managers know of the processes that they have started, on this host.
  task('Check that nobody is connected to the databases', { tags: ['freeze', 'verify'], ...untilGone }, (host) =>
    mustBeLeft(host, 'go on with --resume'),
  )
})

/** A role's part on the source: only that service is stopped there. */
export function freezeService(name: string) {
  return role(`${name}.source`, cloud, ({ task, ensure }) => {
    const first = { tags: ['freeze', 'stop', 'backup'] }
    task(`Record what ${name} runs on the source`, first, (host) => recordRan(host, [name]))
    const serves = (host: CloudView) => serviceOf(host, name).serving !== undefined
    task('Save who may use which disk', { ...first, when: serves }, (host) => serviceOf(host, name).serving!.save(host))
    ensure('Keep it down at the next boot', { tags: ['freeze', 'stop'] }, (host) =>
      daemon.disabled(...daemonsOf(host, name)),
    )
    ensure(`Stop ${name} on the source`, { tags: ['freeze', 'stop'] }, (host) =>
      daemon.stopped(...inwards(daemonsOf(host, name))),
    )
  })
}

const names = (host: CloudView) => releaseOf(host).services.map(({ name }) => name)
