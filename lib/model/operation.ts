import { AsyncLocalStorage } from 'node:async_hooks'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { Foreseen, Left } from './foreseen.ts'
import { here, type Location } from './location.ts'
import type { HostRef } from './inventory.ts'
import type { Replaced } from './replaced.ts'
import { labelIn, Secret } from './secret.ts'

/** What a result may be made of. No Secret, on purpose: results go to the journal. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json }
/** What an operation, and so a task, may give. */
export type Value = Json | void

/** How a command ended and what it wrote. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a script is run. */
export interface ExecOptions {
  readonly stdin?: string | Uint8Array | Secret
  /** Seconds until the command is killed and the call rejects. */
  readonly timeout?: number
  /**
   * A command that may take long: it gets a channel of its own, and its output is shown while it runs. It outlives its
   * connection and its run: the next run that wants the same takes it over, with all that it wrote.
   */
  readonly long?: boolean
  /** The script starts nothing that outlives it, so that its shell need not guard its next answers against that. */
  readonly tidy?: boolean
  /** latin1 keeps every byte of the output as one character; utf8 unless said. */
  readonly encoding?: 'utf8' | 'latin1'
}

/** A program running on a host with its streams in our hands: what carries dumps and images. */
export interface Stream {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Resolves when the program has ended, with its exit code and what it wrote to stderr (its last 64 KiB). */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>
  kill(): void
}

/** Questions about a host that are put before the turn of whoever will ask them, and their answers. */
export interface Early {
  /** Put them now and keep the answers; otherwise take the answers that were kept, each once. */
  readonly asking: boolean
  readonly answers: Map<string, Promise<unknown>[]>
  /** Who puts them: together with those of others that it puts at the same moment. */
  readonly through: Reader
}

/** What a fact or a plan may touch: it looks, and changes nothing. */
export interface Reader {
  readonly host: HostRef
  /** Runs a POSIX sh script; a non-zero exit code is a result, not an error. @throws Unreachable, TimedOut */
  exec(script: string, options?: ExecOptions): Promise<CommandResult>
  /** The content of a file, or undefined when there is none. @throws when it cannot be read */
  read(path: string): Promise<Buffer | undefined>
  /** Runs a script whose output is streamed. @throws Unreachable */
  stream(script: string): Promise<Stream>
  /** A stream to a TCP port as seen from the host: how mysql2 reaches a database bound to 127.0.0.1. */
  dial(port: number, address?: string): Promise<Duplex>
  /** The connection to another host of the inventory; the task acts there by the same rule as here. */
  peer(host: HostRef): Promise<Connection>
  readonly early?: Early
  /** In check mode: what earlier tasks would have made of the host, for those who ask for something of it. */
  readonly foreseen?: Foreseen
}

/**
 * Puts a question that changes nothing to a host, or takes the answer to it that somebody asked for in advance.
 *
 * ```ts
 * const version = (connection: Reader) =>
 *   asked(connection, 'version of nova', (reader) => output(reader, 'nova-manage version'))
 * ```
 */
export function asked<T>(connection: Reader, question: string, put: (reader: Reader) => Promise<T>): Promise<T> {
  const { early } = connection
  if (!early) return put(connection)
  const kept = early.answers.get(question) ?? []
  if (!early.asking) return (kept.shift() as Promise<T> | undefined) ?? put(connection)
  const answer = put(early.through)
  early.answers.set(question, [...kept, answer])
  return answer
}

/** What is said of a file beside its content. */
export type FileMeta = {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /**
   * Keeps what was there before beside it, as .switchover-backup/NAME, unless there is such a file already. Daemons
   * that load whole folders pass by such a name.
   */
  readonly backup?: boolean
  /** A command that checks the new content before it goes live; `%s` stands for the temporary file. */
  readonly validate?: string
  /**
   * Writes where a link leads, whoever made it. Without it a link is replaced by the file, unless it belongs to root or
   * the task's user, in a folder of theirs: others could have made it lead anywhere.
   */
  readonly follow?: boolean
  /**
   * Writes into the file where no other can take its place: one that is mounted, or in a folder that may not be
   * written. Readers may see a part of it then.
   */
  readonly unsafeWrites?: boolean
}

