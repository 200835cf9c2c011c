import { Secret } from '../model/secret.ts'
import { findPlaybook, loadPlaybook } from './playbooks.ts'

/** Prints every variable that a playbook's roles want: its kind, its default, who wants it. */
export async function showVars(target: string): Promise<number> {
  const playbook = await loadPlaybook(findPlaybook(target))
  const wanted = new Map<string, { expected: string; fallback: string; about: string; roles: Set<string> }>()
  for (const play of playbook.plays) {
    for (const role of play.roles.flatMap((item) => (item.kind === 'role' ? [item] : item.roles))) {
      for (const [name, kind] of Object.entries(role.schema as Readonly<Record<string, import('../model/vars.ts').Var<unknown>>>)) {
        if (name in role.bound) continue
        const entry = wanted.get(name) ?? {
          expected: kind.expected, about: kind.about ?? '', roles: new Set(),
          fallback: !kind.optional ? 'required' : kind.fallback instanceof Secret ? `default ${kind.fallback}` : kind.fallback === undefined ? 'optional' : `default ${JSON.stringify(kind.fallback)}`,
        }
        entry.roles.add(role.name)
        wanted.set(name, entry)
      }
    }
  }
  const rows = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { expected, fallback, about, roles }]) => [name, expected, fallback, [...roles].join(', '), about])
  const widths = [0, 1, 2, 3].map((i) => Math.max(0, ...rows.map((row) => row[i]!.length)))
  for (const row of rows) process.stdout.write(`${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()}\n`)
  return 0
}
