import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { doneIn } from '../../../lib/engine/done.ts'
import type { Circumstances } from '../../../lib/engine/meetings.ts'
import { play, role, Secret, secret, type Steps, text } from '../../../lib/index.ts'
import type { Event, Timed } from '../../../lib/model/event.ts'
import { operation, output, Unreachable } from '../../../lib/model/operation.ts'
import { maskEvent } from '../../../lib/report/mask.ts'
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

/** A world that can change between two runs: code by line, machines by host. */
const world = () => {
  const now = { code: 'as it was', boot: 'b1', keys: ['k1'], machine: 'm1', away: new Set<string>() }
  const circumstances: Circumstances = {
    codeOf: () => now.code,
    meet: async ({ name }) => {
      if (now.away.has(name)) throw new Unreachable(`${name} is away`, 'wait')
      return { machine: now.machine, keys: now.keys, boot: name === 'a' ? now.boot : 'b1' }
    },
  }
  return { now, circumstances }
}
const worked = only(({ task }) => {
  task('Work', change('work'))
  task('Break', change('break'))
})
const warnings = ({ told }: Running) => told.filter((line) => line.startsWith('WARNING'))

for (const [what, differ, said] of [
  [
    'the host was started anew',
    ({ now }: ReturnType<typeof world>) => void (now.boot = 'b2'),
    'WARNING a was started anew since: 1 task that was done there runs again',
  ],
  [
    'the host is another machine by its keys',
    ({ now }: ReturnType<typeof world>) => void (now.keys = ['k2']),
    'WARNING a is another machine than it was: 1 task that was done there runs again',
  ],
  [
    'the host is another machine by its own word',
    ({ now }: ReturnType<typeof world>) => void (now.machine = 'm2'),
    'WARNING a is another machine than it was: 1 task that was done there runs again',
  ],
  [
    'the host cannot be asked',
    ({ now }: ReturnType<typeof world>) => void now.away.add('a'),
    'WARNING a cannot be asked whether it is the machine that it was: 1 task that was done there runs again',
  ],
  [
    'the playbook was edited',
    ({ now }: ReturnType<typeof world>) => void (now.code = 'edited'),
    'WARNING the playbook was edited: 1 task differs, to be run again: r › Work',
  ],
] as const) {
  test(`does again what was done, and says why, where ${what}`, async () => {
    const rig = rigOf(one)
    const { now, circumstances } = world()
    rig.host('a').answer('break', 1, 0)
    const first = await runs(rig, worked, { circumstances })
    differ({ now, circumstances })
    const second = await runs(rig, worked, { name: 'run-2', circumstances, done: first.done() })
    assert.equal(warnings(second), [said])
    assert.equal(rig.host('a').commands, ['work', 'break', 'work', 'break'])
    assert.is(second.outcome, 'ok')
  })
}

test('does again what was done on another host that was started anew since', async () => {
  const rig = rigOf({ all: ['b', 'a'] })
  const { now, circumstances } = world()
  rig.host('b').answer('break', 1, 0)
  const plays = [
    play('P', { hosts: 'b' }, [
      role('r', {}, ({ task }) => {
        task('Work', (host) => host.on({ name: 'a' }).run(change('work')))
        task('Break', change('break'))
      }),
    ]),
  ]
  const first = await runs(rig, plays, { circumstances })
  now.boot = 'b2'
  const second = await runs(rig, plays, { name: 'run-2', circumstances, done: first.done() })
  assert.equal(warnings(second), ['WARNING a was started anew since: 1 task that was done there runs again'])
  assert.equal(rig.commands, ['a: work', 'b: break', 'a: work', 'b: break'])
})

test('does nothing again on a host that the run has started anew itself', async () => {
  const rig = rigOf(one)
  const { now, circumstances } = world()
  const reboot = operation<null, null, string, string>(() => 'reboot', {
    read: () => Promise.resolve(null),
    plan: () => ({ result: '', change: 'reboot', reboots: true }),
    async apply(connection) {
      now.boot = 'b2'
      return output(connection, 'reboot')
    },
  })
  rig.host('a').answer('break', 1, 0)
  const plays = only(({ task }) => {
    task('Work', change('work'))
    task('Reboot', reboot(null))
    task('Break', change('break'))
  })
  const first = await runs(rig, plays, { circumstances })
  const second = await runs(rig, plays, { name: 'run-2', circumstances, done: first.done() })
  assert.equal(warnings(second), [])
  assert.equal(rig.host('a').commands, ['work', 'reboot', 'break', 'break'])
})

test('takes what was done as done where nothing differs, and a key more is no other machine', async () => {
  const rig = rigOf(one)
  const { now, circumstances } = world()
  rig.host('a').answer('break', 1, 0)
  const first = await runs(rig, worked, { circumstances })
  now.keys = ['k1', 'k3']
  const second = await runs(rig, worked, { name: 'run-2', circumstances, done: first.done() })
  assert.equal(warnings(second), [])
  assert.equal(rig.host('a').commands, ['work', 'break', 'break'])
})

