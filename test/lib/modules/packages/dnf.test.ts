// A real dnf and a real rpm, on a host whose database of packages is empty, with repositories made here.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { packages, repository } from '../../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../../rig/here.ts'
import { needs } from '../../../rig/needs.ts'
import { inPrivateNamespaces } from '../../../rig/private.ts'
import { applied, failure, planOf } from '../applied.ts'

needs('root', 'dnf', 'rpmbuild', 'createrepo_c', 'gpg')
inPrivateNamespaces(import.meta.url)

const run = (command: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout.trim()
}
const etc = emptyDirectory()
run('cp', '-a', '/etc/.', etc)
run('mount', '--bind', etc, '/etc')
for (const folder of ['/var/lib/dpkg', '/var/lib/rpm', '/var/lib/dnf', '/var/cache', '/var/log', '/opt', '/root']) {
  mkdirSync(folder, { recursive: true })
  run('mount', '-t', 'tmpfs', 'private', folder)
}
rmSync('/etc/yum.repos.d', { recursive: true, force: true })
mkdirSync('/etc/yum.repos.d')
run('rpm', '--initdb')

const folder = emptyDirectory()
const at = (name: string) => join(folder, name)
/** Makes an rpm in a repository. */
function made(repo: string, name: string, version: string, more = ''): string {
  const spec = `Name: ${name}
Version: ${version}
Release: 1
Summary: x
License: x
BuildArch: noarch
${more}
%description
x
%install
mkdir -p %{buildroot}/opt
echo ${version} >%{buildroot}/opt/${name}
%files
/opt/${name}
`
  writeFileSync(at('one.spec'), spec)
  mkdirSync(at(repo), { recursive: true })
  run('rpmbuild', '-bb', '-D', `_topdir ${at('build')}`, '-D', `_rpmdir ${at(repo)}`, at('one.spec'))
  return at(`${repo}/noarch/${name}-${version}-1.noarch.rpm`)
}
made('plain', 'agent', '1.0', 'Provides: virtual-agent')
made('plain', 'agent', '1.10', 'Provides: virtual-agent')
made('plain', 'epochal', '1.0', 'Epoch: 1')
made('plain', 'plugin', '3', 'Requires: agent')
made('plain', 'tool', '1.9')
const local = made('files', 'lonely', '4', 'Requires: tool')
const signed = made('signed', 'sealed', '1')

const key = (name: string) => {
  const home = at(`gpg-${name}`)
  mkdirSync(home, { mode: 0o700 })
  run('gpg', '--homedir', home, '--batch', '--passphrase', '', '--quick-gen-key', `${name} <${name}@x.y>`, 'rsa2048')
  return { home, text: `${run('gpg', '--homedir', home, '--armor', '--export')}\n` }
}
const [right, wrong] = [key('right'), key('wrong')]
run(
  'rpmsign',
  '-D',
  '__gpg /usr/bin/gpg',
  '-D',
  '_gpg_name right',
  '-D',
  `_gpg_path ${right.home}`,
  '--addsign',
  signed,
)
for (const { home } of [right, wrong]) run('gpgconf', '--homedir', home, '--kill', 'all')
for (const repo of ['plain', 'signed']) run('createrepo_c', '-q', at(repo))

const test = suite('packages: a real dnf')
const connection = here()
const { installed, latest, absent } = packages
const has = (name: string) => spawnSync('rpm', ['-q', '--qf', '%{VERSION}', name], { encoding: 'utf8' }).stdout
const url = (repo: string) => `file://${at(repo)}`

test('knows a repository, and installs from it what is asked for, once', async () => {
  await applied(connection, () => repository.yum('local', { baseurl: url('plain'), gpgcheck: false }))
  const { result } = await applied(connection, () => installed('agent=1.0'))
  assert.equal(result.versions, { agent: '1.0-1' })
  assert.is(readFileSync('/opt/agent', 'utf8'), '1.0\n')
  assert.is((await planOf(connection, installed({ agent: '1.0-1' }))).changed, false)
  assert.is((await planOf(connection, installed('agent=1*'))).changed, false)
})

test('takes what only others provide as the package that does', async () => {
  assert.is((await planOf(connection, installed('virtual-agent'))).changed, false)
  run('rpm', '-e', 'agent')
  await applied(connection, () => installed('virtual-agent'))
  assert.is(has('agent'), '1.10')
})

test('goes back to an older version only where that is said, and to the newest', async () => {
  assert.match(await failure(connection, installed('agent=1.0')), 'which is newer than 1.0')
  await applied(connection, () => installed('agent=1.0', { downgrade: true }))
  assert.is(has('agent'), '1.0')
  await applied(connection, () => latest('agent'))
  assert.is(has('agent'), '1.10')
  await applied(connection, () => latest(['agent', 'tool']))
  assert.is(has('tool'), '1.9')
})

test('finds a version with an epoch', async () => {
  await applied(connection, () => installed('epochal=1:1.0-1'))
  assert.is((await planOf(connection, installed('epochal=1:1.0'))).changed, false)
  assert.is((await planOf(connection, latest('epochal'))).changed, false)
  assert.match(await failure(connection, installed('epochal=1:0.9')), 'newer than')
})

test('installs a file with what it needs, and sees that it is there', async () => {
  run('rpm', '-e', 'tool')
  const { result } = await applied(connection, () => installed(local))
  assert.equal(result.versions, { lonely: '4-1' })
  assert.is(has('tool'), '1.9')
  writeFileSync(at('broken.rpm'), 'no package\n')
  assert.match(await failure(connection, installed(at('broken.rpm'))), 'is no package that the host can read')
})

test('says what is not there, in the repository or as a package', async () => {
  assert.match(await failure(connection, installed('nosuch')), /nosuch/)
  assert.match(await failure(connection, installed('tool=7')), /tool-7/)
})

test('removes what nobody needs, and says who does', async () => {
  await applied(connection, () => installed('plugin'))
  assert.match(await failure(connection, absent('agent')), 'plugin-3-1.noarch would go, too')
  await applied(connection, () => absent('agent', { dependents: true }))
  assert.not(existsSync('/opt/plugin'))
  assert.is((await planOf(connection, absent(['agent', 'plugin']))).changed, false)
})

test('takes what is signed by the key of the repository, and by no other', async () => {
  await applied(connection, () => repository.yum('signed', { baseurl: url('signed'), gpgkey: wrong.text }))
  assert.match(await failure(connection, installed('sealed')), /GPG|key/i)
  assert.not(existsSync('/opt/sealed'))
  await applied(connection, () => repository.yum('signed', { baseurl: url('signed'), gpgkey: right.text }))
  await applied(connection, () => installed('sealed'))
  assert.ok(existsSync('/opt/sealed'))
})

test('forgets a repository, and keeps what came from it', async () => {
  await applied(connection, () => repository.absent('signed'))
  assert.not(run('dnf', '-q', 'repolist').includes('signed'))
  assert.ok(existsSync('/opt/sealed'))
})

test.run()
