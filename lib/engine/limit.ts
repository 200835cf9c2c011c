/** Runs at most `size` of the calls it is given at once; the others wait their turn in order. */
export function limiter(size: number): <T>(call: () => Promise<T>) => Promise<T> {
  const turn = hostLimiter(size)
  return (call) => turn({}, call)
}

/**
 * The same for hosts: what runs on one host at the same time counts once. A host is any value that is always the same.
 */
export function hostLimiter(size: number): <T>(host: unknown, call: () => Promise<T>) => Promise<T> {
  /** How many calls run on each host. */
  const running = new Map<unknown, number>()
  const waiting: { readonly host: unknown; begin(): void }[] = []
  const leave = (host: unknown) => {
    const left = running.get(host)! - 1
    if (left > 0) return void running.set(host, left)
    running.delete(host)
    const next = waiting[0]?.host
    // All that wait for the same host have their turn with it.
    for (const one of waiting.filter((other) => other.host === next)) {
      waiting.splice(waiting.indexOf(one), 1)
      running.set(next, (running.get(next) ?? 0) + 1)
      one.begin()
    }
  }
  return async (host, call) => {
    if (running.has(host) || running.size < size) running.set(host, (running.get(host) ?? 0) + 1)
    else await new Promise<void>((begin) => waiting.push({ host, begin }))
    try {
      return await call()
    } finally {
      leave(host)
    }
  }
}
