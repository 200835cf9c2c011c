import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { Advice } from '../model/operation.ts'
import { isIP } from 'node:net'
import type { Operation } from '../model/operation.ts'
import { editFile, editNames, type EditOptions } from '../kit/edit-file.ts'
import type { Written } from '../kit/written.ts'
import { entryText, withoutText } from './hosts/text.ts'

/** Which hosts file, and what becomes of the names that were there. */
export interface HostsOptions extends Omit<EditOptions, 'create'> {
  /** /etc/hosts unless said. */
  readonly path?: string
}

const { create: _create, ...writtenNames } = editNames
const hostsNames: OptionNames<HostsOptions> = { ...writtenNames, path: true }

/** How a line is brought about. */
export interface EntryOptions extends HostsOptions {
  /** The address has these names in this order and no others; else they are added to those it has. */
  readonly exact?: boolean
  /** Leaves the names on the lines of other addresses, too; else a name leads to one address of a family. */
  readonly shared?: boolean
}

const entryNames: OptionNames<EntryOptions> = { ...hostsNames, exact: true, shared: true }

/**
 * Names that lead to an address: its line has them, lines of other addresses lose them; order and comments stay.
 *
 * ```ts
 * task('Name the controllers', async (host) => {
 *   await host.run(hosts.entry('10.0.0.4', ['node-8.cloud', 'node-8']))
 *   await host.run(hosts.entry('10.0.0.3', ['old-controller'], { exact: true }))
 * })
 * ```
 */
export function entry(
  address: string,
  names: string | readonly string[],
  options: EntryOptions = {},
): Operation<Written> {
  refuseUnknown('hosts.entry', options, entryNames)
  const { path = '/etc/hosts', exact = false, shared = false, ...meta } = options
  const list = [names].flat()
  if (isIP(address) === 0)
    throw new Advice(
      `${JSON.stringify(address)} is not an IP address`,
      'write it as 10.0.0.4 or fd00::4; names go into the second argument',
    )
  if (list.length === 0)
    throw new Advice(`say which names lead to ${address}`, "name one at least: hosts.entry('10.0.0.4', 'node-4')")
  for (const name of list) {
    if (!/^[\w.-]+$/.test(name))
      throw new Advice(`${JSON.stringify(name)} cannot be the name of a host`, 'use letters, digits, dots and hyphens')
  }
  return editFile(`hosts.entry ${address} ${list.join(' ')}`, path, { ...meta, create: true }, (before) => ({
    after: entryText(before, { address, names: list, exact, shared }),
  }))
}

/**
 * Names that are on no line, and addresses that have none; a line without a name left goes away.
 *
 * ```ts
 * task('Forget the old controller', hosts.absent(['10.0.0.3', 'old-controller']))
 * ```
 */
export function absent(what: string | readonly string[], options: HostsOptions = {}): Operation<Written> {
  refuseUnknown('hosts.absent', options, hostsNames)
  const { path = '/etc/hosts', ...meta } = options
  const list = [what].flat()
  return editFile(`hosts.absent ${list.join(' ')}`, path, { ...meta, nothingToRemove: true }, (before) => ({
    after: withoutText(before, list),
  }))
}
