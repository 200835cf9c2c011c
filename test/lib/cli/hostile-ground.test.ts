import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command, withCommand } from '../../rig/command.ts'
import { needs } from '../../rig/needs.ts'
import { startSshd, type Sshd } from '../../rig/sshd.ts'
import { type Ended, modules, Project, words } from './project.ts'

needs('sshd')

interface Context {
  sshd: Sshd
  project: Project
}
const test = suite<Context>('hostile ground')
test.before(async (context) => {
  context.sshd = await startSshd()
  context.project = new Project()
})
test.after(async ({ sshd, project }) => {
  await sshd.stop()
  project[Symbol.dispose]()
})

const hostsIni = (sshd: Sshd) => `node-1 ansible_host=127.0.0.1 ansible_port=${sshd.port} \
ansible_ssh_private_key_file=${sshd.privateKey}
[all:vars]
ansible_ssh_common_args=-o UserKnownHostsFile=${sshd.knownHosts}
`
const site = (tasks: string) =>
  `${words}${modules}
const { facts, file, find, job, service, user, wait } = modules
export default playbook('site', [
  play('one', { hosts: 'all', ignoreUnreachable: false } as never, ({ task }) => {
${tasks}
  }),
])
`.replace(', ignoreUnreachable: false } as never', ' }')

