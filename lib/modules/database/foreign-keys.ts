import type { Reader } from '../../model/operation.ts'
import { identifier, literal, type Login, query } from './client.ts'
import { home } from './stage.ts'

/** A foreign key of a database, or one that a conversion dropped and has not made again yet. */
export interface ForeignKey {
  readonly table: string
  readonly name: string
  readonly referenced: string
  /** The statement that makes it. */
  readonly make: string
}

const record = '`switchover`.`foreign_key`'
const place = [
  home,
  `CREATE TABLE IF NOT EXISTS ${record} ` +
    '(name VARCHAR(64) NOT NULL, tab VARCHAR(64) NOT NULL, foreign_key VARCHAR(64) NOT NULL, ' +
    'make TEXT NOT NULL, PRIMARY KEY (name, tab, foreign_key)) DEFAULT CHARACTER SET utf8',
]

/** The foreign keys that a database has. */
export async function readForeignKeys(
  connection: Reader,
  login: Login,
  database: string,
): Promise<readonly ForeignKey[]> {
  const rows = await query(
    connection,
    login,
    `
    SELECT k.table_name, k.constraint_name, k.column_name,
      k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name, r.update_rule, r.delete_rule
    FROM information_schema.key_column_usage k
      JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema
        AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
    WHERE k.table_schema = ${literal(database)} AND k.referenced_table_name IS NOT NULL
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position`,
  )
  const byName = new Map<string, string[][]>()
  for (const row of rows) byName.set(`${row[0]}\0${row[1]}`, [...(byName.get(`${row[0]}\0${row[1]}`) ?? []), [...row]])
  return [...byName.values()].map((columns) => {
    const [table, name, , schema, referenced, , onUpdate, onDelete] = columns[0] as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ]
    const list = (at: number) => columns.map((column) => identifier(column[at]!)).join(', ')
    return {
      table,
      name,
      referenced: schema === database ? referenced : '',
      make:
        `ALTER TABLE ${identifier(database)}.${identifier(table)} ADD CONSTRAINT ${identifier(name)} ` +
        `FOREIGN KEY (${list(2)}) REFERENCES ${identifier(schema)}.${identifier(referenced)} (${list(5)})` +
        rule('UPDATE', onUpdate) +
        rule('DELETE', onDelete),
    }
  })
}

// Without the words it is RESTRICT; with them, MariaDB writes NO ACTION down when foreign_key_checks is off.
function rule(when: string, what: string): string {
  return what === 'RESTRICT' ? '' : ` ON ${when} ${what}`
}

/**
 * Statements that remember keys before they are dropped: whoever breaks off in between leaves a way to make them again.
 */
export function rememberKeys(database: string, keys: readonly ForeignKey[]): readonly string[] {
  if (keys.length === 0) return []
  const rows = keys.map(({ table, name, make }) => `(${[database, table, name, make].map(literal).join(', ')})`)
  return [...place, `REPLACE INTO ${record} VALUES ${rows.join(', ')}`]
}

/** The keys that a conversion of this database dropped before it broke off. */
export async function rememberedKeys(
  connection: Reader,
  login: Login,
  database: string,
): Promise<readonly ForeignKey[]> {
  const [known] = await query(
    connection,
    login,
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'switchover' AND table_name = 'foreign_key'",
  )
  if (known?.[0] !== '1') return []
  const rows = await query(
    connection,
    login,
    `SELECT tab, foreign_key, make FROM ${record} WHERE name = ${literal(database)} ORDER BY tab, foreign_key`,
  )
  return rows.map(([table, name, make]) => ({ table: table!, name: name!, referenced: '', make: make! }))
}

/** Statements that forget them: they are there again, or the database is another. */
export function forgetKeys(database: string): readonly string[] {
  return [...place, `DELETE FROM ${record} WHERE name = ${literal(database)}`]
}
