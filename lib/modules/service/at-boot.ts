import type { Command } from '../../kit/command.ts'
import { sh } from '../../kit/shell.ts'
import { managing } from './managers.ts'

/** Has services started when the host boots, or not. */
export function atBoot(word: 'enabled' | 'disabled', names: readonly string[]): Command {
  const to = word === 'enabled' ? 'enable' : 'disable'
  return {
    script: [`${managing}${switched}`, ...names.map((name) => sh`atboot_set ${name} ${to}`)].join('\n'),
    shown: sh`service ${to} ${names}`,
  }
}

/** `atboot_set NAME enable` or `disable`, by whatever manages the service. */
export const switched = `
atboot_set() {
  manager "$1"
  case $MANAGER in
    systemd) quietly systemctl $2 "$1" ;;
    upstart)
      f=/etc/init/$1.override
      if [ -f "$f" ]; then grep -v '^[[:space:]]*manual[[:space:]]*$' "$f" >"$f.new"; mv "$f.new" "$f"; fi
      if [ $2 = disable ]; then echo manual >>"$f"; elif [ ! -s "$f" ]; then rm -f "$f"; fi ;;
    sysv)
      if command -v chkconfig >/dev/null 2>&1; then
        if [ $2 = enable ]; then quietly chkconfig --add "$1"; quietly chkconfig "$1" on
        else quietly chkconfig "$1" off; fi
      elif command -v update-rc.d >/dev/null 2>&1; then
        if [ $2 = enable ]; then quietly update-rc.d "$1" defaults; fi
        quietly update-rc.d "$1" $2
      else
        echo "neither chkconfig nor update-rc.d is there to $2 $1" >"$o"; false
      fi ;;
  esac || { cat "$o" >&2; exit 1; }
}`
