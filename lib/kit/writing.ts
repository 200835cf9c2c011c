import { isAscii } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { Advice, type CommandResult, type FileMeta, Outdated } from '../model/operation.ts'
import { sayFollow, standing } from './links.ts'
import { refusalIn } from './refusal.ts'
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

/** What is written on, and what of it is kept. */
export interface Writing {
  readonly patch?: Patch
  /**
   * The checksum of the content that the new one was made from, or null for no file; whatever is there, unless said.
   */
  readonly before?: string | null
  /** A file of the same folder that has the content, complete: it is taken from there, and nothing is read. */
  readonly part?: string
}

/** Makes `b`, in sh: where the copy lies that is kept of the file `f` of the folder `d`. */
export const backupName = 'b=${d%/}/.switchover-backup/$f'

/**
 * The sh script that replaces a file by its stdin, or by a patch of what is there, in one go: readers see the old
 * content or the new one, never a part. The new file is made where nobody else may write, and is complete, with its
 * owner, mode, access list and context, before it gets its name. Where another content is there than it was made from
 * it fails, and nothing is changed: between that look and the new name nobody of us writes into the folder.
 */
export function writing(path: string, meta: FileMeta, { patch, before, part }: Writing = {}): string {
  const { mode, owner = '', group = '', unsafeWrites = false } = meta
  const aside = `.switchover-${randomBytes(8).toString('hex')}`
  // One process reads both, unless the author's command is shown the new content before the old one is looked at.
  const together = meta.validate === undefined && patch?.sha256 !== undefined && typeof before === 'string'
  // Into the old file only its content goes.
  const apart = unsafeWrites ? '[ -n "${into-}" ] || ' : ''
  const told = owner === '' && group === '' ? '' : `${owner}${group === '' ? '' : `:${group}`}`
  return [
    `p=${quote(path)} follow=${meta.follow === true ? 1 : ''}`,
    'case $p in /*) ;; *) p=$PWD/$p ;; esac',
    standing,
    sayFollow,
    // A planted link is replaced as a file would be.
    'stand "$p"',
    '[ -L "./$f" ] || [ ! -d "./$f" ] || fail "it is a directory"',
    'old=; [ -L "./$f" ] || [ ! -e "./$f" ] || old=1',
    ...(mode === undefined ? [`modes=; [ -z "$old" ] || modes=$(stat -c %a -- "./$f") || exit 1`] : []),
    `w= t=./${aside} q=./$f`,
    'umask 077',
    lock,
    ...(unsafeWrites ? [elsewhere] : [`[ -w . ] || { m=$( { : >"$t"; } 2>&1 ); fail "${unwritable}: \${m##*: }"; }`]),
    // Where others may write, a folder of its own: they could put something else under its name meanwhile.
    '[ -n "$w" ] || ! theirs || {',
    `  mkdir -m 711 ./${aside} && cd -P ./${aside} && w=\${d%/}/${aside} && [ "$PWD" = "$w" ] && [ -O . ] ||`,
    '    fail "no folder can be made in $d"',
    '  t=./new q=../$f',
    '}',
    `trap 'unlock; rm -f -- "$t" "$t.old"; [ -z "$w" ] || { cd /; rmdir -- "$w"; } 2>/dev/null' EXIT`,
    `trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM`,
    ...(part === undefined ? [] : taking(part)),
    `${apart}[ -z "$old" ] || {`,
    // All that it has beside its content. Not every cp can, and what it cannot keep must not let anybody in.
    '  cp --attributes-only --preserve=all -- "$q" "$t" 2>/dev/null || {',
    ...(part === undefined
      ? ['    cp --preserve=all -- "$q" "$t" 2>/dev/null || cp -p -- "$q" "$t" || exit 1']
      : [`    chown "$(stat -c '%u:%g' -- "$q")" "$t" && chmod "$(stat -c %a -- "$q")" "$t" || exit 1`]),
    '    ! command -v setfacl >/dev/null 2>&1 || getfacl -- "$q" 2>/dev/null | setfacl --set-file=- -- "$t" || exit 1',
    '  }',
    '  [ ! -L "$t" ] || fail "it has become a link"',
    '  [ -O "$q" ] && [ -G "$q" ] || {',
    `    set -- $(stat -c '%u:%g' -- "$q" "$t"); [ "$1" = "\${2-}" ] || chown -- "$1" "$t" || exit 1`,
    '  }',
    '}',
    ...(part !== undefined
      ? ['touch -c -- "$t"']
      : patch === undefined
        ? ['cat >"$t" || exit 1']
        : patching(patch, together ? undefined : patch.sha256)),
    ...(told === ''
      ? []
      : [
          // This file is root's everywhere: whoever owns it makes files that are.
          ...(/^root(:root)?$/.test(told)
            ? [`${apart}{ [ -O /etc/passwd ] && [ -G /etc/passwd ] && [ -O "$t" ] && [ -G "$t" ]; } ||`]
            : apart === ''
              ? []
              : [apart]),
          `chown -- ${quote(told)} "$t" || exit 1`,
        ]),
    // After chown and the content, which take setuid bits away.
    mode === undefined
      ? `${apart}case $modes in ????) chmod "$modes" "$t" ;; '') chmod 644 "$t" ;; esac || exit 1`
      : `${apart}chmod -- ${quote(mode)} "$t" || exit 1`,
    ...(meta.validate === undefined
      ? []
      : [`( t=$PWD/\${t#./}; cd 2>/dev/null || cd /; ${validation(meta.validate)}\n) </dev/null || exit ${refused}`]),
    'lock 2>/dev/null',
    ...(together ? bothSums(patch!.sha256!, before!) : stillThere(before)),
    ...(meta.backup === true
      ? [
          `[ -z "$old" ] || { ${backupName}; [ -e "$b" ] || [ -e "$d/$f.switchover-backup" ]; } ||`,
          '  { k=${q%/*}/.switchover-backup && { [ -d "$k" ] || mkdir -m 700 -- "$k"; } && [ ! -L "$k" ] &&',
          '    cp -pP -- "$q" "$t.old" && mv -f -- "$t.old" "$k/$f"; } || exit 1',
        ]
      : []),
    ...renaming(meta, told),
    'unlock; [ -z "$w" ] || { cd /; rmdir -- "$w"; }',
    'trap - EXIT',
    'if [ -z "$old" ] && { [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; }; then',
    '  ! command -v restorecon >/dev/null 2>&1 || restorecon -- "$p"',
    'fi',
    'exit 0',
  ].join('\n')
}

