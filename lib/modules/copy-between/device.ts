import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { cannotLook, closed } from '../../kit/closed.ts'
import { leavesSomeFile } from '../../kit/leaving.ts'
import { emptiedAnywhere, held } from '../../kit/links.ts'
import { type Command, performStep } from '../../kit/command.ts'
import type { HostRef } from '../../model/inventory.ts'
import { Advice, CommandFailed, operation, output, type Operation, type Reader } from '../../model/operation.ts'
import { sh } from '../../kit/shell.ts'
import { type Direct, pass } from './direct.ts'
import { mebi, type Meter, meterOf } from './progress.ts'
import { findSum, sumIn } from './receive.ts'

/** Which device of which host is brought, and to where. */
export interface DeviceBetween {
  readonly from: HostRef
  /** A block device on the other host. */
  readonly path: string
  /** The device here; the same path unless said. It must be at least as large. */
  readonly to?: string
  readonly bytes: number
  /**
   * A file here that records a finished copy: with it there, the device is never written again, for it may have a user
   * by now.
   */
  readonly record: string
  /** The way for bytes that shall not pass through this machine. */
  readonly direct?: Direct
}

const deviceNames: OptionNames<DeviceBetween> = {
  from: true,
  path: true,
  to: true,
  bytes: true,
  record: true,
  direct: true,
}

/** How many bytes of a device had to be sent; what was equal, or zeros, was not. */
export type CopiedDevice = { readonly path: string; readonly bytes: number; readonly sent: number }

/**
 * Brings the content of a block device from another host. Both ends are compared chunk by chunk and only chunks that
 * differ are sent, so a copy that broke off costs no more than a comparison; afterwards what was written is compared
 * again.
 *
 * ```ts
 * copyBetween.device({
 *   from: host.vars.source, path: '/dev/cinder/volume-1', bytes: 2 ** 30,
 *   record: '/var/lib/switchover/volumes/volume-1',
 * })
 * ```
 * @throws Advice when the two differ after the copy
 */
export function device(options: DeviceBetween): Operation<CopiedDevice> {
  refuseUnknown('copyBetween.device', options, deviceNames)
  return deviceOperation({ ...options, to: options.to ?? options.path })
}

/** A device that is to become like another. */
type Equalling = {
  readonly path: string
  readonly to: string
  readonly bytes: number
  /** How many bytes are compared, and sent where they differ. */
  readonly chunk: number
  readonly record: string
  /** What writes the record. */
  readonly finish: Command
}

const deviceOperation = operation<
  DeviceBetween & { readonly to: string },
  { readonly recorded: boolean },
  Equalling,
  CopiedDevice
>(({ from, path }) => `copyBetween.device ${path} from ${from.name}`, {
  async read(connection, { record }) {
    const { code } = await connection.exec(
      `${closed}\n${sh`[ -f ${record} ] || { closed ${record} && exit 8; exit 1; }`}`,
    )
    if (code === 8) throw cannotLook(record, connection.host.name)
    return { recorded: code === 0 }
  },
  plan({ recorded }, { path, to, from, bytes, record }) {
    const result = { path: to, bytes, sent: 0 }
    if (recorded) return { result }
    return {
      result,
      change: {
        path,
        to,
        bytes,
        chunk: (bytes > 2 ** 38 ? 64 : 16) * mebi,
        record,
        finish: { script: `${emptiedAnywhere(record)}\n${held(record)}\ndate -u +%Y-%m-%dT%H:%M:%SZ >"$p"` },
      },
      diff: { path: to, before: '', after: `the ${bytes} bytes of ${path} on ${from.name}\n` },
      leaves: [{ what: `file ${to}` }, ...leavesSomeFile(record)],
      replaces: [{ file: record }],
      irreversible: `what was on ${to} is overwritten, and kept nowhere`,
      unpredictable: true,
      destructive: true,
    }
  },
  async apply(connection, { path, to, bytes, chunk, record, finish }, { from, direct }) {
    const source = await connection.peer(from)
    const chunks = cut(bytes, chunk)
    const comparing = meterOf(connection, 2 * bytes, 'compared')
    const [theirs, ours] = await Promise.all([
      sums(source, path, chunks, { meter: comparing }),
      sums(connection, to, chunks, { meter: comparing, record }),
    ])
    const differ = chunks.filter((_, i) => theirs[i] !== ours[i])
    const zeros = differ.filter((chunk) => theirs[chunk.number] === 'zeros')
    const sent = differ.filter((chunk) => theirs[chunk.number] !== 'zeros')
    if (zeros.length > 0) await output(connection, zeroer(to, zeros), { long: true })
    if (sent.length > 0) {
      await pass({
        source,
        target: connection,
        read: reader(path, sent),
        write: writer(to, sent),
        what: path,
        direct,
        meter: meterOf(connection, size(sent)),
      })
    }
    if (differ.length > 0) {
      const after = await sums(connection, to, differ)
      if (differ.some((chunk, i) => theirs[chunk.number] !== after[i]))
        throw new Advice(
          `${to} differs from ${path} of ${source.host.name} after the copy`,
          'something still writes one of them: stop what uses them on both hosts, then run the task again',
        )
    }
    await performStep(connection, finish)
    return { path: to, bytes, sent: size(sent) }
  },
})

