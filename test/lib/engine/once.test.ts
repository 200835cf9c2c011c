import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role, type Steps } from '../../../lib/index.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
import { begin, runs } from '../../rig/runs.ts'

const test = suite('once')
const abc = { all: ['a', 'b', 'c'] }
const only = (define: (steps: Steps<Record<never, never>>) => void, options = {}) => [
  play('P', { hosts: 'all', ...options }, [role('r', {}, define)]),
]

test("runs on the first host for which the condition holds, and its result is everybody's", async () => {
  const rig = rigOf(abc)
  rig.host('b').answer('sync', 'done by b')
  const { told, recap } = await runs(
    rig,
    only(({ task }) => {
      const sync = task('Sync', { once: true, when: (host) => host.name !== 'a' }, change('sync'))
      task('Use', (host) => look(`use ${host.result(sync)}`))
    }),
  )
  assert.equal(rig.commands, ['b: sync', 'a: use done by b', 'b: use done by b', 'c: use done by b'])
  assert.equal(recap, ['a ok=1 skipped=1', 'b ok=2 changed=1', 'c ok=1'])
  assert.equal(told.slice(1, 5), [
    'TASK r › Sync [a]',
    'a: skipped (its condition does not hold)',
    'TASK r › Sync [b]',
    'b: changed',
  ])
})

test('runs once where each host goes at its own pace, and those that come wait for it', async () => {
  const rig = rigOf(abc)
  rig.host('a').hold('sync')
  const running = begin(
    rig,
    only(
      ({ task }) => {
        const sync = task('Sync', { once: true }, change('sync'))
        task('Use', (host) => look(`use ${host.result(sync)}`))
      },
      { strategy: 'free' },
    ),
  )
  const sync = await rig.host('a').next('sync')
  assert.equal(rig.commands, ['a: sync'])
  sync.exit(0, 'done by a')
  assert.is(await running.ended, 'ok')
  assert.equal([...rig.commands].sort(), ['a: sync', 'a: use done by a', 'b: use done by a', 'c: use done by a'])
})

for (const strategy of ['linear', 'free'] as const) {
  test(`fails every host when it fails, ${strategy}`, async () => {
    const rig = rigOf(abc)
    rig.host('a').answer('sync', 1)
    const { told, outcome, recap } = await runs(
      rig,
      only(
        ({ task }) => {
          task('Sync', { once: true }, change('sync'))
          task('Use', look('use'))
        },
        { strategy },
      ),
    )
    assert.equal(rig.commands, ['a: sync'])
    assert.is(outcome, 'failed')
    assert.equal(recap, ['a failed=1', 'b', 'c'])
    assert.equal(
      told.filter((line) => line.startsWith('WARNING')),
      ['WARNING «Sync» runs once for all hosts and failed on a: no host of this batch goes on without it'],
    )
  })
}

test('is skipped where the condition holds on no host', async () => {
  const rig = rigOf(abc)
  const { recap } = await runs(
    rig,
    only(({ task }) => void task('Sync', { once: true, when: () => false }, change('sync'))),
  )
  assert.equal(rig.commands, [])
  assert.equal(recap, ['a skipped=1', 'b skipped=1', 'c skipped=1'])
})

test('runs once for each batch, and each batch has its own result', async () => {
  const rig = rigOf(abc)
  for (const name of abc.all) rig.host(name).answer('sync', name)
  await runs(
    rig,
    only(
      ({ task }) => {
        const sync = task('Sync', { once: true }, change('sync'))
        task('Use', (host) => look(`use ${host.result(sync)}`))
      },
      { serial: 2 },
    ),
  )
  assert.equal(rig.commands, ['a: sync', 'a: use a', 'b: use a', 'c: sync', 'c: use c'])
})

test('keeps the others from going on when its host is lost', async () => {
  const rig = rigOf(abc)
  rig.host('a').answer('sync', 'unreachable')
  const { outcome, recap } = await runs(
    rig,
    only(({ task }) => {
      task('Sync', { once: true }, change('sync'))
      task('Use', look('use'))
    }),
  )
  assert.equal(rig.commands, ['a: sync'])
  assert.is(outcome, 'unreachable')
  assert.equal(recap, ['a unreachable=1', 'b', 'c'])
})

test('notifies for the host that it ran on', async () => {
  const rig = rigOf(abc)
  await runs(
    rig,
    only(
      ({ task, handler }) =>
        void task('Sync', { once: true, notify: handler('Restart', change('restart')) }, change('sync')),
    ),
  )
  assert.equal(rig.commands, ['a: sync', 'a: restart'])
})

test("is not run again when resumed, and its result is still everybody's", async () => {
  for (const strategy of ['linear', 'free'] as const) {
    const rig = rigOf(abc)
    rig.host('a').answer('sync', 'of a')
    rig.host('c').answer('break', 1, 0)
    const plays = only(
      ({ task }) => {
        const sync = task('Sync', { once: true }, change('sync'))
        task('Break', change('break'))
        task('Use', (host) => look(`use ${host.result(sync)}`))
      },
      { strategy },
    )
    const first = await runs(rig, plays)
    assert.is(first.outcome, 'failed')
    const before = rig.commands.length
    const second = await runs(rig, plays, { name: 'run-2', done: first.done() })
    assert.is(second.outcome, 'ok')
    assert.equal(rig.commands.slice(before), ['c: break', 'c: use of a'])
    assert.equal(second.recap, ['a resumed=3', 'b resumed=2', 'c ok=2 changed=1'])
  }
})

test('gives each batch its own result when resumed', async () => {
  const rig = rigOf({ all: ['a', 'b', 'c', 'd'] })
  for (const name of ['a', 'c']) rig.host(name).answer('sync', name)
  rig.host('d').answer('break', 1, 0)
  const plays = only(
    ({ task }) => {
      const sync = task('Sync', { once: true }, change('sync'))
      task('Break', change('break'))
      task('Use', (host) => look(`use ${host.result(sync)}`))
    },
    { serial: 2 },
  )
  const first = await runs(rig, plays)
  const before = rig.commands.length
  await runs(rig, plays, { name: 'run-2', done: first.done() })
  assert.equal(rig.commands.slice(before), ['d: break', 'd: use c'])
})

test.run()
