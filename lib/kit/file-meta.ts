import type { OptionNames } from '../model/option-names.ts'
import { Advice } from '../model/operation.ts'
import type { FileMeta } from '../model/operation.ts'
import { checkedMode } from './mode.ts'

/** What is said of a file beside its content, by name. */
export const metaNames: OptionNames<FileMeta> = {
  mode: true,
  owner: true,
  group: true,
  backup: true,
  validate: true,
  follow: true,
  unsafeWrites: true,
}

/**
 * What a file shall be like, when it can be. @throws when the mode is none, or a check of it would check nothing
 */
export function checkedMeta<M extends FileMeta>(meta: M): M {
  if (meta.mode !== undefined) checkedMode(meta.mode)
  for (const who of ['owner', 'group'] as const) {
    const name = meta[who] as string | number | undefined
    // chown would read it as an option, as both, or as «leave it».
    if (name !== undefined && (!/^[^\s:/-][^\s:/]*$/.test(String(name)) || Number(name) >= 4294967295))
      throw new Advice(
        `${JSON.stringify(name)} cannot be the ${who} of a file`,
        'give the name of an account, or its number',
      )
  }
  if (meta.validate !== undefined && !meta.validate.includes('%s')) {
    throw new Advice(
      `the validate command ${JSON.stringify(meta.validate)} has no %s`,
      "write %s where the new file's path goes",
    )
  }
  return meta
}
