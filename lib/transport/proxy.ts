import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { quote } from '../kit/shell.ts'

/** A running proxy command: its stdin and stdout are one socket, as ssh wants it. */
export interface Proxy {
  readonly socket: Duplex
  /** What it said on stderr so far, and how it ended if it did. */
  failure(): Promise<string>
  kill(): void
}

/** Starts a ProxyCommand; `%h`, `%p`, `%r` and `%n` stand for address, port, user and the host's name. */
export function startProxy(command: string, to: { address: string; port: number; user: string; name: string }): Proxy {
  const values: Record<string, string> = { h: to.address, p: String(to.port), r: to.user, n: to.name }
  const filled = command.replaceAll(/%([hprn%])/g, (_, letter: string) => {
    return letter === '%' ? '%' : quote(values[letter] ?? '')
  })
  // One socket for both directions, which only a descriptor above 2 can be here; no stream of ours stands between.
  const child = spawn('sh', ['-c', `exec <&3 >&3 3<&-\n${filled}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const socket = child.stdio[3] as Duplex
  let said = ''
  let ended: string | undefined
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096)
  })
  const closed = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = error.message
      resolve()
    })
    child.once('close', (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`
      resolve()
    })
  })
  return {
    socket,
    async failure() {
      // What it says and how it ends comes with the end of the socket, or shortly after.
      await Promise.race([
        closed,
        new Promise((resolve) => {
          setTimeout(resolve, 500).unref()
        }),
      ])
      return said.trim() || ended || 'it closed the connection and said nothing'
    },
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      try {
        process.kill(-child.pid, 'SIGTERM')
      } catch {
        // It ended meanwhile.
      }
    },
  }
}
