import { isUtf8 } from 'node:buffer'
import * as assert from 'uvu/assert'
import {
  calm,
  clouds,
  type Database,
  databases,
  differences,
  inside,
  must,
  root,
  running,
  secretsOfClouds,
  sql,
  type Table,
  tables,
  value,
} from '../../rig/lab.ts'

const source = clouds['node-1']
const target = clouds['node-5']
const attached = ['f374f730-4adc-40f3-bfd4-67c4ac14ba76', '69717c74-2cdd-4ef7-b7dd-a38ce63baa54'] as const

/** Versions after the migrations of 2014.1.5. */
export async function assertVersions(): Promise<void> {
  const versions = await Promise.all(
    databases.map(
      async (name) =>
        [
          name,
          await value(
            'node-5',
            name === 'neutron'
              ? 'SELECT version_num FROM neutron.alembic_version'
              : `SELECT version FROM ${name}.migrate_version`,
          ),
        ] as const,
    ),
  )
  assert.equal(Object.fromEntries(versions), {
    keystone: '44',
    glance: '34',
    nova: '234',
    cinder: '22',
    neutron: 'icehouse',
  })
  const collations = await sql(
    'node-5',
    `SELECT DISTINCT REPLACE(table_collation, 'utf8mb3', 'utf8') FROM information_schema.tables
    WHERE table_schema IN ('keystone', 'glance', 'nova', 'cinder', 'neutron') AND table_type = 'BASE TABLE'`,
  )
  assert.equal(collations, [['utf8_general_ci']])
}

const portalOf = (id: string, address: string) =>
  `/dev/disk/by-path/ip-${address}:3260-iscsi-iqn.2010-10.org.openstack:volume-${id}-lun-1`

/**
 * Every row of every table of the target against the source's, which is as it was: what may be otherwise is said here, row by
 * row, and anything else is a fault.
 */
