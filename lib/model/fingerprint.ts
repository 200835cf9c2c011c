import { createHmac } from 'node:crypto'
import { Secret } from './secret.ts'

/**
 * What tells a value from every other one and does not tell what it is: equal values have equal ones under the same
 * key, and whoever lacks the key can only guess.
 */
export function fingerprint(value: unknown, key: string): string {
  const hash = createHmac('sha256', key)
  feed(value, (piece) => void hash.update(piece), [])
  return hash.digest('base64').slice(0, 16)
}

/**
 * The fingerprints of a value's parts by their names, so that it can be said which of them is another now: `mode`,
 * `0.running`. Of a value without parts it is the one under the empty name.
 */
export function fingerprints(value: unknown, key: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const walk = (part: unknown, name: string, depth: number): void => {
    const parts = depth < 2 ? partsOf(part) : undefined
    if (!parts) found[name] = fingerprint(part, key)
    else for (const [key, one] of parts) walk(one, name === '' ? key : `${name}.${key}`, depth + 1)
  }
  walk(value, '', 0)
  return found
}

/** The names under which two lists of fingerprints differ. */
export function differing(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name])
}

// Long lists are told as one: nobody reads which of a thousand rows it is.
const mostParts = 32

function partsOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Secret || value instanceof Uint8Array || value instanceof Date) return undefined
  const parts: readonly (readonly [string, unknown])[] =
    value instanceof Map
      ? [...value].map(([name, one]) => [String(name), one] as const)
      : value instanceof Set
        ? []
        : Object.entries(value)
  return parts.length === 0 || parts.length > mostParts ? undefined : parts
}

// Every piece says how long it is, so that no two values run together into one text.
function feed(value: unknown, put: (piece: string | Uint8Array) => void, around: readonly unknown[]): void {
  const say = (kind: string, text: string | Uint8Array) => {
    put(`${kind}${typeof text === 'string' ? Buffer.byteLength(text) : text.length}:`)
    put(text)
  }
  if (value instanceof Secret) return say('secret', value.reveal())
  if (value instanceof Uint8Array) return say('bytes', value)
  if (value instanceof Date) return say('date', String(value.getTime()))
  if (typeof value !== 'object' || value === null) return say(typeof value, String(value))
  if (around.includes(value)) return say('circle', String(around.indexOf(value)))
  const inside = [...around, value]
  const parts: readonly (readonly [unknown, unknown])[] =
    value instanceof Map
      ? [...value]
      : value instanceof Set
        ? [...value].map((one) => [one, true] as const)
        : Object.entries(value)
            .filter(([, one]) => one !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1))
  say(Array.isArray(value) ? 'list' : 'parts', String(parts.length))
  for (const [name, one] of parts) {
    feed(name, put, inside)
    feed(one, put, inside)
  }
}
