import { isIPv6 } from 'node:net'
import { besides } from './besides.ts'
import { glob } from './glob.ts'
import { hostsOf, type Host, type Inventory } from './inventory.ts'
import { Advice } from './operation.ts'
import { didYouMean, type Problem } from './problem.ts'

/**
 * Hosts in the order the pattern names them, and every part of it that is wrong or names nothing. Groups without
 * hosts are named all the same.
 */
export interface Matched {
  readonly hosts: readonly Host[]
  readonly problems: readonly Problem[]
}

/** The hosts of a pattern such as `compute:&staging:!node-01`, `db[0],~web-\d+`. */
export function matchHosts(pattern: string, inventory: Inventory): Matched {
  return match(splitPattern(pattern), inventory)
}

/**
 * Those of the hosts that every --limit leaves; `@file` stands for the patterns in a file, one a line.
 * `readLimitFile` throws when it cannot.
 */
export function applyLimit(
  hosts: readonly Host[],
  limit: readonly string[],
  inventory: Inventory,
  readLimitFile: (path: string) => string,
): Matched {
  const problems: Problem[] = []
  const parts = limit.flatMap(splitPattern).flatMap((part) => {
    if (!part.startsWith('@')) return [part]
    try {
      return readLimitFile(part.slice(1))
        .split('\n')
        .filter((line) => !/^\s*#/.test(line))
        .flatMap(splitPattern)
    } catch (error) {
      const file = part.slice(1)
      problems.push(
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? { message: `there is no limit file ${file}`, hint: besides(file) }
          : {
              message: `the limit file ${file} cannot be read: ${(error as Error).message}`,
              hint: `see ls -l ${file}`,
            },
      )
      return []
    }
  })
  if (problems.length > 0) return { hosts: [], problems }
  const asked = limit.filter((text) => text.trim() !== '').join(',')
  if (asked === '') return { hosts, problems }
  if (parts.length === 0) return { hosts: [], problems: [{ message: `the limit ${asked} names no host`, hint: all }] }

  const allowed = match(parts, inventory)
  const names = new Set(allowed.hosts.map(({ name }) => name))
  return { hosts: hosts.filter(({ name }) => names.has(name)), problems: allowed.problems }
}

const all = 'write all for every host'

function match(parts: readonly string[], inventory: Inventory): Matched {
  const plain = parts.filter((part) => !/^[&!]/.test(part))
  if (parts.length === 0) return { hosts: [], problems: [{ message: 'an empty pattern names no host', hint: all }] }
  const problems: Problem[] = []
  const resolve = (part: string) => {
    const found = matchPart(part.replace(/^[&!]/, ''), inventory, parts.length > 1)
    if ('message' in found)
      problems.push(part.startsWith('!') ? { ...found, message: `${part} excludes nothing: ${found.message}` } : found)
    return 'message' in found ? [] : found
  }

  const hosts = new Map<string, Host>()
  // Position does not matter: what is taken away is taken from everything that was added.
  for (const part of plain.length > 0 ? plain : ['all']) {
    const exact = inventory.hosts.get(part)
    for (const host of exact ? [exact] : resolve(part)) if (!hosts.has(host.name)) hosts.set(host.name, host)
  }
  for (const part of parts.filter((p) => p.startsWith('&'))) {
    const kept = new Set(resolve(part).map(({ name }) => name))
    for (const name of hosts.keys()) if (!kept.has(name)) hosts.delete(name)
  }
  for (const part of parts.filter((p) => p.startsWith('!'))) for (const { name } of resolve(part)) hosts.delete(name)

  return { hosts: [...hosts.values()], problems }
}

/** The parts of a pattern: split at commas or, when there is none, at the colons outside brackets. */
function splitPattern(pattern: string): readonly string[] {
  const text = pattern.trim()
  const whole = text.replace(/^[&!]/, '')
  if (text === '') return []
  if (text.includes(','))
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  if ((whole.includes(':') && isIPv6(whole)) || text.startsWith('@')) return [text]
  // A bracket that is never closed stays in its part, so that the part is refused and not cut in two.
  return text.match(/(?:[^\s:[\]]|\[[^\]]*\]|[[\]])+/g) ?? []
}

