// npm run test:database [-- MEGABYTES [TIMES]]: nova's database of 1 GB from one MariaDB server into another, dumped, imported, converted and
// migrated as the roles do it, and by a pipe of two ssh in turns. Tells the rates; how far it is and how long it
// still takes must have been shown, and every row must be there. It wants three times as much memory as the database has.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Timed } from '../../lib/model/event.ts'
import { on, pipeOf, serve } from './databases.ts'
import { median } from './results.ts'
import { type BenchHost, hostsUp, inSession, knowHosts, measure, state, writeInventory } from './session.ts'
import { ours } from './tools.ts'

const [megabytes = 1000, times = 1] = process.argv.slice(2).map(Number)
const parts = ['dump', 'import', 'conversion', 'migration'] as const
/** An instance takes so many bytes of a dump. */
const rowBytes = 1180
const rows = Math.round((megabytes * 1e6) / rowBytes)
/** Of the pipe's speed; both dump and import are the host's own programs. */
const least = 0.95

if (state === '') inSession(2, import.meta.url, process.argv.slice(2))
else await large()

async function large(): Promise<void> {
  knowHosts()
  const [first, second] = hostsUp() as [BenchHost, BenchHost]
  for (const host of [first, second]) serve(host)
  on(first, `mariadb -e 'CREATE DATABASE nova'; mariadb nova -e '${making()}'`)
  const { argv } = ours.command('large', writeInventory([first, second], 0), 2)
  const cwd = path.join(state, 'large')
  const walls: Record<'ours' | 'pipe', number[]> = { ours: [], pipe: [] }
  const faults: string[] = []
  let seconds: Readonly<Record<string, number>> = {}
  let bytes = 0
  for (let i = 0; i < times; i++) {
    anew(second)
    const run = await measure([...argv, '-o', 'lines', '-v'], {}, cwd)
    seconds = secondsOf(cwd)
    bytes = Number(on(second, 'wc -c < /srv/nova.sql'))
    check(run.code === 0, `it ended with ${run.code}:\n${run.output.slice(-2000)}`)
    // Of less than some seconds nobody is told how long they last.
    // It is said now and then, so of what lasts less nobody is told.
    for (const part of ['dump', 'import'])
      if (seconds[part]! > 45) check(/MiB\/s, .* left/.test(under(run.output, part)), `no time left of the ${part}`)
    walls.ours.push(seconds['dump']! + seconds['import']!)
    anew(second)
    const pipe = await measure(pipeOf(first, second, 'nova'))
    check(pipe.code === 0, `the pipe ended with ${pipe.code}:\n${pipe.output.slice(-2000)}`)
    walls.pipe.push(pipe.wall)
  }
  const say = (line: string) => process.stdout.write(`${line}\n`)
  say(`${rows} instances, a dump of ${(bytes / 1e6).toFixed(0)} MB`)
  for (const part of parts)
    say(
      `${part.padEnd(10)} ${seconds[part]!.toFixed(1).padStart(7)} s  ${(bytes / 1e6 / seconds[part]!).toFixed(0)} MB/s`,
    )
  const [mine, pipe] = [median(walls.ours), median(walls.pipe)]
  say(
    `dump and import ${mine.toFixed(1)} s, a pipe of mysqldump and mysql ${pipe.toFixed(1)} s: ${(pipe / mine).toFixed(2)} × as fast`,
  )
  if (pipe / mine < least) say(`slower than ${least} ×`)
  for (const fault of faults) say(`WRONG ${fault}`)
  if (faults.length > 0) process.exitCode = 1

  function check(holds: boolean, fault: string): void {
    const there = Number(on(second, "mariadb -Ne 'SELECT COUNT(*) FROM nova.instances' 2>/dev/null || echo 0"))
    if (there !== rows) faults.push(`${there} of ${rows} instances are there`)
    if (!holds) faults.push(fault)
  }
}

/** As Havana has them, as far as it takes room. */
function making(): string {
  return `CREATE TABLE instances (created_at DATETIME, updated_at DATETIME, deleted_at DATETIME,
    id INT NOT NULL PRIMARY KEY, uuid VARCHAR(36), user_id VARCHAR(255), project_id VARCHAR(255), image_ref VARCHAR(255),
    host VARCHAR(255), node VARCHAR(255), hostname VARCHAR(255), display_name VARCHAR(255), vm_state VARCHAR(255),
    power_state INT, memory_mb INT, vcpus INT, key_data MEDIUMTEXT, user_data MEDIUMTEXT, deleted INT,
    UNIQUE KEY (uuid), KEY (host, deleted), KEY (project_id, deleted)) ENGINE=InnoDB DEFAULT CHARSET=latin1
  SELECT NOW() AS created_at, NOW() AS updated_at, NULL AS deleted_at, seq AS id, UUID() AS uuid, MD5(seq % 90) AS user_id,
    MD5(seq % 50) AS project_id, UUID() AS image_ref, CONCAT("node-", seq % 200, ".domain.tld") AS host,
    CONCAT("node-", seq % 200) AS node, CONCAT("vm-", seq) AS hostname, CONCAT("vm ", seq) AS display_name,
    "active" AS vm_state, 1 AS power_state, 512 AS memory_mb, 1 AS vcpus, REPEAT(MD5(seq), 12) AS key_data,
    REPEAT(MD5(seq + 1), 10) AS user_data, 0 AS deleted FROM seq_1_to_${rows}`.replaceAll('\n', ' ')
}

/** What was said under a task. */
function under(output: string, task: string): string {
  return output.split(/^TASK \[/m).find((section) => section.startsWith(`${task}]`)) ?? ''
}

function anew(host: BenchHost): void {
  on(
    host,
    "rm -f /srv/nova*; mariadb -e 'DROP DATABASE IF EXISTS nova; DROP DATABASE IF EXISTS switchover; CREATE DATABASE nova'",
  )
}

/** What each task of the latest run took, in seconds. */
function secondsOf(cwd: string): Readonly<Record<string, number>> {
  const folder = path.join(cwd, '.switchover/runs')
  const newest = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : []
  const events = newest
    .sort()
    .slice(-1)
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Timed)
  rmSync(folder, { recursive: true, force: true })
  const begun = new Map<string, number>()
  const took: Record<string, number> = {}
  for (const event of events) {
    if (event.type === 'task-started') begun.set(event.path.task, event.time)
    if (event.type === 'task-finished') took[event.path.task] = (event.time - begun.get(event.path.task)!) / 1000
  }
  return took
}
