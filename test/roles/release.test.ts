import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parallel, play } from '../../lib/index.ts'
import { freeze, freezeService } from '../../roles/openstack/freeze.ts'
import { rowsThat } from '../../roles/openstack/hazards.ts'
import { look } from '../../roles/openstack/look.ts'
import { moved } from '../../roles/openstack/move.ts'
import type { Release, Service } from '../../roles/openstack/release.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'
import { releases } from '../../roles/openstack/releases/index.ts'
import { stopTarget, targetAsBefore } from '../../roles/openstack/rollback.ts'
import { carried, connection } from '../../roles/openstack/settings.ts'
import { started } from '../../roles/openstack/start.ts'
import { root } from '../rig/lab.ts'
import { as, handOver, mos, mysqldump, onControllers } from './mos.ts'

const test = suite('roles/release')

/** A service that nobody here knows, with two databases as nova has them later: all that is said of it. */
const orchestra: Service = {
  name: 'orchestra',
  etc: '/etc/orchestra',
  user: 'orchestra',
  owned: ['/etc/orchestra'],
  daemons: [
    { redhat: 'openstack-orchestra-engine', debian: 'orchestra-engine' },
    { redhat: 'openstack-orchestra-api', debian: 'orchestra-api', kind: 'api' },
  ],
  databases: [
    {
      name: 'orchestra_api',
      migrations: ['orchestra-manage api_db sync'],
      version: {
        table: 'migrate_version',
        sql: 'SELECT version FROM orchestra_api.migrate_version',
        before: ['1'],
        after: ['2'],
      },
    },
    {
      name: 'orchestra',
      migrations: ['orchestra-manage db_sync'],
      version: {
        table: 'migrate_version',
        sql: 'SELECT version FROM orchestra.migrate_version',
        before: ['20'],
        after: ['43'],
      },
      rows: [
        {
          table: 'engines',
          key: 'id',
          columns: ['host'],
          change: (row, { from, to }) => (row['host'] === from.fqdn ? { host: to.fqdn } : undefined),
        },
      ],
    },
  ],
  config: [
    {
      path: '/etc/orchestra/orchestra.conf',
      settings: [
        connection({ service: 'orchestra', at: 'loopback', query: 'read_timeout=60', aliases: [] }),
        carried({ DEFAULT: ['auth_encryption_key'] }),
      ],
    },
  ],
  hazards: [
    rowsThat(
      'orchestra.scores without an owner',
      'SELECT id FROM orchestra.scores WHERE owner IS NULL',
      "mysql orchestra -e 'DELETE FROM scores WHERE owner IS NULL'",
    ),
  ],
  underWay: ["SELECT 'score', id, status, 1, 'none' FROM orchestra.scores WHERE status = 'playing'"],
  answers: { url: 'http://127.0.0.1:8004/' },
  list: { of: 'scores', command: 'orchestra score-list', count: 'SELECT COUNT(*) FROM orchestra.scores' },
}

// Asked by nobody but the dashboard, so it stands before that.
const [dashboard, ...others] = [...havanaIcehouse.services].reverse()
const copy: Release = { ...havanaIcehouse, services: [...others.reverse(), orchestra, dashboard!] }
Object.assign(releases, { 'with orchestra': copy })
const release = { release: 'with orchestra' }
const [orchestraData, orchestraStart] = [moved('orchestra').with(release), started('orchestra').with(release)]

const daemons = ['openstack-orchestra-engine', 'openstack-orchestra-api']
const withOrchestra = (more: Parameters<typeof mos>[0] = {}) =>
  mos({
    ...more,
    versions: { orchestra: ['20', '43'], orchestra_api: ['1', '2'] },
    running: { 'node-1': [...onControllers, ...daemons], 'node-5': [...onControllers, ...daemons], ...more.running },
    stopped: { 'node-1': [...onControllers, ...daemons] },
    tables: {
      'orchestra.engines': [{ id: '1', host: 'node-1.domain.tld' }],
      'orchestra.scores': [{ id: '1' }],
      'orchestra_api.maps': [],
    },
    files: {
      'node-1': { '/etc/orchestra/orchestra.conf': '[DEFAULT]\nauth_encryption_key=theirs\n' },
      'node-5': { '/etc/orchestra/orchestra.conf': '[DEFAULT]\nauth_encryption_key=ours\n' },
    },
    migrated: ['keystone'],
    answers: [...(more.answers ?? []), [/FROM orchestra\.scores WHERE owner IS NULL/, []]],
    programs: { orchestra: '| 0e1d2c3b | x |\n' },
  })
const of = (typed: readonly string[]) => typed.filter((line) => line.includes('orchestra'))

