import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Timed } from '../../lib/model/event.ts'
import { command, withCommand } from './command.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const lab = join(root, 'test/lab/lab')
const journals = join(root, '.switchover/runs')

/** The hosts of the lab. */
export type HostName = 'node-1' | 'node-5' | 'node-3' | 'node-4'
export const hostNames: readonly HostName[] = ['node-1', 'node-5', 'node-3', 'node-4']

/** The databases that are moved. */
export const databases = ['keystone', 'glance', 'nova', 'cinder', 'neutron'] as const
export type Database = (typeof databases)[number]

export interface Controller {
  readonly hostname: string
  readonly management: string
  readonly storage: string
  readonly public: string
  readonly databasePasswords: Readonly<Record<Database, string>>
  readonly rabbit: { readonly user: string; readonly password: string }
  readonly servicePasswords: Readonly<Record<string, string>>
  readonly adminToken: string
  readonly adminPassword: string
  readonly mysqlRoot: string
  readonly metadataSecret: string
  readonly running: readonly string[]
}

/** What the lab's two clouds are made from. */
export const clouds = JSON.parse(readFileSync(join(root, 'test/lab/clouds.json'), 'utf8')) as {
  readonly 'node-1': Controller
  readonly 'node-5': Controller
  readonly volumes: readonly {
    readonly id: string
    readonly sizeGb: number
    readonly name: string
    readonly chap: { readonly user: string; readonly password: string }
  }[]
  readonly images: readonly { readonly id: string; readonly size: number }[]
}

/** How a program ended and all it said. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A program that was started, and how it will have ended. */
export interface Started {
  readonly pid: number
  readonly ended: Promise<Ended>
  kill(): void
}

/** Makes sure that this process is alone with a lab of its own, and gives it a journal folder of its own. */
export async function ownLab(): Promise<void> {
  if (!existsSync('/run/netns/.switchover-session')) {
    throw new Error(
      'this changes a lab beyond repair and wants one of its own: test/lab/lab session node --import tsx FILE',
    )
  }
  mkdirSync(journals, { recursive: true, mode: 0o700 })
  // Seen in this session alone: what is to be resumed must not be somebody else's run.
  await must('mount', ['-t', 'tmpfs', '-o', 'mode=700', 'journals', journals])
}

function start(
  program: string,
  args: readonly string[],
  input?: string | Uint8Array,
  env: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(program, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => out.push(part))
  child.stderr.on('data', (part: Buffer) => err.push(part))
  // A program may end without reading its input.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return {
    pid: child.pid!,
    ended: new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) =>
        resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
      )
    }),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Runs a program to its end and gives what it said. @throws when it fails */
