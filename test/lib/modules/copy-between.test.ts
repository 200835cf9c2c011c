import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { atNewPlace, emptiedAnywhere, held } from '../../../lib/kit/links.ts'
import { copyBetween } from '../../../lib/modules/index.ts'
import { Advice, type Operation, type Value } from '../../../lib/model/operation.ts'
import { emptyDirectory, type Here, here, shells } from '../../rig/here.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { leftOut, needing } from '../../rig/needs.ts'
import { startSshd } from '../../rig/sshd.ts'
import { applied, failure, planOf } from './applied.ts'

const mebi = 2 ** 20
const old = new Date('2014-04-17T12:00:00Z')

/** What passed over a connection by the streams of scripts like this, and what happens when one of them starts. */
interface Watched extends Here {
  passed: number
  /** Called before a script that matches is started; what it returns is how many bytes of its output are let through. */
  before(like: RegExp, does: () => number | void): void
}

function watched(connection: Here): Watched {
  const { stream } = connection
  const hooks: { like: RegExp; does: () => number | void }[] = []
  const made = Object.assign(connection, {
    passed: 0,
    before(like: RegExp, does: () => number | void) {
      hooks.push({ like, does })
    },
    async stream(script: string) {
      const at = hooks.findIndex(({ like }) => like.test(script))
      const most = at < 0 ? undefined : hooks.splice(at, 1)[0]!.does()
      const started = await stream.call(connection, script)
      let seen = 0
      const stdout = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          made.passed += chunk.length
          seen += chunk.length
          if (most !== undefined && seen >= most && seen - chunk.length < most) started.kill()
          done(null, chunk)
        },
      })
      return { ...started, stdout: started.stdout.pipe(stdout) }
    },
  })
  return made
}

const plans = suite('copyBetween: what it brings')
const entry = (path: string, size: number, more: object = {}) => ({
  path,
  size,
  directory: false,
  mtime: 1_400_000_000,
  mode: '640',
  blocks: Math.ceil(size / 512),
  ...more,
})
const from = { name: 'node-1' }
const finish = (part: string, to: string) => ({
  script: `${held(`${part}.switchover-part`)}\nchmod 640 "$p" && touch -d @1400000000 "$p" && rename "$f" ${basename(to)}`,
})

plans('files that are missing or differ, with the directories that they need, parents first', () => {
  const folder = (path: string) => entry(path, 0, { directory: true, mode: '750' })
  const plan = copyBetween.files({ from, path: '/d/' }).plan({
    theirs: [folder('a/b'), entry('a/b/c', 5), folder('a'), entry('same', 1), folder('empty'), entry('begun', 7)],
    ours: [entry('same', 1), entry('begun.switchover-part', 3), entry('ours', 1)],
  })
  assert.equal(plan.result, { path: '/d', files: 2, bytes: 12 })
  const brought = (name: string, bytes: number, anew: boolean) => ({
    path: `/d/${name}`,
    to: `/d/${name}`,
    bytes,
    stamp: `${bytes} 1400000000`,
    anew,
    finish: finish(`/d/${name}`, `/d/${name}`),
  })
  assert.equal(plan.change, {
    directories: [
      {
        script: `set -e\n${atNewPlace}make /d${['/d/a', '/d/a/b']
          .map((at) => `\nbeside ${at}; mkdir -m 750 "./$f"; give '' 750`)
          .join('')}`,
      },
    ],
    files: [brought('a/b/c', 5, true), brought('begun', 7, false)],
  })
})

plans('one file under another name; nothing where it is there', () => {
  const one = copyBetween.file({ from, path: '/x', to: '/y/z' })
  assert.equal(one.plan({ theirs: [entry('z', 5)], ours: [entry('z', 4)] }).change, {
    directories: [{ script: `set -e\n${atNewPlace}make /y` }],
    files: [{ path: '/x', to: '/y/z', bytes: 5, stamp: '5 1400000000', anew: true, finish: finish('/y/z', '/y/z') }],
  })
  assert.is(one.plan({ theirs: [entry('z', 5)], ours: [entry('z', 5)] }).change, undefined)
})

