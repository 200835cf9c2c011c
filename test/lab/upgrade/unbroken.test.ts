// The upgrade from end to end in one go, and what can be done after it. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/lab/upgrade/unbroken.test.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allJournals,
  attempt,
  changes,
  type HostName,
  hostNames,
  inside,
  latestJournal,
  ownLab,
  root,
  run,
  running,
  type Snapshot,
  snapshot,
  sql,
  value,
  volumesSum,
  watchArguments,
  clouds,
} from '../../rig/lab.ts'
import { assertExports, assertNoSecrets, expectations } from './upgraded.ts'
import type { Lasting } from '../../../roles/openstack/durations.ts'
import type { Timed } from '../../../lib/model/event.ts'
import { identity } from '../../../lib/model/path.ts'
import { needs } from '../../rig/needs.ts'

needs('root')

const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '-o', 'lines'] as const
const test = suite('upgrade')
/** A link by which a service is started, or not, at boot. */
const atBoot = /^\/etc\/rc3\.d\/[SK]\d\d/
const scratch = mkdtempSync('/tmp/switchover-upgrade-')

const foretold = join(scratch, 'foretold.jsonl')

let before: ReadonlyMap<HostName, Snapshot>
let volumes: string
let listed: ReadonlyMap<string, string>
/** What the clients show a user of names that are not ASCII, by what is listed. */
const listings = async (host: HostName) => {
  const all = await Promise.all(
    ['glance image-list', 'neutron net-list', 'nova list', 'cinder list'].map((command) =>
      inside(host, `. /root/openrc; ${command}`),
    ),
  )
  const rows = all.flatMap((text) => text.split('\n').filter((line) => /^\| [0-9a-f]{8}/.test(line)))
  return new Map(rows.map((row) => [row.slice(2, 38), row.replace(/ +/g, ' ')]))
}

const snapshots = async () =>
  new Map(await Promise.all(hostNames.map(async (host) => [host, await snapshot(host)] as const)))
const recap = (out: string) =>
  out
    .split('\n')
    .filter((line) => /^node-\d +: ok=/.test(line))
    .map((line) => line.replace(/ +/g, ' '))

test.before(async () => {
  await ownLab()
  before = await snapshots()
  volumes = await volumesSum('node-1')
  listed = await listings('node-1')
  assert.match([...listed.values()].join(''), 'Образ «Ночь»')
  // A snapshot of nothing would agree with everything.
  for (const [host, { files, databases, running: services }] of before) {
    assert.ok(files.size > 300, host)
    assert.ok(services.length >= 2, host)
    for (const name of databases.keys())
      assert.ok(
        [...databases.get(name)!.values()].flatMap(({ rows }) => rows).length > 4 || host === 'node-5',
        `${host} ${name}`,
      )
  }
})
test.after(() => rmSync(scratch, { recursive: true }))

/** What each part of the move was foretold to last, and what it took: every service's, told at the end. */
function assertForetoldAndTook(): void {
  const told = latestJournal().find(
    (event) => event.type === 'task-finished' && event.path.task === 'Tell how long it took',
  )
  const { foretold, took, back } = (told?.type === 'task-finished' ? told.result : {}) as {
    readonly foretold: readonly Lasting[]
    readonly took: readonly Lasting[]
    readonly back: number
  }
  for (const all of [foretold, took]) {
    const known = all.map(({ service, part }) => `${service} ${part}`)
    for (const service of ['keystone', 'glance', 'nova', 'neutron', 'cinder'])
      for (const part of ['dump', 'import', 'migration']) assert.ok(known.includes(`${service} ${part}`), known.join())
    for (const copied of ['glance copy', 'cinder copy']) assert.ok(known.includes(copied), known.join())
  }
  // What a part takes cannot be more than the whole.
  for (const { seconds } of took) assert.ok(seconds >= 0 && seconds < 300, String(seconds))
  assert.ok(back > 0)
}

test('lists are made without a connection', async () => {
  const tried = join(scratch, 'tried')
  const counted = join(scratch, 'counted.mts')
  writeFileSync(tried, '')
  writeFileSync(
    counted,
    `import lab from '${root}/inventory/lab/index.ts'
export default { ...lab, settings: { ...lab.settings, proxyCommand: 'echo tried >> ${tried}; exit 1' } }
`,
  )
  const list = async (...flags: readonly string[]) => {
    const { code, out, err } = await run(['playbooks/full-upgrade.ts', '-i', counted, ...flags])
    assert.is(code, 0, err)
    assert.is(err, '')
    return out
  }
  const [hosts, tasks, tags] = await Promise.all([list('--list-hosts'), list('--list-tasks'), list('--list-tags')])
  for (const host of hostNames) assert.match(hosts, host)
  assert.match(tasks, /Copy the volumes +volumes, destructive +roles\/cinder\/index\.ts:\d+/)
  assert.match(tags, /^database +\d+ tasks$/m)
  assert.is(readFileSync(tried, 'utf8'), '')
  // The counter counts.
  assert.is((await run(['playbooks/full-upgrade.ts', '-i', counted, '-o', 'lines'])).code, 4)
  assert.match(readFileSync(tried, 'utf8'), /tried/)
})

