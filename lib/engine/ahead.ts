import type { Host } from '../model/inventory.ts'
import {
  type Connection,
  type Early,
  isOperation,
  type Operation,
  type Prepared,
  type Reader,
  type Value,
} from '../model/operation.ts'
import { type Body, isDescribed } from '../model/playbook.ts'
import { revealed, Secret } from '../model/secret.ts'
import { NotBegun, type Session, type Transport } from '../model/transport.ts'
import { actsAs, type Become, type Line } from './become.ts'
import { Row } from './row.ts'
import type { RunOptions } from './run.ts'
import type { TaskNode } from './select.ts'

/** Counts what may have changed on a host, whoever did it: what was read before counts no more. */
export class Changes {
  readonly #count = new Map<string, number>()
  #everywhere = 0
  of(host: string): number {
    return this.#everywhere + (this.#count.get(host) ?? 0)
  }
  /** Time has passed in which anybody may have done anything anywhere. */
  everywhere(): void {
    this.#everywhere++
  }
  add(host: string): void {
    this.#count.set(host, this.of(host) + 1)
  }
}

/** Everything a task's own requests are made with, besides who acts. */
export type Attempt = Omit<Session, 'become'>

/** How an operation reaches its host. */
export interface Way {
  readonly connection: Connection
  prepare(operation: Operation<Value>): Promise<Prepared<Value>>
  apply(plan: Prepared<Value>): Promise<Value | void>
}

/** The plain way: nothing is read before its time. What it changes makes others' earlier reads worthless. */
export function directly(host: Host, connection: Connection, changes: Changes): Way {
  return {
    connection,
    prepare: (operation) => operation.prepare(connection),
    async apply(plan) {
      const others = new Set<string>()
      changes.add(host.name)
      try {
        return await plan.apply({ ...connection, peer: peersOf(connection, others, changes) })
      } finally {
        for (const name of [host.name, ...others]) changes.add(name)
      }
    },
  }
}

/** An operation may work on other hosts too: what was read there counts no more, nor what is read until it ends. */
function peersOf(connection: Connection, others: Set<string>, changes: Changes): Connection['peer'] {
  return (host) => {
    others.add(host.name)
    changes.add(host.name)
    return connection.peer(host)
  }
}

interface Read {
  readonly changes: number
  /** Of a task whose body is an operation. */
  readonly plan?: Promise<Prepared<Value> | undefined>
  /** Of a task whose body gives one: at its turn it may give another, so only the answers are kept. */
  readonly early?: Early
}

// So many tasks are read at first; one after a change, twice as many after each task that found nothing to change.
const firstWindow = 16
const mostWindow = 32

/**
 * Reads for the tasks to come, in the same pipe as the task that runs: a round trip then answers for many tasks where
 * nothing changes, and a change costs one, because the next task's read goes out behind it and sees its effect. Only
 * tasks whose body is an operation are read ahead, and reading never changes anything, so what is not used is just
 * thrown away. One for each host and sequence of tasks.
 */
export class Ahead {
  readonly #host: Host
  /** Who acts, as the tasks of the sequence and what is around them say; those that say otherwise go their own way. */
  readonly #said: Become
  readonly #changes: Changes
  readonly #session: Session
  readonly #transport: Transport
  readonly #foreseen: (node: TaskNode) => Operation<Value> | undefined
  readonly #read = new Map<TaskNode, Read>()
  readonly #row: Row
  #attempt: Attempt
  #face: Connection | undefined
  #passing: Reader | undefined
  #window = firstWindow
  #upcoming: readonly TaskNode[] = []

  constructor(
    host: Host,
    said: Become,
    line: Line,
    transport: Transport,
    changes: Changes,
    options: Pick<RunOptions, 'abort' | 'stop' | 'emit'>,
    foreseen: (node: TaskNode) => Operation<Value> | undefined,
  ) {
    this.#foreseen = foreseen
    this.#host = host
    this.#said = said
    this.#transport = transport
    this.#changes = changes
    this.#attempt = { signal: options.abort }
    const row = (this.#row = new Row(host.name, options))
    const attempt = () => this.#attempt
    // One session object for all tasks of the sequence is what keeps their requests in one pipe, in order.
    this.#session = {
      become: (at) => actsAs(said, at, line),
      get output() {
        return attempt().output
      },
      get progress() {
        return attempt().progress
      },
      get signal() {
        return attempt().signal
      },
      get work() {
        return attempt().work
      },
      get row() {
        return row.now
      },
    }
  }

