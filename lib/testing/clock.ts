import type { Clock } from '../engine/clock.ts'

/** Time that passes as soon as somebody waits for it: delays take none, and nothing ever takes too long. */
export class SkippedClock implements Clock {
  #now = 0

  now(): number {
    return this.#now
  }
  after(milliseconds: number, call: () => void, why: 'delay' | 'limit'): () => void {
    if (why === 'limit') return () => {}
    const soon = setImmediate(() => {
      this.#now += milliseconds
      call()
    })
    return () => clearImmediate(soon)
  }
}

/**
 * A clock whose time passes only when the test says so.
 *
 * ```ts
 * const clock = new HeldClock()
 * const run = hosts.start(app, { clock })
 * await clock.passes(5000) // the delay before the second attempt
 * ```
 */
export class HeldClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ readonly milliseconds: number; readonly call: () => void }>()
  readonly #waiting: { readonly milliseconds: number; readonly take: () => void }[] = []

  now(): number {
    return this.#now
  }
  after(milliseconds: number, call: () => void): () => void {
    const timer = { milliseconds, call }
    this.#timers.add(timer)
    const waiting = this.#waiting.findIndex((one) => one.milliseconds === milliseconds)
    if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]!.take()
    return () => this.#timers.delete(timer)
  }
  /** Lets a timer of this length run out, as soon as somebody sets one. */
  async passes(milliseconds: number): Promise<void> {
    const timer = () => [...this.#timers].find((one) => one.milliseconds === milliseconds)
    if (!timer()) await new Promise<void>((take) => this.#waiting.push({ milliseconds, take }))
    const found = timer()!
    this.#timers.delete(found)
    this.#now += milliseconds
    found.call()
  }
  /** Lengths of the timers that are set. */
  get set(): readonly number[] {
    return [...this.#timers].map(({ milliseconds }) => milliseconds)
  }
}