test('check mode with differences changes nothing anywhere', async () => {
  writeFileSync(
    join(scratch, 'ends.ts'),
    `import { appendFileSync } from 'node:fs'
export const reporter = () => ({
  report: (event: { type: string }) => {
    if (event.type === 'task-finished') appendFileSync('${foretold}', JSON.stringify(event) + '\\n')
  },
  close: async () => {},
})
`,
  )
  const { code, out, err } = await run([...upgrade, '-C', '-D', '-o', join(scratch, 'ends.ts')])
  assert.is(code, 0, out + err)
  assert.match(out, /CHECK MODE: nothing will be changed/)
  assert.match(out, /\+.*compute *= *icehouse-compat/)
  assert.match(out, /check mode: nothing was changed/)
  assertNoSecrets(out + err, 'the output of check mode')
  const after = await snapshots()
  for (const host of hostNames) assert.equal(changes(before.get(host)!, after.get(host)!), [], host)
  assert.is((await attempt('node-5', 'ls /var/backups/switchover')).code, 2)
  assert.is((await attempt('node-5', 'ls /dev/cinder/')).out, '')
})

// Later runs are root's: both must find the same.
test('the upgrade runs to its end as a user with sudo, and shows no secret', async () => {
  const watched = watchArguments()
  const { code, out, err } = await run([...upgrade, '-u', 'deploy', '-b', '-D', '-vv'])
  const seen = [...watched.stop()]
  assert.is(code, 0, out + err)
  assert.match(err, /^The report of this run: \.switchover\/runs\/\S+\.html\n$/)
  assert.equal(
    recap(out).map((line) => /unreachable=\d+ +failed=\d+/.exec(line)?.[0]),
    Array(4).fill('unreachable=0 failed=0'),
  )
  assertNoSecrets(out + err, 'the output')
  assertForetoldAndTook()
  const journal = allJournals()
  assert.match(journal, /"type":"run-finished"/)
  assertNoSecrets(journal, 'the journal')
  // The sampling sees the commands on the hosts: those that last.
  for (const command of [/nova-manage db sync/, /mysqldump .*nova/, /dd .*of=\/dev\/cinder\/volume-/])
    assert.ok(
      seen.some((one) => command.test(one)),
      String(command),
    )
  // tgt-admin knows no other way to tell tgtd a CHAP login than tgtadm's arguments, whoever calls it.
  assertNoSecrets(
    seen.filter((one) => !/\btgtadm\b.* --mode account /.test(one)).join('\n'),
    'the arguments of some process',
  )
})

for (const [name, holds] of Object.entries(expectations)) test(name, holds)
test('check mode said what the run then did, or that nobody could know', () => {
  const foreseen = endsIn(readFileSync(foretold, 'utf8'))
  const really = endsIn(allJournals())
  const told = { ok: 0, changed: 0, skipped: 0, unknown: 0, later: 0 }
  const wrong: string[] = []
  for (const [task, ends] of really) {
    const says = foreseen.get(task)?.shift()
    const [{ status }] = ends as [End]
    if (!says) wrong.push(`${task}: nothing was said, and it was ${status}`)
    else if (says.status === 'skipped' && says.unpredictable)
      told[says.reason === 'it checks what only a real run brings about' ? 'later' : 'unknown']++
    else if (says.status !== status) wrong.push(`${task}: ${says.status} was said, and it was ${status}`)
    else told[status as 'ok']++
  }
  assert.equal(wrong, [])
  assert.ok(told.changed > 50, JSON.stringify(told))
  assert.ok(told.unknown <= really.size / 10, `${told.unknown} of ${really.size} are unknown`)
})

interface End {
  readonly status: string
  readonly reason?: string
  readonly unpredictable?: boolean
}

/** How the tasks ended, by play, role, blocks, task and host. */
function endsIn(lines: string): Map<string, End[]> {
  const ends = new Map<string, End[]>()
  // The pages of reports are kept beside the journals.
  for (const line of lines.split('\n').filter((one) => one.startsWith('{'))) {
    const event = JSON.parse(line) as Timed
    // A run above was to reach nobody.
    if (event.type !== 'task-finished' || event.status === 'unreachable') continue
    const task = `${identity(event.path)}${event.handler ? ' (handler)' : ''} on ${event.host}`
    ends.set(task, [...(ends.get(task) ?? []), event])
  }
  return ends
}

