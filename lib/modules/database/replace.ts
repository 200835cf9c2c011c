import type { OptionNames } from '../../model/option-names.ts'
import { left } from '../../model/foreseen.ts'
import { stale } from '../../kit/refusal.ts'
import { quote, sh } from '../../kit/shell.ts'
import { type Connection, operation, type Operation, type Reader } from '../../model/operation.ts'
import { findSum, sumOf } from '../copy-between/receive.ts'
import {
  checkedLogin,
  checkedOptions,
  type ClientCommand,
  identifier,
  literal,
  type Login,
  query,
  runClient,
  statement,
} from './client.ts'
import { countTables, findDump, type Found, guards, mustBeSaved } from './dump.ts'
import { forgetKeys } from './foreign-keys.ts'
import {
  claiming,
  forgetNote,
  forgetStage,
  leavesStage,
  placeNote,
  readRecord,
  readStage,
  recordStage,
  type Stage,
} from './stage.ts'

/** Which database is replaced, and by which dump. */
export interface ReplaceOptions {
  readonly database: string
  /** A complete dump in a file of this host. */
  readonly dump: string
  /** Where the database as it is now has been saved; without a complete dump there nothing is dropped. */
  readonly saved: string
  /** Default character set and collation of the new database, never the server's own. */
  readonly charset: string
  readonly collation: string
  readonly login?: Login
  /** What to type to get a missing dump. */
  readonly hint?: string
}

const replaceNames: OptionNames<ReplaceOptions> = {
  database: true,
  dump: true,
  saved: true,
  charset: true,
  collation: true,
  login: true,
  hint: true,
}

/** What a database holds after its replacement. */
export type Replaced = { readonly database: string; readonly tables: number }

interface State {
  readonly host: string
  readonly stage: Stage
  /** The dump is not the one that was imported. */
  readonly newer: boolean
  readonly dump: Found | undefined
  readonly tables: number
}

/**
 * Drops a database, creates it with the given character set, and imports a dump. A database that has been migrated
 * since is left alone, however often this runs: its record says so. One that holds another dump than the one that lies
 * there now is imported anew, and so is one whose import, conversion or migration broke off, because DDL cannot be
 * rolled back.
 *
 * ```ts
 * database.replace({
 *   database: 'nova', dump: '/var/backups/nova.sql', saved: '/var/backups/nova-before.sql',
 *   charset: 'utf8', collation: 'utf8_general_ci',
 * })
 * ```
 * @throws Advice when there is no complete dump, or what is there has not been saved
 */
export function replace(options: ReplaceOptions): Operation<Replaced> {
  return replaceOperation(checkedOptions('database.replace', options, replaceNames))
}

const replaceOperation = operation<ReplaceOptions, State, ClientCommand, Replaced>(
  ({ database }) => `database.replace ${database}`,
  {
    async read(connection, { database, dump, login = {} }) {
      const [record, found, tables] = await Promise.all([
        readRecord(connection, login, database),
        findDump(connection, dump),
        tablesOf(connection, login, database),
      ])
      const { stage } = record
      const imported = stage === 'imported' || stage === 'converted'
      if (imported) connection.foreseen?.see(`file ${dump}`, {}, { sha256: true })
      const newer = imported && found?.complete === true && (await sumOf(connection, dump)) !== record.dump
      return { host: connection.host.name, stage, newer, dump: found, tables }
    },
    plan({ host, stage, newer, dump, tables }, options) {
      const { database, saved, hint } = options
      const result = { database, tables }
      if (stage === 'migrated' || ((stage === 'imported' || stage === 'converted') && !newer)) return { result }
      const why = stage === 'untouched' ? 'of the target' : newer ? 'of an older dump' : `whose ${stage} broke off`
      return {
        result,
        unpredictable: true,
        destructive: true,
        replaces: [],
        irreversible: `${database} was replaced: what was there is in ${saved}, and database.restore puts it back`,
        leaves: [
          ...leavesStage(database, 'imported', dump?.of),
          left<string | undefined>(`schema ${database}`, () => options.collation),
        ],
        change: importing(options, {
          missing: wordsOn(`the dump ${options.dump} is `, ` on ${host}`),
          hint: hint ?? 'bring it first',
          // After the first import, what is there came from a dump.
          ...(stage === 'untouched'
            ? {
                guard: mustBeSaved(
                  database,
                  saved,
                  wordsOn(`${database} has not been saved: ${saved} is `, ', and nothing is dropped before that'),
                  hint ?? 'save it first',
                ),
              }
            : stage === 'migrating'
              ? { guard: mustHaveEnded(database) }
              : {}),
          claim: claiming(database, stage, newer ? 'dump = @dump' : undefined),
          done: recordStage(database, 'imported', '@dump'),
        }),
        diff: {
          path: `database ${database}`,
          before: `${tables} tables ${why}\n`,
          after: dump ? `import of ${options.dump}, ${dump.bytes} bytes\n` : `import of ${options.dump}\n`,
        },
      }
    },
    apply: doImport,
  },
)

