#!/usr/bin/env node
// keystone-manage, glance-manage, nova-manage, cinder-manage and neutron-db-manage of Havana and Icehouse, as far as
// an upgrade can see them: arguments, exit codes, which configuration counts, and what becomes of the database.
import { accessSync, appendFileSync, constants, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfError, connectionNames, flag, option, parseUrl, readConf, release, rooted } from '../conf.mjs'
import { CommandError, described, importable, revision, stamp, upgrade } from './alembic.mjs'
import { open } from './connection.mjs'
import { PythonError } from './python.mjs'
import { repositories, sync, version } from './sync.mjs'

const programs = {
  'keystone-manage': keystoneManage,
  'glance-manage': glanceManage,
  'nova-manage': novaManage,
  'cinder-manage': cinderManage,
  'neutron-db-manage': neutronDbManage,
  'heat-manage': heatManage,
}

/** Leaves the program with a code, after what it says on the way. */
class Exit extends Error {
  constructor(code, { out = '', err = '' } = {}) {
    super(err || out)
    this.code = code
    this.out = out
    this.err = err
  }
}

/** These open a log of their own before they do anything; whoever may not write it gets no further. */
function openLog(name) {
  const folder = rooted(`/var/log/${name}`)
  if (!existsSync(folder)) return
  const path = join(folder, `${name}-manage.log`)
  try {
    appendFileSync(path, '')
  } catch {
    throw new PythonError('IOError', `[Errno 13] Permission denied: '/var/log/${name}/${name}-manage.log'`)
  }
}

async function keystoneManage(program, args) {
  const commands = ['db_sync', 'db_version', 'pki_setup', 'ssl_setup', 'token_flush']
  const [command, ...rest] = chosen(program, 'command', args, commands)
  const service = { name: 'keystone', conf: configuration(args, ['/etc/keystone/keystone.conf']) }
  if (command === 'db_version') return shown(await schemaVersion(service))
  if (command === 'token_flush') {
    return withDatabase(service, async (db) => {
      await db.execute('DELETE FROM token WHERE token.expires <= UTC_TIMESTAMP()')
    })
  }
  if (command !== 'db_sync') return undefined
  const extension = valueOf(rest, '--extension')
  if (extension !== undefined) {
    throw new PythonError('ImportError', `keystone.contrib.${extension} extension does not exist.`)
  }
  const options = { release: release(), target: number(rest[0]), log: migrateLog }
  try {
    return await migrate(service, options)
  } catch (error) {
    // 2014.1.5 knows the database that an earlier run left at 37 with a latin1 region table, and mends it.
    if (error.type !== 'ValueError' || (await schemaVersion(service)) !== 37) throw error
    await withDatabase(service, (db) => db.execute('ALTER TABLE region CONVERT TO CHARACTER SET utf8'))
    return migrate(service, options)
  }
}

async function glanceManage(program, args) {
  const old = ['db_version', 'db_upgrade', 'db_downgrade', 'db_version_control', 'db_sync']
  const [command, ...rest] = chosen(program, 'command', args, release() === 'icehouse' ? ['db', ...old] : old)
  const [action, ...parameters] =
    command === 'db'
      ? chosen(`${program} db`, 'action', rest, ['version', 'upgrade', 'downgrade', 'version_control', 'sync'])
      : [command.slice(3), ...rest]
  const files = ['glance', 'glance-registry', 'glance-api', 'glance-manage'].map((name) => `/etc/glance/${name}.conf`)
  const service = { name: 'glance', conf: configuration(args, files) }
  if (action === 'version') return shown(await schemaVersion(service))
  if (action === 'downgrade') throw new Exit(1, { err: 'downgrade is not supported\n' })
  if (action === 'version_control')
    return withDatabase(service, async (db) => {
      await version(db, 'glance')
    })
  return migrate(service, {
    release: release(),
    target: number(parameters[0]),
    charsetCheck: flag(service.conf, ['db_enforce_mysql_charset'], 'True'),
    log: migrateLog,
  })
}

