import { Advice, CommandFailed, legacyOperation, output } from '../model/operation.ts'
import type { Connection, Operation, Reader } from '../model/operation.ts'
import { didYouMean } from '../model/problem.ts'
import { sh } from '../kit/shell.ts'

/** Who starts and stops it. */
export type Manager = 'systemd' | 'upstart' | 'sysv'

/** What its manager says of a service. */
export type Status = {
  readonly name: string
  readonly manager: Manager
  readonly running: boolean
  /** Will it be started when the host boots? */
  readonly enabled: boolean
  /** In the manager's own words. */
  readonly said: string
}

/** Which services were touched. */
export type Changed = { readonly services: readonly string[] }

/** How patient to be, and where to look when it goes wrong. */
export interface ServiceOptions {
  /** Seconds until a service that does not get there counts as failed; 60 unless said. */
  readonly timeout?: number
  /** Seconds that a service must keep running after its start, since many die a moment later; 2 unless said. */
  readonly settle?: number
  /** Log files whose last lines the error shows; of those that match a pattern the one written last. */
  readonly log?: string | readonly string[]
}

type Names = readonly [first: string | ServiceOptions, ...names: string[]]

/**
 * Services that run: those that do not are started together, and watched for a moment.
 *
 * ```ts
 * task('Start the daemons', service.started('openstack-glance-api', 'openstack-glance-registry'))
 * task('Start nova-api', service.started({ log: '/var/log/nova/api.log' }, 'openstack-nova-api'))
 * ```
 */
export function started(...names: Names): Operation<Changed> {
  return act({ word: 'started', ...parse('started', names) })
}

/**
 * Services that do not run; resolves when their manager says that they have stopped.
 *
 * ```ts
 * task('Stop the daemons', service.stopped('openstack-glance-api', 'openstack-glance-registry'))
 * ```
 */
export function stopped(...names: Names): Operation<Changed> {
  return act({ word: 'stopped', ...parse('stopped', names) })
}

/**
 * Stops and starts services, those that were stopped too; always a change, made for handlers.
 *
 * ```ts
 * const restart = handler('Restart nova-compute', service.restarted('openstack-nova-compute'))
 * ```
 */
export function restarted(...names: Names): Operation<Changed> {
  return act({ word: 'restarted', ...parse('restarted', names) })
}

/**
 * Lets running services read their configuration again, and starts those that do not run; always a change.
 *
 * ```ts
 * const reload = handler('Reload the web server', service.reloaded('httpd'))
 * ```
 */
export function reloaded(...names: Names): Operation<Changed> {
  return act({ word: 'reloaded', ...parse('reloaded', names) })
}

/**
 * Services that are started when the host boots.
 *
 * ```ts
 * task('Start them at boot', service.enabled('mysqld', 'rabbitmq-server'))
 * ```
 */
export function enabled(...names: readonly [string, ...string[]]): Operation<Changed> {
  return act({ word: 'enabled', ...parse('enabled', names) })
}

/**
 * Services that are not started when the host boots; whether they run now does not change.
 *
 * ```ts
 * task('Keep them down', service.disabled('openstack-nova-network'))
 * ```
 */
export function disabled(...names: readonly [string, ...string[]]): Operation<Changed> {
  return act({ word: 'disabled', ...parse('disabled', names) })
}

/**
 * What a service does now: only looks.
 *
 * ```ts
 * const { running } = await host.run(service.status('mysqld'))
 * ```
 */
export function status(name: string): Operation<Status> {
  return ask(parse('status', [name]).names[0]!)
}

const ask = legacyOperation<string, readonly Status[], Status>((name) => `service.status ${name}`, {
  read: (connection, name) => statuses(connection, [name]),
  plan: (found) => ({ changed: false, result: found[0]! }),
  apply: async () => {},
})

type Action = 'started' | 'stopped' | 'restarted' | 'reloaded' | 'enabled' | 'disabled'

interface Acting {
  readonly word: Action
  readonly names: readonly string[]
  readonly options: ServiceOptions
}

function parse(word: string, [first, ...rest]: Names): Omit<Acting, 'word'> {
  const [names, options] = typeof first === 'string' ? [[first, ...rest], {}] : [rest, first]
  if (names.length === 0) throw new Error(`service.${word} names no service`)
  for (const name of names) {
    if (!/^[\w@][\w@.:+-]*$/.test(name))
      throw new Error(`service.${word}: ${JSON.stringify(name)} cannot be the name of a service`)
  }
  return { names: [...new Set(names)], options }
}

