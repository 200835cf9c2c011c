import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurn, Project, words } from './project.ts'

const test = suite('ansible.cfg')

const playbook = `${words}export default playbook('site', [play('P', { hosts: 'web', vars: { port: number, who: text } }, ({ task }) => {
  task('Say', (host) => host.log(\`port=\${host.vars.port} who=\${host.vars.who}\`))
})])
`
const files = {
  'site.ts': playbook,
  'ansible.cfg': `[defaults]
inventory = lab/hosts
forks = 7
remote_user = ops
host_key_checking = False
[privilege_escalation]
become = yes
become_user = deploy
`,
  'lab/hosts': '[web]\nweb1 ansible_connection=local\nweb2 ansible_user=root\n',
  'lab/group_vars/all.yml': 'port: 1\nwho: "{{ inventory_hostname }}"\n',
  'lab/group_vars/web.yml': 'port: 2\n',
  'group_vars/all.yml': 'port: 3\n',
  'group_vars/web.yml': 'port: 4\n',
}

interface Told {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
const ended = new Map<string, Told>()
test.before(async () => {
  using project = new Project(files)
  const jobs: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>?])[] = [
    ['config', ['config', '--json'], { ANSIBLE_FORKS: '9' }],
    ['off', ['config', '--json', '--no-ansible-config']],
    ['wrong', ['config'], { ANSIBLE_FORKS: 'many' }],
    ['beside', ['site.ts', '-l', 'web1', '--no-type-check', '-v'], { ANSIBLE_BECOME: 'no' }],
    ['shown', ['inventory', '--host', 'web1']],
  ]
  await inTurn(jobs, async ([name, args, env = {}]) => void ended.set(name, await project.run(args, { env })))
})

const settings = (name: string) =>
  JSON.parse(ended.get(name)!.stdout) as Readonly<Record<string, { readonly value: unknown; readonly from: string }>>

test('what exists here is honoured, visible with its place, a variable above the file', () => {
  const { inventory, forks, become, 'become-user': user, ansible_user: remote, ...more } = settings('config')
  assert.equal(inventory, { value: ['lab/hosts'], from: 'ansible.cfg:2' })
  assert.equal(forks, { value: 9, from: 'ANSIBLE_FORKS' })
  assert.equal(become, { value: true, from: 'ansible.cfg:7' })
  assert.equal(user, { value: 'deploy', from: 'ansible.cfg:8' })
  assert.equal(remote, { value: 'ops', from: 'ansible.cfg:4' })
  assert.equal(more['ansible_host_key_checking'], { value: 'False', from: 'ansible.cfg:5' })
})

test('a switch leaves it out', () => {
  const { inventory, forks, become, ansible_user: remote } = settings('off')
  assert.equal([inventory!.value, forks!.value, become!.value, remote], [null, 50, false, undefined])
})

test('a value that is none is an error with its place, and what to do', () => {
  const { code, stderr } = ended.get('wrong')!
  assert.is(
    stderr,
    'ANSIBLE_FORKS: ANSIBLE_FORKS must be a whole number, and is many ' +
      '- mend it, or leave it out of account: --no-ansible-config\n',
  )
  assert.is(code, 6)
})

test('group_vars beside the playbook are above those of the inventory, and the inventory is found by ansible.cfg', () => {
  const { code, stdout, stderr } = ended.get('beside')!
  assert.is(code, 0, stderr)
  assert.match(stdout, 'port=4 who=web1')
})

test('what a host is told by default is none of its variables', () => {
  const { stdout } = ended.get('shown')!
  assert.match(
    stdout,
    /port += 4 .* group_vars\/web\.yml:1\n.*over 2 .*web\.yml:1\n.*over 3 .* group_vars\/all\.yml:1\n/,
  )
  assert.match(stdout, /user: "ops"/)
  assert.not.match(stdout, 'ansible_user')
})

test.run()
