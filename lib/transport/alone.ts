import { TimedOut } from '../model/operation.ts'
import type { Work } from '../model/transport.ts'
import { startAs } from './become.ts'
import type { Acting } from './connection.ts'
import { endTree } from './ending.ts'
import { lost } from './failure.ts'
import { Collected } from './output.ts'
import type { Link } from './program.ts'
import { brief } from '../kit/shell.ts'
import { jobOf } from './job.ts'
import { interruption, type Raw, type Request } from './shell.ts'

/** What is wanted of a command that may outlive its session. */
export interface Long {
  readonly output: ((bytes: Buffer, stream: 'stdout' | 'stderr') => void) | undefined
  readonly work: Work | undefined
}

/** Runs one script on a channel of its own, and shows its output while it runs. */
export async function runAlone(
  { link, become, gate, pool }: Acting & { readonly link: Link },
  request: Request,
  long?: Long,
): Promise<Raw> {
  const { signal, timeout } = request
  const run = long && link.lock?.run
  const job = run === undefined ? undefined : jobOf(request, { run, work: long?.work, terminal: gate.terminal })
  const script = job?.script ?? request.script
  if (signal?.aborted === true) throw interruption(signal)
  const started = await startAs(link, become, gate, script, { signal, ...(job ? { job: job.before } : {}) })
  const { program, pid } = started
  pool.note(started)
  const stdout = new Collected(request.keep)
  const stderr = new Collected(request.keep)
  let heard = 0
  const listen = (stream: 'stdout' | 'stderr', kept: Collected): void => {
    program[stream].on('error', () => undefined)
    program[stream].on('data', (bytes: Buffer) => {
      heard++
      kept.push(bytes)
      long?.output?.(bytes, stream)
    })
  }
  listen('stdout', stdout)
  listen('stderr', stderr)
  // A command may end without having read its input.
  program.stdin.on('error', () => undefined)
  program.stdin.end(request.stdin)

  // Nobody comes for it any more.
  const done = (): void => {
    if (job !== undefined) pool.leave(job.remove)
  }
  let timer: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  let stopping = false
  const interrupted = new Promise<never>((_, reject) => {
    const interrupt = (error: Error): void => {
      stopping = true
      void endTree(link, become, gate, pid).then((failed) => {
        if (failed !== undefined) error.message += `, and it could not be ended: ${failed}`
        else done()
        reject(error)
      })
    }
    if (timeout !== undefined) {
      timer = setTimeout(() => {
        interrupt(new TimedOut(`timed out after ${timeout} s`))
      }, timeout * 1000)
    }
    if (signal !== undefined) {
      abort = () => {
        interrupt(interruption(signal))
      }
      signal.addEventListener('abort', abort, { once: true })
    }
  })
  try {
    const code = await Promise.race([finished().then((ended) => (stopping ? interrupted : ended)), interrupted])
    if (code === undefined) throw lost(link.name, ` while running ${brief(request.script)}`)
    done()
    return { code, stdout, stderr }
  } finally {
    clearTimeout(timer)
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
    program.close()
  }

  async function finished(): Promise<number | undefined> {
    const code = await program.exited
    // Something left behind may hold the outputs open for ever: silence after the end is taken for their end.
    for (let before = -1; before !== heard; ) {
      before = heard
      await Promise.race([
        program.closed.then(() => {
          before = heard
        }),
        pause(1000),
      ])
    }
    return code
  }
}

/** Passes some time, and then lets in what came meanwhile: on a busy machine the clock is seen before the news. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => {
      setImmediate(resolve)
    }, ms).unref()
  })
