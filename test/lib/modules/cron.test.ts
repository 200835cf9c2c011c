import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Outdated } from '../../../lib/model/operation.ts'
import { cron } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells, type Shell } from '../../rig/here.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, foretold, planOf } from './applied.ts'
import { typed } from './typed.ts'

inPrivateNamespaces(import.meta.url)

/** A host whose crontab command keeps its tables in a directory and speaks as the ones of cronie and Debian do. */
function host(shell: Shell, table?: string | Buffer) {
  const directory = emptyDirectory()
  writeFileSync(
    join(directory, 'crontab'),
    `#!/bin/sh
u=root
[ "$1" != -u ] || { u=$2; shift 2; }
[ "$u" != nobody-here ] || { echo "crontab:  user \\\`$u' unknown" >&2; exit 1; }
case $1 in
  -l) [ -e "${directory}/table.$u" ] || { echo "no crontab for $u" >&2; exit 1; }; exec cat "${directory}/table.$u" ;;
  -r) exec rm "${directory}/table.$u" ;;
  -) cat > "${directory}/new"; ! grep -q refuse-me "${directory}/new" || { echo '"-":1: bad minute' >&2; exit 1; }
     exec mv "${directory}/new" "${directory}/table.$u" ;;
esac
exit 2
`,
    { mode: 0o755 },
  )
  if (table !== undefined) writeFileSync(join(directory, 'table.root'), table)
  const path = shell.env?.PATH ?? '/usr/bin:/bin'
  return {
    connection: here({ shell, env: { PATH: `${directory}:${path}` } }),
    bytes: () => readFileSync(join(directory, 'table.root')),
    table: (user = 'root') => readFileSync(join(directory, `table.${user}`), 'utf8'),
    has: (user: string) => existsSync(join(directory, `table.${user}`)),
  }
}

const original = `# mine
MAILTO=ops@example.org

0 5 * * * tar -czf /var/backups/home.tgz /home/
`

