import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from '../cli/project.ts'

const events = (outcome: string) =>
  [
    {
      type: 'run-started',
      run: 'r',
      playbook: outcome,
      check: false,
      hosts: [],
      plays: 0,
      tasks: 0,
      argv: [],
      time: 0,
    },
    { type: 'play-started', play: outcome, hosts: [], batches: 1, time: 0 },
    { type: 'run-finished', run: 'r', outcome: 'ok', milliseconds: 0, owed: [], time: 0 },
  ]
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
const project = new Project({
  '.switchover/runs/20260101-000000-000aa.jsonl': events('one'),
  '.switchover/runs/20260101-000000-000aab.jsonl': events('longer'),
  '.switchover/runs/20260202-000000-000bb.jsonl': events('two'),
})
const test = suite('run report')
test.after(() => project[Symbol.dispose]())

test('a run by its name, by the only beginning, the latest', async () => {
  for (const [named, play] of [
    ['20260101-000000-000aa', 'one'],
    ['20260101-000000-000aab', 'longer'],
    ['202602', 'two'],
    ['latest', 'two'],
  ] as const) {
    const { stdout, code } = await project.run(['report', named])
    assert.match(stdout, `PLAY [${play}]`, named)
    assert.is(code, 0)
  }
})

test('as a page of its own, for its owner alone', async () => {
  const { stdout, code } = await project.run(['report', 'latest', '--html', 'two.html'])
  assert.equal([stdout, code], ['two.html is written\n', 0])
  const file = path.join(project.path, 'two.html')
  assert.match(readFileSync(file, 'utf8'), '<title>two</title>')
  assert.is(statSync(file).mode & 0o777, 0o600)
})

test('a playbook that asks for it leaves its page by itself, and says where; in check mode none', async () => {
  using own = new Project({
    'hosts.ini': 'a ansible_connection=local\n',
    'site.ts': `import { play, playbook, role } from 'switchover'
const tell = role('tell', {}, ({ task }) => {
  task('Tell it', (host) => host.log('three rows'))
})
export default playbook('Site', [play('Tell', { hosts: 'all' }, [tell])], { page: true })
`,
  })
  const checked = await own.run(['site.ts', '-i', 'hosts.ini', '--check'])
  assert.not.match(checked.stderr, 'The report')
  const { stderr, code } = await own.run(['site.ts', '-i', 'hosts.ini'])
  const [, file = ''] = /^The report of this run: (\.switchover\/runs\/\S+\.html)$/m.exec(stderr) ?? []
  assert.is(code, 0, stderr)
  assert.match(readFileSync(path.join(own.path, file), 'utf8'), /Site[^]*ok<\/b>[^]*three rows/)
  assert.is(statSync(path.join(own.path, file)).mode & 0o777, 0o600)
})

test('a beginning of several is refused with their names, and one of none', async () => {
  for (const [named, says] of [
    [
      '2026',
      'several runs begin with 2026 - they are: 20260101-000000-000aa, 20260101-000000-000aab, 20260202-000000-000bb\n',
    ],
    [
      '2027',
      'there is no recorded run 2027 - recorded: 20260101-000000-000aa, 20260101-000000-000aab, 20260202-000000-000bb\n',
    ],
  ] as const) {
    const { stdout, stderr, code } = await project.run(['report', named])
    assert.equal([stdout, stderr, code], ['', says, 5])
  }
})

test.run()
