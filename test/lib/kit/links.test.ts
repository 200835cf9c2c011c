import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import { copyBetween, file, ini, line, templateFile } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing, needs } from '../../rig/needs.ts'
import { applied, failure } from '../modules/applied.ts'

needs('root')
const svc = 65534

/** A folder of a service's user, and a file of root's that he may not even read. */
function places() {
  const root = emptyDirectory()
  chmodSync(root, 0o755)
  const at = (name: string) => join(root, name)
  mkdirSync(at('svc'))
  chownSync(at('svc'), svc, svc)
  writeFileSync(at('victim'), 'key = secret\n', { mode: 0o600 })
  mkdirSync(at('etc'))
  writeFileSync(at('etc/app.conf'), 'key = secret\n', { mode: 0o600 })
  const untouched = () => {
    for (const one of ['victim', 'etc/app.conf']) {
      const { uid, gid, mode } = statSync(at(one))
      assert.equal([uid, gid, mode & 0o7777, readFileSync(at(one), 'utf8')], [0, 0, 0o600, 'key = secret\n'], one)
    }
    assert.equal(readdirSync(at('etc')), ['app.conf'])
  }
  const plant = (name: string, to: string) => {
    symlinkSync(to, at(name))
    lchownSync(at(name), svc, svc)
  }
  return { at, plant, untouched }
}

const source = join(emptyDirectory(), 'source')
writeFileSync(source, 'mine\n')
const large = join(emptyDirectory(), 'large')
writeFileSync(large, 'mine\n'.repeat(400_000))
const forSvc = { owner: 'nobody', mode: '0640' }

for (const shell of shells) {
  const test = suite(`links that others made, under ${shell.name}`)

  for (const [what, make] of [
    ['content', (path) => file.content(path, 'mine\n', forSvc)],
    ['the same content as behind the link', (path) => file.content(path, 'key = secret\n', forSvc)],
    ['a copy', (path) => file.copy(source, path, forSvc)],
    ['a large copy', (path) => file.copy(large, path, forSvc)],
  ] as readonly (readonly [string, (path: string) => Operation<Value>])[]) {
    test(`are replaced by ${what}`, async () => {
      const { at, plant, untouched } = places()
      plant('svc/app.conf', at('victim'))
      await applied(here({ shell }), () => make(at('svc/app.conf')))
      untouched()
      const made = lstatSync(at('svc/app.conf'))
      assert.ok(made.isFile())
      assert.equal([made.uid, made.mode & 0o7777], [svc, 0o640])
      assert.equal(readdirSync(at('svc')), ['app.conf'])
    })
  }

  for (const [what, make] of [
    ['an edit', (path) => line.present(path, { line: 'x = y', owner: 'nobody' })],
    ['a setting', (path) => ini.set(path, { a: { b: 'c' } }, { create: true, owner: 'nobody' })],
    ['attributes', (path) => file.attributes(path, forSvc)],
    ['a folder', (path) => file.directory(path, forSvc)],
  ] as readonly (readonly [string, (path: string) => Operation<Value>])[]) {
    test(`are no way for ${what}, and it says so`, async () => {
      const { at, plant, untouched } = places()
      plant('svc/app.conf', what === 'a folder' ? at('etc') : at('victim'))
      assert.match(
        await failure(here({ shell }), make(at('svc/app.conf'))),
        /app\.conf .*was left alone: it is a link that others than root could have made$/,
      )
      untouched()
      assert.is(statSync(at('etc')).uid, 0)
    })
  }

  test('are no way to a folder either', async () => {
    const { at, plant, untouched } = places()
    plant('svc/conf', at('etc'))
    for (const one of [
      file.content(at('svc/conf/app.conf'), 'mine\n', forSvc),
      file.content(at('svc/conf/new.conf'), 'mine\n', forSvc),
      line.present(at('svc/conf/app.conf'), { line: 'x' }),
      file.attributes(at('svc/conf/app.conf'), forSvc),
      file.directory(at('svc/conf/new'), forSvc),
      file.copy(large, at('svc/conf/app.conf'), forSvc),
    ] as readonly Operation<Value>[])
      assert.match(await failure(here({ shell }), one), /svc\/conf is a link that others than root could have made/)
    untouched()
  })

  test('are followed when that is said, and those of root in folders of root always', async () => {
    const { at, plant } = places()
    plant('svc/app.conf', at('victim'))
    symlinkSync(at('victim'), at('etc/link'))
    symlinkSync('etc', at('way'))
    await applied(here({ shell }), () => line.present(at('svc/app.conf'), { line: 'one', follow: true }))
    await applied(here({ shell }), () => file.content(at('etc/link'), 'two\n'))
    assert.is(readFileSync(at('victim'), 'utf8'), 'two\n')
    assert.is(readlinkSync(at('svc/app.conf')), at('victim'))
    await applied(here({ shell }), () => file.content(at('svc/app.conf'), 'three\n', { follow: true }))
    assert.is(readFileSync(at('victim'), 'utf8'), 'three\n')
    await applied(here({ shell }), () => file.content(at('way/app.conf'), 'four\n'))
    assert.is(readFileSync(at('etc/app.conf'), 'utf8'), 'four\n')
    assert.ok(lstatSync(at('way')).isSymbolicLink())
  })

  test.run()
}