plans('a device, unless its copy is recorded', () => {
  const one = copyBetween.device({ from, path: '/dev/a', to: '/dev/b', bytes: 5, record: '/r/a' })
  const { change, unpredictable } = one.plan({ recorded: false })
  assert.equal(change, {
    path: '/dev/a',
    to: '/dev/b',
    bytes: 5,
    chunk: 16 * mebi,
    record: '/r/a',
    finish: { script: `${emptiedAnywhere('/r/a')}\n${held('/r/a')}\ndate -u +%Y-%m-%dT%H:%M:%SZ >"$p"` },
  })
  assert.is(unpredictable, true)
  assert.is(one.plan({ recorded: true }).change, undefined)
})

plans.run()

for (const shell of shells) {
  const test = suite(`copyBetween under ${shell.name}`)

  /** Two hosts with a directory each that both call by the same name. */
  const fresh = () => {
    const [root, theirs] = [emptyDirectory(), emptyDirectory()]
    const source = watched(here({ shell, mounts: { [root]: theirs } }))
    const target = watched(here({ shell }))
    Object.assign(source, { host: { name: 'node-1' } })
    Object.assign(target, { host: { name: 'node-5' }, peer: async () => source })
    const put = (name: string, content: string | Buffer, mode = 0o640, below = theirs) => {
      const file = join(below, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      chmodSync(file, mode)
      utimesSync(file, old, old)
    }
    return {
      root,
      theirs,
      source,
      target,
      put,
      files: (more: Partial<copyBetween.FilesBetween> = {}) =>
        copyBetween.files({ from: { name: 'node-1' }, path: root, ...more }),
      file: (name: string, more: Partial<copyBetween.FileBetween> = {}) =>
        copyBetween.file({ from: { name: 'node-1' }, path: join(root, name), ...more }),
      read: (name: string) => readFileSync(join(root, name)),
    }
  }
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)
  const run = async (connection: Here, operation: Operation<Value>) => {
    const prepared = await operation.prepare(connection)
    return prepared.changed ? ((await prepared.apply(connection)) ?? prepared.result) : prepared.result
  }
  const error = async (connection: Here, operation: Operation<Value>): Promise<Advice> => {
    const thrown = await run(connection, operation).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.instance(thrown, Error)
    return thrown as Advice
  }

  test('the pace of a copy is that of the beginning of a file, which is kept nowhere', async () => {
    const { root, target, source, put } = fresh()
    put('large', randomBytes(3 * mebi))
    const of = (most?: number) =>
      run(target, copyBetween.pace({ from: { name: 'node-1' }, path: join(root, 'large'), most }))
    const { bytes, seconds } = (await of()) as copyBetween.Pace
    assert.is(bytes, 3 * mebi)
    assert.ok(seconds > 0 && seconds < 60)
    source.passed = 0
    assert.equal(((await of(mebi)) as copyBetween.Pace).bytes, mebi)
    assert.is(source.passed, mebi)
    assert.equal(readdirSync(root), [])
  })

  test('files come with whatever name, mode and time they have; again nothing does', async () => {
    const { root, theirs, target, put, files, read } = fresh()
    const names = [
      'plain',
      'two words',
      '-rf',
      'it\'s "quoted" $HOME `id`',
      'line\nbreak',
      '/// 81a4 1 1 .',
      'deep/er/and deeper/file',
      'образ',
      'deep/*',
      'ends\n',
      'back\\slash',
    ]
    for (const [i, name] of names.entries())
      put(name, Buffer.concat([randomBytes(1000 * i), Buffer.from(name)]), [0o640, 0o755, 0o400][i % 3])
    put('empty', '', 0o600)
    chmodSync(join(theirs, 'deep'), 0o750)
    put('own', 'ours', 0o644, root)
    const { result, diff } = await applied(target, () => files())
    assert.equal(result, {
      path: root,
      files: names.length + 1,
      bytes: diff.reduce((sum, { after }) => sum + Number.parseInt(after, 10), 0),
    })
    for (const name of [...names, 'empty']) {
      assert.ok(read(name).equals(readFileSync(join(theirs, name))), name)
      assert.is(mode(join(root, name)), mode(join(theirs, name)))
      assert.equal(statSync(join(root, name)).mtime, old)
    }
    assert.equal([mode(join(root, 'deep')), mode(join(root, 'deep/er'))], ['750', '755'])
    assert.is(read('own').toString(), 'ours')
    assert.equal(
      readdirSync(root, { recursive: true }).filter((name) => String(name).endsWith('part')),
      [],
    )
  })

  test('files differ by size or by time, and what is left out stays out', async () => {
    const { root, target, put, files, read } = fresh()
    for (const name of ['same', 'longer', 'newer', 'cache/thing', 'cache[1]/thing', 'image-cache/x'])
      put(name, 'theirs')
    put('same', 'sixsix', 0o640, root)
    put('longer', 'longer than theirs', 0o640, root)
    put('newer', 'their!', 0o640, root)
    utimesSync(join(root, 'newer'), new Date(), new Date())
    const plan = await planOf(target, files({ exclude: ['cache', 'cache[1]'] }))
    assert.equal(plan.result, { path: root, files: 3, bytes: 18 })
    await run(target, files({ exclude: ['cache', 'cache[1]'] }))
    assert.equal([read('same'), read('longer'), read('newer'), read('image-cache/x')].map(String), [
      'sixsix',
      'theirs',
      'theirs',
      'theirs',
    ])
    assert.equal(readdirSync(root).sort(), ['image-cache', 'longer', 'newer', 'same'])
    assert.is(
      (await error(target, copyBetween.files({ from: { name: 'node-1' }, path: `${root}/none` }))).message,
      `node-1 has no directory ${root}/none`,
    )
    assert.throws(() => copyBetween.files({ from: { name: 'x' }, path: 'images' }), 'images must be an absolute path')
  })

  test('a copy that was cut goes on where it stopped', async () => {
    const { root, source, target, put, files, read } = fresh()
    const content = randomBytes(9 * mebi + 7)
    put('image', content)
    source.before(/^dd if=/, () => 2 * mebi)
    assert.match((await error(target, files())).message, `cannot read ${root}/image on node-1`)
    const begun = statSync(join(root, 'image.switchover-part')).size
    assert.ok(begun > 0 && begun < content.length, String(begun))
    assert.not.ok(existsSync(join(root, 'image')))
    assert.is(mode(join(root, 'image.switchover-part')), '600')
    source.passed = 0
    await applied(target, () => files())
    // It goes on at a whole MiB.
    const listings = 4000
    assert.ok(
      source.passed >= content.length - begun && source.passed < content.length - begun + mebi + listings,
      `${source.passed} of ${content.length - begun}`,
    )
    assert.ok(read('image').equals(content))
    assert.match(target.said.join('\n'), '9 of 9 MiB copied')
  })

  test('the first half of another file is noticed, and the copy is right', async () => {
    const { root, target, put, files, read } = fresh()
    const content = randomBytes(3 * mebi + 9)
    const begun = (name: string, bytes: Buffer) => writeFileSync(join(root, `${name}.switchover-part`), bytes)
    put('image', content)
    begun('image', randomBytes(2 * mebi))
    put('short', 'short')
    begun('short', Buffer.from('longer than the file itself'))
    put('whole', content)
    begun('whole', content)
    await applied(target, () => files())
    assert.equal(
      [read('image').equals(content), read('short').toString(), read('whole').equals(content)],
      [true, 'short', true],
    )
    assert.equal(readdirSync(root).sort(), ['image', 'short', 'whole'])
  })

  test('holes are not sent and stay holes, also after a copy that was cut', async () => {
    const { root, theirs, source, target, put, files, read } = fresh()
    // The cmp of busybox takes its time.
    const size = (shell.env?.PATH ? 18 : 50) * mebi + 7
    const content = Buffer.alloc(size)
    for (const [at, bytes] of [
      [0.5, 1],
      [3, 0.1],
      [12, 1],
    ] as const)
      randomBytes(bytes * mebi).copy(content, at * mebi)
    const data = 5 * mebi
    put('volume', '')
    truncateSync(join(theirs, 'volume'), size)
    const volume = openSync(join(theirs, 'volume'), 'r+')
    for (const at of [0, 1, 3, 12]) writeSync(volume, content, at * mebi, mebi, at * mebi)
    closeSync(volume)
    utimesSync(join(theirs, 'volume'), old, old)
    source.before(/^exec 3>&1; i=/, () => 2 * mebi)
    assert.match((await error(target, files())).message, `cannot read ${root}/volume on node-1`)
    rmSync(join(root, 'volume.switchover-part'), { force: true })
    source.passed = 0
    await applied(target, () => files())
    const spent = (path: string) => statSync(path).blocks * 512
    assert.ok(read('volume').equals(content))
    assert.ok(spent(join(root, 'volume')) <= data, String(spent(join(root, 'volume'))))
    assert.ok(source.passed < data + 4000, `${source.passed} passed`)
    assert.match(target.said.join('\n'), `${(size - 7) / mebi} of ${(size - 7) / mebi} MiB copied`)

    rmSync(join(root, 'volume'))
    // What lies behind the last whole MiB is to be a hole.
    writeFileSync(
      join(root, 'volume.switchover-part'),
      Buffer.concat([content.subarray(0, 6 * mebi), randomBytes(1000)]),
    )
    source.passed = 0
    await run(target, files())
    assert.ok(read('volume').equals(content))
    assert.ok(source.passed < mebi + 4000, `${source.passed} passed`)
  })

  needing(test, 'root')('what somebody else left as a beginning, or as a link elsewhere, is none', async () => {
    const { root, target, put, files, read } = fresh()
    const content = randomBytes(2 * mebi)
    put('image', content)
    put('other', content)
    writeFileSync(join(root, 'image.switchover-part'), content.subarray(0, mebi))
    chownSync(join(root, 'image.switchover-part'), 1, 1)
    const elsewhere = join(emptyDirectory(), 'elsewhere')
    writeFileSync(elsewhere, content.subarray(0, mebi))
    symlinkSync(elsewhere, join(root, 'other.switchover-part'))
    await applied(target, () => files())
    assert.equal(
      [
        read('image').equals(content),
        read('other').equals(content),
        statSync(join(root, 'image')).uid,
        statSync(elsewhere).size,
      ],
      [true, true, 0, mebi],
    )
  })

  test('a file that changes while it is copied is an error, and gets no name', async () => {
    const { root, theirs, source, target, put, files } = fresh()
    put('image', 'content')
    source.before(/^dd if=/, () => appendFileSync(join(theirs, 'image'), ' grown'))
    const thrown = await error(target, files())
    assert.equal(
      [thrown.message, thrown.hint],
      [`${root}/image of node-1 changed while it was copied`, 'stop what writes it there, then run the task again'],
    )
    assert.equal(readdirSync(root), [])
    source.before(/^dd if=/, () => rmSync(join(theirs, 'image')))
    assert.match(
      (await error(target, files())).message,
      /^cannot read .*image on node-1: .*(No such file|no such file|cannot open|nonexistent)/,
    )
    assert.not.ok(existsSync(join(root, 'image')))
  })

  needing(test, 'root')('a full disk is an error of the receiving host, and gives no file', async () => {
    const { target, put, file } = fresh()
    const small = emptyDirectory()
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'small', small])
    try {
      put('image', randomBytes(8 * mebi))
      const thrown = await error(target, file('image', { to: join(small, 'image') }))
      assert.match(thrown.message, /^cannot write .*image on node-5: .*No space left on device/)
      assert.equal(readdirSync(small), ['image.switchover-part'])
    } finally {
      spawnSync('umount', [small])
    }
  })

  test('several files are copied at a time, and after a failure no more are begun', async () => {
    const { root, theirs, source, target, put, files } = fresh()
    let [now, most] = [0, 0]
    const { stream } = source
    source.stream = async (script: string) => {
      const started = await stream.call(source, script)
      if (script.startsWith('dd if=')) {
        most = Math.max(most, ++now)
        void started.ended.then(() => {
          now--
        })
      }
      return started
    }
    for (let i = 0; i < 12; i++) put(`image-${i}`, randomBytes(300_000))
    await applied(target, () => files({ atOnce: 3 }))
    assert.is(most, 3)
    for (let i = 0; i < 12; i++)
      assert.ok(readFileSync(join(root, `image-${i}`)).equals(readFileSync(join(theirs, `image-${i}`))))
    for (let i = 0; i < 12; i++) put(`other-${i}`, 'x')
    source.before(/^dd if=/, () => appendFileSync(join(theirs, 'other-0'), 'y'))
    assert.match((await error(target, files({ atOnce: 1 }))).message, 'other-0 of node-1 changed')
    assert.equal(
      readdirSync(root).filter((name) => name.startsWith('other')),
      [],
    )
  })

  test('file brings one file, under another name when told', async () => {
    const { root, target, put, file, read } = fresh()
    put("it's one", 'content', 0o604)
    const { result, diff } = await applied(target, () => file("it's one", { to: join(root, 'new/place/two') }))
    assert.equal(result, { path: join(root, 'new/place/two'), files: 1, bytes: 7 })
    assert.equal(diff, [{ path: join(root, 'new/place/two'), before: '', after: '7 bytes\n' }])
    assert.equal([read('new/place/two').toString(), mode(join(root, 'new/place/two'))], ['content', '604'])
    await applied(target, () => file("it's one"))
    assert.is(read("it's one").toString(), 'content')
    assert.is(await failure(target, file('none')), `node-1 has no file ${root}/none`)
    put('dir/x', '')
    assert.is(await failure(target, file('dir')), `${root}/dir of node-1 is a directory`)
    assert.is(
      await failure(target, file("it's one", { to: join(root, 'new') })),
      `${root}/new of node-5 is a directory`,
    )
  })

  /** A volume on both hosts: random, zeros, random, and an end that is no whole MiB. */
  const volumes = () => {
    const { root, theirs, source, target } = fresh()
    const [path, from] = [join(root, 'volume'), join(theirs, 'volume')]
    const bytes = 48 * mebi + 3 * mebi + 1234
    const content = Buffer.concat([
      randomBytes(16 * mebi),
      Buffer.alloc(16 * mebi),
      randomBytes(16 * mebi),
      randomBytes(3 * mebi + 1234),
    ])
    writeFileSync(from, content)
    writeFileSync(path, '')
    truncateSync(path, bytes)
    const record = join(root, 'done/volume')
    return {
      path,
      from,
      bytes,
      content,
      record,
      source,
      target,
      device: () => copyBetween.device({ from: { name: 'node-1' }, path, bytes, record }),
    }
  }

  test('device sends what differs and is not zeros, once', async () => {
    const { path, from, bytes, content, record, target, device } = volumes()
    const { result } = await applied(target, device)
    assert.equal(result, { path, bytes, sent: bytes - 16 * mebi })
    assert.ok(readFileSync(path).equals(content))
    assert.equal(readFileSync(path).length, bytes)
    assert.match(readFileSync(record, 'utf8'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/)
    assert.match(target.said.join('\n'), '102 of 102 MiB compared')
    // Somebody uses it now: whatever it holds, it is not written again.
    writeFileSync(from, Buffer.alloc(bytes))
    assert.is((await planOf(target, device())).changed, false)
  })

  test('device that was cut sends the rest, and zeros are never sent', async () => {
    const { path, bytes, content, record, source, target, device } = volumes()
    writeFileSync(path, randomBytes(bytes))
    source.before(/^set -e\ndd if=/, () => 17 * mebi)
    assert.match((await error(target, device())).message, `cannot read ${path} on node-1`)
    assert.not.ok(existsSync(record))
    source.passed = 0
    const result = (await run(target, device())) as copyBetween.CopiedDevice
    assert.ok(result.sent < bytes - 16 * mebi && result.sent > 0, String(result.sent))
    assert.ok(source.passed < result.sent + 4000)
    assert.ok(readFileSync(path).equals(content))
  })

  test('device ends where it is told, on a larger device and before a larger one', async () => {
    const { path, from, bytes, content, target, device } = volumes()
    const end = randomBytes(2 * mebi)
    appendFileSync(from, end)
    writeFileSync(path, Buffer.concat([Buffer.alloc(bytes), Buffer.alloc(2 * mebi, 7)]))
    await applied(target, device)
    assert.ok(readFileSync(path).equals(Buffer.concat([content, Buffer.alloc(2 * mebi, 7)])))
  })

  test('device that differs after the copy is an error and is not recorded', async () => {
    const { path, from, record, source, target, device } = volumes()
    source.before(/^set -e\ndd if=/, () => writeFileSync(from, randomBytes(mebi), { flag: 'r+' }))
    const thrown = await error(target, device())
    assert.equal(
      [thrown.message, thrown instanceof Advice],
      [`${path} differs from ${path} of node-1 after the copy`, true],
    )
    assert.not.ok(existsSync(record))
    rmSync(from)
    assert.is(
      (await error(target, device())).message,
      `cannot compare ${path} on node-1: ${path} cannot be read (exit code 1)`,
    )
  })

  test('device that somebody else has finished since the plan is left alone', async () => {
    const { path, record, source, target, device } = volumes()
    const plan = await planOf(target, device())
    const before = readFileSync(path)
    mkdirSync(dirname(record))
    writeFileSync(record, '')
    const thrown = await plan.apply(target).catch((error: Error) => error.message)
    assert.is(thrown, `cannot compare ${path} on node-5: ${record} says that it is complete (exit code 1)`)
    assert.ok(readFileSync(path).equals(before))
    assert.not.match(source.scripts.join(), /^set -e\ndd if=/m)
  })

  // Busybox has no ssh.
  if (!shell.env?.PATH)
    needing(test, 'sshd')('direct: the hosts copy without us, and say when they cannot', async () => {
      const { root, theirs, source, target, put, files, read } = fresh()
      const sshd = await startSshd()
      try {
        const way = [
          '-p',
          String(sshd.port),
          '-i',
          sshd.privateKey,
          '-o',
          `UserKnownHostsFile=${sshd.knownHosts}`,
          `${sshd.user}@127.0.0.1`,
        ] as const
        put('an image', randomBytes(mebi + 5))
        put('empty', '')
        put('hole', '')
        truncateSync(join(theirs, 'hole'), 3 * mebi + 1)
        // The receiver is a session of sshd, which does not see the mounts of the sender.
        await applied(target, () => files({ direct: way }))
        assert.ok(read('an image').equals(readFileSync(join(theirs, 'an image'))))
        assert.equal(
          [read('hole').equals(Buffer.alloc(3 * mebi + 1)), statSync(join(root, 'hole')).blocks < 16],
          [true, true],
        )
        // Lists and sums alone, however often they are asked for.
        assert.ok(source.passed < mebi / 100, String(source.passed))
        put('next', 'x')
        const refused = await error(
          target,
          files({
            direct: [
              '-p',
              String(sshd.port),
              '-i',
              '/dev/null',
              '-F',
              '/dev/null',
              '-o',
              'IdentitiesOnly=yes',
              '-o',
              `UserKnownHostsFile=${sshd.knownHosts}`,
              '127.0.0.1',
            ],
          }),
        )
        assert.match(refused.message, /^node-1 cannot reach node-5 by ssh .*Permission denied/s)
        assert.match(refused.hint, 'leave `direct` out')
        const plan = await files({ direct: way }).prepare(target)
        rmSync(join(theirs, 'next'))
        const gone = await plan.apply(target).then(
          () => '',
          (reason: Error) => reason.message,
        )
        assert.match(gone, `cannot read ${root}/next on node-1`)
      } finally {
        await sshd.stop()
      }
    })

  test.run()
}

