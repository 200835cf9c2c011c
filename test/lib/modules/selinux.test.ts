import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { selinux } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { leftOut, needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'

needs('root')
inPrivateNamespaces(import.meta.url)

const bind = (from: string, at: string) => assert.is(spawnSync('mount', ['--bind', from, at]).status, 0, at)

// Of a host that runs it, where this machine does not: what its programs say and do, in files.
const etc = emptyDirectory()
assert.is(spawnSync('cp', ['-a', '/etc/.', etc]).status, 0)
bind(etc, '/etc')
spawnSync('mkdir', ['-p', '/etc/selinux'])
const dir = emptyDirectory()
const tool = (name: string, text: string) =>
  writeFileSync(join(dir, name), `#!/bin/sh\nd=${dir}\n${text}\n`, { mode: 0o755 })
tool('getenforce', 'cat $d/mode')
tool('setenforce', 'case $1 in 1) echo Enforcing ;; 0) echo Permissive ;; esac >$d/mode')
const config = '# how strict\nSELINUX=enforcing\nSELINUXTYPE=targeted\n'

for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`selinux under ${shell.name}`)
  const connection = here({ shell, env: { PATH: `${dir}:/usr/bin:/bin` } })

  test('mode: now and after a reboot, and what only a reboot brings', async () => {
    writeFileSync('/etc/selinux/config', config)
    writeFileSync(join(dir, 'mode'), 'Enforcing\n')
    const run = await applied(connection, () => selinux.mode('permissive'))
    assert.equal(run.result, { value: 'permissive', changed: true, rebootNeeded: false })
    assert.is(readFileSync('/etc/selinux/config', 'utf8'), config.replace('=enforcing', '=permissive'))
    const off = await applied(connection, () => selinux.mode('disabled'))
    assert.equal(off.result, { value: 'disabled', changed: true, rebootNeeded: true })
    assert.is((await planOf(connection, selinux.mode('disabled'))).result.rebootNeeded, true)
    writeFileSync(join(dir, 'mode'), 'Disabled\n')
    const on = await applied(connection, () => selinux.mode('enforcing'))
    assert.is(on.result.rebootNeeded, true)
  })

  test.run()
}

const test = suite('selinux')

// The real tools work on the policy that is installed, where the kernel has no SELinux, too; they take their time:
// SELINUX_TOOLS=real node test/run.mjs selinux
if (
  process.env.SELINUX_TOOLS === 'real' &&
  !leftOut('booleans and file contexts', '/var/lib/selinux/default', 'semanage')
) {
  const store = emptyDirectory()
  const policy = emptyDirectory()
  for (const [at, copy] of [
    ['/var/lib/selinux', store],
    ['/etc/selinux', policy],
  ] as const) {
    assert.is(spawnSync('cp', ['-a', `${at}/.`, copy]).status, 0)
    bind(copy, at)
  }

  test('a boolean and a context, by the real semanage and setsebool', async () => {
    const path = join(policy, 'config')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^SELINUXTYPE=.*$/m, 'SELINUXTYPE=default'))
    const connection = here()
    const listed = spawnSync('semanage', ['boolean', '-l', '-n'], { encoding: 'utf8' }).stdout
    const [, name = '', is] = /^(\w+) +\((\w+)/m.exec(listed)!
    const run = await applied(connection, () => selinux.boolean(name, is === 'off'))
    assert.is(run.result.changed, true)
    await applied(connection, () => selinux.fileContext('/srv/more-test(/.*)?', 'httpd_sys_content_t'))
    await applied(connection, () => selinux.fileContext('/srv/more-test(/.*)?', 'user_home_t'))
    const contexts = spawnSync('semanage', ['fcontext', '-l', '-C', '-n'], { encoding: 'utf8' }).stdout
    assert.match(contexts, /^\/srv\/more-test\(\/\.\*\)\? .*:user_home_t:/m)
  })
}

test('what the host does not have', async () => {
  const bare = here({ env: { PATH: emptyDirectory() } })
  assert.match(
    await failure(bare, selinux.boolean('httpd_x', true)),
    'has no boolean httpd_x, or the host has no SELinux',
  )
  assert.throws(() => selinux.boolean('a b', true), 'cannot be the name of a boolean')
  assert.throws(() => selinux.fileContext('x', 'a_t'), 'no absolute pattern')
})

for (const [what, operation, state, commands] of [
  ['a boolean', selinux.boolean('a', true), { now: 'off', kept: 'off' }, ['setsebool -P a on # long, at most 600 s']],
  [
    'one that holds only until the next boot',
    selinux.boolean('a', true),
    { now: 'on', kept: 'off' },
    ['setsebool -P a on # long, at most 600 s'],
  ],
  ['one that is so, as far as the host can tell', selinux.boolean('a', true), { now: 'on', kept: undefined }, []],
  [
    'a context',
    selinux.fileContext('/srv/www(/.*)?', 'b_t'),
    { type: undefined, on: true },
    [
      "semanage fcontext -a -t b_t '/srv/www(/.*)?' # long, at most 600 s",
      '[ ! -e /srv/www ] || restorecon -R /srv/www # long',
    ],
  ],
  [
    'another context, with SELinux off',
    selinux.fileContext('/srv/[a-z]+/log', 'b_t'),
    { type: 'a_t', on: false },
    ["semanage fcontext -m -t b_t '/srv/[a-z]+/log' # long, at most 600 s"],
  ],
  ['a context that is so', selinux.fileContext('/x', 'b_t'), { type: 'b_t', on: true }, []],
  [
    'the mode of the next boot alone',
    selinux.mode('enforcing'),
    { now: 'disabled', config: found('/etc/selinux/config', 'SELINUX=disabled\n') },
    ['> /etc/selinux/config mode=0644\nSELINUX=enforcing\n'],
  ],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, state), commands))
}

test.run()
