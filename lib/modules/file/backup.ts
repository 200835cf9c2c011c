import { refuseUnknown } from '../../model/option-names.ts'
import { posix } from 'node:path'
import { cannotLook, closed } from '../../kit/closed.ts'
import { foresee } from '../../kit/foresee.ts'
import { type Command, performStep } from '../../kit/command.ts'
import { folderPath } from '../../kit/path-state.ts'
import { leavesSomeFile } from '../../kit/leaving.ts'
import { atPlace } from '../../kit/links.ts'
import { quote, sh } from '../../kit/shell.ts'
import { left } from '../../model/foreseen.ts'
import { backupName } from '../../kit/writing.ts'
import { Advice, CommandFailed, operation } from '../../model/operation.ts'
import type { Operation, Reader } from '../../model/operation.ts'

/** Where the copy lies. */
export type BackedUp = { readonly path: string; readonly backup: string }

/** What was found: the path that was asked for, where it leads, where its copy lies, and how the two compare. */
interface Found<Comparison extends string> {
  readonly target: string
  readonly backup: string
  readonly is: Comparison
}

// Both may take long with large trees.
const timeout = 3600

/**
 * Copies a file or a directory tree once to .switchover-backup/NAME beside it, everything preserved; what was saved
 * before stays. Daemons that load whole folders pass by such a name.
 *
 * ```ts
 * task('Keep the old configuration', file.backup('/etc/nova'))
 * ```
 */
export function backup(path: string): Operation<BackedUp> {
  return keep(folderPath(path))
}

const keep = operation<string, Found<'kept' | 'there' | 'missing'>, Command, BackedUp>(
  (path) => `file.backup ${path}`,
  {
    read: (connection, path) =>
      compared(
        connection,
        path,
        'if [ -e "$b" ] || [ -L "$b" ]; then echo kept; elif [ -e "$p" ]; then echo there; else echo missing; fi',
      ),
    plan({ target, backup, is }, path) {
      if (is === 'missing')
        throw new Advice(`${path} cannot be saved: it is missing`, 'check the path, and the task that makes it')
      if (is === 'kept') return { result: { path, backup } }
      return {
        result: { path, backup },
        // Under its name only when complete: half a copy must never pass for one.
        change: { script: saving(target), timeout },
        leaves: [left<Found<string>>(`backup ${backup}`, (is) => ({ ...is, is: 'kept' })), ...leavesSomeFile(backup)],
        replaces: [{ file: posix.dirname(backup) }, { file: backup, whole: true }],
        diff: { path: backup, before: '', after: `copy of ${path}\n` },
      }
    },
    apply: performStep,
  },
)

/**
 * Puts back what `backup` (of this module, or the option of others) saved; the saved copy stays where it is. With
 * `ifSaved` it is no failure that nothing was saved.
 *
 * ```ts
 * task('Put nova.conf back', { notify: restart }, file.restore('/etc/nova/nova.conf'))
 * ```
 */
export function restore(path: string, options: { readonly ifSaved?: boolean } = {}): Operation<BackedUp> {
  refuseUnknown('file.restore', options, { ifSaved: true })
  const { ifSaved = false } = options
  return putBack({ path: folderPath(path), ifSaved })
}

// Everything that cp -a brings but times: contents, kinds, modes, owners, where links lead.
const fingerprint = `print_of() {
  if [ -d "$1" ]; then
    ( cd "$1" && {
      find . -exec stat -c '%n %f %u %g' {} +
      find . -type f -exec sha256sum {} +
      find . -type l -exec sh -c 'for l; do printf "%s to %s\\n" "$l" "$(readlink "$l")"; done' sh {} +
    } | LC_ALL=C sort | sha256sum )
  else
    stat -c '%f %u %g' "$1"
    sha256sum < "$1"
  fi
}
`

const putBack = operation<
  { readonly path: string; readonly ifSaved: boolean },
  Found<'none' | 'gone' | 'same' | 'directory' | 'differs'>,
  Command,
  BackedUp
>(({ path }) => `file.restore ${path}`, {
  read: (connection, { path }) =>
    compared(
      connection,
      path,
      `${fingerprint}if [ ! -e "$b" ]; then echo none
elif [ ! -e "$p" ]; then echo gone
elif [ "$(print_of "$p")" = "$(print_of "$b")" ]; then echo same
elif [ -d "$p" ]; then echo directory
else echo differs; fi`,
    ),
  plan({ target, backup, is }, { path, ifSaved }) {
    if (is === 'none' && ifSaved) return { result: { path, backup } }
    if (is === 'none')
      throw new Advice(
        `${path} cannot be put back: there is no ${backup}`,
        'nothing was saved with file.backup, or it was saved under another path',
      )
    if (is === 'same') return { result: { path, backup } }
    return {
      result: { path, backup },
      change: { script: puttingBack(target, backup), timeout },
      replaces: [{ file: target, whole: true }],
      diff: { path, before: is === 'gone' ? '' : `not as in ${backup}\n`, after: `as in ${backup}\n` },
    }
  },
  apply: performStep,
})

// What has been saved since the look is the older one, and stays.
function saving(target: string): string {
  return `${atPlace}${sh`beside ${target}`}
k=./.switchover-backup b=./.switchover-backup/$f
[ -d "$k" ] || mkdir -m 700 "$k" || exit
[ ! -L "$k" ] || fail "$k is a link"
[ -e "$b" ] || [ -L "$b" ] || { rm -rf "$b.part" && cp -a "./$f" "$b.part" && mv "$b.part" "$b"; }`
}

// A folder that is there by now would take in what is to be put in its place.
function puttingBack(target: string, backup: string): string {
  const kept = `./${posix.relative(posix.dirname(target), backup)}`
  return `${atPlace}${sh`beside ${target}`}
rm -rf "./$f.part" && cp -a ${quote(kept)} "./$f.part" || exit
if [ -d "./$f" ] && [ ! -L "./$f" ]; then
  rm -rf "./$f.replaced" && mv "./$f" "./$f.replaced" && mv "./$f.part" "./$f" && rm -rf "./$f.replaced"
else
  mv -f "./$f.part" "./$f"
fi`
}

/** Where the path leads and where its copy lies, and what the script says of them: `$p` and `$b`. */
async function compared<C extends string>(connection: Reader, path: string, script: string): Promise<Found<C>> {
  const where = `${sh`p=${path}`}; [ ! -L "$p" ] || p=$(readlink -f "$p")
d=\${p%/*} f=\${p##*/}; ${backupName}
# As it was called before.
[ -e "$b" ] || [ -L "$b" ] || [ ! -e "$p.switchover-backup" ] || b=$p.switchover-backup`
  const door = '[ -e "$p" ] || { ! closed "$p" || exit 8; }'
  const whole = `${closed}\n${where}\n${door}\nprintf '%s\\n' "$p" "$b"\n${script}`
  const { code, stdout: said, stderr } = await connection.exec(whole, { timeout })
  if (code === 8) throw cannotLook(path, connection.host.name)
  if (code !== 0) throw new CommandFailed(script, { code, stdout: said, stderr })
  const [target = '', backup = '', is] = said.split('\n')
  const found = { target, backup, is: is as C }
  return foresee(connection, `backup ${backup}`, found)
}
