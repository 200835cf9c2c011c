import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { user } from '../../../../lib/modules/index.ts'
import { Secret } from '../../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../../rig/here.ts'
import { needs } from '../../../rig/needs.ts'
import { inPrivateNamespaces } from '../../../rig/private.ts'
import { applied, failure, planOf } from '../applied.ts'
import { typed } from '../typed.ts'

needs('root', 'sshd', 'openssl')
inPrivateNamespaces(import.meta.url)

// From here on the accounts are copies: nothing of this reaches the machine's own.
const etc = emptyDirectory()
for (const [command, ...args] of [
  ['cp', '-a', '/etc/.', etc],
  ['mount', '--bind', etc, '/etc'],
  ...['/var/mail', '/var/log', '/home'].map((at) => ['mount', '-t', 'tmpfs', 'private', at]),
] as [string, ...string[]][])
  assert.is(spawnSync(command, args).status, 0, `${command} ${args.join(' ')}`)

for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`user.sshKey under ${shell.name}`)
  const connection = here({ shell })
  const name = `key-${shell.name.slice(0, 4)}`
  assert.is(spawnSync('useradd', ['-m', '-s', '/usr/sbin/nologin', name]).status, 0)
  const ssh = join('/home', name, '.ssh')
  const print = (path: string) => spawnSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).stdout

  test('made once, as the user; what is there is never touched', async () => {
    const run = await applied(connection, () => user.sshKey(name, { comment: "it's a key" }))
    const path = join(ssh, 'id_ed25519')
    assert.is(run.result.publicKey, readFileSync(`${path}.pub`, 'utf8').trim())
    assert.match(run.result.publicKey, /^ssh-ed25519 \S+ it's a key$/)
    const uid = statSync(join('/home', name)).uid
    for (const [at, mode] of [
      [ssh, 0o700],
      [path, 0o600],
    ] as const)
      assert.equal([statSync(at).uid, statSync(at).mode & 0o777], [uid, mode], at)
    const before = print(path)
    const again = await planOf(connection, user.sshKey(name, { type: 'ed25519', comment: 'another' }))
    assert.is(again.changed, false)
    assert.is(again.result.publicKey, run.result.publicKey)
    rmSync(`${path}.pub`)
    await applied(connection, () => user.sshKey(name))
    assert.is(print(`${path}.pub`).split(' ')[1], before.split(' ')[1])
  })

  test('of another type, elsewhere', async () => {
    const path = join('/home', name, 'deploy')
    const run = await applied(connection, () => user.sshKey(name, { type: 'rsa', bits: 2048, path }))
    assert.match(print(path), /^2048 .*\(RSA\)/)
    assert.is(run.result.path, path)
    assert.match(await failure(connection, user.sshKey('nobody-there')), 'there is no user nobody-there')
  })

  test('a password only for a new user', async () => {
    const one = `pw-${shell.name.slice(0, 4)}`
    const hash = (text: string) =>
      Secret.of(spawnSync('openssl', ['passwd', '-6', text], { encoding: 'utf8' }).stdout.trim(), 'HASH')
    const shadow = () => spawnSync('getent', ['shadow', one], { encoding: 'utf8' }).stdout.split(':')[1]
    const first = hash('first')
    await applied(connection, () => user.present(one, { password: first, updatePassword: false }))
    assert.is(shadow(), first.reveal())
    assert.is(
      (await planOf(connection, user.present(one, { password: hash('other'), updatePassword: false }))).changed,
      false,
    )
    const other = hash('other')
    await applied(connection, () => user.present(one, { password: other }))
    assert.is(shadow(), other.reveal())
    assert.ok(existsSync(join('/home', one)))
  })

  test.run()
}

const test = suite('user.sshKey')
const state = { path: '/h/.ssh/id_rsa', there: false, publicKey: '', other: false }
for (const [what, found, commands] of [
  [
    'a new one',
    state,
    [
      'umask 077; d=/h/.ssh/id_rsa; d=${d%/*}; [ -d "$d" ] || mkdir "$d" || exit\n' +
        "stand /h/.ssh/id_rsa\n! theirs || refuse '/h/.ssh can be written by others than ops' " +
        "'give a path where nobody else may write'\nssh-keygen -q -N '' -t rsa -C ops -f \"./$f\" </dev/null",
    ],
  ],
  ['what is there', { ...state, there: true, publicKey: 'ssh-rsa A' }, []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(user.sshKey('ops', { type: 'rsa' }), found), commands))
}
test.run()
