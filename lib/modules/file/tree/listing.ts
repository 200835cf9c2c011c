import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { aside } from '../../../kit/aside.ts'
import { cannotLook, closed } from '../../../kit/closed.ts'
import { unusable } from '../../../kit/local-file.ts'
import { sh } from '../../../kit/shell.ts'
import { Advice, CommandFailed, type LocalFile, type Reader } from '../../../model/operation.ts'
import { hashHere, stampOf } from '../../copy-between/ends.ts'
import { excluder, pruned } from './excluded.ts'

/** What lies in a tree. */
export interface Entry {
  /** Below the root, without `.` or `..` in it. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly size: number
  /** Four octal digits. */
  readonly mode: string
  /** Where a link leads. */
  readonly to?: string
  readonly owner: string
  readonly group: string
  readonly uid: string
  readonly gid: string
  /** By which one sees that a file is another one now. */
  readonly stamp: string
}

/** A tree, its root apart. */
export interface Listing {
  readonly root: Entry
  readonly entries: readonly Entry[]
  /** Paths below the root on which something else is mounted. */
  readonly mounts: readonly string[]
  /** Names that cannot be used: not UTF-8, or of several lines. */
  readonly odd: readonly string[]
}

/** A folder of the controller machine. @throws Advice when there is none */
export async function listHere(folder: LocalFile, exclude: readonly string[]): Promise<Listing> {
  const excluded = excluder(exclude)
  const entries: Entry[] = []
  const odd: string[] = []
  const walk = async (below: string): Promise<void> => {
    const found = await readdir(join(folder.path, below), { withFileTypes: true })
    for (const one of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? one.name : `${below}/${one.name}`
      if (excluded(path, one.isDirectory())) continue
      if (unusableName(one.name)) {
        // It is no name by which it could be found.
        odd.push(path)
        continue
      }
      const entry = await entryHere(join(folder.path, path), path)
      entries.push(entry)
      if (entry.kind === 'directory') await walk(path)
    }
  }
  try {
    // A link that is given as the folder is followed, as a slash behind it would be.
    const root = await entryHere(`${folder.path}/.`, '')
    await walk('')
    return { root, entries, odd, mounts: [] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw unusable(folder, 'brought', (error as Error).message)
  }
}

async function entryHere(at: string, path: string): Promise<Entry> {
  const found = await lstat(at)
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'link' : 'other'
  return {
    path,
    kind,
    size: found.size,
    mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
    ...(kind === 'link' ? { to: await readlink(at) } : {}),
    ...{ owner: '', group: '', uid: String(found.uid), gid: String(found.gid) },
    stamp: stampOf(found),
  }
}

/** A directory of a host; undefined when there is nothing. @throws Advice when something else lies there */
export async function listThere(
  connection: Reader,
  root: string,
  exclude: readonly string[],
): Promise<Listing | undefined> {
  const { code, said, stderr } = await aside(connection, listing(root, exclude))
  if (code === 8) throw cannotLook(root, connection.host.name)
  if (code === 9) return undefined
  if (code === 10) {
    throw new Advice(
      `${root} of ${connection.host.name} is there and not a directory`,
      'move it away, or remove it with file.absent',
    )
  }
  if (code !== 0) throw new CommandFailed(`find ${root}`, { code, stdout: '', stderr })
  return listingOf(connection.host.name, said, excluder(exclude))
}

// A path never has two slashes in a row, so three begin an entry whatever characters names are made of.
function listing(root: string, exclude: readonly string[]): string {
  const find = `find . ${pruned(exclude)}`
  return `LC_ALL=C; export LC_ALL
${closed}
${sh`p=${root}`}
closed "$p/." && exit 8
[ -e "$p" ] || [ -L "$p" ] || exit 9
[ -d "$p" ] || exit 10
cd "$p" || exit 1
p=$(pwd -P); p=\${p%/}
[ ! -r /proc/mounts ] || while read -r device at rest; do
  case $at in "$p"/*) printf '///mount %s\\n' "\${at#"$p"/}" ;; esac
done </proc/mounts
${find} -exec stat -c '///entry %f %s %Y %u %g
%U
%G
%n' {} + || exit 1
${find} -type l -exec sh -c 'for l; do printf "///link %s\\n%s\\n" "$l" "$(readlink "$l")"; done' sh {} +`
}

const liar = 'see which find and stat the host has, and who changed them'

function listingOf(where: string, said: Buffer, excluded: (path: string, directory: boolean) => boolean): Listing {
  const records = said
    .toString('latin1')
    .split(/^\/\/\//m)
    .slice(1)
  const text = (latin1: string) => Buffer.from(latin1, 'latin1').toString()
  const links = new Map<string, string>()
  for (const record of records) {
    const link = /^link \.\/([^\n]*)\n([^]*)\n$/.exec(record)
    if (link) links.set(text(link[1]!), text(link[2]!))
  }
  const entries: Entry[] = []
  const odd: string[] = []
  let root: Entry | undefined
  for (const record of records) {
    const match = /^entry ([0-9a-f]+) (\d+) (-?\d+) (\d+) (\d+)\n([^\n]*)\n([^\n]*)\n\.(?:\/([^]*))?\n$/.exec(record)
    if (!match && !record.startsWith('entry ')) continue
    if (!match) throw new Advice(`${where} tells what no find and stat tell: ${JSON.stringify(record)}`, liar)
    const [, bits, size, time, uid, gid, owner, group, name = ''] = match
    const raw = parseInt(bits!, 16)
    const path = text(name)
    const kind = kinds[raw & 0o170000] ?? 'other'
    const entry: Entry = {
      ...{ path, kind, size: Number(size), uid: uid!, gid: gid!, owner: text(owner!), group: text(group!) },
      mode: (raw & 0o7777).toString(8).padStart(4, '0'),
      ...(kind === 'link' ? { to: links.get(path) ?? '' } : {}),
      stamp: `${size} ${time}`,
    }
    if (name === '') root = entry
    else if (excluded(path, kind === 'directory')) continue
    else if (unusableName(path)) odd.push(path)
    else entries.push(entry)
  }
  if (!root) throw new Advice(`${where} does not tell what the folder itself is`, liar)
  const mounts = records.flatMap((record) => /^mount ([^\n]*)\n$/.exec(record)?.[1] ?? [])
  return { root, entries, odd, mounts: mounts.map((at) => text(at.replaceAll('\\040', ' '))) }
}

const kinds: Readonly<Record<number, Entry['kind']>> = {
  [0o100000]: 'file',
  [0o040000]: 'directory',
  [0o120000]: 'link',
}

// What the other side names is data: it must not lead out of the tree, nor break the lines that it is sent in.
function unusableName(path: string): boolean {
  return /[\0\n\ufffd]/.test(path) || path.split('/').some((part) => part === '' || part === '.' || part === '..')
}

/** The checksums of files of a host, in the order of their paths. */
export async function sumsThere(
  connection: Reader,
  root: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  const sums: string[] = []
  for (let from = 0; from < paths.length; from += atOnce) {
    const some = paths.slice(from, from + atOnce)
    const script = sh`cd ${root} || exit 1` + `\nset --\n${taking}\nsha256sum -- "$@"`
    const { code, said, stderr } = await aside(connection, script, lines(some))
    const stdout = said.toString('latin1')
    const found = [...stdout.matchAll(/^\\?([0-9a-f]{64}) /gm)].map(([, sum]) => sum!)
    if (code !== 0 || found.length !== some.length)
      throw new CommandFailed(`sha256sum in ${root}`, { code, stdout: '', stderr })
    sums.push(...found)
  }
  return sums
}

/** The checksums of files of the controller machine. */
export async function sumsHere(root: string, paths: readonly string[]): Promise<readonly string[]> {
  const sums: string[] = []
  for (const path of paths) sums.push(await hashHere(join(root, path)))
  return sums
}

/** How many names one command takes. */
export const atOnce = 500

/** Takes names from stdin, a line each. */
export const taking = 'while IFS= read -r n; do set -- "$@" "$n"; done'

/** Names for it. */
export const lines = (paths: readonly string[]) => paths.map((path) => `./${path}\n`).join('')
