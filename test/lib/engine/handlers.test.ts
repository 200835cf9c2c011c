import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Handler, parallel, play, role, type Steps } from '../../../lib/index.ts'
import { change, look, rigOf, wish } from '../../rig/hosts.ts'
import { begin, runs } from '../../rig/runs.ts'

const test = suite('handlers')
const only = (define: (steps: Steps<Record<never, never>>) => void) => [
  play('P', { hosts: 'all' }, [role('r', {}, define)]),
]

test('run at the end of the play, once a host, where something changed, in the order they are defined', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('b').answer('is x', 'yes').answer('is y', 'yes')
  const { told } = await runs(
    rig,
    only(({ task, handler }) => {
      const first = handler('First', change('first'))
      const second = handler('Second', change('second'))
      task('X', { notify: [second, first] }, wish({ is: 'is x', make: 'make x' }))
      task('Y', { notify: second }, wish({ is: 'is y', make: 'make y' }))
      task('Z', look('z'))
    }),
  )
  assert.equal(told, [
    'PLAY P [a b]',
    'TASK r › X [a b]',
    'b: ok',
    'a: notified Second',
    'a: notified First',
    'a: changed',
    'TASK r › Y [a b]',
    'b: ok',
    'a: notified Second',
    'a: changed',
    'TASK r › Z [a b]',
    'a: ok',
    'b: ok',
    'HANDLER r › First [a]',
    'a: changed',
    'HANDLER r › Second [a]',
    'a: changed',
    'END ok',
  ])
})

test('count in the recap as tasks do', async () => {
  const { recap } = await runs(
    rigOf({ all: ['a'] }),
    only(({ task, handler }) => void task('X', { notify: handler('H', change('h')) }, change('x'))),
  )
  assert.equal(recap, ['a ok=2 changed=2'])
})

test('run at a flush, those of its own role only, and again when notified again', async () => {
  const rig = rigOf({ all: ['a'] })
  const other = role(
    'other',
    {},
    ({ task, handler }) =>
      void task('Other', { notify: handler('Restart other', change('restart other')) }, change('other')),
  )
  const own = role('own', {}, ({ task, handler, flush }) => {
    const restart = handler('Own', change('restart own'))
    task('One', { notify: restart }, change('one'))
    flush()
    task('Two', { notify: restart }, change('two'))
  })
  await runs(rig, [play('P', { hosts: 'all' }, [other, own])])
  assert.equal(rig.host('a').commands, ['other', 'one', 'restart own', 'two', 'restart other', 'restart own'])
})

test('run for roles side by side too', async () => {
  const rig = rigOf({ all: ['a'] })
  const named = (name: string) =>
    role(
      name,
      {},
      ({ task, handler }) => void task('Work', { notify: handler('Restart', change(`restart ${name}`)) }, change(name)),
    )
  await runs(rig, [play('P', { hosts: 'all' }, [parallel(named('x'), named('y'))])])
  assert.equal(rig.host('a').commands, ['x', 'y', 'restart x', 'restart y'])
})

test('of each batch run before the next batch', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  await runs(rig, [
    play('P', { hosts: 'all', serial: 1 }, [
      role(
        'r',
        {},
        ({ task, handler }) => void task('Work', { notify: handler('H', change('restart')) }, change('work')),
      ),
    ]),
  ])
  assert.equal(rig.commands, ['a: work', 'a: restart', 'b: work', 'b: restart'])
})

const failing = only(({ task, handler }) => {
  task('Work', { notify: handler('Restart', change('restart')) }, change('work'))
  task('Break', change('break'))
})

test('of a failed host are owed', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('break', 1)
  const { told } = await runs(rig, failing)
  assert.equal(rig.commands, ['a: work', 'b: work', 'a: break', 'b: break', 'b: restart'])
  assert.is(told.at(-1), 'END failed, a is owed Restart')
})

test('of a failed host run when forced, and not those of a lost one', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('break', 1)
  rig.host('b').answer('break', 'unreachable')
  const { told } = await runs(rig, failing, { forceHandlers: true })
  assert.equal(rig.commands.slice(4), ['a: restart'])
  assert.is(told.at(-1), 'END unreachable, b is owed Restart')
})

