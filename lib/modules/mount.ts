import { Advice, legacyOperation, output } from '../model/operation.ts'
import type { Connection, Diff, Operation } from '../model/operation.ts'
import { sh } from '../kit/shell.ts'
import { answers, bytesIn, bytesOf } from '../kit/answers.ts'
import { changeAsCheck } from '../kit/change-as-check.ts'
import { absolute, decode } from '../kit/path-state.ts'
import { fstabText, fstabWithout, inFstab, type FstabEntry } from './mount/fstab.ts'

/** A file system, where it is mounted and how; what is not said stays as the line in fstab has it. */
export interface MountSpec {
  /** /dev/sdb1, UUID=…, LABEL=…, 10.0.0.9:/export, or a word such as tmpfs. */
  readonly device: string
  readonly path: string
  readonly type: string
  /** `defaults` for a new line. */
  readonly opts?: string | readonly string[]
  readonly dump?: number
  /** When it is checked at boot: 1 for the root, 2 for others, 0 for never. */
  readonly pass?: number
}

/** Which table, and whether to keep what it was. */
export interface MountOptions {
  /** /etc/fstab unless said. */
  readonly fstab?: string
  readonly backup?: boolean
}

/** Where it is mounted and from what, after the operation. */
export type Mounted = { readonly path: string; readonly mounted: boolean; readonly device: string | undefined }

/**
 * A line of fstab, so that the file system is mounted at boot; it is not mounted now.
 *
 * ```ts
 * task('Swap at boot', mount.present({ device: '/dev/sdb2', path: 'none', type: 'swap', opts: 'sw' }))
 * ```
 */
export function present(spec: MountSpec, options: MountOptions = {}): Operation<Mounted> {
  return bringMount({ word: 'present', ...wishOf(spec, options) })
}

/**
 * A file system that is mounted, now and at boot; its directory is made. A line that cannot be mounted never gets into
 * fstab, where it could stop the next boot.
 *
 * ```ts
 * task('Mount the images', mount.mounted({
 *   device: '10.0.0.9:/images', path: '/var/lib/glance', type: 'nfs', opts: ['rw', 'noatime', '_netdev'],
 * }))
 * ```
 * Another file system at the same place is an error: it may be in use.
 */
export function mounted(spec: MountSpec, options: MountOptions = {}): Operation<Mounted> {
  absolute(spec.path)
  return bringMount({ word: 'mounted', ...wishOf(spec, options) })
}

/**
 * Nothing mounted at this path now; fstab stays as it is.
 *
 * ```ts
 * task('Let go of the disk', mount.unmounted('/mnt/backup'))
 * ```
 */
export function unmounted(path: string): Operation<Mounted> {
  return takeMount({ word: 'unmounted', path: normal(absolute(path)), fstab: '/etc/fstab', backup: false })
}

/**
 * Nothing mounted at this path, now or at boot; the directory stays.
 *
 * ```ts
 * task('Forget the share', mount.absent('/var/lib/glance'))
 * ```
 */
export function absent(path: string, options: MountOptions = {}): Operation<Mounted> {
  const { fstab = '/etc/fstab', backup = false } = options
  return takeMount({ word: 'absent', path: normal(absolute(path)), fstab: absolute(fstab), backup })
}

interface Wish {
  readonly word: 'present' | 'mounted'
  readonly entry: FstabEntry
  readonly fstab: string
  readonly backup: boolean
}

interface State {
  readonly content: Buffer | undefined
  /** What is mounted at the path, the last of several on top. */
  readonly live: readonly { readonly device: string; readonly options: readonly string[] }[]
  /** The device that was asked for and the one that is mounted, without links and labels. */
  readonly wanted: string
  readonly real: string
  readonly systemd: boolean
}

