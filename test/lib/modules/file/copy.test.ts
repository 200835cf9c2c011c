import { createHash, randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { atPlace } from '../../../../lib/kit/links.ts'
import { copyBetween, file } from '../../../../lib/modules/index.ts'
import { Advice, type Connection, type Operation, type Value } from '../../../../lib/model/operation.ts'
import type { Secret } from '../../../../lib/model/secret.ts'
import { createTransport } from '../../../../lib/transport/index.ts'
import { emptyDirectory, here, shells } from '../../../rig/here.ts'
import { aHost, inventoryOf, reach } from '../../../rig/hosts.ts'
import { leftOut, needing } from '../../../rig/needs.ts'
import { startRelay } from '../../../rig/relay.ts'
import { type Sshd, type SshdOptions, startSshd } from '../../../rig/sshd.ts'
import { applied, failure, planOf } from '../applied.ts'
import { found } from '../typed.ts'

const mebi = 2 ** 20
const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** What passes over a connection in streams, and what happens to it. */
interface Watched {
  sent: number
  received: number
  /** The scripts that were streamed. */
  readonly scripts: string[]
  /** Called when so many bytes have passed, in both directions, and at the start of each stream. */
  seen: (bytes: number, kill: () => void) => void
  /** What is sent instead. */
  instead: (chunk: Buffer) => Buffer
}

function watched(connection: Connection): Watched {
  const { stream } = connection
  const watch: Watched = { sent: 0, received: 0, scripts: [], seen: () => {}, instead: (chunk) => chunk }
  connection.stream = async (script) => {
    // What is only summed up there goes nowhere.
    if (/^sum=[^;]*;[^;]*; \$sum < \S+$/.test(script)) return stream.call(connection, script)
    watch.scripts.push(script)
    const made = await stream.call(connection, script)
    const counting = (side: 'sent' | 'received') =>
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          watch[side] += chunk.length
          watch.seen(watch.sent + watch.received, () => made.kill())
          done(null, side === 'sent' ? watch.instead(chunk) : chunk)
        },
      })
    watch.seen(0, () => made.kill())
    const stdin = counting('sent')
    stdin.on('error', () => {}).pipe(made.stdin)
    made.stdin.on('error', (error) => stdin.destroy(error))
    made.stdin.on('close', () => {
      if (!made.stdin.writableFinished) stdin.destroy(new Error('closed'))
    })
    return { ...made, stdin, stdout: made.stdout.pipe(counting('received')) }
  }
  return watch
}

const run = async (connection: Connection, operation: Operation<Value>) => {
  const prepared = await operation.prepare(connection)
  return prepared.changed ? ((await prepared.apply(connection)) ?? prepared.result) : prepared.result
}
const error = async (connection: Connection, operation: Operation<Value>): Promise<string> =>
  run(connection, operation).then(
    () => 'it worked',
    (reason: Error) => reason.message,
  )

const plans = suite('file.copy and file.fetch: what they carry')

const mine = (text: string) => {
  const content = Buffer.from(text)
  return { bytes: content.length, sha256: sha256Of(content), content, stamp: '1 2' }
}
const big = { bytes: 5e6, stamp: '5000000 1' }

