import strict from 'node:assert/strict'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Advice, play, role, Secret, type Steps, text } from '../../../lib/index.ts'
import { operation } from '../../../lib/model/operation.ts'
import { change, guess, look, rigOf, wish } from '../../rig/hosts.ts'
import { begin, HeldClock, runs } from '../../rig/runs.ts'

const test = suite('task')
const only = (define: (steps: Steps<Record<never, never>>) => void) => [
  play('P', { hosts: 'all' }, [role('r', {}, define)]),
]
const a = { all: ['a'] }
const circle = () => {
  const one: Record<string, unknown> = {}
  one['itself'] = one
  return one
}
/** The line of this file that has the mark in a comment. */
const lineOf = async (mark: string) => {
  const { readFileSync } = await import('node:fs')
  const at = readFileSync(new URL(import.meta.url), 'utf8')
    .split('\n')
    .findIndex((line) => line.endsWith(`// ${mark}`))
  assert.ok(at >= 0, `there is a line marked ${mark}`)
  return at + 1
}

test('is skipped where its condition does not hold, whether it waits or not', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('b').answer('ask', 'yes')
  const { told, recap } = await runs(
    rig,
    only(({ task }) => {
      task('Sync', { when: (host) => host.name === 'a' }, change('sync'))
      task('Async', { when: async (host) => (await host.run(look('ask'))) === 'yes' }, change('async'))
    }),
  )
  assert.equal(told.slice(1, -1), [
    'TASK r › Sync [a b]',
    'b: skipped (its condition does not hold)',
    'a: changed',
    'TASK r › Async [a b]',
    'a: skipped (its condition does not hold)',
    'b: changed',
  ])
  assert.equal(recap, ['a ok=1 changed=1 skipped=1', 'b ok=1 changed=1 skipped=1'])
})

test('fails at the throw of its condition, and does not try again', async () => {
  const { finished, events } = await runs(
    rigOf(a),
    only(({ task }) => {
      task(
        'Work',
        {
          retries: 3,
          when: () => {
            throw new Error('no idea') // throwing-when
          },
        },
        change('work'),
      )
    }),
  )
  const { status, failure } = finished('Work', 'a')
  assert.is(status, 'failed')
  assert.is(failure?.reason, 'no idea')
  assert.is(failure?.at.line, await lineOf('throwing-when'))
  assert.not.ok(events.some((event) => event.type === 'attempt-failed'))
})

test('is tried again as often as it has retries, with its delay between, and says what is left', async () => {
  const rig = rigOf(a)
  const clock = new HeldClock()
  rig.host('a').answer('work', 1)
  const running = begin(
    rig,
    only(({ task }) => void task('Work', { retries: 2, delay: '6s' }, change('work'))),
    { clock },
  )
  await clock.passes(6000)
  await clock.passes(6000)
  assert.is(await running.ended, 'failed')
  assert.equal(rig.host('a').commands, ['work', 'work', 'work'])
  assert.equal(running.told.slice(2, 4), [
    'a: retry (2 left): the command failed and said nothing (exit code 1)',
    'a: retry (1 left): the command failed and said nothing (exit code 1)',
  ])
  assert.is(running.finished('Work', 'a').milliseconds, 12_000)
  assert.equal(clock.set, [])
})

test('waits 5 seconds unless told, and ends well as soon as it does', async () => {
  const rig = rigOf(a)
  const clock = new HeldClock()
  rig.host('a').answer('work', 1, 0)
  const running = begin(
    rig,
    only(({ task }) => void task('Work', { retries: 10 }, change('work'))),
    { clock },
  )
  await clock.passes(5000)
  assert.is(await running.ended, 'ok')
  assert.equal(rig.host('a').commands, ['work', 'work'])
})

test('stops waiting for another attempt when aborted', async () => {
  const rig = rigOf(a)
  const clock = new HeldClock()
  rig.host('a').answer('work', 1)
  const running = begin(
    rig,
    only(({ task }) => void task('Work', { retries: 10, delay: '1h' }, change('work'))),
    {
      clock,
      emit: (event) => event.type === 'attempt-failed' && queueMicrotask(() => running.abort()),
    },
  )
  assert.is(await running.ended, 'interrupted')
  assert.equal(rig.host('a').commands, ['work'])
  assert.equal(clock.set, [])
  assert.is(running.finished('Work', 'a').failure?.reason, 'the command failed and said nothing (exit code 1)')
})

