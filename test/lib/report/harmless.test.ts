import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Timed } from '../../../lib/model/event.ts'
import { harmless } from '../../../lib/report/harmless.ts'
import { memory } from '../../rig/terminal.ts'

const warned: Timed = { type: 'warned', message: 'x', time: 0 }
const test = suite('a reporter of somebody else')

test('that never ends is not waited for', async () => {
  const said = memory()
  await harmless({ report() {}, close: () => new Promise(() => {}) }, 'reporter r.ts', true, said, 1).close()
  assert.match(
    said.text,
    /^\[WARNING\]: the reporter r\.ts broke off, the run goes on: Error: it did not end within 0\.001 s\n/,
  )
})

test('is told of once, however often it rejects', async () => {
  const said = memory()
  const reporter = harmless(
    {
      report: async () => {
        throw new Error('again')
      },
      close: async () => {
        throw new Error('and at the end')
      },
    },
    'reporter r.ts',
    true,
    said,
  )
  for (let i = 0; i < 3; i++) reporter.report(warned)
  await reporter.close()
  assert.is(said.text.match(/WARNING/g)?.length, 1)
  assert.match(said.text, 'Error: again\n')
})

test.run()
