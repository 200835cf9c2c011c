// npm run test:load [-- HOSTS]: forty tasks on 500 hosts, each with a real sshd. In the middle one in twenty dies, one in a hundred
// falls silent, one in twenty is slow. Every host must have its right line in the recap, and the run its exit code,
// little memory and no descriptor left open. Beside it, told only: ten times what fifty hosts take.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type BenchHost, hostsUp, inSession, knowHosts, measureMore, state, writeInventory } from './session.ts'
import { ours } from './tools.ts'

const [count = 500] = process.argv.slice(2).map(Number)
const tasks = 40
const few = Math.min(50, count)
const mostMegabytesPerHost = 0.5

type Fate = 'dies' | 'silent' | 'slow' | 'well'
const fateOf = ({ index }: BenchHost): Fate =>
  index % 20 === 7 ? 'dies' : index % 100 === 9 ? 'silent' : index % 20 === 11 ? 'slow' : 'well'

if (state === '') inSession(count, import.meta.url, process.argv.slice(2))
else await load()

async function load(): Promise<void> {
  knowHosts()
  // What falls silent is to be noticed in seconds.
  writeFileSync(path.join(state, 'home', '.ssh', 'config'), 'ServerAliveInterval 2\n', { mode: 0o600 })
  const all = hostsUp()
  const faults: string[] = []
  const well = all.filter((host) => fateOf(host) === 'well')
  for (const { root } of all) writeFileSync(`${root}/srv/fate`, 'well\n')
  const one = await run(all.slice(0, 1))
  const fifty = await run(all.slice(0, few))
  for (const { root } of all) for (const file of written(root)) rmSync(file)
  for (const host of all) writeFileSync(`${host.root}/srv/fate`, `${fateOf(host)}\n`)
  const { code, output, wall, cpu, memory, open } = await run(all)
  if (code !== 4) faults.push(`the exit code is ${code}, and 4 means that hosts were lost`)
  const recap = new Map(
    [...output.matchAll(/^(bench-\d+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/gm)].map(
      ([, name, ...counts]) => [name!, counts.map(Number)] as const,
    ),
  )
  for (const host of all) {
    const lost = ['dies', 'silent'].includes(fateOf(host))
    const [ok, , unreachable, failed] = recap.get(host.name) ?? []
    const right = lost ? ok === 19 && unreachable === 1 && failed === 0 : ok === tasks && !unreachable && !failed
    if (!right) faults.push(`${host.name}, which ${fateOf(host)}: ok=${ok} unreachable=${unreachable} failed=${failed}`)
    const files = written(host.root).length
    if (files !== (lost ? 0 : 10)) faults.push(`${host.name}, which ${fateOf(host)}: ${files} files were written`)
  }
  const perHost = (memory - fifty.memory) / (count - few)
  if (count > few && perHost > mostMegabytesPerHost) faults.push(`a host more takes ${perHost.toFixed(2)} MB`)
  if (open > one.open + 5) faults.push(`${open} descriptors are open at the end, ${one.open} after a run on one host`)
  process.stdout.write(
    `${count} hosts × ${tasks} tasks, ${well.length} of them undisturbed: ${wall.toFixed(1)} s wall, ${cpu.toFixed(1)} s CPU, ` +
      `${memory.toFixed(0)} MB (${perHost.toFixed(2)} MB a host more), ${open} descriptors at the end\n` +
      `${few} hosts, nothing happens to them: ${fifty.wall.toFixed(1)} s wall, ${fifty.cpu.toFixed(1)} s CPU, so ` +
      `${((wall * few) / fifty.wall / count).toFixed(2)} × their wall and ${((cpu * few) / fifty.cpu / count).toFixed(2)} × their CPU for each host\n`,
  )
  for (const fault of faults) process.stdout.write(`WRONG ${fault}\n`)
  process.stdout.write(faults.length === 0 ? 'all as it should be\n' : `${faults.length} things are wrong\n`)
  if (faults.length > 0) process.exitCode = 1
}

function written(root: string): string[] {
  const folder = `${root}/srv`
  return readdirSync(folder)
    .filter((name) => name.startsWith('load-'))
    .map((name) => path.join(folder, name))
}

async function run(hosts: readonly BenchHost[]) {
  const { argv, env } = ours.command('load', writeInventory(hosts, 0), hosts.length)
  return measureMore(argv, env)
}
