import type { HostRef, Inventory } from '../model/inventory.ts'
import type { Connection } from '../model/operation.ts'
import { didYouMean } from '../model/problem.ts'
import type { Session, Transport } from '../model/transport.ts'
import { FakeHost, type Recorded } from './fake-host.ts'

// This machine, which can be worked on without being in an inventory: for modules, and for `host.on`.
const own = ['controller', 'localhost']

/** The hosts of an inventory without a machine behind any of them, and the transport that leads there. */
export class FakeNetwork {
  readonly inventory: Inventory
  readonly transport: Transport
  /** Every command of every host, in the order in which they were begun. */
  readonly recorded: Recorded[] = []
  /** Who became whom, and on which host, in the order in which the connections were asked for. */
  readonly became: string[] = []
  readonly #hosts: ReadonlyMap<string, FakeHost>

  constructor(inventory: Inventory) {
    this.inventory = inventory
    const fake = (name: string) => new FakeHost(name, (recorded) => this.recorded.push(recorded))
    this.#hosts = new Map([...own, ...inventory.hosts.keys()].map((name) => [name, fake(name)]))
    this.transport = {
      connection: (host, session) => this.#connection(this.host(host.name), session),
      controller: (session) => this.#connection(this.host('controller'), session),
      open: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
  }

  /** A host of the inventory, or the machine that `run` runs on as `controller`. @throws when there is none */
  host(name: string): FakeHost {
    const found = this.#hosts.get(name)
    if (found) return found
    const names = [...this.inventory.hosts.keys()]
    const hint = didYouMean(name, names) ?? `there are ${names.join(', ')}`
    throw new Error(`the inventory of this test has no host ${name} - ${hint}`)
  }

  /** Every command of every host, in the order in which they were begun: `c-1: service nova-compute restart`. */
  get commands(): readonly string[] {
    return this.recorded.map(({ host, command }) => `${host}: ${command}`)
  }

  #connection(host: FakeHost, session: Session): Connection {
    if (session.become !== undefined) this.became.push(`${session.become}@${host.name}`)
    const peer = async (ref: HostRef | 'controller') =>
      this.#connection(this.host(ref === 'controller' ? ref : ref.name), session)
    return host.connection(session, peer)
  }
}
