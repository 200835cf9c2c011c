import type { database } from '../../lib/modules/index.ts'
import type { Cloud, Site } from './cloud.ts'

/** From where to where something moves: each controller with its variables, and the address that is meant. */
export interface Moved {
  readonly from: Cloud & { readonly address: string }
  readonly to: Cloud & { readonly address: string }
  readonly addresses: Addresses
}
export type Addresses = readonly (readonly [from: string, to: string])[]

/** Which addresses of the source become which of the target; unset and equal ones are left out. */
export function movedAddresses({ source, target }: Site): Addresses {
  const pairs = [
    [source.management, target.management],
    [source.public, target.public],
    [source.storage, target.storage],
  ] as const
  return pairs.filter(([from, to]) => from !== '' && to !== '' && from !== to)
}

/**
 * A text with the source's addresses replaced by the target's. An address counts only as a whole: 192.168.1.4 is also
 * the beginning of 192.168.1.40.
 */
export function withMovedAddresses(value: string, moved: Addresses): string {
  if (moved.length === 0) return value
  const to = new Map(moved)
  const pattern = moved.map(([from]) => from.replaceAll('.', '\\.')).join('|')
  return value.replace(new RegExp(`(?<![\\d.])(?:${pattern})(?![\\d]|\\.\\d)`, 'g'), (found) => to.get(found) ?? found)
}

/** A host name of the old controller, with the backend that may follow it, as the new one's; others stay. */
export function withMovedHost(value: string, { from, to }: Moved): string {
  const { fqdn } = from
  return value === fqdn || value.startsWith(`${fqdn}@`) ? to.fqdn + value.slice(fqdn.length) : value
}

/** What the column `host` of a row becomes. */
export function hostOf({ host = null }: database.Row, moved: Moved) {
  return { host: host === null ? null : withMovedHost(String(host), moved) }
}
