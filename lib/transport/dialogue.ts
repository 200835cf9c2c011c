import type { Readable } from 'node:stream'
import { Advice, Unreachable } from '../model/operation.ts'
import type { Become } from './become.ts'
import { lost as gone } from './failure.ts'
import { patiently, waitLonger } from './patience.ts'
import type { Link, Program, Starting } from './program.ts'
import type { Answer } from './wrapping.ts'

/** A refusal for want of a terminal. */
export class NeedsTerminal extends Advice {}

/** Waits for the first word of a script, which is the number of its process, behind what it says of the host's lock. */
export async function greeted(
  link: Link,
  become: Become | undefined,
  program: Program,
  token: string,
  answers: readonly Answer[],
  locks: boolean,
  how: Starting,
): Promise<{ readonly pid: number; readonly locked: string }> {
  const word = (wanted: string, answers: readonly Answer[]) =>
    said(link, become, program, program.stderr, wanted, answers, how)
  const locked = locks ? ((await word(`${token}L([^\\n]*)\\n`, answers)) ?? '') : ''
  const pid = Number(await word(`${token}(\\d+);`, locks ? [] : answers))
  await firstWord(
    link,
    takeUntil(program.stdout, (seen) => {
      const at = seen.indexOf(token)
      return at < 0 ? undefined : { end: at + token.length, value: at }
    }),
    how,
  )
  return { pid, locked: Buffer.from(locked, 'latin1').toString('utf8') }
}

/**
 * Waits for what a program says first: a start-up file of the login shell, a home that hangs, or a change of user that
 * asks what we do not understand may keep it for ever. @throws Unreachable
 */
export function firstWord<T>({ name, patience }: Link, word: Promise<T>, how: Starting, heard = () => ''): Promise<T> {
  const late = (): Unreachable => {
    const after = heard()
    return new Unreachable(
      `cannot start a shell on ${name}: no answer for ${patience} s${after === '' ? '' : ` after: ${after}`}`,
      `log in there and see what hangs (a start-up file of the shell, the home), or ${waitLonger(patience)}`,
    )
  }
  return patiently(patience, word, late, how.signal)
}

/** Waits for a word on a stream and answers what is asked before it. */
export async function said(
  link: Link,
  become: Become | undefined,
  program: Program,
  stream: Readable,
  word: string,
  answers: readonly Answer[],
  how: Starting,
): Promise<string | undefined> {
  const wanted = new RegExp(word)
  let asked = 0
  let heard = ''
  let given: string | undefined
  const look = (seen: Buffer): { readonly end: number; readonly value: string } | undefined => {
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
  }
  const answered = Promise.race([takeUntil(stream, look), lost(program)])
  const [found, code] = await firstWord(
    link,
    answered.then(async (found) => {
      if (found !== undefined) return [found, 0]
      program.stdout.resume()
      return [undefined, given === undefined ? await program.exited : 1]
    }),
    how,
    () => spoken(heard),
  )
  if (found !== undefined) return found
  if (link.lost || code === undefined) throw gone(link.name, ' while starting a shell')
  const words = spoken(heard)
  if (become !== undefined) throw refusal(link, become, given ?? words, code)
  const reason = given ?? (words || `the login shell ended with exit code ${code}`)
  throw new Unreachable(
    `cannot start a shell on ${link.name}: ${reason}`,
    `see that ${link.user} may log in there and has sh`,
  )
}

// Not every stream tells that the link under it broke.
async function lost(program: Program): Promise<undefined> {
  if ((await program.exited) !== undefined) return new Promise(() => undefined)
  return undefined
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
  if (/must have a tty|must be run from a terminal|in must be a tty|terminal is required|no tty present/.test(said)) {
    return new NeedsTerminal(
      `${method} refused on ${link.name}: ${reason}`,
      method === 'sudo' ? `remove requiretty for ${link.user} from sudoers there` : 'set becomeMethod to sudo',
    )
  }
  if (/not found|No such file/.test(said)) {
    return new Advice(
      `cannot become ${user} on ${link.name}: ${reason}`,
      become.exe === undefined
        ? `install ${method} there, or log in as ${user}`
        : `correct becomeExe (ansible_become_exe), or install ${become.exe} there`,
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
export async function takeUntil<T>(
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
