import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { oneHost, play, role, type Schema, type Steps, text, type VarsOf } from '../../../lib/index.ts'
import { type Fact, output } from '../../../lib/model/operation.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
import { runs } from '../../rig/runs.ts'

const test = suite('context')
const withVars = <const S extends Schema>(hosts: string, vars: S, define: (steps: Steps<VarsOf<S>>) => void) => [
  play('P', { hosts }, [role('r', vars, define)]),
]
const only = (define: (steps: Steps<Record<never, never>>) => void) => withVars('all', {}, define)

test('runs what a body runs, and what it returns, and gives the result', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('one', '1').answer('two', '2')
  const { finished } = await runs(
    rig,
    only(({ task }) => {
      task('Value', look('one'))
      task('Returned', () => look('two'))
      task('Run', async (host) => ({ sum: Number(await host.run(look('one'))) + Number(await host.run(look('two'))) }))
    }),
  )
  assert.is(finished('Value', 'a').result, '1')
  assert.is(finished('Returned', 'a').result, '2')
  assert.equal(finished('Run', 'a').result, { sum: 3 })
})

test('gives the results of earlier tasks on the same host', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').answer('ask', 'A')
  rig.host('b').answer('ask', 'B')
  await runs(
    rig,
    only(({ task }) => {
      const asked = task('Ask', look('ask'))
      task('Use', (host) => change(`use ${host.result(asked)}`))
    }),
  )
  assert.equal(rig.commands.slice(2), ['a: use A', 'b: use B'])
})

test('says what to do about the result of a task that did not run', async () => {
  const rig = rigOf({ all: ['a'] })
  const { finished } = await runs(
    rig,
    only(({ task }) => {
      const asked = task('Ask', { when: () => false }, look('ask'))
      task('If run', (host) => change(`use ${host.resultIfRun(asked) ?? 'nothing'}`))
      task('Use', (host) => change(`use ${host.result(asked)}`))
    }),
  )
  assert.equal(rig.commands, ['a: use nothing'])
  const { failure } = finished('Use', 'a')
  assert.is(failure?.reason, 'it needs the result of «Ask», which did not run on a')
  assert.is(failure?.hint, 'where it may be left out, take host.resultIfRun(…): it gives undefined then')
})

test('says which task to select for the result that another needs', async () => {
  const { finished } = await runs(
    rigOf({ all: ['a'] }),
    only(({ task }) => {
      const asked = task('Ask', { tags: ['ask'] }, look('ask'))
      task('Use', { tags: ['use'] }, (host) => change(`use ${host.result(asked)}`))
    }),
    { tags: ['use'] },
  )
  assert.is(finished('Use', 'a').failure?.hint, 'select that task too: see its tags with --list-tasks')
})

test('delegates to another host, with the variables of that host', async () => {
  const rig = rigOf(
    { compute: ['c-1', 'c-2'], controller: ['ctl'] },
    { 'c-1': { ip: '10.0.0.1' }, 'c-2': { ip: '10.0.0.2' }, ctl: { ip: '10.0.0.9' } },
  )
  const { told } = await runs(
    rig,
    withVars('compute', { ip: text, controller: oneHost('controller') }, ({ task }) => {
      task('Register', async (host) => {
        const controller = host.on(host.vars.controller)
        await controller.run(change(`add ${host.name} ${host.vars.ip} at ${controller.vars.ip}`))
        await host.run(look('here'))
      })
    }),
  )
  assert.equal(
    rig.commands.filter((line) => line.startsWith('ctl')),
    ['ctl: add c-1 10.0.0.1 at 10.0.0.9', 'ctl: add c-2 10.0.0.2 at 10.0.0.9'],
  )
  assert.equal(told.slice(2, 4), ['c-1 -> ctl: changed', 'c-2 -> ctl: changed'])
})

