import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { replacedPaths } from '../../kit/replacing.ts'
import { leavesSomeFile } from '../../kit/leaving.ts'
import { posix } from 'node:path'
import type { Command } from '../../kit/command.ts'
import { atNewPlace, held } from '../../kit/links.ts'
import { look as seen } from '../../kit/look.ts'
import { filePath, folderPath, mustHaveWay } from '../../kit/path-state.ts'
import { sh } from '../../kit/shell.ts'
import type { HostRef } from '../../model/inventory.ts'
import { Advice, operation, type Operation } from '../../model/operation.ts'
import { bring, type Bringing, type Brought } from './bring.ts'
import type { Direct } from './direct.ts'
import { suffix } from './ends.ts'
import { hasHoles } from './holes.ts'
import { type Entry, list, look } from './listing.ts'

/** What was copied from host to host. */
export type CopiedBetween = { readonly path: string; readonly files: number; readonly bytes: number }

/** The files of which directory of which host are brought. */
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

const filesNames: OptionNames<FilesBetween> = { from: true, path: true, exclude: true, atOnce: true, direct: true }

/** Which file of which host is brought, and to where. */
export interface FileBetween {
  readonly from: HostRef
  readonly path: string
  /** Where it lies here; the same path unless said. */
  readonly to?: string
  readonly direct?: Direct
}

const fileNames: OptionNames<FileBetween> = { from: true, path: true, to: true, direct: true }

/**
 * Brings the files of a directory from another host: those that are missing here or differ in size or time. Each file
 * is streamed, checked by sha256 and only then given its name; a copy that broke off goes on where it stopped. Holes
 * are not sent and stay holes. Files that only the receiving host has stay, and so do the owners: those of new files
 * are the task's user.
 *
 * ```ts
 * copyBetween.files({ from: host.vars.source, path: '/var/lib/glance/images' })
 * ```
 * @throws Advice when the directory is missing there, or a file changes while it is copied
 */
export function files(options: FilesBetween): Operation<CopiedBetween> {
  refuseUnknown('copyBetween.files', options, filesNames)
  return filesOperation({ atOnce: 4, ...options, path: folderPath(options.path) })
}

/** What both hosts have. */
interface State {
  readonly theirs: readonly Entry[]
  readonly ours: readonly Entry[]
}

const filesOperation = operation<FilesBetween, State, Bringing, CopiedBetween>(
  ({ from, path }) => `copyBetween.files ${path} from ${from.name}`,
  {
    async read(connection, { from, path, exclude = [] }) {
      const source = await connection.peer(from)
      const [theirs, ours] = await Promise.all([list(source, path, exclude), list(connection, path, exclude)])
      if (!theirs) throw new Advice(`${from.name} has no directory ${path}`, 'check the path')
      if (!ours) mustHaveWay(await seen(connection, path))
      return { theirs: theirs.filter((entry) => !entry.path.endsWith(suffix)), ours: ours ?? [] }
    },
    plan(state, { path: root }) {
      const missing = missingIn(state)
      const result = { path: root, files: missing.length, bytes: total(missing) }
      if (missing.length === 0) return { result }
      const at = (entry: Entry) => `${root}/${entry.path}`
      const begun = begunIn(state)
      return {
        result,
        change: {
          directories: makingDirectories(root, directoriesFor(missing, state)),
          files: missing.map((entry) => brought(entry, at(entry), at(entry), begun)),
        },
        leaves: [{ what: `file ${root}`, below: true }],
        replaces: replacedPaths(
          root,
          [...directoriesFor(missing, state), ...missing].map((entry) => ({ file: at(entry) })),
        ),
        diff: missing.map((entry) => ({ path: at(entry), before: '', after: `${entry.size} bytes\n` })),
      }
    },
    apply: bring,
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
  refuseUnknown('copyBetween.file', options, fileNames)
  return fileOperation({ ...options, path: filePath(options.path), to: filePath(options.to ?? options.path) })
}

const fileOperation = operation<FileBetween & { readonly to: string }, State, Bringing, CopiedBetween>(
  ({ from, path }) => `copyBetween.file ${path} from ${from.name}`,
  {
    async read(connection, { from, path, to }) {
      const source = await connection.peer(from)
      const [[wanted], ours] = await Promise.all([look(source, path), look(connection, to)])
      if (!wanted) throw new Advice(`${from.name} has no file ${path}`, 'check the path')
      if (wanted.directory)
        throw new Advice(`${path} of ${from.name} is a directory`, 'bring its files: copyBetween.files')
      const name = posix.basename(to)
      if (ours.some((entry) => entry.directory && entry.path === name))
        throw new Advice(`${to} of ${connection.host.name} is a directory`, 'name the file that is to lie in it')
      return { theirs: [{ ...wanted, path: name }], ours }
    },
    plan(state, { path, to }) {
      const missing = missingIn(state)
      const result = { path: to, files: missing.length, bytes: total(missing) }
      if (missing.length === 0) return { result }
      return {
        result,
        change: {
          directories: makingDirectories(posix.dirname(to), []),
          files: missing.map((entry) => brought(entry, path, to, begunIn(state))),
        },
        leaves: leavesSomeFile(to),
        diff: missing.map(({ size }) => ({ path: to, before: '', after: `${size} bytes\n` })),
      }
    },
    apply: bring,
  },
)

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

function missingIn({ theirs, ours }: State): readonly Entry[] {
  const known = new Map(ours.map((entry) => [entry.path, entry]))
  return theirs
    .filter((entry) => {
      const here = known.get(entry.path)
      return !entry.directory && (!here || here.directory || here.size !== entry.size || here.mtime !== entry.mtime)
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Directories of theirs that are not here and that the files need, parents first. */
function directoriesFor(missing: readonly Entry[], { theirs, ours }: State): readonly Entry[] {
  const needed = new Set(missing.flatMap((entry) => ancestors(entry.path)))
  const here = new Set(ours.filter(({ directory }) => directory).map(({ path }) => path))
  return theirs
    .filter(({ directory, path }) => directory && needed.has(path) && !here.has(path))
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length)
}

function ancestors(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, i) => names.slice(0, i + 1).join('/'))
}

// A request holds so many.
const atOnce = 500

function makingDirectories(root: string, directories: readonly Entry[]): readonly Command[] {
  const lines = [
    sh`make ${root}`,
    ...directories.map(
      ({ path, mode }) => sh`beside ${`${root}/${path}`}; mkdir -m ${mode.slice(-3)} "./$f"; give '' ${mode}`,
    ),
  ]
  return Array.from({ length: Math.ceil(lines.length / atOnce) }, (_, i) => ({
    script: `set -e\n${atNewPlace}${lines.slice(i * atOnce, (i + 1) * atOnce).join('\n')}`,
  }))
}

/** Files of which an earlier copy has brought a part before it broke off. */
function begunIn({ ours }: State): ReadonlySet<string> {
  const parts = ours.filter(({ path }) => path.endsWith(suffix))
  return new Set(parts.map(({ path }) => path.slice(0, -suffix.length)))
}

function brought(entry: Entry, path: string, to: string, begun: ReadonlySet<string>): Brought {
  const { size, mtime, mode } = entry
  const finish = sh`chmod ${mode} "$p" && touch -d ${`@${mtime}`} "$p" && rename "$f" ${posix.basename(to)}`
  return {
    path,
    to,
    bytes: size,
    ...(hasHoles(entry) && { holes: true }),
    stamp: `${size} ${mtime}`,
    anew: !begun.has(entry.path),
    finish: { script: `${held(`${to}${suffix}`)}\n${finish}` },
  }
}
