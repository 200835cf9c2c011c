import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { nova, novaStart } from '../../roles/nova/index.ts'
import { parseServices } from '../../roles/nova/service-list.ts'
import { as, attachment, handOver, mos, mysqldump, onControllers, services } from './mos.ts'

const test = suite('roles/nova')
const moveIt = [play('Move nova', { hosts: 'target' }, [nova, novaStart])]

test('types what «Upgrade Nova» types, in its order', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  const typed = await clouds.run(moveIt)
  assert.equal(typed, [
    // # for i in /etc/init.d/openstack-nova-*;do $i stop; done: by name, and metadata-api never runs
    ...services.nova.map((name) => `node-5: service ${name} stop`),
    'node-5: cp -a /etc/nova /var/backups/switchover/etc/nova.part',
    `node-5: ${mysqldump} nova`,
    `node-1: ${mysqldump} nova`,
    // «Drop the nova database, create the new one and import»
    'node-5: mysql: DROP DATABASE IF EXISTS `nova`',
    'node-5: mysql: CREATE DATABASE `nova` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql nova < dump of nova of node-1',
    'node-5: mysql: SET SESSION foreign_key_checks = 0',
    'node-5: mysql: ALTER TABLE `nova`.`services` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql: ALTER TABLE `nova`.`block_device_mapping` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql: ALTER TABLE `nova`.`instances` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql: ALTER DATABASE `nova` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // # cp -f backup-havana/nova-havana/* /etc/nova/, «make sure that the credentials … are correct»
    'node-5: write /etc/nova/nova.conf',
    // «set the [upgrade_levels]/compute=icehouse-compat option»: here too, where the messages are sent from (facts 2)
    'node-5: write /etc/nova/nova.conf',
    // # chown -R nova:nova /etc/nova
    `node-5: ${handOver('/etc/nova', 'nova')}`,
    'node-5: chown root:nova /etc/nova',
    // The article's `nova-manage db_sync` ends with a usage error (facts 0, 1).
    `node-5: ${as('nova', 'nova-manage db sync')}`,
    'node-5: mysql nova: UPDATE services SET host = node-5.domain.tld WHERE id = 1',
    // mysql> update block_device_mapping set connection_info=…: of «Upgrade Cinder», where it would stand in nova's database
    `node-5: mysql nova: UPDATE block_device_mapping SET connection_info = ${attachment('192.168.1.14')} WHERE id = 5`,
    // «Start the nova services»: the conductor first, which the compute nodes wait for
    ...services.nova.map((name) => `node-5: service ${name} start`),
  ])
  const conf = clouds.text('node-5', '/etc/nova/nova.conf')
  assert.match(conf, /\[upgrade_levels\]\ncompute ?= ?icehouse-compat\n/)
  assert.match(conf, /running_deleted_instance_action ?= ?log\n/)
  assert.match(conf, 'mysql://nova:nova-password@127.0.0.1/nova?read_timeout=60\n')
  assert.match(conf, 'admin_password=wS1qA7zX\n')
  assert.equal(await clouds.run(moveIt), [])
})

test('names the nova services that are down', async () => {
  const down = 'nova-cert node-5.domain.tld internal enabled XXX 2014-09-03 15:17:25\n'
  const clouds = await mos({ migrated: ['keystone', 'nova'], programs: { 'nova-manage': down } })
  const run = clouds.start(novaStart, { on: 'target' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that every nova service of the target smiles', 'node-5')
  assert.is(failure?.reason, 'these nova services are down: nova-cert')
})

test('waits for those that it has started alone: others report when their time has come', async () => {
  const late = [[/SELECT `binary` FROM nova\.services/, [['nova-conductor'], ['nova-cert']]]] as const
  const running = onControllers.filter((name) => name !== 'openstack-nova-cert')
  const clouds = await mos({
    migrated: ['keystone', 'nova'],
    running: { 'node-5': running },
    stopped: { 'node-5': ['openstack-nova-cert'], 'node-1': onControllers },
    answers: late,
  })
  const run = clouds.start(novaStart, { on: 'target' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that every nova service of the target smiles', 'node-5')
  assert.is(failure?.reason, 'these nova services have not reported since they were started: nova-cert')
  // Nothing is started by then.
  const again = clouds.start(novaStart, { on: 'target' })
  assert.is(await again.ended, 'ok')
})

test('reads the list of services as nova-manage prints it, long host names too', () => {
  const long = 'a-very-long-host-name.which.pushes.all.columns.aside.domain.tld'
  assert.equal(
    parseServices(`Binary           Host                                 Zone             Status     State Updated_At
nova-compute     node-3.domain.tld                    nova             enabled    :-)   2014-09-03 15:17:31
nova-cert        ${long} internal         enabled    XXX   2014-09-03 15:17:25
nova-console     node-1.domain.tld                    internal         disabled   :-)   None
`),
    [
      { binary: 'nova-compute', host: 'node-3.domain.tld', state: ':-)' },
      { binary: 'nova-cert', host: long, state: 'XXX' },
      { binary: 'nova-console', host: 'node-1.domain.tld', state: ':-)' },
    ],
  )
})

test.run()
