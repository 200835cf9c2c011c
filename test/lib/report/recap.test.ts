import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { paints } from '../../../lib/report/paint.ts'
import { createRecap, type RunEnd } from '../../../lib/report/recap.ts'
import { Script, taskOf } from '../../rig/script.ts'

const test = suite('recap')

function told(tell: (script: Script) => void, next?: (end: RunEnd) => string | undefined): string {
  const recap = createRecap()
  tell(new Script((event) => recap.add(event)))
  return recap.lines(paints(false), next).join('\n')
}

test('counts by host, sorted, and shows what is rare only if there is any', () => {
  const task = taskOf('One')
  assert.is(
    told((s) => {
      s.run(['b', 'a'])
      s.finish(task, 'b', 'changed')
      s.finish(task, 'a', 'ignored')
      s.finish(task, 'a', 'rescued')
      s.end('ok', 400)
    }),
    `PLAY RECAP
a : ok=1  changed=0  unreachable=0  failed=0  rescued=1  ignored=1
b : ok=1  changed=1  unreachable=0  failed=0  rescued=0  ignored=0

Finished in 0.4 s`,
  )
})

test('keeps the lines of short names within 80 columns, where not everything happens in one run', () => {
  const task = taskOf('One')
  const lines = told((s) => {
    s.run(['node-1', 'node-10'])
    for (let i = 0; i < 12; i++) s.finish(task, 'node-1', 'ok')
    for (const status of ['rescued', 'skipped', 'failed', 'changed'] as const) s.finish(task, 'node-10', status)
    s.end()
  }).split('\n')
  assert.equal(lines.slice(1, 3), [
    'node-1  : ok=12  changed=0  unreachable=0  failed=0  skipped=0  rescued=0',
    'node-10 : ok=1   changed=1  unreachable=0  failed=1  skipped=1  rescued=1',
  ])
  assert.ok(lines[1]!.length <= 80)
})

test('names the five slowest tasks from their first host to their last', () => {
  assert.is(
    told((s) => {
      for (const [i, took] of [900, 2000, 61_000, 3_723_000, 9949, 12_345, 3000].entries()) {
        const task = taskOf(`Task ${i}`)
        s.task(task, ['a', 'b'])
        s.after(took - 500).finish(task, 'a', 'ok')
        s.after(500).finish(task, 'b', 'ok')
      }
      s.end()
    }).split('\n\n')[1],
    `SLOWEST TASKS
  1h 02m  nova.compute › Task 3
  1m 01s  nova.compute › Task 2
    12 s  nova.compute › Task 5
   9.9 s  nova.compute › Task 4
   3.0 s  nova.compute › Task 6`,
  )
})

test('names the longest tasks of the critical path in their order, and how much of the run it is', () => {
  const [dump, restart] = [taskOf('Dump'), taskOf('Restart nova-compute')]
  const text = told((s) => {
    s.run(['a', 'b'])
    for (const took of [40, 3000, 50, 2500, 1000, 60, 1500, 1200, 1100, 1300]) {
      const task = taskOf(`Task ${took}`)
      s.task(task, ['a'])
      s.after(took).finish(task, 'a', 'ok', { milliseconds: took })
    }
    s.task(dump, ['a', 'b'])
    s.after(200).finish(dump, 'a', 'ok', { milliseconds: 200 })
    s.after(1800).finish(dump, 'b', 'ok', { milliseconds: 2000 })
    s.after(9000).gate(taskOf('Go on?'))
    s.task(restart, ['a'], true)
    s.after(2200).finish(restart, 'a', 'changed', { handler: true, milliseconds: 2200 })
    s.end('ok', 27_000)
  })
  assert.is(
    text.split('\n\n').find((part) => part.startsWith('CRITICAL PATH')),
    `CRITICAL PATH (25 s of 27 s)
   3.0 s  nova.compute › Task 3000 [a]
   2.5 s  nova.compute › Task 2500 [a]
   1.5 s  nova.compute › Task 1500 [a]
   1.2 s  nova.compute › Task 1200 [a]
   1.3 s  nova.compute › Task 1300 [a]
   2.0 s  nova.compute › Dump [b]
   9.0 s  nova.compute › Go on?
   2.2 s  nova.compute › Restart nova-compute [a]
   2.3 s  5 shorter tasks
   2.0 s  between tasks`,
  )
})

test('says nothing of the path of a short run, of one task, or of none', () => {
  const run = (tasks: number, took: number) =>
    told((s) => {
      s.run(['a'])
      for (let i = 0; i < tasks; i++) {
        s.task(taskOf(`Task ${i}`), ['a'])
        s.after(took).finish(taskOf(`Task ${i}`), 'a', 'ok', { milliseconds: took })
      }
      s.end('ok', tasks * took)
    })
  assert.match(run(2, 3000), 'CRITICAL PATH')
  assert.not.match(run(2, 2000), 'CRITICAL')
  assert.not.match(run(1, 9000), 'CRITICAL')
  assert.not.match(
    told((s) => s.end('failed', 20_000)),
    'CRITICAL',
  )
})

test('lists the handlers that are owed, and ends with what to type next', () => {
  let asked: RunEnd | undefined
  const text = told(
    (s) => {
      s.run(['a', 'b'], 1, 1, true)
      s.finish(taskOf('One'), 'a', 'failed')
      s.end('failed', 5000, [
        { host: 'b', handler: 'Restart nova' },
        { host: 'a', handler: 'Restart nova' },
        { host: 'a', handler: 'Reload' },
      ])
    },
    (end) => {
      asked = end
      return 'run site.ts --resume'
    },
  )
  assert.is(
    text.slice(text.indexOf('HANDLERS')),
    `HANDLERS STILL OWED (notified, and not run)
  Restart nova: a, b
  Reload: a

Failed after 5.0 s (check mode: nothing was changed)
run site.ts --resume`,
  )
  assert.is(asked?.finished.outcome, 'failed')
  assert.is(asked?.started.playbook, 'full-upgrade')
  assert.equal(
    asked?.counts.map(({ host, failed }) => [host, failed]),
    [
      ['a', 1],
      ['b', 0],
    ],
  )
})

test('says nothing before the run has ended', () => {
  assert.is(
    told((s) => s.run(['a'])),
    '',
  )
})

test('adds up the times of a task over batches, without what lies between', () => {
  const [one, two] = [taskOf('Restart'), taskOf('Check')]
  assert.match(
    told((s) => {
      s.run(['a', 'b'])
      for (const host of ['a', 'b']) {
        s.task(one, [host])
        s.after(2000).finish(one, host, 'changed', { milliseconds: 2000 })
        s.task(two, [host])
        s.after(5000).finish(two, host, 'ok', { milliseconds: 5000 })
      }
      s.end('ok', 14_000)
    }),
    / {4}10 s .*Check\n {3}4\.0 s .*Restart\n/,
  )
})

test.run()
