import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../../../lib/engine/run.ts'
import { select } from '../../../lib/engine/select.ts'
import type { Event } from '../../../lib/model/event.ts'
import { type Operation, operation, output } from '../../../lib/model/operation.ts'
import { play, playbook, type Play, role, type Steps } from '../../../lib/model/playbook.ts'
import { SkippedClock } from '../../../lib/testing/clock.ts'
import { command, like, put, type Wire, wireTo } from '../../rig/pipes.ts'

const test = suite('look-ahead')

async function runs(
  wire: Wire,
  plays: readonly Play[],
  lookAhead: boolean,
  check = false,
  events: Event[] = [],
): Promise<readonly Event[]> {
  const book = playbook('P', plays)
  await run({
    playbook: book,
    plays: select(book, wire.inventory, { tags: [], skipTags: [] }),
    inventory: wire.inventory,
    transport: wire.transport,
    check,
    forks: 50,
    forceHandlers: false,
    argv: [],
    runId: 'r',
    lookAhead,
    emit: (event) => events.push(event),
    gate: async () => true,
    stop: new AbortController().signal,
    abort: new AbortController().signal,
    clock: new SkippedClock(),
  })
  return events
}

const book = (define: (steps: Steps<object>) => void, strategy: 'linear' | 'free' = 'linear') => [
  play('P', { hosts: 'all', strategy }, [role('r', {}, define)]),
]

test('asks for thirty tasks that find nothing to change in five round trips', async () => {
  const wire = wireTo(['a', 'b'])
  for (const files of wire.state.values()) for (let i = 0; i < 30; i++) files.set(`k${i}`, 'v')
  const tasks = book(({ task }) => {
    for (let i = 0; i < 30; i++) task(`T${i}`, put({ key: `k${i}`, value: 'v' }))
  })
  const events = await runs(wire, tasks, true)
  assert.is(events.filter((e) => e.type === 'task-finished' && e.status === 'ok').length, 60)
  assert.ok(wire.trips <= 5, `${wire.trips} round trips`)
  // Each task is asked for once on each host: reading ahead costs the hosts nothing here.
  assert.is(wire.requests, 60)
})

test('asks for all tasks to come of one object, so that what looks at files puts its questions together', async () => {
  const wire = wireTo(['a'])
  wire.state.get('a')!.set('k', 'v')
  const asked: object[] = []
  const look = operation<{ readonly i: number }, string, string>(({ i }) => `look ${i}`, {
    read: (connection) => {
      asked.push(connection)
      return output(connection, 'get k')
    },
    plan: (there) => ({ result: there }),
  })
  const tasks = book(({ task }) => {
    for (let i = 0; i < 8; i++) task(`T${i}`, look({ i }))
  })
  await runs(wire, tasks, true)
  assert.is(asked.length, 8)
  // The first is asked for at its turn.
  assert.is(new Set(asked.slice(1)).size, 1)
})

test('spends one round trip on a task that changes something', async () => {
  const wire = wireTo(['a'])
  for (const i of [3, 9, 15, 21, 27]) wire.state.get('a')!.set(`k${i}`, 'v')
  const tasks = book(({ task }) => {
    for (let i = 0; i < 30; i++) task(`T${i}`, put({ key: `k${i}`, value: 'v' }))
  })
  const events = await runs(wire, tasks, true)
  assert.is(events.filter((e) => e.type === 'task-finished' && e.status === 'changed').length, 25)
  assert.ok(wire.trips <= 35, `${wire.trips} round trips`)
  assert.ok(wire.requests <= 30 + 25 + 30, `${wire.requests} requests`)
})

test('spends one round trip on a command where hosts wait for each other', async () => {
  const wire = wireTo(['a', 'b'])
  const tasks = book(({ task }) => {
    for (let i = 0; i < 30; i++) task(`T${i}`, command('true'))
  })
  await runs(wire, tasks, true)
  assert.is(wire.trips, 30)
  assert.is(wire.requests, 60)
})

const named = (events: readonly Event[]) =>
  events.flatMap((e) => (e.type === 'task-finished' ? [`${e.path.task} ${e.status}`] : []))

