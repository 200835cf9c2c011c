import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurn, Project, words } from './project.ts'

/** What a playbook does that nobody catches; the line that is to be named ends with a mark. */
interface Stray {
  readonly name: string
  /** At the top of the playbook. */
  readonly top?: string
  readonly body: string
  readonly reason: string
  readonly code?: number
}
const strays: readonly Stray[] = [
  {
    name: 'a timer in a body that throws, while the body waits for it for ever',
    body: `await new Promise(() => setTimeout(() => {
      throw new Error('the timer fails') // here
    }, 1))`,
    reason: 'the timer fails',
  },
  {
    name: 'a timer of the playbook that throws while a command runs',
    top: `let timer = () => {
      throw new Error('the timer fails') // here
    }`,
    body: 'setTimeout(timer, 1)\nawait host.run(shell`sleep 30`)',
    reason: 'the timer fails',
  },
  {
    name: 'a promise that nobody waits for',
    body: `void Promise.reject(new Error('the promise fails')) // here
    await host.run(shell\`sleep 30\`)`,
    reason: 'the promise fails',
  },
  {
    name: 'what follows a command that nobody waits for',
    body: `void host.run(shell\`exit 3\`).then(() => {}) // not here
    await host.run(shell\`sleep 30\`) // here`,
    reason: 'shell: exit 3: the command failed and said nothing (exit code 3)',
  },
  {
    name: 'something thrown that is no error',
    body: `setTimeout(() => {
      throw 'a text'
    }, 1)
    await host.run(shell\`sleep 30\`)`,
    reason: 'something that is no error was thrown: a text',
  },
]

const playbookOf = ({ top = '', body }: Pick<Stray, 'top' | 'body'>) => `${words}${top}
export default playbook('site', [ // the playbook
  play('one', { hosts: 'all' }, ({ task }) => {
    task('Before', () => null)
    task('Stray', async (host) => {
    ${body}
    })
    task('After', (host) => shell\`touch \${host.name}.after\`)
  }),
])
`
const options = ['-i', 'one,', '-c', 'local', '--no-type-check']
const test = suite('errors that nobody catches')

test('end the run in order, and say where they come from', async () => {
  const found = await inTurn(strays, async ({ name, reason, ...stray }) => {
    using project = new Project({ 'site.ts': playbookOf(stray) })
    const { code, stdout, stderr } = await project.run(['site.ts', ...options])
    const said = `${name}:\n${stdout}${stderr}`
    assert.is(code, 1, said)
    assert.is(stderr, '', said)
    assert.match(stdout, '✖ nobody caught this error, and the run is over\n', said)
    assert.match(stdout, reason, said)
    const lines = playbookOf(stray).split('\n')
    const line = lines.findIndex((text) => text.endsWith('// here')) + 1
    if (line > 0) assert.match(stdout, `    at site.ts:${line}\n`, said)
    assert.match(stdout, /\nPLAY RECAP\none +: ok=/, said)
    assert.match(stdout, /\nCrashed after /, said)
    assert.not.match(stdout, /TASK \[After\]/, said)
    const runs = path.join(project.path, '.switchover/runs')
    const journal = readdirSync(runs).map((file) => readFileSync(path.join(runs, file), 'utf8').trim().split('\n'))
    const last = JSON.parse(journal[0]!.at(-1)!) as { type: string; outcome: string }
    assert.equal([last.type, last.outcome], ['run-finished', 'crashed'], said)
    assert.equal(readdirSync(path.join(project.path, '.switchover/locks')), [], said)
    assert.match((await project.run(['history'])).stdout, 'crashed', said)
    return name
  })
  assert.is(found.length, strays.length)
})

const leaving: readonly (readonly [body: string, code: number, place: boolean])[] = [
  ['process.exit(0) // here', 1, true],
  ['process.exit() // here', 1, true],
  ['process.exit(3) // here', 3, true],
  ['setTimeout(() => {\nprocess.exit(0) // here\n}, 1)\nawait host.run(shell`sleep 30`)', 1, true],
  // No connection has been opened yet, and nothing else keeps the process from ending.
  ['await new Promise(() => {})', 1, false],
]
test('nothing in a playbook makes a run that is not over a success', async () => {
  await inTurn(leaving, async ([body, code, place]) => {
    using project = new Project({ 'site.ts': playbookOf({ body }) })
    const ended = await project.run(['site.ts', ...options])
    const said = `${body}:\n${ended.stdout}${ended.stderr}`
    assert.is(ended.code, code, said)
    assert.match(ended.stderr, '[WARNING]: the run has not come to its end: ', said)
    const line = playbookOf({ body })
      .split('\n')
      .findIndex((text) => text.endsWith('// here'))
    if (place) assert.match(ended.stderr, `process.exit was called at site.ts:${line + 1}`, said)
    assert.not(existsSync(path.join(project.path, 'one.after')), said)
    assert.equal(readdirSync(path.join(project.path, '.switchover/locks')), [], said)
  })
})

const caught = 'catch it there, or do that in the body of a task, which then fails on its host'
test('before a run begins and after it has ended, they are told in a line', async () => {
  const late = "process.on('exit', () => {\n  throw new Error('too late') // here\n})\n"
  const early = "setTimeout(() => {\n  throw new Error('too early') // here\n}, 1)\nawait new Promise(() => {})\n"
  await inTurn([early, late], async (top) => {
    using project = new Project({ 'site.ts': playbookOf({ top, body: '' }) })
    const { code, stderr } = await project.run(['site.ts', ...options])
    const line =
      playbookOf({ top, body: '' })
        .split('\n')
        .findIndex((text) => text.endsWith('// here')) + 1
    assert.is(
      stderr,
      `nobody caught this error: too ${top === early ? 'early' : 'late'} - ${caught} (site.ts:${line})\n`,
    )
    assert.is(code, 1)
  })
})

test.run()
