/** The last bytes of an output, up to a limit; the rest is counted and let go. */
export class Collected {
  readonly limit: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  /** How many bytes were written in all. */
  total = 0

  constructor(limit: number) {
    this.limit = limit
  }

  push(chunk: Buffer): void {
    this.total += chunk.length
    this.#kept += chunk.length
    this.#chunks.push(chunk)
    while (this.#kept - this.#chunks[0]!.length >= this.limit) this.#kept -= this.#chunks.shift()!.length
  }

  /** Whether the beginning is missing. */
  get cut(): boolean {
    return this.total > this.limit
  }

  bytes(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    return all.length > this.limit ? all.subarray(all.length - this.limit) : all
  }

  /** The text; where bytes were let go, its first line says so. */
  text(): string {
    const text = this.bytes().toString('utf8')
    return this.cut ? `[the first ${this.total - this.limit} bytes of this output were left out]\n${text}` : text
  }
}
