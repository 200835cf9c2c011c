import type { Clock } from '../../lib/engine/clock.ts'
import { doneIn, type Done } from '../../lib/engine/journal.ts'
import { run, type RunOptions, type RunOutcome } from '../../lib/engine/run.ts'
import { select, type Selection } from '../../lib/engine/select.ts'
import { type Event, recap, showPath, type TaskFinished, type Timed } from '../../lib/model/event.ts'
import { playbook, type Play } from '../../lib/model/playbook.ts'
import type { Rig } from './hosts.ts'

/** How a run of a test differs from a plain one. */
export interface RunWish
  extends Partial<Selection>,
    Partial<Omit<RunOptions, 'playbook' | 'plays' | 'inventory' | 'transport' | 'stop' | 'abort'>> {
  readonly name?: string
}

/** A run that has begun. */
export interface Running {
  readonly events: readonly Event[]
  readonly ended: Promise<RunOutcome>
  /** What happened, a line each: see `told`. */
  readonly told: readonly string[]
  /** The recap, a line for each host, without what is 0. */
  readonly recap: readonly string[]
  /** As Ctrl-C: nothing new starts. */
  stop(): void
  /** As the second Ctrl-C: what runs ends. */
  abort(): void
  /** What a run that goes on with this one would find in the journal. */
  done(): Done
  finished(task: string, host: string): TaskFinished
}

/** Begins to run the plays on the hosts of the rig. */
export function begin(rig: Rig, plays: readonly Play[], wish: RunWish = {}): Running {
  const book = playbook('test', plays)
  const { name, tags = [], skipTags = [], startAt, limit, ...options } = wish
  const events: Event[] = []
  const stop = new AbortController()
  const abort = new AbortController()
  const nodes = select(book, rig.inventory, {
    tags,
    skipTags,
    ...(startAt === undefined ? {} : { startAt }),
    ...(limit ? { limit } : {}),
  })
  const ended = run({
    playbook: book,
    plays: nodes,
    inventory: rig.inventory,
    transport: rig.transport,
    check: false,
    forks: 50,
    forceHandlers: false,
    argv: [],
    runId: name ?? 'run-1',
    gate: () => Promise.resolve(true),
    stop: stop.signal,
    abort: abort.signal,
    ...options,
    emit(event) {
      events.push(event)
      options.emit?.(event)
    },
  })
  return {
    events,
    ended,
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
    stop: () => stop.abort(),
    abort: () => abort.abort(new Error('aborted')),
    // Through text and back, as the journal would have it.
    done: () =>
      doneIn(
        name ?? 'run-1',
        events.map((event) => JSON.parse(JSON.stringify({ ...event, time: 0 })) as Timed),
      ),
    finished(task, host) {
      const found = events.find(
        (event): event is TaskFinished =>
          event.type === 'task-finished' && event.path.task === task && event.host === host,
      )
      if (!found) throw new Error(`${task} did not end on ${host}: ${told(events).join('\n')}`)
      return found
    },
  }
}

/** Runs the plays on the hosts of the rig, to the end. */
export async function runs(
  rig: Rig,
  plays: readonly Play[],
  wish: RunWish = {},
): Promise<Running & { readonly outcome: RunOutcome }> {
  const running = begin(rig, plays, wish)
  return Object.assign(running, { outcome: await running.ended })
}

/** Events as lines: what an operator would see of their order, and nothing that varies from run to run. */
export function told(events: readonly Event[]): readonly string[] {
  return events.flatMap((event): readonly string[] => {
    switch (event.type) {
      case 'play-started':
        return [`PLAY ${event.play} [${event.hosts.join(' ')}]`]
      case 'batch-started':
        return [`BATCH ${event.batch} [${event.hosts.join(' ')}]`]
      case 'task-started':
        return [`${event.handler ? 'HANDLER' : 'TASK'} ${showPath(event.path)} [${event.hosts.join(' ')}]`]
      case 'attempt-failed':
        return [`${event.host}: retry (${event.left} left): ${event.reason}`]
      case 'handler-notified':
        return [`${event.host}: notified ${event.handler}`]
      case 'task-finished': {
        const why = event.failure?.reason ?? event.reason
        return [`${[event.host, ...event.delegated].join(' -> ')}: ${event.status}${why ? ` (${why})` : ''}`]
      }
      case 'play-stopped':
        return [`STOPPED ${event.play}: ${event.reason}`]
      case 'warned':
        return [`WARNING ${event.message}`]
      case 'run-finished':
        return [`END ${event.outcome}${event.owed.map(({ host, handler }) => `, ${host} is owed ${handler}`).join('')}`]
      default:
        return []
    }
  })
}

/** A clock whose time passes only when the test says so. */
export class HeldClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ readonly milliseconds: number; readonly call: () => void }>()
  readonly #waiting: { readonly milliseconds: number; readonly take: () => void }[] = []

  now(): number {
    return this.#now
  }
  after(milliseconds: number, call: () => void): () => void {
    const timer = { milliseconds, call }
    this.#timers.add(timer)
    const waiting = this.#waiting.findIndex((one) => one.milliseconds === milliseconds)
    if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]!.take()
    return () => this.#timers.delete(timer)
  }
  /** Lets a timer of this length run out, as soon as somebody sets one. */
  async passes(milliseconds: number): Promise<void> {
    const timer = () => [...this.#timers].find((one) => one.milliseconds === milliseconds)
    if (!timer()) await new Promise<void>((take) => this.#waiting.push({ milliseconds, take }))
    const found = timer()!
    this.#timers.delete(found)
    this.#now += milliseconds
    found.call()
  }
  /** Lengths of the timers that are set. */
  get set(): readonly number[] {
    return [...this.#timers].map(({ milliseconds }) => milliseconds)
  }
}
