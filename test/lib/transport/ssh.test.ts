import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../../lib/index.ts'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { type CommandResult, Unreachable } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { command } from '../../../lib/modules/index.ts'
import { createTransport, type UnknownHostKey } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { startRelay } from '../../rig/relay.ts'
import { begin } from '../../rig/runs.ts'
import { freePort, keygen, type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

const test = suite<{ sshd: Sshd }>('ssh')

test.before(async (context) => {
  context.sshd = await startSshd({ hostKeys: ['ecdsa', 'ed25519'] })
})
test.after(async ({ sshd }) => {
  await sshd.stop()
})

/** What a command gives on a host with these settings. */
async function echo(
  settings: ConnectionSettings,
  ask?: (key: UnknownHostKey) => Promise<boolean>,
): Promise<CommandResult> {
  const host = aHost('node-1', settings)
  const transport = createTransport({ inventory: inventoryOf(host), ask })
  try {
    return await transport.connection(host, {}).exec('echo reached')
  } finally {
    await transport.close()
  }
}

async function refusal(promise: Promise<unknown>): Promise<Unreachable> {
  try {
    await promise
  } catch (error) {
    assert.instance(error, Unreachable, String(error))
    return error as Unreachable
  }
  return assert.unreachable('it should have been refused') as never
}

/** A proxy command, but for address and port. */
const relaying =
  `${process.execPath} -e 'const s=require("net").connect(+process.argv[2],process.argv[1]);` +
  `process.stdin.pipe(s).pipe(process.stdout)'`

const reached = { code: 0, stdout: 'reached\n', stderr: '' }

test('concurrent callers share one connection, and later ones too', async ({ sshd }) => {
  const before = sshd.log().split('Accepted publickey').length
  const host = aHost('node-1', reach(sshd))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    await Promise.all([transport.connection(host, {}).exec('true'), transport.connection(host, {}).exec('true')])
    await transport.connection(host, {}).exec('true', { long: true })
  } finally {
    await transport.close()
  }
  assert.is(sshd.log().split('Accepted publickey').length - before, 1)
  const late = await refusal(transport.connection(host, {}).exec('true'))
  assert.match(late.message, /closed: the run has ended/)
})

test('a command that ends with 255 is no lost connection', async ({ sshd }) => {
  const host = aHost('node-1', reach(sshd))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    for (const long of [false, true])
      assert.is((await transport.connection(host, {}).exec('exit 255', { long })).code, 255)
  } finally {
    await transport.close()
  }
})

test('a cut link rejects what runs, and the next command opens a new connection', async ({ sshd }) => {
  const relay = await startRelay(sshd.port)
  const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts: knownAt(sshd, relay.port) })
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const connection = transport.connection(host, {})
    const pid = (await connection.exec('echo $$')).stdout
    const stream = await connection.stream('sleep 60')
    stream.stdout.resume()
    let begun!: () => void
    const begins = new Promise<void>((resolve) => {
      begun = resolve
    })
    const results = Promise.allSettled([
      connection.exec('sleep 60'),
      connection.exec('echo behind'),
      transport
        .connection(host, {
          output: () => {
            begun()
          },
        })
        .exec('echo go; sleep 61', { long: true }),
      stream.ended,
    ])
    await Promise.all([connectionIsBusy(pid.trim()), begins])
    relay.cut()
    for (const result of await results) {
      assert.is(result.status, 'rejected')
      assert.instance((result as PromiseRejectedResult).reason, Unreachable)
      assert.match(
        String((result as PromiseRejectedResult).reason),
        /connection to node-1 lost while running `(sleep 60|echo behind|echo go; sleep 61)`$/,
      )
    }
    assert.is((await connection.exec('echo again')).stdout, 'again\n')
  } finally {
    await transport.close()
    await relay.stop()
  }
})

