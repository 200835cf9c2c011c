import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { cinder, cinderStart } from '../../roles/cinder/index.ts'
import { portalOf, withPortal } from '../../roles/cinder/portal.ts'
import { attachment, as, chap, handOver, mos, mysqldump, services } from './mos.ts'

const test = suite('roles/cinder')
const moveIt = [play('Move cinder', { hosts: 'target' }, [cinder, cinderStart])]
const volume = 'volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76'
const device = `/dev/cinder/${volume}`

test('types what «Upgrade Cinder» types, in its order', async () => {
  const clouds = await mos({
    migrated: ['keystone'],
    // «service cinder-volume start»: at its start it exports what is in use, without the login (facts 3.2).
    files: { 'node-5': { [`/etc/cinder/volumes/${volume}`]: `<target x>\n  backing-store ${device}\n</target>\n` } },
  })
  const typed = await clouds.run(moveIt)
  // «Create a new volume on the target controller in advance. This new volume should be the same size»
  const made = `node-5: lvcreate -n ${volume} -L 1048576b cinder`
  assert.ok(typed.includes(made))
  assert.equal(
    typed.filter((line) => line !== made),
    [
      // for i in /etc/init.d/openstack-cinder-*; do $i stop; done, and the iSCSI target
      ...services.cinder.map((name) => `node-5: service ${name} stop`),
      'node-5: cp -a /etc/cinder /var/backups/switchover/etc/cinder.part',
      `node-5: ${mysqldump} cinder`,
      `node-1: ${mysqldump} cinder`,
      'node-5: mysql: DROP DATABASE IF EXISTS `cinder`',
      'node-5: mysql: CREATE DATABASE `cinder` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql cinder < dump of cinder of node-1',
      'node-5: mysql: SET SESSION foreign_key_checks = 0',
      ...['volumes', 'services', 'backups'].map(
        (table) =>
          `node-5: mysql: ALTER TABLE \`cinder\`.\`${table}\` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci`,
      ),
      'node-5: mysql: ALTER DATABASE `cinder` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      // # cp -f backup-havana/cinder-havana/* /etc/cinder/, and «change the iscsi_ip_address parameter»
      'node-5: write /etc/cinder/cinder.conf',
      // # chown -R cinder:cinder /etc/cinder
      `node-5: ${handOver('/etc/cinder', 'cinder')}`,
      // Not what says what cinder may do as root.
      'node-5: chown root:cinder /etc/cinder',
      // The article's `cinder-manage db_sync` ends with a usage error (facts 0, 1).
      `node-5: ${as('cinder', 'cinder-manage db sync')}`,
      // Volumes of another host would be managed by nobody (facts 3.2).
      'node-5: mysql cinder: UPDATE volumes SET host = node-5.domain.tld, ' +
        `provider_location = 192.168.1.14:3260,1 iqn.2010-10.org.openstack:${volume} 1 WHERE id = ${volume.slice(7)}`,
      'node-5: mysql cinder: UPDATE services SET host = node-5.domain.tld WHERE id = 1',
      // # service openstack-cinder-api start, -volume, -scheduler: the target that volumes are exported by comes first,
      // and what gives the exports their logins.
      'node-5: service tgtd start',
      'node-5: write /etc/cinder/rootwrap.conf',
      ...services.cinder.slice(1).map((name) => `node-5: service ${name} start`),
    ],
  )
  assert.ok(clouds.text('node-5', device) === clouds.text('node-1', device))
  assert.is(clouds.text('node-5', `/var/lib/switchover/cinder/logins/${volume}`), `${chap}\n`)
  assert.match(
    clouds.text('node-5', '/etc/cinder/rootwrap.conf'),
    /^exec_dirs ?= ?\/var\/lib\/switchover\/cinder,\/sbin,\/usr\/sbin,\/bin,\/usr\/bin$/m,
  )
  const conf = clouds.text('node-5', '/etc/cinder/cinder.conf')
  assert.match(conf, /iscsi_ip_address ?= ?192\.168\.1\.14\n/)
  assert.match(conf, /mysql:\/\/cinder:cinder-password@10\.0\.0\.14:3306\/cinder\?charset=utf8&read_timeout=60\n/)
  assert.equal(await clouds.run(moveIt), [])
})

test('copies a volume once, as long as nothing is written to it on the source', async () => {
  const clouds = await mos()
  await clouds.run(cinder, { on: 'target', tags: ['volumes'] })
  clouds.host('node-5').files.write(device, 'a guest again\n'.padEnd(1 << 20, '\n'))
  await clouds.run(cinder, { on: 'target', tags: ['volumes'] })
  assert.is(clouds.text('node-5', device).slice(0, 20).trim(), 'a guest again')
})

test('exports a volume again that is served to anyone, and does not take it for served before', async () => {
  const open = `Target 1: iqn.2010-10.org.openstack:${volume}\n        LUN: 1\n    Account information:\n    ACL information:\n`
  const clouds = await mos({ programs: { tgtadm: open }, migrated: ['keystone', 'cinder'] })
  const run = clouds.start(cinderStart, { on: 'target' })
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Check that every volume in use is exported, to its guests alone', 'node-5').failure?.reason,
    `the iSCSI target serves these to anyone, or not to their guests: ${volume}`,
  )
  const { result } = run.finished('Give the exports their CHAP login back', 'node-5')
  assert.equal(result, { mended: [volume] })
})

test('copies no volume while the source serves it', async () => {
  const clouds = await mos({ running: { 'node-1': ['tgtd'] } })
  const run = clouds.start(cinder, { on: 'target', tags: ['volumes'] })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check that the source serves no volumes', 'node-5')
  assert.is(failure?.reason, 'tgtd still runs on node-1: guests would go on writing to volumes that are being copied')
  assert.is(failure?.hint, 'stop it: run cinder -i INVENTORY')
  assert.equal(clouds.typed, [])
})

test('refuses snapshots, which are no copies of their own', async () => {
  const clouds = await mos({ programs: { lvs: `  ${volume}:1048576:\n  _snapshot-1:1048576:${volume}\n` } })
  const run = clouds.start(cinder, { on: 'target', tags: ['volumes'] })
  assert.is(await run.ended, 'failed')
  assert.match(run.finished('Make the volumes', 'node-5').failure?.reason ?? '', /node-1 has snapshots.*_snapshot-1$/)
})

test('moves the portal of an attachment and nothing else', () => {
  assert.is(withPortal(attachment('192.168.1.4'), ['192.168.1.4'], '10.0.0.4', '5'), attachment('10.0.0.4'))
})

test('leaves an attachment with another portal alone, also one whose address begins alike', () => {
  assert.is(withPortal(attachment('192.168.1.40'), ['192.168.1.4'], '10.0.0.4', '5'), attachment('192.168.1.40'))
  assert.is(withPortal(attachment('10.0.0.4'), ['192.168.1.4'], '10.0.0.4', '5'), attachment('10.0.0.4'))
})

test('shows of an attachment where it leads, and no password', () => {
  const device = `ip-10.0.0.4:3260-iscsi-iqn.2010-10.org.openstack:${volume}-lun-1`
  assert.is(portalOf(attachment('10.0.0.4')), `10.0.0.4:3260 /dev/disk/by-path/${device}`)
})

test('refuses an attachment that is not JSON', () => {
  assert.throws(
    () => withPortal('{"data": ', ['192.168.1.4'], '10.0.0.4', '5'),
    'the connection_info of a volume is not JSON (row 5 of nova.block_device_mapping)',
  )
})

test.run()
