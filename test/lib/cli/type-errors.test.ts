import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from './project.ts'

// What somebody writes who begins, one slip a line, and what leads out of it.
const inAPlay: readonly (readonly [slip: string, says: string])[] = [
  ["task('A', shell('echo hi'))", 'shell takes its command between backticks, without brackets - write shell`echo hi`'],
  [
    "task('B', async (host) => { await host.run(probe(`ls ${host.name}`)) })",
    'probe takes its command between backticks, without brackets - write probe`ls ${host.name}`',
  ],
  ["task('C', shell({ sdtin: 'x' })`true`)", 'there is no option sdtin of a command - did you mean stdin?'],
  ["task('D', shell({ timeout: '3' })`true`)", 'the value of timeout is not of its kind'],
  [
    "task('E', async (host) => { await host.run(restart) })",
    'a handler is not run by a task: it runs when a task that notifies it has changed something - write { notify: restart } among the options of that task',
  ],
  ["task('F', (host) => host.run(first))", 'a task cannot be run in another - its result is host.result(first)'],
  ["task('G', { timeout: '1 second' }, shell`true`)", "'1 second' is not a duration - write '1s'"],
  ["task('H', { retries: 1, delay: '1m30s' }, shell`true`)", "'1m30s' is not a duration - write '90s'"],
  [
    "task('I', { timeout: 'soon' }, shell`true`)",
    "'soon' is not a duration - write seconds, or a text such as '500ms', '6s', '10m', '1h'",
  ],
  [
    "task('J', { notify: 'Restart' }, shell`true`)",
    "notify takes the handler, not its name - keep it, const restart = handler('Restart', …), and write notify: restart",
  ],
  [
    "ensure('K', async (host) => ini.set('/etc/x', { a: { b: host.name } }))",
    'what ensure is given merely describes: it gives one operation, at once - leave async away and return the operation, or write task in place of ensure',
  ],
  [
    "ensure('L', (host) => host.run(shell`true`))",
    'ensure merely describes: it has no host.run - write task in place of ensure',
  ],
  [
    "task('M', (host) => host.vars.key)",
    'a task does not give a secret: what it gives is recorded - give null, or what of it may be seen',
  ],
  [
    "task('N', () => new Date())",
    'what a task gives is recorded, and a Date cannot be - give texts, numbers, true, false, null, lists and objects of these',
  ],
  ["task('O', (host) => shell`echo ${host.vars.prt}`)", 'no variable prt is declared - did you mean port?'],
  ["task('P', (host) => shell`echo ${host.vars.size}`)", 'no variable size is declared - there are: port, key'],
  ["task('Q', { tags: 'web' }, shell`true`)", "a list is wanted here - write tags: ['web']"],
  [
    "task('R', { when: true }, shell`true`)",
    'a condition is a function, which is asked at its turn - write when: (host) => true',
  ],
  [
    "task('S', shell`true`, { tags: ['a'] })",
    "the options of a task stand before its body - write task('…', { … }, body)",
  ],
  ["task('T', { tag: ['a'] }, shell`true`)", 'a task has no option tag - did you mean tags?'],
  ["task('U', { become_user: 'x' }, shell`true`)", "a task has no option become_user - write become: 'NAME'"],
  [
    "task('V', async (host) => { host.log(host.run(probe`true`).stdout) })",
    'await is missing: stdout is there when the promise is kept - write await host.run(…)',
  ],
  [
    "task('W', (host) => shell`echo ${host.vars.key}`)",
    'a secret cannot stand on a command line, which every user of the host can read - let the command read it: shell({ stdin: host.vars.NAME })`…`',
  ],
  [
    "task('X', http.request({ url: 'http://x' }))",
    "http is not imported - write: import { http } from 'switchover/modules'",
  ],
  ["task('Y', service.restart('x'))", 'service has no restart - did you mean restarted?'],
  ['task(shell`true`)', "a task has its name first - write task('…', …)"],
  [
    "task('Z', (host) => host.result('F'))",
    "a result is asked for by the task, not by its name - keep it, const task1 = task('F', …), and read host.result(task1)",
  ],
  ['ensure(shell`echo 1`)', "an ensure has its name first - write ensure('…', …)"],
  ["task('a1')", "a task has what it runs after its name - write task('…', shell`…`)"],
  ["ensure('a2')", "an ensure has what it describes after its name - write ensure('…', file.content('…', '…'))"],
  [
    "task('a3', { when: (host) => host.result(first).stdout }, shell`true`)",
    "a condition gives true or false, and this gives a string - compare it: … === '…'",
  ],
  [
    "task('a4', { when: ({ vars }) => vars.port }, shell`true`)",
    'a condition gives true or false, and this gives a number - compare it: … > 0',
  ],
  [
    "task('a5', { when: 'port is defined' }, shell`true`)",
    'a condition is a function, which is asked at its turn - write when: (host) => host.vars.port !== undefined',
  ],
  ["task('a6', (host) => host.log(first.stdout))", 'a task is not its result - write host.result(first).stdout'],
  ["task('a7', (host) => host.log(host.port))", 'port is a variable of the host - write host.vars.port'],
  [
    "task('a8', command('echo hi'))",
    "command takes the words of a command as a list - write command(['echo', 'hi']), or shell`echo hi`",
  ],
  ["task('a9', file.content('/x', 'a', { mode: 0o644 }))", "a mode is a text - write mode: '0644'"],
  ["task('b1', 'echo hi')", 'a task runs an operation, not a text - write shell`echo hi`'],
  ["task('b2', { wehn: () => true }, shell`true`)", 'a task has no option wehn - did you mean when?'],
  [
    "task('b3', { environment: {} }, shell`true`)",
    'a task has no option environment - write it with the command: shell({ env: { … } })`…`',
  ],
  [
    "task('b4', { args: {} }, shell`true`)",
    'a task has no option args - write them with the command: shell({ cwd, stdin, creates, … })`…`',
  ],
  [
    "task('b5', { async: 3 }, shell`true`)",
    'a task has no option async - write timeout: the connection stays up meanwhile, and shell({ long: true }) shows what is written',
  ],
  [
    "block('B', { try: shell`true` })",
    "the parts of a block are functions that say steps - write try() { task('…', …) }",
  ],
]
const around: readonly (readonly [slip: string, says: string])[] = [
  [
    "play('a', { hosts: 'all', vars: { port: 80 } }, ({ task }) => {})",
    'a variable is declared by its kind, with what it is unless said - write port: number.or(80)',
  ],
  ["play('b', {}, [web])", "a play says its hosts - write play('…', { hosts: 'all' }, …)"],
  ["play('c', 'all', [web])", "a play says its hosts among its options - write { hosts: 'all' }"],
  ["play('d', { hosts: 'all' }, web)", 'the roles of a play stand in a list - write [web]'],
  ["play('e', { hosts: 'all' }, [web()])", 'a role is not called - write web, or web.with({ … })'],
  ["playbook('f', play('f', { hosts: 'all' }, [web]))", 'the plays of a playbook stand in a list - write [play(…)]'],
  ["playbook('g', [web])", "a playbook is made of plays - write [play('…', { hosts: '…' }, [web])]"],
  ["playbook([play('h', { hosts: 'all' }, [web])])", "a playbook has its name first - write playbook('…', …)"],
  [
    "play('i', { hosts: 'all', gather_facts: false }, [web])",
    'a play has no option gather_facts - leave it away: a fact is read where host.fact(…) asks for it',
  ],
  ["play('j', { hosts: ['web', 'db'] }, [web])", "the hosts of a play are one pattern - write hosts: 'web,db'"],
  [
    "play('k', { hosts: 'all' }, ['a'])",
    "a play takes roles, not their names - import the role, import { web } from './roles/web.ts', and write [web]",
  ],
  [
    "play('l', { hosts: 'all' }, (task) => { task('A', shell`true`) })",
    'the words of a role or a play are taken out of what it is given - write ({ task }) => { … }',
  ],
  [
    "role('m')",
    "a role has its variables after its name, and then its steps - write role('…', { port: number }, ({ task }) => { … })",
  ],
  [
    "role('n', { x: 'str' }, () => {})",
    "a variable is declared by its kind, with what it is unless said - write x: text.or('str')",
  ],
  [
    "play('o', { hosts: 'all' })",
    "a play has its options after its name, and then its roles - write play('…', { hosts: 'all' }, [web])",
  ],
  ["playbook('q')", "a playbook has its plays after its name - write playbook('…', [play(…)])"],
  ["inventory({ groups: { web: ['a'] } })", "a group is not only a list - write { hosts: ['…', '…'] }"],
  [
    "inventory({ hosts: { a: { ip: '192.0.2.1' } } })",
    "a host has no ip here - write settings: { address: '192.0.2.1' }",
  ],
  ['inventory({ hosts: { a: { workers: 3 } } })', 'a host has no workers here - write vars: { workers: 3 }'],
  [
    "inventory({ settings: { connetion: 'local' } })",
    'connetion is not a connection setting - did you mean connection?',
  ],
  ["inventory({ settings: { ansible_user: 'ops' } })", 'ansible_user is not a connection setting - write user'],
]

