import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command } from '../../rig/command.ts'
import { type Ended, Project, type Running, words } from './project.ts'
import { needing } from '../../rig/needs.ts'

// Each host waits for a file, so that the test decides when a command ends.
const site = (project: string) => `${words}export default playbook('site', [
  play('one', { hosts: 'all' }, ({ task, gate }) => {
    task('Wait', { tags: ['work'] }, (host) => shell\`touch ${project}/\${host.name}.began; until [ -e ${project}/\${host.name}.go ]; do sleep 0.05; done\`)
    task('After', { tags: ['work'] }, (host) => shell\`touch ${project}/\${host.name}.after\`)
    gate('Really?', { tags: ['asking'] })
    task('Touch', { tags: ['touching'] }, (host) => shell\`touch ${project}/\${host.name}.touched\`)
  }),
])
`
const project = new Project()
project.write('site.ts', site(project.path))
const args = (host: string, ...more: readonly string[]) => [
  'site.ts',
  '-i',
  `${host},`,
  '-c',
  'local',
  '--no-type-check',
  ...more,
]
const there = (name: string) => existsSync(path.join(project.path, name))
const journal = (run: string) =>
  readFileSync(path.join(project.path, '.switchover/runs', `${run}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; outcome?: string })
const locked = () => (there('.switchover/locks') ? readdirSync(path.join(project.path, '.switchover/locks')) : [])

async function began(host: string, run: Running): Promise<void> {
  let ended: Ended | undefined
  void run.ended.then((how) => {
    ended = how
  })
  while (!there(`${host}.began`)) {
    if (ended) throw new Error(`it ended before its task began:\n${ended.stdout}${ended.stderr}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

const test = suite('interruption and locks')
test.after(() => project[Symbol.dispose]())

test('Ctrl-C once finishes what runs and starts nothing new', async () => {
  const run = project.start(args('once', '-t', 'work'))
  await began('once', run)
  run.process.kill('SIGINT')
  await run.printed('stopping: what runs is finished')
  project.write('once.go', '')
  const { code, stdout, stderr } = await run.ended
  assert.is(code, 130, stdout + stderr)
  assert.not(there('once.after'))
  assert.match(stdout, /changed: \[once\]/)
  assert.match(stdout, /Go on with: run site\.ts .* --resume\n$/)
  const [latest] = readdirSync(path.join(project.path, '.switchover/runs')).map((name) => name.replace('.jsonl', ''))
  assert.is(journal(latest!).at(-1)?.outcome, 'interrupted')
  assert.equal(locked(), [])

  const resumed = await project.run([...args('once', '-t', 'work'), '--resume'])
  assert.is(resumed.code, 0, resumed.stdout + resumed.stderr)
  assert.ok(there('once.after'))
})

test('Ctrl-C twice ends what runs', async () => {
  const run = project.start(args('twice', '-t', 'work'))
  await began('twice', run)
  run.process.kill('SIGINT')
  await run.printed('stopping: what runs is finished')
  run.process.kill('SIGINT')
  const { code, stdout } = await run.ended
  assert.is(code, 130)
  assert.match(stdout, /interrupted/)
  assert.equal(locked(), [])
})

test('TERM ends what runs', async () => {
  const run = project.start(args('term', '-t', 'work'))
  await began('term', run)
  run.process.kill('SIGTERM')
  const { code } = await run.ended
  assert.is(code, 143)
  assert.equal(locked(), [])
})

test('where nobody can answer at a gate, nothing is begun', async () => {
  project.write('gated.go', '')
  const { code, stdout, stderr } = await project.run(args('gated', '-t', 'asking,work'))
  assert.is(
    stderr,
    '«Really?» needs an answer, and there is no terminal to ask on - answer yes beforehand: --yes (site.ts:7)\n',
  )
  assert.equal([code, stdout], [8, ''])
  assert.not(there('gated.began'))
  assert.is((await project.run(args('gated', '-t', 'asking', '--yes'))).code, 0)
})

test('two runs on one host: the second is told who holds it; others and --check are not kept waiting', async () => {
  const run = project.start(args('held', '-t', 'work'))
  await began('held', run)
  const second = await project.run(args('held', '-t', 'work'))
  assert.is(second.code, 9)
  assert.match(
    second.stderr,
    new RegExp(
      `^held is locked by run \\d{8}-\\d{6}-[0-9a-f]{4,5} of «site» \\(\\S+, pid ${run.process.pid} on \\S+, since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\\) - wait until it has ended, or look without changing anything: --check\n$`,
    ),
  )
  const unlock = await project.run(['unlock'])
  assert.is(unlock.code, 9)
  assert.match(
    unlock.stderr,
    new RegExp(`^held stays locked by run .* - it goes on: end it with kill ${run.process.pid}\n$`),
  )
  assert.is((await project.run(args('held', '-t', 'work', '-C'))).code, 0)
  project.write('other.go', '')
  assert.is((await project.run(args('other', '-t', 'work'))).code, 0)
  project.write('held.go', '')
  assert.is((await run.ended).code, 0)
  assert.equal(locked(), [])
})

test('the lock of a run that was killed is no lock', async () => {
  const run = project.start(args('killed', '-t', 'work'))
  await began('killed', run)
  run.process.kill('SIGKILL')
  assert.is((await run.ended).signal, 'SIGKILL')
  assert.equal(locked(), ['killed.lock'])
  project.write('killed.go', '')
  assert.is((await project.run(args('killed', '-t', 'work'))).code, 0)
  assert.equal(locked(), [])
})

test('the lock of another machine is kept until it is named', async () => {
  const holder = {
    run: '20260101-000000-abcd',
    pid: 1,
    machine: 'elsewhere',
    user: 'ops',
    since: '2026-01-01T00:00:00.000Z',
    playbook: 'site',
    host: 'far',
  }
  project.write('.switchover/locks/far.lock', JSON.stringify(holder))
  project.write('far.go', '')
  const { code, stderr } = await project.run(args('far', '-t', 'work'))
  assert.is(
    stderr,
    'far is locked by run 20260101-000000-abcd of «site» (ops, pid 1 on elsewhere, since 2026-01-01 00:00:00 UTC) - when that run is known to have ended: run unlock 20260101-000000-abcd\n',
  )
  assert.is(code, 9)
  assert.is((await project.run(['unlock'])).code, 9)
  assert.is(
    (await project.run(['unlock', '20260101-000000-abcd'])).stdout,
    'far: no longer locked by run 20260101-000000-abcd\n',
  )
  assert.is((await project.run(args('far', '-t', 'work'))).code, 0)
})

/** Runs a script on a terminal of its own; something is typed, or signalled, when a text has been printed. */
async function onTerminal(
  script: string,
  type: Readonly<Record<string, string>>,
  send: Readonly<Record<string, NodeJS.Signals>> = {},
): Promise<string> {
  project.write(
    'terminal.sh',
    `trap : INT\nstty rows 24 columns 120\nstty -a >before\n${script}\necho "code $?"\nstty -a >after\n`,
  )
  const child = spawn('script', ['-qec', `sh ${path.join(project.path, 'terminal.sh')}`, '/dev/null'], {
    cwd: project.path,
    env: { ...process.env, HOME: project.path, TERM: 'xterm' },
  })
  let printed = ''
  const left = new Map(Object.entries(type))
  const signals = new Map(Object.entries(send))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    for (const [when, what] of left) {
      if (!printed.includes(when)) continue
      left.delete(when)
      child.stdin.write(what)
    }
    for (const [when, signal] of signals) {
      if (!printed.includes(when)) continue
      signals.delete(when)
      process.kill(Number(readFileSync(path.join(project.path, 'pid'), 'utf8')), signal)
    }
  })
  await new Promise((resolve) => {
    child.once('close', resolve)
  })
  assert.is(
    readFileSync(path.join(project.path, 'after'), 'utf8'),
    readFileSync(path.join(project.path, 'before'), 'utf8'),
    'the terminal is left as it was',
  )
  return printed
}
// Its process takes the place of a shell, whose number is known.
const typed = (words: readonly string[]) =>
  `sh -c 'echo $$ >pid; exec "$@"' sh ${[process.execPath, command, ...words].join(' ')}`

