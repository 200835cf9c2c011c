import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { perform } from '../kit/command.ts'
import { refuse } from '../kit/refusal.ts'
import { plainly, sh } from '../kit/shell.ts'
import { Advice, operation, output, TimedOut, Unreachable } from '../model/operation.ts'
import type { Connection, Operation, Reader } from '../model/operation.ts'
import type { WaitOptions } from './wait.ts'
import { steadyNow } from '../model/steady-time.ts'

/** How long it took until the host answered again. */
export type Rebooted = { readonly seconds: number }

const waitNames: OptionNames<WaitOptions> = { timeout: true, delay: true }

/**
 * Reboots the host, waits until it answers again, and goes on with it; always a change, made for handlers. That it has
 * rebooted is told by its boot, not by a connection that was lost: one that is slow to go down is not taken for one
 * that is back. The timeout is 600 seconds unless said.
 *
 * ```ts
 * const restart = handler('Reboot into the new kernel', reboot())
 * task('Reboot where it is due', async (host) => {
 *   if ((await host.run(file.stat('/var/run/reboot-required'))).exists) await host.run(reboot({ timeout: 900 }))
 * })
 * ```
 * @throws Advice when the host is not back in time, or may not be rebooted
 */
export function reboot(options: WaitOptions = {}): Operation<Rebooted> {
  refuseUnknown('reboot', options, waitNames)
  return rebooting(options)
}

type Boot = { readonly boot: string }

const rebooting = operation<WaitOptions, string, Boot, Rebooted>(() => 'reboot', {
  async read(connection) {
    const boot = bootIn(await output(connection, asking))
    if (boot !== undefined) return boot
    throw new Advice(
      'the boot of the host cannot be told: /proc is not there',
      'reboot it with shell, and wait.connection',
    )
  },
  plan: (boot) => ({
    result: { seconds: 0 },
    change: { boot },
    unpredictable: true,
    reboots: true,
    replaces: [],
    diff: { path: 'boot', before: `${boot}\n`, after: 'another\n' },
  }),
  async apply(connection, { boot }, { timeout = 600, delay = 2 }) {
    const begun = steadyNow()
    const log = await order(connection)
    for (;;) {
      const now = await bootNow(connection)
      const seconds = Math.round((steadyNow() - begun) / 100) / 10
      if (now.boot !== undefined && now.boot !== boot) return { seconds }
      if (seconds + delay > timeout) throw await notBack(connection, now, seconds, log)
      connection.progress(`waiting for ${Math.round(seconds)} s: ${now.boot === boot ? 'it is not down yet' : now.why}`)
      await sleep(delay * 1000)
    }
  },
})

// In a container the boot is that of its host, and its first process begins anew.
const asking = `cat /proc/sys/kernel/random/boot_id; sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20`

/** Anything else that is said while a host goes down or comes up is no boot. */
function bootIn(said: string): string | undefined {
  const [, id, start] = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n(\d+)\n$/.exec(said) ?? []
  return id === undefined ? undefined : `${id} ${start}`
}

async function bootNow(connection: Reader): Promise<{ readonly boot?: string; readonly why: string }> {
  try {
    const { stdout } = await connection.exec(asking, { timeout: 15 })
    const boot = bootIn(stdout)
    return boot === undefined ? { why: 'it answers, and is not ready' } : { boot, why: '' }
  } catch (error) {
    if (error instanceof Unreachable || error instanceof TimedOut) return { why: error.message }
    throw error
  }
}

/** Orders the reboot and gives the file that what is said of it goes to. */
async function order(connection: Connection): Promise<string> {
  try {
    const { stdout } = await perform(connection, { script: ordering, timeout: 60, shown: 'reboot' })
    return stdout.trim()
  } catch (error) {
    // It went down before it had said so.
    if (error instanceof Unreachable || error instanceof TimedOut) return ''
    throw error
  }
}

// Not before this script has ended, and with nothing of ours in its hands: a proxy between us would wait for them.
const ordering = `${plainly}${refuse}
[ "$(id -u)" = 0 ] || refuse 'only root may reboot the host' 'run the task with become'
for r in 'shutdown -r now' reboot 'systemctl reboot' none; do
  ! command -v "\${r%% *}" >/dev/null 2>&1 || break
done
[ "$r" != none ] ||
  refuse 'the host has none of shutdown, reboot and systemctl' 'reboot it with shell, and wait.connection'
log=$(mktemp) || exit
nohup sh -c "sleep 1; $r" >"$log" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
echo "$log"`

async function notBack(
  connection: Reader,
  { boot, why }: { readonly boot?: string; readonly why: string },
  seconds: number,
  log: string,
): Promise<Advice> {
  if (boot === undefined) {
    return new Advice(
      `it was rebooted, and does not answer after ${Math.round(seconds)} s: ${why}`,
      'look at its console; when it is up, go on with --resume, or give a longer timeout',
    )
  }
  const said = log === '' ? '' : (await connection.exec(sh`cat ${log}`)).stdout.trim()
  return new Advice(
    `it has not rebooted after ${Math.round(seconds)} s${said === '' ? '' : `: ${said}`}`,
    'look what keeps it from going down: systemctl list-jobs, or its console',
  )
}
