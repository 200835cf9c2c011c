import { readdirSync, utimesSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project, words } from '../cli/project.ts'

const test = suite('run history')

test('lists the runs of a playbook, those that came to a host, and the latest', async () => {
  using project = new Project()
  const journal = (run: string, playbook: string, host: string) => {
    const finished = { type: 'task-finished', path: { play: 'p', blocks: [], task: 't' }, host, status: 'ok' }
    const events = [
      { type: 'run-started', run, playbook, check: false, hosts: [host], argv: [] },
      { ...finished, delegated: [], at: { file: 'x', line: 1, column: 1 }, handler: false, milliseconds: 1, time: 1 },
    ]
    project.write(`.switchover/runs/${run}.jsonl`, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  }
  journal('20260101-000000-0001', 'site', 'web1')
  journal('20260102-000000-0002', 'site', 'web2')
  journal('20260103-000000-0003', 'other', 'web1')
  const listed = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await project.run(['history', '--json', ...args])
    assert.is(code, 0, stderr)
    return (JSON.parse(stdout) as { run: string }[]).map(({ run }) => Number(run.slice(-1)))
  }
  assert.equal(await listed(), [1, 2, 3])
  assert.equal(await listed('--playbook', 'site'), [1, 2])
  assert.equal(await listed('--host', 'web1'), [1, 3])
  assert.equal(await listed('--host', 'web1', '--last', '1'), [3])
  const none = await project.run(['history', '--host', 'db1'])
  assert.is(none.stdout, 'none of the 3 runs here is such a one\n')
})

test('a run removes the journals that nothing needs and that are beyond the settings, and says so', async () => {
  using project = new Project({ 'hosts.ini': 'here ansible_connection=local\n' })
  project.write('run.config.json', '{"keep-days": 30}')
  project.write(
    'site.ts',
    `${words}export default playbook('site', [play('P', { hosts: 'all' }, ({ task }) => {
    task('T', shell\`true\`)
  })])`,
  )
  const shown = await project.run(['config'])
  assert.match(shown.stdout, /^keep-days +30 +run\.config\.json$/m)
  assert.match(shown.stdout, /^keep-megabytes +1000 +default$/m)
  const run = () => project.run(['site.ts', '-i', 'hosts.ini', '--no-type-check', '-o', 'lines'])
  const first = await run()
  assert.is(first.code, 0, first.stdout + first.stderr)
  const runs = () => readdirSync(`${project.path}/.switchover/runs`)
  const [old] = runs()
  utimesSync(`${project.path}/.switchover/runs/${old}`, 1, 1)
  // It is the newest when the next one starts, and not when the one after that does.
  await run()
  assert.is(runs().length, 2)
  const third = await run()
  assert.match(
    third.stdout + third.stderr,
    new RegExp(
      `removed the journal of ${old!.slice(0, -6)}: 0\\.0 MB beyond keep-days \\(30\\) or keep-megabytes \\(1000\\)`,
    ),
  )
  assert.is(runs().length, 2)
  assert.not(runs().includes(old!))
})

test.run()