needing(test, 'script')(
  'on a terminal: a gate is asked, Ctrl-C at it is Ctrl-C, and the terminal is as it was',
  async () => {
    const yes = await onTerminal(typed(args('asked', '-t', 'asking')), { 'Really? [y/N]': 'y\r' })
    assert.match(yes, /code 0/)
    const asked = await onTerminal(typed(args('asked', '-t', 'asking')), {
      'Really? [y/N]': 'perhaps\r',
      'please answer yes or no': 'yes\r',
    })
    assert.match(asked, /code 0/)
    const no = await onTerminal(typed(args('asked', '-t', 'asking')), { 'Really? [y/N]': 'n\r' })
    assert.match(no, /code 8/)
    const interrupted = await onTerminal(typed(args('asked', '-t', 'asking')), { 'Really? [y/N]': '\x03' })
    assert.match(interrupted, /code 130/)
  },
)

needing(test, 'script')('on a dumb terminal, or one that nobody names, there are plain lines', async () => {
  for (const [n, term] of ['TERM=dumb', '-u TERM'].entries()) {
    const printed = await onTerminal(`env ${term} ${typed(args(`dumb${n}`, '-t', 'asking', '--yes'))}`, {})
    assert.match(printed, /PLAY RECAP[^]*code 0/)
    assert.not.match(printed, '\x1b')
  }
})

