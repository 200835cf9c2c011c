import { existsSync, readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '../../rig/sshd.ts'
import { local, Project, words } from '../cli/project.ts'

const project = new Project({ 'inventory/lab.ts': local })
const exec = (...args: readonly string[]) => project.run(['exec', ...args])
const test = suite('run exec')
test.after(() => project[Symbol.dispose]())

test('equal outputs are shown once, one word alone is a line of shell', async () => {
  const { stdout, code } = await exec('all', '-i', 'inventory/lab', '--', 'echo a | tr a b; echo "c  d" >&2')
  assert.is(stdout, 'web1, web2, db1 (3 hosts): ok\nb\nc  d\n')
  assert.is(code, 0)
})

test('several words are a command and its arguments', async () => {
  const on = (...words: readonly string[]) => exec('db', '-i', 'inventory/lab', '--', ...words)
  assert.is(
    (await on('printf', '%s\\n', 'a b', 'c', '', "it's", '$HOME', '*')).stdout,
    "db1: ok\na b\nc\n\nit's\n$HOME\n*\n",
  )
  assert.is((await on('sh', '-c', 'echo one; echo two')).stdout, 'db1: ok\none\ntwo\n')
  assert.is((await on('echo', '--', '-x')).stdout, 'db1: ok\n-- -x\n')
})

test('different ones apart, and an exit code is a failure', async () => {
  project.write('count', '')
  const script = `echo x >>${project.path}/count; n=$(wc -l <${project.path}/count); echo "turn $n"; exit $((n == 2 ? 3 : 0))`
  const { stdout, code } = await exec('all', '-i', 'inventory/lab', '-f', '1', '--', script)
  assert.is(stdout, 'web1: ok\nturn 1\n\nweb2: exit code 3\nturn 2\n\ndb1: ok\nturn 3\n')
  assert.is(code, 2)
})

test('as JSON; an unreachable host', async () => {
  project.write('key', '')
  project.write(
    'inventory/gone.ts',
    `${words}export default inventory({ hosts: { here: { settings: { connection: 'local' } }, gone: { settings: { address: '127.0.0.1', port: ${await freePort()} } } } })\n`,
  )
  const { stdout, code } = await exec('all', '-i', 'inventory/gone', '--json', '--', 'echo out; echo err >&2')
  const [here, gone] = JSON.parse(stdout) as { host: string; status: string; reason?: string }[]
  assert.equal(here, { host: 'here', status: 'ok', code: 0, stdout: 'out\n', stderr: 'err\n' })
  assert.is(gone?.status, 'unreachable')
  assert.match(gone?.reason ?? '', /connection refused/)
  assert.is(code, 4)
})

test('check mode runs nothing', async () => {
  const { stdout, code } = await exec('web', '-i', 'inventory/lab', '-C', '--', `touch ${project.path}/made`)
  assert.is(stdout, 'web1, web2 (2 hosts): skipped: it would run here\n')
  assert.is(code, 0)
})

test('a host that another run has locked is left alone, unless the command only looks', async () => {
  const holder = {
    run: '20260101-000000-abcd',
    pid: 1,
    machine: 'elsewhere',
    user: 'ops',
    since: '2026-01-01T00:00:00.000Z',
  }
  project.write('.switchover/locks/web2.lock', JSON.stringify({ ...holder, playbook: 'site', host: 'web2' }))
  const on = (...words: readonly string[]) => exec('web', '-i', 'inventory/lab', ...words)
  const { code, stderr, stdout } = await on('--', `touch ${project.path}/locked`)
  assert.match(stderr, /^web2 is locked by run 20260101-000000-abcd of «site»/)
  assert.equal([code, stdout], [9, ''])
  assert.not(existsSync(`${project.path}/locked`))
  assert.is((await on('--probe', '--', 'echo seen')).stdout, 'web1, web2 (2 hosts): ok\nseen\n')
  assert.is((await on('--probe', '-C', '--', 'echo', 'seen')).stdout, 'web1, web2 (2 hosts): ok\nseen\n')
  assert.is((await on('--probe', '--', 'exit 3')).code, 2)
  assert.is((await project.run(['unlock', '2026'])).code, 0)
  assert.is((await on('--', `touch ${project.path}/locked`)).code, 0)
  assert.equal(readdirSync(`${project.path}/.switchover/locks`), [], 'its own locks are released')
})

test('what is missing', async () => {
  const none = await exec('all', '-i', 'inventory/lab')
  assert.is(none.stderr, 'no command - write it behind two dashes: run exec PATTERN -i INVENTORY -- COMMAND\n')
  assert.is(none.code, 5)
  const nobody = await exec('wbe', '-i', 'inventory/lab', '--', 'true')
  assert.is(nobody.stderr, 'no host or group matches wbe - did you mean web?\n')
  assert.is(nobody.code, 7)
})

test('it is recorded', async () => {
  const { stdout } = await project.run(['history'])
  assert.not.match(stdout, '--probe', 'who only looks leaves nothing')
  assert.match(
    stdout,
    /^\S+ +ok +3 hosts +3 changed +\S+ s +run exec all -i inventory\/lab -- 'echo a \| tr a b; echo "c {2}d" >&2'$/m,
  )
  assert.match((await project.run(['report', 'latest'])).stdout, /^PLAY \[exec\]\n/)
  assert.is((await exec('db', '-i', 'inventory/lab', '--', 'exit 3')).code, 2)
  assert.not.match((await project.run(['report', 'latest'])).stdout, 'unknown')
})

test.run()
