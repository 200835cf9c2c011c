import type { OptionNames } from '../model/option-names.ts'
import { Advice, operation, wholeLetters } from '../model/operation.ts'
import type { Diff, FileMeta, Operation } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { performStep, type Step } from './command.ts'
import { checkedMeta, metaNames } from './file-meta.ts'
import { leavesFile } from './leaving.ts'
import { look } from './look.ts'
import { fileChange, madeFrom, type NewContent, newContent } from './new-file.ts'
import {
  attributesDiff,
  decode,
  differing,
  editable,
  filePath,
  mustBeFile,
  mustHaveFolder,
  mustNotBePlanted,
  type PathState,
} from './path-state.ts'
import { withoutPasswords } from './sensitive-lines.ts'
import type { Written } from './written.ts'

/** How a file that is edited is written. */
export type EditOptions = FileMeta & {
  /** Makes the file when it is missing, which is an error otherwise. */
  readonly create?: boolean
}

/** How a file that is edited is written, by name. */
export const editNames: OptionNames<EditOptions> = { ...metaNames, create: true }

/** A text after an edit, and what may be shown of the text before and after. */
export interface Edited {
  readonly after: string
  readonly shown?: { readonly before: string; readonly after: string }
  /** Secrets that stand in the new text: a new file must not be readable by others. */
  readonly secrets?: readonly Secret[]
}

interface Editing {
  readonly name: string
  readonly path: string
  readonly found: (state: PathState) => Found
  readonly options: Options
}

type Options = EditOptions & {
  /** The edit only takes away: a missing file is as wanted. */
  readonly nothingToRemove?: boolean
}

/**
 * An operation that edits the text of a file: what the edit, a pure function, leaves alone stays byte for byte.
 *
 * ```ts
 * const motd = (text: string) =>
 *   editFile('motd', '/etc/motd', { create: true }, (before) => ({ after: `${before}${text}\n` }))
 * ```
 */
export function editFile(
  name: string,
  path: string,
  options: Options,
  edit: (before: string) => Edited,
): Operation<Written> {
  return makeEdit({ name, path: filePath(path), found: finder(edit), options: checkedMeta(options) })
}

const makeEdit = operation<Editing, PathState, Step, Written>(({ name }) => name, {
  lasting: () => true,
  read: (connection, { path, options: { follow = false } }) => look(connection, path, { content: editable, follow }),
  plan(state, { path, found, options }) {
    const { create = false, nothingToRemove = false, ...meta } = options
    mustBeFile(state)
    mustNotBePlanted(state)
    if (!state.exists && nothingToRemove) return { result: { path, changed: false } }
    if (!state.exists && !create) {
      throw new Advice(`${path} cannot be edited: there is no such file`, 'check the path, or give create: true')
    }
    mustHaveFolder(state)
    const { content, shown, secret } = found(state)
    const wanted: FileMeta = !state.exists && secret ? { mode: '0600', ...meta } : meta
    const step = fileChange(state, content, wanted)
    if (!step) return { result: { path, changed: false } }
    // Another edit of the same file may be on its way from somewhere else.
    const before = madeFrom(state.content)
    const change = 'content' in step ? { ...step, before } : step
    const diff: readonly Diff[] = [
      ...(content ? [{ path, ...shown }] : []),
      ...(state.exists ? [attributesDiff(state, differing(state, meta)) ?? []].flat() : []),
    ]
    return { result: { path, changed: true }, change, diff, leaves: leavesFile(state, content, wanted) }
  },
  apply: performStep,
})

interface Found {
  /** The new content, where there has to be another. */
  readonly content: NewContent | undefined
  readonly shown: { readonly before: string; readonly after: string }
  readonly secret: boolean
}

const nothing = Buffer.alloc(0)

/**
 * What an edit makes of a file. The same content on many hosts is one object, and what it becomes is worked out once.
 */
function finder(edit: (before: string) => Edited): (state: PathState) => Found {
  const known = new WeakMap<Uint8Array, Found>()
  return (state) => {
    mustBeSmall(state)
    const { path, content } = state
    if (!content) return foundIn(path, undefined, edit)
    mustBeText(path, content)
    const found = known.get(content) ?? foundIn(path, content, edit)
    known.set(content, found)
    return found
  }
}

function mustBeSmall({ path, exists, size, content }: PathState): void {
  if (!exists || content !== undefined) return
  throw new Advice(
    `${path} cannot be edited: its ${size} bytes are more than the ${editable} that an edit takes`,
    'edit it with a command on the host',
  )
}

// Of texts, UTF-16 alone is full of NULs, where it has no mark; letters that are put between its bytes would break it.
function mustBeText(path: string, content: Uint8Array): void {
  const marked = [0xfeff, 0xfffe].includes(((content[0] ?? 0) << 8) | (content[1] ?? 0))
  const start = content.subarray(0, 4096)
  if (!marked && start.filter((byte) => byte === 0).length * 5 < Math.max(start.length, 5)) return
  throw new Advice(
    `${path} cannot be edited: it is in UTF-16, or no text`,
    'give it whole, with file.content or file.copy',
  )
}

function foundIn(path: string, content: Buffer | undefined, edit: (before: string) => Edited): Found {
  const { text: before, latin1, encode } = decode(content ?? nothing)
  const { after, shown = { before, after }, secrets = [] } = edit(before)
  if (content && after === before)
    return { content: undefined, shown: { before: '', after: '' }, secret: secrets.length > 0 }
  // It may hold letters that the file cannot.
  if (latin1) encode(after)
  else wholeLetters(after)
  return {
    content: newContent(path, content, after, { secrets, latin1 }),
    shown: withoutPasswords(shown.before, shown.after),
    secret: secrets.length > 0,
  }
}