// The shell of busybox runs its own crontab, whatever lies on the PATH.
for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`cron under ${shell.name}`)

  test('a job is added below its marker, changed in its place and removed', async () => {
    const { connection, table } = host(shell, original)
    const dump = (more: object) => () =>
      cron.job({ name: 'nightly dump', minute: 15, hour: 3, job: 'dump >/dev/null', ...more })
    const run = await applied(connection, dump({}))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(table(), `${original}# switchover: nightly dump\n15 3 * * * dump >/dev/null\n`)
    await applied(connection, () => cron.job({ name: 'other', special: 'reboot', job: 'other' }))
    await applied(connection, dump({ weekday: 'mon-fri', hour: '*/2' }))
    assert.is(
      table(),
      `${original}# switchover: nightly dump\n15 */2 * * mon-fri dump >/dev/null\n# switchover: other\n@reboot other\n`,
    )
    await applied(connection, dump({ disabled: true }))
    assert.match(table(), '# switchover: nightly dump\n#15 3 * * * dump >/dev/null\n# switchover: other')
    await applied(connection, dump({}))
    await applied(connection, () => cron.absent('nightly dump'))
    assert.is(table(), `${original}# switchover: other\n@reboot other\n`)
  })

  test('every byte that is not edited stays, whatever the encoding', async () => {
    const { connection, bytes } = host(shell, Buffer.from('# caf\xe9\n0 5 * * * /opt/caf\xe9 >/dev/null\n', 'latin1'))
    await applied(connection, () => cron.job({ name: 'a', job: 'true' }))
    const text = '# caf\xe9\n0 5 * * * /opt/caf\xe9 >/dev/null\n# switchover: a\n* * * * * true\n'
    assert.is(bytes().toString('latin1'), text)
  })

  test("Ansible's entries are known by their names, and all of one name are taken away", async () => {
    const theirs = '#Ansible: nightly\n0 3 * * * old\n#Ansible: other\n@reboot other\n'
    const { connection, table } = host(shell, `${theirs}# switchover: nightly\n1 3 * * * newer\n`)
    await applied(connection, () => cron.job({ name: 'nightly', hour: 4, minute: 0, job: 'new' }))
    assert.is(table(), '# switchover: nightly\n0 4 * * * new\n#Ansible: other\n@reboot other\n')
    const twice = host(shell, `${theirs}${theirs}`)
    await applied(twice.connection, () => cron.absent('nightly'))
    assert.is(twice.table(), '#Ansible: other\n@reboot other\n'.repeat(2))
  })

  test('blanks around a name make no second entry', async () => {
    for (const name of ['tr ', '  sp  ', 'tab\t']) {
      const { connection, table } = host(shell, original)
      await applied(connection, () => cron.job({ name, job: 'true' }))
      assert.is(table(), `${original}# switchover: ${name}\n* * * * * true\n`)
      await applied(connection, () => cron.absent(name))
      assert.is(table(), original)
    }
  })

  test('check mode knows what the tasks before it would have made of a crontab', async () => {
    const job = (name: string, minute: number) => () => cron.job({ name, minute, job: 'true' })
    for (const [first, second] of [
      [job('dow', 1), job('dow', 1)],
      [job('dow', 1), job('dow', 2)],
      [job('dow', 1), () => cron.absent('dow', { user: spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim() })],
      [() => cron.env('V', '1'), () => cron.env('V', undefined)],
      [() => cron.env('MAILTO', undefined), () => cron.env('MAILTO', 'ops@example.org')],
    ] as const)
      await foretold(host(shell, original).connection, first, second)
  })

  test('an entry that somebody else made since the look is not lost', async () => {
    const { connection, table } = host(shell, original)
    const late = await cron.job({ name: 'a', job: 'a' }).prepare(connection)
    await applied(connection, () => cron.job({ name: 'b', job: 'b' }))
    assert.instance(await late.apply(connection).catch((thrown: unknown) => thrown), Outdated)
    assert.is(table(), `${original}# switchover: b\n* * * * * b\n`)
  })

  test('a crontab that is not there is made, for the user named', async () => {
    const { connection, table, has } = host(shell)
    const plan = await planOf(connection, cron.job({ name: 'a', user: 'nova', job: 'true' }))
    assert.is(plan.changed, true)
    assert.not.ok(has('nova'))
    const run = await applied(connection, () => cron.job({ name: 'a', user: 'nova', job: 'true' }))
    assert.equal(run.diff, [{ path: 'crontab of nova', before: '', after: '# switchover: a\n* * * * * true\n' }])
    assert.is(table('nova'), '# switchover: a\n* * * * * true\n')
    assert.is((await planOf(connection, cron.absent('none', { user: 'glance' }))).changed, false)
  })

  test('a marker whose job was taken away does not cost the next one its job', async () => {
    const { connection, table } = host(shell, '# switchover: a\n# switchover: b\n0 1 * * * b\n')
    await applied(connection, () => cron.job({ name: 'a', hour: 2, job: 'a' }))
    assert.is(table(), '# switchover: a\n* 2 * * * a\n# switchover: b\n0 1 * * * b\n')
  })

  test('variables stand before the jobs, are changed in place and removed', async () => {
    const { connection, table } = host(shell, original)
    assert.is((await planOf(connection, cron.env('MAILTO', 'ops@example.org'))).changed, false)
    await applied(connection, () => cron.env('MAILTO', ''))
    await applied(connection, () => cron.env('PATH', '/usr/bin:/bin'))
    assert.is(table(), original.replace('MAILTO=ops@example.org', 'PATH="/usr/bin:/bin"\nMAILTO=""'))
    await applied(connection, () => cron.env('PATH', undefined))
    await applied(connection, () => cron.env('MAILTO', undefined))
    assert.is(table(), original.replace('MAILTO=ops@example.org\n', ''))
  })

  test('what the host says is told', async () => {
    const { connection } = host(shell, original)
    assert.match(
      await failure(connection, cron.job({ name: 'a', user: 'nobody-here', job: 'true' })),
      "crontab:  user `nobody-here' unknown",
    )
    assert.match(await failure(connection, cron.job({ name: 'a', job: 'refuse-me' })), 'bad minute')
    const none = here({ env: { PATH: '/nonexistent' } })
    assert.is(await failure(none, cron.absent('a')), 'the host has no crontab command')
  })

  test.run()
}

