import path from 'node:path'
import { quote } from '../model/quote.ts'
import type { Location } from '../model/location.ts'
import type { ConnectionSettings, Group, Host, Inventory, RawVar, RawVars } from '../model/inventory.ts'
import { Advice } from '../model/operation.ts'
import { type Problem, Refused } from '../model/problem.ts'
import { reached } from './ansible-vars.ts'
import { type Unevaluated, Values } from './values.ts'

/** What one place of the inventory says of a group or a host; a later layer wins. */
export interface Layer {
  readonly settings?: ConnectionSettings
  readonly vars?: RawVars
  /** Of group_vars: beside which of several inventories they lie. */
  readonly beside?: number
}

interface DraftGroup {
  readonly name: string
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly inline: Layer[]
  readonly files: Layer[]
  readonly playbookFiles: Layer[]
}
interface DraftHost {
  readonly name: string
  readonly at: Location | undefined
  /** The file that named it first. */
  readonly source: string | undefined
  readonly inline: Layer[]
  readonly files: Layer[]
  readonly playbookFiles: Layer[]
}

/**
 * An inventory while its sources are read: each adds what it knows, then `finish` puts the layers on top of each
 * other.
 */
export class Draft {
  readonly hosts = new Map<string, DraftHost>()
  readonly groups = new Map<string, DraftGroup>()
  readonly cwd: string
  /** The file that is being read. */
  source: string | undefined
  /** All that -i names, as given. */
  given: readonly string[] = []
  playbookFolder: string | undefined
  readonly #problems = new Map<string, Problem>()
  readonly #warnings = new Set<string>()
  readonly #childAt = new Map<string, Location>()

  constructor(cwd: string) {
    this.cwd = cwd
    this.group('all')
    this.group('ungrouped')
  }

  group(name: string): DraftGroup {
    let found = this.groups.get(name)
    if (!found)
      this.groups.set(
        name,
        (found = { name, hosts: new Set(), children: new Set(), inline: [], files: [], playbookFiles: [] }),
      )
    return found
  }