const greeting = (hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>) =>
  rigOf({ all: ['a', 'b'] }, hosts)
const greets = [
  play('P', { hosts: 'all' }, [
    role('r', { greeting: text, token: secret.or(undefined) }, ({ task }) => {
      task('Greet', (host) => change(`say ${host.vars.greeting}`))
      task('Break', change('break'))
    }),
  ]),
]

test('does again what was done with other variables, and names them and the hosts', async () => {
  const before = greeting({ a: { greeting: 'hi' }, b: { greeting: 'hi' } })
  const { circumstances } = world()
  for (const name of ['a', 'b']) before.host(name).answer('break', 1)
  const first = await runs(before, greets, { circumstances })
  const after = greeting({ a: { greeting: 'hello' }, b: { greeting: 'hi' } })
  const second = await runs(after, greets, { name: 'run-2', circumstances, done: first.done() })
  assert.equal(warnings(second), ['WARNING greeting differs on a: 1 task that was done there runs again'])
  assert.equal(after.commands, ['a: say hello', 'a: break', 'b: break'])
})

test('keeps with what was done in which run, however often it is gone on with', async () => {
  const { circumstances } = world()
  const rigs = ['hi', 'hello', 'hello'].map((words) => greeting({ a: { greeting: words }, b: { greeting: 'hi' } }))
  // The second run, with another value, ends before it has come to the task.
  const stopping = new AbortController()
  rigs[0]!.host('a').answer('break', 1)
  rigs[0]!.host('b').answer('break', 1)
  const first = await runs(rigs[0]!, greets, { circumstances })
  stopping.abort()
  const second = await runs(rigs[1]!, greets, { name: 'run-2', circumstances, done: first.done(), emit: () => {} })
  const all = doneIn(
    'run-2',
    [...first.events, ...second.events.filter(({ type }) => type !== 'task-finished')].map(
      (event): Timed => ({
        ...event,
        time: 0,
      }),
    ),
  )
  const third = await runs(rigs[2]!, greets, { name: 'run-3', circumstances, done: all })
  assert.equal(rigs[2]!.commands, ['a: say hello', 'a: break', 'b: break'])
  assert.is(third.outcome, 'ok')
})

test('notices another secret, and writes nothing down from which it could be told', async () => {
  const { circumstances } = world()
  const rig = (token: string) =>
    greeting({ a: { greeting: 'hi', token: Secret.of(token, 'token') }, b: { greeting: 'hi' } })
  const before = rig('first-password')
  before.host('a').answer('break', 1)
  before.host('b').answer('break', 1)
  const first = await runs(before, greets, { circumstances })
  const read = first.events.filter((event) => event.type === 'vars-read')
  assert.is(read.length, 2)
  assert.not.match(JSON.stringify(read), /first-password/)
  const after = rig('other-password')
  const second = await runs(after, greets, { name: 'run-2', circumstances, done: first.done() })
  assert.equal(warnings(second), ['WARNING token differs on a: 1 task that was done there runs again'])
})

test('does again, at its gate too, what another run may have undone', async () => {
  const rig = rigOf(one)
  const asked: string[] = []
  const gate = (question: string) => Promise.resolve(asked.push(question) > 0)
  rig.host('a').answer('break', 1, 0)
  const plays = only(({ task, gate }) => {
    gate('Go on?')
    task('Work', change('work'))
    task('Break', change('break'))
  })
  const first = await runs(rig, plays, { gate })
  const others = new Map([['a', { run: 'run-1b', told: 'run-1b of «Back»' }]])
  const done = doneIn(
    'run-1',
    first.events.map((event): Timed => ({ ...event, time: 0 })),
    others,
  )
  const second = await runs(rig, plays, { name: 'run-2', gate, done })
  assert.equal(warnings(second), [
    'WARNING another run worked on a since (run-1b of «Back»): 1 task that was done there runs again',
  ])
  assert.equal(asked, ['Go on?', 'Go on?'])
  assert.equal(rig.host('a').commands, ['work', 'break', 'work', 'break'])
})

test('asks again what only looks, and what was found as it was wanted', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('is', 'yes', 'no').answer('break', 1, 0)
  const plays = only(({ task, ensure }) => {
    ensure('Be so', () => wish({ is: 'is', make: 'make' }))
    task('Verify', { verify: true }, look('verify'))
    task('Check', async (host) => {
      await host.run(look('check'))
    })
    task('Work', { changedWhen: false }, async (host) => {
      await host.run(change('work'))
    })
    task('Ask', look('ask'))
    task('Break', change('break'))
  })
  const first = await runs(rig, plays)
  const before = rig.commands.length
  await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands.slice(before), ['is', 'verify', 'make', 'verify', 'check', 'break'])
})

