import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Mariadb, MariadbOptions } from '../../rig/mariadb.ts'
import { needs } from '../../rig/needs.ts'
import { startMariadb } from '../../rig/mariadb.ts'

needs('mariadbd')

const lab = fileURLToPath(new URL('..', import.meta.url))
const clouds = JSON.parse(readFileSync(join(lab, 'clouds.json'), 'utf8')) as Record<
  string,
  {
    databasePasswords: Record<string, string>
    mysqlRoot: string
    public: string
    management: string
  }
>

const test = suite('load')

interface Loaded {
  readonly root: string
  readonly socket: string
  /** Runs the loader again. */
  load(): void
  /** Asks the server as one of its accounts, over TCP. */
  as(user: string, password: string, text: string): { out: string; err: string }
  /** Asks the server as root on its socket, with the options of the host's password file if there is one. */
  asRoot(text: string, ...options: string[]): string
}

async function onServerOf(host: string, options: MariadbOptions, check: (loaded: Loaded) => void): Promise<void> {
  const server: Mariadb = await startMariadb({ ...options, tcp: true })
  const root = mkdtempSync('/tmp/standin-')
  const mysql = (args: string[], text: string, env: Record<string, string> = {}) =>
    spawnSync('mysql', [...args, '--batch', '--skip-column-names', '--default-character-set=utf8'], {
      input: text,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    })
  try {
    const load = () => {
      const ran = spawnSync(process.execPath, [join(lab, 'standin/db/load.mjs'), `${host}.domain.tld`], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: root, MYSQL_UNIX_PORT: server.socket, STANDIN_ROOT: root },
      })
      assert.is(ran.status, 0, ran.stderr)
    }
    load()
    check({
      root,
      socket: server.socket,
      load,
      as: (user, password, text) => {
        const over = ['--no-defaults', '--protocol=tcp', '--host=127.0.0.1', `--port=${server.port}`]
        const ran = mysql([...over, `--user=${user}`], text, { MYSQL_PWD: password })
        return { out: ran.stdout.trim(), err: ran.stderr.trim() }
      },
      asRoot: (text, ...extra) => {
        const files = extra.length > 0 ? extra : ['--no-defaults']
        const ran = mysql([...files, `--socket=${server.socket}`, '--user=root'], text)
        assert.is(ran.status, 0, ran.stderr)
        return ran.stdout.trim()
      },
    })
  } finally {
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

const charsets = `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA
  WHERE SCHEMA_NAME IN ('keystone', 'glance', 'nova', 'cinder', 'neutron') ORDER BY 1`

test('the source gets the Havana databases in latin1, with an account for each service', async () => {
  await onServerOf('node-1', {}, ({ as, asRoot, load }) => {
    assert.is(asRoot(charsets), 'cinder\tlatin1\nglance\tlatin1\nkeystone\tlatin1\nneutron\tlatin1\nnova\tlatin1')
    const { databasePasswords } = clouds['node-1']!
    assert.is(as('nova', databasePasswords['nova']!, 'SELECT COUNT(*) FROM nova.instances').out, '4')
    assert.match(as('nova', databasePasswords['nova']!, 'SELECT 1 FROM keystone.user').err, /denied/)
    assert.match(as('nova', 'other', 'SELECT 1').err, /Access denied/)
    asRoot('DELETE FROM nova.instance_faults')
    load()
    assert.is(asRoot('SELECT COUNT(*) FROM nova.instance_faults'), '0')
  })
})

test('the target gets Icehouse schemas in utf8, its own rows, and a password for root', async () => {
  const utf8 = { characterSet: 'utf8', collation: 'utf8_general_ci' }
  await onServerOf('node-5', utf8, ({ as, asRoot, root, socket, load }) => {
    const cloud = clouds['node-5']!
    const ask = (service: string, text: string) =>
      as(service, cloud.databasePasswords[service]!, `USE ${service}; ${text}`).out
    const versions = ['keystone', 'glance', 'nova', 'cinder'].map((service) =>
      ask(service, 'SELECT version FROM migrate_version'),
    )
    assert.equal(versions, ['44', '34', '234', '22'])
    assert.is(ask('neutron', "SHOW TABLES LIKE 'alembic_version'"), '')
    assert.match(ask('neutron', "SHOW COLUMNS FROM subnets LIKE 'ipv6_ra_mode'"), /^ipv6_ra_mode/)
    const hosts = ask(
      'keystone',
      `SELECT DISTINCT SUBSTRING_INDEX(SUBSTRING_INDEX(url, '/', 3), ':', 2)
      FROM endpoint ORDER BY 1`,
    )
    assert.equal(hosts.split('\n'), [`http://${cloud.management}`, `http://${cloud.public}`])
    assert.is(ask('keystone', 'SELECT COUNT(*) FROM assignment'), '6')
    assert.is(ask('nova', 'SELECT DISTINCT host FROM services'), 'node-5.domain.tld')
    assert.is(ask('nova', 'SELECT COUNT(*) FROM instances'), '0')
    const file = join(root, 'etc/mysql/conf.d/password.cnf')
    assert.is(statSync(file).mode & 0o777, 0o640)
    const collations = asRoot(
      `SELECT DISTINCT TABLE_COLLATION FROM information_schema.TABLES
      WHERE TABLE_SCHEMA IN ('keystone', 'glance', 'nova', 'cinder', 'neutron')`,
      `--defaults-file=${file}`,
    )
    assert.match(collations, /^utf8(mb3)?_general_ci$/)
    assert.match(as('root', '', 'SELECT 1').err, /Access denied/)
    // On the host the client finds the password file by itself; here it has to be the home's.
    writeFileSync(join(root, '.my.cnf'), `${readFileSync(file, 'utf8')}socket=${socket}\n`)
    load()
    assert.is(ask('keystone', 'SELECT COUNT(*) FROM assignment'), '6')
  })
})

test.run()
