import { database } from '../../../lib/modules/index.ts'
import { releaseOf, sourceOf } from '../cloud.ts'
import { rootLogin } from '../logins.ts'
import { readsOtherwise } from '../texts.ts'
import { type Finding, type Look, moved, some } from './finding.ts'

/** Names that are not ASCII, and how they will read on the target. */
export const texts: Look = async (host) => {
  const source = sourceOf(host)
  const found: Finding[] = []
  for (const service of releaseOf(host).services) {
    for (const { name } of service.databases) {
      if (!(await readsOtherwise(host, service.name, name))) continue
      const all = await source.run(database.texts(name, rootLogin(source)))
      const sum = (which: 'doubled' | 'others') => all.reduce((so, one) => so + one[which], 0)
      const shown = (which: 'doubled' | 'others') =>
        some(
          all
            .filter((one) => one[which] > 0)
            // The sample of a column with both is one of the doubled.
            .map(
              (one) => `${one.table}.${one.column}${which === 'others' && one.doubled > 0 ? '' : ` «${one.sample}»`}`,
            ),
          3,
        )
      if (sum('doubled') > 0)
        found.push(
          moved(
            `${sum('doubled')} texts of ${name} are UTF-8 in latin1, and will read as they do now: ${shown('doubled')}`,
          ),
        )
      if (sum('others') > 0)
        found.push(
          moved(`${sum('others')} other texts of ${name} are not ASCII, and are converted: ${shown('others')}`),
        )
    }
  }
  return found
}