export async function assertRows(): Promise<void> {
  const found: Record<string, readonly string[]> = {}
  for (const name of databases) {
    const before = calm(name, await tables('node-1', name))
    // Cinder's services read over utf8 on both sides.
    const read = name === 'cinder' ? before : asReadOverLatin1(before)
    found[name] = differences(read, calm(name, await tables('node-5', name)))
  }
  const of = (name: Database, ...patterns: readonly RegExp[]) =>
    found[name]!.filter((line) => !patterns.some((pattern) => pattern.test(line)))

  const endpoints = found['keystone']!.filter((line) => line.startsWith('endpoint ') && line.includes(' url: '))
  // Those of heat, which stays behind, lead where they led.
  assert.is(endpoints.length, 18)
  for (const line of endpoints) {
    const [, before, after] = /url: (\S+) → (\S+)$/.exec(line)!
    assert.is(after, before!.replace('//172.16.40.43:', '//172.16.40.44:').replace('//10.0.0.4:', '//10.0.0.14:'))
  }
  assert.equal(of('keystone', /^endpoint \w+ url: /), [
    'assignment: new',
    'endpoint f7bea4c3352b98b4c19091736ef8223a extra: {"note": "\\u043f\\u0440\\u043e\\u0432\\u0435\\u0440\\u0435\\u043d", "enabled": "True"} → {"note": "\\u043f\\u0440\\u043e\\u0432\\u0435\\u0440\\u0435\\u043d"}',
    'group_domain_metadata: gone',
    'group_project_metadata: gone',
    'migrate_version keystone version: 36 → 44',
    'region: new',
    'service ca4a8d13471144bcbc7c4920b55890e3 extra: {"name": "heat", "enabled": true, "description": "Openstack Orchestration Service"} → {"name": "heat", "description": "Openstack Orchestration Service"}',
    'user_domain_metadata: gone',
    'user_project_metadata: gone',
  ])
  const grants = await sql(
    'node-5',
    'SELECT type, actor_id, target_id, role_id, inherited FROM keystone.assignment ORDER BY 1, 2, 3, 4',
  )
  const [admin, member, both] = [
    'e496a6649adea6905f5361ccfe41c97f',
    '9fe2ff9ee4384b1894a90878d3e92bab',
    '5de635260a9ca0f8d82aaad36796bbea',
  ]
  const [services, operator, project] = [
    'b9750983962fed846333e9c9248d1fc9',
    '4043ac95a64e98116a0c1265614dbc34',
    'c8762eae9712378e591ce7e9f5407d29',
  ]
  assert.equal(
    [...grants].map((row) => row.join(' ')).sort(),
    [
      `GroupProject 515737f901d7d9ee0095dae901cd8df3 ${project} ${member} 0`,
      `UserDomain ${operator} default ${admin} 1`,
      ...[
        '2199a8c37d6851952f570cb03cc913b3',
        '40e316d1e4d9607599da6253e4717202',
        '46c5fbb2c95f92a529723da5f34317a5',
        '59a7665adbb2b613f8174e2a171d6f12',
        'fb1be57bc0a8a9dcf5bf5792f2c5ccef',
      ].map((user) => `UserProject ${user} ${services} ${admin} 0`),
      `UserProject ${operator} ${both} ${member} 0`,
      `UserProject ${operator} ${both} ${admin} 0`,
      `UserProject be83e8d2c5bfa21045b69b3e16ab5ec0 ${project} a8ec5089e606529b4f38a5b084bc82a0 0`,
    ].sort(),
  )

  assert.equal(of('glance'), [
    'image_locations 1: gone',
    'migrate_version Glance Migrations version: 29 → 34',
    'task_info: new',
    'tasks: new',
  ])
  assert.equal(await sql('node-5', 'SELECT id, status FROM glance.image_locations ORDER BY id'), [
    ['2', 'active'],
    ['3', 'active'],
    ['4', 'active'],
    ['5', 'deleted'],
  ])

  const attachments = found['nova']!.filter((line) => line.startsWith('block_device_mapping '))
  assert.is(attachments.length, 2)
  for (const [row, id] of [
    ['5', attached[0]],
    ['6', attached[1]],
  ] as const) {
    const line = attachments.find((one) => one.startsWith(`block_device_mapping ${row} connection_info: `))!
    const [before, after] = line
      .slice(line.indexOf(': ') + 2)
      .split(' → ')
      .map((text) => JSON.parse(text) as { data: Record<string, unknown> })
    assert.is(before!.data['target_portal'], '192.168.1.4:3260')
    assert.equal(after, {
      ...before,
      data: { ...before!.data, target_portal: '192.168.1.14:3260', device_path: portalOf(id, '192.168.1.14') },
    })
    // The text too: the order of the keys and every blank.
    assert.is(
      line.split(' → ')[1],
      line
        .slice(line.indexOf(': ') + 2)
        .split(' → ')[0]!
        .replaceAll('192.168.1.4:3260', '192.168.1.14:3260'),
    )
  }
  assert.equal(of('nova', /^block_device_mapping /), [
    'compute_node_stats: gone',
    'dump_compute_node_stats: gone',
    'dump_compute_nodes: gone',
    'dump_instance_actions: gone',
    'dump_instance_faults: gone',
    'dump_migrations: gone',
    'migrate_version nova version: 216 → 234',
    'project_user_quotas 2 resource: injected_file_content_byt → injected_file_content_bytes',
    ...[1, 2, 3, 4, 5].map((id) => `services ${id} host: node-1.domain.tld → node-5.domain.tld`),
    'shadow_compute_node_stats: gone',
  ])
  const fresh = await sql(
    'node-5',
    "SELECT DISTINCT host, `binary` FROM nova.services WHERE deleted = 0 AND host = 'node-5.domain.tld' ORDER BY 2",
  )
  assert.equal(
    fresh.map(([, binary]) => binary),
    ['nova-cert', 'nova-conductor', 'nova-console', 'nova-consoleauth', 'nova-scheduler'],
  )

  const [first, second, third] = clouds.volumes.map(({ id }) => id)
  const moved = (id: string, nth: number) => [
    `volumes ${id} host: node-1.domain.tld → node-5.domain.tld`,
    `volumes ${id} provider_location: 192.168.1.4:3260,${nth} iqn.2010-10.org.openstack:volume-${id} 1 → 192.168.1.14:3260,${nth} iqn.2010-10.org.openstack:volume-${id} 1`,
  ]
  assert.equal(
    of('cinder'),
    [
      'migrate_version cinder version: 21 → 22',
      'services 1 host: node-1.domain.tld → node-5.domain.tld',
      'services 2 host: node-1.domain.tld → node-5.domain.tld',
      ...moved(first!, 1),
      ...moved(second!, 2),
      ...moved(third!, 3),
    ].sort(),
  )

  const named = (await sql('node-1', "SELECT id FROM neutron.agents WHERE host = 'node-1.domain.tld'")).map(
    ([id]) => `agents ${id} host: node-1.domain.tld → node-5.domain.tld`,
  )
  const bound = (
    await sql('node-1', "SELECT port_id FROM neutron.portbindingports WHERE host = 'node-1.domain.tld'")
  ).map(([id]) => `portbindingports ${id} host: node-1.domain.tld → node-5.domain.tld`)
  assert.is(named.length, 4)
  assert.ok(bound.length > 0)
  // uuid5 of the name in the DNS namespace, as python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, NAME))' prints it
  const [oldAgent, newAgent] = ['dhcpbd68d150-fa47-5731-af14-182327878895', 'dhcp1899f701-7b81-5bcb-a35e-b2aaaf935060']
  const leases = await sql('node-1', "SELECT id, device_id FROM neutron.ports WHERE device_owner = 'network:dhcp'")
  assert.ok(leases.length > 0)
  const ports = leases.map(
    ([id, device]) => `ports ${id} device_id: ${device} → ${device!.replace(oldAgent, newAgent)}`,
  )
  for (const line of ports) assert.match(line, newAgent)
  assert.equal(
    of('neutron'),
    [
      ...named,
      ...bound,
      ...ports,
      'ovs_tunnel_endpoints 10.0.0.4: gone',
      'ovs_tunnel_endpoints 10.0.0.14: new',
      'alembic_version: new',
    ].sort(),
  )
}

