import { Duplex, PassThrough } from 'node:stream'
import { writing } from '../kit/writing.ts'
import type { HostRef } from '../model/inventory.ts'
import {
  type CommandResult,
  type Connection,
  type ExecOptions,
  type Operation,
  type Plan,
  type Stream,
  Unreachable,
  type Value,
} from '../model/operation.ts'
import { knownSecrets, Secret } from '../model/secret.ts'
import type { Session } from '../model/transport.ts'
import { FakeFiles } from './fake-files.ts'
import { FakeServices } from './fake-services.ts'
import { typed } from './shell/builtins.ts'
import { type ProgramCall, Shell, type System } from './shell/shell.ts'
import { Input, Output, type Sink, type Source } from './shell/streams.ts'

/** Which commands are meant: one as it is typed, or all in which a regular expression finds something. */
export type Pattern = string | RegExp

/** How a host answers: an exit code, what it prints, both, or not at all. */
export type Answer = number | string | Partial<CommandResult> | 'unreachable' | Error | Answering
/** An answer that follows from the command and what it is given to read: a program of the test's own. */
export type Answering = (recorded: Recorded) => Exclude<Answer, Answering>

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

/** What an operation did to a fake host. */
export interface Done<R> extends Plan<R> {
  readonly changed: boolean
}

/** What a task does on the host, and who it is there. */
interface Acting {
  readonly session: Session
  readonly user: string | undefined
}

// Some day of 2014, in seconds since 1970.
const beginning = 1_400_000_000

/**
 * A host without a machine. The scripts of tasks and modules really run, in a shell of this library's own, on files
 * that are in memory; nothing of them reaches the machine that runs the test. Programs that such a shell calls are
 * recorded, and answer as the test says: with code 0 and nothing unless told. Sleeping takes no time.
 *
 * Recorded are the programs that are called, as they would be typed, and the changes that scripts make to files, as
 * `mkdir -p /srv/app` or, where a file gets new content, `write /etc/app.conf`. What only looks at files and services
 * is not, nor what happens to temporary files.
 *
 * ```ts
 * const web = hosts.host('web-1')
 * web.answer('uname -r', '6.1\n')
 * assert.deepEqual(web.commands, ['uname -r'])
 * ```
 */
export class FakeHost implements HostRef {
  readonly name: string
  readonly files: FakeFiles
  /** Every command with all that belongs to it, in the order in which they were begun. */
  readonly recorded: Recorded[] = []
  /** Every script that was sent, whole. */
  readonly scripts: string[] = []
  /** Commands that the operator, or a time limit, broke off. */
  readonly broken: string[] = []
  readonly #services: FakeServices
  readonly #held: Held[] = []
  readonly #waiting: { readonly pattern: Pattern; readonly take: (held: Held) => void }[] = []
  readonly #answers: { readonly pattern: Pattern; readonly left: Answer[] }[] = []
  readonly #holds: Pattern[] = []
  readonly #listeners = new Map<number, (socket: Duplex) => void>()
  readonly #temporary = new Set<string>()
  readonly #began: (recorded: Recorded) => void
  #now = beginning

  readonly #whole: boolean

