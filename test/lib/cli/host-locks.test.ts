import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { needs } from '../../rig/needs.ts'
import { startSshd, type Sshd } from '../../rig/sshd.ts'
import { Project, words } from './project.ts'

needs('sshd')

// Two operators with a folder each, and a host that both can reach.
interface Context {
  sshd: Sshd
  lock: string
  one: Project
  two: Project
}

const test = suite<Context>('locks on hosts')
test.before(async (context) => {
  // A log of its own.
  const programs = {
    logger: 'shift 2; [ "$1" = -- ] && shift; echo "$@" >>${0%/bin/logger}/syslog',
    // What stands in the way goes as soon as it has been.
    ln: 'h=${0%/bin/ln}; /bin/ln "$@" || { [ ! -e $h/going ] || rm $h/going "$2"; exit 1; }',
    mv: 'h=${0%/bin/mv}; [ ! -e $h/going ] || { rm $h/going "$1"; exit 1; }; exec /bin/mv "$@"',
  }
  const sshd = (context.sshd = await startSshd({ programs }))
  context.lock = `/tmp/.switchover-lock-${sshd.port}`
  const files = {
    'hosts.ini': `node-1 ansible_host=127.0.0.1 ansible_port=${sshd.port} ansible_ssh_private_key_file=${sshd.privateKey}
[all:vars]
ansible_ssh_common_args=-o UserKnownHostsFile=${sshd.knownHosts}
`,
    'site.ts': `${words}export default playbook('site', [
  play('one', { hosts: 'all' }, ({ task }) => {
    task('Begin', { tags: ['first'] }, shell\`true\`)
    task('Wait', { tags: ['work'] }, shell\`echo begins >>${sshd.home}/log; until [ -e ${sshd.home}/go ]; do sleep 0.05; done; echo ends >>${sshd.home}/log\`)
    task('Upgrade', { tags: ['long'] }, shell({ long: true })\`echo begins >>${sshd.home}/log; until [ -e ${sshd.home}/go ]; do sleep 0.05; done; echo upgraded; echo ends >>${sshd.home}/log\`)
    task('Look', { tags: ['look'], verify: true }, probe\`true\`)
    task('Write', { tags: ['unfinished'] }, shell\`echo writes >>${sshd.home}/log\`)
    task('Fail', { tags: ['unfinished'] }, shell\`test -e ${sshd.home}/mended\`)
  }),
])
`,
  }
  context.one = new Project(files)
  context.two = new Project(files)
})
test.after(async ({ sshd, one, two, lock }) => {
  rmSync(lock, { force: true })
  one[Symbol.dispose]()
  two[Symbol.dispose]()
  await sshd.stop()
})
const site = (tag: string, ...more: readonly string[]) => [
  'site.ts',
  '-i',
  'hosts.ini',
  '--no-type-check',
  '-t',
  tag,
  ...more,
]
const exec = (...args: readonly string[]) => ['exec', 'all', '-i', 'hosts.ini', ...args, '--', 'true']
const log = ({ home }: Sshd) =>
  existsSync(`${home}/log`) ? readFileSync(`${home}/log`, 'utf8').trim().split('\n') : []

async function until(holds: () => boolean): Promise<void> {
  while (!holds())
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
}

