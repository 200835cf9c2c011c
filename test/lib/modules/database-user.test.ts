import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { database } from '../../../lib/modules/index.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { needing, needs } from '../../rig/needs.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { type Mariadb, sql, startMariadb } from '../../rig/mariadb.ts'
import { applied, failure, planOf } from './applied.ts'
import { databaseHost } from './database-hosts.ts'

needs('mariadbd')

const test = suite<{ server: Mariadb }>('database.user')
test.before(async (context) => {
  context.server = await startMariadb({ tcp: true })
})
test.after(async ({ server }) => {
  await server.stop()
})

const grantsOf = (host: ReturnType<typeof databaseHost>, account: string) =>
  host
    .sql(`SHOW GRANTS FOR ${account}`)
    .trim()
    .split('\n')
    .map((line) => line.replace(/ TO .*?( WITH GRANT OPTION)?$/, '$1'))
    .filter((line) => !line.startsWith('GRANT USAGE'))

test('a user gets accounts, password and privileges, and all of them once', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  const password = Secret.of(`it's "a" \\ пароль #1`, 'nova database password')
  const wish = {
    user: 'nova',
    hosts: ['localhost', '%'],
    password,
    grants: { 'nova.*': 'ALL', 'nova\\_api.*': ['select', 'INSERT'] },
  }
  const { result, diff } = await applied(host, () => database.user(wish))
  assert.equal(result, { user: 'nova', hosts: ['localhost', '%'], made: ['localhost', '%'] })
  assert.equal(diff[0], {
    path: 'database user nova@localhost',
    before: '',
    after: [
      'a new account with a password',
      "GRANT ALL PRIVILEGES ON `nova`.* TO 'nova'@'localhost'",
      "GRANT SELECT, INSERT ON `nova\\_api`.* TO 'nova'@'localhost'",
      '',
    ].join('\n'),
  })
  assert.not.match(JSON.stringify(diff) + host.scripts.join('\n'), 'пароль')
  assert.equal(grantsOf(host, "'nova'@'%'").sort(), [
    'GRANT ALL PRIVILEGES ON `nova`.*',
    'GRANT SELECT, INSERT ON `nova\\\\_api`.*',
  ])
  assert.equal((await planOf(host, database.select('SELECT CURRENT_USER()', { user: 'nova', password }))).result, [
    ['nova@localhost'],
  ])

  const other = Secret.of('another-password', 'new password')
  const changed = await applied(host, () => database.user({ user: 'nova', hosts: ['localhost'], password: other }))
  assert.equal(changed.diff[0]!.after, 'another password\n')
  assert.equal((await planOf(host, database.select('SELECT 1', { user: 'nova', password: other }))).result, [['1']])
  assert.match(await failure(host, database.select('SELECT 1', { user: 'nova', password })), 'refuses the login')
})

test('privileges are given and taken until they are what was said', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  const password = Secret.of('glance-word', 'glance password')
  const become = async (grants: Record<string, string | readonly string[]>, exact?: boolean) => {
    await applied(host, () => database.user({ user: 'glance', password, grants, exact }))
    return grantsOf(host, "'glance'@'localhost'").sort()
  }
  host.sql('CREATE DATABASE glance; CREATE TABLE glance.images (id INT, name INT)')
  assert.equal(await become({ 'glance.*': ['SELECT', 'UPDATE'] }), ['GRANT SELECT, UPDATE ON `glance`.*'])
  assert.equal(await become({ 'glance.*': ['SELECT', 'DELETE'] }), ['GRANT SELECT, DELETE ON `glance`.*'])
  assert.equal(await become({ 'glance.*': ['ALL', 'GRANT OPTION'] }), [
    'GRANT ALL PRIVILEGES ON `glance`.* WITH GRANT OPTION',
  ])
  assert.equal(await become({ 'glance.*': 'ALL' }), ['GRANT ALL PRIVILEGES ON `glance`.*'])
  assert.equal(await become({ 'glance.*': 'SELECT' }), ['GRANT SELECT ON `glance`.*'])
  assert.equal(
    await become({ 'glance.images': ['INSERT', 'SELECT (id, name)'] }),
    ['GRANT SELECT (`name`, `id`), INSERT ON `glance`.`images`', 'GRANT SELECT ON `glance`.*'].sort(),
  )
  assert.equal(await become({ '*.*': 'PROCESS' }, true).catch((error: Error) => error.message), [
    'GRANT PROCESS ON *.*',
  ])
  assert.throws(
    () => database.user({ user: 'x', grants: { glance: 'ALL' } }),
    'glance is nothing to grant on: write DATABASE.*, DATABASE.TABLE or *.*',
  )
})