test('requests are pipelined: twenty cost one round trip', async ({ sshd }) => {
  const relay = await startRelay(sshd.port, { delay: 25 })
  const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts: knownAt(sshd, relay.port) })
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const connection = transport.connection(host, {})
    await connection.exec('true')
    relay.reset()
    const started = Date.now()
    await Promise.all(Array.from({ length: 20 }, () => connection.exec('true')))
    const took = Date.now() - started
    assert.ok(relay.trips() <= 3, `${relay.trips()} round trips`)
    assert.ok(took >= 50 && took < 250, `${took} ms for a round trip of 50`)
    relay.reset()
    for (let i = 0; i < 5; i++) await connection.exec('true')
    assert.is(relay.trips(), 5)
    relay.reset()
    await connection.write(`/tmp/transport-trip-${process.pid}`, 'x\n', {
      mode: '0600',
      backup: true,
      validate: 'cat %s',
    })
    assert.is(relay.trips(), 1)
    await connection.exec(`rm /tmp/transport-trip-${process.pid}`)
  } finally {
    await transport.close()
    await relay.stop()
  }
})

test('the first answer comes in six round trips', async ({ sshd }) => {
  const first = async () => {
    const relay = await startRelay(sshd.port, { delay: 25 })
    const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts: knownAt(sshd, relay.port) })
    const transport = createTransport({ inventory: inventoryOf(host) })
    try {
      await transport.connection(host, {}).exec('true')
      return relay.trips()
    } finally {
      await transport.close()
      await relay.stop()
    }
  }
  // An answer that a busy machine sends in two pieces counts twice: the fewest of three are what is needed.
  const fewest = Math.min(await first(), await first(), await first())
  assert.ok(fewest <= 6, `${fewest} round trips`)
})

test('thirty commands to one host take two round trips more than one', async ({ sshd }) => {
  const thirty = async () => {
    const relay = await startRelay(sshd.port, { delay: 25 })
    const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts: knownAt(sshd, relay.port) })
    const transport = createTransport({ inventory: inventoryOf(host) })
    const plays = [
      play('P', { hosts: 'all' }, ({ task }) => {
        for (let i = 0; i < 30; i++) task(`T${i}`, command(['/bin/true']))
      }),
    ]
    try {
      const running = begin({ inventory: inventoryOf(host), transport }, plays)
      assert.is(await running.ended, 'ok')
      assert.equal(running.recap, ['node-1 ok=30 changed=30'])
      return relay.trips()
    } finally {
      await transport.close()
      await relay.stop()
    }
  }
  const fewest = Math.min(await thirty(), await thirty(), await thirty())
  assert.ok(fewest <= 8, `${fewest} round trips`)
})

test('a lock costs no round trip', async ({ sshd }) => {
  const never = assert.unreachable
  const claim = {
    run: 'r',
    holder: 'run r',
    unlock: () => '',
    own: () => true,
    followed() {},
    refused: never,
    warn: never,
  }
  const trips = async (claims: { claim?: typeof claim }) => {
    const relay = await startRelay(sshd.port, { delay: 10 })
    const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts: knownAt(sshd, relay.port) })
    const transport = createTransport({ inventory: inventoryOf(host), ...claims })
    // What the run left there before the host was started anew.
    if (claims.claim) writeFileSync(`/tmp/.switchover-lock-${sshd.port}`, 'r\nrun r\nanother\nc 1 1\n')
    await transport.connection(host, {}).exec('true')
    if (claims.claim) {
      const [, , boot] = readFileSync(`/tmp/.switchover-lock-${sshd.port}`, 'utf8').split('\n')
      assert.is(boot, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
    }
    const { stdout } = await transport.connection(host, {}).exec(`ls /tmp/.switchover-lock-${sshd.port} | wc -l`)
    assert.is(Number(stdout), claims.claim ? 1 : 0)
    await transport.close()
    await relay.stop()
    return relay.trips()
  }
  // An answer that a busy machine sends in two pieces counts twice: the fewest of three are what is needed.
  const fewest = async (claims: { claim?: typeof claim }) =>
    Math.min(await trips(claims), await trips(claims), await trips(claims))
  const [without, locked] = [await fewest({}), await fewest({ claim })]
  assert.ok(locked <= without, `${without}, ${locked}`)
})

test('a server that allows two sessions', async () => {
  const small = await startSshd({ config: ['MaxSessions 2'] })
  const host = aHost('node-1', reach(small))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        transport.connection(host, {}).exec(`sleep 0.05; echo ${i}`, { long: i % 3 === 0 }),
      ),
    )
    assert.equal(
      answers.map(({ stdout }) => Number(stdout)),
      Array.from({ length: 12 }, (_, i) => i),
    )
  } finally {
    await transport.close()
    await small.stop()
  }
})

