import { output, type Reader } from '../../model/operation.ts'
import { sh } from '../../model/shell.ts'

/** Sets `$sum` to a program that says the sha256 of its stdin: that of openssl is up to five times as fast as coreutils'. */
export const findSum = 'sum=sha256sum; openssl dgst -sha256 < /dev/null > /dev/null 2>&1 && sum="openssl dgst -sha256"'

/** The checksum in what one of these programs said, or '' when it said none. */
export function sumIn(said: string): string {
  return /\b[0-9a-f]{64}\b/.exec(said)?.[0] ?? ''
}

/** The sha256 of a file of a host. @throws CommandFailed when it cannot be read */
export async function sumOf(connection: Reader, path: string): Promise<string> {
  return sumIn(await output(connection, `${findSum}; ${sh`$sum < ${path}`}`))
}

/**
 * A script that puts its stdin into a file that only its owner can read, or adds it to what an earlier try brought, and says the
 * sha256 of the whole file: it is made while the bytes come, since reading a large file again takes as long as its copy.
 */
export function receiving(part: string, { more = false } = {}): string {
  // The pipe to the sum has lost its name before the first byte is in it. When cat cannot write, tee ends too, and with it
  // the sender.
  return `${sh`umask 077; p=${part}`}; ${findSum}
${more ? '' : 'rm -f "$p" || exit'}
d=$(mktemp -d "\${TMPDIR:-/tmp}/.switchover.XXXXXX") && mkfifo "$d/f" || exit
$sum < "$d/f" &
exec 3> "$d/f"
rm -rf "$d"
${more ? 'cat "$p" >&3' : ''}
tee /dev/fd/3 | cat >> "$p" 3>&-
rc=$?
exec 3>&-
wait
exit $rc`
}
