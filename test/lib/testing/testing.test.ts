import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { oneHost, play, playbook, role, secret, text } from '../../../lib/index.ts'
import { fromEnvironment } from '../../../lib/index.ts'
import { command, probe, shell } from '../../../lib/modules/index.ts'
import { fakeHosts } from '../../../lib/testing/index.ts'

const test = suite('testing')

const novaCompute = role('nova.compute', { controllerIp: text, password: secret.or(undefined) }, (steps) => {
  const restart = steps.handler('Restart', shell`service nova-compute restart`)
  steps.task('Ask', async (host) => {
    const { stdout } = await host.run(probe`nova-manage service list`)
    return stdout.includes(':-)') ? 'smiles' : 'frowns'
  })
  steps.task(
    'Point',
    { notify: restart },
    ({ vars }) => shell(vars.password ? { stdin: vars.password } : {})`point-at ${vars.controllerIp}`,
  )
})
const inventory = { groups: { compute: { hosts: ['c-1', 'c-2'] } }, vars: { controllerIp: '10.0.0.5' } } as const

test('records commands in order, answers by pattern, and tells outcome, results and events', async () => {
  const cloud = await fakeHosts(inventory)
  cloud.host('c-1').answer('nova-manage service list', { stdout: 'nova-compute c-1 :-)' })
  cloud.host('c-2').answer(/^nova-manage/, 'nova-compute c-2 XXX')
  const { outcome, recap, told, finished } = await cloud.run(novaCompute)
  assert.is(outcome, 'ok')
  assert.equal(cloud.host('c-1').commands, [
    'nova-manage service list',
    'point-at 10.0.0.5',
    'service nova-compute restart',
  ])
  assert.equal(cloud.host('c-2').commands, cloud.host('c-1').commands)
  assert.is(finished('Ask', 'c-1').result, 'smiles')
  assert.is(finished('Ask', 'c-2').result, 'frowns')
  assert.equal(recap, ['c-1 ok=3 changed=2', 'c-2 ok=3 changed=2'])
  assert.is(told.at(-1), 'END ok')
})

test('holds a command in the hand', async () => {
  const cloud = await fakeHosts(inventory)
  const [one, two] = [cloud.host('c-1'), cloud.host('c-2')]
  const running = cloud.start(novaCompute)
  const [restart, other] = await Promise.all([one.next('service nova-compute restart'), two.next(/restart/)])
  restart.exit(1, 'it died')
  assert.is(other.host, 'c-2')
  other.exit(0)
  assert.is(await running.ended, 'failed')
  assert.is(running.finished('Restart', 'c-1').failure?.reason, 'it died (exit code 1)')
  assert.is(running.finished('Restart', 'c-2').status, 'changed')
})

test('records who acts, and what a command reads with secrets by their labels', async () => {
  process.env['FAKE_PASSWORD'] = 'swordfish'
  const password = await fromEnvironment('FAKE_PASSWORD')
  const cloud = await fakeHosts({ hosts: { 'c-1': { vars: { controllerIp: '::1', password } } } })
  await cloud.run(novaCompute, { become: 'nova', tags: [] })
  assert.equal(cloud.recorded[1], {
    host: 'c-1',
    user: 'nova',
    command: 'point-at ::1',
    stdin: String(password),
  })
  assert.not.match(JSON.stringify(cloud.recorded), 'swordfish')
})

test('refuses what run refuses before it connects, with the place in the test', async () => {
  const cloud = await fakeHosts({ hosts: ['c-1'] })
  await cloud.run(novaCompute).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, /^c-1: controllerIp must be a text, and is not set \(role nova\.compute\)/),
  )
  await fakeHosts({ settings: { port: 'x' as never } }).then(
    () => assert.unreachable(),
    (error) =>
      assert.match(error.message, /^settings\.port must be a port .* \(test\/lib\/testing\/testing\.test\.ts:\d+\)$/),
  )
  assert.throws(() => cloud.host('c-11'), 'the inventory of this test has no host c-11 - did you mean c-1?')
})

test('waits for nothing: delays take no time, and time limits are not reached', async () => {
  const cloud = await fakeHosts({ hosts: ['a'] })
  cloud.host('a').answer('sometimes', 1, 1, 0)
  const waiting = role('waiting', {}, ({ task }) => {
    task('Try', { retries: 3, delay: '10m', timeout: '1s' }, command(['sometimes']))
  })
  const begun = Date.now()
  const { outcome, told } = await cloud.run(waiting)
  assert.is(outcome, 'ok')
  assert.equal(told.filter((line) => line.includes('retry')).length, 2)
  assert.ok(Date.now() - begun < 5000)
})

test('runs whole playbooks, in check mode too, and delegates between its hosts', async () => {
  const cloud = await fakeHosts({ groups: { web: { hosts: ['w'] }, db: { hosts: ['d'] } } })
  const book = playbook('site', [
    play('P', { hosts: 'web' }, [
      role('r', { db: oneHost('db') }, ({ task }) => {
        task('Look', probe`look`)
        task('Do', shell`work`)
        task('There', (host) => host.on(host.vars.db).run(shell`there`))
      }),
    ]),
  ])
  const { recap } = await cloud.run(book, { check: true })
  assert.equal(cloud.commands, ['w: look'])
  assert.equal(recap, ['w ok=3 changed=2'])
  await cloud.run(book, { startAt: 'Do' })
  assert.equal(cloud.commands.slice(1), ['w: work', 'd: there'])
})

test.run()
