import { didYouMean, type Problem } from './problem.ts'
import { hostsOf, type Host, type HostRef, type Inventory, Unusable } from './inventory.ts'
import { Secret } from './secret.ts'
import { described, isStandardSchema, type OutputOf, type StandardSchema, validated } from './standard-schema.ts'

/** A kind of variable: what a role expects, and how a raw value of the inventory becomes a typed one. */
export interface Var<T> {
  readonly expected: string
  readonly fallback?: T
  readonly optional: boolean
  /** Raw values are not to be shown, not even in an error about them. */
  readonly sensitive?: boolean
  readonly about?: string
  /** The typed value, or undefined when the raw one is not of this kind. */
  parse(raw: unknown, name: string, inventory: Inventory): T | undefined
  /** Why the inventory gives no value for a variable that is not set, and what to do about it. */
  unset?(inventory: Inventory): Problem | undefined
  /** The same kind with a value for hosts that do not set it. */
  or<F extends T | undefined>(fallback: F): Var<T | F>
  /** The same kind with a sentence for `run vars`. */
  describe(about: string): Var<T>
}

/** The variables that a role wants, by name: kinds of this library, or schemas of zod, valibot and their like. */
export type Schema = Readonly<Record<string, Var<unknown> | StandardSchema>>
/** The typed variables of a schema. */
export type VarsOf<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Var<infer T> ? T : OutputOf<S[K]>
}

interface Kind<T> {
  readonly expected: string
  readonly parse: Var<T>['parse']
  readonly unset?: NonNullable<Var<T>['unset']>
  readonly optional?: boolean
  readonly fallback?: T
  readonly sensitive?: boolean
  readonly about?: string
}

function kind<T>(made: Kind<T>): Var<T> {
  return {
    optional: false,
    ...made,
    or: (fallback) => kind<T | typeof fallback>({ ...made, optional: true, fallback }),
    describe: (about) => kind({ ...made, about }),
  }
}

/**
 * A text. Numbers are not taken for texts: a password 0123 would lose its zero.
 *
 * ```ts
 * role('app', { folder: text.or('/srv/app') }, define)
 * ```
 */
export const text: Var<string> = kind({
  expected: 'a text',
  parse: (raw) => (typeof raw === 'string' ? raw : undefined),
})
/**
 * A number; a text of digits, as -e k=v gives it, counts.
 *
 * ```ts
 * role('app', { workers: number.or(4) }, define)
 * ```
 */
export const number: Var<number> = kind({
  expected: 'a number',
  parse: (raw) =>
    typeof raw === 'number' ? raw : typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : undefined,
})
/**
 * true or false; the texts yes/no, true/false, on/off count, nothing else does.
 *
 * ```ts
 * role('app', { debug: flag.or(false) }, define)
 * ```
 */
export const flag: Var<boolean> = kind({
  expected: 'true or false',
  parse: (raw) =>
    typeof raw === 'boolean'
      ? raw
      : typeof raw === 'string' && /^(true|yes|on)$/i.test(raw)
        ? true
        : typeof raw === 'string' && /^(false|no|off)$/i.test(raw)
          ? false
          : undefined,
})
/**
 * A list of texts; a text with commas, as -e k=a,b gives it, counts.
 *
 * ```ts
 * role('app', { tenants: list }, define)
 * ```
 */
export const list: Var<readonly string[]> = kind({
  expected: 'a list of texts',
  parse: (raw) =>
    typeof raw === 'string'
      ? raw
          .split(',')
          .map((s) => s.trim())
          .filter(Boolean)
      : Array.isArray(raw) && raw.every((v) => typeof v === 'string')
        ? (raw as string[])
        : undefined,
})
/**
 * Names with texts, such as the options of a driver.
 *
 * ```ts
 * role('app', { options: mapping.or({}) }, define)
 * ```
 */
