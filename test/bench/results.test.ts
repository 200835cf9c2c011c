import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cell, table } from './results.ts'
import { peers } from './tools.ts'

const test = suite('the benchmark')

const cell = (tool: string, wall: number, cpu: number): Cell => ({
  tool,
  workload: 'w1',
  hosts: 1,
  rtt: 0,
  n: 1,
  wall,
  cpu,
  hostsCpu: 0,
  foreign: 0,
  walls: [wall],
})

test('compares with the best of all peers, in wall and in CPU', () => {
  const cells = [cell('switchover', 2, 4), cell('fast', 3, 20), cell('thrifty', 9, 5)]
  const row = table({ date: '', machine: 'm', node: 'v20', start: [], cells })
    .split('\n')
    .find((line) => line.startsWith('| w1'))
  assert.match(row ?? '', /\| 1\.5 × \| 1\.3 × \|/)
})

test('knows every peer by a name of its own, and leaves to each what it can do', () => {
  assert.is(new Set(peers.map(({ name }) => name)).size, peers.length)
  const doing = (workload: string) =>
    peers.filter(({ does }) => does?.includes(workload) !== false).map(({ name }) => name)
  for (const name of ['sshkit', 'clush', 'pyinfra', 'ansible tuned']) assert.ok(doing('w2').includes(name), name)
  for (const name of ['sshkit', 'clush']) assert.not.ok(doing('w3').includes(name), name)
})

test.run()
