import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** How a throw-away MariaDB server differs from a plain one. */
export interface MariadbOptions {
  /** Server character set; latin1 is what a Havana controller's server has. */
  readonly characterSet?: string
  readonly collation?: string
  /** Also listen on a free port of 127.0.0.1; otherwise only on the unix socket. */
  readonly tcp?: boolean
  /** More options for the server, as `--name=value`. */
  readonly options?: readonly string[]
}

/** A MariaDB server that lives as long as one test file; root has no password on the socket. */
export interface Mariadb {
  readonly socket: string
  readonly port?: number
  /** Ends the server, waits for its exit and removes its data. */
  stop(): Promise<void>
}

/** Starts a MariaDB server of its own in a temporary directory and resolves when it answers. */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  // A unix socket's path may have 107 bytes, so the directory must not follow a long TMPDIR.
  const home = await mkdtemp('/tmp/mariadb-')
  const asUser = await serverUser(home)
  const data = join(home, 'data')
  const socket = join(home, 'mysqld.sock')
  try {
    install(data, home, asUser)
    const port = options.tcp === true ? await freePort() : undefined
    const server = spawn(
      binary('mariadbd'),
      [
        '--no-defaults',
        ...asUser,
        `--datadir=${data}`,
        `--tmpdir=${home}`,
        `--socket=${socket}`,
        `--pid-file=${join(home, 'mysqld.pid')}`,
        ...(port === undefined ? ['--skip-networking'] : [`--port=${port}`, '--bind-address=127.0.0.1']),
        '--skip-name-resolve',
        `--character-set-server=${options.characterSet ?? 'latin1'}`,
        `--collation-server=${options.collation ?? 'latin1_swedish_ci'}`,
        '--sql-mode=',
        '--innodb-buffer-pool-size=32M',
        '--innodb-log-file-size=8M',
        // Durability is worth nothing here, and native aio is scarce on machines with many servers.
        '--innodb-flush-log-at-trx-commit=0',
        '--skip-innodb-doublewrite',
        '--innodb-use-native-aio=0',
        '--max-allowed-packet=64M',
        ...(options.options ?? []),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let log = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4000)
    })
    const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()))
    // Without this, a test that is interrupted would leave its server behind.
    const killAtExit = () => {
      server.kill('SIGKILL')
    }
    process.once('exit', killAtExit)
    const stop = async () => {
      process.off('exit', killAtExit)
      if (server.exitCode === null && server.signalCode === null) server.kill('SIGTERM')
      await exited
      await rm(home, { recursive: true, force: true })
    }
    try {
      await answering(socket, () => server.exitCode !== null || server.signalCode !== null)
    } catch (error) {
      server.kill('SIGKILL')
      await stop()
      throw new Error(`mariadb did not start: ${(error as Error).message}\n${log}`)
    }
    return port === undefined ? { socket, stop } : { socket, port, stop }
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  }
}

/** Runs SQL on the server as root through its socket and returns the client's raw output: tabs, no header. */
export function sql(
  server: Pick<Mariadb, 'socket'>,
  text: string | Buffer,
  database = '',
  client: readonly string[] = [],
): string {
  const run = spawnSync(
    'mysql',
    [
      '--no-defaults',
      `--socket=${server.socket}`,
      '--user=root',
      '--batch',
      '--skip-column-names',
      '--default-character-set=utf8',
      ...client,
      ...(database === '' ? [] : [database]),
    ],
    { input: text, maxBuffer: 256 << 20, encoding: 'utf8' },
  )
  if (run.error) throw run.error
  if (run.status !== 0) throw new Error(`mysql failed (exit code ${run.status}): ${run.stderr.trim()}`)
  return run.stdout
}

// A server that starts removes what it takes for its own remains in the folder for temporary tables, those of others too.
function install(data: string, home: string, asUser: readonly string[]): void {
  const run = spawnSync(
    'mariadb-install-db',
    [
      '--no-defaults',
      '--force',
      ...asUser,
      `--datadir=${data}`,
      `--tmpdir=${home}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
      '--innodb-use-native-aio=0',
    ],
    { encoding: 'utf8' },
  )
  if (run.error) throw run.error
  if (run.status !== 0) {
    throw new Error(`mariadb-install-db failed (exit code ${run.status}): ${(run.stderr || run.stdout).slice(-2000)}`)
  }
}

/** The server refuses to run as root, so it gets the package's user and a directory that user owns. */
async function serverUser(home: string): Promise<string[]> {
  if (process.getuid?.() !== 0) return []
  // The server's user comes with its service package, which a machine need not have: then root owns the throw-away one.
  if (spawnSync('id', ['-u', 'mysql']).status !== 0) return ['--user=root']
  const owner = spawnSync('chown', ['mysql', home], { encoding: 'utf8' })
  if (owner.status !== 0) throw new Error(`${home} cannot be given to mysql: ${owner.stderr.trim()}`)
  await chmod(home, 0o755)
  return ['--user=mysql']
}

function binary(name: string): string {
  const inSbin = `/usr/sbin/${name}`
  return existsSync(inSbin) ? inSbin : name
}

async function answering(socket: string, gone: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const ping = spawnSync('mariadb-admin', ['--no-defaults', `--socket=${socket}`, '--user=root', 'ping'])
    if (ping.error) throw ping.error
    if (ping.status === 0) return
    if (gone()) throw new Error('the server ended')
    if (Date.now() > deadline) throw new Error(`no answer on ${socket} for 60 s`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => {
    probe.close(() => resolve())
  })
  if (address === null || typeof address === 'string') throw new Error('no port given')
  return address.port
}
