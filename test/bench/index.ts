// The benchmark: brings hosts up, runs the same work with `run` and with the peers that are installed, prints ratios.
//   npm run bench -- [--hosts 1,10,50] [--rtt 0,50] [--workloads w1,w2,w3] [--tools switchover,ansible…]
//                    [--repeat 5] [--patience 60] [--install] [--before CHECKOUT]
//   npm run bench -- --growth [--hosts 1,10,50,200,500] [--workloads w1,w2]
// A peer is repeated as often as fits in --patience seconds a cell, at least once, and `n` tells. --add keeps what the
// last benchmark found and this one does not measure.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { chart } from './chart.ts'
import { type Cell, median, type Results, table } from './results.ts'
import {
  type BenchHost,
  cores,
  hostsUp,
  inSession,
  knowHosts,
  measure,
  processor,
  type Sample,
  state,
  writeInventory,
} from './session.ts'
import { before as earlier, ours, peers, type Tool } from './tools.ts'
import { databases } from './databases.ts'
import { growth, growthPicture, growthTable } from './growth.ts'
import { transfers } from './transfers.ts'
import { endState, reset } from './workloads.ts'

const here = (file: string) => new URL(file, import.meta.url).pathname
const { values } = parseArgs({
  options: {
    hosts: { type: 'string' },
    rtt: { type: 'string', default: '0,50' },
    workloads: { type: 'string' },
    growth: { type: 'boolean', default: false },
    tools: { type: 'string', default: '' },
    repeat: { type: 'string', default: '5' },
    patience: { type: 'string', default: '60' },
    install: { type: 'boolean', default: false },
    add: { type: 'boolean', default: false },
    before: { type: 'string', default: '' },
    out: { type: 'string', default: here('.') },
  },
})
const list = (text: string) => text.split(',').filter(Boolean)
const counts = list(values.hosts ?? (values.growth ? '1,10,50,200,500' : '1,10,50')).map(Number)
const rtts = list(values.rtt).map(Number)
const workloads = list(values.workloads ?? (values.growth ? 'w1,w2' : 'w1,w2,w3'))
const repeat = Number(values.repeat)
const patience = Number(values.patience)
const machine = `${cores} cores of ${processor}, shared by the controller and all hosts`

if (values.install) install()
if (state === '') {
  const args = process.argv.slice(2).filter((argument) => argument !== '--install')
  inSession(Math.max(...counts), import.meta.url, args)
} else if (values.growth) await grow()
else await bench()

// SSHKit needs ruby-ed25519 for keys of that kind; pyinfra is not among Debian's packages.
const debian = [
  'ansible-core',
  'ansible',
  'ansible-mitogen',
  'python3-mitogen',
  'ruby-sshkit',
  'ruby-ed25519',
  'clustershell',
]

function install(): void {
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...debian], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0) throw new Error('the peers could not be installed: see above')
}

async function grow(): Promise<void> {
  knowHosts()
  const sizes = await growth(hostsUp(), counts, workloads, repeat, say)
  writeFileSync(path.join(values.out, 'growth.svg'), growthPicture(sizes, machine))
  process.stdout.write(`\n${growthTable(sizes)}\n`)
}