test('a second run from another folder is told who works there; those that only look are not kept waiting', async ({
  sshd,
  one,
  two,
  lock,
}) => {
  const first = one.start(site('work'))
  await until(() => log(sshd).length === 1)
  const second = await two.run(site('work'))
  assert.is(second.code, 9, second.stdout + second.stderr)
  const who = `node-1 is locked by run \\d{8}-\\S+ of «site» \\(\\S+, pid ${first.process.pid} on \\S+, since [\\d :-]+ UTC\\)`
  assert.match(second.stdout, new RegExp(who))
  const next = /run (unlock \S+ --force -i hosts\.ini -l node-1)/.exec(second.stdout)![1]!
  const typed = await two.run(exec())
  assert.is(typed.code, 9)
  assert.match(typed.stdout, new RegExp(who))
  for (const looking of [site('work', '-C'), site('look'), exec('--probe'), exec('-C')]) {
    const { code, stdout, stderr } = await two.run(looking)
    assert.is(code, 0, looking.join(' ') + stdout + stderr)
  }
  assert.equal(log(sshd), ['begins'])
  const held = await two.run(['unlock', '-i', 'hosts.ini'])
  assert.is(held.code, 9)
  assert.match(held.stderr, /^node-1 stays locked by run .* - when it is known to have ended: run unlock /)
  // Where the run was started more is known of it, and said once.
  const own = await one.run(['unlock', '-i', 'hosts.ini'])
  assert.is(own.code, 9)
  assert.match(
    own.stderr,
    new RegExp(`^node-1 stays locked by run [^\\n]* - it goes on: end it with kill ${first.process.pid}\\n$`),
  )
  // What the refusal says to type.
  const unlocked = await two.run(next.split(' '))
  assert.is(unlocked.code, 0, unlocked.stderr)
  assert.match(unlocked.stdout, /^node-1: no longer locked by run /)
  assert.not.ok(existsSync(lock))
  // Other hosts that it has stay its own.
  const locks = path.join(one.path, '.switchover/locks')
  const [file] = readdirSync(locks)
  const other = path.join(locks, 'node-2.lock')
  writeFileSync(other, readFileSync(path.join(locks, file!), 'utf8').replace('"host":"node-1"', '"host":"node-2"'))
  const mine = await one.run(next.split(' '))
  assert.is(mine.code, 0, mine.stderr)
  assert.not.match(mine.stdout, /node-2/)
  assert.equal(readdirSync(locks), ['node-2.lock'])
  rmSync(other)
  writeFileSync(`${sshd.home}/go`, '')
  assert.is((await first.ended).code, 0)
})

test('the log of the host tells of each run, in a line, unless it is not to', async ({ sshd, two }) => {
  const syslog = () =>
    existsSync(`${sshd.home}/syslog`) ? readFileSync(`${sshd.home}/syslog`, 'utf8').trimEnd().split('\n') : []
  const before = syslog().length
  assert.is((await two.run(exec())).code, 0)
  const [line, ...more] = syslog().slice(before)
  assert.match(line!, /^run \d{8}-\S+ of «exec» \(\S+, pid \d+ on \S+, since [\d :-]+ UTC\): ok$/)
  assert.equal(more, [])
  for (const silent of [exec('--no-audit'), exec('--probe'), exec('-C'), site('look')])
    assert.is((await two.run(silent)).code, 0)
  assert.is(syslog().length, before + 1)
})

test('a lock that goes while it is looked at is taken, and nobody is told that there can be none', async ({
  sshd,
  two,
  lock,
}) => {
  // Before it is read, and when it is found dead.
  for (const text of ['another\n', 'r\nrun r\nboot\nc 4194303 1\n']) {
    if (text.startsWith('r\n')) rmSync(`${sshd.home}/bin/ln`)
    writeFileSync(lock, text)
    writeFileSync(`${sshd.home}/going`, '')
    const { code, stdout, stderr } = await two.run(exec())
    assert.is(code, 0, stdout + stderr)
    assert.not.ok(existsSync(`${sshd.home}/going`))
    assert.not.match(stdout + stderr, /cannot be locked/)
    assert.not.ok(existsSync(lock))
  }
})

test('what a killed run left behind ends before the next begins, and nothing stays', async ({
  sshd,
  one,
  two,
  lock,
}) => {
  rmSync(`${sshd.home}/go`)
  rmSync(`${sshd.home}/log`)
  const first = one.start(site('work'))
  await until(() => log(sshd).length === 1)
  first.process.kill('SIGKILL')
  await first.ended
  const second = two.start(site('work'))
  await second.printed('was killed and left a command behind; waiting for it')
  assert.equal(log(sshd), ['begins'])
  writeFileSync(`${sshd.home}/go`, '')
  const { code, stdout, stderr } = await second.ended
  assert.is(code, 0, stdout + stderr)
  assert.equal(log(sshd), ['begins', 'ends', 'begins', 'ends'])
  assert.not.ok(existsSync(lock))
})