/** What apply may touch. */
export interface Connection extends Reader {
  /**
   * Replaces a file atomically (temporary file in the same directory, then rename); mode, owner and context of the old
   * one are kept unless told.
   */
  write(path: string, content: string | Uint8Array | Secret, meta?: FileMeta): Promise<void>
  /** Says how far a long operation is, with the bytes done and all of them where known; shown live, not recorded. */
  progress(message: string, size?: { readonly done: number; readonly all: number }): void
}

/** A difference to show to the operator. Secrets are masked when it is shown. */
export interface Diff {
  readonly path: string
  readonly before: string
  readonly after: string
}

/**
 * What a change may be made of: plain data, fit to be written to a file and carried out later (`change.ts`). Secrets
 * stay secrets in it, so that they are written by reference.
 */
export type Change =
  | string
  | number
  | boolean
  | null
  | undefined
  | Uint8Array
  | Secret
  | readonly Change[]
  | { readonly [key: string]: Change }

/** What an operation found and would do. Changed means that there is a change. */
export interface Plan<R, C extends Change = Change> {
  readonly result: R
  readonly change?: C
  readonly diff?: Diff | readonly Diff[]
  /** The result is a placeholder: only the real run can tell. Check mode then does not judge by it. */
  readonly unpredictable?: boolean
  /** What is there now, and may be wanted again, is lost by the change: plans mark and count it. */
  readonly destructive?: boolean
  /** The change is to wait for what others bring about: it never counts as one. */
  readonly waits?: boolean
  /** What the change leaves, for the tasks behind it in check mode; without it, nobody knows of what it names. */
  readonly leaves?: readonly Left[]
  /** What the change replaces, in its order, for a run that is undone; unless said, the files that it `leaves`. */
  readonly replaces?: readonly Replaced[]
  /** Why an undo cannot put all of it back, and what to do instead: said before it begins. */
  readonly irreversible?: string
  /** What the operator is told at its turn, whether it changes something or not. */
  readonly notes?: readonly string[]
  /** The change starts the host anew, and that is no news to whoever goes on with the run. */
  readonly reboots?: boolean
}

/** What an operation would do to a host that was looked at, ready to be done. */
export interface Prepared<R> extends Plan<R> {
  readonly changed: boolean
  /** What was found on the host, of an operation that may change something. */
  readonly state?: unknown
  /** Carries the change out, or that of a plan that was kept. Gives the result where only the change could tell it. */
  apply(connection: Connection, kept?: Change): Promise<R | void>
  /** Did it change anything after all? For programs that say so only afterwards. */
  judge?(result: R): boolean
}

/** A file of the controller machine, as an author names it. */
export interface LocalFile {
  readonly said: string
  /** Absolute: what is said begins at the file that says it. */
  readonly path: string
  /** It is a folder. */
  readonly folder?: boolean
}

/** A change that is one request, made as soon as it is carried out, and judged only by the code that it ends with. */
export interface Sends {
  /** The codes with which it went well. */
  readonly allow: readonly number[]
}

/** An inert description of one thing to bring about on a host: nothing happens until `host.run` or a task takes it. */
export interface Operation<R extends Value = Value> {
  readonly name: string
  readonly at: Location
  /** What it brings from the controller machine: looked for before the first connection. */
  readonly local?: LocalFile
  /** It says in check mode what it would say after what earlier tasks would do, or that nobody can know. */
  readonly foresees?: boolean
  /** It changes nothing, ever. */
  readonly looks?: boolean
  /** Asked again it finds nothing to do, unless somebody has changed since what it brought about. */
  readonly lasting?: boolean
  /** What is there after it whatever it finds, where it says so. */
  readonly brings?: readonly Left[]
  /** Its change is one request, whatever is there, where it says so. */
  readonly sends?: Sends
  /** What it would do to a host that was found in this state (of its `read`): pure, so that a test needs no host. */
  plan(state: unknown): Plan<R>
  prepare(connection: Reader): Promise<Prepared<R>>
}

/** An operation that only asks: there is never a change. */
export interface Look<A, S, R extends Value> {
  /** Looks only; runs in check mode, and may run ahead of its turn. */
  read(connection: Reader, args: A): Promise<S>
  /** Pure: from what is there to the answer. */
  plan(state: S, args: A): Plan<R, never>
  /** What it asks for takes into account what is foreseen: see `Reader.foreseen`. */
  readonly foresees?: boolean
}

