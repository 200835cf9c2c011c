// A real firewalld with a bus and a network of its own, and somebody who knocks from another one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firewall } from '../../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../../rig/here.ts'
import { needs } from '../../../rig/needs.ts'
import { inPrivateNamespaces } from '../../../rig/private.ts'
import { applied, failure, planOf } from '../applied.ts'

needs('root', 'firewalld', 'nft')
inPrivateNamespaces(import.meta.url)

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' }
const run = (command: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout.trim()
}
const etc = emptyDirectory()
run('cp', '-a', '/etc/.', etc)
run('mount', '--bind', etc, '/etc')
for (const folder of ['/run', '/var/log']) run('mount', '-t', 'tmpfs', 'private', folder)
run('mkdir', '/run/dbus')
run('dbus-daemon', '--system', '--fork')
const daemons: ChildProcess[] = []
const begin = (command: string, ...args: readonly string[]) => {
  const daemon = spawn(command, args, { stdio: 'ignore', env })
  // What still runs must not keep the test from its end, where it is ended.
  daemon.unref()
  daemons.push(daemon)
  return daemon
}
process.on('exit', () => {
  for (const daemon of daemons) daemon.kill()
  process.kill(Number(readFileSync('/run/dbus/pid', 'utf8')))
})
begin('firewalld', '--nofork', '--nopid')
// The one who knocks.
const { pid: other } = begin('unshare', '-n', 'sleep', '1000')
const inOther = (...argv: readonly string[]) => spawnSync('nsenter', ['-t', `${other}`, '-n', ...argv], { env })
run('ip', 'link', 'set', 'lo', 'up')
run('sh', '-c', `until [ "$(readlink /proc/${other}/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done`)
run('ip', 'link', 'add', 'gate', 'type', 'veth', 'peer', 'name', 'way', 'netns', `${other}`)
run('ip', 'addr', 'add', '10.9.0.1/24', 'dev', 'gate')
run('ip', 'link', 'set', 'gate', 'up')
inOther('ip', 'addr', 'add', '10.9.0.2/24', 'dev', 'way')
inOther('ip', 'link', 'set', 'way', 'up')
run('sh', '-c', 'n=0; until firewall-cmd --state; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.3; done')
const server = createServer((socket) => socket.end('x')).listen(8080, '0.0.0.0')

const test = suite('firewall: a real firewalld')
const connection = here({ env: { PATH: env.PATH } })
const { port, noPort } = firewall
const said = (...args: readonly string[]) => run('firewall-cmd', ...args)
/** Whether whoever knocks at it is let in; nobody answers in between, for this process waits. */
const letsIn = (number: number) =>
  inOther('timeout', '5', 'bash', '-c', `exec 3<>/dev/tcp/10.9.0.1/${number}`).status === 0

test('lets in through a port that is opened, now and after it is loaded again', async () => {
  assert.not(letsIn(8080))
  const opened = await applied(connection, () => port('8080/tcp'))
  assert.equal(opened.result, { port: '8080/tcp', by: 'firewalld', changed: true })
  assert.ok(letsIn(8080))
  said('--reload')
  assert.ok(letsIn(8080))
  assert.is(said('--permanent', '--list-ports'), '8080/tcp')
})

test('gets what only one of the two has, the running one or the kept one', async () => {
  said('--remove-port=8080/tcp')
  await applied(connection, () => port('8080/tcp'))
  assert.is(said('--list-ports'), '8080/tcp')
  said('--permanent', '--remove-port=8080/tcp')
  await applied(connection, () => port('8080/tcp'))
  said('--reload')
  assert.is(said('--list-ports'), '8080/tcp')
})

test('shuts it', async () => {
  await applied(connection, () => noPort('8080/tcp'))
  assert.not(letsIn(8080))
  said('--reload')
  assert.not(letsIn(8080))
})

test('lets in those who are meant alone, by 4 and 6', async () => {
  await applied(connection, () => port('8080/tcp', { from: '10.8.0.0/16' }))
  assert.not(letsIn(8080))
  await applied(connection, () => port('8080/tcp', { from: '10.9.0.2' }))
  await applied(connection, () => port('53/udp', { from: 'fd00::/8' }))
  assert.ok(letsIn(8080))
  assert.is(said('--list-rich-rules').split('\n').length, 3)
  for (const from of ['10.8.0.0/16', '10.9.0.2']) await applied(connection, () => noPort('8080/tcp', { from }))
  await applied(connection, () => noPort('53/udp', { from: 'fd00::/8' }))
  assert.is(said('--permanent', '--list-rich-rules'), '')
})

test('in the zone that is meant; one that is not there is an error, also for what is to be shut', async () => {
  await applied(connection, () => port('8080/tcp', { zone: 'internal' }))
  assert.is(said('--zone=internal', '--list-ports'), '8080/tcp')
  assert.is((await planOf(connection, port('8080/tcp'))).changed, true)
  await applied(connection, () => noPort('8080/tcp', { zone: 'internal' }))
  for (const make of [port, noPort])
    assert.match(await failure(connection, make('8080/tcp', { zone: 'internel' })), /internel/)
})

test('knows a port of a range, and takes it out of it', async () => {
  for (const kept of [['--permanent'], []]) said('-q', ...kept, '--add-port=8000-8100/tcp')
  assert.is((await planOf(connection, port('8080/tcp'))).changed, false)
  assert.ok(letsIn(8080))
  await applied(connection, () => noPort('8080/tcp'))
  assert.not(letsIn(8080))
  assert.is(said('--list-ports'), '8000-8079/tcp 8081-8100/tcp')
  for (const kept of [['--permanent'], []])
    said('-q', ...kept, '--remove-port=8000-8079/tcp', '--remove-port=8081-8100/tcp')
})

test('says which service lets in what is to be shut', async () => {
  assert.match(said('--list-services'), 'ssh')
  assert.match(await failure(connection, noPort('22/tcp')), /^22\/tcp is open by a rule .*: the service ssh$/)
  for (const kept of [['--permanent'], []]) said('-q', ...kept, '--remove-service=ssh')
  assert.is((await planOf(connection, noPort('22/tcp'))).changed, false)
})

test('is not asked where it does not run', async () => {
  daemons[0]!.kill()
  await new Promise((ended) => daemons[0]!.once('exit', ended))
  const { result } = await planOf(connection, port('8080/tcp'))
  assert.is.not(result.by, 'firewalld')
  server.close()
})

test.run()
