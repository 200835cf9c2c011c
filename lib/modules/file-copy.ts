import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat as statHere } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { Advice, operation } from '../model/operation.ts'
import type { Connection, FileMeta, Operation } from '../model/operation.ts'
import { sh } from '../model/shell.ts'
import { checkedMeta } from './file-meta.ts'
import { look } from './look.ts'
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
} from './path-state.ts'
import { withoutPasswords } from './sensitive-lines.ts'

// A larger file is told by its size: nobody reads such a diff.
const shown = 1024 * 1024

function sha256Of(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * A file of the controller machine, brought to the host; large ones are streamed and verified.
 *
 * ```ts
 * task('Bring the package', file.copy('files/tgt.rpm', '/root/tgt.rpm', { mode: '0600' }))
 * ```
 */
export function copy(localPath: string, path: string, meta: FileMeta = {}): Operation<Copied> {
  return bringCopy({ localPath, path: absolute(path), meta: checkedMeta(meta) })
}

/** What was copied. */
export type Copied = {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly changed: boolean
}

// The connection's `write` holds its content in memory; above this a stream is worth its extra channel.
const streamed = 1024 * 1024

interface Local {
  readonly bytes: number
  readonly sha256: string
  readonly content: Buffer | undefined
}

const bringCopy = operation<
  { readonly localPath: string; readonly path: string; readonly meta: FileMeta },
  { state: PathState; local: Local },
  Copied
>(({ localPath, path }) => `file.copy ${localPath} to ${path}`, {
  async read(connection, { localPath, path }) {
    const local = await readLocal(localPath)
    return { local, state: await look(connection, path, { content: local.content ? shown : 0, unless: local.sha256 }) }
  },
  plan({ state, local: { bytes, sha256, content } }, { path, meta }) {
    mustBeFile(state)
    const same = state.sha256 === sha256
    const diffs = [
      ...(same ? [] : [{ path, ...showBytes(state, bytes, sha256, content) }]),
      ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
    ]
    const changed = diffs.length > 0
    return { changed, result: { path, bytes, sha256, changed }, diff: diffs }
  },
  async apply(connection, _plan, { localPath, meta }, { state, local }) {
    if (state.sha256 === local.sha256) await bringFile(connection, state, undefined, meta)
    else if (local.content) await bringFile(connection, state, local.content, meta)
    else await stream(connection, localPath, local, state, meta)
  },
})

async function readLocal(localPath: string): Promise<Local> {
  const hint = `the path is relative to where run was started: ${process.cwd()}`
  const found = await statHere(localPath).catch((error: Error) => {
    throw new Advice(`${localPath} cannot be copied: ${error.message}`, hint)
  })
  if (!found.isFile()) throw new Advice(`${localPath} cannot be copied: it is not a file`, 'copy its files one by one')
  if (found.size <= streamed) {
    const content = await readFile(localPath)
    return { bytes: content.length, sha256: sha256Of(content), content }
  }
  return { bytes: found.size, sha256: await hashHere(localPath), content: undefined }
}

async function hashHere(localPath: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(localPath), hash)
  return hash.digest('hex')
}

async function stream(
  connection: Connection,
  localPath: string,
  { bytes, sha256 }: Local,
  state: PathState,
  meta: FileMeta,
): Promise<void> {
  if (!state.parent)
    throw new Advice(`${state.path} cannot be written: its directory is missing`, 'make it first, with file.directory')
  const attributes = {
    mode: meta.mode ?? (state.exists ? state.mode : '0644'),
    owner: meta.owner ?? (state.uid || undefined),
    group: meta.group ?? (state.gid || undefined),
  }
  const temporary = `${state.target}.${randomBytes(4).toString('hex')}.part`
  const script = [
    sh`set -e; umask 077; t=${temporary} p=${state.target}`,
    `trap 'rm -f "$t"' EXIT; trap 'exit 1' HUP INT TERM`,
    `cat > "$t"`,
    sh`[ "$(sha256sum < "$t" | cut -c 1-64)" = ${sha256} ] || { echo 'what arrived has another checksum than what was sent' >&2; exit 1; }`,
    setAttributes(temporary, attributes),
    `if [ -e "$p" ] && command -v chcon >/dev/null 2>&1; then chcon --reference="$p" "$t" 2>/dev/null || :; fi`,
    ...(meta.validate === undefined ? [] : [`( ${meta.validate.replaceAll(/'%s'|"%s"|%s/g, '"$t"')}\n) </dev/null`]),
    ...(meta.backup ? [`[ -e "$p.switchover-backup" ] || [ ! -e "$p" ] || cp -p "$p" "$p.switchover-backup"`] : []),
    `mv -f "$t" "$p"`,
  ].join('\n')
  const remote = await connection.stream(script)
  remote.stdout.resume()
  const [sent, ended] = await Promise.allSettled([
    pipeline(createReadStream(localPath), counted(connection, bytes), remote.stdin),
    remote.ended,
  ])
  if (ended.status === 'rejected') throw ended.reason
  mustSucceed(script, ended.value)
  if (sent.status === 'rejected') throw sent.reason
}

