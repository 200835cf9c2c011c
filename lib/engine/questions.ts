import type { Host } from '../model/inventory.ts'
import { showPath } from '../model/path.ts'
import type { Batch } from './batches.ts'
import type { Lane } from './lanes.ts'
import { limiter } from './limit.ts'
import type { GateNode, TaskNode } from './select.ts'
import { namesOf, type RunState } from './state.ts'

/** What the operator is asked, one thing at a time: gates, once a run, and steps, once a batch. */
export class Questions {
  readonly #state: RunState
  readonly #asking = limiter(1)
  readonly #gates = new Map<GateNode, Promise<void>>()
  readonly #steps = new WeakMap<Batch, Map<TaskNode, Promise<boolean>>>()
  #stepping: boolean

  constructor(state: RunState) {
    this.#state = state
    this.#stepping = state.options.step !== undefined
  }

  /** Waits for the answer at a gate, however many hosts and batches come by. */
  gate(node: GateNode, answered: boolean): Promise<void> {
    let answer = this.#gates.get(node)
    if (!answer) this.#gates.set(node, (answer = this.#asking(() => this.#askAt(node, answered))))
    return answer
  }

  async #askAt({ gate, path }: GateNode, answered: boolean): Promise<void> {
    if (this.#state.over) return
    const { options } = this.#state
    const passed = answered || (await options.gate(gate.name))
    this.#state.changes.everywhere()
    if (!passed) this.#state.refused = true
    options.emit({ type: 'gate-answered', path, at: gate.at, passed })
  }

  /** Does the operator, when stepping, want this task on these hosts? */
  wants(node: TaskNode, hosts: readonly Host[], { batch }: Lane): Promise<boolean> {
    if (!this.#stepping) return Promise.resolve(!this.#state.over)
    const asked = this.#steps.get(batch) ?? new Map<TaskNode, Promise<boolean>>()
    this.#steps.set(batch, asked)
    let answer = asked.get(node)
    // Hosts that go at their own pace come one by one, and are asked for together.
    const all = batch.play.play.options.strategy === 'free' ? batch.hosts : hosts
    if (!answer) asked.set(node, (answer = this.#asking(() => this.#askBefore(node, all))))
    return answer
  }

  async #askBefore(node: TaskNode, hosts: readonly Host[]): Promise<boolean> {
    if (this.#state.over) return false
    const asked = this.#stepping
    const said = asked ? await this.#state.options.step!(showPath(node.path), namesOf(hosts)) : 'yes'
    // The operator may have mended something by hand before the answer.
    if (asked) this.#state.changes.everywhere()
    if (said === 'all') this.#stepping = false
    return said !== 'no' && !this.#state.over
  }
}
