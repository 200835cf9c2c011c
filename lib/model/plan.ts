import type { Diff, Json } from './operation.ts'
import type { TaskPath } from './path.ts'

/**
 * What becomes of a task on a host: `unknown` where only the real run can tell, `later` for a check of what only the
 * real run brings about.
 */
export type Verdict = 'ok' | 'changed' | 'unknown' | 'later' | 'skipped' | 'failed'

/** One operation of a task: what it found, and what it would do. */
export interface PlannedStep {
  /** The host that it acts on. */
  readonly on: string
  readonly operation: string
  /** `roles/web.ts:12` */
  readonly at: string
  /** Fingerprints of what was found, by the names of its parts. */
  readonly state?: Readonly<Record<string, string>>
  /** What it would do, secrets by their names alone. Nothing where nothing is missing. */
  readonly change?: Json
  /** The fingerprint of the change, secrets and all. */
  readonly seal?: string
  readonly unpredictable?: boolean
  readonly destructive?: boolean
}

/** A task, or a handler, at one of its turns on one host. */
export interface PlannedTask {
  readonly path: TaskPath
  readonly at: string
  readonly host: string
  readonly handler: boolean
  readonly verdict: Verdict
  /** Why, where it is not known, skipped or failed. */
  readonly reason?: string
  /** Its author says by a tag that something is lost by it. */
  readonly destructive?: boolean
  readonly steps: readonly PlannedStep[]
  readonly diff: readonly Diff[]
}

/** What tells a host of the inventory from the same name with another meaning: fingerprints by name. */
export interface PlannedHost {
  readonly vars: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

/** What a plan was made of, as it was typed or set. */
export interface PlanGiven {
  readonly target: string
  readonly inventory: readonly string[]
  readonly limit: readonly string[]
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly startAt?: string
  readonly extraVars: readonly string[]
  /** Options of connections, and who acts, by their long names. */
  readonly connecting: Readonly<Record<string, Json>>
}

/** A plan as it is kept in a file. No secret stands in it. */
export interface SavedPlan {
  readonly format: 1
  /** The version of switchover that made it. */
  readonly version: string
  /** When: ISO 8601. */
  readonly made: string
  /** With which the fingerprints were made. */
  readonly key: string
  readonly playbook: string
  /** The folder in which it was made. */
  readonly folder: string
  /** The command line that makes it anew, without the program's name. */
  readonly argv: readonly string[]
  /** What of it held secrets and is to be given again, in words to stand behind it. */
  readonly asked: string
  readonly given: PlanGiven
  /** Checksums of the files that the playbook is made of. */
  readonly code: Readonly<Record<string, string>>
  readonly hosts: Readonly<Record<string, PlannedHost>>
  readonly tasks: readonly PlannedTask[]
}

/** Does something of the task restart what runs? */
export function restarts({ steps }: PlannedTask): boolean {
  return steps.some((step) => step.seal !== undefined && /^service\.(?:restarted|reloaded)\b/.test(step.operation))
}

/** Is something lost by the task that may be wanted again? */
export function destroys({ destructive, steps, verdict }: PlannedTask): boolean {
  return (
    (destructive === true && verdict !== 'ok' && verdict !== 'skipped') ||
    steps.some((step) => step.destructive === true && step.seal !== undefined)
  )
}
