import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { file } from '../../../lib/modules/index.ts'
import { sha256Of } from '../../../lib/kit/contents.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'
import type { Diff, Operation, Value } from '../../../lib/model/operation.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'
import { leftOut, needing } from '../../rig/needs.ts'

const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)
const sha256 = (text: string) => sha256Of(Buffer.from(text))
const whoami = (as: '-un' | '-gn') => spawnSync('id', [as], { encoding: 'utf8' }).stdout.trim()

for (const shell of shells) {
  const test = suite(`file under ${shell.name}`)
  const fresh = () => {
    const dir = emptyDirectory()
    return { dir, path: (name: string) => join(dir, name), connection: here({ shell }) }
  }

  test('content makes a file, and again changes nothing', async () => {
    const { path, connection } = fresh()
    const run = await applied(connection, () => file.content(path('motd'), 'Grüße\n', { mode: '0640' }))
    assert.is(readFileSync(path('motd'), 'utf8'), 'Grüße\n')
    assert.is(mode(path('motd')), '640')
    assert.equal(run.diff, [{ path: path('motd'), before: '', after: 'Grüße\n' }])
    assert.equal(run.requests, { read: 1, apply: 1 })
  })

  test('content shows the difference and keeps mode, links and what was there', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('real'), 'one\n')
    chmodSync(path('real'), 0o604)
    symlinkSync('real', path('name'))
    const run = await applied(connection, () => file.content(path('name'), 'two\n', { backup: true }))
    assert.equal(run.diff, [{ path: path('name'), before: 'one\n', after: 'two\n' }])
    assert.ok(lstatSync(path('name')).isSymbolicLink())
    assert.is(readFileSync(path('real'), 'utf8'), 'two\n')
    assert.is(mode(path('real')), '604')
    assert.is(readFileSync(path('.switchover-backup/real'), 'utf8'), 'one\n')
  })

  test('a path that is written in another way is the same path', async () => {
    const { path, connection } = fresh()
    await applied(connection, () => file.directory(`${path('a')}//b/./c/`))
    assert.is((await planOf(connection, file.directory(path('a/b/c')))).changed, false)
    await applied(connection, () => file.content(`${path('a')}/.//b/f`, 'x'))
    await applied(connection, () => file.link(`${path('l')}/`, 'a'))
    await applied(connection, () => file.content(`${path('a')}/../g`, 'x'))
    await failure(connection, file.content(`${path('none')}/../h`, 'x'))
    assert.not.ok(existsSync(path('h')))
  })

  test('content only sets the mode when only the mode differs', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('a b'), 'text')
    chmodSync(path('a b'), 0o644)
    const before = statSync(path('a b')).ino
    const run = await applied(connection, () => file.content(path('a b'), 'text', { mode: '600' }))
    assert.is(mode(path('a b')), '600')
    assert.is(statSync(path('a b')).ino, before)
    assert.equal(run.diff, [{ path: `${path('a b')} (attributes)`, before: 'mode 0644\n', after: 'mode 0600\n' }])
  })

  test('content with a secret shows neither the new nor the old one', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('pw'), 'user=nova\npassword=old-and-secret\n')
    const secret = Secret.join(['user=nova\npassword=', Secret.of('new-and-secret', 'password'), '\n'])
    const run = await applied(connection, () => file.content(path('pw'), secret))
    assert.equal(run.diff, [
      { path: path('pw'), before: 'user=nova\n‹a line before›\n', after: 'user=nova\npassword=‹password›\n' },
    ])
    assert.is(readFileSync(path('pw'), 'utf8'), 'user=nova\npassword=new-and-secret\n')
    assert.not.match(connection.scripts.join(), 'new-and-secret')
    await applied(connection, () => file.content(path('fresh'), secret))
    assert.is(mode(path('fresh')), '600')
  })

  test('content refuses a directory, a missing one to put it into, and content that does not pass the check', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('dir'))
    assert.match(await failure(connection, file.content(path('dir'), 'x')), 'is a directory, not a file')
    assert.match(await failure(connection, file.content(path('none/x'), 'x')), 'there is no directory')
    writeFileSync(path('checked'), 'good\n')
    await failure(connection, file.content(path('checked'), 'bad\n', { validate: 'grep -q good %s' }))
    assert.is(readFileSync(path('checked'), 'utf8'), 'good\n')
    assert.throws(() => file.content('/x', '', { validate: 'true' }), /has no %s/)
    assert.throws(() => file.content('/x', '', { mode: 'rw' }), /neither octal nor symbolic/)
    assert.throws(() => file.content('etc/x', ''), /not an absolute path/)
  })

  test('directory makes parents and sets attributes, the setgid bit too', async () => {
    const { path, connection } = fresh()
    const run = await applied(connection, () => file.directory(path('a/b/c'), { mode: '2750' }))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(mode(path('a/b/c')), '2750')
    await applied(connection, () => file.directory(path('a/b/c'), { mode: '0755' }))
    assert.is(mode(path('a/b/c')), '755')
    writeFileSync(path('f'), '')
    assert.match(await failure(connection, file.directory(path('f'))), 'is there and not a directory')
  })

  test('link points, and points elsewhere', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('one'))
    await applied(connection, () => file.link(path('l'), 'one'))
    const run = await applied(connection, () => file.link(path('l'), '/nowhere at all'))
    assert.is(readlinkSync(path('l')), '/nowhere at all')
    assert.equal(run.diff, [{ path: path('l'), before: 'link to one\n', after: 'link to /nowhere at all\n' }])
    assert.match(await failure(connection, file.link(path('one'), 'x')), 'is there and not a link')
    for (const to of ['a\nb', 'a\n', 'a\0', ''])
      assert.throws(() => file.link(path('l'), to), `cannot lead to ${JSON.stringify(to)}`)
    const nowhere = path('none/l')
    assert.is(
      await failure(connection, file.link(nowhere, 'x')),
      `${nowhere} cannot be made: there is no directory ${path('none')}`,
    )
  })

  test('absent removes files, trees and dangling links, but no host', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('d/e'), { recursive: true })
    writeFileSync(path("d/e/it's"), '')
    symlinkSync('nowhere', path('l'))
    for (const name of ['d', 'l']) {
      await applied(connection, () => file.absent(path(name)))
      assert.not.ok(lstatSync(path(name), { throwIfNoEntry: false }))
    }
    const { changed } = await planOf(connection, file.absent(path('d')))
    assert.is(changed, false)
    for (const bad of ['/', '/etc', '/etc/', '/usr/../etc', '//'])
      assert.throws(() => file.absent(bad), /no host lives without it/)
  })

  const asRoot = needing(test, 'root')
  test('mode brings every mode about, whatever was there', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('file'), '')
    mkdirSync(path('folder'))
    for (const before of [0o7777, 0o000]) {
      for (const wanted of ['0000', '0640', '4755', '2750', '1777', '6711', '0007']) {
        for (const name of ['file', 'folder']) {
          if (before === parseInt(wanted, 8)) continue
          chmodSync(path(name), before)
          await applied(connection, () => file.mode(path(name), wanted))
          assert.is(mode(path(name)), parseInt(wanted, 8).toString(8), `${name} from ${before.toString(8)}`)
        }
      }
    }
  })

  test('attributes sets what differs, and only that', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('file'), 'text')
    chmodSync(path('file'), 0o644)
    symlinkSync('file', path('link'))
    const run = await applied(connection, () => file.attributes(path('link'), { mode: '0600' }))
    assert.equal(run.diff, [{ path: `${path('link')} (attributes)`, before: 'mode 0644\n', after: 'mode 0600\n' }])
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.equal([mode(path('file')), readFileSync(path('file'), 'utf8')], ['600', 'text'])
    assert.match(await failure(connection, file.attributes(path('none'), { mode: '0600' })), 'is missing')
    assert.throws(() => file.attributes(path('file'), { mode: '9' }), 'neither octal nor symbolic')
  })

  asRoot('attributes gives a file to somebody else', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('file'), '')
    await applied(connection, () => file.attributes(path('file'), { owner: 'daemon', group: 'daemon', mode: '4750' }))
    const { uid, gid } = statSync(path('file'))
    assert.equal([uid, gid, mode(path('file'))], [1, 1, '4750'])
  })

  asRoot('owner touches only what differs', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('d/e'), { recursive: true })
    writeFileSync(path('d/e/x y'), '')
    symlinkSync('/etc/passwd', path('d/l'))
    chownSync(path('d'), 1, 1)
    const run = await applied(connection, () => file.owner(path('d'), 'daemon:daemon'))
    assert.equal(run.result, { path: path('d'), count: 3 })
    assert.match((run.diff[0] as Diff).before, `root:root ${path('d/e/x y')}\n`)
    assert.is(statSync(path('d/e/x y')).uid, 1)
    assert.is(lstatSync(path('d/l')).uid, 1)
    assert.is(statSync('/etc/passwd').uid, 0)
    await applied(connection, () => file.owner(path('d'), 'root', { recursive: false }))
    assert.is(statSync(path('d')).uid, 0)
    assert.is(statSync(path('d')).gid, 1)
    assert.is(statSync(path('d/e')).uid, 1)
    assert.match(await failure(connection, file.owner(path('d'), 'nobody-like-that')), 'nobody-like-that')
    assert.match(await failure(connection, file.owner(path('none'), 'root')), 'is missing')
  })

  // What follows it is tried under every shell: links.test.ts.
  if (shell === shells[0])
    asRoot('a link to it is followed by all that set owner and mode, where nobody else can have made it', async () => {
      const ways: Readonly<Record<string, (path: string, to: 'file' | 'folder') => Operation<Value>>> = {
        attributes: (at) => file.attributes(at, { mode: '0600', owner: 'daemon' }),
        mode: (at) => file.mode(at, '0600'),
        'symbolic mode': (at) => file.mode(at, 'u=rw,go='),
        'mode of a tree': (at) => file.mode(at, '0600', { recursive: true }),
        'symbolic mode of a tree': (at) => file.mode(at, 'go=', { recursive: true }),
        owner: (at) => file.owner(at, 'daemon', { recursive: false }),
        'owner of a tree': (at) => file.owner(at, 'daemon'),
        content: (at) => file.content(at, 'x', { mode: '0600', owner: 'daemon' }),
        directory: (at) => file.directory(at, { mode: '0700', owner: 'daemon' }),
      }
      for (const [name, way] of Object.entries(ways))
        for (const to of ['file', 'folder'] as const) {
          if (name === (to === 'file' ? 'directory' : 'content')) continue
          const { dir, path, connection } = fresh()
          chmodSync(dir, 0o755)
          mkdirSync(path('folder'))
          for (const one of ['file', 'folder/in']) writeFileSync(path(one), 'x', { mode: 0o644 })
          mkdirSync(path('theirs'))
          for (const link of ['link', 'theirs/link']) symlinkSync(path(to), path(link))
          for (const one of ['theirs', 'theirs/link']) lchownSync(path(one), 65534, 65534)
          const before = JSON.stringify([statSync(path(to)), statSync(path('folder/in'))])
          // A new content takes the place of such a link.
          if (name !== 'content')
            assert.match(await failure(connection, way(path('theirs/link'), to)), 'was left alone', `${name} ${to}`)
          assert.is(JSON.stringify([statSync(path(to)), statSync(path('folder/in'))]), before)
          await applied(connection, () => way(path('link'), to))
          const { uid, mode: bits } = statSync(path(to))
          assert.ok(lstatSync(path('link')).isSymbolicLink())
          assert.is(lstatSync(path('link')).uid, 0)
          if (!name.includes('mode')) assert.is(uid, 1, `${name} ${to}`)
          if (!name.includes('owner')) assert.is(bits & 0o077, 0, `${name} ${to}`)
          if (to === 'folder' && name === 'owner of a tree') assert.is(statSync(path('folder/in')).uid, 1)
          if (to === 'folder' && name.includes('of a tree') && name.includes('mode'))
            assert.is(statSync(path('folder/in')).mode & 0o077, 0)
        }
    })

  test('mode of a tree lets directories be entered', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('d/e'), { recursive: true })
    chmodSync(path('d/e'), 0o2777)
    for (let i = 0; i < 25; i++) writeFileSync(path(`d/e/${i}`), '', { mode: 0o600 })
    const run = await applied(connection, () => file.mode(path('d'), '0640', { recursive: true }))
    assert.equal(run.result, { path: path('d'), count: 27 })
    assert.match((run.diff[0] as Diff).before, 'and 7 more\n')
    assert.equal([mode(path('d')), mode(path('d/e')), mode(path('d/e/7'))], ['750', '750', '640'])
    await applied(connection, () => file.mode(path('d/e/7'), '0400'))
    assert.is(mode(path('d/e/7')), '400')
  })

  test('stat tells what is there', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('f'), 'abc', { mode: 0o640 })
    symlinkSync('f', path('l'))
    const { result } = await planOf(connection, file.stat(path('l'), { sha256: true }))
    const real = statSync(path('f'))
    assert.equal(result, {
      exists: true,
      kind: 'file',
      size: 3,
      mode: '0640',
      owner: whoami('-un'),
      group: whoami('-gn'),
      mtime: Math.floor(real.mtimeMs / 1000),
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      link: 'f',
    })
    assert.equal((await planOf(connection, file.stat(path('none')))).result, { exists: false })
    assert.is((await planOf(connection, file.stat(path('')))).result.kind, 'directory')
  })

  test('backup saves once and restore puts a file back', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('f'), 'one', { mode: 0o640 })
    const run = await applied(connection, () => file.backup(path('f')))
    assert.equal(run.result, { path: path('f'), backup: path('.switchover-backup/f') })
    writeFileSync(path('f'), 'two')
    assert.is((await planOf(connection, file.backup(path('f')))).changed, false)
    await applied(connection, () => file.restore(path('f')))
    assert.is(readFileSync(path('f'), 'utf8'), 'one')
    assert.is(mode(path('f')), '640')
    await applied(connection, () => file.absent(path('f')))
    await applied(connection, () => file.restore(path('f')))
    assert.is(readFileSync(path('f'), 'utf8'), 'one')
  })

  test('backup keeps what was saved since the look, and restore replaces a folder that came to be', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('f'), 'one')
    const late = await planOf(connection, file.backup(path('f')))
    await applied(connection, () => file.backup(path('f')))
    writeFileSync(path('f'), 'two')
    await late.apply(connection)
    assert.is(readFileSync(path('.switchover-backup/f'), 'utf8'), 'one')
    const restoring = await planOf(connection, file.restore(path('f')))
    rmSync(path('f'))
    mkdirSync(path('f'))
    await restoring.apply(connection)
    assert.is(readFileSync(path('f'), 'utf8'), 'one')
    assert.equal(readdirSync(path('')).sort(), ['.switchover-backup', 'f'])
  })

  test('daemons that load folders pass by what backup keeps', async () => {
    if (leftOut('what loads folders', 'nginx', 'logrotate', 'visudo')) return
    const { path, connection } = fresh()
    for (const [name, text] of [
      ['site', 'server { listen 127.0.0.1:8099 default_server; }\n'],
      ['rotate', '/var/log/none.log {\n  missingok\n}\n'],
      ['job', '#!/bin/sh\n'],
    ] as const) {
      mkdirSync(path(`${name}.d`))
      writeFileSync(path(`${name}.d/${name}`), text, { mode: name === 'job' ? 0o755 : 0o644 })
      await applied(connection, () => file.content(path(`${name}.d/${name}`), `${text}# edited\n`, { backup: true }))
      assert.is(readdirSync(path(`${name}.d`)).length, 2)
    }
    const says = (command: string, ...args: string[]) => {
      const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
      return stdout + stderr
    }
    writeFileSync(path('nginx.conf'), `events {}\nhttp { include ${path('site.d')}/*; }\npid ${path('pid')};\n`)
    assert.match(says('nginx', '-t', '-e', 'stderr', '-c', path('nginx.conf')), 'syntax is ok')
    assert.not.match(says('nginx', '-t', '-e', 'stderr', '-c', path('nginx.conf')), 'duplicate default server')
    writeFileSync(path('logrotate.conf'), `include ${path('rotate.d')}\n`)
    assert.not.match(says('logrotate', '-d', '-s', path('state'), path('logrotate.conf')), 'duplicate log entry')
    if (existsSync('/usr/bin/run-parts'))
      assert.is(says('/usr/bin/run-parts', '--test', path('job.d')).trim(), path('job.d/job'))
  })

  test('backup and restore of a tree bring it back as it was', async () => {
    const { path, connection } = fresh()
    mkdirSync(path('d/e'), { recursive: true, mode: 0o750 })
    writeFileSync(path('d/e/f'), 'one')
    symlinkSync('e/f', path('d/l'))
    await applied(connection, () => file.backup(path('d/')))
    assert.is((await planOf(connection, file.restore(path('d')))).changed, false)
    writeFileSync(path('d/e/f'), 'two')
    writeFileSync(path('d/new'), '')
    await applied(connection, () => file.restore(path('d')))
    assert.is(readFileSync(path('d/e/f'), 'utf8'), 'one')
    assert.is(readlinkSync(path('d/l')), 'e/f')
    assert.not.ok(existsSync(path('d/new')))
    assert.match(await failure(connection, file.restore(path('x'))), 'cannot be put back')
    assert.match(await failure(connection, file.backup(path('x'))), 'cannot be saved: it is missing')
  })

  test('names with blanks, quotes, backslashes and letters of other languages', async () => {
    const { path, connection } = fresh()
    for (const name of ['a b', "it's", 'a\\nb', 'größe', '$HOME `x` "q"', '-n']) {
      await applied(connection, () => file.content(path(name), name))
      assert.is(readFileSync(path(name), 'utf8'), name)
      await applied(connection, () => file.link(path(`${name}.link`), name))
      await applied(connection, () => file.backup(path(`${name}.link`)))
      assert.is(readFileSync(path(`.switchover-backup/${name}`), 'utf8'), name)
      await applied(connection, () => file.content(path(`${name}.link`), 'other'))
      await applied(connection, () => file.restore(path(name)))
      assert.is((await planOf(connection, file.stat(path(`${name}.link`)))).result.link, name)
    }
  })

  test('content that is there already is not carried over', async () => {
    const { path, connection } = fresh()
    const text = 'x'.repeat(900_000)
    writeFileSync(path('f'), text)
    const exec = connection.exec.bind(connection)
    let said = 0
    connection.exec = async (...args) => {
      const result = await exec(...args)
      said += result.stdout.length
      return result
    }
    assert.is((await planOf(connection, file.content(path('f'), text))).changed, false)
    assert.ok(said > 50 && said < 500)
  })

  test('a plan changes nothing', async () => {
    const { dir, path, connection } = fresh()
    writeFileSync(path('f'), 'one')
    const all: readonly Operation<Value>[] = [
      file.content(path('f'), 'two'),
      file.directory(path('d')),
      file.link(path('l'), 'f'),
      file.absent(path('f')),
      file.mode(path('f'), '0400'),
      file.backup(path('f')),
    ] as readonly Operation<Value>[]
    const before = readFileSync(path('f'), 'utf8') + mode(path('f'))
    for (const one of all) assert.is((await one.prepare(connection)).changed, true)
    assert.is(readFileSync(path('f'), 'utf8') + mode(path('f')), before)
    assert.is(lstatSync(dir).nlink, 2)
  })

  test.run()
}

