import { answers } from '../../kit/answers.ts'
import { performAll, type Step } from '../../kit/command.ts'
import { sh } from '../../kit/shell.ts'
import { Advice, operation, type Operation } from '../../model/operation.ts'
import type { Setting } from './setting.ts'

/**
 * The time zone of the host. Daemons that run already keep the old one until they are restarted, cron among them.
 *
 * ```ts
 * task('Set the time zone', system.timezone('Europe/Berlin'))
 * ```
 * @throws Advice when the host does not know the zone
 */
export function timezone(name: string): Operation<Setting> {
  if (!/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a time zone: they are like Europe/Berlin`,
      'timedatectl list-timezones names those that there are',
    )
  return setting(name)
}

/** What the files say; undefined where there is none. */
interface Found {
  readonly known: boolean
  /** /etc/localtime: where it leads, or `same` or `another` for a file of its own. */
  readonly link: string
  /** /etc/timezone, of Debian. */
  readonly file: string | undefined
  /** ZONE in /etc/sysconfig/clock, of old Red Hat's. */
  readonly clock: string | undefined
}

const setting = operation<string, Found, readonly Step[], Setting>((name) => `system.timezone ${name}`, {
  lasting: () => true,
  async read(connection, name) {
    const { known, link, file, clock } = await answers(connection, {
      known: sh`[ -f /usr/share/zoneinfo/${name} ]`,
      link: sh`if [ -L /etc/localtime ]; then readlink /etc/localtime
elif [ ! -e /etc/localtime ]; then echo none
elif [ "$(sha256sum </etc/localtime)" = "$(sha256sum </usr/share/zoneinfo/${name})" ]; then echo same
else echo another; fi 2>/dev/null`,
      file: 'cat /etc/timezone 2>/dev/null',
      clock: `sed -n 's/^ZONE=["'"'"']*\\([^"'"'"']*\\).*/\\1/p' /etc/sysconfig/clock 2>/dev/null | grep .`,
    })
    return {
      known: known.code === 0,
      link: link.stdout.trim(),
      file: file.code === 0 ? file.stdout.trim() : undefined,
      clock: clock.code === 0 ? clock.stdout.trim() : undefined,
    }
  },
  plan({ known, link, file, clock }, name) {
    if (!known) {
      throw new Advice(
        `the host knows no time zone ${name}`,
        'check its name below /usr/share/zoneinfo, or install tzdata',
      )
    }
    const now = link.includes('/zoneinfo/') ? link.replace(/^.*?\/zoneinfo\//, '') : link
    const target = `/usr/share/zoneinfo/${name}`
    const change: Step[] = []
    if (now !== name && now !== 'same') {
      const t = '/etc/.localtime.switchover'
      change.push({ script: sh`rm -f ${t} && ln -s ${target} ${t} && mv -f ${t} /etc/localtime`, tidy: true })
    }
    if (file !== undefined && file !== name) change.push({ path: '/etc/timezone', content: `${name}\n`, meta: {} })
    if (clock !== undefined && clock !== name)
      change.push({ script: sh`sed -i ${`s#^ZONE=.*#ZONE="${name}"#`} /etc/sysconfig/clock`, tidy: true })
    if (change.length === 0) return { result: { value: name, changed: false } }
    const before = now === 'same' ? (file ?? clock ?? '') : now
    return {
      result: { value: name, changed: true },
      change,
      replaces: ['/etc/localtime', '/etc/timezone', '/etc/sysconfig/clock'].map((path) => ({ file: path })),
      diff: { path: 'time zone', before: `${before}\n`, after: `${name}\n` },
    }
  },
  apply: performAll,
})
