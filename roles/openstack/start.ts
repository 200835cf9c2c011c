import assert from 'node:assert/strict'
import { Advice, role, type Steps, type Task } from '../../lib/index.ts'
import { database, probe, service as daemon, shell, wait } from '../../lib/modules/index.ts'
import { movedAddresses } from './addresses.ts'
import { type Cloud, type CloudHost, cloud, has, releaseOf, serviceOf, siteOf, sourceOf } from './cloud.ts'
import { emptyCaches, hasCaches } from './caches.ts'
import { daemonsOf, mustBeStopped, runningOf } from './daemons.ts'
import { missingFiles } from './files.ts'
import { rootLogin } from './logins.ts'
import { some } from './look/finding.ts'
import { mustBeMoved, servicesWithData } from './moved.ts'
import { ranOf } from './ran.ts'
import type { Granted } from './release.ts'
import { configure, named } from './settings.ts'
import { hasChanged, isLive } from './still.ts'

/** The start of a service that has nothing of its own: its entry in the release says all. */
export function started(name: string) {
  return role(`${name}.start`, cloud, (steps) => {
    steps.block(`Start ${name}, where the releases have it`, {
      when: has(name),
      try() {
        start(steps, name)
        list(steps, name)
      },
    })
  })
}

/** What checks of a role ask: when it was, before anything was started, and what had to be. */
export interface Started {
  readonly since: Task<{ readonly now: string }>
  readonly started: Task<daemon.Changed>
}

/**
 * Starts the daemons of a service whose data has been moved, after what must be there `first`; gives since when they
 * run, for checks of the role.
 */
export function start({ task, ensure }: Steps<Cloud>, name: string, first: () => void = () => {}): Started {
  const looking = { tags: ['start', 'verify'], verify: true } as const
  task('Check that the data is there, and the source has stopped', looking, (host) => mustBeReadyToStart(host, name))
  first()
  const late = (host: CloudHost) => serviceOf(host, name).configAtStart ?? []
  const ifAny = { tags: ['config'], when: (host: CloudHost) => late(host).length > 0 }
  task('Set the rest of the configuration', ifAny, async (host) => {
    for (const file of late(host)) await configure(host, file)
  })
  const stopped = async (host: CloudHost) => hasCaches(host, name) && (await runningOf(host, name)).length === 0
  task('Empty its caches', { tags: ['start'], when: stopped }, (host) => emptyCaches(host, name))
  const granted = (host: CloudHost) => serviceOf(host, name).roles ?? []
  const anyGranted = { tags: ['start', 'config'], when: (host: CloudHost) => granted(host).length > 0 }
  task('Grant the roles that the new release asks for', anyGranted, async (host) => {
    for (const one of granted(host)) await grant(host, one)
  })
  const since = task('Note the clock', { tags: ['start', 'verify'] }, databaseClock)
  const started = ensure('Start the daemons', { tags: ['start'] }, (host) =>
    daemon.started({ log: `/var/log/${name}/*.log` }, ...daemonsOf(host, name)),
  )
  task('Start them at the next boot as before', { tags: ['start'] }, async (host) => {
    const [first, ...others] = (await ranOf(host, name)).filter(({ enabled }) => enabled).map((one) => one.name)
    if (first) await host.run(daemon.enabled(first, ...others))
  })
  // What answers need not be all of it.
  task('Check that its daemons run', { tags: ['verify'], verify: true }, async (host) => {
    const running = await runningOf(host, name)
    const dead = daemonsOf(host, name).filter((one) => !running.includes(one))
    if (dead.length === 0) return
    throw new Advice(
      `${dead.join(', ')} ${dead.length === 1 ? 'does' : 'do'} not run on ${host.name}`,
      `see why in /var/log/${name}, then start it: run ${name} -i INVENTORY -t start`,
    )
  })
  const withFiles = (host: CloudHost) => serviceOf(host, name).files !== undefined
  const anyFiles = { tags: ['verify', 'files'], verify: true, when: withFiles }
  task('Check that every file of its data is there', anyFiles, async (host) => {
    const { all, lost, left } = await missingFiles(host, name)
    for (const [id, path] of lost) host.log(`${host.vars.source.name} had no ${path} of ${id} either`)
    if (left.length === 0) return { files: all.length - lost.length }
    throw new Advice(
      `these files of ${name} are missing: ${some(left.map(([, path]) => path!))}`,
      `bring them: run ${name} -i INVENTORY -t files`,
    )
  })
  const answers = (host: CloudHost) => serviceOf(host, name).answers !== undefined
  ensure('Wait until it answers', { tags: ['start', 'verify'], when: answers }, (host) => {
    const { url, ...status } = serviceOf(host, name).answers!
    return wait.http(named(url, host), { ...status, timeout: 60 })
  })
  return { since, started }
}

