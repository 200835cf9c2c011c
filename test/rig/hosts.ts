import type { ConnectionSettings, Host, Inventory, RawVar } from '../../lib/model/inventory.ts'
import { type CommandResult, type Connection, legacyOperation, output, Unreachable } from '../../lib/model/operation.ts'
import type { Session, Transport } from '../../lib/model/transport.ts'
import type { Sshd } from './sshd.ts'

/** A host of an inventory that has nothing but a name and the way to it. */
export function aHost(name: string, settings: ConnectionSettings = {}): Host {
  return { name, groups: [], vars: {}, settings }
}

/** An inventory of these hosts. */
export function inventoryOf(...hosts: readonly Host[]): Inventory {
  return { path: 'test', hosts: new Map(hosts.map((host) => [host.name, host])), groups: new Map() }
}

/** How to reach a throw-away ssh server. */
export function reach({ port, privateKey, knownHosts }: Sshd): ConnectionSettings {
  return { address: '127.0.0.1', port, privateKey, knownHosts }
}

/** A command that a host has begun, held until the test says how it ends. */
export interface Held {
  readonly script: string
  readonly become: string | undefined
  exit(code: number, said?: string): void
  /** The connection is lost while the command runs. */
  lose(): void
}

/** How a host answers a command that nobody holds. */
type Answer = number | string | Partial<CommandResult> | 'unreachable' | Error

/** A host that records what is run on it, and answers as the test says: code 0 and nothing unless told. */
export class FakeHost {
  readonly name: string
  /** Every command in the order it was begun. */
  readonly commands: string[] = []
  /** Commands that the operator, or a time limit, broke off. */
  readonly broken: string[] = []
  readonly #held: Held[] = []
  readonly #waiting: { readonly script: string; readonly take: (held: Held) => void }[] = []
  readonly #answers = new Map<string, Answer[]>()
  #holds: (script: string) => boolean = () => false

  constructor(name: string) {
    this.name = name
  }

  /** Commands that stay open until the test ends them. */
  hold(...scripts: readonly string[]): this {
    this.#holds = (script) => scripts.includes(script)
    return this
  }

  /** How a command is answered: the first answer the first time, the last one from then on. */
  answer(script: string, ...answers: readonly Answer[]): this {
    this.#answers.set(script, [...answers])
    return this
  }

  /** The next time this command is begun, which may have been already. */
  next(script: string): Promise<Held> {
    const found = this.#held.findIndex((held) => held.script === script)
    if (found >= 0) return Promise.resolve(this.#held.splice(found, 1)[0]!)
    return new Promise((take) => this.#waiting.push({ script, take }))
  }

  exec(script: string, session: Session): Promise<CommandResult> {
    session.signal?.throwIfAborted()
    this.commands.push(script)
    if (!this.#holds(script)) return this.#answered(script)
    return new Promise((resolve, reject) => {
      session.signal?.addEventListener('abort', () => {
        this.broken.push(script)
        reject(session.signal?.reason as Error)
      })
      const held: Held = {
        script,
        become: session.become,
        exit: (code, said = '') => resolve({ code, stdout: code === 0 ? said : '', stderr: code === 0 ? '' : said }),
        lose: () => reject(new Unreachable(`${this.name} is gone`)),
      }
      const waiting = this.#waiting.findIndex((one) => one.script === script)
      if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]!.take(held)
      else this.#held.push(held)
    })
  }

  async #answered(script: string): Promise<CommandResult> {
    const answers = this.#answers.get(script) ?? []
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 0
    if (answer instanceof Error) throw answer
    if (answer === 'unreachable') throw new Unreachable(`${this.name} is gone`)
    if (typeof answer === 'number') return { code: answer, stdout: '', stderr: '' }
    return { code: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) }
  }
}

/** Hosts as objects, the inventory that has them, and a transport that reaches them without a network. */
export interface Rig {
  readonly inventory: Inventory
  readonly transport: Transport
  /** Who became whom, and on which host, in the order the connections were asked for. */
  readonly became: string[]
  host(name: string): FakeHost
  /** Every command of every host, in the order they were begun: `c-1: service nova-compute restart`. */
  readonly commands: readonly string[]
}

/** The hosts of a test, in groups: `{ compute: ['c-1', 'c-2'] }`; variables by host. */
export function rigOf(
  groups: Readonly<Record<string, readonly string[]>>,
  vars: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Rig {
  const names = [...new Set(Object.values(groups).flat())]
  const raw = (host: string): Readonly<Record<string, RawVar>> =>
    Object.fromEntries(Object.entries(vars[host] ?? {}).map(([name, value]) => [name, { value, from: 'hosts:1' }]))
  const hosts = new Map(
    names.map((name) => [
      name,
      {
        ...aHost(name),
        groups: Object.keys(groups).filter((group) => groups[group]!.includes(name)),
        vars: raw(name),
      },
    ]),
  )
  const inventory: Inventory = {
    path: 'test',
    hosts,
    groups: new Map(
      Object.entries(groups).map(([name, members]) => [name, { name, hosts: members, children: [], vars: {} }]),
    ),
  }
  const fakes = new Map<string, FakeHost>()
  const commands: string[] = []
  const became: string[] = []
  const host = (name: string): FakeHost => {
    let fake = fakes.get(name)
    if (!fake) fakes.set(name, (fake = new FakeHost(name)))
    return fake
  }
  const connection = (to: Host, session: Session): Connection => {
    if (session.become !== undefined) became.push(`${session.become}@${to.name}`)
    return {
      host: { name: to.name },
      exec(script) {
        commands.push(`${to.name}: ${script}`)
        return host(to.name).exec(script, session)
      },
      progress: (text) => session.progress?.(text),
      read: unused,
      stream: unused,
      dial: unused,
      peer: unused,
      write: unused,
    }
  }
  const transport: Transport = {
    connection,
    controller: (session) => connection(aHost('controller'), session),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return { inventory, transport, became, host, commands }
}

function unused(): never {
  throw new Error('the hosts of this rig know only commands')
}

/** Changes the host by a command, each time it is run. */
export const change = legacyOperation<string, null, string>((script) => `change ${script}`, {
  read: () => Promise.resolve(null),
  plan: () => ({ changed: true, result: '' }),
  apply: (connection, _plan, script) => output(connection, script),
})

/** Runs a command that only looks. */
export const look = legacyOperation<string, string, string>((script) => `look ${script}`, {
  read: (connection, script) => output(connection, script),
  plan: (said) => ({ changed: false, result: said }),
  apply: () => Promise.resolve(),
})

/** Looks with one command whether the host is as wished (it prints `yes`), and makes it so with another. */
export const wish = legacyOperation<{ readonly is: string; readonly make: string }, boolean, boolean>(
  ({ make }) => `wish ${make}`,
  {
    read: async (connection, { is }) => (await output(connection, is)) === 'yes',
    plan: (is) => ({ changed: !is, result: true, diff: { path: 'state', before: 'no\n', after: 'yes\n' } }),
    apply: async (connection, _plan, { make }) => {
      await output(connection, make)
    },
  },
)

/** Changes the host, and only the real run can tell with which result. */
export const guess = legacyOperation<string, null, string>((script) => `guess ${script}`, {
  read: () => Promise.resolve(null),
  plan: () => ({ changed: true, result: 'made up', unpredictable: true }),
  apply: (connection, _plan, script) => output(connection, script),
})
