import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { look } from '../../roles/openstack/look.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { mos } from './mos.ts'

const test = suite('roles/look')

/** Databases that are as they should be; what a test says otherwise comes first. */
const right: NonNullable<CloudsOptions['answers']> = [
  [/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova'], ['neutron'], ['cinder']]],
  [/FROM keystone\.(endpoint|service) WHERE extra IS NULL/, []],
  [/FROM neutron\.agents GROUP BY/, []],
  [/engine <> 'InnoDB'/, []],
  [/SELECT id FROM keystone\.role/, [['r-1']]],
  [/SELECT table_name FROM information_schema\.tables WHERE table_schema = 'keystone'/, [['user_project_metadata']]],
  [/SELECT data FROM keystone\.user_project_metadata/, [['{"roles": [{"id": "r-1"}]}']]],
  [/SUM\(data_length/, [['1000000']]],
  [/SELECT COUNT\(\*\) FROM nova\.services/, [['1']]],
]

async function failureOf(task: string, host: string, more: CloudsOptions): Promise<string> {
  const clouds = await mos({ ...more, answers: [...(more.answers ?? []), ...right] })
  const run = clouds.start(look)
  assert.is(await run.ended, 'failed')
  assert.equal(clouds.typed, [])
  return run.finished(task, host).failure?.reason ?? ''
}

test('looks at everything and types nothing', async () => {
  const clouds = await mos({ answers: right })
  assert.equal(await clouds.run(look), [])
})

test('names all rows on which the migrations would break off', async () => {
  const reason = await failureOf('Check that the data of the source can be migrated', 'node-1', {
    answers: [
      [/FROM keystone\.endpoint WHERE extra IS NULL/, [['e-1'], ['e-2']]],
      [/SELECT data FROM keystone\.user_project_metadata/, [['NULL'], ['{"roles": ["gone"]}']]],
      [/FROM neutron\.agents GROUP BY/, [['L3 agent', 'node-1.domain.tld', '2']]],
      [/engine <> 'InnoDB'/, [['cinder', 'quotas', 'MyISAM']]],
    ],
  })
  assert.equal(reason.split('\n'), [
    'the migration to Icehouse would break off halfway:',
    'keystone.endpoint without extra (migration 042 breaks off): e-1; e-2',
    'keystone.user_project_metadata has a grant without JSON (NULL)',
    'keystone.user_project_metadata grants a role that is gone ({"roles": ["gone"]})',
    'neutron.agents with the same type and host (migration 1fcfc149aca4 breaks off): L3 agent node-1.domain.tld 2',
    'tables that are not InnoDB (a dump of them is not of one moment): cinder quotas MyISAM',
  ])
})

test('knows from which version on the way begins', async () => {
  const task = 'Check that the schemas of the source are where the migrations begin'
  assert.is(
    await failureOf(task, 'node-1', { versions: { nova: ['185', '234'] } }),
    'the schema of nova on node-1 is at version 185, and the way to Icehouse begins at 216',
  )
})

test('refuses a highly available cloud, whose services belong to pacemaker', async () => {
  const files = { 'node-1': { '/etc/astute.yaml': 'deployment_mode: ha_compact\n' } }
  assert.match(
    await failureOf('Check that the clouds are simple ones', 'node-1', { files }),
    /^node-1 is a node of a highly available cloud \(ha_compact\)/,
  )
})

test('names the databases that are missing', async () => {
  assert.is(
    await failureOf('Check that the databases let us in', 'node-5', {
      answers: [[/SELECT schema_name FROM/, [['keystone'], ['glance'], ['nova']]]],
    }),
    // In the order of the services.
    'node-5 has no database cinder, neutron',
  )
})

test('refuses a compute node that nova does not know by its name', async () => {
  assert.is(
    await failureOf('Check that the compute nodes have the names that nova knows', 'node-3', {
      answers: [[/SELECT COUNT\(\*\) FROM nova\.services/, [['0']]]],
    }),
    'nova on node-1 knows no compute node node-3.domain.tld',
  )
})

test('refuses a volume group that is too full', async () => {
  const full = '  cinder:1073741824:4096:4096\n'
  assert.is(
    await failureOf('Check that there is room on the target', 'node-5', { programs: { vgs: full } }),
    'node-5 has 4096 bytes free in cinder, and the volumes of node-1 need 1048576',
  )
})

test.run()