for (const [what, operation, state, change] of [
  [
    'a small file, whole',
    file.copy('/l', '/h', { mode: '0640' }),
    { state: found('/h', undefined), mine: mine('x\n'), same: false },
    { path: '/h', content: 'x\n', patch: { head: 0 }, meta: { mode: '0640' } },
  ],
  [
    'bytes that are no text',
    file.copy('/l', '/h'),
    { state: found('/h', 'old', { owner: 'nova' }), mine: mine('\0\x01'), same: false },
    { path: '/h', content: Buffer.from([0, 1]), meta: { mode: '0644' } },
  ],
  [
    'the mode alone',
    file.copy('/l', '/h', { mode: '0600' }),
    { state: found('/h', undefined, { exists: true, kind: 'file' }), mine: big, same: true },
    { script: `${atPlace}stand /h\ngive '' ug-s,u=rw,g=,o=,-t`, tidy: true },
  ],
  [
    'a large file, and what is done when it has arrived',
    file.copy('/l', '/h', { backup: true, validate: 'check %s', owner: 'nova' }),
    { state: found('/h', undefined), mine: big, same: false },
    {
      from: '/l',
      path: '/h',
      ...big,
      meta: { backup: true, validate: 'check %s', owner: 'nova' },
    },
  ],
  ['nothing', file.copy('/l', '/h'), { state: found('/h', 'x'), mine: mine('x'), same: true }, undefined],
  [
    'a small file here, where its path leads',
    file.fetch('/h', '/l'),
    { state: found('/h', 'x', { target: '/t' }), mine: undefined },
    { path: '/t', to: '/l', bytes: 1 },
  ],
  [
    'a large file here',
    file.fetch('/h', '/l'),
    { state: found('/h', undefined, { exists: true, kind: 'file', size: 5e6, mtime: 9 }), mine: { bytes: 1 } },
    { path: '/h', to: '/l', bytes: 5e6, stamp: '5000000 9' },
  ],
  [
    'nothing here',
    file.fetch('/h', '/l'),
    { state: found('/h', 'x', { sha256: 'a' }), mine: { bytes: 1, sha256: 'a' } },
    undefined,
  ],
] as const) {
  plans(what, () => assert.equal((operation as Operation<Value>).plan(state).change, change))
}

plans('a small file that holds a password is not to be read in the plan', () => {
  const plan = file.copy('/l', '/h').plan({ state: found('/h', undefined), mine: mine('password=1'), same: false })
  assert.is(String((plan.change as { content: Secret }).content), '‹content of /h›')
})

plans.run()

