import path from 'node:path'
import type { HostRef } from '../../model/inventory.ts'
import {
  Advice,
  CommandFailed,
  legacyOperation,
  output,
  type Connection,
  type Operation,
  type Reader,
} from '../../model/operation.ts'
import { cannotLook, closed } from '../../kit/closed.ts'
import { sh } from '../../kit/shell.ts'
import { carry } from './carry.ts'
import { type Direct, straight } from './direct.ts'
import { hostSource, hostTarget, suffix } from './ends.ts'
import { readingScript } from './lanes.ts'
import { type Meter, meterOf } from './progress.ts'
import { receiving } from './receive.ts'

/** What was copied from host to host. */
export type CopiedBetween = { readonly path: string; readonly files: number; readonly bytes: number }

export interface FilesBetween {
  readonly from: HostRef
  /** A directory, the same on both hosts. */
  readonly path: string
  /** Names of directories and files directly below it that are left out. */
  readonly exclude?: readonly string[]
  /** How many files are copied at the same time; 4 unless said. */
  readonly atOnce?: number
  /** The way for bytes that shall not pass through this machine. */
  readonly direct?: Direct
}

export interface FileBetween {
  readonly from: HostRef
  readonly path: string
  /** Where it lies here; the same path unless said. */
  readonly to?: string
  readonly direct?: Direct
}

interface Entry {
  /** Below the directory. */
  readonly path: string
  readonly directory: boolean
  readonly size: number
  readonly mtime: number
  readonly mode: string
}

interface State {
  readonly missing: readonly Entry[]
  /** Directories of theirs that are not here, parents first. */
  readonly directories: readonly Entry[]
  /** Files of which an earlier copy may have brought a part before it broke off. */
  readonly begun: ReadonlySet<string>
}

/**
 * Brings the files of a directory from another host: those that are missing here or differ in size or time. Each file
 * is streamed, checked by sha256 and only then given its name; a copy that broke off goes on where it stopped. Files
 * that only the receiving host has stay, and so do the owners: those of new files are the task's user.
 *
 * ```ts
 * copyBetween.files({ from: host.vars.source, path: '/var/lib/glance/images' })
 * ```
 * @throws Advice when the directory is missing there, or a file changes while it is copied
 */
export function files(options: FilesBetween): Operation<CopiedBetween> {
  return filesOperation({ ...options, path: absolute(options.path) })
}

const filesOperation = legacyOperation<FilesBetween, State, CopiedBetween>(
  ({ from, path }) => `copyBetween.files ${path} from ${from.name}`,
  {
    async read(connection, { from, path, exclude = [] }) {
      const source = await connection.peer(from)
      const [theirs, ours] = await Promise.all([list(source, path, exclude), list(connection, path, exclude)])
      if (!theirs) throw new Advice(`${from.name} has no directory ${path}`, 'check the path')
      return compare(
        theirs.filter((entry) => !entry.path.endsWith(suffix)),
        ours ?? [],
      )
    },
    plan: ({ missing }, { path }) => ({
      changed: missing.length > 0,
      result: { path, files: missing.length, bytes: total(missing) },
      diff: missing.map((entry) => ({ path: `${path}/${entry.path}`, before: '', after: `${entry.size} bytes\n` })),
    }),
    async apply(connection, plan, { from, path: root, atOnce = 4, direct }, { missing, directories, begun }) {
      const source = await connection.peer(from)
      await makeDirectories(connection, root, directories)
      const meter = meterOf(connection, total(missing))
      const waiting = [...missing]
      const together = Math.min(atOnce, missing.length)
      // The first failure lets what runs come to its end, and begins nothing more.
      const work = async () => {
        for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
          const file = `${root}/${entry.path}`
          await copyFile({
            source,
            target: connection,
            path: file,
            to: file,
            entry,
            anew: !begun.has(entry.path),
            meter,
            direct,
            atOnce: together,
          }).catch((error: unknown) => {
            waiting.length = 0
            throw error
          })
        }
      }
      const workers = await Promise.allSettled(Array.from({ length: together }, work))
      const failed = workers.find((worker) => worker.status === 'rejected')
      if (failed) throw failed.reason
      return plan.result
    },
  },
)

/**
 * Brings one file from another host, when it is missing here or differs in size or time.
 *
 * ```ts
 * copyBetween.file({ from: host.vars.source, path: '/root/keystone.tgz' })
 * ```
 * @throws Advice when the file is missing there, or changes while it is copied
 */
export function file(options: FileBetween): Operation<CopiedBetween> {
  return fileOperation({ ...options, path: absolute(options.path), to: absolute(options.to ?? options.path) })
}

const fileOperation = legacyOperation<FileBetween & { readonly to: string }, State, CopiedBetween>(
  ({ from, path }) => `copyBetween.file ${path} from ${from.name}`,
  {
    async read(connection, { from, path: file, to }) {
      const source = await connection.peer(from)
      const [theirs, ours] = await Promise.all([look(source, file), look(connection, to)])
      const [wanted] = theirs
      if (!wanted) throw new Advice(`${from.name} has no file ${file}`, 'check the path')
      if (wanted.directory)
        throw new Advice(`${file} of ${from.name} is a directory`, 'bring its files: copyBetween.files')
      if (ours.some((entry) => entry.directory && entry.path === path.posix.basename(to)))
        throw new Advice(`${to} of ${connection.host.name} is a directory`, 'name the file that is to lie in it')
      const name = path.posix.basename(to)
      return compare([{ ...wanted, path: name }], ours)
    },
    plan: ({ missing }, { to }) => ({
      changed: missing.length > 0,
      result: { path: to, files: missing.length, bytes: total(missing) },
      diff: missing.map(({ size }) => ({ path: to, before: '', after: `${size} bytes\n` })),
    }),
    async apply(connection, plan, { from, path: file, to, direct }, { missing, begun }) {
      const source = await connection.peer(from)
      await output(connection, sh`mkdir -p ${path.posix.dirname(to)}`)
      for (const entry of missing) {
        await copyFile({
          source,
          target: connection,
          path: file,
          to,
          entry,
          anew: !begun.has(entry.path),
          meter: meterOf(connection, entry.size),
          direct,
        })
      }
      return plan.result
    },
  },
)

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new Error(`${path} must be an absolute path, for it is looked for on two hosts`)
  return path.replace(/(?<=.)\/+$/, '')
}

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

