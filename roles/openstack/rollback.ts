import { Advice, role, type Task } from '../../lib/index.ts'
import { database, file, ini, probe, service as daemon, shell, wait } from '../../lib/modules/index.ts'
import { copyOf, forgetCopy, nodeOf } from '../compute/node.ts'
import { mustReport } from '../compute/reports.ts'
import { emptyCaches, forgetMessages } from './caches.ts'
import { type CloudHost, type CloudView, cloud, optionalOf, releaseOf, serviceOf, siteOf, sourceOf } from './cloud.ts'
import { allDaemons, allRunning, daemonsOf, inwards, type Names } from './daemons.ts'
import { keepBack, keptForetold, lasts } from './durations.ts'
import { copiedVolumes, filedAway, putBack, ranFile, savedFile } from './kept.ts'
import { rootLogin } from './logins.ts'
import { allRan } from './ran.ts'
import type { ConfigFile, Serving } from './release.ts'
import { named, settingsOf, shown } from './settings.ts'
import { databaseClock, rowsListed } from './start.ts'

let begun: Task<{ readonly here: readonly string[]; readonly began: number }>

/**
 * Going back, of which the article says nothing, means returning to the source, never downgrading the target: the
 * source has only been stopped. What was written on the target since the switch is lost, and writes of guests to
 * volumes there too, which is why it begins with a question.
 *
 * Only what these roles have stopped is touched, and before anything is stopped it is known how to start it again.
 */
export const stopTarget = role('rollback.target', cloud, ({ task, gate }) => {
  gate('Go back to the source controller? What was written on the target since the switch will not be there', {
    tags: ['always'],
  })
  const ran = task('See what was stopped for the move', { tags: ['always'] }, async (host) => {
    const began = Date.now()
    const source = sourceOf(host)
    const theirs = await allRan(source)
    if (theirs.length === 0 && (await allRunning(source)).length === 0)
      throw new Advice(
        `${host.vars.backups} on ${host.name} has no record of what ran on ${source.name}, and nothing runs there`,
        `start it by hand on ${source.name}: for s in ${allDaemons(source).join(' ')}; do service $s start; done`,
      )
    await mustKnowAll(host)
    const own = await allRan(host)
    const there = theirs.filter(({ running }) => running).map(({ name }) => name)
    return { here: own.map(({ name }) => name), there, began }
  })
  begun = ran
  const moved = (host: CloudView) => host.result(ran).here.length > 0
  // From here on the source may be written to: what was moved counts no more, wherever this is cut off.
  task('Take back that anything was moved', { tags: ['stop'], when: moved }, async (host) => {
    for (const name of databasesOf(host)) await host.run(database.reopen(name, rootLogin(host)))
    await host.run(file.absent(copiedVolumes))
  })
  // Two routers with one gateway address must not meet on the wire.
  task('Stop the agents of the target', { tags: ['stop'], when: moved }, (host) =>
    stopped(host, allDaemons(host, 'agent'), host.result(ran).here),
  )
  task('Stop everything else on the target', { tags: ['stop'], when: moved }, (host) =>
    stopped(host, inwards(allDaemons(host)), host.result(ran).here),
  )
})

/** Starts on the source exactly what ran there before it was frozen, now and at its next boot. */
export const startSource = role('rollback.source', cloud, ({ task, block }) => {
  const ran = task('See what ran on the source', { tags: ['always'] }, async (host) => {
    const all = await allRan(host)
    const running = all.filter((one) => one.running).map(({ name }) => name)
    const target = allDaemons(host, 'target').find((name) => running.includes(name))
    const serves = (await Promise.all(servingOf(host).map((one) => one.serves(host)))).includes(true)
    const { stdout } = await host.run(probe`date +%s`)
    return {
      running,
      enabled: all.filter((one) => one.enabled).map(({ name }) => name),
      // What is served is served anew at its start, and for a moment to anyone.
      target: serves ? '' : (target ?? ''),
      since: Number(stdout),
    }
  })
  const servesAnew = (host: CloudView) => host.result(ran).target !== ''
  block('Start it', {
    try() {
      task('Start the iSCSI target, and let nobody in', { tags: ['start'], when: servesAnew }, async (host) => {
        await host.run(daemon.started(host.result(ran).target))
        for (const one of servingOf(host)) await host.run(one.door('offline'))
      })
      task('Start what ran on the source', { tags: ['start'] }, async (host) => {
        const { running, enabled } = host.result(ran)
        if (enabled.length > 0) await host.run(daemon.enabled(...(enabled as unknown as Names)))
        if (running.length > 0) await host.run(daemon.started(...(running as unknown as Names)))
        return { started: running }
      })
      const patient = { tags: ['start'], retries: 60, delay: '1s', when: servesAnew } as const
      task('Give the disks back to their guests alone', patient, async (host) => {
        for (const one of servingOf(host)) await one.giveBack(host, host.result(ran).since)
      })
    },
    always() {
      task('Let the guests in to their disks', { tags: ['start'], when: servesAnew }, async (host) => {
        for (const one of servingOf(host)) await host.run(one.door('ready'))
      })
    },
  })
})

