// Every next step that is printed is typed as it is printed, and leads out. Needs a lab of its own:
//   test/lab/lab session node --import tsx test/upgrade/tries.test.ts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clouds, doLab, type HostName, inside, latestJournal, ownLab, run, sql } from '../rig/lab.ts'
import { needs } from '../rig/needs.ts'

needs('root')

const test = suite('tries')
const how = ['-i', 'inventory/lab', '-o', 'lines', '--yes'] as const

interface Found {
  readonly verdict: string
  readonly what: string
  readonly mend?: string
}

/** What stands in the way, by the host where it does. */
function standing(): readonly (Found & { readonly host: string })[] {
  const told = latestJournal().find(
    (event) => event.type === 'task-finished' && event.path.task === 'Tell what was found',
  )
  const result =
    told?.type === 'task-finished' ? (told.result as unknown as Readonly<Record<string, readonly Found[]>>) : {}
  return Object.entries(result)
    .flatMap(([host, all]) => all.map((one) => ({ ...one, host })))
    .filter(({ verdict }) => verdict === 'to be mended' || verdict === 'refused')
}

/** A fault, what is told of it, and which part of the line that mends it is typed. */
interface Typed {
  readonly make: string | (() => Promise<unknown>)
  readonly what: RegExp
  readonly command: RegExp
  /** Where it is typed: on the source unless said. */
  readonly on?: HostName
  /** What the operator puts in for a word in capitals. */
  readonly fill?: readonly [word: string, by: string]
}

const source = (query: string) => () => sql('node-1', query)
const long = 'UTC_TIMESTAMP() - INTERVAL 1 DAY'
const outside = '5bd625a0-cb69-4018-93c8-cf8bf0348f52'
const instance = '75eee200-5961-4e2e-bc9f-b6c276c68554'