for (const shell of shells) {
  const test = suite(`file.copy and file.fetch under ${shell.name}`)
  const fresh = () => {
    const dir = emptyDirectory()
    const connection = here({ shell })
    return { dir, path: (name: string) => join(dir, name), connection }
  }

  for (const [size, name] of [
    [300_000, 'small'],
    [3_000_000, 'large'],
  ] as const) {
    test(`copy brings a ${name} file, and fetch brings it back`, async () => {
      const { path, connection } = fresh()
      const bytes = Buffer.alloc(size, 'switchover\0\xff', 'latin1')
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      writeFileSync(path('local'), bytes)
      writeFileSync(path('host'), 'before')
      chmodSync(path('host'), 0o620)
      const made = await applied(connection, () => file.copy(path('local'), path('host'), { backup: true }))
      assert.equal(made.result, { path: path('host'), bytes: size, sha256, changed: true })
      if (name === 'small') assert.equal(made.requests, { read: 1, apply: 1 })
      assert.ok(readFileSync(path('host')).equals(bytes))
      assert.is(mode(path('host')), '620')
      assert.is(readFileSync(path('.switchover-backup/host'), 'utf8'), 'before')
      await applied(connection, () => file.fetch(path('host'), path('back')))
      assert.ok(readFileSync(path('back')).equals(bytes))
      // only attributes
      await applied(connection, () => file.copy(path('local'), path('host'), { mode: '0600' }))
      assert.is(mode(path('host')), '600')
    })
  }

  test('fetch makes the folders that are missing here', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('host'), 'text')
    await applied(connection, () => file.fetch(path('host'), path('a/b/back')))
    assert.is(readFileSync(path('a/b/back'), 'utf8'), 'text')
  })

  test('fetch says what is in the way, on either side, and leaves nothing', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('host'), 'text')
    mkdirSync(path('out/in'), { recursive: true })
    assert.match(await failure(connection, file.fetch(path('host'), path('out'))), 'is a folder of this machine')
    assert.throws(() => file.fetch(path('host'), 'out/'), '"out/" is the path of a folder')
    assert.match(await failure(connection, file.fetch(path('out'), path('x'))), 'it is a directory')
    // It became one since it was looked at.
    const late = await file.fetch(path('host'), path('late')).prepare(connection)
    mkdirSync(path('late'))
    const error = await late.apply(connection).catch((thrown: unknown) => thrown)
    assert.instance(error, Advice)
    assert.match((error as Advice).message, /^cannot be brought to this machine: .*late: it is a folder$/)
    assert.equal(readdirSync(path('')).sort(), ['host', 'late', 'out'])
    const { hint } = (await file
      .fetch('/dev/null', path('x'))
      .prepare(connection)
      .catch((thrown: unknown) => thrown)) as Advice
    assert.is(hint, 'check the path')
  })

  test('copy and fetch say what is missing', async () => {
    const { path, connection } = fresh()
    assert.match(await failure(connection, file.copy(path('none'), path('host'))), 'cannot be copied: ENOENT')
    assert.match(await failure(connection, file.copy(path(''), path('host'))), 'it is a folder, which file.tree brings')
    assert.match(await failure(connection, file.fetch(path('none'), path('back'))), 'there is no such file')
    writeFileSync(path('large'), Buffer.alloc(2_000_000))
    assert.match(await failure(connection, file.copy(path('large'), path('none/x'))), 'there is no directory')
    const failed = await failure(
      connection,
      file.copy(path('large'), path('x'), { validate: 'echo no good >&2; false %s' }),
    )
    assert.match(failed, /^the new content of .*x on here was refused by `echo no good .*`: no good$/)
    assert.not.ok(existsSync(path('x')))
  })

  test('a large copy gets mode, owner and backup, and goes where a link leads', async () => {
    const { path, connection, dir } = fresh()
    const bytes = randomBytes(3 * mebi + 17)
    writeFileSync(path('local'), bytes)
    writeFileSync(path('real'), 'before')
    chmodSync(path('real'), 0o604)
    symlinkSync('real', path('host'))
    const given = !leftOut('the owner of a large copy', 'root')
    await applied(connection, () =>
      file.copy(path('local'), path('host'), { backup: true, ...(given ? { owner: 'daemon', group: 'daemon' } : {}) }),
    )
    assert.ok(readFileSync(path('real')).equals(bytes))
    assert.is(mode(path('real')), '604')
    assert.is(readFileSync(path('.switchover-backup/real'), 'utf8'), 'before')
    if (given) assert.equal([statSync(path('real')).uid, statSync(path('real')).gid], [1, 1])
    await applied(connection, () => file.copy(path('local'), path('new')))
    assert.is(mode(path('new')), '644')
    await applied(connection, () => file.copy(path('local'), path('secret'), { mode: '0400', validate: 'test -s %s' }))
    assert.is(mode(path('secret')), '400')
    assert.equal(readdirSync(dir).sort(), ['.switchover-backup', 'host', 'local', 'new', 'real', 'secret'])
  })

  test('the same file is not carried again; one of the same size is told by its checksum', async () => {
    const { path, connection } = fresh()
    const [bytes, other] = [randomBytes(2 * mebi), randomBytes(2 * mebi)]
    writeFileSync(path('local'), bytes)
    writeFileSync(path('host'), other)
    const plan = await planOf(connection, file.copy(path('local'), path('host')))
    assert.equal(plan.result, { path: path('host'), bytes: 2 * mebi, sha256: sha256Of(bytes), changed: true })
    assert.equal(plan.diff, [
      {
        path: path('host'),
        before: `${2 * mebi} bytes, sha256 ${sha256Of(other)}\n`,
        after: `${2 * mebi} bytes, sha256 ${sha256Of(bytes)}\n`,
      },
    ])
    await plan.apply(connection)
    const watch = watched(connection)
    assert.is((await planOf(connection, file.copy(path('local'), path('host')))).changed, false)
    assert.is((await planOf(connection, file.fetch(path('host'), path('local')))).changed, false)
    writeFileSync(path('local'), other)
    const back = await planOf(connection, file.fetch(path('host'), path('local')))
    assert.equal([back.changed, back.result.sha256], [true, sha256Of(bytes)])
    assert.equal(watch.scripts, [])
  })

  test('check mode looks at sizes, writes nothing and does not know the checksum', async () => {
    const { path, connection, dir } = fresh()
    writeFileSync(path('local'), randomBytes(2 * mebi))
    writeFileSync(path('host'), randomBytes(3 * mebi))
    const watch = watched(connection)
    const up = await planOf(connection, file.copy(path('local'), path('host')))
    const down = await planOf(connection, file.fetch(path('host'), path('local')))
    assert.equal(
      [up.result, down.result],
      [
        { path: path('host'), bytes: 2 * mebi, sha256: undefined, changed: true },
        { path: path('local'), bytes: 3 * mebi, sha256: undefined, changed: true },
      ],
    )
    assert.equal(
      [up.diff, down.diff],
      [
        [{ path: path('host'), before: `${3 * mebi} bytes\n`, after: `${2 * mebi} bytes\n` }],
        { path: path('local'), before: `${2 * mebi} bytes\n`, after: `${3 * mebi} bytes\n` },
      ],
    )
    assert.equal([watch.scripts, readdirSync(dir).sort()], [[], ['host', 'local']])
    assert.not.match(connection.scripts.join('\n'), /sha256|openssl/)
  })

  test('a copy that was cut goes on where it stopped, unless the file is another now', async () => {
    const { path, connection } = fresh()
    const watch = watched(connection)
    const bytes = randomBytes(48 * mebi + 5)
    writeFileSync(path('local'), bytes)
    watch.seen = (passed, kill) => {
      if (passed > 40 * mebi) kill()
    }
    assert.match(await error(connection, file.copy(path('local'), path('host'))), `cannot write ${path('host')}`)
    watch.seen = () => {}
    const begun = statSync(path('host.switchover-part')).size
    assert.ok(begun >= 16 * mebi && begun < bytes.length, String(begun))
    assert.equal([existsSync(path('host')), mode(path('host.switchover-part'))], [false, '600'])
    watch.sent = 0
    const result = await run(connection, file.copy(path('local'), path('host')))
    assert.equal(result, { path: path('host'), bytes: bytes.length, sha256: sha256Of(bytes), changed: true })
    assert.ok(
      watch.sent <= bytes.length - begun + mebi && watch.sent >= bytes.length - begun,
      `${watch.sent} of ${bytes.length - begun}`,
    )
    assert.ok(readFileSync(path('host')).equals(bytes))

    writeFileSync(path('next.switchover-part'), randomBytes(20 * mebi), { mode: 0o600 })
    await applied(connection, () => file.copy(path('local'), path('next')))
    assert.ok(readFileSync(path('next')).equals(bytes))
  })

  test('a fetch that was cut goes on where it stopped', async () => {
    const { path, connection, dir } = fresh()
    const watch = watched(connection)
    const bytes = randomBytes(9 * mebi + 7)
    writeFileSync(path('host'), bytes)
    watch.seen = (passed, kill) => {
      if (passed > 4 * mebi) kill()
    }
    assert.match(
      await error(connection, file.fetch(path('host'), path('local'))),
      `cannot read ${path('host')} on here`,
    )
    watch.seen = () => {}
    const begun = statSync(path('local.here.switchover-part')).size
    assert.ok(begun >= mebi && begun < bytes.length, String(begun))
    watch.received = 0
    const result = await run(connection, file.fetch(path('host'), path('local')))
    assert.equal(result, { path: path('local'), bytes: bytes.length, sha256: sha256Of(bytes), changed: true })
    assert.ok(watch.received <= bytes.length - begun + mebi + 200, `${watch.received} of ${bytes.length - begun}`)
    assert.ok(readFileSync(path('local')).equals(bytes))
    assert.equal([mode(path('local')), readdirSync(dir).sort()], ['600', ['host', 'local']])
    // What another file left behind is no beginning of this one.
    writeFileSync(path('again.here.switchover-part'), randomBytes(5 * mebi))
    await applied(connection, () => file.fetch(path('host'), path('again')))
    assert.ok(readFileSync(path('again')).equals(bytes))
  })

  test('what changes under way or arrives otherwise is refused, and what was there stays', async () => {
    const { path, connection, dir } = fresh()
    for (const name of ['local', 'host']) writeFileSync(path(name), randomBytes(2 * mebi))
    writeFileSync(path('old'), 'old')
    const watch = watched(connection)
    const once = (does: () => void) => {
      watch.seen = () => {
        watch.seen = () => {}
        does()
      }
    }
    once(() => appendFileSync(path('local'), 'more'))
    assert.is(
      await error(connection, file.copy(path('local'), path('old'))),
      `${path('local')} changed while it was copied`,
    )
    once(() => appendFileSync(path('host'), 'more'))
    assert.is(
      await error(connection, file.fetch(path('host'), path('old'))),
      `${path('host')} of here changed while it was copied`,
    )
    watch.instead = (chunk) => Buffer.concat([Buffer.from([chunk[0]! ^ 1]), chunk.subarray(1)])
    assert.is(
      await error(connection, file.copy(path('local'), path('old'))),
      `the copy of ${path('local')} differs from it`,
    )
    assert.is(readFileSync(path('old'), 'utf8'), 'old')
    assert.equal(readdirSync(dir).sort(), ['host', 'local', 'old'])
  })

  test('what is copied is on no command line', async () => {
    const { path, connection } = fresh()
    const secret = 'correct horse battery staple'
    const watch = watched(connection)
    writeFileSync(path('local'), secret.repeat(100_000))
    await run(connection, file.copy(path('local'), path('host')))
    await run(connection, file.fetch(path('host'), path('back')))
    assert.ok(watch.scripts.length >= 2)
    assert.not.match([...connection.scripts, ...watch.scripts].join('\n'), secret)
  })

  test.run()
}

