import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { atNewPlace } from '../../../lib/kit/links.ts'
import { sbin } from '../../../lib/kit/shell.ts'
import { mount } from '../../../lib/modules/index.ts'
import { Settled } from '../../../lib/model/operation.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { places } from '../kit/places.ts'
import { applied, failure, foretold, planOf } from './applied.ts'
import { needing } from '../../rig/needs.ts'
import { typed } from './typed.ts'

inPrivateNamespaces(import.meta.url)

const original = `# the disks
UUID=0a-1   /               ext4    errors=remount-ro 0       1
/dev/sdb2\tnone\tswap\tsw\t0\t0
`

function fresh(text = original) {
  const directory = emptyDirectory()
  const fstab = join(directory, 'fstab')
  writeFileSync(fstab, text)
  return { fstab, at: join(directory, 'data %s'), text: () => readFileSync(fstab, 'utf8') }
}

/** What findmnt says: the options of what is mounted there, or nothing. */
function live(path: string): string {
  return spawnSync('findmnt', ['-n', '-o', 'OPTIONS', '-M', path], { encoding: 'utf8' }).stdout.trim()
}

for (const shell of shells) {
  const test = suite(`mount under ${shell.name}`)
  const connection = here({ shell })

  test('present adds a line and mounts nothing', async () => {
    const { fstab, at, text } = fresh()
    const run = await applied(connection, () => mount.present({ device: 'tmpfs', path: at, type: 'tmpfs' }, { fstab }))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.equal(run.result, { path: at, mounted: false, device: undefined })
    assert.is(text(), `${original}tmpfs ${at.replace(' ', '\\040')} tmpfs defaults 0 0\n`)
    assert.is(live(at), '')
  })

  test('check mode knows what the tasks before it would have mounted, and which folder nobody makes', async () => {
    type On = { readonly path: string; readonly fstab: string }
    const mounted = (opts: string) => (on: On) =>
      mount.mounted({ device: 'tmpfs', path: on.path, type: 'tmpfs', opts }, { fstab: on.fstab })
    const present = ({ path, fstab }: On) => mount.present({ device: 'tmpfs', path, type: 'tmpfs' }, { fstab })
    const absent = ({ path, fstab }: On) => mount.absent(path, { fstab })
    for (const [first, second] of [
      [mounted('noexec'), absent],
      [mounted('noexec'), ({ path }: On) => mount.unmounted(path)],
      [mounted('noexec'), mounted('noexec')],
      [mounted('noexec'), mounted('noexec,nosuid')],
      [present, absent],
      [present, present],
    ] as const) {
      const { fstab, at: path } = fresh()
      await foretold(
        connection,
        () => first({ path, fstab }),
        () => second({ path, fstab }),
      )
    }
    const { at } = fresh()
    const error = await planOf(connection, present({ path: at, fstab: `${at}/none/fstab` })).catch(
      (thrown: unknown) => thrown,
    )
    assert.instance(error, Settled)
  })

  test('present changes only the fields that differ, and keeps those not named', async () => {
    const { fstab, text } = fresh()
    await applied(connection, () => mount.present({ device: '/dev/sda1', path: '/', type: 'ext4' }, { fstab }))
    assert.is(text(), original.replace('UUID=0a-1 ', '/dev/sda1 '))
    await applied(connection, () =>
      mount.present({ device: '/dev/sdb2', path: 'none', type: 'swap', opts: ['sw', 'pri=5'] }, { fstab }),
    )
    assert.match(text(), '/dev/sdb2\tnone\tswap\tsw,pri=5\t0\t0\n')
    await applied(connection, () => mount.present({ device: '/dev/sdc2', path: 'none', type: 'swap' }, { fstab }))
    assert.match(text(), '/dev/sdc2 none swap defaults 0 0\n')
  })

  test('mounted makes the directory, mounts and writes, in one request', async () => {
    const { fstab, at, text } = fresh()
    const make = () => mount.mounted({ device: 'tmpfs', path: at, type: 'tmpfs', opts: 'size=1m,noexec' }, { fstab })
    const plan = await planOf(connection, make())
    assert.is(plan.changed, true)
    assert.not.ok(existsSync(at))
    const run = await applied(connection, make)
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.match(live(at), 'noexec')
    assert.match(live(at), 'size=1024k')
    assert.match(text(), 'tmpfs size=1m,noexec 0 0')
  })

  test('a place below a link is known again, and let go', async () => {
    const { fstab, at } = fresh()
    const real = emptyDirectory()
    symlinkSync(real, `${at} link`)
    const make = () => mount.mounted({ device: 'tmpfs', path: `${at} link/sub`, type: 'tmpfs' }, { fstab })
    await applied(connection, make)
    assert.match(live(join(real, 'sub')), 'rw')
    assert.is((await planOf(connection, make())).changed, false)
    await applied(connection, () => mount.unmounted(`${at} link/sub`))
    assert.is(live(join(real, 'sub')), '')
  })

  needing(test, 'root')('no mount point in a folder of another user, but in a folder of its own', async () => {
    const { fstab, text } = fresh()
    const { at } = places()
    for (const [word, make] of Object.entries({ mounted: mount.mounted, present: mount.present })) {
      assert.is(
        await failure(connection, make({ device: 'tmpfs', path: at(`svc/${word}`), type: 'tmpfs' }, { fstab })),
        `${at(`svc/${word}`)} was left alone: nobody decides what lies in ${at('svc')}, and could lead the mount ` +
          'elsewhere while root runs it',
      )
    }
    assert.is(text(), original)
    await applied(connection, () => mount.mounted({ device: 'tmpfs', path: at('svc'), type: 'tmpfs' }, { fstab }))
    await applied(connection, () => mount.unmounted(at('svc')))
  })

  needing(test, 'root')('other options are taken over by a remount; what somebody unmounted comes back', async () => {
    const { fstab, at } = fresh()
    const make = (opts: string) => () => mount.mounted({ device: 'tmpfs', path: at, type: 'tmpfs', opts }, { fstab })
    await applied(connection, make('size=1m'))
    writeFileSync(join(at, 'kept'), 'data')
    await applied(connection, make('size=2m,noexec'))
    assert.match(live(at), 'size=2048k')
    assert.match(live(at), 'noexec')
    assert.is(readFileSync(join(at, 'kept'), 'utf8'), 'data')
    spawnSync('mount', ['-o', 'remount,exec', at])
    const run = await applied(connection, make('size=2m,noexec'))
    assert.equal(
      run.diff.map(({ path }) => path),
      [`mount ${at}`],
    )
    assert.match(live(at), 'noexec')
    spawnSync('umount', [at])
    await applied(connection, make('size=2m,noexec'))
    assert.match(live(at), 'noexec')
  })

  needing(test, 'root')('what cannot be mounted does not get into fstab', async () => {
    const { fstab, at, text } = fresh()
    const said = await failure(
      connection,
      mount.mounted({ device: '/dev/no-such-disk', path: at, type: 'ext4' }, { fstab }),
    )
    assert.match(said, '/dev/no-such-disk')
    assert.is(text(), original)
  })

  test('another file system at the place is an error; a bind mount is known again', async () => {
    const { fstab, at } = fresh()
    const from = emptyDirectory()
    await applied(connection, () => mount.mounted({ device: from, path: at, type: 'none', opts: 'bind' }, { fstab }))
    spawnSync('umount', [at])
    const proc = spawnSync('mount', ['-t', 'tmpfs', '10.0.0.9:/old', at])
    assert.is(proc.status, 0)
    const said = await failure(
      connection,
      mount.mounted({ device: '10.0.0.9:/new', path: at, type: 'nfs', opts: 'ro' }, { fstab }),
    )
    assert.is(said, `10.0.0.9:/old is mounted at ${at}, and 10.0.0.9:/new is wanted there`)
  })

  test('unmounted leaves fstab, absent does not', async () => {
    const { fstab, at, text } = fresh()
    const make = () => mount.mounted({ device: 'tmpfs', path: at, type: 'tmpfs' }, { fstab })
    await applied(connection, make)
    spawnSync('mount', ['-t', 'tmpfs', 'on-top', at])
    const down = await applied(connection, () => mount.unmounted(at))
    assert.equal(down.requests, { read: 1, apply: 1 })
    assert.is(live(at), '')
    assert.match(text(), 'data\\040%s')
    await applied(connection, make)
    const gone = await applied(connection, () => mount.absent(at, { fstab }))
    assert.equal(gone.requests, { read: 1, apply: 1 })
    assert.is(live(at), '')
    assert.is(text(), original)
    assert.ok(existsSync(at))
  })

  test('what was mounted since the look is not mounted twice, and nothing is hidden by it', async () => {
    const { fstab, at, text } = fresh()
    const times = () => spawnSync('findmnt', ['-n', '-M', at], { encoding: 'utf8' }).stdout.split('\n').length - 1
    const plan = await planOf(connection, mount.mounted({ device: 'tmpfs', path: at, type: 'tmpfs' }, { fstab }))
    spawnSync('mkdir', [at])
    spawnSync('mount', ['-t', 'tmpfs', 'other', at])
    const said = await plan.apply(connection).catch((error: Error) => error.message)
    assert.match(said as unknown as string, 'other has been mounted there meanwhile')
    assert.is(text(), original)
    spawnSync('umount', [at])
    spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', at])
    await plan.apply(connection)
    assert.is(times(), 1)
    assert.match(text(), 'data\\040%s tmpfs')
  })

  test('what is in use is not unmounted, and the line stays', async () => {
    const { fstab, at, text } = fresh()
    await applied(connection, () => mount.mounted({ device: 'tmpfs', path: at, type: 'tmpfs' }, { fstab }))
    const before = text()
    const cwd = process.cwd()
    process.chdir(at)
    try {
      const said = await failure(connection, mount.absent(at, { fstab }))
      assert.match(said, `${at} cannot be unmounted; see who uses it: fuser -vm ${at}`)
    } finally {
      process.chdir(cwd)
    }
    assert.is(text(), before)
  })

  test.run()
}

