// What is said to whoever makes a mistake outside of modules: what was done, and the whole text, with the next step,
// which is typed where it is a name: it leads out.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { typedIn } from './cli/in-process.ts'
import { Project, words } from './cli/project.ts'

const test = suite('refusals')
const site = `${words}export default playbook('site', [
  play('one', { hosts: 'web', vars: { motd: text.or('hi'), count: number.or(1) } }, ({ task }) => {
    task('Say', { tags: ['greeting'] }, (host) => shell\`echo \${host.vars.motd} \${host.vars.count}\`)
    task('Ask', { tags: ['asking'] }, shell\`true\`)
  }),
])
`
const files: Readonly<Record<string, string>> = {
  'hosts.ini': '[web]\nweb1 ansible_connection=local\nweb2 ansible_connection=local\n[db]\ndb1\n',
  'docker.ini': '[web]\nweb2 ansible_connection=docker\n',
  'site.ts': site,
  'roles/nginx.ts': site,
  'more.yml': 'count: many\n',
  few: 'wbe1\nwbe2\n',
  'bad.plan': '{}',
  clear: 'x\n',
}
const project = new Project(files)
project.write('password', 'hush\n', 0o600)
project.write('open', 'hush\n', 0o644)
project.write('locked', '#!/bin/sh\necho locked >&2; exit 3\n', 0o755)

const run = '--no-type-check'
const lines: readonly (readonly [line: string, says: string])[] = [
  // All that is wrong with one line is told at once.
  [
    'site.ts --frks 3 -f 0 --become-method suod -i hosts.ini',
    'there is no option --frks - did you mean --forks?\n' +
      '--forks must be a whole number from 1, and is 0 - write --forks 50, or leave it out\n' +
      '--become-method must be one of sudo, su, and is "suod" - did you mean sudo?',
  ],
  [
    `sit.ts -i hosst.ini -e motd -o yaml -o ./tel.ts ${run}`,
    '--output yaml is unknown - there are lines, json, junit=FILE and ./REPORTER.ts\n' +
      'there is no reporter ./tel.ts - see what there is: ls .\n' +
      'there is no playbook sit.ts - did you mean site.ts?\n' +
      'there is no inventory hosst.ini - did you mean hosts.ini?\n' +
      '-e motd is not a variable - write -e name=value, -e \'{"name": value}\' or -e @file',
  ],
  [
    `site.ts -i hosts.ini -l wbe -t greting --skip-tags askng --start-at-task Sya -e mtod=1 ${run}`,
    'no host or group matches wbe - did you mean web?\n' +
      'no task «Sya» to start at - did you mean Say?\n' +
      'no task has the tag «greting» - did you mean greeting?\n' +
      'no task has the tag «askng» - did you mean asking?\n' +
      'no role of this playbook has a variable «mtod» (given with -e) - did you mean motd?',
  ],
  [
    `site.ts -i hosst.ini -t greting -e mtod=1 ${run}`,
    'there is no inventory hosst.ini - did you mean hosts.ini?\n' +
      'no task has the tag «greting» - did you mean greeting?\n' +
      'no role of this playbook has a variable «mtod» (given with -e) - did you mean motd?',
  ],
  [
    `sit.ts -i hosts.ini -l wbe ${run}`,
    'there is no playbook sit.ts - did you mean site.ts?\nno host or group matches wbe - did you mean web?',
  ],
  [
    `site.ts -i docker.ini -e count=many ${run}`,
    'cannot reach web2: ansible_connection is "docker", and hosts are reached by ssh or local (docker.ini:2 host web2) ' +
      '- for another way write a file that exports connect, and name it: ansible_connection=./FILE.ts\n' +
      'web2: count must be a number, and is "many" (-e) (role one) - give -e count=… of that kind (site.ts:4)',
  ],

  // The command line.
  [`site.ts -i hosts.ini --no-tpye-check`, 'there is no option --no-tpye-check - did you mean --no-type-check?'],
  ['site.ts --hlep', 'there is no option --hlep - did you mean --help?'],
  ['help exce', 'there is no command exce, and no playbook or role of that name - did you mean exec?'],
  ['site.ts -i', '-i needs a value - write -i INVENTORY'],
  ['site.ts -i hosts.ini -u', '-u needs a value - write -u USER'],
  ['site.ts -i hosts.ini -e', '-e needs a value - write -e NAME=VALUE'],
  ['site.ts -i hosts.ini --connection shs', '--connection must be one of ssh, local, and is "shs" - did you mean ssh?'],
  [
    'site.ts -i hosts.ini --keep-days=x --timeout 0',
    '--keep-days must be a whole number from 0, and is "x" - write --keep-days 90, or leave it out\n' +
      '--timeout must be a whole number from 1, and is 0 - write --timeout 30, or leave it out',
  ],
  [
    `site.ts -i hosts.ini --resume 2026 ${run}`,
    '2026 is too much - did you mean --resume=2026? run history lists the runs',
  ],
  [`site.yml -i hosts.ini ${run}`, 'there is no playbook site.yml - did you mean site.ts?'],
  [`site -i hosts.ini -e @mor.yml ${run}`, '-e @mor.yml: there is no file mor.yml - did you mean more.yml?'],
  ['exec web1 -i hosts.ini', 'no command - write it behind two dashes: run exec PATTERN -i INVENTORY -- COMMAND'],
  ['completion bsah', 'there is no shell bsah - did you mean bash?'],
  ['vars sit.ts', 'there is no playbook sit.ts - did you mean site.ts?'],
  ['inventory -i hosts.ini --grpah', 'run inventory has no option --grpah - did you mean --graph?'],
  ['inventory -i hosts.ini --host web3', 'no host web3 in hosts.ini - did you mean web1?'],
  ['apply bda.plan', 'there is no plan bda.plan - did you mean bad.plan?'],
  ['apply bad.plan', 'bad.plan is no plan - make one: run plan PLAYBOOK -i INVENTORY -o site.plan'],
  [
    'undo latest',
    'no run here has kept what it replaced - a run keeps what it replaces with --undoable: run PLAYBOOK -i INVENTORY --undoable',
  ],
  [
    'unlock nobody',
    'no host is locked by a run nobody - no lock lies in this folder; for those that lie on hosts name them: -i INVENTORY',
  ],

  // Patterns.
  [
    `site.ts -i hosts.ini -l @few ${run}`,
    'no host or group matches wbe1 - did you mean web1?\nno host or group matches wbe2 - did you mean web2?',
  ],
  [`site.ts -i hosts.ini -l @fwe ${run}`, 'there is no limit file fwe - did you mean few?'],
  [
    `site.ts -i hosts.ini -l web[7] ${run}`,
    'web[7] matches no host: web has 2, counted from 0 - write one of web[0] to web[1]',
  ],
  [`site.ts -i hosts.ini -l wbe* ${run}`, 'no host or group matches wbe* - did you mean web?'],
  [
    `site.ts -i hosts.ini -l all:!wbe ${run}`,
    '!wbe excludes nothing: no host or group matches wbe - did you mean web?',
  ],

  // Passwords and vaults.
  ['vault veiw clear', 'there is no action veiw - did you mean view?'],
  ['vault view claer --vault-password-file password', 'there is no file claer - did you mean clear?'],
  ['vault view clear --vault-password-file password', 'clear is not encrypted - it can be read as it is: cat clear'],
  [
    'vault encrypt clear --vault-password-file open',
    'open holds a password and others may read it (mode 0644) - chmod 600 open',
  ],
  [
    'vault encrypt clear --vault-password-file locked',
    `locked ended with exit code 3: locked - see what it says: ${project.path}/locked`,
  ],
  [
    'vault encrypt few --vault-id dev@password --encrypt-vault-id dve',
    'no --vault-id has the label dve - did you mean dev?',
  ],
  ['vault encrypt clear --vault-password-file pasword', 'there is no password file pasword - did you mean password?'],
]
for (const [line, says] of lines)
  test(`run ${line}`, async () => {
    const argv = line.split(' ')
    const { code, stderr } = await typedIn(project.path, argv)
    assert.is(stderr.trimEnd(), says)
    assert.ok(code !== 0)
    // The one name that was wrong, as it was meant.
    const [, meant] = (!says.includes('\n') && /did you mean (\S+?)\?/.exec(says)) || []
    const wrong = meant && argv.find((word) => says.includes(word.replace(/^[@]/, '')) && near(word, meant))
    if (!wrong) return
    const mended = argv.map((word) => (word === wrong ? `${/^@/.exec(word) ?? ''}${meant}` : word))
    const looks = mended[0]!.endsWith('.ts') ? [...mended, '--syntax-check'] : mended
    const again = await typedIn(project.path, looks)
    assert.not.ok(again.stderr.includes(says), `${looks.join(' ')}: ${again.stderr}`)
  })

