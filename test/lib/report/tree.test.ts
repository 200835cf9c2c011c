import { Spinner } from 'listr2'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../../lib/model/secret.ts'
import type { Reporter } from '../../../lib/model/event.ts'
import { guarded } from '../../../lib/report/guard.ts'
import { paints } from '../../../lib/report/paint.ts'
import type { Next } from '../../../lib/report/recap.ts'
import { sink } from '../../../lib/report/sink.ts'
import { type LiveReporter, treeReporter } from '../../../lib/report/tree.ts'
import { fakeRun } from '../../rig/fake-run.ts'
import { denied, Script, story, taskOf } from '../../rig/script.ts'
import { FakeTerminal, memory } from '../../rig/terminal.ts'

const test = suite('tree')

/** The spinner in the test's hand: a picture is drawn when it says so. */
class HeldSpinner extends Spinner {
  #draw: (() => void) | undefined
  override start(draw?: () => void): void {
    this.#draw = draw
  }
  override stop(): void {
    this.#draw = undefined
  }
  override fetch(): string {
    return '*'
  }
  draw(): void {
    this.#draw?.()
  }
}

interface Stage {
  readonly terminal: FakeTerminal
  readonly script: Script
  readonly tree: LiveReporter
  readonly reporter: Reporter
  /** The screen after the next picture. */
  look(): Promise<string>
}

function stage(
  columns = 80,
  rows = 24,
  options: {
    readonly verbosity?: number
    readonly diff?: boolean
    readonly color?: boolean
    readonly next?: Next
  } = {},
): Stage {
  const terminal = new FakeTerminal(columns, rows)
  const spinner = new HeldSpinner()
  const size = () => ({ rows: terminal.rows, columns: terminal.columns })
  const drawing = {
    paint: paints(options.color === true),
    columns,
    verbosity: options.verbosity ?? 0,
    diff: options.diff === true,
  }
  const tree = treeReporter(
    { out: terminal, sink: sink(terminal), warnings: undefined, size, now: () => script.time, spinner },
    drawing,
    options.next,
  )
  const reporter = guarded(tree, (error) => {
    throw error
  })
  const script: Script = new Script((event) => reporter.report(event))
  return {
    terminal,
    script,
    tree,
    reporter,
    async look() {
      // Listr starts its next task a few promises later.
      await new Promise((resolve) => setImmediate(resolve))
      spinner.draw()
      return terminal.screen()
    },
  }
}

/** A line with something at each of its ends. */
const ends = (left: string, right: string, columns = 80) => left.padEnd(columns - right.length) + right
const many = (count: number) => Array.from({ length: count }, (_, i) => `compute-${i + 1}`)
const play = 'Reconnect the compute nodes'

test('counts plays without hosts, and keeps what was answered at gates', async () => {
  const { script: s, look, reporter } = stage()
  s.run(['c-1'], 3, 2)
  s.say({ type: 'play-skipped', play: 'Storage', reason: 'there is no host in storage' })
  s.play(play, ['c-1'])
  s.gate(taskOf('Go on?'))
  s.task(taskOf('Look'), ['c-1'])
  s.start(taskOf('Look'), 'c-1')
  assert.is(
    await look(),
    `
PLAY [Storage]  skipping: there is no host in storage

PLAY [Reconnect the compute nodes]  c-1
? nova.compute › Go on?  the operator goes on

${ends('Reconnect the compute nodes  play 2 of 3', '0 of 2 tasks  0.0 s')}
${ends('* nova.compute › Look', '1 running  0.0 s')}
    c-1`,
  )
  s.end()
  await reporter.close()
})

