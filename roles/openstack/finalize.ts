import { Advice, role } from '../../lib/index.ts'
import { database, ini, service as daemon, shell } from '../../lib/modules/index.ts'
import { nodeOf } from '../compute/node.ts'
import { mustReport } from '../compute/reports.ts'
import { atLeast, computePackage } from '../compute/version.ts'
import { type CloudView, cloud, releaseOf, targetOf } from './cloud.ts'
import { runningOf } from './daemons.ts'
import { savedRows } from './kept.ts'
import { rootLogin, serviceLogin } from './logins.ts'
import { mustBeMoved, servicesWithData } from './moved.ts'
import { named } from './settings.ts'
import { databaseClock } from './start.ts'

/** What the end of an upgrade asks for: all data on the target, and no compute node of the release that is left. */
export const upgraded = role('finalize.ready', cloud, ({ task }) => {
  const on = (group: string) => ({ tags: ['pin'], when: ({ groups }: CloudView) => groups.includes(group) })
  task('Check that the data is on the target', on('target'), (host) =>
    mustBeMoved(host, servicesWithData(host), 'there is no upgrade to finish'),
  )
  task('Check that the compute node is upgraded', on('compute'), async (host) => {
    const version = await computePackage(host)
    const { cap } = releaseOf(host).compute
    if (atLeast(version, cap.until)) return { version }
    throw new Advice(
      `nova-compute on ${host.name} is ${version}: without ${cap.name} it would refuse what the controller sends`,
      `upgrade it to ${releaseOf(host).to} first (${cap.until} or later), then: run playbooks/finalize.ts -i INVENTORY`,
    )
  })
  // A node whose packages are new may still run, or be known as running, what was there before: the first node that
  // loses the cap would find it, and end.
  const told = (host: CloudView) => host.groups.includes('target') && releaseOf(host).compute.cap.service !== undefined
  const patient = { tags: ['pin'], when: told, retries: 60, delay: '1s', verify: true } as const
  task('Check that every nova-compute has told that it is upgraded', patient, async (host) => {
    const { to, compute } = releaseOf(host)
    const { service } = compute.cap
    const old = await host.run(
      database.select(
        `SELECT host, version FROM nova.services WHERE \`binary\` = 'nova-compute' AND deleted = 0
          AND host IN (${knownHosts(host)}) AND version < ${service}`,
        rootLogin(host),
      ),
    )
    if (old.length === 0) return
    throw new Advice(
      `these have the packages of ${to}, and nova-compute there has not told yet that it runs as of it: ` +
        old.map(([name, version]) => `${name} (${version}, and not ${service})`).join(', '),
      `on each of them: service ${named(compute.daemon, host)} restart`,
    )
  })
  task('Check that nova knows no other compute node that lives', on('target'), async (host) => {
    const others = await host.run(
      database.select(
        `SELECT host FROM nova.services WHERE \`binary\` = 'nova-compute' AND deleted = 0
          AND updated_at > UTC_TIMESTAMP() - INTERVAL 10 MINUTE AND host NOT IN (${knownHosts(host)})`,
        rootLogin(host),
      ),
    )
    if (others.length === 0) return
    throw new Advice(
      `these compute nodes report to ${host.name} and are not in the inventory: ${others.join(', ')}`,
      'add them to the group compute, so that their release is known',
    )
  })
})

/** From the nodes first: those who send to each other must agree. */
export const uncapComputes = role('finalize.compute', cloud, ({ task, ensure, handler, flush }) => {
  const restart = handler('Restart nova-compute', (host) => daemon.restarted(nodeOf(host).daemon))
  const before = task('Note the clock of the controller', { tags: ['verify'] }, (host) => databaseClock(targetOf(host)))
  ensure('Remove the cap', { tags: ['pin'], notify: restart }, (host) =>
    ini.set(nodeOf(host).files[0], without(releaseOf(host).compute.cap.compute)),
  )
  flush()
  const patient = { tags: ['verify'], retries: 60, delay: '1s', verify: true } as const
  task('Check that nova-compute reports', patient, (host) => mustReport(host, targetOf(host), host.result(before).now))
})

/** The controller's daemons read their settings at their start. */
export const uncapController = role('finalize.target', cloud, ({ ensure, handler, flush }) => {
  const restart = handler('Restart the daemons of nova that run', async (host) => {
    const [first, ...others] = await runningOf(host, 'nova')
    if (first) await host.run(daemon.restarted(first, ...others))
  })
  ensure('Remove the cap', { tags: ['pin'], notify: restart }, (host) =>
    ini.set('/etc/nova/nova.conf', without(releaseOf(host).compute.cap.controller)),
  )
  const others = handler('Restart the daemons that read it', async (host) => {
    const [first, ...more] = await runningOf(host, releaseOf(host).compute.cap.afterwards!.service)
    if (first) await host.run(daemon.restarted(first, ...more))
  })
  const due = (host: CloudView) => releaseOf(host).compute.cap.afterwards !== undefined
  ensure('Set what the cap stood against', { tags: ['pin'], when: due, notify: others }, (host) => {
    const { path, sections } = releaseOf(host).compute.cap.afterwards!
    return ini.set(path, sections)
  })
  flush()
})

/** What a migration leaves for later: only the new release may work on it. */
export const online = role('finalize.online', cloud, ({ task }) => {
  const left = (host: CloudView) => releaseOf(host).services.filter((one) => one.online !== undefined)
  const any = (host: CloudView) => left(host).length > 0
  task('End what was left to be done while they run', { tags: ['database'], when: any }, async (host) => {
    for (const { user, online = [] } of left(host))
      for (const command of online) await host.run(shell({ touches: [] })`su -s /bin/sh -c ${command} ${user!}`)
  })
})

/** Services and agents of hosts that are gone: they would be called dead for ever. */
export const clean = role('finalize.clean', cloud, ({ task }) => {
  const tags = ['clean']
  task('Take away services that nobody runs', { tags }, (host) =>
    database.rewrite({
      login: serviceLogin(host, 'nova'),
      table: 'services',
      key: 'id',
      columns: ['deleted', 'host'],
      // Where guests are it is no stale row but a node that somebody misses.
      where: `deleted = 0 AND host NOT IN (${knownHosts(host)})
        AND (updated_at IS NULL OR updated_at < UTC_TIMESTAMP() - INTERVAL 10 MINUTE)
        AND host NOT IN (SELECT host FROM instances WHERE deleted = 0 AND host IS NOT NULL)`,
      change: (row) => ({ deleted: row['id']! }),
      save: savedRows(host, 'nova', 'services.stale'),
    }),
  )
  task('Take away agents that nobody runs', { tags }, async (host) => {
    for (const { stale } of releaseOf(host).services) await stale?.(host, knownHosts(host))
  })
})

/** Names of the hosts of the inventory, as OpenStack has them, as a list of SQL. */
function knownHosts(host: CloudView): string {
  const { target, computes } = host.vars
  return [target, ...computes].map((one) => `'${host.on(one).vars.fqdn}'`).join(', ')
}

/** The keys of sections, as those that shall not be there. */
function without(sections: ini.Sections): ini.Sections {
  return Object.fromEntries(
    Object.entries(sections).map(([name, keys]) => [
      name,
      Object.fromEntries(Object.keys(keys).map((key) => [key, null])),
    ]),
  )
}
