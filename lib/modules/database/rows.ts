import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import type { RowDataPacket } from 'mysql2'
import type { Connection as Session } from 'mysql2/promise'
import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import { type Command, perform } from '../../kit/command.ts'
import { emptiedAnywhere, holding } from '../../kit/links.ts'
import { quote, sh } from '../../kit/shell.ts'
import { Advice, operation, type Diff, type Json, type Operation, type Reader } from '../../model/operation.ts'
import type { Left } from '../../model/foreseen.ts'
import { revealed, Secret } from '../../model/secret.ts'
import { identifier } from './client.ts'

/**
 * A login over TCP, as the services themselves have it; the way is a channel of the SSH connection, so 127.0.0.1 is the
 * host's own.
 */
export interface ServiceLogin {
  readonly user: string
  readonly password: Secret
  readonly database: string
  readonly address?: string
  readonly port?: number
}

const serviceLoginNames: OptionNames<ServiceLogin> = {
  user: true,
  password: true,
  database: true,
  address: true,
  port: true,
}

/**
 * Whole numbers that JavaScript cannot hold are texts, and so are dates; bytes that are no text are `0x` and hex
 * digits.
 */
export type Row = Readonly<Record<string, Json>>

/**
 * Asks a database and gives its rows; parameters stand as `?` in the statement.
 *
 * ```ts
 * const dead = await host.run(database.rows(login, 'SELECT binary FROM services WHERE host = ?', [old]))
 * ```
 * @throws Advice when the login is refused or the server does not answer
 */
export function rows<R extends Row = Row>(
  login: ServiceLogin,
  sql: string,
  parameters: readonly Json[] = [],
): Operation<readonly R[]> {
  refuseUnknown('the login of database.rows', login, serviceLoginNames)
  return ask({ login, sql, parameters }) as Operation<readonly R[]>
}

const ask = operation<
  { readonly login: ServiceLogin; readonly sql: string; readonly parameters: readonly Json[] },
  readonly Row[],
  readonly Row[]
>(({ login, sql }) => `database.rows ${login.database}: ${sql.replace(/\s+/g, ' ').slice(0, 80)}`, {
  read: (connection, { login, sql, parameters }) =>
    inSession(connection, login, (session) => select(session, sql, parameters)),
  plan: (found) => ({ result: found }),
  foresees: true,
})

/** Which rows are rewritten, and how. */
export interface RewriteOptions {
  readonly login: ServiceLogin
  readonly table: string
  /** The column that identifies a row. */
  readonly key: string
  /** The columns that `change` looks at and may change. */
  readonly columns: readonly string[]
  /** Which rows are looked at; all unless said. */
  readonly where?: string
  readonly parameters?: readonly Json[]
  /** The columns of a row that must become otherwise, or undefined when it is right. */
  readonly change: (row: Row) => Row | undefined
  /** What of a value may be seen: for columns with passwords in them. Everything unless said. */
  readonly show?: (value: Json, column: string) => string
  /** A file on the host (mode 0600) that keeps the rows as they were, so that every change has an inverse. */
  readonly save: string
}

const rewriteNames: OptionNames<RewriteOptions> = {
  login: true,
  table: true,
  key: true,
  columns: true,
  where: true,
  parameters: true,
  change: true,
  show: true,
  save: true,
}

/** How many rows were changed. */
export type Rewritten = { readonly table: string; readonly changed: number; readonly looked: number }

/**
 * Rewrites rows by a function, all in one transaction; each UPDATE holds only for the values that were read, so what
 * someone else changed meanwhile is never overwritten. The old rows are saved first.
 *
 * ```ts
 * const login = { user: 'nova', password: host.vars.password, database: 'nova' }
 * await host.run(database.rewrite({
 *   login, table: 'services', key: 'id', columns: ['host'], save: '/var/backups/rows/nova.services.jsonl',
 *   change: (row) => row['host'] === 'old' ? { host: 'new' } : undefined,
 * }))
 * ```
 */
export function rewrite(options: RewriteOptions): Operation<Rewritten> {
  refuseUnknown('database.rewrite', options, rewriteNames)
  refuseUnknown('the login of database.rewrite', options.login, serviceLoginNames)
  return rewriteOperation(options)
}

