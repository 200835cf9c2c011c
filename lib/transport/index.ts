import type { ConnectionSettings, Host, HostRef, Inventory } from '../model/inventory.ts'
import { type Connection, Unreachable } from '../model/operation.ts'
import type { Session, Transport } from '../model/transport.ts'
import { type Become, becoming, Gate } from './become.ts'
import { connect, type Machine } from './connection.ts'
import { localLink } from './local.ts'
import { Pool } from './pool.ts'
import type { Link } from './program.ts'
import { type AskHostKey, sshLink } from './ssh.ts'

export type { AskHostKey, UnknownHostKey } from './ssh.ts'

/** Everything the transport needs from outside. */
export interface TransportOptions {
  readonly inventory: Inventory
  /** Asks the operator about unknown host keys; without it, `hostKeys: 'ask'` is strict. */
  readonly ask?: AskHostKey
}

/**
 * The ways to the hosts of an inventory: one connection a host, opened when first needed.
 * Commands of one session run in the order they were given, in one shell; commands of different sessions run at the same time.
 */
export function createTransport({ inventory, ask }: TransportOptions): Transport {
  const machines = new Map<string, OneMachine>()
  let closed = false

  const machine = (key: string, name: string, settings: ConnectionSettings, open: () => Promise<Link>): OneMachine => {
    const there = machines.get(key) ?? new OneMachine(name, settings, async () => {
      if (closed) throw new Unreachable(`the connection to ${name} is closed: the run has ended`)
      return open()
    }, peer)
    machines.set(key, there)
    return there
  }
  const of = (host: Host): OneMachine => machine(`host ${host.name}`, host.name, host.settings,
    () => (host.settings.connection === 'local' ? Promise.resolve(localLink(host.name)) : sshLink(host, ask)))
  const controller = (): OneMachine => machine('controller', 'controller', {}, () => Promise.resolve(localLink('controller')))

  const peer = (ref: HostRef | 'controller', session: Session): Connection => {
    if (ref === 'controller') return connect(controller(), { ...session, become: undefined })
    const host = inventory.hosts.get(ref.name)
    if (host === undefined) throw new Error(`there is no host ${ref.name} in the inventory ${inventory.path}`)
    return connect(of(host), { ...session, become: becomeOf(host) })
  }

  return {
    connection: (host, session) => connect(of(host), session),
    controller: (session) => connect(controller(), session),
    async open(host) {
      const there = of(host)
      const link = await there.link()
      there.become(link, becomeOf(host)).pool.warm()
    },
    async close() {
      closed = true
      await Promise.all([...machines.values()].map((one) => one.close()))
    },
  }
}

function becomeOf({ settings: { become } }: Host): string | undefined {
  return become === true ? 'root' : typeof become === 'string' ? become : undefined
}

/** One machine for the whole run: its link, which may be lost and opened again, and its shells by user. */
class OneMachine implements Machine {
  readonly name: string
  readonly #settings: ConnectionSettings
  readonly #openLink: () => Promise<Link>
  readonly #peer: (host: HostRef | 'controller', session: Session) => Connection
  readonly #gates = new Map<string, Gate>()
  #link: { readonly opening: Promise<Link>; opened?: Link } | undefined
  #pools = new Map<string, { readonly become: Become | undefined; readonly gate: Gate; readonly pool: Pool }>()

  constructor(
    name: string, settings: ConnectionSettings, open: () => Promise<Link>,
    peer: (host: HostRef | 'controller', session: Session) => Connection,
  ) {
    this.name = name
    this.#settings = settings
    this.#openLink = open
    this.#peer = peer
  }

  async link(): Promise<Link> {
    if (this.#link?.opened?.lost === true) this.#forget()
    if (this.#link !== undefined) return this.#link.opened ?? this.#link.opening
    const line: { opening: Promise<Link>; opened?: Link } = { opening: this.#openLink() }
    this.#link = line
    try {
      line.opened = await line.opening
      line.opened.crowded = () => { for (const { pool } of this.#pools.values()) pool.yield() }
      return line.opened
    } catch (error) {
      if (this.#link === line) this.#forget()
      throw error
    }
  }

  #forget(): void {
    this.#link = undefined
    this.#pools = new Map()
  }

  become(link: Link, user: string | undefined): { readonly become: Become | undefined; readonly gate: Gate; readonly pool: Pool } {
    const become = becoming(user, link.user, this.#settings)
    const key = become?.user ?? ''
    const gate = this.#gates.get(key) ?? new Gate()
    this.#gates.set(key, gate)
    const known = this.#pools.get(key)
    if (known !== undefined) return known
    const made = { become, gate, pool: new Pool(link, become, gate) }
    this.#pools.set(key, made)
    return made
  }

  peer(host: HostRef | 'controller', session: Session): Connection {
    return this.#peer(host, session)
  }

  async close(): Promise<void> {
    const link = await this.#link?.opening.catch(() => undefined)
    await link?.close()
  }
}

