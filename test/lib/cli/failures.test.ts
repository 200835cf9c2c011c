import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import ssh2 from 'ssh2'
import { freePort, keygen, type Sshd, startSshd } from '../../rig/sshd.ts'
import { inTurn, local, Project, words } from './project.ts'
import { needs } from '../../rig/needs.ts'

needs('sshd')

// Refuses as sudo does: without a password at once, with one after it was read.
const sudo = `
for word do case $word in -n) echo 'sudo: a password is required' >&2; exit 1 ;; -p) asks=1 ;; --) break ;; *) [ "$asks" = 1 ] && ask=$word asks=2 ;; esac; done
printf %s "$ask" >&2
read -r password
echo 'Sorry, try again.' >&2
printf %s "$ask" >&2
read -r password || echo 'sudo: 1 incorrect password attempt' >&2
exit 1`

const playbook = (body: string, options = '') => `${words}export default playbook('site', [
  play('one', { hosts: 'all' }, ({ task }) => {
    task('Say', { ${options} }, ${body})
  }),
])
`
const project = new Project({
  'inventory/lab.ts': local,
  'say.ts': playbook('shell`echo hi`'),
  'throw.ts': playbook("() => {\n      throw new Error('it does not add up')\n    }"),
  'forgot.ts': playbook('() => {\n      void shell`echo hi`\n    }'),
  'late.ts': playbook('shell`sleep 30`', "timeout: '500ms'"),
  'late-command.ts': playbook('shell({ timeout: 1 })`sleep 30`'),
  'latin.ts': playbook("shell`printf 'caf\\\\351 \\\\377 ok\\\\n'`"),
  'big.ts': playbook("shell`head -c 100000000 /dev/zero | tr '\\\\0' x`"),
  'long.ts': playbook(`async (host) => {
      const { stdout } = await host.run(shell({ long: true })\`head -c 100000000 /dev/zero | tr '\\\\0' x; echo; echo the end\`)
      host.log(\`kept \${stdout.length} of it, the end: \${stdout.trimEnd().slice(-7)}, memory \${Math.round(process.resourceUsage().maxRSS / 1024)} MB\`)
    }`),
  secret: 'wrong-word\n',
})
project.write('secret', 'wrong-word\n', 0o600)
// Its own session is what this host loses in the middle of a command.
project.write(
  'session',
  'p=$PPID; until grep -q "^Name:.sshd" /proc/$p/status; do p=$(sed -n "s/^PPid:.//p" /proc/$p/status); done; kill -9 $p\nsleep 20\n',
)
project.write('lost.ts', playbook(`shell\`sh ${project.path}/session\``))

const fingerprint = (file: string) => execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1]
let closedPort = 0

interface Told {
  readonly code: number | null
  /** What stands under the task. */
  readonly task: string
  readonly stderr: string
}
const test = suite<{ sshd: Sshd; server: InstanceType<typeof ssh2.Server>; told: Map<string, Told> }>('failures')

