import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { authorizedKeys } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { startSshd } from '../../rig/sshd.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'

inPrivateNamespaces(import.meta.url)
assert.is(spawnSync('ip', ['link', 'set', 'lo', 'up']).status, 0)

const keys = emptyDirectory()
function pair(name: string, type = 'ed25519') {
  const path = join(keys, name)
  const { status } = spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `${name}@home`, '-f', path])
  assert.is(status, 0)
  return { path, line: readFileSync(`${path}.pub`, 'utf8').trim() }
}
const a = pair('a')
const b = pair('b', 'rsa')
const c = pair('c', 'ecdsa')
const bare = (line: string) => line.split(' ').slice(0, 2).join(' ')

// What OpenSSH itself reads in a file: each fingerprint.
const prints = (text: string) => {
  const path = join(emptyDirectory(), 'keys')
  writeFileSync(path, text)
  const { stdout } = spawnSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' })
  return [...stdout.matchAll(/SHA256:\S+/g)].map(([print]) => print)
}

for (const shell of shells) {
  const test = suite(`authorizedKeys under ${shell.name}`)
  const connection = here({ shell })
  const fresh = (text?: string) => {
    const path = join(emptyDirectory(), 'keys')
    if (text !== undefined) writeFileSync(path, text)
    return { path, text: () => readFileSync(path, 'utf8') }
  }

  test('added and removed; what is of others stays byte for byte', async () => {
    const others = `# the boss\r\n  \nfrom="10.0.0.1,*.x y" ${b.line}\nnonsense of somebody\n`
    const { path, text } = fresh(`${others}${c.line}`)
    await applied(connection, () => authorizedKeys.present('root', a.line, { path }))
    assert.is(text(), `${others}${c.line}\r\n${a.line}\r\n`)
    await applied(connection, () => authorizedKeys.absent('root', [bare(c.line)], { path }))
    assert.is(text(), `${others}${a.line}\r\n`)
    assert.is(
      (await planOf(connection, authorizedKeys.present('root', `# two\n${bare(b.line)}`, { path }))).changed,
      true,
    )
  })

  test('exclusive: no other key is left, and comments are no change', async () => {
    const { path, text } = fresh(`# kept\n${b.line}\n${a.line}\nssh-rsa broken\n`)
    await applied(connection, () => authorizedKeys.present('root', [a.line, c.line], { path, exclusive: true }))
    assert.is(text(), `# kept\n${a.line}\n${c.line}\n`)
    assert.equal(prints(text()), prints(`${a.line}\n${c.line}\n`))
  })

  test('options are those given, wherever the key stands', async () => {
    const { path, text } = fresh(`${a.line}\n${b.line}\ncommand="x \\"y\\"" ${a.line}\n`)
    const wanted = `from="10.0.0.9",command="say \\"a b\\"" ${a.line}`
    await applied(connection, () => authorizedKeys.present('root', wanted, { path }))
    assert.is(text(), `${wanted}\n${b.line}\n`)
    assert.is(prints(text()).length, 2)
    const two = [`from="10.0.0.9" ${a.line}`, `from="10.0.0.8" ${a.line}`]
    await applied(connection, () => authorizedKeys.present('root', two, { path }))
    assert.is(text(), `${two.join('\n')}\n${b.line}\n`)
    await applied(connection, () => authorizedKeys.absent('root', a.line, { path }))
    assert.is(text(), `${b.line}\n`)
  })

  test.run()
}

const test = suite('authorizedKeys')
const connection = here()

test('what is no public key is refused, before anything runs', () => {
  const refused = (text: string) => {
    try {
      authorizedKeys.present('root', text)
    } catch (error) {
      return (error as Error).message
    }
    return 'it was taken'
  }
  assert.match(refused(readFileSync(a.path, 'utf8')), 'what is given is a private key')
  assert.match(refused(a.line.slice(0, 40)), 'is not a public key')
  assert.match(refused(bare(b.line).slice(0, -40)), 'is not a public key')
  assert.match(refused(a.line.replace('ed25519', 'rsa')), 'is not a public key')
  assert.match(refused('# nothing\n'), 'no key for root is given')
})

