import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Secret } from '../../lib/model/secret.ts'
import { quote } from '../../lib/kit/shell.ts'
import { notWritten, writing } from '../../lib/kit/writing.ts'
import { TimedOut } from '../../lib/model/operation.ts'
import type { CommandResult, Connection, ExecOptions, Stream } from '../../lib/model/operation.ts'
import type { HostRef } from '../../lib/model/inventory.ts'
import { leftOut } from './needs.ts'

/** A POSIX shell to run the scripts under, as the hosts would. */
export interface Shell {
  readonly name: string
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** How `here()` differs from /bin/sh with the environment of the test. */
export interface HereOptions {
  readonly shell?: Shell
  readonly env?: Readonly<Record<string, string>>
  /**
   * Mounts made in a mount namespace of the scripts' own: what lies at the key is seen as the directory in the value.
   */
  readonly mounts?: Readonly<Record<string, string>>
  /** Whose the scripts are; the test's own user's unless said. */
  readonly uid?: number
}

/** A connection to this machine that counts what it was asked. */
export interface Here extends Connection {
  /** How many round trips a remote host would have seen. */
  requests: number
  /** The scripts that were run, for tests that look for what must not be in them. */
  readonly scripts: string[]
  readonly said: string[]
}

/**
 * The shells found on this machine: dash and bash always, busybox (with only its own tools on the PATH) when
 * installed.
 */
export const shells: readonly Shell[] = findShells()

function findShells(): readonly Shell[] {
  const found: Shell[] = []
  const has = (name: string) => spawnSync(name, ['-c', ':']).status === 0
  if (has('dash')) found.push({ name: 'dash', argv: ['dash'] })
  // Node's pipes are sockets, and bash takes a socket for a remote login and reads ~/.bashrc.
  if (has('bash')) found.push({ name: 'bash --posix', argv: ['bash', '--norc', '--posix'] })
  if (!leftOut('what runs under busybox sh', 'busybox')) {
    const bin = join(tmpdir(), 'switchover-busybox')
    mkdirSync(bin, { recursive: true })
    spawnSync('busybox', ['--install', '-s', bin])
    found.push({ name: 'busybox sh', argv: [join(bin, 'sh')], env: { PATH: bin } })
  }
  if (found.length < 2)
    throw new Error(`these tests need dash and bash, and found only ${found.map(({ name }) => name).join()}`)
  return found
}

/** A connection whose host is this machine; scripts run in a child process each. */
export function here(options: HereOptions = {}): Here {
  const shell = options.shell ?? { name: 'sh', argv: ['/bin/sh'] }
  const env = {
    HOME: '/root',
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...shell.env,
    ...options.env,
  }
  const start = (script: string) => {
    connection.requests++
    connection.scripts.push(script)
    const mounts = Object.entries(options.mounts ?? {})
      .map(([at, from]) => `mount --bind ${quote(from)} ${quote(at)}; `)
      .join('')
    const argv = [...shell.argv, '-c', script]
    return mounts
      ? spawn(
          '/usr/bin/unshare',
          [
            process.getuid?.() === 0 ? '-m' : '-rm',
            '/bin/sh',
            '-c',
            `PATH=/usr/bin:/bin:/sbin; set -e; ${mounts} PATH=${quote(env.PATH)}; exec "$@"`,
            'sh',
            ...argv,
          ],
          { env, cwd: '/', detached: true },
        )
      : spawn(argv[0]!, argv.slice(1), {
          env,
          cwd: '/',
          detached: true,
          ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
        })
  }
  const connection: Here = {
    host: { name: 'here' },
    requests: 0,
    scripts: [],
    said: [],
    exec(script, { stdin, timeout, encoding }: ExecOptions = {}): Promise<CommandResult> {
      return new Promise((resolved, rejected) => {
        const child = start(script)
        const out: Buffer[] = []
        const err: Buffer[] = []
        let late = false
        const timer =
          timeout === undefined
            ? undefined
            : setTimeout(() => {
                late = true
                process.kill(-child.pid!, 'SIGKILL')
              }, timeout * 1000)
        child.stdout.on('data', (part) => out.push(part))
        child.stderr.on('data', (part) => err.push(part))
        child.on('error', rejected)
        child.on('close', (code) => {
          clearTimeout(timer)
          if (late) rejected(new TimedOut(`the command did not end within ${timeout} s`))
          else
            resolved({
              code: code ?? 255,
              stdout: Buffer.concat(out).toString(encoding),
              stderr: Buffer.concat(err).toString(),
            })
        })
        // A script that ends without reading its input is no error.
        child.stdin.on('error', () => {})
        child.stdin.end(stdin instanceof Secret ? stdin.reveal() : stdin)
      })
    },
    async read(path) {
      connection.requests++
      return readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
    },
    async stream(script): Promise<Stream> {
      const child = start(script)
      let stderr = ''
      child.stderr.on('data', (part) => {
        stderr = (stderr + String(part)).slice(-65536)
      })
      const kill = () => {
        try {
          process.kill(-child.pid!, 'SIGKILL')
        } catch (error) {
          // It had ended by itself.
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
        }
      }
      const ended = new Promise<{ code: number; stderr: string }>((resolved) =>
        child.on('close', (code) => resolved({ code: code ?? 255, stderr })),
      )
      return { stdin: child.stdin, stdout: child.stdout, ended, kill }
    },
    dial(port, address = '127.0.0.1'): Promise<Duplex> {
      connection.requests++
      return new Promise((resolved, rejected) => {
        const socket = connect(port, address)
        socket.once('error', rejected)
        socket.once('connect', () => {
          socket.off('error', rejected)
          resolved(socket)
        })
      })
    },
    peer: async (_host: HostRef | 'controller') => connection,
    async write(path, content, meta = {}) {
      const result = await connection.exec(writing(path, meta), { stdin: content })
      if (result.code !== 0) throw notWritten(path, connection.host.name, meta, result)
    },
    progress(message) {
      connection.said.push(message)
    },
  }
  return connection
}

const directories: string[] = []

/** A new empty directory that is removed when the test process ends. */
export function emptyDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'switchover-test-'))
  if (directories.length === 0) process.on('exit', () => spawnSync('rm', ['-rf', ...directories]))
  directories.push(made)
  return made
}
