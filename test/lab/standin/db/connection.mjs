// A database as SQLAlchemy 0.8 over MySQLdb shows it to a program: its statements, and its words when one fails.
import { connect, DatabaseError, quote } from '../mysql.mjs'
import { PythonError, repr } from './python.mjs'

const integrity = new Set([1022, 1048, 1062, 1169, 1216, 1217, 1451, 1452])
const programming = new Set([1064, 1146, 1102, 1103, 1110, 1113, 1149])

/** Opens the database of a parsed URL; `traditional` is the sql_mode that oslo's sessions set. */
export async function open(url, { traditional = false } = {}) {
  const link = await connect(url).catch((error) => {
    throw translated(error)
  })
  const db = {
    name: url.database,
    /** Runs one statement with %s parameters: rows as objects of texts, or { affected }. */
    async execute(statement, params = []) {
      let next = 0
      const filled = params.length === 0 ? statement : statement.replace(/%s/g, () => literal(params[next++]))
      try {
        return await link.query(filled)
      } catch (error) {
        throw translated(error, statement, params)
      }
    },
    close: () => link.end(),
  }
  if (traditional) await db.execute("SET SESSION sql_mode = 'TRADITIONAL'")
  return db
}

const literal = (value) => (typeof value === 'boolean' ? String(Number(value)) : quote(value))

function translated(error, statement, params) {
  if (!(error instanceof DatabaseError)) return error
  const [, code, text] = /\((\d+), (".*")\)$/s.exec(error.message)
  const number = Number(code)
  const type = integrity.has(number)
    ? 'IntegrityError'
    : programming.has(number)
      ? 'ProgrammingError'
      : 'OperationalError'
  const tail = statement === undefined ? 'None None' : `${repr(statement)} ${tuple(params)}`
  const made = new PythonError(type, `(${type}) (${code}, ${repr(JSON.parse(text))}) ${tail}`)
  made.code = number
  return made
}

const tuple = (params) => (params.length === 1 ? `(${repr(params[0])},)` : `(${params.map(repr).join(', ')})`)

/** The names of all tables of the database. */
export async function tables(db) {
  const rows = await db.execute(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME',
    [db.name],
  )
  return rows.map((row) => row.name)
}
