import { Advice } from '../../lib/index.ts'
import { database } from '../../lib/modules/index.ts'
import type { CloudHost } from '../openstack/cloud.ts'
import { rootLogin } from '../openstack/logins.ts'
import { nodeOf } from './node.ts'

/** Nova-compute of a node must have reported to a controller since a time of its database's clock. @throws Advice */
export async function mustReport(host: CloudHost, controller: CloudHost, since: string) {
  const { fqdn } = host.vars
  const select = `SELECT updated_at > '${since}' FROM nova.services
    WHERE \`binary\` = 'nova-compute' AND host = '${fqdn}' AND deleted = 0`
  const [row] = await controller.run(database.select(select, rootLogin(controller)))
  if (!row)
    throw new Advice(
      `nova on ${controller.name} knows no nova-compute on ${fqdn}`,
      `set fqdn of ${host.name} in the inventory to the host that nova-manage service list shows`,
    )
  if (row[0] !== '1')
    throw new Advice(
      `nova-compute on ${fqdn} does not report to ${controller.name}`,
      `see ${nodeOf(host).log} on ${host.name}`,
    )
  return { alive: true }
}