const site = `import { inventory, number, play, playbook, role, secret, Playbook } from 'switchover'
import { command, file, ini, masked, probe, service, shell } from 'switchover/modules'
const web = role('web', {}, () => {})
const site: Playbook = playbook('site', [play('p', { hosts: 'all', vars: { port: number, key: secret } }, ({ task, ensure, handler, block }) => {
  const restart = handler('Restart', shell\`true\`)
  const first = task('First', shell\`true\`)
${inAPlay.map(([slip]) => `  ${slip}\n`).join('')}})])
${around.map(([slip], i) => `const around${i} = ${slip}\n`).join('')}export default site
`

const test = suite('type errors')

test('what a beginner writes is told in words that lead out, with its line drawn', async () => {
  using project = new Project({ 'site.ts': site })
  const { code, stderr } = await project.run(['site.ts', '-i', 'a,', '-c', 'local'])
  const told = stderr.split('\n').filter((line) => !line.startsWith('    '))
  const line = (slip: string) => site.split('\n').findIndex((one) => one.includes(slip)) + 1
  assert.equal(told, [
    'Playbook is only a type - import it as type Playbook (site.ts:1)',
    "masked is not imported - write: import { masked } from 'switchover' (site.ts:2)",
    ...[...inAPlay, ...around].map(([slip, says]) => `${says} (site.ts:${line(slip)})`),
    '',
  ])
  assert.match(stderr, "(site.ts:7)\n    task('A', shell('echo hi'))\n                    ^\n")
  assert.is(code, 6)
})