test('keeps what has ended above and draws what runs below', async () => {
  const { script: s, look, reporter, terminal } = stage()
  const hosts = many(50)
  const [stop, load] = [taskOf('Stop the daemons'), taskOf('Import the database')]
  s.run(hosts, 2, 40)
  s.play('Move the services', ['controller'])
  s.play(play, hosts)
  s.task(stop, hosts)
  s.start(stop, ...hosts.slice(0, 10))
  s.after(1500)
  assert.is(
    await look(),
    `
PLAY [Move the services]  controller

PLAY [Reconnect the compute nodes]  50 hosts

${ends('Reconnect the compute nodes  play 2 of 2', '0 of 40 tasks  1.5 s')}
${ends('* nova.compute › Stop the daemons', '10 running, 40 waiting  1.5 s')}
    compute-1, compute-2, compute-3, compute-4, compute-5, compute-6 and 4 more`,
  )

  s.finish(stop, hosts.slice(0, 48), 'ok')
  s.finish(stop, hosts.slice(48), 'changed', { delegated: ['controller'] })
  s.task(load, hosts)
  s.start(load, ...hosts.slice(0, 4))
  s.after(20_000)
  s.output(load, 'compute-2', 'importing table 1 of 6\nimporting table 2 of 6\nimport')
  s.output(load, 'compute-2', 'ing table 3 of 6\nimporting table 4 of 6\n')
  s.output(load, 'compute-3', '300 MB of 700 MB, 45 MB/s, 9 s left', 'progress')
  s.output(load, 'compute-3', 'warning: \x1b[31mslow disk\x1b[0m\n', 'stderr')
  assert.is(
    await look(),
    `
PLAY [Move the services]  controller

PLAY [Reconnect the compute nodes]  50 hosts
✔ nova.compute › Stop the daemons  48 ok, 2 changed: compute-49, compute-50  1.5
 s

${ends('Reconnect the compute nodes  play 2 of 2', '1 of 40 tasks  22 s')}
${ends('* nova.compute › Import the database', '4 running, 46 waiting  20 s')}
    compute-2    20 s  importing table 2 of 6
      │ importing table 3 of 6
      │ importing table 4 of 6
    compute-3    20 s  300 MB of 700 MB, 45 MB/s, 9 s left
      │ warning: slow disk
    compute-1, compute-4`,
  )
  assert.not.ok(terminal.cursorVisible)
  await reporter.close()
})

test('prints failures for good, at once, the same one once', async () => {
  const { script: s, look, reporter } = stage(100)
  const pin = taskOf('Set compute=icehouse-compat', 'Pin compute RPC')
  s.run(many(5))
  s.play(play, many(5))
  s.task(pin, many(5))
  s.start(pin, ...many(5))
  s.after(400).finish(pin, ['compute-2', 'compute-4'], 'failed', { failure: denied })
  assert.is(
    await look(),
    `
PLAY [Reconnect the compute nodes]  5 hosts
✖ compute-2  Reconnect the compute nodes › nova.compute › Pin compute RPC › Set compute=icehouse-com
pat
  ini.set /etc/nova/nova.conf: permission denied (exit code 1)
    at roles/nova/compute.ts:22
    ran: sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.conf.run /etc/nova/nov…
    try: connect as root, or allow sudo without a password

${ends('Reconnect the compute nodes', '0 of 4 tasks  0.4 s', 100)}
${ends('* nova.compute › Pin compute RPC › Set compute=icehouse-compat', '2 failed, 3 running  0.4 s', 100)}
    compute-1, compute-3, compute-5`,
  )
  await reporter.close()
})

test('folds into 40 columns', async () => {
  const { script: s, look, reporter } = stage(40)
  const load = taskOf('Import the database')
  s.run(many(3), 2)
  s.play(play, many(3))
  s.task(load, many(3))
  s.start(load, ...many(3))
  s.after(65_000).output(load, 'compute-1', '300 MB of 700 MB, 45 MB/s, 9 s left', 'progress')
  assert.is(
    await look(),
    `
PLAY [Reconnect the compute nodes]  3 ho
sts

Reconnect the com…  0 of 4 tasks  1m 05s
* nova.compute › Imp…  3 running  1m 05s
    compute-1  1m 05s  300 MB of 700 MB…
    compute-2, compute-3`,
  )
  await reporter.close()
})

test('shows the last error of a retried attempt while it goes on, and the line for good with -v', async () => {
  const check = taskOf('Check that it stays up')
  for (const verbosity of [0, 1]) {
    const { script: s, look, reporter } = stage(120, 24, { verbosity })
    s.run(['a'])
    s.play(play, ['a'])
    s.task(check, ['a'])
    s.start(check, 'a')
    s.say({ type: 'attempt-failed', path: check, host: 'a', reason: 'nova-compute is down\nreally', left: 3 })
    const screen = await look()
    assert.ok(screen.endsWith('    a   0.0 s  retrying (3 retries left): nova-compute is down'), screen)
    assert.is(
      screen.includes('FAILED - RETRYING: [a]: Check that it stays up (3 retries left): nova-compute is down'),
      verbosity > 0,
    )
    await reporter.close()
  }
})

