// One upgrade that is killed again and again, each time somewhere else, and gone on with. All places, and other faults:
// npm run test:chaos. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/lab/upgrade/killed.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { changes, clouds, ownLab, type Snapshot, snapshot, volumesSum } from '../../rig/lab.ts'
import { hear, isBoundary, told } from '../../rig/killed.ts'
import { needs } from '../../rig/needs.ts'
import { expectations } from './upgraded.ts'

needs('root')

const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '--yes'] as const
// How many changes each run gets before it is killed: in the middle of one, and behind one, by turns.
const lives = [3, 12, 9, 14, 8, 16] as const
const test = suite('killed upgrade')

let before: Snapshot
let volumes: string
test.before(async () => {
  await ownLab()
  before = await snapshot('node-1')
  volumes = await volumesSum('node-1')
})

test('goes on after each of several kills, and ends', async () => {
  const killed: string[] = []
  for (const life of lives) {
    let left: number = life
    const behind = killed.length % 2 === 1
    const { code, events, err } = await hear([...upgrade, ...(killed.length > 0 ? ['--resume'] : [])], (event) => {
      const changed = event.type === 'change-planned' || (event.type === 'task-finished' && event.status === 'changed')
      if (changed) left--
      return left <= 0 && (event.type === 'task-finished') === behind && isBoundary(event) ? 'kill' : undefined
    })
    assert.is(code, null, `it ended before its ${life}. change, behind ${killed.join('; ')}:\n${err}`)
    killed.push(told(events.at(-1)!))
  }
  assert.is(new Set(killed).size, lives.length, killed.join('; '))
  const { code, events, err } = await hear([...upgrade, '--resume'])
  assert.is(code, 0, `killed at ${killed.join('; ')}:\n${err}${JSON.stringify(events.filter((e) => 'failure' in e))}`)
  assert.equal(
    events.flatMap((event) => (event.type === 'run-finished' ? event.owed : [])),
    [],
  )
})

for (const [name, holds] of Object.entries(expectations)) test(`as after an unbroken run: ${name}`, holds)

/** They are not to start by themselves either, after a power cut. */
const changedOnSource = async () =>
  changes(before, await snapshot('node-1')).filter((line) => !line.startsWith('/etc/rc3.d/'))

test('on the source only services were stopped', async () => {
  const stopped = clouds['node-1'].running.filter((name) => !['mysqld', 'rabbitmq-server', 'memcached'].includes(name))
  assert.equal((await changedOnSource()).sort(), stopped.map((name) => `${name}: stopped`).sort())
  assert.is(await volumesSum('node-1'), volumes)
})

test.run()
