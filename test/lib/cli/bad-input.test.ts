import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command } from '../../rig/command.ts'
import { encryptVault } from '../../../lib/inventory/vault.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { needing } from '../../rig/needs.ts'
import { typedIn } from './in-process.ts'
import { inTurn, local, Project, words } from './project.ts'

const steps = `, ({ task }) => {
    task('Say', { tags: ['greeting'] }, (host) => shell\`echo \${host.vars.motd} \${host.vars.count}\`)
    task('Ask', { tags: ['asking'] }, shell\`true\`)
  }`
const site = `${words}export default playbook('site', [
  play('one', { hosts: 'web', vars: { motd: text.or('hi'), count: number.or(1) } }${steps}),
])
`
const project = new Project({
  'inventory/lab.ts': local,
  'playbooks/site.ts': site,
  'roles/nginx/index.ts': site,
  'typed.ts': site.replace('host.vars.motd', 'host.vars.mtod') + "const wrong: number = 'a'\nexport { wrong }\n",
  'none.ts': 'export const site = 1\n',
  'syntax.ts': `${words}export default playbook('x', [\n  play('one' {}, [])\n])\n`,
  'thrown.ts': `${words}\nthrow new Error('too early')\n`,
  'lost.ts': "import './nothing.ts'\n",
  'unlinked.ts': `${words.replace('play, playbook', 'plai, playbook')}plai()\n`,
  'wanting.ts': site.replace("text.or('hi')", 'text').replace('number.or(1)', "oneOf('one', 'two')"),
  'empty.ini': '[web]\n',
  'vault.yml': encryptVault('a: 1\n', Secret.of('sesame-open', 'p')),
  'nobody.ts': site,
  'idle.ts': `${words}export default playbook('idle', [play('p', { hosts: 'all' }, () => {})])\n`,
  'never.ts': `${words}export default playbook('n', [
  play('p', { hosts: 'all' }, ({ task }) => { task('T', { tags: ['care', 'never'] }, shell\`true\`) }),
])
`,
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7].map((n) => [
      `.switchover/runs/20260101-000000-0000${n}.jsonl`,
      `${JSON.stringify({ type: 'run-started', run: `0${n}`, playbook: 'another', check: false, hosts: [], argv: [] })}\n`,
    ]),
  ),
  'bad-hosts.ts': site.replace("hosts: 'web'", "hosts: 'wbe'"),
})
project.write('vault-pass', 'sesame-open\n', 0o600)
const [at, lab] = [
  ['-i', 'inventory/lab', '--no-type-check'],
  ['-i', 'inventory/lab'],
]
const play = ['playbooks/site.ts', ...at]

const drawn = "(syntax.ts:4)\n    export default playbook('x', [\n      play('one' {}, [])\n                 ^"

