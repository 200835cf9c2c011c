/** The time as the engine sees it: what a test holds in its hand in place of the real one. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number
  /**
   * Calls back after so many milliseconds, which are to pass or are the most that may; what it gives takes that back.
   */
  after(milliseconds: number, call: () => void, why: 'delay' | 'limit'): () => void
}

/** The time of the machine. */
export const wallClock: Clock = {
  // Unlike `performance`, of which Node has to load much first.
  now: () => process.uptime() * 1000,
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Resolves after so many milliseconds, or at once when the signal fires. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(milliseconds, done, 'delay')
    signal.addEventListener('abort', done, { once: true })
  })
}

// Longer than a host has for ending what runs there: what has not ended by then waits for something else.
const patience = 30_000

/**
 * Ends work when its time is over, whatever it is doing; it is told by a signal, which fires when ours does too.
 * Nothing begins in its place before it has ended, or has had the time to.
 */
export async function within<T>(
  clock: Clock,
  limit: number,
  abort: AbortSignal,
  late: (limit: number) => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ours = new AbortController()
  const end = () => ours.abort(abort.reason)
  if (abort.aborted) end()
  abort.addEventListener('abort', end, { once: true })
  let cancel = () => {}
  let over: Error | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      const overdue = () => {
        over = late(limit)
        ours.abort(over)
        cancel = clock.after(patience, () => reject(over), 'limit')
      }
      cancel = clock.after(limit, overdue, 'limit')
      work(ours.signal).then(
        (result) => (over ? reject(over) : resolve(result)),
        (error) => reject(over ?? error),
      )
    })
  } finally {
    cancel()
    abort.removeEventListener('abort', end)
  }
}