const overSsh = suite('copyBetween over ssh')

needing(overSsh, 'sshd')('the end that broke is the one that is named, and what comes after it works', async () => {
  const [one, two] = await Promise.all([
    startSshd(),
    startSshd({
      programs: {
        dd: 'case "$*" in *of=*) head -c 100000 > /dev/null; echo "dd: broken" >&2; exit 1;; *) exec /bin/dd "$@";; esac',
      },
    }),
  ])
  const [a, b] = [aHost('node-1', reach(one)), aHost('node-5', reach(two))]
  const transport = createTransport({ inventory: inventoryOf(a, b) })
  try {
    const [dir, small] = [emptyDirectory(), emptyDirectory()]
    const content = randomBytes(9 * mebi + 3)
    writeFileSync(join(dir, 'image'), content)
    const [source, target] = [transport.connection(a, {}), transport.connection(b, {})]
    const bring = (connection: typeof target, from: string, to: string) =>
      copyBetween
        .file({ from: { name: from }, path: join(dir, 'image'), to })
        .prepare(connection)
        .then((plan) => plan.apply(connection))
    const why = (done: Promise<unknown>) =>
      done.then(
        () => 'it worked',
        (reason: Error) => reason.message,
      )

    if (!leftOut('a full disk over ssh', 'root')) {
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'small', small])
      assert.match(
        await why(bring(source, 'node-5', join(small, 'image'))),
        /^cannot write .*image on node-1: .*No space left on device/,
      )
      spawnSync('umount', [small])
    }
    assert.match(await why(bring(target, 'node-1', join(dir, 'cut'))), /^cannot write .*cut on node-5: dd: broken/)
    assert.equal(readdirSync(dir).sort(), ['cut.switchover-part', 'image'])
    await bring(source, 'node-5', join(dir, 'copy'))
    assert.ok(readFileSync(join(dir, 'copy')).equals(content))
    const gone = await copyBetween
      .file({ from: { name: 'node-5' }, path: join(dir, 'image'), to: join(dir, 'next') })
      .prepare(source)
    rmSync(join(dir, 'image'))
    assert.match(await why(gone.apply(source)), /^cannot read .*image on node-5: .*(No such file|cannot open)/)
    await two.stop()
    assert.match(await why(bring(source, 'node-5', join(dir, 'never'))), /node-5/)
  } finally {
    await transport.close()
    await Promise.all([one.stop(), two.stop()])
  }
})

overSsh.run()
