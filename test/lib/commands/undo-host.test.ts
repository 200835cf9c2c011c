import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyDirectory } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { startSshd, type Sshd } from '../../rig/sshd.ts'
import { modules, Project, words } from '../cli/project.ts'

needs('root', 'sshd', 'crontab', 'sudo')
inPrivateNamespaces(import.meta.url)

// From here on the accounts, tables and settings are copies: nothing of this reaches the machine's own.
const run = (command: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}
const etc = emptyDirectory()
run('cp', '-a', '/etc/.', etc)
run('mount', '--bind', etc, '/etc')
for (const at of ['/var/mail', '/home', '/var/spool/cron', '/var/lib/switchover'].map((at) => [at] as const)) {
  mkdirSync(at[0], { recursive: true })
  run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'private', at[0])
}
mkdirSync('/var/spool/cron/crontabs', { mode: 0o1730 })
run('ip', 'link', 'set', 'lo', 'up')

/** What an undo must bring back, by programs that are not ours: accounts, tables, mounts, the kernel, files. */
const snapshot = (dir: string) =>
  run(
    'sh',
    '-c',
    `LC_ALL=C; export LC_ALL
sort /etc/passwd /etc/group /etc/shadow
for u in root svc-undo; do echo "cron $u"; crontab -u $u -l 2>&1; done
cat /etc/fstab /etc/sysctl.conf 2>&1; cat /proc/sys/net/ipv4/ip_default_ttl
grep " $1/" /proc/mounts
cd "$1" && find . ! -name '.switchover*' | sort | while read -r f; do stat -c '%n %f %u %g' "$f"; done
find . -type f ! -path '*/.switchover*' -exec sha256sum {} + | sort; find . -type l -printf '%p %l\\n' | sort
find /home ! -path '*/.switchover-undo*' -exec stat -c '%n %f %u %g' {} + | sort`,
    'sh',
    dir,
  )

interface Context {
  readonly sshd: Sshd
  readonly project: Project
  readonly dir: string
}

const site = (dir: string) => `${words}${modules}
const { authorizedKeys, cron, file, find, git, group, line, mount, sysctl, user } = modules
export default playbook('site', [
  play('Change', { hosts: 'all' }, ({ task }) => {
    task('Group', group.present('team-undo', { gid: 47110 }))
    task('User', user.present('new-undo', { uid: 47111, group: 'team-undo', createHome: true, shell: '/bin/sh' }))
    task('Other user', user.present('svc-undo', { comment: 'changed', groups: ['team-undo'] }))
    task('No user', user.absent('old-undo', { removeHome: true }))
    task('Cron', cron.job({ name: 'nightly', user: 'svc-undo', minute: 5, job: 'true' }))
    task('No cron', cron.absent('old', { user: 'root' }))
    task('Kernel', sysctl.set({ 'net.ipv4.ip_default_ttl': 99 }))
    task('Mount', mount.mounted({ device: 'tmpfs', path: '${dir}/mnt', type: 'tmpfs', opts: 'size=1m' }))
    task('Keys', authorizedKeys.present('svc-undo', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0b3BzZWNyZXRrZXlmb3J0ZXN0cyEhISEhISEhISEh x'))
    task('Tree', file.tree('tree', '${dir}/tree', { delete: true }))
    task('Owner', file.owner('${dir}/owned', 'svc-undo'))
    task('Sweep', find.absent('${dir}/logs', { name: '*.gz' }))
    task('Line', line.present('${dir}/app.conf', { line: 'more' }))
    task('As another', { become: 'svc-undo' }, file.content('/home/svc-undo/note', 'mine\\n'))
  }),
])
`

const test = suite<Context>('run undo on a host')
test.before(async (context) => {
  const dir = emptyDirectory()
  run('chmod', '755', dir)
  const sshd = await startSshd()
  const project = new Project({
    'hosts.ini': `node-1 ansible_host=127.0.0.1 ansible_port=${sshd.port} ansible_ssh_private_key_file=${sshd.privateKey}
[all:vars]
ansible_ssh_common_args=-o UserKnownHostsFile=${sshd.knownHosts}
`,
    'site.ts': site(dir),
    'tree/same': 'same\n',
    'tree/sub/new': 'new\n',
    'tree/kind/now-a-file': 'x',
  })
  Object.assign(context, { sshd, project, dir })
  run('groupadd', '-g', '47100', 'rest-undo')
  run('useradd', '-u', '47101', '-m', '-c', 'as it was', '-G', 'rest-undo', '-s', '/bin/sh', 'svc-undo')
  run('useradd', '-u', '47102', '-m', '-G', 'rest-undo', '-s', '/bin/bash', 'old-undo')
  run('sh', '-c', 'echo "old-undo:$(openssl passwd -6 hunter2)" | chpasswd -e; chage -M 77 -E 2030-01-01 old-undo')
  writeFileSync('/home/old-undo/letter', 'dear\n')
  run('sh', '-c', 'printf "# mine\\n# switchover: old\\n1 2 * * * old\\n" | crontab -u root -')
  run(
    'sh',
    '-c',
    `cd ${dir} && mkdir -p tree/gone tree/kind owned/deep logs && echo same >tree/same && echo 1 >tree/gone/1
ln -s ../same tree/gone/link; mkdir tree/kind/now-a-file; echo 2 >owned/deep/2; chown -R daemon owned; chmod 640 owned/deep/2
echo z >logs/a.gz; echo z >logs/b.log; printf 'one\\n' >app.conf; chmod 600 app.conf`,
  )
})
test.after(async ({ sshd, project }) => {
  await sshd.stop()
  project[Symbol.dispose]()
})
const inventory = ['-i', 'hosts.ini'] as const

