import { database, file, probe } from '../../lib/modules/index.ts'
import { type CloudHost, sourceOf, targetOf } from './cloud.ts'
import { writtenFile } from './kept.ts'
import { rootLogin } from './logins.ts'

// What was moved counts only as long as the source has stood still since: a way back that was cut off, or an operator
// who started it by hand, has let its users go on there.

/** Notes how much the source's database server had written when a database was dumped. */
export async function noteWritten(host: CloudHost, name: string): Promise<void> {
  const said = await written(sourceOf(host))
  await host.run(file.directory(`${host.vars.backups}/source`, { mode: '0700' }))
  await host.run(file.content(writtenFile(host, name), said, { mode: '0600' }))
}

/** Has a database of the source changed since it was moved to the target? */
export async function hasChanged(host: CloudHost, name: string): Promise<boolean> {
  const [source, target] = [sourceOf(host), targetOf(host)]
  const [{ stdout: then }, now] = await Promise.all([
    target.run(probe`cat ${writtenFile(target, name)} 2>/dev/null; :`),
    written(source),
  ])
  if (then === now) return false
  // Others have written something, or the server was started anew: then its rows tell.
  const { dump } = await target.run(database.standing(name, rootLogin(target)))
  return dump !== '' && (await source.run(database.fingerprint(name, rootLogin(source)))) !== dump
}

/**
 * Do compute nodes obey the target? Then what is in its databases is newer than what the source has, whatever that has
 * become: a node has reported there more often than it ever did to the source.
 */
export async function isLive(host: CloudHost): Promise<boolean> {
  const [source, target] = [sourceOf(host), targetOf(host)]
  const { stage } = await target.run(database.standing('nova', rootLogin(target)))
  if (stage !== 'migrated') return false
  const select = "SELECT host, report_count FROM nova.services WHERE `binary` = 'nova-compute' AND deleted = 0"
  const [then, now] = await Promise.all([
    source.run(database.select(select, rootLogin(source))),
    target.run(database.select(select, rootLogin(target))),
  ])
  const before = new Map(then.map(([name, count]) => [name, Number(count)]))
  return now.some(([name, count]) => Number(count) > (before.get(name) ?? 0))
}

/** Statements that write, since the server's start: it counts them itself. */
async function written(source: CloudHost): Promise<string> {
  const rows = await source.run(
    database.select(
      `SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime' OR
        Variable_name REGEXP '^Com_(insert|update|delete|replace|load|truncate|(alter|create|drop|rename)_(table|db))'`,
      rootLogin(source),
    ),
  )
  const [[now] = []] = await source.run(database.select('SELECT UNIX_TIMESTAMP()', rootLogin(source)))
  // Half a minute is less than any server takes to be stopped and started again by hand.
  const of = (name: string) => Number(rows.find(([one]) => one === name)?.[1] ?? 0)
  const since = Math.round((Number(now) - of('Uptime')) / 30)
  const counted = rows.filter(([name]) => name !== 'Uptime').map((row) => row.join(' '))
  return `${since}\n${counted.sort().join('\n')}\n`
}
