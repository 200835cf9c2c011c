import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { posix } from 'node:path'
import { type Left, left } from '../model/foreseen.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Operation, Plan, Reader } from '../model/operation.ts'
import type { ReplacedThing } from '../model/replaced.ts'
import { Secret } from '../model/secret.ts'
import { answers, bytesOf } from '../kit/answers.ts'
import { changeAsCheck } from '../kit/change-as-check.ts'
import { performAll, type Step } from '../kit/command.ts'
import { foresee } from '../kit/foresee.ts'
import { leavesContent } from '../kit/leaving.ts'
import { type ContentState, contentIn } from '../kit/look.ts'
import { madeFrom, type NewContent, newContent } from '../kit/new-file.ts'
import { atNewPlace, inOtherHands, leads, loose } from '../kit/links.ts'
import { absolute, decode, filePath, mustHaveFolder } from '../kit/path-state.ts'
import { quote, sbin, sh } from '../kit/shell.ts'
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

const specNames: OptionNames<MountSpec> = { device: true, path: true, type: true, opts: true, dump: true, pass: true }

/** Which table, and whether to keep what it was. */
export interface MountOptions {
  /** /etc/fstab unless said. */
  readonly fstab?: string
  readonly backup?: boolean
}

const mountNames: OptionNames<MountOptions> = { fstab: true, backup: true }

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
  refuseUnknown('mount.present', spec, specNames)
  refuseUnknown('mount.present', options, mountNames)
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
  refuseUnknown('mount.mounted', spec, specNames)
  refuseUnknown('mount.mounted', options, mountNames)
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
  return takeMount({ word: 'unmounted', path: dispensable('unmounted', path), fstab: '/etc/fstab', backup: false })
}

/**
 * Nothing mounted at this path, now or at boot; the directory stays.
 *
 * ```ts
 * task('Forget the share', mount.absent('/var/lib/glance'))
 * ```
 */
export function absent(path: string, options: MountOptions = {}): Operation<Mounted> {
  refuseUnknown('mount.absent', options, mountNames)
  const { fstab = '/etc/fstab', backup = false } = options
  return takeMount({ word: 'absent', path: dispensable('absent', path), fstab: filePath(fstab), backup })
}

// What the host itself runs from and speaks with its kernel by.
const kept = new Set(['/', '/dev', '/etc', '/proc', '/run', '/sys', '/usr', '/var'])

function dispensable(word: string, path: string): string {
  const at = posix.normalize(normal(absolute(path)))
  if (kept.has(at))
    throw new Advice(`mount.${word} ${path}: no host lives without it`, 'name the mount below it that is to go')
  return at
}

interface Wish {
  readonly word: 'present' | 'mounted'
  readonly entry: FstabEntry
  readonly fstab: string
  readonly backup: boolean
}

interface State {
  readonly table: ContentState
  /** Where the path really is: the kernel knows no other name of it. */
  readonly at: string
  /** What is mounted there, the last of several on top. */
  readonly live: readonly { readonly device: string; readonly options: readonly string[] }[]
  /** The device that was asked for and the one that is mounted, without links and labels. */
  readonly wanted: string
  readonly real: string
  readonly systemd: boolean
  /** What `loose` says of the way there. */
  readonly loose?: string
}

function wishOf(spec: MountSpec, { fstab = '/etc/fstab', backup = false }: MountOptions): Omit<Wish, 'word'> {
  const { device, path, type, opts, dump, pass } = spec
  for (const [name, value] of Object.entries({ device, path, type })) {
    if (value === '' || /[\n\0]/.test(value))
      throw new Advice(`the ${name} ${JSON.stringify(value)} cannot stand in fstab`, 'write a blank as \\040')
  }
  const options = opts === undefined ? undefined : [opts].flat().join(',')
  if (options !== undefined && !/^[^\s,]+(,[^\s,]+)*$/.test(options)) {
    throw new Advice(
      `the options ${JSON.stringify(options)} of ${path} cannot stand in fstab: no blanks, none empty`,
      'write them as a list, one option each',
    )
  }
  if (options !== undefined && password.test(options)) {
    throw new Advice(
      `the options of ${path} hold a password, which every user of the host could read`,
      'put it into a file of mode 0600, with file.content, and give credentials=FILE',
    )
  }
  return { entry: { device, path: normal(path), type, options, dump, pass }, fstab: filePath(fstab), backup }
}

const bringMount = operation<Wish, State, readonly Step[], Mounted>(
  ({ word, entry }) => `mount.${word} ${entry.path}`,
  {
    lasting: () => true,
    read: (connection, { entry, fstab }) => look(connection, entry.path, fstab, entry.device),
    plan(state, { word, entry, fstab, backup }) {
      const before = textOf(state)
      const after = fstabText(before, entry)
      const top = state.live.at(-1)
      if (word === 'mounted' && top && !sameDevice(state, optionsOf(after, entry))) {
        throw new Advice(
          `${top.device} is mounted at ${entry.path}, and ${entry.device} is wanted there`,
          'see who uses it, and take it away with mount.unmounted first',
        )
      }
      const todo = word === 'mounted' ? mounting(state, entry, before, after) : undefined
      const isMounted = word === 'mounted' || top !== undefined
      if (state.loose && (todo?.tool === 'mount' || !inFstab(before, entry.path, '')))
        throw inOtherHands(entry.path, 'the mount', state.loose)
      return {
        result: { path: entry.path, mounted: isMounted, device: top?.device ?? (isMounted ? entry.device : undefined) },
        ...changeOf(state, { fstab, backup, path: entry.path }, after, todo),
      }
    },
    apply: performAll,
  },
)