// Whoever may write there may have put another name of somebody's file in its place.
function taking(part: string): readonly string[] {
  return [
    `mv -f -- "\${q%/*}"/${quote(posix.basename(part))} "$t" || exit 1`,
    `[ -f "$t" ] && [ ! -L "$t" ] && [ -O "$t" ] && [ "$(stat -c %h -- "$t")" = 1 ] || fail "$p has changed meanwhile"`,
  ]
}

const unwritable = 'the folder $d cannot be written'

// A file that may be written in a folder that may not, or that no other file could be like: only root gives files away.
const elsewhere = `kept() {
  [ -z "$old" ] || [ "$(id -u)" = 0 ] || {
    [ -O "./$f" ] && { [ -G "./$f" ] || case " $(id -G) " in *" $(stat -c %g -- "./$f") "*) ;; *) false ;; esac; }
  }
}
[ -w . ] && kept || {
  w=$(mktemp -d "\${TMPDIR:-/tmp}/.switchover-XXXXXX") && cd -P -- "$w" || exit 1
  t=./new q=$p into=1
}`

/**
 * Defines `lock` and `unlock` in sh: for what nobody else of us may do at the same time in the folder of `$q`. Not for
 * ever: every user of the host could hold such a lock, and what stands for one without flock outlives a crash.
 */
export const lock = `held=
lock() {
  n=0
  if command -v flock >/dev/null; then
    exec 7<"\${q%/*}/." && { flock -w 20 7 || until flock -n 7 || [ $n = 50 ]; do n=$((n + 1)); sleep 0.1; done; }
  else
    until mkdir "\${q%/*}/.switchover-lock" || [ $n = 50 ]; do n=$((n + 1)); sleep 0.1; done
    held=\${q%/*}/.switchover-lock
  fi
}
unlock() { [ -z "$held" ] || rmdir -- "$held"; held=; }`

function stillThere(before: string | null | undefined): readonly string[] {
  if (before === undefined) return []
  if (before === null) return [`[ ! -e "$q" ] || [ -L "$q" ] || exit ${changedMeanwhile}`]
  return [
    `[ -f "$q" ] && [ ! -L "$q" ] && s=$(sha256sum <"$q") && [ "\${s%% *}" = ${before} ] || exit ${changedMeanwhile}`,
  ]
}

// A name with a backslash in it has one before its sum.
function bothSums(after: string, before: string): readonly string[] {
  return [
    `[ -f "$q" ] && [ ! -L "$q" ] && s=$(sha256sum -- "$t" "$q") && n=\${s#*"\n"} && s=\${s%% *} n=\${n%% *} &&`,
    `  [ "\${s#\\\\}" = ${after} ] && [ "\${n#\\\\}" = ${before} ] || exit ${changedMeanwhile}`,
  ]
}

