// The way back out of the middle: an upgrade is cut off by kill -9 in the middle of a change, hosts lose power on top of
// it, the way back is cut off itself, and rollback.ts must make all hosts what they were. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/middle.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskPath } from '../../lib/model/path.ts'
import { type HostName, ownLab, run } from '../rig/lab.ts'
import { hear } from '../rig/killed.ts'
import { needs } from '../rig/needs.ts'
import { assertAsBefore, ended, type Lab, power, taken } from './lab.ts'

needs('root')

const test = suite('the way back out of the middle')
const how = ['-i', 'inventory/lab', '--yes'] as const
const back = ['playbooks/rollback.ts', ...how, '-o', 'lines'] as const
let before: Lab

test.before(async () => {
  await ownLab()
  before = await taken()
})

// In the order of a run: what is being changed when it is killed, and on which host.
const places = [
  ['backup', 'Save', 'node-5'],
  ['freeze', 'Stop', 'node-1'],
  ['keystone', 'Replace the target database', 'node-5'],
  ['nova', 'Bring the dump of the source database', 'node-5'],
  ['nova', 'Replace the target database', 'node-5'],
  ['neutron', 'Upgrade the schema', 'node-5'],
  ['cinder', 'Copy the volumes', 'node-5'],
  ['cinder', 'Give the rows to the new controller', 'node-5'],
  ['nova.start', 'Start the daemons', 'node-5'],
  ['compute', 'Point nova-compute at the new controller', 'node-3'],
  ['compute', 'Point nova-compute at the new controller', 'node-4'],
] as const

/** Another run holds a host: lib/commands/README.md. */
const locked = 9

/** Types the way back, and again where the run that was killed has not let go of a host yet, as the message says. */
async function goesBack(): Promise<void> {
  let result = await run(back)
  for (let again = 0; again < 20 && result.code === locked; again++) result = await run(back)
  ended(result)
}

/** Runs an upgrade, and kills it when it begins that change. */
function killedAt(role: string, task: string, host: HostName): Promise<void> {
  return cutOff(
    ['playbooks/full-upgrade.ts', ...how],
    (path, on) => path.role?.startsWith(role) === true && path.task.startsWith(task) && on === host,
    `${role} › ${task} on ${host}`,
  )
}

/** Kills a run when it begins a change. @throws when it never came to it */
async function cutOff(args: readonly string[], at: (path: TaskPath, host: string) => boolean, what: string) {
  for (let again = 0; ; again++) {
    const { code, err } = await hear(args, (event) =>
      event.type === 'change-planned' && at(event.path, event.host) ? 'kill' : undefined,
    )
    if (code === locked && again < 20) continue
    assert.is(code, null, `it never came to ${what}:\n${err}`)
    return
  }
}

for (const [role, task, host] of places) {
  test(`killed in ${role} › ${task} on ${host}`, async () => {
    await killedAt(role, task, host)
    await goesBack()
    await assertAsBefore(before)
  })
}

// Of the compute nodes, the one that has been led over.
const powerless = [
  ['node-5', 'nova', 'Upgrade the schema', 'node-5'],
  ['node-1', 'nova', 'Upgrade the schema', 'node-5'],
  ['node-3', 'compute', 'Point nova-compute at the new controller', 'node-4'],
] as const

for (const [lost, role, task, host] of powerless) {
  test(`${lost} loses power in ${role} › ${task} on ${host}, and comes back`, async () => {
    await killedAt(role, task, host)
    await power(lost, 'off')
    await power(lost, 'on')
    await goesBack()
    await assertAsBefore(before)
  })
}

test('single roles up to cinder, and back twice', async () => {
  for (const role of ['keystone', 'glance', 'neutron', 'nova', 'cinder'])
    ended(await run([role, ...how, '-o', 'lines']))
  for (let time = 0; time < 2; time++) {
    await goesBack()
    await assertAsBefore(before)
  }
})

test('the way back is killed itself, three times, and gone once more', async () => {
  ended(await run(['playbooks/full-upgrade.ts', ...how, '-o', 'lines']))
  for (const task of [
    'Stop everything else on the target',
    'Start what ran on the source',
    "Put the target's own databases back",
  ])
    await cutOff(['playbooks/rollback.ts', ...how], (path) => path.task === task, task)
  await goesBack()
  await assertAsBefore(before)
})

test.run()
