import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskPath } from '../../../lib/model/path.ts'
import { createCriticalPath } from '../../../lib/report/critical-path.ts'
import { Script, taskOf } from '../../rig/script.ts'

const test = suite('critical path')

/** A task of a role of its own. */
const of = (role: string, task: string): TaskPath => ({ play: 'Move', role, blocks: [], task })

/** What is on the path, each as `task host milliseconds`. */
function pathOf(tell: (script: Script) => void): readonly string[] {
  const path = createCriticalPath()
  tell(new Script((event) => path.add(event)))
  return path
    .links()
    .map(
      ({ path: { role, task }, host, milliseconds }) =>
        `${role === 'nova.compute' ? '' : `${role} `}${task} ${host ?? '-'} ${milliseconds}`,
    )
}

/** A task that is offered and begins on its hosts now; what it gives ends it there, so much later. */
function begun(s: Script, path: TaskPath, hosts: readonly string[], handler = false) {
  s.task(path, hosts, handler)
  s.start(path, ...hosts)
  const begin = s.time
  return (host: string, at: number) => {
    s.time = Math.max(s.time, begin + at)
    s.finish(path, host, 'ok', { milliseconds: at, handler })
  }
}

const told: Readonly<Record<string, readonly [tell: (s: Script) => void, path: readonly string[]]>> = {
  'nothing at all': [() => {}, []],
  'a run that ended before its first task': [
    (s) => {
      s.run(['a'])
      s.end('failed', 20)
    },
    [],
  ],
  'one task': [
    (s) => {
      s.run(['a'])
      begun(s, taskOf('Only'), ['a'])('a', 300)
      s.end('ok', 310)
    },
    ['Only a 300'],
  ],
  'hosts in lock-step: the slower host of each task': [
    (s) => {
      s.run(['a', 'b'])
      for (const [task, a, b] of [
        ['One', 100, 900],
        ['Two', 800, 50],
        ['Three', 10, 700],
      ] as const) {
        const end = begun(s, taskOf(task), ['a', 'b'])
        if (a < b) end('a', a)
        end('b', b)
        if (a >= b) end('a', a)
      }
      s.end()
    },
    ['One b 900', 'Two a 800', 'Three b 700'],
  ],
  'hosts at their own pace: one host all the way': [
    (s) => {
      s.run(['a', 'b'])
      const [a1, b1] = [begun(s, taskOf('One'), ['a']), begun(s, taskOf('One'), ['b'])]
      a1('a', 100)
      const a2 = begun(s, taskOf('Two'), ['a'])
      b1('b', 500)
      const b2 = begun(s, taskOf('Two'), ['b'])
      a2('a', 402)
      const a3 = begun(s, taskOf('Three'), ['a'])
      b2('b', 30)
      a3('a', 700)
      s.end()
    },
    ['One a 100', 'Two a 402', 'Three a 700'],
  ],
  'roles side by side: the one that ends last, and what follows both': [
    (s) => {
      s.run(['a'])
      begun(s, of('keystone', 'Start'), ['a'])('a', 50)
      const glance = begun(s, of('glance', 'Copy'), ['a'])
      const nova = begun(s, of('nova', 'Dump'), ['a'])
      nova('a', 200)
      const migrate = begun(s, of('nova', 'Migrate'), ['a'])
      glance('a', 900)
      migrate('a', 1000)
      begun(s, of('horizon', 'Restart'), ['a'])('a', 20)
      s.end()
    },
    ['keystone Start a 50', 'nova Dump a 200', 'nova Migrate a 1000', 'horizon Restart a 20'],
  ],
  'roles side by side whose tasks end in one breath': [
    (s) => {
      s.run(['a'])
      const [glance, nova] = [begun(s, of('glance', 'One'), ['a']), begun(s, of('nova', 'One'), ['a'])]
      glance('a', 400)
      nova('a', 401)
      const [glance2, nova2] = [begun(s, of('glance', 'Two'), ['a']), begun(s, of('nova', 'Two'), ['a'])]
      nova2('a', 10)
      glance2('a', 500)
      s.end()
    },
    ['glance One a 400', 'glance Two a 500'],
  ],
  'handlers at the end of a play: after its last task, whichever role they are of': [
    (s) => {
      s.run(['a'])
      begun(s, of('nova', 'Set'), ['a'])('a', 30)
      begun(s, of('horizon', 'Set'), ['a'])('a', 800)
      begun(s, of('nova', 'Restart'), ['a'], true)('a', 2000)
      s.end()
    },
    ['nova Set a 30', 'horizon Set a 800', 'nova Restart a 2000'],
  ],
  'a gate: as long as its answer took': [
    (s) => {
      s.run(['a'])
      begun(s, taskOf('Look'), ['a'])('a', 100)
      s.after(60_000).gate(taskOf('Go on?'))
      begun(s, taskOf('Stop'), ['a'])('a', 200)
      s.end()
    },
    ['Look a 100', 'Go on? - 60000', 'Stop a 200'],
  ],
  'tasks that were skipped lie on the path and take nothing; those of the run that is resumed are not on it': [
    (s) => {
      s.run(['a', 'b'])
      s.finish(taskOf('Done'), ['a', 'b'], 'resumed', { milliseconds: 0 })
      const task = taskOf('Skipped on a')
      s.task(task, ['a', 'b'])
      s.start(task, 'a', 'b')
      s.finish(task, 'a', 'skipped', { milliseconds: 0 })
      s.after(300).finish(task, 'b', 'ok', { milliseconds: 300 })
      s.task(taskOf('Skipped'), ['a', 'b'])
      s.finish(taskOf('Skipped'), ['a', 'b'], 'skipped', { milliseconds: 0 })
      begun(s, taskOf('Last'), ['a'])('a', 10)
      s.end()
    },
    ['Skipped on a b 300', 'Skipped a 0', 'Last a 10'],
  ],
  'an interrupted run: to what ended last, and not what never did': [
    (s) => {
      s.run(['a', 'b'])
      const one = begun(s, taskOf('One'), ['a', 'b'])
      one('a', 100)
      one('b', 250)
      const two = begun(s, taskOf('Two'), ['a', 'b'])
      two('a', 4000)
      s.end('interrupted', 4300)
    },
    ['One b 250', 'Two a 4000'],
  ],
  'a host that waits its turn: after the one that made room': [
    (s) => {
      s.run(['a', 'b', 'c'])
      const task = taskOf('Restart')
      begun(s, taskOf('Look'), ['a'])('a', 20)
      s.task(task, ['a', 'b', 'c'])
      for (const [host, took] of [
        ['a', 1000],
        ['b', 300],
        ['c', 500],
      ] as const) {
        s.start(task, host)
        s.after(took).finish(task, host, 'changed', { milliseconds: took })
      }
      s.end()
    },
    ['Look a 20', 'Restart a 1000', 'Restart b 300', 'Restart c 500'],
  ],
  'batches: the same task again, after the end of the batch before': [
    (s) => {
      s.run(['a', 'b'])
      for (const host of ['a', 'b']) {
        begun(s, taskOf('Set'), [host])(host, 40)
        begun(s, taskOf('Restart'), [host], true)(host, 2000)
      }
      s.end()
    },
    ['Set a 40', 'Restart a 2000', 'Set b 40', 'Restart b 2000'],
  ],
}

for (const [name, [tell, expected]] of Object.entries(told)) test(name, () => assert.equal(pathOf(tell), expected))

test('a recorded run, which has no beginnings of hosts, tells the same', () => {
  let compared = 0
  for (const [name, [tell, expected]] of Object.entries(told)) {
    // Where hosts wait their turn only their beginnings tell.
    if (name.includes('turn')) continue
    const path = createCriticalPath()
    tell(new Script((event) => (event.type === 'host-started' ? undefined : path.add(event))))
    assert.is(path.links().length, expected.length, name)
    compared += expected.length
  }
  assert.ok(compared > 20)
})

test.run()
