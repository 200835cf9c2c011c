// The way back after a finished upgrade, twice, and what the next upgrade makes of it. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/back.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { attempt, clouds, doLab, inside, ownLab, run, running, sql, value } from '../rig/lab.ts'
import { needs } from '../rig/needs.ts'
import { assertAsBefore, ended, type Lab, readsWithout, taken } from './lab.ts'

needs('root')

const test = suite('back')
const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '-o', 'lines', '--yes'] as const
const back = ['playbooks/rollback.ts', '-i', 'inventory/lab', '-o', 'lines', '--yes'] as const
let before: Lab

test.before(async () => {
  await ownLab()
  before = await taken()
})

test('a single role, and back: the source has its keystone again', async () => {
  ended(await run(['keystone', ...upgrade.slice(1)]))
  assert.equal(await running('node-1', ['openstack-keystone']), [])
  ended(await run(back))
  await assertAsBefore(before)
})

test('the whole upgrade: volumes are open to nobody, also when cinder-volume or the host is started anew', async () => {
  ended(await run(upgrade))
  for (const { id } of clouds.volumes.slice(0, 2)) assert.match(await readsWithout('192.168.1.14', id), /code [^0]/)
  await inside('node-5', 'service openstack-cinder-volume restart')
  ended(await run(['cinder', ...upgrade.slice(1), '-t', 'verify']))
  for (const { id } of clouds.volumes.slice(0, 2)) assert.match(await readsWithout('192.168.1.14', id), /code [^0]/)
  await doLab('power', 'node-5', 'off')
  await doLab('power', 'node-5', 'on')
  ended(await run(['cinder', ...upgrade.slice(1), '-t', 'verify']))
  for (const { id } of clouds.volumes.slice(0, 2)) assert.match(await readsWithout('192.168.1.14', id), /code [^0]/)
})

test('a reboot of the source leaves it down', async () => {
  await doLab('power', 'node-1', 'off')
  await doLab('power', 'node-1', 'on')
  const left = clouds['node-1'].running.filter((name) => !['mysqld', 'rabbitmq-server', 'memcached'].includes(name))
  assert.equal(await running('node-1', left), [])
})

test('and back: everything is as it was, and edits made since on a compute node are kept', async () => {
  await inside('node-3', "sed -i '/^\\[DEFAULT\\]/a rpc_thread_pool_size=32' /etc/nova/nova.conf")
  const { out } = ended(await run(back))
  assert.match(out, /the way back took \d.* s; foretold were about \d/)
  assert.match(out, /kept in \/etc\/nova\/nova\.conf what was set since: DEFAULT\.rpc_thread_pool_size/)
  assert.match(await inside('node-3', 'cat /etc/nova/nova.conf'), /^rpc_thread_pool_size *= *32$/m)
  await inside(
    'node-3',
    "sed -i '/^rpc_thread_pool_size/d' /etc/nova/nova.conf && rm /etc/nova/nova.conf.switchover-edited",
  )
  await assertAsBefore(before)
  for (const { id } of clouds.volumes.slice(0, 2)) assert.match(await readsWithout('192.168.1.4', id), /code [^0]/)
  assert.is(await value('node-5', "SHOW DATABASES LIKE 'switchover'"), undefined)
})

test('back once more does nothing', async () => {
  ended(await run(back))
  await assertAsBefore(before)
})

test('what users do before the next upgrade comes with it, and what operators do survives the way back', async () => {
  const project = 'c8762eae9712378e591ce7e9f5407d29'
  await sql('node-1', `UPDATE keystone.project SET description = 'written in between' WHERE id = '${project}'`)
  await inside(
    'node-1',
    'printf "a guest again" | dd of=/dev/cinder/volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76 bs=1 seek=4096 conv=notrunc 2>/dev/null',
  )
  await sql('node-5', "INSERT INTO keystone.domain (id, name, enabled, extra) VALUES ('own', 'own', 1, '{}')")
  await inside('node-4', "sed -i '/^\\[DEFAULT\\]/a rpc_thread_pool_size=48' /etc/nova/nova.conf")
  const between = await taken()
  ended(await run(upgrade))
  assert.is(
    await value('node-5', `SELECT description FROM keystone.project WHERE id = '${project}'`),
    'written in between',
  )
  assert.match(
    await inside(
      'node-5',
      'dd if=/dev/cinder/volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76 bs=1 skip=4096 count=13 2>/dev/null',
    ),
    'a guest again',
  )
  ended(await run(back))
  await assertAsBefore(between)
  assert.is((await attempt('node-5', 'ls /var/backups/switchover/source')).code, 2)
})

test.run()