// The accounts of the machine are copies from here on.
needing(test, 'root')('in the home of a user: a directory and a file as sshd wants them', async () => {
  const etc = emptyDirectory()
  const homes = emptyDirectory()
  for (const [command, ...args] of [
    ['cp', '-a', '/etc/.', etc],
    ['mount', '--bind', etc, '/etc'],
    ['useradd', '-m', '-d', join(homes, 'ops'), 'ops'],
  ] as [string, ...string[]][])
    assert.is(spawnSync(command, args).status, 0, command)
  const home = join(homes, 'ops')
  const path = join(home, '.ssh/authorized_keys')
  const like = (at: string) => [(statSync(at).mode & 0o777).toString(8), statSync(at).uid !== 0]
  await applied(connection, () => authorizedKeys.present('ops', a.line))
  assert.equal(
    [like(join(home, '.ssh')), like(path)],
    [
      ['700', true],
      ['600', true],
    ],
  )
  chmodSync(path, 0o664)
  const run = await applied(connection, () => authorizedKeys.present('ops', a.line))
  assert.equal(run.diff, [{ path: `${path} (attributes)`, before: 'mode 0664\n', after: 'mode 0600\n' }])
  // To the keys of root, where his own would be written.
  const ofRoot = join(emptyDirectory(), 'authorized_keys')
  writeFileSync(ofRoot, '')
  spawnSync('rm', [path])
  symlinkSync(ofRoot, path)
  assert.match(await failure(connection, authorizedKeys.present('ops', a.line)), "which is not ops's")
  chownSync(ofRoot, statSync(home).uid, 0)
  await applied(connection, () => authorizedKeys.present('ops', a.line))
  assert.match(
    await failure(connection, authorizedKeys.present('nobody-there', a.line)),
    'there is no user nobody-there',
  )
  writeFileSync('/etc/ssh/sshd_config', 'AuthorizedKeysFile /etc/ssh/keys/%u\n')
  mkdirSync('/etc/ssh/keys')
  mkdirSync('/run/sshd', { recursive: true })
  const asked = await applied(connection, () => authorizedKeys.present('ops', a.line))
  assert.is(asked.result.path, '/etc/ssh/keys/ops')
})

needing(test, 'sshd')('a real sshd lets in and keeps out', async () => {
  const sshd = await startSshd()
  try {
    const path = join(sshd.home, 'authorized_keys')
    const enters = () =>
      spawnSync('ssh', [
        ...['-F', 'none', '-i', c.path, '-p', String(sshd.port), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'],
        ...['-o', `UserKnownHostsFile=${sshd.knownHosts}`, `${sshd.user}@127.0.0.1`, 'true'],
      ]).status === 0
    assert.is(enters(), false)
    await applied(connection, () => authorizedKeys.present(sshd.user, c.line, { path }))
    assert.is(enters(), true)
    await applied(connection, () => authorizedKeys.present(sshd.user, `from="10.9.9.9" ${c.line}`, { path }))
    assert.is(enters(), false)
    await applied(connection, () => authorizedKeys.present(sshd.user, `from="127.0.0.1" ${c.line}`, { path }))
    assert.is(enters(), true)
    await applied(connection, () => authorizedKeys.absent(sshd.user, c.line, { path }))
    assert.is(enters(), false)
  } finally {
    await sshd.stop()
  }
})

const state = (content: string | undefined, more = {}) => ({
  ...{ uid: '7', gid: '8', home: '/home/ops' },
  file: found('/home/ops/.ssh/authorized_keys', content),
  directory: found('/home/ops/.ssh', content === undefined ? undefined : '', { kind: 'directory', mode: '0700' }),
  ...more,
})
for (const [what, operation, is, commands] of [
  [
    'the directory and the file',
    authorizedKeys.present('ops', a.line),
    state(undefined),
    [
      `stand /home/ops/.ssh; mkdir -m 0700 "./$f" && give 7:8 ''`,
      `> /home/ops/.ssh/authorized_keys mode=0600 owner=7 group=8\n${a.line}\n`,
    ],
  ],
  ['what is so', authorizedKeys.present('ops', a.line), state(`${a.line}\n`), []],
  ['with another comment', authorizedKeys.present('ops', bare(a.line)), state(`${a.line}\n`), []],
  ['nothing to take away', authorizedKeys.absent('ops', a.line), state(undefined), []],
  [
    'one taken away',
    authorizedKeys.absent('ops', a.line),
    state(`${a.line}\n#\n`),
    ['> /home/ops/.ssh/authorized_keys mode=0644\n#\n'],
  ],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, is), commands))
}

test.run()
