import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listing } from '../../../lib/inventory/show.ts'
import { exit, Refused } from '../../../lib/model/problem.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { encryptVault, VaultOpener } from '../../../lib/inventory/vault.ts'
import { Folder, values } from './folder.ts'

interface Cases {
  readonly files: Readonly<Record<string, string>>
  readonly executable: readonly string[]
  readonly cases: readonly {
    readonly args: readonly string[]
    readonly order: readonly string[]
    readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    readonly groups: Readonly<
      Record<string, { readonly hosts?: readonly string[]; readonly children?: readonly string[] }>
    >
  }[]
}
const cases = JSON.parse(readFileSync(new URL('../../cases/inventory.json', import.meta.url), 'utf8')) as Cases

const test = suite('inventory')

for (const { args, order, hostvars, groups } of cases.cases) {
  test(`-i ${args.join(' -i ')}: hosts, groups and variables as ansible-inventory gives them`, async () => {
    using folder = new Folder(cases.files)
    for (const file of cases.executable) folder.write(file, cases.files[file]!, 0o755)
    const inventory = await folder.load(args)
    const names = [...inventory.groups.get('all')!.hosts]
    // With several sources Ansible walks the deeper groups in the order of a hash table.
    if (args.length === 1) assert.equal(names, order)
    else assert.equal(names.sort(), [...order].sort())
    assert.ok(order.length > 1)
    for (const name of order) assert.equal(revealed(values(inventory, name)), hostvars[name] ?? {}, name)

    const sorted = (list: readonly string[] | undefined) => [...(list ?? [])].sort()
    const { _meta, ...ours } = listing(inventory) as unknown as Cases['cases'][number]['groups']
    assert.equal(Object.keys(ours).sort(), Object.keys(groups).sort())
    for (const [name, group] of Object.entries(groups)) {
      assert.equal(sorted(ours[name]?.hosts), sorted(group.hosts), name)
      assert.equal(sorted(ours[name]?.children), sorted(group.children), name)
    }
  })
}

const revealed = (vars: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(vars).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )

test('a list of hosts may be longer than any path', async () => {
  using folder = new Folder({})
  const names = Array.from({ length: 2000 }, (_, i) => `host-${i}`)
  assert.equal([...(await folder.load([names.join(',')])).hosts.keys()], names)
})

test('every variable knows its line, and what it overrode', async () => {
  using folder = new Folder(cases.files)
  const { vars } = (await folder.load(['lab'])).hosts.get('node-01')!
  assert.equal(vars['depth'], {
    value: 'host file',
    from: 'lab/host_vars/node-01.yml:1',
    overrode: [
      { value: 'all file', from: 'lab/group_vars/all.yml:2' },
      { value: 'compute', from: 'lab/hosts:28 group compute' },
      { value: 'cloud', from: 'lab/hosts:32 group cloud' },
      { value: 'all', from: 'lab/hosts:43 group all' },
    ],
  })
})

test('-e is above everything, connection variables too', async () => {
  using folder = new Folder({ hosts: 'a ansible_user=nova x=1\n' })
  const host = (await folder.load(['hosts'], { extraVars: { x: '2', ansible_user: 'root' } })).hosts.get('a')!
  assert.equal(host.vars['x'], { value: '2', from: '-e', overrode: [{ value: 1, from: 'hosts:1 host a' }] })
  assert.is(host.settings.user, 'root')
})

test('the later -i is above the earlier', async () => {
  using folder = new Folder({ one: '[g]\na x=1\n', two: '[g]\na x=2\nb\n' })
  const inventory = await folder.load(['one', 'two'])
  assert.is(values(inventory, 'a')['x'], 2)
  assert.equal(inventory.groups.get('g')!.hosts, ['a', 'b'])
})

test('-i with a comma is a list of hosts, whose ranges expand, unlike Ansible', async () => {
  using folder = new Folder()
  const inventory = await folder.load(['node-[1:2],db:2222,'])
  assert.equal([...inventory.hosts.keys()], ['node-1', 'node-2', 'db'])
  assert.is(inventory.hosts.get('db')!.settings.port, 2222)
})

