import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role } from '../../lib/index.ts'
import { cloud } from '../../roles/openstack/cloud.ts'
import { backup } from '../../roles/openstack/backup.ts'
import { beside, type Foretold, foretell, inParts, lasts } from '../../roles/openstack/durations.ts'
import { keystone } from '../../roles/keystone/index.ts'
import { look } from '../../roles/openstack/look.ts'
import { wayBackGone, stopTarget } from '../../roles/openstack/rollback.ts'
import { summary } from '../../roles/openstack/summary.ts'
import type { CloudsOptions } from '../rig/clouds.ts'
import { mos, onControllers, ready, recorded } from './mos.ts'

const test = suite('roles/durations')

const backups = '/var/backups/switchover'
const sizes = (nova: number): NonNullable<CloudsOptions['answers']>[number] => [
  /SELECT table_schema, table_name, IFNULL\(data_length/,
  [
    ['nova', 'instances', String(nova)],
    ['keystone', 'token', '30000'],
  ],
]
// The estimate alone: a whole look asks for much more.
const asks = role('asks', cloud, ({ task }) => task('Ask', (host) => foretell(host)))
const foretellOf = async (more: CloudsOptions) => {
  const clouds = await mos(more)
  const run = clouds.start(asks, { on: 'target' })
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  const foretold = run.finished('Ask', 'node-5').result as Foretold
  // A table is dumped into nothing.
  assert.equal(
    clouds.typed.filter((line) => !/mysqldump .* nova instances$/.test(line)),
    [],
  )
  const of = (service: string, part: string) =>
    foretold.lasting.find((one) => one.service === service && one.part === part)
  return { foretold, of }
}

test('is foretold from the sizes of the source, part by part, with the way back', async () => {
  const [small, large] = [
    await foretellOf({ answers: [sizes(1e6)] }),
    await foretellOf({ answers: [sizes(1e10)], programs: { 'du -skc': '9000000\ttotal\n' } }),
  ]
  assert.ok(small.foretold.away < 180, JSON.stringify(small.foretold))
  for (const part of ['dump', 'import', 'conversion', 'migration'])
    assert.ok(large.of('nova', part)!.seconds > 20 * small.of('nova', part)!.seconds, part)
  assert.is(large.of('nova', 'dump')!.bytes, 1e10)
  assert.is(large.of('glance', 'copy')!.bytes, 9_000_000 * 1024)
  assert.is(small.of('nova', 'copy'), undefined)
  const sum = large.foretold.lasting.filter(({ part }) => part !== 'copy').reduce((all, one) => all + one.seconds, 0)
  assert.ok(large.foretold.away > sum && large.foretold.away < sum + 120)
})

test('is foretold from what the last move here took', async () => {
  const took = `${backups}/took`
  const { foretold, of } = await foretellOf({
    answers: [sizes(2e9)],
    files: {
      'node-5': {
        [`${took}/nova.nova.import`]: '1000000000 100.00\n',
        [`${took}/keystone.keystone.import`]: '90000 7.50\n',
        [`${took}/back`]: '33.3\n',
      },
    },
  })
  assert.is(of('nova', 'import')!.seconds, 200)
  assert.is(of('keystone', 'import')!.seconds, 7.5)
  assert.is(foretold.back, 33)
  assert.equal(foretold.from, ['what the last move here took'])
})

test('what was foretold is in the table, and kept on the target', async () => {
  const clouds = await ready({ answers: [sizes(1e6)] })
  const plays = [play('Look', { hosts: 'source:target:compute' }, [look]), play('Save', { hosts: 'target' }, [backup])]
  const run = clouds.start(plays)
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  const told = JSON.stringify(run.finished('Tell what was found', 'node-1').result)
  assert.match(told, /nova takes about [\d.]+ s: dump .*, import .*, conversion .*, migration /)
  assert.match(told, /the cloud is away for about .*, and the way back takes about .* \(from sizes alone\)/)
  const { foretold } = run.finished('Foretell how long it takes', 'node-5').result as { foretold: Foretold }
  assert.ok(foretold.lasting.length > 3)
  assert.equal(JSON.parse(clouds.text('node-5', `${backups}/source/foretold`)), foretold)
})

test('each part of a move is timed and kept', async () => {
  const clouds = await mos()
  await clouds.run(keystone, { on: 'target' })
  const kept = clouds.host('node-5').files.names(`${backups}/took`)
  assert.equal(
    [...kept].sort(),
    ['conversion', 'dump', 'import', 'migration'].map((part) => `keystone.keystone.${part}`),
  )
  const dump = clouds.text('node-5', `${backups}/source/keystone.sql`)
  for (const name of kept)
    assert.match(clouds.text('node-5', `${backups}/took/${name}`), new RegExp(`^${dump.length} \\d+\\.\\d\\d\\n$`))
  // What is done is not done again, and what it took stays.
  const before = clouds.text('node-5', `${backups}/took/keystone.keystone.dump`)
  await clouds.run(keystone, { on: 'target' })
  assert.is(clouds.text('node-5', `${backups}/took/keystone.keystone.dump`), before)
})

const before: Foretold = {
  lasting: [
    { service: 'nova', part: 'dump', bytes: 1000, seconds: 12 },
    { service: 'cinder', part: 'copy', bytes: 10, seconds: 5400 },
  ],
  away: 150,
  back: 75,
  from: [],
}

test('the summary tells what was foretold and what it took', async () => {
  const clouds = await mos({
    migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'],
    files: {
      'node-5': {
        [`${backups}/source/foretold`]: `${JSON.stringify(before)}\n`,
        [`${backups}/took/nova.nova.dump`]: '2000000 8.10\n',
        [`${backups}/took/nova.nova_api.dump`]: '1000000 0.90\n',
      },
    },
    running: { 'node-5': onControllers },
    answers: [[/SELECT b\.id, i\.uuid/, []]],
  })
  const run = clouds.start(summary, { on: 'target' })
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  assert.equal(run.finished('Tell how long it took', 'node-5').result, {
    foretold: before.lasting,
    took: [{ service: 'nova', part: 'dump', bytes: 3_000_000, seconds: 9 }],
    back: 75,
  })
  const said = JSON.stringify(run.events)
  assert.match(said, 'nova       dump       foretold 12 s, took 9 s, 3.0 MB')
  assert.match(said, 'cinder     copy       foretold 1 h 30 min, took nothing')
  assert.match(said, 'the way back is foretold to take about 1 min 15 s')
})

test('the way back tells what it took and what was foretold, and the next is foretold from it', async () => {
  const files = { ...recorded('source'), ...recorded('target'), [`${backups}/source/foretold`]: JSON.stringify(before) }
  const clouds = await mos({ files: { 'node-5': files } })
  const run = clouds.start(
    [play('Stop', { hosts: 'target' }, [stopTarget]), play('File', { hosts: 'target' }, [wayBackGone])],
    {},
  )
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  const { took, foretold } = run.finished('Tell how long the way back took', 'node-5').result as {
    readonly took: number
    readonly foretold: number
  }
  assert.is(foretold, 75)
  assert.ok(took >= 0 && took < 120)
  assert.match(clouds.text('node-5', `${backups}/took/back`), /^\d+\.\d\n$/)
})

test('says durations as people do', () => {
  assert.equal([0.04, 3.14, 42, 61, 3599, 5400].map(lasts), [
    '0 s',
    '3.1 s',
    '42 s',
    '1 min 1 s',
    '59 min 59 s',
    '1 h 30 min',
  ])
  assert.equal(beside([], [{ service: 'nova', part: 'copy', bytes: 5, seconds: 1 }]), [
    'nova       copy       foretold nothing, took 1 s, 5 bytes',
  ])
  assert.equal(inParts([]), [])
})

test.run()
