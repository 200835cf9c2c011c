import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { group, user } from '../../../lib/modules/index.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { needs } from '../../rig/needs.ts'
import { typed } from './typed.ts'

needs('root')
inPrivateNamespaces(import.meta.url)

// From here on the accounts are copies: nothing of this reaches the machine's own.
const etc = emptyDirectory()
for (const [command, ...args] of [
  ['cp', '-a', '/etc/.', etc],
  ['mount', '--bind', etc, '/etc'],
  ...['/var/mail', '/var/log', '/home'].map((at) => ['mount', '-t', 'tmpfs', 'private', at]),
] as [string, ...string[]][]) {
  assert.is(spawnSync(command, args).status, 0, `${command} ${args.join(' ')}`)
}

const line = (database: string, name: string) =>
  spawnSync('getent', [database, name], { encoding: 'utf8' }).stdout.trim()
const groupsOf = (name: string) => spawnSync('id', ['-Gn', name], { encoding: 'utf8' }).stdout.trim().split(' ').sort()
const hash = (text: string) => spawnSync('openssl', ['passwd', '-6', text], { encoding: 'utf8' }).stdout.trim()

// busybox brings other tools for accounts than the hosts have.
for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`user and group under ${shell.name}`)
  const connection = here({ shell })
  const asShell = shell.name.slice(0, 4)
  const name = (word: string) => `${word}-${asShell}`

  test('a user whose group is there already gets it', async () => {
    await applied(connection, () => group.present(name('lone')))
    const run = await applied(connection, () => user.present(name('lone'), { system: true }))
    assert.equal(groupsOf(name('lone')), [name('lone')])
    assert.match(JSON.stringify(run.diff), `group ${name('lone')}`)
  })

  test('group: made, renumbered, removed, in one request each', async () => {
    const nova = name('nova')
    const gid = asShell === 'dash' ? 4162 : 4262
    const made = await applied(connection, () => group.present(nova, { gid }))
    assert.equal(made.requests, { read: 1, apply: 1 })
    assert.is(line('group', nova), `${nova}:x:${gid}:`)
    await applied(connection, () => group.present(nova, { gid: gid + 1 }))
    assert.is(line('group', nova), `${nova}:x:${gid + 1}:`)
    assert.is((await planOf(connection, group.present(nova))).changed, false)
    const gone = await applied(connection, () => group.absent(nova))
    assert.equal(gone.diff, [{ path: `group ${nova}`, before: `a group with gid ${gid + 1}\n`, after: '' }])
    assert.is(line('group', nova), '')
    assert.match(await failure(connection, group.present(nova, { gid: 0 })), '0')
  })

  test('user: made with all that was asked for, in one request', async () => {
    const nova = name('svc')
    const home = join(emptyDirectory(), 'nova')
    const uid = asShell === 'dash' ? 5162 : 5262
    const options = {
      uid,
      group: 'daemon',
      groups: ['disk', 'cdrom'],
      home,
      shell: '/bin/false',
      comment: 'the cloud',
      createHome: true,
    }
    const plan = await planOf(connection, user.present(nova, options))
    assert.is(plan.changed, true)
    assert.is(line('passwd', nova), '')
    const run = await applied(connection, () => user.present(nova, options))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(line('passwd', nova), `${nova}:x:${uid}:1:the cloud:${home}:/bin/false`)
    assert.equal(groupsOf(nova), ['cdrom', 'daemon', 'disk'])
    assert.ok(existsSync(home))
    assert.match(line('shadow', nova), `${nova}:!:`)
  })

  test('user: groups are added, or exactly these', async () => {
    const one = name('grp')
    await applied(connection, () => user.present(one, { group: 'daemon', groups: ['disk'], createHome: false }))
    const run = await applied(connection, () => user.present(one, { groups: ['cdrom'] }))
    assert.equal(run.diff, [{ path: `user ${one}`, before: 'groups disk\n', after: 'groups cdrom disk\n' }])
    assert.equal(groupsOf(one), ['cdrom', 'daemon', 'disk'])
    await applied(connection, () => user.present(one, { groups: ['audio'], exact: true }))
    assert.equal(groupsOf(one), ['audio', 'daemon'])
    await applied(connection, () => user.present(one, { groups: [], exact: true }))
    assert.equal(groupsOf(one), ['daemon'])
    const error = await user.present(one, { groups: ['no-such'] }).prepare(connection)
    assert.is(error.changed, true)
    assert.is(
      await failure(connection, user.present(one, { groups: ['no-such'] })),
      `the user ${one} cannot be in no-such: there is no such group`,
    )
  })

  test('user: a password hash goes by stdin, is never shown, and locks are told from it', async () => {
    const one = name('pwd')
    const [first, second] = ['sesame', 'simsalabim'].map(hash) as [string, string]
    const withHash =
      (text: string, more = {}) =>
      () =>
        user.present(one, { createHome: false, password: Secret.of(text, 'the hash'), ...more })
    const run = await applied(connection, withHash(first))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(line('shadow', one).split(':')[1], first)
    await applied(connection, () => user.present(one, { locked: true }))
    assert.is(line('shadow', one).split(':')[1], `!${first}`)
    assert.is((await planOf(connection, withHash(first)())).changed, false)
    const other = await applied(connection, withHash(second))
    assert.is(line('shadow', one).split(':')[1], `!${second}`)
    assert.equal(other.diff, [{ path: `user ${one}`, before: 'password ‹another›\n', after: 'password ‹the hash›\n' }])
    await applied(connection, withHash(first, { locked: false }))
    assert.is(line('shadow', one).split(':')[1], first)
    for (const script of connection.scripts) assert.ok(!script.includes(first) && !script.includes(second))
    assert.throws(() => withHash('plain text')(), `the password of ${one} is not a hash`)
  })

  test('user: one without a password stays locked until told, and is opened without one', async () => {
    const one = name('bare')
    const field = () => line('shadow', one).split(':')[1]
    const text = hash('sesame')
    const password = Secret.of(text, 'the hash')
    await applied(connection, () => user.present(one, { createHome: false, locked: true }))
    await applied(connection, () => user.present(one, { password }))
    assert.is(field(), `!${text}`)
    await applied(connection, () => user.present(one, { locked: false }))
    assert.is(field(), text)

    const other = name('keys')
    await applied(connection, () => user.present(other, { createHome: false }))
    await applied(connection, () => user.present(other, { locked: false }))
    assert.is(line('shadow', other).split(':')[1], '*')
    await applied(connection, () => user.present(other, { locked: true }))
    await applied(connection, () => user.present(other, { locked: false, password }))
    assert.is(line('shadow', other).split(':')[1], text)

    await applied(connection, () => user.present(name('born'), { createHome: false, locked: false }))
    assert.is(line('shadow', name('born')).split(':')[1], '*')
    await applied(connection, () => user.present(name('shut'), { createHome: false, locked: true, password }))
    assert.is(line('shadow', name('shut')).split(':')[1], `!${text}`)
  })

  test('root stays, whatever its name', async () => {
    spawnSync('useradd', ['-o', '-u', '0', '-M', name('toor')])
    for (const operation of [user.absent(name('toor'))])
      assert.is(await failure(connection, operation), `user.absent ${name('toor')}: no host lives without it`)
  })

  test('user: only what differs is changed; home moves with its content', async () => {
    const one = name('mov')
    const parent = emptyDirectory()
    await applied(connection, () => user.present(one, { home: `${join(parent, 'a')}/` }))
    spawnSync('touch', [join(parent, 'a/kept')])
    const run = await applied(connection, () =>
      user.present(one, { home: `${join(parent, 'b')}/`, moveHome: true, shell: '/bin/sh' }),
    )
    assert.match(run.diff[0]!.after, 'home ')
    assert.ok(existsSync(join(parent, 'b/kept')) && !existsSync(join(parent, 'a')))
    await applied(connection, () => user.absent(one, { removeHome: true }))
    assert.not.ok(existsSync(join(parent, 'b')))
    assert.is(line('passwd', one), '')
  })

  test('user: absent leaves the home unless told; who is in use is an error', async () => {
    const one = name('use')
    const home = join(emptyDirectory(), 'home')
    await applied(connection, () => user.present(one, { home, system: true, createHome: true }))
    assert.ok(Number(line('passwd', one).split(':')[2]) < 1000)
    const gone = await applied(connection, () => user.absent(one))
    assert.equal(gone.requests, { read: 1, apply: 1 })
    assert.ok(existsSync(home))
    assert.match(await failure(connection, user.present(one, { uid: 0 })), '0')
  })

  test.run()
}