// As ansible-core 2.14 answers for the same folders, but that it takes what stands above a line that is wrong.
test('a file of another kind in a directory is passed over, and that is told', async () => {
  const vagrantfile = '# -*- mode: ruby -*-\n\nVagrant.configure("2") do |config|\n  config.vm.box = "x"\nend\n'
  using folder = new Folder({
    'lab/hosts': '[web]\na x=1\n',
    'lab/Vagrantfile': vagrantfile,
    'older/hosts': 'b\n',
    'older/Vagrantfile': 'VAGRANTFILE_API_VERSION = "2"\n',
    'none/Vagrantfile': vagrantfile,
    'wrong/hosts': 'a\nb c\n',
  })
  const warned: string[] = []
  const warn = (message: string) => void warned.push(message)
  assert.equal([...(await folder.load(['lab', 'older'], { warn })).hosts.keys()], ['a', 'b'])
  assert.equal(warned, [
    'lab/Vagrantfile is no inventory and is passed over, as Ansible does: ' +
      'do is not a variable in Vagrant.configure("2") do |config|',
    'older/Vagrantfile is no inventory and is passed over, as Ansible does: ' +
      '2 is not a variable in VAGRANTFILE_API_VERSION = "2"',
  ])
  for (const [path, reason] of [
    ['none', 'none holds no inventory'],
    ['none/Vagrantfile', 'do is not a variable of Vagrant.configure(2)'],
    ['wrong', 'c is not a variable of b'],
  ] as const)
    await folder.load([path]).then(
      () => assert.unreachable(path),
      (error: Error) => assert.match(error.message, reason),
    )
})

test('a directory holds index.ts, or else the sum of its files', async () => {
  using folder = new Folder({
    'typed/index.ts': `export default { groups: { g: { hosts: ['a'] } } }`,
    'typed/hosts': 'never-read\n',
    'typed/group_vars/g.yml': 'x: 1\n',
    'sum/01': '[g]\na x=1\n',
    'sum/02.yaml': 'g: { hosts: { b: } }\n',
    'sum/README.md': '# not an inventory\n',
    'sum/host_vars/b.json': '{"x": 2}',
  })
  const typed = await folder.load(['typed'])
  assert.equal([...typed.hosts.keys()], ['a'])
  assert.is(values(typed, 'a')['x'], 1)
  const sum = await folder.load(['sum'])
  assert.equal(sum.groups.get('g')!.hosts, ['a', 'b'])
  assert.is(values(sum, 'b')['x'], 2)
})

test('an inventory is found without its ending', async () => {
  using folder = new Folder({ 'inventory/lab.yaml': 'g: { hosts: { a: } }\n' })
  assert.equal([...(await folder.load(['inventory/lab'])).hosts.keys()], ['a'])
})

test('a YAML inventory needs no ending in its name', async () => {
  using folder = new Folder({ hosts: '# ours\nall:\n  hosts:\n    a:\n' })
  assert.equal([...(await folder.load(['hosts'])).hosts.keys()], ['a'])
})

test('what ansible-inventory printed can be read back', async () => {
  using folder = new Folder({
    'saved.json': JSON.stringify({ g: { hosts: ['a'] }, _meta: { hostvars: { a: { x: 1 } } } }),
  })
  const inventory = await folder.load(['saved.json'])
  assert.equal(values(inventory, 'a'), { x: 1 })
  assert.equal(inventory.hosts.get('a')!.groups, ['g'])
})

test('an executable without _meta is asked for each host', async () => {
  using folder = new Folder()
  folder.write(
    'cloud.sh',
    '#!/bin/sh\nif [ "$1" = --list ]; then echo \'{"g": ["a", "b"]}\'; else echo "{\\"who\\": \\"$2\\"}"; fi\n',
    0o755,
  )
  const inventory = await folder.load(['cloud.sh'])
  assert.is(values(inventory, 'a')['who'], 'a')
  assert.equal(inventory.hosts.get('b')!.vars['who'], { value: 'b', from: 'cloud.sh host b' })
})

