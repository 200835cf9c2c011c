import { lstatSync, readFileSync, readlinkSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Advice, type Operation, type Value } from '../../../lib/model/operation.ts'
import { copyBetween, file, ini, line } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { applied, failure } from '../modules/applied.ts'
import { forSvc, places, svc } from './places.ts'

needs('root')
const source = join(emptyDirectory(), 'source')
writeFileSync(source, 'mine\n')
const large = join(emptyDirectory(), 'large')
writeFileSync(large, 'mine\n'.repeat(400_000))

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

  test('can be said to be meant only where that is an option', async () => {
    const { at, plant } = places()
    plant('svc/conf', at('etc'))
    for (const [one, option] of [
      [file.content(at('svc/conf/app.conf'), 'mine\n'), true],
      [line.present(at('svc/conf/app.conf'), { line: 'x' }), true],
      [file.tree(join(source, '..'), at('svc/conf')), false],
      [copyBetween.file({ from: { name: 'other' }, path: source, to: at('svc/conf/new') }), false],
    ] as readonly (readonly [Operation<Value>, boolean])[]) {
      const connection = Object.assign(here({ shell }), {
        peer: async () => Object.assign(here({ shell }), { host: { name: 'other' } }),
      })
      try {
        await (await one.prepare(connection)).apply(connection)
        assert.unreachable(one.name)
      } catch (error) {
        assert.instance(error, Advice, `${one.name}: ${String(error)}`)
        const { message, hint } = error as Advice
        assert.match(message, 'is a link that others than root could have made')
        assert.is(hint, `name what it leads to${option ? ', or say that it is meant: follow: true' : ''}`, one.name)
      }
    }
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