  /** The way for a task of this sequence, or undefined when it goes its own. */
  way(node: TaskNode, said: Become, attempt: Attempt): Way | undefined {
    // A body that is more than one operation may run several side by side, which one pipe would make wait for each
    // other.
    if (said !== this.#said || !(isOperation(node.task.body) || this.#read.get(node)?.early || this.#foreseen(node)))
      return undefined
    this.#attempt = attempt
    const connection = this.#connection()
    return {
      connection,
      prepare: (operation) => this.#prepare(node, operation, connection),
      apply: (plan) => (this.#row.has(node) ? this.#sent(node, plan, connection) : this.#apply(node, plan, connection)),
    }
  }

  /** Says which tasks follow; they are read when the next request goes out. */
  upcoming(nodes: readonly TaskNode[], said: (node: TaskNode) => Become): void {
    this.#upcoming = nodes.filter((node) => node.selected && readable(node) && said(node) === this.#said)
  }

  /** Says which tasks follow whose changes may go out behind that of the next. */
  follow(nodes: readonly TaskNode[]): void {
    this.#row.upcoming(nodes, this.#connection())
  }

  /** Has the change of this task gone out? */
  has(node: TaskNode): boolean {
    return this.#row.has(node)
  }

  /** Has the change of this task gone out, and been begun? Nothing more goes out. */
  async went(node: TaskNode): Promise<boolean> {
    await this.#row.settle()
    return this.#row.has(node)
  }

  // What an operation would do, from a read that still counts, or read now; the reads of those that follow go out
  // behind it.
  async #prepare(node: TaskNode, operation: Operation<Value>, connection: Connection): Promise<Prepared<Value>> {
    const sent = this.#row.planOf(node)
    if (sent) return sent
    const known = this.#read.get(node)
    this.#read.delete(node)
    if (known && known.changes === this.#changes.of(this.#host.name)) {
      // Where the last task changed something this one may too, and what is read before that is known would be read in
      // vain.
      if (this.#window > 1) this.#more()
      const plan = await (known.early
        ? operation.prepare({ ...connection, early: { ...known.early, asking: false } }).catch(() => undefined)
        : known.plan)
      // Somebody else may have changed the host while the answer was under way; a read that failed is made again to be
      // sure.
      if (plan && known.changes === this.#changes.of(this.#host.name)) {
        if (!plan.changed) {
          this.#window = Math.min(this.#window * 2, mostWindow)
          this.#more()
        }
        return plan
      }
    }
    const now = operation.prepare(connection)
    if (this.#window > 1) this.#more()
    return now
  }

  // It has been made already, unless one before it did not go well.
  async #sent(node: TaskNode, plan: Prepared<Value>, connection: Connection): Promise<Value | void> {
    this.#goOn(connection)
    try {
      return await this.#row.outcome(node)
    } catch (error) {
      if (!(error instanceof NotBegun)) throw error
      return this.#apply(node, plan, connection)
    }
  }

  // The changes that may follow, and behind them the reads of what may not.
  #goOn(connection: Connection): void {
    const all = this.#row.goOn(connection, () => this.#changes.add(this.#host.name))
    if (all) this.#more()
  }

  // What follows is read in the pipe behind the request that changes.
  async #apply(node: TaskNode, plan: Prepared<Value>, connection: Connection): Promise<Value | void> {
    this.#window = 1
    const changes = this.#changes
    const { name } = this.#host
    const row = this.#row
    changes.add(name)
    const others = new Set<string>()
    // What has a channel of its own may be done after the reads behind it: from then on nothing is read until the end.
    let ordered = true
    const begun = (inPipe: boolean) => {
      changes.add(name)
      if (!inPipe) ordered = false
    }
    const sent = <T>(request: Promise<T>): Promise<T> => {
      if (ordered) this.#goOn(connection)
      return request
    }
    const asideOf =
      <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> => {
        begun(false)
        return call(...args)
      }
    const watched: Connection = {
      ...connection,
      exec(script, options) {
        begun(options?.long !== true && !large(options?.stdin))
        return sent(row.begin(node, () => connection.exec(script, options)))
      },
      write(path, content, meta) {
        begun(!large(content))
        return sent(connection.write(path, content, meta))
      },
      read: asideOf(connection.read),
      stream: asideOf(connection.stream),
      dial: asideOf(connection.dial),
      peer: asideOf(peersOf(connection, others, changes)),
    }
    try {
      return await plan.apply(watched)
    } catch (error) {
      if (!row.empty) await row.settle(node)
      throw error
    } finally {
      others.forEach((other) => changes.add(other))
    }
  }

  #connection(): Connection {
    return (this.#face ??= this.#transport.connection(this.#host, this.#session))
  }

  #more(): void {
    const changes = this.#changes.of(this.#host.name)
    for (const node of this.#upcoming.filter((node) => !this.#row.has(node)).slice(0, this.#window)) {
      if (this.#read.get(node)?.changes !== changes) this.#read.set(node, { changes, ...this.#ask(node) })
    }
  }

  #ask(node: TaskNode): Omit<Read, 'changes'> {
    // One for all: what is asked of one object at the same moment goes in one request.
    const connection = (this.#passing ??= inPassing(this.#connection()))
    const { body } = node.task
    if (isOperation(body)) return { plan: quietly(() => body.prepare(connection)) }
    const operation = this.#foreseen(node)
    if (!operation) return {}
    const early: Early = { asking: true, answers: new Map(), through: connection }
    void quietly(() =>
      operation.prepare({
        host: connection.host,
        exec: later,
        read: later,
        stream: later,
        dial: later,
        peer: later,
        early,
      }),
    )
    return { early }
  }
}

/**
 * Reads that take long, or bring much, wait for their turn: until then they could be made in vain, and keep a host busy
 * whose turn is somebody else's.
 */
function inPassing(connection: Reader): Reader {
  return {
    ...connection,
    exec: (script, options) => (options?.long ? later() : connection.exec(script, options)),
    read: later,
    stream: later,
    dial: later,
  }
}

const later = () => Promise.reject(new Error('only a look that is short is taken before its turn'))

/** What fails before its turn is asked again at its turn, and says then why. */
async function quietly<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch {
    return undefined
  }
}

/**
 * Can a task be read before its turn? Only where no condition stands before it, on every host, whatever came before.
 */
export function readable(node: TaskNode): boolean {
  return !node.task.options.when && !node.task.options.once
}

/** Is the body of a task a function that may do anything, by any way? */
export function isFree(body: Body<never, Value>): boolean {
  return !isOperation(body) && !isDescribed(body)
}

// Requests with more on their stdin have a channel of their own.
function large(content: unknown): boolean {
  return typeof content === 'string' || content instanceof Secret
    ? revealed(content).length > 50_000
    : content instanceof Uint8Array
      ? content.length > 200_000
      : content !== undefined
}
