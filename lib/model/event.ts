import type { Location } from './location.ts'
import type { Diff, Value } from './operation.ts'
import type { TaskPath } from './path.ts'

/** How a task ended on a host. */
export type Status = 'ok' | 'changed' | 'skipped' | 'failed' | 'rescued' | 'ignored' | 'unreachable' | 'resumed'

/** Why a task failed, in parts, so that every reporter can draw it its own way. Texts are masked already. */
export interface Failure {
  readonly reason: string
  /** The operation that failed, as it names itself. */
  readonly operation?: string
  /** What was run on the host. */
  readonly command?: string
  readonly code?: number
  readonly at: Location
  readonly hint?: string
  /** Stack of an error that is ours or the author's, for -vvv. */
  readonly stack?: string
}

/** Some plays, hosts and tasks were selected, and work begins. */
export interface RunStarted {
  readonly type: 'run-started'
  readonly run: string
  readonly playbook: string
  readonly check: boolean
  readonly hosts: readonly string[]
  readonly plays: number
  readonly tasks: number
  /** The command line to type again, without the program's name. */
  readonly argv: readonly string[]
  /** As messages call it. */
  readonly inventory?: string
  /** The interrupted run that this one goes on with: what that one did counts as done here too. */
  readonly resumes?: string
  /** The recorded runs that are shown as this one. */
  readonly joins?: readonly string[]
}
export interface PlayStarted {
  readonly type: 'play-started'
  readonly play: string
  readonly hosts: readonly string[]
  readonly batches: number
}
/** A play of which tasks were selected has no host: nothing of it runs. */
export interface PlaySkipped {
  readonly type: 'play-skipped'
  readonly play: string
  /** Why, in words: `there is no host in spare`. */
  readonly reason: string
}
/** A part of the play's hosts begins; only when the play has several batches. */
export interface BatchStarted {
  readonly type: 'batch-started'
  readonly play: string
  readonly batch: number
  readonly hosts: readonly string[]
}
/** A task was offered to its hosts; `handler` says it is a handler. */
export interface TaskStarted {
  readonly type: 'task-started'
  readonly path: TaskPath
  readonly at: Location
  readonly hosts: readonly string[]
  readonly handler: boolean
}
/** A run worked on a host for the first time: which machine that is, so that whoever goes on with it can ask again. */
export interface HostMet {
  readonly type: 'host-met'
  readonly host: string
  /** Where it was reached. */
  readonly address: string
  /** What the machine calls itself, where it does. */
  readonly machine?: string
  /** Its ssh host keys, shortened. */
  readonly keys: readonly string[]
  /** Another one after each start of the machine. */
  readonly boot?: string
  /** The run that worked there last, after one that is to be gone on with. */
  readonly last?: { readonly run: string; readonly holder: string }
  /** The run has started it anew itself: it is the same host as before. */
  readonly again?: boolean
}
/** A role works on a host for the first time: its variables, each shortened to what tells it from another value. */
export interface VarsRead {
  readonly type: 'vars-read'
  readonly play: string
  readonly role: string
  readonly host: string
  readonly vars: Readonly<Record<string, string>>
}
/** A task begins on one host. */
export interface HostStarted {
  readonly type: 'host-started'
  readonly path: TaskPath
  readonly host: string
}
/** A long command wrote something, or a transfer got further. `live` text is shown while it runs and not kept. */
export interface OutputReceived {
  readonly type: 'output'
  readonly path: TaskPath
  readonly host: string
  readonly text: string
  readonly stream: 'stdout' | 'stderr' | 'log' | 'progress'
  /** How far a transfer of a known size is. */
  readonly size?: Size
}
/** How much of what there is to do is done, in bytes. */
export interface Size {
  readonly done: number
  readonly all: number
}
/** An operation found a difference between the host and what is wanted. */
export interface ChangePlanned {
  readonly type: 'change-planned'
  readonly path: TaskPath
  readonly host: string
  readonly operation: string
  readonly diff: readonly Diff[]
  /** Where it acts, where that is another host. */
  readonly on?: string
  /** What of the host it changes, as far as it says so: `file /etc/motd`, `service nginx`. */
  readonly things?: readonly string[]
}
/**
 * Tasks have gone out to a host before those before them were answered, and from then on may have begun; or it has
 * turned out that they have not. What became of them is said at their turns.
 */
export interface SentAhead {
  readonly type: 'sent-ahead'
  readonly host: string
  readonly paths: readonly TaskPath[]
  readonly begun: boolean
}
/** An attempt failed and another will follow. */
export interface AttemptFailed {
  readonly type: 'attempt-failed'
  readonly path: TaskPath
  readonly host: string
  readonly reason: string
  readonly left: number
}
/**
 * A handler is due on a host. Said before the task that notified it is said to have ended, so that no kill can come
 * between.
 */
