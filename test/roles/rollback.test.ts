import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { compute } from '../../roles/compute/index.ts'
import { keystone } from '../../roles/keystone/index.ts'
import { computesBack, startSource, stopTarget, targetAsBefore } from '../../roles/openstack/rollback.ts'
import { mos, onControllers, services } from './mos.ts'

const test = suite('roles/rollback')

// The article knows no way back: what is typed follows from the facts, section 7.

test('stops the target, agents first', async () => {
  const clouds = await mos()
  const typed = await clouds.run(stopTarget, { on: 'target' })
  const agents = ['openvswitch', 'dhcp', 'l3', 'metadata'].map((name) => `neutron-${name}-agent`)
  const inwards = [
    ...services.horizon,
    ...[...services.nova].reverse(),
    'neutron-server',
    ...[...services.cinder].reverse(),
    ...[...services.glance].reverse(),
    ...services.keystone,
  ]
  assert.equal(
    typed,
    [...agents, ...inwards].map((name) => `node-5: service ${name} stop`),
  )
  for (const name of onControllers) assert.is(clouds.host('node-5').stateOf(name), 'stopped', name)
})

test('starts on the source exactly what ran there', async () => {
  const ran = ['openstack-keystone', 'openstack-nova-api', 'httpd']
  const clouds = await mos({
    files: { 'node-5': { '/var/backups/switchover/source/running-services': `${ran.join('\n')}\n` } },
  })
  assert.equal(
    await clouds.run(startSource, { on: 'source' }),
    ran.map((name) => `node-1: service ${name} start`),
  )
})

test('says by hand how, where nothing was recorded', async () => {
  const clouds = await mos()
  const run = clouds.start(startSource, { on: 'source' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Start what ran on the source', 'node-1')
  assert.is(failure?.reason, 'node-5 has no record of what ran on node-1')
  assert.is(failure?.hint, `start it by hand, in this order: ${onControllers.join(' ')}`)
})

test('gives the compute nodes their configuration back', async () => {
  const clouds = await mos({ migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'] })
  const paths = ['/etc/nova/nova.conf', '/etc/neutron/neutron.conf']
  const was = paths.map((path) => clouds.text('node-3', path))
  await clouds.run(compute, { on: 'compute' })
  assert.equal(await clouds.run(computesBack, { on: 'compute' }), [
    ...['nova', 'neutron'].map(
      (name) => `node-3: cp -a '/etc/${name}/.${name}.conf.switchover-backup~' /etc/${name}/${name}.conf.part`,
    ),
    'node-3: service neutron-openvswitch-agent restart',
    'node-3: service openstack-nova-compute restart',
  ])
  assert.equal(
    paths.map((path) => clouds.text('node-3', path)),
    was,
  )
})

test('makes the target what it was, as far as it was changed', async () => {
  const clouds = await mos()
  const conf = '/etc/keystone/keystone.conf'
  const was = clouds.text('node-5', conf)
  await clouds.run([play('Move keystone', { hosts: 'target' }, [keystone])])
  assert.is.not(clouds.text('node-5', conf), was)
  assert.equal(await clouds.run(targetAsBefore, { on: 'target' }), [
    'node-5: mysql: DROP DATABASE IF EXISTS `keystone`',
    'node-5: mysql: CREATE DATABASE `keystone` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // What was saved before the source's dump came.
    'node-5: mysql keystone < dump of keystone of node-5',
  ])
  assert.is(clouds.text('node-5', conf), was)
})

test.run()