test('users read the same names as before', async () => {
  const now = await listings('node-5')
  assert.is(now.size, listed.size)
  // What lies there as latin1 is no UTF-8: the source's services could not read it.
  for (const [id, row] of listed) if (!row.includes('\ufffd')) assert.is(now.get(id), row)
  assert.match([...now.values()].join(''), 'Größe fünf €')
})
test('volumes are served to those who know the password, with the bytes that the source served', assertExports)

test('on the source only services were stopped, now and at its next boot', async () => {
  const after = await snapshot('node-1')
  const stopped = clouds['node-1'].running.filter((name) => !['mysqld', 'rabbitmq-server', 'memcached'].includes(name))
  const found = changes(before.get('node-1')!, after)
  assert.equal(found.filter((line) => !atBoot.test(line)).sort(), stopped.map((name) => `${name}: stopped`).sort())
  assert.is(found.filter((line) => atBoot.test(line)).length, 2 * stopped.length)
  assert.is(await volumesSum('node-1'), volumes)
  const archive = '/var/backups/switchover/source/etc.tar.gz'
  const sum = 'grep -v "/$" | sort | xargs sha256sum | sha256sum'
  const trees = 'etc/keystone etc/glance etc/cinder etc/neutron etc/nova etc/openstack-dashboard root/openrc'
  assert.is(
    await inside('node-5', `mkdir /tmp/kept && cd /tmp/kept && tar -xzf ${archive} && find * -type f | ${sum}`),
    await inside('node-1', `cd / && find ${trees} -type f | ${sum}`),
  )
  const record = await inside('node-5', "sed -n 's/ running enabled$//p' /var/backups/switchover/source/services/*")
  assert.equal(record.trim().split('\n').sort(), [...stopped].sort())
})

test('a second run changes nothing, and replaces no database', async () => {
  await sql('node-5', "INSERT INTO keystone.region (id, description) VALUES ('after', 'made after the upgrade')")
  const { code, out, err } = await run(upgrade)
  assert.is(code, 0, out + err)
  assert.equal(
    recap(out).map((line) => line.replace(/^(\S+) .*(changed=\S+).*$/, '$1 $2')),
    ['node-1 changed=0', 'node-3 changed=0', 'node-4 changed=0', 'node-5 changed=0'],
  )
  assert.is(
    await value('node-5', "SELECT description FROM keystone.region WHERE id = 'after'"),
    'made after the upgrade',
  )
})

