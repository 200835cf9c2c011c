import type { Host } from '../model/inventory.ts'
import { isDescribed } from '../model/playbook.ts'
import { Ahead, isFree, readable } from './ahead.ts'
import { type Become, becomeIn, lineOf, saidBy } from './become.ts'
import { foreseen } from './context.ts'
import type { Lane } from './lanes.ts'
import type { Resume } from './resume.ts'
import type { Node, TaskNode } from './select.ts'
import type { RunState } from './state.ts'

/** Steps that follow one another, and what is read ahead for their tasks on each host. */
export class Sequence {
  readonly #nodes: readonly Node[]
  readonly #lane: Lane
  readonly #state: RunState
  readonly #resume: Resume
  readonly #aheads = new Map<string, Ahead>()

  constructor(nodes: readonly Node[], lane: Lane, state: RunState, resume: Resume) {
    this.#nodes = nodes
    this.#lane = lane
    this.#state = state
    this.#resume = resume
  }

  /** The reads for the tasks behind this one, up to the next break; undefined where none may be made ahead. */
  ahead(node: TaskNode, host: Host): Ahead | undefined {
    if (this.#state.options.lookAhead === false || !readable(node)) return undefined
    const said = ({ task }: TaskNode) => saidBy(task.options.become, becomeIn(this.#lane))
    const ahead = this.#aheads.get(host.name) ?? this.#begin(host, said(node))
    const at = this.#nodes.indexOf(node)
    // What a function does nobody knows, and what is read before it is worth nothing behind it.
    const end = this.#nodes.findIndex((other, i) => i > at && (other.kind !== 'task' || isFree(other.task.body)))
    const following = this.#nodes.slice(at + 1, end < 0 ? undefined : end) as readonly TaskNode[]
    ahead.upcoming(
      following.filter((task) => !this.#resume.has(task, host)),
      said,
    )
    return ahead
  }

  #begin(host: Host, said: Become): Ahead {
    const { options, changes, memory } = this.#state
    const { transport, abort, check } = options
    const ahead = new Ahead(
      host,
      said,
      lineOf(this.#state),
      transport,
      changes,
      abort,
      ({ task: { body }, role: { role } }) =>
        isDescribed(body) ? foreseen(body, { memory, role, host, check }) : undefined,
    )
    this.#aheads.set(host.name, ahead)
    return ahead
  }
}
