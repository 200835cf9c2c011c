import { randomBytes } from 'node:crypto'
import type { Event } from '../model/event.ts'
import type { Host, Inventory } from '../model/inventory.ts'
import { Unreachable } from '../model/operation.ts'
import type { BatchSize, Handler, Playbook } from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { Memory } from './context.ts'
import { Due, handlersOf } from './handlers.ts'
import type { Done } from './journal.ts'
import { limiter } from './limit.ts'
import { type BlockNode, type GateNode, type HandlerNode, type Node, type PlayNode, type TaskNode, tasksOf } from './select.ts'
import { type Outcome, runTask } from './task.ts'

export interface RunOptions {
  readonly playbook: Playbook
  readonly plays: readonly PlayNode[]
  readonly inventory: Inventory
  readonly transport: Transport
  readonly check: boolean
  readonly forks: number
  readonly forceHandlers: boolean
  readonly become?: boolean | string
  readonly argv: readonly string[]
  readonly runId?: string
  /** What an interrupted run had done; its tasks are not run again. */
  readonly done?: Done
  emit(event: Event): void
  /** Asks the operator; false refuses. */
  gate(question: string): Promise<boolean>
  /** Asks before a task when stepping; false leaves the task out. */
  step?(task: string): Promise<'yes' | 'no' | 'all'>
  /** Fires when no new work should begin. */
  readonly stop: AbortSignal
  /** Fires when running work should end too. */
  readonly abort: AbortSignal
}

export type RunOutcome = 'ok' | 'failed' | 'unreachable' | 'interrupted' | 'refused'

/** A new name for a run: its time, and enough chance that two of one second differ. */
export function newRunId(): string {
  return `${new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`
}

/** Plays → batches → roles → steps → hosts. Everything that happens is emitted; the promise tells only how it ended. */
export async function run(options: RunOptions): Promise<RunOutcome> {
  return new Run(options).run()
}

/** Hosts that still take part, in one play's batch or on one level of blocks. */
interface Lane {
  readonly live: Set<string>
  /** Failing tasks are reported as rescued: a rescue follows. */
  readonly rescued: boolean
  readonly failed: Set<string>
}

class Run {
  readonly #o: RunOptions
  readonly #memory: Memory
  readonly #due = new Due()
  readonly #slot: ReturnType<typeof limiter>
  /** Hosts that dropped out of the run, and how. */
  readonly #out = new Map<string, 'failed' | 'unreachable'>()
  readonly #stale = new Set<string>()
  #ended: 'interrupted' | 'refused' | undefined
  #steppingAll = false

  constructor(options: RunOptions) {
    this.#o = options
    this.#memory = new Memory(options.inventory)
    this.#slot = limiter(options.forks)
  }

