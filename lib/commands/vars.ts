import type { Json } from '../model/operation.ts'
import type { Playbook } from '../model/playbook.ts'
import { exit } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import type { Schema } from '../model/vars.ts'
import { findPlaybook, loadPlaybook } from './playbooks.ts'

/** A variable that roles of a playbook want. */
interface Wanted {
  readonly name: string
  readonly kind: string
  readonly required: boolean
  /** What holds for hosts that do not set it. */
  readonly default?: Json
  readonly roles: readonly string[]
  readonly about?: string
}

/** Prints every variable that a playbook's roles want: its kind, its default, who wants it. */
export async function showVars(target: string, json: boolean): Promise<number> {
  const wanted = wantedBy(await loadPlaybook(findPlaybook(target)))
  process.stdout.write(json ? `${JSON.stringify(wanted, undefined, 2)}\n` : table(wanted))
  return exit.ok
}

function wantedBy(playbook: Playbook): readonly Wanted[] {
  // Two roles may want the same name with different defaults: each is told.
  const found = new Map<string, Wanted & { readonly roles: string[] }>()
  for (const role of playbook.plays
    .flatMap((play) => play.roles)
    .flatMap((item) => (item.kind === 'role' ? [item] : item.roles))) {
    for (const [name, { expected, optional, fallback, about }] of Object.entries(role.schema as Schema)) {
      if (name in role.bound) continue
      const one = {
        name,
        kind: expected,
        required: !optional,
        ...(optional && fallback !== undefined ? { default: plain(fallback) } : {}),
        ...(about ? { about } : {}),
      }
      const key = JSON.stringify(one)
      const entry = found.get(key) ?? { ...one, roles: [] }
      if (!entry.roles.includes(role.name)) entry.roles.push(role.name)
      found.set(key, entry)
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function plain(value: unknown): Json {
  return value instanceof Secret ? value.toString() : (JSON.parse(JSON.stringify(value)) as Json)
}

function table(wanted: readonly Wanted[]): string {
  const cells = (v: Wanted) => [
    `  ${v.name}`,
    v.kind,
    v.required ? '' : v.default === undefined ? 'no default' : `default ${JSON.stringify(v.default)}`,
    v.roles.join(', '),
    v.about ?? '',
  ]
  const widths = [0, 1, 2, 3].map((i) => Math.max(0, ...wanted.map((v) => cells(v)[i]!.length)))
  const rows = (of: readonly Wanted[]) =>
    of
      .map(
        (v) =>
          `${cells(v)
            .map((cell, i) => cell.padEnd(widths[i] ?? 0))
            .filter((_, i) => i !== 2 || widths[2] !== 0)
            .join('  ')
            .trimEnd()}\n`,
      )
      .join('')
  const [required, optional] = [wanted.filter((v) => v.required), wanted.filter((v) => !v.required)]
  const parts = [
    required.length > 0 ? `must be set:\n${rows(required)}` : '',
    optional.length > 0 ? `may be set:\n${rows(optional)}` : '',
  ].filter(Boolean)
  return parts.join('\n') || 'its roles want no variables\n'
}
