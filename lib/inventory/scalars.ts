import type { ScalarTag } from 'yaml'

/**
 * What plain words of YAML mean to Ansible: the patterns are PyYAML's, which has a dot in every floating-point number
 * and only digits below 8 behind a leading 0. What surprises everybody there stays a text: dates, and 12:30, which is
 * 750.
 */
export const plainScalars: readonly ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
  scalar('bool', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/, (text) =>
    /^(?:yes|true|on)$/i.test(text),
  ),
  scalar('int', /^[-+]?(?:0b[01_]+|0[0-7_]+|0x[\da-fA-F_]+|0|[1-9][\d_]*)$/, (text) => {
    const digits = text.replaceAll('_', '').replace(/^[-+]/, '')
    if (/^0[xb]$/.test(digits)) return text
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
    return exact(text.startsWith('-') ? -value : value)
  }),
  scalar(
    'float',
    /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    (text) => spelled(floating(text.replaceAll('_', '').toLowerCase())),
  ),
]

/** The same for JSON, whose numbers are its own. */
export const jsonScalars: readonly ScalarTag[] = [
  scalar('null', /^null$/, () => null),
  scalar('bool', /^(?:true|false)$/, (text) => text === 'true'),
  scalar('int', /^-?\d+$/, (text) => exact(BigInt(text))),
  scalar('float', /^-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?$/, (text) => spelled(Number(text))),
]

function scalar(kind: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag {
  return { tag: `tag:yaml.org,2002:${kind}`, default: true, test, resolve }
}

/** A whole number that JavaScript cannot count exactly: it is kept as the text of its digits. */
export class Large {
  readonly digits: string
  constructor(digits: string) {
    this.digits = digits
  }
}

/**
 * A number with nothing behind its point, from the time it is read to the time that templates are evaluated: in a text
 * `8.0` is not `8`.
 */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
  toString(): string {
    return floatText(this.value)
  }
  toJSON(): number {
    return this.value
  }
}

/** What a number is that was written with a point or an exponent. */
export const spelled = (value: number): number | Float => (Number.isInteger(value) ? new Float(value) : value)

/** A floating-point number as Python prints it: `8.0`, `1e-07`, `1e+16`, `inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power < -4 || power >= 16) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  const plain = power < 0 ? value.toFixed(Math.max(0, digits.replace(/^-?\d\.?/, '').length - power)) : String(value)
  return plain.includes('.') ? plain : `${plain}.0`
}

const exact = (value: bigint): number | Large =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : new Large(String(value))

function floating(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  if (text.endsWith('.nan')) return Number.NaN
  return text.endsWith('.inf') ? sign * Number.POSITIVE_INFINITY : Number(text)
}
