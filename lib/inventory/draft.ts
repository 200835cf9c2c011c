import path from 'node:path'
import type { Location } from '../model/location.ts'
import type { ConnectionSettings, Group, Host, Inventory, RawVar, RawVars } from '../model/inventory.ts'
import type { Problem } from '../model/problem.ts'
import { connectionSettings } from './connection.ts'

/** What one place of the inventory says of a group or a host; a later layer wins. */
export interface Layer {
  readonly settings?: ConnectionSettings
  readonly vars?: RawVars
}

interface DraftGroup {
  readonly name: string
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly inline: Layer[]
  readonly files: Layer[]
}
interface DraftHost {
  readonly name: string
  readonly at: Location | undefined
  readonly inline: Layer[]
  readonly files: Layer[]
}

/**
 * An inventory while its sources are read: each adds what it knows, then `finish` puts the layers on top of each
 * other.
 */
export class Draft {
  readonly hosts = new Map<string, DraftHost>()
  readonly groups = new Map<string, DraftGroup>()
  readonly cwd: string
  readonly #problems = new Map<string, Problem>()

  constructor(cwd: string) {
    this.cwd = cwd
    this.group('all')
    this.group('ungrouped')
  }

  group(name: string): DraftGroup {
    let found = this.groups.get(name)
    if (!found) this.groups.set(name, (found = { name, hosts: new Set(), children: new Set(), inline: [], files: [] }))
    return found
  }

  host(name: string, group: string, at?: Location): DraftHost {
    let found = this.hosts.get(name)
    if (!found) this.hosts.set(name, (found = { name, at, inline: [], files: [] }))
    this.group(group).hosts.add(name)
    return found
  }

  /** The same problem of many hosts is told once. */
  problem(message: string, at?: Location, hint?: string): void {
    this.#problems.set(`${message} ${at?.file}:${at?.line}`, {
      message,
      ...(at ? { at } : {}),
      ...(hint ? { hint } : {}),
    })
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.values()]
  }

  /** A file as messages name it: short when it lies below the working directory. */
  show(file: string): string {
    const relative = path.relative(this.cwd, file)
    return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
  }

  /**
   * Layers, low to high, as Ansible has them: `all`, then its groups (parents before children, equally deep ones by
   * `ansible_group_priority` and name), then group_vars in the same order, the host, host_vars, and -e above
   * everything.
   */
  finish(shown: string, extraVars: Readonly<Record<string, unknown>>): Inventory {
    this.#settleUngrouped()
    const parents = this.#parents()
    const tops = [...this.groups.keys()].filter((name) => name !== 'all' && !parents.get(name)?.size)
    const children = (name: string) => [
      ...(name === 'all' ? new Set(['ungrouped', ...this.group(name).children, ...tops]) : this.group(name).children),
    ]
    const depths = this.#depths(children)
    if (this.#problems.size > 0) return { path: shown, hosts: new Map(), groups: new Map() }

    const extra: Layer = {
      vars: Object.fromEntries(Object.entries(extraVars).map(([name, value]) => [name, { value, from: '-e' }])),
    }
    const order = [...this.groups.keys()]
    const byRank = [...order].sort(
      (a, b) => depths.get(a)! - depths.get(b)! || this.#priority(a) - this.#priority(b) || (a < b ? -1 : 1),
    )
    const members = new Map(order.map((name) => [name, this.#members(name, children)]))
    const holds = (group: string, host: string) => members.get(group)!.has(host)

    const hosts = new Map<string, Host>()
    for (const name of members.get('all')!) {
      const host = this.hosts.get(name)!
      const own = byRank.filter((group) => holds(group, name)).map((group) => this.group(group))
      const layers = [
        ...own.flatMap(({ inline }) => inline),
        ...own.flatMap(({ files }) => files),
        ...host.inline,
        ...host.files,
        extra,
      ]
      hosts.set(name, {
        name,
        groups: order.filter((group) => group !== 'all' && holds(group, name)),
        settings: connectionSettings(layers, this.cwd, (message, hint) => this.problem(message, undefined, hint)),
        vars: merge(layers),
        ...(host.at ? { at: host.at } : {}),
      })
    }
    const groups = new Map<string, Group>(
      order.map((name) => {
        const { inline, files } = this.group(name)
        return [
          name,
          { name, hosts: [...members.get(name)!], children: children(name), vars: merge([...inline, ...files]) },
        ]
      }),
    )
    return { path: shown, hosts, groups }
  }

  #settleUngrouped(): void {
    const grouped = new Set(
      [...this.groups.values()]
        .filter(({ name }) => name !== 'all' && name !== 'ungrouped')
        .flatMap((g) => [...g.hosts]),
    )
    const ungrouped = this.group('ungrouped').hosts
    for (const name of this.hosts.keys()) {
      if (grouped.has(name)) ungrouped.delete(name)
      else ungrouped.add(name)
    }
  }

  #parents(): Map<string, Set<string>> {
    const parents = new Map<string, Set<string>>()
    for (const { name, children } of this.groups.values()) {
      if (name === 'all') continue
      for (const child of children) parents.set(child, (parents.get(child) ?? new Set()).add(name))
    }
    return parents
  }

  #depths(children: (name: string) => readonly string[]): Map<string, number> {
    const depths = new Map<string, number>()
    const walk = (name: string, above: readonly string[]) => {
      if (above.includes(name)) {
        this.problem(`the groups ${[...above.slice(above.indexOf(name)), name].join(' > ')} contain each other`)
        return
      }
      if ((depths.get(name) ?? -1) >= above.length) return
      depths.set(name, above.length)
      for (const child of children(name)) walk(child, [...above, name])
    }
    walk('all', [])
    // Groups in a circle have no way down from `all`.
    for (const name of this.groups.keys()) if (!depths.has(name)) walk(name, ['all'])
    return depths
  }

  #priority(name: string): number {
    const given = this.group(name)
      .inline.flatMap(({ vars }) => vars?.[priority] ?? [])
      .at(-1)
    return Number(given?.value ?? 1) || 1
  }

  // Breadth first: the hosts of a group itself stand before those of its child groups.
  #members(name: string, children: (name: string) => readonly string[]): ReadonlySet<string> {
    const hosts = new Set<string>()
    const seen = new Set([name])
    for (const group of seen) {
      for (const host of this.group(group).hosts) hosts.add(host)
      for (const child of children(group)) seen.add(child)
    }
    return hosts
  }
}

// Says how groups stand to each other, and nothing to a host.
const priority = 'ansible_group_priority'

function merge(layers: readonly Layer[]): RawVars {
  const merged: Record<string, RawVar> = {}
  for (const { vars } of layers) {
    for (const [name, raw] of Object.entries(vars ?? {})) {
      if (name === priority) continue
      const below = merged[name]
      merged[name] = below
        ? { ...raw, overrode: [{ value: below.value, from: below.from }, ...(below.overrode ?? [])] }
        : raw
    }
  }
  return merged
}
