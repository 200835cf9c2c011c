import { Advice, type Handler, type Operation, role, type Steps, type Value } from '../../lib/index.ts'
import { copyBetween, database, probe, service as daemon } from '../../lib/modules/index.ts'
import { type Cloud, type CloudHost, type CloudView, cloud, has, releaseOf, serviceOf, sourceOf } from './cloud.ts'
import { mustBeLeft, untilGone } from './connected.ts'
import { daemonsOf, mustBeStopped, runningOf } from './daemons.ts'
import { timed } from './durations.ts'
import { bringMissing } from './files.ts'
import { some } from './look/finding.ts'
import { dumpFile, saved, savedFile } from './kept.ts'
import { rootLogin } from './logins.ts'
import { handOver } from './owners.ts'
import { recordRan } from './ran.ts'
import type { Database } from './release.ts'
import { leftBehind, rewrite } from './rows.ts'
import { asUser, migrationsOf, mustBeginAt, mustHaveArrived } from './schema.ts'
import { configure } from './settings.ts'
import { hasChanged, isLive, noteWritten } from './still.ts'
import { readTexts } from './texts.ts'

/** A service that has nothing of its own: its entry in the release says all. */
export function moved(name: string) {
  return role(name, cloud, (steps) => {
    steps.block(`Move ${name}, where the releases have it`, { when: has(name), try: () => move(steps, name) })
  })
}

/** What a service adds to the way that the data of every service goes. */
export interface Own {
  /** Data beside the database: what it is, and how it is brought while the database is. */
  readonly data?: { readonly name: string; bring(): void }
  /** Settings of another kind than files of the release; its tasks notify `changed`. */
  configure?(changed: Handler): void
}

/**
 * The way the data of every service goes from the source controller to the target one (the article's «general
 * methodology»). It differs from the article where its steps are wrong or dangerous: nothing is dropped before it is
 * saved, the dump is checked before it is believed, databases are created with a character set, the target keeps its
 * own release's configuration files and takes over only what the source's data depends on, and a database that has
 * been migrated is never replaced again.
 *
 * The daemons stay stopped, and no service is asked for anything: so the data of all services can be moved side by
 * side.
 */
