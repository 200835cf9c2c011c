import { role } from '../../lib/index.ts'
import { database, probe, service } from '../../lib/modules/index.ts'
import { movedGuests } from '../nova/guests.ts'
import { type CloudHost, cloud, releaseOf, sourceOf } from './cloud.ts'
import { daemonsOf } from './daemons.ts'
import { beside, keptForetold, lasts, tookBefore } from './durations.ts'
import { ranFile, savedRows } from './kept.ts'
import { rootLogin } from './logins.ts'

/**
 * What the operator should know when the upgrade has ended: what was moved, in numbers; what was not; how long each
 * service was away; the article's own tables; which guests need a hand; and the way back.
 */
export const summary = role('summary', cloud, ({ task }) => {
  const options = { tags: ['summary', 'verify'], verify: true } as const
  task('Tell what was moved', options, async (host) => {
    const counts = await movedCounts(host)
    for (const { of, before, after } of counts)
      host.log(`${of.padEnd(10)} ${before} on ${host.vars.source.name}, ${after} here`)
    for (const name of host.vars.leave) host.log(`left behind: ${name}`)
    return { counts }
  })
  task('Tell how long it took', options, async (host) => {
    const [before, took] = [await keptForetold(host), await tookBefore(host)]
    for (const line of beside(before?.lasting ?? [], took)) host.log(line)
    if (before) host.log(`the way back is foretold to take about ${lasts(before.back)}`)
    return { foretold: before?.lasting ?? [], took, back: before?.back ?? null }
  })
  task('Tell which rows were rewritten', options, async (host) => {
    const rewritten = await rewrittenRows(host)
    for (const { table, rows } of rewritten) host.log(`${table.padEnd(32)} ${rows}`)
    return { rewritten }
  })
  task('Tell how long the services were away', options, async (host) => {
    const away = await awayTimes(host)
    for (const { service: name, seconds } of away) host.log(`${name.padEnd(10)} ${lasts(seconds)}`)
    const foretold = await keptForetold(host)
    if (foretold && away.length > 0) host.log(`foretold for all of them: about ${lasts(foretold.away)}`)
    if (away.length === 0) host.log('not known: nothing here has run since the source was frozen')
    return { away }
  })
  task('Show what users see', options, async (host) => {
    const { services, openrc } = releaseOf(host)
    for (const { list, shown = [] } of services) {
      for (const command of [...(list ? [list.command] : []), ...shown]) {
        const { stdout } = await host.run(
          probe`. ${openrc} && unset SERVICE_TOKEN SERVICE_ENDPOINT && ${command.split(' ')}`,
        )
        host.log(`# ${command}\n${stdout.trimEnd()}`)
      }
    }
  })
  task('Tell what is left to do', options, async (host) => {
    const guests: string[] = []
    for (const node of host.vars.computes)
      for (const { name, uuid } of await movedGuests(host.on(node))) guests.push(`${name} (${uuid}) on ${node.name}`)
    for (const line of leftToDo(guests)) host.log(line)
    return { guests }
  })
})

/** How many of what users see there were on the source, and are here. */
async function movedCounts(host: CloudHost) {
  const counts: { of: string; before: number; after: number }[] = []
  for (const { list } of releaseOf(host).services) {
    if (!list) continue
    const count = async (at: CloudHost) => Number((await at.run(database.select(list.count, rootLogin(at))))[0]?.[0])
    counts.push({ of: list.of, before: await count(sourceOf(host)), after: await count(host) })
  }
  return counts
}

/** How many rows of each table were rewritten since the last way back. */
async function rewrittenRows(host: CloudHost) {
  const folder = savedRows(host, '', '').replace(/\/[^/]*$/, '')
  const { stdout } = await host.run(probe`grep -c '' /dev/null ${folder}/*.jsonl 2>/dev/null; :`)
  return stdout
    .split('\n')
    .map((line) => /([^/]*)\.jsonl:(\d+)$/.exec(line))
    .flatMap((found) => (found ? [{ table: found[1]!, rows: Number(found[2]) }] : []))
}

/** From the moment before a service was stopped on the source to that in which its API was started here, in seconds. */
async function awayTimes(host: CloudHost) {
  const away: { service: string; seconds: number }[] = []
  for (const { name } of releaseOf(host).services) {
    const api = daemonsOf(host, name, 'api').at(-1) ?? daemonsOf(host, name).at(-1)!
    const [{ stdout }, begun] = await Promise.all([
      host.run(probe`stat -c %Y ${ranFile(host, 'source', name)} 2>/dev/null; :`),
      host.run(service.since(api)),
    ])
    if (stdout === '' || begun === undefined) continue
    // One that was started by somebody since tells nothing of the upgrade.
    const seconds = begun - Number(stdout)
    if (seconds >= 0 && seconds < 86_400) away.push({ service: name, seconds })
  }
  return away
}

function leftToDo(guests: readonly string[]): readonly string[] {
  return [
    ...(guests.length === 0
      ? []
      : [
          `these guests hold sessions to the old portal: ${guests.join(', ')}`,
          '  take them over, one by one: run playbooks/guests.ts -i INVENTORY',
        ]),
    'when every compute node has been upgraded itself: run playbooks/finalize.ts -i INVENTORY',
    'the way back: run playbooks/rollback.ts -i INVENTORY; lost on it is what users have done here since, and from the',
    '  first write of a guest to a volume here what it writes',
    'the report of this run is kept as a page beside its journal; again: run report latest --html upgrade.html',
  ]
}
