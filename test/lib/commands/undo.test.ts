import { spawnSync } from 'node:child_process'
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { local, modules, Project, words } from '../cli/project.ts'

const project = new Project({ 'inventory/lab.ts': local })
const dir = project.path
const of = (name: string) => `${dir}/${name}`
const read = (name: string) => readFileSync(of(name), 'utf8')
const mode = (name: string) => (statSync(of(name)).mode & 0o7777).toString(8)

project.write(
  'site.ts',
  `${words}${modules}
const { file, ini } = modules
export default playbook('site', [
  play('Change', { hosts: 'db' }, ({ task }) => {
    task('Edit', ini.set('${dir}/app.ini', { a: { b: 2 } }))
    task('Edit again', ini.set('${dir}/app.ini', { a: { c: 3 } }))
    task('Close', file.attributes('${dir}/open', { mode: '0600' }))
    task('Make the folder', file.directory('${dir}/made/deep'))
    task('Make a file', file.content('${dir}/made/deep/file', 'new\\n'))
    task('Drop the tree', file.absent('${dir}/tree'))
    task('Lead elsewhere', file.link('${dir}/link', '${dir}/open'))
    task('Do something else', shell\`true\`)
  }),
])
`,
)
function before() {
  for (const one of ['app.ini', 'open', 'tree', 'link', 'made']) rmSync(of(one), { recursive: true, force: true })
  project.write('app.ini', '[a]\nb = 1\npassword = hunter2-secret\n', 0o640)
  project.write('open', 'x', 0o644)
  project.write('tree/one', '1', 0o600)
  project.write('tree/sub/two', '2')
}
function assertAsBefore() {
  assert.is(read('app.ini'), '[a]\nb = 1\npassword = hunter2-secret\n')
  assert.is(mode('app.ini'), '640')
  assert.is(mode('open'), '644')
  assert.not(existsSync(of('made')))
  assert.is(read('tree/one'), '1')
  assert.is(mode('tree/one'), '600')
  assert.is(read('tree/sub/two'), '2')
  assert.not(existsSync(of('link')))
}
const run = (...args: readonly string[]) => project.run(args)
const inventory = ['-i', 'inventory/lab'] as const

const test = suite('run undo')
test.after(() => {
  // Where the hosts of this test keep copies, which are all this machine.
  for (const list of readdirSync(of('.switchover/undo')))
    for (const folder of ['/var/lib/switchover/undo', of('.switchover-undo')])
      rmSync(join(folder, list.slice(0, -6)), { recursive: true, force: true })
  spawnSync('rmdir', ['/var/lib/switchover/undo', '/var/lib/switchover'])
  project[Symbol.dispose]()
})

test('what a run has replaced is put back, from the last to the first, and what cannot be is said beforehand', async () => {
  before()
  const done = await run('site.ts', ...inventory, '--undoable')
  assert.is(done.code, 0, done.stdout + done.stderr)
  assert.is(read('app.ini'), '[a]\nb = 2\npassword = hunter2-secret\nc = 3\n')
  assert.is(readlinkSync(of('link')), of('open'))
  const looked = await run('undo', 'latest', '--check')
  assert.is(looked.code, 0, looked.stdout)
  assert.match(looked.stdout, /^TASK \[Put back \S+\/tree\]\nchanged: \[db1\]$/m)
  assert.not(existsSync(of('tree')))
  const undone = await run('undo', 'latest')
  assert.is(undone.code, 0, undone.stdout + undone.stderr)
  assert.is(
    undone.stderr,
    '1 change cannot be undone:\n  db1: shell: true («Do something else»): it does not say what it changes\n',
  )
  assertAsBefore()
  // What the host keeps stays there; what is here says nothing of it.
  const lists = readdirSync(of('.switchover/undo'))
  assert.is(lists.length, 2)
  for (const name of lists) {
    assert.is(statSync(of(`.switchover/undo/${name}`)).mode & 0o777, 0o600)
    assert.not(read(`.switchover/undo/${name}`).includes('hunter2'))
  }
})

test('it is a run itself: it is undone as any other', async () => {
  const { code, stdout } = await run('undo', 'latest')
  assert.is(code, 0, stdout)
  assert.is(read('app.ini'), '[a]\nb = 2\npassword = hunter2-secret\nc = 3\n')
  assert.is(mode('open'), '600')
  assert.is(read('made/deep/file'), 'new\n')
  assert.not(existsSync(of('tree')))
  assert.is(readlinkSync(of('link')), of('open'))
})

test('what somebody has changed since is left alone, and put back when that is said', async () => {
  before()
  await run('site.ts', ...inventory, '--undoable')
  writeFileSync(of('made/deep/file'), 'theirs\n')
  rmSync(of('link'))
  symlinkSync('elsewhere', of('link'))
  const refused = await run('undo', 'latest')
  assert.is(refused.code, 2)
  // All that nobody has changed is as it was, and what stays is told together, with what to type.
  assert.is(read('app.ini'), '[a]\nb = 1\npassword = hunter2-secret\n')
  assert.match(
    refused.stdout,
    /\/made\/deep\/file was changed since: before the run it was nothing, after it a file of 4 bytes \(0644, \d+:\d+, \w{8}\), and now a file of 7 bytes/,
  )
  assert.match(refused.stdout, /\/link was changed since: [^;]* and now a link to elsewhere/)
  assert.is(read('made/deep/file'), 'theirs\n')
  const runs = readdirSync(of('.switchover/undo')).sort()
  const first = runs.at(-2)!.slice(0, -6)
  const typed = /try: put them back all the same: \S+ undo (.*)$/m.exec(refused.stdout.replace(/\n {4,}/g, ' '))![1]!
  assert.equal(typed.split(' '), [first, ...['link', 'made/deep/file'].flatMap((name) => ['--force', of(name)])])
  const misspelt = await run('undo', first, '--force', of('made/deep/fiel'))
  assert.is(
    misspelt.stderr,
    `--force ${of('made/deep/fiel')}: run ${first} has replaced nothing of that name - ` +
      `did you mean ${of('made/deep/file')}?\n`,
  )
  assert.is(misspelt.code, 5)
  assert.is(read('made/deep/file'), 'theirs\n')
  const forced = await run('undo', ...typed.split(' '))
  assert.is(forced.code, 0, forced.stdout)
  assertAsBefore()
})

test('a limit that leaves no host of the run is refused', async () => {
  const { stderr, code } = await run('undo', 'latest', '-l', 'web2')
  assert.match(stderr, /^run \S+ has replaced nothing on a host that -l web2 leaves - it has on db1\n$/)
  assert.is(code, 7)
})

test('a run of which nothing is kept', async () => {
  const { stderr, code } = await run('undo', '20010101')
  assert.match(stderr, /^nothing is kept of a run 20010101 - recorded: /)
  assert.is(code, 5)
})

test.run()