test('sends commands without waiting where no host waits for another', async () => {
  for (const [hosts, strategy] of [
    [['a'], 'linear'],
    [['a', 'b', 'c'], 'free'],
  ] as const) {
    const wire = wireTo(hosts)
    const tasks = book(({ task }) => {
      for (let i = 0; i < 30; i++) task(`T${i}`, command(`put k${i} v`))
      task('Like the last', like({ key: 'y', other: 'k29' }))
    }, strategy)
    const events = await runs(wire, tasks, true)
    assert.is(named(events).filter((one) => one.endsWith(' changed')).length, 31 * hosts.length)
    // The commands and the look behind them, and what that finds.
    assert.ok(wire.trips <= 3, `${wire.trips} round trips`)
    // A look at two keys, and what it finds.
    assert.is(wire.requests, 33 * hosts.length)
    assert.is(wire.state.get('a')!.get('y'), 'v')
    assert.is(wire.state.get('a')!.get('k0'), 'v')
  }
})

test('sends many commands in a few parts, and does not forget what stands behind them', async () => {
  const wire = wireTo(['a'])
  const events = await runs(
    wire,
    book(({ task }) => {
      for (let i = 0; i < 100; i++) task(`T${i}`, command(`put k ${i}`))
      task('Like the last', like({ key: 'y', other: 'k' }))
    }),
    true,
  )
  assert.is(wire.state.get('a')!.get('y'), '99')
  assert.is(named(events).filter((one) => one.endsWith(' changed')).length, 101)
  assert.ok(wire.trips <= 6, `${wire.trips} round trips`)
  const parts = events.filter((e) => e.type === 'sent-ahead').length
  assert.ok(parts <= 7, `${parts} parts`)
})

test('sends nothing before its turn that may not be done then', async () => {
  const others: Readonly<Record<string, (steps: Steps<object>) => void>> = {
    'a condition': ({ task }) => task('Other', { when: () => false }, command('true')),
    'a function': ({ task }) => task('Other', () => undefined),
    'a description': ({ ensure }) => ensure('Other', () => command('true')),
    'a throttle': ({ task }) => task('Other', { throttle: 1 }, command('true')),
    'a time limit': ({ task }) => task('Other', { timeout: 9 }, command('true')),
    'a failure that does not count': ({ task }) => task('Other', { ignoreErrors: true }, command('fail')),
    'another user': ({ task }) => task('Other', { become: 'nova' }, command('true')),
    'a gate': ({ gate }) => gate('Go on?'),
    handlers: ({ flush }) => flush(),
    'what runs at the same time': ({ parallel, task }) =>
      parallel('Both', () => {
        task('Other', command('true'))
        task('Another', command('true'))
      }),
  }
  for (const [name, other] of Object.entries(others)) {
    const wire = wireTo(['a'])
    let before = 0
    const tasks = book((steps) => {
      steps.task('First', command('put a 1'))
      other(steps)
      const last = steps.task('Last', command('put b 1'))
      steps.task('Look', (host) => void (before = host.result(last) === '' ? wire.trips : 0))
    })
    await runs(wire, tasks, true)
    assert.ok(before >= 2, `${name}: ${before} round trips`)
  }
})

test('begins nothing behind a command that fails, and says what was sent and not begun', async () => {
  const wire = wireTo(['a'])
  const events = await runs(
    wire,
    book(({ task }) => {
      task('One', command('put k 1'))
      task('Two', command('fail'))
      task('Three', command('put k 3'))
      task('Four', command('put k 4'))
    }),
    true,
  )
  assert.equal(named(events), ['One changed', 'Two failed'])
  assert.equal(Object.fromEntries(wire.state.get('a')!), { k: '1' })
  const sent = events.flatMap((e) => (e.type === 'sent-ahead' ? [[e.begun, ...e.paths.map(({ task }) => task)]] : []))
  assert.equal(sent, [
    [true, 'Two', 'Three', 'Four'],
    [false, 'Three', 'Four'],
  ])
  // Whoever is killed in between is to know what may have been done; it must be said before it is.
  const at = (type: Event['type'], task: string) =>
    events.findIndex((e) => e.type === type && 'path' in e && e.path.task === task)
  const said = events.findIndex((e) => e.type === 'sent-ahead')
  assert.ok(at('change-planned', 'One') < said && said < at('task-finished', 'One'))
  assert.is(events.filter((e) => e.type === 'warned').length, 0)
})

