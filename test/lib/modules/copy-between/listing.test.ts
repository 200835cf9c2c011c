import { PassThrough, Readable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reader } from '../../../../lib/model/operation.ts'
import { list } from '../../../../lib/modules/copy-between/listing.ts'

const test = suite('the files that a host says it has')

/** A host whose find says this. */
function saying(...names: readonly string[]): Reader {
  const said = names.map((name) => `/// 81a4 5 1400000000 8 ${name}\n`).join('')
  const stream = async () => ({
    stdin: new PassThrough(),
    stdout: Readable.from([Buffer.from(said)]),
    ended: Promise.resolve({ code: 0, stderr: '' }),
    kill() {},
  })
  return { host: { name: 'source' }, stream } as unknown as Reader
}

test('are taken from below the folder, with whatever names files can have', async () => {
  const found = await list(saying('./a', './b c/..d', './...', './e..'), '/srv', [])
  assert.equal(
    found!.map(({ path }) => path),
    ['a', 'b c/..d', '...', 'e..'],
  )
})

test('lead nowhere else, whoever answers in place of find', async () => {
  for (const name of ['./../etc/passwd', './a/../../etc/cron.d/x', './..', './a//b', './a/./b', './/etc/shadow'])
    try {
      await list(saying('./good', name), '/srv', [])
      assert.unreachable(name)
    } catch (error) {
      assert.match((error as Error).message, /^source says that it has a file ".*", which no folder can have$/)
    }
})

test.run()
