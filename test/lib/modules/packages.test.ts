import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plainly } from '../../../lib/kit/shell.ts'
import { packages } from '../../../lib/modules/index.ts'
import { waiting } from '../../../lib/modules/packages/apt.ts'
import { emptyDirectory, here, shells, type Shell } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'
import { needing } from '../../rig/needs.ts'

type Kind = 'apt' | 'yum'

// What a host has beside its package manager, for the machine may have another one.
const others = emptyDirectory()
spawnSync('sh', ['-c', 'ln -s /bin/* /usr/bin/* . 2>/dev/null; rm -f apt-* dnf* yum* rpm* dpkg*'], { cwd: others })

/**
 * A host with a package manager of its time: what is installed is a file each below `db`, and what can be had below
 * `repo`; its content is the version. Every call is recorded.
 */
function host(
  shell: Shell,
  kind: Kind,
  installed: Readonly<Record<string, string>>,
  repo: Readonly<Record<string, string>>,
) {
  const root = emptyDirectory()
  const path = (name: string) => join(root, name)
  for (const name of ['bin', 'db', 'repo', 'dpkg', 'lists', 'needs']) mkdirSync(path(name))
  for (const [name, version] of Object.entries(installed)) writeFileSync(path(`db/${name}`), version)
  for (const [name, version] of Object.entries(repo)) writeFileSync(path(`repo/${name}`), version)
  const tool = (name: string, body: string) =>
    writeFileSync(
      path(`bin/${name}`),
      `#!/bin/sh\necho "${name} $*" >> ${path('calls')}\ndb=${path('db')} repo=${path('repo')} needs=${path('needs')} lists=${path('lists')} root=${root}\n${body}\n`,
      { mode: 0o755 },
    )
  if (kind === 'apt') {
    writeFileSync(path('dpkg/status'), 'Package: base\n')
    tool(
      'dpkg-query',
      `shift 3; for n; do [ ! -e $db/$n ] || printf '%s\\tinstall ok installed\\t%s\\n' "$n" "$(cat $db/$n)"; done`,
    )
    tool(
      'apt-cache',
      `shift; for n; do printf '%s:\\n  Installed: x\\n  Candidate: %s\\n  Version table:\\n' "$n" "$(cat $repo/$n)"; done`,
    )
    tool(
      'apt-get',
      `[ ! -e $root/locked ] || { rm $root/locked; echo 'E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)' >&2; exit 100; }
[ "$1" != --version ] || { echo 'apt 0.8.16 for amd64'; exit; }
while :; do case $1 in -o) shift 2 ;; -s) simulate=1; shift ;; -*) shift ;; *) break ;; esac; done
[ "$simulate" ] || [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 9
what=$1; shift
case $what in
  update) : > $root/updated ;;
  install) for n; do p=\${n%%=*}
      [ -e $repo/$p ] || { echo "E: Unable to locate package $p" >&2; exit 100; }
      v=$(cat $repo/$p); [ "$p" = "$n" ] || v=\${n#*=}; echo "Setting up $p ($v)"; echo "$v" > $db/$p; done ;;
  remove|purge) for n; do for f in $n $(cat $needs/$n 2>/dev/null); do
      if [ "$simulate" ]; then echo "Remv $f [1]"; else rm -f $db/$f; fi; done; done ;;
esac`,
    )
  } else {
    tool(
      'rpm',
      `case $1 in
  -q) [ "$2" = --qf ] || { for f in $db/*; do [ "$2" != "\${f##*/}-$(cat $f)" ] && [ "$2" != "\${f##*/}" ] || exit 0; done; exit 1; }
    shift 3; for n; do if [ -e $db/$n ]; then printf '%s\\tinstalled\\t%s\\n' "$n" "$(cat $db/$n)"; else echo "package $n is not installed"; fi; done ;;
  -e) shift 2; for n; do [ ! -e $needs/$n ] || { printf 'error: Failed dependencies:\\n\\t%s = 1 is needed by (installed) %s\\n' "$n" "$(cat $needs/$n)"; exit 1; }; done ;;
esac`,
    )
    tool(
      'yum',
      `while :; do case $1 in -*) shift ;; *) break ;; esac; done
what=$1; shift
case $what in
  check-update) for n; do [ "$(cat $db/$n 2>/dev/null)" = "$(cat $repo/$n)" ] || { printf '%s.x86_64   %s   updates\\n' "$n" "$(cat $repo/$n)"; c=100; }; done; exit $c ;;
  install|update|downgrade) for n; do
      for f in $repo/*; do p=\${f##*/}; v=$(cat $f); old=$(cat $db/$p 2>/dev/null)
        case $n in $p|$p-$v) ;; $p-[0-9]*) v=\${n#$p-} ;; *) continue ;; esac
        [ "$what" != install ] || [ -z "$old" ] || { echo "Package $p-$old already installed and latest version"; continue; }
        echo "$v" > $db/$p; done; done ;;
  remove) for n; do rm -f $db/$n; done ;;
esac
exit 0`,
    )
  }
  const mounts = {
    ...(existsSync('/var/lib/dpkg') ? { '/var/lib/dpkg': path('dpkg') } : {}),
    ...(existsSync('/var/lib/apt/lists') ? { '/var/lib/apt/lists': path('lists') } : {}),
  }
  return {
    connection: here({ shell, mounts, env: { PATH: `${path('bin')}:${others}` } }),
    path,
    has: () =>
      Object.fromEntries(
        readdirSync(path('db')).map((name) => [name, readFileSync(path(`db/${name}`), 'utf8').trim()]),
      ),
    /** The calls that change something. */
    calls: () =>
      readFileSync(path('calls'), 'utf8')
        .split('\n')
        .filter((call) => /^(apt-get|yum) (?!.*-s |--version|-q check)/.test(call)),
  }
}

