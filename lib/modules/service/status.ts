import { foresee } from '../../kit/foresee.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, output, type Reader } from '../../model/operation.ts'
import { didYouMean } from '../../model/problem.ts'
import { managing } from './managers.ts'

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

/** What the managers of a host say of services. @throws Advice when one is unknown, or cannot be asked */
export async function statuses(connection: Reader, names: readonly string[]): Promise<readonly Status[]> {
  const lines = (
    await output(connection, `${managing}${sh`set -- ${names}`}\n${statusScript}`, {
      timeout: 60 * names.length + 60,
      tidy: true,
    })
  ).split('\n')
  const near = lines.filter((line) => line.startsWith('near ')).map((line) => line.slice(5))
  return names.map((name): Status => {
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
    const found: Status = {
      name,
      manager: manager as Manager,
      running: running === 'yes',
      enabled: enabled === 'yes',
      said: said.join(' '),
    }
    return foresee(connection, `service ${name}`, found)
  })
}

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
  if [ -d /run/systemd/system ]; then
    systemctl list-unit-files --no-legend --no-pager 2>/dev/null | sed -n 's/^\\([^ ]*\\)\\.service .*/near \\1/p'
  fi
fi
exit 0
`
