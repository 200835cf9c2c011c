// What goes wrong before and during the upgrade, and how it goes on from there. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/lab/upgrade/broken.test.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allJournals,
  attempt,
  calm,
  changes,
  clouds,
  differences,
  doLab,
  type Ended,
  type HostName,
  hostNames,
  inside,
  latestJournal,
  ownLab,
  run,
  running,
  type Snapshot,
  snapshot,
  sql,
  startRun,
  tables,
  value,
  volumesSum,
} from '../../rig/lab.ts'
import { assertNoSecrets, expectations } from './upgraded.ts'
import { needs } from '../../rig/needs.ts'

needs('root')

const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '-o', 'lines'] as const
const test = suite('broken upgrade')
/** A link by which a service is started, or not, at boot. */
const atBoot = /^\/etc\/rc3\.d\/[SK]\d\d/
const scratch = mkdtempSync('/tmp/switchover-broken-')

let before: ReadonlyMap<HostName, Snapshot>
let volumes: string

const snapshots = async (...hosts: readonly HostName[]) =>
  new Map(await Promise.all(hosts.map(async (host) => [host, await snapshot(host)] as const)))

/** The lines that tell of failures, from the mark to the advice. */
function failures(out: string): readonly string[] {
  const lines = out.split('\n')
  return lines.flatMap((line, i) => {
    if (!/^[✖⚠] /.test(line)) return []
    const end = lines.findIndex((later, n) => n > i && !later.startsWith('  '))
    return [
      lines
        .slice(i, end)
        .filter((one) => !/^ {4}(at|ran:?) /.test(one))
        .map((one) => one.trim())
        .join('\n'),
    ]
  })
}

async function assertUntouched(...but: readonly HostName[]): Promise<void> {
  const hosts = hostNames.filter((host) => !but.includes(host))
  const after = await snapshots(...hosts)
  for (const host of hosts) assert.equal(changes(before.get(host)!, after.get(host)!), [], host)
}

function assertEnded({ code, out, err }: Ended, wanted: number, ...saying: readonly string[]): void {
  assert.is(code, wanted, out + err)
  assert.equal(failures(out), saying)
  assertNoSecrets(out + err, 'the output')
}

const goOn = 'Go on with: run playbooks/full-upgrade.ts -i inventory/lab -o lines --no-type-check --resume'

/** Puts a script in the place of a program; the program itself goes to /usr/lib/held. */
async function hold(host: HostName, program: string, script: string): Promise<void> {
  await inside(
    host,
    `mkdir -p /usr/lib/held && mv ${program} /usr/lib/held/ && cat > ${program} && chmod 755 ${program}`,
    script,
  )
}
const release = (host: HostName, program: string) =>
  inside(host, `mv /usr/lib/held/${program.replace(/.*\//, '')} ${program}`)

test.before(async () => {
  await ownLab()
  before = await snapshots(...hostNames)
  volumes = await volumesSum('node-1')
})
test.after(() => rmSync(scratch, { recursive: true }))

test('a compute node that cannot be reached ends the run before anything is touched', async () => {
  await doLab('power', 'node-4', 'off')
  try {
    const ended = await run(upgrade)
    assert.is(ended.code, 4, ended.out + ended.err)
    const [said, ...more] = failures(ended.out)
    assert.equal(more, [])
    assert.match(
      said!,
      /^✖ node-4 {2}Look before anything is touched › look › Look at the host \(unreachable\)\nprobe: uname -n: cannot connect to 10\.0\.0\.7:22: the proxy command failed: .*No route to host.*\ntry: see from there whether it is up/,
      said,
    )
    assert.match(ended.out, goOn)
    await assertUntouched('node-4')
    const { code, out } = await run([...upgrade, '-l', '!node-4', '--list-hosts'])
    assert.is(code, 0)
    assert.match(out, 'node-3')
    assert.not.match(out, 'node-4')
  } finally {
    await doLab('power', 'node-4', 'on')
  }
})

