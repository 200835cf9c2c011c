import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Folder } from './folder.ts'

const test = suite('connection settings')
const words = fileURLToPath(new URL('../../../lib/index.ts', import.meta.url))

/** The settings of a host that an Ansible inventory describes with these variables. */
async function settings(line: string) {
  using folder = new Folder({ hosts: `a ${line}\n` })
  const { settings: found } = (await folder.load(['hosts'])).hosts.get('a')!
  return JSON.parse(JSON.stringify(found)) as unknown
}
async function problems(line: string) {
  using folder = new Folder({ hosts: `a ${line}\n` })
  return await folder.problems(['hosts'])
}

const understood: readonly (readonly [line: string, expected: unknown])[] = [
  ['ansible_host=10.0.0.1 ansible_port=2222 ansible_user=root', { address: '10.0.0.1', port: 2222, user: 'root' }],
  [
    'ansible_ssh_host=10.0.0.1 ansible_ssh_port="2222" ansible_ssh_user=root',
    { address: '10.0.0.1', port: 2222, user: 'root' },
  ],
  ['ansible_password=123456', { password: '‹ansible_password›' }],
  ['ansible_ssh_pass=geheim', { password: '‹ansible_ssh_pass›' }],
  ['ansible_ssh_private_key_file=~/.ssh/lab', { privateKey: `${homedir()}/.ssh/lab` }],
  ['ansible_connection=local', { connection: 'local' }],
  ['ansible_connection=paramiko', { connection: 'ssh' }],
  ['ansible_become=yes', { become: true }],
  ['ansible_become=true ansible_become_user=nova ansible_become_method=su', { become: 'nova', becomeMethod: 'su' }],
  ['ansible_become=no ansible_become_user=nova', { become: false }],
  ['ansible_become_user=nova', {}],
  ['ansible_sudo_pass=geheim', { becomePassword: '‹ansible_sudo_pass›' }],
  [
    `ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p root@10.0.0.2"'`,
    { proxyCommand: 'ssh -W %h:%p root@10.0.0.2' },
  ],
  [`ansible_ssh_common_args='-oProxyJump=bastion -o ConnectTimeout=5'`, { proxyJump: 'bastion', timeout: 5 }],
  [
    `ansible_ssh_common_args='-J root@bastion -o StrictHostKeyChecking=accept-new'`,
    { proxyJump: 'root@bastion', hostKeys: 'accept-new' },
  ],
  [
    `ansible_ssh_common_args='-o UserKnownHostsFile=/etc/lab_hosts -o ControlMaster=auto -o ControlPersist=60s'`,
    { knownHosts: ['/etc/lab_hosts'] },
  ],
  ['ansible_python_interpreter=/usr/bin/python2', {}],
]
for (const [line, expected] of understood) {
  test(line, async () => assert.equal(await settings(line), expected))
}

const refused: readonly (readonly [line: string, expected: string])[] = [
  ['ansible_port=http', 'ansible_port must be a port from 1 to 65535, and is "http" (hosts:1 host a)'],
  [
    'ansible_connection=docker',
    'ansible_connection must be ssh, local, or the path of a file that begins with ./ or /, ' +
      'and is "docker" (hosts:1 host a)',
  ],
  ['ansible_become=perhaps', 'ansible_become must be true or false, and is "perhaps" (hosts:1 host a)'],
  ['ansible_become_method=doas', 'ansible_become_method must be one of sudo, su, and is "doas" (hosts:1 host a)'],
  [
    `ansible_host='{{ address }}'`,
    'ansible_host is the template {{ address }}, and templates are not expanded (hosts:1 host a) - write the value',
  ],
  [
    `ansible_ssh_common_args='-o StrictHostKeyChecking=no'`,
    'ansible_ssh_common_args has StrictHostKeyChecking=no, which takes the key of anybody (hosts:1 host a) ' +
      '- write accept-new: a new key is recorded, a changed one refused',
  ],
  [
    `ansible_ssh_common_args='-o Compression=yes'`,
    'ansible_ssh_common_args has the ssh option Compression, which is not supported (hosts:1 host a) ' +
      '- use a connection setting or ~/.ssh/config',
  ],
  [
    `ansible_ssh_common_args='-A'`,
    'ansible_ssh_common_args has -A, which is not supported (hosts:1 host a) ' +
      '- only -o, -J and -i are: use a connection setting or ~/.ssh/config',
  ],
]
for (const [line, expected] of refused) {
  test(`refused: ${line}`, async () => assert.equal(await problems(line), [expected]))
}

test('a wrong group variable is told once, not for every host', async () => {
  using folder = new Folder({ hosts: '[g]\nnode-[1:50]\n[g:vars]\nansible_port=0\n' })
  assert.equal(await folder.problems(['hosts']), [
    'ansible_port must be a port from 1 to 65535, and is 0 (hosts:4 group g)',
  ])
})

test('a connection of its own is a file whose path starts at the file that names it', async () => {
  using folder = new Folder({
    'lab/hosts': 'a ansible_connection=./ways/box.ts\n',
    'lab/typed/index.ts': `import { inventory } from '${words}'
export default inventory({ hosts: { b: { settings: { connection: '../ways/box.ts' } } } })
`,
    'lab/ways/box.ts': '',
  })
  const { hosts } = await folder.load(['lab/hosts', 'lab/typed'])
  for (const name of ['a', 'b'])
    assert.is(hosts.get(name)!.settings.connection, path.join(folder.path, 'lab/ways/box.ts'))
})

test('a connection that is not there is a problem', async () => {
  using folder = new Folder({ hosts: 'a ansible_connection=./box.ts\n' })
  assert.equal(await folder.problems(['hosts']), [`there is no connection ${path.join(folder.path, 'box.ts')}`])
})

test.run()
