import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connection } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import type { Transport } from '../../../lib/model/transport.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needing, needs } from '../../rig/needs.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

const shells: readonly (readonly [name: string, sh: string | undefined])[] = [
  ['this machine', undefined],
  ...([
    ['dash', '/bin/dash'],
    ['bash as sh', '/bin/bash'],
    ['busybox', '/bin/busybox'],
  ].filter(([, path]) => existsSync(path!)) as [string, string][]),
]

for (const [name, sh] of shells) {
  const test = suite<{ home: string; to: Connection; transport: Transport; sshd?: Sshd }>(`write, ${name}`)

  test.before(async (context) => {
    if (sh !== undefined) context.sshd = await startSshd({ sh })
    const host = aHost('node-1', context.sshd ? reach(context.sshd) : { connection: 'local' })
    context.transport = createTransport({ inventory: inventoryOf(host) })
    context.to = context.transport.connection(host, {})
  })
  test.after(async ({ transport, sshd }) => {
    await transport.close()
    await sshd?.stop()
  })
  test.before.each((context) => {
    context.home = mkdtempSync(join(tmpdir(), "wri ting'"))
  })
  test.after.each(({ home }) => {
    rmSync(home, { recursive: true })
  })

  const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

  test('a new file', async ({ home, to }) => {
    const path = join(home, 'a b$c')
    await to.write(path, 'text\n')
    assert.is(readFileSync(path, 'utf8'), 'text\n')
    assert.is(mode(path), '644')
    assert.equal(readdirSync(home), ['a b$c'])
    await to.write(join(home, '-x'), Secret.of('pass-word', 'password'), { mode: '0600' })
    assert.is(readFileSync(join(home, '-x'), 'utf8'), 'pass-word')
    assert.is(mode(join(home, '-x')), '600')
    await to.write(join(home, 'empty'), '')
    assert.is(readFileSync(join(home, 'empty'), 'utf8'), '')
  })

  test('any bytes, small and large', async ({ home, to }) => {
    for (const size of [1, 5000, 100_000, 1_500_000]) {
      const bytes = randomBytes(size)
      await to.write(join(home, 'f'), bytes)
      assert.ok(bytes.equals(readFileSync(join(home, 'f'))), `${size} bytes`)
      assert.ok(bytes.equals((await to.read(join(home, 'f')))!))
    }
  })

  test('the mode of the old file stays unless told', async ({ home, to }) => {
    const path = join(home, 'f')
    writeFileSync(path, 'old')
    chmodSync(path, 0o4751)
    await to.write(path, 'new')
    assert.is(mode(path), '4751')
    await to.write(path, 'newer', { mode: '0640' })
    assert.is(mode(path), '640')
  })

  needing(test, 'root')('owner and group of the old file stay unless told', async ({ home, to }) => {
    const path = join(home, 'f')
    writeFileSync(path, 'old')
    chownSync(path, 65534, 65534)
    chmodSync(path, 0o4751)
    await to.write(path, 'new')
    assert.is(mode(path), '4751')
    assert.equal([statSync(path).uid, statSync(path).gid], [65534, 65534])
    await to.write(path, 'newest', { owner: 'daemon', mode: 'u=rwxs,g=r,o=' })
    assert.equal([statSync(path).uid, statSync(path).gid, mode(path)], [1, 65534, '4740'])
    await to.write(path, 'newest', { group: 'daemon' })
    assert.equal([statSync(path).uid, statSync(path).gid], [1, 1])
    await to.write(path, 'newest', { owner: 'nobody', group: 'nogroup' })
    assert.equal([statSync(path).uid, statSync(path).gid], [65534, 65534])
  })

  test('it is replaced, not rewritten', async ({ home, to }) => {
    const path = join(home, 'f')
    writeFileSync(path, 'old')
    linkSync(path, join(home, 'hard'))
    const { ino } = statSync(path)
    await to.write(path, 'new')
    assert.is.not(statSync(path).ino, ino)
    assert.is(readFileSync(join(home, 'hard'), 'utf8'), 'old')
  })

  test('a link stays, what it points to is replaced', async ({ home, to }) => {
    mkdirSync(join(home, 'd'))
    writeFileSync(join(home, 'd', 'target'), 'old')
    symlinkSync('d/target', join(home, 'link'))
    await to.write(join(home, 'link'), 'new')
    assert.ok(lstatSync(join(home, 'link')).isSymbolicLink())
    assert.is(readlinkSync(join(home, 'link')), 'd/target')
    assert.is(readFileSync(join(home, 'd', 'target'), 'utf8'), 'new')
    symlinkSync('d/fresh', join(home, 'dangling'))
    await to.write(join(home, 'dangling'), 'new')
    assert.is(readFileSync(join(home, 'd', 'fresh'), 'utf8'), 'new')
    assert.equal(readdirSync(join(home, 'd')).sort(), ['fresh', 'target'])
  })

  needing(
    test,
    'root',
    'setfacl',
    'setfattr',
  )('what else an old file has stays: access list and attributes', async ({ home, to }) => {
    if (name === 'busybox' && !existsSync('/usr/bin/getfacl')) return
    const path = join(home, 'f')
    const run = (command: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
      assert.is(status, 0, stderr)
      return stdout
    }
    for (const size of [10, 9000]) {
      writeFileSync(path, 'x'.repeat(size), { mode: 0o600 })
      chmodSync(home, 0o755)
      run('setfacl', '-m', 'u:daemon:rw', path)
      const acl = () => run('getfacl', '-cpE', path)
      const before = acl()
      assert.match(before, /^user:daemon:rw-\ngroup::---/m)
      if (name !== 'busybox') run('setfattr', '-n', 'user.note', '-v', 'kept', path)
      await to.write(path, 'new\n')
      assert.is(acl(), before)
      await to.write(path, 'newer\n', { mode: '0660' })
      assert.is(acl(), before)
      if (name !== 'busybox') assert.match(run('getfattr', '-d', path), 'user.note="kept"')
      await to.write(path, 'newer\n', { mode: '0600' })
      assert.match(run('getfacl', '-cp', path), /^mask::---$/m)
      rmSync(path)
    }
  })

  test('a backup is made once, with times and mode', async ({ home, to }) => {
    const path = join(home, 'f')
    await to.write(path, 'first', { backup: true })
    assert.not(existsSync(join(home, '.switchover-backup/f')))
    chmodSync(path, 0o600)
    utimesSync(path, 1000, 1000)
    await to.write(path, 'second', { backup: true })
    await to.write(path, 'third', { backup: true })
    assert.is(readFileSync(join(home, '.switchover-backup/f'), 'utf8'), 'first')
    assert.is(mode(join(home, '.switchover-backup/f')), '600')
    assert.is(statSync(join(home, '.switchover-backup/f')).mtimeMs, 1_000_000)
    assert.is(readFileSync(path, 'utf8'), 'third')
    assert.equal(readdirSync(home).sort(), ['.switchover-backup', 'f'])
  })

  test('validate sees the new content under another name, and can refuse it', async ({ home, to }) => {
    const path = join(home, 'f')
    writeFileSync(path, 'old\n')
    for (const quoted of ['%s', "'%s'", '"%s"']) {
      await to.write(path, 'good\n', {
        mode: '0440',
        validate:
          `grep -q good ${quoted} && [ "$(stat -c %a ${quoted})" = 440 ] && ` +
          `! grep -q good '${path.replaceAll("'", `'\\''`)}'`,
      })
      assert.is(readFileSync(path, 'utf8'), 'good\n')
      chmodSync(path, 0o600)
      writeFileSync(path, 'old\n')
    }
    await rejects(
      to.write(path, 'bad\n', { validate: 'echo checked; echo "line 1: bad" >&2; grep -q good %s' }),
      /^the new content of .*f on \S+ was refused by `echo checked; .*`: checked\nline 1: bad$/,
    )
    assert.is(readFileSync(path, 'utf8'), 'old\n')
    await rejects(to.write(path, 'bad\n', { validate: 'false' }), /was refused by `false`: it said nothing$/)
    assert.equal(readdirSync(home), ['f'])
  })

  test('what cannot be written has a reason and leaves nothing', async ({ home, to }) => {
    await rejects(to.write(join(home, 'no', 'f'), 'x'), /^cannot write .*no\/f on \S+: there is no directory .*\/no$/)
    await rejects(to.write(home, 'x'), /^cannot write .* on \S+: it is a directory$/)
    await rejects(
      to.write(join(home, 'f'), 'x', { owner: 'no-such-user' }),
      /^cannot write .*f on \S+: .*invalid user|unknown user/,
    )
    await rejects(to.write(join(home, 'f'), 'x', { mode: 'zzz' }), /^cannot write .*f on \S+: .*invalid mode/)
    symlinkSync('loop', join(home, 'loop'))
    await rejects(to.write(join(home, 'loop'), 'x'), /^cannot write .*loop on \S+: .*the link cannot be followed/s)
    assert.equal(readdirSync(home), ['loop'])
  })

  test('content is on no command line', async ({ home, to }) => {
    const word = `secret-${randomBytes(6).toString('hex')}`
    const probe =
      `tr '\\0' ' ' </proc/self/cmdline >/dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | ` +
      `tr '\\0' '\\n' | grep -c -e ${word.replace('secret', '[s]ecret')}; [ $? = 1 ]`
    for (const text of [`${word}\n`, word, `${word}☃\n`, word.padEnd(300_000, 'x')])
      await to.write(join(home, 'f'), Secret.of(text, 'password'), { validate: probe })
    assert.ok(readFileSync(join(home, 'f'), 'utf8').startsWith(word))
  })

  test.run()
}

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.match((error as Error).message, message)
    return
  }
  assert.unreachable('it should have been rejected')
}
