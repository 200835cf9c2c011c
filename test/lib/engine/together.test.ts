import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../../lib/index.ts'
import { line } from '../../../lib/modules/index.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { emptyDirectory } from '../../rig/here.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'
import { begin } from '../../rig/runs.ts'

const test = suite('several hosts that change one file of one host')

test('lose nothing of each other, and plan anew what has changed meanwhile', async () => {
  const names = Array.from({ length: 6 }, (_, i) => `web-${i}`)
  const inventory = inventoryOf(...[...names, 'proxy'].map((name) => aHost(name, { connection: 'local' })))
  const file = join(emptyDirectory(), 'backends')
  writeFileSync(file, '')
  const transport = createTransport({ inventory })
  const plays = [
    play('Register', { hosts: 'web-*' }, ({ task }) => {
      for (const part of ['one', 'two'])
        task(`Add ${part}`, (host) =>
          host.on({ name: 'proxy' }).run(line.present(file, { line: `${host.name} ${part}` })),
        )
    }),
  ]
  const run = begin({ inventory, transport }, plays, { forks: 6 })
  assert.is(await run.ended, 'ok')
  await transport.close()
  const wanted = names.flatMap((name) => [`${name} one`, `${name} two`])
  assert.equal(readFileSync(file, 'utf8').trim().split('\n').sort(), wanted.sort())
})

test.run()
