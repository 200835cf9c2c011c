import { setMaxListeners } from 'node:events'
import type { ConnectionSettings, Host, HostRef, Inventory } from '../model/inventory.ts'
import { Advice, type Connection, Unreachable } from '../model/operation.ts'
import { didYouMean } from '../model/problem.ts'
import { program } from '../model/program.ts'
import type { Session, Transport } from '../model/transport.ts'
import { becoming, Gate } from './become.ts'
import { type Acting, connect, type Machine } from './connection.ts'
import { NoAnswer, over } from './failure.ts'
import { type Claim, HostLock, HostUnlock, type Unlock } from './host-lock.ts'
import { type AskHostKey, KnownFiles } from './host-key.ts'
import { type AskSecret, KeyRing } from './keys.ts'
import { localLink } from './local.ts'
import { ownLink } from './own.ts'
import { Pool } from './pool.ts'
import type { Link } from './program.ts'
import { type Jump, Routes } from './route.ts'
import { sshLink } from './ssh.ts'

export { type Claim, Locked, type Unlock, type Unlocked, type Worker } from './host-lock.ts'
export type { AskHostKey, UnknownHostKey } from './host-key.ts'
export type { AskSecret } from './keys.ts'

/** Everything the transport needs from outside. */
export interface TransportOptions {
  readonly inventory: Inventory
  /** Asks the operator about unknown host keys; without it, `hostKeys: 'ask'` is strict. */
  readonly ask?: AskHostKey
  /** Asks the operator for the passphrase of a key, once a key; without it, such keys are left out. */
  readonly askSecret?: AskSecret
  /** Takes what the operator should know and that stops nothing: settings of ssh_config that are not honoured. */
  warn?(message: string): void
  /** What the run leaves on the hosts, to have them for itself; without it nothing is locked. */
  readonly claim?: Claim
  /** Takes such locks away instead. */
  readonly unlock?: Unlock
  /** Passes the time between two tries; tests have a clock of their own. */
  pause?(milliseconds: number): Promise<void>
}

/** How long to wait before each new try, in milliseconds; the last one for all that follow. */
const backOff = [200, 1000, 3000] as const

/**
 * The ways to the hosts of an inventory: one connection a host, opened when first needed. Commands of one session run
 * in the order they were given, in one shell; those of different sessions at the same time.
 */
export function createTransport(options: TransportOptions): Transport {
  const { inventory, ask, askSecret, pause = passed } = options
  const machines = new Map<string, OneMachine>()
  const closing = new AbortController()
  // Every connection that is being opened listens to it.
  setMaxListeners(0, closing.signal)
  const shared = { ask, ring: new KeyRing(askSecret), files: new KnownFiles(), closing: closing.signal }
  const routes = new Routes((message) => options.warn?.(message))
  const of = (host: Host, key = `host ${host.name}`): OneMachine => {
    const known = machines.get(key)
    if (known) return known
    const opening = async (): Promise<Link> => {
      if (closing.signal.aborted)
        throw new Unreachable(`the connection to ${host.name} is closed: the run has ended`, over)
      const link = await open(host)
      const locking = lock ?? (options.unlock && new HostUnlock(options.unlock))
      if (locking) link.lock = locking
      return link
    }
    const lock = options.claim && new HostLock(options.claim, pause)
    const made = new OneMachine(host.name, host.settings, opening, peer, pause, lock)
    machines.set(key, made)
    return made
  }

  const open = async (host: Host): Promise<Link> => {
    const [fault] = host.faults ?? []
    if (fault)
      throw new Unreachable(`cannot reach ${host.name}: ${fault.message}`, fault.hint ?? 'mend it in the inventory')
    const { connection = 'ssh' } = host.settings
    if (connection === 'local') return localLink(host.name)
    if (connection !== 'ssh') return ownLink(connection, host, closing.signal)
    const route = await routes.to(host)
    const jump = await hop(host, [{ host, key: `host ${host.name}` }])
    return sshLink(route, shared, jump === undefined ? undefined : await through(route.address, route.port, jump))
  }

  /** The last host before this one, with its settings; undefined when nothing is in between. */
  const hop = async (host: Host, trail: readonly JumpHost[]): Promise<JumpHost | undefined> => {
    const { jumps } = await routes.to(host)
    if (jumps.length === 0) return undefined
    const jump = jumpHost(jumps, host.settings)
    const whole = [...trail, jump]
    if (trail.some(({ key }) => key === jump.key)) {
      const [first = host] = trail.map((one) => one.host)
      throw new Unreachable(
        `cannot connect to ${first.name}: its jump hosts lead in a circle ` +
          `(${whole.map((one) => one.host.name).join(', ')})`,
        'set proxyJump to none for the host that is reached directly',
      )
    }
    await hop(jump.host, whole)
    return jump
  }

  const jumpHost = (jumps: readonly Jump[], behind: ConnectionSettings): JumpHost => {
    const { host: name, user, port } = jumps.at(-1)!
    const before = jumps.slice(0, -1)
    const known = inventory.hosts.get(name)
    const asItIs = before.length === 0 && user === undefined && port === undefined
    if (known !== undefined && asItIs) return { host: known, key: `host ${name}` }
    // What counts for the host behind it is as good a guess as any for one that the inventory does not know.
    // Its password is not: that is nobody's business but that host's.
    const { knownHosts, hostKeys, privateKey, passphrase, timeout, sshConfig } = behind
    const settings: ConnectionSettings = {
      ...(known?.settings ?? { knownHosts, hostKeys, privateKey, passphrase, timeout, sshConfig }),
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
      ...(before.length === 0 ? {} : { proxyJump: before.map(written).join(','), proxyCommand: undefined }),
    }
    const own = known === undefined ? { knownHosts, hostKeys, privateKey, sshConfig } : {}
    return {
      host: { name, groups: [], vars: {}, settings },
      key: `jump ${[...before, { host: name, user, port }].map(written).join(',')} ${JSON.stringify(own)}`,
    }
  }

  const through = async (address: string, port: number, { host, key }: JumpHost): Promise<Link> => {
    try {
      return await of(host, key).link()
    } catch (error) {
      const { message, hint = `see whether ${host.name} is reached: ${program()} exec ${host.name} -- true` } =
        error as Error & { hint?: string }
      const text = `cannot connect to ${address}:${port}: jump host ${host.name}: ${message}`
      throw error instanceof NoAnswer ? new NoAnswer(text, hint) : new Unreachable(text, hint)
    }
  }

  const connection = (host: Host, session: Session): Connection => connect(of(host), session, session.become?.(host))

  const peer = (ref: HostRef, session: Session): Connection => {
    const host = inventory.hosts.get(ref.name)
    if (host === undefined)
      throw new Advice(
        `there is no host ${ref.name} in the inventory ${inventory.path}`,
        didYouMean(ref.name, inventory.hosts.keys()) ?? `see ${program()} inventory -i ${inventory.path} --graph`,
      )
    // A session of its own: what is asked of two hosts at once goes side by side.
    return connection(host, { ...session })
  }

  return {
    connection,
    rows: true,
    async close(ending) {
      closing.abort()
      const ends = [...machines.values()].map((one) =>
        one.close(ending).catch((error: unknown) => options.warn?.((error as Error).message)),
      )
      await Promise.all(ends)
    },
  }
}

