import type { Readable } from 'node:stream'

/**
 * What a command reads, a character for each byte. All that inherit it share it: each goes on where the last stopped.
 */
export interface Source {
  /** The next line; the last one may lack its end. Undefined at the end. */
  line(): Promise<{ readonly text: string; readonly ended: boolean } | undefined>
  /** So many characters, or as many as there are. */
  take(count: number): Promise<string>
  rest(): Promise<string>
}

/** What a command writes to. */
export interface Sink {
  write(text: string): void
}

/** A source that may still be growing. */
export class Input implements Source {
  #held: string
  #more: AsyncIterator<Buffer> | undefined

  constructor(given: string | Readable) {
    this.#held = typeof given === 'string' ? given : ''
    this.#more = typeof given === 'string' ? undefined : given[Symbol.asyncIterator]()
  }

  async line(): Promise<{ readonly text: string; readonly ended: boolean } | undefined> {
    let end = this.#held.indexOf('\n')
    while (end < 0 && (await this.#grow())) end = this.#held.indexOf('\n')
    if (end < 0 && this.#held === '') return undefined
    const text = end < 0 ? this.#held : this.#held.slice(0, end)
    this.#held = end < 0 ? '' : this.#held.slice(end + 1)
    return { text, ended: end >= 0 }
  }

  async take(count: number): Promise<string> {
    while (this.#held.length < count && (await this.#grow()));
    const text = this.#held.slice(0, count)
    this.#held = this.#held.slice(count)
    return text
  }

  rest(): Promise<string> {
    return this.take(Number.POSITIVE_INFINITY)
  }

  async #grow(): Promise<boolean> {
    if (!this.#more) return false
    const next = await this.#more.next()
    if (next.done) this.#more = undefined
    else this.#held += Buffer.from(next.value).toString('latin1')
    return !next.done
  }
}

/** Keeps what is written. */
export class Output implements Sink {
  #text = ''
  readonly #heard: ((text: string) => void) | undefined

  /** `heard` is told of each piece. */
  constructor(heard?: (text: string) => void) {
    this.#heard = heard
  }
  write(text: string): void {
    this.#text += text
    this.#heard?.(text)
  }
  get text(): string {
    return this.#text
  }
}

export const nowhere: Sink = { write() {} }
