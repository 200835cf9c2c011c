import { Advice } from '../../../lib/index.ts'
import { Unreachable } from '../../../lib/kit/index.ts'
import type { CloudHost, CloudView } from '../cloud.ts'

/** What becomes of something that was found; all but the first two stand in the way. */
export type Verdict = 'moved' | 'left alone' | 'to be mended' | 'refused'

/** Something that was found by looking, and the command that mends it. */
export type Finding = { readonly verdict: Verdict; readonly what: string; readonly mend?: string }

/** Asks a host, and tells all that it finds. */
export type Look = (host: CloudHost) => Promise<readonly Finding[]>

export const moved = (what: string): Finding => ({ verdict: 'moved', what })
export const alone = (what: string): Finding => ({ verdict: 'left alone', what })
export const broken = (what: string, mend: string): Finding => ({ verdict: 'to be mended', what, mend })
export const refused = (what: string, mend: string): Finding => ({ verdict: 'refused', what, mend })

/** What no role moves: the operator must have named it in `leave` to go on without it. */
export function left({ vars: { leave } }: CloudView, name: string, what: string, instead = ''): Finding {
  if (leave.includes(name)) return alone(`${name}: ${what}`)
  const how = `to go on without it: run playbooks/preflight.ts -i INVENTORY -e leave=${[...leave, name].join(',')}`
  return refused(`${name}: ${what}`, instead === '' ? how : `${instead}; ${how}`)
}

/** All that some looks find. One that cannot be had is a finding too, and keeps the others from nothing. */
export async function findAll(host: CloudHost, looks: readonly Look[]): Promise<readonly Finding[]> {
  const found = await Promise.all(looks.map((look) => look(host).catch(failed)))
  return found.flat()
}

function failed(error: unknown): readonly Finding[] {
  if (error instanceof Unreachable) throw error
  if (error instanceof Advice) return [broken(error.message, error.hint)]
  return [
    refused(`could not look: ${error instanceof Error ? error.message : String(error)}`, 'see why, and look again'),
  ]
}

/** The answers to several questions; when one has none, it says so after all have come to their end. */
export async function together<const T extends readonly Promise<unknown>[]>(...asked: T) {
  await Promise.allSettled(asked)
  return Promise.all(asked)
}

/** Does it keep the move from beginning? */
export function standsInTheWay({ verdict }: Finding): boolean {
  return verdict === 'to be mended' || verdict === 'refused'
}

const order: readonly Verdict[] = ['moved', 'left alone', 'to be mended', 'refused']

/**
 * All findings of all hosts as one table, those that stand in the way last, where the eye is; what holds for several
 * hosts is told once.
 */
export function table(found: readonly (readonly [host: string, findings: readonly Finding[]])[]): readonly string[] {
  const rows = new Map<string, Finding & { readonly hosts: string[] }>()
  for (const [host, findings] of found) {
    for (const one of findings) {
      const key = JSON.stringify([one.verdict, one.what, one.mend])
      const row = rows.get(key) ?? { ...one, hosts: [] }
      row.hosts.push(host)
      rows.set(key, row)
    }
  }
  const sorted = [...rows.values()]
    .map((row) => ({ ...row, on: row.hosts.length < 3 ? row.hosts.join(', ') : `${row.hosts.length} hosts` }))
    .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  const width = Math.max(0, ...sorted.map(({ on }) => on.length))
  return sorted.flatMap(({ verdict, hosts, on, what, mend }) => {
    const head = `${verdict.padEnd(12)}  ${on.padEnd(width)}  `
    const indent = ' '.repeat(head.length)
    const all = hosts.length < 3 ? what : `${what}\n(${hosts.join(' ')})`
    const lines = all.split('\n').map((line, i) => (i === 0 ? head + line : indent + line))
    return mend === undefined ? lines : [...lines, `${indent}→ ${mend}`]
  })
}

/** The first of many, and how many more. */
export function some(all: readonly string[], shown = 5): string {
  return all.slice(0, shown).join(', ') + (all.length > shown ? ` and ${all.length - shown} more` : '')
}

/** Bytes as people say them. */
export function inWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${at === 0 ? bytes : (bytes / 1000 ** at).toFixed(1)} ${units[at]}`
}
