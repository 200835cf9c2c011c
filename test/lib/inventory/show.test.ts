import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { graph, hostVars, listJson, listing, varsOf } from '../../../lib/inventory/show.ts'
import { Folder } from './folder.ts'

const files = {
  hosts:
    'lone\n[compute]\nnode-[1:2] ansible_ssh_pass=opensesame\n[cloud:children]\ncompute\n' +
    '[cloud:vars]\nrabbit_password=geheim\nurl=mysql://nova:opensesame@db\nport=1\n[compute:vars]\nport=2\n',
}
const test = suite('showing an inventory')

test('as a tree', async () => {
  using folder = new Folder(files)
  // As `ansible-inventory --graph` of 2.14 draws it, but in the inventory's order, not sorted by name.
  assert.is(
    graph(await folder.load(['hosts'])),
    [
      '@all:',
      '  |--@ungrouped:',
      '  |  |--lone',
      '  |--@cloud:',
      '  |  |--@compute:',
      '  |  |  |--node-1',
      '  |  |  |--node-2',
    ].join('\n'),
  )
})

test('a host that is named in a group and in its child stands under both', async () => {
  using folder = new Folder({ hosts: '[cloud]\nnode-1\n[cloud:children]\ncompute\n[compute]\nnode-1\n' })
  const inventory = await folder.load(['hosts'])
  assert.match(graph(inventory), '  |--@cloud:\n  |  |--@compute:\n  |  |  |--node-1\n  |  |--node-1')
  const { cloud, compute } = listing(inventory)
  assert.equal([cloud, compute], [{ children: ['compute'], hosts: ['node-1'] }, { hosts: ['node-1'] }])
})

test('as JSON, with no secret in it', async () => {
  using folder = new Folder(files)
  const inventory = await folder.load(['hosts'])
  const { _meta: meta, ...groups } = listing(inventory)
  assert.equal(groups, {
    all: { children: ['ungrouped', 'cloud'] },
    ungrouped: { hosts: ['lone'] },
    compute: { hosts: ['node-1', 'node-2'] },
    cloud: { children: ['compute'] },
  })
  assert.equal((meta as { hostvars: Record<string, unknown> }).hostvars['node-1'], {
    ansible_ssh_pass: '‹ansible_ssh_pass›',
    rabbit_password: '‹rabbit_password›',
    url: 'mysql://nova:‹ansible_ssh_pass›@db',
    port: 2,
  })
  assert.equal(JSON.parse(listJson(inventory)), JSON.parse(JSON.stringify(listing(inventory))))
  assert.not.match(listJson(inventory), /opensesame|geheim/)
})

test('the path of a key is none, and stands in clear', async () => {
  using folder = new Folder({ hosts: 'a ansible_ssh_private_key_file=/keys/id\n' })
  const inventory = await folder.load(['hosts'])
  assert.match(hostVars(inventory, inventory.hosts.get('a')!), '  privateKey: "/keys/id"\n')
})

test('the variables of a host, with what they overrode', async () => {
  using folder = new Folder(files)
  const inventory = await folder.load(['hosts'])
  const host = inventory.hosts.get('node-1')!
  assert.equal(
    varsOf(host).find(({ name }) => name === 'port'),
    { name: 'port', value: 2, from: 'hosts:11 group compute', overrode: [{ value: 1, from: 'hosts:9 group cloud' }] },
  )
  assert.is(
    hostVars(inventory, host),
    [
      'node-1  groups: compute, cloud  inventory: hosts',
      '  password: ‹ansible_ssh_pass›',
      'ansible_ssh_pass = ‹ansible_ssh_pass›                    hosts:3 host node-1',
      'port             = 2                                     hosts:11 group compute',
      '                   over 1                                hosts:9 group cloud',
      'rabbit_password  = ‹rabbit_password›                     hosts:7 group cloud',
      'url              = "mysql://nova:‹ansible_ssh_pass›@db"  hosts:8 group cloud',
    ].join('\n'),
  )
})

test.run()
