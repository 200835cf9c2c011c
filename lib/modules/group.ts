import { legacyOperation, output } from '../model/operation.ts'
import type { Operation } from '../model/operation.ts'
import { sh } from '../kit/shell.ts'
import { answers } from '../kit/answers.ts'
import { accountName, accountNumber, databaseLine } from '../kit/accounts.ts'

/** What a group is to be; what is not said stays as it is. */
export interface GroupOptions {
  readonly gid?: number
  /** A new group gets a number from those of the system. */
  readonly system?: boolean
}

/** Whether the group was made, changed or removed. */
export type GroupState = { readonly name: string; readonly changed: boolean }

/**
 * A group of the host.
 *
 * ```ts
 * task('Make the group', group.present('nova', { gid: 162, system: true }))
 * ```
 */
export function present(name: string, options: GroupOptions = {}): Operation<GroupState> {
  if (options.gid !== undefined) accountNumber('gid', options.gid)
  return bringGroup({ name: accountName(name), options })
}

/**
 * No group of this name; one that is a user's own group cannot go before the user.
 *
 * ```ts
 * task('Drop the group', group.absent('quantum'))
 * ```
 */
export function absent(name: string): Operation<GroupState> {
  return dropGroup(accountName(name))
}

interface Found {
  readonly gid: number
}

const bringGroup = legacyOperation<
  { readonly name: string; readonly options: GroupOptions },
  Found | undefined,
  GroupState
>(({ name }) => `group.present ${name}`, {
  read: (connection, { name }) => look(connection, name),
  plan(found, { name, options: { gid } }) {
    const changed = found === undefined || (gid !== undefined && gid !== found.gid)
    const after = gid === undefined ? 'a group\n' : `a group with gid ${gid}\n`
    return {
      changed,
      result: { name, changed },
      ...(changed ? { diff: { path: `group ${name}`, before: found ? told(found) : '', after } } : {}),
    }
  },
  async apply(connection, _plan, { name, options: { gid, system = false } }, found) {
    const number = gid === undefined ? [] : ['-g', gid]
    const argv = found ? ['groupmod', ...number, name] : ['groupadd', ...(system ? ['-r'] : []), ...number, name]
    await output(connection, `PATH=$PATH:/sbin:/usr/sbin; ${sh`${argv}`}`)
  },
})

const dropGroup = legacyOperation<string, Found | undefined, GroupState>((name) => `group.absent ${name}`, {
  read: look,
  plan: (found, name) => ({
    changed: found !== undefined,
    result: { name, changed: found !== undefined },
    ...(found ? { diff: { path: `group ${name}`, before: told(found), after: '' } } : {}),
  }),
  async apply(connection, _plan, name) {
    await output(connection, `PATH=$PATH:/sbin:/usr/sbin; ${sh`groupdel ${name}`}`)
  },
})

async function look(connection: Parameters<typeof answers>[0], name: string): Promise<Found | undefined> {
  const { line } = await answers(connection, { line: databaseLine('group', name) })
  const gid = line.stdout.split(':')[2]
  return gid === undefined ? undefined : { gid: Number(gid) }
}

function told({ gid }: Found): string {
  return `a group with gid ${gid}\n`
}
