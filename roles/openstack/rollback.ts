import { Advice, role } from '../../lib/index.ts'
import { database, file, probe, service as daemon, shell } from '../../lib/modules/index.ts'
import { nodeOf } from '../compute/node.ts'
import { mustReport } from '../compute/reports.ts'
import { cloud, releaseOf, sourceOf, targetOf } from './cloud.ts'
import { allDaemons, inwards, type Names } from './daemons.ts'
import { copiedVolumes, runningRecord, savedDirectory, savedFile } from './kept.ts'
import { rootLogin } from './logins.ts'
import { databaseClock } from './start.ts'

/**
 * Going back, of which the article says nothing, means returning to the source, never downgrading the target: the
 * source has only been stopped. What was written on the target since the switch is lost, and writes of guests to
 * volumes there too, which is why it begins with a question.
 */
export const stopTarget = role('rollback.target', cloud, ({ ensure, gate }) => {
  gate('Go back to the source controller? What was written on the target since the switch will not be there', {
    tags: ['always'],
  })
  // Two routers with one gateway address must not meet on the wire.
  ensure('Stop the agents of the target', { tags: ['stop'] }, (host) => daemon.stopped(...allDaemons(host, 'agent')))
  ensure('Stop everything else on the target', { tags: ['stop'] }, (host) =>
    daemon.stopped(...inwards(allDaemons(host))),
  )
})

/** Starts on the source exactly what ran there before it was frozen. */
export const startSource = role('rollback.source', cloud, ({ task }) => {
  task('Start what ran on the source', { tags: ['start'] }, async (host) => {
    const record = runningRecord(targetOf(host))
    const { stdout } = await targetOf(host).run(probe({ allow: [0, 1] })`cat ${record} 2>/dev/null`)
    const names = stdout.split('\n').filter(Boolean)
    if (names.length > 0) return host.run(daemon.started(...(names as unknown as Names)))
    throw new Advice(
      `${host.vars.target.name} has no record of what ran on ${host.name}`,
      `start it by hand, in this order: ${allDaemons(host).join(' ')}`,
    )
  })
})

/** Gives the compute nodes back to the source. */
export const computesBack = role('rollback.compute', cloud, ({ task, ensure }) => {
  const before = task('Note the clock of the source', { tags: ['verify'] }, (host) => databaseClock(sourceOf(host)))
  task('Put the configuration back', { tags: ['config'] }, async (host) => {
    for (const path of nodeOf(host).files) {
      // A node that the upgrade never reached has nothing to put back.
      await host.run(file.restore(path, { ifSaved: true }))
    }
  })
  ensure('Restart the agent and nova-compute', { tags: ['config'] }, (host) =>
    daemon.restarted(nodeOf(host).agent, nodeOf(host).daemon),
  )
  const patient = { tags: ['verify'], retries: 60, delay: '1s', verify: true } as const
  task('Check that nova-compute reports to the source', patient, (host) =>
    mustReport(host, sourceOf(host), host.result(before).now),
  )
})

/** Makes the target what it was before, so that the upgrade can be tried again. */
export const targetAsBefore = role('rollback.target.data', cloud, ({ task, ensure }) => {
  task("Put the target's own databases back", { tags: ['database'] }, async (host) => {
    const { services, charset } = releaseOf(host)
    for (const { name } of services.flatMap(({ databases }) => databases)) {
      const saved = savedFile(host, name)
      await host.run(database.restore({ database: name, saved, ...charset, login: rootLogin(host) }))
    }
  })
  task('Put the configuration back', { tags: ['config'] }, async (host) => {
    for (const { etc } of releaseOf(host).services) {
      const saved = savedDirectory(host, etc)
      const old = `${etc}.switchover-old`
      await host.run(
        shell({
          removes: saved,
          touches: [etc, old, saved],
        })`rm -rf ${old} && mv ${etc} ${old} && mv ${saved} ${etc} && rm -rf ${old}`,
      )
    }
  })
  // The source's guests write to its volumes again: the next upgrade must compare and copy them anew.
  ensure('Forget that the volumes were copied', { tags: ['volumes'] }, file.absent(copiedVolumes))
  ensure('Forget what ran on the source', { tags: ['freeze'] }, (host) => file.absent(runningRecord(host)))
})
