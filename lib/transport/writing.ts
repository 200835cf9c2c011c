import { randomBytes } from 'node:crypto'
import type { FileMeta } from '../model/operation.ts'
import { quote } from '../model/shell.ts'

/** The exit code of the script when `validate` refused the new content. */
export const refusedByValidation = 90

/**
 * The sh script that replaces a file by its stdin, in one go: readers see the old content or the new one, never a part.
 * The new file is complete, with its owner, mode and context, before it gets its name.
 */
export function writing(path: string, meta: FileMeta): string {
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
    'cat >"$t" || exit 1',
    'set +C',
    'if [ -e "$p" ]; then',
    // Both in one call: owners that are equal already need no chown, which only root may do.
    `  set -- $(stat -c '%u:%g %a' -- "$p" "$t") || exit 1`,
    '  [ "$1" = "$3" ] || chown -- "$1" "$t" || exit 1',
    ...(meta.mode === undefined ? ['  chmod -- "$2" "$t" || exit 1'] : []),
    '  if [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; then',
    '    ! command -v chcon >/dev/null 2>&1 || chcon --reference="$p" -- "$t" || exit 1',
    '  fi',
    ...(meta.backup === true
      ? ['  b=$p.switchover-backup',
        '  [ -e "$b" ] || { cp -p -- "$p" "$t.old" && mv -f -- "$t.old" "$b"; } || exit 1']
      : []),
    '  new=',
    'else',
    '  new=1',
    ...(meta.mode === undefined ? ['  chmod 644 "$t" || exit 1'] : []),
    'fi',
    ...(told === '' ? [] : [`chown -- ${quote(told)} "$t" || exit 1`]),
    // After chown, which takes setuid bits away.
    ...(meta.mode === undefined ? [] : [`chmod -- ${quote(meta.mode)} "$t" || exit 1`]),
    ...(meta.validate === undefined
      ? []
      : [`( ${validation(meta.validate)}\n) </dev/null || exit ${refusedByValidation}`]),
    'mv -f -- "$t" "$p" || exit 1',
    'trap - EXIT',
    'if [ -n "$new" ] && { [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; }; then',
    '  ! command -v restorecon >/dev/null 2>&1 || restorecon -- "$p"',
    'fi',
    'exit 0',
  ].join('\n')
}

/** The author's command with the temporary file for `%s`, which may stand in quotes of its own. */
function validation(command: string): string {
  return command.replaceAll(/'%s'|"%s"|%s/g, '"$t"')
}
