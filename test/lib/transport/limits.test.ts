import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionFile, ConnectionSettings } from '../../../lib/model/inventory.ts'
import { Unreachable } from '../../../lib/model/operation.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { startRelay } from '../../rig/relay.ts'
import { startSshd } from '../../rig/sshd.ts'

needs('sshd')

const test = suite('limits')
const folder = mkdtempSync(path.join(tmpdir(), 'switchover-limits-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const limit = 2

function to(settings: ConnectionSettings) {
  const host = aHost('node-1', { timeout: limit, sshConfig: false, ...settings })
  const warnings: string[] = []
  const transport = createTransport({
    inventory: inventoryOf(host),
    warn: (message) => warnings.push(message),
    pause: () => Promise.resolve(),
  })
  return {
    transport,
    warnings,
    connection: (signal?: AbortSignal) => transport.connection(host, signal ? { signal } : {}),
  }
}

/** What it is refused with, in good time. */
async function refusal(call: Promise<unknown>): Promise<Error & { readonly hint?: string }> {
  const began = Date.now()
  try {
    await call
  } catch (error) {
    assert.ok(Date.now() - began < 5000, `it took ${Date.now() - began} ms`)
    return error as Error
  }
  return assert.unreachable('it succeeded') as never
}

for (const [what, force] of [
  ['lets in and says little', 'echo Welcome; echo Welcome >&2; sleep 60'],
  ['closes its outputs and goes on', 'exec >&- 2>&-; sleep 60'],
] as const) {
  test(`a host that ${what}: every kind of request ends in time, and at once when told to`, async () => {
    const sshd = await startSshd({ config: [`ForceCommand ${force}`] })
    const patient = to({ ...reach(sshd), timeout: 60 })
    const { transport, connection } = to(reach(sshd))
    try {
      const refused = await Promise.all([
        refusal(connection().exec('true')),
        refusal(connection().exec('true', { long: true })),
        refusal(connection().stream('true')),
      ])
      for (const error of refused) {
        assert.instance(error, Unreachable)
        assert.match(error.message, /^cannot start a shell on node-1: no answer for 2 s/)
        assert.match(error.hint ?? '', /see what hangs .*, or wait longer: -T 6$/)
      }
      const abort = new AbortController()
      const reason = new Error('terminated')
      const running = [
        refusal(patient.connection(abort.signal).exec('true')),
        refusal(patient.connection(abort.signal).exec('true', { long: true })),
        refusal(patient.connection(abort.signal).stream('true')),
      ]
      await Promise.race([
        ...running,
        patient
          .connection()
          .dial(sshd.port)
          .then((stream) => stream.destroy()),
      ])
      abort.abort(reason)
      assert.equal(await Promise.all(running), [reason, reason, reason])
    } finally {
      await Promise.all([transport.close(), patient.transport.close()])
      await sshd.stop()
    }
  })
}

test('a host that falls silent opens no session, reaches no port, and lets go', async () => {
  const sshd = await startSshd()
  const relay = await startRelay(sshd.port)
  const knownHosts = path.join(folder, 'known')
  writeFileSync(knownHosts, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port}`, `:${relay.port}`))
  const { transport, connection } = to({ ...reach(sshd), port: relay.port, knownHosts, timeout: 2 })
  try {
    const stream = await connection().stream('cat')
    relay.freeze()
    const [opened, dialled] = await Promise.all([
      refusal(connection().exec('true')),
      refusal(connection().dial(sshd.port)),
    ])
    assert.is(opened.message, 'node-1 opens no session: no answer for 2 s')
    assert.is(dialled.message, `cannot reach 127.0.0.1:${sshd.port} from node-1: no answer for 2 s`)
    stream.kill()
    assert.instance(await refusal(stream.ended), Unreachable)
    const began = Date.now()
    await transport.close()
    assert.ok(Date.now() - began < 3000)
  } finally {
    await transport.close()
    await relay.stop()
    await sshd.stop()
  }
})

test('a connection that is being opened keeps nobody waiting at the end', async () => {
  // The name server of nobody: nothing answers there.
  const { transport, connection } = to({ proxyCommand: 'sleep 300', timeout: 60 })
  const abort = new AbortController()
  const reason = new Error('terminated')
  const running = refusal(connection(abort.signal).exec('true'))
  await new Promise(setImmediate)
  abort.abort(reason)
  assert.is(await running, reason)
  const began = Date.now()
  await transport.close()
  assert.ok(Date.now() - began < 2000)
})

const never = 'new Promise(() => {})'
for (const [word, source] of [
  ['connect', `() => ${never}`],
  ['start', `() => ({ start: () => ${never} })`],
] as const)
  test(`${word} of a connection of somebody's own has the same limit`, async () => {
    const file = path.join(folder, `${word}.ts`)
    writeFileSync(file, `export const connect = ${source}\n`)
    const { transport, connection } = to({ connection: file as ConnectionFile, timeout: 0.5 })
    const patient = to({ connection: file as ConnectionFile, timeout: 60 })
    const error = await refusal(connection().exec('true'))
    assert.instance(error, Unreachable)
    assert.match(
      error.message,
      new RegExp(`^cannot connect to node-1: no answer from ${word} of .*${word}\\.ts for 0.5 s$`),
    )
    const abort = new AbortController()
    const running = refusal(patient.connection(abort.signal).exec('true'))
    await new Promise(setImmediate)
    abort.abort(new Error('terminated'))
    assert.is((await running).message, 'terminated')
    const began = Date.now()
    await Promise.all([transport.close(), patient.transport.close()])
    assert.ok(Date.now() - began < 2000)
  })

test("close of somebody's own connection ends with the run, and what it does wrong is told", async () => {
  const file = path.join(folder, 'close.ts')
  writeFileSync(
    file,
    `export const connect = ({ name }) => ({ start: (c) => ['sh', '-c', c], close: () => ${never} })\n`,
  )
  const { transport, connection, warnings } = to({ connection: file as ConnectionFile, timeout: 0.5 })
  await connection().exec('true')
  await transport.close()
  assert.is(warnings.length, 1)
  assert.match(warnings[0]!, /no answer from close of .*close\.ts for 0\.5 s$/)
})

test.run()
