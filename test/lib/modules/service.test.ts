import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { service } from '../../../lib/modules/index.ts'
import { plainly } from '../../../lib/kit/shell.ts'
import { switched } from '../../../lib/modules/service/at-boot.ts'
import { managing } from '../../../lib/modules/service/managers.ts'
import { ordered } from '../../../lib/modules/service/orders.ts'
import { emptyDirectory, here, shells, type Shell } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

type Fakes = 'sysv' | 'upstart' | 'systemd'

// A host's /etc/init.d, /etc/init and tools in a mount namespace; daemons are flag files that the fakes keep.
function host(shell: Shell, kind: Fakes, names: readonly string[]) {
  const dir = emptyDirectory()
  const path = (name: string) => join(dir, name)
  for (const name of ['init.d', 'init', 'bin', 'up', 'rc3.d', 'systemd', 'run']) mkdirSync(path(name))
  const tool = (name: string, text: string) => {
    writeFileSync(path(`bin/${name}`), `#!/bin/sh\nup=${path('up')}\necho "$0 $*" >>${path('calls')}\n${text}`)
    chmodSync(path(`bin/${name}`), 0o755)
  }
  const script = (name: string, parts: { start?: string; stop?: string; status?: string } = {}) => {
    writeFileSync(
      path(`init.d/${name}`),
      `#!/bin/sh
up=${path('up')}; n=${name}
echo "$n $1" >>${path('calls')}
case $1 in
  start) ${parts.start ?? 'touch $up/$n; echo "Starting $n: OK"'} ;;
  stop) ${parts.stop ?? 'rm -f $up/$n'} ;;
  restart) "$0" stop; "$0" start ;;
  reload) touch $up/$n.reloaded ;;
  status) ${parts.status ?? 'if [ -e $up/$n ]; then echo "$n (pid 1) is running..."; else echo "$n is stopped"; exit 3; fi'} ;;
  *) echo "Usage: $0 {start|stop}"; exit 2 ;;
esac
`,
    )
    chmodSync(path(`init.d/${name}`), 0o755)
  }
  if (kind === 'sysv') {
    tool('service', '"/etc/init.d/$1" "$2"')
    tool('chkconfig', `case $2 in on) ln -sf x ${path('rc3.d')}/S50$1 ;; off) rm -f ${path('rc3.d')}/S50$1 ;; esac`)
    for (const name of names) script(name)
  }
  if (kind === 'upstart') {
    tool(
      'initctl',
      `case $1 in
  version) echo 'init (upstart 1.5)' ;;
  status) if [ -e $up/$2 ]; then echo "$2 start/running, process 42"; else echo "$2 stop/waiting"; fi ;;
  start) [ ! -e $up/$2 ] || { echo 'start: Job is already running'; exit 1; }; touch $up/$2; echo "$2 start/running, process 42" ;;
  stop) rm $up/$2 && echo "$2 stop/waiting" ;;
  restart) [ -e $up/$2 ] || { echo 'restart: Unknown instance:'; exit 1; }; echo "$2 start/running, process 43" ;;
esac`,
    )
    for (const name of names)
      writeFileSync(path(`init/${name}.conf`), 'description "a daemon"\nstart on runlevel [2345]\n')
  }
  if (kind === 'systemd') {
    tool(
      'systemctl',
      `case $1 in
  list-unit-files) for u in ${names.join(' ')}; do echo "$u.service enabled"; done; exit ;;
  show) for n; do :; done
    case " ${names.join(' ')} " in *" $n "*) load=loaded ;; *) load=not-found ;; esac
    case $3 in LoadState) echo "LoadState=$load" ;;
      NeedDaemonReload) if [ -e $up/$n.old ]; then echo NeedDaemonReload=yes; else echo NeedDaemonReload=no; fi ;; *) if [ -e $up/$n ]; then printf 'ActiveState=active\\nSubState=running\\n'; else printf 'ActiveState=inactive\\nSubState=dead\\n'; fi ;; esac ;;
  is-enabled) if [ -e $up/$2.enabled ]; then echo enabled; else echo disabled; exit 1; fi ;;
  enable) touch $up/$2.enabled ;;
  disable) rm $up/$2.enabled ;;
  daemon-reload) rm $up/*.old ;;
  start|restart) touch $up/$2 ;;
  stop) rm $up/$2 ;;
esac`,
    )
  }
  mkdirSync(path('run/systemd'))
  if (kind === 'systemd') mkdirSync(path('run/systemd/system'))
  // What is missing on the testing machine cannot be mounted over; all that the module looks at is below /etc and /run.
  mkdirSync(path('etc'))
  for (const name of ['init.d', 'init', 'rc3.d']) symlinkSync(path(name), path(`etc/${name}`))
  for (const name of ['passwd', 'group']) writeFileSync(path(`etc/${name}`), readFileSync(`/etc/${name}`))
  const connection = here({
    shell,
    mounts: { '/etc': path('etc'), '/run': path('run') },
    env: { PATH: `${path('bin')}:${shell.env?.PATH ?? '/usr/bin:/bin'}` },
  })
  return {
    connection,
    path,
    script,
    runs: (name: string) => existsSync(path(`up/${name}`)),
    calls: () => (existsSync(path('calls')) ? readFileSync(path('calls'), 'utf8') : ''),
  }
}

