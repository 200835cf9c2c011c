import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { ConnectionSettings } from '../model/inventory.ts'
import { Advice, Unreachable } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { quote } from '../kit/shell.ts'
import type { Link, Program, Starting } from './program.ts'

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

// Messages must be those of the C locale to be understood, and non-root logins often lack the directories of daemons.
const surroundings =
  'LC_ALL=C; ' +
  'PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; ' +
  'export LC_ALL PATH; unset LANGUAGE ENV BASH_ENV; cd 2>/dev/null || cd /; '

// Linux takes 128 KiB as one argument, and quoting may make a script longer.
const longestArgument = 100_000

// A change of user that asks something we do not understand would wait for ever.
const longestStart = 60_000

// The names stay unknown to others: nobody may list the outer folder, and no program has them among its arguments.
// Whoever becomes the other user opens them once; then they have no names any more.
const carrier = (token: string): string => `umask 077
t=$(mktemp -d /tmp/.switchover.XXXXXXXXXX) && chmod 711 "$t" && cd "$t" && d=$(mktemp -d ./XXXXXXXXXXXXXXXXXXXX) \
&& chmod 711 "$d" && cd "$d" && mkfifo i o e && chmod 666 i o e || exit 1
trap 'rm -rf "$t"' EXIT
exec 3<>i 4<>o 5<>e 6>i 7<o 8<e
printf '${token}%s/%s;' "$t" "\${d#./}"
read -r go
exec 3>&- 4>&- 5>&-
cd /; rm -rf "$t"; trap - EXIT
[ "$go" = go ] || exit 1
cat <&7 6>&- 8<&- & cat <&8 >&2 6>&- 7<&- &
exec 7<&- 8<&-
cat >&6; exec 6>&-; wait`

/** One terminal start at a time: two that hold one channel each could wait for each other's second. */
const pairs = new WeakMap<Link, Promise<unknown>>()

/**
 * Starts an sh script on a machine as the user asked for: the one place where login shell, change of user and sh nest.
 * The script is no secret; its stdin may be.
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
  const greeting = `printf ${token}; printf '${token}%s;' $$ >&2; `
  const body = Buffer.from(script)
  const fits = script.length < longestArgument && quote(script).length < longestArgument
  // dd with single bytes is slow and the only reader that takes no byte too many from a pipe.
  const program = greeting + (fits ? script : `eval "$(dd bs=1 count=${body.length} 2>/dev/null)"`)

  const plainly = async (): Promise<Started> => {
    const command = wrapped(`sh -c ${quote(surroundings + program)}`, link, become, token)
    return whole(await link.start(command, how), answersFor(become, token))
  }
  const onTerminal = async (): Promise<Started> => {
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
      return await whole(await paired(link, become!, surroundings, program, token, how), [])
    } finally {
      done?.()
    }
  }
  /** Waits for the script's first word, and passes on what would not fit on a command line. */
  const whole = async (started: Program, answers: readonly Answer[]): Promise<Started> => {
    try {
      const pid = await greeted(link, become, started, token, answers)
      if (!fits) started.stdin.write(body)
      return { program: started, pid }
    } catch (error) {
      started.close()
      throw error
    }
  }
  const attempt = async (): Promise<Started> => {
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
  return become === undefined ? plainly() : gate.pass(attempt)
}

/** A refusal for want of a terminal. */
class NeedsTerminal extends Advice {}

/** A question of the program that changes the user, and what it gets for an answer. */
interface Answer {
  readonly question: RegExp
  readonly answer: string | undefined
}

function answersFor(become: Become | undefined, token: string): readonly Answer[] {
  if (become === undefined) return []
  const answer = become.password?.reveal()
  // su has no prompt of ours: what it asks comes after our mark, and last.
  return become.method === 'sudo'
    ? [{ question: new RegExp(prompt(token), 'g'), answer }]
    : [{ question: new RegExp(`(?<=${mark(token)}[^]*)password[^\\n:]*: ?$`, 'gi'), answer }]
}

