import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cut } from '../../../lib/engine/run.ts'
import { parallel, play, role, type Steps } from '../../../lib/index.ts'
import { aHost, change, look, rigOf } from '../../rig/hosts.ts'
import { begin, runs } from '../../rig/runs.ts'

const test = suite('run')
const steps = (define: (steps: Steps<Record<never, never>>) => void) => role('r', {}, define)
const two = steps(({ task }) => {
  task('First', change('first'))
  task('Second', change('second'))
})
const abc = { all: ['a', 'b', 'c'] }

test('goes through plays, roles and tasks in their order', async () => {
  const rig = rigOf({ db: ['a'], web: ['b', 'c'] })
  const { told, outcome, recap } = await runs(rig, [
    play('One', { hosts: 'db' }, [
      role('x', {}, ({ task }) => void task('X', change('x'))),
      role('y', {}, ({ task }) => void task('Y', look('y'))),
    ]),
    play('Two', { hosts: 'web' }, [role('x', {}, ({ task }) => void task('X', change('x')))]),
  ])
  assert.equal(told, [
    'PLAY One [a]',
    'TASK x › X [a]',
    'a: changed',
    'TASK y › Y [a]',
    'a: ok',
    'PLAY Two [b c]',
    'TASK x › X [b c]',
    'b: changed',
    'c: changed',
    'END ok',
  ])
  assert.is(outcome, 'ok')
  assert.equal(recap, ['a ok=2 changed=1', 'b ok=1 changed=1', 'c ok=1 changed=1'])
})

test('says at its beginning what is selected', async () => {
  const { events } = await runs(
    rigOf(abc),
    [
      play('One', { hosts: 'a,b' }, [two]),
      play('Two', { hosts: 'c', tags: ['never'] }, [steps(({ task }) => void task('Only', look('x')))]),
    ],
    { name: 'run-7' },
  )
  assert.equal(events[0], {
    type: 'run-started',
    run: 'run-7',
    playbook: 'test',
    check: false,
    hosts: ['a', 'b'],
    plays: 1,
    tasks: 2,
    argv: [],
  })
})

test('lets all hosts end a task before the next begins', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('first')
  const running = begin(rig, [play('P', { hosts: 'all' }, [two])])
  const first = await rig.host('a').next('first')
  assert.equal(rig.commands, ['a: first', 'b: first'])
  first.exit(0)
  assert.is(await running.ended, 'ok')
  assert.equal(rig.commands, ['a: first', 'b: first', 'a: second', 'b: second'])
})

test('lets each host go at its own pace with the strategy free', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('first')
  rig.host('b').hold('second')
  const running = begin(rig, [play('P', { hosts: 'all', strategy: 'free' }, [two])])
  const first = await rig.host('a').next('first')
  const second = await rig.host('b').next('second')
  assert.equal(rig.commands, ['a: first', 'b: first', 'b: second'])
  second.exit(0)
  first.exit(0)
  assert.is(await running.ended, 'ok')
  assert.equal(rig.host('a').commands, ['first', 'second'])
})

test('runs as many hosts at a time as there are forks', async () => {
  const rig = rigOf(abc)
  for (const name of abc.all) rig.host(name).hold('work')
  const running = begin(rig, [play('P', { hosts: 'all' }, [steps(({ task }) => void task('Work', change('work')))])], {
    forks: 2,
  })
  const a = await rig.host('a').next('work')
  const b = await rig.host('b').next('work')
  assert.equal(rig.commands, ['a: work', 'b: work'])
  b.exit(0)
  const c = await rig.host('c').next('work')
  assert.equal(rig.commands, ['a: work', 'b: work', 'c: work'])
  a.exit(0)
  c.exit(0)
  assert.is(await running.ended, 'ok')
})

for (const strategy of ['linear', 'free'] as const) {
  for (const [where, options, throttle] of [
    ['task', {}, 1],
    ['play', { throttle: 1 }, undefined],
  ] as const) {
    test(`keeps the throttle of the ${where}, ${strategy}`, async () => {
      const rig = rigOf({ all: ['a', 'b'] })
      rig.host('a').hold('work')
      rig.host('b').hold('work')
      const work = steps(({ task }) => void task('Work', throttle ? { throttle } : {}, change('work')))
      const running = begin(rig, [play('P', { hosts: 'all', strategy, ...options }, [work])])
      const a = await rig.host('a').next('work')
      assert.equal(rig.commands, ['a: work'])
      a.exit(0)
      const b = await rig.host('b').next('work')
      b.exit(0)
      assert.is(await running.ended, 'ok')
    })
  }
}

