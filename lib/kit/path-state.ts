import { Advice, CommandFailed, Settled } from '../model/operation.ts'
import type { Diff } from '../model/operation.ts'
import { atPlace, plantedLink } from './links.ts'
import { modeAfter } from './mode.ts'
import { sh } from './shell.ts'

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
  /** A link that others could have made, for one who will write there: it was not followed, and nothing exists then. */
  readonly planted: boolean
  /** The folder that is missing for it, as far as what is foreseen tells: nothing can be made there before that is. */
  readonly lacks: string | undefined
  /** What stands on the way to it and is no directory: that folder cannot be made. */
  readonly barred: string | undefined
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
}

/** Files up to this size are compared and edited in memory and shown as a diff. */
export const editable = 4 * 1024 * 1024

/**
 * The path, when a host's root directory is where it starts; what is relative depends on who logged in. One path has
 * one name: without `//` and `/./`.
 */
export function absolute(path: string): string {
  if (!path.startsWith('/') || /[\n\0]/.test(path))
    throw new Advice(
      `${JSON.stringify(path)} is not an absolute path of one line`,
      'begin it with a slash, and write no line end into it',
    )
  return path.replace(/\/(?:\.?\/)+/g, '/')
}

/** The absolute path of a file. @throws Advice when it can be that of a folder only */
export function filePath(path: string): string {
  const file = absolute(path)
  if (/\/\.{0,2}$/.test(file))
    throw new Advice(
      `${JSON.stringify(path)} is the path of a folder, and a file is to lie there`,
      'name the file in it; or leave out the slash at its end, where the file itself is meant',
    )
  return file
}

/** The absolute path of a folder, whether or not a slash ends it. */
export function folderPath(path: string): string {
  return absolute(path).replace(/\/\.?$/, '') || '/'
}

/** The mode as `stat` gives it. @throws when it is not octal */
export function octal(mode: string): string {
  if (!/^[0-7]{3,4}$/.test(mode)) throw new Advice(`the mode ${JSON.stringify(mode)} is not octal`, 'write it as 0640')
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
  const after = mode === undefined ? state.mode : modeFor(state, mode)
  return {
    ...(after !== state.mode ? { mode: after } : {}),
    ...(owner !== undefined && owner !== state.owner && owner !== state.uid ? { owner } : {}),
    ...(group !== undefined && group !== state.group && group !== state.gid ? { group } : {}),
  }
}

/**
 * The mode in octal: a symbolic one changes that of what is there, or of a new file, 0644, or a new directory, 0755.
 */
export function modeFor(state: PathState, mode: string, kind: 'file' | 'directory' = 'file'): string {
  const directory = state.exists ? state.kind === 'directory' : kind === 'directory'
  return modeAfter(mode, state.exists ? state.mode : directory ? '0755' : '0644', directory)
}

/** The attributes before and after, when they differ. */
export function attributesDiff(state: PathState, change: Attributes): Diff | undefined {
  const names = Object.keys(change) as (keyof Attributes)[]
  if (names.length === 0) return undefined
  const show = (of: Attributes) => names.map((name) => `${name} ${of[name]}\n`).join('')
  return { path: `${state.path} (attributes)`, before: state.exists ? show(state) : '', after: show(change) }
}

/** The script that sets attributes of what lies at a path. */
export function setAttributes(path: string, attributes: Attributes): string {
  const giving = giveAttributes(path, attributes)
  return giving && `${atPlace}${giving}`
}

/** The same behind `atPlace`; owner first, because changing it takes the setuid bits away. */
export function giveAttributes(path: string, { mode, owner, group }: Attributes): string {
  if (mode === undefined && owner === undefined && group === undefined) return ''
  const who =
    owner === undefined && group === undefined ? '' : `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
  return `${sh`stand ${path}`}\n${sh`give ${who} ${mode === undefined ? '' : byLetters(mode)}`}`
}

/** An octal mode for chmod, which leaves a directory's setgid bit alone unless told by letter. */
export function byLetters(mode: string): string {
  const [special = 0, ...who] = [...octal(mode)].map(Number)
  const rights = who.map((bits, i) => {
    const letters = [...'rwx'].filter((_, n) => bits & (4 >> n)).join('')
    return `${'ugo'[i]}=${letters}${i < 2 && special & (4 >> i) ? 's' : ''}`
  })
  return ['ug-s', ...rights, special & 1 ? '+t' : '-t'].join(',')
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

/** @throws Settled when it cannot be made, because the folder is missing that it is to lie in */
export function mustHaveFolder({
  path,
  exists,
  link,
  lacks,
}: Pick<PathState, 'path' | 'exists' | 'link' | 'lacks'>): void {
  if (exists || link !== undefined || lacks === undefined) return
  throw new Settled(`${path} cannot be made: there is no directory ${lacks}`, 'make it first, with file.directory')
}

/** @throws Settled when no folder can be made for it, because something else stands in its way */
export function mustHaveWay({ path, barred }: PathState): void {
  if (barred === undefined) return
  throw new Settled(`${path} cannot be made: ${barred} is no directory`, 'move it away, or remove it with file.absent')
}

/** @throws Advice when what lies there is to be found through a link that others could have made */
export function mustNotBePlanted({ path, planted }: PathState): void {
  if (planted) throw plantedLink(path, path)
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
        if (/[^\0-\xff]/.test(text))
          throw new Advice(
            'the file is not UTF-8 and the new text does not fit into latin1',
            'convert the file to UTF-8 first, or write the new text in ASCII',
          )
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