const act = legacyOperation<Acting, readonly Status[], Changed>(
  ({ word, names }) => `service.${word} ${names.join(' ')}`,
  {
    read: (connection, { names }) => statuses(connection, names),
    plan(found, { word }) {
      const due = found.filter((one) => isDue[word](one))
      return {
        changed: due.length > 0,
        result: { services: due.map(({ name }) => name) },
        diff: due.map((one) => ({ path: `service ${one.name}`, before: `${before(one, word)}\n`, after: `${word}\n` })),
      }
    },
    async apply(connection, { result }, { word, names, options }, found) {
      const due = found.filter(({ name }) => result.services.includes(name))
      if (word === 'enabled' || word === 'disabled') await atBoot(connection, due, word)
      else await change(connection, due, word, options)
      return { services: names.filter((name) => result.services.includes(name)) }
    },
  },
)

const isDue: Readonly<Record<Action, (found: Status) => boolean>> = {
  started: ({ running }) => !running,
  stopped: ({ running }) => running,
  restarted: () => true,
  reloaded: () => true,
  enabled: ({ enabled }) => !enabled,
  disabled: ({ enabled }) => enabled,
}

function before({ running, enabled }: Status, word: Action): string {
  if (word === 'enabled' || word === 'disabled') return enabled ? 'enabled' : 'disabled'
  return running ? 'running' : 'stopped'
}

// A pattern of the shell for a text in any letters.
const anywhere = (text: string) =>
  `*${text.replaceAll(' ', '\\ ').replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)}*`

// Shell functions that hide the three managers. `state` answers in RUNNING (yes, no) and SAID; `manager` in MANAGER,
// empty when
// nobody knows the service. A non-interactive shell of root on CentOS 6 has no sbin on its PATH.
const functions = `
LC_ALL=C; export LC_ALL
PATH=$PATH:/sbin:/usr/sbin; export PATH
cd /
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
order() {
  case $MANAGER in
    systemd) quietly systemctl "$2" "$1" ;;
    upstart) quietly initctl "$2" "$1" ;;
    sysv) sysv "$1" "$2" ;;
  esac
}
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
      fi ;;
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
        case $(grep -e '^[[:space:]]*manual' -e '^[[:space:]]*start on' "/etc/init/$1.override" | tail -n 1) in *manual*) ENABLED=no ;; *start*) ENABLED=yes ;; esac
      fi ;;
    sysv) for l in /etc/rc[2345].d/S[0-9][0-9]"$1" /etc/rc.d/rc[2345].d/S[0-9][0-9]"$1"; do if [ -e "$l" ] || [ -L "$l" ]; then ENABLED=yes; fi; done ;;
  esac
}
pause() { sleep $1 2>/dev/null || sleep 1; }
`

// One line a service, what it says behind the fourth word; the names of all services only when one is unknown.
const statusScript = `
unknown=no
for n; do
  manager "$n"
  if [ -z "$MANAGER" ]; then unknown=yes; echo "unknown $n"; continue; fi
  atboot "$n"
  state "$n"
  printf '%s %s %s %s %.200s\\n' "$MANAGER" "$n" "$RUNNING" "$ENABLED" "$SAID"
done
if [ $unknown = yes ]; then
  for f in /etc/init.d/* /etc/init/*.conf; do [ -f "$f" ] && basename "$f" .conf | sed 's/^/near /'; done
  if [ -d /run/systemd/system ]; then systemctl list-unit-files --no-legend --no-pager 2>/dev/null | sed -n 's/^\\([^ ]*\\)\\.service .*/near \\1/p'; fi
fi
exit 0
`

async function statuses(connection: Reader, names: readonly string[]): Promise<readonly Status[]> {
  const lines = (
    await output(connection, `${functions}${sh`set -- ${names}`}\n${statusScript}`, {
      timeout: 60 * names.length + 60,
      tidy: true,
    })
  ).split('\n')
  const near = lines.filter((line) => line.startsWith('near ')).map((line) => line.slice(5))
  return names.map((name) => {
    const line = lines.find((one) => one.split(' ', 2)[1] === name && !one.startsWith('near '))
    const [manager, , running, enabled, ...said] = (line ?? 'unknown').split(' ')
    if (manager === 'unknown') {
      throw new Advice(
        `there is no service ${name}`,
        didYouMean(name, near) ?? 'install its package first, or check its name in /etc/init.d',
      )
    }
    if (running === 'unknown') {
      throw new Advice(
        `whether ${name} runs cannot be told: its init script knows no status`,
        `give /etc/init.d/${name} a status action, or use shell and probe`,
      )
    }
    return {
      name,
      manager: manager as Manager,
      running: running === 'yes',
      enabled: enabled === 'yes',
      said: said.join(' '),
    }
  })
}