/** The three parts of an operation that changes something. */
export interface OperationSpec<A, S, C extends Change, R extends Value> {
  /** Looks only; runs in check mode, and may run ahead of its turn. */
  read(connection: Reader, args: A): Promise<S>
  /** Pure: from what is there to the change that is missing, whole. A state that is as wanted has none. */
  plan(state: S, args: A): Plan<R, C>
  /** Carries the change out and decides nothing anew; never called in check mode. */
  apply(connection: Connection, change: C, args: A): Promise<NoInfer<R> | void>
  /** Did it change anything after all? For programs that say so only afterwards. */
  judge?(result: R, args: A): boolean
  /** The file of the controller machine that it brings, where it brings one. */
  local?(args: A): LocalFile | undefined
  /** What is there after it whatever it finds, for check mode where nobody knows what it will find. */
  brings?(args: A): readonly Left[]
  /** Where nothing is looked at first, and the change is one request that its code alone judges: which went well. */
  sends?(args: A): Sends | undefined
  /**
   * What it brings about lasts: asked again it finds nothing to do, unless somebody has changed it since. A run that is
   * gone on with asks it again, and does it again where it must, so it is not for what takes something away.
   */
  lasting?(args: A): boolean
}

/**
 * Makes an operation: a function from arguments to an inert value. `name` is what the operator reads in errors.
 *
 * ```ts
 * const motd = operation<string, string | undefined, { text: string }, null>((text) => `motd ${text}`, {
 *   read: async (connection) => (await connection.read('/etc/motd'))?.toString(),
 *   plan: (is, text) => (is === text ? { result: null } : { result: null, change: { text } }),
 *   apply: (connection, { text }) => connection.write('/etc/motd', text),
 * })
 * ```
 */
export function operation<A, S, R extends Value>(
  name: (args: A) => string,
  spec: Look<A, S, R>,
): (args: A) => Operation<R>
export function operation<A, S, C extends Change, R extends Value>(
  name: (args: A) => string,
  spec: OperationSpec<A, S, C, R>,
): (args: A) => Operation<R>
export function operation<A, S, C extends Change, R extends Value>(
  name: (args: A) => string,
  spec: Look<A, S, R> | OperationSpec<A, S, C, R>,
): (args: A) => Operation<R> {
  return (args) =>
    remember({
      get name() {
        return name(args)
      },
      at: here(),
      ...('local' in spec ? { local: spec.local?.(args) } : {}),
      ...('foresees' in spec ? { foresees: spec.foresees } : {}),
      ...('apply' in spec ? {} : { looks: true }),
      ...('lasting' in spec && spec.lasting?.(args) ? { lasting: true } : {}),
      get brings() {
        return 'brings' in spec ? spec.brings?.(args) : undefined
      },
      get sends() {
        return 'sends' in spec ? spec.sends?.(args) : undefined
      },
      plan(state) {
        refuseLabels(args)
        return spec.plan(state as S, args)
      },
      async prepare(connection) {
        refuseLabels(args)
        const state = await spec.read(connection, args)
        const plan = spec.plan(state, args)
        const { change } = plan
        return {
          ...plan,
          changed: change !== undefined,
          ...('apply' in spec ? { state } : {}),
          async apply(to, kept = change) {
            if (kept === undefined || !('apply' in spec)) throw new Error(`${name(args)} has no change to carry out`)
            return spec.apply(to, kept as C, args)
          },
          ...('judge' in spec && spec.judge ? { judge: (result: R) => spec.judge!(result, args) } : {}),
        }
      },
    })
}

/**
 * Half a letter, as `slice` leaves it of an emoji, has no bytes of its own: what is written would never be what was
 * wanted. @throws Advice
 */
export function wholeLetters(text: string): string {
  const at = /[\ud800-\udfff]/.test(text) ? text.search(/\p{Surrogate}/u) : -1
  if (at >= 0)
    throw new Advice(
      `a text holds half a letter, behind ${JSON.stringify(text.slice(Math.max(0, at - 20), at))}`,
      "cut texts by letters: [...text].slice(0, 10).join('')",
    )
  return text
}

/**
 * A secret in an ordinary text is only its label, and would reach the host so. Only plain data is looked through.
 * @throws Advice
 */