/** What came out shows nothing of a terminal's, crashes nowhere, and what failed says what to do next. */
function assertHarmless(ended: Ended, project: Project, what: string): void {
  const journals = join(project.path, '.switchover/runs')
  const written = existsSync(journals)
    ? readdirSync(journals).map((name) => readFileSync(join(journals, name), 'latin1'))
    : []
  // eslint-disable-next-line no-control-regex
  for (const text of [ended.stdout, ended.stderr, ...written])
    assert.not.match(text, /[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/, `${what}: ${JSON.stringify(text.slice(0, 3000))}`)
  const said = ended.stdout + ended.stderr
  assert.ok([0, 2, 4].includes(ended.code!), `${what} ends with ${ended.code}: ${said}`)
  const broken = /^.*(?:TypeError|RangeError|SyntaxError|ReferenceError|internal error|crashed).*$/m.exec(said)?.[0]
  assert.is(broken, undefined, what)
  for (const line of written.join('').split('\n')) if (line.startsWith('{')) JSON.parse(line)
}

const esc = '\\033]0;owned\\007\\033[31m'
const liars: Readonly<Record<string, string>> = {
  // A name that would lie outside of what is brought.
  '/usr/bin/stat': `printf '///entry 81a4 4 1 0 0\\nroot\\nroot\\n./../../switchover-evil\\n///entry 41ed 4 1 0 0\\nroot\\nroot\\n.\\n'`,
  date: `printf '${esc}yesterday\\n'`,
  stat: `printf '${esc}81a4 many 1 2\\n'`,
  id: `printf '0${esc}; touch /tmp/switchover-canary\\n'`,
  uname: `printf '${esc}$(touch /tmp/switchover-canary)\\n'`,
  sha256sum: `printf '${esc}  -\\n'`,
  wc: `printf 'lots${esc}\\n'`,
  find: `printf '../../etc/passwd${esc}\\n///zz 1 2 3\\n./../../x\\n'`,
  cat: `printf '${esc}{"__proto__": 1}\\n'`,
  hostname: `printf '${esc}\\n'`,
  readlink: `printf '/etc/${esc}passwd\\n'`,
  getent: `printf 'root:x:${esc}:-1:a:b\\n'`,
}

for (const [program, text] of Object.entries(liars))
  test(`a ${program} that lies and writes to the terminal`, async () => {
    const sshd = await startSshd({ programs: { [basename(program)]: text } })
    using project = new Project({
      'hosts.ini': hostsIni(sshd),
      'site.ts': site(`
    const tasks = {
      os: async (host) => { host.log(JSON.stringify(await host.fact(facts.os))) },
      time: async (host) => { host.log(JSON.stringify(await host.fact(facts.time))) },
      content: file.content('${sshd.home}/made', 'one\\\\n', { mode: '0600' }),
      directory: file.directory('${sshd.home}/folder', { mode: '0700' }),
      files: async (host) => { host.log(JSON.stringify(await host.run(find.files('${sshd.home}')))) },
      stat: async (host) => { host.log(JSON.stringify(await host.run(file.stat('${sshd.home}/made', { sha256: true })))) },
      tree: file.tree({ from: { name: 'node-1' }, path: '${sshd.home}/bin' }, '${sshd.home}/copy'),
      long: shell({ long: true })\`printf '${esc.replaceAll('\\', '\\\\')}out'; exit 3\`,
      user: async (host) => { host.log(JSON.stringify(await host.run(user.present('nobody')))) },
    }
    for (const [name, body] of Object.entries(tasks)) task(name, { ignoreErrors: true }, body as never)`),
    })
    try {
      rmSync('/tmp/switchover-canary', { force: true })
      const ended = await project.run(['site.ts', '-i', 'hosts.ini', '--no-type-check', '-D', '-vvv', '--undoable'])
      assertHarmless(ended, project, program)
      const page = await project.run(['report', 'latest', '--html', 'page.html'])
      if (page.code === 0)
        assert.not.match(readFileSync(join(project.path, 'page.html'), 'latin1'), /[\0-\x08\x0b-\x1f\x7f]/)
      assert.not.ok(existsSync('/tmp/switchover-canary'))
    } finally {
      await sshd.stop()
    }
  })

test('names that are no names: each stays one, or is refused by its name', async ({ sshd, project }) => {
  const dir = join(sshd.home, 'names')
  mkdirSync(dir)
  const canary = join(process.env.HOME ?? '/root', 'switchover-canary-name')
  rmSync(canary, { force: true })
  const names = [
    'new\nline',
    '-rf',
    '\x1b[31mred',
    ' lead ',
    `q'"$(touch switchover-canary-name)`,
    '*',
    '\\',
    '%s%n',
    ';reboot',
  ]
  for (const name of names) writeFileSync(join(dir, name), name)
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe, 0x62])]), 'bytes')
  const snapshot = () =>
    spawnSync('sh', ['-c', `cd ${dir} && find . -print0 | sort -z | sha256sum; cat ./* | sha256sum`], {
      encoding: 'utf8',
    }).stdout
  const before = snapshot()
  project.write('hosts.ini', hostsIni(sshd))
  project.write(
    'site.ts',
    site(`
    task('List', async (host) => { host.log(JSON.stringify(await host.run(find.files('${dir}')))) })
    task('Owner', file.owner('${dir}', '${userInfo().uid}'))
    task('Mode', file.mode('${dir}', 'u=rwX,go=rX', { recursive: true }))
    task('Copy', { ignoreErrors: true }, file.tree({ from: { name: 'node-1' }, path: '${dir}' }, '${dir}-copy'))
    task('Sweep', { ignoreErrors: true }, find.absent('${dir}', { olderThan: 0 }))
    task('Drop', file.absent('${dir}'))`),
  )
  const ended = await project.run(['site.ts', '-i', 'hosts.ini', '--no-type-check', '-D', '-v', '--undoable'])
  assertHarmless(ended, project, 'names')
  assert.match(ended.stdout, /has a name that cannot be brought: "/)
  assert.match(ended.stdout, /its name is not one line of UTF-8/)
  assert.not.ok(existsSync(dir))
  const undone = await project.run(['undo', 'latest'])
  assertHarmless(undone, project, 'names, undone')
  assert.is(snapshot(), before)
  assert.not.ok(existsSync(canary))
})

