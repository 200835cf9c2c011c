import { readFileSync } from 'node:fs'
import type { Location } from '../model/location.ts'

const indent = '    '
const longest = 110

/**
 * A line of a source with a mark below a column of it; with what stands before it where `before` says so. Nothing for a
 * file that is gone.
 */
export function draw({ file, line }: Location, column: number, before = false): string | undefined {
  let lines: readonly string[]
  try {
    lines = readFileSync(file, 'utf8').split('\n')
  } catch {
    return undefined
  }
  const text = lines[line - 1]
  if (text === undefined) return undefined
  const earlier = before ? lines.slice(0, line - 1).findLast((one) => one.trim() !== '') : undefined
  const shown = [...(earlier === undefined ? [] : [earlier]), text].map((one) => one.replaceAll('\t', '  ').trimEnd())
  const margin = Math.min(...shown.filter(Boolean).map((one) => one.search(/\S/)))
  const tabs = text.slice(0, column - 1).split('\t').length - 1
  const at = Math.max(0, column - 1 + tabs - margin)
  // Of a line that is too long, the part around the mark.
  const from = Math.max(0, at - longest + 20)
  const cut = (one: string) => `${indent}${one.slice(margin + from, margin + from + longest)}`
  return [...shown.map(cut), `${indent}${' '.repeat(at - from)}^`].join('\n')
}
