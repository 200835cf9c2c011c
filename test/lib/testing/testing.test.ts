import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { number, type Operation, oneHost, play, playbook, role, secret, text } from '../../../lib/index.ts'
import { fromEnvironment } from '../../../lib/index.ts'
import {
  block,
  command,
  dedent,
  file,
  ini,
  line,
  probe,
  replace,
  service,
  shell,
  template,
} from '../../../lib/modules/index.ts'
import { createHash } from 'node:crypto'
import { text as text_ } from 'node:stream/consumers'
import { FakeHost, fakeHosts } from '../../../lib/testing/index.ts'

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

const nova = role('nova', { password: secret, workers: number }, ({ ensure, handler, task }) => {
  const restart = handler('Restart', service.restarted('nova-api'))
  ensure('Make the folder', file.directory('/etc/nova', { mode: '0750', owner: 'nova' }))
  ensure('Configure', { notify: restart }, ({ vars }) =>
    ini.set('/etc/nova/nova.conf', { DEFAULT: { workers: vars.workers, password: vars.password } }, { create: true }),
  )
  task(
    'Upgrade the schema',
    { when: async (host) => !(await host.run(file.stat('/etc/nova/synced'))).exists },
    (host) =>
      host.run(shell`su -s /bin/sh -c ${'nova-manage db sync'} nova && date +%F > /etc/nova/synced`).then(() => {}),
  )
  ensure('Start', service.started('nova-api'))
  ensure('Keep the other down', service.stopped('nova-network'))
})

test('runs the scripts of modules on files and services that are in memory, and a second time changes nothing', async () => {
  const cloud = await fakeHosts({ hosts: ['ctl'], vars: { password: 'correct horse', workers: 4 } })
  const host = cloud.host('ctl').service('nova-api', 'stopped').service('nova-network')
  const first = await cloud.run(nova, { become: true })
  assert.is(first.outcome, 'ok', first.told.join('\n'))
  assert.equal(host.commands, [
    'mkdir -p /etc/nova',
    'chown nova /etc/nova',
    'chmod ug-s,u=rwx,g=rx,o=,-t /etc/nova',
    'write /etc/nova/nova.conf',
    "su -s /bin/sh -c 'nova-manage db sync' nova",
    'write /etc/nova/synced',
    'service nova-api start',
    'service nova-network stop',
    'service nova-api restart',
  ])
  assert.is(host.files.read('/etc/nova/nova.conf'), '[DEFAULT]\nworkers = 4\npassword = correct horse\n')
  assert.equal(host.files.meta('/etc/nova'), { mode: '0750', owner: 'nova', group: 'root' })
  assert.is(host.files.read('/etc/nova/synced'), '2014-05-13\n')
  assert.is(host.stateOf('nova-network'), 'stopped')
  assert.equal(host.recorded[0], { host: 'ctl', user: 'root', command: 'mkdir -p /etc/nova' })
  assert.equal((await cloud.run(nova)).recap, ['ctl ok=4 skipped=1'])
})

test('changes nothing in check mode, and says what it would', async () => {
  const cloud = await fakeHosts({ hosts: ['ctl'], vars: { password: 'correct horse', workers: 4 } })
  const host = cloud.host('ctl').service('nova-api').service('nova-network')
  const { events, recap } = await cloud.run(nova, { check: true, tags: [] })
  assert.equal(host.commands, [])
  assert.equal(recap, ['ctl ok=6 changed=5'])
  const planned = events.flatMap((event) => (event.type === 'change-planned' ? [event.operation] : []))
  assert.equal(planned.slice(0, 2), [
    'file.directory /etc/nova',
    'ini.set /etc/nova/nova.conf [DEFAULT] workers, password',
  ])
})

test('answers by a function of the test, as a program would', async () => {
  const host = new FakeHost('a')
  host.answer(/^mysql /, ({ command, stdin }) => `${command.split(' ')[1]}: ${stdin}`)
  const { stdout } = await host.connection().exec('mysql -N', { stdin: 'SELECT 1' })
  assert.is(stdout, '-N: SELECT 1')
})

test('keeps the owner of a file whose new content comes, and shows that the old one is kept', async () => {
  const host = new FakeHost('a')
  host.files.write('/etc/nova.conf', 'old\n', { owner: 'nova' })
  await host.run(file.content('/etc/nova.conf', 'new\n', { backup: true }))
  await host.run(file.backup('/etc/nova.conf'))
  assert.equal(host.files.meta('/etc/nova.conf'), { mode: '0644', owner: 'nova', group: 'nova' })
  host.files.remove('/etc/.switchover-backup/nova.conf')
  await host.run(file.backup('/etc/nova.conf'))
  assert.ok(host.commands.some((command) => /^cp -a \/etc\/nova\.conf .*switchover-backup/.test(command)))
})