/** A host in between, and the name of the connection to it that all hosts behind it share. */
interface JumpHost {
  readonly host: Host
  readonly key: string
}

function written({ host, user, port }: Jump): string {
  const place = host.includes(':') ? `[${host}]` : host
  return `${user === undefined ? '' : `${user}@`}${place}${port === undefined ? '' : `:${port}`}`
}

const passed = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

/** One machine for the whole run: its link, which may be lost and opened again, and its shells by user. */
class OneMachine implements Machine {
  readonly name: string
  readonly #settings: ConnectionSettings
  readonly #openLink: () => Promise<Link>
  readonly #peer: (host: HostRef, session: Session) => Connection
  readonly #gates = new Map<string, Gate>()
  readonly #lock: HostLock | undefined
  readonly #pause: (milliseconds: number) => Promise<void>
  #link: { readonly opening: Promise<Link>; opened?: Link } | undefined
  #pools = new Map<string, Acting>()

  constructor(
    name: string,
    settings: ConnectionSettings,
    open: () => Promise<Link>,
    peer: (host: HostRef, session: Session) => Connection,
    pause: (milliseconds: number) => Promise<void>,
    lock: HostLock | undefined,
  ) {
    this.name = name
    this.#lock = lock
    this.#pause = pause
    this.#settings = settings
    this.#openLink = open
    this.#peer = peer
  }

  async link(): Promise<Link> {
    const lost = this.#link?.opened?.lost === true
    if (lost) this.#forget()
    if (this.#link !== undefined) return this.#link.opened ?? this.#link.opening
    const line: { opening: Promise<Link>; opened?: Link } = { opening: lost ? this.#again() : this.#first() }
    this.#link = line
    try {
      line.opened = await line.opening
      line.opened.crowded = () => {
        for (const { pool } of this.#pools.values()) pool.yield()
      }
      return line.opened
    } catch (error) {
      if (this.#link === line) this.#forget()
      throw error
    }
  }

  async #first(): Promise<Link> {
    const { connectRetries = 0 } = this.#settings
    for (let tries = 0; ; tries++) {
      try {
        return await this.#openLink()
      } catch (error) {
        if (!(error instanceof NoAnswer) || tries >= connectRetries) throw error
        await this.#pause(backOff[Math.min(tries, backOff.length - 1)]!)
      }
    }
  }

  /** Opens a link in place of one that was lost: a host that was there a moment ago is worth some patience. */
  async #again(): Promise<Link> {
    let last: unknown
    for (const milliseconds of backOff) {
      await this.#pause(milliseconds)
      try {
        return await this.#openLink()
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        last = error
      }
    }
    const { message, hint } = last as NoAnswer
    throw new NoAnswer(
      `the connection to ${this.name} was lost, and ${backOff.length} tries to open it again failed: ${message}`,
      hint,
    )
  }

  #forget(): void {
    this.#link = undefined
    this.#pools = new Map()
  }

  become(link: Link, user: string | undefined): Acting {
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

  peer(host: HostRef, session: Session): Connection {
    return this.#peer(host, session)
  }

  async close(ending?: string): Promise<void> {
    const link = await this.#link?.opening.catch(() => undefined)
    if (link === undefined || link.lost) return link?.close()
    // A lock that stays is dead as soon as the connection is: it is only not to lie about.
    const taken = this.#lock?.taken
    const release = this.#lock?.release(ending)
    if (taken !== undefined && release !== undefined) this.become(link, taken.become?.user).pool.leave(release)
    const answered = await Promise.all([...this.#pools.values()].map(({ pool }) => pool.end()))
    await link.close(answered.length > 0 && answered.every(Boolean))
  }
}