function renaming({ unsafeWrites = false, mode }: FileMeta, told: string): readonly string[] {
  const attributes = [
    ...(told === '' ? [] : [`chown -- ${quote(told)} "$q"`]),
    // Nobody but its owner may set even the mode that it has.
    ...(mode === undefined
      ? []
      : [`{ [ "$(stat -c %a -- "$q")" = ${quote(mode.replace(/^0+(?=.)/, ''))} ] || chmod -- ${quote(mode)} "$q"; }`]),
  ]
  const into = ['[ ! -L "$q" ]', 'cat -- "$t" >"$q"', ...attributes].join(' && ')
  return [
    // Not every mv knows that what leads to a folder is not meant to be one.
    `place() {
  m=$(mv -fT -- "$t" "$q" 2>&1) || case $m in
  *nvalid\\ option*|*nrecognized\\ option*) { [ -L "$q" ] || [ ! -d "$q" ]; } && mv -f -- "$t" "$q" ;;
  *) ${unsafeWrites ? `${into} && rm -f -- "$t"` : 'echo "$m" >&2; false'} ;;
  esac
}`,
    unsafeWrites ? `if [ -n "\${into-}" ]; then ${into} && rm -f -- "$t"; else place; fi || exit 1` : 'place || exit 1',
  ]
}

function patching({ head, tail }: Patch, sha256: string | undefined): readonly string[] {
  const parts = [
    ...(head === 0 ? [] : [`head -c ${head} -- "$q"`]),
    // What shells have built in, where cat would be another process.
    `while IFS= read -r l; do printf '%s\\n' "$l" || exit 1; done`,
    ...(tail === undefined ? [] : [`tail -c +${tail} -- "$q"`]),
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
    return new Advice(
      `the new content of ${path} on ${host} was refused by ${brief(validate)}: ${said}`,
      'the file is as it was: mend what the task would write, or what checks it',
    )
  }
  if (code === changedMeanwhile) {
    return new Outdated(
      `${path} on ${host} was left alone: it is another file now than the one that was looked at`,
      'see who else writes it, and run the task again',
    )
  }
  const refusal = refusalIn(result)
  if (refusal) return refusal
  const said = withoutTool(stderr.trim(), path).replace(namesOfOurs, 'the new file') || `exit code ${code}`
  const hint = hints.find(([words]) => words.test(said))?.[1]
  const file = quote(path)
  const next = !hint
    ? `see what is there: ls -ld ${quote(posix.dirname(path))} ${file}; df ${file}`
    : typeof hint === 'string'
      ? hint
      : hint(file)
  return new Advice(`cannot write ${path} on ${host}: ${said}`, /^\/(proc|sys)\//.test(path) ? ofKernel : next)
}

const namesOfOurs = /[`']?\.\/(new|\.switchover-[0-9a-f]{16})'?(?![\w/])/g

const ofKernel = 'no file can be made there: write into it with a command, or set it with sysctl.set'

const hints: readonly (readonly [said: RegExp, hint: string | ((file: string) => string)])[] = [
  [/^there is no directory /m, 'make it first, with file.directory'],
  [/(invalid|unknown) (user|group)/, 'make the account first, with user.present or group.present, or correct the name'],
  [/invalid mode/, 'write it as 0640, or as u=rw,g=r,o='],
  [/name too long/i, 'give it a shorter name: file systems take 255 bytes'],
  [/No space left|quota exceeded/i, (file) => `make room there: df ${file}; df -i ${file}`],
  [/Read-only file system/i, 'it is mounted read-only: mount shows it, and dmesg why where an error has made it so'],
  [
    /busy$/m,
    'it is mounted there, as files of containers are: unsafeWrites: true writes into it, where readers may see a part',
  ],
  [
    /changing ownership|^the new file: Operation not permitted|Permission denied/m,
    'let the task act as a user who may: become: true; a file that it may write is written with unsafeWrites: true',
  ],
  [
    /Operation not permitted/,
    (file) =>
      `see whether it, or its folder, is immutable or append-only, or belongs to others: lsattr ${file}; ls -l ${file}`,
  ],
]

/** What a tool said, without its own name and the path: both are known. */
export function withoutTool(said: string, path: string): string {
  return said
    .split('\n')
    .map((line) => line.replace(/^\w+: (?:line \d+: |\d+: )?/, '').replace(`${path}: `, ''))
    .join('\n')
}