test('privileges are the same however they are written, and on routines too', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  const password = Secret.of('heat-word', 'heat password')
  host.sql('CREATE DATABASE heat; CREATE TABLE heat.t (a INT, b INT)')
  host.sql('CREATE FUNCTION heat.age() RETURNS INT DETERMINISTIC RETURN 1')
  const become = async (grants: Record<string, string | readonly string[]>) => {
    await applied(host, () => database.user({ user: 'heat', password, grants, exact: true }))
    return grantsOf(host, "'heat'@'localhost'").sort()
  }
  assert.equal(await become({ 'heat.*': 'SELECT, INSERT' }), ['GRANT SELECT, INSERT ON `heat`.*'])
  assert.equal(await become({ 'heat.*': ['update,delete ', ' create  view'] }), [
    'GRANT UPDATE, DELETE, CREATE VIEW ON `heat`.*',
  ])
  assert.equal(await become({ 'TABLE heat.t': 'select (b, a), INSERT' }), [
    'GRANT SELECT (`a`, `b`), INSERT ON `heat`.`t`',
  ])
  assert.equal(await become({ 'FUNCTION heat.age': 'EXECUTE' }), ['GRANT EXECUTE ON FUNCTION `heat`.`age`'])
  assert.equal(await become({ 'function heat.age': 'ALL' }), ['GRANT EXECUTE, ALTER ROUTINE ON FUNCTION `heat`.`age`'])
})

test('a new account needs a password', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  assert.is(
    await failure(host, database.user({ user: 'nobody' })),
    'nobody@localhost is not there, and a new account needs a password',
  )
})

// The plugin comes with Debian's whole server package, of which the tests install the core alone.
needing(test, '/usr/lib/mysql/plugin/auth_ed25519.so')(
  'a password that cannot be compared is tried',
  async ({ server }) => {
    const host = databaseHost('node-5', server, shells[0]!)
    host.sql(
      "INSTALL SONAME 'auth_ed25519'; CREATE USER 'salted'@'localhost' IDENTIFIED VIA ed25519 USING PASSWORD('right-word')",
    )
    assert.is(
      (await planOf(host, database.user({ user: 'salted', password: Secret.of('right-word', 'right') }))).changed,
      false,
    )
    assert.is(
      (await planOf(host, database.user({ user: 'salted', password: Secret.of('other-word', 'other') }))).changed,
      true,
    )
  },
)

test('userAbsent drops all accounts of a name, or those that are named', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  host.sql("CREATE USER 'quan''tum'@'a', 'quan''tum'@'b', 'quan''tum'@'c'")
  const one = await applied(host, () => database.userAbsent({ user: "quan'tum", hosts: ['b', 'z'] }))
  assert.equal(one.result, { user: "quan'tum", hosts: ['b'] })
  const all = await applied(host, () => database.userAbsent({ user: "quan'tum" }))
  assert.equal(
    all.diff.map(({ path }) => path),
    ["database user quan'tum@a", "database user quan'tum@c"],
  )
})

test('every privilege that the server knows is granted once, and again nothing changes', async ({ server }) => {
  const host = databaseHost('node-5', server, shells[0]!)
  host.sql('CREATE DATABASE IF NOT EXISTS priv; CREATE TABLE IF NOT EXISTS priv.t (a INT, b INT)')
  const known = host
    .sql('SHOW PRIVILEGES')
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as [string, string])
    .filter(([name]) => name !== 'Proxy' && name !== 'Grant option')
  const on = (scope: RegExp) => known.filter(([, context]) => scope.test(context)).map(([name]) => name)
  const all = on(/./)
  const ofDatabase = [...on(/Databases|Tables|Functions|Procedures/), 'EVENT'].filter((name) => name !== 'File access')
  assert.ok(all.length > 25, String(all))
  const password = Secret.of('some-password', 'password')
  const database$ = ['SELECT', 'INSERT', 'CREATE VIEW', 'EVENT', 'TRIGGER', 'LOCK TABLES', 'EXECUTE']
  for (const [user, grants] of [
    ['each', { '*.*': all }],
    ['also', { '*.*': [...all, 'GRANT OPTION'], 'priv.*': [...database$, 'DELETE HISTORY'] }],
    ['of-one', { 'priv.*': ofDatabase, 'priv.t': on(/Tables/) }],
    ['root2', { '*.*': ['ALL', 'GRANT OPTION'] }],
    ['none', { '*.*': 'USAGE', 'priv.t': ['SELECT (a, b)', 'INSERT'] }],
    ['names', { '*.*': ['REPLICATION CLIENT', 'BINLOG MONITOR', 'REPLICATION REPLICA', 'READ ONLY ADMIN'] }],
  ] as const)
    await applied(host, () => database.user({ user, password, grants, exact: true }))
})