interface Leaving {
  readonly word: 'unmounted' | 'absent'
  readonly path: string
  readonly fstab: string
  readonly backup: boolean
}

const takeMount = operation<Leaving, State, readonly Step[], Mounted>(({ word, path }) => `mount.${word} ${path}`, {
  read: (connection, { path, fstab }) => look(connection, path, fstab, ''),
  plan(state, { word, path, fstab, backup }) {
    const before = textOf(state)
    const after = word === 'absent' ? fstabWithout(before, path) : before
    const todo =
      state.live.length === 0
        ? undefined
        : {
            tool: 'umount',
            script: unmountScript(state.at, state.live.length),
            told: 'not mounted\n',
            brings: { live: [], real: '' },
          }
    return {
      result: { path, mounted: false, device: undefined },
      ...changeOf(state, { fstab, backup, path }, after, todo),
    }
  },
  apply: performAll,
})

interface Doing {
  readonly tool: string
  readonly script: string
  /** What is there after it. */
  readonly told: string
  readonly brings: Pick<State, 'live' | 'real'>
}

// What lies there then nobody has looked at.
function leavesMount(path: string, at: string, { brings }: Doing): readonly Left[] {
  const places = [...new Set([path, at])]
  return [
    ...places.map((place) => left<Pick<State, 'live' | 'real'>>(`mount ${place}`, () => brings)),
    ...places.map((place) => ({ what: `file ${place}`, below: true })),
  ]
}

// Mounting stands in the place of a check of the new table: one request does both, and a failure changes neither.
function changeOf(
  state: State,
  { fstab, backup, path }: { readonly fstab: string; readonly backup: boolean; readonly path: string },
  after: string,
  todo: Doing | undefined,
): Partial<Pick<Plan<Mounted, readonly Step[]>, 'change' | 'diff' | 'leaves' | 'replaces'>> {
  const { content } = state.table
  const { text: before, encode } = decode(content ?? nothing)
  const live = todo ? [{ path: `mount ${path}`, before: told(state.live.at(-1)), after: todo.told }] : []
  const line = inFstab(after, path, '') ?? inFstab(before, path, '')
  const mounts = todo ? [replacedMount(path, state.at, line)] : []
  const leaves = todo ? leavesMount(path, state.at, todo) : []
  if (before === after) return todo ? { change: [{ script: todo.script }], leaves, replaces: mounts, diff: live } : {}
  mustHaveFolder(state.table)
  const validate = todo ? { validate: changeAsCheck(`${todo.tool} ${path}`, todo.script) } : {}
  const write: Step = {
    path: fstab,
    ...contentOf(fstab, content, encode(after)),
    meta: { backup, ...validate },
    before: madeFrom(content),
  }
  // It made units of the old table, and would unmount by them.
  const reload: readonly Step[] = state.systemd ? [{ script: 'systemctl daemon-reload' }] : []
  return {
    change: [write, ...reload],
    leaves: [...leavesContent(fstab, content, encode(after)), ...leaves],
    // The table is put back before the mount that it tells of.
    replaces: [...mounts, { file: fstab }],
    diff: [{ path: fstab, before: shown(before), after: shown(after) }, ...live],
  }
}

/** The new table; one with passwords in it is nothing to be read in a plan. */
function contentOf(fstab: string, content: Uint8Array | undefined, after: Uint8Array): NewContent {
  const made = newContent(fstab, content, after)
  const text = made.content
  return typeof text === 'string' && password.test(text)
    ? { ...made, content: Secret.content(text, `content of ${fstab}`) }
    : made
}

