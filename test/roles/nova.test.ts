import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { atLeast } from '../../roles/compute/version.ts'
import { parseServices } from '../../roles/nova/service-list.ts'
import { havanaIcehouse } from '../../roles/openstack/releases/havana-icehouse.ts'

const test = suite('roles/nova')

test('reads the list of services as nova-manage prints it, long host names too', () => {
  assert.equal(
    parseServices(`Binary           Host                                 Zone             Status     State Updated_At
nova-compute     node-3.domain.tld                    nova             enabled    :-)   2014-09-03 15:17:31
nova-cert        a-very-long-host-name.which.pushes.all.columns.aside.domain.tld internal         enabled    XXX   2014-09-03 15:17:25
nova-console     node-1.domain.tld                    internal         disabled   :-)   None
`),
    [
      { binary: 'nova-compute', host: 'node-3.domain.tld', state: ':-)' },
      { binary: 'nova-cert', host: 'a-very-long-host-name.which.pushes.all.columns.aside.domain.tld', state: 'XXX' },
      { binary: 'nova-console', host: 'node-1.domain.tld', state: ':-)' },
    ],
  )
})

test('knows which releases take icehouse-compat on a compute node', () => {
  const { least } = havanaIcehouse.compute.cap
  for (const version of ['2013.2.3', '2013.2.4', '2014.1', '2014.1.5']) assert.ok(atLeast(version, least), version)
  for (const version of ['2013.1.5', '2013.2', '2013.2.1', '2013.2.2']) assert.not.ok(atLeast(version, least), version)
})

test.run()
