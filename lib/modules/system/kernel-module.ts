import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { answers } from '../../kit/answers.ts'
import { performAll, type Step } from '../../kit/command.ts'
import { look } from '../../kit/look.ts'
import { fileChange, newContent } from '../../kit/new-file.ts'
import type { PathState } from '../../kit/path-state.ts'
import { sbin, sh } from '../../kit/shell.ts'
import { Advice, operation, type Operation, type Reader } from '../../model/operation.ts'
import type { ReplacedThing } from '../../model/replaced.ts'
import type { Setting } from './setting.ts'

/** How a module is loaded. */
export interface ModuleOptions {
  /** Its parameters, as `{ hashsize: 32768 }`. One that is loaded already gets them when it is loaded the next time. */
  readonly params?: Readonly<Record<string, string | number>>
  /** Whether it is loaded at boot, too; it is unless this is false. */
  readonly atBoot?: boolean
}

const moduleNames: OptionNames<ModuleOptions> = { params: true, atBoot: true }

/**
 * A module of the kernel that is loaded, now and when the host boots. What is built into the kernel counts as loaded.
 *
 * ```ts
 * task('Let bridges be filtered', system.kernelModule('br_netfilter'))
 * task('Track more', system.kernelModule('nf_conntrack', { params: { hashsize: 32768 } }))
 * ```
 */
export function kernelModule(name: string, options: ModuleOptions = {}): Operation<Setting> {
  refuseUnknown('system.kernelModule', options, moduleNames)
  for (const [key, value] of Object.entries(options.params ?? {}))
    if (!/^\w+$/.test(key) || /[\s"'\\]/.test(String(value)))
      throw new Advice(
        `system.kernelModule ${name}: ${key}=${value} cannot be a parameter`,
        'modinfo -p MODULE names those that there are',
      )
  return bring({ name: checkedName(name), wanted: true, options })
}

/**
 * A module that is not loaded, now or at boot; one that something else needs is loaded again all the same.
 *
 * ```ts
 * task('Do without the floppy', system.noKernelModule('floppy'))
 * ```
 */
export function noKernelModule(name: string): Operation<Setting> {
  return bring({ name: checkedName(name), wanted: false, options: {} })
}

function checkedName(name: string): string {
  if (!/^\w[\w-]*$/.test(name))
    throw new Advice(`${JSON.stringify(name)} cannot be the name of a kernel module`, 'write it as lsmod shows it')
  return name
}

interface Wanted {
  readonly name: string
  readonly wanted: boolean
  readonly options: ModuleOptions
}

interface Found {
  readonly loaded: boolean
  /** A file for it alone, or for a host of old the list of all. */
  readonly boot: PathState
  readonly options: PathState
}

const bring = operation<Wanted, Found, readonly Step[], Setting>(
  ({ name, wanted }) => `system.${wanted ? 'kernelModule' : 'noKernelModule'} ${name}`,
  { read, plan, apply: performAll, lasting: () => true },
)

const list = '/etc/modules'
const most = 65536

async function read(connection: Reader, { name }: Wanted): Promise<Found> {
  const { loaded, where } = await answers(connection, {
    // The kernel spells them with _, whatever the file is called.
    loaded: sh`n=$(echo ${name} | tr - _)
[ -d "/sys/module/$n" ] || grep -q "^$n " /proc/modules ||
  tr - _ <"/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null | grep -q "/$n[.]ko"`,
    where: `if [ -d /etc/modules-load.d ]; then echo load; elif [ -d /etc/sysconfig/modules ]; then echo script; fi`,
  })
  const at = { load: `/etc/modules-load.d/${name}.conf`, script: `/etc/sysconfig/modules/${name}.modules` }
  const path = at[where.stdout.trim() as keyof typeof at] ?? list
  const [boot, options] = await Promise.all(
    [path, `/etc/modprobe.d/${name}.conf`].map((one) => look(connection, one, { content: most })),
  )
  return { loaded: loaded.code === 0, boot: boot!, options: options! }
}

function plan(
  { loaded, boot, options: file }: Found,
  { name, wanted, options: { params = {}, atBoot = true } }: Wanted,
) {
  const words = Object.entries(params).map(([key, value]) => `${key}=${value}`)
  const named = boot.content?.toString() ?? ''
  const lines = named
    .split('\n')
    .filter((line) => line.trim().split(/\s/)[0]?.replaceAll('-', '_') !== name.replaceAll('-', '_'))
  const texts: readonly (readonly [PathState, string])[] = [
    ...(wanted && !atBoot ? [] : [[boot, bootText(boot.path, name, wanted, named, lines)] as const]),
    ...(wanted && words.length === 0 ? [] : [[file, wanted ? `options ${[name, ...words].join(' ')}\n` : ''] as const]),
  ]
  const steps: Step[] = []
  const diff = []
  for (const [state, after] of texts) {
    const before = state.content?.toString() ?? ''
    if (before === after) continue
    diff.push({ path: state.path, before, after })
    if (after === '' && state.path !== list) steps.push({ script: sh`rm -f ${state.path}`, tidy: true })
    else {
      const mode = state.path.endsWith('.modules') ? '0755' : '0644'
      const step = fileChange(state, newContent(state.path, state.content, after), { mode })
      if (step) steps.push(step)
    }
  }
  if (loaded !== wanted) {
    diff.push({ path: `module ${name}`, before: loaded ? 'loaded\n' : '', after: wanted ? 'loaded\n' : '' })
    steps.push({ script: sbin + (wanted ? sh`modprobe ${[name, ...words]}` : sh`modprobe -r ${name}`) })
  }
  const result = { value: name, changed: steps.length > 0 }
  if (steps.length === 0) return { result }
  const replaces = [
    ...texts.map(([{ path }]) => ({ file: path })),
    ...(loaded === wanted ? [] : [replacedModule(name, words)]),
  ]
  return { result, change: steps, replaces, diff }
}

function replacedModule(name: string, words: readonly string[]): ReplacedThing {
  return {
    what: `module ${name}`,
    look: sh`n=$(echo ${name} | tr - _)
if [ -d "/sys/module/$n" ] || grep -q "^$n " /proc/modules; then echo loaded; else echo none; fi`,
    back: `${sbin}if [ "$before" = none ]; then ${sh`modprobe -r ${name}`}
else ${sh`modprobe ${[name, ...words]}`}; fi`,
  }
}

function bootText(path: string, name: string, wanted: boolean, before: string, others: readonly string[]): string {
  if (path === list) {
    if (others.join('\n') !== before) return wanted ? before : others.join('\n')
    return wanted ? `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${name}\n` : before
  }
  if (!wanted) return ''
  return path.endsWith('.modules') ? `#!/bin/sh\nexec /sbin/modprobe ${name} >/dev/null 2>&1\n` : `${name}\n`
}
