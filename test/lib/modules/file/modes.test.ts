import { chmodSync, statSync, writeFileSync } from 'node:fs'
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

test.run()
