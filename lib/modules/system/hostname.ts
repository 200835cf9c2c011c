import { performAll, type Step } from '../../kit/command.ts'
import { look } from '../../kit/look.ts'
import { fileChange, newContent } from '../../kit/new-file.ts'
import type { PathState } from '../../kit/path-state.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, operation, output, type Operation } from '../../model/operation.ts'
import type { ReplacedThing } from '../../model/replaced.ts'
import type { Setting } from './setting.ts'

/**
 * The name of the host, now and after a reboot. /etc/hosts stays as it is: `hosts.present` says there which address the
 * name has.
 *
 * ```ts
 * task('Name the host', (host) => system.hostname(host.name))
 * ```
 */
export function hostname(name: string): Operation<Setting> {
  const label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
  if (name.length > 64 || !new RegExp(`^${label}([.]${label})*$`).test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a host`,
      'use letters, digits, dots and hyphens, 63 signs at most between dots',
    )
  return naming(name)
}

interface Found {
  readonly running: string
  /** /etc/hostname, and what Red Hat's had before it. */
  readonly file: PathState
  readonly network: PathState
}

const most = 65536

const naming = operation<string, Found, readonly Step[], Setting>((name) => `system.hostname ${name}`, {
  lasting: () => true,
  async read(connection) {
    const [running, file, network] = await Promise.all([
      output(connection, 'cat /proc/sys/kernel/hostname'),
      look(connection, '/etc/hostname', { content: most }),
      look(connection, '/etc/sysconfig/network', { content: most }),
    ])
    return { running: running.trim(), file, network }
  },
  plan({ running, file, network }, name) {
    const old = network.content?.toString() ?? ''
    const byNetwork = /^HOSTNAME=/m.test(old) && !file.exists
    const [kept, before] = byNetwork ? [network, old] : [file, file.content?.toString() ?? '']
    const atBoot = byNetwork ? (/^HOSTNAME=["']?([^"'\n]*)/m.exec(old)?.[1] ?? '') : nameIn(before)
    const after = byNetwork ? old.replace(/^HOSTNAME=.*$/gm, `HOSTNAME=${name}`) : `${name}\n`
    const step =
      atBoot === name ? undefined : fileChange(kept, newContent(kept.path, kept.content, after), { mode: '0644' })
    const now = running === name ? undefined : { script: sh`echo ${name} > /proc/sys/kernel/hostname` }
    const change = [step, now].filter((one) => one !== undefined)
    if (change.length === 0) return { result: { value: name, changed: false } }
    return {
      result: { value: name, changed: true },
      change,
      replaces: [...(step ? [{ file: kept.path }] : []), ...(now ? [runningName] : [])],
      diff: [
        ...(step ? [{ path: kept.path, before, after }] : []),
        ...(now ? [{ path: 'the running kernel', before: `${running}\n`, after: `${name}\n` }] : []),
      ],
    }
  },
  apply: performAll,
})

const runningName: ReplacedThing = {
  what: 'name of the host',
  look: 'cat /proc/sys/kernel/hostname',
  back: 'printf "%s\\n" "$before" >/proc/sys/kernel/hostname',
}

// As systemd reads it: the first line that is no remark.
function nameIn(text: string): string {
  return /^[^#\s].*$/m.exec(text)?.[0].trim() ?? ''
}
