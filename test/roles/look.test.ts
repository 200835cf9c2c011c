import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { role } from '../../lib/index.ts'
import { cloud } from '../../roles/openstack/cloud.ts'
import { storageNetwork } from '../../roles/openstack/look/hosts.ts'
import { type Finding, table } from '../../roles/openstack/look/finding.ts'
import { look } from '../../roles/openstack/look.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'
import { releases } from '../../roles/openstack/releases/index.ts'
import type { CloudsOptions, NodeName } from '../rig/clouds.ts'
import { mos, onControllers, ready, volume } from './mos.ts'

const test = suite('roles/look')

/** What stands in the way on a host, told in one go; nothing is typed meanwhile. */
async function inTheWay(host: NodeName, more: CloudsOptions): Promise<string> {
  const clouds = await ready(more)
  const run = clouds.start(look)
  assert.is(await run.ended, 'failed')
  assert.equal(clouds.typed, [])
  const { reason = '', hint = '' } = run.finished('Stop where something stands in the way', host).failure ?? {}
  return `${reason}\n→ ${hint}`
}

test('looks at everything and types nothing', async () => {
  const clouds = await ready({})
  assert.equal(await clouds.run(look), [])
})

test('names all rows on which the migrations would break off', async () => {
  const said = await inTheWay('node-1', {
    answers: [
      [/FROM keystone\.endpoint WHERE extra IS NULL/, [['e-1'], ['e-2']]],
      [/SELECT DISTINCT data FROM keystone\.user_project_metadata/, [['NULL'], ['{"roles": ["gone"]}']]],
      [/FROM neutron\.agents GROUP BY/, [['L3 agent', 'node-1.domain.tld', '2', 'a-2']]],
      [/engine <> 'InnoDB'/, [['cinder', 'quotas', 'MyISAM']]],
    ],
  })
  for (const what of [
    'keystone.endpoint without extra (migration 042 breaks off): e-1; e-2',
    'keystone.user_project_metadata has a grant without JSON (NULL)',
    'keystone.user_project_metadata grants a role that is gone ({"roles": ["gone"]})',
    'neutron.agents with the same type and host (migration 1fcfc149aca4 breaks off): L3 agent node-1.domain.tld 2 a-2',
    'tables that are not InnoDB (a dump of them is not of one moment): cinder quotas MyISAM',
    // What is typed then: test/upgrade/tries.test.ts.
    `mysql -e 'UPDATE keystone.user_project_metadata SET data = '\\''{"roles":[]}'\\'' WHERE data IS NULL'`,
    "mysql -e 'ALTER TABLE cinder.quotas ENGINE=InnoDB;'",
    'take away the one that came later: neutron agent-delete a-2',
  ])
    assert.ok(said.includes(what), said)
})

test('what is wrong in several ways is told together, and so is what is wrong on other hosts', async () => {
  const more: CloudsOptions = {
    rabbit: 'another',
    versions: { nova: ['185', '234'] },
    files: { 'node-1': { '/etc/neutron/neutron.conf': '[DEFAULT]\ncore_plugin=ml2\n' } },
  }
  const said = await inTheWay('node-1', more)
  assert.match(said, 'the schema of nova is at version 185, and the way to Icehouse begins at 216')
  assert.match(said, 'core_plugin in neutron.conf is ml2, and the migrations take only a class')
  assert.match(said, /run playbooks\/preflight\.ts -i INVENTORY$/)
  for (const host of ['node-5', 'node-3'] as const)
    assert.match(await inTheWay(host, more), 'the broker of node-5 at 10.0.0.14:5672 does not let nova in: it hangs up')
})

