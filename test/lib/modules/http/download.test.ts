import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { http } from '../../../../lib/modules/index.ts'
import { Secret } from '../../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../../rig/here.ts'
import { leftOut } from '../../../rig/needs.ts'
import { applied, failure, planOf } from '../applied.ts'
import { found } from '../typed.ts'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251))
const sum = (kind: string, bytes: Uint8Array = content) => `${kind}:${createHash(kind).update(bytes).digest('hex')}`
const asked: IncomingMessage[] = []
const server = createServer((request, response) => {
  asked.push(request)
  if (request.url === '/moved') return response.writeHead(302, { location: '/file' }).end()
  if (request.url === '/gone') return response.writeHead(404).end('nobody')
  if (request.url === '/cut')
    return response.writeHead(200, { 'content-length': '300000' }).write('x', () => response.destroy())
  return response.end(content)
})
await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

// A PATH with one of the programs and coreutils alone.
function pathWith(tool: string): string {
  const bin = emptyDirectory()
  for (const name of [
    'cat',
    'mktemp',
    'rm',
    'mv',
    'chmod',
    'chown',
    'grep',
    'stat',
    'readlink',
    'sha256sum',
    'sha1sum',
    'md5sum',
    'sha512sum',
    'mkdir',
    'dash',
    'bash',
    'dd',
    'base64',
    'id',
    'flock',
    'touch',
    'cp',
    'rmdir',
  ])
    symlinkSync(['/usr/bin', '/bin'].map((dir) => join(dir, name)).find((at) => existsSync(at))!, join(bin, name))
  if (tool !== '') symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  return bin
}

const ways = [
  ...(['curl', 'wget'] as const)
    .filter((tool) => !leftOut(`downloads by ${tool}`, tool))
    .flatMap((tool) =>
      shells
        .filter(({ env }) => !env)
        .map((shell) => ({ name: `${tool} under ${shell.name}`, tool, shell, through: 'host' as const })),
    ),
  ...shells
    .filter(({ env }) => env)
    .map((shell) => ({ name: `wget of ${shell.name}`, tool: 'busybox', shell, through: 'host' as const })),
  { name: 'the controller', tool: '', shell: shells[0]!, through: 'controller' as const },
]

for (const { name, tool, shell, through } of ways) {
  const test = suite(`http.download by ${name}`)
  const env: Record<string, string> = tool === 'busybox' ? {} : { PATH: pathWith(tool) }
  const connection = here({ shell, env })
  const bring = (path: string, options = {}, what = '/file') =>
    http.download(`${url}${what}`, path, { through, ...options })

  test('a file, once; with a checksum it is what that says', async () => {
    const path = join(emptyDirectory(), 'file')
    await applied(connection, () => bring(path))
    assert.ok(readFileSync(path).equals(content))
    assert.is(statSync(path).mode & 0o777, 0o644)
    writeFileSync(path, 'another')
    assert.is((await planOf(connection, bring(path))).changed, false)
    for (const kind of ['sha256', 'sha512', 'sha1', 'md5']) {
      writeFileSync(path, 'another')
      chmodSync(path, 0o640)
      await applied(connection, () => bring(path, { checksum: sum(kind).toUpperCase().replace(/^\w+/, kind) }))
      assert.ok(readFileSync(path).equals(content))
      assert.is(statSync(path).mode & 0o777, 0o640)
    }
    await applied(connection, () => bring(path, { mode: 'g-r,u+x' }))
    assert.is(statSync(path).mode & 0o777, 0o700)
  })

  test('what is not as it should be never gets its name', async () => {
    const dir = emptyDirectory()
    const path = join(dir, 'file')
    writeFileSync(path, 'before')
    const wrong = { checksum: sum('sha256', Buffer.from('other')) }
    assert.match(await failure(connection, bring(path, wrong)), /what came has the checksum [0-9a-f]{64} and not/)
    await failure(connection, bring(path, wrong, '/gone'))
    await failure(connection, bring(path, wrong, '/cut'))
    assert.match(await failure(connection, bring(join(dir, 'none/file'))), 'there is no directory')
    assert.match(await failure(connection, bring(dir)), 'is a directory')
    assert.equal(readdirSync(dir), ['file'])
    assert.is(readFileSync(path, 'utf8'), 'before')
  })

  test('redirects are followed', async () => {
    const path = join(emptyDirectory(), 'file')
    await applied(connection, () => bring(path, {}, '/moved'))
    assert.ok(readFileSync(path).equals(content))
  })

  test('headers and passwords are sent, and stand on no command line', async () => {
    const path = join(emptyDirectory(), 'file')
    const options = { through, headers: { 'x-token': Secret.of('s3cret', 'TOKEN'), accept: 'a/b' } }
    const make = () => http.download(`${url.replace('//', '//me:passw0rd@')}/file`, path, options)
    if (tool === 'busybox') return assert.match(await failure(connection, make()), 'on its command line only')
    await applied(connection, make)
    const { headers } = asked.at(-1)!
    assert.is(headers['x-token'], 's3cret')
    assert.is(headers.authorization, `Basic ${Buffer.from('me:passw0rd').toString('base64')}`)
    assert.not.match(connection.scripts.join('\n'), /s3cret|passw0rd/)
    assert.not.match(make().name, 'passw0rd')
  })

  test.run()
}

const test = suite('http.download')

test('by neither curl nor wget', async () => {
  const connection = here({ env: { PATH: pathWith('') } })
  const path = join(emptyDirectory(), 'file')
  assert.match(await failure(connection, http.download(`${url}/file`, path)), 'there is neither curl nor wget')
})

test('through the controller it comes once for all hosts', async () => {
  const before = asked.length
  const options = { through: 'controller', checksum: sum('md5') } as const
  await Promise.all(
    [1, 2, 3].map(() => {
      const path = join(emptyDirectory(), 'file')
      return applied(here(), () => http.download(`${url}/file?once`, path, options))
    }),
  )
  assert.is(asked.length - before, 1)
})

test('what cannot be meant is refused before anything runs', () => {
  assert.throws(() => http.download('ftp://x/y', '/z'), 'is not an http or https URL')
  assert.throws(() => http.download('http://x/y', 'z'), 'not an absolute path')
  for (const checksum of ['sha256:12', 'crc32:12345678', sum('sha256').slice(7), `${sum('sha1')}00`])
    assert.throws(() => http.download('http://x/y', '/z', { checksum }), /is not like sha256/, checksum)
})

const plain = (options: http.DownloadOptions = {}) => http.download('http://x/y', '/z', options)
for (const [what, operation, state, meta] of [
  ['a file that is there, and no checksum', plain(), { state: found('/z', 'x'), sum: undefined }, undefined],
  [
    'a file that is as it should be',
    plain({ checksum: sum('md5') }),
    { state: found('/z', 'x'), sum: sum('md5').slice(4) },
    undefined,
  ],
  [
    'another file, that keeps its mode and owner',
    plain({ checksum: sum('md5') }),
    { state: found('/z', 'x', { mode: '0600', uid: '7', gid: '8' }), sum: 'abc' },
    { mode: '0600' },
  ],
  [
    'a new one',
    plain({ owner: 'nova' }),
    { state: found('/z', undefined), sum: undefined },
    { mode: '0644', owner: 'nova' },
  ],
] as const) {
  test(`what is done: ${what}`, () => {
    const { change } = operation.plan(state)
    assert.equal((change as { meta?: object } | undefined)?.meta, meta)
  })
}

test.after(() => void server.close())
test.run()