export const mapping: Var<Readonly<Record<string, string>>> = kind({
  expected: 'a mapping of names to texts',
  parse: (raw) =>
    typeof raw === 'object' &&
    raw !== null &&
    !Array.isArray(raw) &&
    !(raw instanceof Secret) &&
    Object.values(raw).every((v) => typeof v === 'string')
      ? (raw as Record<string, string>)
      : undefined,
})
/**
 * A value that must not be seen; a plain text is taken and treated as secret from then on.
 *
 * ```ts
 * role('app', { password: secret.describe('of the database') }, define)
 * ```
 */
export const secret: Var<Secret> = kind({
  expected: 'a secret',
  sensitive: true,
  parse: (raw, name) => (raw instanceof Secret ? raw : typeof raw === 'string' ? Secret.of(raw, name) : undefined),
})

/**
 * Names with secrets, such as the passwords of several services.
 *
 * ```ts
 * role('app', { passwords: secrets }, define)
 * ```
 */
export const secrets: Var<Readonly<Record<string, Secret>>> = kind({
  expected: 'a mapping of names to secrets',
  sensitive: true,
  parse: (raw, name) =>
    typeof raw === 'object' &&
    raw !== null &&
    !Array.isArray(raw) &&
    !(raw instanceof Secret) &&
    Object.values(raw).every((v) => typeof v === 'string' || v instanceof Secret)
      ? Object.fromEntries(
          Object.entries(raw as Record<string, string | Secret>).map(([key, v]) => [
            key,
            v instanceof Secret ? v : Secret.of(v, `${name}.${key}`),
          ]),
        )
      : undefined,
})

/**
 * One of the given words.
 *
 * ```ts
 * role('app', { release: oneOf('havana', 'icehouse') }, define)
 * ```
 */
export function oneOf<const C extends readonly string[]>(...choices: C): Var<C[number]> {
  return kind<C[number]>({
    expected: `one of ${choices.join(', ')}`,
    parse: (raw) => (typeof raw === 'string' && choices.includes(raw) ? raw : undefined),
  })
}

/**
 * The host of a group that has exactly one, unless the variable names another: how a play on one host speaks of a
 * second one.
 *
 * ```ts
 * role('app', { database: oneHost('db') }, ({ task }) => {
 *   task('Greet the database', (host) => host.on(host.vars.database).run(probe`uptime`))
 * })
 * ```
 */
export function oneHost(group: string): Var<HostRef> {
  return kind<HostRef>({
    expected: `a host (by default the only host of the group ${group})`,
    unset(inventory) {
      const names = hostsOf(inventory, group).map(({ name }) => name)
      const some = names.length > 0 ? names.length : 'no'
      return (
        noGroup(inventory, group) ?? {
          message: `the group ${group} has ${some} hosts`,
          hint:
            names.length > 0 ? `set it to one of them: ${names.join(', ')}` : 'put one into it, or set the variable',
        }
      )
    },
    parse(raw, _name, inventory) {
      const members = hostsOf(inventory, group)
      const host =
        raw === undefined
          ? members.length === 1
            ? members[0]
            : undefined
          : typeof raw === 'string'
            ? inventory.hosts.get(raw)
            : undefined
      return host && { name: host.name }
    },
  })
}

/**
 * Every host of a group, in inventory order.
 *
 * ```ts
 * role('proxy', { apps: allHosts('app') }, ({ ensure }) => {
 *   ensure('List the servers', ({ vars }) =>
 *     file.content('/etc/servers', vars.apps.map(({ name }) => `${name}\n`).join('')))
 * })
 * ```
 */
export function allHosts(group: string): Var<readonly HostRef[]> {
  return kind<readonly HostRef[]>({
    expected: `the hosts of the group ${group}`,
    unset: (inventory) => noGroup(inventory, group),
    parse: (raw, _name, inventory) =>
      raw === undefined && inventory.groups.has(group)
        ? hostsOf(inventory, group).map(({ name }) => ({ name }))
        : undefined,
  })
}

function noGroup({ groups }: Inventory, group: string): Problem | undefined {
  if (group === 'all' || groups.has(group)) return undefined
  const hint = didYouMean(group, groups.keys()) ?? `there are: ${[...groups.keys()].join(', ')}`
  return { message: `there is no group ${group}`, hint }
}

