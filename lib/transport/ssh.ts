import { connect as dialTcp } from 'node:net'
import { constants, homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import type { Host } from '../model/inventory.ts'
import { Advice, Unreachable } from '../model/operation.ts'
import { login, type Login } from './keys.ts'
import { fingerprint, hostNames, keyType, type KnownHosts, readKnownHosts, recordHostKey } from './known-hosts.ts'
import type { Link, Program } from './program.ts'
import { type Proxy, startProxy } from './proxy.ts'

/** A host key that nobody has vouched for yet. */
export interface UnknownHostKey {
  readonly host: string
  readonly address: string
  readonly type: string
  readonly fingerprint: string
}

/** Asks the operator whether a host key is the right one. */
export type AskHostKey = (key: UnknownHostKey) => Promise<boolean>

// Group exchange costs seconds here, since it is asked for 8192 bits: it may only be the last resort.
const kex = [
  'curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256', 'diffie-hellman-group16-sha512', 'diffie-hellman-group18-sha512',
]
const groupExchange = 'diffie-hellman-group-exchange-sha256'
const legacyKex = ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1']
const hostKeys = [
  'ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa',
]

// sshd allows 10 sessions a connection unless told; the last one is kept for ending what runs too long.
const mostChannels = 9

/** Opens the ssh connection to a host. @throws Unreachable */
export async function sshLink(host: Host, ask: AskHostKey | undefined): Promise<Link> {
  const { name, settings } = host
  const address = settings.address ?? name
  const port = settings.port ?? 22
  const user = settings.user ?? userInfo().username
  const place = `${address}:${port}`
  const seconds = settings.timeout ?? 10
  const [{ NodeSSH }, known, keys] = await Promise.all([import('node-ssh'), knownHosts(host), login(user, settings)])
  if (settings.proxyJump !== undefined) {
    throw new Unreachable(`cannot connect to ${place}: proxyJump is not supported`, `use proxyCommand: ssh -W %h:%p ${settings.proxyJump}`)
  }

  const proxy = settings.proxyCommand === undefined ? undefined : startProxy(settings.proxyCommand, { address, port, user, name })
  const tcp = proxy === undefined
    // ssh2 leaves Nagle's algorithm on, which costs 40 ms a channel.
    ? dialTcp({ host: address, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2000 })
    : undefined
  const names = hostNames(port, address, name)
  const ssh = new NodeSSH()
  const stage = { doing: proxy === undefined ? 'connecting' : 'waiting for the proxy command' }
  let refusedKey: Unreachable | undefined

  const clock = stopwatch(seconds)
  try {
    const first = firstError()
    const ready = ssh.connect({
      sock: (proxy?.socket ?? tcp)!,
      username: user,
      authHandler: keys.handler,
      readyTimeout: 0,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 3,
      algorithms: algorithms(known.types(names), settings.legacy === true),
      hostVerifier: (key: Buffer, verify: (good: boolean) => void) => {
        clock.pause()
        void judge(host, place, names, known, key, ask).then((refusal) => {
          clock.go()
          stage.doing = 'logging in'
          refusedKey = refusal
          verify(refusal === undefined)
        })
      },
    } as unknown as Parameters<typeof ssh.connect>[0])
    ready.catch(first.fail)
    const client = ssh.connection
    if (client === null) throw await first.seen
    // For the whole life of the connection: node-ssh listens only until it is ready, and later errors would end the process.
    client.on('error', first.fail)
    client.on('connect', () => { stage.doing = 'waiting for its greeting' })
    await Promise.race([ready, first.seen.then((error) => { throw error }), clock.out.then(() => { throw new Error('out of time') })])
    await quiet(proxy?.socket ?? tcp!)
    return new SshLink(name, user, client, proxy)
  } catch (error) {
    const reason = refusedKey ?? await explain(error as Error, {
      place, user, seconds, doing: stage.doing, proxy, legacy: settings.legacy === true, keys, late: clock.isOut(),
    })
    ssh.connection?.destroy()
    tcp?.destroy()
    proxy?.kill()
    throw reason
  } finally {
    clock.stop()
  }
}

/**
 * Waits for the notes that sshd sends after a login. It has Nagle's algorithm on: were our first request sent before they are here,
 * its answer would be kept back until this machine acknowledges them, which takes 40 ms when there is nothing to send.
 */
function quiet(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('data', heard)
      clearTimeout(pause)
      clearTimeout(end)
      resolve()
    }
    const heard = (): void => {
      clearTimeout(pause)
      pause = setTimeout(done, 2)
    }
    let pause = setTimeout(done, 5)
    const end = setTimeout(done, 10)
    socket.on('data', heard)
  })
}

