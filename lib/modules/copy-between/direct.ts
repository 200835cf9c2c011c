import { refusalIn } from '../../kit/refusal.ts'
import { Advice, CommandFailed, type Connection } from '../../model/operation.ts'
import { forAnyShell, quote } from '../../kit/shell.ts'
import type { Meter } from './progress.ts'
import { relay } from './relay.ts'

/**
 * The words after `ssh` that lead from the sending host to the receiving one, such as `['-p', '2222',
 * 'root@10.0.0.5']`. The sending host needs a key that opens the way (or a forwarded agent) and must know the
 * receiver's host key: nothing is asked, and nothing is accepted unseen.
 */
export type Direct = readonly [string, ...string[]]

/** A reading script on one host and a writing one on another. */
export interface Passing {
  readonly source: Connection
  readonly target: Connection
  readonly read: string
  readonly write: string
  /** What is passed, for errors. */
  readonly what: string
  readonly direct?: Direct
  readonly meter: Meter
}

/**
 * Passes bytes from host to host, through our hands unless there is a direct way, and resolves with what the writing
 * script said.
 * @throws CommandFailed, Unreachable, Advice
 */
export async function pass({ source, target, read, write, what, direct, meter }: Passing): Promise<string> {
  if (direct) return straight(source, target, read, write, what, direct)
  const { said } = await relay(
    { doing: `reading ${what}`, start: () => source.stream(read), failed: failedTo('read', what, source) },
    { doing: `writing ${what}`, start: () => target.stream(write), failed: failedTo('write', what, target) },
    meter,
    false,
  )
  return said
}

/** The error of a program that reads or writes a file on a host. */
export function failedTo(
  what: 'read' | 'write',
  path: string,
  { host }: Connection,
): (result: { readonly code: number; readonly stderr: string }) => Error {
  return (result) =>
    refusalIn({ ...result, stdout: '' }) ??
    new CommandFailed(
      `${what} ${path}`,
      { ...result, stdout: '' },
      `cannot ${what} ${path} on ${host.name}: ${words(result.stderr)}`,
    )
}

/** Passes bytes without us. */
export async function straight(
  source: Connection,
  target: Connection,
  read: string,
  write: string,
  what: string,
  direct: Direct,
): Promise<string> {
  // The exit code of a pipe is its last program's: that of the reader comes back as a line.
  const ssh = `ssh -o BatchMode=yes ${direct.map(quote).join(' ')} ${quote(forAnyShell(write))}`
  const script = `exec 5>&1
rc=$( { { (${read}); echo $? >&4; } | ${ssh} >&5; echo "ssh $?" >&4; } 4>&1 )
set -- $rc
[ "$3" = 0 ] || exit "$3"
[ "$1" = 0 ] || exit 81`
  const copying = await source.stream(script)
  copying.stdin.end()
  let stdout = ''
  for await (const part of copying.stdout) stdout += String(part)
  const result = { ...(await copying.ended), stdout }
  if (result.code === 0) return stdout
  const said = words(result.stderr)
  if (result.code === 255) {
    throw new Advice(
      `${source.host.name} cannot reach ${target.host.name} by ssh ${direct.join(' ')}: ${said}`,
      'give it a key and the host key of the other, or leave `direct` out: the bytes then go through this machine',
    )
  }
  throw result.code === 81 ? failedTo('read', what, source)(result) : failedTo('write', what, target)(result)
}

// dd counts records on stderr whatever happens.
function words(stderr: string): string {
  return (
    stderr
      .trim()
      .split('\n')
      .filter((line) => !/^\d+\+\d+ records (in|out)$|^\d+ bytes.* copied/.test(line))
      .join('\n') || 'it said nothing'
  )
}
