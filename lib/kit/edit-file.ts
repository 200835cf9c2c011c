import { Advice, legacyOperation } from '../model/operation.ts'
import type { Diff, FileMeta, Operation } from '../model/operation.ts'
import type { Written } from './written.ts'
import { look } from './look.ts'
import { withoutPasswords } from './sensitive-lines.ts'
import {
  absolute,
  attributesDiff,
  bringFile,
  decode,
  differing,
  editable,
  mustBeFile,
  octal,
  type Decoded,
  type PathState,
} from './path-state.ts'

/** How a file that is edited is written. */
export interface EditOptions extends FileMeta {
  /** Makes the file when it is missing, which is an error otherwise. */
  readonly create?: boolean
}

/** A text after an edit, and what may be shown of the text before and after. */
export interface Edited {
  readonly after: string
  readonly shown?: { readonly before: string; readonly after: string }
  /** The new text holds secrets: a new file must not be readable by others. */
  readonly secret?: boolean
}

interface Editing {
  readonly name: string
  readonly path: string
  readonly edit: (before: Decoded) => Found
  readonly options: Options
}

interface Options extends EditOptions {
  /** The edit only takes away: a missing file is as wanted. */
  readonly nothingToRemove?: boolean
}

/** An operation that edits the text of a file: what the edit leaves alone stays byte for byte. */
export function editFile(
  name: string,
  path: string,
  options: Options,
  edit: (before: string) => Edited,
): Operation<Written> {
  absolute(path)
  if (options.mode !== undefined) octal(options.mode)
  if (options.validate !== undefined && !options.validate.includes('%s')) {
    throw new Error(
      `the validate command ${JSON.stringify(options.validate)} has no %s: that is where the new file's path goes`,
    )
  }
  return makeEdit({ name, path, edit: once(edit), options })
}

const makeEdit = legacyOperation<Editing, PathState, Written>(({ name }) => name, {
  read: (connection, { path }) => look(connection, path, { content: editable }),
  plan(state, editing) {
    const { path, options } = editing
    mustBeFile(state)
    if (!state.exists && options.nothingToRemove) return { changed: false, result: { path, changed: false } }
    if (!state.exists && !options.create) {
      throw new Advice(`${path} cannot be edited: there is no such file`, 'check the path, or give create: true')
    }
    const { same, shown } = found(state, editing)
    const diffs: readonly Diff[] = [
      ...(same ? [] : [{ path, ...shown }]),
      ...(state.exists ? [attributesDiff(state, differing(state, options)) ?? []].flat() : []),
    ]
    const changed = !same || diffs.length > 0
    return { changed, result: { path, changed }, diff: diffs }
  },
  async apply(connection, _plan, editing, state) {
    const { after, same, secret } = found(state, editing)
    const { create: _create, nothingToRemove: _nothing, ...meta } = editing.options
    await bringFile(
      connection,
      state,
      same ? undefined : after,
      !state.exists && secret ? { mode: '0600', ...meta } : meta,
    )
  },
})

interface Found {
  readonly same: boolean
  readonly after: Uint8Array
  readonly shown: { readonly before: string; readonly after: string }
  readonly secret: boolean
}

function found(state: PathState, { path, edit }: Editing): Found {
  if (state.exists && state.content === undefined) {
    throw new Advice(
      `${path} cannot be edited: its ${state.size} bytes are more than the ${editable} that an edit takes`,
      'edit it with a command on the host',
    )
  }
  const found = edit(decode(state.content ?? nothing))
  return { ...found, same: found.same && state.exists }
}

const nothing = Buffer.alloc(0)

/**
 * An edit that is made once for its plan and its change, and for all hosts that have the same text. What it found is kept
 * here, so that the text, secrets and all, stays out of the plan.
 */
function once(edit: (before: string) => Edited): (before: Decoded) => Found {
  let last: { readonly before: Decoded; readonly found: Found } | undefined
  return (before) => {
    if (last?.before.text === before.text && last.before.latin1 === before.latin1) return last.found
    const { after, shown, secret = false } = edit(before.text)
    const same = after === before.text
    const found = {
      same,
      secret,
      after: same ? nothing : before.encode(after),
      shown: same ? { before: '', after: '' } : withoutPasswords(shown?.before ?? before.text, shown?.after ?? after),
    }
    last = { before, found }
    return found
  }
}
