import { foresee } from '../../kit/foresee.ts'
import type { Reader } from '../../model/operation.ts'
import { quote } from '../../kit/shell.ts'
import { left, type Left, type Like } from '../../model/foreseen.ts'
import { type Login, literal, type query, queryNow } from './client.ts'

/**
 * How far the replacement of a database has come. It is recorded in the database server that it protects, in a database
 * of its own, so that whoever moves or restores the server moves the record too.
 */
export type Stage = 'untouched' | 'importing' | 'imported' | 'converting' | 'converted' | 'migrating' | 'migrated'

/** What is recorded of a replacement. */
export interface Recorded {
  readonly stage: Stage
  /** The sha256 of the dump that was imported. */
  readonly dump: string | undefined
}

/** The database of our own on every server that we change. */
export const home = 'CREATE DATABASE IF NOT EXISTS `switchover` DEFAULT CHARACTER SET utf8'
const table = '`switchover`.`stage`'
// All tables in it. A replacement makes each of them.
const records = ['stage', 'foreign_key', 'reread', 'begun']

/** Reads how far a database has come; one that was never replaced is untouched. */
export async function readRecord(connection: Reader, login: Login, database: string): Promise<Recorded> {
  return (await readRecords(connection, login, [database]))[0]!
}

/** Reads how far each of some databases has come, in their order. */
export async function readRecords(
  connection: Reader,
  login: Login,
  databases: readonly string[],
): Promise<readonly Recorded[]> {
  const now = await recordsNow(connection, login, databases)
  return Promise.all(databases.map((name) => foresee(connection, `stage ${name}`, now.get(name) ?? untouched)))
}

const untouched: Recorded = { stage: 'untouched', dump: undefined }

/** A database at another stage, and what is in it is known only then. */
export function leavesStage(database: string, stage: Stage, like?: Like): readonly Left[] {
  return [
    left<Recorded>(`stage ${database}`, (is) => ({ ...is, stage, dump: stage === 'untouched' ? undefined : is.dump })),
    { what: `database ${database}`, ...(like ? { like } : {}) },
  ]
}

async function recordsNow(
  connection: Reader,
  login: Login,
  databases: readonly string[],
): Promise<ReadonlyMap<string, Recorded>> {
  const [known] = await queryNow(
    connection,
    login,
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'switchover' AND table_name = 'stage'",
  )
  if (known?.[0] !== '1') return new Map()
  const names = databases.map(literal).join(', ')
  const rows = await queryNow(connection, login, `SELECT name, stage, dump FROM ${table} WHERE name IN (${names})`)
  return new Map(rows.map(([name, stage, dump]) => [name!, { stage: stage as Stage, dump: dump || undefined }]))
}

/** Reads the stage of a database. */
export async function readStage(connection: Reader, login: Login, database: string): Promise<Stage> {
  return (await readRecord(connection, login, database)).stage
}

/** What is noted of a database beside its stage: its texts were read anew; a migration was begun and has not ended. */
export type Note = 'reread' | 'begun'

const noteTable = (note: Note) => `\`switchover\`.\`${note}\``

/** Statements that make the place for a note. */
export function placeNote(note: Note): readonly string[] {
  return [home, `CREATE TABLE IF NOT EXISTS ${noteTable(note)} (name VARCHAR(64) NOT NULL PRIMARY KEY)`]
}

/** A statement that notes it of a database; its place must be there. */
export function makeNote(note: Note, database: string): string {
  return `INSERT IGNORE INTO ${noteTable(note)} (name) VALUES (${literal(database)})`
}

/** Statements that take a note back. */
export function forgetNote(note: Note, database: string): readonly string[] {
  return [...placeNote(note), `DELETE FROM ${noteTable(note)} WHERE name = ${literal(database)}`]
}

/** Is it noted of a database? `ask` says whether it is asked for as it is now, or as it will be. */
export async function isNoted(
  connection: Reader,
  login: Login,
  note: Note,
  database: string,
  ask: typeof query,
): Promise<boolean> {
  const [known] = await ask(
    connection,
    login,
    `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'switchover' AND table_name = '${note}'`,
  )
  if (known?.[0] !== '1') return false
  const rows = `SELECT name FROM ${noteTable(note)} WHERE name = ${literal(database)}`
  return (await ask(connection, login, rows)).length > 0
}

const place = [
  home,
  `CREATE TABLE IF NOT EXISTS ${table} (name VARCHAR(64) NOT NULL PRIMARY KEY, stage VARCHAR(16) NOT NULL, ` +
    `since DATETIME NOT NULL, dump CHAR(64) NOT NULL DEFAULT '')`,
]

/** Statements that record a stage; an import says of which dump it is, as an expression of SQL. */
export function recordStage(database: string, stage: Stage, dump?: string): string {
  return [
    ...place,
    `INSERT INTO ${table} (name, stage, since, dump) ` +
      `VALUES (${literal(database)}, ${literal(stage)}, UTC_TIMESTAMP(), ${dump ?? "''"}) ` +
      'ON DUPLICATE KEY UPDATE stage = VALUES(stage), since = VALUES(since)' +
      (dump === undefined ? '' : ', dump = VALUES(dump)'),
  ].join('; ')
}

/**
 * Lines of a client script that take a database from the stage in which it was judged to «importing», in one statement:
 * where it has come to another one meanwhile, or `unless` holds, the script ends, and nothing is changed. They come
 * behind `stale`; `unless` is a condition of SQL, in which `@dump` is what `$sum` holds.
 */
export function claiming(database: string, from: Stage, unless = 'FALSE'): string {
  const claim =
    from === 'untouched'
      ? `INSERT IGNORE INTO ${table} (name, stage, since) VALUES (${literal(database)}, 'importing', UTC_TIMESTAMP())`
      : // An import that broke off has that stage already, and a row that stays as it is does not count.
        `UPDATE ${table} SET stage = 'importing', since = GREATEST(UTC_TIMESTAMP(), since + INTERVAL 1 SECOND) ` +
        `WHERE name = ${literal(database)} AND stage = ${literal(from)} AND NOT (${unless})`
  const all = [...place, claim, 'SELECT ROW_COUNT()'].join('; ')
  const why = `${database} was left alone: it is not ${from} any more, as it was when it was looked at`
  return `claimed=$($mysql -N -B -e "SET @dump = '$sum'; "${quote(all)} </dev/null) || exit
[ "$claimed" = 1 ] || stale ${quote(why)} ${quote('see who else replaces it, and run the task again')}`
}

/**
 * Statements that forget a replacement: the database is its own again. With the last one goes the database of our own,
 * where nothing stands in it that somebody needs.
 */
export function forgetStage(database: string): string {
  const known = records.map(literal).join(', ')
  const counts = records.map((one) => `(SELECT COUNT(*) FROM \`switchover\`.\`${one}\`)`)
  const others =
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'switchover' AND table_name NOT IN"
  return [
    ...forgetNote('begun', database),
    `DELETE FROM ${table} WHERE name = ${literal(database)}`,
    `SET @left = ${counts.join(' + ')} + (${others} (${known}))`,
    "SET @last = IF(@left = 0, 'DROP DATABASE `switchover`', 'DO 0')",
    'PREPARE last FROM @last',
    'EXECUTE last',
  ].join('; ')
}

/** A line of a client script: the stage is in `$stage` then, and nothing where the database is untouched. */
export function askStage(database: string): string {
  const ask = [...place, `SELECT stage FROM ${table} WHERE name = ${literal(database)}`].join('; ')
  return `stage=$($mysql -N -B -e ${quote(ask)} </dev/null) || exit`
}