test('the run that is resumed is waited for where its connection is still there', async ({ sshd, one, two, lock }) => {
  rmSync(`${sshd.home}/go`)
  rmSync(`${sshd.home}/log`)
  const first = one.start(site('work'))
  await until(() => log(sshd).length === 1)
  const session = Number(/^c (\d+)/m.exec(readFileSync(lock, 'utf8'))![1])
  // A server that cannot notice that its client has gone.
  process.kill(session, 'SIGSTOP')
  first.process.kill('SIGKILL')
  await first.ended
  assert.is((await two.run(exec())).code, 9)
  const second = one.start([...site('work'), '--resume'])
  await second.printed('has ended, and its connection not yet: waiting for it')
  process.kill(session, 'SIGCONT')
  writeFileSync(`${sshd.home}/go`, '')
  const { code, stdout, stderr } = await second.ended
  assert.is(code, 0, stdout + stderr)
  assert.equal(log(sshd), ['begins', 'ends', 'begins', 'ends'])
  assert.not.ok(existsSync(lock))
})

test('a long command of a killed run is found by the next one, and not begun again', async ({
  sshd,
  one,
  two,
  lock,
}) => {
  for (const resumes of [true, false]) {
    rmSync(`${sshd.home}/go`)
    rmSync(`${sshd.home}/log`)
    const first = one.start(site('long'))
    await until(() => log(sshd).length === 1)
    first.process.kill('SIGKILL')
    await first.ended
    const second = resumes ? one.start([...site('long'), '--resume', '-v']) : two.start(site('long', '-v'))
    await second.printed('begun by an earlier run')
    writeFileSync(`${sshd.home}/go`, '')
    const { code, stdout, stderr } = await second.ended
    assert.is(code, 0, stdout + stderr)
    assert.match(stdout, /upgraded/)
    assert.equal(log(sshd), ['begins', 'ends'])
  }
  assert.not.ok(existsSync(lock))
})

test('a run that goes on, and is told before its first task that another works there, says which', async ({
  sshd,
  one,
  two,
  lock,
}) => {
  for (const name of ['go', 'log']) rmSync(`${sshd.home}/${name}`)
  const killed = one.start(site('first,work'))
  await until(() => log(sshd).length === 1)
  killed.process.kill('SIGKILL')
  await killed.ended
  writeFileSync(`${sshd.home}/go`, '')
  await until(() => log(sshd).length === 2)
  rmSync(lock, { force: true })
  rmSync(`${sshd.home}/go`)
  const holds = two.start(site('work'))
  await until(() => log(sshd).length === 3)
  const { code, stdout, stderr } = await one.run(site('first,work', '--resume'))
  assert.is(code, 9, stdout + stderr)
  const who = new RegExp(`node-1 is locked by run .*, pid ${holds.process.pid} .*wait until it has ended`, 'gs')
  assert.is((stdout + stderr).match(who)?.length, 1, stdout + stderr)
  assert.match(stdout + stderr, /run unlock \S+ --force -i hosts\.ini -l node-1/)
  writeFileSync(`${sshd.home}/go`, '')
  assert.is((await holds.ended).code, 0)
})

