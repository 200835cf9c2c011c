import { createHash } from 'node:crypto'
import type { Patch } from './writing.ts'

// What a run edits is a few files, the same on many hosts.
const most = 64 * 1024 * 1024

/** The content of a file. */
export interface Content {
  readonly sha256: string
  readonly bytes: Buffer
}

// One object is on its way to many hosts.
const sums = new WeakMap<Uint8Array, string>()

/** The checksum of bytes that nobody changes any more. */
export function sha256Of(bytes: Uint8Array): string {
  const known = sums.get(bytes) ?? createHash('sha256').update(bytes).digest('hex')
  sums.set(bytes, known)
  return known
}

/** Contents by their checksum, the least used first. */
const contents = new Map<string, Buffer>()
let held = 0
/** Which content a path of a host had when it was last read or written. */
const last = new Map<string, string>()

/**
 * Remembers what a file of a host contains, and gives the content to go on with: the same object for the same bytes. A
 * host that still has this content need not send it again; whether it has is for the host to say, by the checksum.
 */
export function remember(host: string, path: string, bytes: Uint8Array): Content {
  const sha256 = sha256Of(bytes)
  const same = contents.get(sha256) ?? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  last.set(`${host}\0${path}`, sha256)
  if (!contents.delete(sha256)) held += same.length
  contents.set(sha256, same)
  for (const [old, { length }] of contents) {
    if (held <= most) break
    contents.delete(old)
    held -= length
  }
  return { sha256, bytes: same }
}

/** Remembers what a file of a host contains after a patch, where it is remembered what it contained before. */
export function rememberPatched(host: string, path: string, { head, tail, sha256 }: Patch, lines: Uint8Array): void {
  const before = remembered(host, path)?.bytes
  if (!before || sha256 === undefined) return
  const made = () => Buffer.concat([before.subarray(0, head), lines, before.subarray((tail ?? Infinity) - 1)])
  remember(host, path, contents.get(sha256) ?? made())
}

/** What a file of a host contained when it was last read or written, if that is still remembered. */
export function remembered(host: string, path: string): Content | undefined {
  const sha256 = last.get(`${host}\0${path}`)
  const bytes = sha256 === undefined ? undefined : contents.get(sha256)
  return bytes && { sha256: sha256!, bytes }
}
