import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { processes } from '../../../lib/modules/index.ts'
import { here, shells } from '../../rig/here.ts'
import { planOf } from './applied.ts'
import { needing } from '../../rig/needs.ts'

for (const shell of shells) {
  const test = suite(`processes under ${shell.name}`)
  test('finds by the command line, and only that', async () => {
    const child = spawn('sleep', ['86399.25'])
    await once(child, 'spawn')
    const { changed, result } = await planOf(here({ shell }), processes.matching(/^sleep 86399\.25$/))
    child.kill()
    assert.is(changed, false)
    assert.equal(
      result.map(({ pid, parent, command }) => ({ pid, parent, command })),
      [{ pid: child.pid, parent: process.pid, command: 'sleep 86399.25' }],
    )
    assert.equal((await planOf(here({ shell }), processes.matching('no-such-process-anywhere'))).result, [])
  })
  if (!shell.env)
    needing(test, 'namespaces')('without ps it reads /proc', async () => {
      const connection = here({ shell, mounts: { '/usr/bin/ps': '/bin/false' } })
      const { result } = await planOf(connection, processes.matching(/test\/lib\/modules\/processes\.test\.ts/))
      assert.ok(result.some(({ pid }) => pid === process.pid))
    })
  test.run()
}