function wishOf(spec: MountSpec, { fstab = '/etc/fstab', backup = false }: MountOptions): Omit<Wish, 'word'> {
  const { device, path, type, opts, dump, pass } = spec
  for (const [name, value] of Object.entries({ device, path, type })) {
    if (value === '' || /[\n\0]/.test(value))
      throw new Error(`the ${name} ${JSON.stringify(value)} cannot stand in fstab`)
  }
  const options = opts === undefined ? undefined : [opts].flat().join(',')
  if (options !== undefined && !/^[^\s,]+(,[^\s,]+)*$/.test(options)) {
    throw new Error(`the options ${JSON.stringify(options)} of ${path} cannot stand in fstab: no blanks, none empty`)
  }
  if (options !== undefined && password.test(options)) {
    throw new Advice(
      `the options of ${path} hold a password, which every user of the host could read`,
      'put it into a file of mode 0600, with file.content, and give credentials=FILE',
    )
  }
  return { entry: { device, path: normal(path), type, options, dump, pass }, fstab: absolute(fstab), backup }
}

const bringMount = legacyOperation<Wish, State, Mounted>(({ word, entry }) => `mount.${word} ${entry.path}`, {
  read: (connection, { entry, fstab }) => look(connection, entry.path, fstab, entry.device),
  plan(state, wish) {
    const { word, entry, fstab } = wish
    const { before, after } = edited(state, wish)
    const top = state.live.at(-1)
    if (word === 'mounted' && top && !sameDevice(state, optionsOf(after, entry))) {
      throw new Advice(
        `${top.device} is mounted at ${entry.path}, and ${entry.device} is wanted there`,
        'see who uses it, and take it away with mount.unmounted first',
      )
    }
    const todo = word === 'mounted' ? action(state, wish) : undefined
    const diff: readonly Diff[] = [
      ...(before === after ? [] : [{ path: fstab, before: shown(before), after: shown(after) }]),
      ...(todo === undefined ? [] : [{ path: `mount ${entry.path}`, before: told(top), after: todo.told }]),
    ]
    const isMounted = word === 'mounted' || top !== undefined
    return {
      changed: diff.length > 0,
      result: { path: entry.path, mounted: isMounted, device: top?.device ?? (isMounted ? entry.device : undefined) },
      diff,
    }
  },
  async apply(connection, _plan, wish, state) {
    const { before, after } = edited(state, wish)
    const todo = wish.word === 'mounted' ? action(state, wish)?.script : undefined
    if (before === after) await output(connection, todo!)
    else await writeFstab(connection, wish, state, after, todo, `mount ${wish.entry.path}`)
  },
})

interface Leaving {
  readonly word: 'unmounted' | 'absent'
  readonly path: string
  readonly fstab: string
  readonly backup: boolean
}

const takeMount = legacyOperation<Leaving, State, Mounted>(({ word, path }) => `mount.${word} ${path}`, {
  read: (connection, { path, fstab }) => look(connection, path, fstab, ''),
  plan(state, { word, path, fstab }) {
    const before = decode(state.content ?? Buffer.alloc(0)).text
    const after = word === 'absent' ? fstabWithout(before, path) : before
    const top = state.live.at(-1)
    const diff: readonly Diff[] = [
      ...(before === after ? [] : [{ path: fstab, before: shown(before), after: shown(after) }]),
      ...(top ? [{ path: `mount ${path}`, before: told(top), after: 'not mounted\n' }] : []),
    ]
    return { changed: diff.length > 0, result: { path, mounted: false, device: undefined }, diff }
  },
  async apply(connection, _plan, { word, path, fstab, backup }, state) {
    const before = decode(state.content ?? Buffer.alloc(0)).text
    const after = word === 'absent' ? fstabWithout(before, path) : before
    const todo = state.live.length === 0 ? undefined : unmountScript(path, state.live.length)
    if (before === after) await output(connection, todo!)
    else await writeFstab(connection, { fstab, backup }, state, after, todo, `umount ${path}`)
  },
})

// Mounting stands in the place of a check of the new table: one request does both, and a failure changes neither.
async function writeFstab(
  connection: Connection,
  { fstab, backup }: { readonly fstab: string; readonly backup: boolean },
  { content, systemd }: State,
  after: string,
  todo: string | undefined,
  what: string,
): Promise<void> {
  const { encode } = decode(content ?? Buffer.alloc(0))
  await connection.write(fstab, encode(after), { backup, ...(todo ? { validate: changeAsCheck(what, todo) } : {}) })
  // It made units of the old table, and would unmount by them.
  if (systemd) await output(connection, 'systemctl daemon-reload')
}

