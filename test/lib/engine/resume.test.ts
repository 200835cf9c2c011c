import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { doneIn } from '../../../lib/engine/journal.ts'
import { play, role, type Steps } from '../../../lib/index.ts'
import type { Event, Timed } from '../../../lib/model/event.ts'
import { change, look, rigOf, wish } from '../../rig/hosts.ts'
import { begin, type Running, runs } from '../../rig/runs.ts'

const test = suite('resume')
const one = { all: ['a'] }
const only = (define: (steps: Steps<Record<never, never>>) => void, options = {}) => [
  play('P', { hosts: 'all', ...options }, [role('r', {}, define)]),
]
/** What is found when the process was killed right after the event. */
const killedAfter = (running: Running, last: (event: Event) => boolean) => {
  const at = running.events.findIndex(last)
  assert.ok(at >= 0, 'there is such an event')
  return doneIn(
    'run-1',
    running.events.slice(0, at + 1).map((event): Timed => ({ ...event, time: 0 })),
  )
}
const ended = (task: string) => (event: Event) => event.type === 'task-finished' && event.path.task === task

test('leaves out what ended well, host by host, and gives its results', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('ask', '1')
  rig.host('b').answer('break', 1, 0)
  const plays = only(({ task }) => {
    const asked = task('Ask', look('ask'))
    task('Skip', { when: () => false }, change('skip'))
    task('Break', change('break'))
    task('Use', (host) => change(`use ${host.result(asked)}`))
  })
  const first = await runs(rig, plays)
  assert.equal(first.recap, ['a ok=3 changed=2 skipped=1', 'b ok=1 failed=1 skipped=1'])
  const before = rig.commands.length
  const second = await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.commands.slice(before), ['b: break', 'b: use '])
  assert.equal(second.recap, ['a skipped=1 resumed=3', 'b ok=2 changed=2 skipped=1 resumed=1'])
  assert.equal(second.told.slice(0, 6), [
    'PLAY P [a b]',
    'a: resumed',
    'b: resumed',
    'TASK r › Skip [a b]',
    'a: skipped (its condition does not hold)',
    'b: skipped (its condition does not hold)',
  ])
  assert.ok(second.events[0]?.type === 'run-started' && second.events[0].resumes === 'run-1')
})

test('runs again what is tagged always', async () => {
  const rig = rigOf(one)
  const plays = only(({ task }) => {
    task('Always', { tags: ['always'] }, look('always'))
    task('Work', look('work'))
  })
  const first = await runs(rig, plays)
  const second = await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.commands, ['a: always', 'a: work', 'a: always'])
  assert.equal(second.recap, ['a ok=1 resumed=1'])
})

test('does not ask again at a gate that was passed', async () => {
  const asked: string[] = []
  const rig = rigOf(one)
  rig.host('a').answer('work', 1, 0)
  const plays = only(({ task, gate }) => {
    gate('Go on?')
    task('Work', change('work'))
    gate('And now?')
  })
  const gate = (question: string) => Promise.resolve(asked.push(question) > 0)
  const first = await runs(rig, plays, { gate })
  await runs(rig, plays, { name: 'run-2', gate, done: first.done() })
  assert.equal(asked, ['Go on?', 'And now?'])
})

const restarting = only(({ task, handler }) => {
  task('Edit', { notify: handler('Restart', change('restart')) }, wish({ is: 'is', make: 'make' }))
  task('Break', change('break'))
})

test('runs the handlers that are owed', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('break', 1, 0)
  const first = await runs(rig, restarting)
  assert.is(first.told.at(-1), 'END failed, a is owed Restart')
  const second = await runs(rig, restarting, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands, ['is', 'make', 'break', 'break', 'restart'])
  assert.is(second.told.at(-1), 'END ok')
  assert.equal(second.done().owed('P › r › Restart'), [])
})

test('runs a handler that failed', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('restart', 1, 0)
  const first = await runs(rig, restarting)
  const second = await runs(rig, restarting, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands, ['is', 'make', 'break', 'restart', 'restart'])
  assert.is(second.outcome, 'ok')
})

for (const [moment, last] of [
  ['between the change and its word', (event: Event) => event.type === 'change-planned'],
  ['between the notification and the end of the task', (event: Event) => event.type === 'handler-notified'],
  ['right after the task', ended('Edit')],
  ['while the handler ran', (event: Event) => event.type === 'task-started' && event.handler],
] as const) {
  test(`does not lose a restart to a kill ${moment}`, async () => {
    const rig = rigOf(one)
    const first = await runs(rig, restarting)
    // The change was made before the kill.
    rig.host('a').answer('is', 'yes')
    const before = rig.commands.length
    const second = await runs(rig, restarting, { name: 'run-2', done: killedAfter(first, last) })
    assert.is(second.outcome, 'ok')
    assert.is(rig.commands.slice(before).filter((line) => line === 'a: restart').length, 1)
  })
}

test('still owes a handler when it is killed before it could say anything else', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('break', 1)
  const first = await runs(rig, restarting)
  const second = await runs(rig, restarting, { name: 'run-2', done: first.done() })
  assert.equal(killedAfter(second, (event) => event.type === 'handler-notified').owed('P › r › Restart'), ['a'])
})

