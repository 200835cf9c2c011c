import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { local, Project, words } from '../cli/project.ts'

const project = new Project({
  'inventory/lab.ts': local,
  'inventory/live.yaml': 'all: {}\n',
  'playbooks/site.ts': `${words}export default playbook('site', [play('p', { hosts: 'web', tags: ['web'] }, ({ task }) => { task('T', { tags: ['work'] }, shell\`true\`) })])\n`,
  'roles/nginx/index.ts': '',
  'bin/run': `#!/bin/sh\nexec ${process.execPath} ${new URL('../../../lib/run.cjs', import.meta.url).pathname} "$@"\n`,
})
project.write(
  'bin/run',
  `#!/bin/sh\nexec ${process.execPath} ${new URL('../../../lib/run.cjs', import.meta.url).pathname} "$@"\n`,
  0o755,
)

/** What bash offers for a line whose last word is being typed. */
function offered(line: readonly string[]): readonly string[] {
  const script = `eval "$(run completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _run_complete; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...line], {
    cwd: project.path,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${project.path}/bin:${process.env['PATH']}` },
  })
  assert.is(stderr, '')
  return stdout.split('\n').filter(Boolean)
}

const test = suite('completion')
test.after(() => project[Symbol.dispose]())

test('playbooks, roles, commands', () => {
  assert.equal(offered(['run', 'p']), ['plan', 'playbooks/site.ts'])
  assert.equal(offered(['run', 'n']), ['nginx'])
  assert.equal(offered(['run', 'vault', 'e']), ['encrypt', 'edit', 'encrypt-string'])
})
test('options', () => {
  assert.equal(offered(['run', 'playbooks/site.ts', '--list-t']), ['--list-tasks', '--list-tags'])
})
test('inventories, hosts and groups, tags', () => {
  assert.equal(offered(['run', 'playbooks/site.ts', '-i', '']), ['inventory/lab', 'inventory/live.yaml'])
  assert.equal(offered(['run', 'playbooks/site.ts', '-i', 'inventory/lab', '-l', 'w']), ['web', 'web1', 'web2'])
  assert.equal(offered(['run', 'playbooks/site.ts', '-i', 'inventory/lab', '-l', 'db1,web1']), ['db1,web1'])
  assert.equal(offered(['run', 'playbooks/site.ts', '--tags', '=', 'w']), ['web', 'work'])
  assert.equal(offered(['run', 'exec', '-i', 'inventory/lab', 'd']), ['db', 'db1'])
})
test('what a command takes is offered behind it, and nothing of the others', () => {
  project.write('.switchover/runs/20260101-000000-000aa.jsonl', '')
  assert.equal(offered(['run', 'report', '']), ['20260101-000000-000aa'])
  assert.equal(offered(['run', 'report', '--d']), ['--diff'])
  assert.equal(offered(['run', 'report', '--f']), [])
  assert.equal(offered(['run', 'unlock', '--f']), ['--force', '--forks'])
  assert.equal(offered(['run', 'inventory', '-i', 'inventory/lab', '--host', 'w']), ['web', 'web1', 'web2'])
  assert.equal(offered(['run', 'inventory', '--g']), ['--graph'])
  assert.equal(offered(['run', 'playbooks/site.ts', '--start-at-task', '']), ['T'])
  assert.equal(offered(['run', 'help', 'c']), ['config', 'completion'])
})
test('nothing is offered, and nothing fails, where nobody knows', () => {
  assert.equal(offered(['run', 'playbooks/none.ts', '-t', 'w']), [])
  assert.equal(offered(['run', 'exec', 'all', '--', 'ls', '-']), [])
})
test('for zsh, and for no other shell', async () => {
  assert.match((await project.run(['completion', 'zsh'])).stdout, /^#compdef run switchover\n/)
  const { stderr, code } = await project.run(['completion', 'fish'])
  assert.is(stderr, 'there is no shell fish - there are: bash, zsh\n')
  assert.is(code, 5)
})
test.run()
