import { refuseUnknown } from '../model/option-names.ts'
import { keepBackslashes } from '../model/backslashes.ts'
import type { FileMeta, Operation } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import type { Written } from '../kit/written.ts'
import { metaNames } from '../kit/file-meta.ts'
import { content } from './file.ts'

/** What can stand in a text: a list becomes lines, and a line that holds nothing but an empty value goes away. */
export type Inserted = string | number | boolean | null | undefined | Secret | readonly (string | number | Secret)[]

/**
 * A file made of a text with values in it; otherwise as `file.content`.
 *
 * ```ts
 * task('Write the target list', (host) => template('/etc/tgt/targets.conf', dedent`
 *   # ${host.name}
 *   <target ${iqn}>
 *     ${volumes.map((volume) => `backing-store /dev/cinder-volumes/${volume}`)}
 *   </target>
 * `, { mode: '0640' }))
 * ```
 */
export function template(path: string, text: string | Secret, meta: FileMeta = {}): Operation<Written> {
  refuseUnknown('template', meta, metaNames)
  return content(path, text, meta)
}

/**
 * A text without the indentation that its lines have in common and without the line breaks at its ends; one is put at
 * the end.
 * With a secret among the values the whole is a secret of which only those values are masked.
 *
 * ```ts
 * const text = dedent`
 *   [client]
 *   password = ${password}
 * `
 * ```
 * @throws where JavaScript would eat a backslash
 */
export function dedent(strings: TemplateStringsArray, ...values: readonly Inserted[]): string | Secret {
  keepBackslashes(strings)
  const lines = parse(strings)
  const filled = lines.filter((line) => line.some((part) => typeof part === 'number' || part.trim() !== ''))
  const indent = Math.min(...filled.map(indentOf))
  const whole = lines.map((line) => cut(line, indent))
  while (whole.length > 0 && isBlank(whole[0]!)) whole.shift()
  while (whole.length > 0 && isBlank(whole.at(-1)!)) whole.pop()
  const parts = whole.flatMap((line) => fill(line, values))
  return parts.some((part) => part instanceof Secret) ? Secret.join(parts) : parts.join('')
}

/** A line of the template: its texts, and the numbers of the values between them. */
type Line = readonly (string | number)[]

function parse(strings: TemplateStringsArray): readonly Line[] {
  const lines: (string | number)[][] = [[]]
  strings.forEach((text, i) => {
    text.split('\n').forEach((piece, j) => {
      if (j > 0) lines.push([])
      if (piece !== '') lines.at(-1)!.push(piece)
    })
    if (i < strings.length - 1) lines.at(-1)!.push(i)
  })
  return lines
}

function indentOf([first]: Line): number {
  return typeof first === 'string' ? /^[ \t]*/.exec(first)![0].length : 0
}

function cut(line: Line, indent: number): Line {
  const [first, ...rest] = line
  return typeof first === 'string' ? [first.slice(Math.min(indent, indentOf(line))), ...rest] : line
}

function isBlank(line: Line): boolean {
  return line.every((part) => typeof part === 'string' && part.trim() === '')
}

function fill(line: Line, values: readonly Inserted[]): readonly (string | Secret)[] {
  const numbers = line.filter((part) => typeof part === 'number')
  const alone = numbers.length === 1 && line.every((part) => typeof part === 'number' || part.trim() === '')
  const lead = typeof line[0] === 'string' ? /^[ \t]*/.exec(line[0])![0] : ''
  if (alone && isNothing(values[numbers[0]!])) return []
  return [...line.flatMap((part) => (typeof part === 'string' ? [part] : show(values[part], lead))), '\n']
}

function isNothing(value: Inserted): boolean {
  return (
    value === '' ||
    value === null ||
    value === undefined ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  )
}

// What has several lines keeps the indentation of the place where it is put.
function show(value: Inserted, lead: string): readonly (string | Secret)[] {
  if (value instanceof Secret) return [value]
  if (Array.isArray(value)) {
    return (value as readonly (string | number | Secret)[]).flatMap((one, i) => [
      ...(i > 0 ? [`\n${lead}`] : []),
      ...show(one, lead),
    ])
  }
  if (value === null || value === undefined || value === false) return []
  return [String(value).replaceAll('\n', `\n${lead}`)]
}
