/**
 * MySQL and MariaDB: dumps and imports by the host's own tools, structured edits by mysql2 through the SSH connection.
 */
export { select, stages, standing, type Standing } from './database/ask.ts'
export { charsets, type Charsets } from './database/charsets.ts'
export { type Connected, connections } from './database/connections.ts'
export { convert, type Converted, type ConvertOptions } from './database/convert.ts'
export type { Login } from './database/client.ts'
export { dump, type Dumped, type DumpOptions, fingerprint } from './database/dump.ts'
export { pace, type PaceOptions } from './database/pace.ts'
export { migrate, type Migrated, type MigrateOptions } from './database/migrate.ts'
export {
  absent,
  type Absent,
  type AbsentOptions,
  present,
  type Present,
  type PresentOptions,
} from './database/present.ts'
export {
  reopen,
  replace,
  type Replaced,
  type ReplaceOptions,
  restore,
  type RestoreOptions,
} from './database/replace.ts'
export { rewrite, type RewriteOptions, type Rewritten, type Row, rows, type ServiceLogin } from './database/rows.ts'
export { reread, type Reread, type RereadOptions, texts, type Texts } from './database/texts.ts'
export type { Stage } from './database/stage.ts'
export { user, userAbsent, type UserOptions, type UserState } from './database/user.ts'
