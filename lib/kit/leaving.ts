import { left, type Left, Unforeseen } from '../model/foreseen.ts'
import type { FileMeta } from '../model/operation.ts'
import { revealed } from '../model/secret.ts'
import type { LookOptions } from './look.ts'
import type { NewContent } from './new-file.ts'
import { type Attributes, differing, octal, type PathState } from './path-state.ts'

/** What a file is like after a change of `fileChange`. */
export function leavesFile(state: PathState, content: NewContent | undefined, meta: FileMeta): readonly Left[] {
  const lacking = differing(state, meta)
  if (!content) return leavesAttributes(state, lacking)
  const bytes = bytesAfter(state.content, content)
  const same = { sameAttributes: state.exists && Object.keys(lacking).length === 0 }
  return at(state, same, (is) => ({
    ...is,
    exists: true,
    kind: 'file',
    ...(is.exists ? {} : { mode: '0644', owner: 'root', group: 'root', uid: '0', gid: '0' }),
    ...owned(is, meta),
    size: bytes.length,
    content: bytes,
    sha256: undefined,
  }))
}

/** A file of which only the content is said. */
export function leavesContent(path: string, before: Uint8Array | undefined, after: Uint8Array): readonly Left[] {
  const content = Buffer.from(after)
  const more = { sameAttributes: before !== undefined }
  return [
    left<PathState>(
      `file ${path}`,
      (is) => ({ ...is, exists: true, kind: 'file', size: content.length, content, sha256: undefined }),
      more,
    ),
  ]
}

/** What is like after its attributes have been set. */
export function leavesAttributes(state: PathState, attributes: Attributes): readonly Left[] {
  return at(state, {}, (is) => ({ ...is, ...owned(is, attributes) }))
}

/** A directory, and those that it lies in. */
export function leavesDirectory(state: PathState, meta: Attributes): readonly Left[] {
  const made = (is: PathState): PathState =>
    is.exists ? is : { ...is, exists: true, kind: 'directory', mode: '0755', owner: 'root', group: 'root', size: 0 }
  const above = state.path.split('/').slice(1, -1)
  return [
    ...(state.exists
      ? []
      : above.map((_, i) => left(`file /${above.slice(0, i + 1).join('/')}`, (is: PathState) => made(is)))),
    ...at(state, {}, (is) => ({ ...made(is), ...owned(made(is), meta) })),
  ]
}

/** Nothing any more, and nothing below it. */
export function leavesNothing(path: string): readonly Left[] {
  return [
    left(
      `file ${path}`,
      (is: PathState) => ({ ...is, exists: false, kind: undefined, link: undefined, content: undefined, size: 0 }),
      { below: true },
    ),
  ]
}

/** A link. */
export function leavesLink(path: string, to: string): readonly Left[] {
  return [left(`file ${path}`, (is: PathState) => ({ ...is, link: to }))]
}

/** A file of which only the real run knows what is in it. */
export function leavesSomeFile(path: string): readonly Left[] {
  return [
    left<PathState, LookOptions>(`file ${path}`, (is, wanted) => {
      if ((wanted.content ?? 0) > 0 || wanted.sha256 || wanted.unless !== undefined)
        throw new Unforeseen(`file ${path}`, 'what writes it')
      return { ...is, exists: true, kind: 'file' }
    }),
  ]
}

// A link is followed by whoever changes what is there: it is found by both of its names.
function at(
  state: PathState,
  more: Pick<Left, 'sameAttributes'>,
  becomes: (is: PathState) => PathState,
): readonly Left[] {
  return [...new Set([state.path, state.target])].map((path) => left(`file ${path}`, becomes, more))
}

function owned(is: PathState, { mode, owner, group }: Attributes): Attributes {
  return {
    mode: mode === undefined ? is.mode : octal(mode),
    owner: owner ?? is.owner,
    group: group ?? is.group,
  }
}

function bytesAfter(before: Buffer | undefined, { content, patch, latin1 }: NewContent): Buffer {
  const bytes =
    content instanceof Uint8Array ? Buffer.from(content) : Buffer.from(revealed(content), latin1 ? 'latin1' : 'utf8')
  if (!patch) return bytes
  const old = before ?? Buffer.alloc(0)
  return Buffer.concat([old.subarray(0, patch.head), bytes, old.subarray((patch.tail ?? Infinity) - 1)])
}
