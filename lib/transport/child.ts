import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { Program } from './program.ts'

/** A process of this machine as a program, with these three of its streams. */
export function programOf(child: ChildProcess, stdin: Writable, stdout: Readable, stderr: Readable): Program {
  // When a child ends, Node lets all its streams flow, whether or not somebody listens by then: ours must not be known.
  ;(child.stdio as unknown as unknown[]).fill(null)
  const exited = new Promise<number | undefined>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])
    })
    child.once('error', () => {
      resolve(127)
    })
  })
  return {
    stdin,
    stdout,
    stderr,
    exited,
    closed: Promise.all([exited, ended(stdout), ended(stderr)]).then(() => undefined),
    close() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy()
    },
  }
}

/** Resolves when nothing more can be read. */
export function ended(readable: Readable): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) readable.once(event, () => resolve())
  })
}

/** Why nobody answers on a port, in words. */
export function refusalOf(error: unknown): string {
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>
  return code === 'ECONNREFUSED' ? 'connection refused' : message
}
