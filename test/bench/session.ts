import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** One command that was run and measured. */
export interface Sample {
  readonly code: number
  /** Seconds. */
  readonly wall: number
  /** CPU seconds of the controller's whole process tree, user and system; daemons it left behind are counted. */
  readonly cpu: number
  /** CPU seconds of all hosts. */
  readonly hosts: number
  /** The share of this machine's cores that went to others meanwhile: a wall time with much of it says little. */
  readonly foreign: number
  readonly output: string
}

/** A host of the session: its files lie below `root`. */
export interface BenchHost {
  readonly name: string
  readonly index: number
  readonly root: string
}

/** The folder that `hosts session` made for this run. */
export const state = process.env['BENCH'] ?? ''
const measured = new URL('measured', import.meta.url).pathname

/** Runs this file again with so many hosts beside it; they and all that runs on them end with it. */
export function inSession(count: number, file: string, args: readonly string[]): void {
  const hosts = new URL('hosts', import.meta.url).pathname
  const command = [process.execPath, ...process.execArgv, new URL(file).pathname, ...args]
  const session = spawn(hosts, ['session', String(count), ...command], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => session.kill('SIGTERM'))
  session.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}

/** Lets the user whose HOME is measured know the keys of the hosts. */
export function knowHosts(): void {
  mkdirSync(path.join(state, 'home', '.ssh'), { recursive: true, mode: 0o700 })
  writeFileSync(path.join(state, 'home', '.ssh', 'known_hosts'), readFileSync(path.join(state, 'known_hosts')))
}

/** The hosts that are up. */
export function hostsUp(): readonly BenchHost[] {
  return readdirSync(path.join(state, 'hosts'))
    .map((name) => ({
      name,
      index: Number(name.split('-')[1]),
      root: `/proc/${readFileSync(path.join(state, 'hosts', name, 'pid'), 'utf8').trim()}/root`,
    }))
    .sort((a, b) => a.index - b.index)
}

/** The environment of everything that is measured: nothing of the caller's, so that two runs are alike. */
export const environment: NodeJS.ProcessEnv = {
  PATH: `${path.dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: path.join(state, 'home'),
  LANG: 'C.UTF-8',
  BENCH: state,
  TERM: 'dumb',
}

/** Runs a command and measures it. Its working directory is new and empty unless given. */
export async function measure(argv: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Sample> {
  const out = path.join(state, 'measured')
  const place = cwd ?? path.join(state, 'cwd')
  if (cwd === undefined) rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  const before = { hosts: hostsCpu(), busy: machineCpu() }
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn(measured, [out, ...argv], {
      cwd: place,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', () => {
      resolve(Buffer.concat(chunks).toString())
    })
  })
  const [code = '1', microseconds = '0', user = '', system = ''] = readFileSync(out, 'utf8').trim().split(' ')
  const wall = Number(microseconds) / 1e6
  const cpu = seconds(user) + seconds(system)
  const hosts = hostsCpu() - before.hosts
  const foreign = Math.max(0, (machineCpu() - before.busy - cpu - hosts) / wall / cores)
  return { code: Number(code), wall, cpu, hosts, foreign, output }
}

/** The processor cores of this machine. */
export const cores = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)?.length ?? 1
/** What the processor calls itself. */
export const processor =
  /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'an unknown processor'

/** `0m1.234s`, as the shell's `times` writes it. */
function seconds(text: string): number {
  const match = /^(\d+)m([\d.]+)s$/.exec(text)
  return match ? Number(match[1]) * 60 + Number(match[2]) : 0
}

const ticks = 100

function machineCpu(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) / ticks
}

/** What every process of the hosts has used, those that ended included, for whoever waited for them is alive. */
function hostsCpu(): number {
  const mine = readlinkSync('/proc/self/ns/pid')
  let sum = 0
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      if (readlinkSync(`/proc/${entry}/ns/pid`) === mine) continue
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      sum += fields
        .slice(11, 15)
        .map(Number)
        .reduce((a, b) => a + b, 0)
    } catch {
      // It has ended since it was listed.
    }
  }
  return sum / ticks
}

/** Where a host of the session answers: itself, or the door that delays. */
export function addressOf(index: number, rtt: number): string {
  return `127.${rtt > 0 ? 78 : 77}.${index >> 8}.${index & 255}`
}

/** A command that also tells what it took of memory, in megabytes, and how many descriptors are open at its end. */
export async function measureMore(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Sample & Told> {
  const told = path.join(state, 'told')
  rmSync(told, { force: true })
  const preload = `--import=${new URL('told.mjs', import.meta.url).href}`
  const sample = await measure(argv, { ...env, NODE_OPTIONS: preload, BENCH_TOLD: told })
  const lines = existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : []
  if (lines.length === 0) throw new Error(`it ended without a word:\n${sample.output.slice(-3000)}`)
  const most = (column: number) => Math.max(...lines.map((line) => Number(line.split(' ')[column])))
  return { ...sample, memory: most(0) / 1024, open: most(1) }
}

/** What a program tells of itself at its end. */
export interface Told {
  readonly memory: number
  readonly open: number
}

/** An inventory that every tool reads: the hosts directly, or through the doors that delay. */
export function writeInventory(hosts: readonly BenchHost[], rtt: number): string {
  const file = path.join(state, `inventory-${hosts.length}-${rtt}.ini`)
  writeFileSync(
    file,
    [
      ...hosts.map(({ name, index }) => `${name} ansible_host=${addressOf(index, rtt)}`),
      '',
      '[all:vars]',
      'ansible_user=root',
      `ansible_ssh_private_key_file=${state}/key`,
      '',
    ].join('\n'),
  )
  return file
}
