import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { counted } from '../model/counted.ts'
import type { Event, RunFinished } from '../model/event.ts'
import type { Host, Inventory } from '../model/inventory.ts'
import { showPath } from '../model/path.ts'
import { type BatchSize, type Handler, isDescribed, type Playbook } from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { type Clock, wallClock } from './clock.ts'
import { Ahead, Changes, readable } from './ahead.ts'
import type { Become } from './become.ts'
import { foreseen, Memory } from './context.ts'
import { failureOf, Stray } from './failure.ts'
import { Due, handlersOf } from './handlers.ts'
import type { Done } from './journal.ts'
import { hostLimiter, limiter } from './limit.ts'
import {
  type BlockNode,
  type GateNode,
  type HandlerNode,
  type Node,
  type PlayNode,
  type TaskNode,
  tasksOf,
} from './select.ts'
import { type Outcome, runTask, type Surroundings } from './task.ts'

export interface RunOptions {
  readonly playbook: Playbook
  readonly plays: readonly PlayNode[]
  readonly inventory: Inventory
  readonly transport: Transport
  readonly check: boolean
  readonly forks: number
  readonly forceHandlers: boolean
  readonly become?: Become
  readonly argv: readonly string[]
  readonly runId?: string
  /** What an interrupted run had done; its tasks are not run again. */
  readonly done?: Done
  /** false: nothing is read before its turn, which is slower and otherwise the same. */
  readonly lookAhead?: boolean
  /** The time of delays and time limits; that of the machine unless said. */
  readonly clock?: Clock
  emit(event: Event): void
  /** Asks the operator; false refuses. */
  gate(question: string): Promise<boolean>
  /** Asks before a task when stepping: does it run on these hosts, or without a question from now on? */
  step?(task: string, hosts: readonly string[]): Promise<'yes' | 'no' | 'all'>
  /** Fires when no new work should begin. */
  readonly stop: AbortSignal
  /** Fires when running work should end too; with a `Stray` as its reason, the run has crashed. */
  readonly abort: AbortSignal
}

export type RunOutcome = RunFinished['outcome']

/** A new name for a run: its time to the millisecond, so that names sort as the runs began, and a little chance. */
export function newRunId(): string {
  const [date = '', time = '', part = ''] = new Date().toISOString().replace(/[-:Z]/g, '').split(/[T.]/)
  return `${date}-${time}-${part}${randomBytes(1).toString('hex')}`
}

/** Plays → batches → roles → steps → hosts. Everything that happens is emitted; the promise tells only how it ended. */
export async function run(options: RunOptions): Promise<RunOutcome> {
  return new Run(options).run()
}

/** A part of a play's hosts that goes through the whole play together. */
interface Batch {
  readonly play: PlayNode
  readonly hosts: readonly Host[]
  /** Hosts of the play that come after this batch. */
  readonly rest: number
  /** Those that still take part, outside of any block. */
  readonly live: Set<string>
  /** What hosts that come one by one must agree on: who runs a `once` task, whether to take a step. */
  readonly once: Map<TaskNode, Promise<Once>>
  readonly steps: Map<TaskNode, Promise<boolean>>
  readonly throttles: Map<TaskNode | HandlerNode, ReturnType<typeof limiter>>
  stopped: boolean
}
type Once = 'open' | 'done' | 'failed'

/** Hosts that still take part, in a batch or on one level of blocks. */
interface Lane {
  readonly batch: Batch
  readonly live: Set<string>
  readonly failed: Set<string>
  /** Failing tasks are reported as rescued: a rescue follows. */
  readonly rescued: boolean
  /** A host that leaves this lane leaves ours too. Rescue and always have none: they run because something was left. */
  readonly around?: Lane
  /** Hosts for which nothing counts as done by the run that is resumed. */
  readonly again: ReadonlySet<string>
  /** Hosts on which a task really ran here. */
  readonly worked: Set<string>
}

