import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cut } from '../../../lib/engine/batches.ts'
import { play, role, type Steps } from '../../../lib/index.ts'
import { aHost, change, rigOf } from '../../rig/hosts.ts'
import { runs } from '../../rig/runs.ts'

const test = suite('batches')
const steps = (define: (steps: Steps<Record<never, never>>) => void) => role('r', {}, define)
const two = steps(({ task }) => {
  task('First', change('first'))
  task('Second', change('second'))
})
const abc = { all: ['a', 'b', 'c'] }

test('cuts the hosts into batches', () => {
  const hosts = Array.from({ length: 7 }, (_, i) => aHost(`h${i}`))
  const sizes = (serial: Parameters<typeof cut>[1], of = hosts) => cut(of, serial).map((batch) => batch.length)
  assert.equal(sizes(undefined), [7])
  assert.equal(sizes(0), [7])
  assert.equal(sizes(3), [3, 3, 1])
  assert.equal(sizes('30%'), [2, 2, 2, 1], '2.1 is floored')
  assert.equal(sizes('1%'), [1, 1, 1, 1, 1, 1, 1], 'never less than one')
  assert.equal(sizes([1, '50%', 2]), [1, 3, 2, 1], 'the last repeats')
  assert.equal(sizes(9), [7])
  assert.equal(sizes(2, []), [])
  assert.equal(cut(hosts, 3).flat(), hosts)
})

test('takes each batch through the whole play', async () => {
  const rig = rigOf(abc)
  const { told } = await runs(rig, [play('P', { hosts: 'all', serial: 2 }, [two])])
  assert.equal(told, [
    'PLAY P [a b c]',
    'BATCH 1 [a b]',
    'TASK r › First [a b]',
    'a: changed',
    'b: changed',
    'TASK r › Second [a b]',
    'a: changed',
    'b: changed',
    'BATCH 2 [c]',
    'TASK r › First [c]',
    'c: changed',
    'TASK r › Second [c]',
    'c: changed',
    'END ok',
  ])
})

test.run()
