import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withCommand } from '../../rig/command.ts'
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

test('not in place of what is no such page', async () => {
  project.write('index.html', '<!doctype html>\n<html lang="en">mine')
  const { stderr, code } = await project.run(['report', 'latest', '--html', 'index.html'])
  assert.match(stderr, /^index\.html is there already and is not the page of a run: .* - name another file\n$/)
  assert.is(code, 5)
  assert.is((await project.run(['report', 'latest', '--html', 'two.html'])).code, 0)
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

test('the runs of the parts of an inventory are joined, as the guide has it', async () => {
  const guide = readFileSync(new URL('../../../lib/guide/shards.md', import.meta.url), 'utf8')
  const [, recipe = ''] = /^```sh\n([^]*?)^```$/m.exec(guide) ?? []
  using own = new Project({
    'hosts.ini': ['a', 'b', 'c', 'd', 'e'].map((host) => `${host} ansible_connection=local\n`).join(''),
    'site.ts': `import { play, playbook, role } from 'switchover'
const tell = role('tell', {}, ({ task }) => {
  task('Tell it', (host) => {
    if (host.name === process.env.BROKEN) throw new Error('no room')
  })
})
export default playbook('Site', [play('Tell', { hosts: 'all' }, [tell])])
`,
  })
  const small = recipe.replace('size=500', 'size=2').replace('1999', '4')
  const ended = (broken: string) =>
    spawnSync('sh', ['-c', small], {
      cwd: own.path,
      env: { ...process.env, ...withCommand, NO_COLOR: '1', HOME: own.path, BROKEN: broken },
      encoding: 'utf8',
    })
  const { status, stdout } = ended('d')
  const [, recap = ''] =
    stdout
      .split(/^(?=PLAY RECAP)/m)
      .at(-1)
      ?.split(/^(PLAY RECAP[^]*?\n)\n/m) ?? []
  assert.match(recap, /^a : ok=1 .*\nb : ok=1 .*\nc : ok=1 .*\nd : ok=0 .*failed=1.*\ne : ok=1 /m)
  assert.match(stdout, /^Failed after .*$/m)
  assert.is(status, 2)
})

test('one that has no end counts as crashed, and its journal may lie anywhere', async () => {
  const killed = events('killed').split('\n').slice(0, 2).join('\n')
  project.write('brought/one.jsonl', events('elsewhere'))
  project.write('brought/two.jsonl', `${killed}\n`)
  const fine = await project.run(['report', 'brought/one.jsonl', '20260202'])
  assert.match(fine.stdout, 'PLAY [elsewhere]')
  assert.match(fine.stdout, 'PLAY [two]')
  assert.is(fine.code, 0)
  assert.is((await project.run(['report', 'brought/one.jsonl', 'brought/two.jsonl'])).code, 1)
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
