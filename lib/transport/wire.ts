/** Reads what ssh writes: texts and numbers with their lengths. @throws RangeError where it ends too early */
export class Packet {
  readonly #bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  string(): Buffer {
    const length = this.number()
    if (this.at + length > this.#bytes.length) throw new RangeError('it ends too early')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
  text(): string {
    return this.string().toString('utf8')
  }
  number(): number {
    this.at += 4
    return this.#bytes.readUInt32BE(this.at - 4)
  }
  long(): bigint {
    this.at += 8
    return this.#bytes.readBigUInt64BE(this.at - 8)
  }
  /** Everything to the end, one after the other. */
  rest<T>(read: (packet: this) => T): readonly T[] {
    const found: T[] = []
    while (this.at < this.#bytes.length) found.push(read(this))
    return found
  }
}

/** Texts as ssh writes them, each with its length. */
export function packed(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part as string)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
