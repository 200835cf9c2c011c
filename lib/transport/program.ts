import type { Duplex, Readable, Writable } from 'node:stream'
import type { Locking } from './host-lock.ts'

/** A command that was started on a machine, with its three streams in our hands. */
export interface Program {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, as soon as it is known; undefined when the link broke before that. */
  readonly exited: Promise<number | undefined>
  /** Resolves when both outputs have been read to their end, which something left behind can put off for ever. */
  readonly closed: Promise<void>
  /** Lets go of the streams. What runs is not killed by it. */
  close(): void
}

/** How a command is to be started. */
export interface Starting {
  /** It may exceed the limit of channels. */
  readonly urgent?: boolean
  /** It gets a terminal, which does not echo: what it writes, errors too, comes out of `stdout`. */
  readonly terminal?: boolean
  /** It belongs to one that runs already: waiting for it would be vain when there is room for one only. */
  readonly second?: boolean
  /** It outlives its session, and what finds it comes before its first word. */
  readonly job?: string
  /** Gives up waiting for a free channel, and for its first word. */
  readonly signal?: AbortSignal
}

/** A way to one machine: ssh to a host, or child processes on this one. */
export interface Link {
  /** What messages call the machine. */
  readonly name: string
  /** The user that commands run as when nobody else is asked for. */
  readonly user: string
  readonly lost: boolean
  /** Seconds that it may take to begin something there. */
  readonly patience: number
  /**
   * The place that a lock is for, as a word of the login shell there; undefined for this machine, where every run of
   * everybody works beside others.
   */
  readonly place: string | undefined
  /** What is done about the lock of the host, where something is. */
  lock?: Locking
  /** Whether commands can have a terminal. */
  readonly terminals: boolean
  /** Whether commands can use the operator's ssh agent. */
  readonly agent: boolean
  /** Starts a command by the user's login shell. @throws Unreachable */
  start(command: string, how?: Starting): Promise<Program>
  dial(port: number, address: string): Promise<Duplex>
  /** Whether commands wait for a free channel. */
  readonly crowd: boolean
  /** Called when a command begins to wait for one: somebody may have an idle one to give. */
  crowded?: () => void
  /** `idle`: its last request was answered, and nothing is under way. */
  close(idle?: boolean): Promise<void>
}
