import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { horizon } from '../../roles/horizon/index.ts'
import { nova } from '../../roles/nova/index.ts'
import { mos } from './mos.ts'

const test = suite('roles/settings')

const settings = '/etc/openstack-dashboard/local_settings'
const files = {
  'node-1': {
    '/etc/nova/nova.conf':
      '[DEFAULT]\ncpu_allocation_ratio=4.5\nquota_cores=7\nspice=http://10.0.0.4:6082/\nrabbit_userid=x\n',
    [settings]: 'TIME_ZONE = "Europe/Riga"\nOPENSTACK_HOST = "10.0.0.4"\n',
  },
  'node-5': { [settings]: 'TIME_ZONE = "UTC"\nOPENSTACK_HOST = "127.0.0.1"\n' },
}

test('what the operator names of the source is taken over, with its addresses moved; nothing else is', async () => {
  const carry = ['nova.conf:DEFAULT.cpu_allocation_ratio', 'nova.conf:DEFAULT.spice', 'nova.conf:DEFAULT.rabbit_userid']
  const clouds = await mos({ migrated: ['keystone'], files, vars: { carry }, running: { 'node-1': [] } })
  await clouds.run(nova, { on: 'target' })
  const conf = clouds.text('node-5', '/etc/nova/nova.conf')
  assert.match(conf, /^cpu_allocation_ratio *= *4\.5$/m)
  assert.match(conf, /^spice *= *http:\/\/10\.0\.0\.14:6082\/$/m)
  assert.not.match(conf, /quota_cores/)
  // What the release says of the new place wins.
  assert.match(conf, /^rabbit_userid *= *nova$/m)
})

test('… of the dashboard too, as the Python that it is', async () => {
  const clouds = await mos({
    migrated: ['keystone'],
    files,
    vars: { carry: ['local_settings:TIME_ZONE'] },
    running: { 'node-1': [] },
  })
  await clouds.run(horizon, { on: 'target' })
  const text = clouds.text('node-5', settings)
  assert.match(text, /^TIME_ZONE = "Europe\/Riga"$/m)
  assert.match(text, /^OPENSTACK_HOST = "10\.0\.0\.14"$/m)
})

test.run()
