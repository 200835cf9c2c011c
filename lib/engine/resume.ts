import type { Host } from '../model/inventory.ts'
import { isOperation, type Prepared, type Value } from '../model/operation.ts'
import { isDescribed } from '../model/playbook.ts'
import { thingsOf, touches } from '../model/things.ts'
import { isFree } from './ahead.ts'
import type { Batch } from './batches.ts'
import { foreseen } from './context.ts'
import { handlersOf } from './handlers.ts'
import type { Lane } from './lanes.ts'
import type { Debt, Entry } from './done.ts'
import {
  type BlockNode,
  type GateNode,
  type HandlerNode,
  type Node,
  type PlayNode,
  type TaskNode,
  tasksOf,
} from './select.ts'
import { Since } from './since.ts'
import { namesOf, type RunState } from './state.ts'

/** What an interrupted run had done, as far as it counts in the one that goes on with it. */
export class Resume {
  readonly #state: RunState
  readonly #since: Since
  /** Handlers that are owed, and not due before the task that notified them has been come to. */
  readonly #owed = new Map<HandlerNode, Map<string, Debt>>()
  /** Those that the playbook does not have any more. */
  readonly #lost: Debt[] = []

  constructor(state: RunState) {
    this.#state = state
    this.#since = new Since(state)
  }

  /** Finds out what differs since, and says so; says again which handlers are owed. */
  async begin(): Promise<void> {
    const { done } = this.#state.options
    if (!done) return
    await this.#since.begin()
    this.#restore()
  }

  #restore(): void {
    const { done, plays, emit, check } = this.#state.options
    const handlers = new Map(plays.flatMap((play) => handlersOf(play)).map((node) => [node.id, node]))
    for (const debt of [...done!.debts, ...this.#begunDebts()]) {
      const node = handlers.get(debt.id)
      if (!node) {
        this.#lost.push(debt)
        continue
      }
      const hosts = this.#owed.get(node) ?? new Map<string, Debt>()
      const by = [...(hosts.get(debt.host)?.by ?? []), ...debt.by]
      this.#owed.set(node, hosts.set(debt.host, { ...debt, by }))
      // So that this run's journal owes it too if it is killed as well.
      if (!check)
        for (const path of debt.by) emit({ type: 'handler-notified', path, host: debt.host, handler: debt.handler })
    }
    const owed = this.owed()
    if (done!.anew && owed.length > 0) {
      const which = [...new Set(owed.map(({ host, handler }) => `«${handler}» on ${host}`))].join(', ')
      emit({
        type: 'warned',
        message: `run ${done!.run} notified handlers and did not run them: ${which}; they are due in this one`,
      })
    }
    for (const handler of new Set(this.#lost.map(({ handler }) => handler))) {
      const hosts = this.#lost.flatMap((debt) => (debt.handler === handler ? [debt.host] : []))
      const message =
        `the handler «${handler}» is owed on ${hosts.join(', ')}, and the playbook has none of that name any more: ` +
        'do there by hand what it did, or give it its name back and go on with --resume'
      emit({ type: 'warned', message })
    }
  }

  /** What a run that was killed in a task had changed there, that task would find as it is wanted. */
  #begunDebts(): readonly Debt[] {
    const { done, plays } = this.#state.options
    return plays.flatMap(({ nodes, hosts }) =>
      [...tasksOf(nodes)].flatMap((node) => {
        if (node.kind !== 'task') return []
        const notified = node.role.handlers.filter(({ handler }) =>
          [node.task.options.notify ?? []].flat().includes(handler),
        )
        return notified.flatMap(({ id, handler }) =>
          hosts.flatMap(({ name: host }) =>
            done!.begun(node.id, host) ? [{ id, handler: handler.name, host, by: [node.path] }] : [],
          ),
        )
      }),
    )
  }

  /** A task was come to on a host: what it had notified of is due there. */
  reached(node: TaskNode, host: Host): void {
    for (const handler of node.role.handlers) {
      const by = this.#owed.get(handler)?.get(host.name)?.by ?? []
      if (by.some((path) => path.task === node.path.task && path.blocks.join('\0') === node.path.blocks.join('\0')))
        this.#due(handler, host.name)
    }
  }

  /** A play has come to its end on these hosts: what of its handlers is still owed there is due. */
  endOf(play: PlayNode, hosts: readonly Host[]): void {
    for (const handler of handlersOf(play)) for (const host of hosts) this.#due(handler, host.name)
  }

  #due(handler: HandlerNode, host: string): void {
    if (this.#owed.get(handler)?.delete(host) === true) this.#state.due.add(handler, host)
  }

