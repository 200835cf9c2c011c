import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { left } from '../model/foreseen.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Diff, Operation } from '../model/operation.ts'
import { answers, bytesOf } from '../kit/answers.ts'
import { changeAsCheck } from '../kit/change-as-check.ts'
import { performAll, type Step } from '../kit/command.ts'
import { foresee } from '../kit/foresee.ts'
import { leavesContent } from '../kit/leaving.ts'
import { type ContentState, contentIn } from '../kit/look.ts'
import { madeFrom, newContent } from '../kit/new-file.ts'
import { decode, filePath, mustHaveFolder } from '../kit/path-state.ts'
import { sh } from '../kit/shell.ts'
import type { ReplacedThing } from '../model/replaced.ts'
import { settingsText, settingsWithout } from './sysctl/text.ts'

/** Kernel settings by name, as `net.ipv4.ip_forward` or, where a name holds dots, `net/ipv4/conf/eth0.7/forwarding`. */
export type KernelSettings = Readonly<Record<string, string | number | boolean>>

/** Where the settings are kept for the next boot, and whether they count from now on. */
export interface SysctlOptions {
  /** /etc/sysctl.conf unless said; the directory of a file below /etc/sysctl.d must be there. */
  readonly file?: string
  /** Whether the running kernel gets the values, too; it does unless this is false. */
  readonly now?: boolean
  readonly backup?: boolean
}

const sysctlNames: OptionNames<SysctlOptions> = { file: true, now: true, backup: true }

/** What the kernel has, or will have, by the names asked for; undefined for what it does not know. */
export type KernelValues = { readonly values: { readonly [key: string]: string | undefined } }

/**
 * Kernel settings, in the running kernel and at its next start.
 *
 * ```ts
 * task('Let the node route', sysctl.set({ 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.all.rp_filter': 0 }))
 * ```
 * The file is not written when the kernel refuses a value.
 */
export function set(settings: KernelSettings, options: SysctlOptions = {}): Operation<KernelValues> {
  refuseUnknown('sysctl.set', options, sysctlNames)
  const { file = '/etc/sysctl.conf', now = true, backup = false } = options
  const wanted = Object.fromEntries(Object.entries(settings).map(([key, value]) => [checked(key), valueOf(key, value)]))
  if (Object.keys(wanted).length === 0)
    throw new Advice('sysctl.set: say which settings', "name one at least: sysctl.set({ 'net.ipv4.ip_forward': 1 })")
  return bringSettings({ wanted, file: filePath(file), now, backup })
}

/**
 * Settings that no line of the file makes; the running kernel keeps its values until it starts again.
 *
 * ```ts
 * task('Forget the setting', sysctl.absent(['net.ipv4.ip_forward']))
 * ```
 */
export function absent(
  keys: string | readonly string[],
  options: Omit<SysctlOptions, 'now'> = {},
): Operation<KernelValues> {
  refuseUnknown('sysctl.absent', options, { file: true, backup: true })
  const { file = '/etc/sysctl.conf', backup = false } = options
  return dropSettings({ keys: [keys].flat().map(checked), file: filePath(file), backup })
}

interface Wanted {
  readonly wanted: Readonly<Record<string, string>>
  readonly file: string
  readonly now: boolean
  readonly backup: boolean
}

interface State {
  readonly kept: ContentState
  readonly current: Readonly<Record<string, string | undefined>>
}

