import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings, Host } from '../../../lib/model/inventory.ts'
import { Unreachable } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { createTransport, type TransportOptions } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { startRelay } from '../../rig/relay.ts'
import { freePort, keygen, type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

interface Context {
  readonly near: Sshd
  readonly middle: Sshd
  readonly far: Sshd
}

const test = suite<Context>('jump hosts')
test.before(async (context) => {
  const [near, middle, far] = await Promise.all([startSshd(), startSshd(), startSshd()])
  Object.assign(context, { near, middle, far })
})
test.after(async ({ near, middle, far }) => {
  await Promise.all([near, middle, far].map((one) => one.stop()))
})

/** What a command gives on the last host of these. */
async function echo(hosts: readonly Host[], options: Partial<TransportOptions> = {}): Promise<string> {
  const transport = createTransport({ inventory: inventoryOf(...hosts), pause: () => Promise.resolve(), ...options })
  try {
    return (await transport.connection(hosts.at(-1)!, {}).exec('echo "$SSH_CONNECTION"')).stdout.split(' ')[3]!.trim()
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

const logins = (sshd: Sshd): number => sshd.log().split('Accepted publickey').length - 1
/** From which port of a server its last login came. */
const via = (sshd: Sshd, settings: ConnectionSettings = {}): ConnectionSettings => ({
  ...reach(sshd),
  sshConfig: false,
  ...settings,
})

test('a jump host of the inventory is reached with its own settings, and shared', async ({ near, far }) => {
  const before = [logins(near), logins(far)]
  const bastion = aHost('bastion', via(near))
  const hosts = ['node-1', 'node-2', 'node-3'].map((name) => aHost(name, via(far, { proxyJump: 'bastion' })))
  const transport = createTransport({ inventory: inventoryOf(bastion, ...hosts) })
  try {
    const answers = await Promise.all(
      [bastion, ...hosts].map((host) => transport.connection(host, {}).exec('echo "$SSH_CONNECTION"')),
    )
    assert.equal(
      answers.map(({ stdout }) => stdout.trim().split(' ')[3]),
      [near, far, far, far].map(({ port }) => String(port)),
    )
  } finally {
    await transport.close()
  }
  assert.equal(
    [logins(near) - before[0]!, logins(far) - before[1]!],
    [1, 3],
    'one login at the jump host, for itself and all behind it',
  )
})

test('a chain, also of hosts that the inventory does not know', async ({ near, middle, far }) => {
  const known = join(far.home, 'known-chain')
  writeFileSync(known, [near, middle, far].map(({ knownHosts }) => readFileSync(knownHosts, 'utf8')).join(''))
  const keys = join(far.home, 'id')
  for (const { home } of [near, middle]) {
    writeFileSync(join(home, 'authorized_keys'), readFileSync(`${keys}.pub`), { flag: 'a' })
  }
  const before = [near, middle, far].map(logins)
  const chain = `127.0.0.1:${near.port},ssh://${near.user}@127.0.0.1:${middle.port}`
  const host = aHost('node-1', via(far, { knownHosts: known, proxyJump: chain }))
  assert.is(await echo([host]), String(far.port))
  assert.equal(
    [near, middle, far].map(logins),
    before.map((count) => count + 1),
  )
  // The same by names, each host with its own jump host.
  const hosts = [
    aHost('a', via(near)),
    aHost('b', via(middle, { proxyJump: 'a' })),
    aHost('c', via(far, { proxyJump: 'b' })),
  ]
  assert.is(await echo(hosts), String(far.port))
  assert.equal(
    [near, middle, far].map(logins),
    before.map((count) => count + 2),
  )
})

test('every hop has its host key checked, and errors name the hop', async ({ near, middle, far }) => {
  const closed = await freePort()
  const cannot = `cannot connect to 127.0.0.1:${far.port}`
  const cases: readonly (readonly [jump: ConnectionSettings, message: RegExp])[] = [
    [
      via(near, { knownHosts: far.knownHosts }),
      new RegExp(
        `^${cannot}: jump host bastion: the host key of 127.0.0.1:${near.port} is unknown: ssh-ed25519 SHA256:`,
      ),
    ],
    [
      via(near, { port: closed }),
      new RegExp(`^${cannot}: jump host bastion: cannot connect to 127.0.0.1:${closed}: connection refused$`),
    ],
    [
      via(near, { privateKey: middle.privateKey }),
      new RegExp(`^${cannot}: jump host bastion: cannot connect to 127.0.0.1:${near.port}: authentication refused`),
    ],
  ]
  for (const [jump, message] of cases) {
    const { message: said } = await refusal(
      echo([aHost('bastion', jump), aHost('node-1', via(far, { proxyJump: 'bastion' }))]),
    )
    assert.match(said, message)
  }
  const beyond = aHost('node-1', via(far, { proxyJump: 'bastion', port: closed }))
  assert.is(
    (await refusal(echo([aHost('bastion', via(near)), beyond]))).message,
    `cannot connect to 127.0.0.1:${closed} through jump host bastion: connection refused`,
  )
  const strange = aHost('node-1', via(far, { proxyJump: 'bastion', knownHosts: near.knownHosts }))
  assert.match(
    (await refusal(echo([aHost('bastion', via(near)), strange]))).message,
    new RegExp(`^the host key of 127.0.0.1:${far.port} is unknown`),
  )
})

test('a jump host that forbids forwarding', async ({ far }) => {
  const shut = await startSshd({ config: ['AllowTcpForwarding no'] })
  try {
    const { message, hint } = await refusal(
      echo([aHost('bastion', via(shut)), aHost('node-1', via(far, { proxyJump: 'bastion' }))]),
    )
    assert.is(
      message,
      `cannot connect to 127.0.0.1:${far.port} through jump host bastion: forwarding is forbidden there`,
    )
    assert.is(hint, 'set AllowTcpForwarding yes in its sshd_config')
  } finally {
    await shut.stop()
  }
})

test('circles, nonsense, and a group whose jump host is in it', async ({ near, middle, far }) => {
  const circle = [aHost('a', via(near, { proxyJump: 'b' })), aHost('b', via(middle, { proxyJump: 'a' }))]
  assert.is((await refusal(echo(circle))).message, 'cannot connect to b: its jump hosts lead in a circle (b, a, b)')
  assert.is(
    (await refusal(echo([aHost('a', via(near, { proxyJump: 'x y' }))]))).message,
    'cannot connect to a: "x y" is no jump host',
  )
  assert.is(
    (await refusal(echo([aHost('a', via(near, { proxyJump: 'x', proxyCommand: 'y' }))]))).message,
    'cannot connect to a: both proxyCommand and proxyJump are set',
  )
  const group = { proxyJump: 'bastion' }
  assert.is(await echo([aHost('node-1', via(far, group)), aHost('bastion', via(near, group))]), String(near.port))
  assert.is(await echo([aHost('bastion', via(near, group)), aHost('node-1', via(far, group))]), String(far.port))
  assert.is(
    await echo([aHost('bastion', via(near, group)), aHost('node-1', via(far, { proxyJump: 'none' }))]),
    String(far.port),
  )
})

test('when the jump host is lost, all behind it are, and come back through a new one', async ({ near, far }) => {
  const relay = await startRelay(near.port)
  const bastion = aHost(
    'bastion',
    via(near, { port: relay.port, hostKeys: 'accept-new', knownHosts: join(near.home, 'known-relay') }),
  )
  const hosts = ['node-1', 'node-2'].map((name) => aHost(name, via(far, { proxyJump: 'bastion' })))
  const transport = createTransport({ inventory: inventoryOf(bastion, ...hosts), pause: () => Promise.resolve() })
  try {
    const connections = hosts.map((host) => transport.connection(host, {}))
    await Promise.all(connections.map((one) => one.exec('true')))
    const before = logins(near)
    const begun: Promise<void>[] = []
    const running = hosts.map((host) => {
      let go!: () => void
      begun.push(
        new Promise<void>((resolve) => {
          go = resolve
        }),
      )
      return transport
        .connection(host, {
          output: () => {
            go()
          },
        })
        .exec('echo go; sleep 60', { long: true })
    })
    const ended = Promise.allSettled(running)
    await Promise.all(begun)
    relay.cut()
    assert.equal(
      (await ended).map((one) => String((one as PromiseRejectedResult).reason.message)),
      ['node-1', 'node-2'].map((name) => `connection to ${name} lost while running \`echo go; sleep 60\``),
    )
    const again = await Promise.all(connections.map((one) => one.exec('echo again')))
    assert.equal(
      again.map(({ stdout }) => stdout),
      ['again\n', 'again\n'],
    )
    assert.is(logins(near) - before, 1)
  } finally {
    await transport.close()
    await relay.stop()
  }
})

test('ssh_config says how: alias, port, user, keys, jump host, known hosts', async ({ near, far }) => {
  const config = join(far.home, 'ssh_config')
  const known = join(far.home, 'known-config')
  writeFileSync(
    known,
    `${readFileSync(near.knownHosts, 'utf8')}the-far-one ${readFileSync(join(far.home, 'host_ed25519.pub'), 'utf8')}`,
  )
  writeFileSync(
    config,
    `
Host gate
  HostName 127.0.0.1
  Port ${near.port}
  IdentityFile ${near.privateKey}
Host node-*
  HostName 127.0.0.1
  Port ${far.port}
  HostKeyAlias the-far-one
  ProxyJump gate
  IdentityFile ${far.home}/no-such-key
  IdentityFile %d/../..${far.home}/i%%d/none
  IdentityFile ${far.home}/id
Host *
  UserKnownHostsFile ${known}
  StrictHostKeyChecking no
  IdentitiesOnly yes
`,
  )
  const warnings: string[] = []
  const before = [logins(near), logins(far)]
  assert.is(
    await echo([aHost('node-1', { sshConfig: config })], {
      warn: (message) => {
        warnings.push(message)
      },
    }),
    String(far.port),
  )
  assert.equal(
    [logins(near), logins(far)],
    before.map((count) => count + 1),
  )
  assert.equal(
    warnings.sort(),
    ['gate', 'node-1'].map(
      (name) =>
        `StrictHostKeyChecking no for ${name} is taken as accept-new, ` +
        'so a host key that has changed is still refused',
    ),
  )
  // The inventory wins.
  assert.is(
    await echo([
      aHost('node-1', {
        sshConfig: config,
        port: near.port,
        privateKey: near.privateKey,
        proxyJump: 'none',
        knownHosts: near.knownHosts,
        hostKeys: 'accept-new',
      }),
    ]),
    String(near.port),
  )
  assert.match(
    (await refusal(echo([aHost('node-1', { sshConfig: `${config}.none` })]))).message,
    /^cannot use the ssh configuration .*: there is no such file$/,
  )
})

test('a passphrase is asked for once a key, and never without an operator', async ({ far }) => {
  const locked = join(far.home, 'locked')
  copyFileSync(far.privateKey, locked)
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'sesame-open', '-f', locked])
  const hosts = ['node-1', 'node-2', 'node-3'].map((name) => aHost(name, via(far, { privateKey: locked, timeout: 5 })))
  const agent = process.env['SSH_AUTH_SOCK']
  delete process.env['SSH_AUTH_SOCK']
  try {
    for (const [answer, said] of [
      ['sesame-open', undefined],
      ['wrong-word', 'the passphrase does not open it'],
      [undefined, 'no passphrase was given'],
    ] as const) {
      const questions: string[] = []
      const transport = createTransport({
        inventory: inventoryOf(...hosts),
        askSecret: async (question) => {
          questions.push(question)
          return answer === undefined ? undefined : Secret.of(answer, 'passphrase')
        },
      })
      try {
        const opened = await Promise.allSettled(hosts.map((host) => transport.connection(host, {}).exec('true')))
        if (said === undefined)
          assert.equal(
            opened.map(({ status }) => status),
            ['fulfilled', 'fulfilled', 'fulfilled'],
          )
        for (const one of opened) {
          if (said !== undefined) {
            assert.is(
              (one as PromiseRejectedResult).reason.message,
              `cannot connect to 127.0.0.1:${far.port}: nothing to log in with as ${far.user}; ` +
                `not usable: ${locked}: ${said}`,
            )
          }
        }
        assert.equal(questions, [`passphrase of the key ${locked}`])
      } finally {
        await transport.close()
      }
    }
    assert.match((await refusal(echo([hosts[0]!]))).message, /locked: it has a passphrase$/)
  } finally {
    if (agent !== undefined) process.env['SSH_AUTH_SOCK'] = agent
  }
})

test('the agent is lent to a host that may have it, to sudo too, and only its named keys are shown', async ({
  near,
  far,
}) => {
  const socket = join(far.home, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => {
    agent.stdout.once('data', resolve)
  })
  const before = process.env['SSH_AUTH_SOCK']
  try {
    const extra = join(far.home, 'extra')
    keygen('ed25519', extra)
    for (const key of [extra, far.privateKey])
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    process.env['SSH_AUTH_SOCK'] = socket
    const list = 'ssh-add -l | wc -l'
    const inside = async (settings: ConnectionSettings, become?: string): Promise<string> => {
      const host = aHost('node-1', via(far, settings))
      const transport = createTransport({ inventory: inventoryOf(host) })
      try {
        return (await transport.connection(host, { become: () => become }).exec(list)).stdout.trim()
      } finally {
        await transport.close()
      }
    }
    assert.is(await inside({}), '0')
    assert.is(await inside({ forwardAgent: true }), '2')
    const config = join(far.home, 'agent_config')
    writeFileSync(config, `ForwardAgent yes\nIdentityFile ${far.home}/id\nIdentitiesOnly yes\n`)
    assert.is(await inside({ sshConfig: config, privateKey: undefined }), '2')
    // A server that takes no more than one key sees the right one.
    const one = await startSshd({ config: ['MaxAuthTries 1'] })
    try {
      writeFileSync(join(one.home, 'authorized_keys'), readFileSync(`${far.privateKey}.pub`))
      const { port, knownHosts } = one
      assert.is(
        await echo([aHost('node-1', { address: '127.0.0.1', port, knownHosts, sshConfig: config })]),
        String(port),
      )
      writeFileSync(config, '')
      assert.match(
        (await refusal(echo([aHost('node-1', { address: '127.0.0.1', port, knownHosts, sshConfig: config })]))).message,
        /authentication refused|Too many authentication failures/,
      )
    } finally {
      await one.stop()
    }
    assert.ok(near.port > 0)
  } finally {
    if (before === undefined) delete process.env['SSH_AUTH_SOCK']
    else process.env['SSH_AUTH_SOCK'] = before
    agent.kill()
  }
})

test.run()
