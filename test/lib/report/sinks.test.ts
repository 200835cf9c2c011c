import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event, Failure, Timed } from '../../../lib/model/event.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { both, createJunitReporter, createReporter } from '../../../lib/report/index.ts'
import { FakeTerminal, memory } from '../../rig/terminal.ts'

const test = suite('sinks')

const secret = `hü'nter <2> "&" x/y`
Secret.of(secret, 'rabbitPassword')
const forms = [
  secret,
  `hü'\\''nter <2> "&" x/y`,
  `h%C3%BC'nter%20%3C2%3E%20%22%26%22%20x%2Fy`,
  `h%C3%BC%27nter+%3C2%3E+%22%26%22+x%2Fy`,
  `hü'nter <2> \\"&\\" x/y`,
  `hü'nter &lt;2&gt; &quot;&amp;&quot; x/y`,
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('base64url'),
]

/** Every event there is, with `text` in each place where a text from outside can be. */
function everywhere(text: string): readonly Timed[] {
  const at = { file: '/p/roles/x.ts', line: 3 }
  const task = { play: `play ${text}`, role: `role ${text}`, blocks: [`block ${text}`], task: `task ${text}` }
  const failure: Failure = {
    reason: `reason ${text}\nmore ${text}`,
    operation: `set ${text}`,
    command: `echo ${text}`,
    code: 1,
    hint: `try ${text}`,
    stack: `at ${text}`,
    at,
  }
  const half = Math.floor(text.length / 2)
  const output = (stream: 'stdout' | 'stderr' | 'log' | 'progress', piece: string): Event => ({
    type: 'output',
    path: task,
    host: 'c-1',
    text: piece,
    stream,
  })
  const events: Event[] = [
    {
      type: 'run-started',
      run: 'r1',
      playbook: `book ${text}`,
      check: true,
      hosts: ['c-1', 'c-2'],
      plays: 1,
      tasks: 2,
      argv: ['-e', `x=${text}`],
    },
    { type: 'play-started', play: task.play, hosts: ['c-1', 'c-2'], batches: 2 },
    { type: 'batch-started', play: task.play, batch: 1, hosts: ['c-1', 'c-2'] },
    { type: 'task-started', path: task, at, hosts: ['c-1', 'c-2'], handler: false },
    { type: 'host-started', path: task, host: 'c-1' },
    { type: 'host-started', path: task, host: 'c-2' },
    output('log', `log ${text}`),
    output('progress', `progress ${text}`),
    output('stdout', `out ${text.slice(0, half)}`),
    output('stderr', `err ${text.slice(0, 1)}`),
    output('stdout', `${text.slice(half)}\n`),
    output('stderr', text.slice(1)),
    {
      type: 'change-planned',
      path: task,
      host: 'c-1',
      operation: `set ${text}`,
      diff: [{ path: `/etc/${text}`, before: `a\n${text}\n`, after: `b\n${text} c\n` }],
    },
    { type: 'attempt-failed', path: task, host: 'c-1', reason: `no ${text}`, left: 1 },
    { type: 'handler-notified', path: task, host: 'c-1', handler: `handler ${text}` },
    {
      type: 'task-finished',
      path: task,
      at,
      host: 'c-1',
      delegated: [],
      status: 'changed',
      result: { said: text, [text]: [text] },
      handler: false,
      milliseconds: 5000,
    },
    {
      type: 'task-finished',
      path: task,
      at,
      host: 'c-2',
      delegated: [],
      status: 'failed',
      failure,
      handler: false,
      milliseconds: 5000,
    },
    { type: 'task-started', path: { ...task, task: 'second' }, at, hosts: ['c-1'], handler: false },
    {
      type: 'task-finished',
      path: { ...task, task: 'second' },
      at,
      host: 'c-1',
      delegated: [],
      status: 'skipped',
      reason: `when ${text}`,
      handler: false,
      milliseconds: 5,
    },
    { type: 'play-stopped', play: task.play, reason: `stop ${text}` },
    { type: 'warned', message: `warning ${text}` },
    {
      type: 'run-finished',
      run: 'r1',
      outcome: 'failed',
      milliseconds: 9000,
      owed: [{ host: 'c-2', handler: `handler ${text}` }],
    },
  ]
  return events.map((event, i) => ({ ...event, time: 1000 * i }))
}

