import { anchorIndex, behindMark, eolOfText, insertLines, joinLines, splitLines } from '../../kit/text-lines.ts'
import type { Anchors, TextLine } from '../../kit/text-lines.ts'

/** What a block of lines between two marker lines is to be. */
export interface BlockEdit extends Anchors {
  /** The lines between the markers; none takes the block away. */
  readonly block?: string
  /** The marker lines, `{mark}` being where they differ. */
  readonly marker?: string
  readonly markerBegin?: string
  readonly markerEnd?: string
  readonly state?: 'present' | 'absent'
}

/** Markers that do not stand in the text as one pair, or cannot: where the block is would be a guess. */
export class MarkerError extends Error {
  override readonly name = 'MarkerError'
  readonly line: number | undefined
  readonly hint: string

  constructor(problem: string, line?: number) {
    super(line === undefined ? problem : `line ${line}: ${problem}`)
    this.line = line
    this.hint = line === undefined ? 'give marker, markerBegin or markerEnd' : 'mend the file, and run the task again'
  }
}

/** The text with the block there once, or gone, markers and all; the very same string when nothing changes. */
export function editBlock(text: string, edit: BlockEdit): string {
  const { block = '', state = 'present' } = edit
  const begin = markerOf(edit, edit.markerBegin ?? 'BEGIN')
  const end = markerOf(edit, edit.markerEnd ?? 'END')
  if (begin === end) throw new MarkerError('both markers are the same: put {mark} in the marker')
  const content = blockLines(state === 'absent' ? '' : block)
  const clash = content.find((line) => isMarker(line, begin) || isMarker(line, end))
  if (clash !== undefined) throw new MarkerError(`the block holds its own marker "${clash.trim()}": choose another`)
  return behindMark(text, (body) => withBlock(body, begin, content, end, edit))
}

function withBlock(text: string, begin: string, content: readonly string[], end: string, anchors: Anchors): string {
  const lines = splitLines(text)
  const eol = eolOfText(text)
  const place = findBlock(lines, begin, end)
  if (content.length === 0) {
    return place ? joinLines([...lines.slice(0, place.from), ...lines.slice(place.to + 1)]) : text
  }
  if (place) {
    const current = lines.slice(place.from + 1, place.to)
    if (current.length === content.length && current.every((line, at) => line.text === content[at])) return text
    const inside = content.map((line) => ({ text: line, eol }))
    return joinLines([...lines.slice(0, place.from + 1), ...inside, ...lines.slice(place.to)])
  }
  const added = [begin, ...content, end].map((line) => ({ text: line, eol }))
  return joinLines(insertLines(lines, anchorIndex(lines, anchors, false), added, eol))
}

function findBlock(lines: readonly TextLine[], begin: string, end: string): { from: number; to: number } | undefined {
  let from = -1
  let to = -1
  lines.forEach(({ text }, at) => {
    if (isMarker(text, begin)) {
      if (from !== -1) throw new MarkerError(`"${begin}" stands in line ${from + 1} already: leave one of them`, at + 1)
      from = at
    } else if (isMarker(text, end)) {
      if (from === -1) throw new MarkerError(`"${end}" has no "${begin}" above it: add or remove a marker`, at + 1)
      if (to !== -1) throw new MarkerError(`"${end}" stands in line ${to + 1} already: leave one of them`, at + 1)
      to = at
    }
  })
  if (from === -1) return undefined
  if (to === -1) throw new MarkerError(`"${begin}" has no "${end}" below it: add or remove a marker`, from + 1)
  return { from, to }
}

function isMarker(line: string, marker: string): boolean {
  return line.trimEnd() === marker
}

function markerOf({ marker = '# {mark} switchover managed block' }: BlockEdit, word: string): string {
  return marker.replaceAll('{mark}', () => word).trimEnd()
}

function blockLines(block: string): string[] {
  return block === '' ? [] : block.replace(/\r?\n$/, '').split(/\r?\n/)
}
