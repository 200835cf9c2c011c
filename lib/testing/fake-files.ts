import path from 'node:path'

/** Whose a file is and what may be done with it. */
export interface FakeMeta {
  /** Octal: 0644 unless said, 0755 for directories. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** What lies at a path of a fake host. `content` has a character for each byte; a link has where it leads. */
export type FakeNode = { mode: number; owner: string; group: string; mtime: number } & (
  | { readonly kind: 'file'; content: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly to: string }
)

/**
 * The files of a fake host: what its scripts read and write, kept in memory.
 *
 * ```ts
 * const { files } = hosts.host('web-1')
 * files.write('/etc/app.conf', 'workers = 4\n', { mode: '0640' }).link('/srv/current', 'releases/41')
 * assert.equal(files.read('/etc/app.conf'), 'workers = 4\n')
 * ```
 */
export class FakeFiles {
  readonly #nodes = new Map<string, FakeNode>()
  readonly #now: () => number

  /** `now` gives seconds since 1970. */
  constructor(now: () => number = () => 0) {
    this.#now = now
    for (const folder of folders) this.directory(folder)
    this.directory('/tmp', { mode: '1777' })
    this.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n')
    this.write('/etc/group', 'root:x:0:\n')
  }

  /** Puts a file there, with the directories that it needs. */
  write(file: string, content: string | Uint8Array, meta: FakeMeta = {}): this {
    this.directory(path.posix.dirname(file))
    const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)
    this.put(this.real(file), { kind: 'file', content: bytes.toString('latin1'), ...this.#attributes(meta, 0o644) })
    return this
  }

  /** Makes a directory, with those that it needs; one that is there already stays. */
  directory(folder: string, meta: FakeMeta = {}): this {
    const there = this.at(folder)
    if (there?.kind === 'directory' && Object.keys(meta).length === 0) return this
    if (folder !== '/') this.directory(path.posix.dirname(folder))
    this.put(this.real(folder), { kind: 'directory', ...this.#attributes(meta, 0o755) })
    return this
  }

  /** Makes a symbolic link. */
  link(file: string, to: string): this {
    this.directory(path.posix.dirname(file))
    this.put(this.real(file, false), { kind: 'link', to, ...this.#attributes({}, 0o777) })
    return this
  }

  /** The text of a file, or undefined when there is none. */
  read(file: string): string | undefined {
    return this.bytes(file)?.toString()
  }

  /** The bytes of a file, or undefined when there is none. */
  bytes(file: string): Buffer | undefined {
    const node = this.at(file)
    return node?.kind === 'file' ? Buffer.from(node.content, 'latin1') : undefined
  }

  /** Whose a file or directory is, with its mode as four octal digits; undefined when there is nothing. */
  meta(file: string): Required<FakeMeta> | undefined {
    const node = this.at(file)
    return node && { mode: node.mode.toString(8).padStart(4, '0'), owner: node.owner, group: node.group }
  }

  /** Where a symbolic link leads, as it says so itself; undefined when the path is none. */
  linked(file: string): string | undefined {
    const node = this.at(file, false)
    return node?.kind === 'link' ? node.to : undefined
  }

  /** Takes away what lies at a path, with all that is below. */
  remove(file: string): this {
    const name = this.real(file, false)
    for (const one of [...this.#nodes.keys()]) if (one === name || one.startsWith(`${name}/`)) this.#nodes.delete(one)
    return this
  }

  /** The paths of all files and links below a directory, sorted. */
  list(folder = '/'): readonly string[] {
    const start = folder === '/' ? '/' : `${this.real(folder)}/`
    return [...this.#nodes]
      .filter(([name, { kind }]) => name.startsWith(start) && kind !== 'directory')
      .map(([name]) => name)
      .sort()
  }

  /** What lies at a path, where links lead unless told otherwise. */
  at(file: string, follow = true): FakeNode | undefined {
    return this.#nodes.get(this.real(file, follow))
  }

  /** The path without links, `.` and `..`. */
  real(file: string, follow = true, links = 0): string {
    const parts = path.posix.normalize(`/${file}`).split('/').filter(Boolean)
    let found = '/'
    for (const [i, part] of parts.entries()) {
      found = path.posix.join(found, part)
      const node = this.#nodes.get(found)
      if (node?.kind !== 'link' || (!follow && i === parts.length - 1) || links > 40) continue
      const to = path.posix.resolve(path.posix.dirname(found), node.to)
      return this.real(path.posix.join(to, ...parts.slice(i + 1)), follow, links + 1)
    }
    return found
  }

  put(real: string, node: FakeNode): void {
    this.#nodes.set(real, node)
  }

  /** A new node's attributes, as whoever makes it now gets them. */
  #attributes({ mode, owner = 'root', group = owner }: FakeMeta, otherwise: number) {
    return { mode: mode === undefined ? otherwise : parseInt(mode, 8), owner, group, mtime: this.#now() }
  }

  /** The names in a directory, sorted. */
  names(folder: string): readonly string[] {
    const real = this.real(folder)
    const start = real === '/' ? '/' : `${real}/`
    return [...this.#nodes.keys()]
      .filter((name) => name !== '/' && name.startsWith(start) && !name.slice(start.length).includes('/'))
      .map((name) => name.slice(start.length))
      .sort()
  }

  /** Gives what lies at a path, with all that is below, another path. */
  move(from: string, to: string): void {
    const [old, now] = [this.real(from, false), this.real(to, false)]
    const moved = [...this.#nodes].filter(([name]) => name === old || name.startsWith(`${old}/`))
    this.remove(to)
    for (const [name] of moved) this.#nodes.delete(name)
    for (const [name, node] of moved) this.#nodes.set(now + name.slice(old.length), node)
  }

  now(): number {
    return this.#now()
  }
}

const folders = [
  ...['/', '/bin', '/dev', '/etc', '/etc/init.d', '/home', '/proc', '/root', '/run', '/sbin', '/srv'],
  ...['/usr', '/usr/bin', '/usr/local', '/usr/local/bin', '/usr/sbin'],
  ...['/var', '/var/cache', '/var/lib', '/var/log', '/var/run', '/var/spool'],
]