test('accounts for what was begun before the operator stopped the run', async () => {
  const wire = wireTo(['a'])
  const stop = new AbortController()
  const events: Event[] = []
  const chosen = playbook(
    'P',
    book(({ task }) => {
      for (let i = 0; i < 6; i++) task(`T${i}`, command(`put k${i} v`))
    }),
  )
  const outcome = await run({
    playbook: chosen,
    plays: select(chosen, wire.inventory, { tags: [], skipTags: [] }),
    inventory: wire.inventory,
    transport: wire.transport,
    check: false,
    forks: 50,
    forceHandlers: false,
    argv: [],
    emit: (event) => {
      events.push(event)
      // All six have been answered by then, and the second has not had its turn.
      if (event.type === 'task-finished' && event.path.task === 'T0') stop.abort()
    },
    gate: async () => true,
    stop: stop.signal,
    abort: new AbortController().signal,
  })
  assert.is(outcome, 'interrupted')
  assert.equal(
    named(events),
    [...wire.state.get('a')!.keys()].map((key) => `T${key.slice(1)} changed`),
  )
  assert.ok(named(events).length > 1)
})

test('leaves what takes long to its turn', async () => {
  const wire = wireTo(['a'])
  const slow = operation<string, string, string>((name) => `slow ${name}`, {
    read: (connection, name) => output(connection, `get ${name}`, { long: true }),
    plan: (result) => ({ result }),
  })
  const events = await runs(
    wire,
    book(({ task }) => {
      task('First', put({ key: 'x', value: '1' }))
      task('Second', put({ key: 'y', value: '1' }))
      task('Slow', slow('z'))
    }),
    true,
  )
  assert.equal(
    events.flatMap((event) => (event.type === 'task-finished' ? event.status : [])),
    ['changed', 'changed', 'ok'],
  )
  // Two looks, two changes, and one long look: none was made in vain.
  assert.ok(wire.requests <= 6, `${wire.requests} requests`)
})

test('asks ahead for what merely describes', async () => {
  const wire = wireTo(['a', 'b'])
  for (const files of wire.state.values()) for (let i = 0; i < 30; i++) files.set(`k${i}`, 'v')
  const tasks = book(({ ensure }) => {
    for (let i = 0; i < 30; i++) ensure(`T${i}`, (host) => put({ key: `k${i}`, value: host.name === 'a' ? 'v' : 'w' }))
  })
  const events = await runs(wire, tasks, true)
  const ended = (host: string, status: string) =>
    events.filter((e) => e.type === 'task-finished' && e.host === host && e.status === status).length
  assert.equal([ended('a', 'ok'), ended('b', 'changed')], [30, 30])
  // b changes each of its thirty, and each change carries the next question.
  assert.ok(wire.trips <= 33, `${wire.trips} round trips`)
  const alone = wireTo(['a'])
  for (let i = 0; i < 30; i++) alone.state.get('a')!.set(`k${i}`, 'v')
  await runs(alone, tasks, true)
  assert.ok(alone.trips <= 5, `${alone.trips} round trips`)
  assert.is(alone.requests, 30)
})

test('believes what a description says at its turn, not what it said before', async () => {
  const wire = wireTo(['a'])
  wire.state.get('a')!.set('early', 'before')
  let value = 'before'
  let key = 'early'
  const said: string[] = []
  const events = await runs(
    wire,
    book(({ task, ensure }) => {
      task('First', put({ key: 'x', value: '1' }))
      task('Think', async (host) => {
        await host.run(put({ key: 'x', value: '1' }))
        value = 'after'
        key = 'late'
        said.push('thought')
      })
      ensure('Other value', () => put({ key: 'early', value }))
      ensure('Other key', () => put({ key, value }))
      ensure('Needs a result', (host) => like({ key: host.resultIfRun(later) ?? 'none', other: 'x' }))
      const later = task('A result', put({ key: 'r', value: 'q' }))
      ensure('Has it', (host) => put({ key: host.result(later), value: 'w' }))
    }),
    true,
  )
  assert.equal(Object.fromEntries(wire.state.get('a')!), {
    x: '1',
    early: 'after',
    late: 'after',
    none: '1',
    r: 'q',
    q: 'w',
  })
  assert.equal(said, ['thought'])
  assert.is(events.filter((e) => e.type === 'task-finished' && e.status === 'failed').length, 0)
})

