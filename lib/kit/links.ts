import { posix } from 'node:path'
import { Advice } from '../model/operation.ts'
import { refuse } from './refusal.ts'
import { sh } from './shell.ts'

/**
 * Defines `leads PATH` in sh: `r` becomes where an absolute path leads. A link is followed when it belongs to root or
 * to who acts and lies in a folder of theirs, or `follow` is not empty: any other one may have been planted. At such
 * a link it stops; `stopped` is its path then, and `rest` what was to come behind it. It fails where links go round
 * in circles.
 */
export const leads = `ours() {
  set -- $(stat -c '%u %a' -- "\${1%/*}/." "$1" 2>/dev/null; id -u)
  [ $# = 5 ] || return 1
  case $1 in 0|$5) ;; *) return 1 ;; esac
  case $3 in 0|$5) ;; *) return 1 ;; esac
  case $2 in [1357]???) ;; *[2367]) return 1 ;; esac
}
leads() {
  rest=\${1#/} r= n=0 stopped=
  while [ -n "$rest" ]; do
    case $rest in */*) c=\${rest%%/*} rest=\${rest#*/} ;; *) c=$rest rest= ;; esac
    case $c in ''|.) continue ;; ..) [ -d "$r/." ] || return 1; r=\${r%/*}; continue ;; esac
    r=$r/$c
    [ -L "$r" ] || continue
    [ -n "$follow" ] || ours "$r" || { stopped=$r; return 0; }
    n=$((n + 1))
    [ $n -le 40 ] && l=$(readlink -- "$r") || return 1
    case $l in /*) r= ;; *) r=\${r%/*} ;; esac
    rest=\${l#/}\${rest:+/$rest}
  done
  r=\${r:-/}
}`

const planted = (path: string, link: string) =>
  `${path} was left alone: ${link} is a link that others than root could have made`
const hint = 'name what it leads to'
const meant = ', or say that it is meant: follow: true'

/** In sh, for whoever looks at a path and will change what it names: `r` becomes where it leads, or it ends with 9. */
export const leadsTo = (path: string) => `follow=\n${leads}
${sh`leads ${path} || r=${path}`}; [ -z "$stopped" ] || { printf '%s\\n' "$stopped" >&2; exit 9; }`

/** Behind `standing`, where the author can say that a link is meant. */
export const sayFollow = `hint="$hint${meant}"`

/**
 * Defines `stand PATH` in sh: goes into the folder where a path leads, by links that nobody can have planted. The
 * folder is `d` then, and `./$f` what the path names: that folder and no other, whatever others make of its name
 * meanwhile. `beside PATH` does the same for a path whose last name is meant itself, also where it is a link.
 * `theirs` says whether others may put something else under the names in it.
 */
export const standing = `${refuse}
hint='${hint}'
fail() { echo "$1" >&2; exit 1; }
${leads}
stand() {
  leads "$1" || fail "the link cannot be followed"
  [ -z "$stopped" ] || [ -z "$rest" ] || refuse "${planted('$1', '$stopped')}" "$hint"
  p=$r d=\${r%/*} f=\${r##*/}; d=\${d:-/}
  enter
}
beside() {
  leads "\${1%/*}/" || fail "the link cannot be followed"
  [ -z "$stopped" ] || refuse "${planted('$1', '$stopped')}" "$hint"
  p=$1 d=$r f=\${1##*/}
  enter
}
enter() {
  [ -d "$d" ] || fail "there is no directory $d"
  cd -P -- "$d" && [ "$PWD" = "$d" ] || fail "the way to $p has changed"
}
theirs() {
  set -- $(stat -c '%u %a' .)
  case $2 in [1357]???) ;; *[2367]?|*[2367]) return 0 ;; esac
  [ "$1" != 0 ] && [ ! -O . ]
}
still() {
  [ ! -L "./$f" ] || refuse "${planted('$p', 'it')}" "$hint"
}`

/**
 * Defines `give OWNER MODE` in sh, behind `standing`: sets them, where they are not empty, of what the path names, and
 * of nothing that takes its place meanwhile. `own` does the same where a link itself is meant; a link has no mode.
 */
export const giving = `give() {
  still
  own "$1" "$2"
}
own() {
  t=./$f h=
  if [ -d "$t" ] && [ ! -L "$t" ]; then
    cd -P -- "$t" && [ "$PWD" = "\${d%/}/$f" ] || fail "the way to $p has changed"
    t=.
  elif theirs; then
    if [ ! -f "$t" ] || [ -L "$t" ]; then
      apart "$1" "$2" || exit
      return
    fi
    exec 8<"$t" && t=/proc/self/fd/8 && [ "$(readlink $t)" = "\${d%/}/$f" ] || fail "$p has changed meanwhile"
    single "$1" "$2" $(stat -L -c '%h %u' . $t) 1
  elif [ -L "$t" ]; then
    h=-h
  fi
  [ -z "$1" ] || chown $h "$1" "$t" || exit 1
  [ -z "$2" ] || [ -n "$h" ] || chmod "$2" "$t" || exit 1
}
# A second name of a file of others?
single() {
  [ "$5" = "$7" ] || [ "$6" = "$4" ] || fail "$p has other names"
}
# What cannot be held open gets a second name where nobody else can change what it names.
apart() (
  w=.switchover-$$
  mkdir -m 700 "./$w" && cd -P "./$w" && [ "$PWD" = "\${d%/}/$w" ] && [ -O . ] || fail "no folder can be made in $d"
  trap 'rm -f it; cd ..; rmdir "./$w"' EXIT
  ln -- "../$f" it || exit 1
  single "$1" "$2" $(stat -c '%h %u' .. it) 2
  [ -z "$1" ] || chown -h "$1" it || exit 1
  [ -z "$2" ] || [ -L it ] || chmod "$2" it || exit 1
)`

