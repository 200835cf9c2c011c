import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('debug')

test('run straight from the sources does what run does', () => {
  const typed = ['test/docs/samples/workers.ts', '-i', 'test/docs/samples/hosts.ini', '--list-tasks']
  const said = (...args: readonly string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.is(status, 0, stderr)
    return stdout
  }
  const plain = said('lib/run.cjs', ...typed)
  assert.match(plain, 'Set the number of workers')
  assert.is(said('--conditions=switchover-source', '--import', 'tsx', 'test/debug.mjs', ...typed), plain)
})

test.run()