const bringSettings = operation<Wanted, State, readonly Step[], KernelValues>(
  ({ wanted }) => `sysctl.set ${Object.keys(wanted).join(' ')}`,
  {
    lasting: () => true,
    async read(connection, { wanted, file, now }) {
      const keys = Object.keys(wanted)
      const found = await answers(connection, {
        file: bytesOf(file),
        ...Object.fromEntries(keys.map((key) => [`key ${key}`, now ? sh`cat ${pathOf(key)} 2>/dev/null` : 'exit 1'])),
      })
      const all: Readonly<Record<string, { code: number; stdout: string }>> = found
      return {
        kept: contentIn(connection, found.file, file),
        current: Object.fromEntries(
          keys.map((key) => {
            const { code, stdout } = all[`key ${key}`]!
            const is = code === 0 ? plain(stdout) : undefined
            return [key, now ? foresee(connection, settingNamed(key), is) : is]
          }),
        ),
      }
    },
    plan({ kept, current }, { wanted, file, now, backup }) {
      const { content } = kept
      const { text, encode } = decode(content ?? Buffer.alloc(0))
      const after = settingsText(text, wanted)
      const moved = now ? differing(current, wanted) : []
      const result = { values: now ? wanted : {} }
      if (after === text && moved.length === 0) return { result }
      if (after !== text) mustHaveFolder(kept)
      const tell = ['no() { echo "$1" >&2; exit 1; }', ...moved.map((key) => setNow(key, wanted[key]!))].join('\n')
      // As a check of the new content: what the kernel refuses must not be tried again at each boot.
      const validate = moved.length === 0 ? {} : { validate: changeAsCheck('the running kernel', tell) }
      const list = (from: Readonly<Record<string, string | undefined>>) =>
        moved.map((key) => `${key} = ${from[key] ?? '(unknown to the kernel)'}\n`).join('')
      const diff: readonly Diff[] = [
        ...(after === text ? [] : [{ path: file, before: text, after }]),
        ...(moved.length === 0 ? [] : [{ path: 'the running kernel', before: list(current), after: list(wanted) }]),
      ]
      return {
        result,
        change: [
          after === text
            ? { script: tell }
            : {
                path: file,
                ...newContent(file, content, encode(after)),
                meta: { backup, ...validate },
                before: madeFrom(content),
              },
        ],
        leaves: [
          ...(after === text ? [] : leavesContent(file, content, encode(after))),
          ...moved.map((key) => left<string | undefined>(settingNamed(key), () => plain(wanted[key]!))),
        ],
        replaces: [...(after === text ? [] : [{ file }]), ...moved.map(replacedSetting)],
        diff,
      }
    },
    apply: performAll,
  },
)

const dropSettings = operation<
  { readonly keys: readonly string[]; readonly file: string; readonly backup: boolean },
  ContentState,
  readonly Step[],
  KernelValues
>(({ keys }) => `sysctl.absent ${keys.join(' ')}`, {
  async read(connection, { file }) {
    return contentIn(connection, (await answers(connection, { file: bytesOf(file) })).file, file)
  },
  plan({ content }, { keys, file, backup }) {
    const { text, encode } = decode(content ?? Buffer.alloc(0))
    const after = settingsWithout(text, keys)
    if (after === text) return { result: { values: {} } }
    return {
      result: { values: {} },
      change: [
        { path: file, ...newContent(file, content, encode(after)), meta: { backup }, before: madeFrom(content) },
      ],
      leaves: leavesContent(file, content, encode(after)),
      replaces: [{ file }],
      diff: { path: file, before: text, after },
    }
  },
  apply: performAll,
})

function differing(
  current: Readonly<Record<string, string | undefined>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(wanted).filter((key) => current[key] !== plain(wanted[key]!))
}

// As the kernel has it, whichever way it is written.
const settingNamed = (key: string) => `kernel-setting ${pathOf(key)}`

function replacedSetting(key: string): ReplacedThing {
  return {
    what: `kernel setting ${key}`,
    look: sh`p=${pathOf(key)}; [ -e "$p" ] || { echo none; exit; }; cat "$p"`,
    back: sh`printf '%s\\n' "$before" >${pathOf(key)}`,
  }
}

// The shell's own message would name neither the setting nor what can be done.
function setNow(key: string, value: string): string {
  const path = pathOf(key)
  return [
    sh`p=${path} k=${key} v=${value}`,
    `[ -e "$p" ] || no "the kernel knows no setting $k: load the module that has it first, or check the name"`,
    `[ -w "$p" ] || no "$k is closed to this login, or cannot be changed: run the task with become"`,
    `{ printf '%s\\n' "$v" > "$p"; } 2>/dev/null || no "the kernel refuses $k = $v"`,
  ].join('\n')
}

// Whichever separator comes first is the one that stands between names; the other is a part of a name.
function pathOf(key: string): string {
  const dotted = /[./]/.exec(key)?.[0] === '.'
  return `/proc/sys/${dotted ? key.replaceAll(/[./]/g, (one) => (one === '.' ? '/' : '.')) : key}`
}

function plain(value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}

function checked(key: string): string {
  if (!/^[\w.:@/-]+$/.test(key) || /(^|[./])\.*([./]|$)/.test(key)) {
    throw new Advice(`${JSON.stringify(key)} cannot be the name of a kernel setting`, 'write it as net.ipv4.ip_forward')
  }
  return key
}

function valueOf(key: string, value: string | number | boolean): string {
  const text = typeof value === 'boolean' ? String(Number(value)) : plain(String(value))
  if (text === '')
    throw new Advice(`the kernel setting ${key} has no value`, 'give a number or a text for it, or leave it out')
  return text
}