test('is not tried again when its host is lost', async () => {
  const rig = rigOf(a)
  rig.host('a').answer('work', 'unreachable')
  await runs(
    rig,
    only(({ task }) => void task('Work', { retries: 3 }, change('work'))),
  )
  assert.equal(rig.host('a').commands, ['work'])
})

test('is broken off when its time is over, and its body can do nothing more', async () => {
  const rig = rigOf(a)
  const clock = new HeldClock()
  rig.host('a').hold('dump')
  let tried!: (how: unknown) => void
  const after = new Promise((resolve) => {
    tried = resolve
  })
  const running = begin(
    rig,
    only(({ task }) => {
      task('Work', { timeout: '10m' }, async (host) => {
        await host.run(change('dump')).catch(() => {})
        tried(await host.run(change('more')).catch((error: unknown) => error))
      })
    }),
    { clock },
  )
  await rig.host('a').next('dump')
  await clock.passes(600_000)
  assert.is(await running.ended, 'failed')
  assert.equal(rig.host('a').broken, ['dump'])
  assert.is(running.finished('Work', 'a').failure?.reason, '«Work» took longer than 600 s')
  assert.equal(rig.host('a').commands, ['dump'])
  assert.is(((await after) as Error).message, '«Work» took longer than 600 s')
})

test('has its whole time for each attempt, and leaves no timer', async () => {
  const rig = rigOf(a)
  const clock = new HeldClock()
  rig.host('a').hold('work')
  const running = begin(
    rig,
    only(({ task }) => void task('Work', { timeout: 2, retries: 1, delay: '500ms' }, change('work'))),
    { clock },
  )
  await rig.host('a').next('work')
  await clock.passes(2000)
  await clock.passes(500)
  const second = await rig.host('a').next('work')
  assert.equal(clock.set, [2000])
  second.exit(0)
  assert.is(await running.ended, 'ok')
  assert.equal(clock.set, [])
})

test('counts as changed as it says itself', async () => {
  const { told } = await runs(
    rigOf(a),
    only(({ task, handler }) => {
      const restart = handler('Restart', look('restart'))
      task('Never', { changedWhen: false, notify: restart }, change('x'))
      task('Never, failing', { changedWhen: false, notify: restart, ignoreErrors: true }, async (host) => {
        await host.run(change('x'))
        throw new Error('oops')
      })
      task('Always', { changedWhen: true, notify: restart }, look('x'))
    }),
  )
  assert.equal(
    told.filter((line) => line.startsWith('a:')),
    ['a: ok', 'a: ignored (oops)', 'a: notified Restart', 'a: changed', 'a: ok'],
  )
})

test('gives the reason, the command, the code and the place of a command that failed', async () => {
  const rig = rigOf(a)
  rig.host('a').answer('work', { code: 3, stderr: 'no space left\n' })
  const book = only(({ task }) => void task('Work', change('work'))) // operation
  const { finished } = await runs(rig, book)
  const { failure } = finished('Work', 'a')
  assert.equal(
    { ...failure, at: undefined },
    {
      reason: 'no space left (exit code 3)',
      operation: 'change work',
      command: 'work',
      code: 3,
      at: undefined,
    },
  )
  assert.is(failure?.at.line, await lineOf('operation'))
  assert.match(failure?.at.file ?? '', /task\.test\.ts$/)
})

test('gives the line of a throw inside its body, after a wait too', async () => {
  const { finished } = await runs(
    rigOf({ all: ['a'] }),
    only(({ task }) => {
      task('Throw', { ignoreErrors: true }, async (host) => {
        await host.run(look('x'))
        throw new Error('in the middle') // in-body
      })
      task('Assert', { ignoreErrors: true }, () => {
        strict(1 + 1 === 3, 'two is not three') // in-assert
      })
      task('Advise', { ignoreErrors: true }, () => {
        throw new Advice('it is old', 'update it')
      })
    }),
  )
  const thrown = finished('Throw', 'a').failure
  assert.is(thrown?.reason, 'in the middle')
  assert.is(thrown?.at.line, await lineOf('in-body'))
  assert.match(thrown?.stack ?? '', /Error: in the middle\n/)
  const asserted = finished('Assert', 'a').failure
  assert.is(asserted?.reason, 'two is not three')
  assert.is(asserted?.at.line, await lineOf('in-assert'))
  assert.is(finished('Advise', 'a').failure?.hint, 'update it')
})

