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
  /** Of all lines of all files. */
  readonly place: number
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
  const lines = (await Promise.all(files.map(linesOf))).flat()
  const of = lookup(lines.map((line, place) => ({ ...line, place })))
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

async function linesOf(file: string): Promise<Omit<Entry, 'place'>[]> {
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

/**
 * Finds the lines of a host, in their order. Most lines name hosts as they are, and those are found by the name: with
 * hundreds of hosts in a file each would otherwise be asked of every line.
 */
function lookup(entries: readonly Entry[]): (names: readonly string[]) => readonly Entry[] {
  const named = new Map<string, Entry[]>()
  const others: { readonly entry: Entry; readonly covers: (name: string) => boolean }[] = []
  for (const entry of entries) {
    const covers = matcher(entry.hosts)
    if (covers !== undefined) others.push({ entry, covers })
    else {
      for (const name of new Set(entry.hosts.toLowerCase().split(','))) {
        const known = named.get(name)
        if (known === undefined) named.set(name, [entry])
        else known.push(entry)
      }
    }
  }
  const found = new Map<string, readonly Entry[]>()
  return (names) => {
    const key = names.join(',')
    const before = found.get(key)
    if (before !== undefined) return before
    const mine = new Set(names.flatMap((name) => named.get(name) ?? []))
    for (const { entry, covers } of others) if (names.some(covers)) mine.add(entry)
    const sorted = [...mine].sort((a, b) => a.place - b.place)
    found.set(key, sorted)
    return sorted
  }
}

/** Whether the first field of a line means a host; undefined for one that only names hosts. */
function matcher(hosts: string): ((name: string) => boolean) | undefined {
  if (hosts.startsWith('|1|')) {
    const [, , salt, hash] = hosts.split('|')
    if (salt === undefined || hash === undefined) return () => false
    const key = Buffer.from(salt, 'base64')
    return (name) => createHmac('sha1', key).update(name).digest('base64') === hash
  }
  if (!/[*?!]/.test(hosts)) return undefined
  const patterns = hosts.toLowerCase().split(',')
  const not = patterns.filter((one) => one.startsWith('!')).map((one) => wildcards(one.slice(1)))
  const of = patterns.filter((one) => !one.startsWith('!')).map(wildcards)
  return (name) => of.some((one) => one.test(name)) && !not.some((one) => one.test(name))
}
