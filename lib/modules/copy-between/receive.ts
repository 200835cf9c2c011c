import { sh } from '../../model/shell.ts'

/**
 * A script that puts its stdin into a file that only its owner can read, or adds it to what an earlier try brought, and says the
 * sha256 of the whole file: it is made while the bytes come, since reading a large file again takes as long as its copy.
 */
export function receiving(part: string, { more = false } = {}): string {
  // The pipe to sha256sum has lost its name before the first byte is in it. When cat cannot write, tee ends too, and with it
  // the sender.
  return sh`umask 077; p=${part}` + `
${more ? '' : 'rm -f "$p" || exit'}
d=$(mktemp -d "\${TMPDIR:-/tmp}/.switchover.XXXXXX") && mkfifo "$d/f" || exit
sha256sum < "$d/f" &
exec 3> "$d/f"
rm -rf "$d"
${more ? 'cat "$p" >&3' : ''}
tee /dev/fd/3 | cat >> "$p" 3>&-
rc=$?
exec 3>&-
wait
exit $rc`
}