async function novaManage(program, args) {
  openLog('nova')
  const categories = [
    'version',
    'bash-completion',
    'shell',
    'logs',
    'db',
    'vm',
    'agent',
    'host',
    'flavor',
    'vpn',
    'floating',
    'project',
    'account',
    'network',
    'service',
    'cell',
    'fixed',
  ]
  const [category, ...rest] = chosen(program, 'category', args, categories)
  const service = { name: 'nova', conf: configuration(args, ['/etc/nova/nova.conf']), stateDirectory: '/var/lib/nova' }
  if (category === 'version') return shown(release() === 'icehouse' ? '2014.1.5' : '2013.2.4')
  if (category === 'db') {
    const [action, ...parameters] = chosen(`${program} db`, 'action', rest, ['archive_deleted_rows', 'sync', 'version'])
    return commandFailed(async () => {
      if (action === 'version') return shown(await schemaVersion(service))
      if (action !== 'sync') return undefined
      const target = number(valueOf(parameters, '--version') ?? parameters[0])
      return migrate(service, { release: release(), target, log: migrateLog })
    })
  }
  if (category === 'service') {
    const [action] = chosen(`${program} service`, 'action', rest, ['describe_resource', 'disable', 'enable', 'list'])
    if (action === 'enable' || action === 'disable') {
      const given = [valueOf(args, '--host'), valueOf(args, '--service')]
      return commandFailed(() =>
        withDatabase(service, async (db) => {
          await db.execute(
            `UPDATE services SET disabled = ${action === 'disable' ? 1 : 0} WHERE deleted = 0 AND host = %s AND \`binary\` = %s`,
            given,
          )
        }),
      )
    }
    if (action !== 'list') return undefined
    return commandFailed(() =>
      withDatabase(service, async (db) => {
        const rows = await db.execute(`SELECT s.\`binary\`, s.host, s.topic, s.disabled, ${updated}, ${age},
        (SELECT MAX(m.value) FROM aggregate_hosts h JOIN aggregate_metadata m ON m.aggregate_id = h.aggregate_id
          WHERE h.host = s.host AND h.deleted = 0 AND m.deleted = 0 AND m.\`key\` = 'availability_zone') AS zone
        FROM services s WHERE s.deleted = 0 ORDER BY s.id`)
        const zone = (row) =>
          row.topic === 'compute'
            ? (row.zone ?? option(service.conf, ['default_availability_zone'], 'nova'))
            : option(service.conf, ['internal_service_availability_zone'], 'internal')
        return serviceList(rows, 'Updated_At', downTime(service.conf), (row) => [row.host, zone(row)])
      }),
    )
  }
  return undefined
}

async function cinderManage(program, args) {
  openLog('cinder')
  const categories = ['db', 'volume', 'host', 'shell', 'logs', 'service', 'config', 'version', 'backup']
  const [category, ...rest] = chosen(program, 'category', args, categories)
  const conf = configuration(args, ['/etc/cinder/cinder.conf'])
  const service = { name: 'cinder', conf, stateDirectory: '/var/lib/cinder' }
  if (category === 'version') return shown(release() === 'icehouse' ? '2014.1.5' : '2013.2.4')
  if (category === 'db') {
    const [action, ...parameters] = chosen(`${program} db`, 'action', rest, ['sync', 'version'])
    if (action === 'version') return shown(await schemaVersion(service))
    return migrate(service, { release: release(), target: number(parameters[0]), log: migrateLog })
  }
  if (category === 'service') {
    chosen(`${program} service`, 'action', rest, ['list'])
    return withDatabase(service, async (db) => {
      const rows = await db.execute(`SELECT s.\`binary\`, s.host, s.disabled, s.availability_zone AS zone,
        ${updated}, ${age} FROM services s WHERE s.deleted = 0 ORDER BY s.id`)
      // The real command cuts the host at its first dot.
      return serviceList(rows, 'Updated At', downTime(service.conf), (row) => [row.host.split('.')[0], row.zone])
    })
  }
  return undefined
}

