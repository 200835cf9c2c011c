import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { inventory } from '../../lib/index.ts'
import { inventoryOf } from '../../lib/inventory/load.ts'
import type { Host } from '../../lib/model/inventory.ts'
import type { Connection } from '../../lib/model/operation.ts'
import { begin, type Tested, type TestOptions } from '../../lib/testing/run.ts'
import { Machine, type Program, type Said } from './machine.ts'
import { mysqlSession, type Result } from './mysql-session.ts'

/** A row of a table, each value as its text. */
type Row = Readonly<Record<string, string | null>>
type Tables = Record<string, readonly Row[]>
/** Rows that answer the SELECTs in which the pattern is found. */
type Answers = readonly (readonly [pattern: RegExp, rows: readonly (readonly string[])[]])[]

export type ControllerName = 'node-1' | 'node-5'
export type NodeName = ControllerName | 'node-3'

/** What a test says about the clouds beyond what every test needs. */
export interface CloudsOptions {
  /** Variables of all hosts, beside those that every test needs. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** Files of a host, by path. */
  readonly files?: Partial<Record<NodeName, Readonly<Record<string, string>>>>
  /** Which services run on a host. */
  readonly running?: Partial<Record<NodeName, readonly string[]>>
  /** Services that a host has and does not run. */
  readonly stopped?: Partial<Record<NodeName, readonly string[]>>
  /** Tables of the source's databases: what a dump brings. */
  readonly tables?: Tables
  /** Versions of the schemas, by database, on the source and after the migrations. */
  readonly versions?: Readonly<Record<string, readonly [before: string, after: string]>>
  /** Databases whose replacement has been done. */
  readonly migrated?: readonly string[]
  readonly answers?: Answers
  readonly programs?: Readonly<Record<string, (host: NodeName, args: readonly string[], input: string) => Said>>
  /** Statuses of HTTP servers, by port; 200 unless said. */
  readonly http?: Readonly<Record<number, number>>
}

/**
 * The article's two controllers and one of its compute nodes. They are machines, and what is typed on them is written down
 * in the order of its beginning, without what only looks: `node-5: service openstack-keystone stop`.
 */
export class Clouds {
  readonly typed: string[] = []
  readonly #options: CloudsOptions
  readonly #machines = new Map<string, Machine>()
  readonly #running = new Map<string, Set<string>>()
  readonly #databases: ReadonlyMap<string, Databases>