needing(test, 'script')(
  'a BECOME password that is left empty behind an SSH password is that one, as in Ansible',
  async () => {
    project.write(
      'fake-sudo',
      `#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -p) p=$2; shift 2 ;; -u) shift 2 ;; -*) shift ;; *) break ;; esac; done
printf %s "$p" >&2; read -r word; [ "$word" = sesame-open ] || exit 1; exec "$@"
`,
      0o755,
    )
    project.write('sudo.ini', `a ansible_connection=local ansible_become_exe=${project.path}/fake-sudo\n`)
    const words = 'exec a -i sudo.ini -k -K -b --become-user nobody --probe --'.split(' ')
    const printed = await onTerminal(typed([...words, 'echo', 'let-in']), {
      'SSH password: ': 'sesame-open\r',
      'BECOME password, or nothing for the SSH password: ': '\r',
    })
    assert.match(printed, /a: ok\s+let-in\s+code 0/)
  },
)

needing(test, 'script')('on a terminal: TERM and HUP at a gate end the run', async () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const printed = await onTerminal(typed(args(signal, '-t', 'asking')), {}, { 'Really? [y/N]': signal })
    assert.match(printed, new RegExp(`code ${code}`))
  }
})

test('a host that lets in and says nothing ends no later than it may, and at once when told to', async () => {
  project.write('silent.ts', "export const connect = () => ({ start: () => ['sleep', '300'] })\n")
  project.write('silent.ini', 'silent ansible_connection=./silent.ts\n')
  const silent = ['site.ts', '-i', 'silent.ini', '--no-type-check', '-t', 'work']
  const late = await project.run([...silent, '-T', '1'])
  assert.is(late.code, 4, late.stdout + late.stderr)
  assert.match(late.stdout, /cannot start a shell on silent: no answer for 1 s/)
  assert.match(late.stdout, /log in there and see what hangs .* or wait longer: -T 3/)
  const run = project.start([...silent, '-T', '60'])
  await run.printed('TASK [Wait]')
  run.process.kill('SIGTERM')
  assert.is((await run.ended).code, 143)
  assert.equal(locked(), [])
})

needing(test, 'script')('on a terminal: a step is asked for again until the answer is one', async () => {
  for (const [name, said, ran] of [
    ['left', 'n\r', false],
    ['taken', 'y\r', true],
    ['through', 'c\r', true],
  ] as const) {
    const task = `Touch on ${name}?`
    const printed = await onTerminal(typed(args(name, '-t', 'touching', '--step')), {
      [task]: 'what\r',
      'please answer yes, no or continue': said,
    })
    assert.match(printed, ran ? /ok=1 (?!.*skipped)/ : /ok=0 .*skipped=1/)
    assert.is(there(`${name}.touched`), ran)
  }
})

needing(test, 'script')('on a terminal: Ctrl-C twice leaves no picture and the cursor', async () => {
  const printed = await onTerminal(typed(args('drawn', '-t', 'work')), {
    Wait: '\x03',
    'stopping: what runs is finished': '\x03',
  })
  assert.match(printed, /code 130/)
  assert.ok(printed.lastIndexOf('\x1b[?25h') >= printed.lastIndexOf('\x1b[?25l'), 'the cursor is shown again')
})

needing(test, 'script')('on a terminal: a password is not shown, and Ctrl-C at it ends', async () => {
  const printed = await onTerminal(typed(args('secret', '-t', 'asking', '-C', '-K')), {
    'BECOME password: ': 'not-to-be-seen\r',
  })
  assert.match(printed, /code 0/)
  assert.not.match(printed, /not-to-be-seen/)
  assert.match(
    await onTerminal(typed(args('secret', '-t', 'asking', '-C', '-K')), { 'BECOME password: ': 'not\x03' }),
    /code 130/,
  )
})

test.run()
