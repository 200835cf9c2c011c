import { Advice } from '../../model/operation.ts'
import {
  anchorIndex,
  behindMark,
  eolOfText,
  findLine,
  insertLines,
  joinLines,
  matcher,
  replacing,
  splitLines,
  stateless,
} from '../../kit/text-lines.ts'
import type { Anchors } from '../../kit/text-lines.ts'

/** What one line of a text is to be. */
export interface LineEdit extends Anchors {
  /** The line, without a line end. */
  readonly line?: string
  /** The line to replace, or the lines to remove; matched without their line ends. */
  readonly regexp?: RegExp
  /** The same, by a piece of literal text. */
  readonly search?: string
  readonly state?: 'present' | 'absent'
  /** Whether the first match counts; otherwise the last does. */
  readonly firstMatch?: boolean
  /** Whether `$1`, `$<name>` and `$&` in `line` stand for what `regexp` found; without a match nothing changes then. */
  readonly backrefs?: boolean
}

/** The text with the line there once, or gone; the very same string when nothing changes. */
export function editLine(text: string, edit: LineEdit): string {
  const problem = lineProblem(edit)
  if (problem !== undefined) throw new Advice(...problem)
  return behindMark(text, (body) => (edit.state === 'absent' ? withoutLines(body, edit) : withLine(body, edit)))
}

function withLine(text: string, edit: LineEdit): string {
  const { line = '', regexp, backrefs = false, firstMatch = false } = edit
  const lines = splitLines(text)
  const eol = eolOfText(text)
  const passes = criterion(edit)
  const match = passes === undefined ? -1 : findLine(lines, passes, firstMatch)

  if (match !== -1) {
    const found = lines[match]!
    const wanted = backrefs ? expand(found.text, regexp!, line) : line
    if (found.text === wanted) return text
    if (backrefs && passes!(wanted) && expand(wanted, regexp!, line) !== wanted)
      throw new Advice(
        `${regexp} matches what it would write, and would make something else of it: each run would change it again`,
        'make it match only the old line',
      )
    lines[match] = { text: wanted, eol: found.eol || eol }
    return joinLines(lines)
  }
  if (backrefs || lines.some((present) => present.text === line)) return text
  const index = anchorIndex(lines, edit, firstMatch)
  return joinLines(insertLines(lines, index, [{ text: line, eol }], eol))
}

function withoutLines(text: string, edit: LineEdit): string {
  const passes = criterion(edit) ?? ((present: string): boolean => present === edit.line)
  const lines = splitLines(text)
  const kept = lines.filter((present) => !passes(present.text))
  return kept.length === lines.length ? text : joinLines(kept)
}

function criterion({ regexp, search }: LineEdit): ((text: string) => boolean) | undefined {
  if (regexp) return matcher(regexp)
  return search === undefined ? undefined : (text) => text.includes(search)
}

// The whole line becomes the expansion, also where the pattern matches only a part of it.
function expand(text: string, regexp: RegExp, line: string): string {
  const pattern = stateless(regexp)
  const match = pattern.exec(text)!
  const rest = text.length - match.index - match[0].length
  const replaced = text.replace(pattern, replacing(line))
  return replaced.slice(match.index, replaced.length - rest)
}

function lineProblem({
  line,
  regexp,
  search,
  state,
  backrefs,
}: LineEdit): readonly [reason: string, hint: string] | undefined {
  if (regexp && search !== undefined) return ['give regexp or search, not both', 'leave one of them out']
  if (search === '') return ['an empty search text is in every line', 'give a text that stands in that line alone']
  if (line !== undefined && /[\r\n]/.test(line))
    return ['a line cannot hold a line end: write a block', 'block.present takes several lines']
  if (state === 'absent') {
    return (line ?? regexp ?? search) === undefined
      ? ['say which line: give line, regexp or search', 'one of them is needed']
      : undefined
  }
  if (line === undefined) return ['say what the line is to be: give line', 'line.absent takes lines away']
  if (backrefs && !regexp) return ['backrefs needs a regexp', 'give regexp, or write the whole line without backrefs']
  return undefined
}