function compare(theirs: readonly Entry[], ours: readonly Entry[]): State {
  const known = new Map(ours.map((entry) => [entry.path, entry]))
  const missing = theirs
    .filter((entry) => {
      const here = known.get(entry.path)
      return !entry.directory && (!here || here.directory || here.size !== entry.size || here.mtime !== entry.mtime)
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const parents = new Set(missing.flatMap((entry) => ancestors(entry.path)))
  const directories = theirs
    .filter((entry) => entry.directory && parents.has(entry.path) && !known.get(entry.path)?.directory)
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length)
  const begun = new Set(missing.map(({ path }) => path).filter((path) => known.has(`${path}${suffix}`)))
  return { missing, directories, begun }
}

function ancestors(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, i) => names.slice(0, i + 1).join('/'))
}

// A path never has two slashes in a row, so three begin an entry whatever characters the names are made of.
const format = '/// %f %s %Y %n'

async function list(
  connection: Reader,
  root: string,
  exclude: readonly string[],
): Promise<readonly Entry[] | undefined> {
  const without = exclude.map((name) => sh`-path ${`./${escapePattern(name)}`} -prune -o`).join(' ')
  // Streamed: the names of very many files are more than one answer holds.
  const listing = await connection.stream(
    `${closed}\n${sh`closed ${`${root}/.`} && exit 8; cd ${root} 2>/dev/null`} || exit 9; find . ${without} ${sh`'(' -type f -o -type d ')' -exec stat -c ${format} {} +`}`,
  )
  listing.stdin.end()
  const parts: Buffer[] = []
  for await (const part of listing.stdout) parts.push(part as Buffer)
  const { code, stderr } = await listing.ended
  if (code === 8) throw cannotLook(root, connection.host.name)
  if (code === 9) return undefined
  if (code !== 0) throw new CommandFailed(`find ${root}`, { code, stdout: '', stderr })
  return entriesOf(Buffer.concat(parts).toString(), connection)
}

/** A file with its part, as far as they are there. */
async function look(connection: Reader, file: string): Promise<readonly Entry[]> {
  const { dir, base } = path.posix.parse(file)
  const { code, stdout } = await connection.exec(
    `${closed}\n${sh`closed ${file} && exit 8; cd ${dir} 2>/dev/null || exit 0; for f in ${[`./${base}`, `./${base}${suffix}`]}; do [ -e "$f" ] && stat -L -c ${format} "$f"; done; :`}`,
  )
  if (code === 8) throw cannotLook(file, connection.host.name)
  return entriesOf(stdout, connection)
}

function entriesOf(said: string, connection: Reader): readonly Entry[] {
  return said
    .split(/^\/\/\/ /m)
    .slice(1)
    .flatMap((entry) => {
      const match = /^([0-9a-f]+) (\d+) (\d+) \.\/([^]*)\n$/.exec(entry)
      if (!match) return []
      const [mode, name] = [Number.parseInt(match[1]!, 16), match[4]!]
      if (name.includes('\uFFFD'))
        throw new Advice(
          `a file of ${connection.host.name} has a name that is not UTF-8: ${name}`,
          'rename it, or leave its directory out',
        )
      return [
        {
          directory: (mode & 0o170000) === 0o040000,
          mode: (mode & 0o7777).toString(8),
          size: Number(match[2]),
          mtime: Number(match[3]),
          path: name,
        },
      ]
    })
}

// find takes what -path is given for a pattern.
function escapePattern(name: string): string {
  return name.replace(/[\\*?[\]]/g, '\\$&')
}

async function makeDirectories(target: Connection, root: string, directories: readonly Entry[]): Promise<void> {
  const lines = [
    sh`mkdir -p ${root}`,
    ...directories.map(({ path, mode }) => sh`mkdir ${`${root}/${path}`} && chmod ${mode} ${`${root}/${path}`}`),
  ]
  for (let i = 0; i < lines.length; i += 500) await output(target, `set -e\n${lines.slice(i, i + 500).join('\n')}`)
}

interface Copy {
  readonly source: Connection
  readonly target: Connection
  readonly path: string
  readonly to: string
  readonly entry: Entry
  readonly anew: boolean
  readonly meter: Meter
  readonly direct?: Direct
  readonly atOnce?: number
}

async function copyFile({
  source,
  target,
  path,
  to,
  entry: { size: bytes, mtime, mode },
  anew,
  meter,
  direct,
  atOnce,
}: Copy): Promise<void> {
  const [from, into] = [hostSource(source, path), hostTarget(target, to)]
  await carry({
    source: from,
    target: into,
    bytes,
    stamp: `${bytes} ${mtime}`,
    anew,
    meter,
    atOnce,
    ...(direct && {
      past: (at) => straight(source, target, readingScript(path, at), receiving(into.part, at), path, direct),
    }),
  })
  await output(
    target,
    sh`chmod ${mode} ${into.part} && touch -d ${`@${mtime}`} ${into.part} && mv -f ${into.part} ${to}`,
  )
}
