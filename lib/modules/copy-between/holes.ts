import { emptied, held } from '../../kit/links.ts'
import { sh } from '../../kit/shell.ts'
import { mebi } from './progress.ts'
import { findSum, summed } from './receive.ts'

/**
 * Whether so much of a file is holes that it pays to look for them: a look at each MiB, and all through one channel.
 * Blocks are of 512 bytes. A file system that has not yet given a new file its blocks only costs the looks.
 */
export function hasHoles({ size, blocks }: { readonly size: number; readonly blocks: number }): boolean {
  return size - blocks * 512 >= Math.max(mebi, size / 8)
}

/**
 * A script that says of a file, from a place on, only those MiB that are not zeros: before them a line with the number
 * of the first and how many they are. The last MiB is always said, so that what is made of it gets its size.
 */
export function readingData(path: string, from: number, bytes: number): string {
  return `exec 3>&1; i=${from / mebi} end=${Math.ceil(bytes / mebi)}
zeros() {
  [ $(($1 + $2)) -lt $end ] && cmp -s -n $(($2 * ${mebi})) ${sh`${path}`} /dev/zero $(($1 * ${mebi})) 0
}
while [ $i -lt $end ]; do
  if zeros $i 16; then i=$((i + 16)); continue; fi
  if zeros $i 1; then i=$((i + 1)); continue; fi
  n=1
  while [ $n -lt 16 ] && [ $((i + n)) -lt $end ] && ! zeros $((i + n)) 1; do n=$((n + 1)); done
  echo "$i $n"
  said=$(${sh`dd if=${path}`} bs=${mebi} skip=$i count=$n 2>&1 >&3) || { printf '%s\\n' "$said" >&2; exit 1; }
  i=$((i + n))
done`
}

/** A script that puts this into a file, as `receiving` does: what is not said stays a hole, and is summed up too. */
export function receivingData(part: string, from: number): string {
  return `${from === 0 ? emptied(part) : ''}
LC_ALL=C; export LC_ALL; ${held(part)}; ${findSum}
i=${from / mebi}
# Where nothing is written now, an earlier try must not have left anything.
dd if=/dev/null of="$p" bs=${mebi} seek=$i 2> /dev/null || exit
receive() {
  while read -r at n; do
    case $at$n in *[!0-9]*) echo "what came names no place in the file: $at $n" >&2; return 1 ;; esac
    said=$(dd of="$p" bs=${mebi} seek="$at" count="$n" iflag=fullblock conv=notrunc 2>&1) || {
      printf '%s\\n' "$said" >&2; return 1
    }
    echo "$i $((at + n - i))"
    i=$((at + n))
  done
}
follow() {
  while read -r i n; do dd if="$p" bs=${mebi} skip=$i count=$n 2> /dev/null; done
}
exec 5>&1; ${summed}`
}
