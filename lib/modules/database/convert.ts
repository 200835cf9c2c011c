import type { OptionNames } from '../../model/option-names.ts'
import { refuse } from '../../kit/refusal.ts'
import { quote } from '../../kit/shell.ts'
import { Advice, operation, type Operation, type Reader } from '../../model/operation.ts'
import { plainCharset } from './charsets.ts'
import { checkedOptions, type ClientCommand, identifier, literal, type Login, query, runClient } from './client.ts'
import { type ForeignKey, forgetKeys, readForeignKeys, rememberedKeys, rememberKeys } from './foreign-keys.ts'
import { foresee } from '../../kit/foresee.ts'
import { left, type Left } from '../../model/foreseen.ts'
import { askStage, readStage, type Recorded, recordStage, type Stage } from './stage.ts'

/** Which database is converted, and to what. */
export interface ConvertOptions {
  readonly database: string
  readonly charset: string
  readonly collation: string
  readonly login?: Login
}

const convertNames: OptionNames<ConvertOptions> = { database: true, charset: true, collation: true, login: true }

/** The tables that were converted. */
export type Converted = { readonly database: string; readonly tables: readonly string[] }

interface State {
  readonly tables: readonly (readonly [table: string, collation: string])[]
  /** What new tables get unless they say. */
  readonly otherwise: string
  readonly keys: readonly ForeignKey[]
  /** Keys that a conversion dropped before it broke off. */
  readonly dropped: readonly ForeignKey[]
  readonly stage: Stage
}

/**
 * Converts every table of a database that has another collation, or columns of another character set, and what new
 * tables get. Foreign keys are dropped before and made again after it: MariaDB since 10.4.31, 10.5.22, 10.6.15 and
 * 10.11.5 refuses to convert their columns otherwise (errors 1832 and 1833), whatever foreign_key_checks says. They are
 * remembered in the server, so a conversion that broke off can be run to its end. Icehouse's keystone and glance refuse
 * to migrate tables that are not utf8.
 *
 * ```ts
 * database.convert({ database: 'glance', charset: 'utf8', collation: 'utf8_general_ci' })
 * ```
 */
export function convert(options: ConvertOptions): Operation<Converted> {
  return convertOperation(checkedOptions('database.convert', options, convertNames))
}

const convertOperation = operation<ConvertOptions, State, ClientCommand, Converted>(
  ({ database, charset }) => `database.convert ${database} to ${charset}`,
  {
    async read(connection, { database, charset, collation, login = {} }) {
      const [tables, [schema], keys, dropped, stage] = await Promise.all([
        query(
          connection,
          login,
          `
        SELECT t.table_name, t.table_collation, EXISTS (SELECT 1 FROM information_schema.columns c
            WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND ${holdsMore(charset)})
        FROM information_schema.tables t
        WHERE t.table_schema = ${literal(database)} AND t.table_type = 'BASE TABLE'
          AND (${plainName('t.table_collation')} <> ${literal(plainCharset(collation))}
            OR EXISTS (SELECT 1 FROM information_schema.columns c
              WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name
              AND ${plainName('c.character_set_name')} <> ${literal(plainCharset(charset))}))
        ORDER BY t.table_name`,
        ),
        query(
          connection,
          login,
          `SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = ${literal(database)}`,
        ),
        readForeignKeys(connection, login, database),
        rememberedKeys(connection, login, database),
        readStage(connection, login, database),
      ])
      if (!schema)
        throw new Advice(
          `${connection.host.name} has no database ${database}`,
          'check the name, and that this is the right host',
        )
      const wider = tables.filter(([, , more]) => more === '1').map(([table]) => table!)
      if (wider.length > 0) await mustFit(connection, wider, { database, charset, collation, login })
      const there = new Set(keys.map(id))
      return {
        tables: tables.map(([table, was]) => [table!, was!]),
        otherwise: foresee(connection, `schema ${database}`, schema[0])!,
        keys,
        dropped: dropped.filter((key) => !there.has(id(key))),
        stage,
      }
    },
    plan(state, options) {
      const { tables, otherwise, dropped } = state
      const { database, collation } = options
      const right = plainCharset(otherwise) === plainCharset(collation)
      const result = { database, tables: tables.map(([table]) => table) }
      if (tables.length === 0 && right && dropped.length === 0) return { result }
      return {
        result,
        change: converting(state, options),
        replaces: [],
        irreversible: `${database} was converted: a dump of it from before puts it back, by database.restore`,
        leaves: converted(options),
        diff: [
          ...(right ? [] : [{ path: `${database} (new tables)`, before: `${otherwise}\n`, after: `${collation}\n` }]),
          ...tables.map(([table, was]) => ({
            path: `${database}.${table}`,
            before: `${was}\n`,
            after: `${collation}\n`,
          })),
          ...dropped.map(({ table, make }) => ({
            path: `${database}.${table} (foreign key dropped by a conversion that broke off)`,
            before: '',
            after: `${make}\n`,
          })),
        ],
      }
    },
    brings: converted,
    async apply(connection, command) {
      await runClient(connection, command)
    },
  },
)

