import { createServer } from 'node:http'
import type { FakeHost, Recorded, Tested, TestOptions } from '../../lib/testing/index.ts'
import { fakeHosts, type FakeHosts } from '../../lib/testing/index.ts'
import { answerAmqp } from '../lab/standin/amqp.mjs'
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
  /** Variables of one host. */
  readonly hostVars?: Partial<Record<NodeName, Readonly<Record<string, unknown>>>>
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
  /** What programs print, by the beginning of their command. */
  readonly programs?: Readonly<Record<string, string>>
  /** Statuses of HTTP servers, by port; 200 unless said. */
  readonly http?: Readonly<Record<number, number>>
  /** The password that the broker takes; that of the inventory unless said. */
  readonly rabbit?: string
}

const addressesOf: Readonly<Record<NodeName, readonly string[]>> = {
  'node-1': ['10.0.0.4', '192.168.1.4', '172.16.40.43'],
  'node-5': ['10.0.0.14', '192.168.1.14', '172.16.40.44'],
  'node-3': ['10.0.0.6', '192.168.1.6'],
}

/**
 * The article's two controllers and one of its compute nodes, as fake hosts, and what is typed on them: changes alone, in
 * the order in which they were begun, and without those that keep the record of the move.
 */
export class Clouds {
  readonly #hosts: FakeHosts
  readonly #versions: Readonly<Record<string, readonly [before: string, after: string]>>
  readonly #databases: ReadonlyMap<string, Databases>
  /** The password that the broker takes. */
  rabbit: string

  static async of(options: CloudsOptions): Promise<Clouds> {
    const {
      vars,
      hostVars = {},
      versions = {},
      files = {},
      running = {},
      stopped = {},
      programs = {},
      http = {},
    } = options
    const databasePasswords = Object.fromEntries(Object.keys(versions).map((name) => [name, `${name}-password`]))
    const host = (name: string, last: number, more = {}) => ({
      vars: {
        fqdn: `${name}.domain.tld`,
        management: `10.0.0.${last}`,
        storage: `192.168.1.${last}`,
        ...more,
        ...hostVars[name as NodeName],
      },
    })
    const hosts = await fakeHosts({
      vars: { rabbitPassword: 'ygrfyaNZ', databasePasswords, ...vars },
      groups: {
        source: { hosts: { 'node-1': host('node-1', 4, { public: '172.16.40.43' }) } },
        target: { hosts: { 'node-5': host('node-5', 14, { public: '172.16.40.44' }) } },
        compute: { hosts: { 'node-3': host('node-3', 6) } },
      },
    })
    const clouds = new Clouds(hosts, options)
    for (const name of ['node-1', 'node-5', 'node-3'] as const) {
      const one = hosts.host(name)
      for (const [path, text] of Object.entries(files[name] ?? {})) one.files.write(path, text)
      for (const service of stopped[name] ?? []) one.service(service, 'stopped')
      for (const service of running[name] ?? []) one.service(service)
      clouds.#install(one, http)
      for (const [program, said] of Object.entries(programs)) one.answer(new RegExp(`^${program}\\b`), said)
    }
    return clouds
  }

