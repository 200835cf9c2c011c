import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { Advice, Unreachable } from '../model/operation.ts'
import { lost, nobodyThere } from './failure.ts'
import type { Locking } from './host-lock.ts'
import { patiently, waitLonger } from './patience.ts'
import type { Link, Program, Starting } from './program.ts'
import type { Proxy } from './proxy.ts'
import { interruption } from './shell.ts'
import { steadyNow } from '../model/steady-time.ts'

// sshd allows 10 sessions a connection unless told; the last one is kept for ending what runs too long.
const mostChannels = 9

// A server may take a moment to see that a session of ours has ended.
const patience = { tries: 20, milliseconds: 100 }
const moment = 500

// A server that refused one session too many may allow it later: whoever waits this long has it tried.
const probing = 2000

/** The channels of one ssh connection: no more at a time than the server allows. */
export class SshLink implements Link {
  readonly name: string
  readonly user: string
  readonly terminals = true
  // Port and address as the host itself sees them: the ways to it are many. Every sshd says so.
  readonly place = '"$SSH_CONNECTION"'
  lock?: Locking
  readonly agent: boolean
  readonly patience: number
  lost = false
  crowded?: () => void
  readonly #client: Client
  readonly #gone: Promise<void>
  #most = mostChannels
  #limit = mostChannels
  #freed = 0
  #open = 0
  readonly #queue: (() => void)[] = []

