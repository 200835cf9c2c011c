// Heat moves with the others, and back. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/heat.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { differences, doLab, inside, ownLab, run, running, sql, type Table, tables, value } from '../rig/lab.ts'
import { needs } from '../rig/needs.ts'
// @ts-expect-error the stand-ins are plain JavaScript: they run on hosts that have nothing but node
import { decrypted } from '../lab/standin/heat.mjs'
import { assertAsBefore, ended, type Lab, taken } from './lab.ts'

needs('root')

const test = suite('heat')
const how = ['-i', 'inventory/lab', '-o', 'lines', '--yes', '-e', 'also=heat', '-e', 'leave='] as const
const upgrade = ['playbooks/full-upgrade.ts', ...how] as const
const daemons = ['engine', 'api-cloudwatch', 'api-cfn', 'api'].map((name) => `openstack-heat-${name}`)
const stacks = (host: 'node-1' | 'node-5') => inside(host, '. /root/openrc && heat stack-list')
let before: Lab
let theirs: ReadonlyMap<string, Table>
let ours: ReadonlyMap<string, Table>
let listed: string

test.before(async () => {
  await ownLab()
  await doLab('break', 'heat-deployed')
  before = await taken()
  theirs = await tables('node-1', 'heat')
  ours = await tables('node-5', 'heat')
  listed = await stacks('node-1')
  assert.match(listed, /\| hot-failed +\| CREATE_FAILED/)
})

test('what would end its migration, or its freeze, is told first, and mended by what is told', async () => {
  await doLab('break', 'template-broken', 'stack-in-progress')
  const told = ended(await run(['playbooks/preflight.ts', ...how]), 2)
  const mends = told.out.split('\n').filter((line) => line.includes('→'))
  const commands = [
    "UPDATE raw_template SET template = '{}' WHERE id = 4",
    "UPDATE stack SET status = 'FAILED' WHERE",
  ].map((part) => /(mysql heat -e ".*")$/.exec(mends.find((line) => line.includes(part)) ?? '')?.[1])
  for (const command of commands) {
    assert.ok(command, told.out)
    await inside('node-1', command)
  }
  ended(await run(['playbooks/preflight.ts', ...how]))
  await doLab('mend', 'template-broken')
  await sql(
    'node-1',
    `UPDATE heat.raw_template SET template = '{"HeatTemplateFormatVersion": "2012-12-12", "Resources": {}}' WHERE id = 4;
    UPDATE heat.stack SET updated_at = '2014-08-22 10:01:00' WHERE name = 'hot-failed'`,
  )
  assert.equal(differences(theirs, await tables('node-1', 'heat')), [])
})

test('the upgrade takes it along', async () => {
  ended(await run(upgrade))
  assert.is(await value('node-5', 'SELECT version FROM heat.migrate_version'), '43')
  assert.equal(await running('node-1', daemons), [])
  assert.equal(await running('node-5', daemons), daemons)
  assert.is(await stacks('node-5'), listed)
})

