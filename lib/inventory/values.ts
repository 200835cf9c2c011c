import path from 'node:path'
import { type RawVar, type RawVars, Unusable } from '../model/inventory.ts'
import type { Location } from '../model/location.ts'
import { Float } from './scalars.ts'
import { deep, evaluate, type Lookup, NotEvaluated, type Scope, Template } from './template.ts'

/** A host whose variables may still be templates. */
export interface Unevaluated {
  readonly name: string
  readonly groups: readonly string[]
  readonly vars: RawVars
  /** The source that named it first. */
  readonly source: string | undefined
}

/** The values of the variables of an inventory: what stands there, with its templates evaluated. */
export class Values {
  readonly #hosts: ReadonlyMap<string, Unevaluated>
  readonly #groups: ReadonlyMap<string, readonly string[]>
  readonly #cwd: string
  readonly #playbookFolder: string
  readonly #templated = new WeakMap<object, boolean>()
  /** The templates that are being evaluated, to tell one that refers to itself. */
  readonly #under: (readonly [host: string, template: Template])[] = []

  constructor(
    hosts: ReadonlyMap<string, Unevaluated>,
    groups: ReadonlyMap<string, readonly string[]>,
    cwd: string,
    playbookFolder = cwd,
  ) {
    this.#playbookFolder = playbookFolder
    this.#hosts = hosts
    this.#groups = groups
    this.#cwd = cwd
  }

  /** The variables of a host, each evaluated; one that cannot be is `Unusable`. */
  of(host: Unevaluated): RawVars {
    const entries = Object.entries(host.vars)
    if (!entries.some(([, raw]) => this.#isTemplated(raw))) return host.vars
    return Object.fromEntries(entries.map(([name, raw]) => [name, this.#evaluated(host, raw)]))
  }

  #evaluated(host: Unevaluated, raw: RawVar): RawVar {
    if (!this.#isTemplated(raw)) return raw
    if (raw.value instanceof Float) return { ...raw, value: raw.value.value, said: String(raw.value) }
    const value = deep(this.#value(host, raw), (leaf) => (leaf instanceof Float ? leaf.value : leaf))
    return has(raw.value, isOpen) ? { ...raw, value, written: raw.value } : { ...raw, value }
  }

  #value(host: Unevaluated, raw: RawVar): unknown {
    try {
      return this.#settledDeep(host, raw.value)
    } catch (error) {
      if (error instanceof Locked) return error.unusable
      if (!(error instanceof NotEvaluated)) throw error
      const at = placeOf(raw.from, this.#cwd)
      return new Unusable({ message: error.message, hint: error.hint, ...(at ? { at } : {}) })
    }
  }

  #isTemplated(raw: RawVar): boolean {
    if (typeof raw.value !== 'object' || raw.value === null) return false
    const known = this.#templated.get(raw.value)
    if (known !== undefined) return known
    const found = has(raw.value, (leaf) => isOpen(leaf) || leaf instanceof Float)
    this.#templated.set(raw.value, found)
    return found
  }

  #settledDeep(host: Unevaluated, value: unknown): unknown {
    return deep(value, (leaf) => this.#settled(host, leaf))
  }

  #settled(host: Unevaluated, value: unknown): unknown {
    if (value instanceof Unusable) throw new Locked(value)
    if (!(value instanceof Template)) return value
    if (this.#under.some(([name, template]) => name === host.name && template === value))
      throw new NotEvaluated(`${String(value)} refers to itself`, 'give one of the variables in the circle a value')
    this.#under.push([host.name, value])
    try {
      return evaluate(value, this.#scope(host))
    } finally {
      this.#under.pop()
    }
  }

  #scope(host: Unevaluated): Scope {
    return {
      names: Object.keys(host.vars),
      variable: (name) => (Object.hasOwn(host.vars, name) ? host.vars[name]!.value : this.#ownWord(host, name)),
      settled: (value) => this.#settled(host, value),
    }
  }

  /** What Ansible knows of every host without being told. */
  #ownWord(host: Unevaluated, name: string): unknown {
    switch (name) {
      case 'inventory_hostname':
        return host.name
      case 'inventory_hostname_short':
        return host.name.split('.')[0]
      case 'group_names':
        return [...host.groups].sort()
      case 'groups':
        return ((group) => this.#groups.get(group)) satisfies Lookup
      case 'hostvars':
        return ((other) => this.#variablesOf(other)) satisfies Lookup
      case 'playbook_dir':
        return this.#playbookFolder
      case 'inventory_file':
        return host.source
      case 'inventory_dir':
        return host.source === undefined ? undefined : path.dirname(host.source)
      default:
        return undefined
    }
  }

  #variablesOf(name: string): Lookup | undefined {
    const host = this.#hosts.get(name)
    if (!host) return undefined
    const scope = this.#scope(host)
    return (variable) => {
      const value = scope.variable(variable)
      return value === undefined || typeof value === 'function' ? value : this.#settledDeep(host, value)
    }
  }
}

const isOpen = (leaf: unknown) => leaf instanceof Template || leaf instanceof Unusable

function has(value: unknown, wanted: (leaf: unknown) => boolean): boolean {
  let found = false
  deep(value, (leaf) => {
    found ||= wanted(leaf)
    return leaf
  })
  return found
}

/** A reference to a value that is locked away. */
class Locked extends Error {
  readonly unusable: Unusable
  constructor(unusable: Unusable) {
    super()
    this.unusable = unusable
  }
}

/** Where a variable comes from, if that is a line of a file. */
function placeOf(from: string, cwd: string): Location | undefined {
  const [, file, line] = /^(.+?):(\d+)(?: |$)/.exec(from) ?? []
  return file === undefined ? undefined : { file: path.resolve(cwd, file), line: Number(line) }
}
