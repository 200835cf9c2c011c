import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../lib/index.ts'
import { type Moved, withMovedAddresses, withMovedHost } from '../../roles/openstack/addresses.ts'
import { asUser } from '../../roles/openstack/schema.ts'
import { carried, merged, valueOf } from '../../roles/openstack/settings.ts'

const test = suite('roles/openstack')

const moved = [
  ['10.0.0.4', '10.0.0.14'],
  ['172.16.40.43', '172.16.40.44'],
  ['192.168.1.4', '192.168.1.14'],
] as const

test('moves addresses only where they stand whole', () => {
  assert.is(
    withMovedAddresses('http://10.0.0.4:8774/v2/%(tenant_id)s', moved),
    'http://10.0.0.14:8774/v2/%(tenant_id)s',
  )
  assert.is(withMovedAddresses('http://172.16.40.43:5000/v2.0', moved), 'http://172.16.40.44:5000/v2.0')
  assert.is(withMovedAddresses('192.168.1.40:3260,1 iqn 1', moved), '192.168.1.40:3260,1 iqn 1')
  assert.is(withMovedAddresses('110.0.0.4', moved), '110.0.0.4')
  assert.is(withMovedAddresses('10.0.0.4.5', moved), '10.0.0.4.5')
  // Each address is moved once, though the new one of the first begins like another's old one.
  assert.is(
    withMovedAddresses('10.0.0.4 10.0.0.14', [
      ['10.0.0.4', '10.0.0.14'],
      ['10.0.0.14', '10.0.0.99'],
    ]),
    '10.0.0.14 10.0.0.99',
  )
  assert.is(withMovedAddresses('10.0.0.4', []), '10.0.0.4')
})

test('renames a host with and without a backend, and no other host', () => {
  const renamed = (value: string) =>
    withMovedHost(value, { from: { fqdn: 'node-1.domain.tld' }, to: { fqdn: 'node-5.domain.tld' } } as Moved)
  assert.is(renamed('node-1.domain.tld'), 'node-5.domain.tld')
  assert.is(renamed('node-1.domain.tld@lvm'), 'node-5.domain.tld@lvm')
  assert.is(renamed('node-1.domain.tld.example'), 'node-1.domain.tld.example')
})

test('carries over what the source sets, passwords as secrets, and names of sections without case', () => {
  const theirs = {
    DEFAULT: { admin_token: ['p7YtXc1B'], debug: ['False'] },
    OVS: { tunnel_id_ranges: ['2:65535'] },
    quotas: { a: ['1', '2'] },
  }
  const wanted = { DEFAULT: ['admin_token', 'debug', 'not_there'], ovs: ['tunnel_id_ranges'], QUOTAS: ['a'] }
  const taken = carried(wanted)({ theirs })
  const token = taken['DEFAULT']!['admin_token']
  assert.instance(token, Secret)
  assert.is((token as Secret).reveal(), 'p7YtXc1B')
  assert.is(String(token), '‹admin_token of the source›')
  assert.equal(
    { ...taken, DEFAULT: Object.keys(taken['DEFAULT']!) },
    { DEFAULT: ['admin_token', 'debug'], ovs: { tunnel_id_ranges: '2:65535' }, QUOTAS: { a: ['1', '2'] } },
  )
})

test('takes a password that everybody knows by the name of its user for none', () => {
  const wanted = { keystone_authtoken: ['admin_user', 'admin_password'] }
  const taken = (password: string) =>
    carried(wanted)({ theirs: { keystone_authtoken: { admin_user: ['heat'], admin_password: [password] } } })
  assert.equal(taken('heat'), { keystone_authtoken: { admin_user: 'heat', admin_password: 'heat' } })
  assert.instance(taken('wS1qA7zX')['keystone_authtoken']!['admin_password'], Secret)
})

test('tells DEFAULT apart from default', () => {
  assert.is(valueOf({ default: { a: ['1'] } }, 'DEFAULT', 'a'), undefined)
  assert.is(valueOf({ DATABASE: { connection: ['x'] } }, 'database', 'connection'), 'x')
})

test('lays sections over each other key by key', () => {
  assert.equal(merged({ a: { x: 1, y: 2 } }, { a: { y: null }, b: { z: 3 } }), { a: { x: 1, y: null }, b: { z: 3 } })
})

test('quotes a command for the shell of a service user', () => {
  assert.is(asUser('nova', "echo 'a b'"), "su -s /bin/sh -c 'echo '\\''a b'\\''' nova")
})

test.run()
