import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lvm } from '../../../lib/modules/index.ts'
import { Advice, type Operation, type Value } from '../../../lib/model/operation.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

const mebi = 2 ** 20
const standin = readFileSync(new URL('../../lab/host/lvm', import.meta.url), 'utf8')

for (const shell of shells) {
  const test = suite(`lvm under ${shell.name}`)

  /** A host with a volume group of so many MiB. */
  const fresh = (size = 64) => {
    const dir = emptyDirectory()
    const [bin, store, dev] = [join(dir, 'bin'), join(dir, 'store'), join(dir, 'dev')]
    for (const made of [bin, join(store, 'cinder'), dev]) mkdirSync(made, { recursive: true })
    writeFileSync(join(store, 'cinder/.size'), String(size * mebi))
    // Its devices lie in the test's own directory, and it says what LVM of 2010 says of open descriptors.
    writeFileSync(
      join(bin, 'lvm'),
      standin
        .replace(
          'STORE=/var/lib/lvm-standin',
          `STORE=${store}\nPATH=/usr/bin:/bin\necho "File descriptor 7 (pipe:[12345]) leaked on $0 invocation. Parent PID 1: sh" >&2`,
        )
        .replaceAll('/dev/$1', `${dev}/$1`)
        .replaceAll('/dev/mapper', `${dev}/mapper`)
        .replaceAll('/dev/$vg', `${dev}/$vg`),
    )
    chmodSync(join(bin, 'lvm'), 0o755)
    for (const name of ['lvs', 'vgs', 'lvcreate']) symlinkSync('lvm', join(bin, name))
    const connection = here({ shell, env: { PATH: `${bin}:${shell.env?.PATH ?? process.env.PATH}` } })
    Object.assign(connection, { host: { name: 'node-5' } })
    return { connection, dev, volume: (name: string, bytes: number) => lvm.volume({ group: 'cinder', name, bytes }) }
  }

  test('volume makes one, rounded to whole extents, once', async () => {
    const { connection, dev, volume } = fresh()
    const { result, diff } = await applied(connection, () => volume('volume-1', 5 * mebi + 1))
    assert.equal(result, { name: 'volume-1', bytes: 8 * mebi, origin: '' })
    assert.equal(diff, [{ path: '/dev/cinder/volume-1', before: '', after: `a logical volume of ${8 * mebi} bytes\n` }])
    assert.equal(readdirSync(join(dev, 'cinder')), ['volume-1'])
    assert.equal((await planOf(connection, lvm.volumes('cinder'))).result, [
      { name: 'volume-1', bytes: 8 * mebi, origin: '' },
    ])
    assert.equal((await planOf(connection, lvm.group('cinder'))).result, {
      name: 'cinder',
      bytes: 64 * mebi,
      free: 56 * mebi,
      extent: 4 * mebi,
    })
    assert.is((await planOf(connection, volume('volume-1', 4 * mebi))).changed, false)
  })

  test('what is there and too small, no group and no room are errors that say what to do', async () => {
    const { connection, volume } = fresh(16)
    await applied(connection, () => volume('volume-1', 4 * mebi))
    const advice = async (operation: Operation<Value>) => {
      const thrown = await operation.prepare(connection).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.instance(thrown, Advice)
      return [(thrown as Advice).message, (thrown as Advice).hint]
    }
    assert.equal(await advice(volume('volume-1', 8 * mebi)), [
      `cinder/volume-1 is there with ${4 * mebi} bytes, and ${8 * mebi} are needed`,
      'see whose it is: lvs cinder; extend it with lvextend, or remove it, if nobody needs it',
    ])
    assert.equal(await advice(volume('volume-2', 13 * mebi)), [
      `cinder has ${12 * mebi} bytes free, and ${16 * mebi} are needed for volume-2`,
      'extend the group: vgextend cinder DEVICE',
    ])
    await applied(connection, () => volume('volume-2', 12 * mebi))
    for (const operation of [
      lvm.volume({ group: 'other', name: 'x', bytes: 1 }),
      lvm.group('other'),
      lvm.volumes('other'),
    ] as Operation<Value>[]) {
      const [message, hint] = await advice(operation)
      assert.match(message!, /^node-5 has no volume group other: Volume group "other" not found/)
      assert.not.match(message!, 'leaked')
      assert.is(hint, 'make it there, as large as the one of the source: vgcreate other DEVICE')
    }
  })

  /** A host whose LVM answers this. */
  const answering = (stdout: string, stderr = '', code = 0) => {
    const dir = emptyDirectory()
    writeFileSync(join(dir, 'out'), stdout)
    writeFileSync(join(dir, 'err'), stderr)
    for (const name of ['lvs', 'vgs'])
      writeFileSync(join(dir, name), `#!/bin/sh\n/bin/cat ${dir}/err >&2\n/bin/cat ${dir}/out\nexit ${code}\n`, {
        mode: 0o755,
      })
    return Object.assign(here({ shell, env: { PATH: `${dir}:${shell.env?.PATH ?? process.env.PATH}` } }), {
      host: { name: 'node-1' },
    })
  }

  test('what LVM of 2010 and of today print is understood, with all they say beside it', async () => {
    const noise =
      'File descriptor 3 (socket:[9876]) leaked on lvs invocation. Parent PID 4321: sh\n  WARNING: Device for PV abc not found or rejected by a filter.\n'
    const old = answering(
      '  volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76:1073741824:\n  volume-2:5368709120:\n  _snapshot-9:1073741824:volume-2\n',
      noise,
    )
    assert.equal((await planOf(old, lvm.volumes('cinder'))).result, [
      { name: 'volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76', bytes: 1073741824, origin: '' },
      { name: 'volume-2', bytes: 5368709120, origin: '' },
      { name: '_snapshot-9', bytes: 1073741824, origin: 'volume-2' },
    ])
    const today = answering(
      '  WARNING: lvmetad is running but disabled. Restart lvmetad before enabling it!\n  volume-2:5368709120:\n  \n',
    )
    assert.equal((await planOf(today, lvm.volumes('cinder'))).result, [
      { name: 'volume-2', bytes: 5368709120, origin: '' },
    ])
    assert.equal((await planOf(answering('', noise), lvm.volumes('cinder'))).result, [])
    const group = answering(
      '  WARNING: Device /dev/sdb has size of 1 sectors which is smaller than corresponding PV size\n  cinder-volumes:53682896896:10733223936:4194304\n',
      noise,
    )
    assert.equal((await planOf(group, lvm.group('cinder-volumes'))).result, {
      name: 'cinder-volumes',
      bytes: 53682896896,
      free: 10733223936,
      extent: 4194304,
    })
  })

  test('a host without LVM, and LVM that fails otherwise, are told apart', async () => {
    const none = answering('', 'sh: lvs: not found\n', 127)
    assert.is(await failure(none, lvm.volumes('cinder')), 'node-1 has no LVM: sh: lvs: not found')
    const locked = answering(
      '',
      "  /var/lock/lvm/V_cinder:aux: open failed: Permission denied\n  Can't get lock for cinder\n",
      5,
    )
    assert.is(
      await failure(locked, lvm.group('cinder')),
      "/var/lock/lvm/V_cinder:aux: open failed: Permission denied\nCan't get lock for cinder (exit code 5)",
    )
  })

  test.run()
}

const test = suite('lvm: what is typed')
const state = (bytes?: number) => ({
  found: bytes === undefined ? undefined : { name: 'volume-1', bytes, origin: '' },
  in: { name: 'cinder', bytes: 64 * mebi, free: 32 * mebi, extent: 4 * mebi },
})
const volume = (bytes: number) => lvm.volume({ group: 'cinder', name: 'volume-1', bytes })

for (const [what, operation, found, commands] of [
  ['a missing volume, in whole extents', volume(5 * mebi), state(), ['lvcreate -n volume-1 -L 8388608b cinder']],
  ['one that is large enough', volume(5 * mebi), state(8 * mebi), []],
] as const) {
  test(what, () => assert.equal(typed(operation, found), commands))
}

test('and what is refused', () => {
  assert.throws(() => typed(volume(9 * mebi), state(8 * mebi)), /is there with 8388608 bytes, and 9437184 are needed/)
  assert.throws(() => typed(volume(33 * mebi), state()), /has 33554432 bytes free, and 37748736 are needed/)
})

test.run()
