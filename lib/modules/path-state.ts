import { Advice, CommandFailed, output } from '../model/operation.ts'
import type { Connection, Diff, FileMeta, Reader } from '../model/operation.ts'
import { sh } from '../model/shell.ts'

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

/** Which parts of a file's content a look should bring. */
export interface LookOptions {
  /** Bytes up to which the content itself is wanted; 0 unless said. */
  readonly content?: number
  readonly sha256?: boolean
  /** A checksum: of a file that has it the content is not wanted. */
  readonly unless?: string
}

/** Files up to this size are compared and edited in memory and shown as a diff. */
export const editable = 4 * 1024 * 1024

/** One request that says all about a path. @throws CommandFailed when it cannot be read */
export async function look(
  connection: Reader,
  path: string,
  { content = 0, sha256 = false, unless = '' }: LookOptions = {},
): Promise<PathState> {
  const text = await output(
    connection,
    sh`p=${absolute(path)} most=${content} sum=${sha256 || unless ? 'yes' : 'no'} unless=${unless || 'none'}` +
      lookScript,
  )
  // Only the lines before the content, of which there may be thousands.
  const head = text.split('\n', 8)
  const [parent, link, target, numbers, owner, group, sum, marker] = head
  const [rawMode = '0', size = '0', mtime = '0', uid = '', gid = ''] = (numbers ?? '').split(' ')
  const bits = parseInt(rawMode, 16)
  return {
    path,
    target: target?.slice(1) || path,
    exists: numbers !== '',
    kind: numbers === '' ? undefined : (kinds[bits & 0o170000] ?? 'other'),
    link: link === '-' ? undefined : link?.slice(1),
    size: Number(size),
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    owner: owner ?? '',
    group: group ?? '',
    uid,
    gid,
    mtime: Number(mtime),
    sha256: sum?.slice(0, 64) || undefined,
    content: marker === 'content' ? Buffer.from(text.slice(head.join('\n').length), 'base64') : undefined,
    parent: parent === 'parent',
  }
}

const kinds: Readonly<Record<number, Kind>> = { 0o100000: 'file', 0o040000: 'directory', 0o120000: 'link' }

// stat's %f (the raw mode) rather than %F: its words differ between tools and languages. Every process counts: this
// runs for each file of each play.
const lookScript = `
set -ef
LC_ALL=C; export LC_ALL
d=\${p%/*}
if [ -d "\${d:-/}" ]; then echo parent; else echo none; fi
if [ -L "$p" ]; then printf '+%s\\n' "$(readlink "$p")"; t=$(readlink -f "$p") || t=$p; else echo -; t=$p; fi
printf '+%s\\n' "$t"
[ -e "$t" ] || [ -L "$t" ] || exit 0
n=$(stat -c '%f %s %Y %u %g
%U
%G' "$t")
printf '%s\\n' "$n"
[ -f "$t" ] || exit 0
s=
[ $sum = no ] || s=$(sha256sum < "$t")
echo "$s"
[ "\${s%% *}" != "$unless" ] || [ -z "$s" ] || exit 0
set -- $n
if [ "$2" -le $most ] && [ $most -gt 0 ]; then echo content; base64 < "$t"; fi
`

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
 * chmod leaves a directory's setgid bit alone unless told by letter.
 */
export function setAttributes(path: string, { mode, owner, group }: Attributes): string {
  return [
    ...(owner !== undefined || group !== undefined
      ? [sh`chown ${`${owner ?? ''}${group === undefined ? '' : `:${group}`}`} ${path}`]
      : []),
    ...(mode !== undefined ? [sh`chmod u-s,g-s ${path} && chmod ${octal(mode)} ${path}`] : []),
  ].join(' && ')
}

/** Writes content, or only sets attributes when the content is there already. */
export async function bringFile(
  connection: Connection,
  state: PathState,
  content: Parameters<Connection['write']>[1] | undefined,
  meta: FileMeta,
): Promise<void> {
  if (content === undefined) {
    await output(connection, setAttributes(state.target, differing(state, meta)))
    return
  }
  if (!state.parent)
    throw new Advice(`${state.path} cannot be written: its directory is missing`, 'make it first, with file.directory')
  await connection.write(state.target, content, meta)
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

/** The text of a file and the way back to its bytes: files that are not UTF-8 keep every byte that is not edited. */
export function decode(content: Uint8Array): { readonly text: string; encode(text: string): Uint8Array } {
  try {
    // A byte order mark is content: it must still be there when the file is written again.
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content),
      encode: (text) => Buffer.from(text),
    }
  } catch {
    return {
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
