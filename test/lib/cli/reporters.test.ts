import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project, words } from './project.ts'

const reporter = (body: string) => `import type { Reporter } from 'switchover/kit'\n${body}\n`
/** One that notes what it hears, and does something besides. */
const noting = (file: string, inReport = '', inClose = '', name = 'reporter') =>
  reporter(`import { appendFileSync } from 'node:fs'
export function ${name}(): Reporter {
  return {
    report(event) { appendFileSync('${file}', \`\${event.type} \${'text' in event ? event.text : ''}\\n\`); ${inReport} },
    async close() { appendFileSync('${file}', 'closed\\n'); ${inClose} },
  }
}`)
const project = new Project({
  'site.ts': `${words}export default playbook('site', [play('p', { hosts: 'all', vars: { key: secret } }, ({ task }) => {
  task('Say', (host) => shell({ long: true, stdin: host.vars.key })\`cat; echo\`)
})])
`,
  'notes.ts': noting('notes'),
  'default.ts': noting('default').replace('export function reporter', 'export default function'),
  'later.ts': noting('later').replace(
    'export function reporter(): Reporter',
    'export async function reporter(): Promise<Reporter>',
  ),
  'throws.ts': noting('throws', "if (event.type === 'task-started') throw new Error('never again')"),
  'rejects.ts': noting('rejects').replace(
    'report(event) {',
    "async report(event) { if (event.type === 'output') throw new Error('not awaited');",
  ),
  'unclosed.ts': noting('unclosed', '', "throw new Error('the door is stuck')"),
  'none.ts': 'export const reporter = 3\n',
  'half.ts': 'export const reporter = () => ({ report() {} })\n',
  'breaks.ts': "export const reporter = () => { throw new Error('no service') }\n",
})
const read = (name: string) => readFileSync(path.join(project.path, name), 'utf8')
let turn = 0
const run = async (...args: readonly string[]) => {
  // Each on a host of its own, so that none waits for another.
  const ended = await project.run(['site.ts', '-i', `a${turn++},`, '-c', 'local', '-e', 'key=hidden-word', ...args])
  return ended
}

const test = suite('reporters of somebody’s own')
test.after(() => project[Symbol.dispose]())

test('hear everything, with secrets masked, in place of the screen', async () => {
  const { code, stdout, stderr } = await run('-o', './notes.ts')
  assert.equal([code, stdout, stderr], [0, '', ''])
  const heard = read('notes')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('output'))
  // In whatever order they come to be known: whom the run met, what it read, what was planned.
  const known = ['change-planned', 'host-met', 'vars-read']
  assert.equal(
    heard.filter((type) => !known.includes(type)),
    ['run-started', 'play-started', 'task-started', 'host-started', 'task-finished', 'run-finished', 'closed'],
  )
  assert.equal(heard.filter((type) => known.includes(type)).sort(), known)
  assert.match(read('notes'), 'output ‹key›')
  assert.not.match(read('notes'), 'hidden-word')
})

test('are made by a default too, and may take their time; the screen stays where it is named', async () => {
  for (const file of ['default', 'later']) {
    const { code, stdout } = await run('-o', `./${file}.ts`, '-o', 'lines', '--no-type-check')
    assert.is(code, 0)
    assert.match(stdout, 'PLAY RECAP')
    assert.match(read(file), 'run-finished')
  }
  const { stdout } = await run('-o', './notes.ts', '-o', 'json', '--no-type-check')
  assert.is(JSON.parse(stdout.split('\n')[0]!).type, 'run-started')
})

test('harm no run, whatever they do', async () => {
  for (const [file, says] of [
    ['throws', 'never again'],
    ['rejects', 'not awaited'],
    ['unclosed', 'the door is stuck'],
  ] as const) {
    const { code, stderr } = await run('-o', `./${file}.ts`, '-o', 'lines', '--no-type-check')
    assert.is(code, 0, stderr)
    const warnings = stderr.split('\n').filter((line) => line.includes('WARNING'))
    assert.equal(warnings, [`[WARNING]: the reporter ${file}.ts broke off, the run goes on: Error: ${says}`])
    assert.match(read(file), 'closed')
  }
  assert.not.match(read('throws'), 'run-finished', 'it is left alone')
})

test('are refused before anything is begun when they cannot be had', async () => {
  const hint = 'write: export function reporter(): Reporter { return { report(event) { … }, async close() { … } } }'
  for (const [file, says] of [
    ['none', `none.ts makes no reporter - ${hint}`],
    ['half', `half.ts makes no reporter - ${hint}`],
    [
      'breaks',
      'breaks.ts cannot be loaded: no service - it comes up while the file is loaded, before any task: mend it there (breaks.ts:1)',
    ],
  ] as const) {
    const { code, stdout, stderr } = await run('-o', `./${file}.ts`, '--no-type-check')
    assert.equal([stderr, stdout, code], [`${says}\n`, '', 6])
  }
  assert.is(
    (await run('-o', 'json', '-o', 'lines')).stderr,
    '-o lines and -o json exclude each other: both are for stdout - leave one of them out\n',
  )
})

test('are checked for their types as a playbook is', async () => {
  project.write('typo.ts', noting('typo', 'event.tpye'))
  const { code, stderr } = await run('-o', './typo.ts')
  assert.is(code, 6)
  assert.match(stderr, /^Property 'tpye' does not exist on type .*\(typo\.ts:5\)\n/)
})

test('a JUnit file that cannot be written is refused before anything is begun', async () => {
  project.write('file', '')
  const { code, stdout, stderr } = await run('-o', 'junit=file/report.xml', '--no-type-check')
  assert.equal([code, stdout], [6, ''])
  assert.match(stderr, /^file: something lies there already - see what lies there, and whose it is: ls -ld . file\n$/)
  const below = await run('-o', 'junit=below/two/also.xml', '--no-type-check')
  assert.is(below.code, 0)
  assert.match(read('below/two/also.xml'), '<testsuites')
})

test('a file that is no JUnit report is not made one; an earlier report is replaced', async () => {
  const before = read('below/two/also.xml')
  const { code, stderr } = await run('-o', 'junit=site.ts', '--no-type-check')
  assert.equal(
    [code, stderr],
    [5, 'site.ts is there already and is not a JUnit report: nothing is written over it - name another file\n'],
  )
  assert.is((await run('-o', 'junit=below/two/also.xml', '--no-type-check')).code, 0)
  assert.is.not(read('below/two/also.xml'), before)
})

test.run()
