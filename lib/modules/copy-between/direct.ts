import { Advice, CommandFailed, type Connection } from '../../model/operation.ts'
import { quote } from '../../model/shell.ts'
import type { Meter } from './progress.ts'
import { type End, relay, type Relayed } from './relay.ts'

/**
 * The words after `ssh` that lead from the sending host to the receiving one, such as `['-p', '2222', 'root@10.0.0.5']`. The
 * sending host needs a key that opens the way (or a forwarded agent) and must know the receiver's host key: nothing is asked,
 * and nothing is accepted unseen.
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
 * Passes bytes from host to host, through our hands unless there is a direct way; what is seen of them is given back.
 * @throws CommandFailed, Unreachable, Advice
 */
export async function pass({ source, target, read, write, what, direct, meter }: Passing): Promise<Relayed | undefined> {
  if (direct) return straight(source, target, read, write, what, direct)
  const reading: End = {
    doing: `reading ${what}`, start: () => source.stream(read),
    failed: (result) => new CommandFailed(`reading ${what}`, { ...result, stdout: '' }, `cannot read ${what} on ${source.host.name}: ${words(result.stderr)}`),
  }
  const writing: End = {
    doing: `writing ${what}`, start: () => target.stream(write),
    failed: (result) => new CommandFailed(`writing ${what}`, { ...result, stdout: '' }, `cannot write ${what} on ${target.host.name}: ${words(result.stderr)}`),
  }
  return relay(reading, writing, meter)
}

async function straight(source: Connection, target: Connection, read: string, write: string, what: string, direct: Direct): Promise<undefined> {
  // The exit code of a pipe is its last program's: that of the reader comes back as a line.
  const script = `rc=$( { { (${read}); echo $? >&4; } | ssh -o BatchMode=yes ${direct.map(quote).join(' ')} ${quote(`sh -c ${quote(write)}`)} >/dev/null; echo "ssh $?" >&4; } 4>&1 )
set -- $rc
[ "$3" = 0 ] || exit "$3"
[ "$1" = 0 ] || exit 81`
  const result = await source.exec(script, { long: true })
  if (result.code === 0) return undefined
  const said = words(result.stderr)
  if (result.code === 255) {
    throw new Advice(`${source.host.name} cannot reach ${target.host.name} by ssh ${direct.join(' ')}: ${said}`,
      'give it a key and the host key of the other, or leave `direct` out: the bytes then go through this machine')
  }
  throw new CommandFailed(`ssh ${direct.join(' ')}`, { ...result, stderr: said },
    result.code === 81 ? `cannot read ${what} on ${source.host.name}: ${said}` : `cannot write ${what} on ${target.host.name}: ${said}`)
}

// dd counts records on stderr whatever happens.
function words(stderr: string): string {
  return stderr.trim().split('\n').filter((line) => !/^\d+\+\d+ records (in|out)$|^\d+ bytes.* copied/.test(line)).join('\n') || 'it said nothing'
}
