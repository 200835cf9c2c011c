import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parallel, play, role, type Steps } from '../../../lib/index.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
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
    inventory: 'test',
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
  assert.equal(told.slice(-2), [
    'STOPPED One: every host of the play failed: the plays after it were not started',
    'END failed',
  ])
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
