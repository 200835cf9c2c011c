import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcp, type AddressInfo } from 'node:net'
import { createServer as createSecure } from 'node:https'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { http, wait } from '../../../lib/modules/index.ts'
import type { Advice } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { failure, planOf } from './applied.ts'
import { needing } from '../../rig/needs.ts'

const test = suite('wait and http')

async function server(answer: RequestListener): Promise<{ url: string; port: number; close(): void }> {
  const made = createServer(answer)
  await new Promise<void>((up) => made.listen(0, '127.0.0.1', up))
  const { port } = made.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, close: () => made.close() }
}

async function freePort(): Promise<number> {
  const tcp = createTcp()
  await new Promise<void>((up) => tcp.listen(0, '127.0.0.1', up))
  const { port } = tcp.address() as AddressInfo
  await new Promise((down) => tcp.close(down))
  return port
}

test('port: what listens already is no wait', async () => {
  const { port, close } = await server(() => {})
  const connection = here()
  const plan = await planOf(connection, wait.port(port))
  assert.equal([plan.changed, plan.result, connection.requests], [false, { seconds: 0 }, 1])
  close()
})

test('port: waits until something listens, and says so while it waits', async () => {
  const port = await freePort()
  const connection = here()
  const plan = await planOf(connection, wait.port(port, { delay: 0.05, timeout: 20 }))
  assert.equal([plan.changed, plan.unpredictable], [true, true])
  const late = createTcp()
  const progress = connection.progress.bind(connection)
  connection.progress = (message) => {
    progress(message)
    if (!late.listening && connection.said.length === 3) late.listen(port, '127.0.0.1')
  }
  const result = await plan.apply(connection)
  assert.ok((result as { seconds: number }).seconds >= 0.1)
  assert.match(connection.said[0]!, `nothing listens on port ${port}`)
  assert.is(plan.judge?.(plan.result), false, 'to have waited is no change')
  await new Promise((down) => late.close(down))
  assert.match(
    await failure(connection, wait.port(port, { timeout: 0.2, delay: 0.05 })),
    `nothing listens on port ${port} of 127.0.0.1`,
  )
  assert.throws(() => wait.port(70000), /not a TCP port/)
})

test('http: waits for the right status', async () => {
  let asked = 0
  const { url, port, close } = await server((_, response) => response.writeHead(++asked < 4 ? 503 : 200).end('up'))
  const connection = here()
  const plan = await planOf(connection, wait.http(url, { delay: 0.02, timeout: 20 }))
  assert.is(plan.changed, true)
  await plan.apply(connection)
  assert.is(asked, 4)
  assert.match(connection.said[0]!, 'answers 503')
  assert.match(await failure(connection, wait.http(url, { status: 300, timeout: 0.1, delay: 0.05 })), 'answers 200')
  close()
  assert.match(
    await failure(connection, wait.http(`http://127.0.0.1:${await freePort()}/`, { timeout: 0.1, delay: 0.05 })),
    'does not answer',
  )
  assert.ok(port)
})

test('command and file', async () => {
  const path = join(emptyDirectory(), 'ready')
  const connection = here()
  assert.match(await failure(connection, wait.file(path, { timeout: 0.1, delay: 0.02 })), 'is still missing')
  assert.match(
    await failure(connection, wait.command('echo not yet; exit 4', { timeout: 0.1, delay: 0.02 })),
    'still ends with code 4: not yet',
  )
  const plan = await planOf(connection, wait.file(path, { contains: '^ready [0-9]+$', delay: 0.02, timeout: 20 }))
  connection.progress = () => writeFileSync(path, 'starting\nready 12\n')
  await plan.apply(connection)
  assert.is((await planOf(connection, wait.file(path))).changed, false)
  assert.match(
    await failure(connection, wait.file(path, { absent: true, timeout: 0.1, delay: 0.02 })),
    'is still there',
  )
  assert.is((await planOf(connection, wait.command('true'))).changed, false)
})

