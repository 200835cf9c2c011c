import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Event, Failure, RunFinished } from '../model/event.ts'
import type { Host, Inventory } from '../model/inventory.ts'
import type { Playbook } from '../model/playbook.ts'
import type { Transport } from '../model/transport.ts'
import { batchesOf } from './batches.ts'
import type { Become } from './become.ts'
import { Blocks } from './blocks.ts'
import { endWhenSpent, goesOn } from './budget.ts'
import type { Clock } from './clock.ts'
import { failureOf, Stray } from './failure.ts'
import { flush, handlersOf } from './handlers.ts'
import type { Done } from './done.ts'
import { Lane } from './lanes.ts'
import type { Circumstances } from './meetings.ts'
import { Once } from './once.ts'
import { Questions } from './questions.ts'
import { Resume } from './resume.ts'
import { type Node, type PlayNode, type GateNode, type TaskNode, tasksOf } from './select.ts'
import { Sequence } from './sequence.ts'
import { namesOf, RunState } from './state.ts'
import type { Saving, Weighed } from './task.ts'
import { Turns } from './turns.ts'

export interface RunOptions {
  readonly playbook: Playbook
  readonly plays: readonly PlayNode[]
  readonly inventory: Inventory
  readonly transport: Transport
  readonly check: boolean
  readonly forks: number
  readonly forceHandlers: boolean
  /** Who acts where neither the inventory nor a play says it. */
  readonly become?: Become
  /** Whom to become where nobody is named. */
  readonly becomeUser?: string
  readonly argv: readonly string[]
  readonly runId?: string
  /** What an interrupted run had done; its tasks are not run again. */
  readonly done?: Done
  /** What is noted for whoever goes on with it; nothing unless said. */
  readonly circumstances?: Circumstances
  /** false: nothing is read before its turn, which is slower and otherwise the same. */
  readonly lookAhead?: boolean
  /** The time of delays and time limits; that of the machine unless said. */
  readonly clock?: Clock
  emit(event: Event): void
  /** Hears of each operation before anything of it is done. @throws what keeps it from being done */
  weigh?(what: Weighed): void
  /** Keeps what an operation is about to replace; what it gives is called when it has, however it ended. */
  save?(what: Saving): Promise<() => Promise<void>>
  /** Asks the operator; false refuses. */
  gate(question: string): Promise<boolean>
  /** Asks before a task when stepping: does it run on these hosts, or without a question from now on? */
  step?(task: string, hosts: readonly string[]): Promise<'yes' | 'no' | 'all'>
  /** Hears that a function of an author's is about to be called. */
  calls?(): void
  /** Fires when no new work should begin. */
  readonly stop: AbortSignal
  /** Fires when running work should end too; with a `Stray` as its reason, the run has crashed. */
  readonly abort: AbortSignal
}

/** How a run ended. */
export type RunOutcome = RunFinished['outcome']

/**
 * A new name for a run: its time to the millisecond, so that names sort as the runs began, and a little chance. Where
 * the clock was set back since, it comes right behind the latest of the runs `before`.
 */
export function newRunId(before: readonly string[] = [], now = Date.now()): string {
  const [, ...last] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\d{3})/.exec(before.at(-1) ?? '') ?? []
  const [year = 0, month = 1, ...rest] = last.map(Number)
  const latest = last.length > 0 ? Date.UTC(year, month - 1, ...rest) : 0
  const [date = '', time = '', part = ''] = new Date(Math.max(now, latest + 1))
    .toISOString()
    .replace(/[-:Z]/g, '')
    .split(/[T.]/)
  return `${date}-${time}-${part}${randomBytes(1).toString('hex')}`
}

/** Plays → batches → steps → hosts. Everything that happens is emitted; the promise tells only how it ended. */
export async function run(options: RunOptions): Promise<RunOutcome> {
  // Every command that runs listens to it.
  setMaxListeners(0, options.abort)
  return new Run(options).run()
}

class Run {
  readonly #state: RunState
  readonly #resume: Resume
  readonly #questions: Questions
  readonly #turns: Turns
  readonly #once: Once
  readonly #blocks: Blocks