type Form = (does: () => unknown) => (...args: readonly unknown[]) => unknown
/** Every form in which somebody may write a function that does something when it is called. */
const forms: Readonly<Record<string, Form>> = {
  'an arrow': (does) => () => does(),
  'an arrow that takes the host': (does) => (_host) => does(),
  'an arrow of statements': (does) => () => {
    const done = does()
    return done
  },
  'an async arrow': (does) => async () => does(),
  'a function': (does) => {
    function body() {
      return does()
    }
    return body
  },
  'an async function': (does) => {
    async function body() {
      return does()
    }
    return body
  },
  'a method': (does) => ({ ensure: () => does() }).ensure,
  'a bound method of a class': (does) => {
    class Work {
      readonly #does = does
      body() {
        return this.#does()
      }
    }
    const work = new Work()
    return work.body.bind(work)
  },
  'an object that can be called': (does) => new Proxy(() => {}, { apply: () => does() }),
  'a function that calls itself an operation': (does) =>
    Object.assign(() => does(), { kind: 'described', prepare: () => Promise.reject(new Error('no')) }),
}

for (const [name, form] of Object.entries(forms)) {
  for (const check of [false, true]) {
    test(`calls what authors write at its turn, once an attempt: ${name}${check ? ', checking' : ''}`, async () => {
      const wire = wireTo(['a'])
      for (const key of ['x', 'y']) wire.state.get('a')!.set(key, '1')
      const called: string[] = []
      const events: Event[] = []
      const seen = <T>(what: string, gives: T): T => {
        const begun = events.findLast((event) => event.type === 'task-started')
        called.push(`${what} in ${begun?.type === 'task-started' ? begun.path.task : 'nothing'}`)
        return gives
      }
      const made = () => put({ key: 'x', value: '1' })
      const body = (what: string) => form(() => seen(what, made())) as () => Operation<string>
      const when = (what: string) => form(() => seen(what, true)) as () => boolean
      await runs(
        wire,
        book(({ task, block, handler }) => {
          const due = handler('Handler', body('handler'))
          task('Read ahead', made())
          task('Body', body('body'))
          task('When', { when: when('when') }, made())
          task('Both', { when: when('when'), changedWhen: true, notify: due }, body('body'))
          task('Once', { once: true, when: when('when') }, body('body'))
          block('Block', {
            when: when('block'),
            try() {
              task('Inside', body('body'))
            },
          })
          task('Again', { retries: 2, delay: 0 }, async (host) => {
            await host.run(seen('body', made()))
            if (called.filter((one) => one === 'body in Again').length < 3) throw new Error('not yet')
          })
          task('Fail', async (host) => {
            await host.run(made())
            throw new Error('it ends here')
          })
          task('Too late', body('body'))
          task('Too late as well', { when: when('when') }, made())
          block('Too late too', {
            when: when('block'),
            try() {
              task('In it', made())
            },
          })
        }),
        true,
        check,
        events,
      )
      // In check mode what fails after a change, and has asked the host, is no failure: what follows has its turn too.
      const rest = check
        ? [
            'body in Again',
            'body in Too late',
            'when in Too late as well',
            'block in Too late as well',
            'handler in Handler',
          ]
        : Array(3).fill('body in Again')
      assert.equal(called, [
        'body in Body',
        'when in When',
        'when in Both',
        'body in Both',
        'when in Once',
        'body in Once',
        'block in Once',
        'body in Inside',
        ...rest,
      ])
      assert.is(events.filter((e) => e.type === 'task-finished' && e.status === 'failed').length, check ? 0 : 1)
    })
  }
}

test('hears of a description that misbehaves at its turn only', async () => {
  const wrongs: Readonly<Record<string, () => unknown>> = {
    'throws an error': () => {
      throw new Error('the inventory is wrong')
    },
    'throws something else': () => {
      throw 'the inventory is wrong'
    },
    'gives a promise that rejects': () => Promise.reject(new Error('the inventory is wrong')),
    'gives something that only looks like an operation': () => ({
      prepare() {
        throw new Error('the inventory is wrong')
      },
    }),
    'gives something whose reading fails': () => ({
      name: 'odd',
      at: { file: 'x', line: 1 },
      prepare: () => Promise.reject(new Error('the inventory is wrong')),
    }),
  }
  for (const [name, wrong] of Object.entries(wrongs)) {
    const wire = wireTo(['a'])
    const events = await runs(
      wire,
      book(({ task, ensure }) => {
        task('First', put({ key: 'x', value: '1' }))
        task('Second', put({ key: 'y', value: '1' }))
        ensure('Wrong', wrong as never)
      }),
      true,
    )
    assert.equal(
      events.flatMap((e) => (e.type === 'task-finished' ? [`${e.path.task} ${e.status}`] : [])),
      ['First changed', 'Second changed', 'Wrong failed'],
      name,
    )
    const failed = events.find((e) => e.type === 'task-finished' && e.status === 'failed')
    assert.match(JSON.stringify(failed), 'the inventory is wrong', name)
  }
})