/**
 * The typed variables of a role for one host, or every reason why they cannot be had. `bound` (from `role.with`) wins
 * over the inventory.
 */
export function resolveVars<S extends Schema>(
  schema: S,
  host: Host,
  inventory: Inventory,
  bound: Readonly<Record<string, unknown>> = {},
): { readonly vars: VarsOf<S>; readonly problems: readonly Problem[] } {
  const vars: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const [name, kind] of Object.entries(schema)) {
    if (Object.hasOwn(bound, name) && bound[name] !== undefined) {
      vars[name] = bound[name]
      continue
    }
    const raw = Object.hasOwn(host.vars, name) ? host.vars[name] : undefined
    if (raw?.value instanceof Unusable) {
      const { problem } = raw.value
      problems.push({ ...problem, message: `${host.name}: ${name} cannot be had: ${problem.message} (${raw.from})` })
      continue
    }
    const wrong = (message: string, instead?: string) => {
      const others = Object.keys(host.vars).filter((other) => !(other in schema))
      problems.push({
        message,
        hint: instead ?? (raw === undefined ? (didYouMean(name, others) ?? setIt) : mend(raw.from)),
      })
    }
    const setIt = `set it for ${host.name} or its groups, or give -e ${name}=…`
    const mend = (from: string) => (from === '-e' ? `give -e ${name}=… of that kind` : 'correct it there')
    if (isStandardSchema(kind)) {
      const found = validated(kind, raw?.value)
      if ('value' in found) vars[name] = found.value
      else
        for (const { place, message } of found.faults)
          wrong(
            raw?.value === undefined
              ? `${host.name}: ${name} is not set: ${message}`
              : `${host.name}: ${name}${place}: ${message} (${raw.from})`,
          )
      continue
    }
    // A password of digits is the digits as they stand.
    const value = kind.parse(kind.sensitive ? (raw?.said ?? raw?.value) : raw?.value, name, inventory)
    if (value === undefined && raw?.value === undefined && kind.optional) {
      vars[name] = kind.fallback
      continue
    }
    if (value === undefined) {
      const unset = raw?.value === undefined ? kind.unset?.(inventory) : undefined
      if (unset) {
        problems.push({ ...unset, message: `${host.name}: ${name} must be ${kind.expected}, and ${unset.message}` })
        continue
      }
      const found =
        raw?.value === undefined
          ? 'is not set'
          : `is ${raw.said && !kind.sensitive ? `the number ${raw.said}` : shown(raw.value, kind)} (${raw.from})`
      wrong(
        `${host.name}: ${name} must be ${kind.expected}, and ${found}`,
        typeof raw?.value === 'number' && kind.expected === 'a text' && !kind.sensitive
          ? inQuotes(name, raw.said ?? String(raw.value), raw.from)
          : undefined,
      )
    } else vars[name] = value
  }
  return { vars: vars as VarsOf<S>, problems }
}

/** What is told of a variable: what it must be, and whether it must be set. */
export type Told = Pick<Var<unknown>, 'expected' | 'optional' | 'fallback' | 'about'>

/** Tells of a variable, whoever made its kind. */
export function told(kind: Schema[string]): Told {
  if (!isStandardSchema(kind)) return kind
  const unset = validated(kind, undefined)
  return { ...described(kind), ...('value' in unset ? { optional: true, fallback: unset.value } : { optional: false }) }
}

/** How a number is written as a text: an INI value is in quotes within quotes. */
function inQuotes(name: string, number: string, from: string): string {
  return from === '-e'
    ? `give it as a text: -e '{"${name}": "${number}"}'`
    : `write it as a text there: ${name}: '${number}' in YAML, ${name}='"${number}"' in INI`
}

function shown(raw: unknown, kind: Var<unknown>): string {
  if (raw instanceof Secret) return 'a secret'
  // A password without its quotes is a number to YAML: it is still a password.
  if (kind.sensitive) return Array.isArray(raw) ? 'a list' : raw === null ? 'empty' : `a ${typeof raw}`
  return JSON.stringify(raw)
}