  private constructor(
    hosts: FakeHosts,
    { rabbit = 'ygrfyaNZ', tables = {}, versions = {}, answers = [], migrated = [] }: CloudsOptions,
  ) {
    this.#hosts = hosts
    this.rabbit = rabbit
    this.#versions = versions
    const before = Object.fromEntries(Object.entries(versions).map(([name, [version]]) => [name, version]))
    const after = Object.fromEntries(migrated.map((name) => [name, versions[name]?.[1] ?? '']))
    this.#databases = new Map([
      ['node-1', new Databases(tables, before, answers)],
      ['node-5', new Databases(migrated.length > 0 ? tables : {}, after, answers, migrated)],
    ])
  }

  host(name: NodeName): FakeHost {
    return this.#hosts.host(name)
  }

  /** What a file of a host says now. */
  text(host: NodeName, path: string): string {
    return this.host(host).files.read(path) ?? ''
  }

  /** What was typed, as `node-5: service openstack-keystone stop`. */
  get typed(): readonly string[] {
    return this.#hosts.recorded
      .flatMap((recorded) => typedOf(recorded).map((line) => `${recorded.host}: ${line}`))
      .filter((line, i, all) => line !== all[i - 1] || !line.includes(': chown '))
  }

  start(tested: Tested, options: TestOptions = {}) {
    return this.#hosts.start(tested, options)
  }

  /** Runs a role or plays to the end, and gives what was typed meanwhile. @throws when a host failed */
  async run(tested: Tested, options: TestOptions = {}): Promise<readonly string[]> {
    const from = this.typed.length
    const { outcome, told } = await this.#hosts.run(tested, options)
    if (outcome !== 'ok') throw new Error([outcome, ...told, ...this.typed].join('\n'))
    return this.typed.slice(from)
  }

  #install(host: FakeHost, http: Readonly<Record<number, number>>): void {
    const databases = this.#databases.get(host.name)
    const web = createServer((request, response) => {
      response.writeHead(http[Number(request.headers.host?.split(':')[1] ?? 80)] ?? 200).end()
    })
    host.listen(3260, () => {})
    host.listen(5672, (socket) => {
      socket.once('data', () =>
        answerAmqp(
          socket,
          (_, password) => password === this.rabbit,
          () => true,
        ),
      )
    })
    for (const port of [80, 5000, 8000, 8004, 8774, 8776, 9292, 9696])
      host.listen(port, (socket) => void web.emit('connection', socket))
    host
      // Of 2010: checksums are coreutils'.
      .answer(/^openssl /, 127)
      // Nobody here is ahead of the others.
      .answer('date +%s', () => String(Math.floor(Date.now() / 1000)))
      .answer('hostname', `${host.name}.domain.tld\n`)
      .answer('uname -n', `${host.name}.domain.tld\n`)
      .answer(/^ip -o addr/, addressesOf[host.name as NodeName].map((one) => `2: br inet ${one}/24 brd x\n`).join(''))
      .answer(/^mysqldump /, ({ command }) => {
        const name = command.split(' ').at(-1)!
        return `-- dump of ${name} of ${host.name}\n-- Dump completed\n`
      })
      // Of MOS 4.1 and 5.0.
      .answer(/^mysqldump --version$/, 'mysqldump  Ver 10.13 Distrib 5.5.28, for Linux (x86_64)\n')
      .answer(/^su /, ({ command }) => {
        const user = command.split(' ').at(-1)!
        for (const [name, [, after]] of Object.entries(this.#versions))
          if (name.split('_')[0] === user) databases?.migrate(name, after)
        return 0
      })
      .answer(/^lvcreate /, ({ command }) => {
        const [, volume = '', bytes = ''] = /-n (\S+) -L (\d+)b/.exec(command) ?? []
        host.files.write(`/dev/cinder/${volume}`, Buffer.alloc(Number(bytes)))
        return 0
      })
      .answer(/^lvs /, () => {
        const names = host.files.names('/dev/cinder')
        return names.map((name) => `  ${name}:${host.files.read(`/dev/cinder/${name}`)!.length}:\n`).join('')
      })
    if (!databases) return
    host.answer(/^mysql /, ({ command, stdin = '' }) => {
      const dump = /^-- dump of (\w+) of (\S+)\n/.exec(stdin)
      if (dump) databases.take(dump[1]!, this.#databases.get(dump[2]!)!)
      const rows = dump ? [] : databases.does(statementsOf(command, stdin))
      return rows.map((row) => `${row.join('\t')}\n`).join('')
    })
    host.listen(3306, (socket) =>
      mysqlSession(socket, (database, sql, values) => this.#session(host.name, databases, database, sql, values)),
    )
  }

  /** A statement that came through the protocol, as a service would send it. */
  #session(host: string, databases: Databases, database: string, sql: string, values: readonly unknown[]): Result {
    const update = /^UPDATE `(\w+)` SET (.*) WHERE `(\w+)` = \?/.exec(sql)
    if (!update) return databases.rows(database, sql)
    const [, table = '', set = '', key = ''] = update
    const columns = set.split(', ').map((one) => /`(\w+)`/.exec(one)![1]!)
    const shown = columns.map((column, i) => `${column} = ${String(values[i])}`).join(', ')
    const id = String(values[columns.length])
    this.#hosts.recorded.push({ host, command: `mysql ${database}: UPDATE ${table} SET ${shown} WHERE ${key} = ${id}` })
    return databases.update(`${database}.${table}`, key, id, columns, values)
  }
}

const typing = /^(service|mysqldump(?! --version)|su|chown|cp|write|tgt-admin|lvcreate|keystone role-create) /

/** Dumps that grow, and records. */
const kept =
  /^write (.*\.(part|written)$|\/var\/lib\/switchover\/|\/var\/backups\/switchover\/took\/|\/var\/backups\/switchover\/(source|target)\/(services\/|exports$))/

/** What of a recorded command changes something, a line each. */
function typedOf({ command, stdin = '' }: Recorded): readonly string[] {
  if (/^mysql \w+: /.test(command)) return [command]
  if (/^mysql /.test(command)) {
    const dump = /^-- (dump of (\w+) of \S+)\n/.exec(stdin)
    if (dump) return [`mysql ${dump[2]} < ${dump[1]}`]
    return changing(statementsOf(command, stdin)).map((statement) => `mysql: ${statement}`)
  }
  // Where dumps and records grow is what the move itself needs.
  if (!typing.test(command) || kept.test(command)) return []
  // Whatever is below a folder is said once.
  return [
    command.replace(/^(chown -h \S+ \S+) .*/, '$1 …').replace(/^(chown -h \S+ \/(?:etc|var\/lib)\/\w+)\/.*/, '$1 …'),
  ]
}

/** The statements of a call of the command line client. */
function statementsOf(command: string, stdin: string): readonly string[] {
  const said = /^mysql .*?-e '(.*)'/s.exec(command)?.[1]?.replaceAll("'\\''", "'")
  return (said ?? stdin)
    .split(/;\s*/)
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
}

/** Those that change something other than the record of the replacement. */
function changing(statements: readonly string[]): readonly string[] {
  return statements.filter((one) => !/^(SELECT|SHOW)/i.test(one) && !/`switchover`|^(SET @|PREPARE|EXECUTE)/.test(one))
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

  /** Does what statements say, and gives the rows that they ask for. */
  does(statements: readonly string[]): readonly (readonly string[])[] {
    return statements.flatMap((statement) => {
      const stage = /INSERT (?:IGNORE )?INTO `switchover`\.`stage` .*? VALUES \('(\w+)', '(\w+)'/.exec(statement)
      if (stage) this.#stages.set(stage[1]!, stage[2]!)
      const claimed = /UPDATE `switchover`\.`stage` SET stage = '(\w+)'.* WHERE name = '(\w+)'/.exec(statement)
      if (claimed) this.#stages.set(claimed[2]!, claimed[1]!)
      const forgotten = /DELETE FROM `switchover`\.`stage` WHERE name = '(\w+)'/.exec(statement)
      if (forgotten) this.#stages.delete(forgotten[1]!)
      const dropped = /^DROP DATABASE IF EXISTS `(\w+)`/.exec(statement)
      if (dropped) this.#drop(dropped[1]!)
      const converted = /^ALTER DATABASE `(\w+)`/.exec(statement)
      if (converted) this.#converted.add(converted[1]!)
      if (/^SHOW/i.test(statement)) return this.#answers.find(([pattern]) => pattern.test(statement))?.[1] ?? []
      return /^SELECT/i.test(statement) ? this.#select(statement) : []
    })
  }

  #drop(name: string): void {
    this.#tables = Object.fromEntries(Object.entries(this.#tables).filter(([table]) => !table.startsWith(`${name}.`)))
    delete this.#versions[name]
    this.#converted.delete(name)
  }

  /** What a dump of another server's database brings. */
  take(name: string, from: Databases): void {
    for (const [table, rows] of Object.entries(from.#tables))
      if (table.startsWith(`${name}.`)) this.#tables[table] = rows
    const version = from.#versions[name]
    if (version) this.#versions[name] = version
  }

  migrate(name: string, version: string): void {
    this.#versions[name] = version
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
    // Nobody else replaces anything here: a claim is always won.
    if (/^SELECT ROW_COUNT/.test(sql)) return [['1']]
    if (/^SELECT UNIX_TIMESTAMP/.test(sql)) return [['1409757445']]
    if (/^SELECT UTC_TIMESTAMP/.test(sql)) return [['2014-09-03 15:17:25']]
    if (/table_schema = 'switchover' AND table_name = 'stage'/.test(sql)) return [[this.#stages.size > 0 ? '1' : '0']]
    const [, record = ''] = /^SELECT (.*) FROM `switchover`\.`stage`/.exec(sql) ?? []
    if (record) {
      const asked = /name IN \((.*)\)/.exec(sql)?.[1]?.match(/\w+/g) ?? [name]
      return asked.flatMap((one) => {
        const said: Readonly<Record<string, string>> = { name: one, stage: this.#stages.get(one) ?? '' }
        return said['stage'] === '' ? [] : [record.split(', ').map((column) => said[column] ?? '')]
      })
    }
    if (/table_schema = 'switchover'/.test(sql)) return [['0']]
    if (/@@init_connect/.test(sql)) return [['']]
    if (/@@datadir/.test(sql)) return [['/var/lib/mysql/']]
    if (/key_column_usage/.test(sql)) return []
    if (/t\.table_collation/.test(sql)) return this.#converted.has(name) ? [] : this.#tablesOf(name)
    if (/default_collation_name/.test(sql)) return [['utf8_general_ci']]
    if (/default_character_set_name/.test(sql)) return [['utf8', '12']]
    if (/table_name = '(migrate|alembic)_version'/.test(sql)) return [[this.#versions[name] ? '1' : '0']]
    if (/FROM information_schema\.PROCESSLIST p/.test(sql)) return []
    if (/FROM information_schema\.processlist/.test(sql)) return [['0']]
    if (/^SELECT COUNT\(\*\) FROM information_schema/.test(sql)) return [['12']]
    const version = /FROM (\w+)\.(?:migrate|alembic)_version/.exec(sql)
    if (version) return [[this.#versions[version[1]!] ?? '']]
    const [, table = ''] = /FROM (\w+\.\w+)/.exec(sql) ?? []
    if (/^SELECT COUNT\(\*\)/.test(sql)) return [[String(this.#tables[table]?.length ?? 0)]]
    throw new Error(`nothing answers ${sql}`)
  }
}