const localNames = ['localhost', '127.0.0.1', '::1']

// `cut`: there are other parts, of which this one may have been one.
function matchPart(part: string, inventory: Inventory, cut: boolean): readonly Host[] | Problem {
  if (part.startsWith('~')) {
    try {
      return named(part, new RegExp(`^(?:${part.slice(1)})`), inventory)
    } catch (error) {
      const [, reason = ''] = /.*: (.+)$/s.exec((error as Error).message) ?? []
      const hint = cut
        ? 'a regular expression with : or , in it is cut there: write . for it'
        : 'put a \\ before what stands for itself: \\[ \\( \\* \\+ \\?'
      return { message: `${part} is not a regular expression: ${reason.replace(/^./, (c) => c.toLowerCase())}`, hint }
    }
  }
  const dashed = /^(.+)\[(\d+)-(\d*)\]$/.exec(part)
  if (dashed) {
    const [, base, from, to] = dashed
    const regex = part.replace(/[*?.]/g, (c) => ({ '*': '.*', '?': '.' })[c] ?? `\\${c}`)
    return {
      message: `${part} is neither a slice nor a glob`,
      hint: `write ${base}[${from}:${to}] for elements of ${base}, ~${regex}$ for names`,
    }
  }
  const slice = /^(.+)\[(?:(-?\d+)|(-?\d+)?:(-?\d+)?)\]$/.exec(part)
  if (!slice) return named(part, undefined, inventory)

  const [, base = '', index, from, to] = slice
  const all = named(base, undefined, inventory)
  if ('message' in all) {
    const digits = part.slice(base.length)
    return {
      message: all.message,
      hint: `${digits} is read as a slice of ${base}: write ~${base}[0-9] for names; or ${all.hint}`,
    }
  }
  const found =
    index !== undefined ? all.slice(Number(index), Number(index) + 1 || undefined) : between(all, from ?? '', to ?? '')
  return found.length > 0 || all.length === 0
    ? found
    : {
        message: `${part} matches no host: ${base} has ${all.length}, counted from 0`,
        hint: all.length === 1 ? `write ${base}[0]` : `write one of ${base}[0] to ${base}[${all.length - 1}]`,
      }
}

// Both ends are included, and an end of 0 counts as no slice at all: so does Ansible.
function between(hosts: readonly Host[], from: string, to: string): readonly Host[] {
  const at = (text: string, otherwise: number) =>
    text === '' ? otherwise : Number(text) < 0 ? hosts.length + Number(text) : Number(text)
  const start = Math.max(0, at(from, 0))
  return to !== '' && Number(to) === 0
    ? hosts.slice(start, start + 1)
    : hosts.slice(start, Math.max(0, at(to, hosts.length - 1) + 1))
}

