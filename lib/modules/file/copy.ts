import { refuseUnknown } from '../../model/option-names.ts'
import { replacedFile } from '../../kit/replacing.ts'
import { readFileSync, type Stats, statSync } from 'node:fs'
import { performStep, type Step } from '../../kit/command.ts'
import { sha256Of } from '../../kit/contents.ts'
import { checkedMeta, metaNames } from '../../kit/file-meta.ts'
import { look } from '../../kit/look.ts'
import { localFile, unusable } from '../../kit/local-file.ts'
import { fileChange, newContent } from '../../kit/new-file.ts'
import {
  attributesDiff,
  decode,
  differing,
  filePath,
  modeFor,
  mustBeFile,
  mustHaveFolder,
  type PathState,
} from '../../kit/path-state.ts'
import { withoutPasswords } from '../../kit/sensitive-lines.ts'
import { notWritten, writing } from '../../kit/writing.ts'
import { operation } from '../../model/operation.ts'
import type { Connection, FileMeta, LocalFile, Operation } from '../../model/operation.ts'
import { carry } from '../copy-between/carry.ts'
import { hashHere, hostTarget, localSource, stampOf } from '../copy-between/ends.ts'
import { meterOf } from '../copy-between/progress.ts'
import { sumOf } from '../copy-between/receive.ts'
import { type Copied, small, told } from './copied.ts'

/**
 * A file of the controller machine, brought to the host; its path begins at the file that says it. A large one is
 * streamed and verified, and goes on where it stopped when it was cut before.
 *
 * ```ts
 * task('Bring the package', file.copy('files/tgt.rpm', '/root/tgt.rpm', { mode: '0600' }))
 * ```
 */
export function copy(localPath: string, path: string, meta: FileMeta = {}): Operation<Copied> {
  refuseUnknown('file.copy', meta, metaNames)
  return bringCopy({ local: localFile(localPath), path: filePath(path), meta: checkedMeta(meta) })
}

interface Copy {
  readonly local: LocalFile
  readonly path: string
  readonly meta: FileMeta
}

/** What lies here. */
interface Mine {
  readonly bytes: number
  /** Of a large one only when the other has the same size. */
  readonly sha256?: string
  readonly content?: Buffer
  readonly stamp: string
}

interface Found {
  readonly state: PathState
  readonly mine: Mine
  readonly same: boolean
}

/** A large file that is to be brought. */
type Carrying = {
  readonly from: string
  readonly path: string
  readonly bytes: number
  readonly sha256?: string
  /** By which one sees that it is another file now. */
  readonly stamp: string
  readonly meta: FileMeta
}

const bringCopy = operation<Copy, Found, Step | Carrying, Copied>(
  ({ local, path }) => `file.copy ${local.said} to ${path}`,
  {
    lasting: () => true,
    local: ({ local }) => local,
    async read(connection, { local, path, meta: { follow = false } }) {
      const mine = readLocal(local)
      if (mine.content) {
        const state = await look(connection, path, {
          content: small,
          unless: { sha256: mine.sha256!, bytes: mine.bytes },
          follow,
        })
        return { mine, state, same: state.sha256 === mine.sha256 }
      }
      const state = await look(connection, path, { follow })
      if (state.kind !== 'file' || state.size !== mine.bytes) return { mine, state, same: false }
      const [sha256, theirs] = await Promise.all([hashHere(local.path), sumOf(connection, state.target)])
      return { mine: { ...mine, sha256 }, state: { ...state, sha256: theirs }, same: sha256 === theirs }
    },
    plan(found, { local, path, meta }) {
      const { state, mine, same } = found
      mustBeFile(state)
      mustHaveFolder(state)
      const result = { path, bytes: mine.bytes, sha256: mine.sha256 }
      const change = same || mine.content ? replacing(found, path, meta) : carrying(found, local, meta)
      if (!change) return { result: { ...result, changed: false } }
      const diff = [
        ...(same ? [] : [{ path, ...showBytes(state, mine) }]),
        ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
      ]
      return { result: { ...result, changed: true }, change, replaces: replacedFile(state), diff }
    },
    async apply(connection, change, { path }) {
      if (!('from' in change)) return performStep(connection, change)
      return { path, bytes: change.bytes, sha256: await carryOver(connection, change), changed: true }
    },
  },
)

// One object for all the hosts that a file goes to, until it is another file.
const read = new Map<string, Mine & { readonly content: Buffer }>()

// At once, and not when the disk has answered: so the questions about many files still go to the host together.
function readLocal(local: LocalFile): Mine {
  const { path } = local
  let found: Stats
  try {
    found = statSync(path)
  } catch (error) {
    throw unusable(local, 'copied', (error as Error).message)
  }
  if (!found.isFile())
    throw unusable(local, 'copied', found.isDirectory() ? 'it is a folder, which file.tree brings' : 'it is not a file')
  const stamp = stampOf(found)
  if (found.size > small) return { bytes: found.size, stamp }
  const known = read.get(path)
  if (known?.stamp === stamp) return known
  const content = readFileSync(path)
  const mine = { bytes: content.length, sha256: sha256Of(content), content, stamp }
  read.set(path, mine)
  return mine
}

function replacing({ state, mine, same }: Found, path: string, meta: FileMeta): Step | undefined {
  const content = same || !mine.content ? undefined : newContent(path, state.content, mine.content)
  return fileChange(state, content, meta)
}

function carrying({ state, mine: { bytes, stamp, sha256 } }: Found, local: LocalFile, meta: FileMeta): Carrying {
  const known = sha256 === undefined ? {} : { sha256 }
  const told = meta.mode === undefined ? meta : { ...meta, mode: modeFor(state, meta.mode) }
  return { from: local.path, path: state.target, bytes, stamp, ...known, meta: told }
}

async function carryOver(connection: Connection, carrying: Carrying): Promise<string> {
  const { from, path, bytes, stamp, sha256, meta } = carrying
  const target = hostTarget(connection, path)
  const meter = meterOf(connection, bytes)
  const carried = await carry({ source: localSource(from), target, bytes, stamp, meter })
  const finished = await connection.exec(writing(path, meta, { part: target.part }))
  if (finished.code !== 0) throw notWritten(path, connection.host.name, meta, finished)
  return carried ?? sha256 ?? hashHere(from)
}

function showBytes(state: PathState, mine: Mine): { readonly before: string; readonly after: string } {
  const [before, after] = [state.exists ? textOf(state.content) : '', textOf(mine.content)]
  if (after !== undefined && before !== undefined) return withoutPasswords(before, after)
  return { before: state.exists ? told({ bytes: state.size, sha256: state.sha256 }) : '', after: told(mine) }
}

function textOf(content: Buffer | undefined): string | undefined {
  return content && !content.includes(0) ? decode(content).text : undefined
}