test('a wrong database password in the inventory is found before anything is touched', async () => {
  const vars = join(scratch, 'vars.json')
  writeFileSync(
    vars,
    JSON.stringify({ databasePasswords: { ...clouds['node-5'].databasePasswords, nova: 'not-the-password' } }),
  )
  const ended = await run([...upgrade, '-e', `@${vars}`])
  assertEnded(
    ended,
    2,
    [
      '✖ node-5  Look before anything is touched › look › Stop where something stands in the way',
      "to be mended: the database server at 127.0.0.1:3306 of node-5 refuses the login of nova: Access denied for user 'nova'@'127.0.0.1' (using password: YES)",
      '→ check the database password of nova for node-5 in the inventory',
      "to be mended: the database server at 10.0.0.14:3306 of node-5 refuses the login of nova: Access denied for user 'nova'@'10.0.0.14' (using password: YES)",
      '→ check the database password of nova for node-5 in the inventory',
      'try: mend each of these, then look again: run playbooks/preflight.ts -i inventory/lab',
    ].join('\n'),
  )
  assert.not.match(ended.out + ended.err + allJournals(), 'not-the-password')
})

test('a compute node whose release is too old is found before anything is touched', async () => {
  await inside('node-4', "sed -i 's/=2013.2.4/=2013.2.1/' /etc/standin-packages")
  try {
    assertEnded(
      await run(upgrade),
      2,
      [
        '✖ node-4  Look before anything is touched › look › Stop where something stands in the way',
        'to be mended: nova-compute is 2013.2.1, and takes [upgrade_levels] compute=icehouse-compat right only from 2013.2.3 on',
        'try: update the nova packages of node-4 within Havana',
      ].join('\n'),
    )
  } finally {
    await inside('node-4', "sed -i 's/=2013.2.1/=2013.2.4/' /etc/standin-packages")
  }
})

test('rows on which the migrations would break off are named before anything is touched', async () => {
  const user = 'be83e8d2c5bfa21045b69b3e16ab5ec0'
  const [[grant = ''] = []] = await sql(
    'node-1',
    `SELECT data FROM keystone.user_project_metadata WHERE user_id = '${user}'`,
  )
  await sql(
    'node-1',
    `UPDATE keystone.user_project_metadata SET data = NULL WHERE user_id = '${user}';
    INSERT INTO neutron.agents SELECT 'twice', agent_type, \`binary\`, topic, host, admin_state_up, created_at + INTERVAL 1 MINUTE, started_at, heartbeat_timestamp, description, configurations
      FROM neutron.agents WHERE id = 'a1fe62bf-224c-4aea-8e25-b6e90afe5e84'`,
  )
  try {
    assertEnded(
      await run(upgrade),
      2,
      [
        '✖ node-1  Look before anything is touched › look › Stop where something stands in the way',
        'to be mended: the migration to Icehouse would break off halfway, and MySQL cannot undo a half: keystone.user_project_metadata has a grant without JSON (NULL)',
        `→ mysql -e 'UPDATE keystone.user_project_metadata SET data = '\\''{"roles":[]}'\\'' WHERE data IS NULL'`,
        'to be mended: the migration to Icehouse would break off halfway, and MySQL cannot undo a half: neutron.agents with the same type and host (migration 1fcfc149aca4 breaks off): L3 agent node-1.domain.tld 2 twice',
        '→ take away the one that came later: neutron agent-delete twice',
        'try: mend each of these, then look again: run playbooks/preflight.ts -i inventory/lab',
      ].join('\n'),
    )
  } finally {
    await sql(
      'node-1',
      `UPDATE keystone.user_project_metadata SET data = '${grant}' WHERE user_id = '${user}'; DELETE FROM neutron.agents WHERE id = 'twice'`,
    )
  }
})

test('none of these runs touched anything', () => assertUntouched())

test('without a dump nothing is dropped, and the error says how to get one', async () => {
  const role = ['keystone', '-i', 'inventory/lab', '-o', 'lines'] as const
  const was = calm('keystone', await tables('node-5', 'keystone'))
  const stopped = await run([...role, '-t', 'stop,backup'])
  assert.is(stopped.code, 0, stopped.out + stopped.err)
  assert.equal(await running('node-1', ['openstack-keystone']), [])
  assertEnded(
    await run([...role, '-t', 'database', '--skip-tags', 'dump']),
    2,
    [
      '✖ node-5  Move keystone › keystone › Replace the target database',
      'database.replace keystone: the dump /var/backups/switchover/source/keystone.sql is missing on node-5',
      'try: bring it: run keystone -i inventory/lab -t stop,backup,dump',
    ].join('\n'),
  )
  assert.equal(differences(was, calm('keystone', await tables('node-5', 'keystone'))), [])
  const brought = await run([...role, '-t', 'stop,backup,dump'])
  assert.is(brought.code, 0, brought.out + brought.err)
  assert.match(await inside('node-5', 'tail -n 1 /var/backups/switchover/source/keystone.sql'), '-- Dump completed')
  assert.equal(differences(was, calm('keystone', await tables('node-5', 'keystone'))), [])
  for (const host of ['node-1', 'node-5'] as const) await inside(host, 'service openstack-keystone start')
})