test('warns of variables that resemble those of a connection, and of no others', async () => {
  using folder = new Folder({
    'hosts.ini': `[web]
a ansible_conection=local ansible_usr=ops
b ansible_python_interpreter=/x ansible_scp_extra_args=-v ansible_distribution=X ansible_connection=local
`,
  })
  const warned: string[] = []
  await folder.load(['hosts.ini'], { warn: (message) => void warned.push(message) })
  assert.equal(
    warned.map((one) => one.replace(/ \(.*/, '')),
    [
      'ansible_scp_extra_args counts for nothing here: -v',
      'ansible_conection says nothing of a connection - did you mean ansible_connection?',
      'ansible_usr says nothing of a connection - did you mean ansible_user?',
    ],
  )
})

test('no such inventory: exit code of a load, and a suggestion', async () => {
  using folder = new Folder({ 'inventory/lab/hosts': 'a\n', 'inventory/site.ts': '' })
  assert.equal(await folder.problems(['inventory/lba']), [
    'there is no inventory inventory/lba - did you mean inventory/lab?',
  ])
  assert.equal(await folder.problems(['lab']), ['there is no inventory lab - did you mean inventory/lab?'])
  assert.equal(await folder.problems(['inventory/stie']), [
    'there is no inventory inventory/stie - did you mean inventory/site?',
  ])
  assert.equal(await folder.problems(['elsewhere']), [
    'there is no inventory elsewhere - inventory/ has lab, site.ts; for a host of that name write -i elsewhere,',
  ])
  try {
    await folder.load(['inventory/lba'])
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Refused)
    assert.is((error as Refused).exitCode, exit.load)
  }
})

test('an empty directory', async () => {
  using folder = new Folder({ 'lab/README.md': '' })
  assert.equal(await folder.problems(['lab']), ['lab holds no inventory - write index.ts, hosts.yaml or hosts there'])
})

test('everything wrong with an INI inventory at once, with lines', async () => {
  using folder = new Folder({
    hosts: [
      'node-[01:3]',
      'a b',
      'c pass=half#hash',
      'd x="open',
      '[g:hots]',
      '[g:vars]',
      'novalue',
      '[h:children]',
      'nosuch',
      '[h]',
      'e:',
      '[bad',
      '[no section]',
    ].join('\n'),
  })
  assert.equal(await folder.problems(['hosts']), [
    'node-[01:3]: 01 and 3 must have the same length, since 01 starts with 0 - write [1:3] (hosts:1)',
    'b is not a variable of a - write name=value, and quotes around a value with blanks (hosts:2)',
    'a # inside the word that begins with pass - put quotes around the value, or a blank before a comment (hosts:3)',
    'the quote " is never closed - close it, or put other quotes around a value that holds it (hosts:4)',
    '[g:hots] is no section - a section is [group], [group:children] or [group:vars] (hosts:5)',
    'novalue is not a variable - write name=value (hosts:7)',
    'e: ends in a colon - write the port after it, or take it away (hosts:11)',
    '[bad: a bracket without its partner - write a range as [1:3]: names have no brackets (hosts:12)',
    '[no section] is no section - write [no_section] (hosts:13)',
    '[g:vars] speaks of the group g, which is not defined - add a section [g] (hosts:6)',
    '[h:children] speaks of the group nosuch, which is not defined - add a section [nosuch] (hosts:9)',
  ])
})

test('everything wrong with a YAML inventory at once, with lines', async () => {
  using folder = new Folder({
    'hosts.yaml':
      'all:\n  host:\n    a:\n  children:\n    g:\n      hosts:\n        - a\n' +
      '    h:\n      hosts:\n        "n[2:x]":\n        b: 1\n    i: text\n',
  })
  assert.equal(await folder.problems(['hosts.yaml']), [
    'the group all has host, and only hosts, children and vars can be there - did you mean hosts? (hosts.yaml:2)',
    'hosts of the group g must be a mapping - write each name without a dash, and a colon behind it (hosts.yaml:6)',
    'n[2:x]: the ends of [2:x] are neither numbers nor letters - write [1:12], [01:12] or [a:c] (hosts.yaml:10)',
    'the variables of the host b must be a mapping - write NAME: VALUE below it, further to the right (hosts.yaml:11)',
    'the group i must be a mapping with hosts, children or vars - write hosts:, and below it the names, each with a colon (hosts.yaml:12)',
  ])
})

test('what is not YAML is told with its line, together with the other files', async () => {
  using folder = new Folder({
    'hosts.yaml': 'all:\n  hosts:\n    a: {x: 1\n',
    other: 'n[1:]\n',
    'group_vars/all.yml': 'a: 1\na: 2\n',
  })
  const problems = await folder.problems(['hosts.yaml', 'other'])
  assert.is(problems.length, 3)
  assert.match(problems[0]!, /^it is not YAML: .* - mend the line, or put quotes around .* \(hosts\.yaml:[34]\)$/)
  assert.is(problems[1], 'n[1:]: the range [1:] has no end - write [1:LAST] (other:1)')
  assert.is(
    problems[2],
    'it is not YAML: the same name stands twice in one mapping - take one of the two away (group_vars/all.yml:2)',
  )
})