test('a line without end costs no memory without bound, and ends with its limit', ({ sshd, project }) => {
  project.write('hosts.ini', hostsIni(sshd))
  const [pid, peak] = [join(sshd.home, 'pid'), join(sshd.home, 'peak')]
  project.write(
    'site.ts',
    site(`
    task('Much', { ignoreErrors: true }, shell\`head -c 400000000 /dev/zero | tr '\\\\0' x\`)
    task('Long', shell({ long: true })\`head -c 100000000 /dev/zero | tr '\\\\0' x\`)
    task('Endless', { timeout: 3, ignoreErrors: true }, shell\`tr '\\\\0' x </dev/zero\`)
    task('Peak', shell\`grep VmHWM /proc/$(cat ${pid})/status >${peak}\`)`),
  )
  const { status } = spawnSync(
    'sh',
    [
      '-c',
      'echo $$ >"$0"; exec "$@" >out 2>&1',
      pid,
      process.execPath,
      command,
      'site.ts',
      '-i',
      'hosts.ini',
      '--no-type-check',
    ],
    {
      cwd: project.path,
      env: { ...process.env, ...withCommand, NO_COLOR: '1', HOME: project.path, SSH_AUTH_SOCK: '' },
    },
  )
  const said = readFileSync(join(project.path, 'out'), 'latin1')
  assert.is(status, 0, said.slice(-3000))
  assert.match(said, /more than the 16 MiB that are kept/)
  assert.match(said, /took longer than 3 s/)
  const megabytes = Number(/(\d+) kB/.exec(readFileSync(peak, 'utf8'))![1]) / 1024
  assert.ok(megabytes < 400, `${Math.round(megabytes)} MB`)
})

/** A clock that jumps by so many days, back and forth, each time that it is asked so often. */
const jumping = (days: number) => `const real = Date.now.bind(Date)
let asked = 0
const now = () => real() + (Math.floor(asked++ / 5) % 2) * ${days} * 86400000
globalThis.Date = class extends Date {
  constructor(...args) { args.length === 0 ? super(now()) : super(...args) }
  static now() { return now() }
}
`

for (const days of [400, -400])
  test(`a clock that jumps by ${days} days during a run`, async ({ sshd, project }) => {
    project.write('hosts.ini', hostsIni(sshd))
    project.write('clock.mjs', jumping(days))
    project.write(
      'site.ts',
      site(`
    task('Wait', wait.command('[ -e ${sshd.home}/there ] || { touch ${sshd.home}/there; false; }', { timeout: 60 }))
    task('Job', job.started('clock', { async: 30 })\`sleep 1; echo done\`)
    task('Done', job.finished('clock', { poll: 1 }))
    task('Long', { timeout: 60 }, shell({ long: true })\`sleep 1\`)
    task('Fail', shell\`rm ${sshd.home}/there; [ -e ${sshd.home}/mended ]\`)`),
    )
    rmSync(join(sshd.home, 'mended'), { force: true })
    const args = ['site.ts', '-i', 'hosts.ini', '--no-type-check']
    const env = { NODE_OPTIONS: `--import=${project.path}/clock.mjs` }
    const ended = await project.start(args, { env }).ended
    assert.is(ended.code, 2, ended.stdout + ended.stderr)
    assert.match(ended.stdout, /Failed after \d{1,2}\.\d s/)
    assert.not.match(ended.stdout, /-\d+(?:\.\d+)? (?:s|ms|d)\b|\d{3,}[hd] /)
    writeFileSync(join(sshd.home, 'mended'), '')
    // The clock is right again: what goes on is the run that was the last, whatever its name says.
    const resumed = await project.run([...args, '--resume'])
    assert.is(resumed.code, 0, resumed.stdout + resumed.stderr)
    assert.match(resumed.stdout, /Job.*(?:done before|\[.*\])|done before/)
    const runs = readdirSync(join(project.path, '.switchover/runs'))
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
    const last = readFileSync(join(project.path, '.switchover/runs', runs.at(-1)!), 'utf8')
    assert.match(last, '"resumes"')
    const history = await project.run(['history'])
    assert.is(history.code, 0, history.stderr)
    assert.not.match(history.stdout, / -\d/)
  })

test.run()
