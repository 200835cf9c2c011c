import { Advice, type Change, type Json } from './operation.ts'
import { Secret } from './secret.ts'

/**
 * A change as JSON: bytes as base64, secrets by their labels alone. The secrets are put into `secrets` under the labels
 * that now stand for them; with one map for a whole plan no label stands for two of them.
 * @throws Advice when two different secrets have one label; Error for what is no plain data
 */
export function pack(change: Change, secrets: Map<string, Secret>): Json {
  return packed(change, 'the change', secrets)
}

/** The change that was packed. @throws Advice when nobody has a secret that is in it */
export function unpack(json: Json, secretOf: (label: string) => Secret | undefined): Change {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return (json as readonly Json[]).map((one) => unpack(one, secretOf))
  const entries = Object.entries(json as { readonly [key: string]: Json })
  const [key, value] = entries[0] ?? []
  if (key === '$bytes') return Buffer.from(value as string, 'base64')
  if (key === '$secret') return unpackSecret(value as PackedSecret, secretOf)
  if (key === '$undefined') return undefined
  return Object.fromEntries(entries.map(([key, one]) => [key.replace(/^\$\$/, '$'), unpack(one, secretOf)]))
}

/** A label, or readable texts with labels between them. */
type PackedSecret = string | readonly (string | { readonly label: string })[]

function packed(change: Change, where: string, secrets: Map<string, Secret>): Json {
  if (change === null || typeof change === 'string' || typeof change === 'boolean') return change
  if (typeof change === 'number' && Number.isFinite(change)) return change
  if (change === undefined) return { $undefined: true }
  if (change instanceof Secret) return { $secret: packSecret(change, secrets) }
  if (change instanceof Uint8Array) return { $bytes: Buffer.from(change).toString('base64') }
  if (Array.isArray(change))
    return (change as readonly Change[]).map((one, i) => packed(one, `${where}[${i}]`, secrets))
  if (!isPlain(change)) throw new Error(`${where} is no plain data: ${String(change)} cannot be kept`)
  return Object.fromEntries(
    Object.entries(change)
      .filter(([, one]) => one !== undefined)
      // What begins with one $ is a mark of ours.
      .map(([key, one]) => [key.replace(/^\$/, '$$$$'), packed(one, `${where}.${key}`, secrets)]),
  )
}

function isPlain(value: unknown): value is { readonly [key: string]: Change } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function packSecret(secret: Secret, secrets: Map<string, Secret>): PackedSecret {
  if (secret.label !== undefined) return labelFor(secret, secret.label, secrets)
  return secret.parts.map((part) =>
    typeof part === 'string' ? part : { label: labelFor(part, part.label ?? '', secrets) },
  )
}

function labelFor(secret: Secret, label: string, secrets: Map<string, Secret>): string {
  for (let n = 1; ; n++) {
    const one = n === 1 ? label : `${label} (${n})`
    const other = secrets.get(one)
    if (!other) secrets.set(one, secret)
    if (!other || other.reveal() === secret.reveal()) return one
    // Nobody else knows a content by its label, so it may get a number.
    if (!secret.isContent)
      throw new Advice(
        `two different secrets are both called ‹${label}›: a plan could not tell which is meant`,
        'give them names of their own',
      )
  }
}

function unpackSecret(from: PackedSecret, secretOf: (label: string) => Secret | undefined): Secret {
  const find = (label: string): Secret => {
    const found = secretOf(label)
    if (!found)
      throw new Advice(
        `the secret ‹${label}› of the plan is not known here`,
        'give the inventory the secrets that it had when the plan was made',
      )
    return found
  }
  if (typeof from === 'string') return find(from)
  return Secret.join(from.map((part) => (typeof part === 'string' ? part : find(part.label))))
}