// A line of fstab tells all that is needed to mount it, one that is there then or was there now; what has none was
// mounted by hand.
function replacedMount(path: string, at: string, line: FstabEntry | undefined): ReplacedThing {
  const inUse = `see who uses it: fuser -vm ${path}`
  const anew = line
    ? sh`make "$p" && mount -t ${line.type} -o ${line.options ?? 'defaults'} ${line.device} "$p"`
    : `case $part in /) make "$p" && mount -t "$type" -o "$o" "$from" "$p" ;;
  *) refuse "$p was mounted by hand: no line of fstab tells how" 'mount it by hand again' ;; esac`
  return {
    what: `mount ${path}`,
    look: sh`n=0 l= at=${escaped(at)}
while read -r id up device part where rest; do
  [ "$where" != "$at" ] || { n=$((n + 1)); set -- $rest; o=$1
    while [ "$1" != - ]; do shift; done; l="$3 $2 $o,$4 part $part"; }
done </proc/self/mountinfo
if [ $n -gt 0 ]; then echo "$n mounted, $l"; elif [ -d ${path} ]; then echo 'not mounted'; else echo none; fi`,
    back: `${sbin}make() ( ${atNewPlace}make "$1" )
${sh`p=${path}`}
set -f
case $before in
  none|'not mounted')
    n=\${now%% *}
    case $now in *' mounted, '*) while [ "$n" -gt 0 ]; do
      umount "$p" || refuse "$p cannot be unmounted" ${quote(inUse)}; n=$((n - 1)); done ;; esac
    [ "$before" != none ] || [ ! -d "$p" ] || rmdir "$p" ;;
  *)
    n=0; case $now in *' mounted, '*) n=\${now%% *} ;; esac
    [ $((\${before%% *} - n)) -le 1 ] ||
      refuse "several things were mounted over each other at $p" 'mount them by hand again'
    set -- \${before#* mounted, }
    from=$(printf '%b' "$(printf %s "$1" | sed 's/\\\\/\\\\0/g')") type=$2 o=$3 part=$5
    case $now in
      *' mounted, '*) mount -o "remount,$o" "$from" "$p" ;;
      *) ${anew} ;;
    esac ;;
esac`,
  }
}

const nothing = Buffer.alloc(0)

function textOf({ table }: State): string {
  return decode(table.content ?? nothing).text
}

async function look(connection: Reader, path: string, fstab: string, device: string): Promise<State> {
  const found = await answers(connection, {
    fstab: bytesOf(fstab),
    mounts: 'cat /proc/mounts',
    at: atScript(path),
    real: sh`w=${device}` + `\np=$(${atScript(path)})` + realScript,
    systemd: '[ -d /run/systemd/system ]',
    loose: `follow=\n${loose}\n${sh`loose ${path}`}`,
  })
  const escapedAt = found.at.stdout.trimEnd()
  const live = found.mounts.stdout.split('\n').flatMap((line) => {
    const [from, at, , options] = line.split(' ')
    return at !== undefined && at === escapedAt ? [{ device: unescaped(from!), options: options!.split(',') }] : []
  })
  const [wanted = '', real = ''] = found.real.stdout.split('\n')
  const at = unescaped(escapedAt)
  return {
    table: contentIn(connection, found.fstab, fstab),
    at,
    wanted,
    ...foresee(connection, `mount ${at}`, { live, real }),
    systemd: found.systemd.code === 0,
    loose: found.loose.stdout,
  }
}

/**
 * Says where a path really is, as /proc/mounts writes it. What is mounted there already may be on a dead server, and is
 * not touched.
 */
function atScript(path: string): string {
  return `while read -r from at rest; do
  [ "$at" != ${quote(escaped(path))} ] || { printf '%s\\n' "$at"; exit; }
done </proc/mounts
follow=1
${leads}
${sh`leads ${path} || r=${path}`}
printf '%s\\n' "$r" | sed 's/\\\\/\\\\134/g; s/ /\\\\040/g; s/	/\\\\011/g'`
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

function mounting({ at, live, wanted }: State, entry: FstabEntry, before: string, after: string): Doing | undefined {
  const { device, path, type } = entry
  const options = optionsOf(after, entry)
  const asked = options.join(',')
  const as = `${device} as ${type} with ${asked}\n`
  const top = live.at(-1)
  // Where neither is said it can be written.
  const then = options.includes('ro') ? options : [...options, 'rw']
  const brings = { live: [...live.slice(0, -1), { device, options: then }], real: wanted }
  if (!top) {
    return { tool: 'mount', script: mountScript(entry, at, asked), told: as, brings }
  }
  const old = inFstab(before, path, device)?.options
  const changed = old !== undefined && old !== asked
  const lacking = options.some((one) => visible.has(one) && !top.options.includes(one))
  if (!changed && !lacking) return undefined
  return { tool: 'mount', script: sbin + sh`mount -o ${`remount,${asked}`} ${path}`, told: as, brings }
}

// What was mounted since the look would be hidden by it.
function mountScript({ device, path, type }: FstabEntry, at: string, options: string): string {
  return `${isMounted(at)}
if mounted; then
  [ "$from" = ${quote(escaped(device))} ] || { echo "$from has been mounted there meanwhile" >&2; exit 1; }
else
  ( ${atNewPlace}${sh`make ${path}`} ) && ${sh`mount -t ${type} -o ${options} ${device} ${path}`}
fi`
}

function unmountScript(path: string, times: number): string {
  const inUse = `${path} cannot be unmounted; see who uses it: fuser -vm ${path}`
  return `${isMounted(path)}
n=${times}
while [ $n -gt 0 ] && mounted; do
  umount ${quote(path)} || { echo ${quote(inUse)} >&2; exit 1; }
  n=$((n - 1))
done`
}

function isMounted(path: string): string {
  const at = quote(escaped(path))
  return `${sbin}
mounted() { while read -r from at rest; do [ "$at" != ${at} ] || return 0; done < /proc/mounts; return 1; }`
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
