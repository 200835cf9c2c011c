import type { OptionNames } from '../../model/option-names.ts'
import { leavesSomeFile } from '../../kit/leaving.ts'
import path from 'node:path'
import { emptiedAnywhere, held } from '../../kit/links.ts'
import { quote } from '../../kit/shell.ts'
import { operation, type Operation, type Reader } from '../../model/operation.ts'
import {
  checkedLogin,
  checkedOptions,
  type ClientCommand,
  identifier,
  literal,
  type Login,
  query,
  runClient,
} from './client.ts'
import { isNoted, makeNote, placeNote, readStage, type Stage } from './stage.ts'

/** Texts of a column that are no ASCII. */
export type Texts = {
  readonly table: string
  readonly column: string
  /** Values that are UTF-8 read as latin1: what a client wrote over a latin1 connection, byte by byte. */
  readonly doubled: number
  /** Other values that are no ASCII: they are what they seem to be. */
  readonly others: number
  /** One of the doubled, as its writer meant it, or one of the others. */
  readonly sample: string
}

/**
 * Looks for texts that were written as UTF-8 over a latin1 connection, and so lie in the tables encoded twice: over the
 * same connection they read right, over one of utf8 `Образ` reads `ÐžÐ±Ñ€Ð°Ð·`. A value counts when it is all latin1,
 * and its latin1 bytes are UTF-8.
 *
 * ```ts
 * const found = await host.run(database.texts('glance'))
 * ```
 */
export function texts(database: string, login: Login = {}): Operation<readonly Texts[]> {
  return lookOperation({ database, login: checkedLogin('database.texts', login) })
}

const lookOperation = operation<
  { readonly database: string; readonly login: Login },
  readonly Texts[],
  readonly Texts[]
>(({ database }) => `database.texts ${database}`, {
  read: (connection, { database, login }) => lookFor(connection, login, database),
  plan: (result) => ({ result }),
})

/** Whose texts are read anew, and where the old ones are kept. */
export interface RereadOptions {
  readonly database: string
  /** A file on the host (mode 0600) with every value as it was and as it became, in hex. */
  readonly save: string
  readonly login?: Login
}

const rereadNames: OptionNames<RereadOptions> = { database: true, save: true, login: true }

/** How many values were changed. */
export type Reread = { readonly database: string; readonly values: number }

/**
 * Makes texts that `database.texts` calls doubled what their writers meant, all columns in one transaction, once for
 * each import: a text that only looks doubled after that stays.
 *
 * ```ts
 * database.reread({ database: 'glance', save: '/var/backups/rows/glance.texts' })
 * ```
 */
export function reread(options: RereadOptions): Operation<Reread> {
  return rereadOperation(checkedOptions('database.reread', options, rereadNames))
}

interface State {
  readonly found: readonly Texts[]
  readonly stage: Stage
  readonly done: boolean
}

const rereadOperation = operation<RereadOptions, State, ClientCommand, Reread>(
  ({ database }) => `database.reread ${database}`,
  {
    async read(connection, { database, login = {} }) {
      const stage = await readStage(connection, login, database)
      const done = await isNoted(connection, login, 'reread', database, query)
      // A migrated database has users, who write over another connection.
      if (stage === 'migrated' || done) return { found: [], stage, done: true }
      return { found: (await lookFor(connection, login, database)).filter(({ doubled }) => doubled > 0), stage, done }
    },
    plan({ found, done }, options) {
      const result = { database: options.database, values: found.reduce((sum, { doubled }) => sum + doubled, 0) }
      if (done || found.length === 0) return { result }
      return {
        result,
        // Its texts are others then, its stage and its schema are not.
        replaces: [{ file: options.save }],
        irreversible: `the texts of ${options.database} as they were are in ${options.save}`,
        leaves: [{ what: `database ${options.database}` }, ...leavesSomeFile(options.save)],
        change: rereading(found, options),
        diff: found.map(({ table, column, doubled, sample }) => ({
          path: `${options.database}.${table}.${column}`,
          before: '',
          after: `${doubled} texts, such as ${sample}\n`,
        })),
      }
    },
    async apply(connection, command) {
      await runClient(connection, command)
    },
  },
)