async function neutronDbManage(program, args) {
  const commands = ['current', 'history', 'branches', 'check_migration', 'upgrade', 'downgrade', 'stamp', 'revision']
  const [command, ...rest] = chosen(program, 'command', args, commands)
  const conf = configuration(args, ['/etc/neutron/neutron.conf'])
  const url = option(conf, connectionNames['neutron-db-manage'], '')
  const core = importable(option(conf, ['core_plugin'], ''))
  const services = (option(conf, ['service_plugins'], '') || '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const plugins = [core, ...services.map(importable)]
  if (parseUrl(url) === undefined) {
    throw new PythonError('ArgumentError', `Could not parse rfc1738 URL from string '${url}'`)
  }
  const db = await open(parseUrl(url))
  const log = (text) => process.stderr.write(`INFO  [alembic.migration] ${text}\n`)
  log('Context impl MySQLImpl.')
  log('Will assume non-transactional DDL.')
  try {
    if (command === 'current') {
      const current = await revision(db)
      const masked = url.replace(/(:\/\/[^:@/]*:)[^@/]*@/, '$1XXXXX@')
      return shown(`Current revision for ${masked}: ${current === undefined ? 'None' : described(current, release())}`)
    }
    if (command === 'upgrade' || command === 'stamp') {
      const wanted = rest[0]
      if (wanted === undefined) throw new CommandError('You must provide a revision or relative delta')
      return command === 'stamp'
        ? await stamp(db, wanted, release())
        : await upgrade(db, wanted, { release: release(), plugins, log })
    }
    return undefined
  } finally {
    db.close()
  }
}

async function heatManage(program, args) {
  const [command, ...rest] = chosen(program, 'command', args, ['db_version', 'db_sync', 'purge_deleted'])
  const conf = configuration(args, ['/etc/heat/heat.conf'])
  // Havana's heat knows one name alone.
  const names = release() === 'icehouse' ? connectionNames.heat : ['sql_connection']
  const service = { name: 'heat', conf, names }
  try {
    if (command === 'db_version') return shown(await schemaVersion(service))
    if (command === 'db_sync') return await migrate(service, { release: release(), target: number(rest[0]) })
    return undefined
  } catch (error) {
    // It says what went wrong on one line, and not where.
    if (error instanceof PythonError) throw new Exit(1, { err: `ERROR: ${error.message}\n` })
    throw error
  }
}

/** The positional words, the first of them checked; options of oslo.config may stand anywhere. */
function chosen(program, what, args, choices) {
  const words = positional(program, args)
  const usage = usageOf(program)
  if (words.length === 0) throw new Exit(2, { err: `${usage}${program}: error: too few arguments\n` })
  if (!choices.includes(words[0])) {
    const among = choices.map((choice) => `'${choice}'`).join(', ')
    const wrong = `invalid choice: '${words[0]}' (choose from ${among})`
    throw new Exit(2, { err: `${usage}${program}: error: argument ${what}: ${wrong}\n` })
  }
  return words
}

const usageOf = (program) =>
  program.startsWith('cinder-manage')
    ? `usage: ${program} [-h] [--api_paste_config API_PASTE_CONFIG]\n`
    : `usage: ${program} [-h] [--config-dir DIR] [--config-file PATH] [--debug]\n`

const withValue = [
  '--config-file',
  '--config-dir',
  '--log-file',
  '--log-dir',
  '--log-config',
  '--log-format',
  '--log-date-format',
  '--syslog-log-facility',
  '--core_plugin',
  '--service',
  '--host',
]
const withoutValue = [
  '--debug',
  '--nodebug',
  '-d',
  '--verbose',
  '--noverbose',
  '-v',
  '--use-syslog',
  '--nouse-syslog',
  '--sql',
]
// These belong to a command, and are taken from the words it is given.
const ofCommands = ['--version', '--extension', '--delta']

function positional(program, args) {
  const words = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]
    const name = arg.split('=')[0]
    if (arg === '-h' || arg === '--help') throw new Exit(0, { out: usageOf(program) })
    if (!arg.startsWith('-') || ofCommands.includes(name)) words.push(arg)
    else if (withValue.includes(name)) at += arg.includes('=') ? 0 : 1
    else if (!withoutValue.includes(name)) {
      throw new Exit(2, { err: `${usageOf(program)}${program}: error: unrecognized arguments: ${arg}\n` })
    }
  }
  return words
}