function named(part: string, regex: RegExp | undefined, inventory: Inventory): readonly Host[] | Problem {
  const wild = regex !== undefined || /[*?[]/.test(part)
  const test = regex ?? (wild ? glob(part) : undefined)
  const fits = (name: string) => (test ? test.test(name) : name === part)

  const groups = [...new Set(['all', 'ungrouped', ...inventory.groups.keys()])].filter(fits)
  const found = new Map<string, Host>()
  for (const group of groups) for (const host of members(group, inventory)) found.set(host.name, host)
  if (groups.length === 0 || wild || part.includes('.')) {
    for (const host of inventory.hosts.values()) if (fits(host.name)) found.set(host.name, host)
  }
  if (found.size === 0 && localNames.includes(part)) return [implicit(part, inventory)]
  if (found.size > 0 || groups.length > 0) return [...found.values()]
  return { message: `no host or group matches ${part}`, hint: nearby(part, inventory) }
}

/** The name that was most likely meant, or what there is. Of a glob or a regular expression the plain letters count. */
function nearby(part: string, { path, groups, hosts }: Inventory): string {
  const names = [...groups.keys(), ...hosts.keys()]
  const near = didYouMean(part.replace(/^~|[*?^$\\]|\.[*+]/g, ''), names)
  const some = [...groups.keys()].filter((name) => name !== 'all' && name !== 'ungrouped')
  const there = some.length > 0 ? some : [...hosts.keys()]
  const shown = [...there.slice(0, mostNamed), ...(there.length > mostNamed ? ['…'] : [])].join(', ')
  return (
    near ?? (there.length > 0 ? `${path || 'the inventory'} has ${shown}` : `add hosts to ${path || 'the inventory'}`)
  )
}

const mostNamed = 8

// A group keeps its own order, which is not that of the inventory when its hosts are mentioned elsewhere first.
function members(group: string, inventory: Inventory): readonly Host[] {
  const listed = inventory.groups.get(group)?.hosts
  if (listed) return listed.flatMap((name) => inventory.hosts.get(name) ?? [])
  if (group === 'ungrouped')
    return [...inventory.hosts.values()].filter(({ groups }) => groups.length === 0 || groups.includes('ungrouped'))
  return hostsOf(inventory, group)
}

/** The machine that `run` runs on, when the inventory does not list it. */
function implicit(name: string, inventory: Inventory): Host {
  return { name, groups: [], settings: { connection: 'local' }, vars: inventory.groups.get('all')?.vars ?? {} }
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * The names of a range: `node-[01:10]`, `rack[a:c]-[1:9:2]`; several ranges multiply, the left one slowest. @throws
 * on a bad range
 */
export function expandRange(text: string): string[] {
  const open = text.indexOf('[')
  const close = text.indexOf(']', open)
  if (open < 0 && !text.includes(']')) return [text]
  if (open < 0 || close < 0 || text.indexOf(']') < open)
    throw new Advice(`${text}: a bracket without its partner`, 'write a range as [1:3]: names have no brackets')
  const [head, range, tail] = [text.slice(0, open), text.slice(open + 1, close), text.slice(close + 1)]
  const rests = expandRange(tail)
  return sequence(range, text).flatMap((middle) => rests.map((rest) => head + middle + rest))
}

function sequence(range: string, text: string): readonly string[] {
  const wrong = (reason: string, hint: string) => new Advice(`${text}: ${reason}`, hint)
  const [from = '', to = '', by = '1', ...more] = range.split(':')
  if (!range.includes(':') || more.length > 0)
    throw wrong(`[${range}] is not a range`, 'write [FIRST:LAST] or [FIRST:LAST:STEP]')
  if (to === '') throw wrong(`the range [${range}] has no end`, `write [${from || '1'}:LAST]`)
  if (!/^\d+$/.test(by) || Number(by) === 0)
    throw wrong(`the step ${by} of the range is not a number above 0`, `write [${from}:${to}:2], or leave it out`)
  const first = from === '' ? '0' : from
  const step = Number(by)

  if (/^[a-zA-Z]$/.test(first) && /^[a-zA-Z]$/.test(to)) {
    const [start, end] = [letters.indexOf(first), letters.indexOf(to)]
    if (start > end) throw wrong(`the range starts at ${first}, after its end ${to}`, `write [${to}:${first}]`)
    return [...letters.slice(start, end + 1)].filter((_, i) => i % step === 0)
  }
  if (!/^\d+$/.test(first) || !/^\d+$/.test(to))
    throw wrong(`the ends of [${range}] are neither numbers nor letters`, 'write [1:12], [01:12] or [a:c]')
  const padded = first.length > 1 && first.startsWith('0')
  if (padded && first.length !== to.length)
    throw wrong(
      `${first} and ${to} must have the same length, since ${first} starts with 0`,
      `write [${first.replace(/^0+(?=.)/, '').padStart(to.length, '0')}:${to}]`,
    )
  const count = Math.max(0, Math.floor((Number(to) - Number(first)) / step) + 1)
  return Array.from({ length: count }, (_, i) =>
    String(Number(first) + i * step).padStart(padded ? first.length : 0, '0'),
  )
}
