import type { RunFinished } from '../model/event.ts'

/** How a run ended. */
export interface Performed {
  /** Its name, as in the history. */
  readonly run: string
  /** `locked`: another run holds a host, and nothing new was begun when that was found. */
  readonly outcome: RunFinished['outcome'] | 'locked'
  /** The file of its report, where its playbook asks for one. */
  readonly page?: string
}
