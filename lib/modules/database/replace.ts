import { Advice, legacyOperation, type Connection, type Operation, type Reader } from '../../model/operation.ts'
import { sh } from '../../kit/shell.ts'
import { sumOf } from '../copy-between/receive.ts'
import { clientError, clientScript, identifier, literal, type Login, query } from './client.ts'
import { forgetKeys } from './foreign-keys.ts'
import { findDump, type Found } from './dump.ts'
import { forgetStage, readRecord, readStage, recordStage, type Stage } from './stage.ts'

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

/** What a database holds after its replacement. */
export type Replaced = { readonly database: string; readonly tables: number }

interface State {
  readonly stage: Stage
  /** The dump is not the one that was imported. */
  readonly newer: boolean
  readonly dump: Found | undefined
  readonly saved: Found | undefined
  readonly tables: number
}

/**
 * Drops a database, creates it with the given character set, and imports a dump. A database that has been migrated since is
 * left alone, however often this runs: its record says so. One that holds another dump than the one that lies there now is
 * imported anew, and so is one whose import, conversion or migration broke off, because DDL cannot be rolled back.
 *
 * ```ts
 * database.replace({ database: 'nova', dump: '/var/backups/nova.sql', saved: '/var/backups/nova-before.sql', charset: 'utf8', collation: 'utf8_general_ci' })
 * ```
 * @throws Advice when there is no complete dump, or what is there has not been saved
 */
export function replace(options: ReplaceOptions): Operation<Replaced> {
  return replaceOperation(options)
}

const replaceOperation = legacyOperation<ReplaceOptions, State, Replaced>(
  ({ database }) => `database.replace ${database}`,
  {
    async read(connection, { database, dump, saved, login = {} }) {
      const [record, found, kept, tables] = await Promise.all([
        readRecord(connection, login, database),
        findDump(connection, dump),
        findDump(connection, saved),
        countTables(connection, login, database),
      ])
      const { stage } = record
      const whole = stage === 'imported' || stage === 'converted'
      const newer = whole && found?.complete === true && (await sumOf(connection, dump)) !== record.dump
      return { stage, newer, dump: found, saved: kept, tables }
    },
    plan({ stage, newer, dump, tables }, { database, dump: file }) {
      if (stage === 'migrated' || ((stage === 'imported' || stage === 'converted') && !newer))
        return { changed: false, result: { database, tables } }
      const why = stage === 'untouched' ? 'of the target' : newer ? 'of an older dump' : `whose ${stage} broke off`
      return {
        changed: true,
        unpredictable: true,
        result: { database, tables },
        diff: {
          path: `database ${database}`,
          before: `${tables} tables ${why}\n`,
          after: dump ? `import of ${file}, ${dump.bytes} bytes\n` : `import of ${file}\n`,
        },
      }
    },
    async apply(connection, _plan, options, state) {
      const { database, saved, login = {}, hint } = options
      // After the first import, what is there came from a dump.
      if (state.stage === 'untouched' && state.tables > 0 && !state.saved?.complete) {
        await mustBeComplete(connection, options.dump, hint)
        throw new Advice(
          `${database} has not been saved: ${saved} ${state.saved ? 'is incomplete' : 'is missing'}, and nothing is dropped before that`,
          hint ?? 'save it first',
        )
      }
      await importDump(connection, options)
      return { database, tables: await countTables(connection, login, database) }
    },
  },
)

export interface RestoreOptions {
  readonly database: string
  /** The dump that was made before the replacement. */
  readonly saved: string
  readonly charset: string
  readonly collation: string
  readonly login?: Login
}

/**
 * Puts a database back as it was before it was replaced, and forgets that it ever was. One that was not replaced is left alone.
 *
 * ```ts
 * task('Put it back', database.restore({ database: 'nova', saved: '/var/backups/nova.sql', charset: 'utf8', collation: 'utf8_general_ci' }))
 * ```
 */
export function restore(options: RestoreOptions): Operation<Replaced> {
  return restoreOperation(options)
}

const restoreOperation = legacyOperation<RestoreOptions, Pick<State, 'stage' | 'saved' | 'tables'>, Replaced>(
  ({ database }) => `database.restore ${database}`,
  {
    async read(connection, { database, saved, login = {} }) {
      const [stage, kept, tables] = await Promise.all([
        readStage(connection, login, database),
        findDump(connection, saved),
        countTables(connection, login, database),
      ])
      return { stage, saved: kept, tables }
    },
    plan: ({ stage, tables }, { database, saved }) =>
      stage === 'untouched'
        ? { changed: false, result: { database, tables } }
        : {
            changed: true,
            unpredictable: true,
            result: { database, tables },
            diff: {
              path: `database ${database}`,
              before: `${stage}, ${tables} tables\n`,
              after: `import of ${saved}\n`,
            },
          },
    async apply(connection, _plan, { database, saved, ...options }, state) {
      if (!state.saved?.complete) {
        throw new Advice(
          `what ${database} was before is not there: ${saved} ${state.saved ? 'is incomplete' : 'is missing'} on ${connection.host.name}`,
          'nothing was dropped; look for another backup of it',
        )
      }
      await importDump(connection, { database, dump: saved, ...options }, forgetStage(database))
      return { database, tables: await countTables(connection, options.login ?? {}, database) }
    },
  },
)

/**
 * Drops, creates and imports. While it goes on the record says so, and `done` is the record of the end: a restored database
 * must never look like an imported one.
 */
export async function importDump(
  connection: Connection,
  { database, dump, charset, collation, login = {}, hint }: Omit<ReplaceOptions, 'saved'>,
  done?: string,
): Promise<void> {
  const name = identifier(database)
  await mustBeComplete(connection, dump, hint)
  const sum = await sumOf(connection, dump)
  const before = [
    recordStage(database, 'importing'),
    ...forgetKeys(database),
    `DROP DATABASE IF EXISTS ${name}`,
    `CREATE DATABASE ${name} DEFAULT CHARACTER SET ${charset} COLLATE ${collation}`,
  ].join('; ')
  const { script, stdin } = clientScript(
    login,
    sh`
    $mysql -e ${before} || exit
    $mysql ${database} < ${dump} || exit
    $mysql -e ${done ?? recordStage(database, 'imported', sum)}`,
  )
  const result = await connection.exec(script, { long: true, stdin })
  if (result.code !== 0) throw clientError(connection, `mysql ${database} < ${dump}`, result)
}

async function mustBeComplete(connection: Reader, dump: string, hint = 'bring it first'): Promise<void> {
  const found = await findDump(connection, dump)
  if (!found?.complete)
    throw new Advice(`the dump ${dump} ${found ? 'is incomplete' : 'is missing'} on ${connection.host.name}`, hint)
}

async function countTables(connection: Reader, login: Login, database: string): Promise<number> {
  const [row] = await query(
    connection,
    login,
    `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ${literal(database)}`,
  )
  return Number(row?.[0] ?? 0)
}