test('accounts, tables, mounts, the kernel and trees are as they were, and an undo of the undo does it again', async ({
  project,
  dir,
}) => {
  const before = snapshot(dir)
  const done = await project.run(['site.ts', ...inventory, '--no-type-check', '--undoable'])
  assert.is(done.code, 0, done.stdout + done.stderr)
  const after = snapshot(dir)
  assert.is.not(after, before)
  const checked = await project.run(['undo', 'latest', '--check', '-D'])
  assert.is(checked.code, 0, checked.stdout + checked.stderr)
  assert.match(checked.stdout, /changed: \[node-1\]/)
  assert.is(snapshot(dir), after, 'a check changes nothing')
  const undone = await project.run(['undo', 'latest'])
  assert.is(undone.code, 0, undone.stdout + undone.stderr)
  assert.is(undone.stderr, '')
  assert.is(snapshot(dir), before)
  const again = await project.run(['undo', 'latest'])
  assert.is(again.code, 0, again.stdout + again.stderr)
  assert.is(snapshot(dir), after)
  const back = await project.run(['undo', 'latest'])
  assert.is(back.code, 0, back.stdout + back.stderr)
  assert.is(snapshot(dir), before)
  // No hash of a password has come here.
  for (const name of readdirSync(`${project.path}/.switchover/undo`))
    assert.not.match(run('cat', `${project.path}/.switchover/undo/${name}`), /\$6\$/)
})

test('an undo that was killed goes on with --resume, from wherever it was', async ({ project, dir }) => {
  const before = snapshot(dir)
  for (const at of ['note on', 'attributes below', 'crontab of root', 'group team-undo']) {
    const done = await project.run(['site.ts', ...inventory, '--no-type-check', '--undoable'])
    assert.is(done.code, 0, done.stdout + done.stderr)
    const name = readdirSync(`${project.path}/.switchover/undo`).sort().at(-1)!.slice(0, -6)
    const undoing = project.start(['undo', name])
    await undoing.printed(`TASK [Put back ${at === 'note on' ? '/home/svc-undo/note' : at}`)
    undoing.process.kill('SIGKILL')
    await undoing.ended
    const resumed = await project.run(['undo', name, '--resume', '-y'])
    assert.is(resumed.code, 0, resumed.stdout + resumed.stderr)
    assert.is(snapshot(dir), before, `killed at ${at}`)
  }
})

test('what is changed since is left alone, whatever it is; hosts that are not there are said', async ({
  project,
  dir,
}) => {
  const before = snapshot(dir)
  const done = await project.run(['site.ts', ...inventory, '--no-type-check', '--undoable'])
  assert.is(done.code, 0, done.stdout + done.stderr)
  run('sh', '-c', 'printf "9 9 * * * theirs\\n" | crontab -u svc-undo -')
  const name = readdirSync(`${project.path}/.switchover/undo`).sort().at(-1)!.slice(0, -6)
  const refused = await project.run(['undo', name])
  assert.is(refused.code, 2, refused.stdout)
  assert.match(
    refused.stdout,
    /crontab of svc-undo was changed since: before the run it was nothing, after it a table \(sha256 \w+\), and now a table/,
  )
  assert.match(refused.stdout, /try: put it back all the same: \S+ undo \S+ --force 'crontab of svc-undo'/)
  const forced = await project.run(['undo', name, '--force', 'crontab of svc-undo'])
  assert.is(forced.code, 0, forced.stdout + forced.stderr)
  assert.is(snapshot(dir), before)
  project.write('gone.ini', 'node-1 ansible_host=127.0.0.1 ansible_port=1 ansible_connection=ssh\n')
  const unreachable = await project.run(['undo', name, '-i', 'gone.ini'])
  assert.is.not(unreachable.code, 0)
  assert.match(unreachable.stdout, /node-1 .*unreachable=1/)
  rmSync(`${dir}/nothing`, { force: true })
})

test.run()