test('sees what the task before it changed', async () => {
  const wire = wireTo(['a'])
  await runs(
    wire,
    book(({ task }) => {
      task('First', put({ key: 'x', value: '1' }))
      task('Like it', like({ key: 'y', other: 'x' }))
      task('Twice', put({ key: 'x', value: '2', how: 'twice' }))
      task('Like it again', like({ key: 'y', other: 'x' }))
      task('Its own way', put({ key: 'x', value: '3', how: 'long' }))
      task('Like it a third time', like({ key: 'z', other: 'x' }))
    }),
    true,
  )
  assert.equal(Object.fromEntries(wire.state.get('a')!), { x: '3', y: '2', z: '3' })
})

test('believes nothing that was read before a function, whatever way it took', async () => {
  const wire = wireTo(['a', 'b'])
  for (const files of wire.state.values()) files.set('x', '1')
  const around = (host: string, value: string) => void wire.state.get(host)!.set('x', value)
  await runs(
    wire,
    book(({ task, handler, flush }) => {
      task('First', put({ key: 'y', value: '1' }))
      // As a program of this machine that works on the host.
      task('By another way', ({ name }) => around(name, '2'))
      task('Put it back', put({ key: 'x', value: '1' }))
      task('Notify', { notify: handler('By a handler', ({ name }) => around(name, '3')) }, command('true'))
      flush()
      task('Put it back again', put({ key: 'x', value: '1' }))
      task('From another host', { when: ({ name }) => name === 'a' }, async (host) => {
        await host.on({ name: 'b' }).run(command('true'))
        around('b', '4')
      })
      task('Put it back once more', put({ key: 'x', value: '1' }))
    }),
    true,
  )
  assert.equal(
    [...wire.state.values()].map((files) => files.get('x')),
    ['1', '1'],
  )
})

test('believes nothing that was read before a question was answered', async () => {
  const wire = wireTo(['a'])
  wire.state.get('a')!.set('x', '1').set('z', '1')
  const plays = book(({ task, gate, parallel }) => {
    task('First', put({ key: 'y', value: '1' }))
    task('Second', put({ key: 'x', value: '1' }))
    parallel('Both', () => {
      gate('Go on?')
      task('Beside', put({ key: 'z', value: '1' }))
    })
    task('Last', put({ key: 'z', value: '1' }))
  })
  const asked: string[] = []
  const byHand = <T>(question: string, answer: T): Promise<T> => {
    asked.push(question)
    wire.state.get('a')!.set(question.endsWith('Second') ? 'x' : 'z', '2')
    return Promise.resolve(answer)
  }
  const chosen = playbook('P', plays)
  await run({
    playbook: chosen,
    plays: select(chosen, wire.inventory, { tags: [], skipTags: [] }),
    inventory: wire.inventory,
    transport: wire.transport,
    check: false,
    forks: 50,
    forceHandlers: false,
    argv: [],
    emit: () => {},
    gate: (question) => byHand(question, true),
    step: (task) => byHand(task, 'yes' as const),
    stop: new AbortController().signal,
    abort: new AbortController().signal,
  })
  assert.equal(Object.fromEntries(wire.state.get('a')!), { x: '1', y: '1', z: '1' })
  assert.ok(asked.includes('Go on?') && asked.length > 3)
})

type Made =
  | {
      readonly is: 'put'
      readonly key: string
      readonly value: string
      readonly how: 'once' | 'twice' | 'long'
      readonly body: 'value' | 'function' | 'when'
    }
  | { readonly is: 'tries'; readonly retries: number; readonly ignored: boolean; readonly script: string }
  | { readonly is: 'like'; readonly key: string; readonly other: string; readonly body: 'value' | 'function' | 'when' }
  | { readonly is: 'command'; readonly script: string; readonly notifies: boolean }
  | { readonly is: 'flush' }
  | { readonly is: 'block'; readonly steps: readonly Made[]; readonly rescue: readonly Made[] }
  | { readonly is: 'parallel'; readonly steps: readonly Made[] }

const key = fc.constantFrom('a', 'b', 'c', 'd')
const body = fc.constantFrom('value', 'value', 'value', 'function', 'when' as const) as fc.Arbitrary<
  'value' | 'function' | 'when'
