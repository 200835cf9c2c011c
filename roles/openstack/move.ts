import assert from 'node:assert/strict'
import { Advice, type HostContext, type Steps, type Task } from '../../lib/index.ts'
import { database, file, service as daemon, shell } from '../../lib/modules/index.ts'
import { type Cloud, type CloudHost, rootLogin, type ServiceName, sourceOf } from './cloud.ts'
import { daemons, services } from './services.ts'

/**
 * Every database gets this: the server's own default is latin1 on some hosts and another collation on others, and new tables
 * whose keys point to old ones of another collation fail (errno 150).
 */
export const charset = { charset: 'utf8', collation: 'utf8_general_ci' } as const

/** What a role adds to the way the data of every service goes. */
export interface Move {
  readonly service: ServiceName
  /** Directories that are handed to the service's user. */
  readonly owned?: readonly string[]
  /** Data beside the database: what it is, and how it is brought while the database is. */
  readonly data?: { readonly name: string; bring(moving: (host: CloudHost) => boolean): void }
  /** Makes the configuration right; its tasks notify `changed`. */
  configure(changed: ReturnType<Steps<Cloud>['handler']>): void
  /** Commands that migrate, when they depend on what was imported. */
  migrations?(host: CloudHost): Promise<readonly string[]>
  /** Rewrites rows that name the old controller. */
  rows?(): void
}

/**
 * The way the data of every service goes from the source controller to the target one (the article's «general methodology»).
 * It differs from the article where its steps are wrong or dangerous: nothing is dropped before it is saved, the dump is
 * checked before it is believed, databases are created with a character set, the target keeps its own release's configuration
 * files and takes over only what the source's data depends on, and a database that has been migrated is never replaced again.
 *
 * The daemons stay stopped, and no service is asked for anything: so the data of all services can be moved side by side.
 */
export function move(steps: Steps<Cloud>, of: Move): void {
  const { task, handler, flush, block, parallel } = steps
  const { name, user, migrations, version } = services[of.service]
  const dumpFile = ({ vars }: CloudHost) => `${vars.backups}/source/${name}.sql`
  const savedFile = ({ vars }: CloudHost) => `${vars.backups}/target/${name}.sql`

  const standing = task('See how far the move has come', { tags: ['always'] }, (host) =>
    database.standing(name, rootLogin(host)),
  )
  const moving = (host: CloudHost) => host.result(standing).stage !== 'migrated'
  const unless = { when: moving }

  task('Stop the daemons', { tags: ['stop'], ...unless }, (host) => daemon.stopped(...daemons(host, name)))
  task('Save the configuration', { tags: ['backup'], ...unless }, (host) => saveDirectory(host, `/etc/${name}`))
  const { data } = of
  if (data) {
    parallel('Bring the data', () => {
      block('Database', { try: bringDatabase })
      block(data.name, { try: () => data.bring(moving) })
    })
  } else bringDatabase()

  const restart = handler('Restart the daemons that run', async (host) => {
    const running = await runningOf(host, of.service)
    if (running.length > 0) await host.run(daemon.restarted(...(running as [string, ...string[]])))
  })
  of.configure(restart)
  task('Hand the files to the service', { tags: ['permissions'] }, async (host) => {
    for (const path of [`/etc/${name}`, ...(of.owned ?? [])]) await host.run(file.owner(path, `${user}:${user}`))
  })
  // While the daemons are stopped this restarts nothing; in a partial rerun it is what makes a changed file count.
  flush()

  task('Upgrade the schema', { tags: ['database', 'migrate'], ...unless }, async (host) => {
    const commands = (await of.migrations?.(host)) ?? migrations
    return host.run(
      database.migrate({ ...replacement(host), commands: commands.map((command) => asUser(user, command)) }),
    )
  })
  task('Check the version of the schema', { tags: ['database', 'verify'] }, async (host) => {
    const [row] = await host.run(database.select(version.sql, rootLogin(host)))
    assert(
      row && version.after.includes(row[0]!),
      `the schema of ${name} is at version ${row?.[0] ?? 'none'}, not at ${version.after.join(' or ')}`,
    )
    return { version: row[0]! }
  })
  of.rows?.()

  function bringDatabase() {
    task("Save the target's own database", { tags: ['backup', 'database'], ...unless }, (host) =>
      database.dump({ database: name, to: savedFile(host), login: rootLogin(host), keep: true }),
    )
    task('Bring the dump of the source database', { tags: ['dump', 'database'], ...unless }, async (host) => {
      await mustBeStopped(
        sourceOf(host),
        of.service,
        'what it writes after the dump would be lost',
        `run ${name} -i INVENTORY -t stop,database`,
      )
      await mustBeBefore(host, of.service)
      return host.run(
        database.dump({ database: name, from: host.vars.source, to: dumpFile(host), login: rootLogin(sourceOf(host)) }),
      )
    })
    task('Replace the target database', { tags: ['database', 'destructive'], ...unless }, async (host) => {
      await mustBeStopped(
        host,
        of.service,
        'it would write into a database that is being replaced',
        `run ${name} -i INVENTORY -t stop,database`,
      )
      return host.run(database.replace(replacement(host)))
    })
    task('Convert the tables to utf8', { tags: ['database', 'charset'], ...unless }, (host) =>
      database.convert({ database: name, ...charset, login: rootLogin(host) }),
    )
  }

  function replacement(host: CloudHost) {
    return {
      database: name,
      dump: dumpFile(host),
      saved: savedFile(host),
      login: rootLogin(host),
      ...charset,
      hint: `bring it: run ${name} -i INVENTORY -t stop,backup,dump`,
    }
  }
}

