import { randomBytes } from 'node:crypto'
import type { CommandResult, ExecOptions, Reader } from '../model/operation.ts'
import { Advice, CommandFailed } from '../model/operation.ts'
import { aside } from './aside.ts'
import { closed } from './closed.ts'
import { plainly, sh } from './shell.ts'

/** What a small script said and how it ended. */
export interface Answer {
  readonly code: number
  readonly stdout: string
}

/**
 * Asks a host several things in one request: each script runs in a subshell, in the order given.
 *
 * ```ts
 * const { kernel, users } = await answers(connection, { kernel: 'uname -r', users: 'who' })
 * ```
 */
export async function answers<K extends string>(
  connection: Reader,
  scripts: Readonly<Record<K, string>>,
  options?: ExecOptions,
): Promise<Readonly<Record<K, Answer>>> {
  const names = Object.keys(scripts) as K[]
  const mark = `switchover-${randomBytes(8).toString('hex')}`
  const script = plainly + names.map((name) => `( ${scripts[name]}\n); printf '\\n${mark} %s\\n' $?`).join('\n')
  // A look that takes long keeps nobody waiting.
  const result = options?.long ? await saidAside(connection, script) : await connection.exec(script, options)
  const parts = result.stdout.split(new RegExp(`\\n${mark} (\\d+)\\n`))
  if (result.code !== 0 || parts.length !== names.length * 2 + 1) throw new CommandFailed(script, result)
  return Object.fromEntries(
    names.map((name, i) => [name, { stdout: parts[2 * i]!, code: Number(parts[2 * i + 1]) }]),
  ) as Record<K, Answer>
}

async function saidAside(connection: Reader, script: string): Promise<CommandResult> {
  const { code, said, stderr } = await aside(connection, script)
  return { code, stdout: said.toString(), stderr }
}

/**
 * A script that brings a file's bytes; it ends with 3 when there is none, with 4 when there is no folder for it either,
 * and with 8 where nobody can tell.
 */
export function bytesOf(path: string): string {
  const none = `{ closed "$f" && exit 8; [ -L "$f" ] || [ -d "\${f%/*}/." ] || exit 4; exit 3; }`
  return `${closed}\n${sh`f=${path}`}; [ -e "$f" ] || ${none}; base64 < "$f"`
}

/** The bytes that `bytesOf` brought, or undefined when there is no such file. @throws when it could not be read */
export function bytesIn({ code, stdout }: Answer, path: string): Buffer | undefined {
  if (code === 3 || code === 4) return undefined
  if (code !== 0)
    throw new Advice(
      `${path} cannot be read ${code === 8 ? '(permission denied)' : `(exit code ${code})`}`,
      'look at its owner and mode on the host; become: true reads as root',
    )
  return Buffer.from(stdout, 'base64')
}