/** Gives the compute nodes back to the source. */
export const computesBack = role('rollback.compute', cloud, ({ task }) => {
  const found = task('See whether the node was led elsewhere', { tags: ['always'] }, async (host) => {
    const saved = await Promise.all(nodeOf(host).files.map((path) => host.run(file.stat(copyOf(path)))))
    return { led: saved.some(({ exists }) => exists) }
  })
  const led = (host: CloudView) => host.result(found).led
  const before = task('Note the clock of the source', { tags: ['verify'] }, (host) => databaseClock(sourceOf(host)))
  task('Put the configuration back', { tags: ['config'], when: led }, async (host) => {
    const { compute } = releaseOf(host)
    await configurationBack(host, compute.config.daemon, compute.cap.compute)
    await configurationBack(host, compute.config.agent, {})
  })
  task('Restart the agent and nova-compute', { tags: ['config'], when: led }, async (host) => {
    await host.run(daemon.restarted(nodeOf(host).agent, nodeOf(host).daemon))
    // Once it runs with what it had: a later way back must not bring back what is older than that.
    for (const path of nodeOf(host).files) await forgetCopy(host, path)
  })
  const patient = { tags: ['verify'], retries: 60, delay: '1s', verify: true } as const
  task('Check that nova-compute reports to the source', patient, (host) =>
    mustReport(host, sourceOf(host), host.result(before).now),
  )
})

/** Asks the source whether it is the cloud that it was: it is what it answers that counts. */
export const sourceAnswers = role('rollback.answers', cloud, ({ task }) => {
  const patient = { tags: ['verify'], retries: 30, delay: '1s', verify: true } as const
  task('Check that the source answers', patient, async (host) => {
    const running = await allRunning(host)
    const due = (await allRan(host)).filter((one) => one.running && !running.includes(one.name))
    if (due.length > 0)
      throw new Advice(
        `these ran on ${host.name} before, and do not now: ${due.map(({ name }) => name).join(', ')}`,
        `see why in its log, then start it: service ${due[0]!.name} start on ${host.name}`,
      )
    for (const { name, answers, list } of releaseOf(host).services) {
      if (answers && daemonsOf(host, name).every((one) => running.includes(one)))
        await host.run(wait.http(named(answers.url, host), { status: answers.status, timeout: 5 }))
      if (list) await rowsListed(host, name)
    }
    for (const one of servingOf(host)) await one.mustServe(host)
  })
})

/** Makes the target what it was before, so that the upgrade can be tried again. */
export const targetAsBefore = role('rollback.target.data', cloud, ({ task }) => {
  const ran = task('See what the target ran before', { tags: ['always'] }, (host) => allRan(host))
  const moved = (host: CloudView) => host.result(ran).length > 0
  task("Put the target's own databases back", { tags: ['database'], when: moved }, async (host) => {
    const { charset } = releaseOf(host)
    for (const name of databasesOf(host)) {
      const saved = savedFile(host, name)
      await host.run(database.restore({ database: name, saved, ...charset, login: rootLogin(host) }))
    }
  })
  task('Put the configuration back', { tags: ['config'], when: moved }, async (host) => {
    const { services, openrc } = releaseOf(host)
    for (const path of [...services.map(({ etc }) => etc), openrc]) await host.run(putBack(host, path))
    for (const { forgotten } of servingOf(host)) await host.run(forgotten)
  })
  // The compute nodes went on reporting until they were given back, and nobody read it.
  task('Forget what was sent to the target', { tags: ['start'], when: moved }, forgetMessages)
  task('Start what ran on the target', { tags: ['start'], when: moved }, async (host) => {
    const all = host.result(ran)
    const [enabled, running] = [all.filter((one) => one.enabled), all.filter((one) => one.running)]
    for (const { name } of releaseOf(host).services) await emptyCaches(host, name)
    if (enabled.length > 0) await host.run(daemon.enabled(...(enabled.map(({ name }) => name) as unknown as Names)))
    if (running.length > 0) await host.run(daemon.started(...(running.map(({ name }) => name) as unknown as Names)))
  })
})

