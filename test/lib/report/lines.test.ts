import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createReporter } from '../../../lib/report/index.ts'
import { denied, Script, story, taskOf } from '../../rig/script.ts'
import { memory } from '../../rig/terminal.ts'

const test = suite('lines')

async function told(
  tell: (script: Script) => void,
  options: {
    readonly verbosity?: number
    readonly diff?: boolean
    readonly color?: boolean
    readonly next?: () => string
  } = {},
) {
  const [out, err] = [memory(), memory()]
  const reporter = createReporter({
    kind: 'lines',
    out,
    err,
    verbosity: 0,
    diff: false,
    color: false,
    columns: 80,
    ...options,
  })
  tell(new Script((event) => reporter.report(event)))
  await reporter.close()
  return { out: out.text, err: err.text }
}

const next = () => 'Go on with: run x --resume'

test('tells a run with something of everything', async () => {
  const { out, err } = await told(story, { diff: true, next })
  assert.is(
    out,
    `PLAY [Reconnect the compute nodes]

BATCH 1 of 2 [c-1, c-2, c-3]

TASK [nova.compute : Check that this Havana knows icehouse-compat]
FAILED - RETRYING: [c-2]: Check that this Havana knows icehouse-compat (1 retry left): no answer
skipping: [c-3]
ok: [c-1, c-2]

TASK [nova.compute : Point nova-compute at the new controller]
diff: [c-1, c-3] ini.set /etc/nova/nova.conf
--- before: /etc/nova/nova.conf
+++ after: /etc/nova/nova.conf
@@ -1,2 +1,2 @@
 [DEFAULT]
-rabbit_host = a
+rabbit_host = b
ok: [c-2]
changed: [c-1, c-3]

TASK [nova.compute : Dump]
c-1: the disk is nearly full
changed: [c-1 -> source] (only a real run can tell)

TASK [nova.compute : Pin compute RPC › Set compute=icehouse-compat]
✖ c-2  Reconnect the compute nodes › nova.compute › Pin compute RPC › Set compute=icehouse-compat
  ini.set /etc/nova/nova.conf: permission denied (exit code 1)
    at roles/nova/compute.ts:22
    ran: sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.co…
    try: connect as root, or allow sudo without a password
⚠ c-1  Reconnect the compute nodes › nova.compute › Pin compute RPC › Set compute=icehouse-compat (rescued)
  nova-compute is down:
      XXX
    at roles/nova/compute.ts:22
rescued: [c-1]
failed: [c-2, c-3]

RUNNING HANDLER [nova.compute : Restart nova-compute]
✖ c-1  Reconnect the compute nodes › nova.compute › Restart nova-compute (unreachable)
  connection lost
    at roles/nova/compute.ts:22
unreachable: [c-1]

PLAY STOPPED [Reconnect the compute nodes]: no hosts are left

PLAY RECAP
c-1 : ok=3  changed=2  unreachable=1  failed=0  skipped=0  rescued=1
c-2 : ok=2  changed=0  unreachable=0  failed=1  skipped=0  rescued=0
c-3 : ok=1  changed=1  unreachable=0  failed=1  skipped=1  rescued=0

HANDLERS STILL OWED (notified, and not run)
  Restart nova-compute: c-3

SLOWEST TASKS
    10 s  nova.compute › Dump
   1.2 s  nova.compute › Check that this Havana knows icehouse-compat

CRITICAL PATH (12 s of 1m 23s)
   0.4 s  nova.compute › Check that this Havana knows icehouse-compat [c-3]
   0.4 s  nova.compute › Point nova-compute at the new controller [c-1]
    10 s  nova.compute › Dump [c-1]
   0.4 s  nova.compute › Pin compute RPC › Set compute=icehouse-compat [c-1]
   0.4 s  nova.compute › Restart nova-compute [c-1]
  1m 11s  between tasks

Failed after 1m 23s
Go on with: run x --resume
`,
  )
  assert.is(err, '[WARNING]: group spare is empty\n')
})