/**
 * Takes back that a database was replaced: what its dump was made of has changed since, so that the next `replace`
 * imports one anew, whatever it has become by then. One that was never replaced is left alone.
 *
 * ```ts
 * task('Move it again', database.reopen('nova'))
 * ```
 */
export function reopen(database: string, login: Login = {}): Operation<Stage> {
  return reopenOperation({ database, login: checkedLogin('database.reopen', login) })
}

const reopenOperation = operation<{ readonly database: string; readonly login: Login }, Stage, ClientCommand, Stage>(
  ({ database }) => `database.reopen ${database}`,
  {
    read: (connection, { database, login }) => readStage(connection, login, database),
    plan(stage, { database, login }) {
      if (stage === 'untouched' || /ing$/.test(stage)) return { result: stage }
      return {
        result: 'importing',
        replaces: [],
        irreversible: `the record of ${database} was ${stage}`,
        leaves: leavesStage(database, 'importing'),
        change: statement(login, recordStage(database, 'importing')),
        diff: { path: `record of ${database}`, before: `${stage}\n`, after: 'to be imported anew\n' },
      }
    },
    async apply(connection, command) {
      await runClient(connection, command)
    },
  },
)

/** Which database is put back, and from where. */
export interface RestoreOptions {
  readonly database: string
  /** The dump that was made before the replacement. */
  readonly saved: string
  readonly charset: string
  readonly collation: string
  readonly login?: Login
}

const restoreNames: OptionNames<RestoreOptions> = {
  database: true,
  saved: true,
  charset: true,
  collation: true,
  login: true,
}

/**
 * Puts a database back as it was before it was replaced, and forgets that it ever was; with the last one goes the
 * database `switchover` of the records, unless something else is in it. One that was not replaced is left alone.
 *
 * ```ts
 * task('Put it back', database.restore({
 *   database: 'nova', saved: '/var/backups/nova.sql', charset: 'utf8', collation: 'utf8_general_ci',
 * }))
 * ```
 */
export function restore(options: RestoreOptions): Operation<Replaced> {
  return restoreOperation(checkedOptions('database.restore', options, restoreNames))
}

const restoreOperation = operation<RestoreOptions, Pick<State, 'host' | 'stage' | 'tables'>, ClientCommand, Replaced>(
  ({ database }) => `database.restore ${database}`,
  {
    async read(connection, { database, login = {} }) {
      const [stage, tables] = await Promise.all([
        readStage(connection, login, database),
        tablesOf(connection, login, database),
      ])
      return { host: connection.host.name, stage, tables }
    },
    plan({ host, stage, tables }, options) {
      const { database, saved } = options
      const result = { database, tables }
      if (stage === 'untouched') return { result }
      return {
        result,
        unpredictable: true,
        destructive: true,
        replaces: [],
        irreversible: `${database} was put back from ${saved}, and what was there before is kept nowhere`,
        leaves: leavesStage(database, 'untouched'),
        change: importing(
          { ...options, dump: saved },
          {
            missing: wordsOn(`what ${database} was before is not there: ${saved} is `, ` on ${host}`),
            hint: 'nothing was dropped; look for another backup of it',
            claim: claiming(database, stage),
            // A restored database must never look like an imported one.
            done: forgetStage(database),
          },
        ),
        diff: {
          path: `database ${database}`,
          before: `${stage}, ${tables} tables\n`,
          after: `import of ${saved}\n`,
        },
      }
    },
    apply: doImport,
  },
)