const real = suite("cron: busybox's own crontab")
const busybox = shells.find(({ env }) => env)

if (busybox) {
  real('a job comes and goes', async () => {
    assert.is(spawnSync('mount', ['-t', 'tmpfs', 'private', '/var/spool']).status, 0)
    mkdirSync('/var/spool/cron/crontabs', { recursive: true })
    const connection = here({ shell: busybox })
    await applied(connection, () => cron.job({ name: 'a', user: 'root', hour: 4, job: 'true' }))
    assert.is(readFileSync('/var/spool/cron/crontabs/root', 'utf8'), '# switchover: a\n* 4 * * * true\n')
    await applied(connection, () => cron.absent('a', { user: 'root' }))
  })
}

real.run()

const test = suite('cron: files and what is asked for')

test('a file of jobs', async () => {
  const directory = emptyDirectory()
  const run = await applied(here(), () =>
    cron.file(
      'keystone',
      [
        { special: 'hourly', user: 'keystone', job: 'flush' },
        { minute: 5, user: 'root', job: 'b' },
      ],
      {
        directory,
        env: { MAILTO: 'ops' },
      },
    ),
  )
  assert.equal(run.requests, { read: 1, apply: 1 })
  const path = join(directory, 'keystone')
  assert.is(readFileSync(path, 'utf8'), 'MAILTO="ops"\n@hourly keystone flush\n5 * * * * root b\n')
  assert.is(statSync(path).mode & 0o777, 0o644)
})

test('is checked before anything runs', () => {
  assert.throws(() => cron.job({ name: 'a', minute: 60, job: 'x' }), '"60" cannot be a minute of a job')
  assert.throws(() => cron.job({ name: 'a', hour: '1-', job: 'x' }), '"1-" cannot be a hour of a job')
  assert.throws(
    () => cron.job({ name: 'a', hour: 1, special: 'daily', job: 'x' }),
    "give special: 'daily' or hour, not both",
  )
  assert.throws(() => cron.job({ name: 'a', job: 'x\ny' }), 'the job a must be one line that is not empty')
  assert.throws(() => cron.absent(' '), 'the name of a job must be one line that is not empty')
  assert.throws(() => cron.file('a.cron', []), 'cron reads no file "a.cron"')
  assert.throws(() => cron.env('a b', ''), '"a b" cannot be the name of a variable')
  cron.job({ name: 'a', minute: '0,30', hour: '8-18/2', month: 'jan-mar', weekday: 7, job: 'x' })
})

for (const [what, operation, table, commands] of [
  [
    'a job',
    cron.job({ name: 'a', user: 'nova', hour: 3, job: 'true' }),
    'MAILTO=ops\n',
    ['crontab -u nova -', '< MAILTO=ops\n# switchover: a\n* 3 * * * true\n'],
  ],
  ['no job', cron.absent('a'), '# switchover: a\n* * * * * true\n', ['crontab -', '< ']],
  ['a variable', cron.env('MAILTO', ''), 'MAILTO=ops\n', ['crontab -', '< MAILTO=""\n']],
  ['nothing', cron.env('MAILTO', 'ops'), 'MAILTO="ops"\n', []],
  [
    'a table with a password, which is not to be read',
    cron.env('MAILTO', ''),
    'PASSWORD=xyz\n',
    ['crontab -', '< ‹content of crontab›'],
  ],
] as const) {
  test(`types ${what}`, () => {
    // Before that the script looks whether the table is still the one that was read.
    const said = typed(operation, { owner: 'root', bytes: Buffer.from(table) }).map((one, i) =>
      i === 0 ? one.split('\n').at(-1)! : one,
    )
    assert.equal(said, commands)
  })
}

test.run()