export async function must(
  program: string,
  args: readonly string[],
  input?: string | Uint8Array,
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, out, err } = await start(program, args, input, env).ended
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} (exit code ${code}):\n${out}${err}`)
  return out
}

// A run that takes longer hangs, and so would the test.
const longest = 300_000

/** The `run` command as an operator types it; types are checked once by the test suite, not before every run. */
export function startRun(args: readonly string[]): Started {
  const started = start(process.execPath, [command, ...args, '--no-type-check'], undefined, withCommand)
  const timer = setTimeout(started.kill, longest)
  return { ...started, ended: started.ended.finally(() => clearTimeout(timer)) }
}
export function run(args: readonly string[]): Promise<Ended> {
  return startRun(args).ended
}

/** Does something to the lab itself: `power node-4 off`. */
export function doLab(...args: readonly string[]): Promise<string> {
  return must(lab, args)
}

/** Runs a script inside a host as root, and gives what it wrote. @throws when it fails */
export function inside(host: HostName, script: string, input?: string | Uint8Array): Promise<string> {
  return must(lab, ['enter', host, 'sh', '-c', script], input)
}

/** Like `inside`, for scripts whose failure is the answer. */
export function attempt(host: HostName, script: string): Promise<Ended> {
  return start(lab, ['enter', host, 'sh', '-c', script]).ended
}

/** Rows of a query on a host's database server, as root. Texts come as they are in the tables. */
export async function sql(host: HostName, text: string): Promise<readonly (readonly string[])[]> {
  const out = await inside(host, 'mysql --default-character-set=utf8 -N -B', text)
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'))
}

/** The one value that a query gives. */
export async function value(host: HostName, text: string): Promise<string | undefined> {
  return (await sql(host, text))[0]?.[0]
}

/** The events of the latest recorded run. */
export function latestJournal(): readonly Timed[] {
  const newest = readdirSync(journals)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .at(-1)
  if (newest === undefined) throw new Error('no run was recorded')
  return readFileSync(join(journals, newest), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Timed)
}

/** All that was ever recorded, as one text, with the pages made of it. */
export function allJournals(): string {
  return readdirSync(journals)
    .map((name) => readFileSync(join(journals, name), 'utf8'))
    .join('')
}

/** Which of the named services run on a host. */
export async function running(host: HostName, services: readonly string[]): Promise<readonly string[]> {
  return (
    await inside(host, `for s in ${services.join(' ')}; do service $s status >/dev/null 2>&1 && echo $s; done; :`)
  )
    .split('\n')
    .filter(Boolean)
}

/** A file's path and what it is: type, mode, owner, link target or checksum. */
export type Files = ReadonlyMap<string, string>

/** Everything below some directories of a host. */
export async function files(host: HostName, ...directories: readonly string[]): Promise<Files> {
  const [facts = '', sums = ''] = (
    await inside(
      host,
      `
    find ${directories.join(' ')} -xdev -printf '%p\\t%y %m %U:%G %l\\n'
    echo --
    find ${directories.join(' ')} -xdev -type f -print0 | xargs -0 -r sha256sum`,
    )
  ).split('\n--\n')
  const found = new Map(facts.split('\n').map((line) => line.split('\t') as [string, string]))
  for (const line of sums.split('\n').filter(Boolean))
    found.set(line.slice(66), `${found.get(line.slice(66))}${line.slice(0, 64)}`)
  return found
}

/** A table with every value as the hex of its UTF-8 text, or NULL. */
export interface Table {
  readonly columns: readonly string[]
  /** Positions of the columns that identify a row; all where there is no primary key. */
  readonly key: readonly number[]
  readonly rows: readonly (readonly string[])[]
}

/** All tables of a database, by name. */
export async function tables(host: HostName, database: string): Promise<ReadonlyMap<string, Table>> {
  return readTables(database, (text) => sql(host, text))
}

/** As `tables`, of whatever server the questions go to. */
export async function readTables(
  database: string,
  ask: (text: string) => Promise<readonly (readonly string[])[]>,
): Promise<ReadonlyMap<string, Table>> {
  const found = new Map<string, { columns: string[]; key: number[]; read: string[]; rows: string[][] }>()
  for (const [table, column, type, key] of await ask(`
    SELECT c.table_name, c.column_name, c.data_type, c.column_key = 'PRI' FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = '${database}' AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.column_name`)) {
    if (!found.has(table!)) found.set(table!, { columns: [], key: [], read: [], rows: [] })
    const { columns, key: keys, read } = found.get(table!)!
    if (key === '1') keys.push(columns.length)
    columns.push(column!)
    const text = /blob|binary/.test(type!) ? `\`${column}\`` : `CONVERT(CAST(\`${column}\` AS CHAR) USING utf8)`
    read.push(`IFNULL(HEX(${text}), 'NULL')`)
  }
  const all = [...found].map(
    ([table, { read }]) => `SELECT '${table}', ${read.join(', ')} FROM \`${database}\`.\`${table}\``,
  )
  for (const [table, ...row] of await ask(all.join(';\n'))) found.get(table!)!.rows.push(row)
  return new Map(
    [...found].map(([name, { columns, key, rows }]) => [
      name,
      { columns, key: key.length > 0 ? key : columns.map((_, i) => i), rows },
    ]),
  )
}

/**
 * How one database differs from another: `table: gone`, `table: new`, `table KEY: gone`, `table KEY: new`,
 * `table KEY column: old → new`; columns that only one of them has do not count.
 */
export function differences(before: ReadonlyMap<string, Table>, after: ReadonlyMap<string, Table>): readonly string[] {
  const said: string[] = []
  for (const [name, old] of before) {
    const now = after.get(name)
    if (!now) {
      said.push(`${name}: gone`)
      continue
    }
    const shared = old.columns.filter((column) => now.columns.includes(column))
    const byKey = (table: Table) =>
      new Map(table.rows.map((row) => [old.key.map((i) => row[table.columns.indexOf(old.columns[i]!)]).join(' '), row]))
    const [olds, nows] = [byKey(old), byKey(now)]
    for (const [key, row] of olds) {
      const other = nows.get(key)
      if (!other) said.push(`${name} ${shownKey(key)}: gone`)
      else {
        for (const column of shared) {
          const [was, is] = [row[old.columns.indexOf(column)]!, other[now.columns.indexOf(column)]!]
          if (was !== is) said.push(`${name} ${shownKey(key)} ${column}: ${shownHex(was)} → ${shownHex(is)}`)
        }
      }
    }
    for (const key of nows.keys()) if (!olds.has(key)) said.push(`${name} ${shownKey(key)}: new`)
  }
  for (const name of after.keys()) if (!before.has(name)) said.push(`${name}: new`)
  return said.sort()
}

