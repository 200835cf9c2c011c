import type { HostMet } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import type { Location } from '../model/location.ts'
import type { RunOptions } from './run.ts'
import type { TaskNode } from './select.ts'
import type { Memory } from './context.ts'
import { digestsOf } from './digest.ts'

/** What a machine says of itself. */
export type Machine = Pick<HostMet, 'machine' | 'keys' | 'boot' | 'last'>

/** What a run notes besides what it does, so that whoever goes on with it can tell what differs. */
export interface Circumstances {
  /** Tells the code that stands at a place from what stood there before. */
  codeOf(at: Location): string
  /** Asks a host which machine it is. @throws when it cannot be asked */
  meet(host: Host): Promise<Machine>
}

/** The hosts that a run has met, and the variables that its roles have read there. */
export class Meetings {
  readonly #options: RunOptions
  readonly #memory: Memory
  readonly #met = new Map<string, Promise<HostMet | undefined>>()
  readonly #read = new Map<string, Readonly<Record<string, string>>>()
  readonly #said = new Set<string>()

  constructor(options: RunOptions, memory: Memory) {
    this.#options = options
    this.#memory = memory
  }

  /** Which machine the host is now, asked once a run; undefined where it cannot be asked. */
  meet(host: Host): Promise<HostMet | undefined> {
    let met = this.#met.get(host.name)
    if (!met) this.#met.set(host.name, (met = this.#ask(host)))
    return met
  }

  /** Has nothing to be asked of the host any more? */
  has(host: Host): boolean {
    return this.#options.circumstances === undefined || this.#met.has(host.name)
  }

  /** The run itself has started the host anew: what was done before it counts on. */
  async meetAgain(host: Host): Promise<void> {
    const before = await this.#met.get(host.name)
    this.#met.set(host.name, this.#ask(host, before !== undefined))
    await this.#met.get(host.name)
  }

  async #ask(host: Host, again = false): Promise<HostMet | undefined> {
    const { circumstances, emit } = this.#options
    if (!circumstances) return undefined
    try {
      const met: HostMet = {
        type: 'host-met',
        host: host.name,
        address: addressOf(host),
        ...(await circumstances.meet(host)),
        ...(again ? { again } : {}),
      }
      emit(met)
      return met
    } catch {
      // Whoever works there next is told why.
      this.#met.delete(host.name)
      return undefined
    }
  }

  /** The variables of the role of a task on a host, shortened. */
  vars(node: TaskNode, host: Host): Readonly<Record<string, string>> {
    const key = keyOf(node, host)
    let vars = this.#read.get(key)
    if (!vars) this.#read.set(key, (vars = digestsOf(this.#memory.vars(node.role.role, host))))
    return vars
  }

  /** Says once what variables the role of a task has on a host. */
  tell(node: TaskNode, host: Host): void {
    const { circumstances, emit } = this.#options
    if (!circumstances || this.#said.has(keyOf(node, host))) return
    this.#said.add(keyOf(node, host))
    const { play, role } = node.path
    emit({ type: 'vars-read', play, role, host: host.name, vars: this.vars(node, host) })
  }
}

const keyOf = ({ path: { play, role } }: TaskNode, host: Host) => `${play}\0${role}\0${host.name}`

/** Where a host is reached, as far as its settings say. */
export function addressOf({ name, settings }: Host): string {
  const { connection = 'ssh', address = name, port = 22 } = settings
  return connection === 'ssh' ? `${address}:${port}` : `${connection} ${name}`
}
