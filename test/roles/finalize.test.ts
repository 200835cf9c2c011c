import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { online, upgraded } from '../../roles/openstack/finalize.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'
import { releases } from '../../roles/openstack/releases/index.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { as, mos } from './mos.ts'

const test = suite('roles/finalize')
const all = ['keystone', 'glance', 'nova', 'neutron', 'cinder']
const report = (others: readonly (readonly string[])[]): CloudsOptions => ({
  migrated: all,
  programs: { rpm: '2014.1.5\n' },
  // Those of the inventory are not asked for.
  answers: [[/^SELECT host FROM nova\.services .* NOT IN \('node-5\.domain\.tld', 'node-3\.domain\.tld'\)/, others]],
})

test('is finished only where every compute node is known', async () => {
  const run = (await mos(report([['node-7.domain.tld']]))).start(upgraded, { on: 'target:compute' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that nova knows no other compute node that lives', 'node-5')
  assert.is(failure?.reason, 'these compute nodes report to node-5 and are not in the inventory: node-7.domain.tld')
  assert.is(failure?.hint, 'add them to the group compute, so that their release is known')
  const known = await mos(report([]))
  await known.run(upgraded, { on: 'target:compute' })
})

test('… and where each has told nova that it runs as of the new release', async () => {
  const { compute } = havanaIcehouse
  Object.assign(releases, {
    'with versions': { ...havanaIcehouse, compute: { ...compute, cap: { ...compute.cap, service: 64 } } },
  })
  const start = async (old: readonly (readonly string[])[]) => {
    const { answers = [], ...more } = report([])
    const asked = /^SELECT host, version FROM nova\.services .* IN \('node-5\.domain\.tld', .*\) AND version < 64/
    const clouds = await mos({ ...more, answers: [[asked, old], ...answers] })
    return clouds.start(upgraded.with({ release: 'with versions' }), { on: 'target:compute' })
  }
  const run = await start([['node-3.domain.tld', '51']])
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that every nova-compute has told that it is upgraded', 'node-5')
  assert.is(
    failure?.reason,
    'these have the packages of Icehouse, and nova-compute there has not told yet that it runs as of it: ' +
      'node-3.domain.tld (51, and not 64)',
  )
  assert.is(failure?.hint, 'on each of them: service openstack-nova-compute restart')
  assert.is(await (await start([])).ended, 'ok')
})

test('ends what migrations have left to be done, as the user of each service', async () => {
  const clouds = await mos({ migrated: all })
  // None of these releases leaves anything.
  assert.equal(await clouds.run(online, { on: 'target' }), [])
  const services = havanaIcehouse.services.map((one) =>
    one.name === 'nova' ? { ...one, online: ['nova-manage db later', 'nova-manage hosts'] } : one,
  )
  Object.assign(releases, { 'with more to do': { ...havanaIcehouse, services } })
  assert.equal(await clouds.run(online.with({ release: 'with more to do' }), { on: 'target' }), [
    `node-5: ${as('nova', 'nova-manage db later')}`,
    `node-5: ${as('nova', 'nova-manage hosts')}`,
  ])
})

test.run()
