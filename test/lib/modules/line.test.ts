import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { block, file, ini, line, replace } from '../../../lib/modules/index.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'

const test = suite('line, block and replace')
const connection = here()

function fresh(text?: string) {
  const path = join(emptyDirectory(), 'file')
  if (text !== undefined) writeFileSync(path, text)
  return { path, text: () => readFileSync(path, 'utf8') }
}

test('line.present replaces the match or adds the line', async () => {
  const { path, text } = fresh('DEBUG = True\nOPENSTACK_HOST = "127.0.0.1"\n')
  const run = await applied(connection, () =>
    line.present(path, { regexp: /^OPENSTACK_HOST\b/, line: 'OPENSTACK_HOST = "10.0.0.4"', backup: true }),
  )
  assert.is(text(), 'DEBUG = True\nOPENSTACK_HOST = "10.0.0.4"\n')
  assert.equal(run.requests, { read: 1, apply: 1 })
  assert.is(
    readFileSync(join(dirname(path), '.switchover-backup/file'), 'utf8'),
    'DEBUG = True\nOPENSTACK_HOST = "127.0.0.1"\n',
  )
  await applied(connection, () => line.present(path, { line: 'ALLOWED_HOSTS = ["*"]' }))
  assert.match(text(), /10\.0\.0\.4"\nALLOWED_HOSTS = \["\*"\]\n$/)
})

test('half a letter has no bytes of its own, and is refused everywhere', async () => {
  const { path, text } = fresh('a\n')
  const half = '😀'.slice(0, 1)
  for (const operation of [
    line.present(path, { line: `x${half}` }),
    block.present(path, `x${half}`),
    replace(path, /a/, half),
    file.content(path, half),
    ini.set(path, { s: { k: half } }),
  ])
    assert.match(await failure(connection, operation), 'a text holds half a letter')
  assert.is(text(), 'a\n')
  await applied(connection, () => line.present(path, { line: '😀' }))
})

test('line.absent removes every such line', async () => {
  const { path, text } = fresh('a\nb\na\n')
  await applied(connection, () => line.absent(path, { line: 'a' }))
  assert.is(text(), 'b\n')
  await applied(connection, () => line.absent(path, { regexp: /^b/ }))
  assert.is(text(), '')
  assert.is((await planOf(connection, line.absent(`${path}.none`, { line: 'a' }))).changed, false)
})

test('a secret line is not shown, nor the one it replaces, nor passwords around it', async () => {
  const { path, text } = fresh('user=nova\npass phrase old-one-here\nadmin_password=untouched\n')
  const run = await applied(connection, () =>
    line.present(path, { regexp: /^pass/, line: masked`pass phrase ${Secret.of('new-one-here', 'phrase')}` }),
  )
  assert.equal(run.diff, [
    {
      path,
      before: 'user=nova\n‹a line before›\nadmin_password=‹masked›\n',
      after: 'user=nova\npass phrase ‹phrase›\nadmin_password=‹masked›\n',
    },
  ])
  assert.is(text(), 'user=nova\npass phrase new-one-here\nadmin_password=untouched\n')
})

test('a secret line is shown once behind a last line that has not ended', async () => {
  const { path } = fresh('user=nova\nlast')
  const run = await applied(connection, () =>
    line.present(path, { line: masked`phrase ${Secret.of('other-one-here', 'other')}` }),
  )
  assert.equal(run.diff, [{ path, before: 'user=nova\nlast', after: 'user=nova\nlast\nphrase ‹other›\n' }])
})

test('a missing file is an error unless it may be made', async () => {
  const { path, text } = fresh()
  assert.match(await failure(connection, line.present(path, { line: 'a' })), 'cannot be edited: there is no such file')
  await applied(connection, () => line.present(path, { line: 'a', create: true, mode: '0600' }))
  assert.is(text(), 'a\n')
})

test('validate keeps a bad edit out', async () => {
  const { path, text } = fresh('good\n')
  await failure(connection, line.present(path, { line: 'bad', validate: '! grep -q bad %s' }))
  assert.is(text(), 'good\n')
  assert.throws(() => line.present(path, { line: 'x', validate: 'true' }), /has no %s/)
})

test('block.present and absent', async () => {
  const { path, text } = fresh('127.0.0.1 localhost\n')
  await applied(connection, () => block.present(path, '10.0.0.4 new\n10.0.0.3 old'))
  assert.is(
    text(),
    '127.0.0.1 localhost\n# BEGIN switchover managed block\n10.0.0.4 new\n10.0.0.3 old\n# END switchover managed block\n',
  )
  await applied(connection, () => block.present(path, '10.0.0.4 new'))
  assert.not.match(text(), '10.0.0.3')
  await applied(connection, () => block.absent(path))
  assert.is(text(), '127.0.0.1 localhost\n')
})

test('replace changes every match in its part, and refuses what would never end', async () => {
  const { path, text } = fresh('host 10.0.0.3\n# part\nhost 10.0.0.3\nhost 10.0.0.3\n')
  await applied(connection, () => replace(path, /10\.0\.0\.3$/, '10.0.0.4', { after: /^# part/ }))
  assert.is(text(), 'host 10.0.0.3\n# part\nhost 10.0.0.4\nhost 10.0.0.4\n')
  assert.match(await failure(connection, replace(path, /host/, 'the host')), 'each run would change it again')
  assert.not.ok(existsSync(join(dirname(path), '.switchover-backup/file')))
})

test.run()
