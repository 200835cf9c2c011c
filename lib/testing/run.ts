import { type Done, doneIn } from '../engine/done.ts'
import { preflight } from '../engine/preflight.ts'
import { run, type RunOptions, type RunOutcome } from '../engine/run.ts'
import { select, type Selection } from '../engine/select.ts'
import { type Event, recap, type TaskFinished, type Timed } from '../model/event.ts'
import { type AnyRole, play, type Play, type Playbook, playbook } from '../model/playbook.ts'
import { exit, Refused } from '../model/problem.ts'
import { SkippedClock } from './clock.ts'
import type { FakeNetwork } from './fake-hosts.ts'
import { told } from './told.ts'

/** What is tested: a role, plays, or a whole playbook. A role runs on the hosts of `on`. */
export type Tested = AnyRole | readonly Play[] | Playbook

/** How a run of a test differs from a plain one. */
export interface TestOptions extends Partial<Selection>, Partial<Omit<RunOptions, Given>> {
  /** The hosts of a role that is tested alone, as a pattern; all unless said. */
  readonly on?: string
}
type Given = 'playbook' | 'plays' | 'inventory' | 'transport' | 'stop' | 'abort'

/** A run on fake hosts that has begun. */
export interface TestRun {
  readonly ended: Promise<RunOutcome>
  /** Everything that happened, as reporters are told of it. */
  readonly events: readonly Event[]
  /** What happened, a line each: see `told`. */
  readonly told: readonly string[]
  /** The recap, a line for each host, without what is 0: `c-1 ok=2 changed=1`. */
  readonly recap: readonly string[]
  /** How a task ended on a host, with its result or failure. @throws when it did not end there */
  finished(task: string, host: string): TaskFinished
  /** As Ctrl-C: nothing new starts. */
  stop(): void
  /** As the second Ctrl-C: what runs ends. */
  abort(): void
  /** What a run that goes on with this one finds in the journal: the option `done` of that run. */
  done(): Done
}

/** Begins a run on hosts. @throws Refused for all that `run` refuses before its first connection */
export function begin(
  { inventory, transport }: Pick<FakeNetwork, 'inventory' | 'transport'>,
  tested: Tested,
  options: TestOptions = {},
): TestRun {
  const { tags = [], skipTags = [], startAt, limit, on = 'all', runId = 'run-1', ...others } = options
  const book = bookOf(tested, on)
  const events: Event[] = []
  const stop = new AbortController()
  const abort = new AbortController()
  const plays = select(book, inventory, {
    tags,
    skipTags,
    ...(startAt === undefined ? {} : { startAt }),
    ...(limit ? { limit } : {}),
  })
  const problems = preflight(plays, inventory)
  if (problems.length > 0) throw new Refused(problems, exit.load)
  const ended = run({
    playbook: book,
    plays,
    inventory,
    transport,
    check: false,
    forks: 50,
    forceHandlers: false,
    argv: [],
    runId,
    clock: new SkippedClock(),
    gate: () => Promise.resolve(true),
    stop: stop.signal,
    abort: abort.signal,
    ...others,
    emit(event) {
      events.push(event)
      others.emit?.(event)
    },
  })
  return {
    ended,
    events,
    get told() {
      return told(events)
    },
    get recap() {
      return recap(events).map(({ host, ...counts }) =>
        [
          host,
          ...Object.entries(counts)
            .filter(([, n]) => n > 0)
            .map(([word, n]) => `${word}=${n}`),
        ].join(' '),
      )
    },
    finished(task, host) {
      const found = events.find(
        (event): event is TaskFinished =>
          event.type === 'task-finished' && event.path.task === task && event.host === host,
      )
      if (!found) throw new Error(`${task} did not end on ${host}: ${told(events).join('\n')}`)
      return found
    },
    stop: () => stop.abort(),
    abort: () => abort.abort(new Error('aborted')),
    // Through text and back, as the journal would have it.
    done: () =>
      doneIn(
        runId,
        events.map((event) => JSON.parse(JSON.stringify({ ...event, time: 0 })) as Timed),
      ),
  }
}

function bookOf(tested: Tested, on: string): Playbook {
  if (typeof tested !== 'object' || tested === null)
    throw new Error(`run() takes a role, a playbook or plays, and not ${JSON.stringify(tested)} - import it`)
  if (!('kind' in tested)) return playbook('test', tested)
  return tested.kind === 'playbook' ? tested : playbook('test', [play('test', { hosts: on }, [tested])])
}
