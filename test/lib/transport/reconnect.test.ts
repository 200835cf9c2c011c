import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { Unreachable } from '../../../lib/model/operation.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { type Relay, startRelay } from '../../rig/relay.ts'
import { freePort, type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

const test = suite<{ sshd: Sshd }>('reconnect')
test.before(async (context) => {
  context.sshd = await startSshd()
})
test.after(async ({ sshd }) => {
  await sshd.stop()
})

/** The way to the server through a port that can be cut off. */
function through(sshd: Sshd, port: number): ConnectionSettings {
  const knownHosts = join(sshd.home, `known-${port}`)
  writeFileSync(knownHosts, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port}`, `:${port}`))
  return { ...reach(sshd), port, knownHosts, sshConfig: false }
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

test('a link that only went silent is noticed, and the request on it is reported, not repeated', async ({ sshd }) => {
  const relay = await startRelay(sshd.port)
  const config = join(sshd.home, 'alive')
  writeFileSync(config, 'ServerAliveInterval 1\nServerAliveCountMax 1\n')
  const host = aHost('node-1', { ...through(sshd, relay.port), sshConfig: config })
  const transport = createTransport({ inventory: inventoryOf(host), pause: () => Promise.resolve() })
  const file = join(sshd.home, 'ran')
  try {
    const connection = transport.connection(host, {})
    const started = Date.now()
    let begun!: () => void
    const begins = new Promise<void>((resolve) => {
      begun = resolve
    })
    const running = Promise.allSettled([
      transport
        .connection(host, {
          output: () => {
            begun()
          },
        })
        .exec(`echo x >>${file}; echo go; sleep 20`, { long: true }),
    ])
    await begins
    relay.freeze()
    const [one] = await running
    assert.is(
      (one as PromiseRejectedResult).reason.message,
      `connection to node-1 lost while running \`echo x >>${file}; echo go; sleep 20\``,
    )
    assert.instance((one as PromiseRejectedResult).reason, Unreachable)
    assert.ok(Date.now() - started < 10_000)
    relay.thaw()
    assert.is((await connection.exec(`cat ${file}`)).stdout, 'x\n')
  } finally {
    await transport.close()
    await relay.stop()
  }
})

test('a lost connection is opened again, with growing patience', async ({ sshd }) => {
  let relay: Relay | undefined = await startRelay(sshd.port)
  const { port } = relay
  const host = aHost('node-1', through(sshd, port))
  const waits: number[] = []
  let comesBack = 0
  const transport = createTransport({
    inventory: inventoryOf(host),
    async pause(milliseconds) {
      waits.push(milliseconds)
      if (waits.length === comesBack) relay = await startRelay(sshd.port, { port })
    },
  })
  try {
    const connection = transport.connection(host, {})
    const goes = async (): Promise<void> => {
      const stream = await connection.stream('cat')
      await relay?.stop()
      relay = undefined
      // Until the loss is known here, which a request on the way would be told as such.
      await stream.ended.catch(() => undefined)
      waits.length = 0
    }
    await connection.exec('true')
    for (comesBack of [1, 2, 3]) {
      await goes()
      assert.is((await connection.exec('echo back')).stdout, 'back\n')
      assert.equal(waits, [200, 1000, 3000].slice(0, comesBack))
    }
    comesBack = 9
    await goes()
    const results = await Promise.all([1, 2].map(() => refusal(connection.exec('true'))))
    for (const { message, hint } of results) {
      assert.is(
        message,
        'the connection to node-1 was lost, and 3 tries to open it again failed: ' +
          `cannot connect to 127.0.0.1:${port}: connection refused`,
      )
      assert.match(hint ?? '', `start sshd there, or set its port; to see for yourself: ssh -p ${port} `)
    }
    assert.equal(waits, [200, 1000, 3000], 'those who wait, wait together')
    waits.length = 0
    await refusal(connection.exec('true'))
    assert.equal(waits, [], 'a host that did not come back is no more than any that is not there')
  } finally {
    await transport.close()
    await relay?.stop()
  }
})