>
const simple: fc.Arbitrary<Made> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('put' as const),
      key,
      value: fc.constantFrom('1', '2'),
      how: fc.constantFrom('once', 'once', 'twice', 'long') as fc.Arbitrary<'once' | 'twice' | 'long'>,
      body,
    }),
  },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('like' as const), key, other: key, body }) },
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('command' as const),
      script: fc.constantFrom('true', 'put a 3', 'put b 4', 'put a 5', 'put c 1', 'fail'),
      notifies: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('tries' as const),
      retries: fc.nat(2),
      ignored: fc.boolean(),
      script: fc.constantFrom('put a 6', 'fail'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ is: 'flush' as const }) },
)
const many: fc.Arbitrary<Made> = fc.oneof(
  { weight: 8, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('block' as const),
      steps: fc.array(simple, { minLength: 1, maxLength: 4 }),
      rescue: fc.array(simple, { maxLength: 2 }),
    }),
  },
)

function define(made: readonly Made[]): (steps: Steps<object>) => void {
  return ({ task, handler, block, flush }) => {
    let n = 0
    const handlers = [handler('H1', put({ key: 'h', value: 'x' })), handler('H2', like({ key: 'i', other: 'a' }))]
    const add = (one: Made): void => {
      const name = `T${n++}`
      if (one.is === 'flush') flush()
      else if (one.is === 'block')
        block(name, {
          try: () => one.steps.forEach(add),
          ...(one.rescue.length > 0 ? { rescue: () => one.rescue.forEach(add) } : {}),
        })
      else if (one.is === 'parallel') one.steps.forEach(add)
      else if (one.is === 'command') task(name, one.notifies ? { notify: handlers[n % 2]! } : {}, command(one.script))
      else if (one.is === 'tries')
        task(name, { retries: one.retries, delay: 0, ignoreErrors: one.ignored }, command(one.script))
      else {
        const operation = () => (one.is === 'put' ? put(one) : like(one))
        const options = { notify: handlers[n % 2]!, ...(one.body === 'when' ? { when: () => true } : {}) }
        if (one.body === 'function') task(name, options, operation)
        else task(name, options, operation())
      }
    }
    made.forEach(add)
  }
}

const pace = fc.constantFrom(
  { hosts: ['a', 'b'], strategy: 'linear' },
  { hosts: ['a', 'b'], strategy: 'free' },
  { hosts: ['b'], strategy: 'linear' },
  { hosts: ['b'], strategy: 'free' },
) as fc.Arbitrary<{ readonly hosts: readonly string[]; readonly strategy: 'linear' | 'free' }>

for (const check of [false, true]) {
  test(`gives the same events and leaves the same hosts as without it${check ? ', in check mode' : ''}`, async () => {
    let sent = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(many, { minLength: 1, maxLength: 14 }),
        fc.boolean(),
        pace,
        async (made, late, pace) => {
          const results = await Promise.all(
            [true, false].map(async (lookAhead) => {
              // A change that goes its own way must not be believed before it is answered.
              const wire = wireTo(pace.hosts, late)
              wire.state.get('b')?.set('a', '1').set('c', '2')
              const told = await runs(wire, book(define(made), pace.strategy), lookAhead, check)
              // What may have been done when a run is killed, which none of these is.
              const events = told.filter((e) => e.type !== 'sent-ahead')
              if (!lookAhead) assert.is(events.length, told.length)
              else if (told.length > events.length) sent++
              // Which of two hosts is told of first is chance, with look-ahead and without it.
              const end = events.at(-1)!
              const owed =
                end.type === 'run-finished' ? end.owed.map(({ host, handler }) => `${host} ${handler}`).sort() : []
              return {
                events: ['a', 'b'].map((host) => events.filter((e) => 'host' in e && e.host === host)),
                end: { ...end, owed },
                state: wire.state,
              }
            }),
          )
          assert.equal(JSON.stringify(results[0]!.events), JSON.stringify(results[1]!.events))
          assert.equal(JSON.stringify(results[0]!.end), JSON.stringify(results[1]!.end))
          assert.equal(
            [...results[0]!.state].map(([h, m]) => [h, [...m].sort()]),
            [...results[1]!.state].map(([h, m]) => [h, [...m].sort()]),
          )
        },
      ),
      { numRuns: 250 },
    )
    assert.ok(check ? sent === 0 : sent > 30, `changes went out before their turns in ${sent} of 250 runs`)
  })
}

test.run()