test('an alias stands for what it names wherever it stands, and a name that is nothing is told', async () => {
  using folder = new Folder({
    'hosts.yml': 'x: &v\n  hosts: &h\n    a: &w {p: 1}\n  vars: {q: 2}\ny:\n  hosts: {<<: *h, b: *w}\nz: *v\n',
    'lost.yml': 'x: &one\n  hosts:\n    a: *on\n    b: *two\n',
  })
  const inventory = await folder.load(['hosts.yml'])
  assert.equal(inventory.groups.get('y')!.hosts, ['a', 'b'])
  assert.equal(inventory.groups.get('z')!.hosts, ['a'])
  assert.equal(values(inventory, 'b'), { p: 1 })
  assert.equal(await folder.problems(['lost.yml']), [
    '*on stands for nothing - did you mean *one? (lost.yml:3)',
    '*two stands for nothing - mark what it stands for, above it: &two (lost.yml:4)',
  ])
})

test('a file of variables that is nobody’s is told where it resembles somebody’s name who has none', async () => {
  using folder = new Folder({
    hosts: '[web]\nweb-1\n[db]\nweb-2\n',
    'group_vars/wbe.yml': 'a: 1\n',
    'group_vars/db.yml': 'a: 1\n',
    'group_vars/dc.yml': 'a: 1\n',
    'host_vars/web-3.yml': 'a: 1\n',
    'host_vars/web-1.yml': 'a: 1\n',
    'host_vars/web-2.yml': 'a: 1\n',
  })
  const warned: string[] = []
  await folder.load(['hosts'], { warn: (message) => void warned.push(message) })
  assert.equal(warned, ['group_vars/wbe.yml counts for nobody - did you mean web?'])
})

test('groups that contain each other', async () => {
  using folder = new Folder({ hosts: '[a:children]\nb\n[b:children]\na\n' })
  assert.equal(await folder.problems(['hosts']), [
    'the groups a > b > a contain each other - take a out of the children of b (hosts:4)',
  ])
  folder.write('hosts.yml', 'a:\n  children:\n    b:\nb:\n  children:\n    a:\n')
  assert.equal(await folder.problems(['hosts.yml']), [
    'the groups a > b > a contain each other - take a out of the children of b (hosts.yml:6)',
  ])
})

test('inventory plugins are refused by name', async () => {
  using folder = new Folder({ 'cloud.yaml': 'plugin: openstack\n' })
  assert.match((await folder.problems(['cloud.yaml']))[0]!, /^inventory plugins are not supported/)
})

test('what only Ansible can read it is asked with all inventories, and what it says is nobody else’s', async () => {
  using folder = new Folder({ 'a b.ini': 'web-1\n', 'c.toml': '', 'constructed.yml': 'plugin: constructed\n' })
  for (const file of ['constructed.yml', 'c.toml'])
    assert.match(
      (await folder.problems(['a b.ini', file, 'x,'])).join('\n'),
      new RegExp(
        `\\(umask 077; ansible-inventory -i 'a b\\.ini' -i ${file} -i x, --list > inventory\\.json\\).* vault options`,
      ),
    )
})

test('a host that has the name of a group is told: it is the host that is meant', async () => {
  using folder = new Folder({ hosts: '[web]\nweb-1\n[db]\nweb\n' })
  const warned: string[] = []
  await folder.load(['hosts'], { warn: (message) => void warned.push(message) })
  assert.equal(warned, ['there is both a group and a host web: as in Ansible, web means the host alone'])
})

test('the folder of the playbook is known to an inventory', async () => {
  using folder = new Folder({ hosts: 'web-1 files="{{ playbook_dir }}/files"\n' })
  const of = async (options: object) => (await folder.load(['hosts'], options)).hosts.get('web-1')!.vars['files']?.value
  assert.is(await of({ playbookFolder: '/srv/play' }), '/srv/play/files')
  assert.is(await of({}), `${folder.path}/files`)
})

