import { connect as dialTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import type { NodeSSH } from 'node-ssh'
import { Advice, Unreachable } from '../model/operation.ts'
import { explain, firstError, NoAnswer, NobodyThere, notBefore } from './failure.ts'
import { type Certificate, suffix } from './certificates.ts'
import { withCertificates } from './certified.ts'
import { type AskHostKey, certifiedNames, judge, keyNames, type KnownFiles } from './host-key.ts'
import { type KeyRing, type Login, login } from './keys.ts'
import type { KnownHosts } from './known-hosts.ts'
import { usualPatience } from './patience.ts'
import type { Link } from './program.ts'
import { type Proxy, startProxy } from './proxy.ts'
import type { Route } from './route.ts'
import { SshLink } from './ssh-link.ts'
import { withoutAsking } from './unasked.ts'
import { steadyNow } from '../model/steady-time.ts'

// Group exchange costs seconds here, since it is asked for 8192 bits: it may only be the last resort.
const kex = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
]
const groupExchange = 'diffie-hellman-group-exchange-sha256'
const legacyKex = ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1']
const hostKeys = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
]

// Asked for where an authority may vouch for the host. One by SHA-1 would count for none.
const certificates = hostKeys.filter((type) => type !== 'ssh-rsa').map((type) => type + suffix)

/** What connections of one run share. */
export interface Shared {
  readonly ask: AskHostKey | undefined
  readonly ring: KeyRing
  readonly files: KnownFiles
  /** Fires when the run ends: nobody waits for a connection any more. */
  readonly closing: AbortSignal
}

/** Opens the ssh connection to a host, through another one if need be. @throws Unreachable */
export async function sshLink(
  route: Route,
  { ask, ring, files, closing }: Shared,
  jump: Link | undefined,
): Promise<Link> {
  const { name, address, port, user, settings, alive } = route
  const place = `${address}:${port}`
  const seconds = settings.timeout ?? usualPatience
  const clock = stopwatch(seconds, closing)
  const patiently = async <T>(answer: Promise<T>): Promise<T> => {
    clock.pause()
    try {
      return await answer
    } finally {
      clock.go()
    }
  }
  let sock: Duplex | undefined
  let proxy: Proxy | undefined
  let ssh: NodeSSH | undefined
  let keys: Login = { tried: [], skipped: [], handler: () => undefined }
  const stage = { doing: 'connecting' }
  const first = firstError()
  try {
    if (settings.proxyCommand === undefined && jump === undefined) {
      // ssh2 leaves Nagle's algorithm on, which costs 40 ms a channel.
      sock = dialTcp({ host: address, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2000 })
      sock.on('error', first.fail)
      sock.once('connect', () => {
        stage.doing = 'waiting for its greeting'
      })
    }
    // Servers greet while we load.
    const [{ NodeSSH: Ssh }, known, offered] = await inTime(
      clock,
      Promise.all([turn().then(() => import('node-ssh')), files.for(route), login(route, ring, patiently)]),
    )
    keys = offered
    if (settings.proxyCommand !== undefined) {
      stage.doing = 'waiting for the proxy command'
      proxy = startProxy(settings.proxyCommand, { address, port, user, name })
      sock = proxy.socket
    } else if (jump !== undefined) {
      stage.doing = 'waiting for the jump host to connect'
      sock = await inTime(clock, throughJump(jump, address, port))
    }
    ssh = new Ssh()
    return await loggedIn(ssh, sock!, known)
  } catch (error) {
    const reason = await explain(error as Error, {
      address,
      port,
      user,
      seconds,
      doing: stage.doing,
      proxy,
      through: jump?.name,
      legacy: settings.legacy === true,
      keys,
      late: clock.isOut(),
    })
    ssh?.connection?.destroy()
    sock?.destroy()
    proxy?.kill()
    throw reason
  } finally {
    clock.stop()
  }

  async function loggedIn(ssh: NodeSSH, sock: Duplex, known: KnownHosts): Promise<Link> {
    let accepted: Buffer | undefined
    let certificate: Certificate | undefined
    const ready = ssh.connect({
      sock,
      username: user,
      authHandler: keys.handler,
      readyTimeout: 0,
      keepaliveInterval: alive.seconds * 1000,
      keepaliveCountMax: alive.tries,
      ...(route.forwardAgent === undefined ? {} : { agent: route.forwardAgent, agentForward: true }),
      algorithms: algorithms(known.types(keyNames(route)), settings.legacy === true),
      hostVerifier: (key: Buffer, verify: (good: boolean) => void) => {
        // A server renews its keys every now and then, and what it sends meanwhile waits for nobody.
        if (accepted !== undefined) {
          if (!key.equals(accepted))
            first.fail(new Unreachable(`${place} shows another host key than it began with`, notBefore))
          return verify(key.equals(accepted))
        }
        void patiently(judge(route, place, known, files, { key, ...(certificate ? { certificate } : {}) }, ask)).then(
          (refusal) => {
            stage.doing = 'logging in'
            if (refusal !== undefined) first.fail(refusal)
            else accepted = Buffer.from(key)
            verify(refusal === undefined)
          },
        )
      },
    } as unknown as Parameters<typeof ssh.connect>[0])
    ready.catch(first.fail)
    const client = ssh.connection
    if (client === null) throw await first.seen
    withCertificates(client, known.certifies(certifiedNames(route)) ? certificates : [], (shown) => {
      certificate = shown
    })
    withoutAsking(client, keys.first)
    // For the whole life of the connection: node-ssh listens only until it is ready, and a later error would end us.
    client.on('error', first.fail)
    await inTime(
      clock,
      Promise.race([
        ready,
        first.seen.then((error) => {
          throw error
        }),
      ]),
    )
    await quiet(sock)
    return new SshLink({ name, user, patience: seconds, agent: route.forwardAgent !== undefined }, client, proxy)
  }
}

