import { Advice } from '../../model/operation.ts'
import type { Versions } from '../../facts/packages.ts'

/** Packages by name, and the version that each must have: '' for any, `2013.2*` for any that begins so. */
export type Wanted = Readonly<Record<string, string>>

/** The packages that are not there, are older than they could be, or have another version than the one wanted. */
export function missing(versions: Versions, newer: Versions, wanted: Wanted): readonly string[] {
  return Object.keys(wanted).filter((name) => {
    const found = versions[name]
    return found === undefined || newer[name] !== undefined || !fits(found, wanted[name]!)
  })
}

/** A version that says no release fits any of them. */
function fits(found: string, wanted: string): boolean {
  if (wanted.endsWith('*')) return found.startsWith(wanted.slice(0, -1))
  // rpm tells no epoch when it is asked for version and release.
  const bare = wanted.replace(/^\d+:/, '')
  return (
    wanted === '' ||
    [wanted, ...(found.includes(':') ? [] : [bare])].some((one) => found === one || found.startsWith(`${one}-`))
  )
}

/**
 * A version that is older than the one there is a decision; the manager itself would do nothing and end well.
 * @throws Advice for the first that is
 */
export function refuseOlder(names: readonly string[], versions: Versions, wanted: Wanted): void {
  for (const name of names) {
    const asked = wanted[name]!.replace(/\*$/, '')
    if (compareVersions(versions[name]!, asked) > 0) {
      throw new Advice(
        `${name} is there in version ${versions[name]}, which is newer than ${wanted[name]}`,
        'give downgrade: true if the older one is meant',
      )
    }
  }
}

// Good enough to tell older from newer: by the numbers, then by the words between them; ~ comes before everything.
function compareVersions(a: string, b: string): number {
  // rpm tells no epoch of what is installed, so there is nothing to compare one with.
  const epochs = a.includes(':')
  const x = pieces(a, epochs)
  const y = pieces(b, epochs)
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p, q] = [x[i], y[i]]
    if (p === q) continue
    if (p === '~' || q === '~') return p === '~' ? -1 : 1
    if (p === undefined || q === undefined) return p === undefined ? -1 : 1
    if (/\d/.test(p) && /\d/.test(q)) {
      if (Number(p) !== Number(q)) return Number(p) - Number(q)
    } else return /\d/.test(p) ? 1 : /\d/.test(q) ? -1 : p < q ? -1 : 1
  }
  return 0
}

function pieces(version: string, epochs: boolean): readonly string[] {
  const bare = version.replace(/^\d+:/, '')
  const whole = epochs ? (bare === version ? `0:${version}` : version) : bare
  return whole.match(/\d+|[A-Za-z]+|~/g) ?? []
}
