import type { Host } from '../model/inventory.ts'
import type { Operation, Prepared, Value } from '../model/operation.ts'
import type { Handler } from '../model/playbook.ts'
import { type Ahead, isFree } from './ahead.ts'
import type { Batch } from './batches.ts'
import { becomeIn, lineOf } from './become.ts'
import type { Lane } from './lanes.ts'
import type { Entry } from './done.ts'
import { hostLimiter, limiter } from './limit.ts'
import type { Resume } from './resume.ts'
import type { BlockNode, HandlerNode, TaskNode } from './select.ts'
import { namesOf, type RunState } from './state.ts'
import {
  AsItWas,
  askCondition,
  type Outcome,
  placeOf,
  runTask,
  type Surroundings,
  type Weighed,
  type Work,
} from './task.ts'

/** What is different for a task that was done before, and is asked whether that still holds. */
interface Asking {
  weigh(what: Weighed): void
  /** Does nothing of it count but that it was done before? */
  ended(outcome: Outcome): boolean
}

/**
 * What is done on hosts: tasks, handlers, the conditions of blocks. Each has its turn, within --forks and throttles,
 * and what became of it is said.
 */
export class Turns {
  /** What the run shares. */
  readonly state: RunState
  readonly #resume: Resume
  readonly #forks: ReturnType<typeof hostLimiter>
  readonly #throttles = new WeakMap<Batch, Map<TaskNode | HandlerNode, ReturnType<typeof limiter>>>()

  constructor(state: RunState, resume: Resume) {
    this.state = state
    this.#resume = resume
    this.#forks = hostLimiter(state.options.forks)
  }

  /** Says that a task, or a handler, comes to these hosts. */
  offer(node: TaskNode | HandlerNode, hosts: readonly Host[]): void {
    const handler = node.kind === 'handler'
    this.state.options.emit({
      type: 'task-started',
      path: node.path,
      at: placeOf(node),
      hosts: namesOf(hosts),
      handler,
    })
  }