test('the host key that is on record is asked for, whatever the server prefers', async ({ sshd }) => {
  for (const type of ['ecdsa', 'ed25519']) {
    const file = join(sshd.home, `known-${type}`)
    writeFileSync(
      file,
      readFileSync(sshd.knownHosts, 'utf8')
        .split('\n')
        .filter((line) => line.includes(type))
        .join('\n'),
    )
    assert.equal(await echo({ ...reach(sshd), knownHosts: file }), reached)
  }
})

test('a host is also known by its name in the inventory, or without its port', async ({ sshd }) => {
  for (const name of [`[node-1]:${sshd.port}`, '127.0.0.1', 'node-1']) {
    const file = join(sshd.home, 'known-name')
    writeFileSync(file, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`[127.0.0.1]:${sshd.port}`, name))
    assert.equal(await echo({ ...reach(sshd), knownHosts: [join(sshd.home, 'none'), file] }), reached)
  }
})

test('an unknown host key: strict, ask, accept-new', async ({ sshd }) => {
  const file = join(sshd.home, 'fresh')
  rmSync(file, { force: true })
  const settings = { ...reach(sshd), knownHosts: file }
  const print = execFileSync('ssh-keygen', ['-l', '-f', join(sshd.home, 'host_ed25519.pub')], {
    encoding: 'utf8',
  }).split(' ')[1]!
  for (const hostKeys of [undefined, 'strict', 'ask'] as const) {
    const { message, hint } = await refusal(echo({ ...settings, hostKeys }))
    assert.is(message, `the host key of 127.0.0.1:${sshd.port} is unknown: ssh-ed25519 ${print}`)
    assert.match(hint!, new RegExp(`add it to ${file}: ssh-keyscan -p ${sshd.port} 127.0.0.1 >>${file}`))
  }
  assert.not(existsSync(file))
  const asked: UnknownHostKey[] = []
  await refusal(
    echo({ ...settings, hostKeys: 'ask' }, async (key) => {
      asked.push(key)
      return false
    }),
  )
  assert.equal(asked, [{ host: 'node-1', address: `127.0.0.1:${sshd.port}`, type: 'ssh-ed25519', fingerprint: print }])
  assert.not(existsSync(file))
  // The operator may think for longer than a connection may take.
  assert.equal(
    await echo(
      { ...settings, hostKeys: 'ask', timeout: 1 },
      () =>
        new Promise((resolve) => {
          setTimeout(() => {
            resolve(true)
          }, 1500)
        }),
    ),
    reached,
  )
  assert.equal(await echo(settings), reached)
  rmSync(file)
  assert.equal(await echo({ ...settings, hostKeys: 'accept-new' }), reached)
  assert.equal(await echo(settings), reached)
  assert.is(readFileSync(file, 'utf8').split('\n').length, 2)
})

test('a changed host key is refused by every policy', async ({ sshd }) => {
  const file = join(sshd.home, 'changed')
  const other = join(sshd.home, 'other')
  if (!existsSync(other)) keygen('ed25519', other)
  writeFileSync(file, `# one line before\n[127.0.0.1]:${sshd.port} ${readFileSync(`${other}.pub`, 'utf8')}`)
  const print = (path: string): string =>
    execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1]!
  for (const hostKeys of ['strict', 'accept-new', 'ask'] as const) {
    const { message, hint } = await refusal(echo({ ...reach(sshd), knownHosts: file, hostKeys }, async () => true))
    assert.is(
      message,
      `the host key of 127.0.0.1:${sshd.port} has changed: ` +
        `it shows ssh-ed25519 ${print(join(sshd.home, 'host_ed25519.pub'))}, ` +
        `and ${file}:2 has ssh-ed25519 ${print(`${other}.pub`)}`,
    )
    assert.match(hint!, new RegExp(`delete line 2 of ${file}`))
  }
  appendFileSync(file, `@revoked * ${readFileSync(join(sshd.home, 'host_ed25519.pub'), 'utf8')}`)
  assert.match((await refusal(echo({ ...reach(sshd), knownHosts: file }))).message, /is revoked: .*changed:3\)/)
})