test('killed in the middle of a copy and of a migration, a run leaves half of each', async () => {
  // Writes a part of the first volume, says so, and lets the run wait for ever.
  await hold(
    'node-5',
    '/usr/bin/dd',
    `#!/bin/bash
case "$*" in
  *of=/dev/cinder/*)
    head -c 3000000 | /usr/lib/held/dd "$@"
    echo $$ >/tmp/copying
    exec sleep infinity ;;
esac
exec /usr/lib/held/dd "$@"
`,
  )
  await hold(
    'node-5',
    '/usr/bin/nova-manage',
    `#!/bin/sh
[ "$*" = 'db sync' ] && echo $$ >/tmp/migrating && exec sleep infinity
exec /usr/lib/held/nova-manage "$@"
`,
  )
  const started = startRun(upgrade)
  // What goes on beside these two comes to its end before the run is killed.
  const held = inside(
    'node-5',
    `until [ -e /tmp/over ]; do
    [ -s /tmp/copying ] && [ -s /tmp/migrating ] && [ "$(mysql -N -B -e "SELECT COUNT(*) FROM switchover.stage WHERE name IN ('keystone', 'glance', 'neutron') AND stage = 'migrated'")" = 3 ] && exit
    sleep 0.1
  done`,
  )
  const early = await Promise.race([held.then(() => undefined), started.ended])
  started.kill()
  await release('node-5', '/usr/bin/dd')
  await release('node-5', '/usr/bin/nova-manage')
  await inside('node-5', ': >/tmp/over; for f in /tmp/copying /tmp/migrating; do [ ! -s $f ] || kill $(cat $f); done')
  if (early) throw new Error(`the run ended before it was held (exit code ${early.code}):\n${early.out}${early.err}`)
  assert.is((await started.ended).code, null)
  const tasks = (type: 'task-started' | 'task-finished') =>
    latestJournal().flatMap((event) => (event.type === type ? [`${event.path.role} ${event.path.task}`] : []))
  for (const task of ['cinder Copy the volumes', 'nova Upgrade the schema']) {
    assert.ok(tasks('task-started').includes(task), task)
    assert.not.ok(tasks('task-finished').includes(task), task)
  }
  assert.is(await value('node-5', "SELECT stage FROM switchover.stage WHERE name = 'nova'"), 'migrating')
  assert.is((await attempt('node-5', 'ls /var/lib/switchover/volumes')).out, '')
  assert.is.not(await volumesSum('node-5'), volumes)
  await assertUntouched('node-1', 'node-5')
})

test('--resume imports the database anew; a migration that breaks off halfway is an error that names the command', async () => {
  // A column of migration 228 is there already: the real error of the real schema, once.
  await hold(
    'node-5',
    '/usr/bin/nova-manage',
    `#!/bin/sh
if [ "$*" = 'db sync' ] && [ ! -e /tmp/half ]; then
  : >/tmp/half
  MYSQL_PWD=${clouds['node-5'].databasePasswords.nova} mysql --no-defaults -h 127.0.0.1 -u nova nova -e 'ALTER TABLE compute_nodes ADD metrics TEXT' || exit 99
fi
exec /usr/lib/held/nova-manage "$@"
`,
  )
  const ended = await run([...upgrade, '--resume'])
  assert.is(ended.code, 2, ended.out + ended.err)
  const [said, ...more] = failures(ended.out)
  assert.equal(more, [])
  assert.match(
    said!,
    /^✖ node-5 {2}Move the data › nova › Upgrade the schema\ndatabase\.migrate nova: su -s \/bin\/sh -c 'nova-manage db sync' nova: .*Duplicate column name 'metrics'/s,
    said,
  )
  assert.match(ended.out, goOn)
  const resumed = latestJournal().flatMap((event) =>
    event.type === 'task-finished' && event.status === 'resumed' ? [event.path] : [],
  )
  for (const role of ['keystone', 'glance', 'neutron'])
    assert.ok(
      resumed.some((path) => path.role === role && path.task === 'Replace the target database'),
      role,
    )
  assert.is(await value('node-5', 'SELECT version FROM nova.migrate_version'), '227')
  assert.is(await value('node-5', "SELECT stage FROM switchover.stage WHERE name = 'nova'"), 'migrating')
  // Nothing is started while a part of the data is missing, but keystone.
  assert.equal(
    await running(
      'node-5',
      clouds['node-5'].running.filter((name) => /^(openstack|neutron)/.test(name)),
    ),
    ['openstack-keystone'],
  )
  await assertUntouched('node-1', 'node-5')
})

