import { operation, type Operation, type Reader } from '../../model/operation.ts'
import { checkedLogin, literal, type Login, query } from './client.ts'

/** Which character sets a database uses, and where. */
export type Charsets = {
  readonly database: string
  /** What new tables get unless they say. */
  readonly charset: string
  readonly collation: string
  readonly tables: readonly { readonly table: string; readonly charset: string; readonly collation: string }[]
  /** Columns whose character set is not that of their table. */
  readonly columns: readonly {
    readonly table: string
    readonly column: string
    readonly charset: string
    readonly collation: string
  }[]
}

/**
 * The character sets of a database, its tables and of those columns that differ from their table; `utf8` is called so
 * whatever name the server has for it.
 *
 * ```ts
 * const { tables } = await host.run(database.charsets('glance'))
 * const wrong = tables.filter(({ charset }) => charset !== 'utf8')
 * ```
 * @throws nothing for a database that is missing: its charset is ''
 */
export function charsets(database: string, login: Login = {}): Operation<Charsets> {
  return charsetsOperation({ database, login: checkedLogin('database.charsets', login) })
}

const charsetsOperation = operation<{ readonly database: string; readonly login: Login }, Charsets, Charsets>(
  ({ database }) => `database.charsets ${database}`,
  {
    read: (connection, { database, login }) => readCharsets(connection, login, database),
    plan: (result) => ({ result }),
  },
)

/** Reads the character sets of a database. */
export async function readCharsets(connection: Reader, login: Login, database: string): Promise<Charsets> {
  const name = literal(database)
  const [[schema], tables, columns] = await Promise.all([
    query(
      connection,
      login,
      'SELECT default_character_set_name, default_collation_name FROM information_schema.schemata ' +
        `WHERE schema_name = ${name}`,
    ),
    query(
      connection,
      login,
      'SELECT table_name, table_collation FROM information_schema.tables ' +
        `WHERE table_schema = ${name} AND table_type = 'BASE TABLE' ORDER BY 1`,
    ),
    query(
      connection,
      login,
      `SELECT c.table_name, c.column_name, c.character_set_name, c.collation_name
      FROM information_schema.columns c
        JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
      WHERE c.table_schema = ${name} AND t.table_type = 'BASE TABLE'
        AND c.character_set_name <> SUBSTRING_INDEX(t.table_collation, '_', 1)
      ORDER BY c.table_name, c.ordinal_position`,
    ),
  ])
  return {
    database,
    charset: plainCharset(schema?.[0] ?? ''),
    collation: plainCharset(schema?.[1] ?? ''),
    tables: tables.map(([table, collation]) => ({
      table: table!,
      charset: charsetOf(collation!),
      collation: plainCharset(collation!),
    })),
    columns: columns.map(([table, column, charset, collation]) => ({
      table: table!,
      column: column!,
      charset: plainCharset(charset!),
      collation: plainCharset(collation!),
    })),
  }
}

// A collation's name begins with its character set's; only `binary` is both.
function charsetOf(collation: string): string {
  return plainCharset(collation).split('_')[0]!
}

/** The name of a character set or collation that all servers know: newer ones call utf8 utf8mb3. */
export function plainCharset(name: string): string {
  return name.replace(/^utf8mb3(?=_|$)/, 'utf8')
}