test('who goes without the type check is told the same when it comes to it', async () => {
  using project = new Project()
  const told = async (step: string, hosts = "'all'") => {
    project.write(
      'site.ts',
      `import { play, playbook } from 'switchover'
import { shell } from 'switchover/modules'
export default playbook('s', [play('p', { hosts: ${hosts} }, ({ task, handler }) => {
  const restart = handler('Restart', shell\`true\`)
  const first = task('First', { when: () => false }, shell\`true\`)
  ${step}
})])
`,
    )
    const { stdout, stderr } = await project.run(['site.ts', '-i', 'a,', '-c', 'local', '--no-type-check'])
    return stdout + stderr
  }
  for (const [step, message, place, hint] of [
    [
      "task('A', shell('echo hi'))",
      'shell takes its command between backticks, without brackets',
      'site.ts:6',
      'write shell`echo hi`',
    ],
    [
      "task('A', (host) => host.run(shell({ cwd: '/' })('pwd')))",
      'shell takes its command between backticks, without brackets',
      'site.ts:6',
      'write shell`pwd`',
    ],
    [
      "task('A', { notify: 'Restart' }, shell`true`)",
      'notify takes the handler, not its name',
      'site.ts:6',
      "keep it, const restart = handler('Restart', …), and write notify: restart",
    ],
    [
      "task('A', (host) => host.run(restart))",
      'a handler is not run by a task: it runs when a task that notifies it has changed something',
      'site.ts:6',
      'write { notify: … } among the options of that task',
    ],
    [
      "task('A', (host) => host.run(first))",
      'a task cannot be run in another',
      'site.ts:6',
      'its result is host.result(…)',
    ],
  ] as const) {
    const said = await told(step)
    for (const part of [message, place, hint]) assert.ok(said.includes(part), `${part} in:\n${said}`)
  }
  const noHosts = "a play says its hosts - write play('…', { hosts: 'all' }, …) (site.ts:3)\n"
  assert.is(await told('', 'undefined'), noHosts)
  const { stderr } = await project.run(['site.ts', '-i', 'a,', '-c', 'local'])
  assert.ok(stderr.startsWith(noHosts), stderr)
})

test('a missing bracket is a syntax error, drawn with the line before it', async () => {
  using project = new Project()
  const book = (steps: string) =>
    `import { play, playbook } from 'switchover'
import { shell } from 'switchover/modules'
export default playbook('s', [play('p', { hosts: 'all' }, ({ task }) => {
${steps}
})])
`
  project.write('bracket.ts', book("  task('T', shell`true`\n\n  task('U', shell`true`)"))
  const run = async (...args: readonly string[]) => {
    const { code, stderr } = await project.run(['bracket.ts', '-i', 'a,', ...args])
    assert.is(code, 6)
    return stderr
  }
  const drawn = "(bracket.ts:6)\n    task('T', shell`true`\n    task('U', shell`true`)\n    ^\n"
  assert.is(await run(), `syntax error: ',' expected ${drawn}`)
  assert.is(await run('--no-type-check'), `syntax error: expected ")" but found "task" ${drawn}`)
})

test('a circle of imports is named, whether its types or its values are missed', async () => {
  using project = new Project({
    'site.ts':
      "import { play, playbook } from 'switchover'\nimport { web } from './roles/web.ts'\nexport default playbook('s', [play('p', { hosts: 'all' }, [web])])\n",
    'roles/web.ts':
      "import { role } from 'switchover'\nimport { db } from './db.ts'\nexport const web = role('web', { ...db.schema }, () => {})\n",
    'roles/db.ts':
      "import { role } from 'switchover'\nimport type { Role } from 'switchover'\nimport { web } from '../roles/web.ts'\nexport const db = role('db', { ...web.schema }, () => {})\n",
  })
  const advice =
    'these import each other: roles/db.ts → roles/web.ts → roles/db.ts; put what both need into a file of its own'
  const typed = await project.run(['site.ts', '-i', 'a,'])
  assert.is(
    typed.stderr.split('\n')[0],
    `the types of files that import each other cannot be found - ${advice} (roles/db.ts:4, roles/web.ts:3)`,
  )
  assert.equal([typed.code, typed.stderr.split('\n').length], [6, 4])
  const loaded = await project.run(['site.ts', '-i', 'a,', '--no-type-check'])
  assert.match(loaded.stderr, /^site\.ts cannot be loaded: Cannot read properties of undefined \(reading 'schema'\) - /)
  assert.match(loaded.stderr, `${advice} (roles/db.ts:4)\n`)
  assert.is(loaded.code, 6)
})

test.run()