/** Where an old address or host name may still stand: in rows of the past. */
export async function assertNoOldAddress(): Promise<void> {
  const rest = async (text: string) => (await sql('node-5', text)).map((row) => row.join(' '))
  assert.equal(
    await rest(
      "SELECT DISTINCT type FROM keystone.endpoint JOIN keystone.service s ON s.id = service_id WHERE url REGEXP '//(10.0.0.4|172.16.40.43|192.168.1.4)[:/]'",
    ),
    ['orchestration'],
  )
  assert.equal(
    await rest(
      "SELECT id FROM nova.block_device_mapping WHERE deleted = 0 AND connection_info REGEXP '[^0-9]192.168.1.4[^0-9]'",
    ),
    [],
  )
  assert.equal(
    await rest(
      "SELECT id FROM cinder.volumes WHERE deleted = 0 AND (provider_location LIKE '192.168.1.4:%' OR host LIKE 'node-1.%')",
    ),
    [],
  )
  assert.equal(await rest("SELECT id FROM neutron.agents WHERE host LIKE 'node-1.%'"), [])
  assert.equal(await rest("SELECT ip_address FROM neutron.ovs_tunnel_endpoints WHERE ip_address = '10.0.0.4'"), [])
  for (const host of ['node-5', 'node-3', 'node-4'] as const) {
    // No neutron-server reads the paste file of a compute node.
    const lines = await inside(
      host,
      `grep -rnE '(^|[^0-9.])(10\\.0\\.0\\.4|172\\.16\\.40\\.43|192\\.168\\.1\\.4)([^0-9]|$)' /etc/keystone /etc/glance /etc/nova /etc/neutron /etc/cinder /etc/openstack-dashboard /root/openrc 2>/dev/null | grep -v -e switchover-backup ${host === 'node-5' ? '' : '-e /etc/neutron/api-paste.ini'}; :`,
    )
    assert.is(lines, '', host)
  }
}