/** A condition for columns whose character set has letters that another one may not have. */
function holdsMore(charset: string): string {
  const own = 'c.character_set_name'
  if (plainCharset(charset) === 'utf8mb4') return 'FALSE'
  if (plainCharset(charset) === 'utf8') return `${own} IN ('utf8mb4', 'utf16', 'utf32')`
  return `${own} IS NOT NULL AND ${own} <> ${literal(charset)}`
}

/** A server that is not strict would write a question mark for each letter that is lost, and say nothing. */
async function mustFit(
  connection: Reader,
  tables: readonly string[],
  { database, charset, login = {} }: ConvertOptions,
): Promise<void> {
  const columns = await query(
    connection,
    login,
    `SELECT c.table_name, c.column_name, c.character_set_name FROM information_schema.columns c
      WHERE c.table_schema = ${literal(database)} AND c.table_name IN (${tables.map(literal).join(', ')})
        AND ${holdsMore(charset)}`,
  )
  const counts = columns.map(([table, column, own]) => {
    const text = identifier(column!)
    return (
      `SELECT ${literal(table!)}, ${literal(column!)}, COUNT(*) FROM ${identifier(database)}.${identifier(table!)} ` +
      `WHERE HEX(${text}) <> HEX(CONVERT(CONVERT(${text} USING ${charset}) USING ${own!})) HAVING COUNT(*) > 0`
    )
  })
  const [lost] = await query(connection, login, counts.join(';\n'))
  if (lost)
    throw new Advice(
      `${lost[2]} texts of ${database}.${lost[0]}.${lost[1]} have letters that ${charset} has not`,
      'convert it to utf8mb4, or change those texts first',
    )
}

function converting(
  { tables, keys, dropped, stage }: State,
  { database, charset, collation, login = {} }: ConvertOptions,
): ClientCommand {
  const converted = new Set(tables.map(([table]) => table))
  // Only the keys that touch a converted table stand in its way.
  const inTheWay = keys.filter((key) => converted.has(key.table) || converted.has(key.referenced))
  const inside = (table: string) => `${identifier(database)}.${identifier(table)}`
  // A migrated database has a user: a record of less would let it be dropped.
  const tracked = stage !== 'untouched' && stage !== 'migrated'
  // One session for all of them: foreign_key_checks is a session's own.
  const statements = [
    ...(tracked ? [recordStage(database, 'converting')] : []),
    ...rememberKeys(database, inTheWay),
    'SET SESSION foreign_key_checks = 0',
    ...inTheWay.map((key) => `ALTER TABLE ${inside(key.table)} DROP FOREIGN KEY ${identifier(key.name)}`),
    ...tables.map(([table]) => `ALTER TABLE ${inside(table)} CONVERT TO CHARACTER SET ${charset} COLLATE ${collation}`),
    ...[...dropped, ...inTheWay].map(({ make }) => make),
    ...(dropped.length + inTheWay.length > 0 ? forgetKeys(database) : []),
    `ALTER DATABASE ${identifier(database)} DEFAULT CHARACTER SET ${charset} COLLATE ${collation}`,
    ...(tracked ? [recordStage(database, 'converted')] : []),
  ]
  const reason = `"the $stage of "${quote(`${database} broke off, and half of it is nothing to convert`)}`
  return {
    login,
    commands: `${refuse}
${askStage(database)}
case $stage in importing|migrating) refuse ${reason} ${quote(brokenOff)} ;; esac
$mysql --default-character-set=utf8 -N -B`,
    sql: [statements.join(';\n')],
    long: true,
    shown: `mysql: convert ${database}`,
  }
}

/** What is left of one whose tables are all as wanted: only an import goes on from there. */
function converted({ database, collation }: ConvertOptions): readonly Left[] {
  return [
    left<Recorded>(`stage ${database}`, (is) => (is.stage === 'imported' ? { ...is, stage: 'converted' } : is)),
    left<string | undefined>(`schema ${database}`, () => collation),
  ]
}

/** What to do about a database whose import or migration broke off. */
export const brokenOff = 'import it anew first: run the tasks from the replacement on'

function id({ table, name }: ForeignKey): string {
  return `${table}\0${name}`
}

// Newer servers call utf8 by its full name, utf8mb3; it is the same.
function plainName(column: string): string {
  return `IF(${column} = 'utf8mb3', 'utf8', REPLACE(${column}, 'utf8mb3_', 'utf8_'))`
}