const test = suite('mount: what is asked for')

test('a password in fstab is not shown, and none is put there', async () => {
  const { fstab } = fresh('//srv/a /a cifs user=x,password=old-one,rw 0 0\n')
  const run = await applied(here(), () => mount.present({ device: 'tmpfs', path: '/b', type: 'tmpfs' }, { fstab }))
  assert.is(run.diff[0]!.before, '//srv/a /a cifs user=x,password=‹masked›,rw 0 0\n')
  assert.not.match(run.diff[0]!.after, 'old-one')
  const { change } = mount
    .present({ device: 'tmpfs', path: '/c', type: 'tmpfs' })
    .plan(state('//srv/a /a cifs user=x,password=old-one 0 0\n'))
  assert.not.match(JSON.stringify(change), 'old-one')
  assert.throws(
    () => mount.mounted({ device: '//srv/a', path: '/a', type: 'cifs', opts: 'user=x,pass=y' }),
    'the options of /a hold a password, which every user of the host could read',
  )
})

test('is checked before anything runs', () => {
  assert.throws(() => mount.mounted({ device: 'tmpfs', path: 'mnt', type: 'tmpfs' }), /not an absolute path/)
  assert.throws(() => mount.present({ device: '', path: '/mnt', type: 'tmpfs' }), 'the device "" cannot stand in fstab')
  assert.throws(
    () => mount.present({ device: 'a', path: '/mnt', type: 'tmpfs', opts: ['a b'] }),
    /cannot stand in fstab: no blanks/,
  )
})

