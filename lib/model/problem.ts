import { type Location, showLocation } from './location.ts'

/**
 * Something wrong that is known before the first connection: what, where, and what to do about it, which goes without
 * saying only where the line itself is shown.
 */
export type Problem = {
  readonly message: string
  readonly at?: Location
} & (
  | { readonly hint: string; readonly source?: string }
  /** The line in question, drawn, to be shown below. */
  | { readonly hint?: string; readonly source: string }
)

/** What the operator asked for cannot be done as asked; `exitCode` says of which kind the reason is. */
export class Refused extends Error {
  readonly problems: readonly Problem[]
  readonly exitCode: number
  constructor(problems: readonly Problem[] | Problem, exitCode: number) {
    const all = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem]
    super(showProblems(all))
    this.problems = all
    this.exitCode = exitCode
  }
}

/** What was found wrong as the end of whoever looked, for `together`. */
export function wrongly(problems: readonly Problem[], exitCode: number): PromiseSettledResult<void> {
  return problems.length === 0
    ? { status: 'fulfilled', value: undefined }
    : { status: 'rejected', reason: new Refused(problems, exitCode) }
}

/**
 * What all of them gave, when all ended well.
 * @throws what is no refusal; else Refused with the problems of all, and the exit code of the first
 */
export function together<T extends readonly unknown[]>(
  ...ends: { readonly [I in keyof T]: PromiseSettledResult<T[I]> }
): T {
  const reasons = ends.flatMap((end): readonly unknown[] => (end.status === 'rejected' ? [end.reason] : []))
  const refused = reasons.filter((reason) => reason instanceof Refused)
  if (refused.length < reasons.length) throw reasons.find((reason) => !(reason instanceof Refused))
  if (refused.length > 0)
    throw new Refused(
      refused.flatMap(({ problems }) => problems),
      refused[0]!.exitCode,
    )
  return ends.map((end) => (end as PromiseFulfilledResult<unknown>).value) as unknown as T
}

/**
 * Each problem: what, the suggestion, the place, the line in question. What is wrong alike in several places is said
 * once.
 */
export function showProblems(problems: readonly Problem[]): string {
  const alike = new Map<string, Problem[]>()
  for (const problem of problems) {
    const key = `${problem.message}\0${problem.hint}`
    alike.set(key, [...(alike.get(key) ?? []), problem])
  }
  return [...alike.values()]
    .map((some) => {
      const { message, hint, source } = some[0]!
      // What is typed, as for exec, lies in no file.
      const places = some.flatMap(({ at }) => (at && at.line > 0 ? [showLocation(at)] : []))
      const more = places.length - mostPlaces
      const named = [...places.slice(0, mostPlaces), ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
      return `${message}${hint ? ` - ${hint}` : ''}${named ? ` (${named})` : ''}${source ? `\n${source}` : ''}`
    })
    .join('\n')
}

const mostPlaces = 3

/** The exit codes of `run`; those that Ansible has mean the same. */
export const exit = {
  ok: 0,
  crashed: 1,
  failed: 2,
  unreachable: 4,
  usage: 5,
  load: 6,
  empty: 7,
  refused: 8,
  locked: 9,
  interrupted: 130,
  terminated: 143,
} as const

/** The candidate an operator most likely meant, or undefined when none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 0.5
  for (const candidate of candidates) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase()) - (isAnagram(name, candidate) ? 0.25 : 0)
    // What has no letter in common is no slip.
    if (d < least && d < Math.max(name.length, candidate.length)) {
      least = d
      best = candidate
    }
  }
  if (best !== undefined || name.length < 3) return best
  const all = [...candidates].map((candidate) => [candidate, candidate.toLowerCase()] as const)
  const words = name.toLowerCase().split(/\s+/)
  const found =
    all.find(([, one]) => one.startsWith(words.join(' '))) ??
    all.find(([, one]) => words.every((word) => one.includes(word)))
  return found?.[0]
}

/** «did you mean compute?», or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(name, candidates)
  return found === undefined ? undefined : `did you mean ${found}?`
}

// Of two that are equally near the one with the same letters was meant.
const isAnagram = (a: string, b: string) => [...a].sort().join('') === [...b].sort().join('')

/** Edit distance that counts swapped neighbours as one slip, the commonest one at a keyboard. */
export function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let d = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1)
      row.push(d)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
