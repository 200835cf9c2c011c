import { Advice } from '../model/operation.ts'
/**
 * A mode as it can be given: octal as `0640`, or symbolic as chmod takes it, `u=rwX,go=rX` or `g+w`.
 * @throws when it is neither
 */
export function checkedMode(mode: string): string {
  if (!/^[0-7]{3,4}$/.test(mode) && !clauses.test(mode))
    throw new Advice(
      `the mode ${JSON.stringify(mode)} is neither octal nor symbolic`,
      'write it as 0640, or as u=rw,g=r,o=',
    )
  return mode
}

/** Does it say what changes, so that one has to know what is there? */
export function isSymbolic(mode: string): boolean {
  return !/^[0-7]+$/.test(mode)
}

const clause = '[ugoa]*([-+=]([rwxXst]+|[ugo])?)+'
const clauses = new RegExp(`^${clause}(,${clause})*$`)

/**
 * The mode, in four octal digits, that chmod would give to what has this one. Where a clause does not say for whom,
 * chmod asks the umask: here it is always 022.
 */
export function modeAfter(mode: string, before: string, directory = false): string {
  if (!isSymbolic(checkedMode(mode))) return mode.padStart(4, '0')
  let bits = parseInt(before, 8)
  for (const one of mode.split(',')) {
    const who = /^[ugoa]*/.exec(one)![0]
    for (const [, order, rights] of one.slice(who.length).matchAll(/([-+=])([rwxXstugo]*)/g)) {
      bits = changed(bits, who, order!, rights!, directory)
    }
  }
  return bits.toString(8).padStart(4, '0')
}

// Of whom, with the special bit of each.
const whose: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 }
const right: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, X: 0, s: 0o6000, t: 0o1000 }
const umask = 0o022

function changed(bits: number, who: string, order: string, rights: string, directory: boolean): number {
  const affected = [...who].reduce((all, one) => all | whose[one]!, 0)
  let value = 0
  for (const letter of rights) {
    if (letter === 'X') value |= bits & 0o111 || directory ? 0o111 : 0
    else if (letter in right) value |= right[letter]!
    else value |= spread(bits & whose[letter]! & 0o777)
  }
  // A directory keeps its special bits unless they are named.
  const kept = directory ? 0o6000 & ~(affected ? affected & value : value) : 0
  value &= (affected || ~umask) & ~kept
  if (order === '+') return bits | value
  if (order === '-') return bits & ~value
  return (bits & ((affected ? ~affected : 0) | kept)) | value
}

function spread(bits: number): number {
  return [0o444, 0o222, 0o111].reduce((all, one) => all | (bits & one ? one : 0), 0)
}