/** What a client gets that reads rows over a latin1 connection and takes their bytes for UTF-8, where they are. */
function asReadOverLatin1(all: ReadonlyMap<string, Table>): ReadonlyMap<string, Table> {
  const read = (hex: string) => {
    if (!/[89A-F]/.test(hex.replace(/(.)./g, '$1')) || hex === 'NULL') return hex
    const bytes = [...Buffer.from(hex, 'hex').toString()].map((character) => {
      const at = cp1252.indexOf(character)
      return at >= 0 ? at + 0x80 : character.codePointAt(0)!
    })
    const wire = Buffer.from(bytes.filter((byte) => byte < 0x100))
    return wire.length === bytes.length && isUtf8(wire) ? wire.toString('hex').toUpperCase() : hex
  }
  return new Map([...all].map(([name, table]) => [name, { ...table, rows: table.rows.map((row) => row.map(read)) }]))
}

const cp1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** HEX of texts as the seed has them. */
export async function assertTexts(): Promise<void> {
  const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase()
  // UTF-8 that went in over a latin1 connection lies there encoded twice: MySQL's latin1 is cp1252, with its five holes
  // filled. On the target only cinder's does, whose services never read it otherwise.
  const twice = (text: string) =>
    hex(
      [...Buffer.from(text)]
        .map((byte) => (byte >= 0x80 && byte < 0xa0 ? cp1252[byte - 0x80]! : String.fromCharCode(byte)))
        .join(''),
    )
  const expected: readonly (readonly [text: string, hex: string])[] = [
    [
      "SELECT HEX(name) FROM glance.images WHERE id = 'e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27'",
      hex('Образ «Ночь» Аэсня'),
    ],
    ["SELECT HEX(name) FROM glance.images WHERE id = '70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8'", hex('Größe fünf €')],
    ["SELECT HEX(value) FROM glance.image_properties WHERE name = 'note'", hex('Сняла Анна, эталон')],
    [
      "SELECT HEX(value) FROM glance.image_properties WHERE name = 'raw'",
      hex('line\r\nnext\ttab\0nul\x1actrl-z end\\'),
    ],
    ['SELECT HEX(value) FROM glance.image_tags WHERE id = 2', hex('снег')],
    [
      "SELECT HEX(name) FROM keystone.project WHERE id = 'c8762eae9712378e591ce7e9f5407d29'",
      hex('Проект «Ночь» Аэсня'),
    ],
    ["SELECT HEX(description) FROM keystone.project WHERE name = 'services'", hex('Аренда для служб: ночь, снег, эхо')],
    ["SELECT HEX(name) FROM keystone.user WHERE id = 'be83e8d2c5bfa21045b69b3e16ab5ec0'", hex('мария.белова')],
    [
      "SELECT HEX(display_name) FROM cinder.volumes WHERE id = '936c1cd4-9ac3-4617-8f86-79ca0fc19fa1'",
      twice('старый том Анны'),
    ],
    [
      "SELECT HEX(display_description) FROM cinder.volumes WHERE display_name = 'vol-2'",
      hex('Том: O\'Hara\'s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`'),
    ],
    ['SELECT HEX(`key`) FROM cinder.volume_metadata WHERE id = 1', hex('заметка')],
    ['SELECT LENGTH(user_data) FROM nova.instances WHERE id = 2', '48000'],
  ]
  for (const [text, want] of expected) assert.is(await value('node-5', text), want, text)
}

/** What was rewritten is kept as it was, for its owner alone. */
export async function assertSavedRows(): Promise<void> {
  const saved = await inside(
    'node-5',
    'cd /var/backups/switchover/rows && wc -l *.jsonl | sed "s/^ *//" | grep -v total && stat -c "%a %U" . *.jsonl | sort -u',
  )
  const lines = saved.trim().split('\n')
  assert.equal(lines.slice(-2), ['600 root', lines.at(-1)])
  assert.equal(
    lines.filter((line) => / (keystone\.endpoint|nova\.block_device_mapping|cinder\.volumes)\.jsonl$/.test(line)),
    ['3 cinder.volumes.jsonl', '18 keystone.endpoint.jsonl', '2 nova.block_device_mapping.jsonl'],
  )
  const [row] = (await inside('node-5', 'cat /var/backups/switchover/rows/nova.block_device_mapping.jsonl')).split('\n')
  const { key, before } = JSON.parse(row!) as { key: unknown; before: { connection_info: string } }
  assert.equal(
    [[String(key), before.connection_info]],
    await sql('node-1', `SELECT id, connection_info FROM nova.block_device_mapping WHERE id = ${String(key)}`),
  )
}

