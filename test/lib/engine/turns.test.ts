import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parallel, play, role, type Steps } from '../../../lib/index.ts'
import { change, rigOf } from '../../rig/hosts.ts'
import { begin } from '../../rig/runs.ts'

const test = suite('turns')
const steps = (define: (steps: Steps<Record<never, never>>) => void) => role('r', {}, define)
const abc = { all: ['a', 'b', 'c'] }

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

test.run()
