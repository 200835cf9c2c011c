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

test('counts by host, sorted, and shows resumed tasks only if there are any', () => {
  const task = taskOf('One')
  assert.is(told((s) => {
    s.run(['b', 'a'])
    s.finish(task, 'b', 'changed')
    s.finish(task, 'a', 'ignored')
    s.finish(task, 'a', 'rescued')
    s.end('ok', 400)
  }), `PLAY RECAP
a : ok=1   changed=0   unreachable=0   failed=0   skipped=0   rescued=1   ignored=1
b : ok=1   changed=1   unreachable=0   failed=0   skipped=0   rescued=0   ignored=0

Finished in 0.4 s`)
  assert.match(told((s) => {
    s.run(['a'])
    s.finish(task, 'a', 'resumed')
    s.end()
  }), /^a : ok=0 {3}changed=0 .* ignored=0 {3}resumed=1$/m)
})

test('names the five slowest tasks from their first host to their last', () => {
  assert.is(told((s) => {
    for (const [i, took] of [900, 2000, 61_000, 3_723_000, 9949, 12_345, 3000].entries()) {
      const task = taskOf(`Task ${i}`)
      s.task(task, ['a', 'b'])
      s.after(took - 500).finish(task, 'a', 'ok')
      s.after(500).finish(task, 'b', 'ok')
    }
    s.end()
  }).split('\n\n')[1], `SLOWEST TASKS
  1h 02m  nova.compute › Task 3
  1m 01s  nova.compute › Task 2
    12 s  nova.compute › Task 5
   9.9 s  nova.compute › Task 4
   3.0 s  nova.compute › Task 6`)
})

test('lists the handlers that are owed, and ends with what to type next', () => {
  let asked: RunEnd | undefined
  const text = told((s) => {
    s.run(['a', 'b'], 1, 1, true)
    s.finish(taskOf('One'), 'a', 'failed')
    s.end('failed', 5000, [{ host: 'b', handler: 'Restart nova' }, { host: 'a', handler: 'Restart nova' }, { host: 'a', handler: 'Reload' }])
  }, (end) => {
    asked = end
    return 'run site.ts --resume'
  })
  assert.is(text.slice(text.indexOf('HANDLERS')), `HANDLERS STILL OWED (notified, and not run)
  Restart nova: a, b
  Reload: a

Failed after 5.0 s (check mode: nothing was changed)
run site.ts --resume`)
  assert.is(asked?.finished.outcome, 'failed')
  assert.is(asked?.started.playbook, 'full-upgrade')
  assert.equal(asked?.counts.map(({ host, failed }) => [host, failed]), [['a', 1], ['b', 0]])
})

test('says nothing before the run has ended', () => {
  assert.is(told((s) => s.run(['a'])), '')
})

test('adds up the times of a task over batches, without what lies between', () => {
  const [one, two] = [taskOf('Restart'), taskOf('Check')]
  assert.match(told((s) => {
    s.run(['a', 'b'])
    for (const host of ['a', 'b']) {
      s.task(one, [host])
      s.after(2000).finish(one, host, 'changed', { milliseconds: 2000 })
      s.task(two, [host])
      s.after(5000).finish(two, host, 'ok', { milliseconds: 5000 })
    }
    s.end('ok', 14_000)
  }), / {4}10 s .*Check\n {3}4\.0 s .*Restart\n/)
})

test.run()
