import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sha256Of } from '../../kit/contents.ts'
import { localFile } from '../../kit/local-file.ts'
import { look } from '../../kit/look.ts'
import { filePath, type PathState } from '../../kit/path-state.ts'
import { isOfDisk, problemOfDisk } from '../../model/disk.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { LocalFile, Operation } from '../../model/operation.ts'
import { carry } from '../copy-between/carry.ts'
import { hashHere, hostSource, localTarget } from '../copy-between/ends.ts'
import { meterOf } from '../copy-between/progress.ts'
import { sumOf } from '../copy-between/receive.ts'
import { type Copied, small, told } from './copied.ts'

/**
 * A file of the host, brought to the controller machine; the path there begins at the file that says it. A large one is
 * streamed and verified, and goes on where it stopped when it was cut before. Folders that are missing here are made.
 *
 * ```ts
 * task('Keep the report', file.fetch('/root/report.txt', 'reports/today.txt'))
 * ```
 */
export function fetch(path: string, localPath: string): Operation<Copied> {
  if (/(^|\/)\.{0,2}$/.test(localPath))
    throw new Advice(`${JSON.stringify(localPath)} is the path of a folder, and a file is to lie there`, nameIt)
  return bringHere({ path: filePath(path), local: localFile(localPath) })
}

const nameIt = 'name the file in it'

interface Found {
  readonly state: PathState
  readonly mine: { readonly bytes: number; readonly sha256?: string } | undefined
}

/** A file of the host that is to be brought. */
type Bringing = {
  readonly path: string
  readonly to: string
  readonly bytes: number
  readonly sha256?: string
  /** Of a large one, by which one sees that it is another file now. */
  readonly stamp?: string
}

/** Which host's file a path of this machine gets. */
const comesFrom = new Map<string, string>()

/** @throws Advice where a file of another host is brought to the same path: the last one would stay, whichever it is */
function mustBeAlone({ said, path }: LocalFile, host: string): void {
  const other = comesFrom.get(path) ?? host
  comesFrom.set(path, host)
  if (other !== host)
    throw new Advice(
      `${said} is fetched from ${other} and from ${host}: one would take the place of the other`,
      'give each host a path of its own, with host.name in it',
    )
}

const bringHere = operation<{ readonly path: string; readonly local: LocalFile }, Found, Bringing, Copied>(
  ({ path, local }) => `file.fetch ${path} to ${local.said}`,
  {
    async read(connection, { path, local }) {
      mustBeAlone(local, connection.host.name)
      const [state, found] = await Promise.all([
        look(connection, path),
        here(local.path, () => stat(local.path).catch(missingIsFine)),
      ])
      if (found?.isDirectory())
        throw new Advice(`${local.said} is a folder of this machine, and a file is to lie there`, nameIt)
      const mine = found && { bytes: found.size }
      // The files of /proc do not say how long they are.
      const alike = mine && (state.size === mine.bytes || state.size === 0)
      if (state.kind !== 'file' || !alike) return { state, mine }
      const [theirs, sha256] = await Promise.all([sumOf(connection, state.target), hashHere(local.path)])
      return { state: { ...state, sha256: theirs }, mine: { ...mine, sha256 } }
    },
    plan({ state, mine }, { path, local: { path: to } }) {
      if (!state.exists)
        throw new Advice(
          `${path} cannot be fetched: there is no such file`,
          'check the path, and the task that makes the file',
        )
      if (state.kind !== 'file')
        throw new Advice(
          `${path} cannot be fetched: it is ${state.kind === 'directory' ? 'a directory' : 'a special file'}`,
          state.kind === 'directory' ? 'pack it first, with archive.create' : 'check the path',
        )
      const { target, size: bytes, mtime, sha256 } = state
      if (sha256 !== undefined && sha256 === mine?.sha256)
        return { result: { path: to, bytes: mine.bytes, sha256, changed: false } }
      return {
        result: { path: to, bytes, sha256, changed: true },
        change: {
          path: target,
          to,
          bytes,
          ...(sha256 === undefined ? {} : { sha256 }),
          ...(bytes > small ? { stamp: `${bytes} ${mtime}` } : {}),
        },
        replaces: [],
        irreversible: `${to} lies on this machine, and what was there is not kept`,
        diff: { path: to, before: mine ? told(mine) : '', after: told({ bytes, sha256 }) },
      }
    },
    async apply(connection, bringing) {
      const target = localTarget(bringing.to, connection.host.name)
      return here(bringing.to, async () => {
        await mkdir(path.dirname(bringing.to), { recursive: true })
        const { stamp } = bringing
        try {
          const got = stamp === undefined ? await inOnePiece() : await streamed(stamp)
          await rename(target.part, bringing.to)
          return { path: bringing.to, ...got, changed: true }
        } finally {
          // A large one is gone on with.
          if (stamp === undefined) await target.discard()
        }
      })

      async function streamed(stamp: string) {
        const { path, bytes, sha256 } = bringing
        const source = hostSource(connection, path)
        const carried = await carry({ source, target, bytes, stamp, meter: meterOf(connection, bytes) })
        return { bytes, sha256: carried ?? sha256 ?? (await hashHere(target.part)) }
      }

      async function inOnePiece() {
        const content = await connection.read(bringing.path)
        if (!content)
          throw new Advice(`${bringing.path} is gone since it was looked at`, 'check the task that makes it')
        await target.discard()
        await writeFile(target.part, content, { flag: 'wx', mode: 0o600 })
        return { bytes: content.length, sha256: sha256Of(content) }
      }
    },
  },
)

/** @throws Advice where the disk of this machine refuses what is to be done at a place of it */
async function here<T>(place: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isOfDisk(error)) throw error
    const { message, hint = '' } = problemOfDisk(error, place)
    throw new Advice(`cannot be brought to this machine: ${message}`, hint)
  }
}

function missingIsFine(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
