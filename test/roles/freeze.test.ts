import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freeze, freezeService } from '../../roles/openstack/freeze.ts'
import { mos, onControllers, services } from './mos.ts'

const { compute, ...ofControllers } = services

const test = suite('roles/freeze')
const onSource = { running: { 'node-1': onControllers, 'node-5': onControllers } } as const
const record = (service: string) => `/var/backups/switchover/source/services/${service}`
const quiet = [/UNION ALL SELECT 'volume'/, []] as const

test('types more than the «service openstack-nova-api stop» of «Setting up»: users first, keystone last', async () => {
  const clouds = await mos({ ...onSource, answers: [quiet] })
  const typed = await clouds.run(freeze, { on: 'source' })
  assert.equal(typed, [
    // Nothing is written on the source.
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
  // What ran, so that there is a way back.
  const recorded = () =>
    Object.keys(ofControllers).flatMap((name) => clouds.text('node-5', record(name)).trim().split('\n'))
  assert.equal(
    recorded(),
    onControllers.map((name) => `${name} running disabled`),
  )
  // A second time there is nothing to stop, and the first record stays.
  assert.equal(await clouds.run(freeze, { on: 'source' }), [])
  assert.equal(
    recorded(),
    onControllers.map((name) => `${name} running disabled`),
  )
})

test('records what is started at boot, and keeps it down, before anything is stopped', async () => {
  const clouds = await mos({ ...onSource, answers: [quiet] })
  const link = '/etc/rc3.d/S90openstack-nova-api'
  clouds.host('node-1').files.link(link, '/etc/init.d/openstack-nova-api')
  const run = clouds.start(freezeService('nova'), { on: 'source' })
  assert.is(await run.ended, 'ok')
  assert.match(clouds.text('node-5', record('nova')), /^openstack-nova-api running enabled$/m)
  assert.not.ok(clouds.host('node-1').files.names('/etc/rc3.d').includes('S90openstack-nova-api'))
  const tasks = run.events.flatMap((event) => (event.type === 'task-started' ? [event.path.task] : []))
  assert.equal(tasks.slice(0, 1), ['Record what nova runs on the source'])
  assert.equal(tasks.slice(-2), ['Keep it down at the next boot', 'Stop nova on the source'])
})

test('looks only where an earlier run has kept its copies', async () => {
  const clouds = await mos({
    ...onSource,
    vars: { backups: '/srv/elsewhere' },
    files: { 'node-5': { '/var/lib/switchover/backups': '/var/backups/switchover\n' } },
  })
  const run = clouds.start(freezeService('keystone'), { on: 'source' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Record what keystone runs on the source', 'node-1')
  assert.is(failure?.hint, 'go on with the same place: -e backups=/var/backups/switchover')
  assert.equal(clouds.typed, [])
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

test('takes no service for stopped while somebody is connected to its database', async () => {
  const worker = ['38', 'cinder', '10.0.0.4:50860', 'cinder', '3306']
  const other = ['41', 'nova', '10.0.0.7:40112', 'nova', '3306']
  const clouds = await mos({ ...onSource, answers: [quiet, [/information_schema\.PROCESSLIST p/, [worker, other]]] })
  const run = clouds.start(freeze, { on: 'source' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that nobody is connected to the databases', 'node-1')
  assert.is(
    failure?.reason,
    'these are still connected to the database server of node-1, and what they write would be lost: ' +
      'cinder from 10.0.0.4:50860, database cinder; ' +
      'nova from 10.0.0.7:40112, database nova',
  )
  assert.is(
    failure?.hint,
    "stop the service that it is (ss -tnp sport = :50860 on 10.0.0.4 tells), or mysql -e 'KILL 38'; " +
      "stop the service that it is (ss -tnp sport = :40112 on 10.0.0.7 tells), or mysql -e 'KILL 41' on node-1; " +
      'then go on with --resume',
  )
})

test('says where something starts again what was stopped', async () => {
  const clouds = await mos({ ...onSource, answers: [quiet] })
  clouds.host('node-1').answer(/^service openstack-nova-cert status/, 'openstack-nova-cert (pid  7) is running...\n')
  const run = clouds.start(freeze, { on: 'source', tags: ['verify'] })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that nothing is left running', 'node-1')
  assert.match(failure?.reason ?? '', /^these still run on node-1: .*openstack-nova-cert/)
  assert.match(failure?.hint ?? '', /stop them there \(crm resource stop NAME\)$/)
  const held = await mos({ stopped: { 'node-1': onControllers } })
  await held.run(freeze, { on: 'source', tags: ['verify'] })
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
  assert.is(run.finished('Wait until nothing is under way', 'node-1').status, 'skipped')
  // That they are stopped is foreseen.
  assert.is(run.finished('Check that nothing is left running', 'node-1').status, 'ok')
})

test.run()
