import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationType, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import { Unreachable } from '../model/operation.ts'
import { quote } from '../model/quote.ts'
import type { Secret } from '../model/secret.ts'
import { AgentKeys } from './agent.ts'
import { type Certificate, certificateOf, certified, outOfTime } from './certificates.ts'
import { inTurn } from './host-key.ts'
import type { Route } from './route.ts'

/** Asks the operator for a secret; undefined when none is given. */
export type AskSecret = (question: string) => Promise<Secret | undefined>

/** The ways to log in that settings and this machine offer, in the order they are tried. */
export interface Login {
  readonly handler: AuthHandlerMiddleware
  /** What was shown to the server so far, for the message when it wanted none of it. */
  readonly tried: readonly string[]
  /** What could not be shown, and why. */
  readonly skipped: readonly string[]
  /** What makes one of those usable. */
  readonly mend?: string
  /** The key that is shown first; undefined where something else is, or an agent signs. */
  readonly first?: ParsedKey
}

interface Attempt {
  readonly method: AuthenticationType
  readonly what: string
  /** What to show; undefined when it turns out that there is nothing. */
  readonly offer: object | (() => Promise<object | undefined>)
}

/** A certificate, and the file that it came from. */
export interface Vouched {
  readonly file: string
  readonly certificate: Certificate
}

/** A private key file as it was found, or why it cannot be used. */
type Found =
  | { readonly key: ParsedKey }
  | { readonly locked: Buffer }
  | { readonly missing: string }
  | { readonly broken: string; readonly mend: string }

const defaults = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_dsa']

/** The key files of a run: each is read once, and its passphrase asked for once, however many hosts want it. */
export class KeyRing {
  readonly #ask: AskSecret | undefined
  readonly #files = new Map<string, Promise<Found>>()
  readonly #asked = new Map<string, Promise<ParsedKey | string>>()
  readonly #certificates = new Map<string, Promise<Certificate | undefined>>()

  constructor(ask: AskSecret | undefined) {
    this.#ask = ask
  }

  get asks(): boolean {
    return this.#ask !== undefined
  }

  find(path: string, passphrase: Secret | undefined): Promise<Found> {
    const name = passphrase === undefined ? path : `${path}\0${passphrase.reveal()}`
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const finding = find(path, passphrase)
    this.#files.set(name, finding)
    return finding
  }

  /** The certificate in a file; undefined when there is none. */
  certificate(path: string): Promise<Certificate | undefined> {
    const known = this.#certificates.get(path)
    if (known !== undefined) return known
    const reading = readFile(path, 'utf8').then(certificateOf, () => undefined)
    this.#certificates.set(path, reading)
    return reading
  }

  /** The key behind a passphrase that the operator knows, or why there is none. */
  open(path: string, locked: Buffer): Promise<ParsedKey | string> {
    const known = this.#asked.get(path)
    if (known !== undefined) return known
    const opening = inTurn(async () => {
      const answer = await this.#ask?.(`passphrase of the key ${path}`)
      if (answer === undefined) return 'no passphrase was given'
      return (await parsed(locked, answer)) ?? 'the passphrase does not open it'
    }).catch((error: unknown) => (error as Error).message)
    this.#asked.set(path, opening)
    return opening
  }
}

