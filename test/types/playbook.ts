// What must not compile. `tsc` is the test: a line that starts to compile makes its @ts-expect-error an error.
import {
  allHosts,
  flag,
  list,
  mapping,
  masked,
  number,
  oneHost,
  oneOf,
  parallel,
  play,
  playbook,
  role,
  Secret,
  secret,
  text,
} from '../../lib/index.ts'
import { operation } from '../../lib/model/operation.ts'
import type { Task } from '../../lib/index.ts'

const run = operation<string, null, string, string>((script) => script, {
  read: () => Promise.resolve(null),
  plan: (_state, script) => ({ result: '', change: script }),
  apply: () => Promise.resolve('said'),
})

const variables = {
  ip: text,
  port: number.or(80),
  debug: flag,
  names: list,
  options: mapping,
  password: secret,
  how: oneOf('sudo', 'su'),
  source: oneHost('source'),
  peers: allHosts('compute'),
  note: text.or(undefined),
}

export const descriptionsHaveTypes = role('descriptions', variables, ({ ensure, task }) => {
  const said: Task<string> = ensure('Right', ({ vars, on }) => run(`${vars.ip} ${on(vars.source).vars.port}`))
  ensure('Right too', { tags: ['config'], retries: 3 }, (host) => run(host.result(said)))
  ensure('A value', run('x'))
  task('An action', (host) => host.run(run(host.vars.ip)))
  // @ts-expect-error a misspelt variable is not there
  ensure('Misspelt', ({ vars }) => run(vars.ipp))
  // @ts-expect-error a description runs nothing
  ensure('Runs', (host) => host.run(run('x')))
  // @ts-expect-error a description writes no lines
  ensure('Logs', ({ log }) => run(String(log)))
  // @ts-expect-error a description does not wait
  ensure('Waits', async ({ vars }) => run(vars.ip))
  // @ts-expect-error a description gives an operation
  ensure('Gives nothing', ({ vars }) => vars.ip)
})

export const variablesHaveTypes = role('variables', variables, ({ task }) => {
  task('Right', (host) => {
    const { ip, port, debug, names, options, password, how, source, peers, note } = host.vars
    const all: readonly [
      string,
      number,
      boolean,
      readonly string[],
      Readonly<Record<string, string>>,
      Secret,
      'sudo' | 'su',
      string,
      number,
      string | undefined,
    ] = [ip, port, debug, names, options, password, how, source.name, peers.length, note]
    return { count: all.length }
  })
  // @ts-expect-error a misspelt variable is not there
  task('Misspelt', (host) => run(host.vars.ipp))
  // @ts-expect-error a number is no text
  task('Number for text', (host) => run(host.vars.port))
  // @ts-expect-error a variable that may be missing is no text
  task('Maybe missing', (host) => run(host.vars.note))
  // @ts-expect-error a secret is no text: it would end up on a command line
  task('Secret for text', (host) => run(host.vars.password))
  // @ts-expect-error a choice that is not among the words can never be
  task('Impossible choice', { when: (host) => host.vars.how === 'doas' }, run('x'))
  // @ts-expect-error variables are not to be changed
  task('Changed variable', (host) => void (host.vars.ip = '10.0.0.1'))
})

export const resultsHaveTypes = role('results', { password: secret }, ({ task }) => {
  const dump = task('Dump', async (host) => ({ path: '/tmp/dump', said: await host.run(run('dump')) }))
  const value: Task<string> = task('Value', run('x'))
  const returned: Task<string> = task('Returned', () => run('x'))
  task('Right', (host) =>
    run([host.result(dump).path, host.result(value), host.result(returned), host.resultIfRun(dump)?.said ?? ''].join()),
  )
  // @ts-expect-error the result has no such part
  task('No such part', (host) => run(host.result(dump).file))
  // @ts-expect-error the task may not have run
  task('May not have run', (host) => run(host.resultIfRun(dump).path))
  // @ts-expect-error tasks are values, not names
  task('By name', (host) => run(host.result('Dump')))
  // @ts-expect-error a secret may not be a result: results go to the journal
  task('Secret result', (host) => host.vars.password)
  // @ts-expect-error nor may what a secret stands in
  task('Secret in a text', (host) => ({ url: masked`mysql://${host.vars.password}@db` }))
  // @ts-expect-error a Map is not Json
  task('Map', () => new Map([['a', 1]]))
  // @ts-expect-error a function is not Json
  task('Function', () => ({ later: () => 1 }))
  // @ts-expect-error a list of operations would not be run
  task('Operations', () => [run('x'), run('y')])
})

