import { programs } from './dialect.ts'
import { endsEarly, inlineComment } from './document.ts'
import type { IniDialect } from './document.ts'

/** A value to write; booleans become True and False, as OpenStack's files spell them. */
export type IniValue = string | number | boolean

/** The text of a value. */
export function iniValueText(value: IniValue): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

/** Why a section of this name cannot be written, if so. */
export function sectionProblem(name: string, dialect: IniDialect): string | undefined {
  if (name === '' && dialect === 'oslo') return 'a key needs a section: write DEFAULT'
  if (dialect === 'git' ? /[\r\n]/.test(name) : /[[\]\r\n]/.test(name))
    return 'a section name cannot hold a bracket or a line end'
  return undefined
}

/** Why a key of this name cannot be written, if so. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'a key needs a name'
  if (key !== key.trim()) return 'a key cannot begin or end with a blank'
  if (/^[[#;%]/.test(key)) return `a key cannot begin with ${key.charAt(0)}`
  if (/[=:\r\n]/.test(key)) return 'a key cannot hold =, : or a line end'
  return undefined
}

/** Why a value would not be read back as it is, if so; the value itself, which may be a secret, is not told. */
export function valueProblem(value: string, dialect: IniDialect): string | undefined {
  if (value.includes('\r') || value.includes('\0')) return 'a value cannot hold a carriage return or a NUL'
  const lines = value.split('\n')
  if (lines.some(isPadded)) return 'blanks at either end of a value are lost: put it in quotes'
  // Of one quote oslo.config makes nothing, as of two.
  if (dialect === 'oslo' && /^["']$/.test(lines[0]!)) return 'a quote alone is read as nothing: put it in other quotes'
  if (programs[dialect] && lines.length > 1) return 'a value has one line in such a file'
  if (programs[dialect]?.joined !== undefined && value.endsWith('\\'))
    return 'a backslash at its end joins the next line'
  if (endsEarly(value, dialect)) return 'the sign of a comment in it ends a value: put it in quotes'
  if (dialect === 'loose' && lines.slice(1).some((line) => /^[A-Za-z][\w.-]*[ \t]*=/.test(line)))
    return 'a line of it would be a key for some programs: say whose file it is, with dialect'
  if (lines.slice(1).includes('')) return 'an empty line ends a value, so a value cannot hold one'
  const [first = ''] = lines
  if (dialect === 'loose' && inlineComment(first, 0, first.length) < first.length) {
    return 'a semicolon behind a blank begins a comment'
  }
  return undefined
}

// More is a blank for Python than for JavaScript.
function isPadded(line: string): boolean {
  const isBlank = (char: string) => char !== '' && (char.trim() === '' || '\x1c\x1d\x1e\x1f\x85'.includes(char))
  return isBlank(line.charAt(0)) || isBlank(line.charAt(line.length - 1))
}
