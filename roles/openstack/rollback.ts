import { Advice, role } from '../../lib/index.ts'
import { database, file, probe, service, shell } from '../../lib/modules/index.ts'
import { agentName, computeName, neutronConf, novaConf } from '../compute/names.ts'
import { cloud, rootLogin, sourceOf, targetOf } from './cloud.ts'
import { movedServices, runningRecord } from './freeze.ts'
import { charset, databaseClock } from './move.ts'
import { daemons, iscsiTarget } from './services.ts'

/**
 * Going back means returning to the source, never downgrading the target: the source has only been stopped. What was written
 * on the target since the switch is lost, and writes of guests to volumes there too, which is why it begins with a question.
 */
export const stopTarget = role('rollback.target', cloud, ({ task, gate }) => {
  gate('Go back to the source controller? What was written on the target since the switch will not be there', {
    tags: ['always'],
  })
  // Agents first: two routers with one gateway address must not meet on the wire.
  task('Stop the agents of the target', { tags: ['stop'] }, (host) =>
    service.stopped(...agents(daemons(host, 'neutron'))),
  )
  task('Stop everything else on the target', { tags: ['stop'] }, async (host) => {
    for (const name of ['nova', 'cinder', 'glance', 'neutron', 'keystone'] as const)
      await host.run(service.stopped(...reversed(daemons(host, name))))
    await host.run(service.stopped(iscsiTarget(host)))
  })
})

/** Starts on the source exactly what ran there before it was frozen. */
export const startSource = role('rollback.source', cloud, ({ task }) => {
  task('Start what ran on the source', { tags: ['start'] }, async (host) => {
    const { stdout } = await targetOf(host).run(
      probe({ allow: [0, 1] })`cat ${runningRecord(targetOf(host))} 2>/dev/null`,
    )
    const names = stdout.split('\n').filter(Boolean)
    if (names.length === 0)
      throw new Advice(
        `${host.vars.target.name} has no record of what ran on ${host.name}`,
        'start its services by hand, in the order keystone, glance, neutron, nova, cinder, httpd',
      )
    return host.run(service.started(...(names as [string, ...string[]])))
  })
})

/** Gives the compute nodes back to the source. */
export const computesBack = role('rollback.compute', cloud, ({ task }) => {
  const before = task('Note the clock of the source', { tags: ['verify'] }, (host) => databaseClock(sourceOf(host)))
  task('Put the configuration back', { tags: ['config'] }, async (host) => {
    for (const path of [novaConf, neutronConf]) {
      // A node that the upgrade never reached has nothing to put back.
      if ((await host.run(file.stat(`${path}.switchover-backup`))).exists) await host.run(file.restore(path))
    }
  })
  task('Restart the agent and nova-compute', { tags: ['config'] }, (host) =>
    service.restarted(agentName(host), computeName(host)),
  )
  task(
    'Check that nova-compute reports to the source',
    { tags: ['verify'], retries: 60, delay: '1s' },
    async (host) => {
      if (host.check) return undefined
      const source = sourceOf(host)
      const [row] = await source.run(
        database.select(
          `SELECT updated_at > '${host.result(before).now}' FROM nova.services WHERE \`binary\` = 'nova-compute' AND host = '${host.vars.fqdn}' AND deleted = 0`,
          rootLogin(source),
        ),
      )
      if (row?.[0] !== '1')
        throw new Advice(
          `nova-compute on ${host.vars.fqdn} does not report to ${source.name}`,
          `see /var/log/nova/compute.log on ${host.name}`,
        )
      return { alive: true }
    },
  )
})

/** Makes the target what it was before, so that the upgrade can be tried again. */
export const targetAsBefore = role('rollback.target.data', cloud, ({ task }) => {
  for (const name of movedServices) {
    task(`Put ${name}'s own database back`, { tags: ['database'] }, (host) =>
      database.restore({
        database: name,
        saved: `${host.vars.backups}/target/${name}.sql`,
        ...charset,
        login: rootLogin(host),
      }),
    )
  }
  task('Put the configuration back', { tags: ['config'] }, async (host) => {
    for (const name of [...movedServices, 'openstack-dashboard']) {
      const saved = `${host.vars.backups}/etc/${name}`
      await host.run(
        shell({
          removes: saved,
        })`rm -rf ${`/etc/${name}.switchover-old`} && mv ${`/etc/${name}`} ${`/etc/${name}.switchover-old`} && mv ${saved} ${`/etc/${name}`} && rm -rf ${`/etc/${name}.switchover-old`}`,
      )
    }
  })
  // The source's guests write to its volumes again: the next upgrade must compare and copy them anew.
  task('Forget that the volumes were copied', { tags: ['volumes'] }, file.absent('/var/lib/switchover/volumes'))
  task('Forget what ran on the source', { tags: ['freeze'] }, (host) => file.absent(runningRecord(host)))
})

function agents(names: readonly string[]): [string, ...string[]] {
  return names.filter((name) => name.endsWith('agent')) as [string, ...string[]]
}

function reversed(names: readonly [string, ...string[]]): [string, ...string[]] {
  return [...names].reverse() as [string, ...string[]]
}
