import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Certificate, faultOf } from './certificates.ts'
import { Unreachable } from '../model/operation.ts'
import { fingerprint, hostNames, keyType, type KnownHosts, readKnownHosts, recordHostKey } from './known-hosts.ts'
import { notBefore } from './failure.ts'
import type { Route } from './route.ts'
import { steadyNow } from '../model/steady-time.ts'

/** A host key that nobody has vouched for yet. */
export interface UnknownHostKey {
  readonly host: string
  readonly address: string
  readonly type: string
  readonly fingerprint: string
}

/** Asks the operator whether a host key is the right one. */
export type AskHostKey = (key: UnknownHostKey) => Promise<boolean>

/** The files of known hosts that a run has read: hosts that are connected together share one reading. */
export class KnownFiles {
  readonly #read = new Map<string, { readonly at: number; readonly known: Promise<KnownHosts> }>()

  /** The known keys that count for a host. @throws Unreachable */
  async for({ settings }: Route): Promise<KnownHosts> {
    const files = settings.knownHosts ?? [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']
    const paths = (typeof files === 'string' ? [files] : files).map((file) => file.replace(/^~(?=\/)/, homedir()))
    const name = paths.join('\n')
    const before = this.#read.get(name)
    const fresh = before !== undefined && steadyNow() - before.at < keptFor
    const reading = fresh ? before : { at: steadyNow(), known: readKnownHosts(paths) }
    this.#read.set(name, reading)
    try {
      return await reading.known
    } catch (error) {
      throw new Unreachable(
        `cannot read the known host keys: ${(error as Error).message}`,
        'mend the file, or name another by knownHosts in the inventory',
      )
    }
  }

  async record(file: string, name: string, key: Buffer): Promise<void> {
    await recordHostKey(file, name, key)
    this.#read.clear()
  }
}

// Longer, and what the operator puts right during a run would not be seen.
const keptFor = 1000

/** The names under which the key of a host is recorded. */
export function keyNames({ address, name, port, hostKeyAlias }: Route): readonly string[] {
  // As OpenSSH: an alias stands for address and port.
  return hostKeyAlias === undefined ? hostNames(port, address, name) : [hostKeyAlias.toLowerCase()]
}

/** Why a host key is not good enough, whether it shows a certificate or the key alone; undefined when it is. */
export async function judge(
  route: Route,
  place: string,
  known: KnownHosts,
  files: KnownFiles,
  { key, certificate }: Shown,
  ask: AskHostKey | undefined,
): Promise<Unreachable | undefined> {
  if (certificate === undefined) return judgeKey(route, place, known, files, key, ask)
  const names = certifiedNames(route)
  const { authority } = certificate
  const signer = known.authority(names, authority)
  if (signer.is === 'revoked') {
    return new Unreachable(
      `the host certificate of ${place} is signed by a revoked key: ${fingerprint(authority)} (${signer.at})`,
      notBefore,
    )
  }
  const { address, name, hostKeyAlias } = route
  const hosts = (hostKeyAlias === undefined ? [address, name] : [hostKeyAlias]).map((one) => one.toLowerCase())
  const fault =
    signer.is === 'known'
      ? faultOf(certificate, hosts)
      : `it is signed by ${fingerprint(authority)}, which is none of the authorities for it`
  if (fault === undefined && known.check(names, key).is !== 'revoked') return undefined
  // Without a certificate that holds its key counts by itself, as for OpenSSH.
  const refusal = await judgeKey(route, place, known, files, key, undefined)
  if (refusal === undefined || fault === undefined) return refusal
  return new Unreachable(
    `the host certificate of ${place} does not vouch for it: ${fault}`,
    'have it signed anew, or correct the line of its authority in the known hosts',
  )
}

/** What a host shows: its key, and the certificate in which it came. */
export interface Shown {
  readonly key: Buffer
  readonly certificate?: Certificate
}

/** The names under which an authority may vouch for a host. */
export function certifiedNames(route: Route): readonly string[] {
  const { address, name, hostKeyAlias } = route
  return [...keyNames(route), ...(hostKeyAlias === undefined ? hostNames(22, address, name) : [])]
}

async function judgeKey(
  route: Route,
  place: string,
  known: KnownHosts,
  files: KnownFiles,
  key: Buffer,
  ask: AskHostKey | undefined,
): Promise<Unreachable | undefined> {
  const { settings, name, address, port } = route
  const names = keyNames(route)
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const verdict = known.check(names, key)
  // A key recorded without its port counts, as it does for OpenSSH; another one there says nothing about this port.
  const plain = hostNames(22, address, name)
  if (verdict.is === 'known') return undefined
  const portless = verdict.is === 'unknown' && route.hostKeyAlias === undefined
  if (portless && known.check(plain, key).is === 'known') return undefined
  if (verdict.is === 'revoked') {
    return new Unreachable(`the host key of ${place} is revoked: ${shown} (${verdict.at})`, notBefore)
  }
  if (verdict.is === 'changed') {
    const [file = '', line = ''] = verdict.at.split(/:(?=\d+$)/)
    return new Unreachable(
      `the host key of ${place} has changed: it shows ${shown}, ` +
        `and ${verdict.at} has ${verdict.type} ${verdict.fingerprint}`,
      `somebody may be listening in; if the host was installed anew, delete line ${line} of ${file}`,
    )
  }
  const file = known.files[0] ?? join(homedir(), '.ssh', 'known_hosts')
  const policy = settings.hostKeys ?? 'strict'
  const accepted =
    policy === 'accept-new' ||
    (policy === 'ask' &&
      ask !== undefined &&
      (await inTurn(() =>
        ask({
          host: name,
          address: place,
          type: keyType(key),
          fingerprint: fingerprint(key),
        }),
      ).catch(() => false)))
  if (accepted) {
    try {
      await files.record(file, names[0] ?? place, key)
      return undefined
    } catch (error) {
      return new Unreachable(
        `cannot record the host key of ${place} in ${file}: ${(error as Error).message}`,
        `see ls -ld ${dirname(file)}, or name another file by knownHosts in the inventory`,
      )
    }
  }
  const flag = port === 22 ? '' : `-p ${port} `
  return new Unreachable(
    `the host key of ${place} is unknown: ${shown}`,
    `check it and add it to ${file}: ssh-keyscan ${flag}${address} >>${file}; ` + 'or set hostKeys to accept-new',
  )
}

let asking: Promise<unknown> = Promise.resolve()

/** One question at a time: the operator has one terminal. */
export function inTurn<T>(question: () => Promise<T>): Promise<T> {
  const answer = asking.catch(() => undefined).then(question)
  asking = answer
  return answer
}
