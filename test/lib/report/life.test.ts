import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createReporter } from '../../../lib/report/index.ts'
import { Script, taskOf } from '../../rig/script.ts'
import { memory } from '../../rig/terminal.ts'

const test = suite('signs of life')

/** The lines of a run whose seconds pass only when it is told so. */
function lines(verbosity = 0) {
  const out = memory()
  let second = () => {}
  let ended = 0
  const reporter = createReporter({
    kind: 'lines',
    out,
    err: memory(),
    verbosity,
    diff: false,
    color: false,
    columns: 80,
    now: () => script.time,
    eachSecond(call) {
      second = call
      return () => ended++
    },
  })
  const script = new Script((event) => reporter.report(event))
  let seen = 0
  return {
    script,
    reporter,
    pass(seconds: number) {
      for (let i = 0; i < seconds; i++) {
        script.after(1000)
        second()
      }
    },
    /** What was written since it was last asked. */
    fresh() {
      const text = out.text.slice(seen)
      seen = out.text.length
      return text.split('\n').filter(Boolean)
    },
    get ended() {
      return ended > 0
    },
  }
}
const dump = taskOf('Dump')
const MiB = 2 ** 20

test('a silent task is told after ten seconds, then ever more rarely, up to each minute', async () => {
  const { script, reporter, pass, fresh } = lines()
  script.run(['c-1'])
  script.task(dump, ['c-1'])
  script.start(dump, 'c-1')
  pass(9)
  assert.equal(fresh(), [])
  pass(1)
  assert.equal(fresh(), ['TASK [nova.compute : Dump]', 'still running after 10 s: [c-1]'])
  pass(290)
  assert.equal(
    fresh().map((line) => /after (.*): \[c-1\]/.exec(line)?.[1]),
    ['30 s', '1m 10s', '2m 10s', '3m 10s', '4m 10s'],
  )
  script.finish(dump, 'c-1', 'changed')
  assert.equal(fresh(), ['changed: [c-1]'])
  pass(120)
  assert.equal(fresh(), [])
  await reporter.close()
})

test('tells when it last wrote something, what it wrote not, and starts anew from a line of its own', async () => {
  const { script, reporter, pass, fresh } = lines()
  script.run(['c-1'])
  script.task(dump, ['c-1'])
  script.start(dump, 'c-1')
  pass(7)
  script.output(dump, 'c-1', 'table instances\n')
  pass(3)
  assert.equal(fresh().slice(1), ['still running after 10 s: [c-1], last output 3.0 s ago'])
  pass(15)
  script.output(dump, 'c-1', 'nearly full', 'log')
  pass(19)
  assert.equal(fresh(), ['c-1: nearly full'])
  pass(1)
  assert.equal(fresh(), ['still running after 45 s: [c-1], last output 20 s ago'])
  await reporter.close()
})

test('a task that says in words how far it is is quoted, where it is one host', async () => {
  const { script, reporter, pass, fresh } = lines()
  script.run(['c-1', 'c-2'])
  script.task(dump, ['c-1', 'c-2'])
  script.start(dump, 'c-1', 'c-2')
  pass(5)
  script.output(dump, 'c-1', 'waiting for 5 s: \x1b[2Jrefused', 'progress')
  pass(5)
  assert.equal(fresh().slice(1), ['still running after 10 s: [c-1, c-2]'])
  script.finish(dump, 'c-2', 'ok')
  pass(20)
  const [line, ...more] = fresh()
  assert.match(line!, /^still running after 30 s: \[c-1\], 1 of 2 hosts done, waiting for 5 s: [^\x1b]*refused$/)
  assert.equal(more, [])
  await reporter.close()
})

test('a transfer of a known size tells its rate and the time left, the next one its own', async () => {
  const { script, reporter, pass, fresh } = lines()
  script.run(['c-1'])
  script.task(dump, ['c-1'])
  script.start(dump, 'c-1')
  const at = (done: number, all: number) =>
    script.output(dump, 'c-1', 'so far', 'progress', { done: done * MiB, all: all * MiB })
  at(100, 4096)
  pass(5)
  at(200, 4096)
  pass(5)
  // 100 MiB in 10 s, and 3896 are left.
  assert.equal(fresh().slice(1), ['still running after 10 s: [c-1], 200 of 4096 MiB, 10.0 MiB/s, 6m 30s left'])
  at(0, 50)
  pass(20)
  assert.equal(fresh(), ['still running after 30 s: [c-1], 0 of 50 MiB'])
  await reporter.close()
})

test('many hosts are counted, and so are many tasks side by side', async () => {
  const hosts = Array.from({ length: 200 }, (_, i) => `c-${i + 1}`)
  const { script, reporter, pass, fresh } = lines()
  script.run(hosts)
  script.task(dump, hosts)
  script.start(dump, ...hosts.slice(0, 50))
  script.after(4000).finish(dump, hosts.slice(0, 20), 'ok')
  script.output(dump, 'c-30', 'x')
  pass(6)
  assert.equal(fresh().slice(1), ['still running after 10 s: [30 hosts], 20 of 200 hosts done, last output 6.0 s ago'])
  script.finish(dump, hosts.slice(20), 'ok')
  fresh()
  // As with `strategy: 'free'`: each host is at a task of its own.
  for (const [i, host] of hosts.entries()) {
    script.task(taskOf(`Task ${i + 1}`), [host])
    script.start(taskOf(`Task ${i + 1}`), host)
    script.after(40)
  }
  pass(60)
  assert.equal(fresh(), [
    'TASK [nova.compute : Task 1]',
    'still running after 10 s: [c-1]',
    'still running: 200 tasks on 200 hosts, the longest Task 1 [c-1] after 20 s',
    'still running: 200 tasks on 200 hosts, the longest Task 1 [c-1] after 40 s',
  ])
  await reporter.close()
})

test('nothing is said while the operator is asked, nor when the run has ended', async () => {
  const run = lines()
  run.script.run(['c-1'])
  run.script.task(dump, ['c-1'])
  run.script.start(dump, 'c-1')
  run.reporter.pause()
  run.pass(30)
  assert.equal(run.fresh(), [])
  run.reporter.resume()
  run.pass(1)
  assert.is(run.fresh().length, 2)
  assert.not.ok(run.ended)
  run.script.end()
  assert.ok(run.ended)
  await run.reporter.close()
})

test('with -v what is written is a sign of life itself', async () => {
  const { script, reporter, pass, fresh } = lines(1)
  script.run(['c-1'])
  script.task(dump, ['c-1'])
  script.start(dump, 'c-1')
  fresh()
  for (let i = 0; i < 5; i++) {
    script.output(dump, 'c-1', 'line\n')
    pass(9)
  }
  assert.not.match(fresh().join('\n'), 'still running')
  pass(1)
  assert.equal(fresh(), ['still running after 46 s: [c-1], last output 10 s ago'])
  await reporter.close()
})

test.run()