test('are owed by a task that changed something and then failed', async () => {
  const rig = rigOf({ all: ['a'] })
  const { told } = await runs(
    rig,
    only(({ task, handler }) => {
      task('Work', { notify: handler('Restart', change('restart')) }, async (host) => {
        await host.run(change('edit'))
        throw new Error('and then this')
      })
    }),
  )
  assert.equal(told.slice(2), ['a: notified Restart', 'a: failed (and then this)', 'END failed, a is owed Restart'])
})

test('run when the first attempt changed something and the second found nothing to do', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('is', 'no', 'yes').answer('verify', 1, 0)
  const { recap } = await runs(
    rig,
    only(({ task, handler }) => {
      task('Work', { notify: handler('Restart', change('restart')), retries: 1, delay: 0 }, async (host) => {
        await host.run(wish({ is: 'is', make: 'make' }))
        await host.run(look('verify'))
      })
    }),
  )
  assert.equal(rig.host('a').commands, ['is', 'make', 'verify', 'is', 'verify', 'restart'])
  assert.equal(recap, ['a ok=2 changed=2'])
})

test('that fail take their host out, with what it is owed', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('first', 1)
  const { told } = await runs(
    rig,
    only(({ task, handler }) => {
      const [first, second] = [handler('First', change('first')), handler('Second', change('second'))]
      task('Work', { notify: [first, second] }, change('work'))
    }),
  )
  assert.equal(rig.commands.slice(2), ['a: first', 'b: first', 'b: second'])
  assert.is(told.at(-1), 'END failed, a is owed First, a is owed Second')
})

test('that fail at a flush inside a block are rescued', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('restart', 1, 0)
  const { recap, outcome } = await runs(
    rig,
    only(({ task, handler, block, flush }) => {
      const restart = handler('Restart', change('restart'))
      block('B', {
        try() {
          task('Work', { notify: restart }, change('work'))
          flush()
          task('More', change('more'))
        },
        rescue() {
          task('Put back', { notify: restart }, change('put back'))
          flush()
        },
      })
    }),
  )
  assert.equal(rig.host('a').commands, ['work', 'restart', 'put back', 'restart'])
  assert.is(outcome, 'ok')
  assert.equal(recap, ['a ok=3 changed=3 rescued=1'])
})

test('do not start once stopped, and are owed', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('restart')
  const running = begin(
    rig,
    only(({ task, handler }) => void task('Work', { notify: handler('Restart', change('restart')) }, change('work'))),
    { forks: 1 },
  )
  const restart = await rig.host('a').next('restart')
  running.stop()
  restart.exit(0)
  assert.is(await running.ended, 'interrupted')
  assert.equal(rig.commands, ['a: work', 'b: work', 'a: restart'])
  assert.is(running.told.at(-1), 'END interrupted, b is owed Restart')
})

test('ignore tags', async () => {
  const rig = rigOf({ all: ['a'] })
  await runs(
    rig,
    only(
      ({ task, handler }) =>
        void task('Work', { tags: ['x'], notify: handler('Restart', change('restart')) }, change('work')),
    ),
    { tags: ['x'] },
  )
  assert.equal(rig.host('a').commands, ['work', 'restart'])
})

test('are notified by a predicted change, change nothing, and are owed to nobody', async () => {
  const rig = rigOf({ all: ['a'] })
  const { told } = await runs(rig, failing, { check: true })
  assert.equal(rig.commands, [])
  assert.equal(told.slice(1), [
    'TASK r › Work [a]',
    'a: notified Restart',
    'a: changed',
    'TASK r › Break [a]',
    'a: changed',
    'HANDLER r › Restart [a]',
    'a: changed',
    'END ok',
  ])
})

test('are owed to nobody when a check is stopped', async () => {
  const rig = rigOf({ all: ['a'] })
  const running = begin(rig, failing, {
    check: true,
    emit: (event) => event.type === 'handler-notified' && running.stop(),
  })
  assert.is(await running.ended, 'interrupted')
  assert.is(running.told.at(-1), 'END interrupted')
})

test('of another role are refused before anything runs', async () => {
  let stolen: Handler | undefined
  const rig = rigOf({ all: ['a'] })
  role('owner', {}, ({ handler }) => {
    stolen = handler('Restart', change('restart'))
  })
  const thief = only(({ task }) => void task('Work', { notify: stolen! }, change('work')))
  try {
    begin(rig, thief)
    assert.unreachable()
  } catch (error) {
    assert.match(
      (error as Error).message,
      /^«r › Work»: it notifies «Restart», a handler of another role - declare the handler in r \(test\/lib.*ts:\d+\)$/,
    )
  }
})

test.run()
