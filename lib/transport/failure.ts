import { Advice, Unreachable } from '../model/operation.ts'
import type { Login } from './keys.ts'
import type { Proxy } from './proxy.ts'

/** Nobody answered, which may pass: another try is worth it. */
export class NoAnswer extends Unreachable {}

/** Nobody answers on a port of a host, or of one that it can reach; a moment later it may be otherwise. */
export class NobodyThere extends Advice {}

/** Nobody answers on a port as seen from a host. */
export function nobodyThere(name: string, address: string, port: number, why: string): NobodyThere {
  const hint = `see from there what listens: ss -ltn, or netstat -ltn on an old host`
  return new NobodyThere(`cannot reach ${address}:${port} from ${name}: ${why}`, hint)
}

/** What to do about a host that shows a key that it should not. */
export const notBefore = 'do not connect before you know why'

/** What to do where the run was over before. */
export const over = 'run it again; with --resume a playbook goes on from there'

/** A connection broke: what was going on there, if anything, may have been done. */
export function lost(name: string, meanwhile = ''): Unreachable {
  return new Unreachable(`connection to ${name} lost${meanwhile}`, `see whether the host is up, then ${over}`)
}

/** What was being tried when a connection failed. */
export interface Circumstances {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly seconds: number
  readonly doing: string
  readonly proxy: Proxy | undefined
  /** The jump host in between. */
  readonly through: string | undefined
  readonly legacy: boolean
  readonly keys: Login
  readonly late: boolean
}

/** Why there is no connection, in words an operator can act on. */
export async function explain(error: Error, at: Circumstances): Promise<Unreachable> {
  if (error instanceof Unreachable) return error
  const { code, level } = error as { code?: string | number; level?: string }
  const { address, port, seconds } = at
  const through = at.through === undefined ? '' : ` through jump host ${at.through}`
  const what = `cannot connect to ${address}:${port}${through}`
  const cannot = (why: string, hint: string): Unreachable => new Unreachable(`${what}: ${why}`, hint)
  const silent = (why: string, hint: string): Unreachable => new NoAnswer(`${what}: ${why}`, hint)
  // What can be typed here is of no use behind another host.
  const direct = at.through === undefined && at.proxy === undefined
  const alive = direct ? `see whether it is up: ping -c 1 ${address}` : 'see from there whether it is up'
  if (at.late) {
    const longer = `wait longer: -T ${Math.max(2, Math.round(seconds * 3))}`
    const who = at.doing === 'connecting' ? alive : 'see whether sshd is well there'
    return silent(`timed out after ${seconds} s ${at.doing}`, `${who}, or ${longer}`)
  }
  if (/no matching/i.test(error.message)) {
    return cannot(
      error.message.replace('Handshake failed: ', ''),
      at.legacy
        ? `see what both know: ssh -vv -p ${port} ${at.user}@${address}`
        : 'if this is an old server, set legacy: true for the host, which allows the algorithms of 2010',
    )
  }
  if (level === 'client-authentication' || code === 2 || code === 14) {
    const skipped = at.keys.skipped.length === 0 ? '' : `; not usable: ${at.keys.skipped.join('; ')}`
    const { tried, mend } = at.keys
    const besides = mend === undefined ? '' : `${mend}; or `
    const noPassword = at.keys.skipped.some((one) => one.startsWith('password'))
    if (tried.length === 0)
      return cannot(
        `nothing to log in with as ${at.user}${skipped}`,
        `${besides}set privateKey${noPassword ? '' : ' or password'}, or start an ssh agent`,
      )
    const byKey = tried.some((one) => !one.startsWith('password'))
    const itself = `see whether it is the right one: ssh -o PubkeyAuthentication=no -p ${port} ${at.user}@${address}`
    return cannot(
      `authentication refused for ${at.user} (tried ${tried.join(', ')}${skipped})`,
      byKey
        ? `${besides}allow one of these keys for ${at.user} there, or set privateKey or password`
        : `${besides}${direct ? itself : 'give the right password'}, or set privateKey`,
    )
  }
  if (at.proxy !== undefined && (level === undefined || level === 'protocol' || level === 'client-socket')) {
    return silent(`the proxy command failed: ${await at.proxy.failure()}`, `${alive}, or mend proxyCommand`)
  }
  if (at.doing === 'waiting for its greeting' && /lost before handshake/i.test(error.message))
    return cannot(
      'what answers there is no ssh server',
      direct ? `set its port; see what it says: ssh -v -p ${port} ${at.user}@${address}` : 'set its port',
    )
  switch (code) {
    case 'ECONNREFUSED':
      return silent(
        'connection refused',
        direct
          ? `start sshd there, or set its port; to see for yourself: ssh -p ${port} ${at.user}@${address}`
          : 'start sshd there, or set its port',
      )
    case 'ETIMEDOUT':
      return silent('timed out', alive)
    case 'EHOSTUNREACH':
      return silent('no route to host', `${alive}; if it is behind another host, set proxyJump`)
    case 'ENETUNREACH':
      return silent('network unreachable', 'check address; if it is behind another host, set proxyJump')
    case 'ENOTFOUND':
      return cannot('name not found', `correct the name, or set address of ${address} to its IP address`)
    case 'EAI_AGAIN':
      return cannot(
        'name not found: the name server does not answer',
        `correct the name, or set address of ${address} to its IP address`,
      )
    case 'ECONNRESET':
      return silent(
        `connection reset while ${at.doing}`,
        'see the log of sshd there: it may refuse this machine, or have too many connections (MaxStartups)',
      )
    default:
      return cannot(
        error.message.replace(/^./, (letter) => letter.toLowerCase()),
        direct ? `see what ssh says: ssh -vv -p ${port} ${at.user}@${address}` : 'see the log of sshd there',
      )
  }
}

/** ssh2 tells a failure more than once; the first telling is the reason. */
export function firstError(): { readonly seen: Promise<Error>; fail(error: Error): void } {
  let fail!: (error: Error) => void
  const seen = new Promise<Error>((resolve) => {
    fail = resolve
  })
  return { seen, fail }
}