test('-t config repairs what was edited by hand, and restarts what runs with it', async () => {
  const pids = () =>
    inside('node-5', 'for f in /var/run/openstack-*.pid /var/run/neutron-*.pid; do echo "$f $(cat $f)"; done')
  const clean = await snapshot('node-5')
  const was = await pids()
  const computes = () =>
    inside('node-3', 'cat /var/run/neutron-openvswitch-agent.pid /var/run/openstack-nova-compute.pid')
  const [agent, daemon] = (await computes()).split('\n')
  await inside(
    'node-5',
    "sed -i -e 's/^rabbit_userid *=.*/rabbit_userid=guest/' -e '/^compute *= *icehouse-compat/d' /etc/nova/nova.conf && echo '# a note of the operator' >> /etc/nova/nova.conf",
  )
  await inside('node-3', "sed -i 's/^rabbit_userid *=.*/rabbit_userid=guest/' /etc/neutron/neutron.conf")
  const { code, out, err } = await run([...upgrade, '-t', 'config'])
  assert.is(code, 0, out + err)
  assert.equal(
    out
      .split('\n')
      .filter((line) => line.startsWith('changed: '))
      .map((line) => line.replace(/ ->.*/, ']')),
    [...Array(3).fill('changed: [node-5]'), 'changed: [node-3]', 'changed: [node-3]'],
  )
  assert.match(out, /RUNNING HANDLER \[nova : Restart the daemons that run\]/)
  // Of a compute node only the agent: what nova-compute reads was not touched.
  const [agentNow, daemonNow] = (await computes()).split('\n')
  assert.is.not(agentNow, agent)
  assert.is(daemonNow, daemon)
  const config = await inside('node-5', 'cat /etc/nova/nova.conf')
  assert.match(config, /^rabbit_userid *= *nova$/m)
  assert.match(config, /^\[upgrade_levels\]\n(?:.*\n)*?compute *= *icehouse-compat$/m)
  assert.match(config, /^# a note of the operator$/m)
  assert.equal(
    changes({ ...clean, databases: new Map() }, { ...(await snapshot('node-5')), databases: new Map() }).map((line) =>
      line.replace(/: .*/s, ''),
    ),
    ['/etc/nova/nova.conf'],
  )
  const restarted = (await pids())
    .split('\n')
    .filter((line) => !was.split('\n').includes(line))
    .map((line) => line.replace(/\.pid .*/, ''))
  assert.equal(
    restarted,
    clouds['node-5'].running
      .filter((name) => name.startsWith('openstack-nova'))
      .map((name) => `/var/run/${name}`)
      .sort(),
  )
})

test('a single role has nothing to do', async () => {
  const { code, out, err } = await run(['cinder', '-i', 'inventory/lab', '-o', 'lines'])
  assert.is(code, 0, out + err)
  assert.equal(
    recap(out).map((line) => line.replace(/^(\S+) .*(changed=\S+).*$/, '$1 $2')),
    ['node-1 changed=0', 'node-5 changed=0'],
  )
  assert.equal(await running('node-5', clouds['node-5'].running), clouds['node-5'].running)
})

test('every check by itself changes nothing', async () => {
  const { code, out, err } = await run(['playbooks/verify.ts', '-i', 'inventory/lab', '-o', 'lines'])
  assert.is(code, 0, out + err)
  assert.equal(
    recap(out).map((line) => line.replace(/^(\S+) .*(changed=\S+).*$/, '$1 $2')),
    ['node-3 changed=0', 'node-4 changed=0', 'node-5 changed=0'],
  )
})

test('guests with volumes go over one by one, and once', async () => {
  // The lab has no kernel with iSCSI: sessions are lines of a file, and a guest that starts logs in to the new portal.
  await inside(
    'node-3',
    `cat >/usr/sbin/iscsiadm && chmod 755 /usr/sbin/iscsiadm && for v in ${clouds.volumes.map(({ id }) => id).join(' ')}; do
      echo "tcp: [1] 192.168.1.4:3260,1 iqn.2010-10.org.openstack:volume-$v" >>/tmp/sessions; done`,
    `#!/bin/sh
echo "$*" >>/tmp/iscsiadm.log
case "$*" in
  '-m session') cat /tmp/sessions ;;
  *--logout) sed -i "/$4/s/192.168.1.4:/192.168.1.14:/" /tmp/sessions ;;
esac
`,
  )
  const refused = await run(['playbooks/guests.ts', '-i', 'inventory/lab', '-o', 'lines', '-e', 'proceed=computes'])
  assert.is(refused.code, 8, refused.out + refused.err)
  assert.match(refused.err, /From their first write on.*needs an answer/)
  const { code, out, err } = await run(['playbooks/guests.ts', '-i', 'inventory/lab', '-o', 'lines'])
  assert.is(code, 0, out + err)
  assert.match(out, /instance-1 \(75eee200-5961-4e2e-bc9f-b6c276c68554\)/)
  assert.equal(
    await sql('node-5', "SELECT DISTINCT vm_state FROM nova.instances WHERE deleted = 0 AND vm_state <> 'stopped'"),
    [['active']],
  )
  assert.equal(
    (await inside('node-3', 'grep -e --logout -e --op /tmp/iscsiadm.log')).trim().split('\n'),
    clouds.volumes.slice(0, 2).flatMap(({ id }) => {
      const node = `-m node -T iqn.2010-10.org.openstack:volume-${id} -p 192.168.1.4:3260`
      return [`${node} --logout`, `${node} --op delete`]
    }),
  )
  const again = await run(['playbooks/guests.ts', '-i', 'inventory/lab', '-o', 'lines'])
  assert.is(again.code, 0, again.out + again.err)
  assert.not.match(again.out, /instance-1/)
})

test('the upgrade is finished when every compute node is, and not before', async () => {
  const finalize = ['playbooks/finalize.ts', '-i', 'inventory/lab', '-o', 'lines']
  const early = await run(finalize)
  assert.is(early.code, 2, early.out + early.err)
  assert.match(early.out, /nova-compute on node-3 is 2013\.2\.4: without \[upgrade_levels\]/)
  for (const host of ['node-3', 'node-4'] as const)
    await inside(host, "sed -i 's/=2013.2.4/=2014.1.5/' /etc/standin-packages")
  await sql(
    'node-5',
    `INSERT INTO nova.services (created_at, updated_at, deleted, host, \`binary\`, topic, report_count, disabled)
      VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL 1 DAY, 0, 'node-7.domain.tld', 'nova-compute', 'compute', 9, 0)`,
  )
  const { code, out, err } = await run(finalize)
  assert.is(code, 0, out + err)
  for (const host of ['node-5', 'node-3', 'node-4'] as const)
    assert.not.match(await inside(host, 'cat /etc/nova/nova.conf'), /^compute *= *icehouse-compat/m, host)
  assert.equal(
    await sql('node-5', "SELECT host FROM nova.services WHERE deleted = 0 AND host = 'node-7.domain.tld'"),
    [],
  )
  const again = await run(finalize)
  assert.is(again.code, 0, again.out + again.err)
  assert.match(again.out, /node-5 .*changed=0/)
})

test.run()
