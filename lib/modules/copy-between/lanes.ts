import { createInterface } from 'node:readline'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { output, type Connection, type Stream } from '../../model/operation.ts'
import { sh } from '../../kit/shell.ts'
import { mebi } from './progress.ts'
import { emptied } from '../../kit/links.ts'
import { receiving, receivingTurns, turn } from './receive.ts'

/** A file of a host, and a place in it to begin at. */
export interface Part {
  readonly path: string
  readonly from: number
  /** The size of the whole file. */
  readonly bytes: number
  /** How many files are copied at the same time. */
  readonly atOnce: number
}

// A connection has ten channels, and others want some.
const most = 6

// Below this the first windows carry it.
const large = 64 * mebi

/**
 * How much of a file that several channels filled until they broke off has no holes: of what was sent, a channel may
 * have two windows and a turn on the way.
 */
export function sure(there: number, bytes: number): number {
  return bytes < large ? there : there - 6 * most * turn
}

/**
 * The bytes of a file of a host from a place on. A distant host sends them through several channels, for each brings
 * one window a round trip.
 */
export async function reading(connection: Connection, file: Part): Promise<Stream> {
  const { path, from, bytes } = file
  const wanted = await lanesFor(connection, file)
  if (wanted === 1) return connection.stream(readingScript(path, from))
  const script = `read -r lane lanes || exit 0; i=$((lane * ${turn / mebi} + ${from / mebi})); exec 3>&1
while [ $i -lt ${Math.ceil(bytes / mebi)} ]; do
  said=$(${sh`dd if=${path}`} bs=131072 skip=$((i * 8)) count=${turn / 131072} 2>&1 >&3) || {
    printf '%s\\n' "$said" >&2; exit 1
  }
  i=$((i + lanes * ${turn / mebi}))
done`
  const lanes = await open(connection, script, wanted)
  lanes.forEach(({ stdin }, lane) => stdin.end(`${lane} ${lanes.length}\n`))
  const stdout = Readable.from(inTurn(lanes.map((lane) => lane.stdout)), { objectMode: false, highWaterMark: mebi })
  return together(lanes, { stdin: new PassThrough(), stdout })
}

/** A script that says a file's bytes from a place on. */
export function readingScript(path: string, from: number): string {
  return sh`dd if=${path} bs=131072 skip=${from / 131072}`
}

/**
 * Takes a file's bytes from a place on, and says their sha256 in the end; through several channels to a distant host.
 */
export async function writing(connection: Connection, file: Part): Promise<Stream> {
  const { path, from } = file
  const wanted = await lanesFor(connection, file, from === 0 ? emptied(path) : ':')
  if (wanted === 1) return connection.stream(receiving(path, from))
  const opened = await open(connection, receivingTurns(path, from), wanted + 1)
  const lanes = opened.slice(0, Math.max(1, opened.length - 1))
  const [sum] = opened.slice(lanes.length)
  lanes.forEach(({ stdin }, lane) => stdin.write(`${sum ? 'turn' : 'all'} ${lane} ${lanes.length}\n`))
  if (!sum) return lanes[0]!
  sum.stdin.write(`sum 0 ${lanes.length}\n`)
  follow(lanes, sum.stdin).catch(() => sum.stdin.destroy())
  return together(opened, { stdin: spread(lanes.map(({ stdin }) => stdin)), stdout: sum.stdout })
}

/** Passes on what the lanes say, in turn. */
async function follow(lanes: readonly Stream[], sum: Writable): Promise<void> {
  const said = lanes.map(({ stdout }) => createInterface(stdout)[Symbol.asyncIterator]())
  for (let i = 0; ; i++) {
    const { done, value } = await said[i % lanes.length]!.next()
    if (done) break
    sum.write(`${value}\n`)
  }
  sum.end()
}

async function lanesFor(connection: Connection, { bytes, from, atOnce }: Part, script = ':'): Promise<number> {
  if (atOnce > most / 2 || bytes - from < large) return 1
  const asked = performance.now()
  await output(connection, script)
  return Math.min(Math.floor(most / atOnce), 1 + Math.floor((performance.now() - asked) / 10))
}

/**
 * As many of these programs as start soon: one has to, for the others the server may have no room, or later. They end
 * when they get no line.
 */
async function open(connection: Connection, script: string, wanted: number): Promise<readonly Stream[]> {
  const asked = performance.now()
  const opened: Stream[] = []
  let late = false
  const starts = Array.from({ length: wanted }, async () => {
    const stream = await connection.stream(script)
    // One that breaks is judged by its exit code.
    stream.stdin.on('error', () => {})
    if (!late) return opened.push(stream)
    stream.stdout.resume()
    return stream.stdin.end()
  })
  const all = Promise.allSettled(starts)
  await Promise.any(starts).catch(async () => starts[0])
  await Promise.race([all, pause(250 + performance.now() - asked, undefined, { ref: false })])
  late = true
  return opened
}

/** Several programs as one, which fails when one of them does. */
function together(lanes: readonly Stream[], streams: Pick<Stream, 'stdin' | 'stdout'>): Stream {
  const kill = () => lanes.forEach((lane) => lane.kill())
  let failed: Awaited<Stream['ended']> | undefined
  const ended = Promise.all(
    lanes.map(async (lane) => {
      const end = await lane.ended
      if (end.code === 0 || failed) return
      failed = end
      // They might wait for it.
      kill()
    }),
  ).then(() => failed ?? { code: 0, stderr: '' })
  ended.catch(() => {})
  return { ...streams, ended, kill }
}

/** Takes a turn from each in turn. */
async function* inTurn(lanes: readonly Readable[]): AsyncGenerator<Buffer> {
  const sources = lanes.map((lane) => ({
    chunks: lane[Symbol.asyncIterator]() as AsyncIterator<Buffer>,
    rest: Buffer.alloc(0) as Buffer,
  }))
  for (let i = 0; ; i++) {
    const source = sources[i % sources.length]!
    for (let left = turn; left > 0; ) {
      if (source.rest.length === 0) {
        const { done, value } = await source.chunks.next()
        // The others have nothing more either, or are ended because this one failed.
        if (done)
          return void (await Promise.all(
            sources.map(async ({ chunks }) => {
              while (!(await chunks.next()).done);
            }),
          ))
        source.rest = value
      }
      const part = source.rest.subarray(0, left)
      source.rest = source.rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
}

/** Gives a turn to each in turn. */
function spread(lanes: readonly Writable[]): Writable {
  let at = 0
  const made = new Writable({
    highWaterMark: turn,
    write(chunk: Buffer, _encoding, done) {
      let full: Writable | undefined
      for (let sent = 0; sent < chunk.length; ) {
        const lane = lanes[Math.floor(at / turn) % lanes.length]!
        const part = chunk.subarray(sent, sent + turn - (at % turn))
        if (!lane.write(part)) full = lane
        sent += part.length
        at += part.length
      }
      if (full) full.once('drain', done)
      else done()
    },
    final(done) {
      for (const lane of lanes) lane.end()
      done()
    },
    destroy(error, done) {
      if (error) for (const lane of lanes) lane.destroy()
      done(error)
    },
  })
  for (const lane of lanes) {
    lane.on('error', (error) => made.destroy(error))
    lane.on('close', () => {
      if (!made.writableFinished) made.destroy(new Error('it ended before it had everything'))
    })
  }
  return made
}
