import type { Test } from 'uvu'

/** Adds a test to a lane. */
export type AddTest<C> = (name: string, body: (context: C) => Promise<void> | void) => void

/** Adds a lane: `open` makes what its tests share, `close` ends it. */
export type AddLane = <C>(lane: string, open: () => Promise<C>, close: (context: C) => Promise<void>) => AddTest<C>

/**
 * Lanes of tests: those of one lane run one after the other, the lanes side by side. Each test still passes or fails by
 * itself.
 */
export function lanes(test: Test): AddLane {
  const starts: (() => void)[] = []
  const ends: Promise<void>[] = []
  let started = false
  const startAll = (): void => {
    if (started) return
    started = true
    for (const start of starts) start()
  }
  test.after(async () => {
    await Promise.all(ends)
  })
  return <C>(lane: string, open: () => Promise<C>, close: (context: C) => Promise<void>): AddTest<C> => {
    const waiting: { readonly body: (context: C) => Promise<void> | void; done(result: Promise<void>): void }[] = []
    starts.push(() => {
      const opening = open()
      opening.catch(() => undefined)
      ends.push(
        (async () => {
          for (const { body, done } of waiting) {
            const result = opening.then((context) => body(context))
            done(result)
            await result.catch(() => undefined)
          }
          await close(await opening)
        })(),
      )
    })
    return (name: string, body: (context: C) => Promise<void> | void) => {
      let done!: (result: Promise<void>) => void
      const result = new Promise<void>((resolve) => {
        done = resolve
      })
      result.catch(() => undefined)
      waiting.push({ body, done })
      test(`${lane}: ${name}`, async () => {
        startAll()
        await result
      })
    }
  }
}