const test = suite('user and group: what is asked for')

test('is checked before anything runs', () => {
  assert.throws(() => user.present('a:b'), '"a:b" cannot be the name of a user or group')
  assert.throws(() => user.present('a', { comment: 'x:y' }), 'the comment of a cannot hold a colon or a line end')
  assert.throws(() => user.present('a', { uid: -1 }), '-1 cannot be a uid')
  assert.throws(() => group.present('a', { gid: 1.5 }), '1.5 cannot be a gid')
})

test('the machine itself was not touched', () => {
  assert.not.match(readFileSync(`/proc/${process.ppid}/root/etc/passwd`, 'utf8'), 'svc-dash')
  assert.match(readFileSync('/etc/passwd', 'utf8'), 'svc-dash')
})

const nova = {
  uid: 162,
  group: 'nova',
  groups: ['libvirt'],
  comment: '',
  home: '/var/lib/nova',
  shell: '/sbin/nologin',
  locked: false,
  password: 'none',
}
const hashed = Secret.of('$6$salt$some-hash', 'hash of ops')
const begin = 'set -e\n'

for (const [what, operation, state, commands] of [
  ['a missing group', group.present('nova', { gid: 162, system: true }), undefined, ['groupadd -r -g 162 nova']],
  ['a group with another number', group.present('nova', { gid: 162 }), { gid: 7 }, ['groupmod -g 162 nova']],
  ['a group that is right', group.present('nova', { gid: 162 }), { gid: 162 }, []],
  ['a group too many', group.absent('quantum'), { gid: 9 }, ['groupdel quantum']],
  ['no group at all', group.absent('quantum'), undefined, []],
  [
    'a missing user',
    user.present('nova', { uid: 162, group: 'nova', groups: ['qemu', 'libvirt'], home: '/var/lib/nova', system: true }),
    undefined,
    [`${begin}useradd -r -M -u 162 -g nova -G libvirt,qemu -d /var/lib/nova nova`],
  ],
  ['a user of flesh and blood', user.present('ops'), undefined, [`${begin}useradd -m ops`]],
  [
    'another shell, another home with its content',
    user.present('nova', { shell: '/bin/sh', home: "/srv/no va's", moveHome: true, uid: 162 }),
    nova,
    [`${begin}usermod -d '/srv/no va'\\''s' -m -s /bin/sh nova`],
  ],
  ['one more group', user.present('nova', { groups: ['qemu'] }), nova, [`${begin}usermod -G libvirt,qemu nova`]],
  ['no further group', user.present('nova', { groups: [], exact: true }), nova, [`${begin}usermod -G '' nova`]],
  ['nothing that differs', user.present('nova', { uid: 162, groups: ['libvirt'] }), nova, []],
  [
    'a password, which is read from stdin',
    user.present('ops', { password: hashed }),
    { ...nova, password: 'other' },
    [`${begin}chpasswd -e`, '< ops:‹hash of ops›\n'],
  ],
  [
    'a password of one who is locked, and stays so',
    user.present('ops', { password: hashed }),
    { ...nova, password: 'other', locked: true },
    [`${begin}chpasswd -e`, '< ops:!‹hash of ops›\n'],
  ],
  [
    'a password that opens the account',
    user.present('ops', { password: hashed, locked: false }),
    { ...nova, password: 'other', locked: true },
    [`${begin}chpasswd -e`, '< ops:‹hash of ops›\n'],
  ],
  ['a user too many', user.absent('nova'), nova, ['userdel nova']],
  ['a user and its home', user.absent('nova', { removeHome: true }), nova, ['userdel -r nova']],
  ['no user at all', user.absent('nova'), undefined, []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, state), commands))
}

test.run()