function rereading(found: readonly Texts[], { database, save, login = {} }: RereadOptions): ClientCommand {
  const from = ({ table }: Texts) => `${identifier(database)}.${identifier(table)}`
  const old = found.map(
    (one) =>
      `SELECT DISTINCT ${literal(one.table)}, ${literal(one.column)}, HEX(${asUtf8(one.column)}), ` +
      `HEX(${meant(one.column)}) FROM ${from(one)} WHERE ${isDoubled(one.column)}`,
  )
  const statements = [
    ...placeNote('reread'),
    'SET SESSION foreign_key_checks = 0',
    'START TRANSACTION',
    ...found.map(
      (one) =>
        `UPDATE ${from(one)} SET ${identifier(one.column)} = ${meant(one.column)} WHERE ${isDoubled(one.column)}`,
    ),
    makeNote('reread', database),
    'COMMIT',
  ]
  const part = `${save}.part`
  return {
    login,
    commands: `${emptiedAnywhere(part)}
${held(part)}
$mysql --default-character-set=utf8 -N -B -e ${quote(old.join('; '))} >"$p" </dev/null || exit
rename "$f" ${quote(path.basename(save))} || exit
$mysql --default-character-set=utf8 -N -B`,
    sql: [statements.join(';\n')],
    long: true,
    shown: `mysql: UPDATE ${found.map(({ table, column }) => `${table}.${column}`).join(', ')}`,
  }
}

async function lookFor(connection: Reader, login: Login, database: string): Promise<readonly Texts[]> {
  const columns = await query(
    connection,
    login,
    `SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t
      ON t.table_schema = c.table_schema AND t.table_name = c.table_name
      WHERE c.table_schema = ${literal(database)} AND t.table_type = 'BASE TABLE'
        AND c.data_type IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext')
      ORDER BY c.table_name, c.column_name`,
  )
  if (columns.length === 0) return []
  // One call of the client for all of them: of most, there is nothing to say.
  const each = columns.map(([table, column]) => {
    const name = column!
    const other = `${isForeign(name)} AND NOT IFNULL(${isDoubled(name)}, 0)`
    const sample = `IFNULL(MIN(IF(${isDoubled(name)}, ${meant(name)}, NULL)), MIN(IF(${other}, ${asUtf8(name)}, NULL)))`
    return (
      `SELECT ${literal(table!)}, ${literal(name)}, SUM(IFNULL(${isDoubled(name)}, 0)), SUM(${other}), ` +
      `LEFT(${sample}, 60) FROM ${identifier(database)}.${identifier(table!)} WHERE ${isForeign(name)} ` +
      'HAVING COUNT(*) > 0'
    )
  })
  const rows = await query(connection, login, each.join(';\n'))
  return rows.map(([table, column, doubled, others, sample]) => ({
    table: table!,
    column: column!,
    doubled: Number(doubled),
    others: Number(others),
    sample: sample!,
  }))
}

// A column may be of either character set; as utf8 its bytes and characters can be counted in both.
const asUtf8 = (column: string) => `CONVERT(${identifier(column)} USING utf8)`
const asLatin1 = (column: string) => `CONVERT(${asUtf8(column)} USING latin1)`
/** The bytes that went over the wire, as UTF-8. */
const meant = (column: string) => `CONVERT(CAST(${asLatin1(column)} AS BINARY) USING utf8)`
const isForeign = (column: string) => `LENGTH(${asUtf8(column)}) <> CHAR_LENGTH(${asUtf8(column)})`
/** Checked both ways: all of it is latin1, and all of its bytes are UTF-8. */
const isDoubled = (column: string) =>
  `(${isForeign(column)} AND BINARY CONVERT(${asLatin1(column)} USING utf8) = BINARY ${asUtf8(column)} ` +
  `AND BINARY ${meant(column)} = BINARY ${asLatin1(column)})`
