import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { modules, Project, words } from './project.ts'

const test = suite('going on with a run')

const site = `${words}
export default playbook('site', [
  play('one', { hosts: 'all', vars: { greeting: text } }, ({ task, handler }) => {
    const restart = handler('Restart', (host) => shell\`echo restart >> \${host.name}.log\`)
    task('Greet', { notify: restart }, (host) => shell\`echo greet \${host.vars.greeting} >> \${host.name}.log\`)
    task('Work', (host) => shell\`echo work >> \${host.name}.log\`)
    task('Last', (host) => shell\`test -e mended && echo last >> \${host.name}.log\`)
  }),
])
`
const back = `${words}
export default playbook('back', [
  play('one', { hosts: 'all' }, ({ task }) => {
    task('Undo', (host) => shell\`echo undo >> \${host.name}.log\`)
  }),
])
`
const where = ['-i', 'one,', '-c', 'local', '--no-type-check']
const hi = ['-e', 'greeting=hi']

/** A project whose first run has failed at its last task. */
async function failed(): Promise<{ readonly project: Project; log(): readonly string[] }> {
  const project = new Project({ 'site.ts': site, 'back.ts': back })
  const { code, stdout, stderr } = await project.run(['site.ts', ...where, ...hi])
  assert.is(code, 2, stdout + stderr)
  project.write('mended', '')
  let read = 0
  const log = () => {
    const lines = readFileSync(path.join(project.path, 'one.log'), 'utf8').trim().split('\n')
    return lines.slice(read, (read = lines.length))
  }
  assert.equal(log(), ['greet hi', 'work'])
  return { project, log }
}
const warned = (stderr: string) => stderr.match(/(?<=^\[WARNING\]: ).*$/gm) ?? []

test('does what is left, and nothing twice', async () => {
  const { project, log } = await failed()
  using _ = project
  const { code, stderr } = await project.run(['site.ts', ...where, ...hi, '--resume'])
  assert.equal([code, warned(stderr), log()], [0, [], ['last', 'restart']])
})

test('knows its tasks where a word of their names is a password too', async () => {
  const secretSite = site.replaceAll("'Work'", "'Work of cinder'").replaceAll("'Restart'", "'Restart cinder'")
  const project = new Project({
    'site.ts': secretSite
      .replaceAll("'site'", "'site of cinder'")
      .replace('greeting: text', 'greeting: text, password: secret'),
    'hosts.yml': 'all: { hosts: { one: { greeting: hi, password: cinder, ansible_connection: local } } }\n',
  })
  using _ = project
  const args = ['site.ts', '-i', 'hosts.yml', '--no-type-check']
  assert.is((await project.run(args)).code, 2)
  project.write('mended', '')
  const { code, stderr } = await project.run([...args, '--resume'])
  assert.equal(
    [code, warned(stderr), readFileSync(path.join(project.path, 'one.log'), 'utf8')],
    [0, [], 'greet hi\nwork\nlast\nrestart\n'],
  )
})

test('does again what was edited, and what had other variables, and says so', async () => {
  const { project, log } = await failed()
  using _ = project
  project.write('site.ts', site.replace('echo work', 'echo works'))
  const edited = await project.run(['site.ts', ...where, ...hi, '--resume'])
  assert.equal(
    [edited.code, warned(edited.stderr), log()],
    [0, ['the playbook was edited: 1 task differs, to be run again: Work'], ['works', 'last', 'restart']],
  )
  const other = await failed()
  using __ = other.project
  const hello = await other.project.run(['site.ts', ...where, '-e', 'greeting=hello', '--resume'])
  assert.equal(
    [hello.code, warned(hello.stderr), other.log()],
    [
      0,
      ['greeting differs on one: 2 tasks that were done there run again'],
      ['greet hello', 'work', 'last', 'restart'],
    ],
  )
})

test('does all again where another run has worked since, and names it', async () => {
  const { project, log } = await failed()
  using _ = project
  assert.is((await project.run(['back.ts', ...where])).code, 0)
  const [, run] = readdirSync(path.join(project.path, '.switchover/runs')).sort()
  const { code, stderr } = await project.run(['site.ts', ...where, ...hi, '--resume'])
  assert.equal(
    [code, warned(stderr), log()],
    [
      0,
      [`another run worked on one since (${run!.slice(0, -6)} of «back»): 2 tasks that were done there run again`],
      ['undo', 'greet hi', 'work', 'last', 'restart'],
    ],
  )
})

