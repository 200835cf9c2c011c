import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { triesIn, triesOf } from '../rig/tries.ts'

const test = suite('roles/tries')
const root = path.resolve(new URL('../..', import.meta.url).pathname)

// Who types what is printed, and sees that it leads out: a file of tests, and the name of one in it.
const table = [
  'upgrade/tries',
  'every line of the table is typed as it is printed, and what it was about is gone',
] as const
const early = ['upgrade/tries', 'what is typed too early leads on by what it says'] as const
const late = ['upgrade/tries', 'what is wrong behind the move is mended by what it says'] as const
const out = (of: string) => ['roles/look', `'${of}'`] as const
/** It ends there, before anything is stopped: no role moves such a cloud, and the line says so. */
const end = (by: string) => ['roles/look', by] as const

/** Every next step of the roles, by a part of it, and the test that types it. */
const rows: readonly (readonly [file: string, says: string, by: readonly [file: string, test: string]])[] = [
  ['ceilometer/look', 'mysqldump', table],
  ['cinder/index', 'stop it: run cinder -i INVENTORY', early],
  ['cinder/index', 'bring them: run cinder -i INVENTORY -t volumes', late],
  ['cinder/index', 'delete them, or make volumes of them', ['roles/cinder', 'refuses snapshots']],
  ['cinder/look', 'without enabled_backends', end('refuses the volumes of a backend of its own section')],
  ['cinder/look', 'these roles move LVM volumes', end('refuses volumes of another driver')],
  ['cinder/look', 'set volumeGroup of', out('another volume group')],
  ['cinder/look', 'cinder reset-state --state error', table],
  ['cinder/look', 'cinder snapshot-delete', table],
  ['cinder/look', 'cinder type-key', table],
  ['cinder/look', 'nova volume-detach', table],
  ['cinder/look', 'let nova ask cinder for it anew', table],
  ['cinder/portal', 'let nova ask cinder for it anew', ['roles/cinder', 'refuses an attachment that is not JSON']],
  [
    'compute/index',
    'update the nova packages of this node',
    ['roles/compute', 'refuses a release that takes the cap wrong'],
  ],
  [
    'compute/index',
    'mend what failed above, then go on with --resume',
    ['lab/upgrade/broken', 'once it is mended, --resume'],
  ],
  ['compute/index', "'mend what failed above'", ['roles/compute', 'changes nothing when it is only asked to look']],
  ['compute/ready', 'stop the source: run playbooks/full-upgrade.ts', late],
  ['compute/ready', 'start them: run ${service}', late],
  ['compute/ready', 'find out which is right', ['roles/compute', 'asks the node for its name, and for its guests']],
  ['compute/ready', 'mysql nova -e', late],
  ['compute/reports', 'set fqdn of', ['roles/compute', 'knows no nova-compute by the name of the inventory']],
  ['compute/reports', 'see ${nodeOf(host).log}', ['lab/upgrade/broken', 'a compute node that does not come up']],
  ['compute/version', 'is this host a compute node', ['roles/compute', 'refuses a host that is no compute node']],
  ['glance/index', 'run glance -i INVENTORY -t files,permissions', late],
  ['glance/look', 'the target needs the way to them', table],
  ['glance/look', 'for each: ${movedInto', table],
  ['glance/look', 'glance image-delete', table],
  ['heat/look', 'write the key there', ['roles/heat', 'is told before anything is touched']],
  ['heat/look', 'mysql heat -e', ['roles/heat', 'is foreseen, with its stack and the way out']],
  ['keystone/look', 'set [identity], [assignment] and [ldap]', table],
  ['keystone/look', 'copy /etc/keystone/ssl', ['roles/look', 'users in LDAP and tokens with certificates']],
  ['neutron/look', 'write its full name there', table],
  ['neutron/look', 'write the full names there', table],
  ['neutron/look', 'these roles move clouds with neutron', end('refuses networks of nova')],
  ['nova/guests', 'see nova show', ['roles/guests', 'a guest that does not stop']],
  ['nova/guests', 'nova reboot --hard', ['roles/guests', 'a guest without its volume']],
  ['nova/look', 'add it to the group compute', out('a compute node that is not in the inventory')],
  ['nova/look', 'set fqdn of', ['roles/look', 'refuses a compute node that nova does not know']],
  ['nova/look', 'virsh destroy', out('guests that nova lacks')],
  ['nova/look', 'nova delete', out('guests that a node lacks')],
  ['openstack/cloud', '-e also=${name}', early],
  [
    'openstack/connected',
    'KILL ${one.id}',
    ['roles/freeze', 'takes no service for stopped while somebody is connected'],
  ],
  ['openstack/finalize', 'run playbooks/finalize.ts', late],
  [
    'openstack/finalize',
    'on each of them: service',
    ['roles/finalize', 'each has told nova that it runs as of the new'],
  ],
  [
    'openstack/finalize',
    'add them to the group compute',
    ['roles/finalize', 'is finished only where every compute node is known'],
  ],
  ['openstack/freeze', 'wait for them, or bring each to an end', ['roles/freeze', 'waits until nothing is under way']],
  ['openstack/freeze', 'crm resource stop', ['roles/freeze', 'says where something starts again what was stopped']],
  ['openstack/logins', 'add ${service} to it', out('a password that the inventory does not have')],
  ['openstack/look', 'update the nova packages', out('a package that is too old')],
  ['openstack/look', "first!.mend ?? ''", table],
  ['openstack/look', 'run playbooks/preflight.ts', table],
  ['openstack/look/cloud', 'nova-manage service disable', table],
  ['openstack/look/cloud', 'kolla-ansible', end('refuses a cloud in containers')],
  ['openstack/look/cloud', 'out of also', ['roles/look', 'a service that is to be moved must be on ${host}']],
  ['openstack/look/cloud', 'is it the right source?', ['roles/look', 'names the databases that are missing']],
  ['openstack/look/cloud', '-e also=$', ['roles/look', 'a service that could be moved must be named']],
  ['openstack/look/data', 'SET GLOBAL', ['roles/look', 'that breaks what comes is named, with what mends it']],
  ['openstack/look/data', 'is it the right source? if it is older', out('a schema that is too old')],
  ['openstack/look/finding', 'instead === ', table],
  ['openstack/look/finding', 'see why, and look again', ['roles/look', 'an answer that cannot be had is a finding']],
  ['openstack/look/hosts', 'it need not run', out('a daemon that a controller does not have')],
  ['openstack/look/hosts', 'does without it, set without', out('a daemon that the cloud does without')],
  ['openstack/look/hosts', 'take it out of without', ['roles/look', 'refuses to do without what nobody knows']],
  ['openstack/look/hosts', 'out of without of', ['roles/look', 'refuses to do without what nobody knows']],
  ['openstack/look/hosts', 'ntpdate', out('a clock that is ahead')],
  ['openstack/look/hosts', 'or the name on the host to', out('another name of a node')],
  ['openstack/look/hosts', 'set ${name} of ${host.name} right', out('an address that the host does not have')],
  ['openstack/look/hosts', 'the storage network must lead there', table],
  ['openstack/look/hosts', 'rabbitmqctl change_password', table],
  ['openstack/look/room', '-e backups=PATH', out('a disk that is too full')],
  ['openstack/look/room', 'lvremove -f', out('a smaller volume of the same name')],
  ['openstack/look/room', 'vgextend', ['roles/look', 'refuses a volume group that is too full']],
  ['openstack/look/settings', 'write FILE:SECTION.KEY', out('a setting that the source does not set')],
  ['openstack/move', 'run ${name} -i INVENTORY -t stop,database', late],
  ['openstack/move', '-t rows', ['roles/keystone', 'verify names rows that lead to the source']],
  [
    'openstack/move',
    '-t stop,backup,dump',
    ['lab/upgrade/broken', 'without a dump nothing is dropped, and the error says how'],
  ],
  ['openstack/moved', 'run playbooks/full-upgrade.ts', early],
  ['openstack/start', 'start it: run ${name}', ['roles/keystone', 'verify names rows that lead to the source']],
  ['openstack/start', '-t files', ['roles/release', 'a file that its rows name and that is missing']],
  ['openstack/ran', '-e backups=${place}', late],
  ['openstack/releases/havana-icehouse', 'cannot be chosen by a short name', ['roles/neutron', 'refuses a plugin']],
  [
    'openstack/releases/havana-icehouse',
    "'move keystone first: run",
    ['roles/neutron', 'tells nova of ports once keystone is there'],
  ],
  ['openstack/releases/havana-icehouse', 'keystone role-create', ['roles/horizon', 'needs a role for members']],
  ['openstack/rollback', 'for s in', ['roles/rollback', 'stops nothing when it does not know how to start']],
  ['openstack/rollback', 'see why in its log', ['roles/rollback', 'a daemon that does not come up again is named']],
  ['openstack/schema', 'is it the right source?', ['roles/keystone', 'brings no database of a schema that is too old']],
  [
    'openstack/schema',
    'mend what the migrations say',
    ['roles/keystone', 'a schema that did not arrive is brought by hand'],
  ],
  ['openstack/start', 'run ${name} -i INVENTORY -t freeze', late],
  ['openstack/start', 'bring it anew', ['roles/glance', 'is not started on less than the source has by now']],
]