const race = suite('a folder whose owner changes it while root writes there')

async function racing(folder: string, victim: string): Promise<ChildProcess> {
  const racer = join(emptyDirectory(), 'racer')
  chmodSync(join(racer, '..'), 0o755)
  const { status, stderr } = spawnSync('gcc', ['-O1', '-o', racer, new URL('racer.c', import.meta.url).pathname])
  assert.is(status, 0, String(stderr))
  const child = spawn(racer, [folder, victim], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

needing(race, 'gcc')('gives him nothing that was not his', async () => {
  const { at, untouched } = places()
  const child = await racing(at('svc'), at('victim'))
  const connection = here()
  let written = 0
  try {
    for (let n = 0; n < 25; n++) {
      for (const one of [
        file.content(at('svc/app.conf'), `mine ${n}\n`, { ...forSvc, backup: true }),
        line.present(at('svc/app.conf'), { line: `x ${n}`, ...forSvc, create: true }),
        file.attributes(at('svc/app.conf'), { owner: 'nobody', mode: n % 2 ? '0640' : '0644' }),
        file.directory(at('svc/folder'), forSvc),
        file.absent(at('svc/app.conf')),
        templateFile(source, at('svc/app.conf'), {}, forSvc),
      ] as readonly Operation<Value>[]) {
        try {
          const prepared = await one.prepare(connection)
          if (prepared.changed) await prepared.apply(connection)
          written++
        } catch {
          // He may spoil it; what must not be is that he gains by it.
        }
      }
      untouched()
    }
  } finally {
    child.kill('SIGKILL')
  }
  assert.ok(written > 0)
})

needing(race, 'gcc')('nor by what comes in pieces: a large copy, a tree, a copy from another host', async () => {
  const { at, untouched } = places()
  const folder = join(emptyDirectory(), 'tree')
  mkdirSync(folder)
  for (const name of ['app.conf', 'one', 'two']) writeFileSync(join(folder, name), `${name}\n`)
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'folder/app.conf'), 'mine\n')
  const child = await racing(at('svc'), at('victim'))
  const connection = here()
  const other = Object.assign(here(), { host: { name: 'other' } })
  const together = Object.assign(connection, { peer: async () => other })
  try {
    for (let n = 0; n < 6; n++) {
      for (const one of [
        file.copy(large, at('svc/app.conf'), forSvc),
        file.tree(folder, at('svc'), { owner: 'nobody', mode: '0640' }),
        copyBetween.file({ from: { name: 'other' }, path: large, to: at('svc/app.conf') }),
        file.absent(at('svc/app.conf')),
      ] as readonly Operation<Value>[]) {
        try {
          const prepared = await one.prepare(together)
          if (prepared.changed) await prepared.apply(together)
        } catch {
          // As above.
        }
      }
      untouched()
    }
  } finally {
    child.kill('SIGKILL')
  }
})

race.run()