/** iSCSI with CHAP from both controllers gives the same bytes; without the right login there are none. */
export async function assertExports(): Promise<void> {
  await inside('node-1', 'service tgtd start')
  try {
    await inside('node-1', 'tgt-admin --update ALL; :')
    const { id, chap, sizeGb } = clouds.volumes[0]!
    const read = (address: string, password: string) =>
      must(
        'timeout',
        [
          '60',
          `${root}/test/lab/lab`,
          'in',
          `${root}/test/lab/iscsi-read`,
          address,
          `iqn.2010-10.org.openstack:volume-${id}`,
        ],
        undefined,
        { ISCSI_USER: chap.user, ISCSI_PASSWORD: password },
      )
    const [old, now] = await Promise.all([read(source.storage, chap.password), read(target.storage, chap.password)])
    assert.is(now, old)
    assert.match(now, new RegExp(`^[0-9a-f]{32} ${sizeGb * 2 ** 30}\\n$`))
    for (const { id: volume } of clouds.volumes.slice(0, 2)) {
      const refused = await must('sh', [
        '-c',
        `ISCSI_USER=${chap.user} ISCSI_PASSWORD=wrong-password-1 timeout 60 ${root}/test/lab/lab in ${root}/test/lab/iscsi-read ${target.storage} iqn.2010-10.org.openstack:volume-${volume} 2>&1; echo "code $?"`,
      ])
      assert.match(refused, /log in/)
      assert.not.match(refused, /code 0/)
    }
  } finally {
    await inside('node-1', 'service tgtd stop')
  }
}

/** The bytes of all volumes, holes and all, at the sizes they had. */
export async function assertVolumes(): Promise<void> {
  const sums = (host: 'node-1' | 'node-5') =>
    inside(
      host,
      'cd /dev/cinder && for v in volume-*; do echo "$v $(stat -Lc %s $v) $(tar --sparse --dereference --transform="s/.*/v/" --mtime=@0 --owner=0 --group=0 --mode=600 -cf - $v | sha256sum)"; done',
    )
  const [from, to] = await Promise.all([sums('node-1'), sums('node-5')])
  assert.is(from.trim().split('\n').length, 3)
  for (const line of from.trim().split('\n')) assert.match(to, line.split(' ').slice(0, 2).join(' '))
}

/** The images' bytes, and the way to them through the API. */
export async function assertImages(): Promise<void> {
  const sums = (host: 'node-1' | 'node-5') =>
    inside(host, 'cd /var/lib/glance/images && sha256sum * && stat -c "%n %U %G" *')
  assert.is(await sums('node-5'), await sums('node-1'))
  for (const { id } of clouds.images) {
    const [direct, downloaded] = (
      await inside(
        'node-5',
        `sha256sum < /var/lib/glance/images/${id}; . /root/openrc; glance image-download ${id} | sha256sum`,
      )
    )
      .trim()
      .split('\n')
    assert.is(downloaded, direct, id)
  }
}

