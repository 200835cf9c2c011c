import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { type Cell, median } from './results.ts'
import { addressOf, type BenchHost, measure, type Sample, state, writeInventory } from './session.ts'
import { ours } from './tools.ts'

const megabytes = 200

/**
 * w4: one file of 200 MB to a host, from a host, and from one host to another, by `run` and by scp; by `run` once more,
 * when it is there.
 */
export async function transfers(
  hosts: readonly BenchHost[],
  rtt: number,
  repeat: number,
  say: (line: string) => void,
): Promise<readonly Cell[]> {
  const [first, second] = hosts
  if (!first || !second) {
    say('w4 is left out: it needs two hosts')
    return []
  }
  const inventory = writeInventory(hosts, rtt)
  const here = path.join(state, 'big')
  if (!existsSync(here)) fill(here)
  const folder = '/srv/big'
  for (const { root } of hosts) mkdirSync(root + folder, { recursive: true })
  const ssh = [
    '-q',
    '-i',
    `${state}/key`,
    '-o',
    `UserKnownHostsFile=${state}/known_hosts`,
    '-o',
    'KexAlgorithms=curve25519-sha256',
  ]
  const at = ({ index }: BenchHost, file: string) => `root@${addressOf(index, rtt)}:${file}`
  const ways: readonly {
    readonly name: string
    readonly arrives: string
    readonly scp: readonly string[]
    readonly from?: string
  }[] = [
    { name: 'w4 up', arrives: `${first.root}${folder}/up`, scp: [here, at(first, `${folder}/up`)] },
    {
      name: 'w4 down',
      arrives: path.join(state, 'down'),
      scp: [at(first, `${folder}/source`), path.join(state, 'down')],
      from: `${first.root}${folder}/source`,
    },
    {
      name: 'w4 between',
      arrives: `${second.root}/srv/between/source`,
      scp: ['-3', at(first, '/srv/between/source'), at(second, '/srv/between/source')],
      from: `${first.root}/srv/between/source`,
    },
  ]
  for (const { root } of hosts) mkdirSync(`${root}/srv/between`, { recursive: true })
  const cells: Cell[] = []
  for (const { name, arrives, scp, from } of ways) {
    if (from !== undefined && !existsSync(from)) fill(from)
    const { argv } = ours.command(name.replace(' ', '-'), inventory, 2)
    const taken: Record<'first' | 'again' | 'scp', Sample[]> = { first: [], again: [], scp: [] }
    const run = async (kind: keyof typeof taken, command: readonly string[]) => {
      const sample = await measure(command)
      if (sample.code !== 0 || !existsSync(arrives))
        throw new Error(`${kind} failed at ${name} (exit code ${sample.code}):\n${sample.output.slice(-3000)}`)
      taken[kind].push(sample)
    }
    // In turn, so that both see the same moods of the machine.
    for (let i = 0; i < repeat; i++) {
      rmSync(arrives, { force: true })
      await run('first', argv)
      await run('again', argv)
      rmSync(arrives, { force: true })
      await run('scp', ['scp', ...ssh, ...scp])
    }
    for (const [kind, samples] of Object.entries(taken)) {
      const [tool, workload] = kind === 'scp' ? ['scp', name] : [ours.name, kind === 'again' ? `${name} again` : name]
      const wall = median(samples.map((s) => s.wall))
      const cell: Cell = {
        tool,
        workload,
        hosts: name === 'w4 between' ? 2 : 1,
        rtt,
        n: samples.length,
        wall,
        cpu: median(samples.map((s) => s.cpu)),
        hostsCpu: median(samples.map((s) => s.hosts)),
        foreign: median(samples.map((s) => s.foreign)),
        walls: samples.map((s) => Number(s.wall.toFixed(3))),
      }
      cells.push(cell)
      say(
        `${workload.padEnd(16)} ${String(rtt).padStart(3)} ms  ${tool.padEnd(10)} ` +
          `${wall.toFixed(2)} s wall, ${(megabytes / wall).toFixed(0)} MB/s, ${cell.cpu.toFixed(2)} s CPU`,
      )
    }
  }
  return cells
}

// Random, so that nothing on the way can shrink it.
function fill(file: string): void {
  const handle = openSync(file, 'w')
  for (let i = 0; i < megabytes; i++) writeSync(handle, randomBytes(1_000_000))
  closeSync(handle)
}
