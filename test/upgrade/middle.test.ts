// The way back out of the middle: an upgrade is cut off by kill -9 in the middle of a change, and rollback.ts must make
// all hosts what they were. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/middle.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type HostName, ownLab, run } from '../rig/lab.ts'
import { hear } from '../rig/killed.ts'
import { needs } from '../rig/needs.ts'
import { assertAsBefore, ended, type Lab, taken } from './lab.ts'

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
] as const

/** Another run holds a host: lib/commands/README.md. */
const locked = 9

/** Types the way back, and again where the run that was killed has not let go of a host yet, as the message says. */
async function goesBack(): Promise<void> {
  let result = await run(back)
  for (let again = 0; again < 20 && result.code === locked; again++) result = await run(back)
  ended(result)
}

/** Runs an upgrade, and kills it when it begins that change. @throws when it never came there */
async function killedAt(role: string, task: string, host: HostName): Promise<void> {
  const { code, err } = await hear(['playbooks/full-upgrade.ts', ...how], (event) =>
    event.type === 'change-planned' &&
    event.path.role?.startsWith(role) &&
    event.path.task.startsWith(task) &&
    event.host === host
      ? 'kill'
      : undefined,
  )
  assert.is(code, null, `it never came to ${role} › ${task} on ${host}:\n${err}`)
}

for (const [role, task, host] of places) {
  test(`killed in ${role} › ${task} on ${host}`, async () => {
    await killedAt(role, task, host)
    await goesBack()
    await assertAsBefore(before)
  })
}

test.run()
