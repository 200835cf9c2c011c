import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { graph, listing } from '../../../lib/inventory/show.ts'
import { VaultOpener } from '../../../lib/inventory/vault.ts'
import { parseExtraVars } from '../../../lib/cli/extra-vars.ts'
import type { Secret } from '../../../lib/model/secret.ts'
import { resolveVars, text } from '../../../lib/model/vars.ts'
import { Folder, values } from './folder.ts'

// What an expression is worth stands in ansible.test.ts.
const test = suite('templates')

test('a password that is a reference is what it refers to, and secret', async () => {
  using folder = new Folder({
    hosts: 'a\n',
    'group_vars/all.yml':
      'ansible_become_password: "{{ vault_become_password }}"\nansible_password: "{{ vault.ssh }}"\n' +
      'vault_become_password: geheim-1\nvault: { ssh: geheim-2 }\nurl: "db://x:{{ ansible_password }}@y"\n',
  })
  const host = (await folder.load(['hosts'])).hosts.get('a')!
  assert.is(host.settings.becomePassword!.reveal(), 'geheim-1')
  assert.is(String(host.settings.becomePassword), '‹ansible_become_password›')
  assert.is(host.settings.password!.reveal(), 'geheim-2')
  const url = host.vars['url']!.value as Secret
  assert.is(url.reveal(), 'db://x:geheim-2@y')
  assert.is(String(url), 'db://x:‹ansible_password›@y')
})

test('references reach other hosts, groups and what every host has', async () => {
  using folder = new Folder({
    'lab/hosts': `[web]
web-1.example.org port=80 url="http://{{ inventory_hostname }}:{{ port }}/"
[db]
db-1 port=3306 peer="{{ hostvars['db-2'].own }}" first="{{ groups['db'][0] }}" short="{{ hostvars[groups.web[0]].url }}"
db-2 port=3307 own="{{ inventory_hostname }}:{{ port }}" names="{{ group_names }}" dir="{{ inventory_dir }}"
`,
  })
  const inventory = await folder.load(['lab/hosts'])
  assert.is(values(inventory, 'web-1.example.org')['url'], 'http://web-1.example.org:80/')
  const { peer, first, short } = values(inventory, 'db-1')
  assert.equal([peer, first, short], ['db-2:3307', 'db-1', 'http://web-1.example.org:80/'])
  assert.equal(values(inventory, 'db-2')['names'], ['db'])
  assert.is(values(inventory, 'db-2')['dir'], `${folder.path}/lab`)
  // As Ansible lists them.
  const { _meta } = listing(inventory) as { _meta: { hostvars: Record<string, Record<string, unknown>> } }
  assert.is(_meta.hostvars['db-1']!['peer'], "{{ hostvars['db-2'].own }}")
})

const beyond: readonly (readonly [written: string, reason: string, hint: string])[] = [
  [
    '{{ port | default(80) }}',
    '{{ port | default(80) }} is more than a reference to a variable, and only references are evaluated',
    'declare port in the role with its default: { port: text.or(80) }',
  ],
  [
    "{{ groups['db'][0] | default('x') }}",
    "{{ groups['db'][0] | default('x') }} is more than a reference to a variable, and only references are evaluated",
    "set a variable of its own to {{ groups['db'][0] }} where that is there, and declare it in the role with its default: { NAME: text.or('x') }",
  ],
  [
    'x-{{ name | upper }}',
    '{{ name | upper }} is more than a reference to a variable, and only references are evaluated',
    'compute it where it is used: (host) => `…${host.vars.name}…`',
  ],
  [
    "{{ lookup('env', 'TOKEN') }}",
    "{{ lookup('env', 'TOKEN') }} is more than a reference to a variable, and only references are evaluated",
    'in an inventory in TypeScript: fromEnvironment("TOKEN")',
  ],
  [
    '{% if a %}b{% endif %}',
    '{% if a %} is more than a reference to a variable, and only references are evaluated',
    'compute it where it is used: (host) => `…${host.vars.NAME}…`',
  ],
  ['{{ nam }}', 'the inventory has no variable nam for it', 'did you mean name?'],
  [
    '{{ ansible_default_ipv4.address }}',
    'the inventory has no variable ansible_default_ipv4 for it',
    'what is asked of the host is a fact: await host.fact(os), in the task that wants it',
  ],
  ['{{ name.first }}', 'name.first is not there', 'look at name: run inventory --host'],
  ['{{ asked }}', '{{ asked }} refers to itself', 'give one of the variables in the circle a value'],
]
for (const [written, reason, hint] of beyond) {
  test(`an error where it is used, and only there: ${written}`, async () => {
    using folder = new Folder({ hosts: 'a name=n\n', 'host_vars/a.yml': `x: 1\nasked: ${JSON.stringify(written)}\n` })
    const inventory = await folder.load(['hosts'])
    assert.match(graph(inventory), 'a')
    const { problems } = resolveVars({ asked: text }, inventory.hosts.get('a')!, inventory)
    assert.equal(problems, [
      {
        message: `a: asked cannot be had: ${reason} (host_vars/a.yml:2)`,
        hint,
        at: { file: `${folder.path}/host_vars/a.yml`, line: 2 },
      },
    ])
  })
}

test('-e @FILE is read as group_vars are, and what -e says may refer to variables', async () => {
  using folder = new Folder({
    hosts: 'a name=n\n',
    'more.yml':
      'mode: 0755\non_boot: yes\nbase: &b { x: 1 }\nmade: { <<: *b, y: 2 }\nurl: "{{ name }}/{{ on_boot }}"\n',
  })
  const none = new VaultOpener([])
  const extraVars = await parseExtraVars(
    [`@${folder.path}/more.yml`, 'to={{ inventory_hostname }}', '{late: off, deep: {n: 1e3}}'],
    none,
  )
  const { mode, on_boot, made, url, to, late, deep } = values(await folder.load(['hosts'], { extraVars }), 'a')
  assert.equal([mode, on_boot, made, url, to, late], [0o755, true, { x: 1, y: 2 }, 'n/True', 'a', false])
  assert.equal(deep, { n: '1e3' })
})

test('in TypeScript braces are what they are', async () => {
  using folder = new Folder({ 'lab.ts': `export default { hosts: { a: { vars: { format: '{{.Names}}' } } } }\n` })
  assert.is(values(await folder.load(['lab.ts']), 'a')['format'], '{{.Names}}')
})

test.run()