test('its rows are those that the real migrations make, and what must lead here leads here', async () => {
  const found = differences(theirs, await tables('node-5', 'heat'))
  const of = (table: string) => found.filter((line) => line.startsWith(`${table} `) || line.startsWith(`${table}:`))
  // Numbers of events follow their time now: the first is the one that has none (heat's migration 035).
  assert.equal(await sql('node-5', 'SELECT id, uuid FROM heat.event ORDER BY id'), [
    ['1', '9'],
    ['2', '8'],
    ['3', '3'],
    ['4', '1'],
    ['5', '2'],
    ['6', '6'],
    ['7', '4'],
    ['8', '5'],
    ['9', '7'],
  ])
  assert.equal(
    await sql('node-5', 'SELECT uuid, HEX(resource_properties), resource_name FROM heat.event ORDER BY uuid + 0'),
    await sql('node-1', 'SELECT id, HEX(resource_properties), resource_name FROM heat.event ORDER BY id'),
  )
  const address = (line: string) =>
    / auth_url: http:\/\/10\.0\.0\.4:5000\/v2\.0 → http:\/\/10\.0\.0\.14:5000\/v2\.0$/.test(line)
  assert.is(of('user_creds').filter(address).length, 3)
  assert.equal(
    of('user_creds').filter((line) => !address(line)),
    // Written over latin1, read over utf8 on the target.
    [1, 2].map((id) => of('user_creds').find((line) => line.startsWith(`user_creds ${id} tenant: `))!),
  )
  assert.is(await value('node-5', 'SELECT tenant FROM heat.user_creds WHERE id = 1'), 'Проект «Альфа» Нэся')
  assert.is(
    await value('node-5', "SELECT status_reason FROM heat.stack WHERE name = 'old-deleted'"),
    'Стек удалён (proper UTF-8, Нэся)',
  )
  // What guests have of these URLs cannot be changed, and the signature covers the host.
  assert.equal(
    await sql('node-5', "SELECT id, value, decrypt_method FROM heat.resource_data WHERE `key` = 'ec2_signed_url'"),
    (await sql('node-1', "SELECT id, value FROM heat.resource_data WHERE `key` = 'ec2_signed_url'")).map((row) => [
      ...row,
      'heat_decrypt',
    ]),
  )
  assert.equal(
    of('raw_template').map((line) => line.replace(/: .*/s, '')),
    ['raw_template 2 template', 'raw_template 2 updated_at', 'raw_template 3 template', 'raw_template 3 updated_at'],
  )
  assert.match(
    (await value('node-5', 'SELECT template FROM heat.raw_template WHERE id = 2'))!,
    '"AWSTemplateFormatVersion": "2010-09-09"',
  )
  for (const table of ['resource', 'watch_rule', 'watch_data', 'stack'])
    assert.equal(
      of(table).filter((line) => !/ (status_reason): /.test(line)),
      [],
    )
})

test('its logins can be read with the key that came along, and its engine uses them here', async () => {
  const conf = await inside('node-5', 'cat /etc/heat/heat.conf')
  const [, key = ''] = /^auth_encryption_key *= *(\S+)$/m.exec(conf) ?? []
  const rows = await sql('node-5', 'SELECT id, IFNULL(password, trust_id) FROM heat.user_creds ORDER BY id')
  assert.equal(
    rows.map(([, text]) => decrypted(text, key) as string),
    ['p\'w"d\\ с пробелом', 'bb22cc33dd44ee55ff66778899001122', 'admin', 'admin'],
  )
  for (let tries = 0; ; tries++) {
    const said = await inside('node-5', 'grep -h "login of admin" /var/log/heat/heat-engine.log || :')
    if (said.includes('http://10.0.0.14:5000/v2.0: 200')) break
    assert.ok(tries < 60, said)
    await inside('node-5', 'sleep 0.5')
  }
  assert.is(await value('node-5', "SELECT name FROM keystone.role WHERE name = 'heat_stack_user'"), 'heat_stack_user')
  assert.equal(
    await sql(
      'node-5',
      `SELECT DISTINCT SUBSTRING_INDEX(SUBSTRING_INDEX(url, ':', 2), '/', -1) FROM keystone.endpoint
        JOIN keystone.service s ON s.id = service_id WHERE s.type = 'orchestration' ORDER BY 1`,
    ),
    [['10.0.0.14'], ['172.16.40.44']],
  )
  // Of its files the target keeps those that name what the release has.
  assert.match(
    await inside('node-5', 'cat /etc/heat/api-paste.ini /etc/heat/policy.json'),
    /keystoneclient[^]*stacks:index/,
  )
})

test('a second run changes nothing, and every check holds', async () => {
  const { out } = ended(await run(upgrade))
  assert.equal(
    out.split('\n').flatMap((line) => /^node-\d +: ok=.*(changed=\d+)/.exec(line)?.[1] ?? []),
    Array(4).fill('changed=0'),
  )
  ended(await run(['playbooks/verify.ts', ...how]))
})

test('and back: both controllers have the heat that they had', async () => {
  const forgotten = ended(await run(['playbooks/rollback.ts', '-i', 'inventory/lab', '-o', 'lines', '--yes']), 2)
  assert.match(forgotten.out, /heat is moved only where the inventory names it[^]*?try: set also: \['heat'\]/)
  ended(await run(['playbooks/rollback.ts', ...how]))
  await assertAsBefore(before)
  assert.equal(differences(theirs, await tables('node-1', 'heat')), [])
  assert.equal(differences(ours, await tables('node-5', 'heat')), [])
  assert.equal(await running('node-5', daemons), daemons)
  assert.is(await stacks('node-1'), listed)
})

test.run()
