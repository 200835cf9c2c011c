import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { summary } from '../../roles/openstack/summary.ts'
import { attachment, mos, onControllers } from './mos.ts'

const test = suite('roles/summary')
const uuid = '75eee200-5961-4e2e-bc9f-b6c276c68554'

test('tells what was moved, what was not, which guests need a hand, and the way back', async () => {
  const clouds = await mos({
    vars: { leave: ['heat'] },
    migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'],
    files: {
      'node-5': {
        '/var/backups/switchover/rows/nova.block_device_mapping.jsonl': `${JSON.stringify({
          key: 5,
          before: { connection_info: attachment('192.168.1.4') },
        })}\n`,
      },
    },
    running: { 'node-5': onControllers },
    answers: [[/SELECT b\.id, i\.uuid/, [['5', uuid, 'instance-1', 'active', 'f374f730-4adc-40f3-bfd4-67c4ac14ba76']]]],
  })
  clouds
    .host('node-5')
    .answer(/^grep -c/, '/dev/null:0\n/rows/nova.block_device_mapping.jsonl:1\n/rows/nova.services.jsonl:12\n')
  const run = clouds.start(summary, { on: 'target' })
  assert.is(await run.ended, 'ok', run.told.join('\n'))
  assert.equal(clouds.typed, [])
  const counts = run.finished('Tell what was moved', 'node-5').result as { counts: readonly { of: string }[] }
  assert.equal(
    counts.counts.find(({ of }) => of === 'instances'),
    { of: 'instances', before: 1, after: 1 },
  )
  assert.equal(run.finished('Tell which rows were rewritten', 'node-5').result, {
    rewritten: [{ table: 'nova.block_device_mapping', rows: 1 }],
  })
  const left = run.finished('Tell what is left to do', 'node-5').result as { guests: readonly string[] }
  assert.equal(left.guests, [`instance-1 (${uuid}) on node-3`])
})

test('tells how long a service was away by the start of its first process, and says where nothing is known', async () => {
  const away = async (files: Readonly<Record<string, string>>) => {
    const clouds = await mos({
      migrated: ['keystone', 'glance', 'nova', 'neutron', 'cinder'],
      files: { 'node-5': files },
      running: { 'node-5': onControllers },
      answers: [[/SELECT b\.id, i\.uuid/, []]],
    })
    const run = clouds.start(summary, { on: 'target' })
    assert.is(await run.ended, 'ok', run.told.join('\n'))
    return {
      ...(run.finished('Tell how long the services were away', 'node-5').result as object),
      said: JSON.stringify(run.events),
    }
  }
  // proc(5): the 22nd field is the start in ticks since the boot, of which there are 100 a second.
  const stat = `4711 (glance api) S 1${' 7'.repeat(17)} 6200 8 9\n`
  // The files of a fake host are of the second 1400000000.
  const proc = {
    '/var/backups/switchover/source/services/glance': 'openstack-glance-api running enabled\n',
    '/proc/stat': 'cpu 1 2\nbtime 1400000063\n',
    '/proc/4711/stat': stat,
  }
  const known = await away({ ...proc, '/var/run/openstack-glance-api.pid': '4711\n' })
  assert.equal((known as { away?: unknown }).away, [{ service: 'glance', seconds: 125 }])
  assert.match(known.said, /glance {5}2 min 5 s/)
  assert.match((await away({})).said, /not known: nothing here has run since the source was frozen/)
})

test.run()
