import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from '../model/secret.ts'

/** Each value shortened to what tells it from another one. */
export function digestsOf(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const secrets = secretsIn(value, new Set()).map((secret) => hint(name, secret.reveal()))
      return [name, hash(`${shown(value)}\0${secrets.join('\0')}`).slice(0, 12)]
    }),
  )
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

// Enough of it to notice that a secret was changed, and too little to find out what it is: sixteen bits, which are the
// same in every run.
const hint = (name: string, text: string) => createHash('sha256').update(`${name}\0${text}`).digest('hex').slice(0, 4)

const shown = (value: unknown) =>
  inspect(value, {
    depth: Infinity,
    sorted: true,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
    breakLength: Infinity,
  })

function secretsIn(value: unknown, seen: Set<unknown>): readonly Secret[] {
  if (value instanceof Secret) return [value]
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  const held = value instanceof Map || value instanceof Set ? [...value] : Object.values(value)
  return held.flatMap((one) => secretsIn(one, seen))
}