function refuseLabels(value: unknown, seen = new Set<unknown>()): void {
  const text = value instanceof Secret ? value.reveal() : value
  if (typeof text === 'string') {
    wholeLetters(text)
    const label = labelIn(text)
    if (label === undefined) return
    throw new Advice(
      `the label ${label} would be used in place of the secret: an ordinary text takes no more of it`,
      'write the text as masked`…${host.vars.NAME}…`; a command takes it as stdin or env',
    )
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  if (Array.isArray(value)) for (const one of value) refuseLabels(one, seen)
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const [key, one] of Object.entries(value)) {
      refuseLabels(key, seen)
      refuseLabels(one, seen)
    }
}

/** The operations made while a body runs and not run yet: what is left when the body ends was forgotten. */
export const unrun = new AsyncLocalStorage<Set<Operation<Value>>>()

// Not in `unrun`: from its first use on Node follows every promise of the run, which costs a short one a quarter.
let defined: Set<Operation<Value>> | undefined

/** The operations made while a definition is called, which waits for nothing. */
export function madeWhile(define: () => void): ReadonlySet<Operation<Value>> {
  const outer = defined
  const made = new Set<Operation<Value>>()
  defined = made
  try {
    define()
    return made
  } finally {
    defined = outer
  }
}

function remember<R extends Value>(made: Operation<R>): Operation<R> {
  ;(defined ?? unrun.getStore())?.add(made as Operation<Value>)
  return made
}

/** Is this value an operation? Bodies may return one instead of running it. */
export function isOperation(value: unknown): value is Operation<Value> {
  return typeof value === 'object' && value !== null && typeof (value as { prepare?: unknown }).prepare === 'function'
}

/** A question about a host with a typed answer; `run` keeps the answer for the whole run. */
export interface Fact<T> {
  readonly name: string
  readonly keep: 'task' | 'run'
  read(connection: Reader): Promise<T>
}

/**
 * A command on a host ended with a code that its caller did not expect.
 *
 * ```ts
 * if (result.code !== 0) throw new CommandFailed('nova-manage version', result)
 * ```
 */
export class CommandFailed extends Error {
  readonly command: string
  readonly result: CommandResult
  constructor(command: string, result: CommandResult, reason?: string) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-20).join('\n')
    super(`${reason ?? (said || 'the command failed and said nothing')} (exit code ${result.code})`)
    this.command = command
    this.result = result
  }
}

/**
 * The host cannot be reached, or its connection was lost: nothing is known about what it did last.
 *
 * ```ts
 * throw new Unreachable('the console does not answer', 'switch it on')
 * ```
 */
export class Unreachable extends Error {
  readonly hint: string
  constructor(reason: string, hint: string) {
    super(reason)
    this.hint = hint
  }
}

/**
 * The host could be reached and then the command took longer than it may.
 *
 * ```ts
 * if (error instanceof TimedOut) await output(connection, 'kill-what-hangs')
 * ```
 */
export class TimedOut extends Error {}

/**
 * A failure that knows what the operator should do next.
 *
 * ```ts
 * throw new Advice('the clock is 40 s ahead', 'set it: ntpdate -u SERVER')
 * ```
 */
export class Advice extends Error {
  readonly hint: string
  constructor(reason: string, hint: string) {
    super(reason)
    this.hint = hint
  }
}

/**
 * A failure in which all is that earlier tasks would do: check mode does not leave it to a real run, which fails so
 * too.
 *
 * ```ts
 * throw new Settled('there is no directory /srv/x', 'make it first, with file.directory')
 * ```
 */
export class Settled extends Advice {}

/**
 * The host is not as it was looked at any more, and was left alone: whoever runs the operation plans it anew.
 *
 * ```ts
 * throw new Outdated('/etc/app.conf has changed meanwhile', 'see who else writes it')
 * ```
 */
export class Outdated extends Advice {}

/**
 * Runs a script and gives its output.
 *
 * ```ts
 * const kernel = (await output(connection, 'uname -r')).trim()
 * ```
 * @throws CommandFailed when it ends with another code than 0
 */
export async function output(connection: Reader, script: string, options?: ExecOptions): Promise<string> {
  const result = await connection.exec(script, options)
  if (result.code !== 0) throw new CommandFailed(script, result)
  return result.stdout
}
