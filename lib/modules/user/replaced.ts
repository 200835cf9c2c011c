import { databaseLine } from '../../kit/accounts.ts'
import { sbin, sh } from '../../kit/shell.ts'
import type { ReplacedThing } from '../../model/replaced.ts'

/**
 * A user with its groups and password, as an undo puts it back: with `moveHome` what lies in the home moves along, and
 * with `joins` the group of its name was there before it.
 */
export function replacedUser(
  name: string,
  { moveHome = false, joins = false }: { readonly moveHome?: boolean; readonly joins?: boolean } = {},
): ReplacedThing {
  const known = `${sbin}${sh`n=${name}`}
l=$(${databaseLine('passwd', name)})
hash() { awk -F: -v n="$n" '$1 == n { print $2 }' /etc/shadow 2>/dev/null; }
groups() {
  id -Gn "$n" | tr ' ' '\\n' | grep -vxF "$(id -gn "$n")" | sort | tr '\\n' ',' | sed 's/,$//'
}`
  return {
    what: `user ${name}`,
    look: `${known}
[ -n "$l" ] || { echo none; exit; }
s=$(hash | sha256sum | cut -c 1-8)
printf '%s, in %s, password %s\\n' "$(printf %s "$l" | cut -d: -f3-)" "$(groups)" "$s"`,
    // The hash of the password stays on the host.
    keep: `${known}
[ -n "$l" ] || exit 0
{
  printf '%s\\n' "$l"; groups; echo; id -gn "$n"
  awk -F: -v n="$n" '$1 == n' /etc/shadow 2>/dev/null; echo
  for f in subuid subgid; do awk -F: -v n="$n" -v f=$f '$1 == n { print f, $2, $3 }' /etc/$f 2>/dev/null; done
} >"$copy"`,
    back: `${known}
try() {
  e=$("$@" 2>&1 </dev/null) || refuse "user $n cannot be put back: $e" "see whether processes of it run: ps -u $n"
}
if [ "$before" = none ]; then
  g=$(getent group "$n" | cut -d: -f3)
  try userdel "$n"
  ${joins ? `getent group "$n" >/dev/null || try groupadd -g "$g" "$n"` : ''}
  exit
fi
{ IFS= read -r l; IFS= read -r g; IFS= read -r main; IFS= read -r s; } <"$copy"
set -f; f=$IFS; IFS=:
set -- $l; uid=$3 gid=$4 comment=$5 home=$6 shell=$7
set -- $s; hash=$2 last=$3 min=$4 max=$5 warn=$6 idle=$7 end=$8
IFS=$f
if [ "$now" = none ]; then
  # With its user it went, too.
  getent group "$gid" >/dev/null || try groupadd -g "$gid" "$main"
  try useradd -r -M -u "$uid" -g "$gid" -c "$comment" -d "$home" \${shell:+-s "$shell"} \${g:+-G "$g"} "$n"
  while read -r f from count; do
    case $f in
      subuid) usermod -v "$from-$((from + count - 1))" "$n" ;;
      subgid) usermod -w "$from-$((from + count - 1))" "$n" ;;
    esac
  done <"$copy" 2>/dev/null
else
  try usermod -u "$uid" -g "$gid" -G "$g" -c "$comment" -d "$home" ${moveHome ? '-m ' : ''}\${shell:+-s "$shell"} "$n"
fi
[ -n "$s" ] || exit 0
printf '%s:%s\\n' "$n" "$hash" | chpasswd -e || exit
try chage -d "\${last:--1}" -m "\${min:--1}" -M "\${max:--1}" -W "\${warn:--1}" -I "\${idle:--1}" \\
  -E "\${end:--1}" "$n"`,
  }
}

/** A group with its number and its members. */
export function replacedGroup(name: string): ReplacedThing {
  const known = `${sbin}${sh`n=${name}`}
l=$(${databaseLine('group', name)})
members() { printf '%s\\n' "$l" | cut -d: -f4 | tr ',' '\\n' | sort | tr '\\n' ',' | sed 's/^,*//; s/,$//'; }`
  return {
    what: `group ${name}`,
    look: `${known}
[ -n "$l" ] || { echo none; exit; }
m=$(members); [ -n "$m" ] && m="with $m" || m='without members'
echo "gid $(printf %s "$l" | cut -d: -f3) $m"`,
    back: `${known}
try() { e=$("$@" 2>&1) || refuse "group $n cannot be put back: $e" 'see whether it is the group of a user'; }
if [ "$before" = none ]; then try groupdel "$n"; exit; fi
gid=\${before#gid }; gid=\${gid%% *}; wanted=\${before#*with }
case $before in *' without members') wanted= ;; esac
if [ "$now" = none ]; then try groupadd -g "$gid" "$n"; else try groupmod -g "$gid" "$n"; fi
l=$(${databaseLine('group', name)})
[ "$(members)" = "$wanted" ] || try gpasswd -M "$wanted" "$n"`,
  }
}
