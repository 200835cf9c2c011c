import { Writable } from 'node:stream'

/** A stream that keeps what is written to it. */
export function memory(): Writable & { text: string } {
  const stream = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        stream.text += chunk
        done()
      },
    }),
    { text: '' },
  )
  return stream
}

/** A terminal in memory, as much of one as our output uses; what it does not know it refuses. */
export class FakeTerminal extends Writable {
  readonly isTTY = true
  columns: number
  rows: number
  cursorVisible = true
  bytes = ''
  #lines: string[][] = [[]]
  #top = 0
  #row = 0
  #column = 0
  #wraps = true

  constructor(columns: number, rows: number) {
    super({ decodeStrings: false })
    this.columns = columns
    this.rows = rows
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error) => void): void {
    this.bytes += chunk
    try {
      for (const [token] of String(chunk).matchAll(/\x1b\[[0-9;?]*[A-Za-z]|\x1b.?|[^\x1b]/gu)) this.#take(token)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  /** The lines in sight, from the first to the last that is not empty. */
  screen(): string {
    return this.#text(this.#top)
  }
  /** Everything that was ever scrolled away, and the lines in sight. */
  all(): string {
    return this.#text(0)
  }
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row - this.#top, column: this.#column }
  }
  /** Whether lines are wrapped: false while somebody has turned it off. */
  get wraps(): boolean {
    return this.#wraps
  }

  #text(from: number): string {
    return this.#lines
      .slice(from)
      .map((line) =>
        Array.from(line, (char) => char ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd()
  }

  #take(token: string): void {
    if (token === '\n') return this.#down()
    if (token === '\r') {
      this.#column = 0
      return
    }
    if (!token.startsWith('\x1b')) return this.#put(token)
    const [, count, kind] = /^\x1b\[(\??[0-9;]*)([A-Za-z])$/.exec(token) ?? []
    if (kind === 'm') return
    if (kind === 'A') {
      this.#row = Math.max(this.#top, this.#row - Number(count || 1))
      return
    }
    if (kind === 'K' && count === '2') {
      this.#lines[this.#row] = []
      return
    }
    if (kind === 'J' && count === '') {
      this.#lines[this.#row]!.length = Math.min(this.#lines[this.#row]!.length, this.#column)
      this.#lines.length = this.#row + 1
      return
    }
    if (count === '?25' && (kind === 'h' || kind === 'l')) {
      this.cursorVisible = kind === 'h'
      return
    }
    if (count === '?7' && (kind === 'h' || kind === 'l')) {
      this.#wraps = kind === 'h'
      return
    }
    throw new Error(`the fake terminal does not know ${JSON.stringify(token)}`)
  }

  // As terminals do for programs: a line feed goes to the beginning of the next line.
  #down(): void {
    this.#row++
    this.#column = 0
    this.#lines[this.#row] ??= []
    if (this.#row - this.#top >= this.rows) this.#top++
  }

  #put(char: string): void {
    if (char < ' ') throw new Error(`a control character on the screen: ${JSON.stringify(char)}`)
    if (this.#column >= this.columns) {
      if (this.#wraps) this.#down()
      else this.#column = this.columns - 1
    }
    this.#lines[this.#row]![this.#column++] = char
  }
}
