import { forAnyShell, quote } from '../kit/shell.ts'
import type { Become } from './become.ts'
import type { Link } from './program.ts'

/**
 * What a script begins with, whoever runs it: messages must be those of the C locale to be understood, and non-root
 * logins often lack the directories of daemons.
 */
export const surroundings =
  'LC_ALL=C; ' +
  'PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; ' +
  'export LC_ALL PATH; unset LANGUAGE ENV BASH_ENV; cd 2>/dev/null || cd /; '

/** The command that runs another as the user asked for: the one place where login shell, change of user and sh nest. */
export function wrapped(command: string, link: Link, become: Become | undefined, token: string): string {
  if (become === undefined) return `exec ${command}`
  // sudo and su would drop it.
  const kept = link.agent ? 'env SSH_AUTH_SOCK="$SSH_AUTH_SOCK" ' : ''
  if (become.method === 'su') {
    // With a shell of our own choice: many users of services have /sbin/nologin, which only root may pass by. Whoever
    // names a program or its flags has them as they are: what is allowed there may be that and nothing else.
    const { exe = 'su', flags = become.exe === undefined ? '-s /bin/sh' : '' } = become
    const su = `exec env LC_ALL=C ${exe} ${flags} ${quote(become.user)} -c ${quote(`exec ${kept}${command}`)}`
    return `exec ${forAnyShell(`printf ${mark(token)} >&2; ${su}`)}`
  }
  // -n when there is no password: sudo must fail at once rather than read our stdin as one.
  const how = become.password === undefined ? '-n' : `-S -p ${prompt(token)}`
  const flags = (become.flags ?? '-H').replaceAll(/(?<!\S)-[nS](?!\S)/g, '').trim()
  const sudo = `${become.exe ?? 'sudo'} ${flags}${flags && ' '}${how}`
  return `exec env LC_ALL=C ${sudo} -u ${quote(become.user)} -- ${kept}${command}`
}

/** A question of the program that changes the user, and what it gets for an answer. */
export interface Answer {
  readonly question: RegExp
  readonly answer: string | undefined
}

/** What is asked before the change of user, and answered. */
export function answersFor(become: Become | undefined, token: string): readonly Answer[] {
  if (become === undefined) return []
  const answer = become.password?.reveal()
  // su has no prompt of ours: what it asks comes after our mark, and last.
  return become.method === 'sudo'
    ? [{ question: new RegExp(prompt(token), 'g'), answer }]
    : [{ question: new RegExp(`(?<=${mark(token)}[^]*)password[^\\n:]*: ?$`, 'gi'), answer }]
}

const prompt = (token: string): string => `ask-${token}`
const mark = (token: string): string => `su-${token}:`