if (!leftOut('what goes over ssh', 'sshd')) {
  const overSsh = suite('file.copy and file.fetch over ssh')
  const large = 70 * mebi + 12_345

  /** A host behind a relay that delays, with a large file here. */
  const distant = async (
    options: SshdOptions,
    delay: number,
    does: (rig: {
      readonly sshd: Sshd
      readonly relay: Awaited<ReturnType<typeof startRelay>>
      readonly path: (name: string) => string
      readonly bytes: Buffer
      readonly connection: Connection & { said?: string }
    }) => Promise<void>,
  ) => {
    const sshd = await startSshd(options)
    const relay = await startRelay(sshd.port, { delay })
    const dir = emptyDirectory()
    const host = aHost('node-1', {
      ...reach(sshd),
      port: relay.port,
      hostKeys: 'accept-new',
      knownHosts: join(dir, 'known_hosts'),
    })
    const transport = createTransport({ inventory: inventoryOf(host) })
    const bytes = randomBytes(large)
    writeFileSync(join(dir, 'local'), bytes)
    try {
      await does({ sshd, relay, path: (name) => join(dir, name), bytes, connection: transport.connection(host, {}) })
    } finally {
      await transport.close()
      await relay.stop()
      await sshd.stop()
    }
  }
  /** How many sessions were open at the same time, as sshd numbers them. */
  const sessions = (sshd: Sshd) =>
    Math.max(...[...sshd.log().matchAll(/Starting session: .* id (\d+)/g)].map(([, id]) => Number(id))) + 1

  for (const [what, options, least, most] of [
    ['several channels', {}, 6, 10],
    ['a server that allows two sessions', { config: ['MaxSessions 2'] }, 1, 2],
    ['a server that allows one session', { config: ['MaxSessions 1'] }, 1, 1],
    ['a host without openssl', { programs: { openssl: 'exit 127' } }, 6, 10],
  ] as const) {
    overSsh(`a large file goes to a distant host and back, and not a second time: ${what}`, () =>
      distant(options, 20, async ({ sshd, path, bytes, connection }) => {
        const watch = watched(connection)
        const sha256 = sha256Of(bytes)
        const up = await run(connection, file.copy(path('local'), path('host'), { mode: '0640' }))
        assert.equal(up, { path: path('host'), bytes: large, sha256, changed: true })
        assert.ok(readFileSync(path('host')).equals(bytes))
        assert.is(mode(path('host')), '640')
        const down = await run(connection, file.fetch(path('host'), path('back')))
        assert.equal(down, { path: path('back'), bytes: large, sha256, changed: true })
        assert.ok(readFileSync(path('back')).equals(bytes))
        assert.ok(sessions(sshd) >= least && sessions(sshd) <= most, `${sessions(sshd)} sessions`)
        const before = watch.scripts.length
        assert.is(((await run(connection, file.copy(path('local'), path('host')))) as file.Copied).changed, false)
        assert.is(((await run(connection, file.fetch(path('host'), path('back')))) as file.Copied).changed, false)
        assert.is(watch.scripts.length, before)
      }),
    )
  }

  overSsh('what a lost connection cut goes on where it stopped, through several channels too', () =>
    distant({}, 20, async ({ relay, path, bytes, connection }) => {
      const watch = watched(connection)
      const cutAfter = (passed: number) => {
        watch.sent = watch.received = 0
        watch.seen = (seen) => {
          if (seen > passed) {
            watch.seen = () => {}
            relay.cut()
          }
        }
      }
      cutAfter(66 * mebi)
      assert.match(await error(connection, file.copy(path('local'), path('host'))), /node-1/)
      const begun = statSync(path('host.switchover-part')).size
      assert.ok(begun > 40 * mebi && begun <= large, String(begun))
      watch.sent = 0
      await run(connection, file.copy(path('local'), path('host')))
      assert.ok(readFileSync(path('host')).equals(bytes))
      assert.ok(watch.sent < large - begun + 40 * mebi && watch.sent < 60 * mebi, `${watch.sent} after ${begun}`)

      cutAfter(40 * mebi)
      assert.match(await error(connection, file.fetch(path('host'), path('back'))), /node-1/)
      const fetched = statSync(path('back.node-1.switchover-part')).size
      assert.ok(fetched > 20 * mebi && fetched < large, String(fetched))
      watch.received = 0
      await run(connection, file.fetch(path('host'), path('back')))
      assert.ok(readFileSync(path('back')).equals(bytes))
      assert.ok(watch.received < large, String(watch.received))
    }),
  )

  needing(overSsh, 'root')('a full disk is the error of the receiving host, with several channels too', () =>
    distant({}, 20, async ({ path, connection }) => {
      const disk = emptyDirectory()
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30m', 'small', disk])
      try {
        assert.match(
          await error(connection, file.copy(path('local'), join(disk, 'x'))),
          /^cannot write .*x on node-1: .*No space left on device/,
        )
        assert.equal(readdirSync(disk), ['x.switchover-part'])
      } finally {
        spawnSync('umount', ['-l', disk])
      }
    }),
  )

  overSsh('copies take memory that does not grow with the file', () =>
    distant({}, 0, async ({ path, connection }) => {
      truncateSync(path('local'), 0)
      truncateSync(path('local'), 600 * mebi)
      const before = process.memoryUsage().rss
      let most = 0
      const watch = watched(connection)
      watch.seen = () => {
        most = Math.max(most, process.memoryUsage().rss)
      }
      await run(connection, file.copy(path('local'), path('host')))
      await run(connection, file.fetch(path('host'), path('back')))
      assert.is(statSync(path('back')).size, 600 * mebi)
      assert.ok(most > 0 && most - before < 250 * mebi, `${((most - before) / mebi).toFixed(0)} MiB`)
    }),
  )

  overSsh('from one distant host to another', () =>
    distant({}, 20, async ({ path, bytes, connection }) => {
      await run(connection, file.copy(path('local'), path('host')))
      const result = await run(
        connection,
        copyBetween.file({ from: { name: 'node-1' }, path: path('host'), to: path('copy') }),
      )
      assert.equal(result, { path: path('copy'), files: 1, bytes: large })
      assert.ok(readFileSync(path('copy')).equals(bytes))
    }),
  )

  overSsh.run()
}
