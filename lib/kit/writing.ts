import { isAscii } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { Advice, type CommandResult, type FileMeta } from '../model/operation.ts'
import { brief, quote } from './shell.ts'

/** New content, said by what of the old content stays; the lines between are for the script's stdin. */
export type Patch = {
  /** Bytes that stay at the beginning. */
  readonly head: number
  /** The byte of the old content, counted from 1, from which the rest stays; undefined where nothing does. */
  readonly tail?: number
  /** Of the whole new content, where a part of the old one stays. */
  readonly sha256?: string
}

// A shell reads its script and what belongs to it byte by byte, on some systems with a system call for each.
const mostText = 4096
const newline = 10

/**
 * What to send for a new content instead of all of it: whole lines of ASCII, or nothing; undefined where that is no
 * less, or is not plain lines.
 */
export function patchOf(
  before: Uint8Array | undefined,
  after: Uint8Array,
  sha256: (bytes: Uint8Array) => string,
): { readonly patch: Patch; readonly text: string } | undefined {
  let head = 0
  let end = after.length
  if (before && after.length > mostText) {
    head = sameAtBeginning(before, after)
    end = after.length - sameAtEnd(before.subarray(head), after.subarray(head))
    if (head > 0) head = after.lastIndexOf(newline, head - 1) + 1
    if (end > head && after[end - 1] !== newline) end = after.indexOf(newline, end) + 1 || after.length
  }
  const middle = after.subarray(head, end)
  if (
    middle.length > mostText ||
    middle.includes(0) ||
    !isAscii(middle) ||
    (middle.length > 0 && middle.at(-1) !== newline)
  )
    return undefined
  return {
    text: Buffer.from(middle).toString('latin1'),
    patch: {
      head,
      ...(end === after.length ? {} : { tail: before!.length - (after.length - end) + 1 }),
      ...(head === 0 && end === after.length ? {} : { sha256: sha256(after) }),
    },
  }
}

// Pieces are compared by the machine, bytes only where two pieces differ: files have a hundred thousand.
const piece = 4096

function sameAtBeginning(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length)
  let same = 0
  while (same + piece <= most && !differ(one, other, same, same, piece)) same += piece
  while (same < most && one[same] === other[same]) same++
  return same
}

function sameAtEnd(one: Uint8Array, other: Uint8Array): number {
  const most = Math.min(one.length, other.length)
  let same = 0
  while (same + piece <= most && !differ(one, other, one.length - same - piece, other.length - same - piece, piece))
    same += piece
  while (same < most && one[one.length - same - 1] === other[other.length - same - 1]) same++
  return same
}

function differ(one: Uint8Array, other: Uint8Array, from: number, otherFrom: number, length: number): boolean {
  return Buffer.compare(one.subarray(from, from + length), other.subarray(otherFrom, otherFrom + length)) !== 0
}

// Exit codes of the script that say why.
const refused = 90
const changedMeanwhile = 91

/**
 * The sh script that replaces a file by its stdin, or by a patch of what is there, in one go: readers see the old
 * content or the new one, never a part. The new file is complete, with its owner, mode and context, before it gets its
 * name. With a patch for another content than is there it fails, and nothing is changed.
 */