  async run(): Promise<RunOutcome> {
    const { plays, playbook, emit, argv, check } = this.#o
    const began = performance.now()
    const run = this.#o.runId ?? newRunId()
    const tasks = plays.map(({ nodes }) => [...tasksOf(nodes)].filter((n) => n.selected).length)
    const hosts = new Set(plays.flatMap((play, i) => (tasks[i] ? play.hosts.map((h) => h.name) : [])))
    emit({ type: 'run-started', run, playbook: playbook.name, check, hosts: [...hosts], plays: plays.length, tasks: tasks.reduce((a, b) => a + b, 0), argv })
    this.#restoreDue()
    for (const [i, play] of plays.entries()) {
      if (this.#over()) break
      if (!tasks[i]) continue
      const left = play.hosts.filter((host) => !this.#out.has(host.name))
      if (left.length === 0) {
        if (play.hosts.length > 0) break
        continue
      }
      await this.#play(play, left)
      if (left.every((host) => this.#out.has(host.name))) break
    }
    if (this.#o.stop.aborted) this.#ended ??= 'interrupted'
    const outcome = this.#ended ?? ([...this.#out.values()].includes('unreachable') ? 'unreachable' : this.#out.size > 0 ? 'failed' : 'ok')
    emit({ type: 'run-finished', run, outcome, milliseconds: Math.round(performance.now() - began), owed: this.#due.owed() })
    return outcome
  }

  #over(): boolean {
    return this.#ended !== undefined || this.#o.stop.aborted
  }

  /** Handlers that an interrupted run was notified of and never ran. */
  #restoreDue(): void {
    const { done, plays } = this.#o
    if (!done) return
    for (const node of plays.flatMap((play) => handlersOf(play))) {
      for (const host of done.owed(node.id)) {
        this.#due.add(node, host)
        // Said again, so that this run's journal owes it too if it is killed as well.
        this.#o.emit({ type: 'handler-notified', path: node.path, host, handler: node.handler.name })
      }
    }
  }

  async #play(play: PlayNode, hosts: readonly Host[]): Promise<void> {
    const { emit } = this.#o
    const { options, name } = play.play
    const batches = cut(hosts, options.serial)
    emit({ type: 'play-started', play: name, hosts: hosts.map((h) => h.name), batches: batches.length })
    for (const [i, members] of batches.entries()) {
      const batch = members.filter((host) => !this.#out.has(host.name))
      if (this.#over()) return
      if (batch.length === 0) continue
      if (batches.length > 1) emit({ type: 'batch-started', play: name, batch: i + 1, hosts: batch.map((h) => h.name) })
      const lane: Lane = { live: new Set(batch.map((h) => h.name)), rescued: false, failed: new Set() }
      if (options.strategy === 'free') {
        await Promise.all(batch.map((host) => this.#batch(play, [host], lane)))
      } else {
        await this.#batch(play, batch, lane)
      }
      const rest = batches.slice(i + 1).flat().length
      if (batch.every((host) => this.#out.has(host.name)) || (lane.live.size === 0 && lane.failed.size > 0)) {
        if (rest > 0) emit({ type: 'play-stopped', play: name, reason: `every host of the batch failed: ${rest} ${rest === 1 ? 'host was' : 'hosts were'} not started` })
        return
      }
    }
  }

  async #batch(play: PlayNode, batch: readonly Host[], lane: Lane): Promise<void> {
    await this.#nodes(play, play.nodes, batch, lane)
    const able = this.#o.forceHandlers ? new Set(batch.map((h) => h.name)) : lane.live
    if (!this.#o.abort.aborted) await this.#flush(play, handlersOf(play), batch, lane, able)
  }

  async #nodes(play: PlayNode, nodes: readonly Node[], hosts: readonly Host[], lane: Lane): Promise<void> {
    for (const node of nodes) {
      if (this.#over()) return
      const live = hosts.filter((host) => lane.live.has(host.name))
      if (live.length === 0) return
      switch (node.kind) {
        case 'task':
          await this.#task(play, node, live, lane)
          break
        case 'block':
          await this.#block(play, node, live, lane)
          break
        case 'parallel':
          await Promise.all(node.branches.map((branch) => this.#nodes(play, branch, live, lane)))
          break
        case 'flush':
          await this.#flush(play, handlersOf(play, node.role), live, lane, lane.live)
          break
        case 'gate':
          await this.#gate(node)
          break
      }
    }
  }

  async #gate(node: GateNode): Promise<void> {
    if (!node.selected || this.#o.check || this.#o.done?.has(node.id, '*')) return
    if (!await this.#o.gate(node.gate.name)) this.#ended = 'refused'
    else this.#o.emit({ type: 'task-finished', path: node.path, at: node.gate.at, host: '*', delegated: [], status: 'ok', handler: false, milliseconds: 0 })
  }

  async #block(play: PlayNode, node: BlockNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    const condition = node.block.when
    const chosen = condition === undefined ? hosts : await this.#whereHolds(node, hosts, lane)
    // A rescue of which tags leave nothing would swallow the failure.
    const rescues = [...tasksOf(node.rescue)].some((n) => n.selected)
    const inner: Lane = { live: new Set(chosen.map((h) => h.name)), rescued: rescues || lane.rescued, failed: new Set() }
    await this.#nodes(play, node.try, chosen, inner)
    const failed = new Set(chosen.filter((h) => inner.failed.has(h.name)).map((h) => h.name))
    let lost = failed
    if (failed.size > 0 && rescues && !this.#o.abort.aborted) {
      const rescue: Lane = { live: new Set(failed), rescued: lane.rescued, failed: new Set() }
      await this.#nodes(play, node.rescue, chosen, rescue)
      lost = rescue.failed
    }
    if (node.always.length > 0 && !this.#o.abort.aborted) {
      const able = chosen.filter((h) => this.#out.get(h.name) !== 'unreachable')
      const always: Lane = { live: new Set(able.map((h) => h.name)), rescued: lane.rescued, failed: new Set() }
      await this.#nodes(play, node.always, chosen, always)
      lost = new Set([...lost, ...always.failed])
    }
    for (const host of lost) this.#drop(host, lane)
    for (const host of chosen) if (this.#out.get(host.name) === 'unreachable') lane.live.delete(host.name)
  }

  async #whereHolds(node: BlockNode, hosts: readonly Host[], lane: Lane): Promise<readonly Host[]> {
    // The condition is a task's condition: its failure is one too, and belongs to the block's line.
    const asking: TaskNode = {
      kind: 'task', role: node.role, tags: [], selected: true, id: '',
      task: { kind: 'task', name: node.block.name, at: node.block.at, options: { when: node.block.when as never }, body: () => null },
      path: { play: node.role.play.name, role: node.role.role.name, blocks: [], task: node.block.name },
    }
    const outcomes = await Promise.all(hosts.map(async (host) => [host, await this.#slot(() => runTask(asking, host, this.#around(host, undefined)))] as const))
    for (const [host, outcome] of outcomes) {
      if (outcome.failure) this.#finished(asking, host, outcome, lane)
    }
    return outcomes.filter(([, { status }]) => status === 'ok').map(([host]) => host)
  }

  async #task(play: PlayNode, node: TaskNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    if (!node.selected) return
    const { emit, done } = this.#o
    const { options, at } = node.task
    const fresh = hosts.filter((host) => !this.#resumed(node, host))
    if (fresh.length === 0) return
    if (options.once && done && fresh.length < hosts.length) return
    if (this.#o.step && !this.#steppingAll) {
      const answer = await this.#o.step(`${node.path.role} › ${node.path.task}`)
      if (answer === 'no') return
      if (answer === 'all') this.#steppingAll = true
    }
    if (this.#over()) return
    emit({ type: 'task-started', path: node.path, at, hosts: fresh.map((h) => h.name), handler: false })
    const slot = limiter(Math.min(options.throttle ?? Infinity, play.play.options.throttle ?? Infinity, fresh.length))
    const one = (host: Host) => slot(() => this.#slot(async () => {
      // Another branch may have failed this host, or the operator may have asked to stop, while it waited for its turn.
      if (this.#over() || !lane.live.has(host.name)) return undefined
      emit({ type: 'host-started', path: node.path, host: host.name })
      const outcome = await runTask(node, host, this.#around(host, play.play.options.become))
      this.#finished(node, host, outcome, lane)
      return outcome
    }))
    if (options.once) {
      for (const host of fresh) {
        const outcome = await one(host)
        if (outcome && outcome.status !== 'skipped') {
          if (outcome.status === 'failed' || outcome.status === 'rescued') fresh.forEach((h) => this.#drop(h.name, lane))
          break
        }
      }
    } else await Promise.all(fresh.map(one))
    this.#enough(play, hosts, lane)
  }

  /** Is this task done by the run that is resumed? Then its result and its notifications are as they were. */
  #resumed(node: TaskNode, host: Host): boolean {
    const { done, emit } = this.#o
    const entry = node.tags.includes('always') ? undefined : done?.get(node.id, host.name)
    if (!entry) return false
    this.#memory.keep(node.task, host.name, { value: entry.result, unpredictable: false })
    emit({ type: 'task-finished', path: node.path, at: node.task.at, host: host.name, delegated: [], status: 'resumed', handler: false, milliseconds: 0, result: entry.result })
    return true
  }

  #around(host: Host, become: boolean | string | undefined) {
    const { transport, check, abort, emit } = this.#o
    return { memory: this.#memory, transport, check, become: this.#o.become ?? become, stale: this.#stale.has(host.name), abort, emit }
  }

  #finished(node: TaskNode | HandlerNode, host: Host, outcome: Outcome, lane: Lane): void {
    const handler = 'handler' in node
    const definition = handler ? node.handler : node.task
    const options = handler ? {} : node.task.options
    const status = outcome.status === 'failed' && lane.rescued ? 'rescued' : outcome.status
    this.#o.emit({
      type: 'task-finished', path: node.path, at: definition.at, host: host.name, delegated: outcome.delegated, status, handler,
      milliseconds: outcome.milliseconds,
      ...(outcome.reason ? { reason: outcome.reason } : {}),
      ...(outcome.failure ? { failure: outcome.failure } : {}),
      ...(outcome.result === undefined ? {} : { result: outcome.result }),
      ...(outcome.unpredictable ? { unpredictable: true } : {}),
    })
    if (this.#o.check && outcome.changed) this.#stale.add(host.name)
    if (!handler && (status === 'ok' || status === 'changed')) {
      this.#memory.keep(node.task, host.name, { value: outcome.result, unpredictable: outcome.unpredictable ?? false })
    }
    if (!handler && outcome.changed && (status === 'changed' || status === 'ignored')) {
      for (const notified of [options.notify ?? []].flat() as readonly Handler[]) {
        const due = this.#due.notify(node.role, notified, host.name)
        this.#o.emit({ type: 'handler-notified', path: due.path, host: host.name, handler: notified.name })
      }
    }
    if (status === 'unreachable') {
      if (options.ignoreUnreachable) return
      this.#out.set(host.name, 'unreachable')
      lane.live.delete(host.name)
    } else if (status === 'failed' || status === 'rescued') this.#drop(host.name, lane)
  }

  /** A failure takes the host out of its lane; out of the run when no block around can rescue it. */
  #drop(host: string, lane: Lane): void {
    lane.live.delete(host)
    lane.failed.add(host)
    if (!lane.rescued && !this.#out.has(host)) this.#out.set(host, 'failed')
  }

  /** Ends the play for all hosts when too many have failed. */
  #enough(play: PlayNode, hosts: readonly Host[], lane: Lane): void {
    const { anyErrorsFatal, maxFailPercentage } = play.play.options
    const failed = hosts.filter((host) => this.#out.has(host.name)).length
    if (failed === 0 || lane.live.size === 0) return
    const share = (failed / hosts.length) * 100
    const reason = anyErrorsFatal ? 'a host failed, and any failure is fatal to this play'
      : maxFailPercentage !== undefined && share > maxFailPercentage ? `${failed} of ${hosts.length} hosts failed, more than ${maxFailPercentage} %` : undefined
    if (!reason) return
    this.#o.emit({ type: 'play-stopped', play: play.play.name, reason })
    for (const host of [...lane.live]) this.#out.set(host, this.#out.get(host) ?? 'failed')
    lane.live.clear()
  }

  async #flush(play: PlayNode, handlers: readonly HandlerNode[], hosts: readonly Host[], lane: Lane, able: ReadonlySet<string>): Promise<void> {
    for (const node of handlers) {
      if (this.#over()) return
      const due = this.#due.take(node, new Set(hosts.map((h) => h.name).filter((name) => able.has(name))))
      const members = hosts.filter((host) => due.includes(host.name))
      if (members.length === 0) continue
      this.#o.emit({ type: 'task-started', path: node.path, at: node.handler.at, hosts: members.map((h) => h.name), handler: true })
      await Promise.all(members.map((host) => this.#slot(async () => {
        this.#o.emit({ type: 'host-started', path: node.path, host: host.name })
        const outcome = await runTask(node, host, this.#around(host, play.play.options.become))
        if (outcome.status === 'failed' || outcome.status === 'unreachable') this.#due.add(node, host.name)
        this.#finished(node, host, outcome, lane)
      })))
    }
  }
}

/** Cuts hosts into batches: numbers, percentages of all (at least one host), the last size repeated. */
export function cut(hosts: readonly Host[], serial: BatchSize | readonly BatchSize[] | undefined): readonly (readonly Host[])[] {
  const sizes = serial === undefined ? [] : [serial].flat() as readonly BatchSize[]
  const batches: Host[][] = []
  for (let from = 0; from < hosts.length;) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)]
    const count = size === undefined || size === 0 ? hosts.length
      : typeof size === 'number' ? size : Math.max(1, Math.floor((hosts.length * Number.parseFloat(size)) / 100))
    batches.push(hosts.slice(from, from + count))
    from += count
  }
  return batches
}

/** Opens the connections of all hosts at once; those that cannot be reached are told apart from the others. */
export async function openAll(transport: Transport, hosts: readonly Host[]): Promise<ReadonlyMap<string, Unreachable>> {
  const lost = new Map<string, Unreachable>()
  await Promise.all(hosts.map((host) => transport.open(host).catch((error: unknown) => {
    lost.set(host.name, error instanceof Unreachable ? error : new Unreachable(String(error)))
  })))
  return lost
}
