import { createPublicKey, verify as verifySignature } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { wildcards } from '../model/glob.ts'
import { Packet, packed } from './wire.ts'

/** What the name of an algorithm ends in where it stands for a certificate. */
export const suffix = '-cert-v01@openssh.com'

/** An OpenSSH certificate: a public key, and who vouches for what about it. */
export interface Certificate {
  /** As it is on the wire. */
  readonly blob: Buffer
  /** The key that it is about. */
  readonly key: Buffer
  readonly kind: 'user' | 'host'
  readonly name: string
  /** The hosts or users that it is for; none: any. */
  readonly principals: readonly string[]
  /** Seconds since 1970. */
  readonly after: bigint
  readonly before: bigint
  readonly critical: readonly string[]
  /** The key of who signed it. */
  readonly authority: Buffer
  readonly signed: Buffer
  readonly signature: Buffer
}

// How many fields say the key, by its type.
const fields: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
}

/** Reads a certificate as it is on the wire; undefined for everything else. */
export function certificateIn(blob: Buffer): Certificate | undefined {
  try {
    const packet = new Packet(blob)
    const type = packet.text()
    const plain = type.endsWith(suffix) ? type.slice(0, -suffix.length) : ''
    const count = fields[plain]
    if (count === undefined) return undefined
    packet.string()
    const key = packed(plain, ...Array.from({ length: count }, () => packet.string()))
    packet.long()
    const kind = packet.number()
    const name = packet.text()
    const principals = new Packet(packet.string()).rest((one) => one.text())
    const [after, before] = [packet.long(), packet.long()]
    const critical = new Packet(packet.string()).rest((one) => [one.text(), one.string()] as const)
    packet.string()
    packet.string()
    const authority = packet.string()
    const signed = blob.subarray(0, packet.at)
    const signature = packet.string()
    if (kind !== 1 && kind !== 2) return undefined
    return {
      ...{ blob, key, kind: kind === 1 ? 'user' : 'host', name, principals, after, before },
      ...{ critical: critical.map(([one]) => one), authority, signed, signature },
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Reads the certificate of a `-cert.pub` file. */
export function certificateOf(text: string): Certificate | undefined {
  const [, base64] = /^\S+@openssh\.com\s+([A-Za-z0-9+/=]+)/m.exec(text) ?? []
  return base64 === undefined ? undefined : certificateIn(Buffer.from(base64, 'base64'))
}

/** Why a certificate does not hold now, whoever it is for; undefined when it does. */
export function outOfTime({ after, before }: Certificate, now = Date.now()): string | undefined {
  const seconds = BigInt(Math.floor(now / 1000))
  const shown = (time: bigint) => new Date(Number(time) * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
  if (seconds < after) return `it is not valid before ${shown(after)}`
  return seconds >= before ? `it expired at ${shown(before)}` : undefined
}

/** Why the certificate of a host does not vouch for it under any of the names; undefined when it does. */
export function faultOf(certificate: Certificate, names: readonly string[]): string | undefined {
  if (certificate.kind !== 'host') return 'it is that of a user'
  const late = outOfTime(certificate)
  if (late) return late
  const { principals, critical } = certificate
  if (principals.length > 0 && !names.some((name) => principals.some((one) => wildcards(one.toLowerCase()).test(name))))
    return `it is for ${principals.join(', ')}`
  if (critical.length > 0) return `it has the option ${critical[0]}, which is not known`
  return isSigned(certificate) ? undefined : 'its signature is wrong'
}

const hashes: Readonly<Record<string, string>> = {
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
}
const lengths: Readonly<Record<string, number>> = {
  'ecdsa-sha2-nistp256': 32,
  'ecdsa-sha2-nistp384': 48,
  'ecdsa-sha2-nistp521': 66,
}

/** Did the authority sign it? A signature by SHA-1 counts for none, as it does for OpenSSH. */
function isSigned({ authority, signed, signature }: Certificate): boolean {
  const packet = new Packet(signature)
  const [algorithm, value] = [packet.text(), packet.string()]
  const type = new Packet(authority).text()
  if (algorithm !== type && !(type === 'ssh-rsa' && algorithm.startsWith('rsa-sha2-'))) return false
  const key = publicKey(authority)
  const hash = hashes[algorithm]
  if (key === undefined || (hash === undefined && algorithm !== 'ssh-ed25519')) return false
  const length = lengths[algorithm]
  if (length === undefined) return verifySignature(hash ?? null, signed, key, value)
  const both = new Packet(value)
  const whole = [both.string(), both.string()].map((one) => {
    const number = one.subarray(Math.max(0, one.length - length))
    return Buffer.concat([Buffer.alloc(length - number.length), number])
  })
  return verifySignature(hash!, signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat(whole))
}

function publicKey(blob: Buffer) {
  const packet = new Packet(blob)
  const type = packet.text()
  const url = (part: Buffer) => part.toString('base64url')
  // A number on the wire has a zero before it where its first bit is set.
  const number = (part: Buffer) => url(part[0] === 0 ? part.subarray(1) : part)
  if (type === 'ssh-ed25519')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: url(packet.string()) }, format: 'jwk' })
  if (type === 'ssh-rsa') {
    const [e, n] = [number(packet.string()), number(packet.string())]
    return createPublicKey({ key: { kty: 'RSA', e, n }, format: 'jwk' })
  }
  const length = lengths[type]
  if (length === undefined) return undefined
  packet.string()
  const point = packet.string()
  const [x, y] = [url(point.subarray(1, 1 + length)), url(point.subarray(1 + length))]
  return createPublicKey({ key: { kty: 'EC', crv: `P-${type.slice(-3)}`, x, y }, format: 'jwk' })
}

/** A key with the certificate that is shown in its place. */
export type Certified = ParsedKey & { readonly certificate: Certificate }

/** The key as ssh2 takes it, with its certificate: whoever sends it shows that. */
export function certified(key: ParsedKey, certificate: Certificate): Certified {
  return Object.create(key, { certificate: { value: certificate } }) as Certified
}