test('an entry of a release is looked at', async () => {
  const clouds = await withOrchestra({
    answers: [
      [
        /SELECT schema_name FROM/,
        ['keystone', 'glance', 'nova', 'neutron', 'cinder', 'orchestra', 'orchestra_api'].map((name) => [name]),
      ],
      [/FROM orchestra\.scores WHERE owner IS NULL/, [['7']]],
      [/WHERE extra IS NULL|GROUP BY 1, 2|engine <> 'InnoDB'|keystone\.role|table_schema = 'keystone'/, []],
    ],
  })
  const run = clouds.start(look.with(release), { on: 'source' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run
      .finished('Stop where something stands in the way', 'node-1')
      .failure?.reason.split('\n')
      .filter((line) => line.includes('owner'))
      .join('\n'),
    'to be mended: the migration to Icehouse would break off halfway, and MySQL cannot undo a half: ' +
      "orchestra.scores without an owner: 7\n  → mysql orchestra -e 'DELETE FROM scores WHERE owner IS NULL'",
  )
})

test('… also where nothing of it is set, and its texts are utf8 on both sides', async () => {
  const { connections: _, ...rest } = copy
  const silent = rest.services.map((one) => ({ ...one, config: [] }))
  Object.assign(releases, { 'that sets nothing': { ...rest, services: silent } })
  const clouds = await withOrchestra()
  const run = clouds.start(look.with({ release: 'that sets nothing' }), { on: 'target' })
  await run.ended
  const { findings } = run.finished('Look at the target', 'node-5').result as { findings: { what: string }[] }
  assert.equal(
    findings.map(({ what }) => what).filter((what) => what.includes('Cannot read properties')),
    [],
  )
})

test('… is waited for, recorded and frozen', async () => {
  const busy = await withOrchestra({ answers: [[/UNION ALL SELECT 'score', id/, [['score', '7', 'playing']]]] })
  const run = busy.start(freeze.with(release), { on: 'source' })
  assert.is(await run.ended, 'failed')
  assert.match(run.finished('Wait until nothing is under way', 'node-1').failure?.reason ?? '', 'score 7 playing')

  const clouds = await withOrchestra({ answers: [[/UNION ALL SELECT 'score', id/, []]] })
  const typed = await clouds.run(freeze.with(release), { on: 'source' })
  // Its API with the APIs, from the users inwards; its engine with the rest.
  const at = (text: string) => typed.indexOf(`node-1: service ${text} stop`)
  assert.is(at('openstack-orchestra-api'), at('httpd') + 1)
  assert.is(at('openstack-nova-api'), at('openstack-orchestra-api') + 1)
  assert.ok(at('openstack-orchestra-engine') > at('openstack-glance-api'))
  assert.ok(at('openstack-orchestra-engine') < at('openstack-nova-objectstore'))
  const record = clouds.text('node-5', '/var/backups/switchover/source/services/orchestra')
  assert.is(record, 'openstack-orchestra-engine running disabled\nopenstack-orchestra-api running disabled\n')

  const alone = await withOrchestra()
  assert.equal(
    await alone.run(freezeService('orchestra').with(release), { on: 'source' }),
    [...daemons].reverse().map((name) => `node-1: service ${name} stop`),
  )
})

test('… is moved and started', async () => {
  const clouds = await withOrchestra({ running: { 'node-1': [] } })
  const typed = await clouds.run([
    play('Move it', { hosts: 'target' }, [parallel(orchestraData)]),
    play('Start it', { hosts: 'target' }, [parallel(orchestraStart)]),
  ])
  const made = (name: string) => [
    `node-5: mysql: DROP DATABASE IF EXISTS \`${name}\``,
    `node-5: mysql: CREATE DATABASE \`${name}\` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci`,
    `node-5: mysql ${name} < dump of ${name} of node-1`,
  ]
  const converted = (name: string, ...tables: readonly string[]) => [
    'node-5: mysql: SET SESSION foreign_key_checks = 0',
    ...tables.map(
      (table) =>
        `node-5: mysql: ALTER TABLE \`${name}\`.\`${table}\` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci`,
    ),
    `node-5: mysql: ALTER DATABASE \`${name}\` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci`,
  ]
  assert.equal(typed, [
    ...daemons.map((name) => `node-5: service ${name} stop`),
    'node-5: cp -a /etc/orchestra /var/backups/switchover/etc/orchestra.part',
    `node-5: ${mysqldump} orchestra_api`,
    `node-5: ${mysqldump} orchestra`,
    `node-1: ${mysqldump} orchestra_api`,
    `node-1: ${mysqldump} orchestra`,
    ...made('orchestra_api'),
    ...made('orchestra'),
    ...converted('orchestra_api', 'maps'),
    ...converted('orchestra', 'engines', 'scores'),
    'node-5: write /etc/orchestra/orchestra.conf',
    `node-5: ${handOver('/etc/orchestra', 'orchestra')}`,
    'node-5: chown root:orchestra /etc/orchestra',
    `node-5: ${as('orchestra', 'orchestra-manage api_db sync')}`,
    `node-5: ${as('orchestra', 'orchestra-manage db_sync')}`,
    'node-5: mysql orchestra: UPDATE engines SET host = node-5.domain.tld WHERE id = 1',
    ...daemons.map((name) => `node-5: service ${name} start`),
  ])
  assert.match(
    clouds.text('node-5', '/etc/orchestra/orchestra.conf'),
    /auth_encryption_key=theirs\n\n?\[database\]\nconnection ?= ?mysql:\/\/orchestra:orchestra-password@127\.0\.0\.1\/orchestra/,
  )
})

test('… and rolled back', async () => {
  const clouds = await withOrchestra({ running: { 'node-1': [] } })
  await clouds.run(orchestraData, { on: 'target' })
  await clouds.run(orchestraStart, { on: 'target' })
  clouds.host('node-5').files.write('/var/backups/switchover/target/keystone.sql', '-- Dump completed\n')
  const record = '/var/backups/switchover/source/services/orchestra'
  clouds.host('node-5').files.write(record, daemons.map((name) => `${name} running enabled\n`).join(''))
  assert.equal(
    of(await clouds.run(stopTarget.with(release), { on: 'target' })),
    [...daemons].reverse().map((name) => `node-5: service ${name} stop`),
  )
  const none = (await withOrchestra({ running: { 'node-1': [] } })).start(stopTarget.with(release), { on: 'target' })
  await none.ended
  assert.match(none.finished('See what was stopped for the move', 'node-5').failure?.hint ?? '', daemons.join(' '))
  const back = of(await clouds.run(targetAsBefore.with(release), { on: 'target' }))
  assert.equal(
    back.filter((line) => line.includes('<')),
    ['orchestra_api', 'orchestra'].map((name) => `node-5: mysql ${name} < dump of ${name} of node-5`),
  )
  assert.is(clouds.text('node-5', '/etc/orchestra/orchestra.conf'), '[DEFAULT]\nauth_encryption_key=ours\n')
})

const sources = readdirSync(join(root, 'roles'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)
const codeOf = (name: string) =>
  readFileSync(join(root, 'roles', name), 'utf8')
    .replaceAll(/\/\*\*.*?\*\//gs, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')

test('a service is named in its entry and its own folder alone', () => {
  // Nova is what compute nodes are looked for in, the agent there is neutron's, and LVM's group is named after cinder.
  // What is a stranger to one pair of releases another one moves: strangers are known by their names.
  const shared = (line: string) => /volumeGroup|^const unmoved|^ +(orchestration|cloudformation): /.test(line)
  for (const { name } of havanaIcehouse.services.filter((service) => service.name !== 'nova')) {
    const elsewhere = sources
      .filter((file) => ![`${name}/`, 'openstack/releases/', 'compute/'].some((folder) => file.startsWith(folder)))
      .flatMap((file) =>
        codeOf(file)
          .split('\n')
          .filter((line) => new RegExp(`\\b${name}\\b`).test(line) && !shared(line))
          .map((line) => `${file}: ${line.trim()}`),
      )
    assert.equal(elsewhere, [], name)
  }
})

test('no role asks which release it is, or whether nothing will be changed', () => {
  for (const file of sources.filter((name) => !name.startsWith('openstack/releases/'))) {
    const code = codeOf(file).replace(".or('havana-icehouse')", '')
    assert.not.match(code, /havana|icehouse/i, file)
    assert.not.match(code, /\.check\b/, file)
  }
})

test('a file that its rows name and that is missing is brought by what is said, however old the move is', async () => {
  const file = '/var/lib/orchestra/score-1'
  const kept: Service = {
    ...orchestra,
    folders: ['/var/lib/orchestra'],
    files: "SELECT id, CONCAT('/var/lib/orchestra/score-', id) FROM orchestra.scores",
  }
  const services = copy.services.map((one) => (one === orchestra ? kept : one))
  Object.assign(releases, { 'with files': { ...copy, services } })
  const clouds = await withOrchestra({
    running: { 'node-1': [] },
    answers: [
      [/CONCAT\('\/var\/lib\/orchestra/, [['1', file]]],
      [/FROM nova\.services/, [['node-3.domain.tld', '7']]],
    ],
  })
  clouds.host('node-1').files.write(file, 'la la la\n')
  const both = [moved('orchestra'), started('orchestra')].map((one) => one.with({ release: 'with files' }))
  const plays = [play('Move it, and start it', { hosts: 'target' }, both)]
  await clouds.run(plays)
  assert.is(clouds.text('node-5', file), 'la la la\n')
  clouds.host('node-5').files.remove(file)
  const run = clouds.start(plays, { tags: ['verify'] })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that every file of its data is there', 'node-5')
  assert.is(failure?.reason, `these files of orchestra are missing: ${file}`)
  assert.is(failure?.hint, 'bring them: run orchestra -i INVENTORY -t files')
  await clouds.run(plays, { tags: ['files'] })
  assert.is(clouds.text('node-5', file), 'la la la\n')
})

test.run()
