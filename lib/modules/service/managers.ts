import { plainly } from '../../kit/shell.ts'

/**
 * Shell functions that hide the three managers: `manager NAME` answers in MANAGER, empty where nobody knows the
 * service; `state NAME` in RUNNING (yes, no, or unknown where its init script knows no status) and SAID, `atboot NAME`
 * in ENABLED, `pid NAME` in PID its first process, empty where it is not told.
 */
export const managing = `${plainly}cd /
o=$(mktemp) || exit
trap 'rm -f "$o"' EXIT
nl='
'
quietly() { "$@" >"$o" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; }
# In HEARD what was said quietly; what shells have built in, since every process of another program costs more.
heard() { HEARD=; while IFS= read -r l || [ -n "$l" ]; do HEARD=$HEARD$l$nl; done <"$o"; }
upstart=no
if [ -d /run/systemd/system ]; then :; elif quietly initctl version && grep -q upstart "$o"; then upstart=yes; fi
manager() {
  MANAGER=
  if [ -d /run/systemd/system ]; then
    quietly systemctl show -p LoadState "$1"; heard
    case $HEARD in *not-found*) ;; *) MANAGER=systemd ;; esac
  elif [ $upstart = yes ] && [ -f "/etc/init/$1.conf" ]; then MANAGER=upstart
  elif [ -f "/etc/init.d/$1" ]; then MANAGER=sysv
  fi
}
sysv() {
  if command -v service >/dev/null 2>&1; then quietly service "$1" "$2"; else quietly "/etc/init.d/$1" "$2"; fi
}
# Debian's scripts ask by the program's name: once the pid file is gone, one service of uwsgi answers for all of them,
# and what python runs is never found. Where start-stop-daemon makes the file, the process that it names is what counts.
keepspid() {
  PIDFILE=
  if grep -q -e --make-pidfile "/etc/init.d/$1"; then
    PIDFILE=$(eval "$(grep -e '^PROJECT_NAME=' -e '^NAME=' -e '^PIDFILE=' "/etc/init.d/$1")"; printf %s "$PIDFILE")
  fi
  [ -n "$PIDFILE" ]
}
haspid() { [ -f "$PIDFILE" ] && read -r p <"$PIDFILE" && [ -d "/proc/$p" ]; }
state() {
  RUNNING=no
  case $MANAGER in
    systemd)
      quietly systemctl show -p ActiveState -p SubState "$1"; heard
      case $nl$HEARD in *"$nl"ActiveState=active*|*"$nl"ActiveState=reloading*) RUNNING=yes ;; esac ;;
    upstart)
      quietly initctl status "$1"; heard
      case $HEARD in *start/running*) RUNNING=yes ;; esac ;;
    sysv)
      if sysv "$1" status; then
        heard
        # Some scripts of the time say that it is stopped and still return 0.
        case $HEARD in
          *start/running*|${anywhere('is running')}) RUNNING=yes ;;
          ${['stop/waiting', 'not running', 'is stopped'].map(anywhere).join('|')}) ;;
          *) RUNNING=yes ;;
        esac
      else
        heard
        case $nl$HEARD in
          *start/running*) RUNNING=yes ;;
          *"$nl"${anywhere('usage:').slice(1)}|${anywhere('unknown action')}) RUNNING=unknown ;;
        esac
      fi
      if keepspid "$1"; then if haspid; then RUNNING=yes; else RUNNING=no; fi; fi ;;
  esac
  SAID=\${HEARD%%"$nl"*}
}
atboot() {
  ENABLED=no
  case $MANAGER in
    systemd) if quietly systemctl is-enabled "$1"; then ENABLED=yes; fi ;;
    upstart)
      if grep -q '^[[:space:]]*start on' "/etc/init/$1.conf"; then ENABLED=yes; fi
      if [ -f "/etc/init/$1.override" ]; then
        case $(grep -e '^[[:space:]]*manual' -e '^[[:space:]]*start on' "/etc/init/$1.override" | tail -n 1) in
          *manual*) ENABLED=no ;;
          *start*) ENABLED=yes ;;
        esac
      fi ;;
    sysv)
      for l in /etc/rc[2345].d/S[0-9][0-9]"$1" /etc/rc.d/rc[2345].d/S[0-9][0-9]"$1"; do
        if [ -e "$l" ] || [ -L "$l" ]; then ENABLED=yes; fi
      done ;;
  esac
}
pid() {
  PID=
  case $MANAGER in
    systemd) quietly systemctl show -p MainPID "$1" ;;
    upstart) quietly initctl status "$1" ;;
    sysv) sysv "$1" status ;;
    *) return ;;
  esac
  PID=$(sed -n -e 's/^MainPID=0*//p' -e 's/.*\\(pid\\|process\\)  *\\([0-9][0-9]*\\).*/\\2/p' "$o" | head -n 1)
  # Debian's scripts say no number, and keep it in a file: of their own, or where the Linux Standard Base has it.
  if [ $MANAGER = sysv ] && [ -z "$PID" ]; then
    keepspid "$1" || PIDFILE=
    for f in "$PIDFILE" "/var/run/$1.pid" "/var/run/$1/$1.pid"; do
      if [ -s "$f" ]; then read -r PID <"$f"; break; fi
    done
  fi
}
pause() { sleep $1 2>/dev/null || sleep 1; }
`

// A pattern of the shell for a text in any letters.
function anywhere(text: string): string {
  return `*${text.replaceAll(' ', '\\ ').replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)}*`
}
