import { atPlace, giving, standing } from './links.ts'
import { quote, sh } from './shell.ts'

/** What some of the paths of a tree get. */
export interface Given {
  /** A find expression for them, of quoted words. */
  readonly which: string
  /** For chown. */
  readonly owner?: string
  /** For chmod; links have none. */
  readonly mode?: string
  /** They are folders, all of them. */
  readonly folders?: true
}

// What is gone needs nothing.
const anew = `follow=
${standing}
${giving}
beside "$3"
[ -e "./$f" ] || [ -L "./$f" ] || exit 0
own "$1" "$2"`

const atOnce = `who=$1 mode=$2
shift 2
[ -z "$who" ] || chown -h "$who" "$@" || exit
[ -z "$mode" ] || chmod "$mode" "$@"`

/**
 * The beginning of a script that changes a whole tree: `beside PATH` and `whole` come first, then `through` with a find
 * expression that has `give` run. Where somebody else can change what names in it mean, each path is looked for anew
 * from inside its folder; `wary` says that he will be able to.
 */
export const atTree = `${atPlace}wary() {
  at=\${d%/}/$f end=';' give=${quote(anew)}
}
whole() {
  wary
  loose='( ! -user 0 ! -user '$(id -u)' ) -o -perm -020 -o -perm -002'
  set -f
  theirs || [ -n "$(find "./$f" -type d \\( $loose \\) -print 2>/dev/null | head -n 1)" ] ||
    at=./$f end=+ give=${quote(atOnce)}
  set +f
}
through() {
  said=$(find "$at" -depth "$@" 2>&1) && [ -z "$said" ] && return
  printf '%s\\n' "$said" >&2
  case $said in *refused:*) exit 77 ;; esac
  exit 1
}
`

/**
 * The script that gives them in a whole tree, walking it once for each list: what lies in a folder before the folder
 * itself, because whoever gets that can change what its names mean. A link that the path is itself is followed where
 * nobody else can have made it, those in the tree are not.
 */
export function treeAttributes(path: string, walks: readonly (readonly Given[])[]): string {
  return [
    `${atTree}${sh`stand ${path}`}`,
    'still; whole',
    ...walks.filter((walk) => walk.length > 0).flatMap((walk) => [...needingCare(walk), `through ${allOf(walk)}`]),
  ].join('\n')
}

// Of several lists of names that find collects, one would be done after a folder that is in another one.
function needingCare(walk: readonly Given[]): readonly string[] {
  return walk.length > 1 && walk.some(({ folders }) => folders) ? ['wary'] : []
}

function allOf(walk: readonly Given[]): string {
  return walk
    .map(({ which, owner = '', mode = '' }) => `${which} -exec sh -c "$give" sh ${sh`${owner} ${mode}`} {} "$end"`)
    .join(' -o ')
}
