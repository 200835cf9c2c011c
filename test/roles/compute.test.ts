import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compute } from '../../roles/compute/index.ts'
import { copyOf } from '../../roles/compute/node.ts'
import { atLeast } from '../../roles/compute/version.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'
import { releases } from '../../roles/openstack/releases/index.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { mos, onControllers } from './mos.ts'

const test = suite('roles/compute')
/** A compute node's turn comes when everything has been moved. */
const all = { migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'] } as const
const [nova, neutron] = ['/etc/nova/nova.conf', '/etc/neutron/neutron.conf']

test('types what «Upgrade Nova» says of compute nodes, in its order', async () => {
  const clouds = await mos(all)
  const typed = await clouds.run(compute, { on: 'compute' })
  assert.equal(typed, [
    'node-3: cp -a /etc/nova/nova.conf /etc/nova/.switchover-backup/nova.conf.part',
    'node-3: cp -a /etc/neutron/neutron.conf /etc/neutron/.switchover-backup/neutron.conf.part',
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

test('takes a newer object that was brought to the version of the node for no refusal', () => {
  // As Zed's nova-compute wrote them under Epoxy's controller, and without a conductor that brings it.
  const object = 'oslo_versionedobjects.exception.IncompatibleObjectVersion: Version 2.8 of Instance is not supported'
  const brought = `2026-11-30 13:58:46.669 659 WARNING oslo_messaging.rpc.client Using RPCClient manually: ${object}`
  const refused = `2026-11-30 13:58:46.669 659 ERROR oslo_messaging.rpc.server ${object}`
  const { refusals } = releases['zed-epoxy']!.compute
  assert.equal(
    [brought, refused].map((line) => new RegExp(refusals).test(line)),
    [false, true],
  )
})

test('refuses a host that is no compute node', async () => {
  const run = (await mos({ programs: { rpm: '' } })).start(compute, { on: 'source', tags: ['pin'] })
  assert.is(await run.ended, 'failed')
})

test('knows no nova-compute by the name of the inventory, and one by the name that nova shows', async () => {
  const known = (name: string) =>
    mos({ ...all, answers: [[new RegExp(`^SELECT updated_at > .* host = '(?!${name})`), []]] })
  const run = (await known('node-9.domain.tld')).start(compute, { on: 'compute', tags: ['verify'] })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Check that nova-compute reports to the new controller', 'node-3').failure?.hint,
    'set fqdn of node-3 in the inventory to the host that nova-manage service list shows',
  )
  await (await known('node-3.domain.tld')).run(compute, { on: 'compute', tags: ['verify'] })
})

test('gives a node that does not report its old configuration back', async () => {
  const clouds = await mos({ ...all, answers: [[/SELECT updated_at > /, [['0']]]] })
  const was = [clouds.text('node-3', nova), clouds.text('node-3', neutron)]
  const run = clouds.start(compute, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Say how the node is left', 'node-3').failure?.reason,
    'node-3 could not be reconnected, and has its old configuration again',
  )
  assert.equal([clouds.text('node-3', nova), clouds.text('node-3', neutron)], was)
  assert.equal(clouds.typed.slice(-2), [
    'node-3: service neutron-openvswitch-agent restart',
    'node-3: service openstack-nova-compute restart',
  ])
})

test('leads no node to a controller that does not have its guests, whichever part is asked for', async () => {
  const skipped = await mos()
  const past = skipped.start(compute, { on: 'compute', skipTags: ['verify', 'backup'] })
  assert.is(await past.ended, 'failed')
  assert.equal(skipped.typed, [])
  for (const tags of [[], ['config'], ['pin'], ['start'], ['verify']]) {
    const clouds = await mos({ migrated: ['keystone', 'glance', 'neutron', 'cinder'] })
    const run = clouds.start(compute, { on: 'compute', ...(tags.length > 0 ? { tags } : {}) })
    assert.is(await run.ended, 'failed')
    const { failure } = run.finished('Check that the new controller has the guests of the nodes', 'node-3')
    assert.is(
      failure?.reason,
      'the data of nova has not been moved to node-5: node-3 would be cut off from a cloud that lives, and find one without its guests',
    )
    assert.is(failure?.hint, 'move it: run nova -i INVENTORY')
    assert.equal(clouds.typed, [])
  }
})

test('takes no node over while the source runs again, or the target does not', async () => {
  const reason = async (options: CloudsOptions) => {
    const clouds = await mos({ ...all, ...options })
    const run = clouds.start(compute, { on: 'compute' })
    assert.is(await run.ended, 'failed')
    assert.equal(clouds.typed, [])
    return run.finished('Check that there is one controller', 'node-3').failure?.reason
  }
  assert.is(
    await reason({ running: { 'node-1': ['neutron-l3-agent'] } }),
    'neutron-l3-agent runs on node-1: two controllers would both give orders to the compute nodes',
  )
  const running = onControllers.filter((name) => name !== 'openstack-nova-conductor')
  assert.is(
    await reason({ running: { 'node-5': running }, stopped: { 'node-5': ['openstack-nova-conductor'] } }),
    'openstack-nova-conductor does not run on node-5, and compute nodes need them',
  )
})

test('asks the node for its name, and for its guests, before it is restarted', async () => {
  const reason = async (options: CloudsOptions) => {
    const clouds = await mos({ ...all, ...options })
    const run = clouds.start(compute, { on: 'compute' })
    assert.is(await run.ended, 'failed')
    assert.equal(clouds.typed, [])
    return run.finished('Check the name of the node', 'node-3').failure?.reason
  }
  assert.is(
    await reason({ files: { 'node-3': { [nova]: '[DEFAULT]\nhost=compute-x\n' } } }),
    'nova-compute on node-3 calls itself compute-x, and not node-3.domain.tld: it would destroy the guests of node-3.domain.tld',
  )
  const guest = '75eee200-5961-4e2e-bc9f-b6c276c68554'
  assert.is(
    await reason({
      programs: { virsh: `${guest}\n` },
      answers: [[/SELECT uuid, host FROM nova\.instances/, [[guest, 'node-9.domain.tld']]]],
    }),
    `these guests run on node-3, and nova says that they are elsewhere, so it would destroy them: ${guest} (node-9.domain.tld)`,
  )
})

test('changes nothing when it is only asked to look', async () => {
  const clouds = await mos(all)
  await clouds.run(compute, { on: 'compute' })
  const silent = await mos({ ...all, answers: [[/SELECT updated_at > /, [['0']]]] })
  for (const path of [nova, neutron, copyOf(nova), copyOf(neutron)])
    silent.host('node-3').files.write(path, clouds.text('node-3', path))
  for (const tags of [['verify'], []]) {
    const run = silent.start(compute, { on: 'compute', tags })
    assert.is(await run.ended, 'failed')
    assert.is(
      run.finished('Say how the node is left', 'node-3').failure?.reason,
      'node-3 does not work as it should, and nothing was changed on it',
    )
  }
  assert.equal(silent.typed, [])
})

test('knows which releases take icehouse-compat on a compute node', () => {
  const { least } = havanaIcehouse.compute.cap
  for (const version of ['2013.2.3', '2013.2.4', '2014.1', '2014.1.5']) assert.ok(atLeast(version, least), version)
  for (const version of ['2013.1.5', '2013.2', '2013.2.1', '2013.2.2']) assert.not.ok(atLeast(version, least), version)
})

test.run()
