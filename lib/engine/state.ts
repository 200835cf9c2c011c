import type { Host } from '../model/inventory.ts'
import { Changes } from './ahead.ts'
import { type Clock, wallClock } from './clock.ts'
import { Memory } from './context.ts'
import { Due } from './handlers.ts'
import { Meetings } from './meetings.ts'
import type { RunOptions } from './run.ts'
import { Foreseen } from '../model/foreseen.ts'
import type { Connection } from '../model/operation.ts'
import type { Transport } from '../model/transport.ts'

/** What all that goes on in a run shares. */
export class RunState {
  readonly options: RunOptions
  readonly clock: Clock
  readonly memory: Memory
  readonly meetings: Meetings
  readonly changes = new Changes()
  readonly due = new Due()
  /** In check mode, hosts that an earlier task would have changed. */
  readonly stale = new Set<string>()
  /** Hosts that dropped out of the run, and how. */
  readonly lost = new Map<string, 'failed' | 'unreachable'>()
  readonly #foreseen = new Map<string, Foreseen>()
  /** The operator did not go on at a gate. */
  refused = false

  constructor(options: RunOptions) {
    this.options = options.check ? { ...options, transport: this.#foreseeing(options.transport) } : options
    this.clock = options.clock ?? wallClock
    this.memory = new Memory(options.inventory, options.plays)
    this.meetings = new Meetings(options, this.memory)
  }

  /** In check mode, what earlier tasks would have made of a host. */
  foreseen(host: string): Foreseen {
    const known = this.#foreseen.get(host) ?? new Foreseen()
    this.#foreseen.set(host, known)
    return known
  }

  #foreseeing(transport: Transport): Transport {
    const foreseeing = (host: string, connection: Connection): Connection => ({
      ...connection,
      foreseen: this.foreseen(host),
      peer: async (other) => foreseeing(other.name, await connection.peer(other)),
    })
    return {
      connection: (host, session) => foreseeing(host.name, transport.connection(host, session)),
      close: () => transport.close(),
    }
  }

  /** Nothing new is to be started. */
  get over(): boolean {
    const { stop, abort } = this.options
    return this.refused || stop.aborted || abort.aborted
  }
}

/** The names of hosts, as events have them. */
export const namesOf = (hosts: readonly Host[]): readonly string[] => hosts.map(({ name }) => name)
