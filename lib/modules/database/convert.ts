import { operation, type Connection, type Operation, type Reader } from '../../model/operation.ts'
import { sh } from '../../model/shell.ts'
import { clientError, clientScript, identifier, literal, type Login, query } from './client.ts'
import { recordStage, readStage } from './stage.ts'

export interface ConvertOptions {
  readonly database: string
  readonly charset: string
  readonly collation: string
  readonly login?: Login
}

/** The tables that were converted. */
export type Converted = { readonly database: string; readonly tables: readonly string[] }

interface State {
  readonly tables: readonly (readonly [table: string, collation: string])[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly stage: string
}

interface ForeignKey {
  readonly table: string
  readonly name: string
  readonly columns: readonly string[]
  readonly referenced: string
  readonly referencedColumns: readonly string[]
  readonly onUpdate: string
  readonly onDelete: string
}

/**
 * Converts every table of a database that has another collation. Foreign keys are dropped before and made again after it:
 * MariaDB since 10.4.31, 10.5.22, 10.6.15 and 10.11.5 refuses to convert their columns otherwise (errors 1832 and 1833),
 * whatever foreign_key_checks says. Icehouse's keystone and glance refuse to migrate tables that are not utf8.
 */
export function convert(options: ConvertOptions): Operation<Converted> {
  return convertOperation(options)
}

// Newer servers call utf8 by its full name, utf8mb3; it is the same.
const convertOperation = operation<ConvertOptions, State, Converted>(({ database, charset }) => `database.convert ${database} to ${charset}`, {
  async read(connection, { database, collation, login = {} }) {
    const [tables, foreignKeys, stage] = await Promise.all([
      query(connection, login, `SELECT table_name, table_collation FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_type = 'BASE TABLE' AND REPLACE(table_collation, 'utf8mb3_', 'utf8_') <> ${literal(collation)} ORDER BY table_name`),
      readForeignKeys(connection, login, database),
      readStage(connection, login, database),
    ])
    return { tables: tables.map(([table, was]) => [table!, was!]), foreignKeys, stage }
  },
  plan({ tables }, { database, collation }) {
    return {
      changed: tables.length > 0,
      result: { database, tables: tables.map(([table]) => table) },
      diff: tables.map(([table, was]) => ({ path: `${database}.${table}`, before: `${was}\n`, after: `${collation}\n` })),
    }
  },
  async apply(connection, _plan, { database, charset, collation, login = {} }, { tables, foreignKeys, stage }) {
    const converted = new Set(tables.map(([table]) => table))
    // Only the keys that touch a converted table stand in its way.
    const keys = foreignKeys.filter((key) => converted.has(key.table) || converted.has(key.referenced))
    const inside = (table: string) => `${identifier(database)}.${identifier(table)}`
    const tracked = stage !== 'untouched'
    const statements = [
      ...(tracked ? [recordStage(database, 'converting')] : []),
      'SET SESSION foreign_key_checks = 0',
      ...keys.map((key) => `ALTER TABLE ${inside(key.table)} DROP FOREIGN KEY ${identifier(key.name)}`),
      ...tables.map(([table]) => `ALTER TABLE ${inside(table)} CONVERT TO CHARACTER SET ${charset} COLLATE ${collation}`),
      ...keys.map((key) => `ALTER TABLE ${inside(key.table)} ADD CONSTRAINT ${identifier(key.name)} FOREIGN KEY (${key.columns.map(identifier).join(', ')}) `
        + `REFERENCES ${inside(key.referenced)} (${key.referencedColumns.map(identifier).join(', ')}) ON UPDATE ${key.onUpdate} ON DELETE ${key.onDelete}`),
      `ALTER DATABASE ${identifier(database)} DEFAULT CHARACTER SET ${charset} COLLATE ${collation}`,
      ...(tracked ? [recordStage(database, 'converted')] : []),
    ]
    await runStatements(connection, login, statements)
  },
})

// One session for all of them: foreign_key_checks is a session's own.
async function runStatements(connection: Connection, login: Login, statements: readonly string[]): Promise<void> {
  const sql = statements.join(';\n')
  const { script, stdin } = clientScript(login, sh`$mysql --default-character-set=utf8 -e ${sql}`)
  const result = await connection.exec(script, { long: true, ...(stdin === '' ? {} : { stdin }) })
  if (result.code !== 0) throw clientError(connection, 'mysql (ALTER TABLE … CONVERT TO CHARACTER SET …)', result)
}

async function readForeignKeys(connection: Reader, login: Login, database: string): Promise<readonly ForeignKey[]> {
  const rows = await query(connection, login, `
    SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.update_rule, r.delete_rule
    FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
      ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
    WHERE k.table_schema = ${literal(database)} AND k.referenced_table_name IS NOT NULL
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position`)
  const keys = new Map<string, { key: ForeignKey; columns: string[]; referencedColumns: string[] }>()
  for (const [table, name, column, referenced, referencedColumn, onUpdate, onDelete] of rows) {
    const id = `${table}\0${name}`
    let found = keys.get(id)
    if (!found) {
      const columns: string[] = []
      const referencedColumns: string[] = []
      keys.set(id, found = { columns, referencedColumns, key: { table: table!, name: name!, columns, referenced: referenced!, referencedColumns, onUpdate: onUpdate!, onDelete: onDelete! } })
    }
    found.columns.push(column!)
    found.referencedColumns.push(referencedColumn!)
  }
  return [...keys.values()].map(({ key }) => key)
}
