import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionFile } from '../../../lib/model/inventory.ts'
import { Advice, type Connection, Unreachable } from '../../../lib/model/operation.ts'
import type { Session } from '../../../lib/model/transport.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'
import { needing } from '../../rig/needs.ts'

const test = suite('own connection')
const folder = mkdtempSync(path.join(tmpdir(), 'switchover-own-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let count = 0

/** A host behind a connection that is written for one test. */
async function behind(
  source: string,
  body: (connection: (session?: Session) => Connection, closed: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const file = path.join(folder, `connection-${++count}.ts`) as ConnectionFile
  writeFileSync(file, source)
  const host = {
    ...aHost('box', { connection: file, address: '10.0.0.9', becomeMethod: 'su' }),
    groups: ['web'],
    vars: { id: { value: 7, from: 'x' } },
  }
  const transport = createTransport({ inventory: inventoryOf(host) })
  let open = true
  const close = async () => {
    if (open) await transport.close()
    open = false
  }
  try {
    await body((session = {}) => transport.connection(host, session), close)
  } finally {
    await close()
  }
}

const rejected = (call: Promise<unknown>): Promise<Error & { readonly hint?: string }> =>
  call.then(
    () => assert.unreachable('it succeeded') as never,
    (error) => error,
  )

const shell = "start: (command) => ['env', '-i', 'sh', '-c', command]"

test('is told of the host that it is to reach', async () => {
  await behind(
    `const told = (to) => 'TOLD=' + JSON.stringify(to)
export const connect = (to) => ({ start: (command) => ['env', told(to), 'sh', '-c', command] })`,
    async (to) => {
      const { stdout } = await to().exec('printf %s "$TOLD"')
      const { settings, ...others } = JSON.parse(stdout)
      assert.equal(others, { name: 'box', groups: ['web'], vars: { id: 7 } })
      assert.is(settings.address, '10.0.0.9')
    },
  )
})

test('may give streams in place of words, and ends when the run does', async () => {
  const source = `import { spawn } from 'node:child_process'
export const connect = async () => ({
  start(command) {
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    const { stdin, stdout, stderr } = child
    const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? undefined)))
    return { stdin, stdout, stderr, exited }
  },
  close() { globalThis.closedOwn = (globalThis.closedOwn ?? 0) + 1 },
})`
  await behind(source, async (to, close) => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256))
    const { stdin, stdout, ended } = await to().stream('cat')
    stdin.end(bytes)
    const parts: Buffer[] = []
    for await (const part of stdout) parts.push(part as Buffer)
    assert.is((await ended).code, 0)
    assert.ok(Buffer.concat(parts).equals(bytes))
    await close()
    assert.is((globalThis as { closedOwn?: number }).closedOwn, 1)
  })
})

test('is lost when it says so while a command runs', async () => {
  const source = `import { spawn } from 'node:child_process'
export const connect = () => ({
  start(command) {
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    const { stdin, stdout, stderr } = child
    const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code === 9 ? undefined : code)))
    return { stdin, stdout, stderr, exited }
  },
})`
  await behind(source, async (to) => {
    const error = await rejected(to().exec('exit 9', { long: true }))
    assert.instance(error, Unreachable)
  })
})

needing(test, 'root')('changes the user as ever', async () => {
  await behind(`export const connect = () => ({ ${shell} })`, async (to) => {
    const { stdout } = await to({ become: () => 'nobody' }).exec('id -un; cat', { stdin: 'given' })
    assert.is(stdout, 'nobody\ngiven')
    assert.is((await to().exec('id -un')).stdout, 'root\n')
  })
})

test('reaches ports where it says how, and says so where it does not', async () => {
  const server = createServer((socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const dial = `dial: (port, address) =>
    new Promise((resolve) => { const s = net.connect(port, address, () => resolve(s)) })`
  await behind(`import net from 'node:net'\nexport const connect = () => ({ ${shell}, ${dial} })`, async (to) => {
    assert.is(await text(await to().dial(port)), 'hello')
  })
  server.close()
  await behind(`export const connect = () => ({ ${shell} })`, async (to) => {
    const error = await rejected(to().dial(3306))
    assert.instance(error, Advice)
    assert.is(error.message, 'cannot reach 127.0.0.1:3306 from box: its connection has no way to ports')
    assert.match(error.hint!, /^give dial in .*connection-\d+\.ts$/)
  })
})

for (const [what, source, message, hint] of [
  [
    'exports nothing',
    'export const other = 1',
    /^cannot connect to box: .*connection-\d+\.ts exports no connect$/,
    /^write: /,
  ],
  [
    'throws',
    "export const connect = () => { throw new Error('no such box') }",
    /^cannot connect to box: no such box$/,
    undefined,
  ],
  ['cannot be loaded', "throw new Error('broken')", /^the connection .*\.ts cannot be loaded: broken$/, undefined],
  [
    'names a program that is not there',
    "export const connect = () => ({ start: (command) => ['no-such-docker', command] })",
    /^cannot connect to box: there is no no-such-docker here$/,
    undefined,
  ],
  [
    'names a program that refuses',
    "export const connect = () => ({ start: () => ['sh', '-c', 'echo no such container >&2; exit 125'] })",
    /^cannot start a shell on box: no such container$/,
    /^see that root may log in there/,
  ],
] as const) {
  test(`the host is unreachable where the file ${what}`, async () => {
    await behind(source, async (to) => {
      const error = await rejected(to().exec('true'))
      assert.instance(error, Unreachable)
      assert.match(error.message, message)
      if (hint) assert.match(error.hint!, hint)
    })
  })
}

test.run()
