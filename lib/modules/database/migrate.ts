import { Advice, CommandFailed, legacyOperation, type Operation } from '../../model/operation.ts'
import type { Login } from './client.ts'
import { convert } from './convert.ts'
import { importDump, type ReplaceOptions } from './replace.ts'
import { readStage, type Stage, writeStage } from './stage.ts'

export interface MigrateOptions extends ReplaceOptions {
  /** Commands of the service that bring the schema to its release, run one after the other. */
  readonly commands: readonly string[]
  readonly login?: Login
}

/** The last five lines that the migrations said. */
export type Migrated = { readonly database: string; readonly output: string }

/**
 * Brings an imported database to the schema of the target's release by the service's own commands. MySQL cannot roll back DDL:
 * a migration that broke off leaves a schema between two versions, on which the same command fails again with another text.
 * So after a broken attempt the dump is imported and converted anew first.
 *
 * ```ts
 * database.migrate({ database: 'nova', commands: ['nova-manage db sync'], dump, saved, charset: 'utf8', collation: 'utf8_general_ci' })
 * ```
 */
export function migrate(options: MigrateOptions): Operation<Migrated> {
  return migrateOperation(options)
}

const migrateOperation = legacyOperation<MigrateOptions, Stage, Migrated>(
  ({ database, commands }) => `database.migrate ${database}: ${commands.join('; ')}`,
  {
    read: (connection, { database, login = {} }) => readStage(connection, login, database),
    plan: (stage, { database, commands }) =>
      stage === 'migrated'
        ? { changed: false, result: { database, output: '' } }
        : {
            changed: true,
            unpredictable: true,
            result: { database, output: '' },
            diff: { path: `schema of ${database}`, before: `${stage}\n`, after: `${commands.join('\n')}\n` },
          },
    async apply(connection, _plan, options, stage) {
      const { database, login = {}, commands, charset, collation } = options
      if (stage === 'untouched')
        throw new Advice(
          `${database} has not been replaced by the source's, so there is nothing to migrate`,
          options.hint ?? 'import the dump of the source first',
        )
      if (stage !== 'imported' && stage !== 'converted') {
        await importDump(connection, options)
        const again = await convert({ database, charset, collation, login }).prepare(connection)
        if (again.changed) await again.apply(connection)
      }
      await writeStage(connection, login, database, 'migrating')
      let said = ''
      for (const command of commands) {
        const result = await connection.exec(command, { long: true })
        if (result.code !== 0) throw new CommandFailed(command, result)
        said += result.stdout + result.stderr
      }
      await writeStage(connection, login, database, 'migrated')
      return { database, output: said.trim().split('\n').slice(-5).join('\n') }
    },
  },
)
