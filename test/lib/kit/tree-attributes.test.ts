import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { file } from '../../../lib/modules/index.ts'
import { here, shells } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { applied, failure } from '../modules/applied.ts'
import { places, svc } from './places.ts'

needs('root')

/** A tree with everything that a service keeps, all of it of one owner. */
function tree(at: (name: string) => string, owner: number): readonly string[] {
  const names = ['tree', 'tree/a', 'tree/a/b', 'tree/file', "tree/a/it's mine", 'tree/a/b/-n', 'tree/link', 'tree/pipe']
  for (const name of names.slice(0, 3)) mkdirSync(at(name))
  for (const name of names.slice(3, 6)) writeFileSync(at(name), '', { mode: 0o600 })
  symlinkSync(at('victim'), at('tree/link'))
  spawnSync('mkfifo', [at('tree/pipe')])
  spawnSync('chown', ['-hR', `${owner}:${owner}`, at('tree')])
  return names
}

for (const shell of shells) {
  const test = suite(`whole trees under ${shell.name}`)

  for (const [whose, owner] of [
    ['root', 0],
    ['a service', svc],
  ] as const) {
    test(`of ${whose} get owner and mode, links and pipes as well, and nothing else does`, async () => {
      const { at, untouched } = places()
      const names = tree(at, owner)
      const connection = here({ shell })
      const { result } = await applied(connection, () => file.owner(at('tree'), 'daemon:daemon'))
      assert.is(result.count, names.length)
      for (const name of names) assert.equal([lstatSync(at(name)).uid, lstatSync(at(name)).gid], [1, 1], name)
      await applied(connection, () => file.owner(at('tree'), 'root:root'))
      for (const name of names) assert.is(lstatSync(at(name)).uid, 0, name)
      if (owner !== 0) await applied(connection, () => file.owner(at('tree'), `${owner}`))
      await applied(connection, () => file.mode(at('tree'), '0640', { recursive: true }))
      const modes = () => names.map((name) => (lstatSync(at(name)).mode & 0o7777).toString(8)).join(' ')
      assert.is(modes(), '750 750 750 640 640 640 777 640')
      chmodSync(at('tree/a'), 0o2700)
      await applied(connection, () => file.mode(at('tree'), 'g+w,o+r', { recursive: true }))
      assert.is(modes(), '774 2724 774 664 664 664 777 664')
      assert.is(readlinkSync(at('tree/link')), at('victim'))
      assert.equal(readdirSync(at('tree')).sort(), ['a', 'file', 'link', 'pipe'])
      untouched()
    })
  }

  test('are refused where somebody put another name of what is not his', async () => {
    const { at, untouched } = places()
    tree(at, svc)
    linkSync(at('victim'), at('tree/a/mine'))
    const connection = here({ shell })
    assert.match(await failure(connection, file.owner(at('tree'), 'daemon')), 'tree/a/mine has other names')
    assert.match(
      await failure(connection, file.mode(at('tree'), '0644', { recursive: true })),
      'tree/a/mine has other names',
    )
    untouched()
  })

  test('keep what has several names of one owner', async () => {
    const { at } = places()
    tree(at, svc)
    linkSync(at('tree/file'), at('tree/a/again'))
    await applied(here({ shell }), () => file.owner(at('tree'), 'daemon'))
    assert.is(statSync(at('tree/a/again')).uid, 1)
  })

  test('are made where nobody leads elsewhere', async () => {
    const { at, plant } = places()
    const connection = here({ shell })
    await applied(connection, () => file.directory(at('svc/one/two three/four'), { mode: '0750', owner: 'daemon' }))
    assert.is(statSync(at('svc/one/two three/four')).uid, 1)
    assert.is(statSync(at('svc/one/two three')).uid, 0)
    symlinkSync('etc', at('way'))
    await applied(connection, () => file.directory(at('way/to')))
    assert.ok(statSync(at('etc/to')).isDirectory())
    plant('svc/etc', at('etc'))
    await applied(connection, () => file.directory(at('svc/etc/meant'), { follow: true }))
    assert.ok(statSync(at('etc/meant')).isDirectory())
    assert.match(await failure(connection, file.directory(at('svc/etc/not'))), 'others than root could have made')
    chownSync(at('svc'), 0, 0)
  })

  test.run()
}
