import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { ConnectionSettings } from '../model/inventory.ts'
import { Advice, Unreachable } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { quote } from '../model/shell.ts'
import type { Link, Program } from './program.ts'

/** How commands get another user than the connection has. */
export interface Become {
  readonly user: string
  readonly method: 'sudo' | 'su'
  readonly password?: Secret
}

/** The change of user that a task needs; undefined when it runs as the user of the connection. */
export function becoming(user: string | undefined, login: string, settings: ConnectionSettings): Become | undefined {
  if (user === undefined || user === login) return undefined
  return { user, method: settings.becomeMethod ?? 'sudo', password: settings.becomePassword }
}

/** What is known about one user's right to become another on one host: a refusal is asked for once only. */
export class Gate {
  #refused: Error | undefined
  #first: Promise<unknown> | undefined

  /** Runs attempts one at a time until one has passed, so that a wrong password is tried once and not by every channel. */
  async pass<T>(attempt: () => Promise<T>): Promise<T> {
    while (this.#first !== undefined) await this.#first.catch(() => undefined)
    if (this.#refused !== undefined) throw this.#refused
    if (this.#open) return attempt()
    const first = attempt()
    this.#first = first
    try {
      const passed = await first
      this.#open = true
      return passed
    } catch (error) {
      if (error instanceof Advice) this.#refused = error
      throw error
    } finally {
      this.#first = undefined
    }
  }

  #open = false
}

/** A program that has said its first word: everything before it (banners of login shells, sudo's prompt) is gone. */
export interface Started {
  readonly program: Program
  /** The process that runs the script: the root of the tree to end. */
  readonly pid: number
}

// Messages must be those of the C locale to be understood, and non-root logins often lack the directories of daemons.
const surroundings = 'LC_ALL=C; PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; '
  + 'export LC_ALL PATH; unset LANGUAGE ENV BASH_ENV; cd 2>/dev/null || cd /; '

// Linux takes 128 KiB as one argument, and quoting may make a script longer.
const longestArgument = 100_000

/**
 * Starts an sh script on a machine as the user asked for: the one place where login shell, change of user and sh are nested.
 * The script is no secret; its stdin may be.
 * @throws Unreachable, Advice when the change of user is refused
 */
export async function startAs(
  link: Link, become: Become | undefined, gate: Gate, script: string, urgent?: boolean,
): Promise<Started> {
  const token = randomBytes(16).toString('hex')
  const greeting = `${surroundings}printf ${token}; printf '${token}%s;' $$ >&2; `
  const body = Buffer.from(script)
  const inline = `sh -c ${quote(greeting + script)}`
  // dd with single bytes is slow and the only reader that takes no byte too many from a pipe.
  const piped = `sh -c ${quote(`${greeting}eval "$(dd bs=1 count=${body.length} 2>/dev/null)"`)}`
  const fits = inline.length < longestArgument
  const attempt = async (): Promise<Started> => {
    const program = await link.start(wrapped(fits ? inline : piped, become, token), urgent)
    try {
      const pid = await greeted(link, become, program, token)
      if (!fits) program.stdin.write(body)
      return { program, pid }
    } catch (error) {
      program.close()
      throw error
    }
  }
  return become === undefined ? attempt() : gate.pass(attempt)
}

function wrapped(command: string, become: Become | undefined, token: string): string {
  if (become === undefined) return `exec ${command}`
  if (become.method === 'su') {
    throw new Advice(`cannot become ${become.user} by su: only sudo is supported`, 'set becomeMethod to sudo')
  }
  // -n when there is no password: sudo must fail at once rather than read our stdin as one.
  const how = become.password === undefined ? '-n' : `-S -p ${prompt(token)}`
  return `exec env LC_ALL=C sudo -H ${how} -u ${quote(become.user)} -- ${command}`
}

const prompt = (token: string): string => `ask-${token}`

async function greeted(link: Link, become: Become | undefined, program: Program, token: string): Promise<number> {
  let asked = 0
  let heard = ''
  const word = new RegExp(`${token}(\\d+);`)
  const pid = await takeUntil(program.stderr, (seen) => {
    heard = seen.toString('latin1')
    const prompts = heard.split(prompt(token)).length - 1
    if (prompts > asked && become?.password !== undefined) {
      asked = prompts
      // A second question means that the answer was wrong; more answers could lock the account.
      if (asked === 1) program.stdin.write(`${become.password.reveal()}\n`)
      else program.stdin.end()
    }
    const found = word.exec(heard)
    return found === null ? undefined : { end: found.index + found[0].length, value: Number(found[1]) }
  })
  if (pid !== undefined) {
    await takeUntil(program.stdout, (seen) => {
      const at = seen.indexOf(token)
      return at < 0 ? undefined : { end: at + token.length, value: at }
    })
    return pid
  }
  program.stdout.resume()
  const code = await program.exited
  if (link.lost || code === undefined) throw new Unreachable(`connection to ${link.name} lost while starting a shell`)
  const said = heard.replaceAll(prompt(token), '\n').split('\n').map((line) => line.trim())
    .filter((line) => line !== '').join('\n')
  if (become !== undefined) throw refusal(link, become, said, code)
  throw new Unreachable(`cannot start a shell on ${link.name}: ${said || `the login shell ended with exit code ${code}`}`,
    `see that ${link.user} may log in there and has sh`)
}

function refusal(link: Link, become: Become, said: string, code: number): Advice {
  const reason = said.replaceAll(/^sudo: /gm, '') || `exit code ${code}`
  if (/must have a tty/.test(said)) {
    return new Advice(`sudo refused on ${link.name}: ${reason}`, `remove requiretty for ${link.user} from sudoers there`)
  }
  if (/not found|No such file/.test(said)) {
    return new Advice(`cannot become ${become.user} on ${link.name}: ${reason}`, `install sudo there, or log in as ${become.user}`)
  }
  return new Advice(`sudo refused on ${link.name}: ${reason}`, become.password === undefined
    ? `allow sudo without a password for ${link.user}, or set becomePassword`
    : `check becomePassword and what sudoers allows ${link.user}`)
}

/** Reads a stream up to a place and puts back what follows; undefined when it ended without. */
async function takeUntil<T>(
  readable: Readable, find: (seen: Buffer) => { readonly end: number; readonly value: T } | undefined,
): Promise<T | undefined> {
  let seen: Buffer = Buffer.alloc(0)
  return new Promise((resolve) => {
    const done = (value: T | undefined): void => {
      readable.off('readable', look)
      readable.off('end', ended)
      readable.off('close', ended)
      readable.off('error', ended)
      resolve(value)
    }
    const ended = (): void => { done(undefined) }
    const look = (): void => {
      for (let chunk = readable.read() as Buffer | null; chunk !== null; chunk = readable.read() as Buffer | null) {
        seen = Buffer.concat([seen, chunk])
        const found = find(seen)
        if (found === undefined) continue
        const rest = seen.subarray(found.end)
        done(found.value)
        if (rest.length > 0) readable.unshift(rest)
        return
      }
    }
    readable.on('readable', look)
    readable.on('end', ended)
    readable.on('close', ended)
    readable.on('error', ended)
    look()
  })
}