test.before(async (context) => {
  const sshd = (context.sshd = await startSshd({ programs: { sudo } }))
  context.server = new ssh2.Server({ hostKeys: [readFileSync(`${sshd.home}/host_ed25519`)] }, (client) => {
    client.on('authentication', (attempt) => attempt.reject(['password'])).on('error', () => {})
  })
  await new Promise<void>((resolve) => {
    context.server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = context.server.address() as AddressInfo
  const known = readFileSync(sshd.knownHosts, 'utf8')
  keygen('ed25519', `${project.path}/other`)
  project.write(
    'changed',
    known.replace(
      /ssh-ed25519 \S+/,
      readFileSync(`${project.path}/other.pub`, 'utf8').split(' ').slice(0, 2).join(' '),
    ),
  )
  project.write('known', known.replace(String(sshd.port), String(port)))
  const reach = {
    address: '127.0.0.1',
    port: sshd.port,
    user: sshd.user,
    privateKey: sshd.privateKey,
    knownHosts: sshd.knownHosts,
  }
  const on = ['say.ts', '-i', 'inventory/ssh.ts', '-l']
  const settings = {
    good: reach,
    closed: { ...reach, port: (closedPort = await freePort()) },
    changed: { ...reach, knownHosts: `${project.path}/changed` },
    password: { ...reach, port, privateKey: undefined, knownHosts: `${project.path}/known` },
  }
  project.write(
    'inventory/ssh.ts',
    `${words}export default inventory({ hosts: {\n${Object.entries(settings)
      .map(([name, of]) => `  ${name}: { settings: ${JSON.stringify(of)} },\n`)
      .join('')}} })\n`,
  )
  // Those on one machine one after the other: they would lock each other out.
  const jobs: readonly (readonly (readonly [string, readonly string[]])[])[] = [
    [['throw', ['throw.ts', '-i', 'web1,', '-c', 'local']]],
    [['forgot', ['forgot.ts', '-i', 'web2,', '-c', 'local']]],
    [['late', ['late.ts', '-i', 'a,', '-c', 'local']]],
    [['late command', ['late-command.ts', '-i', 'b,', '-c', 'local']]],
    [['latin', ['latin.ts', '-i', 'c,', '-c', 'local', '-v']]],
    [['big', ['big.ts', '-i', 'd,', '-c', 'local']]],
    [['long', ['long.ts', '-i', 'e,', '-c', 'local']]],
    [
      ['closed', [...on, 'closed']],
      ['password', [...on, 'password', '--connection-password-file', 'secret']],
    ],
    [
      ['changed', [...on, 'changed']],
      ['sudo', [...on, 'good', '-b', '--become-user', 'deploy']],
      ['sudo password', [...on, 'good', '-b', '--become-user', 'deploy', '--become-password-file', 'secret']],
      ['lost', ['lost.ts', ...on.slice(1), 'good']],
    ],
  ]
  context.told = new Map(
    (
      await inTurn(jobs, async (sequence) => {
        const ends: (readonly [string, Told])[] = []
        for (const [name, args] of sequence) {
          const { code, stdout, stderr } = await project.run([...args, '--no-type-check'])
          ends.push([name, { code, stderr, task: /TASK \[Say\]\n(.*?)\n\nPLAY RECAP/s.exec(stdout)?.[1] ?? stdout }])
        }
        return ends
      })
    ).flat(),
  )
})
test.after(async ({ sshd, server }) => {
  server.close()
  await sshd.stop()
  project[Symbol.dispose]()
})

const says = (name: string, code: number, expected: (sshd: Sshd, server: InstanceType<typeof ssh2.Server>) => string) =>
  test(`${name}: ${code}`, ({ told, sshd, server }) => {
    const found = told.get(name)!
    assert.is(found.task.replaceAll(project.path, 'PROJECT'), expected(sshd, server))
    assert.is(found.code, code, found.stderr)
  })

says(
  'throw',
  2,
  () => `✖ web1  one › Say
  it does not add up
    at throw.ts:6
failed: [web1]`,
)
says(
  'forgot',
  2,
  () => `✖ web2  one › Say
  shell: echo hi was made but never run: write host.run(...) around it, or return it
    at forgot.ts:6
failed: [web2]`,
)
says(
  'late',
  2,
  () => `✖ a  one › Say
  shell: sleep 30: «Say» took longer than 0.5 s
    at late.ts:5
failed: [a]`,
)
says(
  'late command',
  2,
  () => `✖ b  one › Say
  shell: sleep 30: timed out after 1 s
    at late-command.ts:5
failed: [b]`,
)
says('latin', 0, () => 'changed: [c] => {"code":0,"stdout":"caf\ufffd \ufffd ok\\n","stderr":""}')
says(
  'big',
  2,
  () => `✖ d  one › Say
  shell: head -c 100000000 /dev/zero | tr '\\0' x: \`head -c 100000000 /dev/zero | tr '\\0' x\` on d wrote 100000000 bytes, more than the 16 MiB that are kept (it ended with exit code 0)
    at big.ts:5
    try: run it as a long command, whose last output is kept, or use stream()
failed: [d]`,
)
says(
  'closed',
  4,
  (sshd) => `✖ closed  one › Say (unreachable)
  shell: echo hi: cannot connect to 127.0.0.1:${closedPort}: connection refused
    at say.ts:5
    try: start sshd there, or set its port; to see for yourself: ssh -p ${closedPort} ${sshd.user}@127.0.0.1
unreachable: [closed]`,
)
says(
  'changed',
  4,
  (sshd) => `✖ changed  one › Say (unreachable)
  shell: echo hi: the host key of 127.0.0.1:${sshd.port} has changed: it shows ssh-ed25519 ${fingerprint(`${sshd.home}/host_ed25519.pub`)}, and PROJECT/changed:1 has ssh-ed25519 ${fingerprint(`${project.path}/other.pub`)}
    at say.ts:5
    try: somebody may be listening in; if the host was installed anew, delete line 1 of PROJECT/changed
unreachable: [changed]`,
)
says(
  'password',
  4,
  (sshd, server) => `✖ password  one › Say (unreachable)
  shell: echo hi: cannot connect to 127.0.0.1:${(server.address() as AddressInfo).port}: authentication refused for ${sshd.user} (tried password)
    at say.ts:5
    try: see whether it is the right one: ssh -o PubkeyAuthentication=no -p ${(server.address() as AddressInfo).port} ${sshd.user}@127.0.0.1, or set privateKey
unreachable: [password]`,
)
says(
  'sudo',
  2,
  (sshd) => `✖ good  one › Say
  shell: echo hi: sudo refused on good: a password is required
    at say.ts:5
    try: type the password of ${sshd.user} with -K, set becomePassword, or allow sudo without one
failed: [good]`,
)
says(
  'sudo password',
  2,
  (sshd) => `✖ good  one › Say
  shell: echo hi: sudo refused on good: Sorry, try again.
    1 incorrect password attempt
    at say.ts:5
    try: type the password of ${sshd.user} with -K, or correct becomePassword
failed: [good]`,
)
says(
  'lost',
  4,
  () => `✖ good  one › Say (unreachable)
  shell: sh PROJECT/session: connection to good lost while running \`sh PROJECT/session\`
    at lost.ts:5
    try: see whether the host is up, then run it again; with --resume a playbook goes on from there
unreachable: [good]`,
)
test('100 MB of a long command: only the end is kept', ({ told }) => {
  const { task, code } = told.get('long')!
  const [, kept, memory] = /^e: kept (\d+) of it, the end: the end, memory (\d+) MB\nchanged: \[e\]$/.exec(task) ?? []
  assert.is(code, 0)
  assert.ok(Number(kept) > 1e6 && Number(kept) < 20e6, task)
  assert.ok(Number(memory) < 350, task)
})
test.run()
