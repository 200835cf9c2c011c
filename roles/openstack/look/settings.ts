import { probe } from '../../../lib/modules/index.ts'
import { type CloudHost, releaseOf, sourceOf } from '../cloud.ts'
import type { ConfigFile } from '../release.ts'
import { nameOf, unlike } from '../settings.ts'
import { alone, type Finding, type Look, refused } from './finding.ts'

/** Settings of the source's operators, which the target does not get unless they are named. */
export const settings: Look = async (host) => {
  const files = new Map<string, ConfigFile>()
  for (const file of releaseOf(host).services.flatMap(({ config }) => config))
    if (file.from === undefined && !files.has(nameOf(file, host))) files.set(nameOf(file, host), file)
  const { carry } = host.vars
  const found: Finding[] = []
  const known: string[] = []
  for (const [name, file] of files) {
    const { all, missing, otherwise } = await unlike(host, file)
    const rest = (some: readonly string[]) => some.filter((one) => !carry.includes(`${name}:${one}`))
    known.push(...all.map((one) => `${name}:${one}`))
    for (const [what, names] of [
      [`settings of the source that ${host.name} has not`, rest(missing)],
      [`settings that ${host.name} has otherwise than the source`, rest(otherwise)],
    ] as const)
      if (names.length > 0) found.push(alone(`${name}: ${names.length} ${what}: ${names.join(', ')}`))
  }
  const unknown = carry.filter((one) => !known.includes(one))
  if (found.length > 0)
    found.push(
      alone(`to take a setting over, name it in the inventory: carry: ['nova.conf:DEFAULT.quota_instances', …]`),
    )
  if (carry.length > unknown.length)
    found.push(alone(`taken over: ${carry.filter((one) => known.includes(one)).join(', ')}`))
  if (unknown.length > 0)
    found.push(
      refused(
        `carry names what the source does not set, or what is brought anyway: ${unknown.join(', ')}`,
        'write FILE:SECTION.KEY, as the rows on settings have them',
      ),
    )
  return found
}

/** Rules of who may do what: the target keeps its own, and what the source's operators made of theirs is told. */
export const policies: Look = async (host) => {
  const found: Finding[] = []
  for (const { name, etc } of releaseOf(host).services) {
    const [theirs, ours] = [await rulesOf(sourceOf(host), etc), await rulesOf(host, etc)]
    const other = Object.keys(theirs).filter((rule) => rule in ours && theirs[rule] !== ours[rule])
    const gone = Object.keys(theirs).filter((rule) => !(rule in ours))
    for (const [what, rules] of [
      [`has otherwise than the source`, other],
      [`has not`, gone],
    ] as const)
      if (Object.keys(ours).length > 0 && rules.length > 0)
        found.push(
          alone(
            `policy.json of ${name}: ${rules.length} rules of the source that ${host.name} ${what}: ` +
              rules.join(', '),
          ),
        )
  }
  if (found.length > 0) found.push(alone('what is an edit of yours among these: write it into policy.json there, too'))
  return found
}

async function rulesOf(host: CloudHost, etc: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await host.run(probe`cat ${`${etc}/policy.json`} 2>/dev/null; :`)
  try {
    const rules = JSON.parse(stdout) as Readonly<Record<string, unknown>>
    return Object.fromEntries(Object.entries(rules).map(([rule, says]) => [rule, JSON.stringify(says)]))
  } catch {
    return {}
  }
}