const quick = { settle: 0 }
const inEnglish = { ...process.env, LC_ALL: 'C' }

for (const shell of shells) {
  const test = suite(`service under ${shell.name}`)

  for (const kind of ['sysv', 'upstart', 'systemd'] as const) {
    test(`${kind}: several services are started and stopped, one request each`, async () => {
      const { connection, runs } = host(shell, kind, ['nova-api', 'nova-cert'])
      const up = await applied(connection, () => service.started(quick, 'nova-api', 'nova-cert'))
      assert.equal(up.requests, { read: 1, apply: 1 })
      assert.equal(up.result, { services: ['nova-api', 'nova-cert'] })
      assert.equal(up.diff[0], { path: 'service nova-api', before: 'stopped\n', after: 'started\n' })
      assert.ok(runs('nova-api') && runs('nova-cert'))
      const found = await planOf(connection, service.status('nova-api'))
      assert.is(found.result.running, true)
      assert.is(found.result.manager, kind)
      const down = await applied(connection, () => service.stopped('nova-api'))
      assert.equal(down.requests, { read: 1, apply: 1 })
      assert.not.ok(runs('nova-api'))
      assert.ok(runs('nova-cert'))
    })

    if (kind === 'systemd')
      test('systemd reads a unit file anew that has changed, before it goes on by the old one', async () => {
        const { connection, path, calls } = host(shell, kind, ['nova-api'])
        for (const make of [service.restarted, service.reloaded, service.started]) {
          writeFileSync(path('up/nova-api.old'), '')
          rmSync(path('up/nova-api'), { force: true })
          const plan = await make(quick, 'nova-api').prepare(connection)
          await plan.apply(connection)
          assert.not.ok(existsSync(path('up/nova-api.old')), 'the manager was not told')
          assert.match(calls(), /daemon-reload\n(.*show.*\n)*.*systemctl (re)?start nova-api/)
        }
      })

    test(`${kind}: enabled and disabled`, async () => {
      const { connection } = host(shell, kind, ['nova-api'])
      const first = (await planOf(connection, service.status('nova-api'))).result.enabled
      assert.is(first, kind === 'upstart')
      if (first) await applied(connection, () => service.disabled('nova-api'))
      await applied(connection, () => service.enabled('nova-api'))
      assert.is((await planOf(connection, service.status('nova-api'))).result.enabled, true)
      await applied(connection, () => service.disabled('nova-api'))
      assert.is((await planOf(connection, service.status('nova-api'))).result.enabled, false)
    })

    test(`${kind}: restarted always, also what was stopped; an unknown name is an error`, async () => {
      const { connection, runs } = host(shell, kind, ['nova-api'])
      for (let i = 0; i < 2; i++) {
        const plan = await planOf(connection, service.restarted(quick, 'nova-api'))
        assert.is(plan.changed, true)
        await plan.apply(connection)
        assert.ok(runs('nova-api'))
      }
      const error = await service
        .started('nova-apj')
        .prepare(connection)
        .catch((error) => error)
      assert.is(error.message, 'there is no service nova-apj')
      assert.is(error.hint, 'did you mean nova-api?')
    })
  }

  test("sysv: what a script says of another service's process does not count", async () => {
    // As Debian's nova-api and neutron-api do, which are both uwsgi: without its pid file a script asks for the program.
    const { connection, path, script, runs } = host(shell, 'sysv', [])
    mkdirSync(path('run/openstack'))
    for (const name of ['nova-api', 'neutron-api']) {
      script(name, {
        start: ': --make-pidfile; echo $PPID >$PIDFILE; touch $up/$n',
        stop: 'rm -f $PIDFILE $up/$n',
        status:
          'if ls $up/* >/dev/null 2>&1; then echo "$n is running."; else echo "$n is not running ... failed!"; exit 3; fi',
      })
      const text = readFileSync(path(`init.d/${name}`), 'utf8')
      const own = `PROJECT_NAME=openstack\nNAME=\${PROJECT_NAME}-${name}\nPIDFILE=/run/\${PROJECT_NAME}/\${NAME}.pid\n`
      writeFileSync(path(`init.d/${name}`), text.replace('\n', `\n${own}`))
    }
    writeFileSync(path('run/openstack/openstack-neutron-api.pid'), `${process.pid}\n`)
    writeFileSync(path('up/neutron-api'), '')
    assert.is((await planOf(connection, service.status('nova-api'))).result.running, false)
    assert.is((await planOf(connection, service.status('neutron-api'))).result.running, true)
    await applied(connection, () => service.stopped('neutron-api'))
    assert.not.ok(runs('neutron-api'))
    // And as its neutron-rpc-server does, which python runs: it is never found.
    writeFileSync(path('run/openstack/openstack-nova-api.pid'), `${process.pid}\n`)
    assert.is((await planOf(connection, service.status('nova-api'))).result.running, true)
  })

  test('since tells the start of the first process, whoever keeps its number', async () => {
    const ours = `${process.pid}`
    const started = Date.parse(execFileSync('ps', ['-o', 'lstart=', '-p', ours], { encoding: 'utf8', env: inEnglish }))
    const { connection, path, script } = host(shell, 'sysv', [])
    script('httpd', { status: `echo "httpd (pid  ${ours}) is running..."` })
    for (const name of ['apache2', 'glance-api']) script(name, { status: `echo "${name} is running."` })
    mkdirSync(path('run/apache2'))
    writeFileSync(path('run/apache2/apache2.pid'), `${ours}\n`)
    const text = readFileSync(path('init.d/glance-api'), 'utf8')
    writeFileSync(path('init.d/glance-api'), `${text}: --make-pidfile\n`.replace('\n', '\nPIDFILE=/run/api.pid\n'))
    writeFileSync(path('run/api.pid'), `${ours}\n`)
    script('stopped', { status: 'echo "stopped is not running ... failed!"; exit 3' })
    script('silent', { status: 'echo "silent is running."' })
    const since = async (name: string) => (await planOf(connection, service.since(name))).result
    for (const name of ['httpd', 'apache2', 'glance-api'])
      assert.ok(Math.abs((await since(name))! - started / 1000) <= 1, `${name}: ${await since(name)}`)
    for (const name of ['stopped', 'silent']) assert.is(await since(name), undefined)
    const systemd = host(shell, 'systemd', [])
    const tool = `#!/bin/sh\ncase $3 in LoadState) echo LoadState=loaded ;; MainPID) echo MainPID=${ours} ;; esac\n`
    writeFileSync(systemd.path('bin/systemctl'), tool, { mode: 0o755 })
    chmodSync(systemd.path('bin/systemctl'), 0o755)
    const nova = (await planOf(systemd.connection, service.since('nova-api'))).result
    assert.ok(Math.abs(nova! - started / 1000) <= 1, `${nova}`)
  })

  test('what was started or stopped since the look is no failure', async () => {
    const started = host(shell, 'upstart', ['nova-api'])
    const starting = await planOf(started.connection, service.started(quick, 'nova-api'))
    writeFileSync(started.path('up/nova-api'), '')
    await starting.apply(started.connection)
    const restarting = await planOf(started.connection, service.restarted(quick, 'nova-api'))
    rmSync(started.path('up/nova-api'))
    await restarting.apply(started.connection)
    assert.ok(started.runs('nova-api'))
    const other = host(shell, 'sysv', ['httpd'])
    writeFileSync(other.path('up/httpd'), '')
    const reloading = await planOf(other.connection, service.reloaded(quick, 'httpd'))
    rmSync(other.path('up/httpd'))
    await reloading.apply(other.connection)
    assert.ok(other.runs('httpd') && !other.runs('httpd.reloaded'))
  })

  test('a plan starts nothing', async () => {
    const { connection, calls } = host(shell, 'sysv', ['nova-api'])
    await planOf(connection, service.started('nova-api'))
    assert.match(calls(), 'nova-api status')
    assert.not.match(calls(), 'nova-api start')
  })

  test('reloaded reloads what runs and starts what does not', async () => {
    const { connection, runs } = host(shell, 'sysv', ['httpd'])
    await (await planOf(connection, service.reloaded(quick, 'httpd'))).apply(connection)
    assert.ok(runs('httpd') && !runs('httpd.reloaded'))
    await (await planOf(connection, service.reloaded(quick, 'httpd'))).apply(connection)
    assert.ok(runs('httpd.reloaded'))
  })

  test('a daemon that dies a moment after its start is an error with the end of its log', async () => {
    const { connection, script, path } = host(shell, 'sysv', ['other'])
    writeFileSync(path('log'), 'INFO begin\nImportError: no module named nova\n')
    script('nova-api', { start: 'touch $up/$n; echo Starting; (sleep 0.7; rm $up/$n) & :' })
    const said = await failure(connection, service.started({ log: path('log') }, 'other', 'nova-api'))
    assert.match(
      said,
      'nova-api was running and is not any more: it did not stay up for 2 s (it says: nova-api is stopped)',
    )
    assert.match(said, 'Starting')
    assert.match(said, 'ImportError: no module named nova')
  })

  test('of a pattern of logs the error shows the one that was written last', async () => {
    const { connection, script, path } = host(shell, 'sysv', [])
    mkdirSync(path('some logs'))
    for (const [name, said, age] of [
      ['old.log', 'INFO long ago', 100],
      ['new.log', 'CRITICAL no driver', 0],
    ] as const) {
      writeFileSync(path(`some logs/${name}`), `${said}\n`)
      utimesSync(path(`some logs/${name}`), Date.now() / 1000 - age, Date.now() / 1000 - age)
    }
    script('broken', { start: 'exit 7' })
    const options = { log: [path('some logs/*.log'), path('none*.log')] }
    const said = await failure(connection, service.started(options, 'broken'))
    assert.match(said, 'some logs/new.log:\n  CRITICAL no driver')
    assert.match(said, 'none*.log')
    assert.not.match(said, 'long ago')
  })

  test('what runs is watched for as long as it should settle, and not much longer', async () => {
    const names = ['one', 'two', 'three', 'four', 'five']
    const { connection } = host(shell, 'sysv', names)
    const begun = Date.now()
    await applied(connection, () => service.started({ settle: 1 }, ...(names as [string])))
    assert.ok(Date.now() - begun >= 1000)
  })

  test('a start that fails says why, and one that only returns a wrong code is none', async () => {
    const { connection, script } = host(shell, 'sysv', [])
    script('broken', { start: 'echo "cannot bind to 5000"; exit 7' })
    const said = await failure(connection, service.started('broken'))
    assert.match(said, 'broken could not be started: its manager ended with code 7')
    assert.match(said, 'cannot bind to 5000')
    script('sloppy', { start: 'touch $up/$n; exit 1' })
    await applied(connection, () => service.started(quick, 'sloppy'))
  })

  test('a daemon that keeps its output open does not hold up the start', async () => {
    const { connection, script, path } = host(shell, 'sysv', [])
    script('chatty', { start: '(sleep 20; echo late) & echo $! >$up/pid; touch $up/$n' })
    const begun = Date.now()
    await applied(connection, () => service.started(quick, 'chatty'))
    assert.ok(Date.now() - begun < 15_000)
    process.kill(Number(readFileSync(path('up/pid'), 'utf8')))
  })

  test('stopped waits for what stops slowly, and gives up in time', async () => {
    const { connection, script, runs } = host(shell, 'sysv', [])
    script('slow', { stop: '(sleep 0.8; rm $up/$n) &' })
    await applied(connection, () => service.started(quick, 'slow'))
    await applied(connection, () => service.stopped('slow'))
    assert.not.ok(runs('slow'))
    script('stuck', {})
    await applied(connection, () => service.started(quick, 'stuck'))
    script('stuck', { stop: ':' })
    assert.match(await failure(connection, service.stopped({ timeout: 1 }, 'stuck')), 'stuck is not stopped after 1 s')
  })

  test('together, none is told after another one has stopped, and what one says is kept apart', async () => {
    const { connection, script, runs } = host(shell, 'sysv', [])
    // The first stops only once the second has been told.
    const stop = 'i=0; while [ ! -e $up/told ] && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.05; done; rm $up/told $up/$n'
    for (const name of ['first', 'second']) script(name, {})
    await applied(connection, () => service.started(quick, 'first', 'second'))
    script('first', { stop })
    script('second', { stop: ': >$up/told; echo "second says no"; exit 1' })
    const said = await failure(connection, service.stopped({ timeout: 1, together: true }, 'first', 'second'))
    assert.match(said, 'second is not stopped after 1 s')
    assert.match(said, 'second says no')
    assert.equal([runs('first'), runs('second')], [false, true])
  })

  test('scripts of the time are understood', async () => {
    const { connection, script } = host(shell, 'sysv', [])
    const is = async (status: string) => {
      script('old', { status })
      return (await planOf(connection, service.status('old'))).result.running
    }
    assert.is(await is('echo "old start/running, process 7"'), true)
    assert.is(await is('echo "old stop/waiting"'), false)
    assert.is(await is('echo " * old is not running"'), false)
    assert.is(await is('echo "old dead but pid file exists"; exit 1'), false)
    assert.is(await is('echo "old is stopped"; exit 0'), false)
    script('old', { status: 'echo "Usage: old {start|stop}"; exit 2' })
    assert.match(await failure(connection, service.status('old')), 'knows no status')
  })

  test.run()
}