function valueOf(args, name) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`))
  if (at < 0) return undefined
  return args[at].includes('=') ? args[at].slice(name.length + 1) : args[at + 1]
}

const number = (text) => (text === undefined ? undefined : Number(text))

/** The files named by --config-file, or those of the defaults that exist. */
function configuration(args, defaults) {
  const named = []
  args.forEach((arg, at) => {
    if (arg === '--config-file') named.push(args[at + 1])
    else if (arg.startsWith('--config-file=')) named.push(arg.slice('--config-file='.length))
  })
  const files = named.length > 0 ? named : defaults.filter((path) => existsSync(rooted(path)))
  for (const path of files) {
    try {
      accessSync(rooted(path), constants.R_OK)
    } catch {
      throw new UnreadableConf(path)
    }
  }
  return readConf(files)
}

class UnreadableConf extends Error {
  constructor(path) {
    super(path)
    this.path = path
  }
}

/** Runs work on the database that the service's configuration names. */
async function withDatabase(service, work) {
  const url = connection(service)
  if (url === undefined) throw noSuchTable()
  const db = await open(url, repositories[service.name])
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

/** The version of the service's schema; of the SQLite file when nothing names a database. */
async function schemaVersion(service) {
  if (connection(service) !== undefined) return withDatabase(service, (db) => version(db, service.name))
  const path = sqliteFile(service)
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : repositories[service.name].base
}

/** Migrates the service's database; when nothing names one, an SQLite file, which in cinder's case fails. */
async function migrate(service, options) {
  if (connection(service) !== undefined) return withDatabase(service, (db) => sync(db, service.name, options))
  const fails = service.name === 'cinder'
  // Of that file the lab needs nothing but its being there and its version.
  writeFileSync(sqliteFile(service), String(fails ? 0 : repositories[service.name][options.release]))
  if (fails) throw noSuchTable()
  return undefined
}

const noSuchTable = () => new PythonError('OperationalError', '(OperationalError) no such table: services None None')

function connection({ name, conf, names = connectionNames[name] }) {
  const url = option(conf, names)
  if (url === undefined) return undefined
  const parsed = parseUrl(url)
  if (parsed === undefined) throw new PythonError('ArgumentError', `Could not parse rfc1738 URL from string '${url}'`)
  return parsed
}

const sqliteFile = ({ name, conf, stateDirectory }) =>
  rooted(join(option(conf, ['state_path'], stateDirectory ?? process.cwd()), `${name}.sqlite`))

const updated = "DATE_FORMAT(s.updated_at, '%Y-%m-%d %H:%i:%s') AS updated"
const age = 'ABS(TIMESTAMPDIFF(SECOND, COALESCE(s.updated_at, s.created_at), UTC_TIMESTAMP())) AS age'
const downTime = (conf) => Number(option(conf, ['service_down_time'], '60'))

function serviceList(rows, last, limit, hostAndZone) {
  const line = (fields) => fields.map((field, at) => String(field).padEnd([16, 36, 16, 10, 5, 10][at])).join(' ')
  const lines = rows.map((row) =>
    line([
      row.binary,
      ...hostAndZone(row),
      row.disabled === '1' ? 'disabled' : 'enabled',
      Number(row.age) <= limit ? ':-)' : 'XXX',
      row.updated ?? 'None',
    ]),
  )
  return shown([line(['Binary', 'Host', 'Zone', 'Status', 'State', last]), ...lines].join('\n'))
}

const shown = (value) => {
  process.stdout.write(`${value}\n`)
}

function migrateLog(text) {
  const now = new Date().toISOString().replace('T', ' ').slice(0, 23)
  process.stderr.write(`${now} ${process.pid} INFO migrate.versioning.api [-] ${text}\n`)
}

/** nova-manage says this of any exception before it dies of it. */
async function commandFailed(work) {
  try {
    return await work()
  } catch (error) {
    shown('Command failed, please check log for more info')
    throw error
  }
}

/** What the program says and the code it ends with when something went wrong. */
function ending(program, error) {
  if (error instanceof Exit) return { code: error.code, out: error.out, err: error.err }
  if (error instanceof CommandError) return { code: 255, out: `  FAILED: ${error.message}\n`, err: '' }
  const place = `  File "/usr/bin/${program}", line 10, in <module>\n    sys.exit(main())`
  const died = (text) => ({ code: 1, out: '', err: `Traceback (most recent call last):\n${place}\n${text}\n` })
  if (error instanceof UnreadableConf) {
    if (program === 'nova-manage' || program === 'cinder-manage') {
      const out = `Could not read ${error.path}. Re-running with sudo\nPlease re-run ${program} as root.\n`
      return { code: 2, out, err: '' }
    }
    return died(`oslo.config.cfg.ConfigFilesNotFoundError: Failed to read some config files: ${error.path}`)
  }
  if (error instanceof ConfError) return died(`oslo.config.cfg.ConfigFileParseError: ${error.message}`)
  if (error instanceof PythonError) {
    const ofSqlalchemy = error.type === 'ArgumentError' || error.message.startsWith(`(${error.type})`)
    const type = program === 'neutron-db-manage' && ofSqlalchemy ? `sqlalchemy.exc.${error.type}` : error.type
    return died(`${type}: ${error.message}`)
  }
  return { code: 70, out: '', err: `${program}: the stand-in itself failed: ${error.stack}\n` }
}

/** Runs one of the programs and returns its exit code. */
export async function run(program, args) {
  try {
    await programs[program](program, args)
    return 0
  } catch (error) {
    const { code, out, err } = ending(program, error)
    process.stdout.write(out)
    process.stderr.write(err)
    return code
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const called = basename(process.argv[1])
  const [program, ...args] = called in programs ? [called, ...process.argv.slice(2)] : process.argv.slice(2)
  if (program in programs) {
    process.exitCode = await run(program, args)
  } else {
    process.stderr.write(`manage.mjs: call it as one of ${Object.keys(programs).join(', ')}\n`)
    process.exitCode = 2
  }
}