function counted(connection: Connection, total: number): Transform {
  let done = 0
  let shown = 0
  return new Transform({
    transform(part: Buffer, _encoding, next) {
      done += part.length
      if (done - shown > total / 100) {
        shown = done
        connection.progress(`${(done / 1048576).toFixed(1)} of ${(total / 1048576).toFixed(1)} MiB`)
      }
      next(undefined, part)
    },
  })
}

/**
 * A file of the host, brought to the controller machine; streamed and verified.
 *
 * ```ts
 * task('Keep the report', file.fetch('/root/report.txt', 'reports/today.txt'))
 * ```
 */
export function fetch(path: string, localPath: string): Operation<Copied> {
  return bringHere({ path: absolute(path), localPath })
}

const bringHere = operation<
  { readonly path: string; readonly localPath: string },
  { state: PathState; mine: string | undefined },
  Copied
>(({ path, localPath }) => `file.fetch ${path} to ${localPath}`, {
  async read(connection, { path, localPath }) {
    const [state, mine] = await Promise.all([
      look(connection, path, { sha256: true }),
      hashHere(localPath).catch(missingIsFine),
    ])
    return { state, mine }
  },
  plan({ state, mine }, { path, localPath }) {
    if (!state.exists)
      throw new Advice(
        `${path} cannot be fetched: there is no such file`,
        'check the path, and the task that makes the file',
      )
    mustBeFile(state)
    const changed = state.sha256 !== mine
    return {
      changed,
      result: { path: localPath, bytes: state.size, sha256: state.sha256!, changed },
      ...(changed
        ? { diff: { path: localPath, before: mine ? `sha256 ${mine}\n` : '', after: `sha256 ${state.sha256}\n` } }
        : {}),
    }
  },
  async apply(connection, _plan, { localPath }, { state }) {
    const temporary = `${localPath}.${randomBytes(4).toString('hex')}.part`
    const script = sh`cat ${state.target}`
    try {
      const remote = await connection.stream(script)
      remote.stdin.end()
      await pipeline(remote.stdout, counted(connection, state.size), createWriteStream(temporary, { mode: 0o600 }))
      mustSucceed(script, await remote.ended)
      // The host's file may have grown since it was looked at; only a copy of what was planned is a copy.
      if ((await hashHere(temporary)) !== state.sha256)
        throw new Advice(`${state.path} changed while it was fetched`, 'run the task again')
      await rename(temporary, localPath)
    } finally {
      await rm(temporary, { force: true })
    }
  },
})

function missingIsFine(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function showBytes(
  state: PathState,
  bytes: number,
  sha256: string,
  content: Buffer | undefined,
): { readonly before: string; readonly after: string } {
  const after = content && !content.includes(0) ? decode(content).text : undefined
  const before = state.exists
    ? state.content && !state.content.includes(0)
      ? decode(state.content).text
      : undefined
    : ''
  if (after !== undefined && before !== undefined) return withoutPasswords(before, after)
  return {
    before: state.exists ? `${state.size} bytes, sha256 ${state.sha256}\n` : '',
    after: `${bytes} bytes, sha256 ${sha256}\n`,
  }
}
