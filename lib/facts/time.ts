import { output } from '../model/operation.ts'
import type { Fact } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'

/** A host's clock. */
export interface Clock {
  /** Seconds since 1970 by the host's clock. */
  readonly epoch: number
  /** Seconds by which it is ahead of the controller machine, as nearly as the way there and back allows. */
  readonly ahead: number
}

/**
 * What time it is on a host: services that check tokens fail when clocks differ.
 *
 * ```ts
 * const { ahead } = await host.fact(facts.time)
 * assert(Math.abs(ahead) < 5, `the clock is ${ahead} s ahead`)
 * ```
 */
export const time: Fact<Clock> = fact('time', 'task', async (connection) => {
  const before = Date.now()
  const epoch = Number(await output(connection, 'date +%s'))
  const middle = (before + Date.now()) / 2000
  // The host tells whole seconds: half of one is the best guess at what it cut off.
  return { epoch, ahead: Math.round((epoch + 0.5 - middle) * 10) / 10 }
})
