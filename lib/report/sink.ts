/** A stream as reporters use it: writing never fails, and closing waits for what was written. */
export interface Sink {
  write(text: string): void
  close(): Promise<void>
}

/** Writes to a stream until its reader goes away (`run … | head`); from then on it writes nowhere. */
export function sink(out: NodeJS.WritableStream): Sink {
  let gone = false
  const leave = () => {
    gone = true
  }
  out.on('error', leave)
  return {
    write(text) {
      if (!gone && text) out.write(text)
    },
    async close() {
      await new Promise<void>((resolve) => {
        if (gone || !out.writable) return resolve()
        out.once('error', () => resolve())
        out.write('', () => resolve())
      })
      // The stream may live longer than we do, and a late EPIPE must still not end the process: the listener stays.
    },
  }
}

/** Cuts text that arrives in pieces into lines. */
export class LineCutter {
  #rest = ''

  push(piece: string): readonly string[] {
    const lines = (this.#rest + piece).split('\n')
    this.#rest = lines.pop()!
    if (this.#rest.length <= longestLine) return lines
    lines.push(this.#rest)
    this.#rest = ''
    return lines
  }

  /** The last line, when it did not end. */
  flush(): readonly string[] {
    const rest = this.#rest
    this.#rest = ''
    return rest ? [rest] : []
  }
}

// A dump without line ends must not gather in memory.
const longestLine = 16 * 1024