test('an answer that cannot be had is a finding, and keeps no other back', async () => {
  const said = await inTheWay('node-1', {
    answers: [[/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova'], ['neutron'], ['cinder'], ['sahara']]]],
    programs: { lvs: '  not a list\n' },
  })
  assert.match(said, /sahara: has no role/)
})

/** A line of df: a place and how many kB are free there. */
const df = (mount: string, free: number) => `/dev/sda1 2000000000 0 ${free} 50% ${mount}\n`

const one = (what: string, host: NodeName, more: CloudsOptions, pattern: RegExp) =>
  test(what, async () => assert.match(await inTheWay(host, more), pattern))

one(
  'refuses a highly available cloud, whose services belong to pacemaker',
  'node-1',
  { files: { 'node-1': { '/etc/astute.yaml': 'deployment_mode: ha_compact\n' } } },
  /^refused: is a node of a highly available cloud \(deployment_mode ha_compact\)/,
)
one(
  '… also one that says so only by the services of other controllers',
  'node-1',
  { answers: [[/IN \('nova-conductor', 'nova-scheduler'\)/, [['node-2.domain.tld', 'nova-conductor']]]] },
  /highly available cloud \(nova services on node-2\.domain\.tld\).*\n→ .*disable --host node-2\.domain\.tld --service nova-con/,
)
one(
  'refuses a cloud in containers, whose services are not those of packages',
  'node-1',
  { files: { 'node-1': { '/etc/kolla/nova-api/config.json': '{}' } } },
  /^refused: has its services in containers \(\/etc\/kolla/,
)
one(
  'names the databases that are missing',
  'node-5',
  { answers: [[/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova']]]] },
  // In the order of the services.
  /^refused: has no database cinder, neutron\n→ is the target cloud deployed/,
)
one(
  'refuses a compute node that nova does not know by its name',
  'node-3',
  { answers: [[/SELECT COUNT\(\*\) FROM nova\.services/, [['0']]]] },
  /nova on node-1 knows no compute node node-3\.domain\.tld/,
)
one(
  'asks the node what it is called, not the inventory',
  'node-3',
  { files: { 'node-3': { '/etc/nova/nova.conf': '[DEFAULT]\nhost=compute-x\n' } } },
  /^refused: OpenStack calls it compute-x \(host= in \/etc\/nova\/nova\.conf\), the inventory node-3\.domain\.tld/,
)
one(
  'refuses a volume group that is too full',
  'node-5',
  { programs: { vgs: '  cinder:1073741824:4096:4096\n' } },
  /has 4\.1 kB free in the volume group cinder, and the volumes of node-1 need 1\.0 MB\n→ extend it: vgextend cinder/,
)
one(
  'names guests that run and that nova does not have there',
  'node-3',
  {
    answers: [[/SELECT uuid FROM nova\.instances/, [['u-1']]]],
    programs: { virsh: 'u-1\nu-2\n' },
  },
  /has guests that nova on node-1 does not have here: u-2/,
)
one(
  'refuses the volumes of a backend of its own section, and types that name one',
  'node-1',
  {
    files: { 'node-1': { '/etc/cinder/cinder.conf': '[DEFAULT]\nenabled_backends=fast,slow\n' } },
    answers: [
      [
        /volume_type_extra_specs/,
        [
          ['gold', 'fast'],
          ['plain', 'LVM_iSCSI'],
        ],
      ],
    ],
  },
  /\(fast, slow\)[\s\S]*volume type gold names the backend fast, and the target will have LVM_iSCSI alone/,
)
one(
  'refuses volumes of another driver',
  'node-1',
  {
    files: {
      'node-1': { '/etc/cinder/cinder.conf': '[DEFAULT]\nvolume_driver=cinder.volume.drivers.nfs.NfsDriver\n' },
    },
  },
  /volume_driver is cinder\.volume\.drivers\.nfs\.NfsDriver, and only LVM volumes are moved/,
)
one(
  '… with what each backend has',
  'node-1',
  {
    files: { 'node-1': { '/etc/cinder/cinder.conf': '[DEFAULT]\nenabled_backends=fast,slow\n' } },
    answers: [
      [
        /FROM cinder\.volumes WHERE deleted = 0 GROUP BY 1/,
        [
          ['node-1.domain.tld@fast', '2', '30'],
          ['node-1.domain.tld@slow', '1', '500'],
        ],
      ],
    ],
  },
  /moved \(node-1\.domain\.tld@fast: 2 volumes, 30 GB; node-1\.domain\.tld@slow: 1 volumes, 500 GB\)/,
)
one(
  'images in swift stay where they are, and must be named',
  'node-1',
  {
    files: { 'node-1': { '/etc/glance/glance-api.conf': '[DEFAULT]\ndefault_store=swift\n' } },
    answers: [[/SUBSTRING_INDEX\(l\.value/, [['swift+http', '3']]]],
  },
  /refused: swift: glance keeps new images in swift[\s\S]*refused: swift\+http: 3 images stay where they are, by swift/,
)
one(
  'the data of the database server needs room, too, on whatever disk that is',
  'node-5',
  { programs: { df: df('/', 1e9) + df('/var/lib/mysql', 1) } },
  /^to be mended: has 1\.0 kB free for \/var\/lib\/mysql, and 2\.0 MB are needed\n→ make room in \/var\/lib\/mysql$/,
)
one(
  'dumps and data on one disk need the room of both',
  'node-5',
  { programs: { df: df('/', 4000) } },
  /has 4\.1 MB free for \/var\/backups\/switchover, \/var\/lib\/mysql.*, and 5\.0 MB are needed\n→ make room in \/, or/,
)

const metering: CloudsOptions = {
  answers: [
    [/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova'], ['neutron'], ['cinder'], ['ceilometer']]],
    [/table_schema = 'ceilometer'/, [['1000000', '3500000000']]],
    [/FROM ceilometer\.alarm WHERE/, [['2']]],
    [/FROM ceilometer\.alarm$/, [['3']]],
  ],
}
test('ceilometer stays behind by a word of the operator, who is told what that means and what it would take', async () => {
  const said = await inTheWay('node-1', metering)
  for (const part of [
    'refused: ceilometer: has no role, and stays on the source with a database ceilometer: about 1000000 samples (3.5 GB)',
    'and 3 alarms, 2 of which scale stacks and will do so no more',
    'nothing moves them there from MySQL; in MySQL its migration takes about 3.9 h',
    'service openstack-ceilometer-alarm-evaluator stop; to read its history later: mysqldump --single-transaction',
  ])
    assert.ok(said.includes(part), said)
  const [, name = ''] = /to go on without it: .* -e leave=(\S+)$/.exec(said) ?? []
  const clouds = await ready({ ...metering, vars: { leave: [name] } })
  assert.equal(await clouds.run(look), [])
})

test('rules that the operators of the source have changed are told', async () => {
  const policy = (rules: object) => ({ '/etc/nova/policy.json': JSON.stringify(rules) })
  const clouds = await ready({
    files: {
      'node-1': policy({ default: 'rule:admin', 'compute:create': [['role:member']], 'compute:old': '' }),
      'node-5': policy({ default: 'rule:admin', 'compute:create': '', 'compute:new': '' }),
    },
  })
  const run = clouds.start(look)
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  const said = JSON.stringify(run.finished('Tell what was found', 'node-1').result)
  assert.match(
    said,
    'policy.json of nova: 1 rules of the source that node-5 has otherwise than the source: compute:create',
  )
  assert.match(said, 'policy.json of nova: 1 rules of the source that node-5 has not: compute:old')
})

one(
  'refuses to do without what nobody knows, and without all of a service',
  'node-5',
  { hostVars: { 'node-5': { without: ['openstack-nova-crt', 'openstack-keystone'] } } },
  /refused: without names openstack-nova-crt, which is no daemon[\s\S]*refused: without leaves keystone no daemon/,
)

one(
  'refuses networks of nova',
  'node-1',
  { files: { 'node-1': { '/etc/nova/nova.conf': '[DEFAULT]\n' } } },
  /^refused: nova uses nova-network .*\n→ these roles move clouds with neutron$/,
)
one(
  'what has been under way for long is named with the command that ends it',
  'node-1',
  {
    answers: [
      [
        /UNION ALL/,
        [
          ['volume', 'v-1', 'attaching', '1440', 'cinder reset-state v-1'],
          ['image', 'i-1', 'saving', '2', 'x'],
        ],
      ],
    ],
  },
  /^to be mended: volume v-1 has been attaching for 1440 min: .*\n→ cinder reset-state v-1$/,
)
one(
  'a volume by another driver than iSCSI is refused, and a connection that is no JSON named',
  'node-1',
  {
    answers: [
      [
        /SELECT id, instance_uuid, volume_id, connection_info/,
        [
          ['1', 'u-1', 'v-1', '{"driver_volume_type": "rbd"}'],
          ['2', 'u-2', 'v-2', '{'],
        ],
      ],
    ],
  },
  /instance u-1 has a volume by rbd[\s\S]*instance u-2 is not JSON \(row 2\)/,
)
one(
  'users in LDAP and tokens with certificates are refused until the operator has named them',
  'node-1',
  {
    files: {
      'node-1': { '/etc/keystone/keystone.conf': '[identity]\ndriver=x.ldap.Identity\n[signing]\ntoken_format=PKI\n' },
    },
  },
  /refused: ldap: [\s\S]*-e leave=ldap\n[\s\S]*refused: pki: /,
)

one(
  'a setting to be taken over that the source does not set is refused',
  'node-5',
  { vars: { carry: ['nova.conf:DEFAULT.cpu_allocaton_ratio'] } },
  /^refused: carry names what the source does not set, or what is brought anyway: nova\.conf:DEFAULT\.cpu_allocaton/,
)

one(
  'a service that could be moved must be named, one way or the other',
  'node-1',
  {
    answers: [[/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova'], ['neutron'], ['cinder'], ['heat']]]],
  },
  /heat: is not named in also, .* database heat\n→ to move it: .* -e also=heat; to go on without it: .* -e leave=heat$/,
)

for (const [host, mend] of [
  ['node-1', 'take heat out of also'],
  ['node-5', 'deploy heat there, or take it out of also and name it in leave'],
] as const)
  one(
    `a service that is to be moved must be on ${host}`,
    host,
    { vars: { also: ['heat'] } },
    new RegExp(`has no database heat, and also names heat\n(→|  →) ${mend}`),
  )

test('what the operator has named is left alone', async () => {
  const clouds = await ready({
    vars: { leave: ['heat', 'ldap', 'node-9.domain.tld'] },
    files: { 'node-1': { '/etc/keystone/keystone.conf': '[identity]\ndriver=x.ldap.Identity\n' } },
    answers: [
      [/FROM keystone\.endpoint e JOIN/, [['orchestration', '{"name": "heat"}', 'http://10.0.0.4:8004/']]],
      [/FROM nova\.instances WHERE deleted = 0 AND host IS NOT NULL/, [['node-9.domain.tld', '2']]],
    ],
  })
  assert.equal(await clouds.run(look), [])
})

/** What a host is refused for, what is said then, and how the clouds are once that has been done. */
const ways: {
  readonly what: string
  readonly host: NodeName
  readonly before: CloudsOptions
  readonly hint: RegExp
  readonly done: (word: string) => CloudsOptions
}[] = []
const leadsOut = (
  what: string,
  host: NodeName,
  before: CloudsOptions,
  hint: RegExp,
  done: (word: string) => CloudsOptions,
) => void ways.push({ what, host, before, hint: new RegExp(hint, 'm'), done })

const group = { files: { 'node-1': { '/etc/cinder/cinder.conf': '[DEFAULT]\nvolume_group=fast\n' } } }
leadsOut('another volume group', 'node-1', group, /→ set volumeGroup of node-1 to (\S+)$/, (volumeGroup) => ({
  ...group,
  vars: { volumeGroup },
}))
leadsOut(
  'a password that the inventory does not have',
  'node-5',
  { vars: { databasePasswords: { keystone: 'x', glance: 'x', cinder: 'x', neutron: 'x' } } },
  /→ add (nova) to it in the inventory/,
  (name) => ({ vars: { databasePasswords: { keystone: 'x', glance: 'x', cinder: 'x', neutron: 'x', [name]: 'x' } } }),
)
leadsOut(
  'a clock that is ahead',
  'node-3',
  { programs: { 'date \\+%s': `${Math.floor(Date.now() / 1000) + 600}\n` } },
  /→ ntpdate -u SERVER on node-3$/,
  () => ({}),
)
leadsOut(
  'an address that the host does not have',
  'node-3',
  { programs: { 'ip -o addr': '2: br inet 10.0.0.6/24 brd x\n' } },
  /which is storage in the inventory\n *→ set (storage) of node-3 right$/,
  () => ({}),
)
leadsOut(
  'a disk that is too full',
  'node-5',
  { programs: { df: df('/', 1) } },
  /→ make room in \/, or name another place for dumps: -e (backups)=PATH$/,
  (name) => ({ vars: { [name]: '/srv' }, programs: { df: df('/', 1) + df('/srv', 1e9) + df('/var/lib', 1e9) } }),
)
leadsOut(
  'another name of a node',
  'node-3',
  { files: { 'node-3': { '/etc/nova/nova.conf': '[DEFAULT]\nhost=compute-x\n' } } },
  /or the name on the host to (\S+)$/,
  (name) => ({ files: { 'node-3': { '/etc/nova/nova.conf': `[DEFAULT]\nhost=${name}\n` } } }),
)
leadsOut(
  'a package that is too old',
  'node-3',
  { programs: { rpm: '2013.2.1\n' } },
  /→ update the nova packages of node-3 within Havana$/,
  () => ({ programs: { rpm: '2013.2.4\n' } }),
)
leadsOut(
  'a setting that the source does not set',
  'node-5',
  { vars: { carry: ['nova.conf:network_api_class'] } },
  /→ write (FILE:SECTION\.KEY), as the rows on settings have them$/,
  (form) => ({
    vars: {
      carry: [form.replace('FILE', 'nova.conf').replace('SECTION', 'DEFAULT').replace('KEY', 'network_api_class')],
    },
  }),
)
leadsOut(
  'a daemon that a controller does not have',
  'node-5',
  { running: { 'node-5': onControllers.filter((name) => name !== 'openstack-nova-cert') } },
  /^to be mended: has no service openstack-nova-cert, .*\n *→ install .*: service (\S+) status; where /,
  (name) => ({ running: { 'node-5': [...onControllers.filter((one) => one !== name), name] } }),
)
leadsOut(
  'a daemon that the cloud does without',
  'node-1',
  { running: { 'node-1': onControllers.filter((name) => name !== 'neutron-metadata-agent') } },
  /^to be mended: has no service neutron-metadata-agent, .*\n *→ .* set without of node-1 in the inventory to (\S+)$/,
  (without) => ({
    hostVars: { 'node-1': { without: [without] } },
    running: { 'node-1': onControllers.filter((name) => name !== without) },
  }),
)
leadsOut(
  'a smaller volume of the same name',
  'node-5',
  { files: { 'node-5': { [`/dev/cinder/volume-${volume}`]: 'a volume of somebody' } } },
  /has a volume volume-\S+ of 20 bytes already.*\n *→ .*: lvremove -f (cinder\/volume-\S+)$/,
  () => ({}),
)
leadsOut(
  'a schema that is too old',
  'node-1',
  { versions: { nova: ['185', '234'] } },
  /→ is it the right source\? if it is older, bring it to the last (Havana) first$/,
  () => ({ versions: { nova: ['216', '234'] } }),
)
leadsOut(
  'guests that nova lacks',
  'node-3',
  { answers: [[/SELECT uuid FROM nova\.instances/, [['u-1']]]], programs: { virsh: 'u-2\n' } },
  /what nobody needs: virsh destroy u-2; virsh (undefine) u-2$/,
  () => ({ programs: { virsh: '' } }),
)
leadsOut(
  'guests that a node lacks',
  'node-3',
  { answers: [[/SELECT uuid FROM nova\.instances/, [['u-1']]]] },
  /or: nova (delete) u-1$/,
  () => ({ programs: { virsh: '' } }),
)
leadsOut(
  'a compute node that is not in the inventory',
  'node-1',
  {
    answers: [
      [/FROM nova\.instances WHERE deleted = 0 AND host IS NOT NULL/, [['node-9.domain.tld', '2']]],
      [/SELECT DISTINCT host FROM nova\.services WHERE deleted = 0 AND `binary`/, [['node-9.domain.tld']]],
    ],
  },
  /→ add it to the group compute of the inventory; .* -e leave=(\S+)$/,
  (name) => ({ vars: { leave: [name] } }),
)

// All at once, as an operator may meet them: one look costs as much as all others of this file.
test('the ways that are said lead out of all of these', async () => {
  const clouds = await ready(together(ways.map(({ before }) => before)))
  const run = clouds.start(look)
  assert.is(await run.ended, 'failed')
  const done = ways.map((way) => {
    const { reason = '', hint = '' } = run.finished('Stop where something stands in the way', way.host).failure ?? {}
    const [found, word = ''] = way.hint.exec(`${reason}\n→ ${hint}`) ?? []
    assert.ok(found !== undefined, `${way.what}:\n${reason}`)
    return way.done(word)
  })
  const since = await ready(together(done))
  assert.equal(await since.run(look), [])
})

/** Clouds that are all of these at once. */
function together(all: readonly CloudsOptions[]): CloudsOptions {
  const merged = <T>(of: (one: CloudsOptions) => T | undefined) => Object.assign({}, ...all.map(of)) as T
  const nodes = ['node-1', 'node-5', 'node-3'] as const
  return {
    vars: merged(({ vars }) => vars),
    hostVars: merged(({ hostVars }) => hostVars),
    programs: merged(({ programs }) => programs),
    versions: merged(({ versions }) => versions),
    running: merged(({ running }) => running),
    answers: all.flatMap(({ answers = [] }) => answers),
    files: Object.fromEntries(nodes.map((node) => [node, merged(({ files }) => files?.[node])])),
  }
}

test("a default of the target's database server that breaks what comes is named, with what mends it", async () => {
  const variables = [
    { name: 'character_set_collations', value: '', otherwise: 'foreign keys would not match' },
    { name: 'innodb_snapshot_isolation', value: 'OFF', otherwise: 'writers would collide' },
    { name: 'unknown_here', value: '1', otherwise: 'nothing' },
  ]
  const file = '/etc/mysql/mariadb.conf.d/99-openstack.cnf'
  Object.assign(releases, { 'with a server': { ...havanaIcehouse, server: { file, variables } } })
  const clouds = await ready({
    answers: [
      [
        /SHOW GLOBAL VARIABLES WHERE Variable_name IN \('character_set_collations', 'innodb_snap.*, 'unknown_here'\)/,
        [
          ['character_set_collations', 'utf8mb3=utf8mb3_uca1400_ai_ci'],
          ['innodb_snapshot_isolation', 'OFF'],
        ],
      ],
    ],
  })
  const run = clouds.start(look.with({ release: 'with a server' }))
  assert.is(await run.ended, 'failed')
  const { reason, hint } = run.finished('Stop where something stands in the way', 'node-5').failure ?? {}
  assert.is(
    `${reason}\n→ ${hint}`,
    'to be mended: its database server has character_set_collations=utf8mb3=utf8mb3_uca1400_ai_ci: ' +
      `foreign keys would not match\n→ on node-5: mariadb -e "SET GLOBAL character_set_collations = ''" && ` +
      `printf '[mysqld]\\ncharacter_set_collations = \\n' >>${file}`,
  )
})

test('a resumed look asks again what stood in the way', async () => {
  const clouds = await ready({ rabbit: 'another' })
  const run = clouds.start(look)
  assert.is(await run.ended, 'failed')
  clouds.rabbit = 'ygrfyaNZ'
  const again = clouds.start(look, { done: run.done() })
  assert.is(await again.ended, 'ok', again.told.join('\n'))
})

test('tells once what holds for many hosts, and last what stands in the way', () => {
  const same: Finding = { verdict: 'refused', what: 'is old', mend: 'update it' }
  assert.equal(
    table([
      ['c-1', [same]],
      ['c-2', [same, { verdict: 'moved', what: '2 volumes' }]],
      ['c-3', [same]],
    ]),
    [
      'moved         c-2      2 volumes',
      'refused       3 hosts  is old',
      '                       (c-1 c-2 c-3)',
      '                       → update it',
    ],
  )
})

for (const [release, port] of [
  ['havana-icehouse', 3260],
  ['victoria-zed', 2049],
] as const) {
  test(`${release}: compute nodes reach volumes at port ${port} of the storage network`, async () => {
    const clouds = await mos({ vars: { release } })
    const dialled: number[] = []
    for (const one of [2049, 3260])
      clouds.host('node-3').listen(one, (socket) => {
        dialled.push(one)
        socket.end()
      })
    const asks = role('asks', cloud, ({ task }) => task('Ask', async (host) => ({ said: await storageNetwork(host) })))
    const run = clouds.start(asks, { on: 'compute' })
    assert.is(await run.ended, 'ok', run.told.join('\n'))
    assert.equal(run.finished('Ask', 'node-3').result, { said: [] })
    assert.equal(dialled, [port])
  })
}

test('of a port that refuses a compute node the target tells whether anything listens there', async () => {
  const clouds = await mos({ vars: { release: 'victoria-zed' } })
  const asks = role('asks', cloud, ({ task }) => task('Ask', async (host) => ({ said: await storageNetwork(host) })))
  const said = async () => {
    const run = clouds.start(asks, { on: 'compute' })
    assert.is(await run.ended, 'ok', run.told.join('\n'))
    const [one] = (run.finished('Ask', 'node-3').result as { said: Finding[] }).said
    return `${one?.verdict}: ${one?.what}`
  }
  assert.match(await said(), /^left alone: reaches 192\.168\.1\.14 of node-5, where nothing listens at port 2049 yet/)
  // Something on the way turns node-3 away.
  clouds.host('node-5').listen(2049, (socket) => void socket.end())
  assert.match(await said(), /^to be mended: does not reach the NFS server of node-5 .*: connection refused$/)
})

test.run()
