import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role } from '../../lib/index.ts'
import { heat, heatStart } from '../../roles/heat/index.ts'
import { logins, templates } from '../../roles/heat/look.ts'
import { cloud } from '../../roles/openstack/cloud.ts'
import { type Finding, findAll } from '../../roles/openstack/look/finding.ts'
import { freezeService } from '../../roles/openstack/freeze.ts'
import { stopTarget } from '../../roles/openstack/rollback.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { as, handOver, mos, mysqldump, onControllers, recorded } from './mos.ts'

const test = suite('roles/heat')

const daemons = ['engine', 'api-cloudwatch', 'api-cfn', 'api'].map((name) => `openstack-heat-${name}`)
const key = '9f1c2e7a4b5d60718293a4b5c6d7e8f0'
const conf = (more: string) => `[DEFAULT]\n${more}`
const signed = 'http://172.16.40.43:8000/v1/signal/arn?Signature=x'

/** The clouds of the article, with heat on both controllers. */
const withHeat = ({ files, vars, answers = [], ...more }: CloudsOptions = {}) =>
  mos({
    vars: { also: ['heat'], ...vars },
    versions: { heat: ['28', '43'] },
    migrated: ['keystone'],
    running: { 'node-5': [...onControllers, ...daemons] },
    stopped: { 'node-1': [...onControllers, ...daemons] },
    tables: {
      'heat.user_creds': [
        { id: '1', auth_url: 'http://10.0.0.4:5000/v2.0' },
        { id: '2', auth_url: 'http://10.9.9.9:5000/v2.0' },
      ],
      'heat.resource_data': [{ id: '1', value: signed }],
    },
    ...more,
    files: {
      'node-1': {
        '/etc/heat/heat.conf': conf(`sql_connection=mysql://heat:x@10.0.0.4/heat\nauth_encryption_key=${key}\n`),
        ...files?.['node-1'],
      },
      'node-5': {
        '/etc/heat/heat.conf': conf('auth_encryption_key=00000000000000000000000000000000\nmax_retries=-1\n'),
        ...files?.['node-5'],
      },
    },
    answers: [
      ...answers,
      [/FROM heat\.user_creds WHERE decrypt_method IS NULL/, [['0']]],
      [/SELECT COUNT\(\*\) FROM heat\.stack/, [['1']]],
      [/SELECT COUNT\(\*\) FROM heat\.user_creds$/, [['4']]],
      [/SELECT DISTINCT auth_url/, [['http://10.0.0.4:5000/v2.0']]],
      [/FROM heat\.raw_template/, []],
    ],
    http: { 8000: 300, 8004: 300 },
    programs: { heat: '| 0e1d2c3b-1111-2222-3333-444455556666 | wordpress-1 |\n', ...more.programs },
  })
const moveIt = [play('Move heat', { hosts: 'target' }, [heat, heatStart])]

test('is moved with its key, and its engine logs in at the new keystone', async () => {
  const clouds = await withHeat()
  const typed = await clouds.run(moveIt)
  const of = typed.filter((line) => /heat/.test(line) && !/CONVERT|ALTER|foreign_key/.test(line))
  assert.equal(of, [
    ...daemons.map((name) => `node-5: service ${name} stop`),
    'node-5: cp -a /etc/heat /var/backups/switchover/etc/heat.part',
    `node-5: ${mysqldump} heat`,
    `node-1: ${mysqldump} heat`,
    'node-5: mysql: DROP DATABASE IF EXISTS `heat`',
    'node-5: mysql: CREATE DATABASE `heat` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql heat < dump of heat of node-1',
    'node-5: write /etc/heat/heat.conf',
    `node-5: ${handOver('/etc/heat', 'heat')}`,
    'node-5: chown root:heat /etc/heat',
    `node-5: ${as('heat', 'heat-manage db_sync')}`,
    // Neither the keystone of somebody else, nor URLs that heat has signed: a signature covers the host.
    'node-5: mysql heat: UPDATE user_creds SET auth_url = http://10.0.0.14:5000/v2.0 WHERE id = 1',
    'node-5: keystone role-create --name heat_stack_user',
    ...daemons.map((name) => `node-5: service ${name} start`),
  ])
  const text = clouds.text('node-5', '/etc/heat/heat.conf')
  assert.match(text, new RegExp(`auth_encryption_key ?= ?${key}\n`))
  assert.match(text, 'connection=mysql://heat:heat-password@10.0.0.14:3306/heat?read_timeout=60\n')
  // What only the target has stays as it was.
  assert.match(text, 'max_retries=-1\n')
})

