import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
  const order = (orders: readonly Uint8Array[]) => ordered(connection, root, orders)
  if (change.root.length > 0) {
    const script = `${atNewPlace}${sh`make ${root}`}`
    const result = await connection.exec(script)
    if (result.code !== 0) throw refusalIn(result) ?? new CommandFailed(sh`mkdir -p ${root}`, result)
  }
  await order(change.remove.map((path) => said('x', path)))
  await order(change.directories.map((path) => said('d', path)))
  for (const some of batches(change.files.filter(({ bytes }) => bytes <= small))) {
    const contents = source ? await takenThere(source, from.path, some) : await takenHere(from as LocalFile, some)
    await order(
      some.flatMap(({ path, bytes, mode, owner }, i) => [
        said('f', path, String(bytes), mode, owner ?? ''),
        contents[i]!,
        Buffer.from('.\n'),
      ]),
    )
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
  const result = await source.exec(script, { stdin, encoding: 'latin1', long: true })
  if (result.code !== 0) throw new CommandFailed(`reading files of ${root}`, result)
  const all = Buffer.from(result.stdout, 'latin1')
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

async function ordered(connection: Connection, root: string, orders: readonly Uint8Array[]): Promise<void> {
  if (orders.length === 0) return
  const result = await connection.exec(carryingOut(root), { stdin: Buffer.concat(orders), long: true })
  if (result.code === 0) return
  const refused = refusalIn(result)
  if (refused) throw refused
  throw new CommandFailed(`file.tree in ${root}`, result, result.stderr.trim() || undefined)
}

/** Carries orders out that it reads; the first that fails ends it. Each is carried out inside the folder it is for. */
const carryingOut = (root: string) => `LC_ALL=C; export LC_ALL
umask 077; set -C
${atPlace}${holding}
${sh`root=${root === '/' ? '' : root}`}
made=
trap '[ -z "$made" ] || rm -f -- "$made"' EXIT
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