/** The rows as they are, kept for a way back, and what is made of them. */
type Rewriting = { readonly keep: Command; readonly updates: readonly Update[] }

/** A prepared statement that holds only for the values that were read; values are sent as texts. */
type Update = {
  readonly row: string
  readonly sql: string
  readonly values: readonly (string | null | Secret)[]
}

const rewriteOperation = operation<RewriteOptions, readonly Row[], Rewriting, Rewritten>(
  ({ login, table }) => `database.rewrite ${login.database}.${table}`,
  {
    read: (connection, { login, table, key, columns, where, parameters = [] }) =>
      inSession(connection, login, (session) =>
        select(
          session,
          `SELECT ${[key, ...columns].map(identifier).join(', ')} FROM ${identifier(table)}` +
            (where ? ` WHERE ${where}` : ''),
          parameters,
        ),
      ),
    plan(found, options) {
      const { table, login, key, change, show = String } = options
      const changes = changesOf(found, key, change)
      const result = { table, changed: changes.length, looked: found.length }
      if (changes.length === 0) return { result }
      const lines = (row: Row) =>
        Object.entries(row)
          .map(([column, value]) => `${column}: ${show(value, column)}\n`)
          .join('')
      return {
        result,
        replaces: [],
        irreversible: `the rows of ${login.database}.${table} as they were are in ${options.save}, a line each`,
        leaves: rewritten(options),
        change: { keep: keeping(changes, options), updates: changes.map((one) => updateOf(one, options)) },
        diff: changes.map(
          ({ key, before, after }): Diff => ({
            path: `${login.database}.${table} ${String(key)}`,
            before: lines(before),
            after: lines(after),
          }),
        ),
      }
    },
    brings: rewritten,
    async apply(connection, { keep, updates }, { login }) {
      await perform(connection, keep)
      await inSession(connection, login, async (session) => {
        // Otherwise a server in its old default mode cuts what does not fit, and calls it a warning.
        await session.query("SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')")
        await session.beginTransaction()
        for (const { row, sql, values } of updates) {
          // As a prepared statement: values that stand in the text of a statement come back in the server's errors.
          const [result] = await session.execute(
            sql,
            values.map((value) => (value === null ? null : revealed(value))),
          )
          if ((result as { affectedRows?: number }).affectedRows !== 1) {
            await session.rollback()
            throw new Advice(
              `${row} changed while it was being rewritten, and nothing was`,
              'stop the service that writes it, then run this task again',
            )
          }
        }
        await session.commit()
      })
    },
  },
)

/** Other rows, of which only a real run can tell what they are. */
function rewritten({ login }: RewriteOptions): readonly Left[] {
  return [{ what: `database ${login.database}` }]
}

interface Changed {
  readonly key: Json
  readonly before: Row
  readonly after: Row
}

function changesOf(found: readonly Row[], key: string, change: (row: Row) => Row | undefined): readonly Changed[] {
  return found.flatMap((row) => {
    const wish = change(row)
    const columns = wish ? Object.keys(wish).filter((column) => wish[column] !== row[column]) : []
    if (!wish || columns.length === 0) return []
    const pick = (from: Row): Row => Object.fromEntries(columns.map((column) => [column, from[column]]))
    return [{ key: row[key], before: pick(row), after: pick(wish) }]
  })
}

function updateOf({ key: id, before, after }: Changed, { login, table, key, show = String }: RewriteOptions): Update {
  const columns = Object.keys(after)
  const row = `${login.database}.${table} ${String(id)}`
  const sent = (value: Json, column: string) => {
    const text = textOf(value)
    // What is not shown as it is may hold a password.
    return text === null || show(value, column) === String(value) ? text : Secret.content(text, `${column} of ${row}`)
  }
  const sets = columns.map((column) => `${identifier(column)} = ?`).join(', ')
  const asRead = columns.map((column) => `${identifier(column)} <=> ?`).join(' AND ')
  return {
    row,
    sql: `UPDATE ${identifier(table)} SET ${sets} WHERE ${identifier(key)} = ? AND ${asRead}`,
    values: [
      ...columns.map((column) => sent(after[column], column)),
      textOf(id),
      ...columns.map((column) => sent(before[column], column)),
    ],
  }
}