/**
 * A command on a terminal, for the sake of the program that wants one, with its three streams beside it: they are pipes
 * with names, between the two users, that a second channel carries.
 */
async function paired(
  link: Link,
  become: Become,
  surroundings: string,
  script: string,
  token: string,
  how: Starting,
): Promise<Program> {
  const inner =
    `printf '${token}ready;'; IFS= read -r d || exit 1; exec 9>&1 <"$d/i" >"$d/o" 2>"$d/e" ` +
    `&& printf '${token}open;' >&9 && exec 9>&-; ${surroundings}${script}`
  const terminal = await link.start(wrapped(`sh -c ${quote(inner)}`, link, become, token), { ...how, terminal: true })
  let beside: Program | undefined
  try {
    await said(link, become, terminal, terminal.stdout, `${token}ready;`, answersFor(become, token))
    beside = await link.start(`exec sh -c ${quote(carrier(token))}`, { ...how, second: true })
    const folder = await takeUntil(beside.stdout, (seen) => {
      const found = new RegExp(`${token}([^;]+);`).exec(seen.toString('latin1'))
      return found === null ? undefined : { end: found.index + found[0].length, value: found[1]! }
    })
    if (folder === undefined) {
      throw new Unreachable(
        `cannot make pipes in /tmp on ${link.name}`,
        'a command on a terminal needs mktemp and mkfifo there',
      )
    }
    terminal.stdin.write(`${folder}\n`)
    await said(link, become, terminal, terminal.stdout, `${token}open;`, [])
    beside.stdin.write('go\n')
  } catch (error) {
    terminal.close()
    beside?.stdin.end()
    beside?.close()
    throw error
  }
  const { stdin, stdout, stderr, closed } = beside
  terminal.stdout.resume()
  terminal.stderr.resume()
  // Nobody reads any more: what carries the input must not wait for more of it.
  void terminal.exited.then(() => {
    stdin.end()
  })
  return {
    stdin,
    stdout,
    stderr,
    exited: terminal.exited,
    closed,
    close() {
      beside.close()
      terminal.close()
    },
  }
}

function wrapped(command: string, link: Link, become: Become | undefined, token: string): string {
  if (become === undefined) return `exec ${command}`
  // sudo and su would drop it.
  const kept = link.agent ? 'env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" ' : ''
  if (become.method === 'su') {
    // With a shell of our own choice: many users of services have /sbin/nologin, which only root may pass by.
    const su = `exec env LC_ALL=C su -s /bin/sh ${quote(become.user)} -c ${quote(`exec ${kept}${command}`)}`
    return `exec sh -c ${quote(`printf ${mark(token)} >&2; ${su}`)}`
  }
  // -n when there is no password: sudo must fail at once rather than read our stdin as one.
  const how = become.password === undefined ? '-n' : `-S -p ${prompt(token)}`
  return `exec env LC_ALL=C sudo -H ${how} -u ${quote(become.user)} -- ${kept}${command}`
}

const prompt = (token: string): string => `ask-${token}`
const mark = (token: string): string => `su-${token}:`

async function greeted(
  link: Link,
  become: Become | undefined,
  program: Program,
  token: string,
  answers: readonly Answer[],
): Promise<number> {
  const pid = Number(await said(link, become, program, program.stderr, `${token}(\\d+);`, answers))
  await takeUntil(program.stdout, (seen) => {
    const at = seen.indexOf(token)
    return at < 0 ? undefined : { end: at + token.length, value: at }
  })
  return pid
}