export interface HandlerNotified {
  readonly type: 'handler-notified'
  /** The task that notified it, in an earlier run when a later one says again what is still owed. */
  readonly path: TaskPath
  readonly host: string
  readonly handler: string
}
/** A task ended on one host. */
export interface TaskFinished {
  readonly type: 'task-finished'
  readonly path: TaskPath
  readonly at: Location
  readonly host: string
  /** Hosts that the work was delegated to. */
  readonly delegated: readonly string[]
  readonly status: Status
  /** Why it was skipped, in words. */
  readonly reason?: string
  readonly failure?: Failure
  readonly result?: Value
  /** Why the journal has no result that can be used: it held a secret, or was too long. */
  readonly unkept?: 'secret' | 'long'
  /** Tells the code of the task from another one. */
  readonly code?: string
  /** It ran for all of these hosts. */
  readonly once?: readonly string[]
  /** Predicted by check mode and not known: the real run may differ. */
  readonly unpredictable?: boolean
  readonly handler: boolean
  readonly milliseconds: number
}
/** The operator has answered at a gate. */
export interface GateAnswered {
  readonly type: 'gate-answered'
  readonly path: TaskPath
  readonly at: Location
  /** false: the run ends here. */
  readonly passed: boolean
}
/** A batch or play ends before its last task, and why. */
export interface PlayStopped {
  readonly type: 'play-stopped'
  readonly play: string
  readonly reason: string
}
/** Something the operator should know that fails nothing. */
export interface Warned {
  readonly type: 'warned'
  readonly message: string
}
/** Nothing runs any more. */
export interface RunFinished {
  readonly type: 'run-finished'
  readonly run: string
  readonly outcome: 'ok' | 'failed' | 'unreachable' | 'interrupted' | 'refused' | 'crashed'
  readonly milliseconds: number
  /** Handlers that were notified and never ran, by host. */
  readonly owed: readonly { readonly host: string; readonly handler: string }[]
  /** What nobody caught, of a run that crashed. */
  readonly failure?: Failure
}

/** Everything that can happen in a run. Reporters and the journal see nothing else. */
export type Event =
  | RunStarted
  | PlayStarted
  | PlaySkipped
  | BatchStarted
  | TaskStarted
  | HostMet
  | VarsRead
  | HostStarted
  | OutputReceived
  | ChangePlanned
  | SentAhead
  | AttemptFailed
  | HandlerNotified
  | TaskFinished
  | GateAnswered
  | PlayStopped
  | Warned
  | RunFinished

/** An event at its time: milliseconds since 1970. */
export type Timed = Event & { readonly time: number }

/** Who is told of every event of a run. */
export interface Reporter {
  report(event: Timed): void
  /** Resolves when everything reported has been written and the terminal is as it was. */
  close(): Promise<void>
}

/** How many tasks ended in which way on one host. */
export interface HostCounts {
  readonly host: string
  readonly ok: number
  readonly changed: number
  readonly unreachable: number
  readonly failed: number
  readonly skipped: number
  readonly rescued: number
  readonly ignored: number
  readonly resumed: number
}

/**
 * Folds events into the recap: one row a host, sorted by name. As with Ansible, a changed task counts as ok too.
 *
 * ```ts
 * for (const { host, ok, changed } of recap(events)) console.log(host, ok, changed)
 * ```
 */
export function recap(events: Iterable<Event>): readonly HostCounts[] {
  const rows = new Map<string, { -readonly [K in keyof HostCounts]: HostCounts[K] }>()
  const row = (host: string) => {
    let found = rows.get(host)
    if (!found)
      rows.set(
        host,
        (found = {
          host,
          ok: 0,
          changed: 0,
          unreachable: 0,
          failed: 0,
          skipped: 0,
          rescued: 0,
          ignored: 0,
          resumed: 0,
        }),
      )
    return found
  }
  for (const event of events) {
    if (event.type === 'run-started') event.hosts.forEach(row)
    if (event.type !== 'task-finished') continue
    row(event.host)[event.status]++
    if (event.status === 'changed' || event.status === 'ignored') row(event.host).ok++
  }
  return [...rows.values()].sort((a, b) => (a.host < b.host ? -1 : 1))
}

/** Forgetting an event is a compile error. */
export function unreachable(event: never): never {
  throw new Error(`an event nobody expects: ${JSON.stringify(event)}`)
}

/** The reason of what fails in check mode as its host is now, and may not fail in a real run. */
export const untold = (now: string): string => `cannot be told before a real run (now: ${now})`

/** Is this such a reason? */
export const isUntold = (reason: string | undefined): boolean => reason?.startsWith(untold('').slice(0, -1)) === true
