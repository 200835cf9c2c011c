import { handlerRun, taskRun } from '../model/slips.ts'
import type { Host, HostRef, Inventory } from '../model/inventory.ts'
import {
  Advice,
  type Connection,
  type Fact,
  isOperation,
  type Operation,
  Outdated,
  type Prepared,
  unrun,
  type Value,
} from '../model/operation.ts'
import {
  type AnyRole,
  type Body,
  type Condition,
  type Described,
  type HostContext,
  isDescribed,
  type Task,
} from '../model/playbook.ts'
import { matchHosts } from '../model/pattern.ts'
import { Unforeseen } from '../model/foreseen.ts'
import { resolveVars } from '../model/vars.ts'
import type { Diff } from '../model/operation.ts'
import type { Way } from './ahead.ts'
import { during } from './failure.ts'
import { Begun, mindful } from './forgotten.ts'
import { kindOf, plain } from './plain.ts'
import { program } from '../model/program.ts'
import { type PlayNode, tasksOf } from './select.ts'

/** The result of a task on a host, as later tasks may ask for it. */
interface Kept {
  readonly value: Value
  /** Check mode made it up. */
  readonly unpredictable: boolean
}

/** What a whole run remembers about hosts: results, typed variables, facts. */
export class Memory {
  readonly #results = new Map<Task, Map<string, Kept>>()
  readonly #vars = new Map<AnyRole, Map<string, Readonly<Record<string, unknown>>>>()
  readonly #facts = new Map<string, Promise<unknown>>()
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly inventory: Inventory
  readonly #selected: ReadonlySet<Task>

  constructor(inventory: Inventory, plays: readonly PlayNode[]) {
    this.inventory = inventory
    const nodes = plays.flatMap((play) => [...tasksOf(play.nodes)])
    this.#selected = new Set(nodes.flatMap((node) => (node.kind === 'task' && node.selected ? [node.task] : [])))
  }

  keep(task: Task, host: string, kept: Kept): void {
    const hosts = this.#results.get(task) ?? new Map<string, Kept>()
    this.#results.set(task, hosts.set(host, kept))
  }
  result(task: Task, host: string): Kept | undefined {
    const hosts = this.#results.get(task)
    return hosts?.get(host) ?? (task.options.once ? hosts?.values().next().value : undefined)
  }
  /** Calls when all that came before on this host has ended. */
  inTurn<T>(host: string, call: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(host) ?? Promise.resolve()).then(call, call)
    this.#turns.set(host, turn)
    return turn
  }
  selected(task: Task): boolean {
    return this.#selected.has(task)
  }
  /**
   * Typed variables of a role on a host. @throws Advice for a delegated host, which preflight did not see, that lacks
   * some
   */
  vars(role: AnyRole, host: Host): Readonly<Record<string, unknown>> {
    let hosts = this.#vars.get(role)
    if (!hosts) this.#vars.set(role, (hosts = new Map()))
    let found = hosts.get(host.name)
    if (!found) {
      const { vars, problems } = resolveVars(role.schema, host, this.inventory, role.bound)
      if (problems.length > 0)
        throw new Advice(problems.map((p) => p.message).join('; '), `set it for ${host.name} in ${this.inventory.path}`)
      hosts.set(host.name, (found = vars))
    }
    return found
  }
  fact<T>(fact: Fact<T>, host: string, connection: Connection): Promise<T> {
    if (fact.keep === 'task') return fact.read(connection)
    const key = `${host}\0${fact.name}`
    let found = this.#facts.get(key) as Promise<T> | undefined
    if (!found) {
      this.#facts.set(key, (found = fact.read(connection)))
      // A fact that could not be read is asked for again by whoever wants it next.
      found.catch(() => this.#facts.delete(key))
    }
    return found
  }
}

/** Check mode cannot go further here: what this step needs is known only after a real run. */
export class Unpredictable extends Error {}

const onlyThen = 'it checks what only a real run brings about'