// Appended, one JSON object a row: an earlier save shows the state before the first change and must stay.
function keeping(changes: readonly Changed[], { login, table, save }: RewriteOptions): Command {
  const lines = changes.map((change) => `${JSON.stringify(change)}\n`).join('')
  const part = `${save}.part`
  return {
    script: `${emptiedAnywhere(part)}
${holding}
${sh`n=${path.basename(save)}`}
if [ -e "./$n" ] || [ -L "./$n" ]; then ${sh`hold ${save}`}; exec 9<"$p"; else exec 9</dev/null; fi
${sh`hold ${part}`}
{ cat <&9 && cat; } >"$p" && rename "$f" ${quote(path.basename(save))}`,
    stdin: Secret.content(lines, `rows of ${login.database}.${table} as they were`),
    shown: `cat > ${save}`,
  }
}

async function select(session: Session, sql: string, parameters: readonly Json[]): Promise<readonly Row[]> {
  const [found] = await session.query<RowDataPacket[]>(sql, [...parameters])
  return found.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
}

function plain(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (Buffer.isBuffer(value)) return isUtf8(value) ? value.toString('utf8') : `0x${value.toString('hex').toUpperCase()}`
  return String(value)
}

// As texts the server brings values to the column's own type; a number would be compared as a float.
function textOf(value: Json): string | null {
  return value === null || value === undefined
    ? null
    : typeof value === 'boolean'
      ? String(Number(value))
      : String(value)
}

// Of what is asked for in utf8, servers since 5.5.3 give no letter of four bytes; older ones know no other name.
const allLetters = 'SET NAMES utf8 /*!50503 , NAMES utf8mb4 */'

async function inSession<T>(
  connection: Reader,
  login: ServiceLogin,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { user, password, database, address = '127.0.0.1', port = 3306 } = login
  connection.foreseen?.see(`database ${database}`, undefined)
  const where = `${address}:${port} of ${connection.host.name}`
  let session: Session
  // Loaded when a database is asked, since most runs and all lists ask none.
  const { createConnection } = await import('mysql2/promise')
  const stream = await connection.dial(port, address).catch((error: unknown) => {
    throw new Advice(
      `the database server at ${where} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      `start it on ${connection.host.name}: service mysqld start`,
    )
  })
  try {
    // A server that is none may hang up in a way that the library waits after.
    const closed = new Promise<never>((_, refuse) => {
      stream.once('close', () => {
        refuse(new Error('it hung up before it had greeted'))
      })
    })
    closed.catch(() => {})
    session = await Promise.race([
      closed,
      createConnection({
        stream,
        user,
        password: password.reveal(),
        database,
        charset: 'utf8mb4',
        dateStrings: true,
        supportBigNumbers: true,
      }),
    ])
    // Whoever waits for an answer gets the error too; without a listener it would end the run.
    session.on('error', () => {})
  } catch (error) {
    stream.destroy()
    const { code, message } = error as { code?: string; message: string }
    if (code === 'ER_ACCESS_DENIED_ERROR' || code === 'ER_DBACCESS_DENIED_ERROR') {
      throw new Advice(
        `the database server at ${where} refuses the login of ${user}: ${message}`,
        `check the database password of ${user} for ${connection.host.name} in the inventory`,
      )
    }
    throw new Advice(
      `no session with the database server at ${where}: ${message}`,
      `look at its log on ${connection.host.name}`,
    )
  }
  try {
    await session.query(allLetters)
    return await work(session)
  } catch (error) {
    throw error instanceof Advice ? error : sessionError(error, where, connection)
  } finally {
    await session.end().catch(() => session.destroy())
    stream.destroy()
  }
}

// The library's own error carries the whole statement with the values in it.
function sessionError(error: unknown, where: string, connection: Reader): Error {
  const { code, errno, message, fatal } = error as { code?: string; errno?: number; message: string; fatal?: boolean }
  if (fatal)
    return new Advice(
      `the database server at ${where} broke off: ${message}`,
      `look at its log on ${connection.host.name}, then run the task again`,
    )
  return typeof errno === 'number' ? new Error(`${message} (${code ?? errno})`) : (error as Error)
}