async function look(
  connection: Parameters<typeof answers>[0],
  path: string,
  fstab: string,
  device: string,
): Promise<State> {
  const found = await answers(connection, {
    fstab: bytesOf(fstab),
    mounts: 'cat /proc/mounts',
    // Only a link can lead elsewhere, and a path on a dead network mount must not be touched.
    real: sh`p=${escaped(path)} w=${device}` + realScript,
    systemd: '[ -d /run/systemd/system ]',
  })
  const live = found.mounts.stdout.split('\n').flatMap((line) => {
    const [from, at, , options] = line.split(' ')
    return at !== undefined && unescaped(at) === path
      ? [{ device: unescaped(from!), options: options!.split(',') }]
      : []
  })
  const [wanted = '', real = ''] = found.real.stdout.split('\n')
  return { content: bytesIn(found.fstab, fstab), live, wanted, real, systemd: found.systemd.code === 0 }
}

const realScript = `
real() {
  case $1 in
    UUID=*|LABEL=*|PARTUUID=*|PARTLABEL=*) r=$(findfs "$1" 2>/dev/null) || r=$1 ;;
    *) r=$1 ;;
  esac
  case $r in /dev/*) readlink -f "$r" || printf '%s\\n' "$r" ;; *) printf '%s\\n' "$r" ;; esac
}
real "$w"
have=
while read -r from at rest; do [ "$at" != "$p" ] || have=$from; done < /proc/mounts
real "$have"
`

function edited({ content }: State, { entry }: Wish): { readonly before: string; readonly after: string } {
  const before = decode(content ?? Buffer.alloc(0)).text
  return { before, after: fstabText(before, entry) }
}

function optionsOf(fstab: string, { path, device }: FstabEntry): readonly string[] {
  return (inFstab(fstab, path, device)?.options ?? 'defaults').split(',')
}

// A loop or bind mount shows another device than the one it was asked for, and so does a file that is mounted.
function sameDevice({ wanted, real }: State, options: readonly string[]): boolean {
  if (options.some((one) => /^(loop(=.*)?|r?bind)$/.test(one))) return true
  const plain = (name: string) => name.replace(/(.)\/+$/, '$1')
  const comparable = (name: string) => name.startsWith('/dev/') || name.includes(':/')
  return !(comparable(wanted) && comparable(real)) || plain(wanted) === plain(real)
}

// Those that the kernel shows as they were asked for, whatever the file system.
const visible = new Set(['ro', 'rw', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime'])

function action(state: State, wish: Wish): { readonly script: string; readonly told: string } | undefined {
  const { device, path, type } = wish.entry
  const { before, after } = edited(state, wish)
  const options = optionsOf(after, wish.entry)
  const asked = options.join(',')
  const as = `${device} as ${type} with ${asked}\n`
  const top = state.live.at(-1)
  if (!top) {
    return {
      script: `PATH=$PATH:/sbin:/usr/sbin; ` + sh`mkdir -p ${path} && mount -t ${type} -o ${asked} ${device} ${path}`,
      told: as,
    }
  }
  const old = inFstab(before, path, device)?.options
  const changed = old !== undefined && old !== asked
  const lacking = options.some((one) => visible.has(one) && !top.options.includes(one))
  if (!changed && !lacking) return undefined
  return { script: `PATH=$PATH:/sbin:/usr/sbin; ` + sh`mount -o ${`remount,${asked}`} ${path}`, told: as }
}

function unmountScript(path: string, times: number): string {
  return (
    sh`PATH=$PATH:/sbin:/usr/sbin; p=${path} n=${times}` +
    `
while [ $n -gt 0 ]; do
  umount "$p" || { echo "$p cannot be unmounted; see who uses it: fuser -vm $p" >&2; exit 1; }
  n=$((n - 1))
done`
  )
}

const password = /(\bpass(?:word|wd)?2?=)[^,\s]+/

function shown(fstab: string): string {
  return fstab.replaceAll(new RegExp(password, 'g'), '$1‹masked›')
}

function told(top: State['live'][number] | undefined): string {
  return top ? `${top.device} with ${top.options.join(',')}\n` : 'not mounted\n'
}

function escaped(path: string): string {
  return path.replaceAll(/[\\ \t\n]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}

function normal(path: string): string {
  return path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1')
}