test('tests a module by itself: what it changes, and that it does so once', async () => {
  const host = new FakeHost('a')
  host.files.write('/etc/motd', 'old\n')
  const motd = () => file.content('/etc/motd', 'new\n', { mode: '0600' })
  assert.equal(await host.run(motd()), {
    changed: true,
    result: { path: '/etc/motd', changed: true },
    diff: [
      { path: '/etc/motd', before: 'old\n', after: 'new\n' },
      { path: '/etc/motd (attributes)', before: 'mode 0644\n', after: 'mode 0600\n' },
    ],
  })
  assert.is((await host.run(motd())).changed, false)
  assert.equal(host.commands, ['write /etc/motd'])
})

test('finds nothing left to do after any change of a module', async () => {
  const operations: readonly (() => Operation)[] = [
    () => file.link('/srv/current', '/srv/42'),
    () => file.absent('/etc/motd'),
    () => file.owner('/srv', 'nova:nova'),
    () => file.mode('/srv', '0640', { recursive: true }),
    () => file.backup('/srv'),
    () => line.present('/etc/motd', { line: 'hello' }),
    () => block.present('/etc/motd', 'hello\n'),
    () => replace('/etc/motd', /o(.)d/g, 'n$1w'),
    () => template('/etc/new', dedent`hello`),
    () => service.enabled('nova'),
    () => service.started('nova'),
  ]
  for (const made of operations) {
    const host = new FakeHost('a').service('nova', 'stopped')
    host.files.write('/etc/motd', 'old\n').write('/srv/a/b', 'b', { owner: 'root' })
    const { name } = made()
    assert.is((await host.run(made())).changed, true, name)
    assert.is((await host.run(made())).changed, false, name)
  }
})

test('takes a whole script for one command when the test names it, and leaves others to its shell', async () => {
  const host = new FakeHost('a').answer('cat /proc/loadavg | cut -d " " -f 1', '0.42\n')
  assert.is((await host.run(probe`cat /proc/loadavg | cut -d ${' '} -f 1`)).result.stdout, '')
  const connection = host.connection()
  assert.is((await connection.exec('cat /proc/loadavg | cut -d " " -f 1')).stdout, '0.42\n')
  assert.equal(await connection.exec('echo "$0 $1"; nosuch | tr a-z A-Z; exit 3'), {
    code: 3,
    stdout: 'sh \n',
    stderr: '',
  })
  assert.equal(host.commands, ['cat /proc/loadavg | cut -d " " -f 1', 'nosuch'])
})

test('streams, and lets a test answer on a port', async () => {
  const host = new FakeHost('a').listen(80, (socket) => {
    socket.once('data', (text) => socket.end(`got ${String(text)}`))
  })
  const connection = host.connection()
  const { stdin, stdout, ended } = await connection.stream('cat > /root/dump; sha256sum < /root/dump')
  stdin.write('some ')
  stdin.end('bytes')
  const sum = await text_(stdout)
  assert.equal(await ended, { code: 0, stderr: '' })
  assert.is(sum.slice(0, 64), createHash('sha256').update('some bytes').digest('hex'))
  assert.is(host.files.read('/root/dump'), 'some bytes')
  const socket = await connection.dial(80)
  socket.write('ping')
  assert.is(await text_(socket), 'got ping')
  const refused = await connection.dial(81).then(String, (error: Error) => error.message)
  assert.is(refused, 'cannot reach 127.0.0.1:81 from a: connection refused')
})

test('lets nothing reach the machine that runs the test', async () => {
  const host = new FakeHost('a')
  const { stdout, stderr, code } = await host
    .connection()
    .exec('cat /etc/hostname; grep -c . /etc/hosts; sed -n 1p /etc/shadow')
  assert.is(stdout, '')
  assert.is(stderr.match(/No such file/g)?.length, 3, stderr)
  assert.is.not(code, 0)
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
  const named = await cloud.run('site' as never).catch((error: unknown) => error)
  assert.match((named as Error).message, /run\(\) takes a role, a playbook or plays, and not "site"/)
  await cloud.run(book, { startAt: 'Do' })
  assert.equal(cloud.commands.slice(1), ['w: work', 'd: there'])
})

test.run()
