import { formatPatch, structuredPatch } from 'diff'
import { counted } from '../model/counted.ts'
import type { Diff } from '../model/operation.ts'
import type { Paint } from './paint.ts'
import { harmless } from './width.ts'

// Above this nobody reads a diff, and making it would hold up the run.
const largest = 256 * 1024
const longestSearch = 500

/** A difference as a unified diff; masked texts come in, so equal texts differ only in secrets. */
export function drawDiff({ path, before, after }: Diff, paint: Paint): readonly string[] {
  const headers = [paint('bold', `--- before: ${path}`), paint('bold', `+++ after: ${path}`)]
  const only = (reason: string) => [...headers, paint('dim', reason)]
  const sizes = `${bytes(before)} before, ${bytes(after)} after`
  if (isBinary(before) || isBinary(after)) return only(`(binary: ${sizes})`)
  if (before.length > largest || after.length > largest) return only(`(too long to compare here: ${sizes})`)
  if (before === after) return only('(only masked values differ)')
  const options = { context: 3, timeout: longestSearch }
  const patch = structuredPatch('before', 'after', before, after, undefined, undefined, options)
  if (!patch) return only(`(too different to compare here: ${sizes})`)
  const lines = formatPatch(patch).trimEnd().split('\n')
  const from = lines.findIndex((line) => line.startsWith('@@'))
  return [...headers, ...lines.slice(from).map((line) => colored(harmless(line.replaceAll('\r', '␍')), paint))]
}

function colored(line: string, paint: Paint): string {
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  if (line.startsWith('-')) return paint('red', line)
  return line
}

// The replacement character is what reading bytes that are no text as UTF-8 gives.
const isBinary = (text: string) => text.slice(0, 8192).includes('\0') || text.slice(0, 8192).includes('\ufffd')

function bytes(text: string): string {
  const size = Buffer.byteLength(text)
  return counted(size, 'byte')
}