export function move(steps: Steps<Cloud>, name: string, own: Own = {}): void {
  const { task, ensure, flush, block, parallel } = steps

  const standing = task('See how far the move has come', { tags: ['always'] }, async (host) => {
    const all = await Promise.all(
      databasesOf(host).map((one) => host.run(database.standing(one.name, rootLogin(host)))),
    )
    const moved = all.filter(({ stage }) => stage === 'migrated')
    const stood = moved.length === 0 || (await isLive(host))
    const changed = await Promise.all(moved.map((one) => !stood && hasChanged(host, one.database)))
    const stale = moved.filter((_, i) => changed[i]).map((one) => one.database)
    for (const one of stale) host.log(`${host.vars.source.name} has written to ${one} since it was moved: once more`)
    return { moved: moved.map((one) => one.database).filter((one) => !stale.includes(one)), stale }
  })
  const unmoved = (host: CloudView) =>
    databasesOf(host).filter((one) => !host.result(standing).moved.includes(one.name))
  const moving = (host: CloudView) => unmoved(host).length > 0
  const unless = (...tags: readonly string[]) => ({ tags, when: moving })

  task('Record what runs here', unless('stop', 'backup'), (host) => recordRan(host, [name]))
  // A target that is started anew in the middle must not work on half of the data.
  ensure('Keep it down at the next boot', unless('stop'), (host) => daemon.disabled(...daemonsOf(host, name)))
  ensure('Stop the daemons', unless('stop'), (host) => daemon.stopped({ together: true }, ...daemonsOf(host, name)))
  // Whatever part of it is run: what is written is saved first.
  ensure('Save the configuration', { tags: ['backup', 'config', 'pin', 'permissions'] }, (host) =>
    saved(host, serviceOf(host, name).etc),
  )
  const { data } = own
  if (data) {
    parallel('Bring the data', () => {
      block('Database', { try: bringDatabase })
      block(data.name, { try: () => data.bring() })
    })
  } else {
    bringFolders(steps, name)
    bringDatabase()
  }

  const changed = configured(steps, name)
  own.configure?.(changed)
  task('Hand the files to the service', { tags: ['permissions', 'migrate'] }, (host) => handOver(host, name))
  // While the daemons are stopped this restarts nothing; in a partial rerun it is what makes a changed file count.
  flush()

  const migrate = each(unmoved, async (host, one) => {
    const { user } = serviceOf(host, name)
    // MySQL cannot roll back DDL: what a migration that broke off has left is no beginning for another one.
    const { broken } = await host.run(database.standing(one.name, rootLogin(host)))
    if (broken) {
      await host.run(database.replace(replacement(host, one)))
      await host.run(conversion(host, one))
      await readTexts(host, name, one)
    }
    for (const other of databasesOf(host))
      for (const rows of other.rows ?? []) if (rows.early) await rewrite(host, name, other.name, rows)
    const commands = (await migrationsOf(host, one)).map((command) => asUser(user!, command))
    const { login, hint } = replacement(host, one)
    await timed(host, name, one.name, 'migration', async () => {
      await host.run(database.migrate({ database: one.name, commands, login, hint }))
      return dumpBytes(host, one)
    })
  })
  task('Upgrade the schema', unless('database', 'migrate'), migrate)
  task('Check the version of the schema', { tags: ['database', 'verify'], verify: true }, async (host) =>
    Promise.all(databasesOf(host).map((one) => mustHaveArrived(host, one))),
  )
  task('Give the rows to the new controller', { tags: ['rows', 'database'] }, async (host) => {
    for (const one of databasesOf(host)) for (const rows of one.rows ?? []) await rewrite(host, name, one.name, rows)
  })
  const bound = (host: CloudView) => databasesOf(host).some((one) => one.rows !== undefined)
  const looking = { tags: ['rows', 'verify'], verify: true, when: bound } as const
  task('Check that no row leads to the source', looking, async (host) => {
    const left: string[] = []
    for (const one of databasesOf(host))
      for (const rows of one.rows ?? []) left.push(...(await leftBehind(host, name, one.name, rows)))
    if (left.length === 0) return
    throw new Advice(
      `these rows lead to ${host.vars.source.name}, or to nothing that is here: ${some(left)}`,
      `give them to ${host.name}: run ${name} -i INVENTORY -t rows`,
    )
  })

  function bringDatabase() {
    const save = each(unmoved, (host, one) =>
      database.dump({ database: one.name, to: savedFile(host, one.name), login: rootLogin(host), keep: true }),
    )
    const bring = each(unmoved, async (host, one) => {
      await mustBeginAt(host, one)
      if (host.result(standing).stale.includes(one.name)) await host.run(database.reopen(one.name, rootLogin(host)))
      await noteWritten(host, one.name)
      const [from, login] = [host.vars.source, rootLogin(sourceOf(host))]
      await timed(host, name, one.name, 'dump', async () => {
        const { bytes } = await host.run(
          database.dump({ database: one.name, from, to: dumpFile(host, one.name), login }),
        )
        return bytes
      })
    })
    const replace = each(unmoved, (host, one) =>
      timed(host, name, one.name, 'import', async () => {
        const before = await stageOf(host, one)
        await host.run(database.replace(replacement(host, one)))
        return before === (await stageOf(host, one)) ? 0 : dumpBytes(host, one)
      }),
    )
    const convert = each(unmoved, (host, one) =>
      timed(host, name, one.name, 'conversion', async () => {
        const before = await stageOf(host, one)
        await host.run(conversion(host, one))
        return before === (await stageOf(host, one)) ? 0 : dumpBytes(host, one)
      }),
    )
    const again = `run ${name} -i INVENTORY -t stop,database`
    task("Save the target's own database", unless('backup', 'database'), save)
    task('Check that the source has stopped', { ...unless('dump', 'database'), verify: true }, (host) =>
      mustBeStopped(sourceOf(host), name, 'what it writes after the dump would be lost', again),
    )
    task('Check that nobody writes to the source', { ...unless('dump', 'database'), ...untilGone }, (host) =>
      mustBeLeft(sourceOf(host), again, name),
    )
    task('Bring the dump of the source database', unless('dump', 'database'), bring)
    task('Check that the target has stopped', { ...unless('database', 'destructive'), verify: true }, (host) =>
      mustBeStopped(host, name, 'it would write into a database that is being replaced', again),
    )
    task('Replace the target database', unless('database', 'destructive'), replace)
    task('Convert the tables to utf8', unless('database', 'charset'), convert)
    task("Read the texts as the source's services do", unless('database', 'charset'), async (host) => {
      for (const one of unmoved(host)) await readTexts(host, name, one)
    })
  }

  function databasesOf(host: CloudView): readonly Database[] {
    return serviceOf(host, name).databases
  }

  async function stageOf(host: CloudHost, one: Database): Promise<database.Stage> {
    return (await host.run(database.standing(one.name, rootLogin(host)))).stage
  }

  function conversion(host: CloudView, { name: one }: Database) {
    return database.convert({ database: one, ...releaseOf(host).charset, login: rootLogin(host) })
  }

  function replacement(host: CloudView, { name: one }: Database) {
    return {
      database: one,
      dump: dumpFile(host, one),
      saved: savedFile(host, one),
      login: rootLogin(host),
      ...releaseOf(host).charset,
      hint: `bring it: run ${name} -i INVENTORY -t stop,backup,dump`,
    }
  }
}

