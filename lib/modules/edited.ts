import { Advice, operation } from '../model/operation.ts'
import type { Diff, FileMeta, Operation } from '../model/operation.ts'
import type { Written } from './file.ts'
import { withoutPasswords } from './sensitive-lines.ts'
import {
  absolute,
  attributesDiff,
  bringFile,
  decode,
  differing,
  editable,
  look,
  mustBeFile,
  octal,
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
  readonly edit: (before: string) => Edited
  readonly options: Options
}

interface Options extends EditOptions {
  /** The edit only takes away: a missing file is as wanted. */
  readonly nothingToRemove?: boolean
}

type Found = {
  readonly state: PathState
  readonly edited: Edited | undefined
  readonly encoded: Uint8Array | undefined
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
  return makeEdit({ name, path, edit, options })
}

const makeEdit = operation<Editing, PathState, Written>(({ name }) => name, {
  read: (connection, { path }) => look(connection, path, { content: editable }),
  plan(state, editing) {
    const { path, options } = editing
    mustBeFile(state)
    if (!state.exists && options.nothingToRemove) return { changed: false, result: { path, changed: false } }
    if (!state.exists && !options.create) {
      throw new Advice(`${path} cannot be edited: there is no such file`, 'check the path, or give create: true')
    }
    const { edited, encoded } = found(state, editing)
    const same = encoded === undefined
    const diffs: readonly Diff[] = [
      ...(same
        ? []
        : [
            {
              path,
              ...withoutPasswords(edited!.shown?.before ?? beforeOf(state), edited!.shown?.after ?? edited!.after),
            },
          ]),
      ...(state.exists ? [attributesDiff(state, differing(state, options)) ?? []].flat() : []),
    ]
    const changed = !same || diffs.length > 0
    return { changed, result: { path, changed }, diff: diffs }
  },
  async apply(connection, _plan, editing, state) {
    const { edited, encoded } = found(state, editing)
    const { create: _create, nothingToRemove: _nothing, ...meta } = editing.options
    await bringFile(connection, state, encoded, !state.exists && edited?.secret ? { mode: '0600', ...meta } : meta)
  },
})

// The edit is pure, so that asking it twice costs a little time and keeps the text, secrets and all, out of the plan.
function found(state: PathState, { path, edit }: Editing): Found {
  if (state.exists && state.content === undefined) {
    throw new Advice(
      `${path} cannot be edited: its ${state.size} bytes are more than the ${editable} that an edit takes`,
      'edit it with a command on the host',
    )
  }
  const { text, encode } = decode(state.content ?? Buffer.alloc(0))
  const edited = edit(text)
  return { state, edited, encoded: edited.after === text && state.exists ? undefined : encode(edited.after) }
}

function beforeOf(state: PathState): string {
  return decode(state.content ?? Buffer.alloc(0)).text
}
