import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { glance, glanceStart } from '../../roles/glance/index.ts'
import { as, handOver, mos, mysqldump } from './mos.ts'

const test = suite('roles/glance')
const moveIt = [play('Move glance', { hosts: 'target' }, [glance, glanceStart])]
const image = '/var/lib/glance/images/5bd625a0-cb69-4018-93c8-cf8bf0348f52'

test('types what «Upgrading Glance» types, in its order', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  const typed = await clouds.run(moveIt)
  // # scp -r /var/lib/glance …: beside the database, whenever it is done.
  const received = `node-5: write ${image}`
  assert.ok(typed.includes(received))
  assert.equal(
    typed.filter((line) => line !== received),
    [
      // for i in /etc/init.d/openstack-glance-*; do $i stop; done
      'node-5: service openstack-glance-registry stop',
      'node-5: service openstack-glance-api stop',
      'node-5: cp -a /etc/glance /var/backups/switchover/etc/glance.part',
      `node-5: ${mysqldump} glance`,
      `node-1: ${mysqldump} glance`,
      // «Drop the glance database on the new controller, create a new one and import»
      'node-5: mysql: DROP DATABASE IF EXISTS `glance`',
      'node-5: mysql: CREATE DATABASE `glance` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql glance < dump of glance of node-1',
      // mysql> SET foreign_key_checks = 0; and the six tables. That setting ends with the session.
      'node-5: mysql: SET SESSION foreign_key_checks = 0',
      'node-5: mysql: ALTER TABLE `glance`.`image_locations` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER TABLE `glance`.`image_members` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER TABLE `glance`.`image_properties` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER TABLE `glance`.`image_tags` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER TABLE `glance`.`images` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER TABLE `glance`.`migrate_version` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql: ALTER DATABASE `glance` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      // # cp -f backup-havana/glance-havana/* /etc/glance/: only what the data depends on, into the files of Icehouse
      // (facts 1.2), and the credentials that the article changes by hand.
      'node-5: write /etc/glance/glance-api.conf',
      'node-5: write /etc/glance/glance-registry.conf',
      'node-5: write /etc/glance/glance-cache.conf',
      // # chown -R glance:glance /etc/glance, and /var/lib/glance
      `node-5: ${handOver('/etc/glance', 'glance')}`,
      'node-5: chown root:glance /etc/glance',
      `node-5: ${handOver('/var/lib/glance', 'glance')}`,
      // glance-manage db_sync: after the configuration, which tells the tool where the database is.
      `node-5: ${as('glance', 'glance-manage db_sync')}`,
      // service openstack-glance-api start; service openstack-glance-registry start: the registry first, which api asks
      'node-5: service openstack-glance-registry start',
      'node-5: service openstack-glance-api start',
    ],
  )
  assert.is(clouds.text('node-5', image), clouds.text('node-1', image))
  const api = clouds.text('node-5', '/etc/glance/glance-api.conf')
  // The article's sql_connection under its Icehouse name, and its two rabbit lines.
  assert.match(api, '[database]\nconnection=mysql://glance:glance-password@127.0.0.1/glance?read_timeout=60\n')
  assert.match(api, /rabbit_userid ?= ?nova\nrabbit_password ?= ?ygrfyaNZ\n/)
  assert.match(api, 'admin_password=mN6cV2sD\n')
  assert.match(clouds.text('node-5', '/etc/glance/glance-registry.conf'), 'mysql://glance:glance-password@127.0.0.1')
  assert.equal(await clouds.run(moveIt), [])
})

test('says which image files cannot be used', async () => {
  const clouds = await mos({
    migrated: ['keystone', 'glance'],
    answers: [[/FROM glance\.images i JOIN/, [['id-1', '10', '/var/lib/glance/images/gone', '']]]],
  })
  const broken = clouds.start(glanceStart, { on: 'target' })
  // On the source it is missing too: nothing that was moved is to blame.
  assert.is(await broken.ended, 'ok')
  assert.match(JSON.stringify(broken.events), 'broken on node-1 before')
  clouds.host('node-1').files.write('/var/lib/glance/images/gone', '0123456789', { owner: 'glance' })
  const run = clouds.start(glanceStart, { on: 'target' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that every image file is there', 'node-5')
  assert.is(failure?.reason, 'these images cannot be used:\nid-1: /var/lib/glance/images/gone is missing')
})

test('is not started on less than the source has by now', async () => {
  const clouds = await mos({
    migrated: ['keystone', 'glance'],
    // What was imported is no dump that the source would give now.
    answers: [
      [
        /^SELECT name, stage, dump FROM `switchover`\.`stage` WHERE name IN \('glance'\)/,
        [['glance', 'migrated', 'a5f3']],
      ],
      [
        /^SELECT name, stage, dump FROM `switchover`\.`stage`/,
        ['keystone', 'glance', 'neutron', 'nova', 'cinder'].map((name) => [name, 'migrated', '']),
      ],
      [/FROM nova\.services/, [['node-3.domain.tld', '7']]],
    ],
  })
  const late = clouds.start(glanceStart, { on: 'target' })
  assert.is(await late.ended, 'failed')
  const { failure } = late.finished('Check that the data is there, and the source has stopped', 'node-5')
  assert.is(failure?.reason, 'node-1 has written to glance since its dump: what is here lacks that')
  assert.is(failure?.hint, 'bring it anew: run glance -i INVENTORY')
  assert.equal(
    clouds.typed.filter((line) => line.includes('service')),
    [],
  )
})

test.run()
