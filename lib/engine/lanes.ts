import type { Host } from '../model/inventory.ts'
import type { Batch } from './batches.ts'
import { namesOf, type RunState } from './state.ts'

/** Hosts that still take part, in a batch or on one level of blocks. */
export class Lane {
  readonly batch: Batch
  /** Hosts that left it by a failure. */
  readonly failed = new Set<string>()
  /** Failing tasks are reported as rescued: a rescue follows. */
  readonly rescued: boolean
  /** Hosts for which nothing counts as done by the run that is resumed. */
  readonly again: ReadonlySet<string>
  /** Hosts on which a task really ran here. */
  readonly worked: Set<string>
  readonly #live: Set<string>
  /** A host that leaves that lane leaves ours too. */
  readonly #around: Lane | undefined
  readonly #state: RunState

  private constructor(state: RunState, made: Made) {
    this.#state = state
    this.batch = made.batch
    this.rescued = made.rescued
    this.again = made.again
    this.worked = made.worked ?? new Set()
    this.#live = made.live
    this.#around = made.around
  }

  /** The lane of a batch, outside of any block. */
  static of(batch: Batch, state: RunState): Lane {
    return new Lane(state, { batch, live: batch.live, rescued: false, again: new Set() })
  }

  /** The lane of a block's steps. */
  inside(hosts: readonly Host[], rescued: boolean, again: ReadonlySet<string>): Lane {
    const live = new Set(namesOf(hosts))
    return new Lane(this.#state, { batch: this.batch, live, rescued: rescued || this.rescued, again, around: this })
  }

  /** The lane of a rescue or a clean-up: nothing lies around it, because it runs when something was left. */
  after(hosts: Iterable<string>, again: ReadonlySet<string>): Lane {
    const { batch, rescued, worked } = this
    return new Lane(this.#state, { batch, live: new Set(hosts), rescued, again, worked })
  }

  /** Does this host still take part here, and in all that lies around? */
  alive({ name }: Host): boolean {
    return this.#state.lost.get(name) !== 'unreachable' && this.#holds(name)
  }

  /** A task runs on this host, here and in all that lies around. */
  work(host: Host): void {
    this.worked.add(host.name)
    this.#around?.work(host)
  }

  /** A failure takes the host out of its lane; out of the run when no block around can rescue it. */
  drop(host: string): void {
    this.#live.delete(host)
    this.failed.add(host)
    const { lost } = this.#state
    if (!this.rescued && !lost.has(host)) lost.set(host, 'failed')
  }

  #holds(host: string): boolean {
    return this.#live.has(host) && (this.#around === undefined || this.#around.#holds(host))
  }
}

interface Made {
  readonly batch: Batch
  readonly live: Set<string>
  readonly rescued: boolean
  readonly again: ReadonlySet<string>
  readonly worked?: Set<string>
  readonly around?: Lane
}
