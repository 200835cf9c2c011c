import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../lib/index.ts'
import { dhcpDevice } from '../../roles/neutron/dhcp-device.ts'
import { neutron, neutronStart } from '../../roles/neutron/index.ts'
import { as, handOver, mos, mysqldump, services } from './mos.ts'

const test = suite('roles/neutron')
const moveIt = [play('Move neutron', { hosts: 'target' }, [neutron, neutronStart])]

// As the article wraps it.
const manage =
  'neutron-db-manage --config-file /etc/neutron/neutron.conf ' +
  '--config-file /etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini'

test('types what «Upgrading Neutron» types, in its order', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  const typed = await clouds.run(moveIt)
  assert.equal(typed, [
    // # for i in /etc/init.d/neutron-*; do $i stop; done
    ...services.neutron.map((name) => `node-5: service ${name} stop`),
    'node-5: cp -a /etc/neutron /var/backups/switchover/etc/neutron.part',
    `node-5: ${mysqldump} neutron`,
    `node-1: ${mysqldump} neutron`,
    'node-5: mysql: DROP DATABASE IF EXISTS `neutron`',
    'node-5: mysql: CREATE DATABASE `neutron` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    'node-5: mysql neutron < dump of neutron of node-1',
    'node-5: mysql: SET SESSION foreign_key_checks = 0',
    ...['agents', 'portbindingports', 'ports', 'ovs_tunnel_endpoints', 'networks'].map(
      (table) =>
        `node-5: mysql: ALTER TABLE \`neutron\`.\`${table}\` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci`,
    ),
    'node-5: mysql: ALTER DATABASE `neutron` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    // # cp -f backup-havana/neutron-havana/* /etc/neutron/, which would leave out plugins/ (facts 0, 6)
    'node-5: write /etc/neutron/neutron.conf',
    'node-5: write /etc/neutron/api-paste.ini',
    'node-5: write /etc/neutron/dhcp_agent.ini',
    'node-5: write /etc/neutron/l3_agent.ini',
    'node-5: write /etc/neutron/metadata_agent.ini',
    'node-5: write /etc/neutron/plugins/openvswitch/ovs_neutron_plugin.ini',
    // # chown -R neutron:neutron /etc/neutron
    `node-5: ${handOver('/etc/neutron', 'neutron')}`,
    'node-5: chown root:neutron /etc/neutron',
    // # neutron-db-manage … stamp havana, # neutron-db-manage … upgrade icehouse
    `node-5: ${as('neutron', `${manage} stamp havana`)}`,
    `node-5: ${as('neutron', `${manage} upgrade icehouse`)}`,
    // What is bound to the agents of the old controller, of which the article says nothing (facts 3.4).
    'node-5: mysql neutron: UPDATE agents SET host = node-5.domain.tld WHERE id = a1fe62bf',
    'node-5: mysql neutron: UPDATE ports SET device_id = dhcp1899f701-7b81-5bcb-a35e-b2aaaf935060-net WHERE id = p-1',
    'node-5: mysql neutron: UPDATE ovs_tunnel_endpoints SET ip_address = 10.0.0.14 WHERE id = 1',
    // Neutron notifies nova from Icehouse on (facts 0, 10).
    'node-5: write /etc/neutron/neutron.conf',
    // # for i in /etc/init.d/neutron-*; do $i start; done: those that ran, and not ovs-cleanup (facts 0, 8)
    ...services.neutron.map((name) => `node-5: service ${name} start`),
  ])
  const conf = clouds.text('node-5', '/etc/neutron/neutron.conf')
  for (const wanted of [
    /rpc_backend ?= ?neutron\.openstack\.common\.rpc\.impl_kombu\n/,
    /core_plugin ?= ?neutron\.plugins\.openvswitch\.ovs_neutron_plugin\.OVSNeutronPluginV2\n/,
    // The article's «flopping» agents (facts 0, 5).
    /\[agent\]\nreport_interval ?= ?5\n/,
    /agent_down_time ?= ?15\n/,
    /nova_admin_tenant_id ?= ?b9750983962fed846333e9c9248d1fc9\n/,
    /nova_admin_password ?= ?wS1qA7zX\n/,
  ])
    assert.match(conf, wanted)
  assert.match(clouds.text('node-5', '/etc/neutron/api-paste.ini'), /admin_password ?= ?gH9jK2lZ\n/)
  assert.equal(await clouds.run(moveIt), [])
})

test('does not stamp a database that has a version', async () => {
  const clouds = await mos({ migrated: ['keystone'], versions: { neutron: ['havana', 'icehouse'] } })
  const typed = await clouds.run(neutron, { on: 'target' })
  assert.equal(
    typed.filter((line) => line.includes(manage)),
    [`node-5: ${as('neutron', `${manage} upgrade icehouse`)}`],
  )
})

test('imports anew what a migration has broken, and only then sees which migrations there are', async () => {
  const clouds = await mos({ migrated: ['keystone'] })
  let ends = 1
  clouds.host('node-5').answer(/^su .* upgrade /, () => ends)
  const first = clouds.start(neutron, { on: 'target' })
  assert.is(await first.ended, 'failed')
  assert.match(first.finished('Upgrade the schema', 'node-5').failure?.reason ?? '', 'exit code 1')
  ends = 0
  const typed = await clouds.run(neutron, { on: 'target', tags: ['migrate'] })
  assert.equal(
    typed.filter((line) => /DATABASE|< dump|su -s/.test(line)),
    [
      'node-5: mysql: DROP DATABASE IF EXISTS `neutron`',
      'node-5: mysql: CREATE DATABASE `neutron` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      'node-5: mysql neutron < dump of neutron of node-1',
      'node-5: mysql: ALTER DATABASE `neutron` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
      // The stamp of the first try went with the database that it stood in.
      `node-5: ${as('neutron', `${manage} stamp havana`)}`,
      `node-5: ${as('neutron', `${manage} upgrade icehouse`)}`,
    ],
  )
})

test('refuses a plugin whose migrations cannot be chosen by its name', async () => {
  const clouds = await mos({ files: { 'node-1': { '/etc/neutron/neutron.conf': '[DEFAULT]\ncore_plugin=ml2\n' } } })
  const run = clouds.start(neutron, { on: 'target', tags: ['config'] })
  assert.is(await run.ended, 'failed')
  const { failure } = run.finished('Set the configuration', 'node-5')
  assert.is(failure?.reason, 'core_plugin in neutron.conf of node-1 is ml2, not a class')
})

test('tells nova of ports once keystone is there', async () => {
  const start = async (projects: readonly (readonly string[])[]) => {
    const clouds = await mos({
      migrated: ['keystone', 'neutron'],
      answers: [[/FROM keystone\.project WHERE name IN/, projects]],
    })
    return clouds.start(neutronStart, { on: 'target', tags: ['config'] })
  }
  const run = await start([])
  assert.is(await run.ended, 'failed')
  assert.is(
    run.finished('Set the rest of the configuration', 'node-5').failure?.hint,
    'move keystone first: run keystone -i INVENTORY',
  )
  assert.is(await (await start([['b9750983']])).ended, 'ok')
})

test('names the DHCP device of a host as the agent does', () => {
  // python3 -c "import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, 'node-1.domain.tld'))"
  assert.is(dhcpDevice('node-1.domain.tld'), 'dhcpbd68d150-fa47-5731-af14-182327878895')
  assert.is(dhcpDevice('node-5.domain.tld'), 'dhcp1899f701-7b81-5bcb-a35e-b2aaaf935060')
})

test.run()