  constructor(options: CloudsOptions) {
    this.#options = options
    const { tables = {}, versions = {}, answers = [], migrated = [] } = options
    const before = Object.fromEntries(Object.entries(versions).map(([name, [version]]) => [name, version]))
    const after = Object.fromEntries(migrated.map((name) => [name, versions[name]?.[1] ?? '']))
    this.#databases = new Map([
      ['node-1', new Databases(tables, before, answers)],
      ['node-5', new Databases(migrated.length > 0 ? tables : {}, after, answers, migrated)],
    ])
    for (const name of ['node-1', 'node-5', 'node-3'] as const) this.#make(name)
  }

  file(host: NodeName, path: string): string {
    return this.#machines.get(host)!.path(path)
  }

  /** What a file of a host says now. */
  text(host: NodeName, path: string): string {
    return readFileSync(this.file(host, path), 'utf8')
  }

  /** Which services run on a host now. */
  running(host: NodeName): readonly string[] {
    return [...this.#running.get(host)!]
  }

  /** Runs a role or plays to the end, and gives what was typed meanwhile. @throws when a host failed */
  async run(tested: Tested, options: TestOptions = {}): Promise<readonly string[]> {
    const from = this.typed.length
    const run = await this.start(tested, options)
    const outcome = await run.ended
    if (outcome !== 'ok') {
      const failures = run.events.flatMap((event) =>
        event.type === 'task-finished' && event.failure ? `${event.path.task}: ${event.failure.reason}` : [],
      )
      throw new Error(`${outcome}\n${failures.join('\n')}\n${this.typed.join('\n')}`)
    }
    return this.typed.slice(from)
  }

  async start(tested: Tested, options: TestOptions = {}) {
    const connection = (name: string): Connection => {
      const machine = this.#machines.get(name)
      if (!machine) throw new Error(`there is no host ${name}`)
      return machine.connection({}, connection)
    }
    const transport = { connection: (host: Host) => connection(host.name), close: () => Promise.resolve() }
    return begin({ inventory: await this.#inventory(), transport } as Parameters<typeof begin>[0], tested, options)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#machines.values()].map((machine) => machine.stop()))
  }

  #inventory() {
    const passwords = Object.fromEntries(
      Object.keys(this.#options.versions ?? {}).map((name) => [name, `${name}-password`]),
    )
    const host = (name: string, last: number, more = {}) => ({
      vars: { fqdn: `${name}.domain.tld`, management: `10.0.0.${last}`, storage: `192.168.1.${last}`, ...more },
    })
    return inventoryOf(
      inventory({
        vars: { rabbitPassword: 'ygrfyaNZ', databasePasswords: passwords, ...this.#options.vars },
        groups: {
          source: { hosts: { 'node-1': host('node-1', 4, { public: '172.16.40.43' }) } },
          target: { hosts: { 'node-5': host('node-5', 14, { public: '172.16.40.44' }) } },
          compute: { hosts: { 'node-3': host('node-3', 6) } },
        },
      }),
    )
  }

  #make(name: NodeName): void {
    const { files = {}, running = {}, stopped = {}, http = {}, programs = {} } = this.#options
    const databases = this.#databases.get(name)
    const own = Object.entries(programs).map(([program, said]): [string, Program] => [
      program,
      (args, input) => said(name, args, input),
    ])
    const machine = new Machine(name, {
      programs: { ...this.#programs(name, databases), ...Object.fromEntries(own) },
      reading: ['mysql'],
      serve: (port) =>
        port === 3306
          ? (socket) => mysqlSession(socket, (database, sql, values) => this.#session(name, database, sql, values))
          : (http[port] ?? 200),
    })
    this.#machines.set(name, machine)
    this.#running.set(name, new Set(running[name]))
    for (const [path, text] of Object.entries(files[name] ?? {})) write(machine, path, text)
    for (const service of [...(running[name] ?? []), ...(stopped[name] ?? [])])
      write(machine, `/etc/init.d/${service}`, '')
  }

  #programs(host: NodeName, databases: Databases | undefined): Readonly<Record<string, Program>> {
    const type = (text: string) => this.typed.push(`${host}: ${text}`)
    const does =
      (program: string, said: Said): Program =>
      (args) => {
        type([program, ...args].join(' '))
        return said
      }
    const running = () => this.#running.get(host)!
    const all = this.#databases
    const file = (path: string) => this.file(host, path)
    // Everything is root's, whoever runs the tests, until it is handed over.
    const owners = new Map<string, string>()
    const ownerOf = (path: string): string =>
      owners.get(path) ?? (path.length > 1 ? ownerOf(path.slice(0, path.lastIndexOf('/'))) : 'root')
    return {
      service([name = '', word = '']) {
        const runs = running().has(name)
        if (word === 'status') return runs ? { out: `${name} is running` } : { code: 3, out: `${name} is stopped` }
        type(`service ${name} ${word}`)
        if (word === 'stop') running().delete(name)
        else running().add(name)
        return {}
      },
      mysql(args, input) {
        const at = args.indexOf('-e')
        const said = args.filter((arg) => /^\w+$/.test(arg))
        const dump = /^-- (dump of (\w+) of (\S+))\n/.exec(input)
        if (dump) {
          type(`mysql ${said.at(-1)} < ${dump[1]}`)
          databases!.take(dump[2]!, all.get(dump[3]!)!)
          return {}
        }
        const statements = databases!.does(at < 0 ? input : args[at + 1]!)
        for (const statement of statements.typed) type(`mysql: ${statement}`)
        return { out: statements.rows.map((row) => `${row.join('\t')}\n`).join('') }
      },
      mysqldump(args) {
        type(`mysqldump ${args.filter((arg) => !arg.startsWith('--defaults')).join(' ')}`)
        return { out: `-- dump of ${args.at(-1)} of ${host}\n-- Dump completed\n` }
      },
      su: (args) => {
        type(`su ${args.at(-1)}: ${args[args.indexOf('-c') + 1]}`)
        databases?.migrate(this.#options.versions ?? {}, args.at(-1)!)
        return {}
      },
      chown(args) {
        const [who = '', path = ''] = args.slice(-2)
        owners.set(path, who.split(':')[0]!)
        // Of a file that is written the owner is part of that.
        return /\.switchover-\w+$/.test(path) ? {} : does('chown', {})(args, '')
      },
      find(args) {
        if (!args.includes('-user')) return 'itself'
        const [path = ''] = args
        const user = args[args.indexOf('-user') + 1]!
        if (!args.includes('chown')) return owners.get(path) === user ? {} : { out: `root:root ${path}\n` }
        type(`find ${args.join(' ')}`)
        owners.set(path, user)
        return {}
      },
      stat(args) {
        const at = args.indexOf('-c')
        const format = args[at + 1] ?? ''
        if (at < 0 || !format.includes('%U')) return 'itself'
        const out = args.slice(at + 2).map((path) => {
          const owner = ownerOf(path)
          const its = format.replaceAll('%U', owner).replaceAll('%G', owner)
          return spawnSync('stat', ['-c', its, file(path)], { encoding: 'utf8' }).stdout
        })
        return { out: out.join('') }
      },
      cp: does('cp', 'itself'),
      mv([...args]) {
        const [from = '', to = ''] = args.slice(-2)
        if (/\/\.[^/]*\.switchover-\w+$/.test(from)) type(`write ${to}`)
        if (owners.has(from)) owners.set(to, owners.get(from)!)
        if (from === `${to}.switchover-part`) type(`receive ${to}`)
        return 'itself'
      },
      'tgt-admin': does('tgt-admin', {}),
      lvcreate: (args) => {
        type(`lvcreate ${args.join(' ')}`)
        const [, volume = '', , bytes = ''] = args
        write(this.#machines.get(host)!, `/dev/cinder/${volume}`, '')
        truncateSync(this.file(host, `/dev/cinder/${volume}`), parseInt(bytes, 10))
        return {}
      },
      lvs: () => {
        const folder = this.file(host, '/dev/cinder')
        const volumes = readdirSync(folder).map((name) => `  ${name}:${statSync(`${folder}/${name}`).size}:\n`)
        return { out: volumes.join('') }
      },
    }
  }

  /** A statement that came through the protocol, as a service would send it. */
  #session(host: string, database: string, sql: string, values: readonly unknown[]): Result {
    const databases = this.#databases.get(host)!
    const update = /^UPDATE `(\w+)` SET (.*) WHERE `(\w+)` = \?/.exec(sql)
    if (!update) return databases.rows(database, sql)
    const [, table = '', set = '', key = ''] = update
    const columns = set.split(', ').map((one) => /`(\w+)`/.exec(one)![1]!)
    const shown = columns.map((column, i) => `${column} = ${String(values[i])}`).join(', ')
    this.typed.push(`${host}: mysql ${database}: UPDATE ${table} SET ${shown} WHERE ${key} = ${values[columns.length]}`)
    return databases.update(`${database}.${table}`, key, String(values[columns.length]), columns, values)
  }
}

/** A database server: what is in it as far as a test asks. */
class Databases {
  #tables: Tables
  readonly #versions: Record<string, string>
  readonly #answers: Answers
  readonly #stages = new Map<string, string>()
  readonly #converted = new Set<string>()

  constructor(tables: Tables, versions: Record<string, string>, answers: Answers, migrated: readonly string[] = []) {
    this.#tables = { ...tables }
    this.#versions = { ...versions }
    this.#answers = answers
    for (const name of migrated) this.#stages.set(name, 'migrated')
  }

  /** Statements of the command line client; what only looks, or keeps the record of the replacement, is not typed. */
  does(text: string): { readonly typed: readonly string[]; readonly rows: readonly (readonly string[])[] } {
    const statements = text
      .split(/;\s*/)
      .map((statement) => statement.replace(/\s+/g, ' ').trim())
      .filter(Boolean)
    const rows: (readonly string[])[] = []
    const typed: string[] = []
    for (const statement of statements) {
      const stage = /INSERT INTO `switchover`\.`stage` .*? VALUES \('(\w+)', '(\w+)'/.exec(statement)
      if (stage) this.#stages.set(stage[1]!, stage[2]!)
      else if (/^SELECT/i.test(statement)) rows.push(...this.#select(statement))
      else if (!/`switchover`|^SET @/.test(statement)) typed.push(statement)
      const converted = /^ALTER DATABASE `(\w+)`/.exec(statement)
      if (converted) this.#converted.add(converted[1]!)
    }
    return { typed, rows }
  }

  /** What a dump of another server's database brings. */
  take(name: string, from: Databases): void {
    for (const [table, rows] of Object.entries(from.#tables))
      if (table.startsWith(`${name}.`)) this.#tables[table] = rows
    const version = from.#versions[name]
    if (version) this.#versions[name] = version
  }

  migrate(versions: Readonly<Record<string, readonly [string, string]>>, name: string): void {
    if (versions[name]) this.#versions[name] = versions[name][1]
  }

  /** Rows of a table, whatever the condition: it is the test that says which there are. */
  rows(database: string, sql: string): Result {
    const [, columns = '', table = ''] = /^SELECT (.*?)(?: FROM `?(\w+)`?.*)?$/is.exec(sql)!
    if (!table) return [{ one: '1' }]
    const names = columns.split(',').map((column) => column.trim().replaceAll('`', ''))
    const rows = this.#tables[`${database}.${table}`] ?? []
    return rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])))
  }

  update(table: string, key: string, id: string, columns: readonly string[], values: readonly unknown[]): number {
    this.#tables[table] = (this.#tables[table] ?? []).map((row) =>
      row[key] === id
        ? { ...row, ...Object.fromEntries(columns.map((column, i) => [column, values[i] as string | null])) }
        : row,
    )
    return 1
  }

  /** As MOS 4.1 made them. */
  #tablesOf(database: string): readonly (readonly string[])[] {
    const names = Object.keys(this.#tables).map((name) => name.split('.'))
    return names.filter(([of]) => of === database).map(([, table]) => [table!, 'latin1_swedish_ci'])
  }

  #select(sql: string): readonly (readonly string[])[] {
    const own = this.#answers.find(([pattern]) => pattern.test(sql))
    if (own) return own[1]
    const [, name = ''] = /(?:table_schema|schema_name|name) = '(\w+)'/.exec(sql) ?? []
    if (/^SELECT UTC_TIMESTAMP/.test(sql)) return [['2014-09-03 15:17:25']]
    if (/table_schema = 'switchover' AND table_name = 'stage'/.test(sql)) return [[this.#stages.size > 0 ? '1' : '0']]
    const [, record = ''] = /^SELECT (.*) FROM `switchover`\.`stage`/.exec(sql) ?? []
    if (record) {
      const stage = this.#stages.get(name)
      return stage ? [record.split(', ').map((column) => (column === 'stage' ? stage : ''))] : []
    }
    if (/table_schema = 'switchover'/.test(sql)) return [['0']]
    if (/key_column_usage/.test(sql)) return []
    if (/t\.table_collation/.test(sql)) return this.#converted.has(name) ? [] : this.#tablesOf(name)
    if (/default_collation_name/.test(sql)) return [['utf8_general_ci']]
    if (/default_character_set_name/.test(sql)) return [['utf8', '12']]
    if (/table_name = '(migrate|alembic)_version'/.test(sql)) return [[this.#versions[name] ? '1' : '0']]
    if (/^SELECT COUNT\(\*\) FROM information_schema/.test(sql)) return [['12']]
    const version = /FROM (\w+)\.(?:migrate|alembic)_version/.exec(sql)
    if (version) return [[this.#versions[version[1]!] ?? '']]
    const [, table = ''] = /FROM (\w+\.\w+)/.exec(sql) ?? []
    if (/^SELECT COUNT\(\*\)/.test(sql)) return [[String(this.#tables[table]?.length ?? 0)]]
    throw new Error(`nothing answers ${sql}`)
  }
}

function write(machine: Machine, path: string, text: string): void {
  const file = machine.path(path)
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
