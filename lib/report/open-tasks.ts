import type { Location } from '../model/location.ts'
import {
  type ChangePlanned,
  type Event,
  type Failure,
  type Status,
  type TaskFinished,
  type TaskStarted,
  type Timed,
  isUntold,
} from '../model/event.ts'
import type { Diff } from '../model/operation.ts'
import { identity, type TaskPath } from '../model/path.ts'
import { type Failed, failureKey } from './failure.ts'
import { asciiControls } from './json.ts'
import { harmless } from './width.ts'

/** Hosts on which a task ended in the same way, and what there is to say about it. */
export interface Outcome {
  readonly status: Status
  /** Each host as it is shown: `a`, or `a -> b` when the work was done on b. */
  readonly hosts: string[]
  readonly reason: string | undefined
  readonly result: string | undefined
  readonly unpredictable: boolean
  readonly failure: Failure | undefined
}

/** What a host is doing for a task. */
export interface Activity {
  readonly since: number
  /** The last thing that progress, or an attempt, said. */
  progress: string | undefined
  /** The last lines of output, oldest first, and the line that has not ended yet. */
  readonly ended: string[]
  unended: string
}

/** A difference found on several hosts alike. */
export interface SharedDiff {
  readonly operation: string
  readonly diffs: readonly Diff[]
  readonly hosts: string[]
}

/** A task that was offered to hosts, with what is known of each. */
export interface OpenTask {
  readonly path: TaskPath
  readonly at: Location
  readonly handler: boolean
  readonly since: number
  readonly hosts: Set<string>
  /** Hosts that have not ended it. */
  readonly missing: Set<string>
  readonly running: Map<string, Activity>
  readonly outcomes: Map<string, Outcome>
  readonly failures: Set<string>
  readonly diffs: Map<string, SharedDiff>
  readonly notified: Map<string, string[]>
  until: number
}

/** The tasks that hosts are at, folded from events; a task leaves when its last host has ended it. */
export interface OpenTasks {
  all(): Iterable<OpenTask>
  readonly size: number
  offer(event: TaskStarted & Timed): OpenTask | undefined
  of(event: { readonly path: TaskPath }): OpenTask | undefined
  start(event: Extract<Timed, { readonly type: 'host-started' }>): void
  activity(event: { readonly path: TaskPath; readonly host: string; readonly time: number }): Activity
  plan(event: ChangePlanned): void
  notify(event: Extract<Event, { readonly type: 'handler-notified' }>): void
  /** `fresh` is the failure when no host has failed in the same way before; `done` says the task has left. */
  finish(event: TaskFinished & Timed): {
    readonly task: OpenTask
    readonly fresh: Failed | undefined
    readonly done: boolean
  }
  /** Takes out every task, as when a play ends early. */
  drain(): readonly OpenTask[]
}

/** @param verbosity from 1 on results and reasons are kept, and hosts that differ in them are told apart */
export function openTasks(verbosity: number): OpenTasks {
  const tasks = new Map<string, OpenTask>()
  const open = (path: TaskPath, at: Location, handler: boolean, time: number, key = identity(path)): OpenTask => {
    let task = tasks.get(key)
    if (!task) {
      task = {
        path,
        at,
        handler,
        since: time,
        until: time,
        hosts: new Set(),
        missing: new Set(),
        running: new Map(),
        outcomes: new Map(),
        failures: new Set(),
        diffs: new Map(),
        notified: new Map(),
      }
      tasks.set(key, task)
    }
    return task
  }
  const activity = (task: OpenTask, host: string, time: number): Activity => {
    let found = task.running.get(host)
    if (!found) task.running.set(host, (found = { since: time, progress: undefined, ended: [], unended: '' }))
    return found
  }
  const unknown: Location = { file: 'unknown', line: 0 }

  return {
    all: () => tasks.values(),
    get size() {
      return tasks.size
    },
    offer(event) {
      // A task for nobody would never end.
      if (event.hosts.length === 0) return undefined
      const task = open(event.path, event.at, event.handler, event.time)
      for (const host of event.hosts) {
        task.hosts.add(host)
        task.missing.add(host)
      }
      return task
    },
    of: (event) => tasks.get(identity(event.path)),
    start(event) {
      const task = open(event.path, unknown, false, event.time)
      task.hosts.add(event.host)
      task.missing.add(event.host)
      activity(task, event.host, event.time)
    },
    activity: (event) => activity(open(event.path, unknown, false, event.time), event.host, event.time),
    plan(event) {
      const task = tasks.get(identity(event.path))
      if (!task || event.diff.length === 0) return
      const key = JSON.stringify([event.operation, event.diff])
      const same = task.diffs.get(key)
      if (same) same.hosts.push(event.host)
      else task.diffs.set(key, { operation: event.operation, diffs: event.diff, hosts: [event.host] })
    },
    notify(event) {
      const task = tasks.get(identity(event.path))
      const hosts = task?.notified.get(event.handler)
      if (hosts) hosts.push(event.host)
      else task?.notified.set(event.handler, [event.host])
    },
    finish(event) {
      const key = identity(event.path)
      const task = open(event.path, event.at, event.handler, event.time - event.milliseconds, key)
      task.hosts.add(event.host)
      task.missing.delete(event.host)
      task.running.delete(event.host)
      task.until = event.time
      const failed = event.failure && {
        host: event.host,
        path: event.path,
        status: event.status,
        failure: event.failure,
      }
      const failure = failed ? failureKey(failed) : ''
      const fresh = failed && !task.failures.has(failure) ? failed : undefined
      if (fresh) task.failures.add(failure)
      const told = verbosity > 0 && !failed
      const result =
        told && event.result !== undefined && event.result !== null
          ? asciiControls(JSON.stringify(event.result))
          : undefined
      const reason = told
        ? event.reason
        : event.reason !== undefined && isUntold(event.reason)
          ? harmless(event.reason.split('\n')[0]!)
          : undefined
      const where = event.delegated.filter((host) => host !== event.host).join(', ')
      const shown = where ? `${event.host} -> ${where}` : event.host
      const kind = [event.status, failure, reason ?? '', result ?? '', event.unpredictable ? '?' : ''].join('\0')
      const outcome = task.outcomes.get(kind)
      if (outcome) outcome.hosts.push(shown)
      else {
        task.outcomes.set(kind, {
          status: event.status,
          hosts: [shown],
          reason,
          result,
          unpredictable: event.unpredictable === true,
          failure: event.failure,
        })
      }
      const done = task.missing.size === 0
      if (done) tasks.delete(key)
      return { task, fresh, done }
    },
    drain() {
      const left = [...tasks.values()]
      tasks.clear()
      return left
    },
  }
}
