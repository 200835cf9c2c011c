import { createHash, createHmac } from 'node:crypto'
import { appendFile, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { wildcards } from '../model/glob.ts'

/** What the files of known hosts say about a key that a host showed. */
export type Verdict =
  | { readonly is: 'known' | 'unknown' }
  | { readonly is: 'revoked'; readonly at: string }
  | { readonly is: 'changed'; readonly at: string; readonly fingerprint: string; readonly type: string }

interface Entry {
  readonly marker: string | undefined
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
  readonly at: string
}

/** The host keys recorded in some files. */
export interface KnownHosts {
  readonly files: readonly string[]
  /** The types of the keys recorded for a host, which it should be asked for first. */
  types(names: readonly string[]): readonly string[]
  check(names: readonly string[], key: Buffer): Verdict
  /** Does any authority vouch for a host by certificates? */
  certifies(names: readonly string[]): boolean
  /** What is said of an authority where it vouches for a host. */
  authority(names: readonly string[], key: Buffer): Verdict
}

/** Reads files of known hosts as OpenSSH does; those that do not exist are empty. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHosts> {
  const entries = (await Promise.all(files.map(entriesOf))).flat()
  const of = (names: readonly string[]): Entry[] => {
    return entries.filter(({ hosts }) => names.some((name) => covers(hosts, name)))
  }
  return {
    files,
    types: (names) => [
      ...new Set(
        of(names)
          .filter(({ marker }) => marker === undefined)
          .map(({ type }) => type),
      ),
    ],
    certifies: (names) => of(names).some(({ marker }) => marker === '@cert-authority'),
    authority(names, key) {
      const same = of(names).filter((entry) => entry.key.equals(key))
      const revoked = same.find(({ marker }) => marker === '@revoked')
      if (revoked !== undefined) return { is: 'revoked', at: revoked.at }
      return { is: same.some(({ marker }) => marker === '@cert-authority') ? 'known' : 'unknown' }
    },
    check(names, key) {
      const mine = of(names)
      const same = mine.filter((entry) => entry.key.equals(key))
      const revoked = same.find(({ marker }) => marker === '@revoked')
      if (revoked !== undefined) return { is: 'revoked', at: revoked.at }
      if (same.some(({ marker }) => marker === undefined)) return { is: 'known' }
      const plain = mine.filter(({ marker }) => marker === undefined)
      // A host known by other types of key only is as suspect as one with another key: an impostor chooses the type.
      const other = plain.find(({ type }) => type === keyType(key)) ?? plain[0]
      if (other === undefined) return { is: 'unknown' }
      return { is: 'changed', at: other.at, fingerprint: fingerprint(other.key), type: other.type }
    },
  }
}

/** The names under which a host is looked up: with the port when it is not 22. */
export function hostNames(port: number, ...names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.toLowerCase()).map((name) => (port === 22 ? name : `[${name}]:${port}`)))]
}

/** SHA256:… as `ssh-keygen -l` shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type a public key says it has: ssh-ed25519, ssh-rsa … */
export function keyType(key: Buffer): string {
  if (key.length < 4) return ''
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

let recording: Promise<void> = Promise.resolve()

/** Adds a key to a file, in one write, so that parallel runs do not mix their lines. */
export function recordHostKey(file: string, name: string, key: Buffer): Promise<void> {
  const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`
  recording = recording
    .catch(() => undefined)
    .then(async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await appendFile(file, `${(await endsOpen(file)) ? '\n' : ''}${line}`, { mode: 0o600 })
    })
  return recording
}

async function endsOpen(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      if (size === 0) return false
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
      return buffer[0] !== 10
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function entriesOf(file: string): Promise<Entry[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line, i) => {
    const words = line.trim().split(/\s+/)
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined
    const [hosts, type, key] = words
    if (hosts === undefined || hosts.startsWith('#') || type === undefined || key === undefined) return []
    return [{ marker, hosts, type, key: Buffer.from(key, 'base64'), at: `${file}:${i + 1}` }]
  })
}

/** Whether the first field of a line means a host. */
function covers(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt, hash] = hosts.split('|')
    if (salt === undefined || hash === undefined) return false
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  }
  let covered = false
  for (const pattern of hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!') ? wildcards(pattern.slice(1)).test(name) : false) return false
    covered ||= wildcards(pattern).test(name)
  }
  return covered
}
