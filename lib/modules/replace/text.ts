import { replacing, stateless } from '../../kit/text-lines.ts'

/** Which text is to become which. */
export interface Replacement {
  /** Replaced wherever it matches; `^` and `$` stand for the ends of each line. */
  readonly regexp: RegExp
  /** What comes instead, with `$1`, `$<name>` and `$&`. */
  readonly replace: string
  /** Only what stands behind the first match of this is touched; nothing, if there is none. */
  readonly after?: RegExp
  /** Only what stands before the first match of this (behind `after`) is touched; nothing, if there is none. */
  readonly before?: RegExp
}

/** The text with every match replaced; the very same string when nothing changes. */
export function replaceText(text: string, { regexp, replace, after, before }: Replacement): string {
  const from = after ? lineWise(after).exec(text) : undefined
  if (from === null) return text
  const start = from ? from.index + from[0].length : 0
  const to = before ? lineWise(before).exec(text.slice(start)) : undefined
  if (to === null) return text
  const end = to ? start + to.index : text.length
  const replaced = text.slice(start, end).replace(lineWise(regexp, 'g'), replacing(replace))
  const result = text.slice(0, start) + replaced + text.slice(end)
  return result === text ? text : result
}

function lineWise(pattern: RegExp, flag = ''): RegExp {
  const { source, flags } = stateless(pattern)
  return new RegExp(source, `${flags.replace('m', '')}m${flag}`)
}
