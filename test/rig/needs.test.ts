import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyDirectory } from './here.ts'

const test = suite('what tests need')

test('a file that cannot be tested here is named, and counts as skipped and not as passed', () => {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['test/run.mjs', 'lib/modules/user.test', 'lib/modules/mount.test', 'lib/model/tags'],
    { encoding: 'utf8', env: { ...process.env, SWITCHOVER_TEST_PRETENDED_ROOT: 'yes' } },
  )
  assert.is(status, 0, stdout)
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.includes('left out: test/lib/modules/user.test.ts: all of it needs root'), stdout)
  const single = lines.filter((line) => /^left out: test\/lib\/modules\/mount\.test\.ts: «.*» needs root$/.test(line))
  assert.ok(single.length >= 2, stdout)
  assert.is(lines.at(-1)!.replace(/^[1-9]\d*/, 'n'), `n passed, 0 failed, ${single.length + 1} skipped`)
})

test('a single test is left out with its name, and a program is named with its package', () => {
  const file = path.join(emptyDirectory(), 'x.test.ts')
  writeFileSync(
    file,
    `import { needing, needs } from '${path.resolve('test/rig/needs.ts')}'
    const test = ((name: string) => console.log('tested', name)) as never
    needing(test, '/')('here', () => {})
    needing(test, '/no/such/file', '/')('there', () => {})
    process.env.PATH = '/'
    needs('openssl')
    console.log('not reached')`,
  )
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], { encoding: 'utf8' })
  assert.equal(
    stdout.split('\n').filter(Boolean),
    [
      'tested here',
      `left out: ${path.relative('.', file)}: «there» needs /no/such/file`,
      `left out: ${path.relative('.', file)}: all of it needs openssl (Debian's openssl)`,
    ],
    stderr,
  )
})

test.run()