for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`packages under ${shell.name}`)

  for (const kind of ['apt', 'yum'] as const) {
    test(`${kind}: what is missing is installed, in one call; a plan installs nothing`, async () => {
      const { connection, has, calls } = host(
        shell,
        kind,
        { nova: '1.0-1' },
        { nova: '2.0-1', glance: '3.0-1', cinder: '4.0-1' },
      )
      const make = () => packages.installed(['nova', 'glance', 'cinder'])
      const plan = await planOf(connection, make())
      assert.equal(plan.diff, { path: 'packages', before: '', after: 'cinder any version\nglance any version\n' })
      assert.is(plan.unpredictable, true)
      assert.equal(has(), { nova: '1.0-1' })
      const run = await applied(connection, make)
      assert.is(run.requests.read, 2)
      assert.equal(run.result, { versions: { nova: '1.0-1', glance: '3.0-1', cinder: '4.0-1' } })
      assert.is(calls().length, 1)
      assert.match(calls()[0]!, 'install glance cinder')
    })

    test(`${kind}: a version is a version; older ones only if told`, async () => {
      const { connection, has } = host(shell, kind, { nova: '2.0-1' }, { nova: '2.0-1', glance: '3.0-1' })
      assert.is((await planOf(connection, packages.installed({ nova: '2.0', glance: '' }))).changed, true)
      assert.is((await planOf(connection, packages.installed({ nova: '2.0' }))).changed, false)
      assert.is((await planOf(connection, packages.installed({ nova: '2.*' }))).changed, false)
      assert.is(
        await failure(connection, packages.installed({ nova: '1.9-1' })),
        'nova is there in version 2.0-1, which is newer than 1.9-1',
      )
      await applied(connection, () => packages.installed({ nova: '1.9-1', glance: '3.0-1' }, { downgrade: true }))
      assert.equal(has(), { nova: '1.9-1', glance: '3.0-1' })
    })

    test(`${kind}: latest takes the newest, and is content with it`, async () => {
      const { connection, has } = host(
        shell,
        kind,
        { nova: '1.0-1', glance: '3.0-1' },
        { nova: '2.0-1', glance: '3.0-1', cinder: '4.0-1' },
      )
      const run = await applied(connection, () => packages.latest(['nova', 'glance', 'cinder']))
      assert.equal(run.diff, [{ path: 'packages', before: 'nova 1.0-1\n', after: 'cinder the newest\nnova 2.0-1\n' }])
      assert.equal(has(), { nova: '2.0-1', glance: '3.0-1', cinder: '4.0-1' })
    })

    test(`${kind}: absent removes, unless others would go with them`, async () => {
      const { connection, has, path } = host(shell, kind, { nova: '1', client: '1', glance: '1' }, {})
      await applied(connection, () => packages.absent(['glance', 'never-there']))
      assert.equal(has(), { nova: '1', client: '1' })
      writeFileSync(path('needs/nova'), 'client')
      assert.is(
        await failure(connection, packages.absent('nova')),
        'nova cannot be removed alone: client would go, too',
      )
      rmSync(path('needs/nova'))
      await applied(connection, () => packages.absent('nova'))
      assert.equal(has(), { client: '1' })
    })

    test(`${kind}: a name that no repository has is told with what to do`, async () => {
      const { connection } = host(shell, kind, {}, { nova: '1' })
      const said = await failure(connection, packages.installed('nvoa'))
      assert.match(
        said,
        kind === 'apt'
          ? 'Unable to locate package nvoa'
          : 'the package manager ended well, and nvoa is still not installed',
      )
    })
  }

  test('apt: the lists are fetched when they are older than they may be', async () => {
    const { connection, path, calls } = host(shell, 'apt', {}, { nova: '1', glance: '1' })
    await applied(connection, () => packages.installed('nova', { refresh: 3600 }))
    assert.is(calls().filter((call) => call.includes('update')).length, 0)
    utimesSync(path('lists'), 1, 1)
    await applied(connection, () => packages.installed('glance', { refresh: 3600 }))
    assert.is(calls().filter((call) => call.includes('update')).length, 1)
  })

  test('apt: recommended packages as asked for, edited configuration stays', async () => {
    const { connection, calls } = host(shell, 'apt', {}, { nova: '1', glance: '1' })
    await applied(connection, () => packages.installed('nova', { recommends: false }))
    assert.match(calls()[0]!, '--no-install-recommends install nova')
    assert.match(calls()[0]!, 'Dpkg::Options::=--force-confold')
    await applied(connection, () => packages.installed('glance'))
    assert.not.match(calls()[1]!, 'recommends')
  })

  test('apt: another run of the manager is waited for', async () => {
    const { connection, path, has } = host(shell, 'apt', {}, { nova: '1' })
    writeFileSync(path('locked'), '')
    assert.match(await failure(connection, packages.installed('nova', { lockTimeout: 0 })), 'Could not get lock')
    writeFileSync(path('locked'), '')
    await applied(connection, () => packages.installed('nova'))
    assert.equal(has(), { nova: '1' })
  })

  // Looks only: nothing here may apply a plan.
  needing(test, 'dpkg-query')("this machine's own packages", async () => {
    const connection = here({ shell })
    const { result, changed } = await planOf(connection, packages.installed(['bash', 'coreutils']))
    assert.is(changed, false)
    assert.is(
      result.versions.bash,
      spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'bash'], { encoding: 'utf8' }).stdout,
    )
    assert.is((await planOf(connection, packages.installed('no-such-package'))).changed, true)
    assert.is((await planOf(connection, packages.absent('no-such-package'))).changed, false)
    const refused = await planOf(connection, packages.absent('coreutils')).catch((error: Error) => error.message)
    assert.match(refused as string, 'coreutils cannot be removed')
    assert.ok(connection.scripts.every((script) => !script.includes('noninteractive')))
  })

  test.run()
}

