import { operation, type Operation } from '../../model/operation.ts'
import { checkedLogin, type Login, literal, query, queryNow } from './client.ts'
import { isNoted, readRecord, readRecords, type Stage } from './stage.ts'

/** How far the replacement of a database has come, and what it holds. */
export type Standing = {
  readonly database: string
  readonly stage: Stage
  /**
   * An import, conversion or migration was begun and has not come to its end: `replace` imports it anew. It stays so
   * until a migration has ended, because of what was done to the database before nothing counts any more.
   */
  readonly broken: boolean
  readonly exists: boolean
  readonly tables: number
  readonly charset: string
  /** The sha256 of the dump that was imported, where one was. */
  readonly dump: string
}

/**
 * Looks how far the replacement of a database has come.
 *
 * ```ts
 * const { stage } = await host.run(database.standing('nova'))
 * ```
 */
export function standing(database: string, login: Login = {}): Operation<Standing> {
  return standingOperation({ database, login: checkedLogin('database.standing', login) })
}

const standingOperation = operation<{ readonly database: string; readonly login: Login }, Standing, Standing>(
  ({ database }) => `database.standing ${database}`,
  {
    async read(connection, { database, login }) {
      const [{ stage, dump = '' }, begun, found] = await Promise.all([
        readRecord(connection, login, database),
        isNoted(connection, login, 'begun', database, queryNow),
        queryNow(
          connection,
          login,
          'SELECT s.default_character_set_name, COUNT(t.table_name) FROM information_schema.schemata s ' +
            'LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name ' +
            `WHERE s.schema_name = ${literal(database)} GROUP BY 1`,
        ),
      ])
      const row = found[0]
      // What is foreseen of it is its stage; how many tables it will have nobody knows.
      return {
        database,
        stage,
        broken: /ing$/.test(stage) || (begun && stage !== 'migrated'),
        exists: row !== undefined,
        tables: Number(row?.[1] ?? 0),
        charset: row?.[0] ?? '',
        dump,
      }
    },
    plan: (result) => ({ result }),
    foresees: true,
  },
)

/**
 * Looks how far the replacement of several databases has come, by as many questions as of one.
 *
 * ```ts
 * const { nova, cinder } = await host.run(database.stages(['nova', 'cinder']))
 * ```
 */
export function stages(databases: readonly string[], login: Login = {}): Operation<Readonly<Record<string, Stage>>> {
  return stagesOperation({ databases, login: checkedLogin('database.stages', login) })
}

type Stages = Readonly<Record<string, Stage>>

const stagesOperation = operation<{ readonly databases: readonly string[]; readonly login: Login }, Stages, Stages>(
  ({ databases }) => `database.stages ${databases.join(', ')}`,
  {
    async read(connection, { databases, login }) {
      const records = await readRecords(connection, login, databases)
      return Object.fromEntries(databases.map((name, i) => [name, records[i]!.stage]))
    },
    plan: (result) => ({ result }),
    foresees: true,
  },
)

/**
 * Asks by the host's own client, as root or the given login; rows are arrays of texts, NULL is the text `NULL`.
 *
 * ```ts
 * const [row] = await host.run(database.select('SELECT version FROM nova.migrate_version'))
 * ```
 */
export function select(sql: string, login: Login = {}): Operation<readonly (readonly string[])[]> {
  return selectOperation({ sql, login: checkedLogin('database.select', login) })
}

const selectOperation = operation<
  { readonly sql: string; readonly login: Login },
  readonly (readonly string[])[],
  readonly (readonly string[])[]
>(({ sql }) => `database.select ${sql.replace(/\s+/g, ' ').slice(0, 80)}`, {
  read: (connection, { sql, login }) => query(connection, login, sql),
  plan: (found) => ({ result: found }),
  foresees: true,
})
