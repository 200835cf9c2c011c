import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { keystone } from '../../roles/keystone/index.ts'
import { as, handOver, mos, mysqldump } from './mos.ts'

const test = suite('roles/keystone')

test('types what «Upgrading Keystone» types, in its order', async () => {
  const clouds = await mos()
  const typed = await clouds.run(keystone, { on: 'target' })
  assert.equal(typed, [
    // # service openstack-keystone stop
    'node-5: service openstack-keystone stop',
    // Kept, so that there is a way back: of the article's backups this is the target's side.
    'node-5: cp -a /etc/keystone /var/backups/switchover/etc/keystone.part',
    `node-5: ${mysqldump} keystone`,
    // # mysqldump -u keystone -p… keystone > havana-keytone-db-backup.sql
    `node-1: ${mysqldump} keystone`,
    // mysql> DROP DATABASE keystone; CREATE DATABASE keystone;
    'node-5: mysql: DROP DATABASE IF EXISTS `keystone`',
    'node-5: mysql: CREATE DATABASE `keystone` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // # mysql -uroot keystone < backup-havana/havana-keystone-db-backup.sql
    'node-5: mysql keystone < dump of keystone of node-1',
    // The article converts glance alone; keystone 2014.1 refuses as glance does.
    'node-5: mysql: SET SESSION foreign_key_checks = 0',
    'node-5: mysql: ALTER TABLE `keystone`.`endpoint` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql: ALTER DATABASE `keystone` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // «change /etc/keystone/keystone.conf so that the credentials match»
    'node-5: write /etc/keystone/keystone.conf',
    // openrc.havana has the old admin's password.
    'node-5: cp -a /root/openrc /var/backups/switchover/root/openrc.part',
    'node-5: write /root/openrc',
    // The article does this after keystone-manage; the tool reads these files as the service's user.
    `node-5: ${handOver('/etc/keystone', 'keystone')}`,
    'node-5: chown root:keystone /etc/keystone',
    // # keystone-manage db_sync
    `node-5: ${as('keystone', 'keystone-manage db_sync')}`,
    // The article's clouds keep their addresses.
    'node-5: mysql keystone: UPDATE endpoint SET url = http://172.16.40.44:5000/v2.0 WHERE id = 8cb1c821',
    // # service openstack-keystone start
    'node-5: service openstack-keystone start',
  ])
  assert.is(
    clouds.text('node-5', '/etc/keystone/keystone.conf'),
    '[DEFAULT]\nadmin_token=p7YtXc1B\n[database]\n' +
      'connection=mysql://keystone:keystone-password@127.0.0.1/keystone?read_timeout=60\n',
  )
  assert.match(clouds.text('node-5', '/root/openrc'), /OS_PASSWORD=admins-own\n.*OS_AUTH_URL=http:\/\/10\.0\.0\.14:/)
  assert.match(clouds.text('node-5', '/var/backups/switchover/rows/keystone.endpoint.jsonl'), '172.16.40.43')
  // A second time there is nothing to do.
  assert.equal(await clouds.run(keystone, { on: 'target' }), [])
})

test('brings no database of a schema that is too old, and one of the last of Havana', async () => {
  const run = (await mos({ versions: { keystone: ['27', '44'] } })).start(keystone, { on: 'target', tags: ['dump'] })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Bring the dump of the source database', 'node-5')
  assert.is(
    failure?.reason,
    'the schema of keystone on node-1 is at version 27, and the way to Icehouse begins at 34, 35, 36',
  )
  assert.match(failure?.hint ?? '', /bring it to the last Havana first$/)
  await (await mos({ versions: { keystone: ['36', '44'] } })).run(keystone, { on: 'target', tags: ['dump'] })
})

test('a schema that did not arrive is brought by hand, and then it goes on', async () => {
  const clouds = await mos({ versions: { keystone: ['36', '43'] } })
  const run = clouds.start(keystone, { on: 'target' })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Check the version of the schema', 'node-5')
  const [, command] = /type --resume afterwards: (.*)$/.exec(failure?.hint ?? '') ?? []
  // What it types itself.
  assert.is(command, as('keystone', 'keystone-manage db_sync'))
  const arrived = await mos({ migrated: ['keystone'] })
  await arrived.run(keystone, { on: 'target', tags: ['rows', 'verify'] })
})

test('check mode says what is started at the next boot after it was recorded and kept down', async () => {
  const task = 'Start them at the next boot as before'
  for (const enabled of [true, false]) {
    const clouds = await mos()
    const link = '/etc/rc3.d/S90openstack-keystone'
    if (enabled) clouds.host('node-5').files.link(link, '/etc/init.d/openstack-keystone')
    const said = clouds.start(keystone, { on: 'target', check: true })
    assert.is(await said.ended, 'ok')
    assert.is(clouds.host('node-5').files.names('/etc/rc3.d').length, enabled ? 1 : 0)
    const done = clouds.start(keystone, { on: 'target' })
    assert.is(await done.ended, 'ok')
    const ends = [said, done].map((run) => run.finished(task, 'node-5').status)
    assert.equal(ends, enabled ? ['changed', 'changed'] : ['ok', 'ok'])
  }
})

test('lets openrc have the token that keystone.conf has, and the caches forget the cloud that was replaced', async () => {
  const openrc = (token: string) =>
    `  export OS_USERNAME=admin\n  export OS_PASSWORD=x\n  export SERVICE_TOKEN=${token}\n`
  const cache = '[cache]\nenabled=true\nbackend_argument=url:127.0.0.1:11211\n[memcache]\nservers=127.0.0.1:11211\n'
  const clouds = await mos({
    files: {
      'node-1': { '/root/openrc': openrc('theirs') },
      'node-5': { '/root/openrc': openrc('ours'), '/etc/keystone/keystone.conf': `[DEFAULT]\n${cache}` },
    },
  })
  let said = ''
  clouds.host('node-5').listen(11211, (socket) => {
    socket.on('data', (data: Buffer) => {
      said += `${clouds.host('node-5').stateOf('openstack-keystone')} ${String(data).split('\r\n')[0]}\n`
      socket.end('OK\r\n')
    })
  })
  await clouds.run([play('Move keystone', { hosts: 'target' }, [keystone])])
  assert.match(clouds.text('node-5', '/root/openrc'), /^ {2}export SERVICE_TOKEN=theirs$/m)
  assert.is(said, 'stopped flush_all\n')
})

test('verify names rows that lead to the source, and daemons that do not run', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  const led = clouds.start(keystone, { on: 'target', tags: ['verify'] })
  assert.is(await led.ended, 'failed')
  assert.equal(led.finished('Check that no row leads to the source', 'node-5').failure, {
    ...led.finished('Check that no row leads to the source', 'node-5').failure,
    reason: 'these rows lead to node-1, or to nothing that is here: keystone.endpoint 8cb1c821',
    hint: 'give them to node-5: run keystone -i INVENTORY -t rows',
  })
  await clouds.run(keystone, { on: 'target', tags: ['rows'] })
  clouds.host('node-5').service('openstack-keystone', 'stopped')
  const dead = clouds.start(keystone, { on: 'target', tags: ['verify'] })
  assert.is(await dead.ended, 'failed')
  const { failure } = dead.finished('Check that its daemons run', 'node-5')
  assert.is(failure?.reason, 'openstack-keystone does not run on node-5')
  assert.is(failure?.hint, 'see why in /var/log/keystone, then start it: run keystone -i INVENTORY -t start')
  await clouds.run(keystone, { on: 'target', tags: ['start'] })
  await clouds.run(keystone, { on: 'target', tags: ['verify'] })
})

test.run()
