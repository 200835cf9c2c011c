import { answers } from '../kit/answers.ts'
import { performAll, type Step } from '../kit/command.ts'
import { look } from '../kit/look.ts'
import { fileChange, newContent } from '../kit/new-file.ts'
import type { PathState } from '../kit/path-state.ts'
import { plainly, sh } from '../kit/shell.ts'
import { Advice, operation, type Operation } from '../model/operation.ts'
import type { ReplacedThing } from '../model/replaced.ts'

/** How strict SELinux is. */
export type SelinuxMode = 'enforcing' | 'permissive' | 'disabled'

/** What was set, and whether the host has to be rebooted before it holds. */
export type SelinuxState = { readonly value: string; readonly changed: boolean; readonly rebootNeeded: boolean }

/**
 * How strict SELinux is, now and after a reboot. It is switched off, and on again, by a reboot alone: the result says
 * whether that is missing.
 *
 * ```ts
 * const { rebootNeeded } = await host.run(selinux.mode('permissive'))
 * ```
 */
export function mode(wanted: SelinuxMode): Operation<SelinuxState> {
  return settingMode(wanted)
}

interface FoundMode {
  /** As getenforce says it; empty where there is no SELinux. */
  readonly now: string
  readonly config: PathState
}

const settingMode = operation<SelinuxMode, FoundMode, readonly Step[], SelinuxState>(
  (wanted) => `selinux.mode ${wanted}`,
  {
    lasting: () => true,
    async read(connection) {
      const [{ now }, config] = await Promise.all([
        answers(connection, { now: `${plainly}getenforce` }),
        look(connection, '/etc/selinux/config', { content: 65536 }),
      ])
      return { now: now.code === 0 ? now.stdout.trim().toLowerCase() : '', config }
    },
    plan({ now, config }, wanted) {
      if (now === '' || !config.exists) {
        if (wanted === 'disabled') return { result: { value: wanted, changed: false, rebootNeeded: false } }
        throw new Advice('the host has no SELinux', 'is it one of Red Hat? elsewhere install its policy first')
      }
      const before = config.content?.toString() ?? ''
      const is = [...before.matchAll(/^SELINUX=\s*(\w+)/gm)].at(-1)?.[1]
      const after =
        is === undefined ? `${before}SELINUX=${wanted}\n` : before.replaceAll(/^SELINUX=.*$/gm, `SELINUX=${wanted}`)
      const kept = is === wanted ? undefined : fileChange(config, newContent(config.path, config.content, after), {})
      const switched = now !== wanted && now !== 'disabled' && wanted !== 'disabled'
      const rebootNeeded = now !== wanted && !switched
      const change: Step[] = [
        ...(kept ? [kept] : []),
        ...(switched ? [{ script: plainly + sh`setenforce ${wanted === 'enforcing' ? 1 : 0}` }] : []),
      ]
      const result = { value: wanted, changed: change.length > 0, rebootNeeded }
      if (change.length === 0) return { result }
      const diff = [
        ...(kept ? [{ path: config.path, before, after }] : []),
        ...(switched ? [{ path: 'SELinux now', before: `${now}\n`, after: `${wanted}\n` }] : []),
      ]
      const replaces = [
        ...(kept ? [{ file: config.path }] : []),
        ...(switched
          ? [
              {
                what: 'SELinux now',
                look: `${plainly}getenforce`,
                back: `${plainly}case $before in Enforcing) setenforce 1 ;; *) setenforce 0 ;; esac`,
              },
            ]
          : []),
      ]
      return { result, change, replaces, diff }
    },
    apply: performAll,
  },
)

/**
 * A switch of the policy, now and after a reboot.
 *
 * ```ts
 * task('Let the web server connect', selinux.boolean('httpd_can_network_connect', true))
 * ```
 * @throws Advice when the policy has no such boolean
 */