async function bench(): Promise<void> {
  knowHosts()
  const all = hostsUp()
  const wanted = list(values.tools)
  // Taken in turns, so that both meet the same moods of the machine.
  const own = values.before === '' ? [ours] : [ours, earlier(values.before)]
  const tools = [...own, ...peers].filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  for (const { name, missing } of tools) if (missing !== undefined) say(`${name} is left out: ${missing}`)
  const present = tools.filter(({ missing }) => missing === undefined)
  const doors = rtts.some((rtt) => rtt > 0) ? await openDoors(Math.max(...rtts) / 2, all.length) : undefined
  const cells: Cell[] = []
  const before = values.add
    ? (JSON.parse(readFileSync(path.join(values.out, 'results.json'), 'utf8')) as Results).cells
    : []
  const start = await startUp()
  const save = (): Results => {
    const same = (one: Cell, other: Cell) =>
      one.workload === other.workload && one.hosts === other.hosts && one.rtt === other.rtt
    const results: Results = {
      date: new Date().toISOString(),
      machine,
      node: process.version,
      start,
      cells: [...before.filter((old) => !cells.some((cell) => same(old, cell))), ...cells],
    }
    writeFileSync(path.join(values.out, 'results.json'), `${JSON.stringify(results, undefined, 1)}\n`)
    writeFileSync(path.join(values.out, 'results.svg'), chart(results))
    return results
  }
  try {
    for (const rtt of rtts) {
      for (const count of counts) {
        const hosts = all.slice(0, count)
        const inventory = writeInventory(hosts, rtt)
        for (const workload of workloads.filter((name) => !['w4', 'w5'].includes(name))) {
          const ends = new Map<string, string>()
          for (const turns of [present.filter((tool) => own.includes(tool)), ...peers.map((peer) => [peer])]) {
            const taking = turns.filter((tool) => present.includes(tool) && tool.does?.includes(workload) !== false)
            cells.push(...(await taken(taking, workload, hosts, inventory, rtt, doors, ends)))
            save()
          }
          agree(ends)
        }
      }
      if (workloads.includes('w5')) cells.push(...(await databases(all.slice(0, 2), rtt, repeat, say)))
      if (workloads.includes('w4')) cells.push(...(await transfers(all.slice(0, 2), rtt, repeat, say)))
    }
    process.stdout.write(`\n${table(save())}\n`)
  } finally {
    doors?.kill()
  }
}

/** What was measured of one tool at one workload. */
interface Taken {
  readonly tool: Tool
  readonly samples: Map<string, Sample[]>
  readonly trips: Map<string, number[]>
  seconds: number
}

/** Repeats one workload with the given tools in turns. w3 counts twice: when all has to change, and when nothing. */
async function taken(
  tools: readonly Tool[],
  workload: string,
  hosts: readonly BenchHost[],
  inventory: string,
  rtt: number,
  doors: ChildProcess | undefined,
  ends: Map<string, string>,
): Promise<readonly Cell[]> {
  const all = tools.map((tool): Taken => ({ tool, samples: new Map(), trips: new Map(), seconds: 0 }))
  const failed = new Set<Taken>()
  for (let i = 0; i < repeat; i++) {
    for (const one of all) {
      const { tool, samples, seconds } = one
      const last = samples.get(workload === 'w3' ? 'w3 first' : workload) ?? []
      const patient = seconds + Math.max(0, ...last.map(({ wall }) => wall)) <= patience
      if (failed.has(one) || (peers.includes(tool) && i > 0 && !patient)) continue
      const began = performance.now()
      if (!(await round(one, workload, hosts, inventory, rtt, doors))) failed.add(one)
      else if (workload === 'w3' && tool.differs !== true) ends.set(tool.name, hosts.map(endState).join('\n\n'))
      one.seconds += (performance.now() - began) / 1000
    }
  }
  return all.filter((one) => !failed.has(one)).flatMap((one) => cellsOf(one, hosts.length, rtt))
}

async function round(
  { tool, samples, trips }: Taken,
  workload: string,
  hosts: readonly BenchHost[],
  inventory: string,
  rtt: number,
  doors: ChildProcess | undefined,
): Promise<boolean> {
  const { argv, env } = tool.command(workload, inventory, hosts.length)
  if (workload === 'w3') reset(hosts)
  for (const name of workload === 'w3' ? ['w3 first', 'w3 again'] : [workload]) {
    const sample = await measure(argv, env)
    if (doors && rtt > 0) trips.set(name, [...(trips.get(name) ?? []), await roundTrips(doors)])
    if (sample.code !== 0) {
      // A peer that fails is no reason to lose the figures of the others.
      const said = sample.output.slice(-3000)
      say(`${tool.name} failed at ${name} on ${hosts.length} hosts (exit code ${sample.code}):\n${said}`)
      process.exitCode = 1
      return false
    }
    samples.set(name, [...(samples.get(name) ?? []), sample])
  }
  return true
}