/**
 * Defines `hold PATH` in sh, behind `standing`: `p` becomes a name of the task's own file that the path names, which
 * stays its name whatever others put in the folder meanwhile; `d` and `f` are as `stand` leaves them. It fails where
 * somebody else's file lies there.
 */
export const holding = `hold() {
  beside "$1"
  still
  w=$p p=./$f
  theirs || return 0
  [ -f "$p" ] && { exec 8<>"$p"; } 2>/dev/null || fail "$w is not there"
  p=/proc/self/fd/8
  [ "$(readlink $p)" = "\${d%/}/$f" ] && [ "$(stat -L -c '%u %h' $p)" = "$(id -u) 1" ] ||
    fail "$w has changed meanwhile"
}
# Gives the file ./$1 the name $2, also where that is a link to a folder.
rename() {
  mv -fT -- "./$1" "./$2" 2>/dev/null || { [ ! -L "./$2" ] && [ ! -d "./$2" ] && mv -f -- "./$1" "./$2"; }
}`

/** The beginning of a script for a file of the task's own, behind which `$p` is its name. */
export function held(path: string): string {
  return `follow=\n${standing}\n${holding}\n${sh`hold ${path}`}`
}

/** The beginning of a script that changes what a path names: `stand PATH` comes first, then what is done to `./$f`. */
export const atPlace = `follow=\n${standing}\n${giving}\n`

/** The same, where `make PATH` comes first: it makes the folders that the path lacks, each from inside the last one. */
export const atNewPlace = `${atPlace}make() {
  leads "$1/" || fail "the link cannot be followed"
  [ -z "$stopped" ] || refuse "${planted('$1', '$stopped')}" "$hint"
  p=$1 rest=\${r#/} d=/
  cd /
  while [ -n "$rest" ]; do
    case $rest in */*) f=\${rest%%/*} rest=\${rest#*/} ;; *) f=$rest rest= ;; esac
    [ -d "./$f" ] || if theirs; then mkdir "./$f"; else mkdir -p "./$f\${rest:+/$rest}"; fi || exit 1
    d=\${d%/}/$f
    cd -P -- "./$f" && [ "$PWD" = "$d" ] || fail "the way to $p has changed"
  done
}
`

/** A script that makes the task's own file anew, in a folder that is there; only its owner can read it. */
export function emptied(path: string): string {
  return `umask 077; ${atPlace}${sh`beside ${path}`}\n${anew}`
}

/** The same, which makes the folders that it lacks as well: they are its owner's alone. */
export function emptiedAnywhere(path: string): string {
  return `umask 077; ${atNewPlace}${sh`make ${posix.dirname(path)}; f=${posix.basename(path)}`}\n${anew}`
}

const anew = `rm -f -- "./$f" && (set -C; : >"./$f") || exit 1`

/** A script that gives a file of the task's own another name in its folder. */
export function renamed(path: string, name: string): string {
  return `${held(path)}\n${sh`rename "$f" ${name}`}`
}

/** A script that takes away what the last name of a path means. */
export function takenAway(path: string): string {
  return `${atPlace}${sh`beside ${path}`}; rm -f -- "./$f"`
}

/**
 * Defines `loose PATH` in sh, for programs that go by a path themselves while root runs them, so that nothing can keep
 * them inside: it says a folder on the way in which another user decides what the names mean, and whose it is, or fails
 * where there is none. The last name counts with a slash behind it. `follow` is set.
 */
export const loose = `${leads}
loose() (
  [ "$(id -u)" = 0 ] || return 1
  leads "$1" || return 1
  [ -z "$stopped" ] || { echo "\${stopped%/*} $(stat -c %U -- "$stopped")"; return; }
  case $1 in */) ;; *) r=\${r%/*} ;; esac
  set --
  while [ -n "$r" ] && [ "$r" != / ]; do set -- "$r" "$@"; r=\${r%/*}; done
  for r; do
    [ -d "$r" ] || return 1
    w=$(stat -c '%u %a %U' -- "$r") || return 1
    case $w in
      '0 '[1357]???' '*) ;;
      *' '*[2367]' '*) echo "$r anybody"; return ;;
      '0 '*) ;;
      *) echo "$r \${w##* }"; return ;;
    esac
  done
  return 1
)`

/** The failure of a task that has root run such a program there, by what `loose` said. */
export function inOtherHands(path: string, what: string, said: string): Advice {
  const [, folder, user] = /^(.*) (\S+)$/.exec(said.trim()) ?? []
  return new Advice(
    `${path} was left alone: ${user} decides what lies in ${folder}, ` +
      `and could lead ${what} elsewhere while root runs it`,
    user === 'anybody'
      ? `close the folder (chmod o-w ${folder}), or name a place where nobody else may write`
      : `let the task act as that user (become: '${user}'), or name a place where nobody else may write`,
  )
}

/** The failure of whoever is to write through a link that others made, and may say that it is meant unless `never`. */
export function plantedLink(path: string, link: string, never?: 'never'): Advice {
  return new Advice(planted(path, link === path ? 'it' : link), never ? hint : `${hint}${meant}`)
}