  /** What is owed and has not become due. */
  owed(): readonly { readonly host: string; readonly handler: string }[] {
    const waiting = [...this.#owed.values()].flatMap((hosts) => [...hosts.values()])
    return [...waiting, ...this.#lost].map(({ host, handler }) => ({ host, handler }))
  }

  /** Is this task done here? Then its result is as it was, and that is said. */
  done(node: TaskNode, host: Host, { again, batch }: Lane): boolean {
    const entry = again.has(host.name) ? undefined : this.#counting(node, host)
    if (!entry) return false
    this.take(node, host, entry, batch)
    return true
  }

  /** Takes what a task had brought about on a host as its result now, and says so. */
  take(node: TaskNode, host: Host, entry: Entry, batch: Batch): void {
    const { memory, options } = this.#state
    const { once } = node.task.options
    for (const { name } of once ? batch.hosts : [host])
      memory.keep(node.task, name, { value: entry.result, unpredictable: false })
    options.emit({
      type: 'task-finished',
      path: node.path,
      at: node.task.at,
      host: host.name,
      delegated: [],
      status: 'resumed',
      handler: false,
      milliseconds: 0,
      ...(entry.result === undefined ? {} : { result: entry.result }),
      ...(entry.code === undefined ? {} : { code: entry.code }),
      ...(once ? { once: namesOf(batch.hosts) } : {}),
    })
    this.reached(node, host)
  }

  /** Is there nothing of this task to do here, so that nothing need be read for it? */
  has(node: TaskNode, host: Host): boolean {
    return this.#counting(node, host) !== undefined && !this.#lasts(node, host)
  }

  /**
   * What a task had brought about here, where the host can be asked whether it is still so: somebody may have changed
   * it by hand.
   */
  lasting(node: TaskNode, host: Host, { again }: Lane): Entry | undefined {
    const entry = again.has(host.name) ? undefined : this.#counting(node, host)
    return entry && this.#lasts(node, host) ? entry : undefined
  }

  /** Is a change that is due again what a later task had made of it, or one that takes something away? */
  leaves(node: TaskNode, host: string, plan: Prepared<Value>): boolean {
    const things = thingsOf(plan)
    const later = this.#state.options.done!.later(node.id, host)
    return plan.destructive === true || things.length === 0 || later.some((touch) => touches(touch, things))
  }

  #lasts({ task: { body, options }, role }: TaskNode, host: Host): boolean {
    if (options.once || isFree(body)) return false
    const { memory, options: run } = this.#state
    const operation = isOperation(body)
      ? body
      : isDescribed(body)
        ? foreseen(body, { memory, role: role.role, host, check: run.check })
        : undefined
    return operation?.lasting === true
  }

  /**
   * What was done of it and need not be done anew. What only looks is asked again, and so is what was found as it was
   * wanted: that costs a look and may be true no more.
   */
  #counting(node: TaskNode, host: Host): Entry | undefined {
    const entry = this.#state.options.done?.get(node.id, host.name)
    if (!entry || entry.unkept || node.tags.includes('always')) return undefined
    const { body, options } = node.task
    if (options.verify) return undefined
    if (!entry.changed && (entry.result === undefined || isDescribed(body))) return undefined
    return this.#since.differs(node, host, entry) === undefined ? entry : undefined
  }

  /** Was it killed after this task had begun to change something here? */
  begun(node: TaskNode | HandlerNode, host: Host): boolean {
    return this.#state.options.done?.begun(node.id, host.name) === true
  }

  /** The runs whose commands that outlived them and have ended are this task's. */
  after(node: TaskNode | HandlerNode, host: Host): readonly string[] {
    const { done } = this.#state.options
    if (!done || done.anew || !done.begun(node.id, host.name)) return []
    // Whoever worked there since may have taken back what they did.
    return this.#since.moved(host, { run: done.run, met: [] }) ? [] : done.runs
  }

  /** Did the operator go on at this gate, and nothing behind it is undone? */
  passed(node: GateNode, hosts: readonly Host[], { again }: Lane): boolean {
    const passed = this.#state.options.done?.passed(node.id)
    if (!passed || hosts.some(({ name }) => again.has(name))) return false
    return !hosts.some((host) =>
      this.#since.moved(host, { run: passed.run, met: [passed.met.get(host.name) ?? []].flat() }),
    )
  }

  /** Was the block entered on this host? Its own work may have made its condition false. */
  entered(node: BlockNode, host: Host, { again }: Lane): boolean {
    return !again.has(host.name) && this.#tried(node.try, host)
  }

  /** Hosts on which a rescue, or a clean-up, may have undone what the steps of the block had done. */
  undone(node: BlockNode, hosts: readonly Host[], batch: Batch): readonly string[] {
    if (node.rescue.length + node.always.length === 0) return []
    // A handler that failed in a flush is no task of the block: that the rescue has begun tells.
    return namesOf(hosts.filter((host) => this.#left(node.try, host.name, batch) || this.#tried(node.rescue, host)))
  }

  #tried(nodes: readonly Node[], host: Host): boolean {
    const { done } = this.#state.options
    if (!done) return false
    return [...tasksOf(nodes)].some((node) => {
      if (done.failed(node.id, host.name)) return true
      const entry = done.get(node.id, host.name)
      return entry !== undefined && this.#since.moved(host, entry) === undefined
    })
  }

  /** Did this host leave the steps by a failure? */
  #left(nodes: readonly Node[], host: string, batch: Batch): boolean {
    const { done } = this.#state.options
    return (
      done !== undefined &&
      nodes.some((node): boolean => {
        switch (node.kind) {
          case 'task':
            return (node.task.options.once ? namesOf(batch.hosts) : [host]).some((name) => done.failed(node.id, name))
          case 'parallel':
            return node.branches.some((branch) => this.#left(branch, host, batch))
          case 'block':
            return (
              this.#left(node.rescue.length > 0 ? node.rescue : node.try, host, batch) ||
              this.#left(node.always, host, batch)
            )
          case 'flush':
          case 'gate':
            return false
        }
      })
    )
  }
}
