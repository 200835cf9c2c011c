import { Float, floatText, spelled } from './scalars.ts'

/**
 * The value of a Python literal with any comment behind it, as Ansible's INI inventories write numbers, True, None,
 * lists and mappings; a text that is none is itself. What JavaScript cannot count exactly is the text of its digits.
 */
export function pythonValue(text: string): unknown {
  try {
    const reader = new Literal(text)
    const value = reader.whole()
    reader.end()
    return value
  } catch (error) {
    if (error instanceof NotLiteral) return text
    throw error
  }
}

/** The text of a literal without the comment behind it: `'a # b' # c` is `'a # b'`. */
export function withoutComment(text: string): string {
  return /^((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"#])*)#/.exec(text)?.[1]?.trim() ?? text
}

class NotLiteral extends Error {}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
  "'": "'",
  '"': '"',
  '\\': '\\',
}

const numeral = new RegExp(
  String.raw`(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
    String.raw`(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?)(?![\w.])`,
  'y',
)

class Literal {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  /** A value, or several with commas between them: a tuple needs no parentheses. */
  whole(): unknown {
    const first = this.value()
    return this.#take(/,/y) === undefined ? first : [first, ...this.#items(/$/y)]
  }

  value(): unknown {
    const sign = this.#take(/[-+]/y)
    const number = this.#take(numeral)
    if (number !== undefined) return toNumber(number, sign === '-')
    if (sign !== undefined) throw new NotLiteral()
    const prefixed = this.#take(/(?:[uU]|[rR]|[bB]|[rR][bB]|[bB][rR])?(?='|")/y)
    if (prefixed !== undefined) return this.#strings(prefixed)
    const word = this.#take(/(?:True|False|None)(?!\w)/y)
    if (word !== undefined) return word === 'None' ? null : word === 'True'
    if (this.#take(/\[/y) !== undefined) return this.#items(/\]/y)
    if (this.#take(/\(/y) !== undefined) return this.#parenthesis()
    if (this.#take(/\{/y) !== undefined) return this.#pairs()
    throw new NotLiteral()
  }

  end(): void {
    this.#take(/(?:#.*)?/y)
    if (this.#at < this.#text.length) throw new NotLiteral()
  }

  #take(pattern: RegExp): string | undefined {
    const blank = /[ \t\f]+/y
    blank.lastIndex = this.#at
    if (blank.test(this.#text)) this.#at = blank.lastIndex
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match?.[0]
  }

  /** Strings that stand side by side are one; the opening quote of the first is next. */
  #strings(prefix: string): string {
    let made = this.#string(/r/i.test(prefix))
    const bytes = /b/i.test(prefix)
    for (;;) {
      const next = this.#take(/(?:[uU]|[rR]|[bB]|[rR][bB]|[bB][rR])?(?='|")/y)
      if (next === undefined) return made
      if (/b/i.test(next) !== bytes) throw new NotLiteral()
      made += this.#string(/r/i.test(next))
    }
  }

  #string(raw: boolean): string {
    const quote = this.#take(/'''|"""|'|"/y)!
    let made = ''
    while (!this.#text.startsWith(quote, this.#at)) {
      const c = this.#text[this.#at]
      if (c === undefined || (c === '\n' && quote.length === 1)) throw new NotLiteral()
      if (c !== '\\' || raw) {
        made += c
        this.#at++
        // In a raw string a backslash keeps the quote behind it from ending it, and stays.
        if (c === '\\' && this.#at < this.#text.length) made += this.#text[this.#at++]
      } else made += this.#escape()
    }
    this.#at += quote.length
    return made
  }

  #escape(): string {
    const next = this.#text[this.#at + 1]
    if (next === undefined) throw new NotLiteral()
    const code = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/y
    code.lastIndex = this.#at
    const found = code.exec(this.#text)
    if (!found && /[xuUN]/.test(next)) throw new NotLiteral()
    this.#at += found ? found[0].length : 2
    if (!found) return escapes[next] ?? `\\${next}`
    const [, x, u, long, octal] = found
    const number = octal === undefined ? parseInt((x ?? u ?? long)!, 16) : parseInt(octal, 8)
    if (number > 0x10ffff) throw new NotLiteral()
    return String.fromCodePoint(number)
  }

  #items(end: RegExp): unknown[] {
    const items: unknown[] = []
    while (!this.#ends(end)) {
      if (items.length > 0 && this.#take(/,/y) === undefined) throw new NotLiteral()
      if (items.length > 0 && this.#ends(end)) break
      items.push(this.value())
    }
    return items
  }

  // The end of a tuple without parentheses is that of the text, or its comment.
  #ends(end: RegExp): boolean {
    if (end.source !== '$') return this.#take(end) !== undefined
    this.#take(/(?:#.*)?/y)
    return this.#at >= this.#text.length
  }

  /** `(1)` is 1, `(1,)` and `()` are lists. */
  #parenthesis(): unknown {
    if (this.#take(/\)/y) !== undefined) return []
    const first = this.value()
    if (this.#take(/\)/y) !== undefined) return first
    if (this.#take(/,/y) === undefined) throw new NotLiteral()
    return [first, ...this.#items(/\)/y)]
  }

  #pairs(): Record<string, unknown> {
    const made: Record<string, unknown> = {}
    for (let count = 0; this.#take(/\}/y) === undefined; count++) {
      if (count > 0 && this.#take(/,/y) === undefined) throw new NotLiteral()
      if (count > 0 && this.#take(/\}/y) !== undefined) break
      const key = this.value()
      if (this.#take(/:/y) === undefined) throw new NotLiteral()
      made[String(key)] = this.value()
    }
    return made
  }
}

// Python refuses 0123 as a number, so it stays a text: a password keeps its zero.
function toNumber(text: string, negative: boolean): number | string | Float {
  const digits = text.replaceAll('_', '')
  if (/^0\d*[1-9]\d*$/.test(digits)) throw new NotLiteral()
  const whole = /^(?:0[xXoObB]|\d+$)/.test(digits)
  const value = Number(/^0+$/.test(digits) ? '0' : digits)
  if (whole && !Number.isSafeInteger(value)) return `${negative ? '-' : ''}${BigInt(digits)}`
  const signed = negative && (value !== 0 || !whole) ? -value : value
  return whole ? signed : spelled(signed)
}

/** A value as Python prints it: `{'a': [1, True, None]}`. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`
  if (value instanceof Float) return value.toString()
  if (typeof value === 'number' && !Number.isInteger(value)) return floatText(value)
  if (typeof value !== 'object') return String(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${quoted(key)}: ${pythonText(item)}`)
    .join(', ')}}`
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' }
  const inside = text.replace(/[\\\n\t\r\x00-\x1f\x7f]|'/g, (c) =>
    c === "'" ? (quote === "'" ? "\\'" : c) : (named[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`),
  )
  return quote + inside + quote
}