class Run {
  readonly #o: RunOptions
  readonly #clock: Clock
  readonly #memory: Memory
  readonly #due = new Due()
  readonly #changes = new Changes()
  readonly #slot: ReturnType<typeof hostLimiter>
  /** The operator is asked one thing at a time. */
  readonly #asking = limiter(1)
  readonly #gates = new Map<GateNode, Promise<boolean>>()
  /** Hosts that dropped out of the run, and how. */
  readonly #out = new Map<string, 'failed' | 'unreachable'>()
  readonly #stale = new Set<string>()
  #ended: 'interrupted' | 'refused' | 'crashed' | undefined
  #steppingAll = false

  constructor(options: RunOptions) {
    this.#o = options
    this.#clock = options.clock ?? wallClock
    this.#memory = new Memory(options.inventory, options.plays)
    this.#slot = hostLimiter(options.forks)
    // Every command that runs listens to it.
    setMaxListeners(0, options.abort)
  }

  async run(): Promise<RunOutcome> {
    const { playbook, emit, argv, check, done } = this.#o
    const began = this.#clock.now()
    const run = this.#o.runId ?? newRunId()
    const tasks = (play: PlayNode) => [...tasksOf(play.nodes)].filter((n) => n.selected).length
    const plays = this.#o.plays.filter(tasks)
    const hosts = new Set(plays.flatMap((play) => play.hosts.map((h) => h.name)))
    emit({
      type: 'run-started',
      run,
      playbook: playbook.name,
      check,
      hosts: [...hosts],
      plays: plays.length,
      tasks: plays.map(tasks).reduce((a, b) => a + b, 0),
      argv,
      ...(done ? { resumes: done.run } : {}),
    })
    this.#restoreDue()
    for (const [i, play] of plays.entries()) {
      if (this.#over()) break
      if (play.hosts.length === 0) {
        emit({ type: 'play-skipped', play: play.play.name, reason: play.empty ?? 'it has no host' })
        continue
      }
      const left = play.hosts.filter((host) => !this.#out.has(host.name))
      // Later plays build on this one: a node is not to be pointed at a controller that was never made.
      if (left.length === 0) {
        emit({
          type: 'play-stopped',
          play: play.play.name,
          reason: 'all its hosts have failed before: neither it nor the plays after it were started',
        })
        break
      }
      if (!(await this.#play(play, left, plays.length - i - 1))) break
    }
    const { reason } = this.#o.abort
    const crash = reason instanceof Stray ? failureOf(reason.cause, playbook.at) : undefined
    if (crash) this.#ended = 'crashed'
    if (this.#o.stop.aborted || this.#o.abort.aborted) this.#ended ??= 'interrupted'
    const outcome =
      this.#ended ??
      ([...this.#out.values()].includes('unreachable') ? 'unreachable' : this.#out.size > 0 ? 'failed' : 'ok')
    emit({
      type: 'run-finished',
      run,
      outcome,
      milliseconds: Math.round(this.#clock.now() - began),
      owed: check ? [] : this.#due.owed(),
      ...(crash ? { failure: crash } : {}),
    })
    return outcome
  }

  #over(): boolean {
    return this.#ended !== undefined || this.#o.stop.aborted || this.#o.abort.aborted
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

  /** Gives whether the run goes on with the next play. */
  async #play(play: PlayNode, hosts: readonly Host[], plays: number): Promise<boolean> {
    const { emit } = this.#o
    const { options, name } = play.play
    const batches = cut(hosts, options.serial)
    emit({ type: 'play-started', play: name, hosts: hosts.map((h) => h.name), batches: batches.length })
    for (const [i, members] of batches.entries()) {
      if (this.#over()) return false
      const live = new Set(members.map((h) => h.name))
      const rest = batches.slice(i + 1).flat().length
      const batch: Batch = {
        play,
        hosts: members,
        rest,
        live,
        once: new Map(),
        steps: new Map(),
        throttles: new Map(),
        stopped: false,
      }
      const lane: Lane = { batch, live, failed: new Set(), rescued: false, again: new Set(), worked: new Set() }
      if (batches.length > 1)
        emit({ type: 'batch-started', play: name, batch: i + 1, hosts: members.map((h) => h.name) })
      if (options.strategy === 'free') await Promise.all(members.map((host) => this.#batch(lane, [host])))
      else await this.#batch(lane, members)
      if (batch.stopped) return false
      if (members.some((host) => !this.#out.has(host.name))) continue
      const reason =
        rest > 0
          ? `every host of the batch failed${notStarted(rest)}`
          : plays > 0
            ? 'every host failed: the plays after it were not started'
            : undefined
      if (reason && !this.#over()) emit({ type: 'play-stopped', play: name, reason })
      return false
    }
    return true
  }

  async #batch(lane: Lane, hosts: readonly Host[]): Promise<void> {
    const { play } = lane.batch
    await this.#nodes(play.nodes, hosts, lane)
    const able = (host: string) =>
      this.#o.forceHandlers ? this.#out.get(host) !== 'unreachable' : this.#alive(lane, host)
    await this.#flush(handlersOf(play), hosts, lane, able)
  }

  /** Does this host still take part here, and in all that lies around? */
  #alive(lane: Lane, host: string): boolean {
    if (this.#out.get(host) === 'unreachable') return false
    for (let at: Lane | undefined = lane; at; at = at.around) if (!at.live.has(host)) return false
    return true
  }

  async #nodes(nodes: readonly Node[], hosts: readonly Host[], lane: Lane): Promise<void> {
    const aheads = new Map<string, Ahead>()
    for (const [i, node] of nodes.entries()) {
      if (this.#over()) return
      const live = hosts.filter((host) => this.#alive(lane, host.name))
      if (live.length === 0) return
      switch (node.kind) {
        case 'task':
          await this.#task(node, live, lane, (host) => this.#ahead(aheads, nodes, i, host, lane))
          break
        case 'block':
          await this.#block(node, live, lane)
          break
        case 'parallel':
          await Promise.all(node.branches.map((branch) => this.#nodes(branch, live, lane)))
          break
        case 'flush':
          await this.#flush(handlersOf(lane.batch.play, node.role), live, lane, (host) => this.#alive(lane, host))
          break
        case 'gate':
          await this.#gate(node, live, lane)
          break
      }
    }
  }

  async #gate(node: GateNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    if (!node.selected || this.#o.check) return
    if (this.#o.done?.passed(node.id) && !hosts.some((host) => lane.again.has(host.name))) return
    let answer = this.#gates.get(node)
    if (!answer) this.#gates.set(node, (answer = this.#asking(async () => (this.#over() ? false : this.#ask(node)))))
    await answer
  }

  async #ask(node: GateNode): Promise<boolean> {
    const passed = await this.#o.gate(node.gate.name)
    if (!passed) this.#ended ??= 'refused'
    this.#o.emit({ type: 'gate-answered', path: node.path, at: node.gate.at, passed })
    return passed
  }

  async #block(node: BlockNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    const chosen = node.block.when === undefined ? hosts : await this.#whereHolds(node, hosts, lane)
    const names = chosen.map((h) => h.name)
    // A rescue of which tags leave nothing would swallow the failure.
    const rescues = [...tasksOf(node.rescue)].some((n) => n.selected)
    // What was done before a rescue, or before a clean-up, may have been undone by it.
    const undone =
      node.rescue.length + node.always.length > 0
        ? names.filter((name) => this.#fell(node.try, name, lane.batch) || this.#rescuing(node, name))
        : []
    const again = new Set([...lane.again, ...undone])
    const laneOf = (live: readonly string[], more: Partial<Lane>): Lane => ({
      batch: lane.batch,
      live: new Set(live),
      failed: new Set(),
      rescued: lane.rescued,
      again,
      worked: lane.worked,
      ...more,
    })
    const inner = laneOf(names, { rescued: rescues || lane.rescued, around: lane, worked: new Set() })
    await this.#nodes(node.try, chosen, inner)
    let lost: ReadonlySet<string> = inner.failed
    if (lost.size > 0 && rescues) {
      const rescue = laneOf([...lost], { again: new Set(names) })
      await this.#nodes(node.rescue, chosen, rescue)
      // What a stop keeps from being rescued has failed.
      lost = this.#over() ? lost : rescue.failed
    }
    if (node.always.length > 0) {
      const always = laneOf(names, { again: new Set([...again, ...inner.worked]) })
      await this.#nodes(node.always, chosen, always)
      lost = new Set([...lost, ...always.failed])
    }
    inner.worked.forEach((host) => lane.worked.add(host))
    for (const host of lost) this.#drop(host, lane)
  }

  /**
   * Did the rescue begin on this host, in the run that is resumed? A handler that failed in a flush is no task of the
   * block.
   */
  #rescuing(node: BlockNode, host: string): boolean {
    return [...tasksOf(node.rescue)].some(({ id }) => this.#o.done?.has(id, host) || this.#o.done?.failed(id, host))
  }

  /** Did this host leave the steps by a failure, in the run that is resumed? */
  #fell(nodes: readonly Node[], host: string, batch: Batch): boolean {
    const { done } = this.#o
    return (
      done !== undefined &&
      nodes.some((node): boolean => {
        switch (node.kind) {
          case 'task':
            return (node.task.options.once ? batch.hosts.map((h) => h.name) : [host]).some((name) =>
              done.failed(node.id, name),
            )
          case 'parallel':
            return node.branches.some((branch) => this.#fell(branch, host, batch))
          case 'block':
            return (
              this.#fell(node.rescue.length > 0 ? node.rescue : node.try, host, batch) ||
              this.#fell(node.always, host, batch)
            )
          default:
            return false
        }
      })
    )
  }

  async #whereHolds(node: BlockNode, hosts: readonly Host[], lane: Lane): Promise<readonly Host[]> {
    // The condition is a task's condition: its failure is one too, and belongs to the block's line.
    const asking: TaskNode = {
      kind: 'task',
      role: node.role,
      path: node.path,
      tags: [],
      selected: true,
      id: '',
      task: {
        kind: 'task',
        name: node.block.name,
        at: node.block.at,
        options: { when: node.block.when as never },
        body: () => null,
      },
    }
    if (![...tasksOf([...node.try, ...node.rescue, ...node.always])].some((n) => n.selected)) return []
    // Where the block was entered before, its own work may have made the condition false.
    const entered = (host: Host) =>
      !lane.again.has(host.name) &&
      [...tasksOf(node.try)].some((n) => this.#o.done?.has(n.id, host.name) || this.#o.done?.failed(n.id, host.name))
    const held = await Promise.all(
      hosts.map(
        (host) =>
          entered(host) ||
          this.#slot(host.name, async () => {
            if (this.#over() || !this.#alive(lane, host.name)) return false
            const outcome = await runTask(asking, host, this.#around(asking, host, lane))
            if (outcome.failure) this.#finished(asking, host, outcome, lane)
            return outcome.status === 'ok' || outcome.status === 'changed'
          }),
      ),
    )
    return hosts.filter((_, i) => held[i])
  }

  /**
   * The reads for the tasks that follow this one without a break; undefined where nothing may be read before its turn.
   */
  #ahead(aheads: Map<string, Ahead>, nodes: readonly Node[], i: number, host: Host, lane: Lane): Ahead | undefined {
    const node = nodes[i]!
    if (this.#o.lookAhead === false || node.kind !== 'task' || !readable(node)) return undefined
    const said = (task: TaskNode) => task.task.options.become ?? this.#become(lane)
    let ahead = aheads.get(host.name)
    if (!ahead)
      aheads.set(
        host.name,
        (ahead = new Ahead(
          host,
          said(node),
          this.#o.transport,
          this.#changes,
          this.#o.abort,
          ({ task, role: { role } }) =>
            isDescribed(task.body)
              ? foreseen(task.body, { memory: this.#memory, role, host, check: this.#o.check })
              : undefined,
        )),
      )
    const end = nodes.findIndex((n, at) => at > i && n.kind !== 'task')
    const following = nodes.slice(i + 1, end < 0 ? undefined : end) as readonly TaskNode[]
    ahead.upcoming(
      following.filter(({ id }) => !this.#o.done?.has(id, host.name)),
      said,
    )
    return ahead
  }

  #become(lane: Lane): Become {
    return this.#o.become ?? lane.batch.play.play.options.become
  }

  async #task(
    node: TaskNode,
    hosts: readonly Host[],
    lane: Lane,
    ahead: (host: Host) => Ahead | undefined,
  ): Promise<void> {
    if (!node.selected) return
    if (node.task.options.once) return this.#once(node, hosts, lane)
    const fresh = hosts.filter((host) => !this.#resumed(node, host, lane))
    if (fresh.length === 0) return
    if (!(await this.#taken(node, fresh, lane))) return this.#leaveOut(node, fresh)
    this.#offer(node, fresh)
    await Promise.all(fresh.map((host) => this.#onHost(node, host, lane, ahead(host))))
    this.#enough(lane)
  }

  /** Runs on the first host for which the condition holds, of those that come together and those that come later. */
  async #once(node: TaskNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    const { batch } = lane
    for (const host of hosts) {
      const turn = (batch.once.get(node) ?? Promise.resolve<Once>('open')).then((state) =>
        state === 'open' ? this.#tryOnce(node, host, lane) : state,
      )
      batch.once.set(node, turn)
      const state = await turn
      if (state === 'open') continue
      if (state === 'failed') for (const { name } of hosts) if (this.#alive(lane, name)) this.#drop(name, lane)
      break
    }
    this.#enough(lane)
  }

  async #tryOnce(node: TaskNode, host: Host, lane: Lane): Promise<Once> {
    const { batch } = lane
    for (const before of batch.hosts) if (this.#resumed(node, before, lane)) return 'done'
    if (!(await this.#taken(node, [host], lane))) {
      this.#leaveOut(node, [host])
      return 'done'
    }
    this.#offer(node, [host])
    const outcome = await this.#onHost(node, host, lane)
    if (!outcome || outcome.status === 'skipped') return 'open'
    if (outcome.status === 'ok' || outcome.status === 'changed') this.#keep(node, batch.hosts, outcome)
    const lost =
      outcome.status === 'failed' || (outcome.status === 'unreachable' && !node.task.options.ignoreUnreachable)
    if (lost && !lane.rescued && batch.hosts.length > 1 && !this.#over()) {
      this.#o.emit({
        type: 'warned',
        message:
          `«${node.task.name}» runs once for all hosts and failed on ${host.name}: ` +
          'no host of this batch goes on without it',
      })
    }
    return lost ? 'failed' : 'done'
  }

  #offer(node: TaskNode, hosts: readonly Host[]): void {
    this.#o.emit({
      type: 'task-started',
      path: node.path,
      at: node.task.at,
      hosts: hosts.map((h) => h.name),
      handler: false,
    })
  }

  /** One task on one host, when it is its turn; nothing when the host or the run ended while it waited. */
  #onHost(node: TaskNode, host: Host, lane: Lane, ahead?: Ahead): Promise<Outcome | undefined> {
    return this.#inTurn(node, host, node.task.options.throttle, lane, async () => {
      if (this.#over() || !this.#alive(lane, host.name)) return undefined
      this.#o.emit({ type: 'host-started', path: node.path, host: host.name })
      for (let at: Lane | undefined = lane; at; at = at.around) at.worked.add(host.name)
      const outcome = await runTask(node, host, { ...this.#around(node, host, lane), ...(ahead ? { ahead } : {}) })
      this.#finished(node, host, outcome, lane)
      return outcome
    })
  }

  #inTurn<T>(
    node: TaskNode | HandlerNode,
    host: Host,
    throttle: number | undefined,
    lane: Lane,
    call: () => Promise<T>,
  ): Promise<T> {
    const { throttles, play } = lane.batch
    const most = Math.min(throttle ?? Infinity, play.play.options.throttle ?? Infinity)
    if (most === Infinity) return this.#slot(host.name, call)
    let slot = throttles.get(node)
    if (!slot) throttles.set(node, (slot = limiter(most)))
    return slot(() => this.#slot(host.name, call))
  }

  /** Does the operator, when stepping, want this task? */
  #taken(node: TaskNode, hosts: readonly Host[], lane: Lane): Promise<boolean> {
    const { step } = this.#o
    if (!step || this.#steppingAll) return Promise.resolve(!this.#over())
    const { steps } = lane.batch
    let answer = steps.get(node)
    if (!answer) {
      steps.set(
        node,
        (answer = this.#asking(async () => {
          if (this.#over()) return false
          const names = (lane.batch.play.play.options.strategy === 'free' ? lane.batch.hosts : hosts).map((h) => h.name)
          const said = this.#steppingAll ? 'yes' : await step(showPath(node.path), names)
          if (said === 'all') this.#steppingAll = true
          return said !== 'no' && !this.#over()
        })),
      )
    }
    return answer
  }

  /** Says that the operator did not want a task. */
  #leaveOut(node: TaskNode, hosts: readonly Host[]): void {
    if (this.#over()) return
    this.#offer(node, hosts)
    for (const { name } of hosts)
      this.#o.emit({
        type: 'task-finished',
        path: node.path,
        at: node.task.at,
        host: name,
        delegated: [],
        status: 'skipped',
        reason: 'the operator left it out',
        handler: false,
        milliseconds: 0,
      })
  }

  /** Is this task done by the run that is resumed? Then its result and its notifications are as they were. */
  #resumed(node: TaskNode, host: Host, lane: Lane): boolean {
    const { done, emit } = this.#o
    const entry = node.tags.includes('always') || lane.again.has(host.name) ? undefined : done?.get(node.id, host.name)
    if (!entry) return false
    this.#keep(node, node.task.options.once ? lane.batch.hosts : [host], entry)
    emit({
      type: 'task-finished',
      path: node.path,
      at: node.task.at,
      host: host.name,
      delegated: [],
      status: 'resumed',
      handler: false,
      milliseconds: 0,
      ...(entry.result === undefined ? {} : { result: entry.result }),
    })
    return true
  }

  #keep(
    node: TaskNode,
    hosts: readonly Host[],
    { result, unpredictable = false }: Pick<Outcome, 'result' | 'unpredictable'>,
  ): void {
    for (const host of hosts) this.#memory.keep(node.task, host.name, { value: result, unpredictable })
  }

  #around(node: TaskNode | HandlerNode, host: Host, lane: Lane): Surroundings {
    const { transport, check, abort, emit, done } = this.#o
    return {
      memory: this.#memory,
      transport,
      clock: this.#clock,
      check,
      become: this.#become(lane),
      changes: this.#changes,
      stale: this.#stale,
      begun: node.id !== '' && done?.begun(node.id, host.name) === true,
      abort,
      emit,
    }
  }

  #finished(node: TaskNode | HandlerNode, host: Host, outcome: Outcome, lane: Lane): void {
    const { emit, check, abort } = this.#o
    const handler = 'handler' in node
    const definition = handler ? node.handler : node.task
    const options = handler ? {} : node.task.options
    const status = outcome.status === 'failed' && lane.rescued && !abort.aborted ? 'rescued' : outcome.status
    // A task that failed half-way has changed something too: its handlers are due, or owed when its host drops out.
    if (!handler && outcome.changed) {
      for (const notified of [options.notify ?? []].flat() as readonly Handler[]) {
        this.#due.notify(node.role, notified, host.name)
        emit({ type: 'handler-notified', path: node.path, host: host.name, handler: notified.name })
      }
    }
    emit({
      type: 'task-finished',
      path: node.path,
      at: definition.at,
      host: host.name,
      delegated: outcome.delegated,
      status,
      handler,
      milliseconds: outcome.milliseconds,
      ...(outcome.reason ? { reason: outcome.reason } : {}),
      ...(outcome.failure ? { failure: outcome.failure } : {}),
      ...(outcome.result === undefined ? {} : { result: outcome.result }),
      ...(outcome.unpredictable ? { unpredictable: true } : {}),
    })
    if (check && outcome.changed) [host.name, ...outcome.delegated].forEach((name) => this.#stale.add(name))
    if (!handler && (status === 'ok' || status === 'changed')) this.#keep(node, [host], outcome)
    if (status === 'unreachable') {
      if (!options.ignoreUnreachable) this.#out.set(host.name, 'unreachable')
    } else if (status === 'failed' || status === 'rescued') this.#drop(host.name, lane)
  }

  /** A failure takes the host out of its lane; out of the run when no block around can rescue it. */
  #drop(host: string, lane: Lane): void {
    lane.live.delete(host)
    lane.failed.add(host)
    if (!lane.rescued && !this.#out.has(host)) this.#out.set(host, 'failed')
  }

  /** Ends the play for all hosts when too many have failed; rescues and clean-ups that have begun go on. */
  #enough({ batch }: Lane): void {
    const { anyErrorsFatal, maxFailPercentage } = batch.play.play.options
    const { hosts, play, rest } = batch
    if (batch.stopped || (!anyErrorsFatal && maxFailPercentage === undefined)) return
    const failed = hosts.filter((host) => this.#out.has(host.name)).length
    if (failed === 0 || failed === hosts.length) return
    const reason = anyErrorsFatal
      ? 'a host failed, and any failure is fatal to this play'
      : maxFailPercentage !== undefined && failed * 100 > maxFailPercentage * hosts.length
        ? `${failed} of ${hosts.length} hosts failed, more than ${maxFailPercentage} %`
        : undefined
    if (!reason) return
    this.#o.emit({
      type: 'play-stopped',
      play: play.play.name,
      reason: rest > 0 ? `${reason}${notStarted(rest)}` : reason,
    })
    batch.stopped = true
    batch.live.clear()
  }

  async #flush(
    handlers: readonly HandlerNode[],
    hosts: readonly Host[],
    lane: Lane,
    able: (host: string) => boolean,
  ): Promise<void> {
    for (const node of handlers) {
      if (this.#over()) return
      const due = this.#due.take(node, (name) => able(name) && hosts.some((host) => host.name === name))
      const members = hosts.filter((host) => due.has(host.name))
      if (members.length === 0) continue
      this.#o.emit({
        type: 'task-started',
        path: node.path,
        at: node.handler.at,
        hosts: members.map((h) => h.name),
        handler: true,
      })
      await Promise.all(
        members.map((host) =>
          this.#inTurn(node, host, undefined, lane, async () => {
            if (this.#over() || !able(host.name)) return this.#due.add(node, host.name)
            this.#o.emit({ type: 'host-started', path: node.path, host: host.name })
            const outcome = await runTask(node, host, this.#around(node, host, lane))
            if (outcome.status === 'failed' || outcome.status === 'unreachable') this.#due.add(node, host.name)
            this.#finished(node, host, outcome, lane)
          }),
        ),
      )
      this.#enough(lane)
    }
  }
}

function notStarted(hosts: number): string {
  return `: ${counted(hosts, 'host was', 'hosts were')} not started`
}

/** Cuts hosts into batches: numbers, percentages of all (at least one host), the last size repeated. */
export function cut(
  hosts: readonly Host[],
  serial: BatchSize | readonly BatchSize[] | undefined,
): readonly (readonly Host[])[] {
  const sizes = serial === undefined ? [] : ([serial].flat() as readonly BatchSize[])
  const batches: Host[][] = []
  for (let from = 0; from < hosts.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)]
    const count =
      size === undefined || size === 0
        ? hosts.length
        : typeof size === 'number'
          ? size
          : Math.max(1, Math.floor((hosts.length * Number.parseFloat(size)) / 100))
    batches.push(hosts.slice(from, from + count))
    from += count
  }
  return batches
}