/** Waits for a word on a stream and answers what is asked before it. */
async function said(
  link: Link,
  become: Become | undefined,
  program: Program,
  stream: Readable,
  word: string,
  answers: readonly Answer[],
): Promise<string | undefined> {
  const wanted = new RegExp(word)
  let asked = 0
  let heard = ''
  let given: string | undefined
  const timer = setTimeout(() => {
    given = `no answer for ${longestStart / 1000} s${heard === '' ? '' : ` after: ${spoken(heard)}`}`
    program.close()
    stream.destroy()
  }, longestStart)
  const found = await takeUntil(stream, (seen) => {
    heard = seen.toString('latin1')
    const found = wanted.exec(heard)
    if (found !== null) return { end: found.index + found[0].length, value: found[1] ?? '' }
    const answer = answers.find(({ question }) => (heard.match(question)?.length ?? 0) > asked)
    if (answer === undefined) return undefined
    if (asked++ === 0 && answer.answer !== undefined) {
      program.stdin.write(`${answer.answer}\n`)
      return undefined
    }
    // A second question means that the answer was wrong; more answers could lock the account.
    if (answer.answer === undefined) given = 'it asks for a password'
    // A terminal has no end of input.
    else if (stream === program.stdout) given = spoken(heard) || 'it asks for a password again'
    program.stdin.end()
    if (given !== undefined) program.close()
    return undefined
  })
  clearTimeout(timer)
  if (found !== undefined) return found
  program.stdout.resume()
  const code = given === undefined ? await program.exited : 1
  if (link.lost || code === undefined) throw new Unreachable(`connection to ${link.name} lost while starting a shell`)
  const words = spoken(heard)
  if (become !== undefined) throw refusal(link, become, given ?? words, code)
  const reason = given ?? (words || `the login shell ended with exit code ${code}`)
  throw new Unreachable(
    `cannot start a shell on ${link.name}: ${reason}`,
    `see that ${link.user} may log in there and has sh`,
  )
}

/** What a program said but for our own words and its question. */
function spoken(heard: string): string {
  return (
    heard
      .replaceAll(/(ask-|su-)[0-9a-f]{32}:?/g, '\n')
      .split(/[\r\n]+/)
      .map((line) => line.replace(/^password: ?/i, '').trim())
      // sudo grumbles about a host that does not know its own name, and goes on.
      .filter((line) => line !== '' && !/^sudo: unable to resolve host /.test(line))
      .join('\n')
  )
}

function refusal(link: Link, become: Become, said: string, code: number): Advice {
  const { method, user, password } = become
  const reason = said.replaceAll(/^(sudo|su): /gm, '') || `exit code ${code}`
  if (/must have a tty|must be run from a terminal|standard in must be a tty/.test(said)) {
    return new NeedsTerminal(
      `${method} refused on ${link.name}: ${reason}`,
      method === 'sudo' ? `remove requiretty for ${link.user} from sudoers there` : 'set becomeMethod to sudo',
    )
  }
  if (/not found|No such file/.test(said)) {
    return new Advice(
      `cannot become ${user} on ${link.name}: ${reason}`,
      `install ${method} there, or log in as ${user}`,
    )
  }
  if (/(user \S+ does not exist|unknown (user|id))/i.test(said)) {
    return new Advice(`cannot become ${user} on ${link.name}: ${reason}`, 'check become: there is no such user')
  }
  if (/restricted shell/.test(said)) {
    return new Advice(`su refused on ${link.name}: ${user} has no login shell`, 'set becomeMethod to sudo')
  }
  if (/not allowed|not in the sudoers|may not run/.test(said)) {
    return new Advice(
      `sudo refused on ${link.name}: ${reason}`,
      `allow ${link.user} to become ${user} in sudoers there: visudo`,
    )
  }
  if (method === 'su') {
    return new Advice(
      `su refused on ${link.name}: ${reason}`,
      password === undefined
        ? `type the password of ${user} with -K, or set becomePassword`
        : `type the password of ${user} with -K, or correct becomePassword: su wants theirs`,
    )
  }
  return new Advice(
    `sudo refused on ${link.name}: ${reason}`,
    password === undefined
      ? `type the password of ${link.user} with -K, set becomePassword, or allow sudo without one`
      : `type the password of ${link.user} with -K, or correct becomePassword`,
  )
}

/** Reads a stream up to a place and puts back what follows; undefined when it ended without. */
async function takeUntil<T>(
  readable: Readable,
  find: (seen: Buffer) => { readonly end: number; readonly value: T } | undefined,
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
    const ended = (): void => {
      done(undefined)
    }
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