test('makes the role of users that stacks make, where there is none', async () => {
  const made = (typed: readonly string[]) => typed.filter((line) => line.includes('role-create')).length
  assert.is(made(await (await withHeat()).run(moveIt)), 1)
  const known: CloudsOptions['answers'] = [[/SELECT name FROM keystone\.role/, [['heat_stack_user']]]]
  assert.is(made(await (await withHeat({ answers: known })).run(moveIt)), 0)
})

test('is left alone where the inventory does not name it, and a role of its own says how', async () => {
  const clouds = await withHeat({ vars: { also: [] } })
  assert.equal(await clouds.run(moveIt), [])
  const run = clouds.start(freezeService('heat'), { on: 'source' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Record what heat runs on the source', 'node-1')
  assert.is(failure?.reason, 'heat is moved only where the inventory names it')
  assert.is(failure?.hint, "set also: ['heat'] there for all hosts, or type -e also=heat with every command")
})

test('is not forgotten on the way back', async () => {
  const files = {
    'node-5': { ...recorded('source'), '/var/backups/switchover/source/services/heat': 'openstack-heat-api running\n' },
  }
  const clouds = await withHeat({ vars: { also: [] }, files })
  const run = clouds.start(stopTarget, { on: 'target' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('See what was stopped for the move', 'node-5').failure?.reason,
    'heat is moved only where the inventory names it',
  )
  assert.equal(clouds.typed, [])
})

/** What is found on the source. */
async function found(more: CloudsOptions): Promise<readonly string[]> {
  const clouds = await withHeat(more)
  const looked = role('looked', cloud, ({ task }) => {
    task('Look', async (host) => ({ findings: await findAll(host, [logins, templates]) }))
  })
  const run = clouds.start(looked, { on: 'source' })
  assert.is(await run.ended, 'ok')
  const { findings } = run.finished('Look', 'node-1').result as { findings: readonly Finding[] }
  return findings.map(({ verdict, what, mend }) => `${verdict}: ${what}${mend ? ` → ${mend}` : ''}`)
}

const hex = (text: string) => Buffer.from(text).toString('hex')
const hot = (parts: object) => hex(JSON.stringify({ heat_template_version: '2013-05-23', ...parts }))

// What the real heat-manage 2014.1.5 breaks off at, each with exit status 1 and no word on which row it was.
for (const [what, template, says] of [
  ['NULL', '', 'is empty'],
  ["'null'", hex('null'), 'is null'],
  ['not JSON', hex('{"a":'), 'is not JSON'],
  ['parameters null', hot({ parameters: null }), 'has nothing in parameters'],
  ['resources null', hot({ resources: null }), 'has nothing in resources'],
  ['outputs null', hot({ outputs: null }), 'has nothing in outputs'],
  ['a parameter without type', hot({ parameters: { size: { default: 1 } } }), 'has a parameter without type (size)'],
] as const)
  test(`a template that is ${what} is foreseen, with its stack and the way out`, async () => {
    const answers: CloudsOptions['answers'] = [[/FROM heat\.raw_template/, [['7', 'wordpress-1', '0', template]]]]
    assert.equal(await found({ answers }), [
      `to be mended: template 7 of the deleted stack wordpress-1 ${says}: heat-manage db_sync would end at it, for ` +
        `all stacks → keep its text if anybody wants it, then: mysql heat -e "UPDATE raw_template SET template = '{}' ` +
        'WHERE id = 7"',
    ])
  })

test('templates that it migrates are nothing to tell', async () => {
  const good = [hot({ parameters: { size: { Type: 'String' } }, resources: {} }), hex('{"Resources": null}'), hex('{}')]
  const rows = good.map((text, i) => [`${i}`, 'x', '1', text])
  assert.equal(await found({ answers: [[/FROM heat\.raw_template/, rows]] }), [])
})

for (const [value, says] of [
  ['', 'is not set'],
  ['auth_encryption_key=%ENCRYPTION_KEY%\n', 'was never filled in'],
  ['auth_encryption_key=short\n', 'has 5 characters, not 16, 24 or 32'],
] as const)
  test(`a key that ${says} is told before anything is touched`, async () => {
    const files = { 'node-1': { '/etc/heat/heat.conf': conf(value) } }
    assert.equal(await found({ files }), [
      `to be mended: auth_encryption_key in heat.conf ${says}: nobody could read the 4 logins that heat keeps → ` +
        'write the key there with which they were encrypted: /etc/heat/heat.conf on node-1',
    ])
  })

test('a keystone of somebody else is told, and stays', async () => {
  const answers: CloudsOptions['answers'] = [[/SELECT DISTINCT auth_url/, [['http://10.9.9.9:5000/v2.0']]]]
  assert.equal(await found({ answers }), [
    'left alone: heat acts for users at http://10.9.9.9:5000/v2.0, which is no address of node-1: as it is',
  ])
})

test.run()