const near = (word: string, meant: string) =>
  [...word.replace(/^[@]/, '')].sort().join('') === [...meant].sort().join('') || word.length + 1 === meant.length

const inventories: readonly (readonly [files: Readonly<Record<string, string>>, says: string])[] = [
  [{ hosts: '[web]\na\n[web:vasr]\nx=1\n' }, '[web:vasr] is no section - did you mean vars? (hosts:3)'],
  [
    { hosts: '[web]\na\n[all2:children]\nwbe\n' },
    '[all2:children] speaks of the group wbe, which is not defined - did you mean web? (hosts:4)',
  ],
  [{ hosts: '[web servers]\na\n' }, '[web servers] is no section - write [web_servers] (hosts:1)'],
  [
    { hosts: 'a[3:]\nb port\n' },
    'a[3:]: the range [3:] has no end - write [3:LAST] (hosts:1)\n' +
      'port is not a variable of b - write name=value, and quotes around a value with blanks (hosts:2)',
  ],
  [
    { hosts: '[a:children]\nb\n[b:children]\na\n' },
    'the groups a > b > a contain each other - take a out of the children of b (hosts:4)',
  ],
  [
    { 'hosts.yml': 'web:\n  hots:\n    a:\n' },
    'the group web has hots, and only hosts, children and vars can be there - did you mean hosts? (hosts.yml:2)',
  ],
  [
    { 'hosts.yml': 'web:\n  hosts:\n    - a\n' },
    'hosts of the group web must be a mapping - write each name without a dash, and a colon behind it (hosts.yml:2)',
  ],
  [
    { 'hosts.yml': 'web:\n  hosts:\n    a: 10.0.0.1\n' },
    'the variables of the host a must be a mapping - write NAME: VALUE below it, further to the right (hosts.yml:3)',
  ],
  [
    { 'hosts.yml': 'web:\n  hosts:\n    a: &on {x: 1}\n    b: *no\n' },
    '*no stands for nothing - did you mean *on? (hosts.yml:4)',
  ],
  [
    { hosts: 'a\n', 'group_vars/all.yml': 'x: 1\nx: 2\n', 'host_vars/a.yml': '- x\n' },
    'it is not YAML: the same name stands twice in one mapping - take one of the two away (group_vars/all.yml:2)\n' +
      'a file of variables must be a mapping of names to values - write NAME: VALUE, a line each (host_vars/a.yml:1)',
  ],
  [
    { hosts: 'a\n', 'group_vars/all.yml': '$ANSIBLE_VAULT;1.2;AES256;dev\n3132\n' },
    'a vault password is needed for the vault id dev - give --vault-id dev@FILE or --ask-vault-password ' +
      '(group_vars/all.yml:1)',
  ],
  [
    { hosts: 'a\n', 'group_vars/all.yml': '$ANSIBLE_VAULT;1.0;AES\n3132\n' },
    '$ANSIBLE_VAULT;1.0;AES is no header of an Ansible Vault that is known: 1.1 and 1.2 are - ' +
      'have Ansible write it anew: ansible-vault rekey FILE (group_vars/all.yml:1)',
  ],
  [{ hosts: 'a\0b\n' }, 'hosts is no text, as an inventory is - see what it is: file hosts'],
  [
    { 'hosts.ts': `${words}export default inventory({ settings: { usr: 'x' }, groups: { web: { hots: ['a'] } } })\n` },
    'settings.usr is not a connection setting - did you mean user? (hosts.ts:3)\n' +
      'groups.web.hots is not known there - did you mean hosts? (hosts.ts:3)',
  ],
  [
    { 'hosts.ts': `${words}export default playbook('x', [])\n` },
    'hosts.ts exports a playbook, and no inventory - run it on one: run hosts.ts -i INVENTORY',
  ],
  [
    { hosts: 'a\n', 'ansible.cfg': 'forks = 5\n' },
    'ansible.cfg:1: forks = 5 stands before the first section - write [defaults] above it, ' +
      'or leave it out of account: --no-ansible-config',
  ],
  [
    { hosts: 'a\n', 'ansible.cfg': '[defaults]\nforks = many\n[privilege_escalation]\nbecome = perhaps\n' },
    'ansible.cfg:2: forks must be a whole number, and is many - mend it, ' +
      'or leave it out of account: --no-ansible-config\n' +
      'ansible.cfg:4: become must be yes or no, and is perhaps - mend it, ' +
      'or leave it out of account: --no-ansible-config',
  ],
]
for (const [made, says] of inventories)
  test(`an inventory: ${says}`, async () => {
    using folder = new Project(made)
    const { code, stderr } = await typedIn(folder.path, ['inventory', '-i', Object.keys(made)[0]!])
    assert.is(stderr.trimEnd(), says)
    assert.is(code, 6)
  })

