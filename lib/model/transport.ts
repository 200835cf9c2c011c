import type { Connection } from './operation.ts'
import type { Host } from './inventory.ts'

/** Who acts, who listens and when to stop, for the commands of one task, whichever host they run on. */
export interface Session {
  /** The user to become on a host; undefined: the user of the connection. */
  become?(host: Host): string | undefined
  /** Output of commands that asked to be shown while they run. */
  output?(text: string, stream: 'stdout' | 'stderr'): void
  progress?(text: string, size?: { readonly done: number; readonly all: number }): void
  /** Whose long commands these are. */
  readonly work?: Work
  /** Kills what runs and rejects when it fires. */
  readonly signal?: AbortSignal
  /** The row that the request stands in that is made now; it reads no stdin. */
  readonly row?: InRow
}

/**
 * One of several requests that go out in a row without waiting for each other's answers. The host begins none behind
 * one that did not go well: those are refused as `NotBegun`.
 */
export interface InRow {
  /** Tells rows from each other. */
  readonly row: number
  /** Others of the row stand before it. */
  readonly behind: boolean
  /** The codes with which it goes well. */
  readonly allow: readonly number[]
  /** When it fires, the host begins none any more. */
  readonly stop: AbortSignal
}

/** A request that its host had not begun and will not begin: it did nothing. */
export class NotBegun extends Error {}

/** What a long command belongs to, by which it is found again: the same text may stand in several tasks. */
export interface Work {
  readonly task: string
  /** The runs whose commands that have ended meanwhile are this one's: what others did says nothing about it. */
  readonly after: readonly string[]
}

/** Ways to the hosts: one connection a host for the whole run, opened when first needed. */
export interface Transport {
  /** A face on the host's connection for one task; costs nothing until it is used. */
  connection(host: Host, session: Session): Connection
  /** Requests may stand in rows (`Session.row`). */
  readonly rows?: true
  /** Ends all connections; `ending` is how the run ended, for the log of the hosts that it locked. */
  close(ending?: string): Promise<void>
}
