import type { HostRef } from '../model/inventory.ts'
import { type CommandResult, type Connection, type ExecOptions, Unreachable } from '../model/operation.ts'
import type { Session } from '../model/transport.ts'
import type { Secret } from '../model/secret.ts'

/** Which commands are meant: one text, or all that a regular expression finds something in. */
export type Pattern = string | RegExp

/** How a host answers: an exit code, what it prints, both, or not at all. */
export type Answer = number | string | Partial<CommandResult> | 'unreachable' | Error

/** A command that was begun on a fake host. */
export interface Recorded {
  readonly host: string
  /** Who acts, when that is not the user of the connection. */
  readonly user?: string
  readonly command: string
  /** What it was given to read; secrets show their labels. */
  readonly stdin?: string
}

/** A command that a host has begun, held until the test says how it ends. */
export interface Held extends Recorded {
  /** It ends with this code, having printed this: on stderr unless the code is 0. */
  exit(code: number, said?: string): void
  /** The connection is lost while it runs. */
  lose(): void
}

/** A host that records what is run on it, and answers as the test says: code 0 and nothing unless told. */
export class FakeHost implements HostRef {
  readonly name: string
  /** Every command with all that belongs to it, in the order in which they were begun. */
  readonly recorded: Recorded[] = []
  /** Commands that the operator, or a time limit, broke off. */
  readonly broken: string[] = []
  readonly #held: Held[] = []
  readonly #waiting: { readonly pattern: Pattern; readonly take: (held: Held) => void }[] = []
  readonly #answers: { readonly pattern: Pattern; readonly left: Answer[] }[] = []
  readonly #holds: Pattern[] = []
  readonly #began: (recorded: Recorded) => void

  /** `began` hears of every command. */
  constructor(name: string, began: (recorded: Recorded) => void = () => {}) {
    this.name = name
    this.#began = began
  }

  /** Every command in the order in which they were begun. */
  get commands(): readonly string[] {
    return this.recorded.map(({ command }) => command)
  }

  /**
   * How commands are answered: with the first answer the first time, with the last one from then on. What is said later
   * counts more.
   *
   * ```ts
   * host.answer('nova-manage service list', { stdout: 'nova-compute c-1 :-)' })
   * host.answer(/^mysqladmin /, 1, 0) // fails once
   * ```
   */
  answer(pattern: Pattern, ...answers: readonly [Answer, ...Answer[]]): this {
    this.#answers.unshift({ pattern, left: [...answers] })
    return this
  }

  /** Commands that stay open until the test ends them, for a test that comes to `next` when they may have begun already. */
  hold(...patterns: readonly Pattern[]): this {
    this.#holds.push(...patterns)
    return this
  }

  /**
   * The next time such a command is begun; it stays open until the test ends it.
   *
   * ```ts
   * const restart = await host.next('service nova-compute restart')
   * restart.exit(0)
   * ```
   */
  next(pattern: Pattern): Promise<Held> {
    const found = this.#held.findIndex(({ command }) => fits(pattern, command))
    if (found >= 0) return Promise.resolve(this.#held.splice(found, 1)[0]!)
    return new Promise((take) => this.#waiting.push({ pattern, take }))
  }

  /** A connection to this host, as tasks and operations have it. */
  connection(session: Session = {}, user?: string, peer: Connection['peer'] = unused): Connection {
    return {
      host: { name: this.name },
      exec: (script, options) => this.#exec(script, options, session, user),
      progress: (text) => session.progress?.(text),
      peer,
      read: unused,
      write: unused,
      stream: unused,
      dial: unused,
    }
  }

  async #exec(
    command: string,
    { stdin }: ExecOptions = {},
    { signal }: Session = {},
    user?: string,
  ): Promise<CommandResult> {
    signal?.throwIfAborted()
    const recorded: Recorded = {
      host: this.name,
      ...(user === undefined ? {} : { user }),
      command,
      ...(stdin === undefined ? {} : { stdin: shown(stdin) }),
    }
    this.recorded.push(recorded)
    this.#began(recorded)
    const waiting = this.#waiting.findIndex(({ pattern }) => fits(pattern, command))
    if (waiting < 0 && !this.#holds.some((pattern) => fits(pattern, command))) return this.#answered(command)
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        this.broken.push(command)
        reject(signal.reason as Error)
      })
      const held: Held = {
        ...recorded,
        exit: (code, said = '') => resolve({ code, stdout: code === 0 ? said : '', stderr: code === 0 ? '' : said }),
        lose: () => reject(this.#gone()),
      }
      if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]!.take(held)
      else this.#held.push(held)
    })
  }

  #answered(command: string): CommandResult {
    const { left = [] } = this.#answers.find(({ pattern }) => fits(pattern, command)) ?? {}
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? 0
    if (answer instanceof Error) throw answer
    if (answer === 'unreachable') throw this.#gone()
    if (typeof answer === 'number') return { code: answer, stdout: '', stderr: '' }
    return { code: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) }
  }

  #gone(): Unreachable {
    return new Unreachable(`${this.name} is gone`)
  }
}

const fits = (pattern: Pattern, command: string) =>
  typeof pattern === 'string' ? pattern === command : command.search(pattern) >= 0

function shown(stdin: string | Uint8Array | Secret): string {
  return stdin instanceof Uint8Array ? Buffer.from(stdin).toString() : String(stdin)
}

function unused(): never {
  throw new Error('a fake host knows only commands')
}