const refused = suite('file: what is refused')

refused('an owner that chown would take for something else', () => {
  for (const owner of ['-1', -1 as never, '', 'a:b', 'a b', '4294967295', '-R'])
    for (const make of [
      () => file.content('/x', '', { owner }),
      () => file.copy('/x', '/y', { group: owner }),
      () => file.directory('/x', { owner }),
      () => file.attributes('/x', { owner }),
    ])
      assert.throws(make, /cannot be the (owner|group) of a file$/)
  assert.throws(() => file.owner('/x', '-1'), /is not of the form/)
  assert.throws(() => file.owner('/x', 'nova:-1'), /is not of the form/)
  for (const owner of ['nova', '0', 'DOMAIN\\\\ops', 'ops@example.org']) file.content('/x', '', { owner })
})

refused('nothing of a file of /proc that was fetched before, though it does not say how long it is', async () => {
  const to = join(emptyDirectory(), 'version')
  await applied(here(), () => file.fetch('/proc/version', to))
  assert.is(readFileSync(to, 'utf8'), readFileSync('/proc/version', 'utf8'))
})

refused('files of several hosts that would come to one path', async () => {
  const [dir, to] = [emptyDirectory(), join(emptyDirectory(), 'report')]
  writeFileSync(join(dir, 'f'), 'x')
  const [one, other] = ['one', 'other'].map((name) => ({ ...here(), host: { name } }))
  const fetch = () => file.fetch(join(dir, 'f'), to)
  await fetch().prepare(one!)
  await fetch().prepare(one!)
  const error = await fetch()
    .prepare(other!)
    .catch((thrown: unknown) => thrown)
  assert.match((error as Error).message, `${to} is fetched from one and from other`)
})