test('says something of errors that say nothing', async () => {
  const { finished } = await runs(
    rigOf(a),
    only(({ task }) => {
      task('Text', { ignoreErrors: true }, () => {
        throw 'just a text' // eslint-disable-line
      })
      task('Many', { ignoreErrors: true }, () => {
        throw new AggregateError([new Error('connect ECONNREFUSED ::1'), new Error('connect ECONNREFUSED 127.0.0.1')])
      })
      task('Bare', { ignoreErrors: true }, () => {
        throw new RangeError()
      })
    }),
  )
  assert.is(finished('Text', 'a').failure?.reason, 'something that is no error was thrown: just a text')
  assert.is(finished('Many', 'a').failure?.reason, 'connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1')
  assert.is(finished('Bare', 'a').failure?.reason, 'RangeError')
})

for (const [what, body, reason] of [
  ['a BigInt', () => ({ rows: [1n] }), 'the result.rows[0] is a bigint, and a task gives plain data'],
  ['a function', () => ({ again: () => 1 }), 'the result.again is a function, and a task gives plain data'],
  ['a date', () => new Date(0), 'the result is a Date, and a task gives plain data'],
  ['a map', () => ({ of: new Map() }), 'the result.of is a Map, and a task gives plain data'],
  [
    'a secret',
    () => ({ token: Secret.of('1234567', 'x') }),
    'the result.token is a Secret, and a task gives plain data',
  ],
  ['a circle', circle, 'the result.itself is something that holds itself, and a task gives plain data'],
] as const) {
  test(`fails where its result is ${what}, and the run goes on`, async () => {
    const { finished, outcome } = await runs(
      rigOf(a),
      only(({ task }) => {
        task('Odd', { ignoreErrors: true }, body as () => never)
        task('Next', change('next'))
      }),
    )
    assert.is(outcome, 'ok')
    const { failure } = finished('Odd', 'a')
    assert.is(failure?.reason, reason)
    assert.match(failure?.hint ?? '', /^return texts, numbers, lists/)
    assert.match(failure?.at.file ?? '', /task\.test\.ts$/)
  })
}

test('fails where it logs what is no text', async () => {
  const { finished } = await runs(
    rigOf(a),
    only(({ task }) => void task('Odd', (host) => host.log(5 as never))),
  )
  assert.is(finished('Odd', 'a').failure?.reason, 'host.log takes a text, and was given a number')
})

test('fails at whatever is thrown', async () => {
  const bare: unknown = Object.create(null)
  const trap = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('trap')
    },
  })
  const oddStack = Object.assign(new Error('odd stack'), { stack: 5 })
  const reasons: (string | undefined)[] = []
  for (const thrown of [bare, null, Symbol('s'), trap, oddStack]) {
    const throwing = () => {
      throw thrown
    }
    const { finished } = await runs(
      rigOf(a),
      only(({ task }) => void task('Odd', throwing)),
    )
    reasons.push(finished('Odd', 'a').failure?.reason)
  }
  assert.equal(reasons, [
    'something that is no error was thrown: [Object: null prototype] {}',
    'something that is no error was thrown: null',
    'something that is no error was thrown: Symbol(s)',
    'something was thrown that cannot be looked at',
    'odd stack',
  ])
})

test("gives the line of a slip in an author's module, and what caused it", async () => {
  const slipping = operation<null, null, string>(() => 'slipping', {
    read: () => {
      const cause = new Error('no such key')
      throw new Error('cannot read it', { cause }) // in-module
    },
    plan: () => ({ result: '' }),
  })
  const { finished } = await runs(
    rigOf(a),
    only(({ task }) => void task('Slip', slipping(null))),
  )
  const { failure } = finished('Slip', 'a')
  assert.is(failure?.at.line, await lineOf('in-module'))
  assert.is(failure?.operation, 'slipping')
  assert.is(failure?.reason, 'cannot read it: no such key')
  assert.match(failure?.stack ?? '', /^Error: cannot read it\n[^]*\ncaused by Error: no such key\n/)
})

test('has the typed variables of its host', async () => {
  const rig = rigOf({ all: ['a', 'b'] }, { a: { greeting: 'hello' }, b: {} })
  await runs(rig, [
    play('P', { hosts: 'all' }, [
      role('r', { greeting: text.or('hi') }, ({ task }) => void task('Work', (host) => change(host.vars.greeting))),
    ]),
  ])
  assert.equal(rig.commands, ['a: hello', 'b: hi'])
})

