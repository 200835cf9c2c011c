import { Advice, CommandFailed, output } from '../model/operation.ts'
import type { Connection, Diff, FileMeta } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { sh } from './shell.ts'
import { type Patch, patchOf, writing } from './writing.ts'
import { remember, sha256Of } from './contents.ts'

export type Kind = 'file' | 'directory' | 'link' | 'other'

/** What lies at a path of the host. */
export interface PathState {
  readonly path: string
  /** Where the path leads when it is a symbolic link: what is read and replaced is there. */
  readonly target: string
  readonly exists: boolean
  /** Of the target, unless the link leads nowhere. */
  readonly kind: Kind | undefined
  /** What the link says, when the path is one. */
  readonly link: string | undefined
  readonly size: number
  /** Four octal digits. */
  readonly mode: string
  readonly owner: string
  readonly group: string
  readonly uid: string
  readonly gid: string
  /** Seconds since 1970. */
  readonly mtime: number
  readonly sha256: string | undefined
  /** Of a file not larger than asked for. */
  readonly content: Buffer | undefined
  /** Is there a directory to put it into? */
  readonly parent: boolean
}

/** Files up to this size are compared and edited in memory and shown as a diff. */
export const editable = 4 * 1024 * 1024

/** The path, when a host's root directory is where it starts; what is relative depends on who logged in. */
export function absolute(path: string): string {
  if (!path.startsWith('/') || /[\n\0]/.test(path))
    throw new Error(`${JSON.stringify(path)} is not an absolute path of one line`)
  return path
}

/** The mode as `stat` gives it. @throws when it is not octal */
export function octal(mode: string): string {
  if (!/^[0-7]{3,4}$/.test(mode)) throw new Error(`the mode ${JSON.stringify(mode)} is not octal: write it as 0640`)
  return mode.padStart(4, '0')
}

/** Who may do what with it. */
export interface Attributes {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** Which of the wanted attributes are not there yet. */
export function differing(state: PathState, { mode, owner, group }: Attributes): Attributes {
  return {
    ...(mode !== undefined && octal(mode) !== state.mode ? { mode: octal(mode) } : {}),
    ...(owner !== undefined && owner !== state.owner && owner !== state.uid ? { owner } : {}),
    ...(group !== undefined && group !== state.group && group !== state.gid ? { group } : {}),
  }
}

/** The attributes before and after, when they differ. */
export function attributesDiff(state: PathState, change: Attributes): Diff | undefined {
  const names = Object.keys(change) as (keyof Attributes)[]
  if (names.length === 0) return undefined
  const show = (of: Attributes) => names.map((name) => `${name} ${of[name]}\n`).join('')
  return { path: `${state.path} (attributes)`, before: state.exists ? show(state) : '', after: show(change) }
}

/**
 * The commands that set attributes; owner first, because changing it takes the setuid bits away.
 */
export function setAttributes(path: string, { mode, owner, group }: Attributes): string {
  return [
    ...(owner !== undefined || group !== undefined
      ? [sh`chown ${`${owner ?? ''}${group === undefined ? '' : `:${group}`}`} ${path}`]
      : []),
    ...(mode !== undefined ? [sh`chmod ${byLetters(mode)} ${path}`] : []),
  ].join(' && ')
}

/** An octal mode for chmod, which leaves a directory's setgid bit alone unless told by letter. */
export function byLetters(mode: string): string {
  const [special = 0, ...who] = [...octal(mode)].map(Number)
  const rights = who.map(
    (bits, i) =>
      `${'ugo'[i]}=${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}${i < 2 && special & (4 >> i) ? 's' : ''}`,
  )
  return ['ug-s', ...rights, special & 1 ? '+t' : '-t'].join(',')
}

/** Writes content, or only sets attributes when the content is there already. */
export async function bringFile(
  connection: Connection,
  state: PathState,
  content: Parameters<Connection['write']>[1] | undefined,
  meta: FileMeta,
): Promise<void> {
  if (content === undefined) {
    await output(connection, setAttributes(state.target, differing(state, meta)), { tidy: true })
    return
  }
  if (!state.parent)
    throw new Advice(`${state.path} cannot be written: its directory is missing`, 'make it first, with file.directory')
  const { owner: _owner, group: _group, ...others } = meta
  // What the old file has already is kept by itself, and what has to be told costs the host a process.
  const wanted = state.exists ? { ...others, mode: meta.mode ?? state.mode, ...differing(state, meta) } : meta
  if (!(await patched(connection, state, content, wanted))) await connection.write(state.target, content, wanted)
}

// The same edit of the same file on many hosts is the same two objects.
const patches = new WeakMap<
  Uint8Array,
  { readonly before: Uint8Array | undefined; readonly patch: Patch | undefined }
>()

function patchBetween(before: Uint8Array | undefined, after: Uint8Array): Patch | undefined {
  const known = patches.get(after)
  if (known && known.before === before) return known.patch
  const patch = patchOf(before, after, sha256Of)
  patches.set(after, { before, patch })
  return patch
}

/** Sends only what differs. Where that fails nothing was changed, and writing all of it tells why, or succeeds. */
async function patched(
  connection: Connection,
  state: PathState,
  content: string | Uint8Array | Secret,
  meta: FileMeta,
): Promise<boolean> {
  if (content instanceof Secret) return false
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const patch = patchBetween(state.content, bytes)
  if (!patch) return false
  // Before, for those who look at the file right behind this request; whether it is so is for the host to say.
  remember(connection.host.name, state.path, bytes)
  const { code } = await connection.exec(writing(state.target, meta, patch), {
    stdin: patch.text,
    tidy: meta.validate === undefined,
  })
  return code === 0
}

/** @throws when something else than a file lies there */
export function mustBeFile(state: PathState): void {
  if (state.exists && state.kind !== 'file') {
    throw new Advice(
      `${state.path} is a ${state.kind === 'other' ? 'special file' : state.kind}, not a file`,
      'remove it first, with file.absent, if it is in the way',
    )
  }
}

/** A text of a file and the way back to its bytes. */
export interface Decoded {
  readonly text: string
  /** Not UTF-8: each byte is a character. */
  readonly latin1: boolean
  encode(text: string): Uint8Array
}

// The same content on many hosts is one object, see contents.ts.
const decoded = new WeakMap<Uint8Array, Decoded>()

/** The text of a file and the way back to its bytes: files that are not UTF-8 keep every byte that is not edited. */
export function decode(content: Uint8Array): Decoded {
  const known = decoded.get(content) ?? decodeAnew(content)
  decoded.set(content, known)
  return known
}

function decodeAnew(content: Uint8Array): Decoded {
  try {
    // A byte order mark is content: it must still be there when the file is written again.
    return {
      latin1: false,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content),
      encode: (text) => Buffer.from(text),
    }
  } catch {
    return {
      latin1: true,
      text: Buffer.from(content).toString('latin1'),
      encode(text) {
        if (/[^\0-\xff]/.test(text)) throw new Error('the file is not UTF-8 and the new text does not fit into latin1')
        return Buffer.from(text, 'latin1')
      },
    }
  }
}

/** @throws CommandFailed when the script ended with another code than 0, with the script's own words */
export function mustSucceed(
  script: string,
  result: { readonly code: number; readonly stderr: string; readonly stdout?: string },
): void {
  if (result.code !== 0) throw new CommandFailed(script, { stdout: '', ...result })
}