  /** `began` hears of every command. `whole`: each script counts as one command, and none is run. */
  constructor(name: string, began: (recorded: Recorded) => void = () => {}, whole = false) {
    this.name = name
    this.#began = began
    this.#whole = whole
    this.files = new FakeFiles(() => this.#now)
    this.#services = new FakeServices(this.files)
    this.#pass(0)
  }

  /** Every command in the order in which they were begun. */
  get commands(): readonly string[] {
    return this.recorded.map(({ command }) => command)
  }

  /**
   * How commands are answered: with the first answer the first time, with the last one from then on. What is said later
   * counts more. A whole script that is named as it is counts as one command.
   *
   * ```ts
   * host.answer('nova-manage service list', { stdout: 'nova-compute c-1 :-)' })
   * host.answer(/^mysqladmin /, 1, 0) // fails once
   * host.answer(/^mysql /, ({ stdin = '' }) => (stdin.startsWith('SELECT') ? '1\n' : 0))
   * ```
   */
  answer(pattern: Pattern, ...answers: readonly [Answer, ...Answer[]]): this {
    this.#answers.unshift({ pattern, left: [...answers] })
    return this
  }

  /**
   * A service that the host has, with an init script: `service` starts, stops and knows it.
   *
   * ```ts
   * host.service('openstack-nova-compute', 'stopped')
   * ```
   */
  service(name: string, state: 'running' | 'stopped' = 'running'): this {
    this.#services.add(name, state)
    return this
  }

  /** Whether a service runs; undefined when there is none of this name. */
  stateOf(service: string): 'running' | 'stopped' | undefined {
    return this.#services.stateOf(service)
  }

  /** Who answers on a TCP port of the host, as `database` and `http` ask through it. */
  listen(port: number, listener: (socket: Duplex) => void): this {
    this.#listeners.set(port, listener)
    return this
  }

  /** Commands that stay open until the test ends them, where they may have begun before it comes to `next`. */
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

  /**
   * Does what an operation says, and tells whether that changed anything: how a module is tested without a role.
   *
   * ```ts
   * assert.equal((await host.run(motd('hello'))).changed, true)
   * assert.equal((await host.run(motd('hello'))).changed, false)
   * ```
   */
  async run<R extends Value>(operation: Operation<R>): Promise<Done<R>> {
    const connection = this.connection()
    const { changed, result, diff, unpredictable, ...prepared } = await operation.prepare(connection)
    const said = { ...(diff ? { diff } : {}), ...(unpredictable ? { unpredictable } : {}) }
    if (!changed) return { changed, result, ...said }
    const applied = (await prepared.apply(connection)) ?? result
    return { changed: prepared.judge?.(applied as R) ?? true, result: applied as R, ...said }
  }

  /** A connection to this host, as tasks and operations have it. */
  connection(session: Session = {}, user?: string, peer: Connection['peer'] = noPeer): Connection {
    const acting: Acting = { session, user }
    return {
      host: { name: this.name },
      exec: (script, options) => this.#exec(script, options, acting),
      progress: (text, size) => session.progress?.(text, size),
      peer,
      read: async (file) => this.files.bytes(file),
      write: async (file, content, meta = {}) => {
        const { code, stderr } = await this.#exec(writing(file, meta), { stdin: content }, acting)
        if (code !== 0) throw new Error(`cannot write ${file} on ${this.name}: ${stderr.trim() || `exit code ${code}`}`)
      },
      stream: (script) => this.#stream(script, acting),
      dial: (port, address = '127.0.0.1') => this.#dial(port, address),
    }
  }

  async #exec(script: string, options: ExecOptions = {}, acting: Acting): Promise<CommandResult> {
    const { stdin, encoding = 'utf8', long } = options
    acting.session.signal?.throwIfAborted()
    this.scripts.push(script)
    if (this.#isNamed(script)) return this.#command(script, stdin === undefined ? undefined : shown(stdin), acting)
    const heard = (stream: 'stdout' | 'stderr') =>
      long ? (text: string) => acting.session.output?.(Buffer.from(text, 'latin1').toString(), stream) : undefined
    const [stdout, stderr] = [new Output(heard('stdout')), new Output(heard('stderr'))]
    const code = await this.#shell(script, acting, new Input(bytes(stdin).toString('latin1')), stdout, stderr, stdin)
    const text = ({ text }: Output) => Buffer.from(text, 'latin1').toString(encoding)
    return { code, stdout: text(stdout), stderr: text(stderr) }
  }

  async #stream(script: string, acting: Acting): Promise<Stream> {
    this.scripts.push(script)
    const [stdin, stdout] = [new PassThrough(), new PassThrough()]
    const stderr = new Output()
    const sink: Sink = { write: (text) => void stdout.write(Buffer.from(text, 'latin1')) }
    const ended = (async () => {
      try {
        return { code: await this.#shell(script, acting, new Input(stdin), sink, stderr), stderr: stderr.text }
      } finally {
        stdout.end()
      }
    })()
    ended.catch(() => {})
    return { stdin, stdout, ended, kill: () => stdin.end() }
  }

  #shell(
    script: string,
    acting: Acting,
    stdin: Source,
    stdout: Sink,
    stderr: Sink,
    given?: ExecOptions['stdin'],
  ): Promise<number> {
    const { session, user = 'root' } = acting
    const system: System = {
      files: this.files,
      user,
      sleep: (seconds) => this.#pass(seconds),
      knows: (name) => this.#knows(name),
      program: (call) => this.#program(call, given, acting),
      changed: (words) => this.#record(typed(words), undefined, acting),
      temporary: (template) => this.#makeTemporary(template),
      // What was kept as it was has such a name too, and lasts.
      isTemporary: (file) =>
        /\.switchover-(?!backup\/.)/.test(file) || [...this.#temporary].some((one) => within(one, file)),
      signal: session.signal,
    }
    const env = { HOME: '/root', HOSTNAME: this.name, PATH: '/bin:/usr/bin:/sbin:/usr/sbin', USER: user }
    return Shell.run(system, Buffer.from(script).toString('latin1'), { stdin, stdout, stderr, env })
  }

  async #program(call: ProgramCall, given: ExecOptions['stdin'], acting: Acting): Promise<CommandResult> {
    const command = Buffer.from(typed(call.words), 'latin1').toString()
    const rest = async () => Buffer.from(await call.stdin.rest(), 'latin1').toString()
    const stdin = call.inherits ? (given === undefined ? undefined : shown(given)) : await rest()
    return this.#command(command, stdin, acting, call.words)
  }