interface Case {
  readonly when: string
  readonly args: readonly string[]
  readonly code: number
  readonly says: string
  /** Types are checked, or it is said by what builds a file: that takes a process. */
  readonly whole?: true
}
const cases: readonly Case[] = [
  {
    when: 'no run to report',
    args: ['report'],
    code: 5,
    says: 'the run to show is missing - name one of those that run history lists',
  },
  {
    when: 'no hosts to run a command on',
    args: ['exec'],
    code: 5,
    says: 'the hosts are missing - name them first, as in run exec all -i inventory/lab -- uptime',
  },
  {
    when: 'nothing to run',
    args: [],
    code: 5,
    says: 'something to run is missing - name a playbook or a role, as in run site.ts -i hosts.ini; see run --help',
  },
  {
    when: 'no inventory named',
    args: ['playbooks/site.ts', '--no-type-check'],
    code: 5,
    says: 'no inventory - name one with -i, such as -i inventory/lab, or in run.config.ts',
  },
  {
    when: 'an unknown option',
    args: [...play, '--frks', '3'],
    code: 5,
    says: 'there is no option --frks - did you mean --forks?',
  },
  { when: 'an unknown letter', args: [...play, '-x'], code: 5, says: 'there is no option -x - see run --help' },
  {
    when: 'an option without its value',
    args: [...play, '--limit'],
    code: 5,
    says: '--limit needs a value - write --limit HOSTS',
  },
  {
    when: 'no forks',
    args: [...play, '-f', '0'],
    code: 5,
    says: '--forks must be a whole number from 1, and is 0 - write --forks 50, or leave it out',
  },
  {
    when: 'forks in words',
    args: [...play, '-f', 'many'],
    code: 5,
    says: '--forks must be a whole number from 1, and is "many" - write --forks 50, or leave it out',
  },
  {
    when: 'an unknown way to become',
    args: [...play, '--become-method', 'doas'],
    code: 5,
    says: '--become-method must be one of sudo, su, and is "doas" - write --become-method sudo or --become-method su',
  },
  {
    when: 'an unknown output',
    args: [...play, '-o', 'yaml'],
    code: 5,
    says: '--output yaml is unknown - there are lines, json, junit=FILE and ./REPORTER.ts',
  },
  {
    when: 'a forgotten -l',
    args: ['playbooks/site.ts', 'web', ...at],
    code: 5,
    says: 'web is too much - did you mean -l web?',
  },
  {
    when: 'a forgotten -l, and a pattern',
    args: [...play, 'all:!web1'],
    code: 5,
    says: "'all:!web1' is too much - did you mean -l 'all:!web1'?",
  },
  {
    when: 'a forgotten -t',
    args: [...play, 'asking'],
    code: 5,
    says: 'asking is too much - did you mean -t asking?',
  },
  {
    when: 'a forgotten -i',
    args: ['playbooks/site.ts', 'inventory/lab.ts'],
    code: 5,
    says: 'inventory/lab.ts is too much - did you mean -i inventory/lab.ts?',
  },
  {
    when: 'a forgotten -e',
    args: [...play, 'motd=x'],
    code: 5,
    says: 'motd=x is too much - did you mean -e motd=x?',
  },
  {
    when: 'two values behind one -l',
    args: [...play, '-l', 'web1', 'db'],
    code: 5,
    says: 'db is too much - did you mean -l web1,db?',
  },
  {
    when: 'two playbooks',
    args: ['playbooks/site.ts', 'wanting.ts', ...at],
    code: 5,
    says: 'wanting.ts is too much - it runs one playbook: run wanting.ts when this one has ended',
  },
  {
    when: 'a word before the playbook',
    args: ['-t', 'greeting', 'asking', 'playbooks/site.ts', ...at],
    code: 5,
    says: 'asking is too much - did you mean -t greeting,asking?',
  },
  { when: 'a word nobody knows', args: [...play, 'quux'], code: 5, says: 'quux is too much - see run --help' },
  {
    when: 'words behind -- of a run',
    args: [...play, '--', 'web'],
    code: 5,
    says: 'web is too much - nothing stands behind -- here; see run --help',
  },
  {
    when: 'a misspelt command',
    args: ['exce', 'web', ...lab, '--', 'uname'],
    code: 5,
    says: 'there is no command exce, and no playbook or role of that name - did you mean exec?',
  },
  {
    when: 'a misspelt command with an option of its own',
    args: ['invntory', '--graph'],
    code: 5,
    says: 'there is no command invntory, and no playbook or role of that name - did you mean inventory?',
  },
  {
    when: 'a name that resembles nothing',
    args: ['zebra', ...at],
    code: 6,
    says: 'there is no role zebra in roles/, and no playbook of that name - there are: nginx, playbooks/site.ts',
  },
  {
    when: 'a command with options, without its two dashes',
    args: ['exec', 'web', ...lab, 'uname', '-s'],
    code: 5,
    says: 'uname is too much - did you mean run exec web -i inventory/lab -- uname -s?',
  },
  {
    when: 'a host in place of an inventory',
    args: [...play.slice(0, 1), '--no-type-check', '-i', 'node-17'],
    code: 6,
    says: 'there is no inventory node-17 - inventory/ has lab.ts; for a host of that name write -i node-17,',
  },
  {
    when: 'no to what says no',
    args: [...play, '--no-type-check=false'],
    code: 5,
    says: '--no-type-check=false: it takes no value - write --no-type-check',
  },
  {
    when: 'a command without its two dashes',
    args: ['exec', 'all', 'ls', '-l', '/x y', '-i', 'inventory/lab'],
    code: 5,
    says: "ls is too much - did you mean run exec all -i inventory/lab -- ls -l '/x y'?",
  },
  {
    when: 'a limit that a script left empty',
    args: [...play, '-l', ''],
    code: 5,
    says: '-l needs a value - what is given is empty: write -l HOSTS',
  },
  {
    when: 'two ways to show an inventory',
    args: ['inventory', ...lab, '--list', '--host', 'web1'],
    code: 5,
    says: '--list and --host exclude each other - leave one of them out',
  },
  {
    when: 'an option of another action',
    args: ['vault', 'encrypt', 'a', '--name', 'b'],
    code: 5,
    says: '--name is for encrypt-string - leave it out of encrypt',
  },
  {
    when: 'JSON of nothing to list',
    args: [...play, '--json'],
    code: 5,
    says: '--json prints a list: --list-hosts, --list-tasks or --list-tags - for events write -o json',
  },
  {
    when: 'a step without a terminal',
    args: [...play, '--step'],
    code: 5,
    says: '--step needs a terminal to ask on - start it on one, or leave --step out',
  },
  {
    when: 'a password without a terminal',
    args: [...play, '-k'],
    code: 5,
    says: 'SSH password: there is no terminal to ask on - give it in a file: --connection-password-file FILE',
  },
  {
    when: 'an unknown action',
    args: ['vault', 'encript', 'a'],
    code: 5,
    says: 'there is no action encript - did you mean encrypt?',
  },
  {
    when: 'an -e that is no variable',
    args: [...play, '-e', 'motd'],
    code: 5,
    says: '-e motd is not a variable - write -e name=value, -e \'{"name": value}\' or -e @file',
  },

  {
    when: 'no such inventory',
    args: ['playbooks/site.ts', '--no-type-check', '-i', 'inventory/lap'],
    code: 6,
    says: 'there is no inventory inventory/lap - did you mean inventory/lab?',
  },
  {
    when: 'no such playbook',
    args: ['playbooks/sit.ts', ...at],
    code: 6,
    says: 'there is no playbook playbooks/sit.ts - did you mean playbooks/site.ts?',
  },
  {
    when: 'no such role',
    args: ['ngnix', ...at],
    code: 6,
    says: 'there is no role ngnix in roles/, and no playbook of that name - did you mean nginx?',
  },
  {
    when: 'no such file of variables',
    args: [...play, '-e', '@more.yaml'],
    code: 6,
    says: '-e @more.yaml: there is no file more.yaml - see what there is: ls .',
  },
  {
    when: 'an unknown variable',
    args: [...play, '-e', 'mtod=1'],
    code: 6,
    says: 'no role of this playbook has a variable «mtod» (given with -e) - did you mean motd?',
  },
  {
    when: 'an ill-typed variable',
    args: [...play, '-e', 'count=many'],
    code: 6,
    says: 'web1, web2: count must be a number, and is "many" (-e) (role one) - give -e count=… of that kind (playbooks/site.ts:4)',
  },
  {
    when: 'variables that are not set',
    args: ['wanting.ts', ...at, '-l', 'web1'],
    code: 6,
    says: 'web1: motd must be a text, and is not set (role one) - set it for web1 or its groups, or give -e motd=… (wanting.ts:4)\nweb1: count must be one of one, two, and is not set (role one) - set it for web1 or its groups, or give -e count=… (wanting.ts:4)',
  },
  {
    when: 'no playbook exported',
    args: ['none.ts', ...at],
    code: 6,
    says: "none.ts does not export a playbook - write: export default playbook('…', [play(…), …])",
  },
  {
    when: 'a syntax error',
    whole: true,
    args: ['syntax.ts', ...at],
    code: 6,
    says: `syntax error: expected ")" but found "{" ${drawn}`,
  },
  {
    when: 'a throw while it is loaded',
    whole: true,
    args: ['thrown.ts', ...at],
    code: 6,
    says: 'thrown.ts cannot be loaded: too early - it comes up while the file is loaded, before any task: mend it there (thrown.ts:4)',
  },
  {
    when: 'an import of nothing',
    whole: true,
    args: ['lost.ts', ...at],
    code: 6,
    says: 'lost.ts imports nothing.ts, which is not there - correct the path, or write it',
  },
  {
    when: 'an import of an unknown name',
    whole: true,
    args: ['unlinked.ts', ...at],
    code: 6,
    says: `The requested module '${words.split("'")[1]}' does not provide an export named 'plai' - did you mean play? (unlinked.ts:1)`,
  },
  {
    when: 'type errors',
    whole: true,
    args: ['typed.ts', ...lab],
    code: 6,
    says:
      'no variable mtod is declared - did you mean motd? (typed.ts:5)\n' +
      "    task('Say', { tags: ['greeting'] }, (host) => shell`echo ${host.vars.mtod} ${host.vars.count}`)\n" +
      '                                                                         ^\n' +
      "Type 'string' is not assignable to type 'number' [TS2322] (typed.ts:9)\n" +
      "    const wrong: number = 'a'\n          ^",
  },
  {
    when: 'a syntax error, types checked',
    whole: true,
    args: ['syntax.ts', ...lab],
    code: 6,
    says: `syntax error: ',' expected ${drawn}`,
  },

  {
    when: 'a limit that matches nothing',
    args: [...play, '-l', 'wbe'],
    code: 7,
    says: 'no host or group matches wbe - did you mean web?',
  },
  {
    when: 'a limit that leaves nothing',
    args: [...play, '-l', 'db'],
    code: 7,
    says: 'no host is selected: the limit db leaves none of web - see: --list-hosts without --limit',
  },
  {
    when: 'a play of nobody',
    args: ['bad-hosts.ts', ...at],
    code: 7,
    says: 'no host or group matches wbe - did you mean web? (bad-hosts.ts:4)',
  },
  {
    when: 'an unknown tag',
    args: [...play, '-t', 'greting'],
    code: 7,
    says: 'no task has the tag «greting» - did you mean greeting?',
  },
  {
    when: 'tags that leave nothing',
    args: [...play, '-t', 'greeting', '--skip-tags', 'greeting'],
    code: 7,
    says: 'no task is selected - see what there is: --list-tasks without --tags and --skip-tags',
  },
  {
    when: 'a group without hosts',
    args: ['nobody.ts', '-i', 'empty.ini', '--no-type-check'],
    code: 7,
    says: 'no host is selected: there is no host in web - add some to empty.ini',
  },
  {
    when: 'a playbook without tasks',
    args: ['idle.ts', ...at],
    code: 7,
    says: "the playbook «idle» has no task - write one: task('…', …) (idle.ts:3)",
  },
  {
    when: 'tasks that wait for a tag',
    args: ['never.ts', ...at],
    code: 7,
    says: 'no task is selected - all wait to be named by a tag: --tags care',
  },
  {
    when: 'a command on a group without hosts',
    args: ['exec', 'web', '-i', 'empty.ini', '--', 'true'],
    code: 7,
    says: 'no host is selected: there is no host in web - add some to empty.ini; see: run inventory -i empty.ini --graph',
  },
  {
    when: 'a command on hosts that resemble nothing',
    whole: true,
    args: ['exec', 'quuxes', '-i', 'inventory/lab', '--', 'true'],
    code: 7,
    says: 'no host or group matches quuxes - inventory/lab has web, db',
  },
  {
    when: 'a variable of a playbook that declares none',
    args: ['never.ts', ...at, '-t', 'care', '-e', 'size=1'],
    code: 6,
    says:
      'no role of this playbook has a variable «size» (given with -e) - ' +
      'it declares none: leave -e size away, or declare it: { size: text }',
  },
  {
    when: 'nothing to resume, and runs of another playbook',
    args: [...play, '--resume'],
    code: 5,
    says: 'there is no recorded run of «site» to resume - run it without --resume',
  },
  {
    when: 'a run of another playbook to resume',
    args: [...play, '--resume=20260101-000000-00007'],
    code: 5,
    says: 'there is no recorded run 20260101-000000-00007 of «site» to resume - run it without --resume',
  },
  {
    when: 'a run to report that is none of many',
    args: ['report', '2027'],
    code: 5,
    says:
      'there is no recorded run 2027 - recorded: 20260101-000000-00003, 20260101-000000-00004, ' +
      '20260101-000000-00005, 20260101-000000-00006, 20260101-000000-00007, and 2 earlier',
  },
  {
    when: 'a page of a run that is not there yet',
    args: [...play, '--html', 'page.html'],
    code: 5,
    says: 'there is no option --html - it is one of another command: see run report --help',
  },
  {
    when: 'a page in a folder that is not there',
    args: ['report', '2026', '--html', 'nowhere/page.html'],
    code: 6,
    says: 'nowhere: there is no such file or folder - see what is there: ls .',
  },
  {
    when: 'a new password to ask for without a terminal',
    args: ['vault', 'rekey', 'vault.yml', '--vault-password-file', 'vault-pass'],
    code: 5,
    says: 'New vault password: there is no terminal to ask on - give it in a file: --new-vault-password-file FILE',
  },
  {
    when: 'an unknown task to start at',
    args: [...play, '--start-at-task', 'Sya'],
    code: 7,
    says: 'no task «Sya» to start at - did you mean Say?',
  },
  {
    when: 'an unknown host of an inventory',
    args: ['inventory', ...lab, '--host', 'web3'],
    code: 7,
    says: 'no host web3 in inventory/lab - did you mean web1?',
  },
]

