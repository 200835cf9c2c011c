import type { Host } from '../model/inventory.ts'
import type { Batch } from './batches.ts'
import { handlersOf } from './handlers.ts'
import type { Lane } from './lanes.ts'
import { type BlockNode, type GateNode, type HandlerNode, type Node, type TaskNode, tasksOf } from './select.ts'
import { namesOf, type RunState } from './state.ts'

/** What an interrupted run had done, as far as it counts in the one that goes on with it. */
export class Resume {
  readonly #state: RunState

  constructor(state: RunState) {
    this.#state = state
  }

  /** Handlers that it was notified of and never ran are due. */
  restore(): void {
    const { due, options } = this.#state
    const { done, plays, emit } = options
    if (!done) return
    for (const node of plays.flatMap((play) => handlersOf(play))) {
      for (const host of done.owed(node.id)) {
        due.add(node, host)
        // Said again, so that this run's journal owes it too if it is killed as well.
        emit({ type: 'handler-notified', path: node.path, host, handler: node.handler.name })
      }
    }
  }

  /** Is this task done here? Then its result is as it was, and that is said. */
  done(node: TaskNode, host: Host, { again, batch }: Lane): boolean {
    const { memory, options } = this.#state
    const entry =
      node.tags.includes('always') || again.has(host.name) ? undefined : options.done?.get(node.id, host.name)
    if (!entry) return false
    const { result } = entry
    for (const { name } of node.task.options.once ? batch.hosts : [host])
      memory.keep(node.task, name, { value: result, unpredictable: false })
    options.emit({
      type: 'task-finished',
      path: node.path,
      at: node.task.at,
      host: host.name,
      delegated: [],
      status: 'resumed',
      handler: false,
      milliseconds: 0,
      ...(result === undefined ? {} : { result }),
    })
    return true
  }

  /** Is there nothing of this task to do here, so that nothing need be read for it? */
  has(node: TaskNode, host: Host): boolean {
    return this.#state.options.done?.has(node.id, host.name) === true
  }

  /** Was it killed after this task had begun to change something here? */
  begun(node: TaskNode | HandlerNode, host: Host): boolean {
    return this.#state.options.done?.begun(node.id, host.name) === true
  }

  /** Did the operator go on at this gate, and nothing behind it is undone? */
  passed(node: GateNode, hosts: readonly Host[], { again }: Lane): boolean {
    return this.#state.options.done?.passed(node.id) === true && !hosts.some(({ name }) => again.has(name))
  }

  /** Was the block entered on this host? Its own work may have made its condition false. */
  entered(node: BlockNode, host: Host, { again }: Lane): boolean {
    return !again.has(host.name) && this.#tried(node.try, host.name)
  }

  /** Hosts on which a rescue, or a clean-up, may have undone what the steps of the block had done. */
  undone(node: BlockNode, hosts: readonly Host[], batch: Batch): readonly string[] {
    if (node.rescue.length + node.always.length === 0) return []
    // A handler that failed in a flush is no task of the block: that the rescue has begun tells.
    return namesOf(hosts).filter((host) => this.#left(node.try, host, batch) || this.#tried(node.rescue, host))
  }

  #tried(nodes: readonly Node[], host: string): boolean {
    const { done } = this.#state.options
    return done !== undefined && [...tasksOf(nodes)].some(({ id }) => done.has(id, host) || done.failed(id, host))
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