const test = suite('packages: what is asked for')

test('is checked before anything runs', () => {
  assert.throws(() => packages.installed([]), 'packages.installed: say which packages')
  assert.throws(() => packages.installed('a b'), '"a b" cannot be the name of a package')
  assert.throws(() => packages.installed('libc6:amd64'), 'the package libc6:amd64 is named with its architecture')
  assert.throws(() => packages.installed('glibc.x86_64'), 'is named with its architecture')
  assert.throws(() => packages.installed({ a: '1; rm' }), '"1; rm" cannot be a version of a')
  packages.installed({ 'python2.7': '', 'libstdc++6': '2:1.0~rc1-1+b2', 'openstack-nova-api': '2013.2*' })
})

const state = (manager: string, versions = {}, newer = {}, files: object[] = []) => ({
  manager,
  versions,
  newer,
  files,
})
const apt = 'locked apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
const refreshing = `s=$(stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0)
if [ $(( $(date +%s) - s )) -ge 3600 ]; then
  locked apt-get -q -y update || exit
  touch /var/lib/apt/lists
fi`

for (const [what, operation, found, commands] of [
  [
    'apt: what is missing',
    packages.installed(['nova', 'glance']),
    state('apt-get', { nova: '1' }),
    [`${apt} install glance # long`],
  ],
  [
    'apt: a version, alone, from lists of the last hour',
    packages.installed({ nova: '1:2014.1-0ubuntu1' }, { recommends: false, refresh: 3600 }),
    state('apt-get'),
    [`${refreshing}\n${apt} --no-install-recommends install nova=1:2014.1-0ubuntu1 # long`],
  ],
  [
    'apt: an older version, where that is meant',
    packages.installed({ nova: '1.0' }, { downgrade: true }),
    state('apt-get', { nova: '2.0' }),
    [
      'case $(apt-get --version | head -n 1) in\n' +
        "  'apt '0.*|'apt 1.0'*) d=--force-yes ;;\n  *) d=--allow-downgrades ;;\nesac\n" +
        `${apt} $d install nova=1.0 # long`,
    ],
  ],
  [
    'apt: the newest',
    packages.latest('nova'),
    state('apt-get', { nova: '1' }, { nova: '2' }),
    [`${apt} install nova # long`],
  ],
  [
    'apt: what goes',
    packages.absent(['nova', 'x']),
    { ...state('apt-get', { nova: '1' }), others: [] },
    [`${apt} remove nova # long`],
  ],
  [
    'apt: with its configuration, and with what needs it',
    packages.absent('nova', { purge: true, dependents: true }),
    { ...state('apt-get', { nova: '1' }), others: ['client'] },
    [`${apt} purge nova # long`],
  ],
  [
    'yum: what is missing, with an epoch',
    packages.installed({ nova: '1:2014.1-5.el6', glance: '' }, { refresh: 0 }),
    state('yum'),
    ['yum -q clean expire-cache || exit\nyum -y install 1:nova-2014.1-5.el6 glance || exit # long'],
  ],
  [
    'dnf: the epoch stands before the version',
    packages.installed({ nova: '1:2014.1-5.el6' }, { downgrade: true }),
    state('dnf'),
    [
      'dnf -y install nova-1:2014.1-5.el6 || exit\n' +
        'for p in nova-2014.1-5.el6; do rpm -q "$p" >/dev/null 2>&1 || dnf -y downgrade "$p" || exit; done # long',
    ],
  ],
  [
    'dnf: the newest, of what is there and what is not',
    packages.latest(['nova', 'glance']),
    state('dnf', { nova: '1' }, { nova: '2' }),
    ['dnf -y install glance || exit\ndnf -y update nova || exit # long'],
  ],
  [
    'yum: an older version, where that is meant',
    packages.installed({ nova: '1:1.0-1' }, { downgrade: true }),
    state('yum', { nova: '2.0-1' }),
    [
      'yum -y install 1:nova-1.0-1 || exit\n' +
        'for p in nova-1.0-1; do rpm -q "$p" >/dev/null 2>&1 || yum -y downgrade "$p" || exit; done # long',
    ],
  ],
  [
    'yum: what goes',
    packages.absent('nova'),
    { ...state('yum', { nova: '1' }), others: [] },
    ['yum -y remove nova # long'],
  ],
  [
    'apt: a version behind the name, and a file',
    packages.installed(['nova=1.0', '/root/agent.deb']),
    state('apt-get', {}, {}, [{ path: '/root/agent.deb', name: 'agent', version: '1' }]),
    [
      `case $(apt-get --version | head -n 1) in
  'apt '0.*|'apt 1.0'*) locked dpkg --force-confdef --force-confold -i /root/agent.deb
    ${apt} -f install; exit ;;
esac
${apt} install nova=1.0 /root/agent.deb # long`,
    ],
  ],
  [
    'yum: a file',
    packages.installed('/root/agent.rpm'),
    state('yum', {}, {}, [{ path: '/root/agent.rpm', name: 'agent', version: '1-1' }]),
    ['yum -y install /root/agent.rpm || exit # long'],
  ],
  [
    'a file whose package is there',
    packages.installed('/root/agent.deb'),
    state('apt-get', { agent: '1' }, {}, [{ path: '/root/agent.deb', name: 'agent', version: '1' }]),
    [],
  ],
  ['what is there', packages.installed('nova'), state('yum', { nova: '1' }), []],
  ['what is there in this version', packages.installed({ nova: '2.0*' }), state('yum', { nova: '2.0-1' }), []],
  ['what is the newest', packages.latest('nova'), state('apt-get', { nova: '1' }), []],
  ['what is not there', packages.absent('nova'), { ...state('yum'), others: [] }, []],
] as const) {
  test(`what is typed: ${what}`, () => {
    const [script, ...more] = typed(operation, found)
    const plain = script?.replace(`${waiting(300).replace(plainly, '')}\n`, '')
    assert.equal([...(plain === undefined ? [] : [plain]), ...more], commands)
  })
}

test('a host without a package manager that is known is refused', () => {
  assert.throws(() => packages.installed('nova').plan(state('')), 'the host has none of apt-get, dnf and yum')
  assert.is(packages.installed('nova').plan(state('', { nova: '1' })).change, undefined)
})

test.run()
