import assert from 'node:assert/strict'
import { role, type Steps, type Task } from '../../lib/index.ts'
import { database, probe, service as daemon, wait } from '../../lib/modules/index.ts'
import { movedAddresses } from './addresses.ts'
import { type Cloud, type CloudHost, cloud, releaseOf, serviceOf, siteOf } from './cloud.ts'
import { daemonsOf } from './daemons.ts'
import { rootLogin } from './logins.ts'
import { configure, named } from './settings.ts'

/** The start of a service that has nothing of its own: its entry in the release says all. */
export function started(name: string) {
  return role(`${name}.start`, cloud, (steps) => {
    start(steps, name)
    list(steps, name)
  })
}

/** Starts the daemons of a service whose data has been moved; gives since when they run, for checks of the role. */
export function start({ task, ensure }: Steps<Cloud>, name: string): Task<{ readonly now: string }> {
  const late = (host: CloudHost) => serviceOf(host, name).configAtStart ?? []
  const ifAny = { tags: ['config'], when: (host: CloudHost) => late(host).length > 0 }
  task('Set the rest of the configuration', ifAny, async (host) => {
    for (const file of late(host)) await configure(host, file)
  })
  const since = task('Note the clock', { tags: ['start', 'verify'] }, databaseClock)
  ensure('Start the daemons', { tags: ['start'] }, (host) =>
    daemon.started({ log: `/var/log/${name}/*.log` }, ...daemonsOf(host, name)),
  )
  const answers = (host: CloudHost) => serviceOf(host, name).answers !== undefined
  ensure('Wait until it answers', { tags: ['start', 'verify'], when: answers }, (host) => {
    const { url, ...status } = serviceOf(host, name).answers!
    return wait.http(named(url, host), { ...status, timeout: 60 })
  })
  return since
}

/** Lets the client list what the service has, as the article does after each. */
export function list({ task }: Steps<Cloud>, name: string): void {
  const listed = (host: CloudHost) => serviceOf(host, name).list !== undefined
  const options = { tags: ['verify'], retries: 10, delay: '1s', verify: true, when: listed } as const
  task('Check what the client lists', options, async (host) => {
    const { of, command, count, broken, behind } = serviceOf(host, name).list!
    const { stdout } = await host.run(probe`. ${releaseOf(host).openrc} && ${command.split(' ')}`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}/.test(row))
    const [[known] = []] = await host.run(database.select(count, rootLogin(host)))
    assert(rows.length > 0 || known === '0', `${name} lists no ${of}`)
    const old = movedAddresses(siteOf(host)).map(([from]) => `//${from}:`)
    const left = behind ? (await host.run(database.select(behind, rootLogin(host)))).map(([word]) => word!) : []
    const wrong = rows
      .filter((row) => !left.some((word) => row.includes(word)))
      .filter((row) => broken?.test(row) || old.some((address) => row.includes(address)))
    assert(wrong.length === 0, `these ${of} are broken, or lead to ${host.vars.source.name}:\n${wrong.join('\n')}`)
    return { [of]: rows.length }
  })
}

/**
 * What time the database server of a host thinks it is. A row that was imported looks alive for a minute although
 * nobody reports, so life is a row that is younger than a time noted before.
 */
export async function databaseClock(host: CloudHost): Promise<{ readonly now: string }> {
  const [row] = await host.run(database.select('SELECT UTC_TIMESTAMP()', rootLogin(host)))
  return { now: row![0]! }
}
