import { refuseUnknown } from '../../model/option-names.ts'
import { performStep, type Step } from '../../kit/command.ts'
import { checkedMeta, metaNames } from '../../kit/file-meta.ts'
import { sha256Of } from '../../kit/contents.ts'
import { leavesFile } from '../../kit/leaving.ts'
import { look } from '../../kit/look.ts'
import { fileChange, newContent } from '../../kit/new-file.ts'
import {
  attributesDiff,
  decode,
  differing,
  filePath,
  mustBeFile,
  mustHaveFolder,
  type PathState,
} from '../../kit/path-state.ts'
import { withoutPasswords } from '../../kit/sensitive-lines.ts'
import type { Written } from '../../kit/written.ts'
import { operation } from '../../model/operation.ts'
import type { FileMeta, Operation, Plan, Reader } from '../../model/operation.ts'
import { Secret } from '../../model/secret.ts'

/**
 * A file with exactly this content; what is there is replaced atomically.
 *
 * ```ts
 * task('Greet', file.content('/etc/motd', 'Maintenance until noon\n', { mode: '0644', backup: true }))
 * ```
 * A new file with a secret in it gets mode 0600 unless another is asked for.
 */
export function content(path: string, text: string | Secret, meta: FileMeta = {}): Operation<Written> {
  refuseUnknown('file.content', meta, metaNames)
  return bringContent({ path: filePath(path), text, meta: checkedMeta(meta) })
}

/** A file and what it is to contain. */
export interface Wanted {
  readonly path: string
  readonly text: string | Secret
  readonly meta: FileMeta
}

const bringContent = operation<Wanted, PathState, Step, Written>(({ path }) => `file.content ${path}`, {
  lasting: () => true,
  read: lookAtContent,
  plan: planContent,
  apply: performStep,
})

// A larger file is told by its size: nobody reads such a diff.
const shown = 1024 * 1024

/** All that has to be known of a file to bring a text about. */
export function lookAtContent(
  connection: Reader,
  { path, text, meta: { follow = false } }: Wanted,
): Promise<PathState> {
  // The checksum of a secret would stand on a command line, where a short secret could be guessed from it.
  const wanted =
    text instanceof Secret
      ? { content: Math.max(shown, Buffer.byteLength(text.reveal())) }
      : { content: shown, unless: contentOf(Buffer.from(text)) }
  return look(connection, path, { ...wanted, follow })
}

const contentOf = (bytes: Buffer) => ({ sha256: sha256Of(bytes), bytes: bytes.length })

/** What brings the text about. */
export function planContent(state: PathState, { path, text, meta }: Wanted): Plan<Written, Step> {
  mustBeFile(state)
  const secret = text instanceof Secret
  const same = secret
    ? state.content?.equals(Buffer.from(text.reveal())) === true
    : state.sha256 === sha256Of(Buffer.from(text))
  const wanted = same ? undefined : secret ? { content: text } : newContent(path, state.content, text)
  const closed: FileMeta = secret && !state.exists ? { mode: '0600', ...meta } : meta
  if (!same) mustHaveFolder(state)
  const change = fileChange(state, wanted, closed)
  if (!change) return { result: { path, changed: false } }
  return {
    result: { path, changed: true },
    change,
    leaves: leavesFile(state, wanted, closed),
    diff: [
      ...(same ? [] : [{ path, ...showContents(state, text) }]),
      ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
    ],
  }
}

function showContents(state: PathState, text: string | Secret): { readonly before: string; readonly after: string } {
  if (!state.exists) return withoutPasswords(state.planted ? `link to ${state.link}\n` : '', String(text))
  const old = state.content && decode(state.content).text
  if (old === undefined || old.includes('\0'))
    return { before: `${state.size} bytes\n`, after: withoutPasswords('', String(text)).after }
  if (!(text instanceof Secret)) return withoutPasswords(old, text)
  // The old file most likely holds the old secret, of which nobody knows where it stands: only lines that stay are
  // shown.
  const shown = String(text).split('\n')
  const real = text.reveal().split('\n')
  if (shown.length !== real.length) return { before: '‹the content before›\n', after: String(text) }
  const lines = new Map(real.map((line, i) => [line, shown[i]!]))
  return {
    before: old
      .split('\n')
      .map((line) => lines.get(line) ?? '‹a line before›')
      .join('\n'),
    after: String(text),
  }
}