test('a run that begins anew runs the handlers that the one before it owes', async () => {
  const { project, log } = await failed()
  using _ = project
  project.write('site.ts', site.replace(', { notify: restart }', ''))
  const { code, stderr } = await project.run(['site.ts', ...where, ...hi])
  assert.is(code, 0)
  assert.match(
    warned(stderr).join('\n'),
    /^run \S+ notified handlers and did not run them: «Restart» on one; they are due in this one$/,
  )
  assert.equal(log(), ['greet hi', 'work', 'last', 'restart'])
  assert.equal(warned((await project.run(['site.ts', ...where, ...hi])).stderr), [])
})

test('tells what it cannot read of a journal, and does again what nothing tells of', async () => {
  const { project, log } = await failed()
  using _ = project
  const [name] = readdirSync(path.join(project.path, '.switchover/runs'))
  const file = path.join(project.path, '.switchover/runs', name!)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const at = lines.findIndex((line) => line.includes('"task-finished"') && line.includes('"Work"'))
  project.write(`.switchover/runs/${name}`, `${lines.with(at, 'null').join('\n')}\n`)
  appendFileSync(file, 'garbage\n')
  const { code, stderr } = await project.run(['site.ts', ...where, ...hi, '--resume'])
  const unknown = 'what it said is not known: what nothing else tells of is done again'
  assert.equal(
    [code, warned(stderr), log()],
    [
      0,
      [
        `.switchover/runs/${name}:${at + 1} is damaged: it is no event; ${unknown}`,
        `.switchover/runs/${name}:${lines.length + 1} is damaged: it is no JSON; ${unknown}`,
      ],
      ['work', 'last', 'restart'],
    ],
  )
  const history = await project.run(['history'])
  assert.is(history.code, 0)
  assert.match(history.stderr, `${name}:${at + 1} is damaged: it is no event; it is passed over`)
})

test('asks whether what was done is still so, and does again what somebody has changed by hand', async () => {
  const project = new Project({
    'site.ts': `${words}${modules}
const { file, line } = modules
const at = (name: string) => process.cwd() + '/' + name
export default playbook('site', [
  play('one', { hosts: 'all' }, ({ ensure, task, handler }) => {
    const restart = handler('Restart', shell\`echo restart >> log\`)
    const made = task('Make', (host) => host.run(file.content(at('made'), 'made\\n')))
    ensure('Conf', { notify: restart }, () => file.content(at('conf'), 'wanted\\n', { mode: '0640' }))
    ensure('Other', () => file.content(at('other'), 'one\\n'))
    ensure('Link', () => file.link(at('link'), 'conf'))
    ensure('First', () => file.content(at('both'), 'a\\n'))
    ensure('Second', () => line.present(at('both'), { line: 'b' }))
    ensure('Later', () => file.content(at('later'), 'x\\n'))
    task('Command', () => shell\`echo y >> \${at('later')}\`)
    ensure('Gone', () => file.absent(at('gone')))
    task('Last', { when: (host) => host.result(made).changed }, shell\`test -e mended && echo last >> log\`)
  }),
])
`,
  })
  using _ = project
  project.write('gone', '')
  project.write('log', '')
  const text = (name: string) => readFileSync(path.join(project.path, name), 'utf8')
  const first = await project.run(['site.ts', ...where])
  assert.equal([first.code, text('log')], [2, ''], first.stdout + first.stderr)
  project.write('mended', '')
  for (const name of ['conf', 'gone', 'made']) project.write(name, 'by hand\n')
  appendFileSync(path.join(project.path, 'both'), 'by hand\n')
  const { code, stdout, stderr } = await project.run(['site.ts', ...where, '--resume'])
  assert.equal([code, warned(stderr)], [0, []], stdout + stderr)
  assert.match(stdout, /TASK \[Conf\]\none: changed since run \S+ did it: it is done again\nchanged: \[one\]/)
  assert.equal(stdout.match(/TASK \[.*?\]/g), ['TASK [Conf]', 'TASK [Last]'])
  // What other tasks of the run have made of it since is not undone, nor is done again what takes something away.
  assert.equal(['conf', 'both', 'later', 'gone', 'made', 'log'].map(text), [
    'wanted\n',
    'a\nb\nby hand\n',
    'x\ny\n',
    'by hand\n',
    'by hand\n',
    'last\nrestart\n',
  ])
})

test.run()