test('a list of hosts that holds a path or variables is told, and the file that a comma hides', async () => {
  using folder = new Folder({ 'inv/hosts': 'web-1\n' })
  assert.match((await folder.problems(['inv/hosts,']))[0]!, /«inv\/hosts» is no name of a host - .*: -i inv\/hosts$/)
  assert.match((await folder.problems(['web-1 ansible_port=22001,']))[0]!, /names and ports only/)
})

test('an executable that fails, prints nonsense, or may not run', async () => {
  using folder = new Folder()
  folder.write('fails', '#!/bin/sh\necho no cloud >&2; exit 3\n', 0o755)
  folder.write('nonsense', '#!/bin/sh\necho hello\n', 0o755)
  folder.write('plain', '#!/bin/sh\n', 0o644)
  const problems = await folder.problems(['fails', 'nonsense', 'plain'])
  assert.is(problems[0], 'fails --list ended with exit code 3: no cloud - see what it says: ./fails --list')
  assert.match(problems[1]!, /^nonsense --list printed what is not JSON: /)
  assert.is(problems[2], 'plain is a program that may not be executed - chmod +x plain')
})

test('YAML as Ansible reads it, but for its surprises', async () => {
  using folder = new Folder({
    'hosts.yaml':
      'g:\n  hosts:\n    a:\n      on: yes\n      y: y\n      time: 12:30\n      mac: 52:54:00:12:34:56\n' +
      '      day: 2014-10-16\n      mode: 0644\n      text: !unsafe "{{ x }}"\n',
  })
  assert.equal(values(await folder.load(['hosts.yaml']), 'a'), {
    on: true,
    y: 'y',
    time: '12:30',
    mac: '52:54:00:12:34:56',
    day: '2014-10-16',
    mode: 420,
    text: '{{ x }}',
  })
})

test('the hosts that only _meta has are nobody; a mapping without sections is a host', async () => {
  using folder = new Folder()
  folder.write(
    'cloud.py',
    `#!/bin/sh
cat <<END
{"g": ["a"], "solo": {"ansible_connection": "local"}, "_meta": {"hostvars": {"a": {"at": "$(basename "$PWD")"}, "lost": {}}}}
END
`,
    0o755,
  )
  folder.write('cloud.ini', 'region = north\n')
  const inventory = await folder.load(['.'])
  assert.equal([...inventory.hosts.keys()], ['a', 'solo'])
  assert.is(inventory.hosts.get('solo')!.settings.connection, 'local')
  // It is started where the command was typed.
  assert.is(values(inventory, 'a')['at'], path.basename(folder.path))
})

test('an inventory that begins with #! and may be executed is a program, whatever its name', async () => {
  using folder = new Folder()
  for (const name of ['inv.js', 'inv.mjs', 'inv.ts'])
    folder.write(name, `#!/bin/sh\necho '{"g": ["of-${name}"]}'\n`, 0o755)
  const inventory = await folder.load(['inv.js', 'inv.mjs', 'inv.ts'])
  assert.equal(inventory.groups.get('g')!.hosts, ['of-inv.js', 'of-inv.mjs', 'of-inv.ts'])
})

test('what is not read says how it can be', async () => {
  using folder = new Folder({
    'hosts.toml': '[g.hosts]\n',
    'cloud.yaml': 'plugin: openstack\n',
    'only/hosts.ini': 'a\n',
    'empty/sub/.gitkeep': '',
    'some/hosts': 'a\n',
    'some/sub/.gitkeep': '',
  })
  assert.equal(await folder.problems(['hosts.toml']), [
    'hosts.toml is TOML, which is not read - let Ansible say what it finds: ' +
      '(umask 077; ansible-inventory -i hosts.toml --list > inventory.json), ' +
      'with the vault options that it needs, then -i inventory.json',
  ])
  assert.match((await folder.problems(['cloud.yaml']))[0]!, 'ansible-inventory -i cloud.yaml --list > inventory.json')
  assert.equal(await folder.problems(['only']), [
    'only holds no inventory - as for Ansible, a .ini in a folder is no inventory: give -i only/hosts.ini, ' +
      'or name it without .ini',
  ])
  assert.is((await folder.problems(['empty'])).length, 1)
  assert.equal([...(await folder.load(['some'])).hosts.keys()], ['a'])
})

