import type { OptionNames } from '../../model/option-names.ts'
import { randomUUID } from 'node:crypto'
import { type Command, perform } from '../../kit/command.ts'
import { refuse } from '../../kit/refusal.ts'
import { quote } from '../../kit/shell.ts'
import { operation, type Operation } from '../../model/operation.ts'
import { checkedOptions, type ClientCommand, type Login, runClient, statement } from './client.ts'
import { brokenOff } from './convert.ts'
import { askStage, forgetNote, leavesStage, makeNote, placeNote, readStage, recordStage, type Stage } from './stage.ts'

/** Which database is migrated, by which commands, and how to tell that it was. */
export interface MigrateOptions {
  readonly database: string
  /** Commands of the service that bring the schema to its release, run one after the other. */
  readonly commands: readonly string[]
  readonly login?: Login
  /** What to type to import the dump, where that has not been done. */
  readonly hint?: string
}

const migrateNames: OptionNames<MigrateOptions> = { database: true, commands: true, login: true, hint: true }

/** The last five lines that the migrations said. */
export type Migrated = { readonly database: string; readonly output: string }

/**
 * Brings an imported database to the schema of the target's release by the service's own commands. MySQL cannot roll
 * back DDL: a migration that broke off leaves a schema between two versions, on which the same command fails again with
 * another text. Such a database is refused: `database.replace` imports the dump anew, and `database.convert` converts
 * it.
 *
 * ```ts
 * task('Upgrade the schema', async (host) => {
 *   const nova = { database: 'nova', charset: 'utf8', collation: 'utf8_general_ci' }
 *   const { broken } = await host.run(database.standing('nova'))
 *   if (broken) {
 *     await host.run(database.replace({ ...nova, dump: '/var/backups/nova.sql', saved: '/var/backups/before.sql' }))
 *     await host.run(database.convert(nova))
 *   }
 *   return host.run(database.migrate({ database: 'nova', commands: ['nova-manage db sync'] }))
 * })
 * ```
 */
export function migrate(options: MigrateOptions): Operation<Migrated> {
  return migrateOperation(checkedOptions('database.migrate', options, migrateNames))
}

type Migration = {
  readonly begin: ClientCommand
  readonly commands: readonly Command[]
  readonly end: ClientCommand
}

const migrateOperation = operation<MigrateOptions, Stage, Migration, Migrated>(
  ({ database, commands }) => `database.migrate ${database}: ${commands.join('; ')}`,
  {
    read: (connection, { database, login = {} }) => readStage(connection, login, database),
    plan: (stage, options) => {
      const { database, commands, login = {} } = options
      const result = { database, output: '' }
      if (stage === 'migrated') return { result }
      return {
        unpredictable: true,
        replaces: [],
        irreversible: `${database} was migrated: a dump of it from before puts it back, by database.restore`,
        leaves: leavesStage(database, 'migrated'),
        result,
        change: {
          begin: beginning(options),
          commands: commands.map((script) => ({ script, long: true, shown: script })),
          end: statement(login, [recordStage(database, 'migrated'), ...forgetNote('begun', database)].join('; ')),
        },
        diff: { path: `schema of ${database}`, before: `${stage}\n`, after: `${commands.join('\n')}\n` },
      }
    },
    async apply(connection, { begin, commands, end }, { database }) {
      await runClient(connection, begin)
      let said = ''
      for (const command of commands) {
        // A long command that was begun before is taken over, with the end that it had: of a database that has been
        // imported anew since that would be no answer, neither a failure nor a success.
        const own = { ...command, script: `${command.script}\n# ${randomUUID()}` }
        const { stdout, stderr } = await perform(connection, own)
        said += stdout + stderr
      }
      await runClient(connection, end)
      return { database, output: said.trim().split('\n').slice(-5).join('\n') }
    },
  },
)

// Asked when it begins: what the plan saw may be what an earlier task has replaced since.
function beginning({ database, login = {}, hint }: MigrateOptions): ClientCommand {
  const nothing = `${database} has not been replaced by the source's, so there is nothing to migrate`
  const note = [...placeNote('begun'), makeNote('begun', database), recordStage(database, 'migrating')]
  const half = `"the $stage of "${quote(`${database} broke off, and half of it is nothing to migrate`)}`
  return {
    login,
    commands: `${refuse}
${askStage(database)}
case $stage in
  '') refuse ${quote(nothing)} ${quote(hint ?? 'import the dump of the source first')} ;;
  imported|converted) ;;
  migrated) refuse ${quote(`${database} has been migrated meanwhile`)} 'run the task again' ;;
  *) refuse ${half} ${quote(brokenOff)} ;;
esac
$mysql -e ${quote(note.join('; '))}`,
    shown: `mysql: begin the migration of ${database}`,
  }
}
