import type { SentAhead } from '../model/event.ts'
import type { Connection, Operation, Prepared, Reader, Value } from '../model/operation.ts'
import { isOperation } from '../model/operation.ts'
import { type InRow, NotBegun } from '../model/transport.ts'
import type { RunOptions } from './run.ts'
import type { TaskNode } from './select.ts'

interface Sent {
  readonly plan: Prepared<Value>
  readonly done: Promise<Value | void>
  /** open: no answer yet. lost: none will come, and it may have been done. */
  state: 'open' | 'answered' | 'not begun' | 'lost'
}

// So many are on their way at the most, and the next go out when half of them are answered.
const most = 32

let rows = 0

/**
 * Changes of the tasks to come that go out without waiting for the answers of those before them, in order; the host
 * begins none behind one that fails. Each is accounted for at the turn of its task, as if it had gone out then.
 */
export class Row {
  readonly #host: string
  readonly #options: Pick<RunOptions, 'emit' | 'stop'>
  readonly #sent = new Map<TaskNode, Sent>()
  readonly #plans = new Map<TaskNode, Prepared<Value> | undefined>()
  #behind: readonly TaskNode[] = []
  #number = 0
  #whole = false
  /** What the session says of the request that is made now. */
  now: InRow | undefined

  constructor(host: string, options: Pick<RunOptions, 'emit' | 'stop'>) {
    this.#host = host
    this.#options = options
  }

  /** Says which tasks may follow in it, in their order. */
  upcoming(nodes: readonly TaskNode[], reader: Reader): void {
    this.#behind = nodes
    for (const node of nodes.slice(0, 2 * most)) {
      if (this.#plans.has(node)) continue
      this.#plans.set(node, undefined)
      void planned(node.task.body as Operation<Value>, reader).then((plan) => this.#plans.set(node, plan))
    }
  }

  /** Has it gone out, and is it not known that the host has not begun it? */
  has(node: TaskNode): boolean {
    return this.#sent.has(node)
  }

  /** Is nothing out whose turn is to come? */
  get empty(): boolean {
    return this.#sent.size === 0
  }

  /** What a task that has gone out would do. */
  planOf(node: TaskNode): Prepared<Value> | undefined {
    return this.#sent.get(node)?.plan
  }

  /** Makes a request the first of a new row, where others may follow. */
  begin<T>({ task: { body } }: TaskNode, request: () => T): T {
    const sends = isOperation(body) && this.#behind.length > 0 ? body.sends : undefined
    this.#whole = sends !== undefined
    if (!sends) return request()
    this.#number = ++rows
    return this.#as({ behind: false, allow: sends.allow }, request)
  }

  /** Sends what may follow; `sending` is called for each. Gives whether nothing is left that may go out later. */
  goOn(connection: Connection, sending: () => void): boolean {
    const { emit, stop } = this.#options
    const left = this.#behind.filter((node) => !this.#sent.has(node))
    if (left.length === 0) return true
    const underWay = [...this.#sent.values()].filter(({ state }) => state === 'open').length
    if (!this.#whole || stop.aborted || underWay > most / 2) return false
    const end = left.findIndex((node) => this.#plans.get(node) === undefined)
    const next = left.slice(0, end < 0 ? undefined : end).slice(0, most - underWay)
    if (next.length === 0) return true
    // Before they go out: whoever is killed now is to know that they may have been done.
    emit(this.#said(next, true))
    for (const node of next) {
      sending()
      this.#send(node, this.#plans.get(node)!, connection)
    }
    return next.length === (end < 0 ? left.length : end)
  }

  /**
   * The outcome of a task that has gone out.
   * @throws NotBegun where the host has not begun it, what its change throws
   */
  async outcome(node: TaskNode): Promise<Value | void> {
    const sent = this.#sent.get(node)!
    try {
      const result = await sent.done
      this.#sent.delete(node)
      return result
    } catch (error) {
      await this.settle(node)
      throw error
    }
  }

  /** Waits until it is known what has become of all that has gone out; nothing more does. `failed` did not go well. */
  async settle(failed?: TaskNode): Promise<void> {
    this.#whole = false
    await Promise.allSettled([...this.#sent.values()].map(({ done }) => done))
    const those = (state: Sent['state']) =>
      [...this.#sent.keys()].filter((node) => this.#sent.get(node)?.state === state)
    const notBegun = those('not begun')
    if (notBegun.length > 0) this.#options.emit(this.#said(notBegun, false))
    if (failed) this.#sent.delete(failed)
    const lost = those('lost')
    const unknown = failed ? [...lost, ...those('answered')] : lost
    for (const node of [...notBegun, ...lost]) this.#sent.delete(node)
    if (unknown.length > 0) this.#options.emit({ type: 'warned', message: mayHaveRun(this.#host, unknown, failed) })
  }

  #send(node: TaskNode, plan: Prepared<Value>, connection: Connection): void {
    const { allow } = (node.task.body as Operation<Value>).sends!
    const to: Connection = {
      ...connection,
      exec: async (script, options) => {
        const result = await this.#as({ behind: true, allow }, () => connection.exec(script, options))
        sent.state = 'answered'
        return result
      },
    }
    const done = plan.apply(to)
    const sent: Sent = { plan, done, state: 'open' }
    this.#sent.set(node, sent)
    done.catch((error: unknown) => {
      if (sent.state === 'open') sent.state = error instanceof NotBegun ? 'not begun' : 'lost'
    })
  }

  #as<T>(how: Pick<InRow, 'behind' | 'allow'>, request: () => T): T {
    this.now = { ...how, row: this.#number, stop: this.#options.stop }
    try {
      return request()
    } finally {
      this.now = undefined
    }
  }

  #said(nodes: readonly TaskNode[], begun: boolean): SentAhead {
    return { type: 'sent-ahead', host: this.#host, paths: nodes.map(({ path }) => path), begun }
  }
}

/** Can the change of a task go out before its turn, and those of others behind it? */
export function goesOut({ task: { body, options } }: TaskNode): boolean {
  const { when, once, throttle, timeout, ignoreErrors, ignoreUnreachable } = options
  const own = when ?? once ?? throttle ?? timeout ?? ignoreErrors ?? ignoreUnreachable
  return own === undefined && isOperation(body) && body.sends !== undefined
}

/** The plan of an operation that looks at nothing, and of whose change nothing is to be kept. */
async function planned(operation: Operation<Value>, reader: Reader): Promise<Prepared<Value> | undefined> {
  let looks = false
  const look = () => {
    looks = true
    return Promise.reject(new Error('nothing is looked at before its turn'))
  }
  try {
    const plan = await operation.prepare({ ...reader, exec: look, read: look, stream: look, dial: look, peer: look })
    return looks || !plan.changed || plan.leaves || plan.replaces || plan.reboots ? undefined : plan
  } catch {
    return undefined
  }
}

function mayHaveRun(host: string, nodes: readonly TaskNode[], failed?: TaskNode): string {
  const names = nodes.map((node) => `«${node.task.name}»`)
  const shown = names.length > 5 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more` : names.join(', ')
  const behind = failed ? ` behind «${failed.task.name}»` : ''
  return `what had been sent to ${host}${behind} may have been done there: see whether it was, of ${shown}`
}