type Order = Exclude<Action, 'enabled' | 'disabled'>

const orders: Readonly<Record<Order, string>> = {
  started: 'start',
  stopped: 'stop',
  restarted: 'restart',
  reloaded: 'reload',
}

// A service that does not run cannot be reloaded, and upstart cannot restart it either.
function orderFor({ running, manager }: Status, word: Order): string {
  if (running) return orders[word]
  return word === 'reloaded' || (word === 'restarted' && manager === 'upstart') ? 'start' : orders[word]
}

async function change(
  connection: Connection,
  due: readonly Status[],
  word: Order,
  options: ServiceOptions,
): Promise<void> {
  const { timeout = 60, settle = 2, log = [] } = options
  const names = due.map(({ name }) => name)
  const wanted = word === 'stopped' ? 'no' : 'yes'
  const script = [
    functions,
    `wanted=${wanted} timeout=${Math.ceil(timeout)} calm=${word === 'stopped' ? 0 : Math.ceil(settle * 100)}`,
    sh`logs() { for p in ${[log].flat()}; do l=$(IFS=; ls -t -- $p 2>/dev/null | head -n 1); echo "log \${l:-$p}"; tail -n 20 "\${l:-$p}" 2>&1 | sed 's/^/out /'; done; }`,
    orderFunction,
    ...due.map((one) => sh`apply ${one.name} ${orderFor(one, word)}`),
    sh`set -- ${names}`,
    waitScript,
  ].join('\n')
  // In a channel of its own: what is asked by tasks at the same time should not wait until the services have settled.
  const result = await connection.exec(script, { timeout: timeout * 2 + settle + 300 * names.length, long: true })
  if (result.code !== 0) throw failureOf(result, word, timeout, settle)
}

// What each order ended with is kept for later: what a service says of itself counts more, since many init scripts
// return anything.
const orderFunction = `
kept=$(mktemp -d) || exit
trap 'rm -rf "$o" "$kept"' EXIT
apply() {
  manager "$1"
  order "$1" "$2"; echo $? >"$kept/$1.code"
  tail -n 20 "$o" >"$kept/$1.out"
}
fail() {
  echo "failed $1 $2"
  printf 'said %.200s\\n' "$SAID"
  sed 's/^/out /' "$kept/$1.out"
  logs
  exit 1
}
`

// Times are hundredths of a second. Seconds alone would make every settling up to one longer, and asking costs more
// than waiting: once all run, they are asked half as often.
const waitScript = `
clock() { read -r t rest </proc/uptime; NOW=$((\${t%.*} * 100 + 1\${t#*.} - 100)); }
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
`

function failureOf(
  result: { readonly code: number; readonly stdout: string; readonly stderr: string },
  word: Order,
  timeout: number,
  settle: number,
): Error {
  const lines = result.stdout.split('\n')
  const failed = lines.findIndex((line) => line.startsWith('failed '))
  const [, name = '', how = '', code = ''] = (lines[failed] ?? '').split(' ')
  if (failed < 0) return new CommandFailed(`service ${orders[word]}`, result)
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

async function atBoot(connection: Connection, due: readonly Status[], word: 'enabled' | 'disabled'): Promise<void> {
  await output(
    connection,
    `${functions}
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
        if [ $2 = enable ]; then quietly chkconfig --add "$1"; quietly chkconfig "$1" on; else quietly chkconfig "$1" off; fi
      elif command -v update-rc.d >/dev/null 2>&1; then
        if [ $2 = enable ]; then quietly update-rc.d "$1" defaults; fi
        quietly update-rc.d "$1" $2
      else
        echo "neither chkconfig nor update-rc.d is there to ${word === 'enabled' ? 'enable' : 'disable'} $1" >"$o"; false
      fi ;;
  esac || { cat "$o" >&2; exit 1; }
}
${due.map(({ name }) => sh`atboot_set ${name} ${word === 'enabled' ? 'enable' : 'disable'}`).join('\n')}
`,
  )
}
