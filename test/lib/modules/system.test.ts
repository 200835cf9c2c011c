import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { system } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { leftOut, needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'

needs('root')
inPrivateNamespaces(import.meta.url)

// A host's /etc and what of its kernel is set here: nothing of this reaches the machine.
const bind = (from: string, at: string) => assert.is(spawnSync('mount', ['--bind', from, at]).status, 0, at)
const etc = emptyDirectory()
assert.is(spawnSync('cp', ['-a', '/etc/.', etc]).status, 0)
bind(etc, '/etc')
const kernel = join(emptyDirectory(), 'hostname')
writeFileSync(kernel, 'before\n')
bind(kernel, '/proc/sys/kernel/hostname')
const modules = emptyDirectory()
bind(modules, '/sys/module')

const bin = emptyDirectory()
writeFileSync(
  join(bin, 'modprobe'),
  `#!/bin/sh\necho "$*" >>${bin}/calls\ncase $1 in -r) rmdir ${modules}/$(echo $2 | tr - _) ;; *) mkdir ${modules}/$(echo $1 | tr - _) ;; esac\n`,
  { mode: 0o755 },
)
const read = (path: string) => readFileSync(path, 'utf8')

for (const shell of shells) {
  const test = suite(`system under ${shell.name}`)
  const connection = here({ shell, env: { PATH: `${bin}:${shell.env?.PATH ?? '/usr/bin:/bin'}` } })

  test('hostname: now and after a reboot', async () => {
    writeFileSync('/etc/hostname', '# ours\nold\n')
    const run = await applied(connection, () => system.hostname('web-1.example.org'))
    assert.is(read('/etc/hostname'), 'web-1.example.org\n')
    assert.is(read(kernel), 'web-1.example.org\n')
    assert.is(run.diff.length, 2)
    rmSync('/etc/hostname')
    mkdirSync('/etc/sysconfig', { recursive: true })
    writeFileSync('/etc/sysconfig/network', 'NETWORKING=yes\nHOSTNAME="old"\nGATEWAY=10.0.0.1\n')
    await applied(connection, () => system.hostname('web-2'))
    assert.is(read('/etc/sysconfig/network'), 'NETWORKING=yes\nHOSTNAME=web-2\nGATEWAY=10.0.0.1\n')
    assert.not.ok(existsSync('/etc/hostname'))
    rmSync('/etc/sysconfig/network')
    await applied(connection, () => system.hostname('web-2.b'))
  })

  if (!leftOut('time zones', '/usr/share/zoneinfo/Europe/Berlin'))
    test('timezone: the link, and the files that are there; date itself believes it', async () => {
      rmSync('/etc/localtime', { force: true })
      writeFileSync('/etc/timezone', 'Etc/UTC\n')
      writeFileSync('/etc/sysconfig/clock', 'ZONE="Etc/UTC"\nUTC=true\n')
      await applied(connection, () => system.timezone('Asia/Kolkata'))
      assert.is(readlinkSync('/etc/localtime'), '/usr/share/zoneinfo/Asia/Kolkata')
      assert.is(read('/etc/timezone'), 'Asia/Kolkata\n')
      assert.is(read('/etc/sysconfig/clock'), 'ZONE="Asia/Kolkata"\nUTC=true\n')
      assert.is(spawnSync('date', ['+%z'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } }).stdout, '+0530\n')
      rmSync('/etc/localtime')
      rmSync('/etc/timezone')
      writeFileSync('/etc/localtime', readFileSync('/usr/share/zoneinfo/Europe/Berlin'))
      const run = await applied(connection, () => system.timezone('Europe/Berlin'))
      assert.equal(run.diff, [{ path: 'time zone', before: 'Asia/Kolkata\n', after: 'Europe/Berlin\n' }])
      assert.not.ok(lstatSync('/etc/localtime').isSymbolicLink(), 'a copy that is right stays one')
      await applied(connection, () => system.timezone('UTC'))
      assert.match(
        await failure(connection, system.timezone('Europe/Berln')),
        'the host knows no time zone Europe/Berln',
      )
    })

  // busybox takes its own modprobe.
  if (!shell.env)
    test('kernel modules: now, at boot, with parameters; and away again', async () => {
      for (const one of ['/etc/modules-load.d', '/etc/modprobe.d']) mkdirSync(one, { recursive: true })
      await applied(connection, () => system.kernelModule('br-netfilter', { params: { a: 1, b: 'x,y' } }))
      assert.is(read('/etc/modules-load.d/br-netfilter.conf'), 'br-netfilter\n')
      assert.is(read('/etc/modprobe.d/br-netfilter.conf'), 'options br-netfilter a=1 b=x,y\n')
      assert.match(read(join(bin, 'calls')), 'br-netfilter a=1 b=x,y')
      if (existsSync('/usr/sbin/modprobe')) {
        const { stdout } = spawnSync('/usr/sbin/modprobe', ['-c'], { encoding: 'utf8' })
        assert.match(stdout, /options br[-_]netfilter a=1 b=x,y/)
      }
      await applied(connection, () => system.noKernelModule('br-netfilter'))
      assert.not.ok(
        existsSync('/etc/modules-load.d/br-netfilter.conf') || existsSync('/etc/modprobe.d/br-netfilter.conf'),
      )
      rmSync('/etc/modules-load.d', { recursive: true })
      writeFileSync('/etc/modules', '# at boot\nloop\nlp')
      await applied(connection, () => system.kernelModule('kvm'))
      assert.is(read('/etc/modules'), '# at boot\nloop\nlp\nkvm\n')
      await applied(connection, () => system.kernelModule('lp'))
      assert.is(read('/etc/modules'), '# at boot\nloop\nlp\nkvm\n')
      await applied(connection, () => system.noKernelModule('kvm'))
      assert.is(read('/etc/modules'), '# at boot\nloop\nlp\n')
      await applied(connection, () => system.noKernelModule('lp'))
    })

  test.run()
}

