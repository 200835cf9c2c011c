import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { file } from '../../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../../rig/here.ts'
import { applied, planOf } from '../applied.ts'

const test = suite('file: symbolic modes')
const connection = here()
const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8)

test('change what is there; what is new begins as 0644, a directory as 0755', async () => {
  const dir = emptyDirectory()
  const path = join(dir, 'file')
  const made = await applied(connection, () => file.content(path, 'x', { mode: 'u+x,o=' }))
  assert.is(mode(path), '740')
  assert.is(made.result.changed, true)
  chmodSync(path, 0o666)
  await applied(connection, () => file.content(path, 'y', { mode: 'go-w' }))
  assert.is(mode(path), '644')
  await applied(connection, () => file.attributes(path, { mode: 'a=r,u+w,g+s' }))
  assert.is(mode(path), '2644')
  assert.is((await planOf(connection, file.content(path, 'z', { mode: 'u+w' }))).changed, true)
  await applied(connection, () => file.directory(join(dir, 'new'), { mode: 'g+ws,o=' }))
  assert.is(mode(join(dir, 'new')), '2770')
  await applied(connection, () => file.directory(join(dir, 'new'), { mode: 'u=rwX,g=rX' }))
  assert.is(mode(join(dir, 'new')), '2750')
})

test('of a file that is brought', async () => {
  const dir = emptyDirectory()
  writeFileSync(join(dir, 'here'), Buffer.alloc(2_000_000))
  await applied(connection, () => file.copy(join(dir, 'here'), join(dir, 'there'), { mode: 'u+x,go=' }))
  assert.is(mode(join(dir, 'there')), '700')
})

test('of a whole tree are what chmod -R makes of them', async () => {
  for (const wanted of ['u=rwX,go=rX', 'g+w,o=', 'a-x,a+X', 'go=u-w', 'u+s,+t', '-w', 'ug=rw,o+X']) {
    const trees = ['ours', 'theirs'].map((name) => {
      const root = join(emptyDirectory(), name)
      mkdirSync(join(root, 'a/b'), { recursive: true })
      for (const [path, bits] of [
        ['x', 0o755],
        ['a/y', 0o640],
        ['a/b/z', 0o4711],
        ['a/b/w', 0o666],
      ] as const) {
        writeFileSync(join(root, path), '')
        chmodSync(join(root, path), bits)
      }
      symlinkSync('/etc/hostname', join(root, 'link'))
      chmodSync(join(root, 'a/b'), 0o2750)
      return root
    })
    const of = (root: string) => ['', 'a', 'a/b', 'x', 'a/y', 'a/b/z', 'a/b/w'].map((path) => mode(join(root, path)))
    spawnSync('sh', ['-c', `umask 022; chmod -R -- '${wanted}' ${trees[1]}`])
    const { result } = await applied(connection, () => file.mode(trees[0]!, wanted, { recursive: true }))
    assert.equal(of(trees[0]!), of(trees[1]!), wanted)
    assert.ok(result.count > 0)
    await applied(connection, () => file.mode(join(trees[0]!, 'x'), 'a=r'))
    assert.is(mode(join(trees[0]!, 'x')), '444')
  }
})

test.run()
