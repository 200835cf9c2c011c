import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role, type Steps } from '../../../lib/index.ts'
import { change, rigOf } from '../../rig/hosts.ts'
import { runs } from '../../rig/runs.ts'

const test = suite('budget')
const steps = (define: (steps: Steps<Record<never, never>>) => void) => role('r', {}, define)
const two = steps(({ task }) => {
  task('First', change('first'))
  task('Second', change('second'))
})
const abc = { all: ['a', 'b', 'c'] }

test('stops the run after a batch in which every host failed', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('first', 1)
  const { told, outcome } = await runs(rig, [
    play('P', { hosts: 'all', serial: 1 }, [two]),
    play('Later', { hosts: 'all' }, [two]),
  ])
  assert.equal(told, [
    'PLAY P [a b c]',
    'BATCH 1 [a]',
    'TASK r › First [a]',
    'a: failed (the command failed and said nothing (exit code 1))',
    'STOPPED P: every host of the batch failed: 2 hosts were not started',
    'END failed',
  ])
  assert.is(outcome, 'failed')
})

test('says that the last batch failed where hosts before it did not', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('b').answer('work', 1)
  const { told } = await runs(rig, [
    play('P', { hosts: 'all', serial: 1 }, [steps(({ task }) => void task('Work', change('work')))]),
    play('Later', { hosts: 'all' }, [steps(({ task }) => void task('Later', change('later')))]),
  ])
  assert.ok(told.includes('STOPPED P: every host of the last batch failed: the plays after it were not started'))
})

test('goes on after a batch in which some host did not fail', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('first', 1)
  const { recap } = await runs(rig, [play('P', { hosts: 'all', serial: 2 }, [two])])
  assert.equal(recap, ['a failed=1', 'b ok=2 changed=2', 'c ok=2 changed=2'])
})

const four = { all: ['a', 'b', 'c', 'd'] }

for (const [percentage, stops] of [
  [49, true],
  [50, false],
  [0, true],
  [100, false],
] as const) {
  test(`with 2 of 4 failed and maxFailPercentage ${percentage} ${stops ? 'stops' : 'goes on'}`, async () => {
    const rig = rigOf(four)
    rig.host('a').answer('first', 1)
    rig.host('b').answer('first', 1)
    const { told, recap } = await runs(rig, [play('P', { hosts: 'all', maxFailPercentage: percentage }, [two])])
    assert.is(told.includes(`STOPPED P: 2 of 4 hosts failed, more than ${percentage} %`), stops)
    assert.equal(
      recap.slice(2),
      stops ? ['c ok=1 changed=1', 'd ok=1 changed=1'] : ['c ok=2 changed=2', 'd ok=2 changed=2'],
    )
  })
}

for (const strategy of ['linear', 'free'] as const) {
  test(`counts the failures of all tasks of the batch against all its hosts, ${strategy}`, async () => {
    const rig = rigOf(four)
    rig.host('a').answer('first', 1)
    rig.host('b').answer('second', 1)
    const { outcome, told } = await runs(rig, [
      play('P', { hosts: 'all', maxFailPercentage: 30, strategy }, [
        two,
        role('s', {}, ({ task }) => void task('Third', change('third'))),
      ]),
      play('Later', { hosts: 'all' }, [two]),
    ])
    assert.is(outcome, 'failed')
    assert.ok(told.includes('STOPPED P: 2 of 4 hosts failed, more than 30 %'))
    assert.is(rig.commands.filter((line) => line.endsWith('second')).length, 3)
    assert.not.ok(told.some((line) => line.startsWith('PLAY Later')))
    if (strategy === 'linear') assert.not.ok(rig.commands.some((line) => line.endsWith('third')))
  })
}

test('ends a play in which any error is fatal when the task has ended everywhere, and starts no other', async () => {
  const rig = rigOf(four)
  rig.host('a').answer('first', 1)
  const { told } = await runs(
    rig,
    [play('P', { hosts: 'all', serial: 3, anyErrorsFatal: true }, [two]), play('Later', { hosts: 'd' }, [two])],
    { forks: 1 },
  )
  assert.equal(told, [
    'PLAY P [a b c d]',
    'BATCH 1 [a b c]',
    'TASK r › First [a b c]',
    'a: failed (the command failed and said nothing (exit code 1))',
    'b: changed',
    'c: changed',
    'STOPPED P: a host failed, and any failure is fatal to this play: 1 host was not started',
    'END failed',
  ])
})

test('ends a play in which any error is fatal inside a block too, and cleans up', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('work', 1)
  const { recap } = await runs(rig, [
    play('P', { hosts: 'all', anyErrorsFatal: true }, [
      steps(({ task, block }) => {
        block('B', {
          try() {
            task('Work', change('work'))
            task('More', change('more'))
          },
          always: () => void task('Clean up', change('clean')),
        })
        task('After', change('after'))
      }),
    ]),
  ])
  assert.equal(rig.commands, ['a: work', 'b: work', 'a: clean', 'b: clean'])
  assert.equal(recap, ['a ok=1 changed=1 failed=1', 'b ok=2 changed=2'])
})

test('does not take ignored and rescued failures for fatal ones', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('x', 1).answer('y', 1)
  const { outcome, recap } = await runs(rig, [
    play('P', { hosts: 'all', anyErrorsFatal: true }, [
      steps(({ task, block }) => {
        task('X', { ignoreErrors: true }, change('x'))
        block('B', { try: () => void task('Y', change('y')), rescue: () => void task('Rescue', change('rescue')) })
        task('Z', change('z'))
      }),
    ]),
  ])
  assert.is(outcome, 'ok')
  assert.equal(recap, ['a ok=3 changed=2 rescued=1 ignored=1', 'b ok=3 changed=3'])
})

test.run()
