import { CommandFailed, output, type Reader } from '../../model/operation.ts'
import { aside } from '../../kit/aside.ts'
import { emptied, held } from '../../kit/links.ts'
import { sh } from '../../kit/shell.ts'
import { mebi } from './progress.ts'

/**
 * Sets `$sum` to a program that says the sha256 of its stdin: that of openssl is up to five times as fast as
 * coreutils'.
 */
export const findSum = 'sum=sha256sum; openssl dgst -sha256 < /dev/null > /dev/null 2>&1 && sum="openssl dgst -sha256"'

/** The checksum in what one of these programs said, or '' when it said none. */
export function sumIn(said: string): string {
  return /\b[0-9a-f]{64}\b/.exec(said)?.[0] ?? ''
}

/** A part of a file, in bytes that are whole MiB. */
export interface Range {
  readonly from?: number
  readonly to?: number
}

/** The sha256 of a file of a host, or of a part of it. @throws CommandFailed when it cannot be read */
export async function sumOf(connection: Reader, path: string, range?: Range): Promise<string> {
  const script = sumScript(path, range)
  const { code, said, stderr } = await aside(connection, script)
  if (code !== 0) throw new CommandFailed(script, { code, stdout: '', stderr })
  return sumIn(said.toString())
}

/** The same of the task's own file, whose folder may be another user's. */
export async function sumOfPart(part: string, connection: Reader, { to }: Range): Promise<string> {
  const most = to === undefined ? '' : ` count=${to / mebi}`
  return sumIn(await output(connection, `${findSum}; ${held(part)}\ndd if="$p" bs=${mebi}${most} 2>/dev/null | $sum`))
}

/** A script that says it. */
export function sumScript(path: string, { from = 0, to }: Range = {}): string {
  if (from === 0 && to === undefined) return `${findSum}; ${sh`$sum < ${path}`}`
  const most = to === undefined ? '' : ` count=${(to - from) / mebi}`
  return `${findSum}; ${sh`dd if=${path} bs=${mebi} skip=${from / mebi}`}${most} 2> /dev/null | $sum`
}

/**
 * The bytes of a file that one channel carries before it is the turn of the next: half a window of ssh, so that none
 * waits for another.
 */
export const turn = mebi

/** The end of such a script: what `receive` has written, by what it says, is summed up by `follow`. */
export const summed = `rc=$({ { receive; echo $? >&4; } | follow | $sum >&5; } 4>&1); exit $rc`

/**
 * A script that puts its stdin into a file, from a place on that an earlier try has reached, and says the sha256 of
 * what came. What has been written is read while more comes: after a large file it would take as long as the copy.
 */
export function receiving(part: string, from = 0): string {
  return `${from === 0 ? emptied(part) : ''}
${receiver(part, from, 16 * mebi)}
exec 5>&1; ${summed}`
}

/**
 * A script that does a part of that work, together with others on the same file. Its first line says which part: `turn
 * 2 4` takes the third of every four turns and says which MiB it has received, `sum 0 4` gets to know that in the order
 * of the file and says the sha256 of it, and `all 0 1` does both. When there is none, there is nothing to do.
 */
export function receivingTurns(part: string, from: number): string {
  return `${receiver(part, from, turn)}
exec 5>&1
read -r work lane lanes || exit 0
i=$((i + lane * count)) step=$((lanes * count))
case $work in
turn) receive ;;
sum) follow | $sum ;;
all) ${summed} ;;
esac`
}

function receiver(part: string, from: number, piece: number): string {
  return `LC_ALL=C; export LC_ALL; ${held(part)}; ${findSum}
i=${from / mebi} count=${piece / mebi} step=${piece / mebi}
receive() {
  while :; do
    said=$(dd of="$p" bs=${mebi} seek=$i count=$count iflag=fullblock conv=notrunc 2>&1) || {
      printf '%s\\n' "$said" >&2; return 1
    }
    echo $i
    case $said in "$count+0 records in"*) ;; *) return 0 ;; esac
    i=$((i + step))
  done
}
follow() {
  while read -r i; do dd if="$p" bs=${mebi} skip=$i count=$count 2> /dev/null; done
}`
}