test('still owes the handlers of hosts that the limit leaves out', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('break', 1)
  const first = await runs(rig, restarting)
  const second = await runs(rig, restarting, { name: 'run-2', done: first.done(), limit: ['b'] })
  assert.is(second.told.at(-1), 'END ok, a is owed Restart')
})

const reconnecting = only(({ task, block }) => {
  block('Reconnect', {
    try() {
      task('Point', change('point'))
      task('Check', change('check'))
    },
    rescue: () => void task('Put back', change('put back')),
    always: () => void task('Clean up', change('clean')),
  })
  task('After', change('after'))
})

test('does a block again whose rescue may have undone it, and rescues it again', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('check', 1).answer('after', 1, 0)
  const first = await runs(rig, reconnecting)
  assert.equal(rig.host('a').commands, ['point', 'check', 'put back', 'clean', 'after'])
  const before = rig.commands.length
  const second = await runs(rig, reconnecting, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['point', 'check', 'put back', 'clean', 'after'])
  assert.is(second.outcome, 'ok')
})

test('leaves out a block that ended well', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('after', 1, 0)
  const first = await runs(rig, reconnecting)
  const before = rig.commands.length
  await runs(rig, reconnecting, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['after'])
})

test('goes on inside a block, and cleans up after what it did there', async () => {
  const rig = rigOf(one)
  const first = await runs(rig, reconnecting)
  const before = rig.commands.length
  // Killed when `Point` had ended: neither rescue nor clean-up had begun.
  const second = await runs(rig, reconnecting, { name: 'run-2', done: killedAfter(first, ended('Point')) })
  assert.equal(rig.host('a').commands.slice(before), ['check', 'clean', 'after'])
  assert.equal(second.recap, ['a ok=3 changed=3 resumed=1'])
})

test('cleans up again after what fails anew', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('check', 1, 1, 0)
  const first = await runs(
    rig,
    only(({ task, block }) =>
      block('B', {
        try() {
          task('Lock', change('lock'))
          task('Check', change('check'))
        },
        always: () => void task('Unlock', change('unlock')),
      }),
    ),
  )
  const plays = only(({ task, block }) =>
    block('B', {
      try() {
        task('Lock', change('lock'))
        task('Check', change('check'))
      },
      always: () => void task('Unlock', change('unlock')),
    }),
  )
  await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands, ['lock', 'check', 'unlock', 'lock', 'check', 'unlock'])
})

const locking = only(({ task, block }) => {
  block('B', {
    try: () => void task('Lock', { tags: ['always'] }, change('lock')),
    rescue: () => void task('Mend', change('mend')),
    always: () => void task('Unlock', change('unlock')),
  })
  task('Last', change('last'))
})

test('cleans up again after what runs in every run', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('last', 1, 0)
  const first = await runs(rig, locking)
  const before = rig.commands.length
  await runs(rig, locking, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['lock', 'unlock', 'last'])
})

test('rescues anew, whatever an earlier run had rescued', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('lock', 1, 0, 1).answer('last', 1, 1, 0)
  const first = await runs(rig, locking)
  const second = await runs(rig, locking, { name: 'run-2', done: first.done() })
  const before = rig.commands.length
  const both = doneIn(
    'run-2',
    [...first.events, ...second.events].map((event): Timed => ({ ...event, time: 0 })),
  )
  assert.is(both.failed('P › r › B › Lock', 'a'), false)
  await runs(rig, locking, { name: 'run-3', done: both })
  assert.equal(rig.host('a').commands.slice(before), ['lock', 'mend', 'unlock', 'last'])
})

test('does an inner block again without the outer one that it did not fail', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('work', 1).answer('last', 1, 0)
  const plays = only(({ task, block }) => {
    block('Outer', {
      try() {
        task('Before', change('before'))
        block('Inner', {
          try: () => void task('Work', change('work')),
          rescue: () => void task('Mend', change('mend')),
        })
      },
      rescue: () => void task('Outer rescue', change('outer rescue')),
    })
    task('Last', change('last'))
  })
  const first = await runs(rig, plays)
  const before = rig.commands.length
  await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['work', 'mend', 'last'])
})

test('goes on in a block that it had entered, though its condition holds no more', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('release', 'havana', 'icehouse').answer('migrate', 1, 0)
  const plays = only(({ task, block }) =>
    block('B', {
      when: async (host) => (await host.run(look('release'))) === 'havana',
      try() {
        task('Set release', change('set'))
        task('Migrate', change('migrate'))
      },
    }),
  )
  const first = await runs(rig, plays)
  const before = rig.commands.length
  await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['migrate'])
})

test('goes on with a run that was stopped', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('work')
  const plays = only(({ task }) => void task('Work', change('work')))
  const running = begin(rig, plays, { forks: 1 })
  const work = await rig.host('a').next('work')
  running.stop()
  work.exit(0)
  await running.ended
  await runs(rig, plays, { name: 'run-2', done: running.done() })
  assert.equal(rig.commands, ['a: work', 'b: work'])
})

test.run()
