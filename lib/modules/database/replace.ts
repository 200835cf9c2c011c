import { Advice, operation, type Connection, type Operation } from '../../model/operation.ts'
import { sh } from '../../model/shell.ts'
import { clientError, clientScript, identifier, type Login, query } from './client.ts'
import { findDump } from './dump.ts'
import { forgetStage, readStage, recordStage, type Stage } from './stage.ts'

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
  readonly dump: { readonly bytes: number; readonly complete: boolean } | undefined
  readonly saved: { readonly bytes: number; readonly complete: boolean } | undefined
  readonly tables: number
}

/**
 * Drops a database, creates it with the given character set, and imports a dump. A database that has been migrated since is
 * left alone, however often this runs: its record says so. One whose import or migration broke off is imported anew, because
 * DDL cannot be rolled back.
 */
export function replace(options: ReplaceOptions): Operation<Replaced> {
  return replaceOperation(options)
}

const replaceOperation = operation<ReplaceOptions, State, Replaced>(({ database }) => `database.replace ${database}`, {
  async read(connection, { database, dump, saved, login = {} }) {
    const [stage, found, kept, tables] = await Promise.all([
      readStage(connection, login, database), findDump(connection, dump), findDump(connection, saved),
      query(connection, login, `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${database}'`),
    ])
    return { stage, dump: found, saved: kept, tables: Number(tables[0]?.[0] ?? 0) }
  },
  plan({ stage, dump, tables }, { database, dump: file }) {
    if (stage === 'migrated' || stage === 'migrating' || stage === 'imported' || stage === 'converted' || stage === 'converting') {
      return { changed: false, result: { database, tables } }
    }
    return {
      changed: true, unpredictable: true, result: { database, tables },
      diff: { path: `database ${database}`, before: `${tables} tables of the target\n`, after: dump ? `import of ${file}, ${dump.bytes} bytes\n` : `import of ${file}\n` },
    }
  },
  async apply(connection, _plan, options, state) {
    if (!state.dump?.complete) {
      throw new Advice(`the dump ${options.dump} ${state.dump ? 'is incomplete' : 'is missing'} on ${connection.host.name}`, options.hint ?? 'bring it first')
    }
    if (!state.saved?.complete && state.tables > 0) {
      throw new Advice(`${options.database} has not been saved: ${options.saved} ${state.saved ? 'is incomplete' : 'is missing'}, and nothing is dropped before that`, options.hint ?? 'save it first')
    }
    await importDump(connection, options)
    const [row] = await query(connection, options.login ?? {}, `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${options.database}'`)
    return { database: options.database, tables: Number(row?.[0]) }
  },
})

export interface RestoreOptions {
  readonly database: string
  /** The dump that was made before the replacement. */
  readonly saved: string
  readonly charset: string
  readonly collation: string
  readonly login?: Login
}

/** Puts a database back as it was before it was replaced, and forgets that it ever was. One that was not replaced is left alone. */
export function restore(options: RestoreOptions): Operation<Replaced> {
  return restoreOperation(options)
}

const restoreOperation = operation<RestoreOptions, Omit<State, 'dump'>, Replaced>(({ database }) => `database.restore ${database}`, {
  async read(connection, { database, saved, login = {} }) {
    const [stage, kept, tables] = await Promise.all([
      readStage(connection, login, database), findDump(connection, saved),
      query(connection, login, `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${database}'`),
    ])
    return { stage, saved: kept, tables: Number(tables[0]?.[0] ?? 0) }
  },
  plan: ({ stage, tables }, { database, saved }) => stage === 'untouched'
    ? { changed: false, result: { database, tables } }
    : { changed: true, unpredictable: true, result: { database, tables }, diff: { path: `database ${database}`, before: `${stage}, ${tables} tables\n`, after: `import of ${saved}\n` } },
  async apply(connection, _plan, { database, saved, ...options }, state) {
    if (!state.saved?.complete) {
      throw new Advice(`what ${database} was before is not there: ${saved} ${state.saved ? 'is incomplete' : 'is missing'} on ${connection.host.name}`, 'nothing was dropped; look for another backup of it')
    }
    await importDump(connection, { database, dump: saved, saved, ...options })
    await query(connection, options.login ?? {}, forgetStage(database))
  },
})

/** Drop, create, import, each step recorded. */
export async function importDump(connection: Connection, { database, dump, charset, collation, login = {} }: ReplaceOptions): Promise<void> {
  const name = identifier(database)
  const before = `${recordStage(database, 'importing')}; DROP DATABASE IF EXISTS ${name}; CREATE DATABASE ${name} DEFAULT CHARACTER SET ${charset} COLLATE ${collation}`
  const { script, stdin } = clientScript(login, sh`
    $mysql -e ${before} || exit
    $mysql ${database} < ${dump} || exit
    $mysql -e ${recordStage(database, 'imported')}`)
  const result = await connection.exec(script, { long: true, ...(stdin === '' ? {} : { stdin }) })
  if (result.code !== 0) throw clientError(connection, `mysql ${database} < ${dump}`, result)
}
