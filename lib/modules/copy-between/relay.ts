import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailed, type Stream } from '../../model/operation.ts'
import { type Secret, revealed } from '../../model/secret.ts'

/** One end of a relay: a program, and what an error calls its work. */
export interface End {
  readonly doing: string
  start(): Promise<Stream>
  /** What the reading program gets to read itself. */
  readonly input?: string | Secret
  /** The error of the program, when more can be said than its own words. */
  failed?(result: { readonly code: number; readonly stderr: string }): Error
}

/** What passed through our hands. */
export interface Relayed {
  readonly bytes: number
  /** '' unless wanted. */
  readonly sha256: string
  /** The last 200 bytes. */
  readonly tail: Buffer
  /** What the writing program said, as far as a few lines. */
  readonly said: string
}

/**
 * Passes the output of a program on one host to a program on another, at the pace of the slower one, and resolves when
 * both have ended well.
 * @throws CommandFailed, Unreachable: the error of the end that broke, not that of the one which broke because of it
 */
export async function relay(
  from: End,
  to: End,
  seen: (bytes: number) => void = () => {},
  sum = true,
): Promise<Relayed> {
  const [reading, writing] = await startBoth(from, to)
  const hash = sum ? createHash('sha256') : undefined
  let bytes = 0
  let tail: Buffer = Buffer.alloc(0)
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash?.update(chunk)
      bytes += chunk.length
      tail = chunk.length >= 200 ? chunk.subarray(-200) : Buffer.concat([tail, chunk]).subarray(-200)
      seen(chunk.length)
      next(undefined, chunk)
    },
  })
  // A program that ends without reading what it is given is judged by its exit code.
  reading.stdin.on('error', () => {})
  reading.stdin.end(revealed(from.input ?? ''))
  let said = ''
  writing.stdout.on('error', () => {})
  writing.stdout.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(0, 4096)
  })
  const lost: unknown[] = []
  const noted = <T>(ended: Promise<T>): Promise<T> =>
    ended.catch((error: unknown) => {
      lost.push(error)
      throw error
    })
  const [moved, read, written] = await Promise.allSettled([
    pipeline(reading.stdout, watch, writing.stdin).catch((error: unknown) => {
      kill(reading)
      throw error
    }),
    noted(reading.ended),
    noted(writing.ended),
  ])
  // The reader breaks off when nobody takes what it gives, so the writer is asked first; of two lost connections the
  // first.
  if (written.status === 'fulfilled' && written.value.code !== 0) throw failed(to, written.value)
  if (lost.length > 0) throw lost[0]
  if (moved.status === 'rejected' && written.status === 'fulfilled') {
    const early = 'it ended before it had everything'
    throw failed(to, { ...written.value, stderr: `${written.value.stderr}\n${early}`.trim() })
  }
  if (read.status === 'fulfilled' && read.value.code !== 0) throw failed(from, read.value)
  if (moved.status === 'rejected') throw moved.reason
  return { bytes, sha256: hash?.digest('hex') ?? '', tail: Buffer.from(tail), said }
}

async function startBoth(from: End, to: End): Promise<readonly [Stream, Stream]> {
  const started = await Promise.allSettled([from.start(), to.start()])
  const [reading, writing] = started
  if (reading.status === 'fulfilled' && writing.status === 'fulfilled') return [reading.value, writing.value]
  for (const one of started) if (one.status === 'fulfilled') kill(one.value)
  throw started.find((one) => one.status === 'rejected')!.reason
}

function kill(stream: Stream): void {
  try {
    stream.ended.catch(() => {})
    stream.kill()
  } catch {
    // It had ended by itself.
  }
}

function failed(end: End, result: { readonly code: number; readonly stderr: string }): Error {
  return end.failed?.(result) ?? new CommandFailed(end.doing, { ...result, stdout: '' })
}
