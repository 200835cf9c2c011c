import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { foresee } from '../kit/foresee.ts'
import { left } from '../model/foreseen.ts'
import { operation } from '../model/operation.ts'
import type { Operation, Reader } from '../model/operation.ts'
import { accountName, accountNumber, databaseLine, indispensable, removable } from '../kit/accounts.ts'
import { answers } from '../kit/answers.ts'
import { type Command, perform } from '../kit/command.ts'
import { sbin, sh } from '../kit/shell.ts'
import { replacedGroup } from './user/replaced.ts'

/** What a group is to be; what is not said stays as it is. */
export interface GroupOptions {
  readonly gid?: number
  /** A new group gets a number from those of the system. */
  readonly system?: boolean
}

const groupNames: OptionNames<GroupOptions> = { gid: true, system: true }

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
  refuseUnknown('group.present', options, groupNames)
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
  return dropGroup(removable('group.absent', name))
}

interface Found {
  readonly gid: number
}

const bringGroup = operation<
  { readonly name: string; readonly options: GroupOptions },
  Found | undefined,
  Command,
  GroupState
>(({ name }) => `group.present ${name}`, {
  lasting: () => true,
  read: (connection, { name }) => look(connection, name),
  plan(found, { name, options: { gid, system = false } }) {
    if (found && (gid === undefined || gid === found.gid)) return { result: { name, changed: false } }
    const number = gid === undefined ? [] : ['-g', gid]
    const argv = found ? ['groupmod', ...number, name] : ['groupadd', ...(system ? ['-r'] : []), ...number, name]
    const after = gid === undefined ? 'a group\n' : told({ gid })
    return {
      result: { name, changed: true },
      change: { script: sbin + sh`${argv}` },
      leaves: [left<Found | undefined>(`group ${name}`, (is) => ({ gid: gid ?? is?.gid ?? -1 }))],
      replaces: [replacedGroup(name)],
      diff: { path: `group ${name}`, before: found ? told(found) : '', after },
    }
  },
  async apply(connection, command) {
    await perform(connection, command)
  },
})

const dropGroup = operation<string, Found | undefined, Command, GroupState>((name) => `group.absent ${name}`, {
  read: look,
  plan(found, name) {
    if (!found) return { result: { name, changed: false } }
    if (found.gid === 0) throw indispensable('group.absent', name)
    return {
      result: { name, changed: true },
      change: { script: sbin + sh`groupdel ${name}` },
      leaves: [left<Found | undefined>(`group ${name}`, () => undefined)],
      replaces: [replacedGroup(name)],
      diff: { path: `group ${name}`, before: told(found), after: '' },
    }
  },
  async apply(connection, command) {
    await perform(connection, command)
  },
})

async function look(connection: Reader, name: string): Promise<Found | undefined> {
  const { line } = await answers(connection, { line: databaseLine('group', name) })
  const gid = line.stdout.split(':')[2]
  return foresee(connection, `group ${name}`, gid === undefined ? undefined : { gid: Number(gid) })
}

function told({ gid }: Found): string {
  return `a group with gid ${gid}\n`
}