function algorithms(knownTypes: readonly string[], legacy: boolean): object {
  const offered = legacy ? [...hostKeys, 'ssh-dss'] : hostKeys
  // As OpenSSH: ask first for the key we can check, or a host with several keys would look changed.
  const preferred = knownTypes.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]))
    .filter((type) => offered.includes(type))
  return {
    kex: legacy ? [...kex, ...legacyKex, groupExchange, 'diffie-hellman-group-exchange-sha1'] : [...kex, groupExchange],
    serverHostKey: [...new Set([...preferred, ...offered])],
    ...(legacy ? { cipher: { append: ['aes128-cbc', 'aes256-cbc', '3des-cbc'] }, hmac: { append: ['hmac-md5'] } } : {}),
  }
}

async function knownHosts({ settings }: Host): Promise<KnownHosts> {
  const files = settings.knownHosts ?? [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']
  const paths = (typeof files === 'string' ? [files] : files).map((file) => file.replace(/^~(?=\/)/, homedir()))
  try {
    return await readKnownHosts(paths)
  } catch (error) {
    throw new Unreachable(`cannot read the known host keys: ${(error as Error).message}`)
  }
}

let asking: Promise<unknown> = Promise.resolve()

/** Why a host key is not good enough; undefined when it is. */
async function judge(
  host: Host, place: string, names: readonly string[], known: KnownHosts, key: Buffer, ask: AskHostKey | undefined,
): Promise<Unreachable | undefined> {
  const { settings } = host
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const verdict = known.check(names, key)
  // A key recorded without its port counts, as it does for OpenSSH; another one there says nothing about this port.
  const plain = hostNames(22, settings.address ?? host.name, host.name)
  if (verdict.is === 'known') return undefined
  if (verdict.is === 'unknown' && known.check(plain, key).is === 'known') return undefined
  if (verdict.is === 'revoked') {
    return new Unreachable(`the host key of ${place} is revoked: ${shown} (${verdict.at})`, 'do not connect before you know why')
  }
  if (verdict.is === 'changed') {
    const [file = '', line = ''] = verdict.at.split(/:(?=\d+$)/)
    return new Unreachable(
      `the host key of ${place} has changed: it shows ${shown}, and ${verdict.at} has ${verdict.type} ${verdict.fingerprint}`,
      `somebody may be listening in; if the host was installed anew, delete line ${line} of ${file}`)
  }
  const file = known.files[0] ?? join(homedir(), '.ssh', 'known_hosts')
  const policy = settings.hostKeys ?? 'strict'
  const accepted = policy === 'accept-new' || policy === 'ask' && ask !== undefined && await inTurn(() => ask({
    host: host.name, address: place, type: keyType(key), fingerprint: fingerprint(key),
  }))
  if (accepted) {
    try {
      await recordHostKey(file, names[0] ?? place, key)
      return undefined
    } catch (error) {
      return new Unreachable(`cannot record the host key of ${place} in ${file}: ${(error as Error).message}`)
    }
  }
  return new Unreachable(`the host key of ${place} is unknown: ${shown}`,
    `check it and add it to ${file}: ssh-keyscan ${(settings.port ?? 22) === 22 ? '' : `-p ${settings.port} `}${settings.address ?? host.name} >>${file}; `
    + 'or set hostKeys to accept-new')
}

/** One question at a time: the operator has one terminal. */
async function inTurn(question: () => Promise<boolean>): Promise<boolean> {
  const answer = asking.catch(() => undefined).then(question)
  asking = answer
  return answer.catch(() => false)
}

interface Circumstances {
  readonly place: string
  readonly user: string
  readonly seconds: number
  readonly doing: string
  readonly proxy: Proxy | undefined
  readonly legacy: boolean
  readonly keys: Login
  readonly late: boolean
}

async function explain(error: Error, at: Circumstances): Promise<Unreachable> {
  if (error instanceof Unreachable) return error
  const { code, level } = error as { code?: string | number; level?: string }
  const cannot = (why: string, hint?: string): Unreachable => new Unreachable(`cannot connect to ${at.place}: ${why}`, hint)
  if (at.late) return cannot(`timed out after ${at.seconds} s ${at.doing}`)
  if (/no matching/i.test(error.message)) {
    return cannot(error.message.replace('Handshake failed: ', ''), at.legacy ? undefined
      : 'if this is an old server, set legacy: true for the host, which allows the algorithms of 2010')
  }
  if (level === 'client-authentication' || code === 2 || code === 14) {
    const skipped = at.keys.skipped.length === 0 ? '' : `; not usable: ${at.keys.skipped.join('; ')}`
    return cannot(at.keys.tried.length === 0
      ? `nothing to log in with as ${at.user}${skipped}`
      : `authentication refused for ${at.user} (tried ${at.keys.tried.join(', ')}${skipped})`,
    at.keys.tried.length === 0
      ? 'set privateKey or password, or start an ssh agent'
      : `allow one of these keys for ${at.user} there, or set privateKey or password`)
  }
  if (at.proxy !== undefined && (level === undefined || level === 'protocol' || level === 'client-socket')) {
    return cannot(`the proxy command failed: ${await at.proxy.failure()}`)
  }
  switch (code) {
    case 'ECONNREFUSED': return cannot('connection refused', 'is sshd running there, and is this the right port?')
    case 'ETIMEDOUT': return cannot('timed out')
    case 'EHOSTUNREACH': return cannot('no route to host')
    case 'ENETUNREACH': return cannot('network unreachable')
    case 'ENOTFOUND': return cannot('name not found', 'set address to the IP address of the host')
    case 'EAI_AGAIN': return cannot('name not found: the name server does not answer', 'set address to the IP address of the host')
    case 'ECONNRESET': return cannot(`connection reset while ${at.doing}`)
    default: return cannot(error.message.replace(/^./, (letter) => letter.toLowerCase()))
  }
}

/** ssh2 tells a failure more than once; the first telling is the reason. */
function firstError(): { readonly seen: Promise<Error>; fail(error: Error): void } {
  let fail!: (error: Error) => void
  const seen = new Promise<Error>((resolve) => { fail = resolve })
  return { seen, fail }
}

/** A limit of time that stands still while the operator thinks. */
function stopwatch(seconds: number): { out: Promise<void>; isOut(): boolean; pause(): void; go(): void; stop(): void } {
  let left = seconds * 1000
  let since = 0
  let timer: NodeJS.Timeout | undefined
  let over = false
  let end!: () => void
  const out = new Promise<void>((resolve) => { end = resolve })
  const go = (): void => {
    since = Date.now()
    timer = setTimeout(() => {
      over = true
      end()
    }, left)
  }
  const stop = (): void => { clearTimeout(timer) }
  go()
  return {
    out, go, stop,
    isOut: () => over,
    pause() {
      stop()
      left -= Date.now() - since
    },
  }
}

class SshLink implements Link {
  readonly name: string
  readonly user: string
  lost = false
  crowded?: () => void
  readonly #client: Client
  readonly #gone: Promise<void>
  #limit = mostChannels
  #open = 0
  readonly #queue: (() => void)[] = []

  constructor(name: string, user: string, client: Client, proxy: Proxy | undefined) {
    this.name = name
    this.user = user
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

  async start(command: string, urgent = false): Promise<Program> {
    for (;;) {
      if (urgent) this.#open++
      else await this.#slot()
      try {
        return await this.#exec(command)
      } catch (error) {
        this.#release()
        if (this.lost || !/Channel open failure/.test((error as Error).message)) {
          throw new Unreachable(`connection to ${this.name} lost while opening a channel: ${(error as Error).message}`)
        }
        // The server allows fewer sessions than we thought: wait for one of ours.
        if (urgent || this.#open === 0) {
          throw new Unreachable(`${this.name} opens no session: ${(error as Error).message.replace('(SSH) Channel open failure: ', '')}`,
            'see MaxSessions in sshd_config there')
        }
        this.#limit = Math.max(1, Math.min(this.#limit, this.#open))
      }
    }
  }

  async #slot(): Promise<void> {
    while (!this.lost && this.#open >= this.#limit) {
      const free = new Promise<void>((resolve) => { this.#queue.push(resolve) })
      this.crowded?.()
      await free
    }
    if (this.lost) throw new Unreachable(`connection to ${this.name} lost`)
    this.#open++
  }

  #release(): void {
    this.#open--
    this.#queue.shift()?.()
  }

  #exec(command: string): Promise<Program> {
    return new Promise((resolve, reject) => {
      this.#client.exec(command, (error, channel) => {
        if (error) reject(error)
        // At once: the end of a short command can be in the same packet, and nobody tells it twice.
        else resolve(this.#program(channel))
      })
    })
  }

  #program(channel: ClientChannel): Program {
    const exited = new Promise<number | undefined>((resolve) => {
      channel.once('exit', (code: number | null, signal?: string) => {
        resolve(code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0))
      })
      channel.once('close', () => { resolve(undefined) })
      void this.#gone.then(() => { resolve(undefined) })
    })
    const out = new Promise<void>((resolve) => { channel.once('close', () => { resolve() }) })
    const err = new Promise<void>((resolve) => { channel.stderr.once('close', () => { resolve() }) })
    channel.on('error', () => undefined)
    void out.then(() => { this.#release() })
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
      if (this.lost) return reject(new Unreachable(`connection to ${this.name} lost`))
      try {
        this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
          if (!error) return resolve(channel)
          if (this.lost) return reject(new Unreachable(`connection to ${this.name} lost`))
          const { reason, message } = error as Error & { reason?: number }
          const why = message.replace('(SSH) Channel open failure: ', '')
          reject(reason === 1
            ? new Advice(`cannot reach ${address}:${port} from ${this.name}: forwarding is forbidden there`, 'set AllowTcpForwarding yes in its sshd_config')
            : new Error(`cannot reach ${address}:${port} from ${this.name}: ${why.replace(/^./, (letter) => letter.toLowerCase())}`))
        })
      } catch (error) {
        reject(new Unreachable(`connection to ${this.name} lost: ${(error as Error).message}`))
      }
    })
  }

  async close(): Promise<void> {
    if (this.lost) return
    this.#client.end()
    const late = setTimeout(() => { this.#client.destroy() }, 1000)
    await this.#gone
    clearTimeout(late)
  }
}