export function boolean(name: string, on: boolean): Operation<SelinuxState> {
  if (!/^\w+$/.test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a boolean`,
      'getsebool -a names those that there are',
    )
  return settingBoolean({ name, on })
}

interface FoundBoolean {
  /** Where SELinux is off, what the policy has for it when it is on. */
  readonly now: 'on' | 'off' | undefined
  /** After a reboot; undefined where the host cannot tell. */
  readonly kept: 'on' | 'off' | undefined
}

const settingBoolean = operation<
  { readonly name: string; readonly on: boolean },
  FoundBoolean,
  readonly Step[],
  SelinuxState
>(({ name, on }) => `selinux.boolean ${name} ${on ? 'on' : 'off'}`, {
  lasting: () => true,
  async read(connection, { name }) {
    const { now, listed } = await answers(connection, {
      now: plainly + sh`getsebool ${name} 2>/dev/null`,
      listed: `${plainly}semanage boolean -l -n 2>/dev/null | grep ${sh`${`^${name} `}`}`,
    })
    const [, current, stored] = /\(\s*(on|off)\s*,\s*(on|off)\s*\)/.exec(listed.stdout) ?? []
    const running = /--> (on|off)/.exec(now.stdout)?.[1] ?? current
    return { now: running as FoundBoolean['now'], kept: stored as FoundBoolean['kept'] }
  },
  plan({ now, kept }, { name, on }) {
    const wanted = on ? 'on' : 'off'
    if (now === undefined) {
      throw new Advice(
        `the policy of the host has no boolean ${name}, or the host has no SELinux`,
        'see which it has: getsebool -a',
      )
    }
    const result = { value: wanted, rebootNeeded: false }
    if (now === wanted && (kept ?? now) === wanted) return { result: { ...result, changed: false } }
    const told = (one: string | undefined) => (one === undefined ? '' : `, at boot ${one}`)
    return {
      result: { ...result, changed: true },
      change: [{ script: plainly + sh`setsebool -P ${name} ${wanted}`, long: true, timeout: 600 }],
      replaces: [
        {
          what: `SELinux boolean ${name}`,
          look: plainly + sh`getsebool ${name}` + ` | sed 's/.*--> //'`,
          back: plainly + sh`setsebool -P ${name}` + ' "$before"',
        },
      ],
      diff: {
        path: `SELinux boolean ${name}`,
        before: `${now}${told(kept)}\n`,
        after: `${wanted}${told(kept && wanted)}\n`,
      },
    }
  },
  apply: performAll,
})

/**
 * The type that files whose paths match get when they are labelled, and those that are there have: a pattern as
 * semanage takes it. Files below its fixed part are labelled anew.
 *
 * ```ts
 * task('Let the web server read it', selinux.fileContext('/srv/www(/.*)?', 'httpd_sys_content_t'))
 * ```
 * @throws Advice where semanage is missing
 */
export function fileContext(pattern: string, type: string): Operation<SelinuxState> {
  if (!/^\/\S*$/.test(pattern))
    throw new Advice(`${JSON.stringify(pattern)} is no absolute pattern without blanks`, 'write it as /srv/web(/.*)?')
  if (!/^\w+$/.test(type))
    throw new Advice(`${JSON.stringify(type)} cannot be a type of SELinux`, 'write it as httpd_sys_content_t')
  return labelling({ pattern, type })
}

interface FoundContext {
  /** The type that the host's own rules give to this pattern. */
  readonly type: string | undefined
  /** SELinux is on, so that files have labels. */
  readonly on: boolean
}

const labelling = operation<
  { readonly pattern: string; readonly type: string },
  FoundContext,
  readonly Step[],
  SelinuxState
>(({ pattern, type }) => `selinux.fileContext ${pattern} ${type}`, {
  lasting: () => true,
  async read(connection, { pattern }) {
    const { there, listed, now } = await answers(connection, {
      there: `${plainly}command -v semanage >/dev/null`,
      listed: `${plainly}semanage fcontext -l -C -n`,
      now: `${plainly}getenforce`,
    })
    if (there.code !== 0) {
      throw new Advice(
        'the host has no semanage, which knows the contexts of files',
        'install it: policycoreutils-python-utils, or policycoreutils-python before Red Hat 8',
      )
    }
    if (listed.code !== 0)
      throw new Advice(
        `the contexts of files cannot be told: ${listed.stdout.trim()}`,
        'ask on the host, which says why: semanage fcontext -l',
      )
    const line = listed.stdout.split('\n').find((one) => one.startsWith(`${pattern} `))
    return {
      type: /\s\w+:\w+:(\w+)(:\S+)?\s*$/.exec(line ?? '')?.[1],
      on: now.code === 0 && !/disabled/i.test(now.stdout),
    }
  },
  plan({ type: is, on }, { pattern, type }) {
    const result = { value: type, rebootNeeded: false }
    if (is === type) return { result: { ...result, changed: false } }
    const root = fixedPart(pattern)
    return {
      result: { ...result, changed: true },
      change: [
        {
          script: plainly + sh`semanage fcontext ${is === undefined ? '-a' : '-m'} -t ${type} ${pattern}`,
          long: true,
          timeout: 600,
        },
        ...(on ? [{ script: plainly + sh`[ ! -e ${root} ] || restorecon -R ${root}`, long: true }] : []),
      ],
      replaces: [replacedContext(pattern, root, on)],
      diff: { path: `SELinux context of ${pattern}`, before: is === undefined ? '' : `${is}\n`, after: `${type}\n` },
    }
  },
  apply: performAll,
})

function replacedContext(pattern: string, root: string, on: boolean): ReplacedThing {
  const rule = sh`semanage fcontext -l -C -n | P=${pattern} awk '$1 == ENVIRON["P"] {
  split($NF, t, ":"); print t[3] }'`
  const type = `t=$(${rule})`
  return {
    what: `SELinux context of ${pattern}`,
    look: `${plainly}${type}; echo "\${t:-none}"`,
    back: `${plainly}if [ "$before" = none ]; then ${sh`semanage fcontext -d ${pattern}`}
elif [ "$now" = none ]; then semanage fcontext -a -t "$before" ${sh`${pattern}`}
else semanage fcontext -m -t "$before" ${sh`${pattern}`}; fi || exit
${on ? sh`[ ! -e ${root} ] || restorecon -R ${root}` : ''}`,
  }
}

/** The path of which all that matches is, or lies below it. */
function fixedPart(pattern: string): string {
  const plain = /^[^()[\]{}.*+?|^$\\]*/.exec(pattern)![0]
  const whole = plain === pattern || pattern.slice(plain.length) === '(/.*)?'
  return whole ? plain : plain.replace(/[^/]*$/, '')
}