  /** A command that nobody here imitates: recorded, and held or answered. */
  async #command(
    command: string,
    stdin: string | undefined,
    acting: Acting,
    words: readonly string[] = [],
  ): Promise<CommandResult> {
    const known = this.#isMeant(command) ? undefined : this.#services.answer(words)
    if (known) return { ...known, stderr: '' }
    const recorded = this.#record(command, stdin, acting)
    const result = await this.#outcome(recorded, acting.session)
    this.#services.after(words, result.code)
    return result
  }

  #outcome(recorded: Recorded, { signal }: Session): CommandResult | Promise<CommandResult> {
    const { command } = recorded
    const waiting = this.#waiting.findIndex(({ pattern }) => fits(pattern, command))
    if (waiting < 0 && !this.#holds.some((pattern) => fits(pattern, command))) return this.#answered(recorded)
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

  #answered(recorded: Recorded): CommandResult {
    const { left = [] } = this.#answers.find(({ pattern }) => fits(pattern, recorded.command)) ?? {}
    const said = (left.length > 1 ? left.shift() : left[0]) ?? 0
    const answer = typeof said === 'function' ? said(recorded) : said
    if (answer instanceof Error) throw answer
    if (answer === 'unreachable') throw this.#gone()
    if (typeof answer === 'number') return { code: answer, stdout: '', stderr: '' }
    return { code: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) }
  }

  #record(command: string, stdin: string | undefined, { user }: Acting): Recorded {
    const recorded: Recorded = {
      host: this.name,
      ...(user === undefined ? {} : { user }),
      command: masked(command),
      ...(stdin === undefined || stdin === '' ? {} : { stdin: masked(stdin) }),
    }
    this.recorded.push(recorded)
    this.#began(recorded)
    return recorded
  }

  /** Is a whole script meant by one of the test's patterns? */
  #isNamed(script: string): boolean {
    return this.#whole || this.#patterns().includes(script)
  }

  /** Does the test say something of this command? */
  #isMeant(command: string): boolean {
    return this.#patterns().some((pattern) => fits(pattern, command))
  }

  #patterns(): readonly Pattern[] {
    return [...this.#answers, ...this.#waiting].map(({ pattern }) => pattern).concat(this.#holds)
  }

  #knows(program: string): boolean {
    if (program === 'service' || program === 'chkconfig') return true
    return this.#answers.some(({ pattern }) => typeof pattern === 'string' && pattern.split(' ')[0] === program)
  }

  #pass(seconds: number): void {
    this.#now += seconds
    this.files.write('/proc/uptime', `${(this.#now - beginning + 1000).toFixed(2)} 0.00\n`)
  }

  #makeTemporary(template: string): string {
    const made = template.replace(/X{3,}/, (letters) => String(this.#temporary.size + 1).padStart(letters.length, '0'))
    this.#temporary.add(made)
    return made
  }

  #dial(port: number, address: string): Promise<Duplex> {
    const listener = this.#listeners.get(port)
    if (!listener)
      return Promise.reject(new Error(`cannot reach ${address}:${port} from ${this.name}: connection refused`))
    const [ours, theirs] = pair()
    listener(theirs)
    return Promise.resolve(ours)
  }

  #gone(): Unreachable {
    return new Unreachable(`${this.name} is gone`, 'it is a fake: let its test bring it back')
  }
}

const fits = (pattern: Pattern, command: string) =>
  typeof pattern === 'string' ? pattern === command : command.search(pattern) >= 0

const within = (folder: string, file: string) => file === folder || file.startsWith(`${folder}/`)

function bytes(stdin: ExecOptions['stdin'] = ''): Buffer {
  return Buffer.from(stdin instanceof Secret ? stdin.reveal() : stdin)
}

function shown(stdin: string | Uint8Array | Secret): string {
  return stdin instanceof Uint8Array ? Buffer.from(stdin).toString() : String(stdin)
}

function masked(text: string): string {
  return knownSecrets().reduce((found, [secret, label]) => found.replaceAll(secret, `‹${label}›`), text)
}

function noPeer(): never {
  throw new Error('a fake host that stands alone knows no others: make them with fakeHosts')
}

/** Two ends of one line; what goes in at one comes out of the other a moment later, as from a host. */
function pair(): readonly [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write: (chunk, _encoding, done) => later(() => other().push(chunk), done),
      final: (done) => later(() => other().push(null), done),
    })
  const later = (pass: () => void, done: () => void) =>
    void setImmediate(() => {
      pass()
      done()
    })
  const first: Duplex = end(() => second)
  const second: Duplex = end(() => first)
  return [first, second]
}