/** What happened while one body ran: added up by the contexts it was given. */
export interface BodyRecord {
  changed: boolean
  unpredictable: boolean
  /** It has been told something of a host, or by an earlier task: what it does may depend on that. */
  told: boolean
  /** Hosts that it has started anew. */
  readonly rebooted: Set<string>
  /** Other hosts on which something ran. */
  readonly delegated: Set<string>
  readonly begun: Begun
  planned(operation: Operation<Value>, on: string, diff: readonly Diff[], plan: Prepared<Value>): void
  /** What an operation found and would do on a host. @throws what keeps it from being done */
  weigh?(operation: Operation<Value>, on: string, plan: Prepared<Value>): void
  /** Keeps what an operation is about to replace on a host; what it gives is called when it has. */
  save?(
    operation: Operation<Value>,
    on: string,
    plan: Prepared<Value>,
    connection: Connection,
  ): Promise<() => Promise<void>>
  /** In check mode, an operation would change something on a host, or nobody knows whether. */
  foresee?(operation: Operation<Value>, on: string, plan?: Prepared<Value>): void
  /** In check mode, of this host only what foresees may be asked: an answer that is right now may be wrong by then. */
  wary?(on: string): boolean
  log(message: string): void
}

export interface ContextOptions {
  readonly memory: Memory
  readonly role: AnyRole
  readonly host: Host
  readonly check: boolean
  readonly connect: (host: Host) => Way
  readonly record: BodyRecord
  /** Hears that a function of an author's is about to be called. */
  calls?(): void
}

/** The `host` that a body receives. */
function contextFor(options: ContextOptions, home: Host = options.host): HostContext<unknown> {
  const { memory, role, host, check, connect, record } = options
  const { inventory } = memory
  const begin = <T>(what: string, begin: () => Promise<T>): Promise<T> =>
    record.begun.begin(what, () => {
      if (host.name !== home.name) record.delegated.add(host.name)
      return begin()
    })
  const result = <R extends Value>(task: Task<R>): R | undefined => {
    record.told = true
    const kept = memory.result(task as Task, host.name)
    if (kept?.unpredictable) throw new Unpredictable(`it needs the result of «${task.name}», which only a real run has`)
    return kept?.value as R | undefined
  }
  return {
    name: host.name,
    groups: host.groups,
    get vars() {
      return memory.vars(role, host)
    },
    check,
    run: (operation) => begin(`host.run(${operation.name})`, async () => runOperation(runnable(operation), options)),
    fact: (fact) =>
      begin(`host.fact(${fact.name})`, async () => {
        if (record.wary?.(host.name)) throw new Unpredictable(onlyThen)
        record.told = true
        return memory.fact(fact, host.name, connect(host).connection)
      }),
    result(task) {
      record.told = true
      if (memory.result(task as Task, host.name)) return result(task) as never
      if (check) throw new Unpredictable(`it needs the result of «${task.name}», which did not run`)
      throw new Advice(
        `it needs the result of «${task.name}», which did not run on ${host.name}`,
        memory.selected(task as Task)
          ? 'where it may be left out, take host.resultIfRun(…): it gives undefined then'
          : 'select that task too: see its tags with --list-tasks',
      )
    },
    resultIfRun: (task) => result(task) as never,
    on(ref: HostRef) {
      // The machine that `run` runs on can be delegated to without being in the inventory.
      const other =
        inventory.hosts.get(ref.name) ?? matchHosts(ref.name, inventory).hosts.find(({ name }) => name === ref.name)
      if (!other)
        throw new Advice(
          `there is no host ${ref.name} to delegate to`,
          `see: ${program()} inventory -i ${inventory.path} --graph`,
        )
      return contextFor({ ...options, host: other }, home)
    },
    log: (message) => record.log(spoken(message)),
  }
}

/** What is run is an operation; without the type check it may be something else. @throws Advice */
function runnable<R extends Value>(given: Operation<R>): Operation<R> {
  const { kind } = given as { readonly kind?: string }
  if (kind === 'handler') throw new Advice(...handlerRun())
  if (kind === 'task') throw new Advice(...taskRun())
  return given
}

/** Without the type check a message may be anything. @throws Advice when it is no text */
function spoken(message: unknown): string {
  if (typeof message === 'string') return message
  throw new Advice(`host.log takes a text, and was given ${kindOf(message)}`, 'write host.log(`${…}`)')
}

