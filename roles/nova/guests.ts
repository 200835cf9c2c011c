import { Advice, role } from '../../lib/index.ts'
import { database, file, probe, shell } from '../../lib/modules/index.ts'
import { type CloudHost, cloud, releaseOf, targetOf } from '../openstack/cloud.ts'
import { goneOver, savedRows } from '../openstack/kept.ts'
import { rootLogin } from '../openstack/logins.ts'
import { mustBeMoved, servicesWithData } from '../openstack/moved.ts'

/**
 * Guests that had volumes when the controller was replaced hold sessions to the old portal, of which the article says
 * nothing: each of them is stopped, its node logged out of the old portal, and started again, one by one, and its
 * volumes are looked for.
 */
export const guests = role('guests', cloud, ({ task, gate }) => {
  task('Check that the data is on the target', { tags: ['guests'], once: true }, (host) =>
    mustBeMoved(targetOf(host), servicesWithData(host), 'guests would find no volumes'),
  )
  gate(
    'Restart the guests with volumes, so that they write to those of the target? From their first write on, what ' +
      'they write is lost on the way back',
    { tags: ['guests'], answered: ({ proceed }) => proceed.includes('guests') },
  )
  task('Take the guests of this node over', { tags: ['guests'] }, async (host) => {
    const all = await movedGuests(host)
    for (const guest of all) await takeOver(host, guest)
    return { guests: all.map(({ uuid }) => uuid) }
  })
})

/** An instance with attachments that were rewritten. */
export interface Guest {
  readonly uuid: string
  readonly name: string
  readonly state: string
  readonly volumes: readonly { readonly id: string; readonly iqn: string; readonly old: string }[]
}

/** Those guests of a compute node whose attachments were rewritten, and that have not gone over since. */
export async function movedGuests(host: CloudHost): Promise<readonly Guest[]> {
  const target = targetOf(host)
  const all = await attachments(target)
  if (all.size === 0) return []
  const rows = await target.run(
    database.select(
      `SELECT b.id, i.uuid, i.display_name, i.vm_state, b.volume_id FROM nova.block_device_mapping b
        JOIN nova.instances i ON i.uuid = b.instance_uuid
        WHERE b.deleted = 0 AND i.deleted = 0 AND i.host = '${host.vars.fqdn}'`,
      rootLogin(target),
    ),
  )
  const { stdout } = await target.run(probe`ls ${goneOver(target)} 2>/dev/null; :`)
  const done = stdout.split('\n')
  const guests = new Map<string, Guest>()
  for (const [row, uuid, name, state, id] of rows) {
    const old = all.get(row!)
    if (!old || done.includes(uuid!)) continue
    const guest = guests.get(uuid!) ?? { uuid: uuid!, name: name!, state: state!, volumes: [] }
    guests.set(uuid!, { ...guest, volumes: [...guest.volumes, { id: id!, ...old }] })
  }
  return [...guests.values()]
}

/** Portals and names of the targets as they were before the rows were rewritten, by the row. */
async function attachments(target: CloudHost): Promise<ReadonlyMap<string, { iqn: string; old: string }>> {
  const { stdout } = await target.run(probe`cat ${savedRows(target, 'nova', 'block_device_mapping')} 2>/dev/null; :`)
  const found = new Map<string, { iqn: string; old: string }>()
  for (const line of stdout.split('\n').filter(Boolean)) {
    const { key, before } = JSON.parse(line) as { key: unknown; before: { connection_info?: string } }
    const { data } = JSON.parse(before.connection_info ?? '{}') as {
      data?: { target_portal?: string; target_iqn?: string }
    }
    if (data?.target_portal && data.target_iqn)
      found.set(String(key), { iqn: data.target_iqn, old: data.target_portal })
  }
  return found
}

async function takeOver(host: CloudHost, { uuid, name, state, volumes }: Guest): Promise<void> {
  const target = targetOf(host)
  const client = (verb: string) => shell`. ${releaseOf(host).openrc} && nova ${verb} ${uuid}`
  host.log(`${name} (${uuid})`)
  const ran = state === 'active'
  if (ran) {
    await target.run(client('stop'))
    await mustBecome(target, uuid, 'stopped')
  }
  for (const { iqn, old } of volumes) {
    // A node that has no session there any more has nothing to log out of.
    await host.run(
      shell({ changed: ({ stdout }) => stdout.includes('logged out') })`
        iscsiadm -m session 2>/dev/null | grep -F ${`${old},`} | grep -qF ${iqn} || exit 0
        iscsiadm -m node -T ${iqn} -p ${old} --logout &&
          iscsiadm -m node -T ${iqn} -p ${old} --op delete && echo logged out`,
    )
  }
  if (ran) {
    await target.run(client('start'))
    await mustBecome(target, uuid, 'active')
    for (const volume of volumes) await mustHave(host, name, volume)
  }
  await target.run(file.directory(goneOver(target), { mode: '0700' }))
  await target.run(file.content(`${goneOver(target)}/${uuid}`, `${volumes.map(({ id }) => id).join('\n')}\n`))
}

/** A guest must come to a state, in some minutes. */
async function mustBecome(target: CloudHost, uuid: string, state: string): Promise<void> {
  const select = `SELECT vm_state, IFNULL(task_state, '') FROM nova.instances WHERE uuid = '${uuid}'`
  let found = ''
  for (let tries = 0; tries < 180; tries++) {
    const [row = []] = await target.run(database.select(select, rootLogin(target)))
    found = row.join(' ').trim()
    if (found === state) return
    await target.run(probe`sleep 1`)
  }
  throw new Advice(
    `instance ${uuid} does not become ${state}: it is ${found}`,
    `see nova show ${uuid}, bring it there by hand, then run playbooks/guests.ts -i INVENTORY again`,
  )
}

/** The volume must be there by the new portal, where the node can say so. */
async function mustHave(host: CloudHost, guest: string, { id, iqn, old }: Guest['volumes'][number]): Promise<void> {
  const { code, stdout } = await host.run(probe({ allow: [0, 1, 21, 127] })`iscsiadm -m session 2>/dev/null`)
  if (code === 127) return
  const session = stdout.split('\n').find((line) => line.includes(iqn) && !line.includes(`${old},`))
  if (session) return
  throw new Advice(
    `${guest} runs again, and ${host.name} has no session for its volume ${id}`,
    `nova reboot --hard ${guest}, and see /var/log/nova/compute.log on ${host.name}`,
  )
}
