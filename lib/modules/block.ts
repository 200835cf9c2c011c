import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import type { Operation } from '../model/operation.ts'
import { editFile, editNames, type EditOptions } from '../kit/edit-file.ts'
import { anchorNames } from '../kit/text-lines.ts'
import type { Written } from '../kit/written.ts'
import { editBlock, type BlockEdit } from './block/text.ts'

/** How the block is marked and where it goes when it is new. */
export interface BlockOptions extends EditOptions, Omit<BlockEdit, 'block' | 'state'> {}

const blockNames: OptionNames<BlockOptions> = {
  ...editNames,
  ...anchorNames,
  marker: true,
  markerBegin: true,
  markerEnd: true,
}

/**
 * Lines of a file between two marker lines, by which they are found again; several blocks of one file need different
 * markers.
 *
 * ```ts
 * task('Name the clouds', block.present('/etc/hosts', '10.0.0.4 new-controller\n10.0.0.3 old-controller'))
 * ```
 */
export function present(path: string, lines: string, options: BlockOptions = {}): Operation<Written> {
  refuseUnknown('block.present', options, blockNames)
  const { meta, edit } = split(options)
  return editFile(`block.present ${path}`, path, meta, (before) => ({
    after: editBlock(before, { ...edit, block: lines, state: 'present' }),
  }))
}

/**
 * No block between these markers; a missing file has none.
 *
 * ```ts
 * task('Forget the old names', block.absent('/etc/hosts'))
 * ```
 */
export function absent(path: string, options: BlockOptions = {}): Operation<Written> {
  refuseUnknown('block.absent', options, blockNames)
  const { meta, edit } = split(options)
  return editFile(`block.absent ${path}`, path, { ...meta, nothingToRemove: true }, (before) => ({
    after: editBlock(before, { ...edit, state: 'absent' }),
  }))
}

function split({ mode, owner, group, backup, validate, follow, unsafeWrites, create, ...edit }: BlockOptions): {
  readonly meta: EditOptions
  readonly edit: Omit<BlockEdit, 'block' | 'state'>
} {
  const meta = { mode, owner, group, backup, validate, follow, unsafeWrites, create }
  return { meta: Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)), edit }
}
