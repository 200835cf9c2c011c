import { readFileSync, type Stats, statSync } from 'node:fs'
import { performStep, type Step } from '../../kit/command.ts'
import { sha256Of } from '../../kit/contents.ts'
import { checkedMeta } from '../../kit/file-meta.ts'
import { look } from '../../kit/look.ts'
import { fileChange, newContent } from '../../kit/new-file.ts'
import {
  absolute,
  attributesDiff,
  decode,
  differing,
  mustBeFile,
  mustSucceed,
  setAttributes,
  type PathState,
} from '../../kit/path-state.ts'
import { withoutPasswords } from '../../kit/sensitive-lines.ts'
import { sh } from '../../kit/shell.ts'
import { validation } from '../../kit/writing.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Connection, FileMeta, Operation } from '../../model/operation.ts'
import { carry } from '../copy-between/carry.ts'
import { hashHere, hostTarget, localSource, stampOf, suffix } from '../copy-between/ends.ts'
import { meterOf } from '../copy-between/progress.ts'
import { sumOf } from '../copy-between/receive.ts'
import { type Copied, small, told } from './copied.ts'

/**
 * A file of the controller machine, brought to the host. A large one is streamed and verified, and goes on where it
 * stopped when it was cut before.
 *
 * ```ts
 * task('Bring the package', file.copy('files/tgt.rpm', '/root/tgt.rpm', { mode: '0600' }))
 * ```
 */
export function copy(localPath: string, path: string, meta: FileMeta = {}): Operation<Copied> {
  return bringCopy({ localPath, path: absolute(path), meta: checkedMeta(meta) })
}

interface Local {
  readonly bytes: number
  /** Of a large one only when the other has the same size. */
  readonly sha256?: string
  readonly content?: Buffer
  readonly stamp: string
}

interface Found {
  readonly state: PathState
  readonly local: Local
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
  /** Gives what arrived its attributes and its name. */
  readonly finish: string
}

const bringCopy = operation<
  { readonly localPath: string; readonly path: string; readonly meta: FileMeta },
  Found,
  Step | Carrying,
  Copied
>(({ localPath, path }) => `file.copy ${localPath} to ${path}`, {
  async read(connection, { localPath, path }) {
    const local = readLocal(localPath)
    if (local.content) {
      const state = await look(connection, path, { content: small, unless: local.sha256 })
      return { local, state, same: state.sha256 === local.sha256 }
    }
    const state = await look(connection, path)
    if (state.kind !== 'file' || state.size !== local.bytes) return { local, state, same: false }
    const [sha256, theirs] = await Promise.all([hashHere(localPath), sumOf(connection, state.target)])
    return { local: { ...local, sha256 }, state: { ...state, sha256: theirs }, same: sha256 === theirs }
  },
  plan({ state, local, same }, { localPath, path, meta }) {
    mustBeFile(state)
    const { bytes, sha256, stamp, content } = local
    const result = { path, bytes, sha256 }
    const change =
      same || content
        ? fileChange(state, same || !content ? undefined : newContent(path, state.content, content), meta)
        : {
            from: localPath,
            path: state.target,
            bytes,
            stamp,
            ...(sha256 === undefined ? {} : { sha256 }),
            finish: finishing(state, meta),
          }
    if (!change) return { result: { ...result, changed: false } }
    const diff = [
      ...(same ? [] : [{ path, ...showBytes(state, local) }]),
      ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
    ]
    return { result: { ...result, changed: true }, change, diff }
  },
  async apply(connection, change, { path }) {
    if (!('finish' in change)) return performStep(connection, change)
    return { path, bytes: change.bytes, sha256: await carryOver(connection, change), changed: true }
  },
})

// One object for all the hosts that a file goes to, until it is another file.
const read = new Map<string, Local & { readonly content: Buffer }>()

// At once, and not when the disk has answered: so the questions about many files still go to the host together.
function readLocal(localPath: string): Local {
  let found: Stats
  try {
    found = statSync(localPath)
  } catch (error) {
    throw new Advice(
      `${localPath} cannot be copied: ${(error as Error).message}`,
      `the path is relative to where run was started: ${process.cwd()}`,
    )
  }
  if (!found.isFile()) throw new Advice(`${localPath} cannot be copied: it is not a file`, 'copy its files one by one')
  const stamp = stampOf(found)
  if (found.size > small) return { bytes: found.size, stamp }
  const known = read.get(localPath)
  if (known?.stamp === stamp) return known
  const content = readFileSync(localPath)
  const local = { bytes: content.length, sha256: sha256Of(content), content, stamp }
  read.set(localPath, local)
  return local
}

async function carryOver(connection: Connection, carrying: Carrying): Promise<string> {
  const { from, path, bytes, stamp, sha256, finish } = carrying
  const target = hostTarget(connection, path)
  const meter = meterOf(connection, bytes)
  const carried = await carry({ source: localSource(from), target, bytes, stamp, meter })
  mustSucceed(finish, await connection.exec(finish))
  return carried ?? sha256 ?? hashHere(from)
}

function finishing(state: PathState, { mode, owner, group, validate, backup }: FileMeta): string {
  const part = `${state.target}${suffix}`
  const attributes = {
    mode: mode ?? (state.exists ? state.mode : '0644'),
    owner: owner ?? (state.uid || undefined),
    group: group ?? (state.gid || undefined),
  }
  return [
    sh`set -e; umask 077; t=${part} p=${state.target}`,
    setAttributes(part, attributes),
    `if [ -e "$p" ] && command -v chcon >/dev/null 2>&1; then chcon --reference="$p" "$t" 2>/dev/null || :; fi`,
    ...(validate === undefined ? [] : [`( ${validation(validate)}\n) </dev/null || { rm -f "$t"; exit 1; }`]),
    ...(backup ? [`[ -e "$p.switchover-backup" ] || [ ! -e "$p" ] || cp -p "$p" "$p.switchover-backup"`] : []),
    `mv -f "$t" "$p"`,
  ].join('\n')
}

function showBytes(state: PathState, local: Local): { readonly before: string; readonly after: string } {
  const [before, after] = [state.exists ? textOf(state.content) : '', textOf(local.content)]
  if (after !== undefined && before !== undefined) return withoutPasswords(before, after)
  return { before: state.exists ? told({ bytes: state.size, sha256: state.sha256 }) : '', after: told(local) }
}

function textOf(content: Buffer | undefined): string | undefined {
  return content && !content.includes(0) ? decode(content).text : undefined
}