const test = suite('bad input')
const ended = inTurn(
  cases.filter(({ whole }) => whole),
  async (one) => [one, await project.run(one.args)] as const,
)
for (const one of cases) {
  const { when, args, code, says, whole } = one
  test(`${when}: ${code}`, async () => {
    const { code: real, stdout, stderr } = whole ? new Map(await ended).get(one)! : await typedIn(project.path, args)
    assert.is(stderr.trimEnd(), says)
    assert.is(stdout, '')
    assert.is(real, code)
  })
}

needing(
  test,
  'root',
  'namespaces',
)('a disk that is read-only is called so, and is no fault of ours', () => {
  const readOnly = 'mount -t tmpfs tmpfs "$1" && cd "$1" && mount -o remount,ro "$1" && shift && exec "$@"'
  const run = (...args: readonly string[]) =>
    spawnSync(
      'unshare',
      ['-m', 'sh', '-c', readOnly, 'sh', `${project.path}/playbooks`, process.execPath, command, ...args],
      { encoding: 'utf8' },
    )
  const exec = run('exec', 'a', '-i', 'a,', '-c', 'local', '--', 'true')
  assert.match(
    exec.stderr,
    /^this folder cannot keep the run's lock and journal: .*: that disk can only be read - start it from a folder that /,
  )
  assert.is(exec.status, 6)
  const read = 'that disk can only be read - take a place that can be written; see: findmnt -T'
  for (const [folder, place] of [
    ['.', 'inventory.ts'],
    ['new', 'new'],
  ] as const) {
    const init = run('init', folder)
    assert.equal([init.stderr, init.status], [`${place}: ${read} .\n`, 6])
  }
})

