import { database, shell } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf } from '../openstack/cloud.ts'
import { rootLogin } from '../openstack/logins.ts'

/** Takes away agents of hosts that are gone, with the client; `known` are the names of those that are not, for SQL. */
export async function staleAgents(host: CloudHost, known: string): Promise<void> {
  const rows = await host.run(
    database.select(
      `SELECT id, agent_type, host FROM neutron.agents WHERE host NOT IN (${known})
        AND heartbeat_timestamp < UTC_TIMESTAMP() - INTERVAL 10 MINUTE`,
      rootLogin(host),
    ),
  )
  for (const [id, type, at] of rows) {
    host.log(`${type} on ${at}`)
    await host.run(shell`. ${releaseOf(host).openrc} && neutron agent-delete ${id!}`)
  }
}
