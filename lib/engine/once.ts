import type { Host } from '../model/inventory.ts'
import type { Batch } from './batches.ts'
import type { Lane } from './lanes.ts'
import type { Questions } from './questions.ts'
import type { Resume } from './resume.ts'
import type { TaskNode } from './select.ts'
import type { Turns } from './turns.ts'

/** open: it has run on no host yet. */
type Ran = 'open' | 'done' | 'failed'

/** Tasks that run once for all hosts of a batch: on the first for which the condition holds. */
export class Once {
  readonly #turns: Turns
  readonly #questions: Questions
  readonly #resume: Resume
  readonly #ran = new WeakMap<Batch, Map<TaskNode, Promise<Ran>>>()

  constructor(turns: Turns, questions: Questions, resume: Resume) {
    this.#turns = turns
    this.#questions = questions
    this.#resume = resume
  }

  /** Comes to it with hosts that come together; others of the batch may come later, and have come before. */
  async run(node: TaskNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    const all = this.#ran.get(lane.batch) ?? new Map<TaskNode, Promise<Ran>>()
    this.#ran.set(lane.batch, all)
    for (const host of hosts) {
      const before = all.get(node) ?? Promise.resolve('open')
      const ran = before.then((ran) => (ran === 'open' ? this.#try(node, host, lane) : ran))
      all.set(node, ran)
      const state = await ran
      if (state === 'failed') for (const one of hosts) if (lane.alive(one)) lane.drop(one.name)
      if (state !== 'open') return
    }
  }

  async #try(node: TaskNode, host: Host, lane: Lane): Promise<Ran> {
    const { hosts } = lane.batch
    const { state } = this.#turns
    if (hosts.some((before) => this.#resume.done(node, before, lane))) return 'done'
    if (!(await this.#questions.wants(node, [host], lane))) {
      this.#turns.leaveOut(node, [host])
      return 'done'
    }
    this.#turns.offer(node, [host])
    const outcome = await this.#turns.task(node, host, lane)
    if (!outcome || outcome.status === 'skipped') return 'open'
    const { status, result, unpredictable = false } = outcome
    if (status === 'ok' || status === 'changed')
      for (const { name } of hosts) state.memory.keep(node.task, name, { value: result, unpredictable })
    const failed = status === 'failed' || (status === 'unreachable' && !node.task.options.ignoreUnreachable)
    if (failed && !lane.rescued && hosts.length > 1 && !state.over) {
      const what = `«${node.task.name}» runs once for all hosts and failed on ${host.name}`
      state.options.emit({ type: 'warned', message: `${what}: no host of this batch goes on without it` })
    }
    return failed ? 'failed' : 'done'
  }
}
