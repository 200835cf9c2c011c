import type { Host } from '../model/inventory.ts'
import { isDescribed } from '../model/playbook.ts'
import type { Batch } from './batches.ts'
import { goesOut } from './row.ts'
import { Ahead, isFree, readable } from './ahead.ts'
import { type Become, becomeIn, lineOf, saidBy } from './become.ts'
import { foreseen } from './context.ts'
import type { Lane } from './lanes.ts'
import type { Resume } from './resume.ts'
import { type Node, type PlayNode, type TaskNode, tasksOf } from './select.ts'
import type { RunState } from './state.ts'

/** Steps that follow one another, and what is read ahead for their tasks on each host. */
export class Sequence {
  readonly #nodes: readonly Node[]
  readonly #lane: Lane
  readonly #state: RunState
  readonly #resume: Resume
  readonly #aheads = new Map<string, Ahead>()
  #unbound: boolean | undefined

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
    if (!goesOut(node) || !this.#mayGoOut(host)) ahead.follow([])
    else {
      const selected = following.filter((task) => task.selected)
      // Whether what a resumed run has done counts is known at its turn.
      const stay = selected.findIndex(
        (task) => !goesOut(task) || said(task) !== said(node) || this.#resume.has(task, host),
      )
      ahead.follow(selected.slice(0, stay < 0 ? undefined : stay))
    }
    return ahead
  }

  /** Has the change of this task gone out to one of the hosts, and been begun, before all was to end? */
  async went(node: TaskNode, hosts: readonly Host[]): Promise<boolean> {
    if (this.#state.options.abort.aborted) return false
    const went = hosts.map(({ name }) => this.#aheads.get(name)?.went(node))
    return (await Promise.all(went)).includes(true)
  }

  /** May changes go out before their turns? Only where nobody and nothing else could come between. */
  #mayGoOut(host: Host): boolean {
    const { options, meetings, over } = this.#state
    const { check, forks, step, transport, weigh } = options
    const { batch } = this.#lane
    if (check || over || step || weigh || !transport.rows || !meetings.has(host)) return false
    return (this.#unbound ??=
      (batch.hosts.length === 1 || isUnbound(batch, forks)) && !liesBeside(batch.play, this.#nodes))
  }

  #begin(host: Host, said: Become): Ahead {
    const { options, changes, memory } = this.#state
    const { transport, check, calls } = options
    const ahead = new Ahead(
      host,
      said,
      lineOf(this.#state),
      transport,
      changes,
      options,
      ({ task: { body }, role: { role } }) =>
        isDescribed(body) ? foreseen(body, { memory, role, host, check, ...(calls ? { calls } : {}) }) : undefined,
    )
    this.#aheads.set(host.name, ahead)
    return ahead
  }
}

/** Does no host of a batch wait for another? */
function isUnbound({ hosts, play: { play, nodes } }: Batch, forks: number): boolean {
  const { strategy, throttle, anyErrorsFatal, maxFailPercentage } = play.options
  const bound = throttle ?? anyErrorsFatal ?? maxFailPercentage
  return (
    strategy === 'free' &&
    hosts.length <= forks &&
    bound === undefined &&
    ![...tasksOf(nodes)].some(({ kind, selected }) => kind === 'gate' && selected)
  )
}

const beside = new WeakMap<PlayNode, ReadonlySet<Node>>()

/** Do steps of a play run at the same time as others of it? */
function liesBeside(play: PlayNode, steps: readonly Node[]): boolean {
  const known = beside.get(play) ?? new Set(inParallel(play.nodes, false))
  beside.set(play, known)
  return steps.some((step) => known.has(step))
}

function* inParallel(nodes: readonly Node[], within: boolean): Generator<Node> {
  for (const node of nodes) {
    if (within) yield node
    if (node.kind === 'block') yield* inParallel([...node.try, ...node.rescue, ...node.always], within)
    else if (node.kind === 'parallel') for (const branch of node.branches) yield* inParallel(branch, true)
  }
}
