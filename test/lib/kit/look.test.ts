import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { remember } from '../../../lib/kit/contents.ts'
import { look, type LookOptions } from '../../../lib/kit/look.ts'
import type { PathState } from '../../../lib/kit/path-state.ts'
import { file } from '../../../lib/modules/index.ts'
import { counting } from '../../rig/counted.ts'
import { emptyDirectory, type Here, here, shells } from '../../rig/here.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

for (const shell of shells) {
  const test = suite(`look under ${shell.name}`)

  test('questions put at the same moment go in one request, and are answered as each alone', async () => {
    const dir = emptyDirectory()
    const at = (name: string) => join(dir, name)
    const small = Buffer.from([0, 255, 10, 10, 39, 92])
    const large = randomBytes(50_000)
    const long = Buffer.from('x'.repeat(300_000))
    mkdirSync(at('folder'))
    chmodSync(at('folder'), 0o2750)
    writeFileSync(at('small'), small, { mode: 0o604 })
    writeFileSync(at("la'rge \\ über"), large)
    writeFileSync(at('long'), long)
    writeFileSync(at('empty'), '')
    symlinkSync('small', at('link'))
    symlinkSync('nowhere', at('dangling'))
    const questions: readonly (readonly [string, LookOptions])[] = [
      [at('small'), { content: 1000 }],
      [at('small'), {}],
      [at('small'), { sha256: true }],
      [at("la'rge \\ über"), { content: 100_000 }],
      [at("la'rge \\ über"), { content: 100_000, unless: { sha256: sha256(large), bytes: large.length } }],
      [at("la'rge \\ über"), { sha256: true }],
      [at('long'), { content: 200_000, unless: { sha256: 'f'.repeat(64), bytes: 300_000 } }],
      [at('long'), { content: 300_000 }],
      [at('empty'), { content: 10, sha256: true }],
      [at('link'), { content: 10 }],
      [at('dangling'), { content: 10, sha256: true }],
      [at('folder'), { content: 10, sha256: true }],
      [at('missing/file'), { content: 10 }],
      ['/', {}],
    ]
    const together = here({ shell })
    const states = await Promise.all(questions.map(([path, options]) => look(together, path, options)))
    assert.is(together.requests, 1)
    const alone: PathState[] = []
    for (const [path, options] of questions) alone.push(await look(here({ shell }), path, options))
    assert.equal(states, alone)

    assert.equal(
      states.map(({ exists, kind }) => (exists ? kind : 'none')),
      [
        'file',
        'file',
        'file',
        'file',
        'file',
        'file',
        'file',
        'file',
        'file',
        'file',
        'none',
        'directory',
        'none',
        'directory',
      ],
    )
    assert.equal(
      states.map(({ content }) => content?.length),
      [
        6,
        undefined,
        undefined,
        50_000,
        undefined,
        undefined,
        undefined,
        300_000,
        0,
        6,
        undefined,
        undefined,
        undefined,
        undefined,
      ],
    )
    assert.ok(
      states[0]!.content!.equals(small) && states[3]!.content!.equals(large) && states[7]!.content!.equals(long),
    )
    assert.equal(
      [2, 4, 5, 6, 8].map((i) => states[i]!.sha256),
      [small, large, large, long, Buffer.alloc(0)].map(sha256),
    )
    assert.equal(
      [states[0]!.mode, states[0]!.size, states[0]!.mtime],
      ['0604', 6, Math.floor(statSync(at('small')).mtimeMs / 1000)],
    )
    assert.is(states[11]!.mode, '2750')
    assert.equal([states[9]!.link, states[9]!.target, states[10]!.link], ['small', at('small'), 'nowhere'])
  })

  test('one that cannot be read does not take the others with it', async () => {
    const dir = emptyDirectory()
    writeFileSync(join(dir, 'good'), 'good')
    writeFileSync(join(dir, 'bad'), 'bad')
    const connection = here({ shell })
    // A tool that refuses: file rights do not stop root.
    const refusing: Here = {
      ...connection,
      exec: (script, options) =>
        connection.exec(
          `cat() { case "$*" in */bad*) echo 'cat: bad: Input/output error' >&2; return 1;; esac; command cat "$@"; }\n${script.replace('exec cat "$@"', 'cat "$@" || exit')}`,
          options,
        ),
    }
    const [good, bad] = await Promise.allSettled([
      look(refusing, join(dir, 'good'), { content: 9 }),
      look(refusing, join(dir, 'bad'), { content: 9 }),
    ])
    assert.is(good.status === 'fulfilled' && good.value.content?.toString(), 'good')
    assert.match(bad.status === 'rejected' ? String(bad.reason) : '', 'Input/output error')
  })

  test('files that do not say how long they are are read whole', async () => {
    const [mounts, version] = await Promise.all(
      ['/proc/self/mounts', '/proc/version'].map((path) => look(here({ shell }), path, { content: 1 << 20 })),
    )
    assert.match(mounts!.content!.toString(), ' / ')
    assert.match(version!.content!.toString(), /^Linux /)
    const connection = here({ shell })
    const both = await Promise.all(
      ['/proc/self/mounts', '/proc/version'].map((path) => look(connection, path, { content: 1 << 20 })),
    )
    assert.match(both[0]!.content!.toString(), ' / ')
    assert.is(both[1]!.content!.toString(), version!.content!.toString())
  })

  test('a large content that was seen before is not sent again, unless it changed', async () => {
    const path = join(emptyDirectory(), 'conf')
    writeFileSync(path, randomBytes(30_000))
    const connection = here({ shell })
    let bytes = 0
    const counting: Here = {
      ...connection,
      exec: async (script, options) => {
        const result = await connection.exec(script, options)
        bytes += result.stdout.length
        return result
      },
    }
    const first = await look(counting, path, { content: 100_000 })
    assert.ok(bytes > 30_000)
    bytes = 0
    const again = await look(counting, path, { content: 100_000 })
    assert.ok(bytes < 500, `${bytes} bytes`)
    assert.ok(again.content!.equals(first.content!))
    appendFileSync(path, 'more')
    const changed = await look(counting, path, { content: 100_000 })
    assert.ok(bytes > 30_000)
    assert.is(changed.content!.length, 30_004)
  })

  test('what is written while the answer is under way does not make it poorer', async () => {
    const path = join(emptyDirectory(), 'conf')
    const before = randomBytes(20_000)
    writeFileSync(path, before)
    const connection = here({ shell })
    await look(connection, path, { content: 100_000 })
    const slow: Here = {
      ...connection,
      exec: async (script, options) => {
        const result = await connection.exec(script, options)
        remember('here', path, randomBytes(20_000))
        return result
      },
    }
    assert.ok((await look(slow, path, { content: 100_000 })).content?.equals(before))
  })

  test.run()
}

const test = suite('what a look costs')

test('a file of another size is not summed up, nor is one that nobody would take', async () => {
  const path = join(emptyDirectory(), 'huge')
  writeFileSync(path, '')
  truncateSync(path, 3 * 1024 ** 3)
  const { connection, started } = counting(['sha256sum'])
  const unless = { sha256: sha256(Buffer.from('x')), bytes: 1 }
  assert.is((await look(connection, path, { content: 1000, unless })).sha256, undefined)
  assert.is((await look(connection, path, { sha256: true })).sha256, undefined)
  await file.content(path, 'x').prepare(connection)
  await file.copy(fileURLToPath(import.meta.url), path).prepare(connection)
  assert.equal(started(), [''])
})

test.run()