  constructor(
    { name, user, patience, agent }: Pick<Link, 'name' | 'user' | 'patience' | 'agent'>,
    client: Client,
    proxy: Proxy | undefined,
  ) {
    this.name = name
    this.user = user
    this.agent = agent
    this.patience = patience
    this.#client = client
    this.#gone = new Promise((resolve) => {
      const gone = (): void => {
        this.lost = true
        proxy?.kill()
        for (const wake of this.#queue.splice(0)) wake()
        resolve()
      }
      client.once('close', gone)
      client.once('end', gone)
      client.once('error', gone)
    })
  }

  get crowd(): boolean {
    return this.#queue.length > 0
  }

  async start(command: string, how: Starting = {}): Promise<Program> {
    // What runs on a terminal takes two channels, and so does what ends it.
    if (how.terminal === true) this.#most = mostChannels - 1
    this.#limit = Math.min(this.#limit, this.#most)
    for (let refused = 0, early = 0; ; ) {
      if (how.urgent === true) this.#open++
      else await this.#slot(how)
      try {
        return await this.#opened(this.#exec(command, how.terminal === true), how)
      } catch (error) {
        this.#release()
        const wait = (): Promise<void> =>
          new Promise((resolve) => {
            setTimeout(resolve, patience.milliseconds)
          })
        if (error instanceof Unreachable || isAborted(how.signal)) throw error
        if (this.lost || !/Channel open failure/.test((error as Error).message)) {
          throw lost(this.name, ` while opening a channel: ${(error as Error).message}`)
        }
        if (this.#open > 0 && how.urgent !== true) {
          if (steadyNow() - this.#freed < moment && ++early <= 5) {
            await wait()
            continue
          }
          // The server allows fewer sessions than we thought: wait for one of ours.
          this.#limit = Math.max(1, Math.min(this.#limit, this.#open))
          continue
        }
        if (++refused >= patience.tries) {
          throw new Unreachable(
            `${this.name} opens no session: ${openFailure(error as Error)}`,
            'see MaxSessions in sshd_config there',
          )
        }
        await wait()
      }
    }
  }

  async #slot({ second, signal }: Starting): Promise<void> {
    while (!this.lost && this.#open >= this.#limit) {
      if (isAborted(signal)) throw interruption(signal!)
      if (second === true && this.#limit < 2) {
        throw new Unreachable(
          `${this.name} opens one session only, and a command on a terminal takes two`,
          'see MaxSessions in sshd_config there',
        )
      }
      let wake!: () => void
      const free = new Promise<void>((resolve) => {
        wake = resolve
      })
      this.#queue.push(wake)
      signal?.addEventListener('abort', wake, { once: true })
      this.crowded?.()
      const probe = setTimeout(() => {
        this.#limit = Math.min(this.#limit + 1, this.#most)
        wake()
      }, probing)
      await free
      clearTimeout(probe)
      const woken = this.#queue.indexOf(wake)
      if (woken >= 0) this.#queue.splice(woken, 1)
      signal?.removeEventListener('abort', wake)
      if (isAborted(signal)) {
        // Woken by a free slot and by the abort at once: the slot is the next one's.
        if (woken < 0) this.#queue.shift()?.()
        throw interruption(signal!)
      }
    }
    if (this.lost) throw lost(this.name)
    this.#open++
  }

  #release(): void {
    this.#open--
    this.#queue.shift()?.()
  }

  /** A channel that comes too late is closed: what would run on it is nobody's. */
  async #opened(opening: Promise<Program>, { signal }: Starting): Promise<Program> {
    const late = (): Unreachable =>
      new Unreachable(
        `${this.name} opens no session: no answer for ${this.patience} s`,
        `see whether sshd is well there, or ${waitLonger(this.patience)}`,
      )
    try {
      return await patiently(this.patience, opening, late, signal)
    } catch (error) {
      opening.then((program) => program.close()).catch(() => undefined)
      throw error
    }
  }

  #exec(command: string, terminal: boolean): Promise<Program> {
    return new Promise((resolve, reject) => {
      // Neither echo nor CRLF: what is typed may be a password, and what comes out is read by us.
      const modes = { ECHO: 0, ECHONL: 0, ONLCR: 0 } as const
      const pty = { term: 'dumb', rows: 24, cols: 200, width: 0, height: 0, modes }
      const taken = (error: Error | undefined, channel: ClientChannel): void => {
        if (error) reject(error)
        // At once: the end of a short command can be in the same packet, and nobody tells it twice.
        else resolve(this.#program(channel))
      }
      try {
        if (terminal) this.#client.exec(command, { pty }, taken)
        else this.#client.exec(command, taken)
      } catch (error) {
        reject(error as Error)
      }
    })
  }

  #program(channel: ClientChannel): Program {
    const exited = new Promise<number | undefined>((resolve) => {
      channel.once('exit', (code: number | null, signal?: string) => {
        resolve(code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0))
      })
      channel.once('close', () => {
        resolve(undefined)
      })
      void this.#gone.then(() => {
        resolve(undefined)
      })
    })
    const out = new Promise<void>((resolve) => {
      channel.once('close', () => {
        resolve()
      })
    })
    const err = new Promise<void>((resolve) => {
      channel.stderr.once('close', () => {
        resolve()
      })
    })
    channel.on('error', () => undefined)
    void out.then(() => {
      this.#freed = steadyNow()
      this.#release()
    })
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      exited,
      closed: Promise.all([out, err]).then(() => undefined),
      close() {
        // Unread output would keep the channel from ever being closed.
        channel.resume()
        channel.stderr.resume()
        channel.close()
      },
    }
  }

  dial(port: number, address: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (this.lost) return reject(lost(this.name))
      try {
        this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
          if (!error) return resolve(channel)
          if (this.lost) return reject(lost(this.name))
          const cannot = `cannot reach ${address}:${port} from ${this.name}`
          reject(
            (error as { reason?: number }).reason === 1
              ? new Advice(`${cannot}: forwarding is forbidden there`, 'set AllowTcpForwarding yes in its sshd_config')
              : nobodyThere(this.name, address, port, openFailure(error)),
          )
        })
      } catch (error) {
        reject(lost(this.name, `: ${(error as Error).message}`))
      }
    })
  }

  async close(idle = false): Promise<void> {
    if (this.lost) return
    // Where a last answer has come, goodbye would be one round trip more.
    if (idle) this.#client.destroy()
    else this.#client.end()
    const late = setTimeout(() => {
      this.#client.destroy()
    }, 1000)
    await this.#gone
    clearTimeout(late)
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function openFailure({ message }: Error): string {
  return message.replace('(SSH) Channel open failure: ', '').replace(/^./, (letter) => letter.toLowerCase())
}
