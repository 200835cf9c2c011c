import { readFileSync, type Stats, statSync } from 'node:fs'
import { rename, stat as statHere, writeFile } from 'node:fs/promises'
import { Advice, legacyOperation } from '../../model/operation.ts'
import type { Connection, FileMeta, Operation } from '../../model/operation.ts'
import { sh } from '../../kit/shell.ts'
import { carry } from '../copy-between/carry.ts'
import { hashHere, hostSource, hostTarget, localSource, localTarget, stampOf } from '../copy-between/ends.ts'
import { meterOf } from '../copy-between/progress.ts'
import { sumOf } from '../copy-between/receive.ts'
import { sha256Of } from '../../kit/contents.ts'
import { checkedMeta } from '../../kit/file-meta.ts'
import { look } from '../../kit/look.ts'
import {
  absolute,
  attributesDiff,
  bringFile,
  decode,
  differing,
  mustBeFile,
  mustSucceed,
  setAttributes,
  type PathState,
} from '../../kit/path-state.ts'
import { withoutPasswords } from '../../kit/sensitive-lines.ts'

/** What was copied. */
export type Copied = {
  readonly path: string
  readonly bytes: number
  /** Of a large file that is to be copied it is known when it has been: in check mode it is undefined. */
  readonly sha256: string | undefined
  readonly changed: boolean
}

// What is no larger is brought in one piece with a request, and shown as a diff when it is text. A larger one is worth channels of
// its own.
const small = 1024 * 1024

/**
 * A file of the controller machine, brought to the host. A large one is streamed and verified, and goes on where it stopped when it
 * was cut before.
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

const bringCopy = legacyOperation<
  { readonly localPath: string; readonly path: string; readonly meta: FileMeta },
  { readonly state: PathState; readonly local: Local; readonly same: boolean },
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
  plan({ state, local, same }, { path, meta }) {
    mustBeFile(state)
    const diffs = [
      ...(same ? [] : [{ path, ...showBytes(state, local) }]),
      ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
    ]
    const changed = diffs.length > 0
    return { changed, result: { path, bytes: local.bytes, sha256: local.sha256, changed }, diff: diffs }
  },
  async apply(connection, { result }, { localPath, meta }, { state, local, same }) {
    if (same) await bringFile(connection, state, undefined, meta)
    else if (local.content) await bringFile(connection, state, local.content, meta)
    else return { ...result, sha256: await stream(connection, localPath, local, state, meta) }
    return result
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

async function stream(
  connection: Connection,
  localPath: string,
  { bytes, stamp, sha256 }: Local,
  state: PathState,
  meta: FileMeta,
): Promise<string> {
  if (!state.parent)
    throw new Advice(`${state.path} cannot be written: its directory is missing`, 'make it first, with file.directory')
  const target = hostTarget(connection, state.target)
  const carried = await carry({
    source: localSource(localPath),
    target,
    bytes,
    stamp,
    meter: meterOf(connection, bytes),
  })
  const attributes = {
    mode: meta.mode ?? (state.exists ? state.mode : '0644'),
    owner: meta.owner ?? (state.uid || undefined),
    group: meta.group ?? (state.gid || undefined),
  }
  const script = [
    sh`set -e; umask 077; t=${target.part} p=${state.target}`,
    setAttributes(target.part, attributes),
    `if [ -e "$p" ] && command -v chcon >/dev/null 2>&1; then chcon --reference="$p" "$t" 2>/dev/null || :; fi`,
    ...(meta.validate === undefined
      ? []
      : [`( ${meta.validate.replaceAll(/'%s'|"%s"|%s/g, '"$t"')}\n) </dev/null || { rm -f "$t"; exit 1; }`]),
    ...(meta.backup ? [`[ -e "$p.switchover-backup" ] || [ ! -e "$p" ] || cp -p "$p" "$p.switchover-backup"`] : []),
    `mv -f "$t" "$p"`,
  ].join('\n')
  mustSucceed(script, await connection.exec(script))
  return carried ?? sha256 ?? hashHere(localPath)
}

/**
 * A file of the host, brought to the controller machine. A large one is streamed and verified, and goes on where it stopped when it
 * was cut before.
 *
 * ```ts
 * task('Keep the report', file.fetch('/root/report.txt', 'reports/today.txt'))
 * ```
 */
export function fetch(path: string, localPath: string): Operation<Copied> {
  return bringHere({ path: absolute(path), localPath })
}

const bringHere = legacyOperation<
  { readonly path: string; readonly localPath: string },
  { readonly state: PathState; readonly mine: { readonly bytes: number; readonly sha256?: string } | undefined },
  Copied
>(({ path, localPath }) => `file.fetch ${path} to ${localPath}`, {
  async read(connection, { path, localPath }) {
    const [state, found] = await Promise.all([look(connection, path), statHere(localPath).catch(missingIsFine)])
    const mine = found && { bytes: found.size }
    if (state.kind !== 'file' || state.size !== mine?.bytes) return { state, mine }
    const [theirs, sha256] = await Promise.all([sumOf(connection, state.target), hashHere(localPath)])
    return { state: { ...state, sha256: theirs }, mine: { ...mine, sha256 } }
  },
  plan({ state, mine }, { path, localPath }) {
    if (!state.exists)
      throw new Advice(
        `${path} cannot be fetched: there is no such file`,
        'check the path, and the task that makes the file',
      )
    mustBeFile(state)
    const { size: bytes, sha256 } = state
    const changed = sha256 === undefined || sha256 !== mine?.sha256
    return {
      changed,
      result: { path: localPath, bytes, sha256, changed },
      ...(changed ? { diff: { path: localPath, before: mine ? told(mine) : '', after: told({ bytes, sha256 }) } } : {}),
    }
  },
  async apply(connection, { result }, { localPath }, { state }) {
    const { target: path, size, mtime } = state
    const target = localTarget(localPath, connection.host.name)
    let { bytes, sha256 } = result
    if (size > small) {
      sha256 =
        (await carry({
          source: hostSource(connection, path),
          target,
          bytes,
          stamp: `${size} ${mtime}`,
          meter: meterOf(connection, bytes),
        })) ??
        sha256 ??
        (await hashHere(target.part))
    } else {
      const content = await connection.read(path)
      if (!content) throw new Advice(`${path} is gone since it was looked at`, 'check the task that makes it')
      await target.discard()
      await writeFile(target.part, content, { flag: 'wx', mode: 0o600 })
      bytes = content.length
      sha256 = sha256Of(content)
    }
    await rename(target.part, localPath)
    return { ...result, bytes, sha256 }
  },
})

function missingIsFine(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function showBytes(state: PathState, local: Local): { readonly before: string; readonly after: string } {
  const [before, after] = [state.exists ? textOf(state.content) : '', textOf(local.content)]
  if (after !== undefined && before !== undefined) return withoutPasswords(before, after)
  return { before: state.exists ? told({ bytes: state.size, sha256: state.sha256 }) : '', after: told(local) }
}

function textOf(content: Buffer | undefined): string | undefined {
  return content && !content.includes(0) ? decode(content).text : undefined
}

function told({ bytes, sha256 }: { readonly bytes: number; readonly sha256?: string }): string {
  return `${bytes} bytes${sha256 === undefined ? '' : `, sha256 ${sha256}`}\n`
}
