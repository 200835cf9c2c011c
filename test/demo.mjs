// The demo: a fresh lab, the full upgrade of its cloud, and where to look afterwards.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const began = Date.now()

say(
  'A lab of four hosts: node-1 (the Havana controller), node-5 (a fresh Icehouse one), node-3 and node-4 (compute nodes).',
)
run('test/lab/lab', 'reset')
say('The cloud as it is, on node-1:')
run(
  'test/lab/lab',
  'enter',
  'node-1',
  'sh',
  '-c',
  '. /root/openrc && nova list && cinder list && nova-manage service list',
)
say('run playbooks/full-upgrade.ts -i inventory/lab')
const upgrade = spawnSync(
  process.execPath,
  ['lib/run.cjs', 'playbooks/full-upgrade.ts', '-i', 'inventory/lab', '--yes'],
  { stdio: 'inherit' },
)
if (upgrade.status !== 0) process.exit(upgrade.status ?? 1)
say('The same cloud, on node-5:')
run(
  'test/lab/lab',
  'enter',
  'node-5',
  'sh',
  '-c',
  '. /root/openrc && keystone endpoint-list && glance image-list && nova list && cinder list && nova-manage service list',
)
say(`Done in ${Math.round((Date.now() - began) / 1000)} s. The lab stays up; look around:

  npx run playbooks/full-upgrade.ts -i inventory/lab             again: nothing changes
  npx run playbooks/full-upgrade.ts -i inventory/lab -t config -C -D
  npx run cinder -i inventory/lab                                one role
  npx run playbooks/full-upgrade.ts --list-tasks -i inventory/lab
  test/lab/lab enter node-5                                      a shell on the new controller
  ls .switchover/runs                                            the journal of every run
  test/lab/lab down                                              when you have seen enough`)

function run(command, ...args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} failed\n`)
    process.exit(1)
  }
}

function say(text) {
  process.stdout.write(`\n── ${text}\n\n`)
}
