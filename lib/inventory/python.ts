/**
 * The value of a Python literal, as Ansible's INI inventories write numbers, True, None, lists and mappings;
 * a text that is none is itself.
 */
export function pythonValue(text: string): unknown {
  try {
    const reader = new Literal(text)
    const value = reader.value()
    reader.end()
    return value
  } catch (error) {
    if (error instanceof NotLiteral) return text
    throw error
  }
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
}

class Literal {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    const number = this.#take(
      /[-+]?(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][-+]?\d+)?)/y,
    )
    if (number !== undefined) return toNumber(number)
    const word = this.#take(/True|False|None/y)
    if (word !== undefined) return word === 'None' ? null : word === 'True'
    const quote = this.#take(/'|"/y)
    if (quote !== undefined) return this.#string(quote)
    if (this.#take(/\[/y) !== undefined) return this.#items(']')
    if (this.#take(/\(/y) !== undefined) return this.#items(')')
    if (this.#take(/\{/y) !== undefined) return this.#pairs()
    throw new NotLiteral()
  }

  end(): void {
    this.#take(/\s+/y)
    if (this.#at < this.#text.length) throw new NotLiteral()
  }

  #take(pattern: RegExp): string | undefined {
    for (const part of [/\s+/y, pattern]) {
      part.lastIndex = this.#at
      const match = part.exec(this.#text)
      if (part === pattern) {
        if (match) this.#at = part.lastIndex
        return match?.[0]
      }
      if (match) this.#at = part.lastIndex
    }
    return undefined
  }

  #string(quote: string): string {
    let made = ''
    for (; this.#text[this.#at] !== quote; this.#at++) {
      const c = this.#text[this.#at]
      if (c === undefined || c === '\n') throw new NotLiteral()
      const next = this.#text[this.#at + 1] ?? ''
      if (c !== '\\') made += c
      else {
        const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4}))/.exec(this.#text.slice(this.#at + 1, this.#at + 6))
        made += code
          ? String.fromCharCode(parseInt(code[1] ?? code[2]!, 16))
          : (escapes[next] ?? (/['"\\]/.test(next) ? next : `\\${next}`))
        this.#at += code ? code[0].length : 1
      }
    }
    this.#at++
    return made
  }

  #items(close: string): unknown[] {
    const items: unknown[] = []
    const end = close === ']' ? /\]/y : /\)/y
    while (this.#take(end) === undefined) {
      if (items.length > 0 && this.#take(/,/y) === undefined) throw new NotLiteral()
      if (items.length > 0 && this.#take(end) !== undefined) break
      items.push(this.value())
    }
    return items
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
function toNumber(text: string): number {
  const digits = text.replace(/^[-+]/, '')
  if (/^0[\d_]*[1-9]\d*$/.test(digits) || /_$|__/.test(digits)) throw new NotLiteral()
  const value = Number(digits.replaceAll('_', ''))
  if (Number.isNaN(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) throw new NotLiteral()
  return text.startsWith('-') ? -value : value
}