test('a refused key, a missing one, one with a passphrase', async ({ sshd }) => {
  const stranger = join(sshd.home, 'stranger')
  if (!existsSync(stranger)) keygen('ed25519', stranger)
  const refused = await refusal(echo({ ...reach(sshd), privateKey: stranger }))
  assert.is(
    refused.message,
    `cannot connect to 127.0.0.1:${sshd.port}: authentication refused for ${sshd.user} (tried key ${stranger})`,
  )
  assert.ok(refused.hint!.includes('privateKey'))
  const missing = await refusal(echo({ ...reach(sshd), privateKey: '/nowhere/id' }))
  assert.is(missing.message, 'cannot read the private key /nowhere/id: there is no such file')

  const locked = join(sshd.home, 'locked')
  copyFileSync(sshd.privateKey, locked)
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'sesame-open', '-f', locked])
  await withoutAgent(async () => {
    assert.equal(
      await echo({ ...reach(sshd), privateKey: locked, passphrase: Secret.of('sesame-open', 'passphrase') }),
      reached,
    )
    assert.match((await refusal(echo({ ...reach(sshd), privateKey: locked }))).message, /locked: it has a passphrase$/)
    assert.match(
      (await refusal(echo({ ...reach(sshd), privateKey: locked, passphrase: Secret.of('wrong-one', 'passphrase') })))
        .message,
      /locked: the passphrase does not open it$/,
    )
  })
})

test('a key that others may read, a public one and what is none are refused as ssh does it', async ({ sshd }) => {
  const open = join(sshd.home, 'open key')
  copyFileSync(sshd.privateKey, open)
  chmodSync(open, 0o644)
  const theirs = spawnSync(
    'ssh',
    ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-F', 'none'].concat([
      ...['-i', open, '-p', String(sshd.port), `${sshd.user}@127.0.0.1`, 'true'],
    ]),
    { encoding: 'utf8', env: { ...process.env, SSH_AUTH_SOCK: '' } },
  )
  if (theirs.error === undefined) assert.match(theirs.stderr, 'This private key will be ignored')
  const none = join(sshd.home, 'none')
  writeFileSync(none, 'no key\n', { mode: 0o600 })
  await withoutAgent(async () => {
    for (const [privateKey, why, hint] of [
      [open, 'others may read it (mode 0644)', `chmod 600 '${open}'`],
      [`${sshd.privateKey}.pub`, 'it is a public key', `name the private one beside it, such as ${sshd.privateKey}`],
      [
        none,
        'it holds no private key of a kind that is known',
        `name another, or see what ssh says of it: ssh-keygen -y -f ${none}`,
      ],
    ] as const) {
      const refused = await refusal(echo({ ...reach(sshd), privateKey }))
      assert.equal([refused.message, refused.hint], [`cannot use the private key ${privateKey}: ${why}`, hint])
    }
  })
  chmodSync(open, 0o600)
  assert.equal(await echo({ ...reach(sshd), privateKey: open }), reached)
})

test('keys of an agent', async ({ sshd }) => {
  const socket = join(sshd.home, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => {
    agent.stdout.once('data', resolve)
  })
  const before = process.env['SSH_AUTH_SOCK']
  try {
    execFileSync('ssh-add', ['-q', sshd.privateKey], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    })
    process.env['SSH_AUTH_SOCK'] = socket
    assert.equal(await echo({ ...reach(sshd), privateKey: undefined }), reached)
    // A socket that nobody listens to must not spoil the rest.
    process.env['SSH_AUTH_SOCK'] = join(sshd.home, 'dead')
    assert.match((await refusal(echo({ ...reach(sshd), privateKey: undefined }))).message, /agent \S+dead: /)
  } finally {
    if (before === undefined) delete process.env['SSH_AUTH_SOCK']
    else process.env['SSH_AUTH_SOCK'] = before
    agent.kill()
  }
})

