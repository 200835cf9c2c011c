import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dhcpDevice } from '../../roles/neutron/dhcp-device.ts'

const test = suite('roles/neutron')

test('names the DHCP device of a host as the agent does', () => {
  // python3 -c "import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, 'node-1.domain.tld'))"
  assert.is(dhcpDevice('node-1.domain.tld'), 'dhcpbd68d150-fa47-5731-af14-182327878895')
  assert.is(dhcpDevice('node-5.domain.tld'), 'dhcp1899f701-7b81-5bcb-a35e-b2aaaf935060')
})

test.run()
