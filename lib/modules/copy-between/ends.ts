import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { lstat, readFile, rm, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { Advice, CommandFailed, output, type Connection, type Stream } from '../../model/operation.ts'
import { takenAway } from '../../kit/links.ts'
import { sh } from '../../kit/shell.ts'
import { failedTo } from './direct.ts'
import { readingData, receivingData } from './holes.ts'
import { reading, writing } from './lanes.ts'
import { mebi } from './progress.ts'
import { type Range, sumIn, sumOf, sumOfPart, sumScript } from './receive.ts'
import type { End, Relayed } from './relay.ts'

/** One end of a copy: a file on a host or on this machine, as far as it is there. */
export interface Place {
  readonly path: string
  /** The checksum of a part of it. */
  sum(range: Range): Promise<string>
  /** The program that reads or writes its bytes from one on. */
  end(from: number, bytes: number, atOnce: number): Ending
}

export interface Ending extends End {
  /** Whether its checksum is that of what passes through our hands; that of a host is worked out there. */
  readonly ours: boolean
  /** The checksum of what passed. */
  sum(passed: Relayed): Promise<string>
}

export interface Source extends Place {
  /** The file and whose it is, for errors. */
  readonly name: string
  /** Size and time, by which one sees that it is another file now. */
  stamp(): Promise<string>
}

/** What is written has another name until it is complete. */
export interface Target extends Place {
  readonly part: string
  /** How many bytes an earlier copy brought before it broke off. */
  begun(): Promise<number>
  discard(): Promise<unknown>
}

/** What the name of a file ends with while it is copied. */
export const suffix = '.switchover-part'

/** A file of a host that is read; with `holes` only its data are sent, for a target that is told the same. */
export function hostSource(connection: Connection, path: string, holes = false): Source {
  return {
    path,
    name: `${path} of ${connection.host.name}`,
    sum: (range) => sumOf(connection, path, range),
    stamp: async () => (await output(connection, sh`stat -L -c '%s %Y' ${path}`)).trim(),
    end(from, bytes, atOnce) {
      let sum = Promise.resolve('')
      return {
        doing: `reading ${path}`,
        ours: false,
        failed: failedTo('read', path, connection),
        sum: () => sum,
        async start() {
          const stream = holes
            ? await connection.stream(readingData(path, from, bytes))
            : await reading(connection, { path, from, bytes, atOnce })
          // At the same time, for then each byte comes from the disk once.
          const summing = connection.stream(sumScript(path, { from }))
          sum = summing.then(said).then(sumIn)
          sum.catch(() => {})
          return {
            ...stream,
            kill() {
              stream.kill()
              summing.then((one) => one.kill()).catch(() => {})
            },
          }
        },
      }
    },
  }
}

/** A file of a host that is written. */
export function hostTarget(connection: Connection, path: string, holes = false): Target {
  const part = `${path}${suffix}`
  return {
    path,
    part,
    sum: (range) => sumOfPart(part, connection, range),
    async begun() {
      const dir = posix.dirname(path)
      const said = await output(
        connection,
        // What somebody else has put there is no beginning of ours.
        `${sh`[ -d ${dir} ] || { echo none; exit; }; p=${part}`}
if [ -f "$p" ] && [ ! -L "$p" ] && [ -O "$p" ]; then stat -c %s "$p"; else echo 0; fi`,
      )
      if (said.trim() !== 'none') return Number(said)
      throw new Advice(
        `cannot write ${path} on ${connection.host.name}: there is no directory ${dir}`,
        'make it first, with file.directory',
      )
    },
    discard: () => connection.exec(takenAway(part)),
    end: (from, bytes, atOnce) => ({
      doing: `writing ${path}`,
      ours: false,
      failed: failedTo('write', path, connection),
      sum: async ({ said }) => sumIn(said),
      start: () =>
        holes ? connection.stream(receivingData(part, from)) : writing(connection, { path: part, from, bytes, atOnce }),
    }),
  }
}

async function said({ stdin, stdout, ended }: Stream): Promise<string> {
  stdin.end()
  const parts: Buffer[] = []
  for await (const part of stdout) parts.push(part as Buffer)
  const { code, stderr } = await ended
  if (code !== 0) throw new CommandFailed('sha256', { code, stdout: '', stderr })
  return Buffer.concat(parts).toString()
}

const passed = async ({ sha256 }: Relayed): Promise<string> => sha256

/** A file of this machine that is read. */
export function localSource(path: string): Source {
  return {
    path,
    name: path,
    sum: (range) => hashHere(path, range),
    stamp: () => stampHere(path),
    end: (from) => ({
      doing: `reading ${path}`,
      ours: true,
      sum: passed,
      async start() {
        const stdout = createReadStream(path, { start: from, highWaterMark: mebi })
        const ended = finished(stdout).then(() => ({ code: 0, stderr: '' }))
        ended.catch(() => {})
        return { stdin: new PassThrough(), stdout, ended, kill: () => stdout.destroy() }
      },
    }),
  }
}

/** A file of this machine that is written with what a host has; another host may be bringing one of the same name. */
export function localTarget(path: string, host: string): Target {
  const part = `${path}.${host}${suffix}`
  return {
    path,
    part,
    sum: (range) => hashHere(part, range),
    begun: async () => {
      const found = await lstat(part).catch(() => undefined)
      return found?.isFile() && found.uid === process.getuid?.() ? found.size : 0
    },
    discard: () => rm(part, { force: true }),
    end: (from) => ({
      doing: `writing ${path}`,
      ours: true,
      sum: passed,
      async start() {
        if (from === 0) await rm(part, { force: true })
        const stdin = createWriteStream(part, {
          flags: from === 0 ? 'wx' : 'r+',
          start: from,
          mode: 0o600,
          highWaterMark: mebi,
        })
        const ended = new Promise<{ code: number; stderr: string }>((resolve, reject) => {
          // What breaks off because of the other end is the other end's to tell.
          stdin.on('error', (error: NodeJS.ErrnoException) => {
            if (error.syscall) reject(new Error(`cannot write ${path}: ${error.message}`))
          })
          stdin.on('close', () => resolve({ code: 0, stderr: '' }))
        })
        ended.catch(() => {})
        return { stdin, stdout: Readable.from([]), ended, kill: () => stdin.destroy() }
      },
    }),
  }
}

/** The sha256 of a file of this machine, or of a part of it. */
export async function hashHere(path: string, { from = 0, to }: Range = {}): Promise<string> {
  // A stream costs more than a small file.
  if (from === 0 && to === undefined && (await stat(path)).size <= mebi)
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  const hash = createHash('sha256')
  if (to !== 0) await pipeline(createReadStream(path, { start: from, end: to && to - 1, highWaterMark: mebi }), hash)
  return hash.digest('hex')
}

/** Size and time of a file of this machine. */
export async function stampHere(path: string): Promise<string> {
  return stampOf(await stat(path))
}

/** What two files of the same path differ in. */
export const stampOf = ({ size, mtimeMs }: Stats): string => `${size} ${mtimeMs}`