/** Files away all that was kept for the way back, once it has been gone: a later one begins with its own. */
export const wayBackGone = role('rollback.gone', cloud, ({ task }) => {
  const known = (host: CloudView) => host.resultIfRun(begun)?.here.length !== 0
  task('Tell how long the way back took', { tags: ['database', 'config'], when: known }, async (host) => {
    const began = host.resultIfRun(begun)?.began
    if (began === undefined) return
    const [before, seconds] = [await keptForetold(host), (Date.now() - began) / 1000]
    await host.run(keepBack(host, seconds))
    host.log(`the way back took ${lasts(seconds)}${before ? `; foretold were about ${lasts(before.back)}` : ''}`)
    return { took: seconds, foretold: before?.back ?? null }
  })
  task('File away what was kept', { tags: ['database', 'config'] }, async (host) => {
    const { stdout } = await host.run(filedAway(host))
    if (stdout.trim() !== '') host.log(`what was kept, and what the target had become, is in ${stdout.trim()} now`)
  })
})

/** What was moved must be known, or it would stay where it is. @throws Advice when the inventory names it no more */
async function mustKnowAll(host: CloudHost): Promise<void> {
  for (const { name } of optionalOf(host)) {
    const known = await Promise.all(
      (['source', 'target'] as const).map((end) => host.run(file.stat(ranFile(host, end, name)))),
    )
    // It says what to do.
    if (known.some(({ exists }) => exists)) serviceOf(host, name)
  }
}

function servingOf(host: CloudView): readonly Serving[] {
  return releaseOf(host).services.flatMap(({ serving }) => serving ?? [])
}

function databasesOf(host: CloudView): readonly string[] {
  return releaseOf(host).services.flatMap(({ databases }) => databases.map(({ name }) => name))
}

async function stopped(host: CloudHost, names: readonly string[], of: readonly string[]): Promise<void> {
  const [first, ...others] = names.filter((name) => of.includes(name))
  if (first) await host.run(daemon.stopped({ together: true }, first, ...others))
}

/**
 * Puts a file of a compute node back as it was. What an operator has set in it since then is set again, and told; the
 * file as it was at the end is kept then.
 */
async function configurationBack(host: CloudHost, config: ConfigFile, more: ini.Sections): Promise<void> {
  const path = named(config.path, host)
  if (!(await host.run(file.stat(copyOf(path)))).exists) return
  const [before, now] = await Promise.all([host.run(ini.read(copyOf(path))), host.run(ini.read(path))])
  const found = { site: siteOf(host), theirs: {}, ours: before, asked: [] }
  const ours = [settingsOf(config, found), more]
  const isOurs = (section: string, key: string) => ours.some((one) => one[section] && key in one[section])
  const edited: Record<string, Record<string, ini.Setting>> = {}
  for (const section of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before[section] ?? {}, now[section] ?? {}]
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (isOurs(section, key) || (was[key] ?? []).join('\n') === (is[key] ?? []).join('\n')) continue
      edited[section] = { ...edited[section], [key]: is[key]?.map((value) => shown(key, value)) ?? null }
    }
  }
  const keys = Object.entries(edited).flatMap(([section, keys]) => Object.keys(keys).map((key) => `${section}.${key}`))
  const kept = `${path}.switchover-edited`
  if (keys.length > 0) await host.run(shell({ touches: [kept] })`cp -p ${path} ${kept}`)
  await host.run(file.restore(path))
  if (keys.length === 0) return
  await host.run(ini.set(path, edited))
  host.log(`kept in ${path} what was set since: ${keys.join(', ')} (all of it as it was: ${kept})`)
}