needing(
  test,
  'root',
  'namespaces',
)('a disk that is full is called so, and what needs none goes on', () => {
  const full = `mount -t tmpfs -o size=16k tmpfs "$1" && cd "$1" && shift
    cp "$1" site.ts && shift && { head -c 1m /dev/zero > filled 2> /dev/null; exec "$@"; }`
  const run = (...args: readonly string[]) =>
    spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        full,
        'sh',
        `${project.path}/roles/nginx`,
        `${project.path}/playbooks/site.ts`,
        process.execPath,
        command,
        ...args,
      ],
      { encoding: 'utf8' },
    )
  const on = ['-i', 'web,', '-c', 'local']
  const ran = run('site.ts', ...on)
  const room = 'no space is left on the disk - make room there: df -h .'
  assert.equal(
    [ran.stderr, ran.status],
    [`this folder cannot keep the run's lock and journal: .switchover: ${room}\n`, 6],
  )
  const planned = run('plan', 'site.ts', ...on, '-o', 'site.plan')
  assert.equal([planned.stderr, planned.status], [`cannot write site.plan: ${room}\n`, 6])
  const looked = run('site.ts', ...on, '-C')
  assert.equal([looked.stderr, looked.status], ['', 0])
  const made = run('init', 'new')
  assert.match(made.stderr, /^new\/\S+: no space is left on the disk - make room there: df -h new\S*\n$/)
})

test('what is printed onto a full disk is said to be lost', () => {
  const { stderr, status } = spawnSync('sh', ['-c', '"$@" > /dev/full', 'sh', process.execPath, command, '--help'], {
    encoding: 'utf8',
  })
  assert.match(stderr, /^what was printed is cut off: no space is left on the disk - make room there: df -h /)
  // No run that never began.
  assert.is(status, 1)
})

test('in a folder that has been removed each command says so', () => {
  const script = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"'
  for (const word of ['--help', 'history']) {
    const { stderr, status } = spawnSync('sh', ['-c', script, 'sh', process.execPath, command, word], {
      cwd: project.path,
      encoding: 'utf8',
    })
    assert.equal([stderr, status], ['the folder that you are in has been removed - go to another one: cd\n', 6])
  }
})

test.after(() => project[Symbol.dispose]())
test.run()