refused.run()

const plans = suite('file: what it types')

const rights = (mode: string) => ({ '0640': 'ug-s,u=rw,g=r,o=,-t', '0750': 'ug-s,u=rwx,g=rx,o=,-t' })[mode]
const password = Secret.of('new-and-secret', 'password')
const text = (line: string) => `${'# a comment\n'.repeat(500)}${line}\n${'# another\n'.repeat(500)}`

for (const [what, operation, state, commands] of [
  ['a new file', file.content('/a', 'x\n', { mode: '0640' }), found('/a', undefined), ['> /a mode=0640\nx\n']],
  ['another content keeps the mode', file.content('/a', 'x\n'), found('/a', 'y\n'), ['> /a mode=0644\nx\n']],
  [
    'another content and what else is told',
    file.content('/a', 'x\n', { owner: 'nova', group: 'root', backup: true, validate: 'check %s' }),
    found('/a', 'y\n'),
    ['> /a backup=true mode=0644 owner=nova\nx\n', 'checked by: check %s'],
  ],
  [
    'a few lines of a large file',
    file.content('/a', text('new')),
    found('/a', text('old')),
    ['> /a mode=0644 keeps 6000 bytes and all from byte 6005\nnew\n'],
  ],
  ['what is no plain lines, whole', file.content('/a', 'ü'), found('/a', undefined), ['> /a\nü']],
  [
    'a new file with a secret',
    file.content('/a', masked`${password}\n`),
    found('/a', undefined),
    ['> /a mode=0600\n‹password›\n'],
  ],
  ['what looks like a password', file.content('/a', 'password=1\n'), found('/a', undefined), ['> /a\n‹content of /a›']],
  [
    'the attributes alone',
    file.content('/a', 'x', { mode: '0640', owner: 'nova' }),
    found('/a', 'x', { sha256: sha256('x'), target: '/b' }),
    [`stand /b\ngive nova ${rights('0640')}`],
  ],
  ['nothing', file.content('/a', 'x', { mode: '644', owner: '0' }), found('/a', 'x', { sha256: sha256('x') }), []],
  [
    'a directory',
    file.directory('/d', { mode: '0750' }),
    found('/d', undefined),
    [`make /d\nstand /d\ngive '' ${rights('0750')}`],
  ],
  [
    'the attributes of a directory',
    file.directory('/d', { mode: '0750', owner: 'root', group: 'nova' }),
    found('/d', '', { kind: 'directory' }),
    [`stand /d\ngive :nova ${rights('0750')}`],
  ],
  ['no directory', file.directory('/d'), found('/d', '', { kind: 'directory' }), []],
  [
    'a link',
    file.link('/l', 'to here'),
    found('/l', undefined),
    [
      "[ -d / ] || refuse '/l cannot be made: there is no directory /' 'make it first, with file.directory'\n" +
        'beside /l\n[ -L "./$f" ] || [ ! -e "./$f" ] || ' +
        `refuse "$p is there and not a link" 'move it away, or remove it with file.absent'\n` +
        `ln -sfn -- 'to here' "./$f"`,
    ],
  ],
  ['no link', file.link('/l', 'x'), found('/l', undefined, { link: 'x' }), []],
  ['no file any more', file.absent('/a b'), found('/a b', ''), [`beside '/a b'\nrm -rf "./$f"`]],
  ['no file', file.absent('/a'), found('/a', undefined), []],
  [
    'attributes, where a link leads',
    file.attributes('/a', { owner: 'nova', mode: '0640' }),
    found('/a', '', { link: 'b', target: '/b', mode: '0640' }),
    ["stand /b\ngive nova ''"],
  ],
  [
    'an owner',
    file.owner('/a', 'nova:nova'),
    { at: '/a', count: 1, sample: ['root:root /a/b'] },
    [
      'stand /a\nstill; whole\n' +
        'through \\( ! -user nova -o ! -group nova \\) -exec sh -c "$give" sh nova:nova \'\' {} "$end"',
    ],
  ],
  ['no owner', file.owner('/a', 'nova'), { at: '/a', count: 0, sample: [] }, []],
  [
    'a mode',
    file.mode('/a', '0640'),
    { at: '/a', count: 1, sample: ['600 /a'] },
    [`stand /a\ngive '' ${rights('0640')}`],
  ],
  [
    'the modes of a tree, directories last',
    file.mode('/a', '0640', { recursive: true }),
    { at: '/a', count: 2, sample: ['600 /a', '600 /a/b'] },
    [
      'stand /a\nstill; whole\n' +
        `through \\( ! -type d ! -type l ! -perm 0640 \\) -exec sh -c "$give" sh '' ${rights('0640')} {} "$end"\n` +
        `through \\( -type d ! -perm 0750 \\) -exec sh -c "$give" sh '' ${rights('0750')} {} "$end"`,
    ],
  ],
  [
    'a backup, complete before it gets its name',
    file.backup('/a'),
    { target: '/b', backup: '/.switchover-backup/b', is: 'there' },
    [
      'beside /b\nk=./.switchover-backup b=./.switchover-backup/$f\n[ -d "$k" ] || mkdir -m 700 "$k" || exit\n' +
        '[ ! -L "$k" ] || fail "$k is a link"\n[ -e "$b" ] || [ -L "$b" ] || ' +
        '{ rm -rf "$b.part" && cp -a "./$f" "$b.part" && mv "$b.part" "$b"; } # at most 3600 s',
    ],
  ],
  ['no second backup', file.backup('/a'), { target: '/a', backup: '/.switchover-backup/a', is: 'kept' }, []],
  [
    'a file put back, whatever became of it',
    file.restore('/a'),
    { target: '/a', backup: '/.switchover-backup/a', is: 'differs' },
    [
      'beside /a\nrm -rf "./$f.part" && cp -a ./.switchover-backup/a "./$f.part" || exit\n' +
        'if [ -d "./$f" ] && [ ! -L "./$f" ]; then\n' +
        '  rm -rf "./$f.replaced" && mv "./$f" "./$f.replaced" && mv "./$f.part" "./$f" && rm -rf "./$f.replaced"\n' +
        'else\n  mv -f "./$f.part" "./$f"\nfi # at most 3600 s',
    ],
  ],
  ['only a look', file.stat('/a'), found('/a', ''), []],
] as const) {
  plans(what, () => assert.equal(typed(operation as Operation<Value>, state), commands))
}

plans.run()