function shownHex(hex: string): string {
  return hex === 'NULL' ? hex : Buffer.from(hex, 'hex').toString()
}
function shownKey(key: string): string {
  return key.split(' ').map(shownHex).join(' ')
}

/** What a host is at a moment: which services run, its files, its databases; heartbeats are left out. */
export interface Snapshot {
  readonly running: readonly string[]
  readonly files: Files
  readonly databases: ReadonlyMap<string, ReadonlyMap<string, Table>>
}

const beating: Readonly<Record<string, readonly string[]>> = {
  'nova.services': ['updated_at', 'report_count'],
  'nova.compute_nodes': ['updated_at'],
  'cinder.services': ['updated_at', 'report_count'],
  'neutron.agents': ['heartbeat_timestamp', 'started_at', 'created_at', 'configurations'],
}

/** A database without what its own daemons write all the time. */
export function calm(database: string, all: ReadonlyMap<string, Table>): ReadonlyMap<string, Table> {
  return new Map(
    [...all]
      .filter(([name]) => `${database}.${name}` !== 'keystone.token')
      .map(([name, table]) => {
        const without = beating[`${database}.${name}`] ?? []
        return [
          name,
          {
            ...table,
            rows: table.rows.map((row) => row.map((cell, i) => (without.includes(table.columns[i]!) ? '' : cell))),
          },
        ]
      }),
  )
}

/** Takes a snapshot of a host. */
export async function snapshot(host: HostName): Promise<Snapshot> {
  const services = (await inside(host, 'ls /etc/init.d')).split('\n').filter(Boolean)
  const controller = host === 'node-1' || host === 'node-5'
  return {
    running: await running(host, services),
    files: await files(host, '/etc', '/root', ...(controller ? ['/var/lib/glance'] : [])),
    databases: controller
      ? new Map(
          await Promise.all(
            databases.map(async (database) => [database, calm(database, await tables(host, database))] as const),
          ),
        )
      : new Map<string, ReadonlyMap<string, Table>>(),
  }
}

/** What is otherwise in the second snapshot. */
export function changes(before: Snapshot, after: Snapshot): readonly string[] {
  const said: string[] = []
  for (const name of before.running) if (!after.running.includes(name)) said.push(`${name}: stopped`)
  for (const name of after.running) if (!before.running.includes(name)) said.push(`${name}: started`)
  for (const path of new Set([...before.files.keys(), ...after.files.keys()])) {
    if (before.files.get(path) !== after.files.get(path))
      said.push(`${path}: ${before.files.get(path) ?? 'nothing'} → ${after.files.get(path) ?? 'nothing'}`)
  }
  for (const [name, old] of before.databases)
    said.push(...differences(old, after.databases.get(name)!).map((line) => `${name}.${line}`))
  return said
}

/** A checksum over the volumes of a controller; their holes cost nothing. */
export function volumesSum(host: HostName): Promise<string> {
  return inside(host, 'cd /var/lib/lvm-standin/cinder && tar --sparse --sort=name -cf - . | sha256sum')
}

/** The arguments of every process that was seen, on all hosts and outside of them. */
export interface Watched {
  stop(): ReadonlySet<string>
}

/** Looks at the arguments of all processes, many times a second; a session sees those of its hosts. */
export function watchArguments(): Watched {
  const seen = new Set<string>()
  const settled = new Map<string, number>()
  const look = () => {
    const now = readdirSync('/proc').filter((name) => /^\d/.test(name))
    for (const pid of now) {
      // A process is first the copy of its parent: some looks later its arguments are its own.
      const looks = settled.get(pid) ?? 0
      if (looks > 20) continue
      settled.set(pid, looks + 1)
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '))
      } catch {
        // It has ended.
      }
    }
  }
  const timer = setInterval(look, 4)
  return {
    stop() {
      clearInterval(timer)
      return seen
    },
  }
}

/** Every secret of both clouds, but those too short to be told from a word. */
export function secretsOfClouds(): readonly string[] {
  const found = new Set<string>()
  const walk = (value: unknown, secret: boolean): void => {
    if (typeof value === 'string') {
      if (secret && value.length > 5) found.add(value)
    } else if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value))
        walk(inner, /password|secret|token|mysqlRoot/i.test(name) || (secret && !/user/.test(name)))
    }
  }
  walk(clouds, false)
  return [...found]
}
