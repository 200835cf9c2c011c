import type { Replaced, ReplacedThing } from '../model/replaced.ts'
import type { PathState } from './path-state.ts'
import { sh } from './shell.ts'

/** A file that is replaced, where its path leads as well. */
export function replacedFile({ path, target }: Pick<PathState, 'path' | 'target'>): readonly Replaced[] {
  return [...new Set([path, target])].map((file) => ({ file }))
}

/** Who may do what with all that lies in a directory. Of more paths than this it is not kept. */
export function replacedAttributes(path: string): ReplacedThing {
  const most = 200_000
  // Not every stat writes what ends with a NUL.
  const each = `sh -c 'for f; do printf "%s %s\\0" "$(stat -c "%a %u:%g" -- "$f")" "$f"; done' sh`
  return {
    what: `attributes below ${path}`,
    look: `LC_ALL=C; export LC_ALL
${sh`[ -e ${path} ] || { echo none; exit; }`}
n=$(${sh`find ${path}`} | head -n ${most + 1} | wc -l); [ "$n" -le ${most} ] || exit 1
s=$(${sh`find ${path} -exec stat -c '%a %u:%g %n' {} +`} | sort | sha256sum)
echo "attributes of $n paths ($(echo "$s" | cut -c 1-12))"`,
    keep: `if stat --printf x / >/dev/null 2>&1; then ${sh`find ${path} -exec stat --printf '%a %u:%g %n\\0' {} +`}
else ${sh`find ${path}`} -exec ${each} {} +; fi >"$copy"`,
    back: `xargs -0 sh -c 'for r; do
  m=\${r%% *}; r=\${r#* }; o=\${r%% *}; r=\${r#* }
  [ -e "$r" ] || [ -L "$r" ] || continue
  chown -h -- "$o" "$r" || exit 255
  [ -L "$r" ] || { chmod ug-s -- "$r" && chmod -- "$m" "$r"; } || exit 255
done' sh <"$copy"`,
  }
}

/** Paths that a change makes, replaces or removes; where they are too many to look at each, the directory itself. */
export function replacedPaths(root: string, paths: readonly Replaced[]): readonly Replaced[] {
  return paths.length <= 1000 ? paths : [{ file: root, whole: true }]
}
