import { answers } from '../../kit/answers.ts'
import { refuse } from '../../kit/refusal.ts'
import { sh } from '../../kit/shell.ts'
import type { Reader } from '../../model/operation.ts'
import type { Replaced } from '../../model/replaced.ts'

/** Where to look, and of many things those that are meant. */
export type Place = Replaced & { readonly names?: readonly string[] }

/** What is at a place, in a line, and where a copy of it was put; no state: it cannot be told. */
export interface Seen {
  readonly state: string | undefined
  readonly copy?: string | undefined
}

// Larger ones are not kept: a copy of every dump would fill the disk that the run needs.
const mostBytes = 64 * 1024 * 1024
const mostOfTree = 1024 * 1024 * 1024
const mostInTree = 20_000

/**
 * What is at places, in one request. Of a path: kind, mode, uid, gid, and of what is looked at whole a size, a target
 * or a checksum. With a folder, copies are put there of files and links, and of directories that are looked at whole.
 */
export async function lookAt(connection: Reader, places: readonly Place[], folder?: string): Promise<readonly Seen[]> {
  if (places.length === 0) return []
  const files = places.flatMap((one) => ('file' in one ? [one] : []))
  const scripts: Record<string, string> = {
    folder: `${at(folder)}\n${folder === undefined ? '' : 'mkdir -p -- "$d" || exit'}\nprintf %s "$d"`,
    ...(files.length === 0
      ? {}
      : {
          files: [
            at(folder),
            saying,
            ...files.map(({ file, whole = false }, i) => sh`say ${file} ${i} ${whole ? 'whole' : ''}`),
          ].join('\n'),
        }),
  }
  places.forEach((one, i) => {
    if ('file' in one) return
    scripts[`look ${i}`] = `${sh`names=${(one.names ?? []).join('\n')}`}\n${one.look}`
    if (one.keep !== undefined && folder !== undefined)
      scripts[`keep ${i}`] = `${at(folder)}\ncopy=$d/thing${i}\n${refuse}\n${one.keep}`
  })
  const found = await answers<string>(connection, scripts, { timeout: 3600 })
  const lines = found.files?.stdout.split('\n') ?? []
  let nth = 0
  return places.map((one, i): Seen => {
    if ('file' in one) {
      const [state, copy] = [lines[2 * nth], lines[2 * nth + 1]]
      nth++
      return { state: state || undefined, copy: copy || undefined }
    }
    const { code, stdout } = found[`look ${i}`]!
    const kept = found[`keep ${i}`]
    const state = stdout.trim()
    if (code !== 0 || state === '' || (kept && kept.code !== 0)) return { state: undefined }
    return { state, copy: kept && state !== 'none' ? `${found.folder!.stdout}/thing${i}` : undefined }
  })
}

const at = (folder?: string) =>
  [
    'LC_ALL=C; export LC_ALL; umask 077',
    ...(folder === undefined
      ? ['d=']
      : [
          'd=/var/lib/switchover/undo',
          'if [ ! -w /var/lib ]; then',
          '  d=$HOME/.switchover-undo; [ -w "$HOME" ] || d=/var/tmp/.switchover-undo-$(id -u)',
          // What somebody else planted there is not used.
          '  mkdir -m 700 "$d" 2>/dev/null; [ -d "$d" ] && [ ! -h "$d" ] && [ -O "$d" ] || exit',
          'fi',
          `d=$d/${sh`${folder}`}`,
        ]),
  ].join('\n')

const saying = `
copy() { if [ -n "$d" ]; then cp -a -- "$1" "$d/$2" || exit; printf '%s\\n' "$d/$2"; else echo; fi; }
tree() (
  cd -- "$1" && {
    find . -exec stat -c '%n %f %u %g' {} +
    find . -type f -exec sha256sum {} +
    find . -type l -exec sh -c 'for l; do printf "%s to %s\\n" "$l" "$(readlink -- "$l")"; done' sh {} +
  } | sort | sha256sum
)
large() {
  [ $(find "$1" | head -n ${mostInTree + 1} | wc -l) -gt ${mostInTree} ] && return
  z=$(du -sk -- "$1") && [ "\${z%%[!0-9]*}" -gt ${mostOfTree / 1024} ]
}
say() {
  if [ -L "$1" ]; then
    printf 'link 0 %s %s\\n' "$(stat -c '%u %g' -- "$1")" "$(readlink -- "$1" | tr '\\n' ' ')"; copy "$1" "$2"
  elif [ -d "$1" ]; then
    s= l=
    if [ -n "$3" ]; then
      if large "$1"; then s=' large' l=1; else s=$(tree "$1") && s=" all \${s%% *}" || exit; fi
    fi
    stat -c "directory %a %u %g$s" -- "$1" || exit
    if [ -n "$3" ] && [ -z "$l" ]; then copy "$1" "$2"; else echo; fi
  elif [ -f "$1" ]; then
    z=$(stat -c %s -- "$1") || exit
    if [ "$z" -le ${mostBytes} ]; then s=$(sha256sum < "$1") || exit; else s=$(stat -c 'of:%Y' -- "$1") || exit; fi
    stat -c "file %a %u %g %s \${s%% *}" -- "$1" || exit
    if [ "$z" -le ${mostBytes} ]; then copy "$1" "$2"; else echo; fi
  elif [ -e "$1" ]; then echo other; echo
  else echo none; echo
  fi
}`