test('runs roles side by side, and a host that fails in one leaves the other', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  for (const name of ['a', 'b']) rig.host(name).hold('glance', 'neutron')
  const glance = role('glance', {}, ({ task }) => {
    task('Start', change('glance'))
    task('Then', change('then glance'))
  })
  const neutron = role('neutron', {}, ({ task, block }) => {
    task('Start', change('neutron'))
    block('Rest', { try: () => void task('Then', change('then neutron')) })
  })
  const running = begin(rig, [play('P', { hosts: 'all' }, [parallel(glance, neutron)])])
  const [ga, gb, na, nb] = await Promise.all([
    rig.host('a').next('glance'),
    rig.host('b').next('glance'),
    rig.host('a').next('neutron'),
    rig.host('b').next('neutron'),
  ])
  assert.equal(rig.commands, ['a: glance', 'b: glance', 'a: neutron', 'b: neutron'])
  ga.exit(1, 'no image')
  gb.exit(0)
  na.exit(0)
  nb.exit(0)
  assert.is(await running.ended, 'failed')
  assert.equal([...rig.commands.slice(4)].sort(), ['b: then glance', 'b: then neutron'])
  assert.equal(running.recap, ['a ok=1 changed=1 failed=1', 'b ok=4 changed=4'])
})

test('does not start what waited for its turn while its host failed elsewhere', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('y')
  rig.host('b').hold('x')
  const running = begin(rig, [
    play('P', { hosts: 'all' }, [
      steps(({ task, parallel }) =>
        parallel('Both', () => {
          task('X', change('x'))
          task('Y', { throttle: 1 }, change('y'))
        }),
      ),
    ]),
  ])
  const [x, y] = await Promise.all([rig.host('b').next('x'), rig.host('a').next('y')])
  x.exit(1)
  y.exit(0)
  assert.is(await running.ended, 'failed')
  assert.equal(rig.host('b').commands, ['x'])
})

test('counts hosts for the forks, not what runs side by side on each', async () => {
  const rig = rigOf(abc)
  for (const name of abc.all) rig.host(name).hold('x', 'y')
  const both = parallel(
    role('one', {}, ({ task }) => void task('X', change('x'))),
    role('two', {}, ({ task }) => void task('Y', change('y'))),
  )
  const running = begin(rig, [play('P', { hosts: 'all' }, [both])], { forks: 2 })
  const begun = (...hosts: readonly string[]) =>
    Promise.all(hosts.flatMap((host) => [rig.host(host).next('x'), rig.host(host).next('y')]))
  const [ax, ay, bx, by] = await begun('a', 'b')
  ax!.exit(0)
  bx!.exit(0)
  ay!.exit(0)
  const cs = await begun('c')
  assert.equal([...rig.commands].sort(), ['a: x', 'a: y', 'b: x', 'b: y', 'c: x', 'c: y'])
  for (const held of [by!, ...cs]) held.exit(0)
  assert.is(await running.ended, 'ok')
})

test('runs steps side by side, and goes on when all have ended', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').hold('x', 'y')
  const running = begin(rig, [
    play('P', { hosts: 'all' }, [
      steps(({ task, parallel, block }) => {
        parallel('Both', () => {
          task('X', change('x'))
          block('Y and more', {
            try() {
              task('Y', change('y'))
              task('More', change('more'))
            },
          })
        })
        task('After', change('after'))
      }),
    ]),
  ])
  const [x, y] = await Promise.all([rig.host('a').next('x'), rig.host('a').next('y')])
  x.exit(1, 'broken')
  y.exit(0)
  assert.is(await running.ended, 'failed')
  // The other branch was at work when this one failed: that work ends, and its block is left.
  assert.equal(rig.commands, ['a: x', 'a: y'])
  assert.equal(running.recap, ['a ok=1 changed=1 failed=1'])
})

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

test('ends a play in which any error is fatal when the task has ended everywhere, and starts no other batch and no other play', async () => {
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

test('leaves a failed host out of the plays that follow', async () => {
  const rig = rigOf(abc)
  rig.host('b').answer('first', 1)
  const { told, outcome } = await runs(rig, [
    play('One', { hosts: 'all' }, [two]),
    play('Two', { hosts: 'all' }, [two]),
  ])
  assert.ok(told.includes('PLAY Two [a c]'))
  assert.equal(rig.host('b').commands, ['first'])
  assert.is(outcome, 'failed')
})

test('starts no later play when every host of a play has failed', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('first', 1)
  const { told } = await runs(rig, [play('One', { hosts: 'a' }, [two]), play('Two', { hosts: 'b' }, [two])])
  assert.equal(told.slice(-2), ['STOPPED One: every host failed: the plays after it were not started', 'END failed'])
  assert.equal(rig.commands, ['a: first'])
})

test('starts no later play when every host of a play had failed before', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('first', 1)
  const { told, outcome } = await runs(rig, [
    play('Look', { hosts: 'all' }, [two]),
    play('Move', { hosts: 'a' }, [two]),
    play('Reconnect', { hosts: 'b,c' }, [steps(({ task }) => void task('Reconnect', change('reconnect')))]),
  ])
  assert.is(outcome, 'failed')
  assert.equal(told.slice(-2), [
    'STOPPED Move: all its hosts have failed before: neither it nor the plays after it were started',
    'END failed',
  ])
  assert.not.ok(rig.commands.includes('b: reconnect'))
})