const test = suite('system')

test('names that cannot be are refused', () => {
  for (const name of ['', 'a b', '-a', 'a..b', 'a'.repeat(65), 'a_b']) assert.throws(() => system.hostname(name), name)
  for (const name of ['../etc', '/Europe', 'a b', '']) assert.throws(() => system.timezone(name), 'cannot be the name')
  for (const name of ['../x', 'a b', '-r']) assert.throws(() => system.kernelModule(name), 'cannot be the name')
  assert.throws(() => system.kernelModule('a', { params: { b: 'x y' } }), 'cannot be a parameter')
})

test('what is built in counts as loaded', async () => {
  const release = spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim()
  mkdirSync('/lib/modules', { recursive: true })
  bind(emptyDirectory(), '/lib/modules')
  mkdirSync(`/lib/modules/${release}`)
  writeFileSync(`/lib/modules/${release}/modules.builtin`, 'kernel/fs/ext4/ext-4.ko\n')
  assert.is((await planOf(here(), system.kernelModule('ext-4', { atBoot: false }))).changed, false)
})

const modprobed = (name: string, loaded: boolean, boot: string | undefined) => ({
  ...{
    loaded,
    boot: found(`/etc/modules-load.d/${name}.conf`, boot),
    options: found(`/etc/modprobe.d/${name}.conf`, undefined),
  },
})
for (const [what, operation, state, commands] of [
  [
    'a module',
    system.kernelModule('kvm'),
    modprobed('kvm', false, undefined),
    ['> /etc/modules-load.d/kvm.conf mode=0644\nkvm\n', 'modprobe kvm'],
  ],
  ['only now', system.kernelModule('kvm', { atBoot: false }), modprobed('kvm', false, undefined), ['modprobe kvm']],
  [
    'only at boot',
    system.kernelModule('kvm'),
    modprobed('kvm', true, undefined),
    ['> /etc/modules-load.d/kvm.conf mode=0644\nkvm\n'],
  ],
  ['what is so', system.kernelModule('kvm'), modprobed('kvm', true, 'kvm\n'), []],
  [
    'gone',
    system.noKernelModule('kvm'),
    modprobed('kvm', true, 'kvm\n'),
    ['rm -f /etc/modules-load.d/kvm.conf', 'modprobe -r kvm'],
  ],
  [
    'a time zone',
    system.timezone('Europe/Berlin'),
    { known: true, link: '../usr/share/zoneinfo/Etc/UTC', file: undefined, clock: undefined },
    [
      'rm -f /etc/.localtime.switchover && ln -s /usr/share/zoneinfo/Europe/Berlin /etc/.localtime.switchover && mv -f /etc/.localtime.switchover /etc/localtime',
    ],
  ],
  [
    'a name',
    system.hostname('a'),
    { running: 'b', file: found('/etc/hostname', 'a\n'), network: found('/etc/sysconfig/network', undefined) },
    ['echo a > /proc/sys/kernel/hostname'],
  ],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, state), commands))
}

test.run()