test('what Ansible printed as JSON stays encrypted, literal and exact', async () => {
  const secret = encryptVault('opened', 'of-vault')
  using folder = new Folder({
    'saved.json': JSON.stringify({
      _meta: {
        hostvars: {
          a: { locked: { __ansible_vault: secret }, braces: { __ansible_unsafe: '{{ x }}' }, url: '{{ braces }}' },
        },
      },
      g: { hosts: ['a'] },
    }),
  })
  folder.write(
    'cloud',
    '#!/bin/sh\necho \'{"g": {"hosts": ["a"], "vars": {"id": 9007199254740993, "n": "12345678901234567890"}}}\'\n',
    0o755,
  )
  const vault = new VaultOpener([{ label: 'default', password: () => Secret.of('of-vault', 'v') }])
  const vars = values(await folder.load(['saved.json', 'cloud'], { vault }), 'a')
  assert.is((vars['locked'] as Secret).reveal(), 'opened')
  assert.is(vars['braces'], '{{ x }}')
  assert.is(vars['url'], '{{ x }}')
  assert.is(vars['id'], '9007199254740993')
  assert.is(vars['n'], '12345678901234567890')
})

test('a number too large to count is kept as it stands, with a word about it', async () => {
  using folder = new Folder({ hosts: 'a\n', 'host_vars/a.yml': 'id: 9007199254740993\nn: 12\n' })
  const warned: string[] = []
  const inventory = await folder.load(['hosts'], { warn: (message) => void warned.push(message) })
  assert.is(values(inventory, 'a')['id'], '9007199254740993')
  assert.equal(warned, ['id is a number too large to be counted exactly: it is kept as a text (host_vars/a.yml:1)'])
})

test('a group may have what means nothing; a file may be INI whatever its ending', async () => {
  using folder = new Folder({
    'hosts.yml': 'g:\n  belongs_to:\n    - x\n  hosts:\n    a:\n',
    'ini.yml': '# ours\n[h]\nb x=1\n',
  })
  const warned: string[] = []
  const inventory = await folder.load(['hosts.yml', 'ini.yml'], { warn: (message) => void warned.push(message) })
  assert.equal([...inventory.hosts.keys()], ['a', 'b'])
  assert.equal(inventory.groups.get('h')!.hosts, ['b'])
  assert.equal(warned, [
    'the group g has belongs_to, and only hosts, children and vars can be there: it is passed over (hosts.yml:2)',
  ])
})

// What ansible-playbook 2.14 makes of the same files.
test('a number keeps what stands behind its point in texts, and is a number elsewhere', async () => {
  const texts = { p: '/php/8.0/x', l: 'x[1.0, 2]', small: 'a1e-07', large: 'a1e+16', tiny: 'a1e-05', minus: 'a-0.0' }
  const templates = {
    p: '/php/{{v}}/x',
    l: 'x{{list}}',
    small: 'a{{s}}',
    large: 'a{{b}}',
    tiny: 'a{{t}}',
    minus: 'a{{m}}',
  }
  const ini = Object.entries(templates).map(([name, text]) => `${name}='${text}'`)
  const yaml = Object.entries(templates).map(([name, text]) => `${name}: '${text}'`)
  const json = JSON.stringify({ templates }).slice('{"templates":{'.length, -2)
  using folder = new Folder({
    'hosts.ini': `h v=8.0 list='[1.0, 2]' s=1e-7 b=1e16 t=0.00001 m=-0.0 same={{v}} ${ini.join(' ')}\n`,
    'hosts.yml': `all: {hosts: {h: {v: 8.0, list: [1.0, 2], s: 1.0e-7, b: 1.0e+16, t: 0.00001, m: -0.0, same: '{{v}}', ${yaml.join(', ')}}}}\n`,
  })
  folder.write(
    'hosts.sh',
    `#!/bin/sh\n[ "$1" = --list ] || { echo '{}'; exit; }\necho '{"g": {"hosts": ["h"], "vars": {"v": 8.0, "list": [1.0, 2], "s": 1e-7, "b": 1e16, "t": 0.00001, "m": -0.0, "same": "{{v}}", ${json}}}}'\n`,
    0o755,
  )
  for (const file of ['hosts.ini', 'hosts.yml', 'hosts.sh']) {
    const { v, same, list, s, b, t, m, ...others } = values(await folder.load([file]), 'h')
    assert.equal([v, same, list, s, b, t, Math.abs(m as number)], [8, 8, [1, 2], 1e-7, 1e16, 1e-5, 0], file)
    assert.equal(others, texts, file)
  }
})

test.run()