/** Reads, plans and, unless in check mode or nothing would change, applies: anew where the host changed meanwhile. */
async function runOperation<R extends Value>(
  operation: Operation<R>,
  { memory, host, connect, check, record }: ContextOptions,
): Promise<R> {
  const way = connect(host)
  record.told = true
  unrun.getStore()?.delete(operation as Operation<Value>)
  // What a module makes for its own use while it works is nobody's to forget.
  const work = <T>(call: () => Promise<T>): Promise<T> => (unrun.getStore() ? unrun.run(new Set(), call) : call())
  if (record.wary?.(host.name) && operation.foresees !== true) throw new Unpredictable(onlyThen)
  const once = async (): Promise<R> => {
    record.begun.signal.throwIfAborted()
    const plan = (await work(() => way.prepare(operation as Operation<Value>))) as Prepared<R>
    record.weigh?.(operation as Operation<Value>, host.name, plan as Prepared<Value>)
    for (const note of plan.notes ?? []) record.log(note)
    if (!plan.changed) return plan.result
    const diff = plan.diff === undefined ? [] : Array.isArray(plan.diff) ? plan.diff : [plan.diff as Diff]
    // Without a difference to show, too: a run that is killed in it has most likely changed something.
    if (diff.length > 0 || !check)
      record.planned(operation as Operation<Value>, host.name, diff, plan as Prepared<Value>)
    if (check) {
      if (plan.unpredictable) record.unpredictable = true
      if (plan.waits) return plan.result
      record.changed = true
      record.foresee?.(operation as Operation<Value>, host.name, plan as Prepared<Value>)
      return plan.result
    }
    record.begun.signal.throwIfAborted()
    const saved = await work(async () =>
      record.save?.(operation as Operation<Value>, host.name, plan as Prepared<Value>, way.connection),
    )
    let changed = true
    try {
      const applied = await work(() => way.apply(plan as Prepared<Value>))
      const result = applied === undefined ? plan.result : (applied as R)
      changed = plan.judge?.(result) ?? true
      if (plan.reboots) record.rebooted.add(host.name)
      return result
    } catch (error) {
      changed = !(error instanceof Outdated)
      throw error
    } finally {
      record.changed ||= changed
      await saved?.()
    }
  }
  // Somebody else was quicker, and nothing was done.
  const anew = async (left: number): Promise<R> => {
    try {
      return await once()
    } catch (error) {
      if (error instanceof Outdated && left > 1) return anew(left - 1)
      throw error
    }
  }
  try {
    return await once().catch((error: unknown) => {
      if (!(error instanceof Outdated)) throw error
      return memory.inTurn(host.name, () => anew(mostPlans))
    })
  } catch (error) {
    if (error instanceof Unforeseen) record.foresee?.(operation as Operation<Value>, host.name)
    if (error instanceof Error && !during.has(error)) during.set(error, { operation: operation.name, at: operation.at })
    throw error
  }
}

// Whoever plans anew waits for the others who do; those who come meanwhile may be quicker a few times more.
const mostPlans = 50

/**
 * Runs a body: an operation as it is, anything else with its context; what it returns is run when it is an operation.
 */
export async function runBody(body: Body<never, Value>, options: ContextOptions): Promise<Value> {
  if (isOperation(body)) return plain(await runOperation(body, options))
  options.calls?.()
  const call = isDescribed(body) ? body.describe : (body as (host: HostContext<unknown>) => unknown)
  const result = await mindful(options.record.begun, async () => {
    const returned = await call(contextFor(options) as never)
    return isOperation(returned) ? runOperation(returned, options) : returned
  })
  return plain(result)
}

/** Asks a condition. */
export async function holds(when: Condition<never>, options: ContextOptions): Promise<boolean> {
  options.calls?.()
  return mindful(options.record.begun, () => when(contextFor(options) as never))
}

/** The operation that a body describes now, before its turn; undefined while it lacks what only its turn brings. */
export function foreseen(
  body: Described<never, Value>,
  options: Pick<ContextOptions, 'memory' | 'role' | 'host' | 'check' | 'calls'>,
): Operation<Value> | undefined {
  const record: BodyRecord = {
    changed: false,
    unpredictable: false,
    told: false,
    delegated: new Set(),
    rebooted: new Set(),
    begun: new Begun(AbortSignal.abort()),
    planned() {},
    log() {},
  }
  const connect = () => {
    throw new Error('a description reaches no host')
  }
  options.calls?.()
  try {
    const said: unknown = unrun.run(new Set(), () =>
      body.describe(contextFor({ ...options, connect, record }) as never),
    )
    if (isOperation(said)) return said
    // The types refuse a promise. Whoever gives one all the same is to hear of its rejection at its turn.
    Promise.resolve(said).catch(() => undefined)
  } catch {
    // An error of the turn to come, if it is one.
  }
  return undefined
}