/** Brings the folders of data that a service has beside its databases. */
export function bringFolders({ task }: Steps<Cloud>, name: string): void {
  const folders = (host: CloudView) => serviceOf(host, name).folders ?? []
  const any = (host: CloudView) => folders(host).length > 0
  task('Bring the folders of data', { tags: ['files'], when: any }, async (host) => {
    // Once the target is used, its files are newer than the source's.
    if (await isLive(host)) return bringMissing(host, name)
    await timed(host, name, 'files', 'copy', async () => {
      let all = 0
      for (const path of folders(host))
        all += (await host.run(copyBetween.files({ from: host.vars.source, path }))).bytes
      return all
    })
  })
}

/** Brings the settings of a service about, and gives the handler that lets it read them: it restarts what runs. */
export function configured({ task, handler }: Steps<Cloud>, name: string): Handler {
  const restart = handler('Restart the daemons that run', async (host) => {
    // Guests hold connections to what serves their volumes, and it reads no file of these.
    const targets: readonly string[] = daemonsOf(host, name, 'target')
    const [first, ...others] = (await runningOf(host, name)).filter((one) => !targets.includes(one))
    if (first) await host.run(daemon.restarted(first, ...others))
  })
  task('Set the configuration', { tags: ['config'], notify: restart }, async (host) => {
    for (const one of serviceOf(host, name).config) await configure(host, one)
  })
  return restart
}

type Making = Operation<Value> | Promise<Operation<Value> | void>

/** A body that does the same with each of some databases, one after the other. */
function each(of: (host: CloudView) => readonly Database[], make: (host: CloudHost, one: Database) => Making) {
  return async (host: CloudHost): Promise<void> => {
    for (const one of of(host)) {
      const made = await make(host, one)
      if (made) await host.run(made)
    }
  }
}

/** How large the dump is that was brought. */
async function dumpBytes(host: CloudHost, { name }: Database): Promise<number> {
  const { stdout } = await host.run(probe`wc -c < ${dumpFile(host, name)} 2>/dev/null; :`)
  return Number(stdout)
}
