import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freeze, freezeService } from '../../roles/openstack/freeze.ts'
import { mos, onControllers, services } from './mos.ts'

const test = suite('roles/freeze')
const onSource = { running: { 'node-1': onControllers, 'node-5': onControllers } } as const
const record = '/var/backups/switchover/source/running-services'
const quiet = [/UNION ALL SELECT 'volume'/, []] as const

test('types more than the «service openstack-nova-api stop» of «Setting up»: users first, keystone last', async () => {
  const clouds = await mos({ ...onSource, answers: [quiet] })
  const typed = await clouds.run(freeze, { on: 'source' })
  assert.equal(typed, [
    // What ran, so that there is a way back. Nothing is written on the source.
    `node-5: write ${record}`,
    'node-1: service httpd stop',
    // # service openstack-nova-api stop
    'node-1: service openstack-nova-api stop',
    // Writes after the dumps would be lost (facts 0, 9).
    'node-1: service neutron-server stop',
    'node-1: service openstack-cinder-api stop',
    'node-1: service openstack-glance-api stop',
    ...['objectstore', 'novncproxy', 'console', 'cert', 'consoleauth', 'scheduler', 'conductor'].map(
      (name) => `node-1: service openstack-nova-${name} stop`,
    ),
    // Agents would serve the addresses that the target's serve (facts 0, 9).
    ...['metadata', 'l3', 'dhcp', 'openvswitch'].map((name) => `node-1: service neutron-${name}-agent stop`),
    'node-1: service openstack-cinder-scheduler stop',
    'node-1: service openstack-cinder-volume stop',
    'node-1: service tgtd stop',
    'node-1: service openstack-glance-registry stop',
    'node-1: service openstack-keystone stop',
  ])
  const recorded = clouds.text('node-5', record).trim().split('\n')
  assert.equal([...recorded].sort(), [...onControllers].sort())
  // A second time there is nothing to stop, and the first record stays.
  assert.equal(await clouds.run(freeze, { on: 'source' }), [])
  assert.equal(clouds.text('node-5', record).trim().split('\n'), recorded)
})

test('waits until nothing is under way, and names what is', async () => {
  const clouds = await mos({ ...onSource, answers: [[quiet[0], [['volume', '69717c74', 'creating']]]] })
  const run = clouds.start(freeze, { on: 'source' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Wait until nothing is under way', 'node-1').failure?.reason,
    'these are still under way on node-1: volume 69717c74 creating',
  )
  // The APIs are off, and what works for them still works.
  assert.ok(clouds.host('node-1').stateOf('openstack-cinder-volume') === 'running')
})

for (const [name, daemons] of Object.entries(services)) {
  if (name === 'compute') continue
  test(`stops ${name} alone for its role, in the reverse order of its start`, async () => {
    const clouds = await mos(onSource)
    const typed = await clouds.run(freezeService(name), { on: 'source' })
    assert.equal(
      typed,
      [...daemons].reverse().map((daemon) => `node-1: service ${daemon} stop`),
    )
  })
}

test('asks in check mode for nothing that only a real run brings about', async () => {
  const clouds = await mos(onSource)
  const run = clouds.start(freeze, { on: 'source', check: true })
  assert.is(await run.ended, 'ok')
  assert.equal(clouds.typed, [])
  for (const task of ['Wait until nothing is under way', 'Check that nothing is left running'])
    assert.is(run.finished(task, 'node-1').status, 'skipped', task)
})

test.run()