/** Settings, services, and what the compute nodes say. */
export async function assertServices(): Promise<void> {
  for (const host of ['node-5', 'node-3', 'node-4'] as const) {
    assert.match(
      await inside(host, "sed -n '/^\\[upgrade_levels\\]/,/^\\[/p' /etc/nova/nova.conf"),
      /^compute *= *icehouse-compat$/m,
      host,
    )
  }
  assert.equal(await running('node-5', target.running), target.running)
  assert.equal(await running('node-5', ['openstack-nova-metadata-api', 'neutron-ovs-cleanup']), [])
  assert.equal(
    await inside('node-5', 'ls /var/log/nova/metadata-api.log /var/log/neutron/ovs-cleanup.log 2>/dev/null; :'),
    '',
  )
  const now = await value('node-5', 'SELECT UTC_TIMESTAMP() - INTERVAL 15 SECOND')
  const computes = await sql(
    'node-5',
    `SELECT host FROM nova.services WHERE \`binary\` = 'nova-compute' AND deleted = 0 AND updated_at > '${now}' ORDER BY 1`,
  )
  assert.equal(computes, [['node-3.domain.tld'], ['node-4.domain.tld']])
  // A message from the new controller reaches the old compute node and is understood.
  for (const instance of ['instance-1', 'instance-3']) {
    assert.match(await inside('node-5', `. /root/openrc; nova console-log ${instance}`), /login:/)
  }
  for (const host of ['node-3', 'node-4'] as const) {
    assert.not.match(
      await inside(host, 'cat /var/log/nova/compute.log'),
      /UnsupportedRpcVersion|UnsupportedVersion|RPCVersionCapError/,
    )
  }
  const settings = await inside('node-5', 'cat /etc/openstack-dashboard/local_settings')
  assert.match(settings, /^OPENSTACK_HOST = "10\.0\.0\.14"$/m)
  assert.match(settings, /^OPENSTACK_KEYSTONE_DEFAULT_ROLE = "_member_"$/m)
  assert.match(
    await inside(
      'node-5',
      'curl -sL http://127.0.0.1/dashboard 2>/dev/null || node -e "fetch(\'http://127.0.0.1/dashboard\').then((r) => r.text()).then(console.log)"',
    ),
    /login|password/i,
  )
}

/** Files belong to whom they should, and nobody else reads what has passwords. */
export async function assertOwners(): Promise<void> {
  for (const service of databases) {
    // What says what it may do as root is root's, and so is the folder in which that could be put another's place.
    const strange = await inside(
      'node-5',
      `cd /etc/${service} && stat -c '%U:%G' . | grep -vx root:${service}
      find . -mindepth 1 ! -type l ! -path './rootwrap*' \\( ! -user ${service} -o ! -group ${service} \\)
      find . -path './rootwrap*' ! -user root; find /etc/${service} -name '*.conf' -perm /027 -exec grep -lE '^(connection|admin_password|rabbit_password) *=' {} +; :`,
    )
    assert.is(strange, '', service)
  }
  assert.is(await inside('node-5', 'find /var/lib/glance ! -user glance'), '')
  assert.is(
    await inside(
      'node-5',
      'find /var/backups/switchover -type f -path "*/source/*" -perm /077 -o -type f -path "*/target/*" -perm /077 -o -type f -path "*/rows/*" -perm /077',
    ),
    '',
  )
  const dumps = (await inside('node-5', 'cd /var/backups/switchover && ls source target')).split('\n')
  for (const name of databases) assert.is(dumps.filter((file) => file === `${name}.sql`).length, 2)
}

/** No secret of the clouds stands in a text; lines that have one are told. */
export function assertNoSecrets(text: string, where: string): void {
  const secrets = secretsOfClouds()
  if (!secrets.some((secret) => text.includes(secret))) return
  assert.equal(
    text
      .split('\n')
      .filter((line) => secrets.some((secret) => line.includes(secret)))
      .map((line) => line.slice(0, 400)),
    [],
    where,
  )
}

/** All of it: the state that a finished upgrade leaves, however it got there. */
export const expectations: Readonly<Record<string, () => Promise<void>>> = {
  'the schemas are at the versions of 2014.1.5, in utf8': assertVersions,
  'every row is as it was, but for what had to be rewritten': assertRows,
  'texts are unharmed': assertTexts,
  'no old address or host name is left': assertNoOldAddress,
  'the old rows are kept': assertSavedRows,
  'volumes have the same bytes': assertVolumes,
  'images have the same bytes, and can be downloaded': assertImages,
  'services run with the right settings, and the compute nodes obey': assertServices,
  'files have the right owners and modes': assertOwners,
}
