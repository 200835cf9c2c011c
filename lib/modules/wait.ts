import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { Advice, operation, TimedOut, Unreachable } from '../model/operation.ts'
import type { Operation, Reader } from '../model/operation.ts'
import { cannotLook, closed } from '../kit/closed.ts'
import { sh } from '../kit/shell.ts'
import type { HttpOptions } from './http.ts'
import { accepts, checked, fetchThrough, withoutPassword } from './http/fetch.ts'
import { absolute } from '../kit/path-state.ts'
import { steadyNow } from '../model/steady-time.ts'

/** How long it took; 0 when it was there already. */
export type Waited = { readonly seconds: number }

/** How patient to be. */
export interface WaitOptions {
  /** Seconds after which the wait counts as failed; 300 unless said. */
  readonly timeout?: number
  /** Seconds between two looks; 1 unless said. */
  readonly delay?: number
}

const waitNames: OptionNames<WaitOptions> = { timeout: true, delay: true }

/**
 * Waits until something listens on a TCP port, as seen from the host. Never counts as changed; check mode does not
 * wait.
 *
 * ```ts
 * task('Wait for the database', wait.port(3306))
 * task('Wait for the other side', (host) => wait.port(5672, { address: host.vars.rabbitIp, timeout: 60 }))
 * ```
 */
export function port(number: number, where: WaitOptions & { readonly address?: string } = {}): Operation<Waited> {
  refuseUnknown('wait.port', where, { ...waitNames, address: true })
  const { address = '127.0.0.1', ...options } = where
  if (!Number.isInteger(number) || number < 1 || number > 65535)
    throw new Advice(`wait.port: ${number} is not a TCP port`, 'give a whole number from 1 to 65535')
  return wait({
    name: `wait.port ${address}:${number}`,
    options,
    async missing(connection) {
      try {
        ;(await connection.dial(number, address)).on('error', () => {}).destroy()
        return undefined
      } catch (error) {
        if (error instanceof Unreachable) throw error
        return `nothing listens on port ${number} of ${address}: ${(error as Error).message}`
      }
    },
    hint: 'look whether its daemon runs, and which address it listens on (netstat -ltn)',
  })
}

/**
 * Waits until a URL answers, asked from the host, with a status below 400 or the one given. Never counts as changed.
 *
 * ```ts
 * task('Wait for keystone', wait.http('http://127.0.0.1:5000/v2.0/', { timeout: 60 }))
 * ```
 */
export function http(
  url: string,
  options: WaitOptions & Pick<HttpOptions, 'status' | 'headers' | 'verify'> = {},
): Operation<Waited> {
  refuseUnknown('wait.http', options, { ...waitNames, status: true, headers: true, verify: true })
  checked(url)
  return wait({
    name: `wait.http ${withoutPassword(url)}`,
    options,
    async missing(connection) {
      try {
        const { status } = await fetchThrough(connection, url, {
          method: 'GET',
          ...options,
          timeout: Math.min(options.timeout ?? 30, 30),
        })
        // Who redirects answers: only what is fetched has to be there itself.
        const up = options.status === undefined ? status < 400 : accepts(status, options.status)
        return up ? undefined : `${withoutPassword(url)} answers ${status}`
      } catch (error) {
        if (error instanceof Unreachable) throw error
        return `${withoutPassword(url)} does not answer: ${(error as Error).message}`
      }
    },
    hint: 'look into the log of its daemon',
  })
}

/**
 * Waits until the host answers, as one that was just made or switched on does after a while. Never counts as changed.
 *
 * ```ts
 * task('Wait until it is up', wait.connection({ timeout: 600 }))
 * ```
 */
export function connection(options: WaitOptions = {}): Operation<Waited> {
  refuseUnknown('wait.connection', options, waitNames)
  return wait({
    name: 'wait.connection',
    options,
    async missing(host) {
      try {
        const { code } = await host.exec(':', { timeout: 30 })
        return code === 0 ? undefined : `it answers, and its shell ends with code ${code}`
      } catch (error) {
        if (error instanceof Unreachable || error instanceof TimedOut) return error.message
        throw error
      }
    },
    hint: 'look at its console, and whether the address in the inventory is right',
  })
}

