import type { OptionNames } from '../../model/option-names.ts'
import { quote, sh } from '../../kit/shell.ts'
import { Advice, operation, type Operation } from '../../model/operation.ts'
import { plainCharset } from './charsets.ts'
import {
  checkedOptions,
  type ClientCommand,
  identifier,
  literal,
  type Login,
  query,
  rowsIn,
  runClient,
  statement,
} from './client.ts'
import { guards, mustBeSaved } from './dump.ts'

/** Which database is to be there, in which character set. */
export interface PresentOptions {
  readonly database: string
  /**
   * What new tables get unless they say; the server's own choice unless said. Tables that are there stay: `convert` is
   * for them.
   */
  readonly charset?: string
  readonly collation?: string
  readonly login?: Login
}

const presentNames: OptionNames<PresentOptions> = { database: true, charset: true, collation: true, login: true }

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
  return presentOperation(checkedOptions('database.present', options, presentNames))
}

const presentOperation = operation<PresentOptions, Present | undefined, ClientCommand, Present>(
  ({ database }) => `database.present ${database}`,
  {
    read: async (connection, { database, login = {} }) =>
      presentIn(await query(connection, login, schemaOf(database)), database),
    plan(found, { database, charset, collation, login = {} }) {
      const right =
        found &&
        (charset === undefined || plainCharset(charset) === found.charset) &&
        (collation === undefined || plainCharset(collation) === found.collation)
      if (right) return { result: found }
      const result = {
        database,
        charset: charset ?? found?.charset ?? '',
        collation: collation ?? found?.collation ?? '',
      }
      const words =
        (charset === undefined ? '' : ` CHARACTER SET ${charset}`) +
        (collation === undefined ? '' : ` COLLATE ${collation}`)
      const make = `${found ? 'ALTER' : 'CREATE'} DATABASE ${identifier(database)}${words}`
      return {
        result,
        unpredictable: charset === undefined || collation === undefined,
        change: statement(login, `${make}; ${schemaOf(database)}`),
        replaces: [],
        irreversible: found
          ? `what new tables of ${database} get was ${found.charset}, ${found.collation}`
          : `the database ${database} stays: database.absent, where nothing came into it`,
        diff: { path: `database ${database}`, before: found ? describe(found) : '', after: describe(result) },
      }
    },
    async apply(connection, command, { database }) {
      return presentIn(rowsIn((await runClient(connection, command)).stdout), database)
    },
  },
)

function describe({ charset, collation }: Present): string {
  return `character set: ${charset || "the server's"}\ncollation: ${collation || "the server's"}\n`
}

function schemaOf(database: string): string {
  return (
    'SELECT default_character_set_name, default_collation_name FROM information_schema.schemata ' +
    `WHERE schema_name = ${literal(database)}`
  )
}

function presentIn([row]: readonly (readonly string[])[], database: string): Present | undefined {
  return row && { database, charset: plainCharset(row[0]!), collation: plainCharset(row[1]!) }
}

/** Which database is to be gone, and who says so. */
export interface AbsentOptions {
  readonly database: string
  /** A complete dump of it on this host; without one a database with tables is not dropped. */
  readonly saved?: string
  /** Drops it with all that is in it, although nothing keeps it. */
  readonly unsaved?: boolean
  readonly login?: Login
}

const absentNames: OptionNames<AbsentOptions> = { database: true, saved: true, unsaved: true, login: true }

/** How many tables a database had that was dropped. */
export type Absent = { readonly database: string; readonly tables: number }

/**
 * No database of this name. One with tables is dropped only when a complete dump of it lies on the host, or on your
 * word.
 *
 * ```ts
 * database.absent({ database: 'quantum', saved: '/var/backups/quantum.sql' })
 * ```
 * @throws Advice when it has not been saved, or belongs to the server itself
 */
export function absent(options: AbsentOptions): Operation<Absent> {
  checkedOptions('database.absent', options, absentNames)
  if (ofTheServer.has(options.database.toLowerCase()))
    throw new Advice(
      `${options.database} belongs to the database server itself and cannot be dropped`,
      'check the name of the database',
    )
  return absentOperation(options)
}

const ofTheServer = new Set(['mysql', 'information_schema', 'performance_schema', 'sys'])

const absentOperation = operation<AbsentOptions, { readonly tables: number | undefined }, ClientCommand, Absent>(
  ({ database }) => `database.absent ${database}`,
  {
    async read(connection, { database, login = {} }) {
      const [row] = await query(
        connection,
        login,
        'SELECT COUNT(t.table_name) FROM information_schema.schemata s ' +
          'LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name ' +
          `WHERE s.schema_name = ${literal(database)} GROUP BY s.schema_name`,
      )
      return { tables: row && Number(row[0]) }
    },
    plan: ({ tables }, options) =>
      tables === undefined
        ? { result: { database: options.database, tables: 0 } }
        : {
            result: { database: options.database, tables },
            change: dropping(options),
            destructive: true,
            replaces: [],
            irreversible: lost(options),
            diff: { path: `database ${options.database}`, before: `${tables} tables\n`, after: '' },
          },
    async apply(connection, command) {
      await runClient(connection, command)
    },
  },
)

function lost({ database, saved }: AbsentOptions): string {
  if (saved === undefined) return `${database} was dropped, and nothing keeps what was in it`
  return `${database} was dropped: its dump is ${saved}, which database.replace imports`
}

function dropping({ database, saved, unsaved = false, login = {} }: AbsentOptions): ClientCommand {
  const dump = saved === undefined ? '' : `: there is no complete dump in ${saved}`
  const reason = `${quote(`${database} has `)}"$tables"${quote(` tables and has not been saved${dump}`)}`
  const hint = 'dump it first and name the dump as `saved`, or say `unsaved: true`'
  const drop = `DROP DATABASE IF EXISTS ${identifier(database)}`
  return {
    login,
    commands: [...(unsaved ? [] : [guards, mustBeSaved(database, saved, reason, hint)]), sh`$mysql -e ${drop}`].join(
      '\n',
    ),
    shown: `mysql: ${drop}`,
  }
}
