// Fills the MySQL server of the controller it runs on: databases, accounts, rows. Run once, as root, on a fresh server.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rooted } from '../conf.mjs'
import { quote } from '../mysql.mjs'
import { stamp, upgrade } from './alembic.mjs'
import { open } from './connection.mjs'
import { createHavana, repositories, sync } from './sync.mjs'

const services = ['keystone', 'glance', 'nova', 'cinder', 'neutron']
const passwordFile = '/etc/mysql/conf.d/password.cnf'

const here = (path) => new URL(path, import.meta.url)
// On a host the file lies with the stand-ins, in the project one folder further up.
const cloudsFile = [here('../clouds.json'), here('../../clouds.json')].find((path) => existsSync(path))
const clouds = JSON.parse(readFileSync(cloudsFile, 'utf8'))

let clientOptions = []

function mysql(text, ...options) {
  const ran = spawnSync(
    'mysql',
    [...clientOptions, '--user=root', '--default-character-set=utf8', '--batch', '--skip-column-names', ...options],
    { input: text, encoding: 'utf8', maxBuffer: 64 << 20 },
  )
  if (ran.error) throw ran.error
  if (ran.status !== 0) throw new Error(`mysql: ${ran.stderr.trim()}`)
  return ran.stdout.trim()
}

/** A password file may be there before root has the password, and a client that sends one is then refused. */
function reach() {
  try {
    mysql('SELECT 1')
  } catch (error) {
    clientOptions = ['--no-defaults']
    try {
      mysql('SELECT 1')
    } catch {
      throw error
    }
  }
}

/** Fuel leaves no other way in: neither anonymous accounts nor root over the network. */
function onlyRootByTheSocket() {
  const others = mysql(`SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.user
    WHERE User = '' OR (User = 'root' AND Host <> 'localhost')`)
  const drops = others
    .split('\n')
    .filter(Boolean)
    .map((account) => `DROP USER ${account};`)
  mysql(['DROP DATABASE IF EXISTS test;', ...drops].join('\n'))
}

function accounts({ hostname: name, databasePasswords }, whose = services) {
  return whose
    .flatMap((service) =>
      ['127.0.0.1', '%', name].map((from) => {
        const account = `${quote(service)}@${quote(from)}`
        return `GRANT ALL PRIVILEGES ON ${service}.* TO ${account} IDENTIFIED BY ${quote(databasePasswords[service])};`
      }),
    )
    .join('\n')
}

function loadSource(cloud) {
  const directory = existsSync(here('./seed-override/')) ? './seed-override/' : './seed/'
  for (const service of services) {
    mysql(`CREATE DATABASE ${service} DEFAULT CHARACTER SET latin1;`)
    mysql(readFileSync(here(`${directory}${service}.sql`)), service)
  }
  mysql(accounts(cloud))
}

/** What a fresh deployment of the next release has: its schema, and rows about nobody but itself. */
async function loadTarget(cloud) {
  for (const service of services) {
    mysql(`CREATE DATABASE ${service} DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci;`)
  }
  mysql(accounts(cloud))
  const port = Number(mysql('SELECT @@port'))
  for (const service of services) {
    const password = cloud.databasePasswords[service]
    const db = await open({ host: '127.0.0.1', port, user: service, password, database: service, charset: 'utf8' })
    try {
      if (service in repositories) await sync(db, service, { release: 'icehouse' })
      else await makeNeutron(db)
    } finally {
      db.close()
    }
    if (existsSync(here(`./fresh/${service}.sql`))) mysql(readFileSync(here(`./fresh/${service}.sql`)), service)
  }
  setRootPassword(cloud.mysqlRoot)
}

/** Heat's, which a controller has beside the others when it is asked for; of MOS 4.1 its database alone is utf8. */
export async function deployHeat(cloud) {
  reach()
  if (mysql("SHOW DATABASES LIKE 'heat'") !== '') return
  mysql('CREATE DATABASE heat DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci;')
  mysql(accounts(cloud, ['heat']))
  if (cloud.release === 'havana') return void mysql(readFileSync(here('./seed/heat.sql')), 'heat')
  const port = Number(mysql('SELECT @@port'))
  const login = { user: 'heat', password: cloud.databasePasswords.heat, database: 'heat', charset: 'utf8' }
  const db = await open({ host: '127.0.0.1', port, ...login })
  try {
    await sync(db, 'heat', { release: 'icehouse' })
  } finally {
    db.close()
  }
}

/** neutron-server makes its tables itself in both releases, so nothing is stamped. */
async function makeNeutron(db) {
  await createHavana(db, 'neutron')
  await stamp(db, 'havana', 'icehouse')
  const plugins = ['neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2']
  await upgrade(db, 'icehouse', { release: 'icehouse', plugins, log: () => {} })
  await db.execute('DROP TABLE alembic_version')
}

function setRootPassword(password) {
  mysql(`ALTER USER root@localhost IDENTIFIED BY ${quote(password)};`)
  const path = rooted(passwordFile)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `[client]\nuser=root\nhost=localhost\npassword=${password}\n`, { mode: 0o640 })
  chmodSync(path, 0o640)
  spawnSync('chown', ['mysql:mysql', path])
}

async function main() {
  const name = process.argv[2] ?? hostname()
  const cloud = Object.values(clouds).find((host) => host.hostname === name || host.hostname?.split('.')[0] === name)
  if (cloud?.databasePasswords === undefined) {
    process.stderr.write(`load: ${name} is no controller of clouds.json\n`)
    process.exit(2)
  }
  reach()
  if (mysql("SHOW DATABASES LIKE 'keystone'") === '') {
    onlyRootByTheSocket()
    if (cloud.release === 'havana') loadSource(cloud)
    else await loadTarget(cloud)
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main()
