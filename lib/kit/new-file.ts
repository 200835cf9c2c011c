import type { Connection, FileMeta } from '../model/operation.ts'
import { revealed, Secret } from '../model/secret.ts'
import type { Step } from './command.ts'
import { rememberPatched, sha256Of } from './contents.ts'
import { decode, differing, modeFor, setAttributes, type PathState } from './path-state.ts'
import { holdsPasswords } from './sensitive-lines.ts'
import { notWritten, type Patch, patchOf, writing } from './writing.ts'

/** A file that is replaced, by a new content or by a patch of the old one. */
export type NewFile = NewContent & {
  readonly path: string
  readonly meta?: FileMeta
  /**
   * The checksum of the content that it was made from, or null where there was none: others' changes must not get lost.
   */
  readonly before?: string | null
}

/** What an edit of this content states of it in `before`. */
export function madeFrom(content: Uint8Array | undefined): string | null {
  return content ? sha256Of(content) : null
}

/** What a file is to contain, as a change carries it. */
export type NewContent = {
  /** The whole of it, or of a patch the lines that it puts in. */
  readonly content: string | Uint8Array | Secret
  readonly patch?: Patch
  /** Each character is a byte: of a file that is not UTF-8. */
  readonly latin1?: boolean
}

/** Writes a file. @throws Outdated when it was made from another content than is there */
export async function writeFile(connection: Connection, file: NewFile): Promise<void> {
  const { path, content, meta = {}, patch, before, latin1 = false } = file
  if (!patch && before === undefined) return connection.write(path, latin1 ? bytesOf(content) : content, meta)
  const host = connection.host.name
  // Before, for those who look at the file right behind this request; whether it is so is for the host to say.
  if (patch) rememberPatched(host, path, patch, bytesOf(content))
  const tidy = meta.validate === undefined
  const stdin = latin1 ? bytesOf(content) : content
  const result = await connection.exec(writing(path, meta, { patch, before }), { stdin, tidy })
  if (result.code !== 0) throw notWritten(path, host, meta, result)
}

function bytesOf(content: NewContent['content']): Uint8Array {
  return content instanceof Uint8Array ? content : Buffer.from(revealed(content), 'latin1')
}

/**
 * The change that a path needs, which was looked at: attributes are set by a command, a content is written. Nothing
 * where nothing is missing.
 */
export function fileChange(state: PathState, content: NewContent | undefined, meta: FileMeta): Step | undefined {
  if (!content) {
    const script = setAttributes(state.target, differing(state, meta))
    return script === '' ? undefined : { script, tidy: true }
  }
  const { owner: _owner, group: _group, ...others } = meta
  // What the old file has already is kept by itself, and what has to be told costs the host a process.
  const mode = meta.mode === undefined ? (state.exists ? state.mode : undefined) : modeFor(state, meta.mode)
  const told = mode === undefined ? {} : { mode }
  const wanted = state.exists ? { ...others, ...told, ...differing(state, meta) } : { ...meta, ...told }
  return { path: state.path, ...content, meta: wanted }
}

/** What may be known of a text besides itself. */
export interface TextKnowledge {
  /** Secrets that may stand in it. */
  readonly secrets?: readonly Secret[]
  /** It goes into a file that is not UTF-8, each character as a byte. */
  readonly latin1?: boolean
}

/**
 * A new content as a change carries it. It is no more than the lines that differ where that is less; and it is a secret
 * where a secret stands in it, or what looks like a password of others.
 */
export function newContent(
  path: string,
  before: Uint8Array | undefined,
  after: string | Uint8Array,
  { secrets = [], latin1 = false }: TextKnowledge = {},
): NewContent {
  const bytes = typeof after === 'string' ? Buffer.from(after, latin1 ? 'latin1' : 'utf8') : after
  const patched = patchOf(before, bytes, sha256Of)
  if (patched) return { content: concealed(path, patched.text, secrets), patch: patched.patch }
  if (typeof after === 'string') return { content: concealed(path, after, secrets), ...(latin1 ? { latin1 } : {}) }
  const decoded = decode(after)
  return !decoded.latin1 && holdsPasswords(decoded.text)
    ? newContent(path, undefined, decoded.text)
    : { content: after }
}

/** A text in which nothing secret can be read. */
export function concealed(path: string, text: string, secrets: readonly Secret[] = []): string | Secret {
  const within = Secret.within(text, secrets)
  // Of a secret of several lines only some may stand here, which nobody would find.
  const inPieces = secrets.some((secret) =>
    secret.parts.some((part) => part instanceof Secret && /\n/.test(part.reveal())),
  )
  return inPieces || holdsPasswords(String(within)) ? Secret.content(text, `content of ${path}`) : within
}