test('the first connection is tried as often as told, and only when nobody answers', async ({ sshd }) => {
  const port = await freePort()
  for (const [connectRetries, expected] of [
    [undefined, []],
    [2, [200, 1000]],
    [4, [200, 1000, 3000, 3000]],
  ] as const) {
    const waits: number[] = []
    const host = aHost('node-1', { ...through(sshd, port), connectRetries })
    const transport = createTransport({
      inventory: inventoryOf(host),
      pause: async (milliseconds) => {
        waits.push(milliseconds)
      },
    })
    assert.is(
      (await refusal(transport.connection(host, {}).exec('true'))).message,
      `cannot connect to 127.0.0.1:${port}: connection refused`,
    )
    assert.equal(waits, [...expected])
    await transport.close()
  }
  const waits: number[] = []
  const stranger = aHost('node-1', { ...reach(sshd), knownHosts: '/dev/null', connectRetries: 3 })
  const transport = createTransport({
    inventory: inventoryOf(stranger),
    pause: async (milliseconds) => {
      waits.push(milliseconds)
    },
  })
  assert.match((await refusal(transport.connection(stranger, {}).exec('true'))).message, /host key .* is unknown/)
  assert.equal(waits, [])
  await transport.close()
})

test('an operator who stops does not wait for a connection', async ({ sshd }) => {
  const relay = await startRelay(sshd.port)
  relay.freeze()
  const host = aHost('node-1', { ...through(sshd, relay.port), timeout: 30 })
  const transport = createTransport({ inventory: inventoryOf(host) })
  const controller = new AbortController()
  const started = Date.now()
  const running = transport.connection(host, { signal: controller.signal }).exec('true')
  controller.abort(new Error('stopped'))
  try {
    await running
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'stopped')
  }
  assert.ok(Date.now() - started < 1000)
  await relay.stop()
  await transport.close()
})

test('a server with fewer sessions than expected makes nobody wait for ever', async () => {
  for (const sessions of [1, 2, 3]) {
    const small = await startSshd({ config: [`MaxSessions ${sessions}`] })
    const host = aHost('node-1', reach(small))
    const transport = createTransport({ inventory: inventoryOf(host) })
    try {
      await transport.connection(host, {}).exec('true')
      // Idle shells, shells opened ahead, long commands and streams all want the few there are.
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, i) =>
            transport.connection(host, {}).exec(`echo ${i}`, { long: i % 3 === round }),
          ),
        )
        assert.equal(
          answers.map(({ stdout }) => Number(stdout)),
          Array.from({ length: 12 }, (_, i) => i),
        )
        const stream = await transport.connection(host, {}).stream('cat')
        stream.stdin.end('x')
        stream.stdout.resume()
        assert.is((await stream.ended).code, 0)
      }
      // What waits for a channel can be called off.
      const held = await transport.connection(host, {}).stream('cat')
      const others = await Promise.all(
        Array.from({ length: sessions - 1 }, () => transport.connection(host, {}).stream('cat')),
      )
      const controller = new AbortController()
      const waiting = transport
        .connection(host, { signal: controller.signal })
        .exec(`touch ${small.home}/ran`, { long: true })
      controller.abort(new Error('stopped'))
      assert.match(String((await Promise.allSettled([waiting]))[0]!.status), /rejected/)
      for (const stream of [held, ...others]) {
        stream.stdin.end()
        stream.stdout.resume()
        assert.is((await stream.ended).code, 0)
      }
      assert.is((await transport.connection(host, {}).exec('echo after')).stdout, 'after\n')
      assert.not(existsSync(join(small.home, 'ran')))
    } finally {
      await transport.close()
      await small.stop()
    }
  }
})

test('a server that opens no session at all', async () => {
  const none = await startSshd({ config: ['MaxSessions 0'] })
  const host = aHost('node-1', reach(none))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const { message, hint } = await refusal(transport.connection(host, {}).exec('true'))
    assert.is(message, 'node-1 opens no session: open failed')
    assert.is(hint, 'see MaxSessions in sshd_config there')
  } finally {
    await transport.close()
    await none.stop()
  }
})

test('who gets TERM may tidy up, and who ignores it is killed', async ({ sshd }) => {
  const host = aHost('node-1', reach(sshd))
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    for (const long of [false, true]) {
      const file = join(sshd.home, `tidy-${long}`)
      const mark = `${80_000 + Math.floor(Math.random() * 9000)}`
      // The one that tidies up is a child of the command, as a dump or a migration is.
      const tidy = `trap "sleep 0.2; echo tidied >>${file}; exit 0" TERM`
      const script = `sh -c '${tidy}; echo begun >>${file}; while :; do sleep 0.1; done' &
        (trap "" TERM; sleep ${mark}; sleep ${mark}) & wait`
      try {
        await transport.connection(host, {}).exec(script, { timeout: 0.5, long })
        assert.unreachable()
      } catch (error) {
        assert.is((error as Error).message, 'timed out after 0.5 s')
      }
      assert.is(readFileSync(file, 'utf8'), 'begun\ntidied\n')
      assert.not.match(execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' }), new RegExp(`sleep ${mark}`))
    }
  } finally {
    await transport.close()
  }
})

test.run()