const next = (text: string) => () => `run -e x=${text}`

for (const form of forms) {
  for (const kind of ['lines', 'tree', 'json'] as const) {
    for (const color of [false, true]) {
      test(`${kind}${color ? ' in colours' : ''} never shows ${form}`, async () => {
        const out = kind === 'tree' ? new FakeTerminal(200, 60) : memory()
        const err = memory()
        const reporter = createReporter({
          kind,
          out,
          err,
          verbosity: 3,
          diff: true,
          color,
          columns: 200,
          rows: 60,
          next: next(form),
        })
        for (const event of everywhere(form)) reporter.report(event)
        await reporter.close()
        const shown = (out instanceof FakeTerminal ? out.bytes : out.text) + err.text
        const bare = shown.replace(/\x1b\[[0-9;]*m/g, '')
        assert.ok(shown.split('‹rabbitPassword›').length > 20, shown)
        for (const leak of [...forms, ...forms.map((one) => JSON.stringify(one).slice(1, -1))])
          assert.not.ok(bare.includes(leak), bare)
        // Not in halves either.
        for (const leak of ['nter', 'x/y', 'x%2Fy']) assert.not.ok(bare.includes(leak), bare)
      })
    }
  }

  test(`the JUnit file never shows ${form}`, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'junit-'))
    try {
      const reporter = createJunitReporter(path.join(folder, 'deep/report.xml'))
      for (const event of everywhere(form)) reporter.report(event)
      await reporter.close()
      const text = await readFile(path.join(folder, 'deep/report.xml'), 'utf8')
      assert.ok(text.split('‹rabbitPassword›').length > 10, text)
      for (const leak of [...forms, 'nter', 'x/y', 'x%2Fy']) assert.not.ok(text.includes(leak), text)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
}

for (const kind of ['lines', 'tree', 'json'] as const) {
  test(`${kind} lets no text of a host control the terminal`, async () => {
    const out = kind === 'tree' ? new FakeTerminal(200, 60) : memory()
    const err = memory()
    const reporter = createReporter({ kind, out, err, verbosity: 3, diff: true, color: false, columns: 200, rows: 60 })
    for (const event of everywhere('odd\x1b]0;title\x07\x1b[2J\x9b31m\x08\x85end')) reporter.report(event)
    await reporter.close()
    const shown = (out instanceof FakeTerminal ? out.bytes : out.text) + err.text
    assert.ok(shown.split('odd').length > 20)
    // What the tree itself moves its cursor with is none of these.
    assert.not.match(shown, /\x1b\]|\x1b\[2J|[\x07\x08\x7f-\x9f]/)
    if (kind !== 'tree') assert.not.match(shown, /\x1b/)
  })
}

test('what is written to JSON is one event a line and nothing else', async () => {
  const out = memory()
  const events = everywhere('Quiet')
  const reporter = createReporter({ kind: 'json', out, err: memory(), verbosity: 0, diff: false, color: false })
  for (const event of events) reporter.report(event)
  await reporter.close()
  assert.equal(
    out.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Timed),
    events,
  )
})

test('a reader that goes away ends nothing', async () => {
  for (const kind of ['lines', 'json', 'tree'] as const) {
    const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
    const reporter = createReporter({ kind, out, err: memory(), verbosity: 0, diff: false, color: false })
    for (const event of everywhere('Quiet')) {
      reporter.report(event)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await reporter.close()
    assert.ok(out.destroyed)
  }
})

test('a reporter that throws is told once, and the others go on', async () => {
  const [out, err] = [memory(), memory()]
  const bad = Object.assign(memory(), {
    write: () => {
      throw new Error('the disk is on fire')
    },
  })
  const make = (to: Writable) => createReporter({ kind: 'json', out: to, err, verbosity: 0, diff: false, color: false })
  const reporter = both(make(bad), make(out))
  reporter.report({ type: 'warned', message: 'one', time: 1 })
  reporter.report({ type: 'warned', message: 'two', time: 2 })
  assert.is(out.text, '{"type":"warned","message":"one","time":1}\n{"type":"warned","message":"two","time":2}\n')
  assert.is(err.text.split('\n')[0], '[WARNING]: the report broke off, the run goes on: Error: the disk is on fire')
  assert.is(err.text.split('[WARNING]').length, 2)
})

test.run()