export function writing(path: string, meta: FileMeta, patch?: Patch): string {
  const suffix = `.switchover-${randomBytes(8).toString('hex')}`
  const owner = meta.owner ?? ''
  const group = meta.group ?? ''
  const told = owner === '' && group === '' ? '' : `${owner}${group === '' ? '' : `:${group}`}`
  return [
    `p=${quote(path)}`,
    // A link stays a link: what it points to is replaced.
    // Step by step, since not every readlink -f follows a link to what is not there yet.
    'n=0',
    'while [ -L "$p" ]; do',
    '  n=$((n + 1))',
    '  [ $n -le 40 ] && l=$(readlink -- "$p") || { echo "the link cannot be followed" >&2; exit 1; }',
    '  case $l in /*) p=$l ;; *) case $p in */*) p=${p%/*}/$l ;; *) p=$l ;; esac ;; esac',
    'done',
    '[ ! -d "$p" ] || { echo "it is a directory" >&2; exit 1; }',
    'case $p in */*) d=${p%/*}; d=${d:-/} ;; *) d=. ;; esac',
    '[ -d "$d" ] || { echo "there is no directory $d" >&2; exit 1; }',
    `t=$d/.\${p##*/}${suffix}`,
    `trap 'rm -f -- "$t" "$t.old"' EXIT`,
    `trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM`,
    'umask 077; set -C',
    ...(patch === undefined ? ['cat >"$t" || exit 1'] : patching(patch)),
    'set +C',
    'if [ -e "$p" ]; then',
    // What we make is ours, as the old one is: then nobody need be asked.
    ...(meta.mode === undefined ? [] : ['  [ -O "$p" ] && [ -G "$p" ] && [ ! -g "$d" ] || {']),
    // Both in one call: owners that are equal already need no chown, which only root may do.
    `  set -- $(stat -c '%u:%g %a' -- "$p" "$t") || exit 1`,
    '  [ "$1" = "$3" ] || chown -- "$1" "$t" || exit 1',
    meta.mode === undefined ? '  chmod -- "$2" "$t" || exit 1' : '  }',
    '  if [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; then',
    '    ! command -v chcon >/dev/null 2>&1 || chcon --reference="$p" -- "$t" || exit 1',
    '  fi',
    ...(meta.backup === true
      ? ['  b=$p.switchover-backup', '  [ -e "$b" ] || { cp -p -- "$p" "$t.old" && mv -f -- "$t.old" "$b"; } || exit 1']
      : []),
    '  new=',
    'else',
    '  new=1',
    ...(meta.mode === undefined ? ['  chmod 644 "$t" || exit 1'] : []),
    'fi',
    ...(told === ''
      ? []
      : [
          // This file is root's everywhere: whoever owns it makes files that are.
          ...(/^root(:root)?$/.test(told)
            ? ['[ -O /etc/passwd ] && [ -G /etc/passwd ] && [ -n "$new" ] && [ ! -g "$d" ] ||']
            : []),
          `chown -- ${quote(told)} "$t" || exit 1`,
        ]),
    // After chown, which takes setuid bits away.
    ...(meta.mode === undefined ? [] : [`chmod -- ${quote(meta.mode)} "$t" || exit 1`]),
    ...(meta.validate === undefined ? [] : [`( ${validation(meta.validate)}\n) </dev/null || exit ${refused}`]),
    'mv -f -- "$t" "$p" || exit 1',
    'trap - EXIT',
    'if [ -n "$new" ] && { [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; }; then',
    '  ! command -v restorecon >/dev/null 2>&1 || restorecon -- "$p"',
    'fi',
    'exit 0',
  ].join('\n')
}

function patching({ head, tail, sha256 }: Patch): readonly string[] {
  const parts = [
    ...(head === 0 ? [] : [`head -c ${head} -- "$p"`]),
    // What shells have built in, where cat would be another process.
    `while IFS= read -r l; do printf '%s\\n' "$l" || exit 1; done`,
    ...(tail === undefined ? [] : [`tail -c +${tail} -- "$p"`]),
  ]
  return [
    `{ ${parts.join(' && ')}; } >"$t" || exit 1`,
    ...(sha256 === undefined
      ? []
      : [`s=$(sha256sum <"$t") || exit 1`, `[ "\${s%% *}" = ${sha256} ] || exit ${changedMeanwhile}`]),
  ]
}

/** The author's command with the temporary file for `%s`, which may stand in quotes of its own. */
export function validation(command: string): string {
  return command.replaceAll(/'%s'|"%s"|%s/g, '"$t"')
}

/** Why a file was not written, by how the script ended. */
export function notWritten(path: string, host: string, { validate = '' }: FileMeta, result: CommandResult): Error {
  const { code, stdout, stderr } = result
  if (code === refused) {
    const said = `${stdout.trim()}\n${stderr.trim()}`.trim() || 'it said nothing'
    return new Error(`the new content of ${path} on ${host} was refused by ${brief(validate)}: ${said}`)
  }
  if (code === changedMeanwhile) {
    return new Advice(
      `${path} on ${host} was left alone: it is another file now than the one that was looked at`,
      'see who else writes it, and run the task again',
    )
  }
  const said = withoutTool(stderr.trim(), path) || `exit code ${code}`
  const reason = `cannot write ${path} on ${host}: ${said}`
  return /^there is no directory /m.test(said)
    ? new Advice(reason, 'make it first, with file.directory')
    : new Error(reason)
}

/** What a tool said, without its own name and the path: both are known. */
export function withoutTool(said: string, path: string): string {
  return said
    .split('\n')
    .map((line) => line.replace(/^\w+: (?:line \d+: |\d+: )?/, '').replace(`${path}: `, ''))
    .join('\n')
}
