import { database, probe } from '../../lib/modules/index.ts'
import { type CloudHost, sourceOf } from '../openstack/cloud.ts'
import { broken, left, moved, refused, type Finding, together } from '../openstack/look/finding.ts'
import { rootLogin } from '../openstack/logins.ts'

/** Compute nodes that nova knows, against those of the inventory; and instances of hosts that nobody knows. */
export async function computes(host: CloudHost): Promise<readonly Finding[]> {
  const [services, instances] = await together(
    host.run(
      database.select(
        "SELECT DISTINCT host FROM nova.services WHERE deleted = 0 AND `binary` = 'nova-compute'",
        rootLogin(host),
      ),
    ),
    host.run(
      database.select(
        'SELECT host, COUNT(*) FROM nova.instances WHERE deleted = 0 AND host IS NOT NULL GROUP BY 1',
        rootLogin(host),
      ),
    ),
  )
  const of = new Map(instances.map(([name, count]) => [name!, Number(count)]))
  const inventory = host.vars.computes.map((one) => host.on(one).vars.fqdn)
  const known = [...new Set([...services.map(([name]) => name!), ...of.keys()])]
  const forgotten = known.filter((name) => !inventory.includes(name))
  return [
    moved(`${inventory.length} compute nodes with ${[...of.values()].reduce((sum, one) => sum + one, 0)} instances`),
    ...forgotten.map((name) =>
      left(
        host,
        name,
        `is a compute node of nova with ${of.get(name) ?? 0} instances and not in the inventory: ` +
          'nobody would reconnect it',
        'add it to the group compute of the inventory',
      ),
    ),
  ]
}

/** Does nova know a compute node by the name of the inventory? */
export async function knownToNova(host: CloudHost): Promise<readonly Finding[]> {
  const source = sourceOf(host)
  const select = `SELECT COUNT(*) FROM nova.services
    WHERE \`binary\` = 'nova-compute' AND deleted = 0 AND host = '${host.vars.fqdn}'`
  const [[known] = []] = await source.run(database.select(select, rootLogin(source)))
  if (known !== '0') return []
  return [
    refused(
      `nova on ${source.name} knows no compute node ${host.vars.fqdn}`,
      `set fqdn of ${host.name} in the inventory to the host that nova-manage service list shows`,
    ),
  ]
}

/** Guests that run, against those that nova has for this node. */
export async function guests(host: CloudHost): Promise<readonly Finding[]> {
  const { code, stdout } = await host.run(probe({ allow: [0, 1, 127] })`virsh list --all --uuid`)
  if (code !== 0) return []
  const running = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const known = await instancesOf(host)
  const unknown = running.filter((uuid) => !known.includes(uuid))
  const gone = known.filter((uuid) => !running.includes(uuid))
  return [
    ...(unknown.length === 0
      ? []
      : [
          broken(
            `has guests that nova on ${sourceOf(host).name} does not have here: ${unknown.join(', ')}`,
            `see what they are: virsh dominfo ${unknown[0]} on ${host.name}; what nobody needs: ` +
              `virsh destroy ${unknown[0]}; virsh undefine ${unknown[0]}`,
          ),
        ]),
    ...(gone.length === 0
      ? []
      : [
          broken(
            `lacks guests that nova on ${sourceOf(host).name} has here: ${gone.join(', ')}`,
            `bring them back on the source (nova reboot --hard ${gone[0]}) or: nova delete ${gone[0]}`,
          ),
        ]),
  ]
}

async function instancesOf(host: CloudHost): Promise<readonly string[]> {
  const source = sourceOf(host)
  const select = `SELECT uuid FROM nova.instances WHERE deleted = 0 AND host = '${host.vars.fqdn}'
    AND vm_state NOT IN ('building', 'error', 'shelved_offloaded')`
  return (await source.run(database.select(select, rootLogin(source)))).map(([uuid]) => uuid!)
}
