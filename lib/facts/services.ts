import { output } from '../model/operation.ts'
import type { Fact } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'
import { plainly } from '../kit/shell.ts'

/** A service that a host knows. */
export interface KnownService {
  readonly name: string
  readonly manager: 'systemd' | 'upstart' | 'sysv'
  /** Unknown for init scripts, each of which would have to be asked: `service.status` does. */
  readonly running: boolean | undefined
}

const script = `${plainly}if [ -d /run/systemd/system ]; then
  systemctl list-unit-files --type=service --no-legend --no-pager | sed -n 's/^\\([^ @]*\\)\\.service .*/systemd \\1/p'
  systemctl list-units --type=service --state=active --no-legend --no-pager --plain 2>/dev/null |
    sed -n 's/^ *\\([^ ]*\\)\\.service .*/running \\1/p'
  exit 0
fi
if initctl version 2>/dev/null | grep -q upstart; then
  for f in /etc/init/*.conf; do [ ! -f "$f" ] || echo "upstart $(basename "$f" .conf)"; done
  initctl list | sed -n 's/^\\([^ ]*\\) .*start\\/running.*/running \\1/p'
fi
for f in /etc/init.d/*; do [ ! -f "$f" ] || [ ! -x "$f" ] || echo "sysv $(basename "$f")"; done
:
`

/**
 * All services that a host's managers know, by name.
 *
 * ```ts
 * const running = (await host.fact(facts.services)).filter((known) => known.running).map(({ name }) => name)
 * ```
 */
export const services: Fact<readonly KnownService[]> = fact('services', 'task', async (connection) =>
  parseServices(await output(connection, script)),
)

/** Makes sense of what the managers list; a job of upstart hides the init script of the same name. */
export function parseServices(text: string): readonly KnownService[] {
  const running = new Set<string>()
  const managers = new Map<string, KnownService['manager']>()
  for (const line of text.split('\n')) {
    const [word, name] = line.split(' ')
    if (!name) continue
    if (word === 'running') running.add(name)
    else if (!managers.has(name)) managers.set(name, word as KnownService['manager'])
  }
  return [...managers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, manager]) => ({ name, manager, running: manager === 'sysv' ? undefined : running.has(name) }))
}