const fileOf = (name: string) => `roles/${name}.ts`

test('every next step that the roles print is typed by a test', () => {
  const tries = triesIn(root, ['roles', 'playbooks'])
  assert.ok(tries.length > 70, `${tries.length} were found`)
  const hold = (row: (typeof rows)[number], { file, says }: { file: string; says: string }) =>
    fileOf(row[0]) === file && says.includes(row[1])
  const untyped = tries.filter((one) => !rows.some((row) => hold(row, one)))
  assert.equal(
    untyped.map(({ file, line, says }) => `${file}:${line}  ${says}`),
    [],
    'a next step without a row here: name the test that types it',
  )
  const gone = rows.filter((row) => !tries.some((one) => hold(row, one)))
  assert.equal(gone, [], 'rows of what nobody prints any more')
  const texts = new Map<string, string>()
  for (const [, , [file]] of rows) texts.set(file, texts.get(file) ?? read(`test/${file}.test.ts`))
  const missing = rows.filter(([, , [file, name]]) => !texts.get(file)!.includes(name))
  assert.equal(missing, [], 'tests that are not there')
})

test('the ways are found wherever they stand', () => {
  const text = `
    throw new Advice(\`\${a} (x), \${f({ b: ')' })}\`, // what to do, as "said"
      'do it, then ' + again,
    )
    const why = source
      ? 'this'
      : 'that'
    return [broken('it is', why), left(host, 'x', 'y'), { hint: \`run \${x}\` }]
    export function refused(what: string, mend: string): Finding {}`
  assert.equal(
    triesOf('a.ts', text).map(({ line, says }) => [line, says]),
    [
      [2, "'do it, then ' + again"],
      [8, "source ? 'this' : 'that'"],
      [8, '`run ${x}`'],
    ],
  )
})

function read(file: string): string {
  try {
    return readFileSync(path.join(root, file), 'utf8')
  } catch {
    return ''
  }
}

test.run()
