import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { guests } from '../../roles/nova/guests.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { attachment, mos, onControllers, volume } from './mos.ts'

const test = suite('roles/guests')
const uuid = '75eee200-5961-4e2e-bc9f-b6c276c68554'
const rows = '/var/backups/switchover/rows'
const saved = JSON.stringify({ key: 5, before: { connection_info: attachment('192.168.1.4') } })

const clouds = (migrated: readonly string[], more: Partial<CloudsOptions> = {}, state = 'stopped') =>
  mos({
    migrated,
    vars: { proceed: ['guests'] },
    files: { 'node-5': { [`${rows}/nova.block_device_mapping.jsonl`]: `${saved}\n` } },
    running: { 'node-5': onControllers },
    programs: {
      'iscsiadm -m session': `tcp: [1] 192.168.1.4:3260,1 iqn.2010-10.org.openstack:volume-${volume}\n`,
      ...more.programs,
    },
    answers: [...(more.answers ?? []), [/SELECT b\.id, i\.uuid/, [['5', uuid, 'instance-1', state, volume]]]],
  })
const all = ['keystone', 'glance', 'nova', 'neutron', 'cinder']

test('a guest that is stopped stays so, its node leaves the old portal, and it is taken over once', async () => {
  const cloud = await clouds(all)
  const run = cloud.start(guests, { on: 'compute' })
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  // With the rows, which a way back files away: after that the guest must go over anew.
  assert.is(cloud.text('node-5', `${rows}/guests/${uuid}`), `${volume}\n`)
  const logout = cloud.host('node-3').commands.filter((command) => command.includes('--logout'))
  assert.is(logout.length, 1)
  assert.match(logout[0]!, `-T iqn.2010-10.org.openstack:volume-${volume} -p 192.168.1.4:3260 --logout`)
  const again = cloud.start(guests, { on: 'compute' })
  assert.is(await again.ended, 'ok')
  assert.is(cloud.host('node-3').commands.filter((command) => command.includes('--logout')).length, 1)
})

test('a guest that does not stop is named, and goes over once it has been brought there by hand', async () => {
  const stuck = await clouds(all, { answers: [[/SELECT vm_state, IFNULL/, [['active', 'powering-off']]]] }, 'active')
  const run = stuck.start(guests, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Take the guests of this node over', 'node-3')
  assert.is(failure?.reason, `instance ${uuid} does not become stopped: it is active powering-off`)
  assert.is(
    failure?.hint,
    `see nova show ${uuid}, bring it there by hand, then run playbooks/guests.ts -i INVENTORY again`,
  )
  const stopped = await clouds(all)
  assert.is(await stopped.start(guests, { on: 'compute' }).ended, 'ok')
})

test('a guest without its volume is named, with what brings it', async () => {
  const restarted = (portal: string) =>
    clouds(
      all,
      {
        // It is asked twice, and a pattern that is global does not match the same text again.
        answers: [
          [/SELECT vm_state, IFNULL[^]*/g, [['stopped', '']]],
          [/SELECT vm_state, IFNULL/, [['active', '']]],
        ],
        programs: {
          'iscsiadm -m session': `tcp: [1] ${portal}:3260,1 iqn.2010-10.org.openstack:volume-${volume}\n`,
        },
      },
      'active',
    )
  const run = (await restarted('192.168.1.4')).start(guests, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Take the guests of this node over', 'node-3')
  assert.is(failure?.reason, `instance-1 runs again, and node-3 has no session for its volume ${volume}`)
  assert.is(failure?.hint, 'nova reboot --hard instance-1, and see /var/log/nova/compute.log on node-3')
  assert.is(await (await restarted('192.168.1.14')).start(guests, { on: 'compute' }).ended, 'ok')
})

test('is refused before the data is there', async () => {
  const run = (await clouds([])).start(guests, { on: 'compute' })
  assert.is(await run.ended, 'failed')
  assert.match(
    run.finished('Check that the data is on the target', 'node-3').failure?.reason ?? '',
    /has not been moved to node-5: guests would find no volumes/,
  )
})

test.run()
