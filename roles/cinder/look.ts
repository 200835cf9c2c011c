import type { CloudHost } from '../openstack/cloud.ts'
import { database, ini, lvm } from '../../lib/modules/index.ts'
import { withoutConnection } from './portal.ts'
import { broken, type Finding, left, moved, refused, some, together } from '../openstack/look/finding.ts'
import { rootLogin } from '../openstack/logins.ts'
import { valueOf } from '../openstack/settings.ts'

/** What cinder keeps its volumes in. */
export async function drivers(host: CloudHost): Promise<readonly Finding[]> {
  const cinder = await host.run(ini.read('/etc/cinder/cinder.conf'))
  const backends = (valueOf(cinder, 'DEFAULT', 'enabled_backends') ?? '').split(',').filter(Boolean)
  const [kept, driver] = [
    await host.run(database.select(byBackend, rootLogin(host))),
    valueOf(cinder, 'DEFAULT', 'volume_driver') ?? 'LVMISCSIDriver',
  ]
  const has = kept.map(([name, count, size]) => `${name}: ${count} volumes, ${size} GB`).join('; ')
  if (backends.length > 0)
    return [
      refused(
        `cinder has backends of their own sections (${backends.join(', ')}), and only volumes of [DEFAULT] are moved` +
          (has === '' ? '' : ` (${has})`),
        'these roles move one LVM volume group without enabled_backends',
      ),
    ]
  const group = valueOf(cinder, 'DEFAULT', 'volume_group')
  if (!/LVM(ISCSI)?(Volume)?Driver/i.test(driver))
    return [
      refused(
        `cinder's volume_driver is ${driver}, and only LVM volumes are moved${has === '' ? '' : ` (${has})`}`,
        'these roles move LVM volumes',
      ),
    ]
  if (group !== undefined && group !== host.vars.volumeGroup)
    return [
      refused(
        `cinder's volume_group is ${group}, in the inventory it is ${host.vars.volumeGroup}`,
        `set volumeGroup of ${host.name} to ${group}`,
      ),
    ]
  return []
}

const byBackend = `SELECT IFNULL(host, 'nobody'), COUNT(*), SUM(size) FROM cinder.volumes
  WHERE deleted = 0 GROUP BY 1 ORDER BY 1`

/** Volumes, against what the source has of them; and who says where they are attached. */
export async function volumes(host: CloudHost): Promise<readonly Finding[]> {
  const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
  const [conf, rows, snapshots, types, attached, there] = await together(
    host.run(ini.read('/etc/cinder/cinder.conf')),
    ask(`SELECT id, size, status, IFNULL(host, '') FROM cinder.volumes WHERE deleted = 0`),
    ask('SELECT id, volume_id FROM cinder.snapshots WHERE deleted = 0'),
    ask(`SELECT t.name, e.value FROM cinder.volume_types t JOIN cinder.volume_type_extra_specs e
      ON e.volume_type_id = t.id WHERE t.deleted = 0 AND e.deleted = 0 AND e.\`key\` = 'volume_backend_name'`),
    ask(`SELECT id, instance_uuid, volume_id, connection_info FROM nova.block_device_mapping
      WHERE deleted = 0 AND volume_id IS NOT NULL AND connection_info IS NOT NULL`),
    host.run(lvm.volumes(host.vars.volumeGroup)),
  )
  // As its driver calls itself unless told (C@2014.1 cinder/volume/drivers/lvm.py).
  const ours = valueOf(conf, 'DEFAULT', 'volume_backend_name') ?? 'LVM_iSCSI'
  const bytes = new Map(there.map((one) => [one.name, one.bytes]))
  const found: Finding[] = [
    moved(`${rows.length} volumes, ${rows.reduce((sum, [, size]) => sum + Number(size), 0)} GB`),
  ]
  const { fqdn, volumeGroup } = host.vars
  for (const [id, size, status, owner] of rows) {
    const [name, backend] = owner!.split('@')
    if (owner === '' || status === 'error') continue
    if (name !== fqdn || backend !== undefined)
      found.push(
        left(host, owner!, `volume ${id} belongs to cinder-volume of ${owner}, and would be managed by nobody`),
      )
    else if ((bytes.get(`volume-${id}`) ?? 0) < Number(size) * 2 ** 30)
      found.push(
        broken(
          `volume ${id} (${status}, ${size} GB) ${bytes.has(`volume-${id}`) ? 'is larger than' : 'has no'} ` +
            `logical volume ${volumeGroup}/volume-${id}`,
          `bring it back; if its data is lost: cinder reset-state --state error ${id}`,
        ),
      )
  }
  if (snapshots.length > 0)
    found.push(
      refused(
        'snapshots cannot be copied block by block: ' +
          some(snapshots.map(([id, volume]) => `${id} of volume ${volume}`)),
        'make volumes of them (cinder create --snapshot-id ID SIZE) or: ' +
          `cinder snapshot-delete ${snapshots[0]![0]}`,
      ),
    )
  for (const [type, backend] of types.filter(([, name]) => name !== ours))
    found.push(
      refused(
        `volume type ${type} names the backend ${backend}, and the target will have ${ours} alone`,
        `cinder type-key '${type}' unset volume_backend_name`,
      ),
    )
  return [...found, ...attached.flatMap(([id, instance, volume, text]) => attachment(id!, instance!, volume!, text!))]
}

function attachment(id: string, instance: string, volume: string, text: string): readonly Finding[] {
  try {
    const { driver_volume_type: driver } = JSON.parse(text) as { readonly driver_volume_type?: string }
    if (driver === 'iscsi') return []
    return [
      refused(
        `instance ${instance} has a volume by ${driver}, and only iSCSI is moved (row ${id})`,
        `nova volume-detach ${instance} ${volume}`,
      ),
    ]
  } catch {
    return [
      broken(
        `the connection_info of a volume of instance ${instance} is not JSON (row ${id})`,
        `keep its text and mend it; or let nova ask cinder for it anew: ${withoutConnection(id)}`,
      ),
    ]
  }
}
