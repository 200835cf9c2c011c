import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { find } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { counting } from '../../rig/counted.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

const day = 86400

function grow(files: Readonly<Record<string, readonly [size: number, age: number]>>): string {
  const root = emptyDirectory()
  for (const [path, [size, age]] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), Buffer.alloc(size))
    const then = Date.now() / 1000 - age
    utimesSync(join(root, path), then, then)
  }
  return root
}
const logs = {
  'a.log': [10, 0],
  'a.log.1.gz': [100, 10 * day],
  '.hidden.gz': [5, 40 * day],
  'deep/er/b.gz': [2000, 40 * day],
  "deep/it's $x.gz": [0, 3600],
} as const

for (const shell of shells) {
  const test = suite(`find under ${shell.name}`)
  const connection = here({ shell })

  test('files by name, age, size and depth', async () => {
    const root = grow(logs)
    symlinkSync('a.log', join(root, 'link.gz'))
    const names = async (options: Parameters<typeof find.files>[1]) =>
      (await planOf(connection, find.files(root, options))).result.map(({ path }) => path.slice(root.length + 1))
    assert.equal(await names({ name: '*.gz' }), ['.hidden.gz', 'a.log.1.gz', 'deep/er/b.gz', "deep/it's $x.gz"])
    assert.equal(await names({ name: ['*.log', 'b.*'] }), ['a.log', 'deep/er/b.gz'])
    assert.equal(await names({ olderThan: 10 * day }), ['.hidden.gz', 'a.log.1.gz', 'deep/er/b.gz'])
    assert.equal(await names({ olderThan: 3600, newerThan: 11 * day }), ['a.log.1.gz', "deep/it's $x.gz"])
    assert.equal(await names({ largerThan: 100 }), ['a.log.1.gz', 'deep/er/b.gz'])
    assert.equal(await names({ largerThan: 6, smallerThan: 100 }), ['a.log', 'a.log.1.gz'])
    assert.equal(await names({ name: '*.gz', depth: 0 }), ['.hidden.gz', 'a.log.1.gz'])
    assert.equal(await names({ kind: 'directory' }), ['deep', 'deep/er'])
    assert.equal(await names({ kind: 'link' }), ['link.gz'])
    assert.is((await names({ kind: 'any' })).length, 8)
    const [one] = (await planOf(connection, find.files(root, { name: 'b.gz' }))).result
    assert.equal([one!.kind, one!.size, one!.mode], ['file', 2000, '0644'])
    assert.equal((await planOf(connection, find.files(join(root, 'none')))).result, [])
  })

  test('swept, and then nothing more', async () => {
    const root = grow(logs)
    const run = await applied(connection, () => find.absent(root, { name: '*.gz', olderThan: 7 * day }))
    assert.equal(run.result, { path: root, removed: 3, bytes: 2105 })
    const left = spawnSync('find', ['.', '-type', 'f'], { cwd: root, encoding: 'utf8' }).stdout.split('\n').sort()
    assert.equal(left, ['', './a.log', "./deep/it's $x.gz"])
  })

  test('what was changed after the look stays', async () => {
    const root = grow({ 'a.gz': [5, 9 * day], 'b.gz': [5, 9 * day] })
    const plan = await planOf(connection, find.absent(root, { olderThan: day }))
    writeFileSync(join(root, 'a.gz'), 'news')
    await plan.apply(connection)
    assert.equal([existsSync(join(root, 'a.gz')), existsSync(join(root, 'b.gz'))], [true, false])
  })

  test.run()
}

const test = suite('find')

test('many are swept by a few processes, and what is another file meanwhile stays', async () => {
  const root = grow(Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`f ${i}`, [1, day]])))
  const { connection, started } = counting(['stat', 'rm'])
  const plan = await planOf(connection, find.absent(root, { name: 'f*' }))
  const looked = started().length
  await plan.apply(connection)
  assert.ok(started().length - looked <= 6, `${started().length - looked} processes`)
  assert.not.ok(existsSync(join(root, 'f 0')) || existsSync(join(root, 'f 699')))
})

test('what cannot be meant is refused', async () => {
  assert.throws(() => find.absent('/var/log', {}), 'say which files')
  assert.throws(() => find.absent('var', { name: 'x' }), 'not an absolute path')
  assert.throws(() => find.files('/', { name: 'a/b' }), 'is for names, not for paths')
  assert.throws(() => find.files('/', { olderThan: NaN }), 'is no number')
  const root = emptyDirectory()
  writeFileSync(join(root, 'a\nb'), '')
  assert.match(await failure(here(), find.absent(root, { name: '*' })), 'is not one line of UTF-8')
})

const one = { path: '/x/a', kind: 'file', size: 7, mtime: 1000, mode: '0644', owner: 'root' }
for (const [what, options, now, reads] of [
  ['old enough', { olderThan: 100 }, 1100, ['< 7 1000 /x/a\n']],
  ['too young', { olderThan: 100 }, 1099, []],
  ['too small', { largerThan: 8 }, 1100, []],
] as const) {
  test(`what is typed: ${what}`, () => {
    assert.equal(typed(find.absent('/x', options), { now, files: [one] }).slice(1), reads)
  })
}

test.run()