function cellsOf({ tool, samples, trips }: Taken, hosts: number, rtt: number): readonly Cell[] {
  return [...samples].map(([name, taken]) => {
    const made: Cell = {
      tool: tool.name,
      workload: name,
      hosts,
      rtt,
      n: taken.length,
      wall: median(taken.map((s) => s.wall)),
      cpu: median(taken.map((s) => s.cpu)),
      hostsCpu: median(taken.map((s) => s.hosts)),
      foreign: median(taken.map((s) => s.foreign)),
      walls: taken.map((s) => Number(s.wall.toFixed(3))),
      ...(trips.has(name) ? { trips: median(trips.get(name)!) } : {}),
    }
    say(
      `${name.padEnd(9)} ${String(hosts).padStart(3)} hosts ${String(rtt).padStart(3)} ms  ${tool.name.padEnd(18)} ` +
        `${made.wall.toFixed(2).padStart(8)} s wall ${made.cpu.toFixed(2).padStart(7)} s CPU ` +
        `(hosts ${made.hostsCpu.toFixed(1)} s, others ${Math.round(made.foreign * 100)} %), ` +
        `n = ${made.n}${made.trips === undefined ? '' : `, ${made.trips} round trips`}`,
    )
    return made
  })
}

/** What a run costs before its first connection. */
async function startUp(): Promise<Results['start']> {
  const run = [process.execPath, here('../../lib/run.cjs')]
  const root = here('../..')
  const what: readonly (readonly [string, readonly string[]])[] = [
    ['node itself', [process.execPath, '-e', '0']],
    ['run --version', [...run, '--version']],
    ['run w1 --list-tasks', [...run, here('playbooks/w1.ts'), '-i', 'a,', '--list-tasks']],
    [
      'run playbooks/full-upgrade.ts --list-tasks',
      [...run, 'playbooks/full-upgrade.ts', '-i', 'inventory/lab', '--list-tasks'],
    ],
  ]
  const rows = []
  for (const [name, argv] of what) {
    const taken = []
    for (let i = 0; i < repeat; i++) taken.push(await measure(argv, {}, root))
    const failed = taken.find(({ code }) => code !== 0)
    if (failed) say(`${name} failed: ${failed.output.slice(0, 500)}`)
    rows.push({ name, wall: median(taken.map((s) => s.wall)), cpu: median(taken.map((s) => s.cpu)) })
    say(`${name}: ${Math.round(rows.at(-1)!.wall * 1000)} ms wall, ${Math.round(rows.at(-1)!.cpu * 1000)} ms CPU`)
  }
  return rows
}

async function openDoors(delay: number, count: number): Promise<ChildProcess> {
  const proxy = spawn(process.execPath, [here('delay-proxy.mjs'), String(delay), String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    proxy.stdout.once('data', () => {
      resolve()
    })
    proxy.once('exit', (code) => {
      reject(new Error(`the delaying doors did not open (exit code ${code})`))
    })
  })
  return proxy
}

/** The round trips that the slowest connection since the last question waited for. */
function roundTrips(doors: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    doors.stdout!.once('data', (line: Buffer) => {
      resolve(Number(line))
    })
    doors.stdin!.write('\n')
  })
}

/** Speed means nothing unless the same was done. */
function agree(ends: ReadonlyMap<string, string>): void {
  const [first, ...others] = ends
  for (const [name, end] of others) {
    if (end === first![1]) continue
    const differ = first![1].split('\n').filter((line, i) => line !== end.split('\n')[i])
    throw new Error(
      `${first![0]} and ${name} left different hosts behind, ${first![0]} with:\n${differ.slice(0, 5).join('\n')}`,
    )
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
