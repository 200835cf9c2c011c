import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role, type Steps } from '../../../lib/index.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
import { begin, runs } from '../../rig/runs.ts'

const test = suite('blocks')
const only = (define: (steps: Steps<Record<never, never>>) => void) => [
  play('P', { hosts: 'all' }, [role('r', {}, define)]),
]
const refused = '(the command failed and said nothing (exit code 1))'

/** A block with one command for each part, and a task after it. */
const whole = only(({ task, block }) => {
  block('B', {
    try() {
      task('Work', change('work'))
      task('More', change('more'))
    },
    rescue: () => void task('Rescue', change('rescue')),
    always: () => void task('Always', change('always')),
  })
  task('After', change('after'))
})

test('runs try and always when nothing fails', async () => {
  const rig = rigOf({ all: ['a'] })
  const { recap } = await runs(rig, whole)
  assert.equal(rig.host('a').commands, ['work', 'more', 'always', 'after'])
  assert.equal(recap, ['a ok=4 changed=4'])
})

test('goes to the rescue at the first failure, and on with the play', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('work', 1)
  const { told, outcome, recap } = await runs(rig, whole)
  assert.equal(told, [
    'PLAY P [a b]',
    'TASK r › B › Work [a b]',
    `a: rescued ${refused}`,
    'b: changed',
    'TASK r › B › More [b]',
    'b: changed',
    'TASK r › B › Rescue [a]',
    'a: changed',
    'TASK r › B › Always [a b]',
    'a: changed',
    'b: changed',
    'TASK r › After [a b]',
    'a: changed',
    'b: changed',
    'END ok',
  ])
  assert.is(outcome, 'ok')
  assert.equal(recap, ['a ok=3 changed=3 rescued=1', 'b ok=4 changed=4'])
})

test('fails when the rescue does, and still cleans up', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('work', 1).answer('rescue', 1)
  const { outcome, recap } = await runs(rig, whole)
  assert.equal(rig.host('a').commands, ['work', 'rescue', 'always'])
  assert.is(outcome, 'failed')
  assert.equal(recap, ['a ok=1 changed=1 failed=1 rescued=1'])
})

test('fails when the clean-up does', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('always', 1)
  const { outcome, recap } = await runs(rig, whole)
  assert.equal(rig.host('a').commands, ['work', 'more', 'always'])
  assert.is(outcome, 'failed')
  assert.equal(recap, ['a ok=2 changed=2 failed=1'])
})

test('keeps a failure that nothing rescues until the clean-up is done', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('work', 1)
  const { outcome, recap } = await runs(
    rig,
    only(({ task, block }) => {
      block('B', { try: () => void task('Work', change('work')), always: () => void task('Always', change('always')) })
      task('After', change('after'))
    }),
  )
  assert.equal(rig.host('a').commands, ['work', 'always'])
  assert.is(outcome, 'failed')
  assert.equal(recap, ['a ok=1 changed=1 failed=1'])
})

const nested = only(({ task, block }) => {
  block('Outer', {
    try() {
      block('Inner', {
        try: () => void task('Work', change('work')),
        rescue: () => void task('Inner rescue', change('inner rescue')),
        always: () => void task('Inner always', change('inner always')),
      })
      task('Between', change('between'))
    },
    rescue: () => void task('Outer rescue', change('outer rescue')),
  })
  task('After', change('after'))
})

test('rescues in the nearest block', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('work', 1)
  const { recap } = await runs(rig, nested)
  assert.equal(rig.host('a').commands, ['work', 'inner rescue', 'inner always', 'between', 'after'])
  assert.equal(recap, ['a ok=4 changed=4 rescued=1'])
})

test('rescues in the block around when the nearest rescue fails', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('work', 1).answer('inner rescue', 1)
  const { recap, outcome } = await runs(rig, nested)
  assert.equal(rig.host('a').commands, ['work', 'inner rescue', 'inner always', 'outer rescue', 'after'])
  assert.equal(recap, ['a ok=3 changed=3 rescued=2'])
  assert.is(outcome, 'ok')
})

test('neither rescues nor cleans up a host that is lost', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('work', 'unreachable')
  const { outcome, recap } = await runs(rig, whole)
  assert.equal(rig.host('a').commands, ['work'])
  assert.is(outcome, 'unreachable')
  assert.equal(recap, ['a unreachable=1', 'b ok=4 changed=4'])
})

test('does not swallow a failure when tags leave nothing of the rescue', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('work', 1)
  const { outcome, recap } = await runs(
    rig,
    only(({ task, block }) => {
      block('B', {
        try: () => void task('Work', { tags: ['x'] }, change('work')),
        rescue: () => void task('Rescue', change('rescue')),
      })
      task('After', { tags: ['x'] }, change('after'))
    }),
    { tags: ['x'] },
  )
  assert.equal(rig.host('a').commands, ['work'])
  assert.is(outcome, 'failed')
  assert.equal(recap, ['a failed=1'])
})

test('enters a block on the hosts for which its condition holds, and asks once', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('b').answer('release', 'havana')
  await runs(
    rig,
    only(({ task, block }) => {
      block('B', {
        when: async (host) => (await host.run(look('release'))) === 'havana',
        try() {
          task('Work', change('work'))
          task('More', change('more'))
        },
      })
      task('After', change('after'))
    }),
  )
  assert.equal(rig.commands, ['a: release', 'b: release', 'b: work', 'b: more', 'a: after', 'b: after'])
})

test('fails at the block when its condition throws', async () => {
  const rig = rigOf({ all: ['a'] })
  const { told, outcome } = await runs(
    rig,
    only(({ task, block }) => {
      block('Outer', {
        try() {
          block('B', {
            when: () => {
              throw new Error('no such release')
            },
            try: () => void task('Work', change('work')),
          })
        },
      })
    }),
  )
  assert.is(outcome, 'failed')
  assert.equal(told, ['PLAY P [a]', 'a: failed (no such release)', 'END failed'])
  assert.equal(rig.commands, [])
})

test('rescues every host when what runs once fails', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('sync', 1)
  const { outcome, recap } = await runs(
    rig,
    only(({ task, block }) => {
      block('B', {
        try: () => void task('Sync', { once: true }, change('sync')),
        rescue: () => void task('Rescue', change('rescue')),
      })
    }),
  )
  assert.equal(rig.commands, ['a: sync', 'a: rescue', 'b: rescue'])
  assert.is(outcome, 'ok')
  assert.equal(recap, ['a ok=1 changed=1 rescued=1', 'b ok=1 changed=1'])
})

test('starts no rescue once stopped', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').hold('work')
  const running = begin(rig, whole)
  const work = await rig.host('a').next('work')
  running.stop()
  work.exit(1)
  assert.is(await running.ended, 'interrupted')
  assert.equal(rig.commands, ['a: work'])
})

test.run()
