import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { type Command, performStep } from '../../kit/command.ts'
import { checkedMeta } from '../../kit/file-meta.ts'
import { leavesDirectory } from '../../kit/leaving.ts'
import { atNewPlace, atPlace } from '../../kit/links.ts'
import { look } from '../../kit/look.ts'
import {
  attributesDiff,
  differing,
  folderPath,
  giveAttributes,
  modeFor,
  mustHaveWay,
  mustNotBePlanted,
  type PathState,
} from '../../kit/path-state.ts'
import { sh } from '../../kit/shell.ts'
import type { Written } from '../../kit/written.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Operation } from '../../model/operation.ts'

/** Mode, owner and group of a file or directory. */
export interface DirectoryMeta {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** Goes where a link leads, whoever made it; without it only by those of root and of the task's user. */
  readonly follow?: boolean
}

/** What is said of a directory, by name. */
export const directoryNames: OptionNames<DirectoryMeta> = { mode: true, owner: true, group: true, follow: true }

/**
 * A directory, its parents included; attributes are those of the last one.
 *
 * ```ts
 * task('Make the image store', file.directory('/var/lib/glance/images', { owner: 'glance', mode: '0750' }))
 * ```
 */
export function directory(path: string, meta: DirectoryMeta = {}): Operation<Written> {
  refuseUnknown('file.directory', meta, directoryNames)
  return makeDirectory({ path: folderPath(path), meta: checkedMeta(meta) })
}

const makeDirectory = operation<{ readonly path: string; readonly meta: DirectoryMeta }, PathState, Command, Written>(
  ({ path }) => `file.directory ${path}`,
  {
    lasting: () => true,
    read: (connection, { path, meta: { follow = false } }) => look(connection, path, { follow }),
    plan(state, { path, meta }) {
      mustNotBePlanted(state)
      mustHaveWay(state)
      if (state.exists && state.kind !== 'directory') {
        throw new Advice(`${path} is there and not a directory`, 'move it away, or remove it with file.absent')
      }
      const { follow = false, mode, ...others } = meta
      const wanted = { ...others, ...(mode === undefined ? {} : { mode: modeFor(state, mode, 'directory') }) }
      const lacking = state.exists ? differing(state, wanted) : wanted
      const attributes = giveAttributes(state.target, lacking)
      if (state.exists && attributes === '') return { result: { path, changed: false } }
      const script = state.exists
        ? `${atPlace}${attributes}`
        : [
            `${atNewPlace}${follow ? 'follow=1\n' : ''}${sh`make ${state.target}`}`,
            ...(attributes ? [attributes] : []),
          ].join('\n')
      const diff = state.exists ? attributesDiff(state, lacking) : { path, before: '', after: 'directory\n' }
      return {
        result: { path, changed: true },
        change: { script, tidy: true },
        leaves: leavesDirectory(state, lacking),
        ...(diff ? { diff } : {}),
      }
    },
    apply: performStep,
  },
)
