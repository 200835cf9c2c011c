import * as assert from 'uvu/assert'
import {
  changes,
  doLab,
  type Ended,
  hostNames,
  inside,
  must,
  root,
  type Snapshot,
  snapshot,
  volumesSum,
} from '../rig/lab.ts'
import type { HostName } from '../rig/lab.ts'

/** The whole lab at a moment. */
export interface Lab {
  readonly hosts: ReadonlyMap<HostName, Snapshot>
  readonly volumes: string
}

/** Takes down what the lab is. */
export async function taken(): Promise<Lab> {
  const hosts = await Promise.all(hostNames.map(async (host) => [host, await snapshot(host)] as const))
  return { hosts: new Map(hosts), volumes: await volumesSum('node-1') }
}

/** A run must have come to its end. */
export function ended(result: Ended, code = 0): Ended {
  assert.is(result.code, code, result.out.slice(-6000) + result.err)
  return result
}

/** Files that a way back leaves: what was brought, which the next upgrade compares. */
const left = /^\/var\/lib\/glance\/images/

/** Every host is what it was, by checksum, by its rows, and by what answers there. */
export async function assertAsBefore(before: Lab): Promise<void> {
  const now = await taken()
  for (const host of hostNames) {
    const found = changes(before.hosts.get(host)!, now.hosts.get(host)!)
    assert.equal(
      found.filter((line) => host !== 'node-5' || !left.test(line)),
      [],
      host,
    )
  }
  assert.is(now.volumes, before.volumes)
  const asked = await inside(
    'node-1',
    '. /root/openrc && nova list --all-tenants && cinder list && glance image-list && neutron net-list && keystone endpoint-list && nova-manage service list',
  )
  assert.match(asked, 'instance-1')
  assert.not.match(asked, 'XXX')
}

/** An initiator without a login, on the disk of a volume: what it says, and `code N`. */
export function readsWithout(address: string, volume: string): Promise<string> {
  return must('sh', [
    '-c',
    `timeout 60 ${root}/test/lab/lab in ${root}/test/lab/iscsi-read ${address} iqn.2010-10.org.openstack:volume-${volume} 2>&1; echo "code $?"`,
  ])
}

export const power = (host: HostName, state: 'off' | 'on') => doLab('power', host, state)
