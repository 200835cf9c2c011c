import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** A user that only those who log in to a throw-away server know. */
export interface Account {
  readonly password?: string
  readonly shell?: string
}

/** How a throw-away ssh server differs from a plain one. */
export interface SshdOptions {
  /** More lines for its sshd_config. */
  readonly config?: readonly string[]
  /** Types of its host keys; default: ed25519. */
  readonly hostKeys?: readonly ('ed25519' | 'rsa' | 'ecdsa')[]
  /** Type of the user's key. */
  readonly userKey?: 'ed25519' | 'rsa'
  /** What `sh` is for those who log in: a path such as /bin/bash, or ['busybox', 'sh']. */
  readonly sh?: string
  /** Programs to be found first in PATH, as name and text of an sh script. */
  readonly programs?: Readonly<Record<string, string>>
  /** Users of its own, for real sudo and su; only root can have them. */
  readonly accounts?: Readonly<Record<string, Account>>
  /** What sudoers says there, in place of this machine's. */
  readonly sudoers?: readonly string[]
  /** Its /tmp has no room left; only root can have that. */
  readonly fullTmp?: true
}

/** A real OpenSSH server on a loopback port with keys of its own, for as long as one test file. */
export interface Sshd {
  readonly port: number
  readonly user: string
  readonly home: string
  readonly privateKey: string
  readonly knownHosts: string
  /** What it logged. */
  log(): string
  stop(): Promise<void>
}

/** Starts a server and resolves when it listens. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const home = await mkdtemp(join(tmpdir(), 'sshd-'))
  const port = await freePort()
  const types = options.hostKeys ?? ['ed25519']
  for (const type of types) keygen(type, join(home, `host_${type}`))
  const privateKey = join(home, 'id')
  keygen(options.userKey ?? 'ed25519', privateKey)
  const bin = join(home, 'bin')
  await mkdir(bin)
  if (options.sh !== undefined) await symlink(options.sh, join(bin, 'sh'))
  for (const [name, text] of Object.entries(options.programs ?? {})) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  await writeFile(join(home, 'authorized_keys'), await readFile(`${privateKey}.pub`))
  const knownHosts = join(home, 'known_hosts')
  const lines = await Promise.all(
    types.map(async (type) => {
      return `[127.0.0.1]:${port} ${await readFile(join(home, `host_${type}.pub`), 'utf8')}`
    }),
  )
  await writeFile(knownHosts, lines.join(''))
  await writeFile(
    join(home, 'sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...types.map((type) => `HostKey ${join(home, `host_${type}`)}`),
      `AuthorizedKeysFile ${join(home, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'LogLevel VERBOSE',
      'MaxStartups 100',
      // Below the first level, bash reads no ~/.bashrc: what this machine's user has there is no test's business.
      `SetEnv PATH=${bin}:/usr/local/bin:/usr/bin:/bin SHLVL=1`,
      ...(options.config ?? []),
      '',
    ].join('\n'),
  )
  // sshd refuses to start without it.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const accounts =
    options.accounts === undefined ? '' : await ownAccounts(home, options.accounts, options.sudoers ?? [])
  const mounts = accounts + (options.fullTmp === true ? `${fullTmp(home)} ` : '')
  const command = ['/usr/sbin/sshd', '-D', '-e', '-f', join(home, 'sshd_config')]
  const [program, ...args] =
    mounts === '' ? command : ['unshare', '-m', 'sh', '-c', `${mounts} exec "$@"`, 'sh', ...command]
  const server = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const killAtExit = (): void => {
    server.kill('SIGKILL')
  }
  process.once('exit', killAtExit)
  let log = ''
  try {
    await new Promise<void>((resolve, reject) => {
      server.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text
        if (log.includes('Server listening on')) resolve()
      })
      server.once('error', reject)
      server.once('exit', (code) => {
        reject(new Error(`sshd ended (exit code ${code}): ${log}`))
      })
    })
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  }
  return {
    port,
    user: userInfo().username,
    home,
    privateKey,
    knownHosts,
    log: () => log,
    async stop() {
      process.off('exit', killAtExit)
      await end(server)
      // What runs that did not end well leave on a host: the next server may have the same port.
      for (const left of ['lock', 'last']) await rm(`/tmp/.switchover-${left}-${port}`, { force: true })
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Commands that put a disk without any room in place of /tmp, in which nothing is but what the server needs. */
function fullTmp(home: string): string {
  return [
    `mount --bind ${home} /mnt && mount -t tmpfs -o size=16k,mode=1777 full /tmp && mkdir -p ${home} &&`,
    `mount --move /mnt ${home} && { head -c 1m /dev/zero >/tmp/full 2>/dev/null; :; } &&`,
  ].join(' ')
}

/** Writes user databases that have more users, and gives the commands that put them in place of this machine's. */
async function ownAccounts(
  home: string,
  accounts: Readonly<Record<string, Account>>,
  sudoers: readonly string[],
): Promise<string> {
  const files: Record<string, string> = {
    passwd: await readFile('/etc/passwd', 'utf8'),
    shadow: await readFile('/etc/shadow', 'utf8'),
    group: await readFile('/etc/group', 'utf8'),
    sudoers: ['root ALL=(ALL) ALL', ...sudoers, ''].join('\n'),
  }
  // Those who log in must be able to pass through to their home and their keys.
  await chmod(home, 0o755)
  let id = 61_000
  for (const [name, { password, shell = '/bin/sh' }] of Object.entries(accounts)) {
    id++
    const directory = join(home, `home-${name}`)
    await mkdir(directory)
    await chown(directory, id, id)
    const hash =
      password === undefined
        ? '*'
        : execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password, encoding: 'utf8' }).trim()
    files['passwd'] += `${name}:x:${id}:${id}::${directory}:${shell}\n`
    files['shadow'] += `${name}:${hash}:20000:0:99999:7:::\n`
    files['group'] += `${name}:x:${id}:\n`
  }
  const commands = await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const path = join(home, name)
      // Owner and mode are those that sudo and su insist on.
      await copyFile(`/etc/${name}`, path)
      await writeFile(path, text)
      return `mount --bind ${path} /etc/${name} &&`
    }),
  )
  return commands.join(' ')
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = new Promise<void>((resolve) => {
    server.once('exit', () => {
      resolve()
    })
  })
  server.kill('SIGTERM')
  await exited
}

/** Makes a key pair without a passphrase unless told. */
export function keygen(type: string, path: string, passphrase = ''): void {
  const size = type === 'rsa' ? ['-b', '2048'] : []
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', passphrase, '-C', `test ${type}`, '-f', path])
}

/** A port of loopback that nobody has. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => {
    probe.close(() => {
      resolve()
    })
  })
  if (address === null || typeof address === 'string') throw new Error('no port given')
  return address.port
}
