import { Advice, legacyOperation, type Operation, type Reader } from '../../model/operation.ts'
import { plainCharset } from './charsets.ts'
import { identifier, literal, type Login, query } from './client.ts'
import { findDump } from './dump.ts'

export interface PresentOptions {
  readonly database: string
  /** What new tables get unless they say; the server's own choice unless said. Tables that are there stay: `convert` is for them. */
  readonly charset?: string
  readonly collation?: string
  readonly login?: Login
}

/** A database, and what new tables in it get. */
export type Present = { readonly database: string; readonly charset: string; readonly collation: string }

/**
 * A database on the server of the host.
 *
 * ```ts
 * database.present({ database: 'heat', charset: 'utf8', collation: 'utf8_general_ci' })
 * ```
 */
export function present(options: PresentOptions): Operation<Present> {
  return presentOperation(options)
}

const presentOperation = legacyOperation<PresentOptions, Present | undefined, Present>(
  ({ database }) => `database.present ${database}`,
  {
    read: (connection, { database, login = {} }) => look(connection, login, database),
    plan(found, { database, charset, collation }) {
      const right =
        found &&
        (charset === undefined || plainCharset(charset) === found.charset) &&
        (collation === undefined || plainCharset(collation) === found.collation)
      const result = {
        database,
        charset: charset ?? found?.charset ?? '',
        collation: collation ?? found?.collation ?? '',
      }
      return right
        ? { changed: false, result: found }
        : {
            changed: true,
            result,
            unpredictable: charset === undefined || collation === undefined,
            diff: { path: `database ${database}`, before: found ? describe(found) : '', after: describe(result) },
          }
    },
    async apply(connection, _plan, { database, charset, collation, login = {} }, found) {
      const words = `${charset === undefined ? '' : ` CHARACTER SET ${charset}`}${collation === undefined ? '' : ` COLLATE ${collation}`}`
      await query(connection, login, `${found ? 'ALTER' : 'CREATE'} DATABASE ${identifier(database)}${words}`)
      return look(connection, login, database)
    },
  },
)

function describe({ charset, collation }: Present): string {
  return `character set: ${charset || "the server's"}\ncollation: ${collation || "the server's"}\n`
}

async function look(connection: Reader, login: Login, database: string): Promise<Present | undefined> {
  const [row] = await query(
    connection,
    login,
    `SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
  )
  return row && { database, charset: plainCharset(row[0]!), collation: plainCharset(row[1]!) }
}

export interface AbsentOptions {
  readonly database: string
  /** A complete dump of it on this host; without one a database with tables is not dropped. */
  readonly saved?: string
  /** Drops it with all that is in it, although nothing keeps it. */
  readonly unsaved?: boolean
  readonly login?: Login
}

/** How many tables a database had that was dropped. */
export type Absent = { readonly database: string; readonly tables: number }

/**
 * No database of this name. One with tables is dropped only when a complete dump of it lies on the host, or on your word.
 *
 * ```ts
 * database.absent({ database: 'quantum', saved: '/var/backups/quantum.sql' })
 * ```
 * @throws Advice when it has not been saved, or belongs to the server itself
 */
export function absent(options: AbsentOptions): Operation<Absent> {
  if (ofTheServer.has(options.database.toLowerCase()))
    throw new Error(`${options.database} belongs to the database server itself and cannot be dropped`)
  return absentOperation(options)
}

const ofTheServer = new Set(['mysql', 'information_schema', 'performance_schema', 'sys'])

const absentOperation = legacyOperation<
  AbsentOptions,
  { readonly tables: number | undefined; readonly saved: boolean },
  Absent
>(({ database }) => `database.absent ${database}`, {
  async read(connection, { database, saved, login = {} }) {
    const [[row], dump] = await Promise.all([
      query(
        connection,
        login,
        `SELECT COUNT(t.table_name) FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name WHERE s.schema_name = ${literal(database)} GROUP BY s.schema_name`,
      ),
      saved === undefined ? undefined : findDump(connection, saved),
    ])
    return { tables: row && Number(row[0]), saved: dump?.complete === true }
  },
  plan({ tables }, { database }) {
    return tables === undefined
      ? { changed: false, result: { database, tables: 0 } }
      : {
          changed: true,
          result: { database, tables },
          diff: { path: `database ${database}`, before: `${tables} tables\n`, after: '' },
        }
  },
  async apply(connection, _plan, { database, saved, unsaved = false, login = {} }, state) {
    if (state.tables !== 0 && !unsaved && !state.saved) {
      throw new Advice(
        `${database} has ${state.tables} tables and has not been saved${saved === undefined ? '' : `: there is no complete dump in ${saved}`}`,
        'dump it first and name the dump as `saved`, or say `unsaved: true`',
      )
    }
    await query(connection, login, `DROP DATABASE ${identifier(database)}`)
  },
})
