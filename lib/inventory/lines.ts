/** The lines on which the keys of an object literal stand. */
export interface Lines {
  readonly line: number
  readonly keys: ReadonlyMap<string, Lines>
}

/**
 * The keys of the definition in a source text, searched from a line on: the literal that `inventory(` takes, or that
 * is exported. What is computed or spread is not there: then a variable is known by its path alone.
 */
export function linesOf(source: string, from: number): Lines | undefined {
  const start = source
    .split('\n')
    .slice(0, from - 1)
    .reduce((sum, line) => sum + line.length + 1, 0)
  const call = /\binventory\s*\(\s*\{|\bexport\s+default\s*\{|\bmodule\.exports\s*=\s*\{/g
  call.lastIndex = start
  const found = call.exec(source)
  if (!found) return undefined
  try {
    return new Scanner(source, call.lastIndex).object()
  } catch (error) {
    if (error instanceof Lost) return undefined
    throw error
  }
}

// A text that is not read as its author meant it: no line is better than a wrong one.
class Lost extends Error {}

class Scanner {
  readonly #text: string
  #at: number
  #line: number
  #counted: number

  /** `at` is just behind an opening brace. */
  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
    this.#counted = 0
    this.#line = 1
  }

  object(): Lines {
    const line = this.#here()
    const keys = new Map<string, Lines>()
    for (this.#blank(); !this.#take(/\}/y); this.#blank()) {
      const at = this.#here()
      const key = this.#take(/[\w$]+|'[^'\\\n]*'|"[^"\\\n]*"/y)
      this.#blank()
      if (key !== undefined && this.#take(/:/y)) {
        this.#blank()
        const value = this.#take(/\{/y)
          ? { line: at, keys: this.object().keys }
          : { line: at, keys: new Map<string, Lines>() }
        keys.set(key.replace(/^['"]|['"]$/g, ''), value)
      } else if (key !== undefined && /[,}]/.test(this.#text[this.#at] ?? ''))
        keys.set(key, { line: at, keys: new Map() })
      this.#rest()
    }
    return { line, keys }
  }

  #here(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text[this.#counted] === '\n') this.#line++
    return this.#line
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match?.[0]
  }

  #blank(): void {
    this.#take(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y)
  }

  /** Goes behind the comma that ends a member, or before the brace that ends the object. */
  #rest(): void {
    for (let depth = 0; ; ) {
      this.#blank()
      const c = this.#text[this.#at]
      if (c === undefined) throw new Lost()
      if (depth === 0 && c === '}') return
      if (this.#take(/'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y)) continue
      if (c === '`') {
        this.#template()
        continue
      }
      this.#at++
      if (depth === 0 && c === ',') return
      if (/[([{]/.test(c)) depth++
      if (/[)\]}]/.test(c) && --depth < 0) throw new Lost()
    }
  }

  #template(): void {
    const whole = this.#take(/`(?:[^`\\$]|\\[\s\S]|\$(?!\{)|\$\{[^`{}]*\})*`/y)
    if (whole === undefined) throw new Lost()
  }
}
