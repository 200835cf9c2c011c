import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { horizon } from '../../roles/horizon/index.ts'
import { mos } from './mos.ts'

const test = suite('roles/horizon')
const settings = '/etc/openstack-dashboard/local_settings'

test('types what «Upgrade the OpenStack Dashboard UI» types, in its order', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  const typed = await clouds.run(horizon, { on: 'target' })
  assert.equal(typed, [
    'node-5: cp -a /etc/openstack-dashboard /var/backups/switchover/etc/openstack-dashboard.part',
    // «change default the keystone role directive», and «OPENSTACK_HOST = "10.0.0.4"»
    `node-5: write ${settings}`,
    `node-5: write ${settings}`,
    // service httpd restart
    'node-5: service httpd restart',
  ])
  // The article's snippet with the role is missing; keystone has both, and Icehouse's own is _member_ (facts 1.1).
  assert.is(
    clouds.text('node-5', settings),
    'OPENSTACK_HOST = "10.0.0.14"\nOPENSTACK_KEYSTONE_DEFAULT_ROLE = "_member_"\n',
  )
  assert.equal(await clouds.run(horizon, { on: 'target' }), [])
})

test('takes the role that keystone has, and needs a role for members', async () => {
  const fuel = await mos({ migrated: ['keystone'], answers: [[/SELECT name FROM keystone\.role/, [['Member']]]] })
  await fuel.run(horizon, { on: 'target' })
  assert.match(fuel.text('node-5', settings), 'OPENSTACK_KEYSTONE_DEFAULT_ROLE = "Member"\n')
  const none = await mos({ migrated: ['keystone'], answers: [[/SELECT name FROM keystone\.role/, []]] })
  const run = none.start(horizon, { on: 'target' })
  assert.is(await run.ended, 'failed')
  assert.match(run.finished('Set the configuration', 'node-5').failure?.reason ?? '', 'neither a role _member_ nor')
  const { hint } = run.finished('Set the configuration', 'node-5').failure!
  const [, made = ''] = /keystone role-create --name (\S+)$/.exec(hint!) ?? []
  const since = await mos({ migrated: ['keystone'], answers: [[/SELECT name FROM keystone\.role/, [[made]]]] })
  await since.run(horizon, { on: 'target' })
  assert.match(since.text('node-5', settings), 'OPENSTACK_KEYSTONE_DEFAULT_ROLE = "_member_"\n')
})

test.run()