test('tells of plays without hosts, and of what was answered at gates', async () => {
  const { out } = await told((s) => {
    s.run(['c-1'])
    s.say({ type: 'play-skipped', play: 'Storage', reason: 'there is no host in storage' })
    s.play('Reconnect the compute nodes', ['c-1'])
    s.task(taskOf('Look'), ['c-1'])
    s.finish(taskOf('Look'), 'c-1', 'ok')
    s.gate(taskOf('Go on?', 'Pin'))
    s.gate(taskOf('Really?'), false)
  })
  assert.is(
    out,
    `PLAY [Storage]
skipping: there is no host in storage

PLAY [Reconnect the compute nodes]

TASK [nova.compute : Look]
ok: [c-1]

GATE [nova.compute : Pin › Go on?]
the operator goes on

GATE [nova.compute : Really?]
the operator does not go on
`,
  )
})

test('with -v adds results, reasons, handlers and the output of commands', async () => {
  const { out } = await told(story, { verbosity: 1, diff: true, next })
  assert.is(
    out.split('\nTASK [nova.compute : Pin')[0],
    `run r-1: full-upgrade, plays: 1, tasks: 4, hosts: 3

PLAY [Reconnect the compute nodes]

BATCH 1 of 2 [c-1, c-2, c-3]

TASK [nova.compute : Check that this Havana knows icehouse-compat]
FAILED - RETRYING: [c-2]: Check that this Havana knows icehouse-compat (1 retry left): no answer
skipping: [c-3] (when does not hold)
ok: [c-1, c-2] => {"version":"2013.2.2"}

TASK [nova.compute : Point nova-compute at the new controller]
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

TASK [nova.compute : Dump]
c-1: the disk is nearly full
c-1: 1 GB of 3 GB
c-1 | table instances
c-1 | 20%
c-1: 3 GB of 3 GB
c-1 | last line
changed: [c-1 -> source] (only a real run can tell)
`,
  )
})

test('with -vv says where a task stands, with -vvv gives stacks', async () => {
  const task = taskOf('Pin')
  const tell = (s: Script) => {
    s.task(task, ['c-1'])
    s.finish(task, 'c-1', 'failed', { failure: denied })
  }
  const stack = '    Error: permission denied\n    at set (lib/modules/ini.ts:9)\n'
  const two = (await told(tell, { verbosity: 2 })).out
  assert.ok(two.startsWith('TASK [nova.compute : Pin]\ntask path: roles/nova/compute.ts:22\n✖ c-1 '), two)
  assert.not.ok(two.includes(stack), two)
  const three = (await told(tell, { verbosity: 3 })).out
  assert.ok(three.includes(stack), three)
})

test('shows no diff unless asked', async () => {
  const { out } = await told(story)
  assert.ok(out.includes('changed: [c-1, c-3]'))
  assert.not.ok(out.includes('rabbit_host'), out)
})

test('folds many hosts: counts for the dull outcomes, names for the others', async () => {
  const hosts = Array.from({ length: 50 }, (_, i) => `c-${i + 1}`)
  const task = taskOf('Set the option')
  const tell = (s: Script) => {
    s.task(task, hosts)
    s.finish(task, hosts.slice(0, 40), 'ok')
    s.finish(task, hosts.slice(40, 48).reverse(), 'changed')
    s.finish(task, hosts.slice(48), 'failed', { failure: denied })
  }
  assert.is(
    (await told(tell)).out,
    `TASK [nova.compute : Set the option]
✖ c-49  Reconnect the compute nodes › nova.compute › Set the option
  ini.set /etc/nova/nova.conf: permission denied (exit code 1)
    at roles/nova/compute.ts:22
    ran: sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.co…
    try: connect as root, or allow sudo without a password
ok: [40 hosts]
changed: [c-41, c-42, c-43, c-44, c-45, c-46, c-47, c-48]
failed: [c-49, c-50]
`,
  )
  assert.match((await told(tell, { verbosity: 1 })).out, /^ok: \[c-1, c-2, .*, c-40\]$/m)
})

test('names a task again when tasks run side by side', async () => {
  const [one, two] = [taskOf('Import glance'), taskOf('Import neutron')]
  const { out } = await told((s) => {
    s.task(one, ['a', 'b'])
    s.task(two, ['a', 'b'])
    s.output(two, 'a', 'a word from neutron\n', 'log')
    s.output(one, 'a', 'a word from glance\n', 'log')
    s.finish(two, ['a', 'b'], 'ok')
    s.finish(one, ['a', 'b'], 'changed')
  })
  assert.is(
    out,
    `TASK [nova.compute : Import neutron]
a: a word from neutron

TASK [nova.compute : Import glance]
a: a word from glance

TASK [nova.compute : Import neutron]
ok: [a, b]

TASK [nova.compute : Import glance]
changed: [a, b]
`,
  )
})

