import type { Json } from '../model/operation.ts'
import type { Playbook } from '../model/playbook.ts'
import { columns } from '../model/columns.ts'
import { exit } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import { type Schema, told } from '../model/vars.ts'
import { command } from '../cli/command.ts'
import { pick } from '../cli/options.ts'
import { findPlaybook, loadPlaybook } from '../program/playbooks.ts'

export const vars = command({
  describe: 'Show the variables that the roles of a playbook want',
  takes: {
    target: {
      describe: 'Path of a playbook, or the name of a role',
      completes: 'runnable',
      missing: ['whose variables is missing', 'name a playbook or a role, as in run vars site.ts'],
    },
  },
  options: pick('json'),
  async act({ words: { target }, values: { json } }) {
    const wanted = wantedBy(await loadPlaybook(findPlaybook(target)))
    process.stdout.write(json ? `${JSON.stringify(wanted, undefined, 2)}\n` : table(wanted))
    return exit.ok
  },
})

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

/** Every variable that a playbook's roles want: its kind, its default, who wants it. */
function wantedBy(playbook: Playbook): readonly Wanted[] {
  // Two roles may want the same name with different defaults: each is told.
  const found = new Map<string, Wanted & { readonly roles: string[] }>()
  for (const role of playbook.plays
    .flatMap((play) => play.roles)
    .flatMap((item) => (item.kind === 'role' ? [item] : item.roles))) {
    for (const [name, kind] of Object.entries(role.schema as Schema)) {
      if (name in role.bound) continue
      const { expected, optional, fallback, about } = told(kind)
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
  const sorted = [...wanted.filter((v) => v.required), ...wanted.filter((v) => !v.required)]
  const lines = columns(sorted.map(cells))
  const part = (title: string, required: boolean) => {
    const own = lines.filter((_, i) => sorted[i]!.required === required)
    return own.length > 0 ? [[title, ...own, ''].join('\n')] : []
  }
  return [...part('must be set:', true), ...part('may be set:', false)].join('\n') || 'its roles want no variables\n'
}
