import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Mariadb } from '../../rig/mariadb.ts'
import { needing, needs } from '../../rig/needs.ts'
import { sql, startMariadb } from '../../rig/mariadb.ts'
// @ts-expect-error the stand-ins are plain JavaScript: they run on hosts that have nothing but node
import { imageBytes } from '../standin/bytes.mjs'
// @ts-expect-error likewise
import { dumps, loads } from '../standin/db/python.mjs'

needs('mariadbd')

const services = ['keystone', 'glance', 'nova', 'cinder', 'neutron'] as const
type Service = (typeof services)[number]

interface Clouds {
  readonly volumes: readonly { id: string; sizeGb: number; name: string; chap: { user: string; password: string } }[]
  readonly images: readonly { id: string; size: number }[]
  readonly [host: `node-${number}`]: { servicePasswords: Record<string, string>; adminPassword: string }
}

const lab = fileURLToPath(new URL('..', import.meta.url))
const standin = join(lab, 'standin/db')
const clouds = JSON.parse(readFileSync(join(lab, 'clouds.json'), 'utf8')) as Clouds
const ovs = 'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2'

let server: Mariadb & { port?: number }
let root: string

const test = suite('migrations')

test.before(async () => {
  server = await startMariadb({ tcp: true })
  root = mkdtempSync('/tmp/standin-')
  chmodSync(root, 0o755)
  sql(server, "CREATE USER os@'127.0.0.1' IDENTIFIED BY 's3cret'; GRANT ALL ON *.* TO os@'127.0.0.1'")
})

test.after(async () => {
  await server?.stop()
  if (root !== undefined) rmSync(root, { recursive: true, force: true })
})

const query = (database: string, text: string): string => sql(server, text, database).trimEnd()

const url = (service: Service, password = 's3cret'): string =>
  `mysql://os:${password}@127.0.0.1:${server.port}/${service}?read_timeout=60`

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** The five configuration files with the spellings that a Havana controller's files have. */
function configure(release = 'icehouse', password?: string): void {
  put('/etc/openstack-release', `${release}\n`)
  put('/etc/keystone/keystone.conf', `[sql]\nconnection=${url('keystone', password)}\n`)
  put('/etc/glance/glance-api.conf', `[DEFAULT]\nsql_connection = ${url('glance', password)}\n`)
  put('/etc/glance/glance-registry.conf', `[DEFAULT]\nsql_connection = ${url('glance', password)}\n`)
  put('/etc/nova/nova.conf', `[DEFAULT]\nsql_connection=${url('nova', password)}\n`)
  put('/etc/cinder/cinder.conf', `[DEFAULT]\nsql_connection=${url('cinder', password)}\n`)
  put(
    '/etc/neutron/neutron.conf',
    `[DEFAULT]\ncore_plugin=${ovs}\n[database]\nconnection=${url('neutron', password)}\n`,
  )
}

/** A service's Havana database as after the import: its default character set, its tables converted or not. */
function imported(service: Service, { charset = 'utf8', converted = true, also = '' } = {}): void {
  configure()
  sql(server, `DROP DATABASE IF EXISTS ${service}; CREATE DATABASE ${service} CHARACTER SET ${charset}`)
  sql(server, readFileSync(join(standin, `seed/${service}.sql`)), service)
  if (also !== '') query(service, also)
  if (converted) convert(service)
}