interface Chunk {
  readonly number: number
  readonly at: number
  readonly bytes: number
}

function cut(bytes: number, chunk: number): readonly Chunk[] {
  return Array.from({ length: Math.ceil(bytes / chunk) }, (_, number) => ({
    number,
    at: number * chunk,
    bytes: Math.min(chunk, bytes - number * chunk),
  }))
}

function size(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { bytes }) => sum + bytes, 0)
}

interface Comparing {
  readonly meter?: Meter
  /** A file that must not be there: somebody else has finished meanwhile, and the device may have a user by now. */
  readonly record?: string
}

// One line a chunk. Most of a volume is often zeros, and comparing with /dev/zero is faster than a checksum.
async function sums(
  connection: Reader,
  device: string,
  chunks: readonly Chunk[],
  { meter = () => {}, record }: Comparing = {},
): Promise<readonly string[]> {
  const complete = `${record} says that it is complete`
  const script = `${record === undefined ? '' : sh`[ ! -f ${record} ] || { echo ${complete} >&2; exit 1; }`}
${findSum}
${sh`[ -r ${device} ] || { echo ${`${device} cannot be read`} >&2; exit 1; }`}
while read -r at n; do
  if ${sh`cmp -s -n "$n" ${device} /dev/zero "$at" 0`}; then echo zeros
  else
    skip=$((at / 1048576)) count=$(((n + 1048575) / 1048576))
    ${sh`dd if=${device} bs=1048576 skip=$skip count=$count 2>/dev/null`} | head -c "$n" | $sum
  fi
done`
  const asking = await connection.stream(script)
  asking.stdin.on('error', () => {})
  asking.stdin.end(chunks.map(({ at, bytes }) => `${at} ${bytes}\n`).join(''))
  let said = ''
  let seen = 0
  for await (const part of asking.stdout) {
    said += String(part)
    for (const lines = said.split('\n').length - 1; seen < lines; seen++) meter(chunks[seen]?.bytes ?? 0)
  }
  const { code, stderr } = await asking.ended
  const found = said.trim().split('\n')
  if (code !== 0 || found.length !== chunks.length) {
    throw new CommandFailed(
      `comparing ${device}`,
      { code, stdout: '', stderr },
      `cannot compare ${device} on ${connection.host.name}: ${stderr.trim() || 'it ended early'}`,
    )
  }
  return found.map((line) => sumIn(line) || line)
}

/** Chunks that lie side by side as one. */
function runs(chunks: readonly Chunk[]): readonly Chunk[] {
  const found: Chunk[] = []
  for (const chunk of chunks) {
    const last = found.at(-1)
    if (last && last.at + last.bytes === chunk.at)
      found[found.length - 1] = { ...last, bytes: last.bytes + chunk.bytes }
    else found.push(chunk)
  }
  return found
}

// A chunk begins at a whole MiB; only the last may end elsewhere, and there the other device may go on.
function reader(device: string, chunks: readonly Chunk[]): string {
  return `set -e\n${runs(chunks)
    .map(({ at, bytes }) => {
      const read = sh`dd if=${device} bs=1048576 skip=${at / mebi} count=${Math.ceil(bytes / mebi)}`
      return bytes % mebi === 0 ? read : `${read} | head -c ${bytes}`
    })
    .join('\n')}`
}

// It takes the end of what comes, too: whoever ends before leaves whoever sends with bytes that nobody took.
function writer(device: string, chunks: readonly Chunk[]): string {
  return `set -e\n${runs(chunks)
    .map(
      ({ at, bytes }) =>
        sh`dd of=${device} bs=1048576 seek=${at / mebi} count=${Math.ceil(bytes / mebi)} iflag=fullblock conv=notrunc`,
    )
    .join('\n')}\ncat >/dev/null
sync`
}

function zeroer(device: string, chunks: readonly Chunk[]): string {
  return `set -e\n${runs(chunks)
    .map(
      ({ at, bytes }) =>
        `head -c ${bytes} /dev/zero | ${sh`dd of=${device} bs=1048576 seek=${at / mebi} iflag=fullblock conv=notrunc`}`,
    )
    .join('\n')}\nsync`
}