test('what can go wrong on the way has words', async ({ sshd }) => {
  const closed = await freePort()
  const refused = await refusal(echo({ ...reach(sshd), port: closed }))
  assert.is(refused.message, `cannot connect to 127.0.0.1:${closed}: connection refused`)
  const typed = /to see for yourself: (.*)$/.exec(refused.hint!)![1]!
  const seen = spawnSync('sh', ['-c', typed], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  assert.match(seen.stderr, `connect to host 127.0.0.1 port ${closed}: Connection refused`)
  const noName = await refusal(echo({ ...reach(sshd), address: 'no-such-host.invalid' }))
  assert.match(noName.message, /^cannot connect to no-such-host\.invalid:\d+: name not found/)

  const mute = createServer((socket) => {
    socket.on('error', () => undefined).resume()
  })
  await new Promise<void>((resolve) => {
    mute.listen(0, '127.0.0.1', resolve)
  })
  const { port } = mute.address() as { port: number }
  const started = Date.now()
  const late = await refusal(echo({ ...reach(sshd), port, timeout: 0.5 }))
  assert.is(late.message, `cannot connect to 127.0.0.1:${port}: timed out after 0.5 s waiting for its greeting`)
  assert.is(late.hint, 'see whether sshd is well there, or wait longer: -T 2')
  assert.ok(Date.now() - started < 1500)
  await new Promise<void>((resolve) => {
    mute.close(() => {
      resolve()
    })
  })

  const web = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .resume()
      .end('HTTP/1.0 400 Bad Request\r\n\r\n')
  })
  await new Promise<void>((resolve) => {
    web.listen(0, '127.0.0.1', resolve)
  })
  const { port: webPort } = web.address() as { port: number }
  assert.match(
    (await refusal(echo({ ...reach(sshd), port: webPort }))).message,
    new RegExp(`^cannot connect to 127\\.0\\.0\\.1:${webPort}: what answers there is no ssh server$`),
  )
  await new Promise<void>((resolve) => {
    web.close(() => {
      resolve()
    })
  })
})

test('a proxy command', async ({ sshd }) => {
  const relay = relaying
  assert.equal(await echo({ ...reach(sshd), proxyCommand: `${relay} %h %p` }), reached)
  const failed = await refusal(
    echo({ ...reach(sshd), proxyCommand: 'echo "the lab is down: run test/lab/lab up" >&2; exit 1' }),
  )
  assert.is(
    failed.message,
    `cannot connect to 127.0.0.1:${sshd.port}: the proxy command failed: the lab is down: run test/lab/lab up`,
  )
  assert.is(failed.hint, 'see from there whether it is up, or mend proxyCommand')
  assert.match(
    (await refusal(echo({ ...reach(sshd), proxyCommand: 'exit 3' }))).message,
    /the proxy command failed: exit code 3$/,
  )
  assert.match(
    (await refusal(echo({ ...reach(sshd), proxyCommand: 'no-such-program %h' }))).message,
    /the proxy command failed: .*no-such-program.*not found/,
  )
  assert.match(
    (await refusal(echo({ ...reach(sshd), proxyCommand: 'cat >/dev/null', timeout: 0.5 }))).message,
    /timed out after 0.5 s/,
  )
})

test('a proxy command ends with its connection', async ({ sshd }) => {
  const file = join(sshd.home, 'proxy-pid')
  const relay = `echo $$ >${file}; ${relaying} %h %p; true`
  assert.equal(await echo({ ...reach(sshd), proxyCommand: relay }), reached)
  const pid = Number(readFileSync(file, 'utf8'))
  for (let i = 0; i < 100 && alive(pid); i++)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  assert.not(alive(pid))
})

test('a server of 2010 needs legacy, and the error says so', async () => {
  const old = await startSshd({
    hostKeys: ['rsa'],
    userKey: 'rsa',
    config: [
      'KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1',
      'HostKeyAlgorithms ssh-rsa',
      'Ciphers aes128-cbc',
      'MACs hmac-md5',
      'PubkeyAcceptedAlgorithms +ssh-rsa',
    ],
  })
  try {
    const { message, hint } = await refusal(echo(reach(old)))
    assert.is(message, `cannot connect to 127.0.0.1:${old.port}: no matching key exchange algorithm`)
    assert.match(hint!, /legacy: true/)
    const started = Date.now()
    assert.equal(await echo({ ...reach(old), legacy: true }), reached)
    assert.ok(Date.now() - started < 2500, 'group exchange was not chosen')
  } finally {
    await old.stop()
  }
})

