import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { compute } from '../../roles/compute/index.ts'
import { keystone } from '../../roles/keystone/index.ts'
import {
  computesBack,
  sourceAnswers,
  startSource,
  stopTarget,
  targetAsBefore,
  wayBackGone,
} from '../../roles/openstack/rollback.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { mos, onControllers, recorded, services } from './mos.ts'

const test = suite('roles/rollback')

// The article knows no way back: what is typed follows from the facts, section 7.

test('stops the target, agents first', async () => {
  const clouds = await mos({ files: { 'node-5': { ...recorded('source'), ...recorded('target') } } })
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

test('starts on the source exactly what ran there, now and at its next boot', async () => {
  const ran = ['openstack-keystone', 'openstack-nova-api', 'httpd']
  const clouds = await mos({ files: { 'node-5': recorded('source', ran) } })
  assert.equal(
    await clouds.run(startSource, { on: 'source' }),
    ran.map((name) => `node-1: service ${name} start`),
  )
  assert.equal([...clouds.host('node-1').files.names('/etc/rc3.d')].sort(), ran.map((name) => `S90${name}`).sort())
})

test('touches nothing where nothing was recorded', async () => {
  const clouds = await mos({ running: { 'node-1': ['openstack-keystone'], 'node-5': onControllers } })
  assert.equal(await clouds.run(stopTarget, { on: 'target' }), [])
  assert.equal(await clouds.run(startSource, { on: 'source' }), [])
  assert.equal(await clouds.run(targetAsBefore, { on: 'target' }), [])
})

test('stops nothing when it does not know how to start the source, and says how by hand', async () => {
  const clouds = await mos()
  const run = clouds.start(stopTarget, { on: 'target' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('See what was stopped for the move', 'node-5')
  assert.is(
    failure?.reason,
    '/var/backups/switchover on node-5 has no record of what ran on node-1, and nothing runs there',
  )
  assert.is(failure?.hint, `start it by hand on node-1: for s in ${onControllers.join(' ')}; do service $s start; done`)
  assert.equal(clouds.typed, [])
})

test('a daemon that does not come up again is named, and started by hand', async () => {
  const files = { 'node-5': recorded('source', ['openstack-keystone']) }
  const answers: CloudsOptions['answers'] = [[/FROM cinder\.volumes/, []]]
  const down = await mos({ files, answers })
  const run = down.start(sourceAnswers, { on: 'source' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that the source answers', 'node-1')
  const [, command = ''] = /start it: (.*) on node-1$/.exec(failure?.hint ?? '') ?? []
  assert.is(command, 'service openstack-keystone start')
  const up = await mos({ files, answers, running: { 'node-1': ['openstack-keystone'] } })
  await up.run(sourceAnswers, { on: 'source' })
})

test('takes back that anything was moved before the source can be written to', async () => {
  const clouds = await mos({ files: { 'node-5': recorded('source') } })
  await clouds.run([play('Move keystone', { hosts: 'target' }, [keystone])])
  await clouds.run(stopTarget, { on: 'target' })
  const typed = await clouds.run([play('Move keystone', { hosts: 'target' }, [keystone])])
  assert.ok(typed.includes('node-5: mysql keystone < dump of keystone of node-1'))
})

test('gives the compute nodes their configuration back', async () => {
  const clouds = await mos({ migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'] })
  const paths = ['/etc/nova/nova.conf', '/etc/neutron/neutron.conf']
  const was = paths.map((path) => clouds.text('node-3', path))
  await clouds.run(compute, { on: 'compute' })
  assert.equal(await clouds.run(computesBack, { on: 'compute' }), [
    ...['nova', 'neutron'].map(
      (name) => `node-3: cp -a /etc/${name}/.switchover-backup/${name}.conf /etc/${name}/${name}.conf.part`,
    ),
    'node-3: service neutron-openvswitch-agent restart',
    'node-3: service openstack-nova-compute restart',
  ])
  assert.equal(
    paths.map((path) => clouds.text('node-3', path)),
    was,
  )
  // Once it has been gone: a later way back must not bring back what is older than it.
  assert.equal(await clouds.run(computesBack, { on: 'compute' }), [])
})

test('keeps what an operator has set on a compute node since, and says so', async () => {
  const clouds = await mos({ migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'] })
  const conf = '/etc/nova/nova.conf'
  await clouds.run(compute, { on: 'compute' })
  const now = clouds.text('node-3', conf).replace('[DEFAULT]\n', '[DEFAULT]\nvnc_keymap=ru\n')
  clouds.host('node-3').files.write(conf, now)
  const run = clouds.start(computesBack, { on: 'compute' })
  assert.is(await run.ended, 'ok')
  assert.match(clouds.text('node-3', conf), /^vnc_keymap ?= ?ru$/m)
  assert.not.match(clouds.text('node-3', conf), '10.0.0.14')
  assert.is(clouds.text('node-3', `${conf}.switchover-edited`), now)
  assert.match(JSON.stringify(run.events), 'kept in /etc/nova/nova.conf what was set since: DEFAULT.vnc_keymap')
})

test('makes the target what it was, as far as it was changed', async () => {
  const clouds = await mos()
  const conf = '/etc/keystone/keystone.conf'
  const was = clouds.text('node-5', conf)
  await clouds.run([play('Move keystone', { hosts: 'target' }, [keystone])])
  assert.is.not(clouds.text('node-5', conf), was)
  const typed = await clouds.run(targetAsBefore, { on: 'target' })
  assert.equal(typed, [
    'node-5: mysql: DROP DATABASE IF EXISTS `keystone`',
    'node-5: mysql: CREATE DATABASE `keystone` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // What was saved before the source's dump came.
    'node-5: mysql keystone < dump of keystone of node-5',
    'node-5: write /etc/keystone',
    'node-5: write /root/openrc',
  ])
  assert.is(clouds.text('node-5', conf), was)
  await clouds.run(wayBackGone, { on: 'target' })
  assert.equal(clouds.host('node-5').files.names('/var/backups/switchover'), ['took', 'undone'])
})

test('forgets what was sent to the target before it starts there again, and leaves a broker without messages alone', async () => {
  const left = { 'node-5': { ...recorded('target', ['openstack-nova-conductor']), ...recorded('source') } }
  for (const [queues, restarts] of [
    ['0\n3\n0\n', ['node-5: service rabbitmq-server restart']],
    ['0\n0\n', []],
  ] as const) {
    const programs = { rabbitmqctl: queues }
    const clouds = await mos({ files: left, running: { 'node-5': ['rabbitmq-server'] }, programs })
    for (const name of onControllers) clouds.host('node-5').service(name, 'stopped')
    const typed = await clouds.run(targetAsBefore, { on: 'target' })
    assert.equal(
      typed.filter((line) => /service/.test(line)),
      [...restarts, 'node-5: service openstack-nova-conductor start'],
    )
  }
})

test.run()