async function find(path: string, passphrase: Secret | undefined): Promise<Found> {
  let text: Buffer
  let about: Stats
  try {
    text = await readFile(path)
    about = await stat(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { missing: code === 'ENOENT' ? 'there is no such file' : message }
  }
  const { utils } = (await import('ssh2')).default
  const found = utils.parseKey(text, passphrase?.reveal())
  const key = found instanceof Error ? undefined : ((Array.isArray(found) ? found[0] : found) as ParsedKey)
  const locks = found instanceof Error && /encrypted|passphrase|decrypt|integrity/i.test(found.message)
  if (key?.isPrivateKey() === false) {
    const mend = `name the private one beside it, such as ${quote(path.replace(/\.pub$/, ''))}`
    return { broken: 'it is a public key', mend }
  }
  if (key === undefined && !locks) {
    const mend = `name another, or see what ssh says of it: ssh-keygen -y -f ${quote(path)}`
    return { broken: 'it holds no private key of a kind that is known', mend }
  }
  // As OpenSSH: of a key of somebody else it is their matter.
  if (about.uid === process.getuid?.() && (about.mode & 0o077) !== 0) {
    const mode = (about.mode & 0o777).toString(8).padStart(4, '0')
    return { broken: `others may read it (mode ${mode})`, mend: `chmod 600 ${quote(path)}` }
  }
  if (key !== undefined) return { key }
  return passphrase === undefined ? { locked: text } : { broken: 'the passphrase does not open it', mend: unlocking }
}

const unlocking = 'set passphrase, or add the key to an ssh agent'

async function parsed(text: Buffer, passphrase: Secret): Promise<ParsedKey | undefined> {
  const { utils } = (await import('ssh2')).default
  const found = utils.parseKey(text, passphrase.reveal())
  return found instanceof Error ? undefined : ((Array.isArray(found) ? found[0] : found) as ParsedKey)
}

/**
 * Collects keys, agent and password. `patiently` stops the clock of the connection while the operator types.
 * @throws Unreachable when a key that the settings name cannot be used
 */
export async function login(
  { user, settings, identities, identitiesOnly, certificates, authentications, agent: socket }: Route,
  ring: KeyRing,
  patiently: <T>(answer: Promise<T>) => Promise<T>,
): Promise<Login> {
  const skipped: string[] = []
  let mend: string | undefined
  const attempts: Attempt[] = []

  /** The certificates for the key of a file, or for any, that hold now. */
  const certificatesFor = async (paths: readonly string[]): Promise<readonly Vouched[]> => {
    const files = [...paths.map((path) => `${path}-cert.pub`), ...certificates]
    const found = await Promise.all(files.map(async (file) => ({ file, certificate: await ring.certificate(file) })))
    return found.flatMap(({ file, certificate }) => {
      if (certificate === undefined || certificate.kind !== 'user') return []
      const late = outOfTime(certificate)
      if (late === undefined) return [{ file, certificate }]
      skipped.push(`${file}: ${late}`)
      return []
    })
  }

  const key = async (path: string, needed: boolean): Promise<void> => {
    const found = await ring.find(path, settings.passphrase)
    if ('missing' in found) {
      if (!needed) return
      throw new Unreachable(
        `cannot read the private key ${path}: ${found.missing}`,
        'check privateKey in the inventory',
      )
    }
    const what = `key ${path}`
    const show = (usable: ParsedKey): object => ({ type: 'publickey', username: user, key: usable })
    const vouched = await certificatesFor([path])
    if ('key' in found) {
      const blob = found.key.getPublicSSH()
      // As OpenSSH: the certificate goes before the key that it is for.
      for (const { file, certificate } of vouched)
        if (certificate.key.equals(blob))
          attempts.push({
            method: 'publickey',
            what: `certificate ${file}`,
            offer: show(certified(found.key, certificate)),
          })
      attempts.push({ method: 'publickey', what, offer: show(found.key) })
    } else if ('broken' in found) {
      skipped.push(`${path}: ${found.broken}`)
      mend ??= found.mend
    } else if (!ring.asks) skipped.push(`${path}: it has a passphrase`)
    else {
      const opened = async (use: (key: ParsedKey) => object | undefined): Promise<object | undefined> => {
        const usable = await patiently(ring.open(path, found.locked))
        if (typeof usable !== 'string') return use(usable)
        if (!skipped.includes(`${path}: ${usable}`)) skipped.push(`${path}: ${usable}`)
        return undefined
      }
      for (const { file, certificate } of vouched)
        attempts.push({
          method: 'publickey',
          what: `certificate ${file}`,
          offer: () =>
            opened((usable) =>
              certificate.key.equals(usable.getPublicSSH()) ? show(certified(usable, certificate)) : undefined,
            ),
        })
      attempts.push({ method: 'publickey', what, offer: () => opened(show) })
    }
  }

  const agent = async (only: readonly string[] | undefined): Promise<void> => {
    if (socket === undefined) return
    try {
      const wanted = only === undefined ? undefined : await publicKeys(only)
      const vouched = await certificatesFor(only ?? defaults.map((name) => join(homedir(), '.ssh', name)))
      const agent = await AgentKeys.of(socket, vouched, wanted)
      if (agent.names.length === 0) return
      const what = agent.names.map((name) => `agent key ${name}`).join(', ')
      attempts.push({ method: 'publickey', what, offer: { type: 'agent', username: user, agent: agent.shown } })
    } catch (error) {
      skipped.push(`agent ${socket}: ${(error as Error).message}`)
    }
  }

  if (settings.privateKey !== undefined) {
    const path = settings.privateKey.replace(/^~(?=\/)/, homedir())
    const found = await ring.find(path, settings.passphrase)
    // An agent may hold the key whose passphrase we do not have.
    if (!('key' in found) && !('missing' in found)) await agent(undefined)
    await key(path, true)
    if (attempts.length === 0 && settings.password === undefined) {
      throw new Unreachable(`cannot use the private key ${skipped.join('; ')}`, mend ?? unlocking)
    }
  } else if (settings.password === undefined) {
    const files = identities ?? defaults.map((name) => join(homedir(), '.ssh', name))
    await agent(identitiesOnly ? files : undefined)
    for (const path of files) await key(path, false)
  }
  if (settings.password !== undefined) attempts.push(...byPassword(user, settings.password.reveal()))

  const tried: string[] = []
  const left = wanted(attempts, authentications)
  const offered = left[0]?.offer as { readonly key?: ParsedKey } | undefined
  // Shown before the server has said what it takes.
  let early: Attempt | undefined
  const next = async (
    methods: readonly AuthenticationType[] | null,
    partial: boolean | null,
  ): Promise<object | false> => {
    if (early !== undefined && methods !== null && partial !== true && !methods.includes(early.method)) {
      tried.splice(tried.indexOf(early.what), 1)
      skipped.push(`${early.what}: the server takes ${methods.join(', ')} only`)
    }
    early = undefined
    for (let attempt = left.shift(); attempt !== undefined; attempt = left.shift()) {
      if (methods !== null && !methods.includes(attempt.method)) continue
      const { offer: told } = attempt
      const offer = typeof told === 'function' ? await (told as () => Promise<object | undefined>)() : told
      if (offer === undefined) continue
      tried.push(attempt.what)
      if (methods === null) early = attempt
      return offer
    }
    return false
  }
  return {
    tried,
    skipped,
    ...(mend === undefined ? {} : { mend }),
    ...(offered?.key === undefined ? {} : { first: offered.key }),
    // `none` is left out: it costs a round trip and no host we want accepts it.
    handler: ((
      methods: AuthenticationType[] | null,
      partial: boolean | null,
      take: (offer: object | false) => void,
    ) => {
      void next(methods, partial).then(take)
    }) as unknown as AuthHandlerMiddleware,
  }
}

/** Those of the ways to log in that are wanted, in the order in which they are. */
function wanted(attempts: readonly Attempt[], ways: readonly string[] | undefined): Attempt[] {
  return ways === undefined ? [...attempts] : ways.flatMap((way) => attempts.filter(({ method }) => method === way))
}

function byPassword(user: string, password: string): readonly Attempt[] {
  let answered = false
  return [
    { method: 'password', what: 'password', offer: { type: 'password', username: user, password } },
    {
      method: 'keyboard-interactive',
      what: 'password (keyboard-interactive)',
      offer: {
        type: 'keyboard-interactive',
        username: user,
        prompt: (
          _name: string,
          _instructions: string,
          _language: string,
          prompts: readonly { prompt: string }[],
          finish: (answers: string[]) => void,
        ) => {
          // Answered once: a second question means that the answer was wrong.
          finish(answered ? [] : prompts.map(({ prompt }) => (/pass(word|phrase)/i.test(prompt) ? password : '')))
          answered = true
        },
      },
    },
  ]
}

/** The public halves of key files, from the .pub beside each or the file itself. */
async function publicKeys(paths: readonly string[]): Promise<readonly string[]> {
  const { utils } = (await import('ssh2')).default
  const found = await Promise.all(
    paths.map(async (path) => {
      for (const file of [`${path}.pub`, path]) {
        const text = await readFile(file).catch(() => undefined)
        const key = text === undefined ? undefined : utils.parseKey(text)
        if (key !== undefined && !(key instanceof Error)) {
          return (Array.isArray(key) ? (key[0] as ParsedKey) : (key as ParsedKey)).getPublicSSH().toString('base64')
        }
      }
      return undefined
    }),
  )
  return found.filter((one) => one !== undefined)
}
