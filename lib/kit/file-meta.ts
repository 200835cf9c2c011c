import type { FileMeta } from '../model/operation.ts'
import { checkedMode } from './mode.ts'

/**
 * What a file shall be like, when it can be. @throws when the mode is none, or a check of it would check nothing
 */
export function checkedMeta<M extends FileMeta>(meta: M): M {
  if (meta.mode !== undefined) checkedMode(meta.mode)
  if (meta.validate !== undefined && !meta.validate.includes('%s')) {
    throw new Error(
      `the validate command ${JSON.stringify(meta.validate)} has no %s: that is where the new file's path goes`,
    )
  }
  return meta
}
