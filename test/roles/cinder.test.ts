import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withPortal } from '../../roles/cinder/portal.ts'

const test = suite('roles/cinder')

// The article's own row, before and after.
const row = (ip: string) =>
  `{"driver_volume_type": "iscsi", "serial": "f374f730-4adc-40f3-bfd4-67c4ac14ba76", "data": {"access_mode": "rw", "target_discovered": false, "encrypted": false, "qos_specs": null, "target_iqn": "iqn.2010-10.org.openstack:volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76", "target_portal": "${ip}:3260", "volume_id": "f374f730-4adc-40f3-bfd4-67c4ac14ba76", "target_lun": 1, "device_path": "/dev/disk/by-path/ip-${ip}:3260-iscsi-iqn.2010-10.org.openstack:volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76-lun-1", "auth_password": "eNJy8GZUta39wqEiCr23", "auth_username": "3NRooC58UK3YiYRaPyAt", "auth_method": "CHAP"}}`

test('moves the portal of an attachment and nothing else', () => {
  assert.is(withPortal(row('192.168.1.4'), '192.168.1.4', '10.0.0.4'), row('10.0.0.4'))
})

test('leaves an attachment with another portal alone, also one whose address begins alike', () => {
  assert.is(withPortal(row('192.168.1.40'), '192.168.1.4', '10.0.0.4'), row('192.168.1.40'))
  assert.is(withPortal(row('10.0.0.4'), '192.168.1.4', '10.0.0.4'), row('10.0.0.4'))
})

test('refuses an attachment that is not JSON', () => {
  assert.throws(
    () => withPortal('{"data": ', '192.168.1.4', '10.0.0.4'),
    'a connection_info in nova.block_device_mapping is not JSON',
  )
})

test.run()