test('a compute node that does not come up with the new controller gets its old configuration back', async () => {
  const [restarts, settled] = [
    await inside('node-3', 'cat /var/run/openstack-nova-compute.pid'),
    await snapshots('node-3', 'node-4'),
  ]
  await hold(
    'node-3',
    '/etc/init.d/openstack-nova-compute',
    `#!/bin/sh
case "$1" in
  start | restart)
    if grep -q icehouse-compat /etc/nova/nova.conf; then
      [ "$1" = start ] || /usr/lib/held/openstack-nova-compute stop
      echo "2014-09-03 15:17:25.000 1 CRITICAL nova [-] libvirtError: no connection driver available for qemu:///system" >>/var/log/nova/compute.log
      exit 0
    fi ;;
esac
exec /usr/lib/held/openstack-nova-compute "$@"
`,
  )
  // Whatever it says: the tests behind this one need the service.
  const ended = await run([...upgrade, '--resume']).finally(() =>
    release('node-3', '/etc/init.d/openstack-nova-compute'),
  )
  assert.is(ended.code, 2, ended.out + ended.err)
  assert.match(
    ended.out,
    /⚠ node-3 {2}Reconnect the compute nodes › compute › Restart nova-compute \(rescued\)[^✖]*libvirtError: no connection driver/,
    ended.out,
  )
  assert.is(await value('node-5', 'SELECT version FROM nova.migrate_version'), '234')
  assert.is(await value('node-5', "SELECT stage FROM switchover.stage WHERE name = 'nova'"), 'migrated')
  assert.match(
    failures(ended.out).at(-1)!,
    /✖ node-3 .*\nnode-3 could not be reconnected, and has its old configuration again\ntry: mend what failed above, then go on with --resume$/,
  )
  assert.match(
    ended.out,
    /PLAY STOPPED \[Reconnect the compute nodes\]: every host of the batch failed: 1 host was not started/,
  )
  const after = await snapshots('node-3', 'node-4')
  const backups = (line: string) => !/switchover-backup/.test(line)
  assert.equal(changes(settled.get('node-3')!, after.get('node-3')!).filter(backups), [])
  assert.is.not(await inside('node-3', 'cat /var/run/openstack-nova-compute.pid'), restarts)
  assert.equal(changes(settled.get('node-4')!, after.get('node-4')!), [])
})

test('once it is mended, --resume finishes', async () => {
  const { code, out, err } = await run([...upgrade, '--resume'])
  assert.is(code, 0, out + err)
  assert.not.match(out, 'Go on with')
  await release('node-5', '/usr/bin/nova-manage')
  assertNoSecrets(allJournals(), 'the journals')
})

for (const [name, holds] of Object.entries(expectations)) test(`as after an unbroken run: ${name}`, holds)

test('on the source only services were stopped, now and at its next boot', async () => {
  const stopped = clouds['node-1'].running.filter((name) => !['mysqld', 'rabbitmq-server', 'memcached'].includes(name))
  const found = changes(before.get('node-1')!, await snapshot('node-1'))
  assert.equal(found.filter((line) => !atBoot.test(line)).sort(), stopped.map((name) => `${name}: stopped`).sort())
  assert.is(await volumesSum('node-1'), volumes)
})

test('another run has nothing to do', async () => {
  const { code, out, err } = await run(upgrade)
  assert.is(code, 0, out + err)
  assert.equal(
    out
      .split('\n')
      .filter((line) => /^node-\d +: ok=/.test(line))
      .map((line) => line.replace(/^(\S+) .*(changed=\S+).*$/, '$1 $2')),
    ['node-1 changed=0', 'node-3 changed=0', 'node-4 changed=0', 'node-5 changed=0'],
  )
})

test.run()