const test = suite('service: what is typed')
const is = (name: string, running: boolean, enabled = false) => ({ name, manager: 'sysv', running, enabled, said: '' })

for (const [what, operation, found, commands] of [
  [
    'those that do not run are started together, and watched',
    service.started({ log: ['/var/log/nova/*.log', "/it's"], timeout: 30.2 }, 'api', 'cert', 'conductor'),
    [is('api', false), is('cert', true), is('conductor', false)],
    `logs() { endof '/var/log/nova/*.log'; endof '/it'\\''s'; }
tell api start
tell conductor start
settle yes 31 200 api conductor # long, at most 664 s`,
  ],
  [
    'a stop need not be watched',
    service.stopped('api'),
    [is('api', true)],
    'logs() { :; }\ntell api stop\nsettle no 60 0 api # long, at most 422 s',
  ],
  [
    'all are restarted',
    service.restarted({ settle: 0 }, 'api', 'cert'),
    [is('api', false), is('cert', true)],
    'logs() { :; }\ntell api restart\ntell cert restart\nsettle yes 60 0 api cert # long, at most 720 s',
  ],
  [
    'all are reloaded',
    service.reloaded('api'),
    [is('api', true)],
    'logs() { :; }\ntell api reload\nsettle yes 60 200 api # long, at most 422 s',
  ],
  ['at boot', service.enabled('api', 'cert'), [is('api', true), is('cert', true, true)], 'atboot_set api enable'],
  ['not at boot', service.disabled('api'), [is('api', false, true)], 'atboot_set api disable'],
  ['what runs', service.started('api'), [is('api', true)], undefined],
  ['what has stopped', service.stopped('api'), [is('api', false)], undefined],
  ['what is asked for', service.status('api'), [is('api', true)], undefined],
] as const) {
  test(what, () => {
    const functions = managing.replace(plainly, '')
    const [script, ...more] = typed(operation, found)
    assert.equal(more, [])
    assert.is(script?.replace(functions, '').replace(ordered, '').replace(switched, '').trim(), commands)
  })
}

test.run()
