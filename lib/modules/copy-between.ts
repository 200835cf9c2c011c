import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HostRef } from '../model/inventory.ts'
import { Advice, CommandFailed, operation, output, type Connection, type Operation, type Reader, type Stream } from '../model/operation.ts'
import { sh } from '../model/shell.ts'

/** What was copied from host to host. */
export type CopiedBetween = { readonly path: string; readonly files: number; readonly bytes: number }

export interface FilesBetween {
  readonly from: HostRef
  /** A directory, the same on both hosts. */
  readonly path: string
  /** Names of directories and files directly below it that are left out. */
  readonly exclude?: readonly string[]
}

interface Entry {
  readonly path: string
  readonly size: number
  readonly mtime: number
  readonly mode: string
}

/**
 * Brings the files of a directory from another host: those that are missing here or differ in size or time. Each file is
 * streamed, checked by sha256 and only then given its name; a copy that broke off goes on where it stopped. Files that only
 * the receiving host has stay.
 *
 * ```ts
 * copyBetween.files({ from: host.vars.source, path: '/var/lib/glance/images' })
 * ```
 */
export function files(options: FilesBetween): Operation<CopiedBetween> {
  return filesOperation(options)
}

const filesOperation = operation<FilesBetween, readonly Entry[], CopiedBetween>(({ from, path }) => `copyBetween.files ${path} from ${from.name}`, {
  async read(connection, { from, path, exclude = [] }) {
    const source = await connection.peer(from)
    const [theirs, ours] = await Promise.all([list(source, path, exclude), list(connection, path, exclude)])
    if (!theirs) throw new Advice(`${from.name} has no directory ${path}`, 'check the path')
    const known = new Map((ours ?? []).map((entry) => [entry.path, entry]))
    return theirs.filter((entry) => {
      const here = known.get(entry.path)
      return !here || here.size !== entry.size || here.mtime !== entry.mtime
    })
  },
  plan: (missing, { path }) => ({
    changed: missing.length > 0,
    result: { path, files: missing.length, bytes: total(missing) },
    diff: missing.map((entry) => ({ path: `${path}/${entry.path}`, before: '', after: `${entry.size} bytes\n` })),
  }),
  async apply(connection, plan, { from, path }, missing) {
    const source = await connection.peer(from)
    const meter = progress(connection, total(missing))
    for (const entry of missing) await copyFile(source, connection, path, entry, meter)
    return plan.result
  },
})

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

async function list(connection: Reader, path: string, exclude: readonly string[]): Promise<readonly Entry[] | undefined> {
  const without = exclude.map((name) => sh`-path ${`./${name}`} -prune -o`).join(' ')
  const { code, stdout } = await connection.exec(`${sh`cd ${path} 2>/dev/null`} || exit 9; find . ${without} -type f ! -name '*.switchover-part' -exec stat -c '%s %Y %a %n' {} +`)
  if (code === 9) return undefined
  return stdout.split('\n').flatMap((line) => {
    const match = /^(\d+) (\d+) (\d+) \.\/(.*)$/.exec(line)
    return match ? [{ size: Number(match[1]), mtime: Number(match[2]), mode: match[3]!, path: match[4]! }] : []
  })
}

type Meter = (bytes: number) => void

function progress(connection: Connection, all: number, did = 'copied'): Meter {
  let done = 0
  let shown = 0
  return (bytes) => {
    done += bytes
    if (done - shown < Math.max(all / 100, 1 << 20) && done !== all) return
    shown = done
    connection.progress(`${(done / 1048576).toFixed(0)} of ${(all / 1048576).toFixed(0)} MiB ${did}`)
  }
}

async function copyFile(source: Connection, target: Connection, root: string, entry: Entry, meter: Meter): Promise<void> {
  const path = `${root}/${entry.path}`
  const part = `${path}.switchover-part`
  const there = Number((await output(target, sh`umask 077; mkdir -p "$(dirname ${path})" && { [ -f ${part} ] || : > ${part}; } && wc -c < ${part}`)).trim())
  const from = there <= entry.size ? there : 0
  meter(from)
  const reading = await source.stream(from === 0 ? sh`cat ${path}` : sh`tail -c +${from + 1} ${path}`)
  const writing = await target.stream(from === 0 ? sh`cat > ${part}` : sh`cat >> ${part}`)
  await relay(reading, writing, meter, `${path} of ${source.host.name}`)
  // Both ends are asked after the copy: a file that grew meanwhile, or a first half from an older try, shows here.
  const [theirs, ours] = await Promise.all([output(source, sh`sha256sum < ${path}`), output(target, sh`sha256sum < ${part}`)])
  if (theirs !== ours) {
    await target.exec(sh`rm -f ${part}`)
    throw new Advice(`the copy of ${path} differs from what ${source.host.name} has`, 'stop what writes it there, then run the task again')
  }
  await output(target, sh`chmod ${entry.mode} ${part} && touch -d ${`@${entry.mtime}`} ${part} && mv -f ${part} ${path}`)
}

async function relay(reading: Stream, writing: Stream, meter: Meter, what: string): Promise<string> {
  reading.stdin.end()
  writing.stdout.resume()
  const hash = createHash('sha256')
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk)
      meter(chunk.length)
      next(undefined, chunk)
    },
  })
  const [moved, read, written] = await Promise.allSettled([pipeline(reading.stdout, counted, writing.stdin), reading.ended, writing.ended])
  if (read.status === 'rejected') throw read.reason
  if (read.value.code !== 0) throw new CommandFailed(`reading ${what}`, { ...read.value, stdout: '' })
  if (written.status === 'rejected') throw written.reason
  if (written.value.code !== 0) throw new CommandFailed(`writing ${what}`, { ...written.value, stdout: '' })
  if (moved.status === 'rejected') throw moved.reason
  return hash.digest('hex')
}

