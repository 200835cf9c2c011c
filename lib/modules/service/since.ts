import { sh } from '../../kit/shell.ts'
import { Advice, operation, type Operation, output } from '../../model/operation.ts'
import { managing } from './managers.ts'

/**
 * Since when a service has run, in seconds since 1970 by the host's clock: the start of its first process. Nothing
 * where it does not run, or nobody on the host tells which process that is. Only looks.
 *
 * ```ts
 * const since = await host.run(service.since('mysqld'))
 * ```
 */
export function since(name: string): Operation<number | undefined> {
  if (!/^[\w@][\w@.:+-]*$/.test(name))
    throw new Advice(
      `service.since: ${JSON.stringify(name)} cannot be the name of a service`,
      'write the name as systemctl or service know it, such as nova-api',
    )
  return ask(name)
}

const ask = operation<string, number | undefined, number | undefined>((name) => `service.since ${name}`, {
  async read(connection, name) {
    const said = await output(connection, `${managing}${sh`set -- ${name}`}\n${script}`, { timeout: 120, tidy: true })
    return /^\d+$/.test(said.trim()) ? Number(said) : undefined
  },
  plan: (result) => ({ result }),
})

// The start is the 22nd field of the process, in ticks since the host booted; the second may have blanks in it. The
// time of the folder in /proc is that of the first who looked.
const script = `
manager "$1"
pid "$1"
[ -n "$PID" ] && [ -r "/proc/$PID/stat" ] || exit 0
booted=$(sed -n 's/^btime //p' /proc/stat)
ticks=$(getconf CLK_TCK 2>/dev/null)
set -- $(sed 's/.*) //' "/proc/$PID/stat")
shift 19
echo $((booted + $1 / \${ticks:-100}))
`
