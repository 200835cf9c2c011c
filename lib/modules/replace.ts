import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { Advice } from '../model/operation.ts'
import type { Operation } from '../model/operation.ts'
import { editFile, type EditOptions } from '../kit/edit-file.ts'
import { metaNames } from '../kit/file-meta.ts'
import type { Written } from '../kit/written.ts'
import { replaceText, type Replacement } from './replace/text.ts'

/** The part of the file that is meant, and how it is written. */
export interface ReplaceOptions extends Omit<EditOptions, 'create'>, Pick<Replacement, 'after' | 'before'> {}

const replaceNames: OptionNames<ReplaceOptions> = { ...metaNames, after: true, before: true }

/**
 * Every match in a file becomes another text; `^` and `$` are the ends of a line. Write it so that the new text does
 * not match again.
 *
 * ```ts
 * task('Move to the new address', replace('/etc/motd', /\b10\.0\.0\.3\b/, '10.0.0.4', { after: /^# controllers/ }))
 * ```
 * @throws when the new text would be replaced again by the next run
 */
export function replace(path: string, regexp: RegExp, text: string, options: ReplaceOptions = {}): Operation<Written> {
  refuseUnknown('replace', options, replaceNames)
  const { after, before, ...meta } = options
  const replacement = { regexp, replace: text, ...(after ? { after } : {}), ...(before ? { before } : {}) }
  return editFile(`replace ${path} ${regexp}`, path, meta, (old) => {
    const made = replaceText(old, replacement)
    if (replaceText(made, replacement) !== made) {
      throw new Advice(
        `${regexp} matches what it would write into ${path}: each run would change it again`,
        'make it match only the old text',
      )
    }
    return { after: made }
  })
}