export interface DeviceBetween {
  readonly from: HostRef
  /** A block device on the other host. */
  readonly path: string
  /** The device here; the same path unless said. It must be at least as large. */
  readonly to?: string
  readonly bytes: number
  /** A file here that records a finished copy: with it there, the device is never written again, for it may have a user by now. */
  readonly record: string
}

interface DeviceState {
  readonly recorded: boolean
}

/** How many bytes of a device had to be sent, and what was found equal. */
export type CopiedDevice = { readonly path: string; readonly bytes: number; readonly sent: number }

/**
 * Brings the content of a block device from another host. Both ends are compared chunk by chunk and only chunks that differ are
 * sent, so a copy that broke off costs no more than a comparison; afterwards what was sent is compared again.
 */
export function device(options: DeviceBetween): Operation<CopiedDevice> {
  return deviceOperation(options)
}

const deviceOperation = operation<DeviceBetween, DeviceState, CopiedDevice>(({ from, path }) => `copyBetween.device ${path} from ${from.name}`, {
  read: async (connection, { record }) => ({ recorded: (await connection.exec(sh`[ -f ${record} ]`)).code === 0 }),
  plan: ({ recorded }, { path, from, bytes }) => recorded
    ? { changed: false, result: { path, bytes, sent: 0 } }
    : { changed: true, unpredictable: true, result: { path, bytes, sent: 0 }, diff: { path, before: '', after: `the ${bytes} bytes of ${path} on ${from.name}\n` } },
  async apply(connection, _plan, { from, path, to = path, bytes, record }) {
    const source = await connection.peer(from)
    const chunk = bytes > 2 ** 30 ? 64 * 2 ** 20 : 16 * 2 ** 20
    const all = Math.ceil(bytes / chunk)
    const everything = Array.from({ length: all }, (_, i) => i)
    const comparing = progress(connection, 2 * all * chunk, 'compared')
    const [theirs, ours] = await Promise.all([sums(source, path, bytes, chunk, everything, comparing), sums(connection, to, bytes, chunk, everything, comparing)])
    const differ = everything.filter((i) => theirs[i] !== ours[i])
    if (differ.length > 0) {
      const meter = progress(connection, differ.length * chunk)
      await relay(await source.stream(reader(path, chunk, differ)), await connection.stream(writer(to, chunk, bytes, differ)), meter, `${path} of ${source.host.name}`)
      const after = await sums(connection, to, bytes, chunk, differ)
      const wrong = differ.findIndex((i, n) => theirs[i] !== after[n])
      if (wrong >= 0) throw new Advice(`${to} differs from ${path} of ${source.host.name} after the copy`, 'something still writes one of them: stop the guests that use the volume and tgtd on the source, then run the task again')
    }
    await output(connection, sh`umask 077; mkdir -p "$(dirname ${record})" && date -u +%Y-%m-%dT%H:%M:%SZ > ${record}`)
    return { path: to, bytes, sent: differ.length * chunk }
  },
})

// One line a chunk. Most of a volume is often zeros, and comparing with /dev/zero is ten times faster than a checksum.
async function sums(connection: Reader, path: string, bytes: number, chunk: number, which: readonly number[], meter: Meter = () => {}): Promise<readonly string[]> {
  const mega = chunk / 2 ** 20
  const script = sh`
    [ -r ${path} ] || { echo ${`${path} cannot be read`} >&2; exit 1; }
    while read -r i n; do
      if cmp -s -n "$n" ${path} /dev/zero $((i * ${chunk})) 0; then echo zeros
      else dd if=${path} bs=1048576 skip=$((i * ${mega})) count=${mega} 2>/dev/null | head -c "$n" | sha256sum | cut -c 1-64; fi
    done`
  const asking = await connection.stream(script)
  asking.stdin.end(which.map((i) => `${i} ${Math.min(chunk, bytes - i * chunk)}\n`).join(''))
  let said = ''
  for await (const part of asking.stdout) {
    said += String(part)
    meter(String(part).split('\n').length * chunk - chunk)
  }
  const { code, stderr } = await asking.ended
  const found = said.trim().split('\n')
  if (code !== 0 || found.length !== which.length) throw new CommandFailed(`comparing ${path}`, { code, stdout: '', stderr })
  return found
}

function ranges(which: readonly number[]): readonly (readonly [first: number, count: number])[] {
  const found: [number, number][] = []
  for (const i of which) {
    const last = found.at(-1)
    if (last && last[0] + last[1] === i) last[1]++
    else found.push([i, 1])
  }
  return found
}

function reader(path: string, chunk: number, which: readonly number[]): string {
  const m = chunk / 2 ** 20
  return `set -e\n${ranges(which).map(([first, count]) => sh`dd if=${path} bs=1048576 skip=${first * m} count=${count * m} 2>/dev/null`).join('\n')}`
}

function writer(path: string, chunk: number, bytes: number, which: readonly number[]): string {
  const m = chunk / 2 ** 20
  return `set -e\n${ranges(which).map(([first, count]) => {
    const blocks = Math.ceil(Math.min(count * chunk, bytes - first * chunk) / 2 ** 20)
    return sh`dd of=${path} bs=1048576 seek=${first * m} count=${blocks} iflag=fullblock conv=notrunc 2>/dev/null`
  }).join('\n')}\nsync`
}