const state = (text: string, more: object = {}) => ({
  table: { path: '/etc/fstab', exists: true, link: undefined, lacks: undefined, content: Buffer.from(text) },
  at: '/data',
  live: [],
  wanted: '/dev/sdb1',
  real: '',
  systemd: false,
  ...more,
})
const has = (device: string, ...options: readonly string[]) => ({ live: [{ device, options }], real: device })
const data = (opts?: string) => mount.mounted({ device: '/dev/sdb1', path: '/data/', type: 'ext4', opts })
const asks = `mounted() { while read -r from at rest; do [ "$at" != /data ] || return 0; done < /proc/mounts; return 1; }`
const mounts = (options: string) => `${asks}
if mounted; then
  [ "$from" = /dev/sdb1 ] || { echo "$from has been mounted there meanwhile" >&2; exit 1; }
else
  ( ${atNewPlace}make /data ) && mount -t ext4 -o ${options} /dev/sdb1 /data
fi`
const checking = (options: string) => mounts(options).replaceAll('%s', "%''s")
const unmounts = `${asks}
n=1
while [ $n -gt 0 ] && mounted; do
  umount /data || { echo '/data cannot be unmounted; see who uses it: fuser -vm /data' >&2; exit 1; }
  n=$((n - 1))
done`
const line = '/dev/sdb1 /data ext4 noatime 0 0\n'

for (const [what, operation, found, commands] of [
  [
    'a line and nothing else',
    mount.present({ device: '/dev/sdb2', path: 'none', type: 'swap', opts: 'sw' }, { backup: true }),
    state('# none\n'),
    ['> /etc/fstab backup=true\n# none\n/dev/sdb2 none swap sw 0 0\n'],
  ],
  [
    'a new file system: mounting checks its line',
    data('noatime'),
    state(''),
    [`> /etc/fstab\n${line}`, `checked by: # mount /data\n: %s\n${sbin}\n${checking('noatime')}`],
  ],
  [
    'systemd learns of the new table',
    data('noatime'),
    state('', { systemd: true }),
    [
      `> /etc/fstab\n${line}`,
      `checked by: # mount /data\n: %s\n${sbin}\n${checking('noatime')}`,
      'systemctl daemon-reload',
    ],
  ],
  ['what somebody unmounted', data(), state(line), [mounts('noatime').replace(atNewPlace, '')]],
  ['an option that got lost', data(), state(line, has('/dev/sdb1', 'rw')), ['mount -o remount,noatime /data']],
  ['all is so', data('noatime'), state(line, has('/dev/sdb1', 'rw', 'noatime')), []],
  ['not mounted now', mount.unmounted('/data'), state(line, has('/dev/sdb1', 'rw')), [unmounts]],
  [
    'neither now nor at boot',
    mount.absent('/data'),
    state(`# a\n${line}`, has('/dev/sdb1', 'rw')),
    ['> /etc/fstab\n# a\n', `checked by: # umount /data\n: %s\n${sbin}\n${unmounts}`],
  ],
  ['nothing to take away', mount.absent('/data'), state('# a\n'), []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, found), commands))
}

test.run()
