// What is found before anything is touched, all of it at once. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/lab/upgrade/preflight.test.ts
import { readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { needs } from '../../rig/needs.ts'
import { changes, doLab, hostNames, latestJournal, ownLab, root, run, snapshot } from '../../rig/lab.ts'
import { assertNoSecrets } from './upgraded.ts'

needs('root')

const test = suite('preflight')
const preflight = ['playbooks/preflight.ts', '-i', 'inventory/lab', '-o', 'lines'] as const
const faults = readdirSync(`${root}/test/lab/faults`)

/** What each fault is called in the table, on which host, and what the operator is told to type. */
const told: Readonly<Record<string, RegExp>> = {
  'broker-password':
    /to be mended +3 hosts +the broker of node-5 at 10\.0\.0\.14:5672 does not let nova in:.*\n.*\(node-5 node-3 node-4\)\n.*→ .*rabbitmqctl change_password nova PASSWORD/,
  'ceilometer-deployed':
    /refused +node-1 +ceilometer: .*: 21 samples \(.*\) and 2 alarms, 1 of which scale stacks .* nothing moves them.*\n.*→ its alarms must not act twice: service openstack-ceilometer-alarm-evaluator stop; .*-e leave=heat,ceilometer/,
  'compute-renamed': /refused +node-3 +OpenStack calls it compute-x .*, the inventory node-3\.domain\.tld/,
  'connection-info-broken':
    /to be mended +node-1 +the connection_info of a volume of instance 75eee200\S+ is not JSON \(row 5\)/,
  'foreign-volume':
    /refused +node-1 +node-9\.domain\.tld: volume 69717c74\S+ belongs to cinder-volume of node-9\.domain\.tld/,
  'forgotten-compute':
    /refused +node-1 +node-9\.domain\.tld: is a compute node of nova with 1 instances and not in the inventory.*\n.*→ add it to the group compute/,
  'glance-on-rbd': /refused +node-1 +rbd: glance keeps new images in rbd/,
  // The lab's inventory names heat, so it is left alone.
  'heat-runs': /left alone +node-1 +heat: .* a database heat, openstack-heat-engine runs, an endpoint orchestration/,
  'highly-available': /refused +node-1 +is a node of a highly available cloud \(\/etc\/corosync\/corosync\.conf\)/,
  'image-truncated':
    /to be mended +node-1 +image 70b8e3f4\S+ is broken: \S+ has 1000 bytes, not 1310983\n.*→ .*glance image-delete 70b8e3f4/,
  ldap: /refused +node-1 +ldap: keystone takes its users from LDAP/,
  'plugin-short': /to be mended +node-1 +core_plugin in neutron\.conf is openvswitch/,
  'several-backends': /refused +node-1 +cinder has backends of their own sections \(fast, slow\)/,
  snapshot:
    /refused +node-1 +snapshots cannot be copied.*: 5aaf5407\S+ of volume c2a1f7d9\S+\n.*cinder snapshot-delete 5aaf5407/,
  'storage-link-down': /to be mended +node-3 +does not reach the iSCSI target of node-5 at 192\.168\.1\.14:3260/,
  'volume-missing':
    /to be mended +node-1 +volume f374f730\S+ \(in-use, 1 GB\) has no logical volume cinder\/volume-f374f730/,
  'volume-stuck':
    /to be mended +node-1 +volume c2a1f7d9\S+ has been attaching for 1440 min.*\n.*→ cinder reset-state --state available c2a1f7d9/,
}

test.before(ownLab)

test('a cloud that can be moved is looked at, and nothing is touched', async () => {
  const before = await Promise.all(hostNames.map(snapshot))
  const { code, out, err } = await run(preflight)
  assert.is(code, 0, out + err)
  assert.match(out, /moved +node-1 +3 volumes, 4 GB/)
  assert.match(out, /moved +node-1 +2 compute nodes with 3 instances/)
  for (const [i, host] of hostNames.entries()) assert.equal(changes(before[i]!, await snapshot(host)), [], host)
})

test('every fault is told in one table, with what mends it', async () => {
  for (const name of Object.keys(told)) assert.ok(faults.includes(name), name)
  await doLab('break', ...Object.keys(told))
  const { code, out, err } = await run(preflight)
  assert.is(code, 2, out + err)
  const table = out.slice(out.indexOf('Tell what was found'), out.indexOf('Stop where something'))
  for (const [name, pattern] of Object.entries(told)) assert.match(table, pattern, name)
  assertNoSecrets(out + err, 'the table')
  // It is kept with the run.
  const kept = latestJournal().find(
    (event) => event.type === 'task-finished' && event.path.task === 'Tell what was found',
  )
  assert.match(JSON.stringify(kept), 'snapshots cannot be copied block by block')
})

test('what was mended is seen by --resume, and the others still', async () => {
  await doLab('mend', ...Object.keys(told).filter((name) => name !== 'snapshot'))
  const resumed = await run([...preflight, '--resume'])
  assert.is(resumed.code, 2, resumed.out + resumed.err)
  assert.match(resumed.out, /refused: snapshots cannot be copied block by block/)
  assert.not.match(resumed.out, /refused: (?!snapshots)|to be mended:/)
  await doLab('mend', 'snapshot')
  const { code, out, err } = await run([...preflight, '--resume'])
  assert.is(code, 0, out + err)
})

test.run()