test('takes a result anew that held a secret: a mask is no value', async () => {
  const rig = rigOf(one)
  Secret.of('s3cr3t-token', 'token')
  rig.host('a').answer('make token', 's3cr3t-token').answer('write s3cr3t-token', 'written').answer('break', 1, 0)
  const plays = only(({ task }) => {
    const token = task('Make', change('make token'))
    task('Break', change('break'))
    task('Use', (host) => void assert.is(host.result(token), 's3cr3t-token'))
  })
  const first = await runs(rig, plays)
  // As the journal has it.
  const kept = first.events.map((event): Timed => ({ ...maskEvent(event), time: 0 }))
  const second = await runs(rig, plays, { name: 'run-2', done: doneIn('run-1', kept) })
  assert.equal(rig.host('a').commands.slice(2), ['make token', 'break'])
  assert.is(second.outcome, 'ok')
  assert.equal(warnings(second), [
    'WARNING 1 task runs again whose results are not kept, since they hold secrets or are long: r › Make',
  ])
})

test('runs an owed handler at the flush behind its task, not at an earlier one', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('break', 1, 0)
  const plays = only(({ task, handler, flush }) => {
    const restart = handler('Restart', change('restart'))
    task('First', change('first'))
    flush()
    task('Edit', { notify: restart }, wish({ is: 'is', make: 'make' }))
    task('Break', change('break'))
    flush()
    task('Last', change('last'))
  })
  const first = await runs(rig, plays)
  const second = await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.host('a').commands, ['first', 'is', 'make', 'break', 'break', 'restart', 'last'])
  assert.is(second.told.at(-1), 'END ok')
})

test('owes what it has not come to, still with the task that notified it', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('break', 1)
  const first = await runs(rig, restarting)
  const second = await runs(rig, restarting, { name: 'run-2', done: first.done() })
  assert.is(second.told.at(-1), 'END failed, a is owed Restart')
  assert.equal(
    second.done().debts.map(({ by }) => by.map(({ task }) => task)),
    [['Edit']],
  )
})

test('names an owed handler that the playbook has no more, and the tasks', async () => {
  const rig = rigOf(one)
  rig.host('a').answer('break', 1, 0)
  const first = await runs(rig, restarting)
  const renamed = only(({ task, handler }) => {
    task('Edit it', { notify: handler('Restart it', change('restart')) }, look('is'))
    task('Break', change('break'))
  })
  const second = await runs(rig, renamed, { name: 'run-2', done: first.done() })
  assert.equal(warnings(second), [
    'WARNING 1 task was done and is in the playbook no more; under another name it runs again: P › r › Edit',
    'WARNING the handler «Restart» is owed on a, and the playbook has none of that name any more: do there by hand what ' +
      'it did, or give it its name back and go on with --resume',
  ])
  assert.is(second.told.at(-1), 'END ok, a is owed Restart')
})

test('does not lose a restart to a kill in the middle of a command that shows no difference', async () => {
  const rig = rigOf(one)
  const plays = only(({ task, handler }) => {
    const restart = handler('Restart', change('restart'))
    task('Edit', { notify: restart }, async (host) => {
      if ((await host.run(look('is'))) !== 'yes') await host.run(change('make'))
    })
  })
  const first = await runs(rig, plays)
  rig.host('a').answer('is', 'yes')
  const killed = killedAfter(first, (event) => event.type === 'change-planned')
  const second = await runs(rig, plays, { name: 'run-2', done: killed })
  assert.equal(rig.host('a').commands, ['is', 'make', 'restart', 'is', 'restart'])
  assert.is(second.outcome, 'ok')
  // A run that does not come to the task owes it all the same.
  const other = await runs(rig, plays, { name: 'run-3', done: killed, gate: async () => false, tags: ['never'] }).catch(
    () => undefined,
  )
  assert.is(other?.told.at(-1) ?? 'END ok, a is owed Restart', 'END ok, a is owed Restart')
})

test('compares the variables of each host with its own, where a task ran once for all', async () => {
  const { circumstances } = world()
  const rig = greeting({ a: { greeting: 'hi' }, b: { greeting: 'hello' } })
  rig.host('b').answer('break', 1, 0)
  const plays = [
    play('P', { hosts: 'all' }, [
      role('r', { greeting: text }, ({ task }) => {
        task('Sync', { once: true }, change('sync'))
        task('Break', change('break'))
      }),
    ]),
  ]
  const first = await runs(rig, plays, { circumstances })
  const before = rig.commands.length
  const second = await runs(rig, plays, { name: 'run-2', circumstances, done: first.done(), limit: ['b'] })
  assert.equal([warnings(second), rig.commands.slice(before)], [[], ['b: break']])
})

test('does not run a task again that ran once for all, whichever hosts are left', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('sync', 'of a')
  rig.host('b').answer('break', 1, 0)
  const plays = only(({ task }) => {
    const sync = task('Sync', { once: true }, change('sync'))
    task('Break', change('break'))
    task('Use', (host) => look(`use ${host.result(sync)}`))
  })
  const first = await runs(rig, plays)
  const before = rig.commands.length
  await runs(rig, plays, { name: 'run-2', done: first.done(), limit: ['b'] })
  assert.equal(rig.commands.slice(before), ['b: break', 'b: use of a'])
})

test.run()
