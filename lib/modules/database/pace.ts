import type { HostRef } from '../../model/inventory.ts'
import type { OptionNames } from '../../model/option-names.ts'
import { operation, type Operation } from '../../model/operation.ts'
import { sh } from '../../kit/shell.ts'
import { type Pace, passing } from '../copy-between/pace.ts'
import { checkedOptions, clientScript, type Login } from './client.ts'
import { dumpingAs } from './dump.ts'

/** Of which table of which host the beginning is dumped. */
export interface PaceOptions {
  readonly from: HostRef
  readonly database: string
  readonly table: string
  readonly login?: Login
  /** How much of it at most, in bytes; 64 MiB unless said. */
  readonly most?: number
}

const paceNames: OptionNames<PaceOptions> = { from: true, database: true, table: true, login: true, most: true }

/**
 * Measures how fast a database of another host is dumped to this one: the beginning of a table is dumped and brought
 * the same way, and kept nowhere.
 *
 * ```ts
 * const { bytes, seconds } = await host.run(
 *   database.pace({ from: host.vars.source, database: 'nova', table: 'instances' }),
 * )
 * ```
 */
export function pace(options: PaceOptions): Operation<Pace> {
  const { most = 64 * 2 ** 20, login = {}, ...asked } = checkedOptions('database.pace', options, paceNames)
  return paceOperation({ ...asked, most, login })
}

const paceOperation = operation<Required<PaceOptions>, Pace, Pace>(
  ({ from, database, table }) => `database.pace ${database}.${table} of ${from.name}`,
  {
    async read(connection, { from, database, table, login, most }) {
      // It ends early where there is more, and says so.
      const dumping = `${dumpingAs('--skip-triggers')} ${sh`${database} ${table}`}`
      const commands = `( ${dumping} 2>/dev/null; : ) | head -c ${most}`
      return passing(await connection.peer(from), connection, {
        ...clientScript(login, commands),
        shown: `mysqldump ${database} ${table}`,
      })
    },
    plan: (result) => ({ result }),
  },
)
