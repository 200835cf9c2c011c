import { plainly } from '../../kit/shell.ts'
import type { ReplacedThing } from '../../model/replaced.ts'
import { waiting } from './apt.ts'

/**
 * The packages of the host with their versions: what came along as a dependency, and what had to go, counts as well.
 * An undo removes what was not there, and brings the versions that were, where the repositories of the host still have
 * them; what a package keeps of its own, its settings and its data, it keeps.
 */
export const replacedPackages: ReplacedThing = {
  what: 'packages',
  many: true,
  look: `${plainly}t=$(printf '\\t')
if [ -s /var/lib/dpkg/status ]; then
  dpkg-query -W -f '\${Status}\\t\${Package}\\t\${Version}\\n' | sed -n "s/^[a-z]* ok installed$t//p"
elif command -v rpm >/dev/null 2>&1; then rpm -qa --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\n'
fi | sort >"\${TMPDIR:-/tmp}/.switchover-packages-$$" || exit
trap 'rm -f "\${TMPDIR:-/tmp}/.switchover-packages-$$"' EXIT
if [ -z "$names" ]; then cat "\${TMPDIR:-/tmp}/.switchover-packages-$$"; exit; fi
printf '%s\\n' "$names" | while IFS= read -r n; do
  v=$(awk -F "$t" -v n="$n" '$1 == n { print $2; exit }' "\${TMPDIR:-/tmp}/.switchover-packages-$$")
  printf '%s\\t%s\\n' "$n" "\${v:-none}"
done`,
  back: `${waiting(300)}
t=$(printf '\\t')
goes=$(printf '%s\\n' "$before" | awk -F "$t" '$2 == "none" { print $1 }')
comes=$(printf '%s\\n' "$before" | awk -F "$t" '$2 != "none" { print $1 "=" $2 }')
# Those that are there: to remove what is gone is no failure.
gone=
for n in $goes; do
  if [ -s /var/lib/dpkg/status ]; then dpkg-query -W -f '\${Status}' $n 2>/dev/null | grep -q 'ok installed'
  else rpm -q $n >/dev/null 2>&1; fi && gone="$gone $n"
done
failed() { refuse "$1" "$2"; }
if [ -s /var/lib/dpkg/status ]; then
  # Both refuse where others need what goes.
  [ -z "$gone" ] || dpkg --remove $gone </dev/null || failed "cannot remove$gone: other packages need them" \\
    'see which, above, and remove those first'
  [ -z "$comes" ] || {
    d=--allow-downgrades
    case $(apt-get --version | head -n 1) in 'apt '0.*|'apt 1.0'*) d=--force-yes ;; esac
    locked apt-get -q -y $d --no-install-recommends -o Dpkg::Options::=--force-confdef \\
      -o Dpkg::Options::=--force-confold install $comes
  } || failed "cannot bring $comes" 'have a repository that still has these versions, and undo again'
else
  [ -z "$gone" ] || rpm -e $gone || failed "cannot remove$gone: other packages need them" \\
    'see which, above, and remove those first'
  m=yum; ! command -v dnf >/dev/null 2>&1 || m=dnf
  for p in $comes; do
    n=\${p%%=*}
    if rpm -q "$n" >/dev/null 2>&1; then
      $m -y downgrade "$n-\${p#*=}" || $m -y install "$n-\${p#*=}"
    else $m -y install "$n-\${p#*=}"; fi || failed "cannot bring $p" \\
      'have a repository that still has this version, and undo again'
  done
fi`,
}