/** Gives a service's user a role, by the client; nothing where the user has it. */
async function grant(host: CloudHost, { role: wanted, user, project, count }: Granted): Promise<void> {
  const [[granted] = []] = await host.run(database.select(count, rootLogin(host)))
  if (granted !== '0') return
  await host.run(shell`
    . ${releaseOf(host).openrc} && unset SERVICE_TOKEN SERVICE_ENDPOINT OS_SERVICE_TOKEN OS_SERVICE_ENDPOINT &&
    { openstack role show ${wanted} >/dev/null 2>&1 || openstack role create ${wanted}; } &&
    openstack role add --user ${user} --project ${project} ${wanted}`)
}

/** A service started without its data would make itself new tables; beside the source it would be a second one. */
async function mustBeReadyToStart(host: CloudHost, name: string): Promise<void> {
  const why = `${name} would be started without it`
  const needed = servicesWithData(host).filter((one) => one === name || one === releaseOf(host).services[0]!.name)
  await mustBeMoved(host, needed, why)
  await mustBeStopped(sourceOf(host), name, 'there would be two of them', `run ${name} -i INVENTORY -t freeze`)
  for (const one of serviceOf(host, name).databases) {
    if (!(await hasChanged(host, one.name)) || (await isLive(host))) continue
    throw new Advice(
      `${host.vars.source.name} has written to ${one.name} since its dump: what is here lacks that`,
      `bring it anew: run ${name} -i INVENTORY`,
    )
  }
}

/**
 * Lets the client list what the service has, as the article does after each. What was broken on the source is told, and
 * nothing that was moved is to blame for it: `before` names it.
 */
export function list(
  { task }: Steps<Cloud>,
  name: string,
  before: (host: CloudHost) => Promise<readonly string[]> = () => Promise.resolve([]),
): void {
  const listed = (host: CloudHost) => serviceOf(host, name).list !== undefined
  const options = { tags: ['verify'], retries: 10, delay: '1s', verify: true, when: listed } as const
  task('Check what the client lists', options, async (host) => {
    const { of, broken, behind } = serviceOf(host, name).list!
    const rows = await rowsListed(host, name)
    const old = movedAddresses(siteOf(host)).map(([from]) => `//${from}:`)
    const left = behind
      ? (await host.run(database.select(behind(releaseOf(host)), rootLogin(host)))).map(([word]) => word!)
      : []
    const bad = rows.filter((row) => broken?.test(row))
    const known = bad.length > 0 ? await before(host) : []
    const wasSo = (row: string) => known.some((id) => row.includes(id))
    for (const row of bad.filter(wasSo)) host.log(`broken on ${host.vars.source.name} before: ${row}`)
    const wrong = rows
      .filter((row) => !left.some((word) => row.includes(word)))
      .filter((row) => (bad.includes(row) && !wasSo(row)) || old.some((address) => row.includes(address)))
    assert(wrong.length === 0, `these ${of} are broken, or lead to ${host.vars.source.name}:\n${wrong.join('\n')}`)
    return { [of]: rows.length }
  })
}

/** What the client lists of a service on a controller; as many as there are in its database. */
export async function rowsListed(host: CloudHost, name: string): Promise<readonly string[]> {
  const { of, command, count, seen = count } = serviceOf(host, name).list!
  // The clients prefer a token to a password, and would prove nothing of that.
  const { stdout } = await host.run(
    probe`. ${releaseOf(host).openrc} && unset SERVICE_TOKEN SERVICE_ENDPOINT OS_SERVICE_TOKEN OS_SERVICE_ENDPOINT &&
      ${command.split(' ')}`,
  )
  const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}/.test(row))
  const [[known] = []] = await host.run(database.select(seen, rootLogin(host)))
  assert(rows.length > 0 || known === '0', `${name} lists no ${of}`)
  return rows
}

/**
 * What time the database server of a host thinks it is. A row that was imported looks alive for a minute although
 * nobody reports, so life is a row that is younger than a time noted before.
 */
export async function databaseClock(host: CloudHost): Promise<{ readonly now: string }> {
  const [row] = await host.run(database.select('SELECT UTC_TIMESTAMP()', rootLogin(host)))
  return { now: row![0]! }
}