/** Lets whatever else is about to begin begin first. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

async function inTime<T>(clock: Stopwatch, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    clock.out.then(() => {
      throw new Error('out of time')
    }),
  ])
}

async function throughJump(jump: Link, address: string, port: number): Promise<Duplex> {
  try {
    return await jump.dial(port, address)
  } catch (error) {
    const { message, hint = `see whether ${jump.name} is well` } = error as Error & { hint?: string }
    const why = message.replace(/^cannot reach \S+ from \S+: /, '')
    const text = `cannot connect to ${address}:${port} through jump host ${jump.name}: ${why}`
    // What the operator of the jump host forbids will still be forbidden.
    throw error instanceof Advice && !(error instanceof NobodyThere)
      ? new Unreachable(text, hint)
      : new NoAnswer(text, hint)
  }
}

/**
 * Waits for the notes that sshd sends after a login. It has Nagle's algorithm on: were our first request sent before
 * they are here, its answer would be kept back until this machine acknowledges them, which takes 40 ms when there is
 * nothing to send.
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
  const preferred = knownTypes
    .flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]))
    .filter((type) => offered.includes(type))
  return {
    kex: legacy ? [...kex, ...legacyKex, groupExchange, 'diffie-hellman-group-exchange-sha1'] : [...kex, groupExchange],
    serverHostKey: [...new Set([...preferred, ...offered])],
    ...(legacy ? { cipher: { append: ['aes128-cbc', 'aes256-cbc', '3des-cbc'] }, hmac: { append: ['hmac-md5'] } } : {}),
  }
}

/** A limit of time that stands still while the operator thinks. */
interface Stopwatch {
  readonly out: Promise<void>
  isOut(): boolean
  pause(): void
  go(): void
  stop(): void
}

function stopwatch(seconds: number, closing: AbortSignal): Stopwatch {
  let left = seconds * 1000
  let since = 0
  let timer: NodeJS.Timeout | undefined
  let over = false
  let stopped = false
  let end!: () => void
  const out = new Promise<void>((resolve) => {
    end = resolve
  })
  const go = (): void => {
    if (stopped) return
    since = steadyNow()
    timer = setTimeout(finish, left)
  }
  const finish = (): void => {
    over = true
    end()
  }
  closing.addEventListener('abort', finish, { once: true })
  go()
  return {
    out,
    go,
    isOut: () => over,
    pause() {
      clearTimeout(timer)
      left -= steadyNow() - since
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      closing.removeEventListener('abort', finish)
    },
  }
}