const typed: Readonly<Record<string, Typed>> = {
  'a password of the broker': {
    make: 'broker-password',
    what: /does not let nova in/,
    command: /(rabbitmqctl change_password nova PASSWORD)$/,
    fill: ['PASSWORD', clouds['node-5'].rabbit.password],
    on: 'node-5',
  },
  'a connection that is no JSON': {
    make: 'connection-info-broken',
    what: /is not JSON/,
    command: /anew: (mysql -e '.*')$/,
  },
  'an image that is cut': {
    make: 'image-truncated',
    what: /^image .* is broken/,
    command: /or: (glance image-delete \S+)$/,
  },
  'a snapshot': { make: 'snapshot', what: /^snapshots cannot/, command: /or: (cinder snapshot-delete \S+)$/ },
  'a volume that is gone': {
    make: 'volume-missing',
    what: /has no logical volume/,
    command: /lost: (cinder reset-state --state error \S+)$/,
  },
  'a volume that hangs': { make: 'volume-stuck', what: /^volume .* attaching/, command: /^(cinder reset-state .*)$/ },
  'a plugin by a short name': {
    make: 'plugin-short',
    what: /^core_plugin/,
    command: /: (neutron\.plugins\.\S+)$/,
    fill: ['', "sed -i 's/^core_plugin *=.*/core_plugin=PLUGIN/' /etc/neutron/neutron.conf"],
  },
  'service plugins by short names': {
    make: () => inside('node-1', "sed -i 's/^\\[DEFAULT\\]/&\\nservice_plugins=router/' /etc/neutron/neutron.conf"),
    what: /^service_plugins/,
    command: /: (service_plugins=\S+)$/,
    fill: ['', "sed -i 's/^service_plugins *=.*/PLUGIN/' /etc/neutron/neutron.conf"],
  },
  'another name of a compute node': {
    make: 'compute-renamed',
    what: /^OpenStack calls it compute-x/,
    command: /or the name on the host to (\S+)$/,
    fill: ['', "sed -i 's/^host=.*/host=PLUGIN/' /etc/nova/nova.conf"],
    on: 'node-3',
  },
  'services of another controller': {
    make: source(`INSERT INTO nova.services (created_at, updated_at, deleted, host, \`binary\`, topic, report_count, disabled)
      VALUES (UTC_TIMESTAMP(), ${long}, 0, 'node-2.domain.tld', 'nova-conductor', 'conductor', 9, 0)`),
    what: /highly available cloud \(nova services on node-2/,
    command: /gone: (nova-manage service disable --host node-2\.domain\.tld --service nova-conductor)$/,
  },
  'an endpoint without extra': {
    make: source("UPDATE keystone.endpoint SET extra = NULL WHERE extra = '{}' LIMIT 1"),
    what: /endpoint without extra/,
    command: /^(mysql keystone -e .*)$/,
  },
  'a service without extra': {
    make: source("UPDATE keystone.service SET extra = NULL WHERE type = 'ec2'"),
    what: /service without extra/,
    command: /^(mysql keystone -e .*)$/,
  },
  'a grant without JSON': {
    make: source(
      "UPDATE keystone.user_project_metadata SET data = NULL WHERE user_id = 'be83e8d2c5bfa21045b69b3e16ab5ec0'",
    ),
    what: /has a grant without JSON/,
    command: /^(mysql -e .*)$/,
  },
  'a grant twice, and of a role that is gone': {
    make: source(`UPDATE keystone.group_project_metadata SET data =
      '{"roles": [{"id": "gone''s"}, {"id": "9fe2ff9ee4384b1894a90878d3e92bab"}, "9fe2ff9ee4384b1894a90878d3e92bab"]}'`),
    what: /grants a role that is gone/,
    command: /^(mysql -e .*)$/,
  },
  'an agent twice': {
    make: source(`INSERT INTO neutron.agents SELECT 'twice', agent_type, \`binary\`, topic, host, admin_state_up,
      created_at + INTERVAL 1 MINUTE, started_at, heartbeat_timestamp, description, configurations
      FROM neutron.agents WHERE id = 'a1fe62bf-224c-4aea-8e25-b6e90afe5e84'`),
    what: /neutron\.agents with the same type/,
    command: /: (neutron agent-delete twice)$/,
  },
  'a table of another engine': {
    make: source('ALTER TABLE cinder.quota_classes ENGINE=MyISAM'),
    what: /not InnoDB/,
    command: /^(mysql -e .*)$/,
  },
  'a type of volumes that names a backend': {
    make: source(`INSERT INTO cinder.volume_types (created_at, deleted, id, name) VALUES (UTC_TIMESTAMP(), 0, 't-gold', 'gold');
      INSERT INTO cinder.volume_type_extra_specs (created_at, deleted, volume_type_id, \`key\`, value)
        VALUES (UTC_TIMESTAMP(), 0, 't-gold', 'volume_backend_name', 'fast')`),
    what: /^volume type gold/,
    command: /^(cinder type-key .*)$/,
  },
  'a volume by another driver': {
    make: source(`UPDATE nova.block_device_mapping SET connection_info = '{"driver_volume_type": "rbd"}' WHERE id = 6`),
    what: /has a volume by rbd/,
    command: /^(nova volume-detach \S+ \S+)$/,
  },
  'a task of an instance': {
    make: source(
      `UPDATE nova.instances SET task_state = 'powering-on', updated_at = ${long} WHERE uuid = '${instance}'`,
    ),
    what: /^instance .* powering-on/,
    command: /^(nova reset-state .*)$/,
  },
  'a migration of an instance': {
    make: source(`INSERT INTO nova.migrations (created_at, updated_at, deleted, source_compute, dest_compute, status, instance_uuid)
      VALUES (${long}, ${long}, 0, 'node-3.domain.tld', 'node-4.domain.tld', 'migrating', '${instance}')`),
    what: /^migration of instance/,
    command: /goes on: (mysql nova -e .*)$/,
  },
  'a snapshot that hangs': {
    make: source(`INSERT INTO cinder.snapshots (created_at, updated_at, deleted, id, volume_id, status, volume_size)
      SELECT ${long}, ${long}, 0, 'hangs', id, 'creating', size FROM cinder.volumes WHERE display_name = 'vol-2'`),
    what: /^snapshot hangs/,
    command: /^(cinder snapshot-reset-state .*)$/,
  },
  'a backup that hangs': {
    make: source(`INSERT INTO cinder.backups (created_at, updated_at, deleted, id, volume_id, status, host, size)
      SELECT ${long}, ${long}, 0, 'b-hangs', id, 'creating', host, size FROM cinder.volumes WHERE display_name = 'vol-2'`),
    what: /^backup b-hangs/,
    command: /goes on: (mysql cinder -e .*)$/,
  },
  'an image outside of the folder that is copied': {
    make: async () => {
      await inside('node-1', `mkdir -p /srv && mv /var/lib/glance/images/${outside} /srv/ && chown glance /srv`)
      await sql(
        'node-1',
        `UPDATE glance.image_locations SET value = 'file:///srv/${outside}' WHERE image_id = '${outside}'`,
      )
    },
    what: /^image files lie outside/,
    command: /each: (mv .*)$/,
  },
  'an image that is being saved': {
    make: source(`INSERT INTO glance.images (id, name, status, is_public, created_at, updated_at, deleted, min_disk, min_ram, protected)
      VALUES ('im-saved', 'x', 'saving', 0, ${long}, ${long}, 0, 0, 0, 0)`),
    what: /^image im-saved/,
    command: /^(glance image-delete im-saved)$/,
  },
}

/** What is left behind by its name, each typed alone. */
const left: Readonly<Record<string, RegExp>> = {
  'ceilometer-deployed': /^ceilometer: has no role/,
  'foreign-volume': /^node-9\.domain\.tld: volume/,
  'forgotten-compute': /^node-9\.domain\.tld: is a compute node/,
  'glance-on-rbd': /^rbd: /,
  ldap: /^ldap: /,
}

test.before(ownLab)

test('every line of the table is typed as it is printed, and what it was about is gone', async () => {
  for (const { make } of Object.values(typed)) await (typeof make === 'string' ? doLab('break', make) : make())
  for (const name of Object.keys(left)) await doLab('break', name)
  await doLab('break', 'storage-link-down')
  const told = await run(['playbooks/preflight.ts', ...how])
  assert.is(told.code, 2)
  let found = standing()
  for (const [name, { what, command, fill, on = 'node-1' }] of Object.entries(typed)) {
    const one = found.find((finding) => what.test(finding.what))
    assert.ok(one, `${name}: is not told\n${found.map((finding) => finding.what).join('\n')}`)
    const [, line] = command.exec(one.mend ?? '') ?? []
    assert.ok(line, `${name}: ${one.mend}`)
    const [word, by] = fill ?? ['', '']
    const script = fill === undefined ? line : word === '' ? by.replace('PLUGIN', line) : line.replace(word, by)
    await inside(on, `[ ! -e /root/openrc ] || . /root/openrc; ${script}`)
  }
  const names = new Set(['heat'])
  for (const what of Object.values(left)) {
    const { mend = '' } = found.find((finding) => what.test(finding.what)) ?? {}
    const [, name = ''] = /-e leave=heat,(\S+)$/.exec(mend) ?? []
    const printed = told.out.split('\n').find((one) => one.includes('→') && one.endsWith(`-e leave=heat,${name}`))
    const [, line = ''] = /run (playbooks\/preflight\.ts -i inventory\/lab -e leave=\S+)$/.exec(printed ?? '') ?? []
    assert.ok(line, mend)
    names.add(name)
    await run([...line.split(' '), ...how.slice(2)])
    assert.not.ok(
      standing().some((finding) => what.test(finding.what)),
      line,
    )
  }
  const { mend: measuring = '' } = found.find((finding) => left['ceilometer-deployed']!.test(finding.what)) ?? {}
  const [, stop = '', dump = ''] =
    /act twice: (service \S+ stop); .* later: (mysqldump .*); to go on/.exec(measuring) ?? []
  await inside('node-1', `cd /tmp && ${stop} && ${dump}`)
  assert.match(
    await inside('node-1', 'cat /tmp/ceilometer.sql'),
    /cpu_util[\s\S]*CPUAlarmHigh|CPUAlarmHigh[\s\S]*cpu_util/,
  )
  // The network is mended by nobody's command.
  await doLab('mend', 'storage-link-down')
  const leave = `leave=${[...names].join(',')}`
  await run(['playbooks/preflight.ts', ...how, '-e', leave])
  // What hung is a snapshot now like any other.
  found = standing()
  assert.equal(
    found.map(({ what }) => what),
    found.filter(({ what }) => what.startsWith('snapshots cannot')).map(({ what }) => what),
  )
  for (const { mend = '' } of found) await inside('node-1', `. /root/openrc; ${/or: (.*)$/.exec(mend)![1]}`)
  const { code, out, err } = await run(['playbooks/preflight.ts', ...how, '-e', leave])
  assert.is(code, 0, out + err)
})

/** What the failures of a run advise to type, as it stands there. */
function advised(out: string): readonly (readonly string[])[] {
  return [...out.matchAll(/^ +try: .*?\brun (\S+ -i inventory\/lab(?: -\w \S+)*)/gm)].map(([, words]) =>
    words!.split(' '),
  )
}

/** Types a line, what it advises where it fails, and it again, until it ends well. */
async function follow(words: readonly string[], typed: string[] = []): Promise<readonly string[]> {
  const line = words.join(' ')
  assert.ok(typed.length < 12, `this leads round in circles:\n${typed.join('\n')}`)
  typed.push(line)
  const { code, out, err } = await run([...words, ...how.slice(2)])
  if (code === 0) return typed
  const next = advised(out)
  assert.ok(next.length > 0, `${line} (exit code ${code}) leads nowhere:\n${out.slice(-3000)}${err}`)
  for (const one of next) if (one.join(' ') !== line) await follow(one, typed)
  return follow(words, typed)
}
const lab = ['-i', 'inventory/lab'] as const

test('what is typed too early leads on by what it says', async () => {
  await doLab('mend', ...Object.keys(left))
  const refused = await run(['heat', ...how, '-e', 'also='])
  assert.match(refused.out + refused.err, /try: set also: \['heat'\] there for all hosts, or type -e also=heat/)
  assert.equal(await follow(['cinder', ...lab, '-t', 'volumes']), [
    'cinder -i inventory/lab -t volumes',
    'cinder -i inventory/lab',
    'keystone -i inventory/lab',
    'cinder -i inventory/lab',
    'cinder -i inventory/lab -t volumes',
  ])
  // What was mended above is moved to its end, too.
  assert.equal(await follow(['compute', ...lab]), [
    'compute -i inventory/lab',
    'playbooks/full-upgrade.ts -i inventory/lab',
    'compute -i inventory/lab',
  ])
})

test('what is wrong behind the move is mended by what it says', async () => {
  await inside('node-5', 'service openstack-nova-cert stop')
  assert.ok((await follow(['compute', ...lab, '-t', 'verify'])).includes('nova -i inventory/lab -t start'))

  await doLab('break', 'source-alive')
  assert.ok((await follow(['keystone', ...lab, '-t', 'verify'])).includes('keystone -i inventory/lab -t freeze'))
  const stopped = await follow(['compute', ...lab, '-t', 'verify'])
  assert.ok(stopped.includes('playbooks/full-upgrade.ts -i inventory/lab -t freeze'), stopped.join('\n'))

  await inside('node-5', 'cd /var/lib/glance/images && truncate -s 1000 $(ls | head -n 1)')
  assert.ok((await follow(['glance', ...lab, '-t', 'verify'])).includes('glance -i inventory/lab -t files,permissions'))

  const volume = `volume-${clouds.volumes[1]!.id}`
  await inside('node-5', `service openstack-cinder-volume stop; service tgtd stop; lvremove -f cinder/${volume}`)
  assert.ok((await follow(['cinder', ...lab, '-t', 'verify'])).includes('cinder -i inventory/lab -t volumes'))

  // A guest that the database has elsewhere: the node would be told to destroy it.
  await inside(
    'node-4',
    'cat >/usr/bin/virsh && chmod 755 /usr/bin/virsh',
    `#!/bin/sh\n[ "$1" = list ] && echo ${instance}\n`,
  )
  const elsewhere = await run(['compute', ...how, '-l', 'node-4', '-t', 'verify'])
  const [, update = ''] = /on node-5: (mysql nova -e ".*")$/m.exec(elsewhere.out) ?? []
  assert.ok(update, elsewhere.out)
  await inside('node-5', update)
  assert.is((await run(['compute', ...how, '-l', 'node-4', '-t', 'verify'])).code, 0)

  const other = await run(['keystone', ...how, '-e', 'backups=/var/backups/other'])
  const [, same = ''] = /same place: (-e \S+)$/m.exec(other.out) ?? []
  assert.ok(same, other.out)
  assert.is((await run(['keystone', ...how, ...same.split(' ')])).code, 0)

  const early = await run(['playbooks/finalize.ts', ...how])
  assert.match(early.out, /try: upgrade it to Icehouse first .* then: run playbooks\/finalize\.ts -i inventory\/lab/)
  for (const host of ['node-3', 'node-4'] as const)
    await inside(host, "sed -i 's/=2013.2.4/=2014.1.5/' /etc/standin-packages")
  await follow(advised(early.out)[0]!)
})

test.run()
