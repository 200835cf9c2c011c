import { lstat, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { aside } from '../../../kit/aside.ts'
import { byLetters } from '../../../kit/path-state.ts'
import { atNewPlace, atPlace, holding } from '../../../kit/links.ts'
import { refusalIn } from '../../../kit/refusal.ts'
import { sh } from '../../../kit/shell.ts'
import { Advice, CommandFailed, type Connection, type LocalFile } from '../../../model/operation.ts'
import { carry } from '../../copy-between/carry.ts'
import { hostSource, hostTarget, localSource, stampOf, suffix } from '../../copy-between/ends.ts'
import { meterOf } from '../../copy-between/progress.ts'
import { small } from '../copied.ts'
import type { FolderThere } from '../tree.ts'
import { atOnce, lines, taking } from './listing.ts'
import { longestName, packedAs } from './packed.ts'

/** What brings a tree about; paths are below its root. */
export type TreeChange = {
  /** The root itself, where it is missing. */
  readonly root: readonly string[]
  /** Removed with all that is in them. */
  readonly remove: readonly string[]
  /** Made, parents first. */
  readonly directories: readonly string[]
  readonly files: readonly BroughtFile[]
  readonly links: readonly { readonly path: string; readonly to: string; readonly owner: string | undefined }[]
  /** Set last, deepest first. */
  readonly attributes: readonly {
    readonly path: string
    readonly mode: string | undefined
    readonly owner: string | undefined
    readonly directory: boolean
  }[]
}

type BroughtFile = {
  readonly path: string
  readonly bytes: number
  readonly stamp: string
  readonly mode: string
  readonly owner: string | undefined
}

/** Brings it. Small files come many at once, each complete before it gets its name; large ones as file.copy does. */
export async function bringTree(
  connection: Connection,
  change: TreeChange,
  from: LocalFile | FolderThere,
  root: string,
): Promise<void> {
  const source = 'from' in from ? await connection.peer(from.from) : undefined
  const meter = meterOf(
    connection,
    change.files.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  const order = (orders: readonly Uint8Array[], tool?: string) => ordered(connection, root, orders, tool)
  if (change.root.length > 0) {
    const script = `${atNewPlace}${sh`make ${root}`}`
    const result = await connection.exec(script)
    if (result.code !== 0) throw refusalIn(result) ?? new CommandFailed(sh`mkdir -p ${root}`, result)
  }
  await order(change.remove.map((path) => said('x', path)))
  await order(change.directories.map((path) => said('d', path)))
  let together = true
  for (const some of batches(change.files.filter(({ bytes }) => bytes <= small))) {
    const contents = source ? await takenThere(source, from.path, some) : await takenHere(from as LocalFile, some)
    const taken = some.map((file, i) => ({ ...file, content: contents[i]! }))
    if (together) together = await order(inGroups(taken), 'tar')
    if (!together) await order(taken.flatMap(alone))
    meter(some.reduce((sum, { bytes }) => sum + bytes, 0))
  }
  for (const { path, bytes, stamp, mode, owner } of change.files.filter((one) => one.bytes > small)) {
    const at = `${from.path}/${path}`
    const target = hostTarget(connection, `${root}/${path}`)
    await carry({ source: source ? hostSource(source, at) : localSource(at), target, bytes, stamp, meter })
    await order([said('p', path, mode, owner ?? '')])
  }
  await order(change.links.map(({ path, to, owner }) => said('l', path, to, owner ?? '')))
  await order(
    change.attributes.map(({ path, mode, owner, directory }) =>
      said('a', path, mode === undefined ? '' : directory ? byLetters(mode) : mode, owner ?? ''),
    ),
  )
}

interface TakenFile extends BroughtFile {
  readonly content: Uint8Array
}

function alone({ path, bytes, mode, owner, content }: TakenFile): readonly Uint8Array[] {
  return [said('f', path, String(bytes), mode, owner ?? ''), content, Buffer.from('.\n')]
}

/** Processes are what many small files cost a host: those of one folder that are to be alike come together. */
function inGroups(files: readonly TakenFile[]): readonly Uint8Array[] {
  const groups = new Map<string, TakenFile[]>()
  for (const file of files) {
    const long = Buffer.byteLength(posix.basename(file.path)) > longestName
    const key = long ? file.path : [posix.dirname(file.path), file.mode, file.owner].join('\0')
    const group = groups.get(key) ?? []
    group.push(file)
    groups.set(key, group)
  }
  return [...groups.values()].flatMap((group) => {
    if (group.length < 3) return group.flatMap(alone)
    const packed = packedAs(group.map(({ path, content }) => ({ name: posix.basename(path), content })))
    const [{ path, mode, owner }] = group as [TakenFile]
    const names = group.map((file) => posix.basename(file.path))
    return [
      said('g', path, mode, owner ?? '', String(packed.length), String(names.length), ...names),
      packed,
      Buffer.from('.\n'),
    ]
  })
}

const most = 4 * 1024 * 1024

/** Files that go in one request. */
function batches(files: readonly BroughtFile[]): readonly (readonly BroughtFile[])[] {
  const all: BroughtFile[][] = []
  let bytes = Infinity
  for (const file of files) {
    bytes += file.bytes
    if (bytes > most || all.at(-1)!.length >= atOnce) {
      all.push([])
      bytes = file.bytes
    }
    all.at(-1)!.push(file)
  }
  return all
}

function changedMeanwhile(path: string): Advice {
  return new Advice(`${path} changed while it was brought`, 'stop what writes it there, then run the task again')
}

async function takenHere(from: LocalFile, files: readonly BroughtFile[]): Promise<readonly Uint8Array[]> {
  const contents: Uint8Array[] = []
  for (const { path, bytes, stamp } of files) {
    const at = join(from.path, path)
    const found = await lstat(at).catch(() => undefined)
    const content = found?.isFile() && stampOf(found) === stamp ? await readFile(at) : undefined
    if (content?.length !== bytes) throw changedMeanwhile(at)
    contents.push(content)
  }
  return contents
}

async function takenThere(
  source: Connection,
  root: string,
  files: readonly BroughtFile[],
): Promise<readonly Uint8Array[]> {
  const script = `${sh`cd ${root} || exit 1`}\nset --\n${taking}\nstat -c '%s %Y' -- "$@" && cat -- "$@"`
  const stdin = lines(files.map(({ path }) => path))
  const { code, said: all, stderr } = await aside(source, script, stdin)
  if (code !== 0) throw new CommandFailed(`reading files of ${root}`, { code, stdout: '', stderr })
  let at = 0
  for (const { path, stamp } of files) {
    const end = all.indexOf('\n', at)
    if (all.subarray(at, end).toString() !== stamp) throw changedMeanwhile(`${root}/${path} of ${source.host.name}`)
    at = end + 1
  }
  return files.map(({ path, bytes }) => {
    at += bytes
    if (at > all.length) throw changedMeanwhile(`${root}/${path} of ${source.host.name}`)
    return all.subarray(at - bytes, at)
  })
}

/** An order as the script reads it: a line for each word. */
function said(what: string, path: string, ...more: readonly string[]): Uint8Array {
  return Buffer.from([what, `./${path}`, ...more].map((word) => `${word}\n`).join(''))
}

// What no tool and no refusal ends with.
const noTool = 69

/** Has orders carried out; where the host lacks the tool for them nothing is done, and it is false. */
async function ordered(
  connection: Connection,
  root: string,
  orders: readonly Uint8Array[],
  tool?: string,
): Promise<boolean> {
  if (orders.length === 0) return true
  const first = tool === undefined ? '' : `command -v ${tool} >/dev/null 2>&1 || exit ${noTool}\n`
  const result = await connection.exec(`${first}${carryingOut(root)}`, { stdin: Buffer.concat(orders), long: true })
  if (result.code === 0) return true
  if (tool !== undefined && result.code === noTool) return false
  const refused = refusalIn(result)
  if (refused) throw refused
  throw new CommandFailed(`file.tree in ${root}`, result, result.stderr.trim() || undefined)
}

/** Carries orders out that it reads; the first that fails ends it. Each is carried out inside the folder it is for. */
const carryingOut = (root: string) => `LC_ALL=C; export LC_ALL
umask 077; set -C
${atPlace}${holding}
${sh`root=${root === '/' ? '' : root}`}
made= aside=
trap '[ -z "$made" ] || rm -f -- "$made"; [ -z "$aside" ] || { cd ..; rm -rf -- "./$aside"; }' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
se=; if [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; then se=1; fi
odd() { echo "$at: $1" >&2; exit 1; }
short() { odd 'what was sent is not complete'; }
line() { IFS= read -r l || short; }
# NAME MODE OWNER; owner first, because changing it takes the setuid bits away.
attributes() {
  [ -z "$3" ] || chown -- "$3" "$1" || exit 1
  [ -z "$2" ] || chmod -- "$2" "$1" || exit 1
}
# What is new, as ./$1, gets the name ./$f.
named() {
  if [ -n "$se" ] && command -v chcon >/dev/null 2>&1 && [ -e "./$f" ]; then
    chcon --reference="./$f" -- "./$1" || exit 1
  fi
  new=; [ -e "./$f" ] || new=1
  [ ! -d "./$f" ] || [ -L "./$f" ] || odd 'it is a directory'
  rename "$1" "$f" || exit 1
  made=
  [ -z "$se" ] || [ -z "$new" ] || ! command -v restorecon >/dev/null 2>&1 || restorecon -- "./$f"
}
while IFS= read -r what; do
  IFS= read -r at || short
  if [ "$at" = ./ ]; then stand "$root"; else beside "$root/\${at#./}"; fi
  case $what in
    x) rm -rf -- "./$f" || exit 1 ;;
    d) mkdir -- "./$f" || exit 1 ;;
    f)
      line; size=$l; line; mode=$l; line; owner=$l
      made=./.switchover-$$
      exec 9>"$made" || exit 1
      [ "$size" = 0 ] || dd bs="$size" count=1 iflag=fullblock 2>/dev/null >&9 ||
        odd 'it cannot be written: is the disk full?'
      line; [ "$l" = . ] || short
      # It may have lost its name to another since.
      o=/proc/self/fd/9; [ -e $o ] || o=$made
      attributes "$o" "$mode" "$owner"
      exec 9>&-
      named ".switchover-$$" ;;
    g)
      line; mode=$l; line; owner=$l; line; size=$l; line; count=$l
      set --
      while [ $# -lt "$count" ]; do line; set -- "$@" "./$l"; done
      # Complete, with all that they are to have, before they get their names.
      w=.switchover-$$
      mkdir "./$w" && cd -P "./$w" && [ "$PWD" = "\${d%/}/$w" ] && [ -O . ] || odd "no folder can be made in $d"
      aside=$w
      m=$(dd bs="$size" count=1 iflag=fullblock 2>/dev/null | tar -xomf - 2>&1) ||
        odd "it cannot be written: $m"
      line; [ "$l" = . ] || short
      [ -z "$owner" ] || chown -- "$owner" "$@" || exit 1
      chmod -- "$mode" "$@" || exit 1
      for n; do [ ! -d "../$n" ] || [ -L "../$n" ] || { at=\${n#./}; odd 'it is a directory'; }; done
      if [ -n "$se" ]; then
        cd ..
        for n; do f=\${n#./}; named "$w/$f"; done
        rmdir "./$w"
      else
        mv -f -- "$@" .. || exit 1
        cd ..; rmdir "./$w"
      fi
      aside= ;;
    p)
      line; mode=$l; line; owner=$l
      name=$f
      hold "$root/\${at#./}${suffix}"
      attributes "$p" "$mode" "$owner"
      part=$f f=$name
      named "$part" ;;
    l)
      line; to=$l; line
      made=./.switchover-$$
      ln -s -- "$to" "$made" || exit 1
      [ -z "$l" ] || chown -h -- "$l" "$made" || exit 1
      # Moved onto a link to a directory it would land in there.
      rename ".switchover-$$" "$f" || { rm -f -- "./$f" && mv -f -- "$made" "./$f"; } || exit 1
      made= ;;
    a)
      line; mode=$l; line
      own "$l" "$mode" ;;
  esac
done
exit 0`
