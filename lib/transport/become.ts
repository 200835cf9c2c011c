import { randomBytes } from 'node:crypto'
import type { ConnectionSettings } from '../model/inventory.ts'
import { Advice } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { forAnyShell } from '../kit/shell.ts'
import { greeted, NeedsTerminal } from './dialogue.ts'
import { paired } from './paired.ts'
import type { Link, Program, Starting } from './program.ts'
import { type Answer, answersFor, surroundings, wrapped } from './wrapping.ts'

/** How commands get another user than the connection has. */
export interface Become {
  readonly user: string
  readonly method: 'sudo' | 'su'
  /** What stands for the program and its flags, as a shell reads them. */
  readonly exe?: string
  readonly flags?: string
  readonly password?: Secret
}

/** The change of user that a task needs; undefined when it runs as the user of the connection. */
export function becoming(user: string | undefined, login: string, settings: ConnectionSettings): Become | undefined {
  if (user === undefined || user === login) return undefined
  const { becomeMethod: method = 'sudo', becomeExe: exe, becomeFlags: flags, becomePassword: password } = settings
  return { user, method, exe, flags, password }
}

/** What is known about one user's right to become another on one host: a refusal is asked for once only. */
export class Gate {
  /** Whether the change of user wants a terminal. */
  terminal = false
  #refused: Error | undefined
  #first: Promise<unknown> | undefined

  /** Runs attempts one at a time until one has passed: a wrong password is tried once, not by every channel. */
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

// Linux takes 128 KiB as one argument, and quoting may make a script longer.
const longestArgument = 100_000

/** One terminal start at a time: two that hold one channel each could wait for each other's second. */
const pairs = new WeakMap<Link, Promise<unknown>>()

/**
 * Starts an sh script on a machine as the user asked for. The script is no secret; its stdin may be.
 * @throws Unreachable, Advice when the change of user is refused
 */
export async function startAs(
  link: Link,
  become: Become | undefined,
  gate: Gate,
  script: string,
  how: Starting = {},
): Promise<Started> {
  const token = randomBytes(16).toString('hex')
  const lock = how.urgent === true || link.place === undefined ? undefined : link.lock
  const find = how.job === undefined ? '' : `case $_sw in taken*|unlocked*) ${how.job};; esac; `
  const pid = how.job === undefined ? '$$' : '${_p:-$$}'
  const greeting =
    `${lock?.taking(token, how.job !== undefined) ?? ''}${find}` +
    `printf ${token}; printf '${token}%s;' ${pid} >&2; ${lock?.orEnd ?? ''}`
  const place = lock === undefined ? '' : ` ${link.place}`
  const body = Buffer.from(script)
  const told = forAnyShell(become?.method === 'su' ? forAnyShell(script) : script)
  const fits = told.length < longestArgument
  // dd with single bytes is slow and the only reader that takes no byte too many from a pipe.
  const text = greeting + (fits ? script : `eval "$(dd bs=1 count=${body.length} 2>/dev/null)"`)

  const plainly = async (): Promise<Started & { readonly locked: string }> => {
    const command = wrapped(`${forAnyShell(surroundings + text)}${place}`, link, become, token)
    return whole(await link.start(command, how), answersFor(become, token))
  }
  const onTerminal = async (): Promise<Started & { readonly locked: string }> => {
    const before = pairs.get(link)
    let done!: () => void
    if (how.urgent !== true)
      pairs.set(
        link,
        new Promise<void>((resolve) => {
          done = resolve
        }),
      )
    try {
      if (how.urgent !== true) await before
      return await whole(await paired(link, become!, text, place, token, how), [])
    } finally {
      done?.()
    }
  }
  /** Waits for the script's first word, and passes on what would not fit on a command line. */
  const whole = async (
    program: Program,
    answers: readonly Answer[],
  ): Promise<Started & { readonly locked: string }> => {
    try {
      const { pid, locked } = await greeted(link, become, program, token, answers, lock !== undefined, how)
      if (!fits) program.stdin.write(body)
      return { program, pid, locked }
    } catch (error) {
      program.close()
      throw error
    }
  }
  const attempt = async (): Promise<Started & { readonly locked: string }> => {
    if (gate.terminal) return onTerminal()
    try {
      return await plainly()
    } catch (error) {
      if (!(error instanceof NeedsTerminal) || !link.terminals) throw error
      // It was refused before any password was asked for.
      gate.terminal = true
      return onTerminal()
    }
  }
  const { locked, ...started } = await (become === undefined ? plainly() : gate.pass(attempt))
  if (lock === undefined) return started
  try {
    if (await lock.heard(locked, link, become, gate)) return started
  } catch (error) {
    started.program.close()
    throw error
  }
  started.program.close()
  return startAs(link, become, gate, script, how)
}
