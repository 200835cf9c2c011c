import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkReach } from '../../../lib/engine/preflight.ts'
import { select } from '../../../lib/engine/select.ts'
import { play, playbook } from '../../../lib/model/playbook.ts'
import { shell } from '../../../lib/modules/index.ts'
import { Folder } from './folder.ts'

const test = suite('connection settings')
const book = playbook('B', [play('P', { hosts: 'all,localhost' }, ({ task }) => void task('T', shell`true`))])
const words = fileURLToPath(new URL('../../../lib/index.ts', import.meta.url))

/** The settings of a host that an Ansible inventory describes with these variables. */
async function settings(line: string) {
  using folder = new Folder({ hosts: `a ${line}\n` })
  const { settings: found, become } = (await folder.load(['hosts'])).hosts.get('a')!
  return JSON.parse(JSON.stringify({ ...found, ...(become ? { acts: become } : {}) })) as unknown
}
async function faults(line: string) {
  using folder = new Folder({ hosts: `a ${line}\nb ansible_connection=local\n` })
  const { hosts } = await folder.load(['hosts'])
  assert.is(hosts.get('b')!.faults, undefined)
  return (hosts.get('a')!.faults ?? []).map(({ message, hint }) => (hint ? `${message} - ${hint}` : message))
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
  ['ansible_become=yes', { acts: { wanted: true } }],
  [
    'ansible_become=true ansible_become_user=nova ansible_become_method=ansible.builtin.su',
    { acts: { wanted: true, user: 'nova' }, becomeMethod: 'su' },
  ],
  ['ansible_become=no ansible_become_user=nova', { acts: { wanted: false, user: 'nova' } }],
  ['ansible_become_user=nova', { acts: { user: 'nova' } }],
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
  ['ansible_connection=ansible.builtin.local', { connection: 'local' }],
  ['ansible_connection=ansible.builtin.ssh', { connection: 'ssh' }],
  ['ansible_ssh_retries=3 ansible_host_key_checking=false', { connectRetries: 3, hostKeys: 'accept-new' }],
  // Of two names for one thing Ansible takes the older.
  ['ansible_ssh_user=old ansible_user=new ansible_ssh_host=b ansible_host=c', { user: 'old', address: 'b' }],
  [`ansible_ssh_args='-C -o ControlMaster=auto -o ControlPersist=60s'`, {}],
  [
    `ansible_ssh_common_args='-A -o ServerAliveInterval=5 -oLogLevel=ERROR -o IdentitiesOnly=yes -p 2222'`,
    {
      sshOptions: ['ForwardAgent=yes', 'ServerAliveInterval=5', 'LogLevel=ERROR', 'IdentitiesOnly=yes', 'Port=2222'],
    },
  ],
  [
    `ansible_ssh_common_args='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectionAttempts=4'`,
    { sshOptions: ['StrictHostKeyChecking=no'], knownHosts: ['/dev/null'], connectRetries: 3 },
  ],
  [
    `ansible_ssh_extra_args='-F /dev/null -q -vvv -4 -o PreferredAuthentications=publickey'`,
    {
      sshConfig: false,
      sshOptions: ['PreferredAuthentications=publickey'],
    },
  ],
  // What stands in ansible_ssh_args comes before the rest, and the first counts.
  [
    `ansible_ssh_common_args='-o Port=1' ansible_ssh_args='-o Port=2' ansible_ssh_extra_args='-o Port=3'`,
    { sshOptions: ['Port=2', 'Port=1', 'Port=3'] },
  ],
  ['ansible_user="" ansible_host=', {}],
  // As ansible-core 2.14 has it: what is said of one way of becoming counts for that way, above what is said of both.
  [`ansible_become_exe=/opt/sudo ansible_become_flags='-i -n'`, { becomeExe: '/opt/sudo', becomeFlags: '-i -n' }],
  [`ansible_become_flags=''`, { becomeFlags: '' }],
  ['ansible_sudo_exe=/opt/sudo ansible_become_exe=/x ansible_su_exe=/y', { becomeExe: '/opt/sudo' }],
  [
    `ansible_become_method=su ansible_su_exe='sudo su' ansible_su_flags=- ansible_sudo_flags=-x`,
    { becomeMethod: 'su', becomeExe: 'sudo su', becomeFlags: '-' },
  ],
  [`ansible_host='{{ address }}' address=10.0.0.7`, { address: '10.0.0.7' }],
]
for (const [line, expected] of understood) {
  test(line, async () => assert.equal(await settings(line), expected))
}

