import type { RunFinished } from '../model/event.ts'

/** How a run ended. */
export interface Performed {
  /** Its name, as in the history. */
  readonly run: string
  readonly outcome: RunFinished['outcome']
}
