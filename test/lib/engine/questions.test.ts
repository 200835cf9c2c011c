import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { flag, play, role, type Steps } from '../../../lib/index.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
import { runs } from '../../rig/runs.ts'

const test = suite('questions')
const steps = (define: (steps: Steps<Record<never, never>>) => void) => role('r', {}, define)
const two = steps(({ task }) => {
  task('First', change('first'))
  task('Second', change('second'))
})
const abc = { all: ['a', 'b', 'c'] }

test('asks at a gate, once, and goes on when the answer is yes', async () => {
  for (const strategy of ['linear', 'free'] as const) {
    const asked: string[] = []
    const rig = rigOf(abc)
    const { outcome, recap, told } = await runs(
      rig,
      [
        play('P', { hosts: 'all', strategy, serial: 2 }, [
          steps(({ task, gate }) => {
            gate('Go on?')
            task('Work', look('work'))
          }),
        ]),
      ],
      { gate: (question) => Promise.resolve(asked.push(question) > 0) },
    )
    assert.equal(asked, ['Go on?'])
    assert.is(outcome, 'ok')
    assert.is(told.filter((line) => line === 'GATE r › Go on?: passed').length, 1)
    assert.equal(recap, ['a ok=1', 'b ok=1', 'c ok=1'], 'a gate is no host')
  }
})

test('ends where a gate is refused, and owes the handlers that were due', async () => {
  const rig = rigOf({ all: ['a'] })
  const { told, outcome } = await runs(
    rig,
    [
      play('P', { hosts: 'all' }, [
        steps(({ task, handler, gate }) => {
          task('Work', { notify: handler('Restart', change('restart')) }, change('work'))
          gate('Go on?')
          task('More', change('more'))
        }),
      ]),
      play('Later', { hosts: 'all' }, [two]),
    ],
    { gate: () => Promise.resolve(false) },
  )
  assert.is(outcome, 'refused')
  assert.equal(rig.commands, ['a: work'])
  assert.equal(told.slice(-2), ['GATE r › Go on?: refused', 'END refused, a is owed Restart'])
})

test('asks nobody where the variables of all hosts have answered', async () => {
  for (const [sure, wanted] of [
    [true, []],
    [false, ['Sure?']],
  ] as const) {
    const asked: string[] = []
    const sureOf = role('r', { sure: flag }, ({ task, gate }) => {
      gate('Sure?', { answered: (vars) => vars.sure })
      task('Work', look('work'))
    })
    const { outcome, told } = await runs(rigOf(abc), [play('P', { hosts: 'all' }, [sureOf.with({ sure })])], {
      gate: (question) => Promise.resolve(asked.push(question) > 0),
    })
    assert.is(outcome, 'ok')
    assert.equal(asked, wanted)
    assert.ok(told.includes('GATE r › Sure?: passed'))
  }
})

test('says which hosts are not rescued where a gate of the rescue is refused', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('work', 1)
  const plays = [
    play('P', { hosts: 'all' }, [
      steps(({ task, block, gate }) =>
        block('B', {
          try: () => void task('Work', change('work')),
          rescue() {
            gate('Put it back?')
            task('Mend', change('mend'))
          },
        }),
      ),
    ]),
  ]
  const { told, outcome } = await runs(rig, plays, { gate: () => Promise.resolve(false) })
  assert.is(outcome, 'refused')
  assert.equal(told.slice(-3), [
    'GATE r › B › Put it back?: refused',
    'WARNING a failed in «B» and was not rescued: the run was ended before',
    'END refused',
  ])
})

test('passes gates in check mode without a question', async () => {
  const rig = rigOf({ all: ['a'] })
  const { outcome } = await runs(
    rig,
    [
      play('P', { hosts: 'all' }, [
        steps(({ gate, task }) => {
          gate('Go on?')
          task('Work', look('work'))
        }),
      ]),
    ],
    { check: true, gate: () => Promise.reject(new Error('nobody should ask')) },
  )
  assert.is(outcome, 'ok')
  assert.equal(rig.commands, ['a: work'])
})

test('asks before each task when stepping, until it need not', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  const asked: string[] = []
  const answers = ['no', 'yes', 'all'] as const
  const { recap, finished } = await runs(
    rig,
    [
      play('P', { hosts: 'all', strategy: 'free' }, [
        steps(({ task }) => {
          for (const name of ['one', 'two', 'three', 'four']) task(name, change(name))
        }),
      ]),
    ],
    { step: (task, hosts) => Promise.resolve(answers[asked.push(`${task} on ${hosts.join()}`) - 1]!) },
  )
  assert.equal(asked, ['r › one on a,b', 'r › two on a,b', 'r › three on a,b'])
  assert.equal(recap, ['a ok=3 changed=3 skipped=1', 'b ok=3 changed=3 skipped=1'])
  assert.is(finished('one', 'a').reason, 'the operator left it out')
  assert.equal([...rig.commands].sort(), ['a: four', 'a: three', 'a: two', 'b: four', 'b: three', 'b: two'])
})

test('asks before a task for the hosts that it is still to run on', async () => {
  const rig = rigOf({ all: ['a', 'b', 'c'] })
  rig.host('b').answer('one', 1)
  const asked: string[] = []
  const { recap } = await runs(
    rig,
    [
      play('P', { hosts: 'all' }, [
        steps(({ task }) => {
          task('one', change('one'))
          task('two', change('two'))
          task('once', { once: true }, change('once'))
        }),
      ]),
    ],
    {
      step: (task, hosts) => Promise.resolve(asked.push(`${task} on ${hosts.join()}`) < 2 ? 'yes' : 'no'),
    },
  )
  assert.equal(asked, ['r › one on a,b,c', 'r › two on a,c', 'r › once on a'])
  assert.equal(rig.commands, ['a: one', 'b: one', 'c: one'])
  assert.equal(recap, ['a ok=1 changed=1 skipped=2', 'b failed=1', 'c ok=1 changed=1 skipped=1'])
})

test.run()
