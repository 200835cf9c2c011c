import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { archive } from '../../../lib/modules/index.ts'
import { type Operation, Outdated, type Value } from '../../../lib/model/operation.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { places } from '../kit/places.ts'
import { applied, failure, planOf } from './applied.ts'
import { needing } from '../../rig/needs.ts'
import { typed } from './typed.ts'

/** Runs an independent tool and gives what it wrote. */
function tool(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function sources() {
  const root = emptyDirectory()
  mkdirSync(join(root, 'conf/sub dir'), { recursive: true })
  writeFileSync(join(root, 'conf/nova.conf'), 'debug = True\n')
  writeFileSync(join(root, 'conf/sub dir/zäh'), 'x')
  symlinkSync('nova.conf', join(root, 'conf/link'))
  writeFileSync(join(root, 'other'), 'o')
  return root
}

/** What lies in a folder, without what is noted there. */
const seenIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.switchover-extracted'))
    .sort()

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** An archive whose members have exactly these names, whatever they mean. */
function crafted(
  members: readonly { readonly name: string; readonly link?: string; readonly text?: string }[],
): string {
  const blocks: Buffer[] = []
  for (const { name, link, text = '' } of members) {
    const head = Buffer.alloc(512)
    const put = (at: number, value: string) => head.write(value, at)
    put(0, name)
    put(100, '0000644\0')
    put(108, '0000000\0')
    put(116, '0000000\0')
    put(124, `${text.length.toString(8).padStart(11, '0')}\0`)
    put(136, '00000000000\0')
    put(148, '        ')
    put(156, link === undefined ? '0' : '2')
    put(157, link ?? '')
    put(257, 'ustar\u000000')
    put(
      148,
      `${head
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    )
    blocks.push(head, Buffer.concat([Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)]))
  }
  const path = join(emptyDirectory(), 'crafted.tar')
  writeFileSync(path, Buffer.concat([...blocks, Buffer.alloc(1024)]))
  return path
}

for (const shell of shells) {
  const test = suite(`archive under ${shell.name}`)
  const connection = here({ shell })
  const busybox = shell.env !== undefined
  const programs = { tar: [], tgz: [], tbz: ['bzip2'], txz: ['xz'], tzst: ['zstd'], zip: ['zip', 'unzip'] } as const
  const formats = (['tar', 'tgz', 'tbz', 'txz', 'tzst', 'zip'] as const).filter(
    (format) => !busybox || /^t(ar|gz)$/.test(format),
  )
  // Files of the same instant are taken for unchanged; the test's changes come much later than what it packs.
  const age = (path: string, seconds = 0) => utimesSync(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds)

  for (const format of formats) {
    needing(test, ...programs[format])(
      `${format}: made, unpacked, and both unchanged when nothing changed`,
      async () => {
        const root = sources()
        const path = join(emptyDirectory(), `kept.${format}`)
        const made = await applied(connection, () => archive.create(path, ['conf', 'other'], { from: root }))
        assert.equal(made.requests, { read: 1, apply: 1 })
        assert.is(statSync(path).mode & 0o777, 0o600)
        const listed =
          format === 'zip' ? tool('unzip', '-Z1', path) : tool('tar', '-tf', path, '--quoting-style=literal')
        assert.equal(
          listed
            .trim()
            .split('\n')
            .map((name) => name.replace(/\/$/, ''))
            .sort(),
          ['conf', 'conf/link', 'conf/nova.conf', 'conf/sub dir', 'conf/sub dir/zäh', 'other'],
        )
        const to = join(emptyDirectory(), 'new/place')
        const out = await applied(connection, () => archive.extract(path, to))
        assert.equal(out.requests, { read: 1, apply: 1 })
        assert.is(out.result.sha256, tool('sha256sum', path).slice(0, 64))
        tool('diff', '-r', '--exclude', '.switchover-extracted*', root, to)
      },
    )
  }

  needing(test, ...programs[busybox ? 'tar' : 'zip'])(
    'what an archive cannot hold is refused, or left out',
    async () => {
      const root = sources()
      const listening = createServer().listen(join(root, 'conf/socket'))
      await once(listening, 'listening')
      try {
        await applied(connection, () => archive.create(join(root, 'a.tgz'), 'conf', { from: root }))
        if (busybox) return
        const refusal = async () => failure(connection, archive.create(join(root, 'a.zip'), 'conf', { from: root }))
        const only = 'cannot be made: zip takes files, folders and links alone, with names of one line: not '
        assert.match(await refusal(), `${only}conf/socket`)
        listening.close()
        await once(listening, 'close')
        writeFileSync(join(root, 'conf/a\nb'), 'x')
        assert.match(await refusal(), `${only}conf/a\nb`)
        rmSync(join(root, 'conf/a\nb'))
        tool('mkfifo', join(root, 'conf/fifo'))
        assert.match(await refusal(), `${only}conf/fifo`)
      } finally {
        listening.close()
      }
    },
  )

  test('made again when a source changed, is new, or is gone; or when others are asked for', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'kept.tgz')
    const make = () => archive.create(path, 'conf', { from: root })
    await applied(connection, make)
    const later = Date.now() / 1000 + 2
    const touch = (name: string) => utimesSync(join(root, name), later, later)
    const old = () => tool('touch', '-d', '1 hour ago', path)
    writeFileSync(join(root, 'conf/nova.conf'), 'debug = False\n')
    touch('conf/nova.conf')
    const run = await planOf(connection, make())
    assert.match((run.diff as { before: string }).before, 'older than conf/nova.conf')
    age(join(root, 'conf/nova.conf'))
    await run.apply(connection)
    assert.is((await planOf(connection, make())).changed, false)
    old()
    assert.is((await planOf(connection, make())).changed, true)
    await (await planOf(connection, make())).apply(connection)
    const other = await planOf(connection, archive.create(path, ['conf', 'other'], { from: root }))
    assert.is((other.diff as { before: string }).before, 'of other files\n')
  })

  test('mode is set, and kept when it is not said', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'kept.tar')
    await applied(connection, () => archive.create(path, 'other', { from: root }))
    const run = await applied(connection, () => archive.create(path, 'other', { from: root, mode: '0640' }))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(statSync(path).mode & 0o777, 0o640)
    await applied(connection, () => archive.create(path, ['other', 'conf'], { from: root }))
    assert.is(statSync(path).mode & 0o777, 0o640)
    assert.equal(readdirSync(join(path, '..')), ['kept.tar'])
  })

  test('a source that is missing is an error and leaves no archive', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'kept.tgz')
    assert.is(
      await failure(connection, archive.create(path, 'none', { from: root })),
      `${path} cannot be made: there is no none in ${root}`,
    )
    assert.not.ok(existsSync(path))
  })

  needing(test, 'root')('extract from the controller, with leading directories off and another owner', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'brought.tgz')
    tool('tar', '-czf', path, '-C', root, 'conf')
    const to = emptyDirectory()
    writeFileSync(join(to, 'mine'), '')
    const make = () => archive.extract(path, to, { source: 'controller', strip: 1, owner: 'nobody', group: 'daemon' })
    const plan = await planOf(connection, make())
    assert.is(plan.changed, true)
    assert.equal(readdirSync(to), ['mine'])
    await applied(connection, make)
    assert.equal(seenIn(to), ['link', 'mine', 'nova.conf', 'sub dir'])
    assert.is(tool('stat', '-c', '%U:%G', join(to, 'sub dir/zäh')).trim(), 'nobody:daemon')
    assert.is(tool('stat', '-c', '%U', join(to, 'mine')).trim(), 'root')
    assert.is(statSync(to).uid, 0)
    writeFileSync(join(to, 'nova.conf'), 'edited\n')
    assert.is((await planOf(connection, make())).changed, false)
    tool('tar', '-czf', path, '-C', root, 'conf', 'other')
    await applied(connection, make)
    assert.is(readFileSync(join(to, 'nova.conf'), 'utf8'), 'debug = True\n')
    assert.is(readFileSync(join(to, '.switchover-extracted'), 'utf8').trim().split('\n').length, 1)
  })

  test('what is gone is unpacked again, and what is another thing now is told and left', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'a.tgz')
    tool('tar', '-czf', path, '-C', root, 'conf', 'other')
    for (const source of ['host', 'controller'] as const) {
      const to = emptyDirectory()
      const make = () => archive.extract(path, to, { source })
      await applied(connection, make)
      assert.is((await planOf(connection, make())).notes, undefined)
      rmSync(join(to, 'conf/link'))
      rmSync(join(to, 'conf/sub dir'), { recursive: true })
      writeFileSync(join(to, 'conf/nova.conf'), 'debug = Fals\n')
      // Listings tell whole seconds, and the source may have been written in this one.
      utimesSync(join(to, 'conf/nova.conf'), new Date(), new Date(Date.now() + 5000))
      chmodSync(join(to, 'other'), 0o600)
      writeFileSync(join(to, 'conf/mine'), 'mine\n')
      const plan = await planOf(connection, make())
      assert.is(plan.changed, true)
      assert.is((plan.diff as { after: string }).after, 'conf/link\nconf/sub dir\nconf/sub dir/zäh\n')
      const notes = [
        `changed since it was unpacked in ${to}, and left so: conf/nova.conf, other; what is removed there is ` +
          'unpacked again',
      ]
      assert.equal(plan.notes, notes)
      await plan.apply(connection)
      assert.is(readlinkSync(join(to, 'conf/link')), 'nova.conf')
      assert.is(readFileSync(join(to, 'conf/sub dir/zäh'), 'utf8'), 'x')
      assert.is(readFileSync(join(to, 'conf/nova.conf'), 'utf8'), 'debug = Fals\n')
      assert.is(readFileSync(join(to, 'conf/mine'), 'utf8'), 'mine\n')
      const again = await planOf(connection, make())
      assert.equal([again.changed, again.notes], [false, notes])
      // As the note tells: removed, it comes back.
      rmSync(join(to, 'conf/nova.conf'))
      chmodSync(join(to, 'other'), 0o644)
      await applied(connection, make)
      assert.is(readFileSync(join(to, 'conf/nova.conf'), 'utf8'), 'debug = True\n')
      // The list lost, all is looked for anew.
      for (const name of readdirSync(to)) if (/extracted\./.test(name)) rmSync(join(to, name))
      await applied(connection, make)
      assert.is((await planOf(connection, make())).notes, undefined)
    }
  })

  test('another archive replaces all that it brings, within folders that are there, and leaves the rest', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'a.tar')
    chmodSync(join(root, 'conf'), 0o750)
    tool('tar', '-cf', path, '-C', root, 'conf', 'other')
    const to = emptyDirectory()
    mkdirSync(join(to, 'conf'))
    writeFileSync(join(to, 'conf/mine'), 'mine\n')
    writeFileSync(join(to, 'conf/nova.conf'), 'old\n')
    symlinkSync('/etc/hostname', join(to, 'other'))
    await applied(connection, () => archive.extract(path, to))
    assert.equal(seenIn(join(to, 'conf')), ['link', 'mine', 'nova.conf', 'sub dir'])
    assert.is(readFileSync(join(to, 'conf/nova.conf'), 'utf8'), 'debug = True\n')
    assert.is(readFileSync(join(to, 'other'), 'utf8'), 'o')
    assert.is(statSync(join(to, 'conf')).mode & 0o7777, 0o750)
    assert.equal(seenIn(to), ['conf', 'other'])
    // What was a file becomes a folder.
    mkdirSync(join(root, 'more/other'), { recursive: true })
    writeFileSync(join(root, 'more/other/x'), 'x')
    tool('tar', '-cf', path, '-C', join(root, 'more'), 'other')
    await applied(connection, () => archive.extract(path, to))
    assert.is(readFileSync(join(to, 'other/x'), 'utf8'), 'x')
  })

  test('the folder itself gets what the archive says of it, and only then', async () => {
    const root = sources()
    chmodSync(root, 0o711)
    const path = join(emptyDirectory(), 'a.tar')
    tool('tar', '-cf', path, '-C', root, '.')
    const to = join(emptyDirectory(), 'to')
    await applied(connection, () => archive.extract(path, to))
    assert.is(statSync(to).mode & 0o7777, 0o711)
    tool('tar', '-cf', path, '-C', root, 'other')
    chmodSync(to, 0o2750)
    await applied(connection, () => archive.extract(path, to))
    assert.is(statSync(to).mode & 0o7777, 0o2750)
  })

  test('a folder where a link of that name lies is refused', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'a.tgz')
    tool('tar', '-czf', path, '-C', root, 'conf')
    const [to, elsewhere] = [emptyDirectory(), emptyDirectory()]
    symlinkSync(elsewhere, join(to, 'conf'))
    assert.is(
      await failure(connection, archive.extract(path, to)),
      `${to}/conf is a link, and the archive has a folder of that name`,
    )
    assert.equal(readdirSync(elsewhere), [])
    assert.equal(readdirSync(to), ['conf'])
  })

  needing(test, 'root')('no note is read or written through a link that the folder of a user has', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'a.tgz')
    tool('tar', '-czf', path, '-C', root, 'conf')
    const { at, plant, untouched } = places()
    plant('svc/.switchover-extracted', at('victim'))
    await applied(connection, () => archive.extract(path, at('svc')))
    untouched()
    assert.not.match(readFileSync(at('svc/.switchover-extracted'), 'utf8'), 'secret')
  })

  test('creates decides alone, and must come true', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'a.tar')
    tool('tar', '-cf', path, '-C', root, 'conf')
    const to = emptyDirectory()
    await applied(connection, () => archive.extract(path, to, { creates: join(to, 'conf/nova.conf') }))
    assert.equal(readdirSync(to), ['conf'])
    tool('rm', path)
    assert.is(
      (await planOf(connection, archive.extract(path, to, { creates: join(to, 'conf/nova.conf') }))).changed,
      false,
    )
    tool('tar', '-cf', path, '-C', root, 'other')
    assert.match(
      await failure(connection, archive.extract(path, to, { creates: join(to, 'never') })),
      `the archive brought no ${join(to, 'never')}`,
    )
  })

  test('a member that would land outside is refused, from the host and from the controller', async () => {
    for (const name of ['../evil', '/tmp/evil', 'a/../../evil']) {
      const path = crafted([
        { name: 'good', text: 'x' },
        { name, text: 'x' },
      ])
      const to = join(emptyDirectory(), 'into')
      for (const source of ['host', 'controller'] as const) {
        const said = await failure(connection, archive.extract(path, to, { source }))
        assert.match(said, `${path} cannot be used: a member would land outside of the directory: `)
        if (!busybox) assert.match(said, name)
      }
      assert.not.ok(existsSync(join(to, 'good')))
    }
  })

  test('a member behind a link that leads outside does not land there', async () => {
    const outside = emptyDirectory()
    const path = crafted([
      { name: 'way', link: outside },
      { name: 'way/evil', text: 'x' },
    ])
    const to = emptyDirectory()
    const plan = await planOf(connection, archive.extract(path, to))
    await plan.apply(connection).catch(() => {})
    assert.equal(readdirSync(outside), [])
  })

  for (const [what, options, other] of [
    ['another archive under its name', {}, 'archive'],
    ['one that somebody else unpacked there', {}, 'note'],
    ['what it brings', { creates: 'conf/nova.conf' }, 'creates'],
  ] as const) {
    for (const source of ['host', 'controller'] as const) {
      if (source === 'controller' && other === 'archive') continue
      test(`${what} since the look: extract from the ${source} changes nothing`, async () => {
        const root = sources()
        const path = join(emptyDirectory(), 'a.tgz')
        tool('tar', '-czf', path, '-C', root, 'conf')
        const to = emptyDirectory()
        const creates = 'creates' in options ? { creates: join(to, options.creates) } : {}
        const make = () => archive.extract(path, to, { source, ...creates })
        const plan = await planOf(connection, make())
        if (other === 'archive') tool('tar', '-czf', path, '-C', root, 'conf', 'other')
        else if (other === 'creates') {
          mkdirSync(join(to, 'conf'))
          writeFileSync(join(to, 'conf/nova.conf'), 'mine\n')
        } else {
          await (await planOf(connection, make())).apply(connection)
          writeFileSync(join(to, 'conf/nova.conf'), 'mine\n')
        }
        const before = tool('ls', '-lAR', '--full-time', to)
        assert.instance(await errorOf(plan.apply(connection)), Outdated)
        assert.is(tool('ls', '-lAR', '--full-time', to), before)
        if (other === 'archive') await applied(connection, make)
        else assert.is((await planOf(connection, make())).changed, false)
      })
    }
  }

  test('an archive that somebody made since the look is not replaced', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'kept.tgz')
    const make = () => archive.create(path, 'conf', { from: root })
    for (const text of ['theirs', 'theirs, too']) {
      const plan = await planOf(connection, make())
      writeFileSync(`${path}.new`, text)
      tool('mv', `${path}.new`, path)
      assert.instance(await errorOf(plan.apply(connection)), Outdated)
      assert.is(readFileSync(path, 'utf8'), text)
    }
    assert.equal(readdirSync(join(path, '..')), ['kept.tgz'])
  })

  test('a symbolic mode changes that of the archive that is there', async () => {
    const root = sources()
    const path = join(emptyDirectory(), 'kept.tar')
    await applied(connection, () => archive.create(path, 'other', { from: root, mode: '0660' }))
    await applied(connection, () => archive.create(path, ['other', 'conf'], { from: root, mode: 'o+r' }))
    assert.is(statSync(path).mode & 0o777, 0o664)
  })

  test('what is damaged or not there is told', async () => {
    const path = join(emptyDirectory(), 'bad.tgz')
    assert.is(
      await failure(connection, archive.extract(path, '/tmp/none')),
      `${path} cannot be used: there is no such file`,
    )
    writeFileSync(path, 'not an archive')
    assert.match(await failure(connection, archive.extract(path, '/tmp/none')), 'it is damaged, or no tgz archive')
    assert.match(
      await failure(connection, archive.extract('none.tgz', '/tmp/none', { source: 'controller' })),
      'none.tgz cannot be unpacked',
    )
    assert.not.ok(existsSync('/tmp/none'))
  })

  test.run()
}

const test = suite('archive: what is asked for')

test('is checked before anything runs', () => {
  assert.throws(() => archive.create('/a.rar', 'x'), '/a.rar does not tell its format by its name')
  assert.throws(() => archive.create('/b/a.tgz', '/b'), '/b/a.tgz cannot hold b, in which it lies itself')
  assert.throws(() => archive.create('/a.tgz', '../x', { from: '/b' }), '"../x" is not a path below /b')
  assert.throws(() => archive.create('/a.tgz', 'a\nb'), 'is not of one line')
  assert.throws(
    () => archive.extract('/a.zip', '/b', { strip: 1 }),
    '/a.zip: unzip cannot take leading directories off the names',
  )
  assert.throws(() => archive.extract('a.tgz', '/b'), /not an absolute path/)
})

const sum = 'a'.repeat(64)
const seen = { done: false, sha256: sum, noted: undefined }

for (const [what, operation, state, want] of [
  [
    'an archive',
    archive.create('/a.tgz', ['b', 'c d'], { from: '/s' }),
    { why: 'none', attributes: '' },
    [
      "a=/a.tgz; cd /s; set -- b 'c d'",
      't=$(mktemp "$a.part-XXXXXX")',
      'c=0; tar -z -cf "$t" -- "$@" || c=$?',
      'if [ -f "$a" ]; then chmod "$(stat -c %a "$a")" "$t"; fi',
      'mv -f "$t" "$a"',
    ],
  ],
  [
    'a zip, with all that is told',
    archive.create('/a.zip', 'b', { mode: '640', owner: 'nova', group: 'nova' }),
    { why: 'older than b', attributes: '' },
    ['zip -q -r -y - -- "$@" > "$t"', 'chmod 0640 "$t"', 'chown nova:nova "$t"'],
  ],
  [
    'a symbolic mode',
    archive.create('/a.tgz', 'b', { mode: 'g+r' }),
    { why: '', attributes: '600 root 0 root 0' },
    ['stand /a.tgz', "give '' ug-s,u=rw,g=r,o=,-t"],
  ],
  [
    'the attributes alone',
    archive.create('/a.tgz', 'b', { owner: 'nova' }),
    { why: '', attributes: '600 root 0 root 0' },
    ['stand /a.tgz', "give nova ''"],
  ],
  [
    'what an archive holds',
    archive.extract('/a.tgz', '/d', { strip: 1 }),
    seen,
    [
      'a=/a.tgz',
      `[ "$(sha256sum < "$a" | cut -c 1-64)" = ${sum} ] || stale`,
      'make /d; top=$d',
      "w='/a.tgz strip 1'",
      'tar -z -xf "$a" --strip-components=1',
    ],
  ],
  [
    'files of somebody else, made ready first',
    archive.extract('/a.zip', '/d', { owner: 'nova', creates: '/d/x' }),
    seen,
    [
      's=.switchover-$$',
      'unzip -q -o "$a" -d . </dev/null',
      'chown -hR nova .',
      ") || { echo 'the archive brought no /d/x' >&2; exit 1; }",
    ],
  ],
] as const) {
  test(`types ${what}`, () => {
    const [script = ''] = typed(operation as Operation<Value>, state)
    let from = 0
    for (const line of want) {
      const at = script.indexOf(line, from)
      assert.ok(at >= 0, `${line} is not in, or not in this order:\n${script}`)
      from = at + line.length
    }
  })
}

test('brings an archive with the script that unpacks what it reads', () => {
  const brought = archive.extract('a.tar', '/d', { source: 'controller' })
  const { bring, script } = brought.plan(seen).change as { bring: string; script: string }
  assert.is(bring, join(new URL('.', import.meta.url).pathname, 'a.tar'))
  assert.match(script, `[ "$(sha256sum < "$t" | cut -c 1-64)" = ${sum} ]`)
  assert.match(script, 'a=$t\n')
})

test('types nothing where all is as wanted', () => {
  assert.equal(typed(archive.create('/a.tgz', 'b'), { why: '', attributes: '' }), [])
  assert.equal(typed(archive.extract('/a.tgz', '/d'), { ...seen, noted: sum }), [])
  assert.equal(
    typed(archive.extract('/a.tgz', '/d', { creates: '/x' }), { ...seen, done: true, sha256: undefined }),
    [],
  )
})

needing(test, 'root')('a host whose /tmp cannot be written says so', async () => {
  const packed = join(emptyDirectory(), 'a.tgz')
  spawnSync('tar', ['-czf', packed, '-C', '/etc', 'hostname'])
  const host = here({ mounts: { '/tmp': '/proc/sys' } })
  const message = await failure(host, archive.extract(packed, '/var/tmp/none', { source: 'controller' }))
  assert.match(message, 'the archive cannot be put down on the host: failed to create file')
})

test.run()
