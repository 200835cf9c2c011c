import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compute } from '../../roles/compute/index.ts'
import { atLeast } from '../../roles/compute/version.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'
import { mos } from './mos.ts'

const test = suite('roles/compute')
const [nova, neutron] = ['/etc/nova/nova.conf', '/etc/neutron/neutron.conf']

test('types what «Upgrade Nova» says of compute nodes, in its order', async () => {
  const clouds = await mos()
  const typed = await clouds.run(compute, { on: 'compute' })
  assert.equal(typed, [
    `node-3: cp -a ${nova} ${nova}.switchover-backup.part`,
    `node-3: cp -a ${neutron} ${neutron}.switchover-backup.part`,
    // «make sure that the credentials for rabbitmq and mysql on the controller and compute nodes … are correct»
    `node-3: write ${nova}`,
    // «set the [upgrade_levels]/compute=icehouse-compat option on compute nodes»
    `node-3: write ${nova}`,
    // The agent talks to the same broker (facts 3.4, on computes).
    `node-3: write ${neutron}`,
    'node-3: service neutron-openvswitch-agent restart',
    // «restart the openstack-nova-compute service on the compute nodes»
    'node-3: service openstack-nova-compute restart',
  ])
  const conf = clouds.text('node-3', nova)
  for (const wanted of [
    /rabbit_hosts ?= ?10\.0\.0\.14:5672\n/,
    /rabbit_password ?= ?ygrfyaNZ\n/,
    /sql_connection ?= ?mysql:\/\/nova:nova-password@10\.0\.0\.14\/nova\?read_timeout=60\n/,
    /neutron_url ?= ?http:\/\/10\.0\.0\.14:9696\n/,
    /novncproxy_base_url ?= ?http:\/\/172\.16\.40\.44:6080\/vnc_auto\.html\n/,
    /\[upgrade_levels\]\ncompute ?= ?icehouse-compat\n/,
  ])
    assert.match(conf, wanted)
  assert.match(clouds.text('node-3', neutron), /rabbit_password ?= ?ygrfyaNZ\n/)
  assert.equal(await clouds.run(compute, { on: 'compute' }), [])
})

test('refuses a release that takes the cap wrong, and touches nothing', async () => {
  const clouds = await mos({ programs: { rpm: '2013.2.2\n' } })
  const run = clouds.start(compute, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Check that this release takes the cap', 'node-3').failure?.reason,
    'nova-compute 2013.2.2 does not take [upgrade_levels] compute=icehouse-compat right: that came with 2013.2.3',
  )
  assert.equal(clouds.typed, [])
})

test('gives a node that does not report its old configuration back', async () => {
  const clouds = await mos({ answers: [[/SELECT updated_at > /, [['0']]]] })
  const was = [clouds.text('node-3', nova), clouds.text('node-3', neutron)]
  const run = clouds.start(compute, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Say that the node is as it was', 'node-3').failure?.reason,
    'node-3 could not be reconnected, and has its old configuration again',
  )
  assert.equal([clouds.text('node-3', nova), clouds.text('node-3', neutron)], was)
  assert.equal(clouds.typed.slice(-2), [
    'node-3: service neutron-openvswitch-agent restart',
    'node-3: service openstack-nova-compute restart',
  ])
})

test('knows which releases take icehouse-compat on a compute node', () => {
  const { least } = havanaIcehouse.compute.cap
  for (const version of ['2013.2.3', '2013.2.4', '2014.1', '2014.1.5']) assert.ok(atLeast(version, least), version)
  for (const version of ['2013.1.5', '2013.2', '2013.2.1', '2013.2.2']) assert.not.ok(atLeast(version, least), version)
})

test.run()