test('what stands in the place of a lock is never followed', async ({ sshd, two, lock }) => {
  const victim = `${sshd.home}/victim`
  writeFileSync(victim, 'as it was\n')
  for (const target of [victim, `${sshd.home}/nothing`]) {
    symlinkSync(target, lock)
    const { code, stdout } = await two.run(exec())
    assert.is(code, 9)
    assert.match(stdout, /node-1 is locked by another run/)
    assert.ok(lstatSync(lock).isSymbolicLink())
    const removed = await two.run(['unlock', '--force', '-i', 'hosts.ini'])
    assert.is(removed.code, 0, removed.stderr)
    assert.not.ok(existsSync(lock))
  }
  assert.is(readFileSync(victim, 'utf8'), 'as it was\n')
  assert.not.ok(existsSync(`${sshd.home}/nothing`))
  // The lock of a machine that was started anew, or whose connection is gone, is none.
  for (const boot of ['another', readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()]) {
    writeFileSync(lock, `20260101-000000-abcd\nrun 20260101-000000-abcd\n${boot}\nc 4194303 1\nw 4194302 1\n`)
    assert.is((await two.run(exec())).code, 0)
    assert.not.ok(existsSync(lock))
  }
})

test('what a run from elsewhere has done since is known to who goes on, and a run that ends well leaves no mark', async ({
  sshd,
  one,
  two,
}) => {
  const mark = `/tmp/.switchover-last-${sshd.port}`
  const warned = (stderr: string) => stderr.match(/(?<=^\[WARNING\]: )another run.*$/gm) ?? []
  rmSync(`${sshd.home}/go`, { force: true })
  try {
    for (const ending of ['failed', 'killed'] as const) {
      assert.is((await one.run(site('unfinished'))).code, 2)
      assert.ok(existsSync(mark))
      if (ending === 'killed') {
        const killed = two.start(site('work'))
        await until(() => log(sshd).at(-1) === 'begins')
        killed.process.kill('SIGKILL')
        await killed.ended
        writeFileSync(`${sshd.home}/go`, '')
      } else assert.is((await two.run(site('first'))).code, 0)
      writeFileSync(`${sshd.home}/mended`, '')
      const { code, stderr } = await one.run(site('unfinished', '--resume'))
      assert.is(code, 0, stderr)
      assert.match(
        warned(stderr).join('\n'),
        /^another run worked on node-1 since \(\S+ of «site» \(\S+, pid \d+ on .*\)\): 1 task that was done there runs again$/,
      )
      rmSync(`${sshd.home}/mended`)
    }
    rmSync(mark)
    // Nobody was there in between.
    assert.is((await one.run(site('unfinished'))).code, 2)
    writeFileSync(`${sshd.home}/mended`, '')
    const { code, stdout, stderr } = await one.run(site('unfinished', '--resume'))
    assert.equal([code, warned(stderr)], [0, []], stdout + stderr)
    assert.not.ok(existsSync(mark))
  } finally {
    for (const file of ['go', 'mended']) rmSync(`${sshd.home}/${file}`, { force: true })
    rmSync(mark, { force: true })
  }
})

test('what the folder of a run knows of its end counts more than what a host has of it', async ({ one, lock }) => {
  const begun = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19]
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const has = (run: string) => writeFileSync(lock, `${run}\nrun ${run} of «exec»\n${boot}\nc ${process.pid} ${begun}\n`)
  assert.is((await one.run(exec())).code, 0)
  const { stdout } = await one.run(['history', '--last', '1', '--json'])
  const [{ run }] = JSON.parse(stdout) as [{ run: string }]
  has('20260101-000000-abcd')
  assert.is((await one.run(['unlock', '-i', 'hosts.ini'])).code, 9)
  has(run)
  const unlocked = await one.run(['unlock', '-i', 'hosts.ini'])
  assert.is(unlocked.code, 0, unlocked.stderr)
  assert.not.ok(existsSync(lock))
  // It went by itself meanwhile; and a name that is none of those that are there.
  const gone = await one.run(['unlock', run, '--force', '-i', 'hosts.ini'])
  assert.equal([gone.code, gone.stdout, gone.stderr], [0, 'nothing is locked\n', ''])
  has('20260101-000000-abcd')
  const another = await one.run(['unlock', '20260101-000000-abce', '-i', 'hosts.ini'])
  assert.is(another.code, 5)
  assert.match(another.stderr, /no host is locked by a run \S+abce - did you mean 20260101-000000-abcd\?/)
  rmSync(lock)
})

test.run()