test('says of an interrupted run which hosts did not finish', async () => {
  const task = taskOf('Import the database')
  const { out } = await told((s) => {
    s.run(['a', 'b', 'c'])
    s.task(task, ['a', 'b', 'c'])
    s.start(task, 'a', 'b')
    s.finish(task, 'a', 'ok')
    s.end('interrupted', 12_000)
  })
  assert.is(
    out,
    `TASK [nova.compute : Import the database]
ok: [a]
not finished: [b, c]

PLAY RECAP
a : ok=1  changed=0  unreachable=0  failed=0
b : ok=0  changed=0  unreachable=0  failed=0
c : ok=0  changed=0  unreachable=0  failed=0

Interrupted after 12 s
`,
  )
})

test('puts output together from pieces, and cuts what never ends a line', async () => {
  const task = taskOf('Dump')
  const { out } = await told(
    (s) => {
      s.task(task, ['a', 'b'])
      s.output(task, 'a', 'one\ntw')
      s.output(task, 'b', 'other\n')
      s.output(task, 'a', 'o\n', 'stderr')
      s.output(task, 'a', 'o\nth')
      for (let i = 0; i < 20; i++) s.output(task, 'b', 'x'.repeat(1000))
      s.finish(task, ['a', 'b'], 'ok')
    },
    { verbosity: 1 },
  )
  const lines = out.split('\n').map((line) => line.replace(/x{100,}/, (all) => `${all.length} x`))
  assert.equal(lines, [
    'TASK [nova.compute : Dump]',
    'a | one',
    'b | other',
    'a | o',
    'a | two',
    'b | 17000 x',
    'a | th',
    'b | 3000 x',
    'ok: [a, b]',
    '',
  ])
})

test('colours words as Ansible does', async () => {
  const task = taskOf('Dump')
  const { out } = await told(
    (s) => {
      s.task(task, ['a', 'b', 'c', 'd'])
      s.finish(task, 'a', 'ok')
      s.finish(task, 'b', 'changed')
      s.finish(task, 'c', 'skipped')
      s.finish(task, 'd', 'unreachable')
    },
    { color: true },
  )
  assert.is(
    out,
    '\x1b[1mTASK [nova.compute : Dump]\x1b[22m\n\x1b[36mskipping\x1b[39m: [c]\n\x1b[32mok\x1b[39m: [a]\n' +
      '\x1b[33mchanged\x1b[39m: [b]\n\x1b[35munreachable\x1b[39m: [d]\n',
  )
})

test('keeps up with 50 hosts and 200 tasks', async () => {
  const hosts = Array.from({ length: 50 }, (_, i) => `c-${i + 1}`)
  const start = process.cpuUsage()
  const { out } = await told((s) => {
    s.run(hosts, 1, 200)
    for (let n = 0; n < 200; n++) {
      const task = taskOf(`Task ${n}`)
      s.task(task, hosts)
      s.start(task, ...hosts)
      s.finish(task, hosts, 'ok')
    }
    s.end()
  })
  const milliseconds = process.cpuUsage(start).user / 1000
  assert.is(out.split('ok: [all 50 hosts]').length, 201)
  assert.ok(milliseconds < 2000, `${milliseconds} ms`)
})

test('tells in one line what an earlier run did', async () => {
  const { out } = await told((s) => {
    s.run(['c-1', 'c-2'])
    s.play('Reconnect the compute nodes', ['c-1', 'c-2'])
    s.finish(taskOf('Stop'), ['c-1', 'c-2'], 'resumed', { milliseconds: 0 })
    s.finish(taskOf('Dump'), 'c-1', 'resumed', { milliseconds: 0 })
    s.task(taskOf('Start'), ['c-1'])
    s.start(taskOf('Start'), 'c-1')
    s.finish(taskOf('Start'), 'c-1', 'ok')
    s.end('ok', 400)
  })
  assert.is(
    out,
    `PLAY [Reconnect the compute nodes]

resumed: 3 tasks were done before

TASK [nova.compute : Start]
ok: [c-1]

PLAY RECAP
c-1 : ok=1  changed=0  unreachable=0  failed=0  resumed=2
c-2 : ok=0  changed=0  unreachable=0  failed=0  resumed=1

Finished in 0.4 s
`,
  )
})

test.run()
