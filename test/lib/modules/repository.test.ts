import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { packages, repository } from '../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'

needs('root', 'dpkg-query', 'gpg')
inPrivateNamespaces(import.meta.url)

const run = (command: string, ...args: string[]) => {
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

// From here on apt and dpkg know nothing of this machine: what they install has no files.
const own = (name: string) => {
  const made = emptyDirectory()
  chmodSync(made, 0o755)
  mkdirSync(name, { recursive: true })
  run('mount', '--bind', made, name)
  return made
}
run('ip', 'link', 'set', 'lo', 'up')
for (const folder of [
  '/etc/apt',
  '/var/lib/apt',
  '/var/cache/apt',
  '/var/lib/dpkg',
  '/var/log',
  '/etc/yum.repos.d',
  '/etc/pki/rpm-gpg',
])
  if (existsSync(folder) || !folder.startsWith('/etc/')) own(folder)
for (const folder of ['sources.list.d', 'apt.conf.d', 'preferences.d', 'trusted.gpg.d']) mkdirSync(`/etc/apt/${folder}`)
for (const folder of ['/var/lib/apt/lists/partial', '/var/cache/apt/archives/partial', '/var/log/apt'])
  mkdirSync(folder, { recursive: true })
for (const folder of ['info', 'updates', 'triggers']) mkdirSync(`/var/lib/dpkg/${folder}`)
const base =
  'Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n'
writeFileSync('/var/lib/dpkg/status', base)

// Signed by one of two keys.
const gnupg = emptyDirectory()
const gpg = (...args: string[]) => run('gpg', '--homedir', gnupg, '--batch', '--passphrase', '', ...args)
for (const who of ['one', 'two']) gpg('--quick-gen-key', `${who}@example.org`, 'rsa2048', 'sign', 'never')
const armored = (who: string) => gpg('--armor', '--export', `${who}@example.org`)

function deb(folder: string, name: string, version: string, more = ''): string {
  const root = emptyDirectory()
  mkdirSync(join(root, 'DEBIAN'))
  chmodSync(root, 0o755)
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: x <x@y>\nDescription: x\n${more}`
  writeFileSync(join(root, 'DEBIAN/control'), control)
  const path = join(folder, `${name}_${version}_all.deb`)
  run('dpkg-deb', '--root-owner-group', '-Zgzip', '-b', root, path)
  return path
}

/** A repository on the disk, signed. */
function published(who: string, ...debs: readonly (readonly [name: string, version: string, more?: string])[]): string {
  const root = emptyDirectory()
  chmodSync(root, 0o755)
  const index = debs.map(([name, version, more]) => {
    const path = deb(root, name, version, more)
    const bytes = readFileSync(path)
    const sha = createHash('sha256').update(bytes).digest('hex')
    return `${run('dpkg-deb', '-f', path).trim()}\nFilename: ./${name}_${version}_all.deb\nSize: ${bytes.length}\nSHA256: ${sha}\n`
  })
  const text = index.join('\n')
  writeFileSync(join(root, 'Packages'), text)
  const sha = createHash('sha256').update(text).digest('hex')
  writeFileSync(
    join(root, 'Release'),
    `Origin: x\nDate: ${new Date(Date.now() - 6e4).toUTCString()}\nSHA256:\n ${sha} ${text.length} Packages\n`,
  )
  gpg('--local-user', `${who}@example.org`, '--clearsign', '-o', join(root, 'InRelease'), join(root, 'Release'))
  return root
}

const test = suite('repository')
const connection = here()
const from = published('one', ['agent', '1.0'], ['agent', '2.0'], ['mta-a', '1', 'Provides: mta, mail-thing (= 3)\n'])
const uris = `file:${from}`
const read = (path: string) => readFileSync(path, 'utf8')

for (const format of ['deb822', 'one-line'] as const) {
  test(`apt installs from it what is signed by its key, ${format}`, async () => {
    const make = () => repository.apt('ours', { uris, suites: './', key: armored('one'), format })
    await applied(connection, make)
    const text =
      format === 'deb822'
        ? `Types: deb\nURIs: ${uris}\nSuites: ./\nSigned-By: /etc/apt/keyrings/ours.gpg\n`
        : `deb [signed-by=/etc/apt/keyrings/ours.gpg] ${uris} ./\n`
    assert.is(read(`/etc/apt/sources.list.d/ours.${format === 'deb822' ? 'sources' : 'list'}`), text)
    assert.is(existsSync(`/etc/apt/sources.list.d/ours.${format === 'deb822' ? 'list' : 'sources'}`), false)
    assert.equal(
      readFileSync('/etc/apt/keyrings/ours.gpg'),
      spawnSync('gpg', ['--homedir', gnupg, '--export', 'one@example.org']).stdout,
    )
    const bought = await applied(connection, () => packages.installed('agent=1.0'))
    assert.equal(bought.result, { versions: { agent: '1.0' } })
    await applied(connection, () => packages.absent('agent'))
  })
}

test('with the key of another all stays as it was', async () => {
  const before = read('/etc/apt/sources.list.d/ours.list')
  const said = await failure(connection, repository.apt('ours', { uris, suites: './', key: armored('two') }))
  assert.match(said, 'apt refuses the repository, and all is as it was')
  assert.is(read('/etc/apt/sources.list.d/ours.list'), before)
  assert.is(existsSync('/etc/apt/sources.list.d/ours.sources'), false)
  // Another name for what is there with another key: apt would read none of its sources any more.
  const again = await failure(connection, repository.apt('other', { uris, suites: './', key: armored('one') }))
  assert.match(again, /Conflicting values set for option Signed-By/)
  assert.is(existsSync('/etc/apt/sources.list.d/other.sources'), false)
  assert.match(
    await failure(connection, repository.apt('gone', { uris: 'file:/no/such', suites: './' })),
    'apt refuses',
  )
})

test('the key from a URL, armored or not', async () => {
  for (const key of [armored('one'), spawnSync('gpg', ['--homedir', gnupg, '--export', 'one@example.org']).stdout]) {
    await applied(connection, () => repository.absent('ours'))
    const server = createServer((_, response) => response.end(key))
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/key`
    await applied(connection, () => repository.apt('ours', { uris, suites: './', key: url }))
    server.close()
  }
})

