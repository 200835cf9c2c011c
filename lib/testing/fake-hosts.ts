import type { Host, Inventory } from '../model/inventory.ts'
import type { Connection } from '../model/operation.ts'
import { didYouMean } from '../model/problem.ts'
import type { Session, Transport } from '../model/transport.ts'
import { FakeHost, type Recorded } from './fake-host.ts'

// This machine, which can be worked on without being in an inventory: for `host.on`.
const own = ['localhost']

/** The hosts of an inventory without a machine behind any of them, and the transport that leads there. */
export class FakeNetwork {
  readonly inventory: Inventory
  readonly transport: Transport
  /** Every command of every host, in the order in which they were begun. */
  readonly recorded: Recorded[] = []
  /** Who became whom, and on which host, in the order in which the connections were asked for. */
  readonly became: string[] = []
  readonly #hosts: ReadonlyMap<string, FakeHost>

  /** `whole`: each script counts as one command, and none is run. */
  constructor(inventory: Inventory, whole = false) {
    this.inventory = inventory
    const fake = (name: string) => new FakeHost(name, (recorded) => this.recorded.push(recorded), whole)
    this.#hosts = new Map([...own, ...inventory.hosts.keys()].map((name) => [name, fake(name)]))
    this.transport = {
      connection: (host, session) => this.#connection(host, session),
      close: () => Promise.resolve(),
    }
  }

  /** A host of the inventory, or the machine that `run` runs on as `localhost`. @throws when there is none */
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

  #connection(host: Host, session: Session): Connection {
    const fake = this.host(host.name)
    const user = session.become?.(host)
    if (user !== undefined) this.became.push(`${user}@${host.name}`)
    return fake.connection(session, user, async ({ name }) => {
      this.host(name)
      return this.#connection(this.inventory.hosts.get(name)!, session)
    })
  }
}