test('says that work was delegated only where something ran', async () => {
  const rig = rigOf({ web: ['a'], db: ['b'] }, { a: { ip: '10.0.0.1' }, b: { ip: '10.0.0.2' } })
  const os: Fact<string> = { name: 'os', keep: 'run', read: (connection) => output(connection, 'os') }
  const { told } = await runs(
    rig,
    withVars('web', { ip: text }, ({ task }) => {
      task('Variables', (host) => change(`${host.on({ name: 'b' }).vars.ip} ${host.on({ name: 'b' }).groups.join()}`))
      task('And back', (host) => host.on({ name: 'b' }).on({ name: 'a' }).run(change('here')))
      task('A fact', async (host) => void (await host.on({ name: 'b' }).fact(os)))
      task('Run', (host) => host.on({ name: 'b' }).run(change('there')))
    }),
  )
  assert.equal(
    told.filter((line) => line.includes(': ok') || line.includes(': changed')),
    ['a: changed', 'a: changed', 'a -> b: ok', 'a -> b: changed'],
  )
})

test('delegates to this machine though no inventory lists it', async () => {
  const rig = rigOf({ all: ['a'] })
  await runs(
    rig,
    only(({ task }) => void task('Work', (host) => host.on({ name: 'localhost' }).run(change('here')))),
  )
  assert.equal(rig.commands, ['localhost: here'])
})

test('refuses a host that is not there, and variables that are not set on it', async () => {
  const rig = rigOf({ web: ['a'], db: ['b'] }, { a: { ip: '10.0.0.1' } })
  const { finished } = await runs(
    rig,
    withVars('web', { ip: text }, ({ task }) => {
      task('Nobody', { ignoreErrors: true }, (host) => host.on({ name: 'nobody' }).run(change('x')))
      task('Unset', (host) => change(host.on({ name: 'b' }).vars.ip))
    }),
  )
  assert.is(finished('Nobody', 'a').failure?.reason, 'there is no host nobody to delegate to')
  assert.is(finished('Unset', 'a').failure?.reason, 'b: ip must be a text, and is not set')
  assert.equal(rig.commands, [])
})

test('takes a lost host that was delegated to for a lost host', async () => {
  const rig = rigOf({ web: ['a'], db: ['b'] })
  rig.host('b').answer('x', 'unreachable')
  const { outcome, told } = await runs(
    rig,
    withVars('web', {}, ({ task }) => void task('Work', (host) => host.on({ name: 'b' }).run(change('x')))),
  )
  assert.is(outcome, 'unreachable')
  assert.is(told[2], 'a -> b: unreachable (b is gone)')
})

test('reads a fact once a run and host, or once a task', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  const fact = (name: string, keep: 'run' | 'task'): Fact<string> => ({
    name,
    keep,
    read: (connection) => output(connection, name),
  })
  await runs(
    rig,
    only(({ task }) => {
      const [os, load] = [fact('os', 'run'), fact('load', 'task')]
      for (const name of ['One', 'Two'])
        task(name, async (host) => void (await Promise.all([host.fact(os), host.fact(os), host.fact(load)])))
    }),
  )
  assert.equal([...rig.commands].sort(), ['a: load', 'a: load', 'a: os', 'b: load', 'b: load', 'b: os'])
})

test('asks again for a fact that could not be read', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').answer('os', 1, 'centos')
  const os: Fact<string> = { name: 'os', keep: 'run', read: (connection) => output(connection, 'os') }
  const { outcome } = await runs(
    rig,
    only(({ task }) => void task('Ask', { retries: 1, delay: 0 }, (host) => host.fact(os))),
  )
  assert.is(outcome, 'ok')
  assert.equal(rig.host('a').commands, ['os', 'os'])
})

test('passes on what a body says to the operator', async () => {
  const { events } = await runs(
    rigOf({ all: ['a'] }),
    only(({ task }) => void task('Say', (host) => host.log('half of it'))),
  )
  assert.equal(
    events.filter((event) => event.type === 'output').map(({ host, text, stream }) => [host, text, stream]),
    [['a', 'half of it', 'log']],
  )
})

test.run()