test('outside of modules, too, nobody refuses without the next step', () => {
  // What is wrong with a problem of a run is wanted with a hint by its type. What is left are errors that others catch
  // and put into words, and those that can only be a fault of this library.
  const caught: Readonly<Record<string, number>> = {
    'lib/cli/parser.ts': 1,
    'lib/cli/signals.ts': 3,
    'lib/cli/watch.ts': 1,
    'lib/engine/ahead.ts': 1,
    'lib/engine/context.ts': 1,
    'lib/engine/failure.ts': 2,
    'lib/engine/row.ts': 1,
    'lib/model/change.ts': 1,
    'lib/model/event.ts': 1,
    'lib/model/location.ts': 1,
    'lib/model/operation.ts': 1,
    'lib/report/harmless.ts': 1,
    'lib/transport/agent.ts': 2,
    'lib/transport/own.ts': 1,
    'lib/transport/patience.ts': 1,
    'lib/transport/shell.ts': 1,
    'lib/transport/ssh-config.ts': 1,
    'lib/transport/ssh.ts': 1,
    'lib/transport/wire.ts': 1,
  }
  const found: Record<string, number> = {}
  const root = path.resolve(import.meta.dirname, '../..')
  for (const room of ['cli', 'commands', 'engine', 'inventory', 'model', 'program', 'report', 'transport'])
    for (const name of readdirSync(path.join(root, 'lib', room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      const bare = readFileSync(path.join(root, 'lib', room, name), 'utf8').match(/\bnew (?:Type|Range)?Error\(/g)
      if (bare) found[path.posix.join('lib', room, name)] = bare.length
    }
  assert.equal(found, caught, 'throw an Advice: its second half is the next step')
})

test.after(() => project[Symbol.dispose]())
test.run()
