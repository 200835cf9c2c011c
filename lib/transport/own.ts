import { spawn } from 'node:child_process'
import path from 'node:path'
import { importAuthored } from '../authored.ts'
import type { Connect, Reached, Started } from '../model/connect.ts'
import type { Host } from '../model/inventory.ts'
import { quote } from '../kit/shell.ts'
import { Advice, Unreachable } from '../model/operation.ts'
import { ended, programOf, refusalOf } from './child.ts'
import { nobodyThere, over } from './failure.ts'
import { patiently, usualPatience, waitLonger } from './patience.ts'
import type { Link, Program } from './program.ts'

/** The way that a file of somebody's own makes to a host. @throws Unreachable */
export async function ownLink(file: string, host: Host, closing: AbortSignal): Promise<Link> {
  const { name } = host
  const patience = host.settings.timeout ?? usualPatience
  const inTime = <T>(word: string, answer: T | Promise<T>, signal?: AbortSignal): Promise<T> => {
    const late = () =>
      new Unreachable(
        `cannot connect to ${name}: no answer from ${word} of ${shown(file)} for ${patience} s`,
        `see that it settles, or ${waitLonger(patience)}`,
      )
    return patiently(patience, Promise.resolve(answer), late, signal)
  }
  const reached = await inTime('connect', reach(file, host), closing)
  const running = new Set<Program>()
  let closed = false
  return {
    name,
    user: reached.user ?? 'root',
    crowd: false,
    terminals: false,
    agent: false,
    place: quote(name),
    patience,
    get lost() {
      return closed
    },
    async start(command, how) {
      if (closed) throw new Unreachable(`the connection to ${name} is closed: the run has ended`, over)
      const given = await inTime('start', reached.start(command), either(closing, how?.signal))
      const program = isWords(given) ? await started(name, given) : taken(given)
      running.add(program)
      void program.closed.then(() => running.delete(program))
      return program
    },
    async dial(port, address) {
      if (!reached.dial)
        throw new Advice(
          `cannot reach ${address}:${port} from ${name}: its connection has no way to ports`,
          `give dial in ${shown(file)}`,
        )
      try {
        return await reached.dial(port, address)
      } catch (error) {
        throw nobodyThere(name, address, port, refusalOf(error))
      }
    },
    async close() {
      closed = true
      for (const program of running) program.close()
      await inTime('close', reached.close?.())
    },
  }
}

async function reach(file: string, { name, groups, settings, vars }: Host): Promise<Reached> {
  const { connect } = await load(file)
  if (typeof connect !== 'function')
    throw new Unreachable(
      `cannot connect to ${name}: ${shown(file)} exports no connect`,
      'write: export const connect: Connect = ({ name }) => ({ start: (command) => […] })',
    )
  const plain = Object.fromEntries(Object.entries(vars).map(([key, { value }]) => [key, value]))
  try {
    return await (connect as Connect)({ name, groups, settings, vars: plain })
  } catch (error) {
    throw unreachable(error, `cannot connect to ${name}`)
  }
}

async function load(file: string): Promise<{ readonly connect?: unknown }> {
  try {
    return (await importAuthored(file)) as { readonly connect?: unknown }
  } catch (error) {
    throw unreachable(error, `the connection ${shown(file)} cannot be loaded`)
  }
}

function unreachable(error: unknown, what: string): Unreachable {
  const { message, hint = 'mend it there' } = (error instanceof Error ? error : new Error(String(error))) as Error & {
    hint?: string
  }
  return new Unreachable(`${what}: ${message}`, hint)
}

function isWords(given: readonly string[] | Started): given is readonly string[] {
  return Array.isArray(given)
}

/** A program of this machine, in a group of its own: what a terminal sends to us is not for it. */
function started(name: string, [program = '', ...args]: readonly string[]): Promise<Program> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    child.once('error', ({ message, code }: NodeJS.ErrnoException) =>
      reject(
        code === 'ENOENT'
          ? new Unreachable(`cannot connect to ${name}: there is no ${program} here`, 'install it on this machine')
          : new Unreachable(`cannot connect to ${name}: ${message}`, `see what it wants: type ${program} yourself`),
      ),
    )
    child.once('spawn', () => resolve(made))
    const made = programOf(child, child.stdin, child.stdout, child.stderr)
  })
}

function taken(given: Started): Program {
  const { stdin, stdout, stderr, exited } = given
  return {
    stdin,
    stdout,
    stderr,
    exited,
    closed: Promise.all([exited, ended(stdout), ended(stderr)]).then(() => undefined),
    close() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy()
      given.close?.()
    },
  }
}

const either = (one: AbortSignal, other: AbortSignal | undefined): AbortSignal =>
  other === undefined ? one : AbortSignal.any([one, other])

const shown = (file: string) => path.relative(process.cwd(), file)