export const handlersAreValues = role('handlers', {}, ({ task, handler }) => {
  const restart = handler('Restart', run('restart'))
  task('One', { notify: restart }, run('x'))
  task('Several', { notify: [restart, restart] }, run('x'))
  // @ts-expect-error handlers are values, not names
  task('By name', { notify: 'Restart' }, run('x'))
  // @ts-expect-error a task is no handler
  task('A task', { notify: task('Other', run('x')) }, run('x'))
  // @ts-expect-error a handler has no options of its own
  handler('With options', { retries: 3 }, run('x'))
})

export const optionsAreKnown = role('options', { ip: text }, ({ task, block, gate }) => {
  task(
    'Right',
    { retries: 3, delay: '6s', timeout: 600, once: true, throttle: 2, ignoreErrors: true, become: 'nova', tags: ['a'] },
    run('x'),
  )
  task('Async condition', { when: async (host) => (await host.run(run(host.vars.ip))) === 'x' }, run('x'))
  // @ts-expect-error a misspelt option is an error
  task('Misspelt', { retry: 3 }, run('x'))
  // @ts-expect-error a duration has a unit that is known
  task('Duration', { delay: '6 seconds' }, run('x'))
  // @ts-expect-error an operation is no condition: it would be taken for true
  task('Operation for condition', { when: () => run('x') }, run('x'))
  // @ts-expect-error tags are a list
  task('Tags', { tags: 'a' }, run('x'))
  // @ts-expect-error a task has a body
  task('No body')
  // @ts-expect-error a block has a try
  block('No try', { rescue() {} })
  // @ts-expect-error a gate has no body
  gate('Body', run('x'))
})

const r = role('r', { ip: text, port: number }, ({ task }) => void task('One', run('x')))
export const plays = playbook('book', [
  play('Right', { hosts: 'all', serial: [1, '25%'], strategy: 'free', maxFailPercentage: 10 }, [
    r,
    r.with({ ip: '10.0.0.1' }).tagged('a'),
    parallel(r, r),
  ]),
  // @ts-expect-error a play says which hosts
  play('No hosts', {}, [r]),
  // @ts-expect-error a strategy that does not exist
  play('Strategy', { hosts: 'all', strategy: 'fast' }, [r]),
  // @ts-expect-error a batch is a number or a percentage
  play('Serial', { hosts: 'all', serial: 'half' }, [r]),
  // @ts-expect-error a role is bound to variables that it has
  play('Bound', { hosts: 'all' }, [r.with({ address: '10.0.0.1' })]),
  // @ts-expect-error a bound value has the variable's type
  play('Bound wrongly', { hosts: 'all' }, [r.with({ port: '80' })]),
  // @ts-expect-error roles are values, not names
  play('By name', { hosts: 'all' }, ['r']),
  play('Small', { hosts: 'all', vars: { ip: text } }, ({ task }) => void task('One', (host) => run(host.vars.ip))),
  // @ts-expect-error a small play without variables has none
  play('Small without', { hosts: 'all' }, ({ task }) => void task('One', (host) => run(host.vars.ip))),
])

// @ts-expect-error a playbook has a name and plays
export const noPlays = playbook('book')
// @ts-expect-error a secret is made by Secret.of, so that it is known to those who mask
export const made = new Secret(['text'])
// @ts-expect-error a default has the kind's type, or the variable has two
export const wrongDefault: typeof number = number.or('80')

operation<string, string, string, string>((name) => name, {
  read: async (connection, name) => {
    // @ts-expect-error what only looks cannot write
    await connection.write('/etc/x', name)
    return ''
  },
  plan: (state) => ({ result: state, change: state }),
  // @ts-expect-error what was applied has the plan's type
  apply: () => Promise.resolve(5),
})
