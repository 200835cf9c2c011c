import type { Command } from '../../kit/command.ts'
import { quote, sh } from '../../kit/shell.ts'
import { CommandFailed } from '../../model/operation.ts'
import type { ServiceOptions } from '../service.ts'
import { managing } from './managers.ts'

/** What services are told, by the word of the operation. */
export const orders = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload' } as const

export type Order = keyof typeof orders

/** Tells services and waits until all are what they should be, and stay so for a moment. */
export function ordering(word: Order, names: readonly string[], options: ServiceOptions): Command {
  const { timeout, settle, log } = patience(options)
  const until = word === 'stopped' ? ['no', timeout, 0] : ['yes', timeout, Math.ceil(settle * 100)]
  return {
    script: [
      `${managing}${ordered}`,
      `logs() { ${log.map((path) => `endof ${quote(path)}`).join('; ') || ':'}; }`,
      // In a subshell what is said is kept for each of them.
      ...names.map((name) =>
        options.together
          ? sh`( o=$kept/${name}.said; tell ${name} ${orders[word]} ) &`
          : sh`tell ${name} ${orders[word]}`,
      ),
      ...(options.together ? ['wait'] : []),
      sh`settle ${until} ${names}`,
    ].join('\n'),
    timeout: timeout * 2 + settle + 300 * names.length,
    // In a channel of its own: what is asked by tasks at the same time should not wait until the services have settled.
    long: true,
    shown: `service ${orders[word]}`,
  }
}

/** The failure in words, where the script has said which service it was. */
export function failureOf({ command, result }: CommandFailed, word: Order, options: ServiceOptions): CommandFailed {
  const { timeout, settle } = patience(options)
  const lines = result.stdout.split('\n')
  const failed = lines.findIndex((line) => line.startsWith('failed '))
  const [, name = '', how = '', code = ''] = (lines[failed] ?? '').split(' ')
  if (failed < 0) return new CommandFailed(command, result)
  const said = lines[failed + 1]?.slice(5) ?? ''
  const rest = lines
    .slice(failed + 2)
    .flatMap((line) =>
      line.startsWith('log ')
        ? [`the end of ${line.slice(4)}:`]
        : line.startsWith('out ')
          ? [`  ${line.slice(4)}`]
          : [],
    )
  const what =
    how === 'died'
      ? `${name} was running and is not any more: it did not stay up for ${settle} s`
      : how === 'late'
        ? `${name} is not ${word === 'stopped' ? 'stopped' : 'running'} after ${timeout} s`
        : `${name} could not be ${word}: its manager ended with code ${code}`
  const shown = rest.filter((line) => line.trim() !== '')
  return new CommandFailed(
    `service ${name} ${orders[word]}`,
    { code: Number(code) || result.code, stdout: result.stdout, stderr: result.stderr },
    `${what}${said ? ` (it says: ${said})` : ''}${shown.length > 0 ? `\n${shown.join('\n')}\n` : ''}`,
  )
}

function patience({ timeout = 60, settle = 2, log = [] }: ServiceOptions) {
  return { timeout: Math.ceil(timeout), settle, log: [log].flat() }
}

/**
 * `tell NAME ORDER`: what it ended with is kept for later, since what a service says of itself counts more: many init
 * scripts return anything. `settle RUNNING SECONDS CALM NAME…` waits until all run (or do not), and for CALM hundredths
 * of a second more. `endof FILE` is a pattern, too.
 */
export const ordered = `
kept=$(mktemp -d) || exit
trap 'rm -rf "$o" "$kept"' EXIT
tell() {
  manager "$1"; to=$2
  # What does not run cannot be reloaded, and upstart cannot restart it either.
  case $MANAGER-$to in *-reload|upstart-restart) state "$1"; [ $RUNNING = yes ] || to=start ;; esac
  case $MANAGER in
    systemd)
      # It would go on by the unit that it has read, whatever the file says by now.
      if [ $to != stop ]; then
        quietly systemctl show -p NeedDaemonReload "$1"; heard
        case $HEARD in *=yes*) quietly systemctl daemon-reload ;; esac
      fi
      quietly systemctl $to "$1" ;;
    upstart) quietly initctl $to "$1" ;;
    sysv) sysv "$1" $to ;;
  esac
  echo $? >"$kept/$1.code"
  tail -n 20 "$o" >"$kept/$1.out"
}
endof() {
  l=$(IFS=; ls -t -- $1 2>/dev/null | head -n 1)
  echo "log \${l:-$1}"; tail -n 20 "\${l:-$1}" 2>&1 | sed 's/^/out /'
}
fail() {
  echo "failed $1 $2"
  printf 'said %.200s\\n' "$SAID"
  sed 's/^/out /' "$kept/$1.out"
  logs
  exit 1
}
# Seconds alone would make every settling up to one longer, and asking costs more than waiting: once all run, they are
# asked half as often.
clock() { read -r t rest </proc/uptime; NOW=$((\${t%.*} * 100 + 1\${t#*.} - 100)); }
settle() {
  wanted=$1 timeout=$2 calm=$3; shift 3
  clock
  begun=$NOW since=
  while :; do
    clock
    all=yes
    for n; do
      manager "$n"; state "$n"
      if [ "$RUNNING" = $wanted ]; then : >"$kept/$n.seen"; continue; fi
      all=no code=$(cat "$kept/$n.code")
      if [ $wanted = yes ] && [ -e "$kept/$n.seen" ]; then fail "$n" died; fi
      if [ "$code" -ne 0 ] && [ $((NOW - begun)) -ge 300 ]; then fail "$n" "code $code"; fi
      if [ $((NOW - begun)) -ge $((timeout * 100)) ]; then fail "$n" late; fi
    done
    if [ $all = yes ]; then
      since=\${since:-$NOW}
      [ $((NOW - since)) -lt $calm ] || exit 0
      pause 0.5
    else
      since=
      pause 0.25
    fi
  done
}`