test('changes nothing in check mode, and says what it would change', async () => {
  const rig = rigOf(a)
  const { events, recap } = await runs(
    rig,
    only(({ task }) => {
      task('Wish', wish({ is: 'is', make: 'make' }))
      task('Body', async (host) => void (await host.run(change('work'))))
    }),
    { check: true },
  )
  assert.equal(rig.host('a').commands, ['is'])
  assert.equal(recap, ['a ok=2 changed=2'])
  assert.equal(
    events.filter((event) => event.type === 'change-planned').map((event) => [event.operation, event.diff]),
    [['wish make', [{ path: 'state', before: 'no\n', after: 'yes\n' }]]],
  )
})

test('does not judge by made-up results in check mode', async () => {
  const { told, finished, outcome } = await runs(
    rigOf(a),
    only(({ task }) => {
      const id = task('Create', guess('create'))
      task('Use', (host) => change(`use ${host.result(id)}`))
      task('Use if run', (host) => change(`use ${host.resultIfRun(id)}`))
    }),
    { check: true },
  )
  assert.is(outcome, 'ok')
  assert.is(finished('Create', 'a').unpredictable, true)
  assert.equal(
    told.filter((line) => line.startsWith('a: skipped')),
    [
      'a: skipped (it needs the result of «Create», which only a real run has)',
      'a: skipped (it needs the result of «Create», which only a real run has)',
    ],
  )
})

test("takes failures in check mode for the host's fault until something would have changed there", async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('status', 1).answer('is', 'no')
  rig.host('b').answer('status', 1).answer('is', 'yes')
  const { told, outcome } = await runs(
    rig,
    only(({ task }) => {
      task('Install', wish({ is: 'is', make: 'make' }))
      task('Status', look('status'))
    }),
    { check: true },
  )
  assert.is(outcome, 'failed')
  assert.equal(told.slice(-3, -1).sort(), [
    'a: skipped (cannot be told before a real run (now: the command failed and said nothing (exit code 1)))',
    'b: failed (the command failed and said nothing (exit code 1))',
  ])
})

test('fails in check mode what no earlier change can mend', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('is', 'no').answer('now', 'x')
  const { told } = await runs(
    rig,
    only(({ task }) => {
      task('Install', wish({ is: 'is', make: 'make' }))
      task('Look first', async (host) => {
        await host.run(look('now'))
        throw new Error('told')
      })
      task('Throw', () => {
        throw new Error('told nothing')
      })
    }),
    { check: true },
  )
  assert.equal(
    told.filter((line) => line.startsWith('a: ')),
    ['a: changed', 'a: skipped (cannot be told before a real run (now: told))', 'a: failed (told nothing)'],
  )
})

test('knows in check mode what would have changed by delegation', async () => {
  const rig = rigOf({ all: ['a', 'b', 'c'] })
  rig.host('b').answer('status', 1)
  rig.host('c').answer('own status', 1)
  const delegated = (name: string, script: string) =>
    role(
      name,
      {},
      ({ task }) =>
        void task(
          'Work',
          async (host) => void (await host.on({ name: 'b' }).run(script === 'install' ? change(script) : look(script))),
        ),
    )
  const { recap } = await runs(
    rig,
    [
      play('On a, for b', { hosts: 'a' }, [delegated('install', 'install')]),
      play('On b', { hosts: 'b' }, [role('own', {}, ({ task }) => void task('Status', look('status')))]),
      play('On c, for b', { hosts: 'c' }, [
        delegated('status', 'status'),
        role('own', {}, ({ task }) => void task('Status', look('own status'))),
      ]),
    ],
    { check: true },
  )
  assert.equal(recap, ['a ok=1 changed=1', 'b skipped=1', 'c failed=1 skipped=1'])
})

test('says so before it calls a function of its author, and of nothing else', async () => {
  const order: string[] = []
  const calls = () => void order.push('told')
  const seen = <T>(what: string, gives: T): T => {
    if (order.at(-1) !== what) order.push(what)
    return gives
  }
  await runs(
    rigOf(a),
    only(({ task, ensure, block, flush }) => {
      task('Value', change('value'))
      flush()
      task('Body', () => seen('body', undefined))
      task('Condition', { when: () => seen('condition', true) }, change('work'))
      block('Block', { when: () => seen('block', true), try: () => void task('Inside', change('inside')) })
      ensure('Description', () => seen('description', change('described')))
    }),
    { calls, lookAhead: false },
  )
  // What it describes is asked before the run as well, when nothing is there yet to be kept waiting.
  assert.equal(
    order.slice(order.indexOf('told')).filter((what, i, all) => what !== all[i - 1]),
    ['told', 'body', 'told', 'condition', 'told', 'block', 'told', 'description'],
  )
})

test.run()
