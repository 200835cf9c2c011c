import type { Duplex, Readable, Writable } from 'node:stream'
import type { ConnectionSettings } from './inventory.ts'

/** A host, as a connection of somebody's own is asked to reach it. */
export interface Destination {
  readonly name: string
  readonly groups: readonly string[]
  /** What the inventory says of the way: address, port, user and so on, where it does. */
  readonly settings: ConnectionSettings
  /** Its variables, as the inventory gives them. */
  readonly vars: Readonly<Record<string, unknown>>
}

/** A command that runs on a host, with its streams in our hands. */
export interface Started {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, as soon as it is known; undefined when the host was lost before that. */
  readonly exited: Promise<number | undefined>
  /** Lets go of the streams. */
  close?(): void
}

/** A way to one host. */
export interface Reached {
  /** The user that commands run as when nobody else is asked for; root unless said. */
  readonly user?: string
  /**
   * Has a POSIX shell of the host run a command: the words of a program of this machine that does so, or a command that
   * was started. Several run at the same time.
   */
  start(command: string): readonly string[] | Started | Promise<readonly string[] | Started>
  /** A stream to a TCP port as seen from the host; without it, modules that speak to a database or to HTTP cannot. */
  dial?(port: number, address: string): Promise<Duplex>
  close?(): void | Promise<void>
}

/**
 * How a file that an inventory names as `connection` reaches a host: what it exports as `connect`.
 *
 * ```ts
 * // Everything runs in the container of this machine that has the host's name.
 * const connect: Connect = ({ name }) => ({
 *   start: (command) => ['docker', 'exec', '-i', name, 'sh', '-c', command],
 * })
 * ```
 */
export type Connect = (to: Destination) => Reached | Promise<Reached>