test('a peer is reached with its own settings', async ({ sshd }) => {
  const [a, b] = [aHost('node-1', { address: '127.0.0.1', connection: 'local' }), aHost('node-2', reach(sshd))]
  const transport = createTransport({ inventory: inventoryOf(a, b) })
  try {
    const connection = transport.connection(a, {})
    const peer = await connection.peer({ name: 'node-2' })
    assert.is(peer.host.name, 'node-2')
    assert.match((await peer.exec('echo "$SSH_CONNECTION"')).stdout, /^127\.0\.0\.1 /)
    try {
      await connection.peer({ name: 'node-9' })
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, /no host node-9/)
    }
  } finally {
    await transport.close()
  }
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

function knownAt(sshd: Sshd, port: number): string {
  const file = join(sshd.home, `known-${port}`)
  writeFileSync(file, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port}`, `:${port}`))
  return file
}

/** Waits until the shell of this process runs something. */
async function connectionIsBusy(pid: string): Promise<void> {
  for (;;) {
    try {
      execFileSync('pgrep', ['-P', pid])
      return
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    }
  }
}

async function withoutAgent(body: () => Promise<void>): Promise<void> {
  const before = process.env['SSH_AUTH_SOCK']
  delete process.env['SSH_AUTH_SOCK']
  try {
    await body()
  } finally {
    if (before !== undefined) process.env['SSH_AUTH_SOCK'] = before
  }
}

test('a password, by either method, is tried once', async ({ sshd }) => {
  const hostKey = readFileSync(join(sshd.home, 'host_ed25519'))
  for (const method of ['password', 'keyboard-interactive']) {
    const heard: string[] = []
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => undefined)
      client.on('authentication', (attempt) => {
        heard.push(attempt.method)
        if (attempt.method !== method) return attempt.reject([method as 'password'])
        if (attempt.method === 'password') {
          heard.push(attempt.password)
          return attempt.password === 'sesame-open' ? attempt.accept() : attempt.reject([method as 'password'])
        }
        if (attempt.method !== 'keyboard-interactive') return attempt.reject()
        return attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
          heard.push(...answers)
          if (answers[0] === 'sesame-open') attempt.accept()
          else attempt.reject([method as 'keyboard-interactive'])
        })
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as { port: number }
    const settings = { address: '127.0.0.1', port, user: 'deploy', knownHosts: knownAt(sshd, port) }
    try {
      for (const [word, fine] of [
        ['sesame-open', true],
        ['wrong-word', false],
      ] as const) {
        heard.length = 0
        const host = aHost('node-1', { ...settings, password: Secret.of(word, 'password') })
        const transport = createTransport({ inventory: inventoryOf(host) })
        try {
          // This server lets in, and does no more.
          const { message, hint } = await refusal(transport.connection(host, {}).exec('true'))
          if (!fine)
            assert.match(hint!, /^see whether it is the right one: ssh -o PubkeyAuthentication=no -p \d+ deploy@/)
          assert.match(
            message,
            fine ? /^node-1 opens no session/ : /authentication refused for deploy \(tried password/,
          )
          assert.not.match(message, /wrong-word/)
        } finally {
          await transport.close()
        }
        assert.not(heard.includes('none'))
        assert.is(heard.filter((one) => one === word).length, 1, heard.join())
      }
    } finally {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    }
  }
})

test('a password that the server does not take is said not to be taken', async () => {
  const sshd = await startSshd({ config: ['PasswordAuthentication no', 'KbdInteractiveAuthentication no'] })
  try {
    const settings = { ...reach(sshd), privateKey: undefined, password: Secret.of('sesame-open', 'password') }
    const { message } = await refusal(echo(settings))
    assert.match(message, /nothing to log in with as \S+; not usable: password: the server takes publickey only/)
  } finally {
    await sshd.stop()
  }
})

test('goes on when the server renews its keys, as hardened ones do all the time', async () => {
  const sshd = await startSshd({ config: ['RekeyLimit 1M'] })
  const host = aHost('node-1', reach(sshd))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const connection = transport.connection(host, {})
    const sent = await connection.exec('wc -c', { stdin: Buffer.alloc(6 << 20) })
    assert.is(sent.stdout.trim(), String(6 << 20))
    const came = await connection.exec('head -c 6000000 /dev/zero')
    assert.is(came.stdout.length, 6_000_000)
  } finally {
    await transport.close()
    await sshd.stop()
  }
})

test.run()