for (const [server$, privileges, lines] of [
  [
    'MySQL 8',
    ['ALL', 'GRANT OPTION'],
    [
      'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER, SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE, CREATE ROLE, DROP ROLE ON *.* TO `nova`@`localhost` WITH GRANT OPTION',
      'GRANT APPLICATION_PASSWORD_ADMIN,AUDIT_ADMIN,BACKUP_ADMIN,SYSTEM_USER,XA_RECOVER_ADMIN ON *.* TO `nova`@`localhost` WITH GRANT OPTION',
    ],
  ],
  [
    'MySQL 8, of two kinds',
    ['SELECT', 'BACKUP_ADMIN'],
    ['GRANT SELECT ON *.* TO `nova`@`localhost`', 'GRANT BACKUP_ADMIN ON *.* TO `nova`@`localhost`'],
  ],
  [
    'MySQL 5.5',
    'ALL',
    [
      "GRANT ALL PRIVILEGES ON *.* TO 'nova'@'localhost' IDENTIFIED BY PASSWORD '*AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
    ],
  ],
  ['MySQL 5.7', ['REPLICATION CLIENT'], ["GRANT REPLICATION CLIENT ON *.* TO 'nova'@'localhost'"]],
  [
    'MariaDB 10.11',
    ['REPLICATION CLIENT'],
    ["GRANT BINLOG MONITOR ON *.* TO `nova`@`localhost` IDENTIFIED BY PASSWORD '*0'"],
  ],
] as const)
  test(`what ${server$} shows is what was asked for`, async () => {
    const said = (script: string, stdin: unknown) => {
      const sql = String(stdin ?? script)
      if (/SHOW GRANTS/.test(sql)) return lines.map((line) => `${line}\n`).join('')
      if (/information_schema/.test(sql)) return 'plugin\n'
      return /VERSION/.test(sql) ? '8.0.36\n' : 'localhost\t\tcaching_sha2_password\n'
    }
    const connection = {
      ...here(),
      exec: async (script: string, { stdin }: { stdin?: unknown } = {}) => ({
        code: 0,
        stdout: said(script, stdin instanceof Secret ? stdin.reveal() : stdin),
        stderr: '',
      }),
    }
    const plan = await database.user({ user: 'nova', grants: { '*.*': privileges }, exact: true }).prepare(connection)
    assert.equal(plan.diff, undefined)
  })

test('a server that listens elsewhere is named by its socket or its port', async ({ server }) => {
  const home = emptyDirectory()
  const host = here({ env: { HOME: home } })
  sql(server, "CREATE USER op@'%' IDENTIFIED BY 'op-word'; CREATE USER other@'%' IDENTIFIED BY 'other-word'")
  const who = 'SELECT CURRENT_USER(), @@port, @@socket'
  const asked = async (login: database.Login) => (await planOf(host, database.select(who, login))).result
  const { socket, port } = server
  const [op, other] = [Secret.of('op-word', 'password of op'), Secret.of('other-word', 'password of other')]
  const byTcp = [String(port), socket]
  assert.equal(await asked({ user: 'op', password: op, port }), [['op@%', ...byTcp]])
  assert.equal(await asked({ user: 'op', password: op, socket }), [['op@%', ...byTcp]])
  // The client file of whoever acts is read where the login names nobody, and not where it does.
  writeFileSync(join(home, '.my.cnf'), '[client]\nuser=op\npassword=op-word\nsocket=/none\n')
  assert.equal(await asked({ port }), [['op@%', ...byTcp]])
  assert.equal(await asked({ socket }), [['op@%', ...byTcp]])
  assert.equal(await asked({ user: 'other', password: other, port }), [['other@%', ...byTcp]])
  sql(server, "CREATE DATABASE apart; CREATE TABLE apart.t (id INT); GRANT ALL ON apart.* TO op@'%'")
  const to = join(home, 'dump.sql')
  await (await planOf(host, database.dump({ database: 'apart', to, login: { socket } }))).apply(host)
  assert.match(readFileSync(to, 'utf8'), 'CREATE TABLE `t`')
  assert.match(
    await failure(host, database.select('SELECT 1', { socket: `${socket}.none` })),
    'the database server of here does not answer: ',
  )
  for (const [login, said] of [
    [{ socket, port }, `the login names a socket and a port: ${socket}, ${port}`],
    [{ socket: 'run/my sock' }, '"run/my sock" cannot be the path of a socket'],
    [{ port: 65536 }, 'no server listens on port 65536'],
  ] as const)
    assert.is(await failure(host, database.select('SELECT 1', login)), said)
})

test.run()