/**
 * Waits until a command that only looks ends with code 0. Never counts as changed.
 *
 * ```ts
 * task('Wait for rabbit', wait.command('rabbitmqctl status', { timeout: 120, delay: 5 }))
 * ```
 */
export function command(script: string, options: WaitOptions = {}): Operation<Waited> {
  refuseUnknown('wait.command', options, waitNames)
  return wait({
    name: `wait.command ${script}`,
    options,
    async missing(connection) {
      const { code, stdout, stderr } = await connection.exec(script)
      const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n')
      return code === 0 ? undefined : `${script} still ends with code ${code}${said ? `: ${said}` : ''}`
    },
    hint: 'run it on the host to see more',
  })
}

/**
 * Waits until a file is there, or gone, or has a line that matches an extended regular expression. Never counts as
 * changed.
 *
 * ```ts
 * task('Wait for the socket', wait.file('/var/lib/mysql/mysql.sock'))
 * task('Wait for the lock to go', wait.file('/var/run/yum.pid', { absent: true }))
 * task('Wait until it is ready', wait.file('/var/log/rabbitmq/startup_log', { contains: 'broker running' }))
 * ```
 */
export function file(
  path: string,
  wanted: WaitOptions & { readonly absent?: boolean; readonly contains?: string } = {},
): Operation<Waited> {
  refuseUnknown('wait.file', wanted, { ...waitNames, absent: true, contains: true })
  const { absent = false, contains, ...options } = wanted
  const found =
    contains === undefined
      ? ''
      : sh`
[ -r ${path} ] || exit 8
grep -q -E -e ${contains} ${path} 2>/dev/null || exit 1`
  const test = `${closed}
${sh`p=${absolute(path)}; [ -e "$p" ] || { closed "$p" && exit 8; exit 1; }`}${found}`
  return wait({
    name: `wait.file ${path}`,
    options,
    async missing(connection) {
      const { code } = await connection.exec(test)
      // Nobody would open that door by waiting.
      if (code === 8) throw cannotLook(path, connection.host.name)
      return (code === 0) === !absent
        ? undefined
        : `${path} is ${
            absent
              ? 'still there'
              : contains === undefined
                ? 'still missing'
                : `without a line that matches ${contains}`
          }`
    },
    hint: absent ? 'look what keeps it' : 'look what should make it',
  })
}

interface Waiting {
  readonly name: string
  readonly options: WaitOptions
  /** What there is to wait for still, in words. */
  missing(connection: Reader): Promise<string | undefined>
  readonly hint: string
}

// The first look is the plan's. The wait itself is the apply's: a look may run ahead of its turn, before what it
// waits for was started.
const wait = operation<Waiting, string | undefined, { readonly timeout: number; readonly delay: number }, Waited>(
  ({ name }) => name,
  {
    read: (connection, { missing }) => missing(connection),
    plan: (missing, { options: { timeout = 300, delay = 1 } }) => ({
      result: { seconds: 0 },
      ...(missing === undefined ? {} : { change: { timeout, delay }, unpredictable: true, waits: true, replaces: [] }),
    }),
    async apply(connection, { timeout, delay }, { missing, hint }) {
      const begun = steadyNow()
      for (;;) {
        const reason = await missing(connection)
        const seconds = (steadyNow() - begun) / 1000
        if (reason === undefined) return { seconds: Math.round(seconds * 10) / 10 }
        if (seconds + delay > timeout) throw new Advice(`${reason} (waited ${Math.round(seconds)} s)`, hint)
        connection.progress(`waiting for ${Math.round(seconds)} s: ${reason}`)
        await sleep(delay * 1000)
      }
    },
    judge: () => false,
  },
)
