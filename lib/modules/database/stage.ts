import type { Reader, Connection } from '../../model/operation.ts'
import { type Login, literal, query } from './client.ts'

/**
 * How far the replacement of a database has come. It is recorded in the database server that it protects, in a database of
 * its own, so that whoever moves or restores the server moves the record too.
 */
export type Stage = 'untouched' | 'importing' | 'imported' | 'converting' | 'converted' | 'migrating' | 'migrated'

const home = '`switchover`.`stage`'

/** Reads the stage of a database; one that was never replaced is untouched. */
export async function readStage(connection: Reader, login: Login, database: string): Promise<Stage> {
  const [known] = await query(connection, login, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'switchover' AND table_name = 'stage'")
  if (known?.[0] !== '1') return 'untouched'
  const [row] = await query(connection, login, `SELECT stage FROM ${home} WHERE name = ${literal(database)}`)
  return (row?.[0] as Stage | undefined) ?? 'untouched'
}

/** Statements that record a stage. */
export function recordStage(database: string, stage: Stage): string {
  return [
    'CREATE DATABASE IF NOT EXISTS `switchover` DEFAULT CHARACTER SET utf8',
    `CREATE TABLE IF NOT EXISTS ${home} (name VARCHAR(64) NOT NULL PRIMARY KEY, stage VARCHAR(16) NOT NULL, since DATETIME NOT NULL)`,
    `REPLACE INTO ${home} VALUES (${literal(database)}, ${literal(stage)}, UTC_TIMESTAMP())`,
  ].join('; ')
}

/** A statement that forgets a replacement: the database is its own again. */
export function forgetStage(database: string): string {
  return `DELETE FROM ${home} WHERE name = ${literal(database)}`
}

/** Records a stage. */
export async function writeStage(connection: Connection, login: Login, database: string, stage: Stage): Promise<void> {
  await query(connection, login, recordStage(database, stage))
}