  /** Makes a group a child of another. */
  child(parent: string, name: string, at?: Location): void {
    this.group(parent).children.add(this.group(name).name)
    const key = `${parent} ${name}`
    if (at && !this.#childAt.has(key)) this.#childAt.set(key, at)
  }

  host(name: string, group: string, at?: Location): DraftHost {
    let found = this.hosts.get(name)
    if (!found)
      this.hosts.set(name, (found = { name, at, source: this.source, inline: [], files: [], playbookFiles: [] }))
    this.group(group).hosts.add(name)
    return found
  }

  /** The variable that a port behind a host's name is, where the host is named first: later it counts for nothing. */
  portOf(host: string, port: number | undefined, from: string): RawVars {
    if (port === undefined) return {}
    if (!this.hosts.has(host)) return { ansible_port: { value: port, from } }
    this.warn(`the port ${port} counts only where ${host} is named first: write ansible_port=${port} (${from})`)
    return {}
  }

  /** Tells once of what may be meant, and most likely is not. */
  warn(message: string): void {
    this.#warnings.add(message)
  }

  get warnings(): readonly string[] {
    return [...this.#warnings]
  }

  /** The same problem of many hosts is told once. */
  problem(message: string, at: Location | undefined, hint: string): void {
    this.#problems.set(`${message} ${at?.file}:${at?.line}`, { message, hint, ...(at ? { at } : {}) })
  }

  /** The same of what was thrown by whoever reads a part of it. @throws what is no refusal */
  refused(error: unknown, at?: Location): void {
    const { message, hint = '', at: own = at } = problemOf(error)
    this.problem(message, own, hint)
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.values()]
  }

  /** A file as messages name it: short when it lies below the working directory. */
  show(file: string): string {
    const relative = path.relative(this.cwd, file)
    return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
  }

  /** What to type where only Ansible can tell what an inventory holds: it may need those before it, and secrets. */
  fromAnsible(file: string): string {
    const given = this.given.length > 0 ? this.given : [this.show(file)]
    const theirs = given.filter((one) => !/\.[cm]?[jt]s$/.test(one)).map((one) => `-i ${quote(one)}`)
    return (
      `let Ansible say what it finds: (umask 077; ansible-inventory ${theirs.join(' ')} --list > inventory.json), ` +
      'with the vault options that it needs, then -i inventory.json'
    )
  }

  /**
   * Layers, low to high, as Ansible has them: `all`, then its groups (parents before children, equally deep ones by
   * `ansible_group_priority` and name), then group_vars in the same order, first of `all`, those beside a later
   * inventory above those beside an earlier one, those of the playbook above all; the host,
   * host_vars, and -e above everything.
   */
  finish(shown: string, extraVars: Readonly<Record<string, unknown>>, defaults: RawVars = {}): Inventory {
    this.#settleUngrouped()
    for (const name of this.hosts.keys())
      if (this.groups.has(name))
        this.warn(`there is both a group and a host ${name}: as in Ansible, ${name} means the host alone`)
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
    const layered = [...this.hosts.values()].map((host) => {
      const own = byRank.filter((group) => members.get(group)!.has(host.name)).map((group) => this.group(group))
      const [all, ...others] = own as [DraftGroup, ...DraftGroup[]]
      const layers = [
        ...own.flatMap(({ inline }) => inline),
        ...all.files,
        ...all.playbookFiles,
        ...others.flatMap(({ files }) => files).sort((a, b) => (a.beside ?? 0) - (b.beside ?? 0)),
        ...others.flatMap(({ playbookFiles }) => playbookFiles),
        ...host.inline,
        ...host.files,
        ...host.playbookFiles,
        extra,
      ]
      const groups = order.filter((group) => group !== 'all' && members.get(group)!.has(host.name))
      return { name: host.name, at: host.at, source: host.source, groups, layers, vars: merge(layers) }
    })
    const values = new Values(
      new Map(layered.map((host) => [host.name, host])),
      new Map([...members].map(([name, hosts]) => [name, [...hosts]])),
      this.cwd,
      this.playbookFolder ?? this.cwd,
    )
    const hosts = new Map<string, Host>(
      layered.map(({ layers, at, ...host }) => {
        const vars = values.of(host)
        const { faults, idle, ...how } = reached([{ vars: defaults }, ...layers], { ...defaults, ...vars }, this.cwd)
        for (const one of idle) this.warn(one)
        const { name, groups } = host
        return [name, { name, groups, vars, ...how, ...(faults.length > 0 ? { faults } : {}), ...(at ? { at } : {}) }]
      }),
    )
    // A host that no inventory lists has only the variables of a group: `all`.
    const alone = (vars: RawVars): Unevaluated => ({ name: 'localhost', groups: [], vars, source: undefined })
    const groups = new Map<string, Group>(
      order.map((name) => {
        const { inline, files, playbookFiles, hosts: own } = this.group(name)
        return [
          name,
          {
            name,
            hosts: [...members.get(name)!],
            own: name === 'all' ? [] : [...own],
            children: children(name),
            vars: values.of(alone(merge([...inline, ...files, ...playbookFiles]))),
          },
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
        const circle = [...above.slice(above.indexOf(name)), name]
        this.problem(
          `the groups ${circle.join(' > ')} contain each other`,
          this.#childAt.get(`${circle.at(-2)} ${name}`),
          `take ${name} out of the children of ${circle.at(-2)}`,
        )
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
    const number = Number(given?.value ?? 1)
    if (Number.isInteger(number)) return number
    this.problem(
      `${priority} must be a whole number, and is ${JSON.stringify(given?.value)} (${given?.from})`,
      undefined,
      `write ${priority}=10`,
    )
    return 1
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

/** A refusal of what an inventory says, as it is told. @throws what is none */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problems[0]!
  if (error instanceof Advice) return { message: error.message, hint: error.hint }
  throw error
}