test('a file that lies on the host, with what it needs; another version of it', async () => {
  const folder = emptyDirectory()
  chmodSync(folder, 0o755)
  const path = deb(folder, 'local', '1.5', 'Depends: agent\n')
  const run = await applied(connection, () => packages.installed(path))
  assert.equal(run.result, { versions: { local: '1.5' } })
  assert.is((await planOf(connection, packages.installed('agent'))).changed, false)
  await applied(connection, () => packages.installed(deb(folder, 'local', '1.6')))
  assert.match(await failure(connection, packages.installed(path)), 'which is newer than 1.5')
  assert.match(await failure(connection, packages.installed('/no/such.deb')), '/no/such.deb is no package')
})

test('a name that only others provide', async () => {
  const run = await applied(connection, () => packages.installed('mta'))
  assert.equal(run.result, { versions: { mta: '1' } })
  assert.is((await planOf(connection, packages.installed(['mail-thing', 'mta-a']))).changed, false)
})

test('removed with its key', async () => {
  await applied(connection, () => repository.absent('ours'))
  assert.is(existsSync('/etc/apt/keyrings/ours.gpg'), false)
  rmSync('/etc/apt/keyrings', { recursive: true })
})

test('what is no key, name or word is refused before anything runs', () => {
  assert.throws(() => repository.apt('a/b', { uris, suites: 'x' }), 'cannot be the name of a repository')
  assert.throws(() => repository.apt('a.list', { uris, suites: 'x' }), 'cannot be the name of a repository')
  assert.throws(() => repository.apt('a', { uris: 'http://x y', suites: 'x' }), 'is not one word')
  assert.throws(() => repository.apt('a', { uris, suites: 'x', key: 'nonsense' }), 'is no public PGP key')
  assert.throws(() => repository.yum('a', {}), 'give baseurl, mirrorlist or metalink')
  assert.throws(() => repository.yum('a', { baseurl: 'x\n[other]' }), 'is not one line')
})

const paths = [
  '/etc/apt/sources.list.d/a.sources',
  '/etc/apt/sources.list.d/a.list',
  '/etc/apt/keyrings/a.gpg',
  '/etc/apt/trusted.gpg.d/a.gpg',
]
const none = paths.map((path) => found(path, undefined))
const debian = {
  uris: 'http://packages.test/debian',
  suites: ['bookworm', 'bookworm-updates'],
  components: ['main', 'contrib'],
}
for (const [what, operation, state, commands] of [
  [
    'an old apt knows one-line alone',
    repository.apt('a', { ...debian, architectures: ['amd64'], types: ['deb', 'deb-src'] }),
    { modern: false, states: none },
    [
      ['deb', 'deb-src']
        .flatMap((type) =>
          ['bookworm', 'bookworm-updates'].map(
            (suite) => `${type} [arch=amd64] http://packages.test/debian ${suite} main contrib\n`,
          ),
        )
        .join(''),
    ],
  ],
  [
    'a newer one deb822',
    repository.apt('a', debian),
    { modern: true, states: none },
    ['Types: deb\nURIs: http://packages.test/debian\nSuites: bookworm bookworm-updates\nComponents: main contrib\n'],
  ],
  [
    'a .repo',
    repository.yum('rdo', { baseurl: 'http://x/y/', gpgcheck: false, enabled: false, more: { priority: 98 } }),
    [found('/etc/yum.repos.d/rdo.repo', undefined), found('/k', undefined)],
    ['[rdo]\nname=rdo\nbaseurl=http://x/y/\nenabled=0\ngpgcheck=0\npriority=98\n'],
  ],
  [
    'a .repo with the URL of its key',
    repository.yum('rdo', { mirrorlist: 'http://x/m', description: 'RDO', gpgkey: 'https://x/key' }),
    [found('/etc/yum.repos.d/rdo.repo', undefined), found('/k', undefined)],
    ['[rdo]\nname=RDO\nmirrorlist=http://x/m\nenabled=1\ngpgcheck=1\ngpgkey=https://x/key\n'],
  ],
] as const) {
  test(`what is written: ${what}`, () => {
    const files = typed(operation, state).filter((one) => one.startsWith('> ') && !one.endsWith('\nnull'))
    assert.equal(
      files.map((one) => one.slice(one.indexOf('\n') + 1)),
      commands,
    )
  })
}

test.run()