test('http.get tells status, headers and body, and fails on the wrong status', async () => {
  const { url, close } = await server((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end('no such image')
    else
      response
        .writeHead(300, {
          'x-seen': `${request.method} ${request.url} ${request.headers['x-token']} ${request.headers.host}`,
        })
        .end('größe')
  })
  const connection = here()
  const token = Secret.of('token-text', 'token')
  const { changed, result } = await planOf(connection, http.get(`${url}/v2?x=1`, { headers: { 'x-token': token } }))
  assert.is(changed, false)
  assert.equal([result.status, result.body], [300, 'größe'])
  assert.is(result.headers['x-seen'], `GET /v2?x=1 token-text ${url.slice(7)}`)
  assert.match(await failure(connection, http.get(`${url}/gone`)), 'answered 404: no such image')
  assert.is((await planOf(connection, http.get(`${url}/gone`, { status: 404 }))).result.body, 'no such image')
  assert.throws(() => http.get('ftp://x'), /not an http or https URL/)
  assert.is(http.get('http://a:secret@h/').name, 'http.get http://a:‹password›@h/')
  close()
})

test('http.get takes a redirect for no answer, unless it is asked for', async () => {
  const { url, close } = await server((_, response) => response.writeHead(302, { location: '/new' }).end())
  const error = await http
    .get(url)
    .prepare(here())
    .catch((thrown: unknown) => thrown)
  assert.match((error as Error).message, /answered 302$/)
  assert.is((error as Advice).hint, 'ask for what it points to: /new, or give the status that you expect')
  assert.is((await planOf(here(), http.get(url, { status: 302 }))).result.headers['location'], '/new')
  // A service that redirects is up.
  assert.is((await planOf(here(), wait.http(url, { timeout: 1 }))).changed, false)
  close()
})

test('http.request sends only when applied', async () => {
  const seen: string[] = []
  const { url, close } = await server(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    seen.push(`${request.method} ${body}`)
    response.end('{"id":1}')
  })
  const connection = here()
  const plan = await planOf(connection, http.request(url, { body: Secret.of('{"password":"pw"}', 'body') }))
  assert.equal([plan.changed, plan.unpredictable, seen], [true, true, []])
  assert.is(((await plan.apply(connection)) as { body: string }).body, '{"id":1}')
  await (await planOf(connection, http.request(url, { method: 'DELETE' }))).apply(connection)
  assert.equal(seen, ['POST {"password":"pw"}', 'DELETE '])
  close()
})

test('http.get gives up on a server that never answers', async () => {
  const { url, close } = await server((_, response) => void response.flushHeaders())
  assert.match(await failure(here(), http.get(url, { timeout: 0.2 })), 'did not answer within 0.2 s')
  close()
})

needing(test, 'openssl')('https certificates are verified unless told otherwise', async () => {
  const dir = emptyDirectory()
  spawnSync('openssl', [
    ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1'.split(' '),
    '-keyout',
    join(dir, 'key'),
    '-out',
    join(dir, 'cert'),
  ])
  const secure = createSecure(
    { key: readFileSync(join(dir, 'key')), cert: readFileSync(join(dir, 'cert')) },
    (_, response) => {
      response.end('secure')
    },
  )
  await new Promise<void>((up) => secure.listen(0, '127.0.0.1', up))
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`
  assert.match(await failure(here(), http.get(url)), 'self-signed certificate')
  assert.is((await planOf(here(), http.get(url, { verify: false }))).result.body, 'secure')
  await new Promise((down) => secure.close(down))
})

test('request: the plan is the request, and its secrets stay secrets', () => {
  const token = Secret.of('t-o-k-e-n', 'token')
  const options = { method: 'PUT', headers: { 'x-auth-token': token }, body: '{}', status: [200, 201] }
  const { change, unpredictable } = http.request('http://127.0.0.1:35357/v3/x', options).plan(undefined)
  assert.equal([change, unpredictable], [{ url: 'http://127.0.0.1:35357/v3/x', options }, true])
  assert.not.match(JSON.stringify(change), 't-o-k-e-n')
  assert.is(http.get('http://127.0.0.1/').plan({ status: 200, headers: {}, body: '' }).change, undefined)
})

test.run()
