import { CommandFailed } from '../model/operation.ts'
import type { CommandResult, Connection, ExecOptions, Reader } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { type NewFile, writeFile } from './new-file.ts'
import { refusalIn } from './refusal.ts'

/** A script with all that it is run with: what most changes are. */
export type Command = {
  readonly script: string
  /** What the script reads: the way for contents and for secrets, which must not stand on a command line. */
  readonly stdin?: string | Uint8Array | Secret
  /** What it reads before that, a line each: for `read`, which takes no more than its line. */
  readonly firstLines?: readonly Secret[]
  /** Seconds until it is killed. */
  readonly timeout?: number
  /** It may take long: its output is shown while it runs. */
  readonly long?: boolean
  /** It starts nothing that outlives it. */
  readonly tidy?: boolean
  /** Exit codes that are no failure; only 0 unless said. */
  readonly allow?: readonly number[]
  /** What errors show in place of the script, where it has more than its author wrote. */
  readonly shown?: string
}

/** What changes are made of. */
export type Step = Command | NewFile

/**
 * Carries out a step: what `apply` is where a change is one.
 *
 * ```ts
 * await performStep(connection, { path: '/etc/motd', content: 'Maintenance until noon\n', meta: { mode: '0644' } })
 * ```
 * @throws CommandFailed, Advice
 */
export async function performStep(connection: Connection, step: Step): Promise<void> {
  if ('script' in step) await perform(connection, step)
  else await writeFile(connection, step)
}

/**
 * Carries out steps one after the other.
 *
 * ```ts
 * await performAll(connection, [{ path: '/etc/app.conf', content: 'workers = 4\n' }, { script: 'app reload' }])
 * ```
 * @throws what the first that fails throws; those behind it are not begun
 */
export async function performAll(connection: Connection, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await performStep(connection, step)
}

/**
 * Runs a command as it is.
 *
 * ```ts
 * await perform(connection, { script: sh`systemctl restart ${name}`, timeout: 60 })
 * ```
 * @throws Advice when the script refuses, CommandFailed when it ends with another code than 0
 * or those allowed
 */
export async function perform(connection: Reader, command: Command): Promise<CommandResult> {
  const { script, timeout, long, tidy, allow = [0], shown = script } = command
  const stdin = inputOf(command)
  const options: ExecOptions = {
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(long === undefined ? {} : { long }),
    ...(tidy === undefined ? {} : { tidy }),
  }
  const result = await connection.exec(script, options)
  const refused = refusalIn(result)
  if (refused) throw refused
  if (!allow.includes(result.code)) throw new CommandFailed(shown, result)
  return result
}

function inputOf({ firstLines = [], stdin }: Command): Command['stdin'] {
  if (firstLines.length === 0) return stdin
  const lines = Secret.join(firstLines.flatMap((line) => [line, '\n']))
  if (stdin instanceof Uint8Array) return Buffer.concat([Buffer.from(lines.reveal()), stdin])
  return Secret.join([lines, stdin ?? ''])
}