  constructor(options: RunOptions) {
    const state = (this.#state = new RunState(options))
    const resume = (this.#resume = new Resume(state))
    const turns = (this.#turns = new Turns(state, resume))
    const questions = (this.#questions = new Questions(state))
    this.#once = new Once(turns, questions, resume)
    this.#blocks = new Blocks(turns, resume, (nodes, hosts, lane) => this.#steps(nodes, hosts, lane))
  }

  async run(): Promise<RunOutcome> {
    const { options, clock, due } = this.#state
    const { playbook, emit, argv, check, done } = options
    const began = clock.now()
    const run = options.runId ?? newRunId()
    const tasks = (play: PlayNode) => [...tasksOf(play.nodes)].filter(({ selected }) => selected).length
    const plays = options.plays.filter(tasks)
    emit({
      type: 'run-started',
      run,
      playbook: playbook.name,
      check,
      hosts: [...new Set(plays.flatMap(({ hosts }) => namesOf(hosts)))],
      plays: plays.length,
      tasks: plays.map(tasks).reduce((a, b) => a + b, 0),
      argv,
      inventory: options.inventory.path,
      ...(done && !done.anew ? { resumes: done.run } : {}),
    })
    await this.#resume.begin()
    await this.#plays(plays)
    const failure = this.#crash()
    const outcome = this.#outcome(failure)
    emit({
      type: 'run-finished',
      run,
      outcome,
      milliseconds: Math.round(clock.now() - began),
      owed: check ? [] : [...due.owed(), ...this.#resume.owed()],
      ...(failure ? { failure } : {}),
    })
    return outcome
  }

  async #plays(plays: readonly PlayNode[]): Promise<void> {
    const { options, lost } = this.#state
    for (const [i, node] of plays.entries()) {
      if (this.#state.over) return
      const play = node.play.name
      if (node.hosts.length === 0) {
        options.emit({ type: 'play-skipped', play, reason: node.empty ?? 'it has no host' })
        continue
      }
      const hosts = node.hosts.filter(({ name }) => !lost.has(name))
      // Later plays build on this one: a node is not to be pointed at a controller that was never made.
      if (hosts.length === 0) {
        const reason = 'all its hosts have failed before: neither it nor the plays after it were started'
        return options.emit({ type: 'play-stopped', play, reason })
      }
      if (!(await this.#play(node, hosts, plays.length - i - 1))) return
    }
  }

  /** Gives whether the run goes on with the next play. */
  async #play(node: PlayNode, hosts: readonly Host[], playsAfter: number): Promise<boolean> {
    const { emit } = this.#state.options
    const play = node.play.name
    const batches = batchesOf(node, hosts)
    emit({ type: 'play-started', play, hosts: namesOf(hosts), batches: batches.length })
    for (const [i, batch] of batches.entries()) {
      if (this.#state.over) return false
      if (batches.length > 1) emit({ type: 'batch-started', play, batch: i + 1, hosts: namesOf(batch.hosts) })
      const lane = Lane.of(batch, this.#state)
      const together = node.play.options.strategy === 'free' ? batch.hosts.map((host) => [host]) : [batch.hosts]
      await Promise.all(together.map((members) => this.#batch(node, members, lane)))
      if (!goesOn(batch, playsAfter, this.#state)) return false
    }
    return true
  }

  async #batch(play: PlayNode, hosts: readonly Host[], lane: Lane): Promise<void> {
    await this.#steps(play.nodes, hosts, lane)
    this.#resume.endOf(play, hosts)
    const { options, lost } = this.#state
    const able = options.forceHandlers ? ({ name }: Host) => lost.get(name) !== 'unreachable' : undefined
    await flush(handlersOf(play), hosts, lane, this.#turns, able)
  }

  async #steps(nodes: readonly Node[], all: readonly Host[], lane: Lane): Promise<void> {
    const sequence = new Sequence(nodes, lane, this.#state, this.#resume)
    for (const node of nodes) {
      // What a host has begun before it could be told to stop is accounted for.
      const went = this.#state.over && node.kind === 'task' && (await sequence.went(node, all))
      if (this.#state.over && !went) return
      const hosts = all.filter((host) => lane.alive(host))
      if (hosts.length === 0) return
      switch (node.kind) {
        case 'task':
          await this.#task(node, hosts, lane, sequence, went)
          break
        case 'block':
          await this.#blocks.run(node, hosts, lane)
          break
        case 'parallel':
          await Promise.all(node.branches.map((branch) => this.#steps(branch, hosts, lane)))
          break
        case 'flush':
          await flush(handlersOf(lane.batch.play, node.role), hosts, lane, this.#turns)
          break
        case 'gate':
          if (node.selected && !this.#state.options.check && !this.#resume.passed(node, hosts, lane))
            await this.#questions.gate(node, this.#answered(node, hosts))
          break
      }
    }
  }

  #answered({ gate, role }: GateNode, hosts: readonly Host[]): boolean {
    const { answered } = gate
    return answered !== undefined && hosts.every((host) => answered(this.#state.memory.vars(role.role, host) as never))
  }

  async #task(node: TaskNode, hosts: readonly Host[], lane: Lane, sequence: Sequence, went: boolean): Promise<void> {
    if (!node.selected) return
    if (node.task.options.once) await this.#once.run(node, hosts, lane)
    else {
      const before = new Map(hosts.map((host) => [host, this.#resume.lasting(node, host, lane)]))
      const fresh = hosts.filter((host) => !before.get(host) && !this.#resume.done(node, host, lane))
      if (fresh.length > 0) {
        if (went || (await this.#questions.wants(node, fresh, lane))) this.#turns.offer(node, fresh)
        else {
          this.#turns.leaveOut(node, fresh)
          fresh.forEach((host) => before.delete(host))
        }
      }
      const turns = hosts.filter((host) => before.get(host) || (before.has(host) && fresh.includes(host)))
      await Promise.all(
        turns.map((host) => this.#turns.task(node, host, lane, sequence.ahead(node, host), before.get(host))),
      )
    }
    endWhenSpent(lane.batch, this.#state)
  }

  /** What nobody caught, when that is what ended the run. */
  #crash(): Failure | undefined {
    const { abort, playbook } = this.#state.options
    const reason: unknown = abort.reason
    return reason instanceof Stray ? failureOf(reason.cause, playbook.at) : undefined
  }

  #outcome(crash: Failure | undefined): RunOutcome {
    const { options, lost, refused } = this.#state
    if (crash) return 'crashed'
    if (refused) return 'refused'
    if (options.stop.aborted || options.abort.aborted) return 'interrupted'
    if ([...lost.values()].includes('unreachable')) return 'unreachable'
    return lost.size > 0 ? 'failed' : 'ok'
  }
}