  /** Runs a task on a host; nothing when the host or the run ended while it waited for its turn. */
  task(node: TaskNode, host: Host, lane: Lane, ahead?: Ahead, before?: Entry): Promise<Outcome | undefined> {
    return this.#inTurn(node, host, lane, async () => {
      if ((this.state.over && !ahead?.has(node)) || !lane.alive(host)) return undefined
      if (before) return this.#again(node, host, lane, before, ahead)
      lane.work(host)
      return this.#run(node, host, lane, ahead)
    })
  }

  /** Asks a host whether what a task had brought about there is still so; where it is not the task runs there again. */
  #again(node: TaskNode, host: Host, lane: Lane, before: Entry, ahead?: Ahead): Promise<Outcome> {
    const { emit, weigh } = this.state.options
    const { path } = node
    let begun = false
    const begin = () => {
      if (begun) return
      begun = true
      lane.work(host)
      this.offer(node, [host])
      emit({ type: 'host-started', path, host: host.name })
    }
    const asking: Asking = {
      weigh: (what) => {
        if (!begun && (!what.plan.changed || this.#resume.leaves(node, host.name, what.plan))) throw new AsItWas()
        if (!begun) {
          begin()
          const text = `changed since run ${before.run} did it: it is done again`
          emit({ type: 'output', path, host: host.name, text, stream: 'log' })
        }
        weigh?.(what)
      },
      ended: ({ status }) => {
        if (status === 'resumed') this.#resume.take(node, host, before, lane.batch)
        else begin()
        return status === 'resumed'
      },
    }
    return this.#run(node, host, lane, ahead, asking)
  }

  /** Runs a handler on a host; nothing when the host or the run ended while it waited for its turn. */
  handler(node: HandlerNode, host: Host, lane: Lane, able: (host: Host) => boolean): Promise<Outcome | undefined> {
    return this.#inTurn(node, host, lane, async () => {
      if (this.state.over || !able(host)) return undefined
      if (this.state.due.isDoubtful(node, host.name)) return this.#leaveOpen(node, host, lane)
      return this.#run(node, host, lane)
    })
  }

  /** Does the condition of a block hold on a host? A failure to tell is one, and the block's. */
  condition(node: BlockNode, host: Host, lane: Lane): Promise<boolean> {
    return this.#forks(host.name, async () => {
      if (this.state.over || !lane.alive(host)) return false
      const outcome = await askCondition(node, host, this.#around(lane))
      if (outcome.failure) this.#finished(node, host, outcome, lane)
      return outcome.status === 'ok' || outcome.status === 'changed'
    })
  }

  /** Says that the operator did not want a task. */
  leaveOut(node: TaskNode, hosts: readonly Host[]): void {
    if (this.state.over) return
    this.offer(node, hosts)
    const reason = 'the operator left it out'
    for (const host of hosts)
      this.#say(node, host, { status: 'skipped', reason, changed: false, delegated: [], milliseconds: 0 })
  }

  #inTurn<T>(node: TaskNode | HandlerNode, host: Host, { batch }: Lane, call: () => Promise<T>): Promise<T> {
    const own = node.kind === 'task' ? node.task.options.throttle : undefined
    const most = Math.min(own ?? Infinity, batch.play.play.options.throttle ?? Infinity)
    if (most === Infinity) return this.#forks(host.name, call)
    const throttles = this.#throttles.get(batch) ?? new Map<TaskNode | HandlerNode, ReturnType<typeof limiter>>()
    this.#throttles.set(batch, throttles)
    let turn = throttles.get(node)
    if (!turn) throttles.set(node, (turn = limiter(most)))
    return turn(() => this.#forks(host.name, call))
  }

  async #run(node: TaskNode | HandlerNode, host: Host, lane: Lane, ahead?: Ahead, asking?: Asking): Promise<Outcome> {
    if (!asking) this.state.options.emit({ type: 'host-started', path: node.path, host: host.name })
    const around = {
      ...this.#around(lane),
      begun: this.#resume.begun(node, host),
      after: this.#resume.after(node, host),
      ...(ahead ? { ahead } : {}),
      ...(asking ? { again: true, weigh: asking.weigh } : {}),
    }
    const outcome = await runTask(node, host, around)
    if (asking?.ended(outcome)) return outcome
    const { circumstances } = this.state.options
    if (isFree(node.kind === 'task' ? node.task.body : node.handler.body))
      for (const name of [host.name, ...outcome.delegated]) this.state.changes.add(name)
    // Asked when its shell has nothing to do, and never of a host that does not answer.
    if (circumstances && outcome.status !== 'unreachable') {
      const { meetings, options } = this.state
      const others = outcome.delegated.flatMap((name) => options.inventory.hosts.get(name) ?? [])
      for (const one of [...(outcome.reached ? [host] : []), ...others])
        await (outcome.rebooted?.has(one.name) ? meetings.meetAgain(one) : meetings.meet(one))
    }
    this.#finished(node, host, outcome, lane)
    return outcome
  }

  #around(lane: Lane): Surroundings {
    const { memory, clock, changes, stale, options } = this.state
    const { transport, check, abort, emit, save, weigh, calls } = options
    const said = { become: becomeIn(lane), line: lineOf(this.state) }
    return {
      memory,
      transport,
      clock,
      check,
      ...said,
      changes,
      stale,
      abort,
      emit,
      ...(weigh ? { weigh } : {}),
      ...(calls ? { calls } : {}),
      ...(save ? { save } : {}),
      ...(check ? { foresee: (...what) => this.#foresee(...what) } : {}),
    }
  }

  #leaveOpen(node: HandlerNode, host: Host, lane: Lane): Outcome {
    const reason = 'whether it is due is known only when what notifies it has run'
    const outcome = { status: 'skipped', reason, unpredictable: true, changed: false } as const
    const whole = { ...outcome, delegated: [], milliseconds: 0 }
    this.#say(node, host, whole, lane)
    return whole
  }

  #foresee(task: string, on: string, operation: Operation<Value>, plan?: Prepared<Value>): void {
    if (operation.looks) return
    const { leaves, change } = plan ?? { leaves: operation.brings, change: undefined }
    this.state.foreseen(on).add(task, leaves, [operation.name, change])
    this.state.stale.add(on)
    // What was read for the tasks behind it was read of a host without it.
    this.state.changes.add(on)
  }

  /** Says how it ended, and draws the consequences: what is kept, which handlers are due, who leaves the lane. */
  #finished(work: Work, host: Host, outcome: Outcome, lane: Lane): void {
    const { due, lost, memory, stale, options } = this.state
    const { emit, check, abort } = options
    const { changed, delegated, result, unpredictable = false } = outcome
    const status = outcome.status === 'failed' && lane.rescued && !abort.aborted ? 'rescued' : outcome.status
    if (work.kind === 'task') this.state.meetings.tell(work, host)
    // A task that failed half-way has changed something too: its handlers are due, or owed when its host drops out.
    if (work.kind === 'task' && changed) {
      for (const notified of [work.task.options.notify ?? []].flat() as readonly Handler[]) {
        due.notify(work.role, notified, host.name)
        emit({ type: 'handler-notified', path: work.path, host: host.name, handler: notified.name })
      }
    }
    if (check && work.kind === 'task' && status === 'skipped' && unpredictable)
      for (const notified of [work.task.options.notify ?? []].flat()) due.doubt(work.role, notified, host.name)
    // What it would have left nobody knows.
    if (check && status === 'skipped' && unpredictable)
      for (const name of [host.name, ...delegated]) this.state.foreseen(name).add(placeOf(work).file, undefined, '')
    this.#say(work, host, { ...outcome, status }, lane)
    if (work.kind === 'task') this.#resume.reached(work, host)
    if (check && changed) [host.name, ...delegated].forEach((name) => stale.add(name))
    if (work.kind === 'task' && (status === 'ok' || status === 'changed'))
      memory.keep(work.task, host.name, { value: result, unpredictable })
    if (status === 'unreachable') {
      if (work.kind !== 'task' || !work.task.options.ignoreUnreachable) lost.set(host.name, 'unreachable')
    } else if (status === 'failed' || status === 'rescued') lane.drop(host.name)
  }

  #say(work: Work, host: Host, outcome: Outcome, lane?: Lane): void {
    const { status, reason, failure, result, unpredictable, delegated, milliseconds } = outcome
    const { circumstances, emit } = this.state.options
    const once = work.kind === 'task' && work.task.options.once === true && lane
    emit({
      type: 'task-finished',
      path: work.path,
      at: placeOf(work),
      host: host.name,
      delegated,
      status,
      handler: work.kind === 'handler',
      milliseconds,
      ...(reason ? { reason } : {}),
      ...(failure ? { failure } : {}),
      ...(result === undefined ? {} : { result }),
      ...(unpredictable ? { unpredictable: true } : {}),
      ...(circumstances && work.kind === 'task' ? { code: circumstances.codeOf(placeOf(work)) } : {}),
      ...(once ? { once: namesOf(lane.batch.hosts) } : {}),
    })
  }
}
