import { setMaxListeners } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { HostRef } from '../model/inventory.ts'
import type { CommandResult, Connection, ExecOptions, FileMeta, Stream } from '../model/operation.ts'
import { Advice } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { brief, quote } from '../kit/shell.ts'
import type { Session } from '../model/transport.ts'
import { runAlone } from './alone.ts'
import { type Become, type Gate, startAs } from './become.ts'
import { endTree } from './ending.ts'
import { lost } from './failure.ts'
import type { Collected } from './output.ts'
import { Collected as Output } from './output.ts'
import type { Pool } from './pool.ts'
import type { Link } from './program.ts'
import { patiently, unlessAborted, waitLonger } from './patience.ts'
import { interruption, type Raw, type Request } from './shell.ts'
import { notWritten, withoutTool, writing } from '../kit/writing.ts'

/** Who commands run as on a machine, and the shells they run in. */
export interface Acting {
  readonly become: Become | undefined
  readonly gate: Gate
  readonly pool: Pool
}

/** What a connection needs of the machine it leads to. */
export interface Machine {
  readonly name: string
  /** Opens the link when there is none. */
  link(): Promise<Link>
  become(link: Link, user: string | undefined): Acting
  peer(host: HostRef, session: Session): Connection
}

// What a parser can be expected to take; a command that says more is to be streamed.
const mostOutput = 16 << 20
const mostFile = 64 << 20
const mostStderr = 64 << 10

// The shell reads its requests byte by byte: more than this has a channel of its own.
const mostInline = 256 << 10

/** The face of a machine for one task, which acts there as this user. */
export function connect(machine: Machine, session: Session, user: string | undefined): Connection {
  // Each request under way listens to it, and Node takes more than ten for a leak.
  if (session.signal) setMaxListeners(0, session.signal)
  const ready = async (): Promise<Acting & { readonly link: Link }> => {
    if (session.signal?.aborted === true) throw interruption(session.signal)
    const link = await unlessAborted(machine.link(), session.signal)
    return { link, ...machine.become(link, user) }
  }

  const run = async (request: Omit<Request, 'signal'>, long = false): Promise<Raw> => {
    const { link, become, gate, pool } = await ready()
    const whole: Request = { ...request, signal: session.signal }
    if (!long && (request.stdin?.length ?? 0) <= mostInline) return pool.run(session, whole)
    return runAlone(
      { link, become, gate, pool },
      whole,
      long ? { output: shown(session), work: session.work } : undefined,
    )
  }

  const exec = async (script: string, options: ExecOptions = {}): Promise<CommandResult> => {
    const { timeout, long = false, encoding, tidy } = options
    const stdin = bytesOf(options.stdin)
    const { row } = session
    const { code, stdout, stderr } = await run({ script, stdin, timeout, tidy, row, keep: mostOutput }, long)
    // People read the output of a long command, programs that of any other: these must not take a part for the whole.
    if (stdout.cut && !long) throw tooMuch(machine.name, script, stdout, code)
    return {
      code,
      stdout: encoding === 'latin1' ? stdout.bytes().toString('latin1') : stdout.text(),
      stderr: stderr.text(),
    }
  }

  return {
    host: { name: machine.name },
    exec,

    async read(path) {
      const { code, stdout, stderr } = await run({ script: `cat -- ${quote(path)}`, tidy: true, keep: mostFile })
      const said = stderr.text().trim()
      if (code !== 0) {
        if (/No such file or directory$/.test(said)) return undefined
        throw new Advice(
          `cannot read ${path} on ${machine.name}: ${withoutTool(said, path) || `exit code ${code}`}`,
          `see who may read it there: ls -l ${path}; the task acts as who logs in, unless it becomes another`,
        )
      }
      if (stdout.cut) {
        throw new Advice(
          `cannot read ${path} on ${machine.name}: it has ${stdout.total} bytes, ` +
            `more than the ${mostFile >> 20} MiB that a read takes`,
          'use stream() for files of this size',
        )
      }
      return stdout.bytes()
    },

    async write(path: string, content: string | Uint8Array | Secret, meta: FileMeta = {}) {
      const script = writing(path, meta)
      const { code, stderr, stdout } = await run({ script, stdin: bytesOf(content), keep: mostOutput })
      if (code !== 0) throw notWritten(path, machine.name, meta, { code, stdout: stdout.text(), stderr: stderr.text() })
    },

    async stream(script): Promise<Stream> {
      const { link, become, gate, pool } = await ready()
      const started = await startAs(link, become, gate, script, { signal: session.signal })
      const { program, pid } = started
      pool.note(started)
      const { signal } = session
      let over!: () => void
      const killed = new Promise<undefined>((resolve) => {
        over = () => resolve(undefined)
      })
      const kill = (): void => {
        void endTree(link, become, gate, pid).then(() => {
          program.close()
          // A host that hangs does not tell that it let go.
          over()
        })
      }
      signal?.addEventListener('abort', kill, { once: true })
      const stderr = new Output(mostStderr)
      program.stderr.on('data', (bytes: Buffer) => {
        stderr.push(bytes)
      })
      program.stderr.on('error', () => undefined)
      const ended = (async () => {
        const code = await Promise.race([program.exited, killed])
        // The last bytes may follow the exit code; stdout is the reader's business.
        await finished(program.stderr)
        signal?.removeEventListener('abort', kill)
        if (signal?.aborted === true) throw interruption(signal)
        if (code === undefined) {
          throw lost(machine.name, ` while running ${brief(script)}`)
        }
        return { code, stderr: stderr.bytes().toString('utf8') }
      })()
      // Whoever only reads the stream must not be killed by an ending nobody awaited.
      ended.catch(() => undefined)
      return { stdin: program.stdin, stdout: program.stdout, ended, kill }
    },

    async dial(port, address = '127.0.0.1'): Promise<Duplex> {
      const { link } = await ready()
      const late = (): Advice =>
        new Advice(
          `cannot reach ${address}:${port} from ${machine.name}: no answer for ${link.patience} s`,
          `see from there whether it is up, or ${waitLonger(link.patience)}`,
        )
      const dialled = link.dial(port, address)
      try {
        return await patiently(link.patience, dialled, late, session.signal)
      } catch (error) {
        dialled.then((stream) => stream.destroy()).catch(() => undefined)
        throw error
      }
    },

    async peer(host) {
      return machine.peer(host, session)
    },

    progress(message, size) {
      session.progress?.(message, size)
    },
  }
}

/** Passes output on as text, whole characters only. */
function shown(session: Session): ((bytes: Buffer, stream: 'stdout' | 'stderr') => void) | undefined {
  if (session.output === undefined) return undefined
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  return (bytes, stream) => {
    const text = decoders[stream].write(bytes)
    if (text !== '') session.output?.(text, stream)
  }
}

function bytesOf(content: string | Uint8Array | Secret | undefined): Buffer | undefined {
  if (content === undefined) return undefined
  if (content instanceof Secret) return Buffer.from(content.reveal())
  if (typeof content === 'string') return Buffer.from(content)
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

function tooMuch(host: string, script: string, stdout: Collected, code: number): Advice {
  return new Advice(
    `${brief(script)} on ${host} wrote ${stdout.total} bytes, ` +
      `more than the ${mostOutput >> 20} MiB that are kept (it ended with exit code ${code})`,
    'run it as a long command, whose last output is kept, or use stream()',
  )
}

function finished(readable: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (readable.readableEnded || readable.destroyed) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, 1000)
    readable.once('end', done)
    readable.once('close', done)
  })
}
