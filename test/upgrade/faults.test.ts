// What an operator does too early, and what of the old world is in the way: what is said, and what is left behind.
// Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/faults.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { doLab, type Ended, inside, ownLab, run, running, sql, value } from '../rig/lab.ts'
import { needs } from '../rig/needs.ts'
import { assertAsBefore, ended, type Lab, taken } from './lab.ts'

needs('root')

const test = suite('faults')
const how = ['-i', 'inventory/lab', '-o', 'lines', '--yes'] as const
const upgrade = ['playbooks/full-upgrade.ts', ...how] as const
let before: Lab

/** What the failures of a run advise to type, as it stands there. */
function advised({ out }: Ended): readonly (readonly string[])[] {
  return [...out.matchAll(/^ +try: .*?\brun (\S+ -i inventory\/lab.*)$/gm)].map(([, words]) => words!.split(' '))
}

test.before(async () => {
  await ownLab()
  before = await taken()
})

test('a compute node is not taken from its cloud before that has been moved, whatever is typed', async () => {
  for (const words of [
    ['compute', ...how],
    [...upgrade, '-l', 'node-3', '-t', 'config'],
    ['compute', ...how, '-t', 'verify'],
  ]) {
    const refused = ended(await run(words), 2)
    assert.match(refused.out, 'would be cut off from a cloud that lives')
    assert.equal(advised(refused)[0]?.slice(0, 3), ['playbooks/full-upgrade.ts', '-i', 'inventory/lab'])
  }
  await assertAsBefore(before)
})

test('a service is not stopped before what it asks has been moved', async () => {
  const refused = ended(await run(['cinder', ...how]), 2)
  assert.match(refused.out, 'the data of keystone has not been moved to node-5: cinder could not be started')
  assert.equal(advised(refused), [['keystone', '-i', 'inventory/lab']])
  const early = ended(await run(['cinder', ...how, '-t', 'volumes']), 2)
  assert.match(early.out, 'guests would go on writing to volumes that are being copied')
  assert.equal(await running('node-1', ['tgtd', 'openstack-cinder-volume']), ['tgtd', 'openstack-cinder-volume'])
  await assertAsBefore(before)
})

test('the upgrade gets past a cache, a log of root, a broken volume, and portals in another network', async () => {
  await doLab('break', 'cache-of-the-target', 'log-of-root', 'volume-in-error', 'portal-of-management')
  const { out } = ended(await run(upgrade))
  assert.match(out, /broken on node-1 before: .*error/)
  const portals = await sql(
    'node-5',
    `SELECT connection_info FROM nova.block_device_mapping WHERE deleted = 0 AND connection_info LIKE '%target_portal%'
    UNION ALL SELECT provider_location FROM cinder.volumes WHERE deleted = 0 AND provider_location IS NOT NULL`,
  )
  assert.ok(portals.length > 2)
  for (const [text] of portals) {
    assert.match(text!, '192.168.1.14:3260')
    assert.not.match(text!, '10.0.0.4')
  }
})

test('rootwrap stays root’s', async () => {
  const owners =
    "cd /etc && stat -c '%U' nova nova/rootwrap.conf nova/rootwrap.d cinder neutron/rootwrap.conf | sort -u"
  assert.is((await inside('node-5', owners)).trim(), 'root')
})

test('a cut image is brought by what is advised, and a missing volume by the next run', async () => {
  const volume = 'volume-936c1cd4-9ac3-4617-8f86-79ca0fc19fa1'
  const known = await inside('node-5', 'ls /dev/cinder')
  const name = known
    .trim()
    .split('\n')
    .find((one) => one !== volume && one.startsWith('volume-'))!
  await inside('node-5', `service openstack-cinder-volume stop; service tgtd stop; lvremove -f cinder/${name}`)
  await inside('node-5', 'cd /var/lib/glance/images && truncate -s 1000 $(ls | head -n 1)')
  // A run that only looks names what brings them; one that may write brings them itself.
  const failed = ended(await run(['glance', ...how, '-t', 'verify']), 2)
  const lines = advised(failed)
  assert.ok(lines.length > 0, failed.out)
  for (const words of lines) ended(await run([...words, ...how.slice(2)]))
  ended(await run(['glance', ...how, '-t', 'verify']))
  ended(await run(upgrade))
  assert.match(await inside('node-5', 'ls /dev/cinder'), name)
})

test('a source that lives again beside the target is stopped, and what the target has become stays', async () => {
  await sql('node-5', "INSERT INTO keystone.region (id, description) VALUES ('after', 'made after the upgrade')")
  await doLab('break', 'source-alive')
  const { out } = ended(await run(upgrade))
  assert.equal(await running('node-1', ['openstack-nova-api', 'openstack-keystone']), [])
  assert.is(
    await value('node-5', "SELECT description FROM keystone.region WHERE id = 'after'"),
    'made after the upgrade',
  )
  assert.match(out, 'PLAY RECAP')
})

test('a way back that is cut off by a dead compute node, and the next upgrade brings what was written since', async () => {
  await doLab('power', 'node-4', 'off')
  ended(await run(['playbooks/rollback.ts', ...how]), 4)
  assert.ok((await running('node-1', ['openstack-nova-api'])).length === 1)
  await sql('node-1', "UPDATE keystone.project SET description = 'written in between' WHERE name = 'admin'")
  await doLab('power', 'node-4', 'on')
  ended(await run(upgrade))
  assert.is(
    await value('node-5', "SELECT description FROM keystone.project WHERE name = 'admin'"),
    'written in between',
  )
})

test.run()