/** Starts the daemons of a service whose data has been moved; what a role checks afterwards may ask since when they run. */
export function start({ task }: Steps<Cloud>, service: ServiceName): Task<{ readonly now: string }> {
  const started = task('Note the clock', { tags: ['start', 'verify'] }, databaseClock)
  task('Start the daemons', { tags: ['start'] }, (host) =>
    daemon.started({ log: `/var/log/${service}/*.log` }, ...daemons(host, service)),
  )
  return started
}

/**
 * What time the database server of a host thinks it is. A row that was imported looks alive for a minute although nobody
 * reports, so life is a row that is younger than a time noted before.
 */
export async function databaseClock(host: CloudHost): Promise<{ readonly now: string }> {
  const [row] = await host.run(database.select('SELECT UTC_TIMESTAMP()', rootLogin(host)))
  return { now: row![0]! }
}

/** A command as a service's user: run by root, the tools leave logs that the service cannot write. */
export function asUser(user: string, command: string): string {
  return `su -s /bin/sh -c '${command.replaceAll("'", `'\\''`)}' ${user}`
}

/** Keeps a directory as it is now below the backups, once: what was there before the first run is what a way back needs. */
export function saveDirectory(host: CloudHost, path: string) {
  const to = `${host.vars.backups}/etc/${path.replace(/^\/etc\//, '')}`
  return shell({
    creates: to,
  })`umask 077; mkdir -p "$(dirname ${to})" && rm -rf ${`${to}.part`} && cp -a ${path} ${`${to}.part`} && mv ${`${to}.part`} ${to}`
}

/** Those daemons of a service that run. */
export async function runningOf(host: HostContext<Cloud>, service: ServiceName): Promise<readonly string[]> {
  const states = await Promise.all(daemons(host, service).map((name) => host.run(daemon.status(name))))
  return states.filter(({ running }) => running).map(({ name }) => name)
}

async function mustBeStopped(host: CloudHost, service: ServiceName, why: string, hint: string): Promise<void> {
  if (host.check) return
  const running = await runningOf(host, service)
  if (running.length > 0)
    throw new Advice(
      `${running.join(', ')} still ${running.length === 1 ? 'runs' : 'run'} on ${host.name}: ${why}`,
      hint,
    )
}

/** The source's schema must be one that the target's migrations begin at. */
async function mustBeBefore(host: CloudHost, service: ServiceName): Promise<void> {
  const source = sourceOf(host)
  const { sql, before } = services[service].version
  // MOS 4.1 lets neutron-server make its tables, and then there is no version at all.
  const table = /FROM (\w+)\.(\w+)/.exec(sql)!
  const [known] = await source.run(
    database.select(
      `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${table[1]}' AND table_name = '${table[2]}'`,
      rootLogin(source),
    ),
  )
  if (known?.[0] === '0' && service === 'neutron') return
  const [row] = await source.run(database.select(sql, rootLogin(source)))
  if (!row || !before.includes(row[0]!)) {
    throw new Advice(
      `the schema of ${service} on ${source.name} is at version ${row?.[0] ?? 'none'}; this upgrade begins at ${before.join(', ')}`,
      'is it the right source? if it is older, bring it to the last Havana first',
    )
  }
}