async function doImport(
  connection: Connection,
  command: ClientCommand,
  {
    database,
    login = {},
    ...files
  }: Pick<ReplaceOptions, 'database' | 'login'> & ({ dump: string } | { saved: string }),
): Promise<Replaced> {
  const stop = showing(connection, database, 'dump' in files ? files.dump : files.saved)
  try {
    await runClient(connection, command)
  } finally {
    stop()
  }
  return { database, tables: await tablesOf(connection, login, database) }
}

/**
 * Shows how much of a dump the client has read, as the host's kernel says it. Only of an import that lasts: nobody asks
 * before the first look is due. Gives what ends it.
 */
function showing(connection: Connection, database: string, dump: string): () => void {
  const of = dump.replaceAll(/[^\w]/g, '.')
  const reader = `s|.* \\(/proc/[0-9]*/fd\\)/0 -> ${of}$|\\1info/0|p`
  const reads = `for f in $(ls -l /proc/[0-9]*/fd/0 2>/dev/null | sed -n '${reader}'); do
  sed -n 's/^pos:[^0-9]*//p' "$f"
done 2>/dev/null
${sh`wc -c < ${dump}`}`
  const timer = setInterval(() => {
    connection.exec(reads).then(
      ({ stdout }) => {
        const [done, all] = stdout.trim().split('\n').map(Number)
        if (all !== undefined && done! < all)
          connection.progress(`${database}: ${(done! / 1048576).toFixed(0)} MiB imported`, { done: done!, all })
      },
      () => {},
    )
  }, 10_000)
  timer.unref()
  return () => clearInterval(timer)
}

/** What an import asks for before it begins, and what it says when it is done. */
interface Around {
  /** Why it is refused without a complete dump, as words of a shell in which `$why` is known. */
  readonly missing: string
  readonly hint: string
  /** More lines of the script that may refuse before anything is dropped. */
  readonly guard?: string
  /** Lines of the script after which the database is ours: it is as it was judged. `$sum` is that of the dump. */
  readonly claim: string
  /** SQL; the sha256 of the dump is `@dump` in it. */
  readonly done: string
}

// While it goes on the record says so: a half of it must never pass for a whole.
function importing(
  { database, dump, charset, collation, login = {} }: Omit<ReplaceOptions, 'saved'>,
  { missing, hint, guard = ':', claim, done }: Around,
): ClientCommand {
  const name = identifier(database)
  const begin = [
    ...forgetKeys(database),
    ...forgetNote('reread', database),
    ...placeNote('begun'),
    `DROP DATABASE IF EXISTS ${name}`,
    `CREATE DATABASE ${name} DEFAULT CHARACTER SET ${charset} COLLATE ${collation}`,
  ].join('; ')
  return {
    login,
    commands: `${guards}
${stale}
whole ${quote(dump)} || refuse ${missing} ${quote(hint)}
${guard}
${findSum}
sum=$($sum < ${quote(dump)}) || exit
sum=\${sum##*= } sum=\${sum%% *}
${claim}
${sh`$mysql -e ${begin} || exit
$mysql ${database} < ${dump} || exit`}
$mysql -e "SET @dump = '$sum'; "${quote(done)}`,
    long: true,
    shown: `mysql ${database} < ${dump}`,
  }
}

// A migration goes on when its run is lost, and would work on what is imported anew beside the next one. Its service's
// tool may connect for each statement, so one look in between tells nothing.
function mustHaveEnded(database: string): string {
  const users = `SELECT COUNT(*) FROM information_schema.processlist WHERE db = ${literal(database)}`
  const goes = `a migration of ${database} that was begun before goes on`
  const look = `wait until nobody uses ${database}: mysql -e 'SHOW PROCESSLIST'`
  return `quiet=0 looks=0
while :; do
  users=$($mysql -N -B -e ${quote(users)} </dev/null) || exit
  [ "$users" = 0 ] && quiet=$((quiet + 1)) || quiet=0
  [ $quiet -lt 2 ] || break
  [ $((looks += 1)) -lt ${patience} ] || refuse ${quote(goes)} ${quote(look)}
  sleep 1
done`
}

/** Seconds for a migration that nobody waits for any more. */
const patience = 300

/** A text as a word of a shell, with what its `$why` holds in the middle. */
function wordsOn(before: string, after: string): string {
  return `${quote(before)}"$why"${quote(after)}`
}

async function tablesOf(connection: Reader, login: Login, database: string): Promise<number> {
  const [row] = await query(connection, login, countTables(database))
  return Number(row?.[0] ?? 0)
}