const refused: readonly (readonly [line: string, expected: string])[] = [
  [
    'ansible_port=http',
    'ansible_port must be a port from 1 to 65535, and is "http" (hosts:1 host a) - correct it there',
  ],
  ...['docker', 'lxd', 'winrm', 'network_cli', 'community.docker.docker'].map(
    (way) =>
      [
        `ansible_connection=${way}`,
        `ansible_connection is "${way}", and hosts are reached by ssh or local (hosts:1 host a) ` +
          '- for another way write a file that exports connect, and name it: ansible_connection=./FILE.ts',
      ] as const,
  ),
  [
    'ansible_shell_type=powershell',
    "ansible_shell_type is powershell, and hosts are worked on by sh (hosts:1 host a) - leave hosts without it out: -l 'all:!HOST'",
  ],
  [
    'ansible_become=perhaps',
    'ansible_become must be true or false, and is "perhaps" (hosts:1 host a) - write yes or no',
  ],
  [
    'ansible_become_method=doas',
    'ansible_become_method must be one of sudo, su, and is "doas" (hosts:1 host a) - correct it there',
  ],
  [
    `ansible_host='{{ address }}'`,
    'ansible_host cannot be had: the inventory has no variable address for it (hosts:1 host a) ' +
      '- set address, or compute it where it is used: (host) => `…${host.vars.address}…`',
  ],
  [
    `ansible_ssh_common_args='-Z'`,
    'ansible_ssh_common_args has -Z, which ssh does not know (hosts:1 host a) - see man ssh; write an option as -o NAME=VALUE',
  ],
  [
    `ansible_ssh_common_args='-o'`,
    'ansible_ssh_common_args ends in -o, and something must follow it (hosts:1 host a) - write it, or take the letter away',
  ],
]
for (const [line, expected] of refused) {
  test(`a host that cannot be reached is no harm to the others: ${line}`, async () =>
    assert.equal(await faults(line), [expected]))
}

test('what counts for nothing here is told once, with its place; what says the default is not', async () => {
  using folder = new Folder({
    hosts: `[g]
a
b
[g:vars]
ansible_shell_executable=/bin/bash
ansible_ssh_executable=/opt/ssh
ansible_sftp_extra_args=-v
ansible_scp_extra_args=-v
ansible_control_path=/x
ansible_remote_tmp=/x
[h]
c ansible_shell_executable=/bin/sh ansible_ssh_executable=ssh
`,
  })
  const warned: string[] = []
  await folder.load(['hosts'], { warn: (message) => void warned.push(message) })
  assert.is(warned.length, 6)
  assert.is(warned[0], 'ansible_shell_executable counts for nothing here: /bin/bash (hosts:5 group g)')
})

test('a wrong group variable is told once, not for every host', async () => {
  using folder = new Folder({ hosts: '[g]\nnode-[1:50]\n[g:vars]\nansible_port=0\n' })
  const inventory = await folder.load(['hosts'])
  const plays = select(book, inventory, { limit: [], tags: [], skipTags: [] })
  assert.equal(
    checkReach(plays).map(({ message }) => message),
    [
      'cannot reach node-1, node-2, node-3, 47 more: ' +
        'ansible_port must be a port from 1 to 65535, and is 0 (hosts:4 group g)',
    ],
  )
  const elsewhere = select(book, inventory, { limit: ['localhost'], tags: [], skipTags: [] })
  assert.equal(checkReach(elsewhere), [])
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
  const { faults: found } = (await folder.load(['hosts'])).hosts.get('a')!
  assert.equal(found, [
    {
      message: `there is no connection ${path.join(folder.path, 'box.ts')}`,
      hint: 'write the file, or correct its path',
    },
  ])
})

test.run()