test('never draws more than fits, whatever runs', async () => {
  for (const [columns, rows] of [
    [80, 24],
    [40, 24],
    [40, 10],
    [20, 5],
    [10, 3],
    [200, 60],
  ] as const) {
    const { script: s, look, reporter, terminal } = stage(columns, rows)
    let pictures = 0
    for (const [i, event] of fakeRun({ hosts: 50, tasks: 40 }).entries()) {
      s.time = event.time
      reporter.report(event)
      if (i % 50 !== 0) continue
      const before = terminal.bytes.length
      await look()
      const live =
        /\x1b\[\?7l(.*?)\x1b\[\?7h/s
          .exec(terminal.bytes.slice(before))?.[1]
          ?.replace(/\x1b\[2K/g, '')
          .split('\n')
          .slice(0, -1) ?? []
      assert.ok(live.length > 0 && live.length < rows, `${live.length} lines on ${rows} rows`)
      for (const line of live) assert.ok(line.length <= columns, line)
      pictures++
    }
    assert.ok(pictures > 50)
    await reporter.close()
    assert.ok(terminal.all().includes('PLAY RECAP'))
    // Nothing of the live part is left behind.
    assert.not.ok(terminal.all().includes(' of 40 tasks'), terminal.all())
  }
})

test('ends with the report as it will be read, whatever was drawn on the way', async () => {
  const drawn = stage(80, 24, { next: () => 'Go on with: run x --resume' })
  for (const [i, event] of fakeRun({ hosts: 20, tasks: 12 }).entries()) {
    drawn.script.time = event.time
    drawn.reporter.report(event)
    if (i % 7 === 0) await drawn.look()
  }
  await drawn.reporter.close()
  const straight = stage(80, 24, { next: () => 'Go on with: run x --resume' })
  for (const event of fakeRun({ hosts: 20, tasks: 12 })) straight.reporter.report(event)
  await straight.reporter.close()
  assert.is(drawn.terminal.all(), straight.terminal.all())
  const all = drawn.terminal.all()
  assert.is(
    all.slice(
      all.indexOf('✔ nova.compute › Point nova-compute at the new controller number 7'),
      all.indexOf('PLAY RECAP'),
    ),
    `✔ nova.compute › Point nova-compute at the new controller number 7  18 ok, 2 cha
nged: compute-2, compute-19  1.0 s
✖ compute-17  Reconnect the compute nodes › nova.compute › Import the database n
umber 8
  ini.set /etc/nova/nova.conf: permission denied (exit code 1)
    at roles/nova/compute.ts:22
    ran: sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.co…
    try: connect as root, or allow sudo without a password for \`deploy\` on compu
te-17
✖ nova.compute › Import the database number 8  19 skipped, 1 failed: compute-17
 1.0 s
✔ handler nova.compute › Hand the files to the service number 9  19 changed  1.0
 s

`,
  )
  assert.ok(all.endsWith('\nFailed after 21 s\nGo on with: run x --resume'), all.slice(-200))
})

test('shows diffs, and with -v outcomes, under the task', async () => {
  const { reporter, script, terminal } = stage(100, 60, { verbosity: 1, diff: true })
  story(script)
  await reporter.close()
  const all = terminal.all()
  assert.is(
    all.slice(all.indexOf('✔ nova.compute › Point'), all.indexOf('[WARNING]')),
    `✔ nova.compute › Point nova-compute at the new controller  1 ok, 2 changed: c-1, c-3  0.0 s
  diff: [c-1, c-3] ini.set /etc/nova/nova.conf
  --- before: /etc/nova/nova.conf
  +++ after: /etc/nova/nova.conf
  @@ -1,2 +1,2 @@
   [DEFAULT]
  -rabbit_host = a
  +rabbit_host = b
  ok: [c-2]
  changed: [c-1, c-3]
  notified: Restart nova-compute [c-1]
c-1: the disk is nearly full
c-1 | table instances
c-1 | 20%
c-1 | last line
✔ nova.compute › Dump  changed  10 s
  changed: [c-1 -> source] (only a real run can tell)
`,
  )
})

test('leaves the terminal sane when a run is interrupted', async () => {
  const { script: s, look, reporter, terminal } = stage()
  const load = taskOf('Import the database')
  s.run(many(3))
  s.play(play, many(3))
  s.task(load, many(3))
  s.start(load, 'compute-1', 'compute-2')
  s.after(1000).finish(load, 'compute-1', 'ok')
  await look()
  // What the terminal echoes, at the cursor.
  terminal.write('^C')
  await look()
  await reporter.close()
  assert.is(
    terminal.screen(),
    `
PLAY [Reconnect the compute nodes]  3 hosts
✔ nova.compute › Import the database  1 ok, 2 not finished  1.0 s`,
  )
  assert.equal(terminal.cursor, { row: 3, column: 0 })
  assert.ok(terminal.cursorVisible)
  assert.ok(terminal.wraps)
})

test('closes cleanly when nothing ever began, and twice', async () => {
  const { reporter, terminal } = stage()
  await reporter.close()
  await reporter.close()
  assert.is(terminal.screen(), '')
  assert.ok(terminal.cursorVisible)
})

test('leaves the screen to a question and comes back', async () => {
  const { script: s, look, tree, reporter, terminal } = stage()
  const load = taskOf('Import the database')
  s.run(['a'])
  s.play(play, ['a'])
  s.task(load, ['a'])
  s.start(load, 'a')
  await look()
  tree.pause()
  assert.ok(terminal.cursorVisible)
  terminal.write('Go on? yes\n')
  s.output(load, 'a', 'meanwhile\n', 'log')
  assert.is(await look(), '\nPLAY [Reconnect the compute nodes]  a\nGo on? yes')
  tree.resume()
  assert.is(
    await look(),
    `
PLAY [Reconnect the compute nodes]  a
Go on? yes
a: meanwhile

${ends('Reconnect the compute nodes', '0 of 4 tasks  0.0 s')}
${ends('* nova.compute › Import the database', '1 running  0.0 s')}
    a`,
  )
  assert.not.ok(terminal.cursorVisible)
  await reporter.close()
})

test('draws anew when the terminal is made narrower', async () => {
  const { script: s, look, reporter, terminal } = stage(80)
  const load = taskOf('Import the database')
  s.run(['a'])
  s.play(play, ['a'])
  s.task(load, ['a'])
  s.start(load, 'a')
  await look()
  terminal.columns = 60
  const before = terminal.bytes.length
  await look()
  // Header and task line fill 80 columns, so each of the two has become two lines: up 1 + 2 + 2 + 1.
  assert.ok(terminal.bytes.slice(before).startsWith('\x1b[6A\r\x1b[J'), JSON.stringify(terminal.bytes.slice(before)))
  await reporter.close()
})

test('writes only the lines that changed', async () => {
  const { script: s, look, reporter, terminal } = stage()
  const load = taskOf('Import the database')
  s.run(['a', 'b'])
  s.play(play, ['a', 'b'])
  s.task(load, ['a', 'b'])
  s.start(load, 'a', 'b')
  s.output(load, 'a', 'one\n')
  await look()
  const before = terminal.bytes.length
  s.output(load, 'b', 'two', 'progress')
  await look()
  assert.is(terminal.bytes.slice(before), '\x1b[5A\r\x1b[?7l\n\n\n\n\x1b[2K    b   0.0 s  two\n\x1b[?7h\x1b[J')
  await reporter.close()
})

test('masks what it draws, also when it came in pieces', async () => {
  Secret.of('Zw0lf-B0xk4mpfer', 'zwolf')
  const { script: s, look, reporter, terminal } = stage()
  const load = taskOf('Import the database')
  s.run(['a'])
  s.play(play, ['a'])
  s.task(load, ['a'])
  s.start(load, 'a')
  s.output(load, 'a', 'password Zw0lf-')
  await look()
  s.output(load, 'a', 'B0xk4mpfer given\n')
  assert.ok((await look()).endsWith('    a   0.0 s  password ‹zwolf› given'))
  await reporter.close()
  assert.not.ok(/Zw0lf|B0xk/.test(terminal.bytes))
})

test('sends warnings elsewhere when there is another place for them', async () => {
  const [terminal, err] = [new FakeTerminal(80, 24), memory()]
  const tree = treeReporter(
    { out: terminal, sink: sink(terminal), warnings: sink(err), size: () => ({ rows: 24, columns: 80 }), now: () => 0 },
    { paint: paints(false), columns: 80, verbosity: 0, diff: false },
  )
  tree.report({ type: 'warned', message: 'group spare is empty', time: 0 })
  await tree.close()
  assert.is(err.text, '[WARNING]: group spare is empty\n')
  assert.is(terminal.screen(), '')
})

test.run()