test('reports a lost host as unreachable, and ends with that word', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('first', 1)
  rig.host('b').answer('first', 'unreachable')
  const { recap, outcome, finished } = await runs(rig, [play('P', { hosts: 'all' }, [two])])
  assert.is(outcome, 'unreachable')
  assert.equal(recap, ['a failed=1', 'b unreachable=1', 'c ok=2 changed=2'])
  assert.is(finished('First', 'b').failure?.reason, 'b is gone')
})

test('keeps going where errors and lost hosts are ignored', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('first', 1)
  rig.host('b').answer('first', 'unreachable')
  const { told, recap, outcome } = await runs(rig, [
    play('P', { hosts: 'all' }, [
      steps(({ task }) => {
        task('First', { ignoreErrors: true, ignoreUnreachable: true }, change('first'))
        task('Second', change('second'))
      }),
    ]),
  ])
  assert.is(outcome, 'ok')
  assert.equal(told.slice(2, 4), [
    'a: ignored (the command failed and said nothing (exit code 1))',
    'b: unreachable (b is gone)',
  ])
  assert.equal(recap, ['a ok=2 changed=1 ignored=1', 'b ok=1 changed=1 unreachable=1'])
})

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

test('skips a play that has no host, says so and goes on', async () => {
  const rig = rigOf({ all: ['a', 'b'], web: ['a'], db: ['b'], spare: [] })
  const plays = [
    play('Spare', { hosts: 'spare' }, [two]),
    play('Nobody', { hosts: 'web:&db' }, [two]),
    play('Web', { hosts: 'web' }, [two]),
    play('Database', { hosts: 'db' }, [two]),
  ]
  const { told, outcome } = await runs(rig, plays, { limit: ['web'] })
  assert.is(outcome, 'ok')
  assert.equal(
    told.filter((line) => /^(PLAY|SKIPPED)/.test(line)),
    [
      'SKIPPED Spare: there is no host in spare',
      'SKIPPED Nobody: there is no host in web:&db',
      'PLAY Web [a]',
      'SKIPPED Database: the limit web leaves none of db',
    ],
  )
  assert.equal(rig.commands, ['a: first', 'a: second'])
})

test('starts nothing new when stopped, and lets what runs end', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('first')
  const running = begin(rig, [play('P', { hosts: 'all' }, [two]), play('Later', { hosts: 'all' }, [two])], { forks: 1 })
  const first = await rig.host('a').next('first')
  running.stop()
  first.exit(0)
  assert.is(await running.ended, 'interrupted')
  assert.equal(rig.commands, ['a: first'])
  assert.equal(running.recap, ['a ok=1 changed=1', 'b'])
})

test('ends what runs when aborted', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('first')
  rig.host('b').hold('first')
  const running = begin(rig, [
    play('P', { hosts: 'all' }, [
      steps(({ task, block }) => {
        block('B', {
          try: () => void task('First', change('first')),
          rescue: () => void task('Rescue', change('rescue')),
          always: () => void task('Always', change('always')),
        })
      }),
    ]),
  ])
  await Promise.all([rig.host('a').next('first'), rig.host('b').next('first')])
  running.stop()
  running.abort()
  assert.is(await running.ended, 'interrupted')
  assert.equal(rig.commands, ['a: first', 'b: first'])
  assert.equal(rig.host('a').broken, ['first'])
  assert.is(running.finished('First', 'b').failure?.reason, 'interrupted: aborted')
  assert.is(running.finished('First', 'b').status, 'failed', 'no rescue follows')
})

test('does not mind many commands that listen to the same abort', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  const names = Array.from({ length: 40 }, (_, i) => `h${i}`)
  const rig = rigOf({ all: names })
  for (const name of names) rig.host(name).hold('work')
  const running = begin(rig, [play('P', { hosts: 'all' }, [steps(({ task }) => void task('Work', change('work')))])])
  for (const name of names) (await rig.host(name).next('work')).exit(0)
  assert.is(await running.ended, 'ok')
  // Warnings are given out on the next turn of the loop.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  assert.equal(warnings, [])
})

test('becomes who the task, the command line, the play and the host say, in this order', async () => {
  const rig = rigOf({ all: ['a'] })
  const work = steps(({ task, block }) => {
    task('As the play', look('x'))
    task('As itself', { become: 'nova' }, look('x'))
    task('As the connection', { become: false }, look('x'))
    block('B', { when: async (host) => (await host.run(look('x'))) === '', try: () => void task('In it', look('x')) })
  })
  await runs(rig, [play('P', { hosts: 'all', become: true }, [work])])
  assert.equal(rig.became, ['root@a', 'nova@a', 'root@a', 'root@a'])
  rig.became.length = 0
  await runs(rig, [play('P', { hosts: 'all', become: true }, [work])], { become: 'admin' })
  assert.equal(rig.became, ['admin@a', 'nova@a', 'admin@a', 'admin@a'])
})

test.run()
