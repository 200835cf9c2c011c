import {
  type CommandResult,
  CommandFailed,
  type Connection,
  type ExecOptions,
  type FileMeta,
} from '../model/operation.ts'
import type { Reader } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'

/** A script with all that it is run with: what most changes are. */
export type Command = {
  readonly script: string
  /** What the script reads: the way for contents and for secrets, which must not stand on a command line. */
  readonly stdin?: string | Uint8Array | Secret
  /** Seconds until it is killed. */
  readonly timeout?: number
  /** It may take long: its output is shown while it runs. */
  readonly long?: boolean
  /** Exit codes that are no failure; only 0 unless said. */
  readonly allow?: readonly number[]
  /** What errors show in place of the script, where it has more than its author wrote. */
  readonly shown?: string
}

/** A file that is written whole, as `connection.write` does it. */
export type NewFile = {
  readonly path: string
  readonly content: string | Uint8Array | Secret
  readonly meta?: FileMeta
}

/** What a change is made of that takes more than commands. */
export type Step = Command | NewFile

/** Carries out steps one after the other. @throws what the first that fails throws, and those behind it are not begun */
export async function performAll(connection: Connection, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if ('script' in step) await perform(connection, step)
    else await connection.write(step.path, step.content, step.meta)
  }
}

/** Runs a command as it is. @throws CommandFailed when it ends with another code than 0 or those allowed */
export async function perform(connection: Reader, command: Command): Promise<CommandResult> {
  const { script, stdin, timeout, long, allow = [0], shown = script } = command
  const options: ExecOptions = {
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(long === undefined ? {} : { long }),
  }
  const result = await connection.exec(script, options)
  if (!allow.includes(result.code)) throw new CommandFailed(shown, result)
  return result
}