/** Newer MariaDB refuses CONVERT on a column of a foreign key, so the keys go first and come back. */
function convert(service: Service): void {
  const keys = query(
    'information_schema',
    `SELECT r.TABLE_NAME, r.CONSTRAINT_NAME, k.COLUMN_NAME,
      k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME
    FROM REFERENTIAL_CONSTRAINTS r JOIN KEY_COLUMN_USAGE k USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_NAME)
    JOIN TABLES t ON t.TABLE_SCHEMA = r.CONSTRAINT_SCHEMA AND t.TABLE_NAME = r.TABLE_NAME
    WHERE r.CONSTRAINT_SCHEMA = '${service}' AND t.TABLE_COLLATION NOT LIKE 'utf8%'`,
  )
  const rows = keys === '' ? [] : keys.split('\n').map((line) => line.split('\t'))
  const names = query(
    'information_schema',
    `SELECT TABLE_NAME FROM TABLES WHERE TABLE_SCHEMA = '${service}' AND TABLE_COLLATION NOT LIKE 'utf8%'`,
  )
  query(
    service,
    [
      ...rows.map(([table, key]) => `ALTER TABLE ${table} DROP FOREIGN KEY ${key};`),
      ...names
        .split('\n')
        .filter(Boolean)
        .map((table) => `ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci;`),
      ...rows.map(
        ([table, key, column, other, column2]) =>
          `ALTER TABLE ${table} ADD CONSTRAINT ${key} FOREIGN KEY (${column}) REFERENCES ${other} (${column2});`,
      ),
    ].join('\n'),
  )
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function manage(...args: string[]): Ran {
  const ran = spawnSync(process.execPath, [join(standin, 'manage.mjs'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, STANDIN_ROOT: root },
  })
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}

const neutron = (...args: string[]): Ran =>
  manage('neutron-db-manage', '--config-file', '/etc/neutron/neutron.conf', ...args)
const lastLine = (ran: Ran): string => ran.err.trimEnd().split('\n').at(-1) ?? ''
const succeeded = (ran: Ran): void => assert.is(ran.code, 0, ran.err)
const tableCount = (service: Service): number =>
  Number(query('information_schema', `SELECT COUNT(*) FROM TABLES WHERE TABLE_SCHEMA = '${service}'`))
const schemaVersion = (service: Service): string =>
  query(
    service,
    service === 'neutron' ? 'SELECT version_num FROM alembic_version' : 'SELECT version FROM migrate_version',
  )

function syncAll(): void {
  succeeded(manage('keystone-manage', 'db_sync'))
  succeeded(manage('glance-manage', 'db_sync'))
  succeeded(manage('nova-manage', 'db', 'sync'))
  succeeded(manage('cinder-manage', 'db', 'sync'))
  succeeded(neutron('stamp', 'havana'))
  succeeded(neutron('upgrade', 'icehouse'))
}

/** Rows of each table, as 'table count' lines. */
function rowCounts(service: Service): Record<string, number> {
  const names = query('information_schema', `SELECT TABLE_NAME FROM TABLES WHERE TABLE_SCHEMA = '${service}'`)
  const questions = names.split('\n').map((name) => `SELECT '${name}', COUNT(*) FROM \`${name}\`;`)
  const counts = query(service, questions.join(''))
  const pairs = counts.split('\n').map((line) => line.split('\t'))
  return Object.fromEntries(pairs.map(([name, count]) => [name, Number(count)]))
}

test('the seed is Havana, with its table counts, in the character sets of MOS 4.1', () => {
  for (const service of services) imported(service, { charset: 'latin1', converted: false })
  assert.equal(
    services.map((service) => tableCount(service)),
    [18, 6, 115, 19, 26],
  )
  assert.equal(
    services.slice(0, 4).map((service) => schemaVersion(service)),
    ['36', '29', '216', '21'],
  )
  const latin1 = query(
    'information_schema',
    `SELECT TABLE_SCHEMA, COUNT(*) FROM TABLES
    WHERE TABLE_SCHEMA IN ('${services.join("','")}') AND TABLE_COLLATION = 'latin1_swedish_ci'
    GROUP BY 1 ORDER BY 1`,
  )
  assert.is(latin1, 'glance\t6\nkeystone\t1\nneutron\t26')
})

test('the passwords of the seed are those of clouds.json, hashed as keystone hashes them', () => {
  imported('keystone')
  const rows = query('keystone', 'SELECT name, password FROM user')
    .split('\n')
    .map((line) => line.split('\t'))
  const { servicePasswords, adminPassword } = clouds['node-1']!
  const passwords: Record<string, string> = { ...servicePasswords, admin: adminPassword }
  const checked = rows
    .filter(([name]) => passwords[name!] !== undefined)
    .map(([name, hash]) => {
      assert.match(hash!, /^\$6\$rounds=40000\$/)
      const perl = spawnSync('perl', ['-e', 'my ($p, $h) = map { chomp; $_ } <STDIN>; print crypt($p, $h)'], {
        input: `${passwords[name!]}\n${hash}\n`,
        encoding: 'utf8',
      })
      assert.is(perl.stdout, hash, name)
      return name
    })
  assert.equal(checked.sort(), ['admin', 'cinder', 'glance', 'heat', 'neutron', 'nova'])
})

test('the images of the seed have the sizes and checksums of the files made for them', () => {
  imported('glance')
  const rows = query('glance', "SELECT id, size, checksum FROM images WHERE status = 'active' ORDER BY id")
  const files = clouds.images.map(({ id, size }) => {
    const bytes = imageBytes(id, size) as Buffer
    assert.is(bytes.length, size)
    return [id, size, createHash('md5').update(bytes).digest('hex')].join('\t')
  })
  assert.equal(rows.split('\n'), files.sort())
})

test('nova and cinder of the seed agree about the attached volumes', () => {
  imported('nova')
  imported('cinder')
  const attached = query(
    'nova',
    `SELECT volume_id, connection_info FROM block_device_mapping
    WHERE deleted = 0 AND volume_id IS NOT NULL ORDER BY id`,
  )
    .split('\n')
    .map((line) => line.split('\t'))
  assert.equal(
    attached.map(([id]) => id),
    clouds.volumes.slice(0, 2).map(({ id }) => id),
  )
  for (const [id, text] of attached) {
    const { data } = JSON.parse(text!.replaceAll('\\\\', '\\')) as { data: Record<string, string> }
    const volume = query('cinder', `SELECT provider_location, provider_auth FROM volumes WHERE id = '${id}'`)
    const [location, auth] = volume.split('\t')
    assert.match(location!, new RegExp(`^${data['target_portal']},[1-9] ${data['target_iqn']} 1$`))
    assert.is(auth, `CHAP ${data['auth_username']} ${data['auth_password']}`)
    assert.is(data['device_path'], `/dev/disk/by-path/ip-${data['target_portal']}-iscsi-${data['target_iqn']}-lun-1`)
  }
  assert.is(
    query('cinder', 'SELECT display_name, size, status FROM volumes WHERE deleted = 0 ORDER BY 1'),
    'vol-1\t1\tin-use\nvol-2\t2\tin-use\nvol-3\t1\tavailable',
  )
})

test("glance's Cyrillic lies as UTF-8 bytes in latin1, its German as cp1252", () => {
  imported('glance', { charset: 'latin1', converted: false })
  const hex = (name: string) => query('glance', `SELECT HEX(name) FROM images WHERE id = '${name}'`)
  const [, cyrillic, german] = clouds.images.map(({ id }) => hex(id))
  assert.is(Buffer.from(cyrillic!, 'hex').toString('utf8'), 'Образ «Ночь» Аэсня')
  assert.is(german, '4772F6DF652066FC6E662080')
  for (const undefinedInCp1252 of ['D090', 'D09D', 'D181', 'D18D', 'D18F']) {
    assert.ok(cyrillic!.includes(undefinedInCp1252), undefinedInCp1252)
  }
})

test('a sync brings each database to Icehouse', () => {
  for (const service of services) imported(service)
  type Counts = Record<Service, Record<string, number>>
  const expected = Object.fromEntries(services.map((service) => [service, rowCounts(service)])) as Counts
  syncAll()
  assert.equal(
    services.map((service) => schemaVersion(service)),
    ['44', '34', '234', '22', 'icehouse'],
  )
  assert.equal(
    services.map((service) => tableCount(service)),
    [16, 8, 108, 19, 27],
  )

  for (const table of ['user_project', 'user_domain', 'group_project', 'group_domain']) {
    delete expected.keystone[`${table}_metadata`]
  }
  Object.assign(expected.keystone, { assignment: 10, region: 0 })
  Object.assign(expected.glance, { image_locations: 4, tasks: 0, task_info: 0 })
  for (const table of Object.keys(expected.nova)) {
    if (/^dump_|compute_node_stats$/.test(table)) delete expected.nova[table]
  }
  expected.neutron['alembic_version'] = 1
  for (const service of services) assert.equal(rowCounts(service), expected[service])

  assert.is(query('nova', 'SELECT resource FROM project_user_quotas WHERE id = 2'), 'injected_file_content_bytes')
  assert.is(query('nova', 'SELECT GROUP_CONCAT(stats) FROM compute_nodes'), '{},{}')
  assert.is(
    query('glance', 'SELECT id, status FROM image_locations ORDER BY id'),
    '2\tactive\n3\tactive\n4\tactive\n5\tdeleted',
  )
  assert.is(query('neutron', 'SELECT status, last_known_router_id FROM floatingips'), 'NULL\tNULL')
})

test("keystone's grants become one row per role", () => {
  imported('keystone')
  succeeded(manage('keystone-manage', 'db_sync'))
  const rows = query(
    'keystone',
    `SELECT type, COALESCE(u.name, g.name), COALESCE(p.name, d.name), r.name, inherited
    FROM assignment a JOIN role r ON r.id = a.role_id
    LEFT JOIN user u ON u.id = a.actor_id LEFT JOIN \`group\` g ON g.id = a.actor_id
    LEFT JOIN project p ON p.id = a.target_id LEFT JOIN domain d ON d.id = a.target_id ORDER BY 1, 2, 3, 4`,
  )
  assert.equal(
    rows.split('\n').map((row) => row.split('\t').join(' | ')),
    [
      'UserProject | admin | admin | admin | 0',
      'UserProject | admin | admin | _member_ | 0',
      ...['cinder', 'glance', 'heat', 'neutron', 'nova'].map((name) => `UserProject | ${name} | services | admin | 0`),
      'UserProject | мария.белова | Проект «Ночь» Аэсня | Member | 0',
      'GroupProject | Дежурные | Проект «Ночь» Аэсня | _member_ | 0',
      'UserDomain | admin | Default | admin | 1',
    ],
  )
})

test("keystone's enabled moves out of the JSON, which keeps the key order of a Python dict", () => {
  imported('keystone', {
    also:
      'UPDATE service SET extra = \'{"enabled": false, "name": "heat", "type": 1.0, "description": "d\\\\u044f"}\'' +
      " WHERE type = 'orchestration'",
  })
  succeeded(manage('keystone-manage', 'db_sync'))
  assert.is(query('keystone', 'SELECT enabled, COUNT(*) FROM service GROUP BY 1'), '0\t1\n1\t6')
  assert.is(
    sql(server, "SELECT extra FROM service WHERE type = 'orchestration'", 'keystone', ['--raw']).trim(),
    '{"type": 1.0, "name": "heat", "description": "d\\u044f"}',
  )
  assert.is(
    sql(server, "SELECT extra, enabled FROM endpoint WHERE extra <> '{}'", 'keystone', ['--raw']).trim(),
    '{"note": "\\u043f\\u0440\\u043e\\u0432\\u0435\\u0440\\u0435\\u043d"}\t1',
  )
})

test('a rewritten JSON text has the order in which Python printed a connection of the same keys', () => {
  const asFilled = [
    'target_discovered',
    'target_iqn',
    'target_portal',
    'target_lun',
    'volume_id',
    'auth_method',
    'auth_username',
    'auth_password',
    'encrypted',
    'qos_specs',
    'access_mode',
    'device_path',
  ]
  const text = dumps(loads(JSON.stringify(Object.fromEntries(asFilled.map((key) => [key, null]))))) as string
  assert.equal(Object.keys(JSON.parse(text) as object), [
    'access_mode',
    'target_discovered',
    'encrypted',
    'qos_specs',
    'target_iqn',
    'target_portal',
    'volume_id',
    'target_lun',
    'device_path',
    'auth_password',
    'auth_username',
    'auth_method',
  ])
})

test('glance refuses tables that are not utf8, unless told to look away', () => {
  imported('glance', { charset: 'latin1', converted: false })
  const refused = manage('glance-manage', 'db_sync')
  assert.is(refused.code, 1)
  assert.is(
    lastLine(refused),
    'ValueError: Tables "image_locations,image_members,image_properties,image_tags,images,migrate_version"' +
      ' have non utf8 collation, please make sure all tables are CHARSET=utf8',
  )
  assert.is(schemaVersion('glance'), '29')
  put('/etc/glance/glance-api.conf', `[DEFAULT]\nsql_connection = ${url('glance')}\ndb_enforce_mysql_charset = False\n`)
  succeeded(manage('glance-manage', 'db_sync'))
  assert.is(schemaVersion('glance'), '34')
})

test("a second sync fails for keystone and glance where the database's default is latin1", () => {
  imported('keystone', { charset: 'latin1', converted: false })
  succeeded(manage('keystone-manage', 'db_sync'))
  assert.match(lastLine(manage('keystone-manage', 'db_sync')), /^ValueError: Tables "region" have non utf8/)
  imported('glance', { charset: 'latin1' })
  succeeded(manage('glance-manage', 'db_sync'))
  const again = manage('glance-manage', 'db_sync')
  assert.is(again.code, 1)
  assert.match(lastLine(again), /^ValueError: Tables "task_info,tasks" have non utf8/)
  imported('keystone')
  imported('glance')
  for (const _ of [1, 2]) {
    succeeded(manage('keystone-manage', 'db_sync'))
    succeeded(manage('glance-manage', 'db', 'sync'))
  }
})

test('keystone mends the region table that an earlier run left behind at 37', () => {
  imported('keystone', { charset: 'latin1', converted: false })
  succeeded(manage('keystone-manage', 'db_sync', '37'))
  assert.is(schemaVersion('keystone'), '37')
  succeeded(manage('keystone-manage', 'db_sync'))
  assert.is(schemaVersion('keystone'), '44')
})

test('a keystone migration that fails halfway fails otherwise the next time', () => {
  imported('keystone', { also: 'UPDATE endpoint SET extra = NULL LIMIT 1' })
  const first = manage('keystone-manage', 'db_sync')
  assert.is(first.code, 1)
  assert.is(lastLine(first), 'TypeError: expected string or buffer')
  const second = manage('keystone-manage', 'db_sync')
  assert.is(second.code, 1)
  assert.is(
    lastLine(second),
    'OperationalError: (OperationalError) (1060, "Duplicate column name \'enabled\'")' +
      ` "\\nALTER TABLE endpoint ADD enabled BOOL DEFAULT '1' NOT NULL" ()`,
  )
  assert.is(schemaVersion('keystone'), '41')
  imported('keystone', { also: 'UPDATE service SET extra = NULL LIMIT 1' })
  assert.is(lastLine(manage('keystone-manage', 'db_sync')), 'TypeError: expected string or buffer')
  assert.is(schemaVersion('keystone'), '43')
})

test('keystone cannot migrate a grant without data, of a role that is gone, or of a role twice', () => {
  imported('keystone')
  const admin = query('keystone', "SELECT id FROM role WHERE name = 'admin'")
  const grant = (data: string) => `UPDATE user_project_metadata SET data = ${data} LIMIT 1`
  imported('keystone', { also: grant('NULL') })
  assert.is(lastLine(manage('keystone-manage', 'db_sync')), 'TypeError: expected string or buffer')
  imported('keystone', { also: grant(`'{"roles": [{"id": "${'f'.repeat(32)}"}]}'`) })
  const gone = lastLine(manage('keystone-manage', 'db_sync'))
  assert.match(gone, /^IntegrityError: \(IntegrityError\) \(1452, 'Cannot add or update a child row: a foreign key/)
  assert.match(gone, / constraint fails \(`keystone`\.`assignment`, CONSTRAINT `assignment_ibfk_1`/)
  imported('keystone', { also: grant(`'{"roles": [{"id": "${admin}"}, {"id": "${admin}"}]}'`) })
  const twice = lastLine(manage('keystone-manage', 'db_sync'))
  assert.match(twice, /^IntegrityError: \(IntegrityError\) \(1062, "Duplicate entry 'UserProject-/)
  assert.match(twice, /'INSERT INTO assignment \(type, actor_id, target_id, role_id, inherited\) VALUES \(%s/)
  assert.match(twice, / \('UserProject', '[0-9a-f]{32}', '[0-9a-f]{32}', '[0-9a-f]{32}', False\)$/)
  assert.is(schemaVersion('keystone'), '38')
})

test('token_flush removes the tokens that have expired and no other', () => {
  imported('keystone')
  assert.is(query('keystone', 'SELECT COUNT(*) FROM token'), '2')
  succeeded(manage('keystone-manage', 'token_flush'))
  assert.is(query('keystone', 'SELECT valid FROM token'), '1')
})

test('nova fails on a column that is there, and goes on from a stop between two migrations', () => {
  imported('nova', { also: 'ALTER TABLE compute_nodes ADD metrics TEXT' })
  const failed = manage('nova-manage', 'db', 'sync')
  assert.is(failed.code, 1)
  assert.is(failed.out, 'Command failed, please check log for more info\n')
  assert.is(
    lastLine(failed),
    'OperationalError: (OperationalError) (1060, "Duplicate column name \'metrics\'")' +
      ` '\\nALTER TABLE compute_nodes ADD metrics TEXT' ()`,
  )
  assert.is(schemaVersion('nova'), '227')
  imported('nova')
  succeeded(manage('nova-manage', 'db', 'sync', '--version', '231'))
  assert.is(manage('nova-manage', 'db', 'version').out, '231\n')
  const rest = manage('nova-manage', 'db', 'sync')
  assert.equal(
    rest.err
      .trim()
      .split('\n')
      .map((line) => line.replace(/^.* \[-\] /, '')),
    ['231 -> 232... ', 'done', '232 -> 233... ', 'done', '233 -> 234... ', 'done'],
  )
  assert.is(manage('nova-manage', 'db', 'sync').err, '')
})

test('db_sync is no command of nova-manage and cinder-manage', () => {
  configure()
  const nova = manage('nova-manage', 'db_sync')
  assert.is(nova.code, 2)
  assert.match(nova.err, /^nova-manage: error: argument category: invalid choice: 'db_sync' \(choose from 'version', /m)
  const cinder = manage('cinder-manage', 'db_sync')
  assert.is(cinder.code, 2)
  assert.match(cinder.err, /^cinder-manage: error: argument category: invalid choice: 'db_sync' \(choose from 'db', /m)
})

test('neutron without a stamp fails and leaves an empty version table; with it, it goes on', () => {
  imported('neutron', { converted: false })
  const failed = neutron('upgrade', 'icehouse')
  assert.is(failed.code, 1)
  assert.match(
    lastLine(failed),
    /^sqlalchemy\.exc\.OperationalError: \(OperationalError\) \(1050, "Table 'networks' already exists"\)/,
  )
  assert.is(query('neutron', 'SELECT COUNT(*) FROM alembic_version'), '0')
  assert.match(
    neutron('current').out,
    /^Current revision for mysql:\/\/os:XXXXX@127\.0\.0\.1:\d+\/neutron\?read_timeout=60: None\n$/,
  )
  succeeded(neutron('stamp', 'havana'))
  succeeded(neutron('stamp', 'havana'))
  assert.is(query('neutron', 'SELECT version_num FROM alembic_version'), 'havana')
  const upgraded = neutron('upgrade', 'icehouse')
  succeeded(upgraded)
  assert.is(upgraded.err.match(/Running upgrade/g)?.length, 24)
  assert.match(neutron('current').out, /: 5ac1c354a051 -> icehouse \(head\), icehouse\n$/)
  succeeded(neutron('upgrade', 'icehouse'))
  succeeded(neutron('stamp', 'havana'))
  assert.match(lastLine(neutron('upgrade', 'icehouse')), /\(1061, "Duplicate key name 'uniq_agents0agent_type0host'"\)/)
  assert.is(neutron('upgrade', 'juno').code, 255)
})

test('neutron stops at two agents of one kind on one host', () => {
  imported('neutron', { converted: false, also: "UPDATE agents SET host = 'node-1.domain.tld'" })
  succeeded(neutron('stamp', 'havana'))
  const failed = neutron('upgrade', 'icehouse')
  assert.is(failed.code, 1)
  assert.is(
    lastLine(failed),
    'sqlalchemy.exc.IntegrityError: (IntegrityError) (1062, "Duplicate entry ' +
      "'Open vSwitch agent-node-1.domain.tld' for key 'uniq_agents0agent_type0host'\")" +
      ` 'ALTER TABLE agents ADD CONSTRAINT uniq_agents0agent_type0host UNIQUE (agent_type, host)' ()`,
  )
  assert.is(schemaVersion('neutron'), 'e197124d4b9')
})

test('neutron-db-manage wants class paths and a connection under [database]', () => {
  imported('neutron', { converted: false })
  put('/etc/neutron/neutron.conf', `[DEFAULT]\ncore_plugin=openvswitch\n[database]\nconnection=${url('neutron')}\n`)
  assert.is(lastLine(neutron('stamp', 'havana')), 'ValueError: Empty module name')
  put('/etc/neutron/neutron.conf', `[DEFAULT]\ncore_plugin=${ovs}\nsql_connection=${url('neutron')}\n`)
  assert.is(
    lastLine(neutron('stamp', 'havana')),
    "sqlalchemy.exc.ArgumentError: Could not parse rfc1738 URL from string ''",
  )
  put('/etc/neutron/plugin.ini', `[DATABASE]\nsql_connection=${url('neutron')}\n`)
  succeeded(neutron('--config-file', '/etc/neutron/plugin.ini', 'stamp', 'havana'))
  assert.is(schemaVersion('neutron'), 'havana')
})

test('the spellings of the connection that a service does not know lead to an SQLite file', () => {
  for (const service of ['keystone', 'glance', 'nova', 'cinder'] as const) imported(service)
  const files = {
    keystone: 'keystone/keystone.conf',
    glance: 'glance/glance-api.conf',
    nova: 'nova/nova.conf',
    cinder: 'cinder/cinder.conf',
  }
  const shows = (service: keyof typeof files, text: string): string => {
    if (service === 'glance') rmSync(join(root, '/etc/glance/glance-registry.conf'), { force: true })
    put(`/etc/${files[service]}`, text)
    const action = service === 'keystone' || service === 'glance' ? ['db_version'] : ['db', 'version']
    return manage(`${service}-manage`, ...action).out.trim()
  }
  const found = (service: keyof typeof files): string[] =>
    [
      `[DEFAULT]\nsql_connection=${url(service)}\n`,
      `[sql]\nconnection=${url(service)}\n`,
      `[DATABASE]\nsql_connection=${url(service)}\n`,
      `[database]\nconnection=${url(service)}\n`,
      // In one file the new spelling wins over the old ones, wherever it stands.
      `[database]\nconnection=${url(service)}\n[DEFAULT]\nsql_connection=mysql://none:none@127.0.0.1:1/none\n`,
    ].map((text) => shows(service, text))
  assert.equal(found('keystone'), ['36', '36', '36', '36', '36'])
  assert.equal(found('glance'), ['29', '29', '29', '29', '29'])
  assert.equal(found('nova'), ['216', '216', '216', '216', '216'])
  assert.equal(found('cinder'), ['21', '0', '0', '21', '21'])

  mkdirSync(join(root, 'var/lib/cinder'), { recursive: true })
  put('/etc/cinder/cinder.conf', `[DEFAULT]\nstate_path=/var/lib/cinder\n[sql]\nconnection=${url('cinder')}\n`)
  assert.is(manage('cinder-manage', 'db', 'sync').code, 1)
  assert.ok(existsSync(join(root, 'var/lib/cinder/cinder.sqlite')))
  assert.is(schemaVersion('cinder'), '21')
})

test("wrong credentials end with the server's words", () => {
  for (const service of services) imported(service)
  configure('icehouse', 'wrong')
  for (const ran of [
    manage('keystone-manage', 'db_sync'),
    manage('glance-manage', 'db_sync'),
    manage('nova-manage', 'db', 'sync'),
    manage('cinder-manage', 'db', 'sync'),
    neutron('stamp', 'havana'),
  ]) {
    assert.is(ran.code, 1)
    assert.match(lastLine(ran), /OperationalError: \(OperationalError\) \(1045, "Access denied for user 'os'@'[^']+'/)
    assert.match(lastLine(ran), / \(using password: YES\)"\) None None$/)
    assert.not.match(ran.err, /wrong/)
  }
})

needing(test, 'root')('a configuration that the calling user cannot read ends the command', () => {
  configure()
  for (const [program, args, code] of [
    ['nova-manage', ['db', 'sync'], 2],
    ['cinder-manage', ['db', 'sync'], 2],
    ['keystone-manage', ['db_sync'], 1],
    ['glance-manage', ['db_sync'], 1],
  ] as const) {
    const service = program.split('-')[0]!
    const files = service === 'glance' ? ['glance-api.conf', 'glance-registry.conf'] : [`${service}.conf`]
    for (const file of files) chmodSync(join(root, 'etc', service, file), 0o600)
    // The project's own folder may be closed to other users.
    const copy = mkdtempSync('/tmp/standin-code-')
    try {
      spawnSync('cp', ['-r', join(lab, 'standin/conf.mjs'), join(lab, 'standin/mysql.mjs'), standin, copy])
      chmodSync(copy, 0o755)
      const ran = spawnSync(
        'setpriv',
        ['--reuid=65534', '--clear-groups', process.execPath, join(copy, 'db/manage.mjs'), program, ...args],
        { cwd: '/', encoding: 'utf8', env: { PATH: process.env['PATH'], STANDIN_ROOT: root } },
      )
      assert.is(ran.status, code, ran.stderr)
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
})

test('the service lists have the layout that the commands print, and exit code 0 with every service dead', () => {
  imported('nova', { also: 'UPDATE services SET updated_at = UTC_TIMESTAMP(), disabled = 1 WHERE id = 6' })
  imported('cinder')
  const now = query('nova', 'SELECT updated_at FROM services WHERE id = 6')
  const nova = manage('nova-manage', 'service', 'list')
  assert.is(nova.code, 0, nova.err)
  assert.equal(nova.out.split('\n'), [
    'Binary           Host                                 Zone             Status     State Updated_At',
    'nova-conductor   node-1.domain.tld                    internal         enabled    XXX   2014-09-03 15:17:25',
    'nova-cert        node-1.domain.tld                    internal         enabled    XXX   2014-09-03 15:17:25',
    'nova-consoleauth node-1.domain.tld                    internal         enabled    XXX   2014-09-03 15:17:25',
    'nova-scheduler   node-1.domain.tld                    internal         enabled    XXX   2014-09-03 15:17:25',
    'nova-console     node-1.domain.tld                    internal         enabled    XXX   2014-09-03 15:17:25',
    `nova-compute     node-3.domain.tld                    nova             disabled   :-)   ${now}`,
    'nova-compute     node-4.domain.tld                    nova             enabled    XXX   2014-09-03 15:17:31',
    '',
  ])
  const cinder = manage('cinder-manage', 'service', 'list')
  assert.is(cinder.code, 0, cinder.err)
  assert.equal(cinder.out.split('\n'), [
    'Binary           Host                                 Zone             Status     State Updated At',
    'cinder-scheduler node-1                               nova             enabled    XXX   2014-09-03 15:17:25',
    'cinder-volume    node-1                               nova             enabled    XXX   2014-09-03 15:17:25',
    '',
  ])
  put('/etc/nova/nova.conf', `[DEFAULT]\nsql_connection=${url('nova')}\nservice_down_time=2000000000\n`)
  assert.not.match(manage('nova-manage', 'service', 'list').out, /XXX/)
})

test('a sync of an empty database makes all of it', () => {
  for (const service of services) {
    sql(server, `DROP DATABASE IF EXISTS ${service}; CREATE DATABASE ${service} CHARACTER SET utf8`)
  }
  configure()
  succeeded(manage('keystone-manage', 'db_sync'))
  succeeded(manage('glance-manage', 'db_sync'))
  succeeded(manage('nova-manage', 'db', 'sync'))
  succeeded(manage('cinder-manage', 'db', 'sync'))
  succeeded(neutron('upgrade', 'icehouse'))
  assert.equal(
    services.map((service) => tableCount(service)),
    [16, 8, 108, 19, 27],
  )
  assert.equal(
    services.map((service) => schemaVersion(service)),
    ['44', '34', '234', '22', 'icehouse'],
  )
})

test("Havana's programs leave a Havana database as it is", () => {
  for (const service of services) imported(service, { charset: 'latin1', converted: false })
  configure('havana')
  succeeded(manage('keystone-manage', 'db_sync'))
  succeeded(manage('glance-manage', 'db_sync'))
  succeeded(manage('nova-manage', 'db', 'sync'))
  succeeded(manage('cinder-manage', 'db', 'sync'))
  assert.equal(
    services.slice(0, 4).map((service) => schemaVersion(service)),
    ['36', '29', '216', '21'],
  )
})

/** Heat's database as it was at Havana, with what a test has otherwise, and its configuration. */
function importedHeat(also = ''): void {
  put('/etc/openstack-release', 'icehouse\n')
  put('/etc/heat/heat.conf', `[DEFAULT]\nsql_connection=${url('heat' as Service)}\n`)
  sql(server, 'DROP DATABASE IF EXISTS heat; CREATE DATABASE heat CHARACTER SET utf8')
  sql(server, readFileSync(join(standin, 'seed/heat.sql')), 'heat')
  if (also !== '') query('heat', also)
}

test('heat-manage brings heat to Icehouse, and a second time does nothing', () => {
  importedHeat()
  assert.is(manage('heat-manage', 'db_version').out, '28\n')
  succeeded(manage('heat-manage', 'db_sync'))
  assert.is(manage('heat-manage', 'db_version').out, '43\n')
  // As the real migrations have it: numbers follow the time, and what has none comes first.
  assert.is(query('heat', 'SELECT GROUP_CONCAT(uuid ORDER BY id) FROM event'), '9,8,3,1,2,6,4,5,7')
  assert.match(
    query('heat', 'SELECT template FROM raw_template WHERE id = 3'),
    '"server": {"depends_on": "port", "properties": {',
  )
  const checksum = query('heat', 'CHECKSUM TABLE event, raw_template, user_creds, stack')
  succeeded(manage('heat-manage', 'db_sync'))
  assert.is(query('heat', 'CHECKSUM TABLE event, raw_template, user_creds, stack'), checksum)
})

// What the real one says, and at which version it stays.
for (const [what, set, version, says] of [
  ['no template', 'NULL', '36', 'expected string or buffer'],
  ['no JSON', `'{"a":'`, '36', 'No JSON object could be decoded'],
  [
    'no outputs',
    `'{"heat_template_version": "2013-05-23", "outputs": null}'`,
    '40',
    "'NoneType' object has no attribute 'iteritems'",
  ],
] as const)
  test(`heat-manage ends at ${what}, for all stacks, and does not say where`, () => {
    importedHeat(`UPDATE raw_template SET template = ${set} WHERE id = 4`)
    const ran = manage('heat-manage', 'db_sync')
    assert.equal([ran.code, ran.err], [1, `ERROR: ${says}\n`])
    assert.is(query('heat', 'SELECT version FROM migrate_version'), version)
  })

test.run()
