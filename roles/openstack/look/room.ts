import { database, facts, lvm, probe } from '../../../lib/modules/index.ts'
import { type CloudHost, releaseOf, sourceOf } from '../cloud.ts'
import { rootLogin } from '../logins.ts'
import { databasesOf } from './cloud.ts'
import { listed } from './data.ts'
import { broken, type Finding, inWords, type Look, together } from './finding.ts'

/** Is there room on the target for dumps, files and volumes? */
export const room: Look = async (host) => [...(await roomForFiles(host)), ...(await roomForVolumes(host))]

async function roomForFiles(host: CloudHost): Promise<readonly Finding[]> {
  const source = sourceOf(host)
  const select = `SELECT IFNULL(SUM(data_length + index_length), 0) FROM information_schema.tables
    WHERE table_schema IN (${listed(databasesOf(host).map(({ name }) => name))})`
  const [[size] = []] = await source.run(database.select(select, rootLogin(source)))
  const [[data = '/var/lib/mysql'] = []] = await host.run(database.select('SELECT @@datadir', rootLogin(host)))
  // A table is copied when it is converted and when it is migrated, and while that lasts it is there twice.
  const needs = [
    { path: host.vars.backups, bytes: Number(size) * 3 },
    { path: data.replace(/\/$/, ''), bytes: Number(size) * 2 },
  ]
  for (const path of releaseOf(host).services.flatMap(({ folders }) => folders ?? [])) {
    const { stdout } = await source.run(probe`du -sk ${path} 2>/dev/null | cut -f 1; :`)
    needs.push({ path, bytes: Number(stdout.trim() || 0) * 1024 })
  }
  const { filesystems } = await host.fact(facts.disks)
  const placed = needs.map((need) => ({
    ...need,
    on: filesystems
      .filter(({ mount }) => need.path === mount || need.path.startsWith(mount === '/' ? '/' : `${mount}/`))
      .sort((a, b) => b.mount.length - a.mount.length)[0],
  }))
  return filesystems.flatMap((one) => {
    const here = placed.filter(({ on }) => on === one)
    const bytes = here.reduce((sum, need) => sum + need.bytes, 0)
    if (one.available >= bytes) return []
    const dumps = here.some(({ path }) => path === host.vars.backups)
    return [
      broken(
        `has ${inWords(one.available)} free for ${here.map(({ path }) => path).join(', ')}, and ` +
          `${inWords(bytes)} are needed`,
        `make room in ${one.mount}${dumps ? ', or name another place for dumps: -e backups=PATH' : ''}`,
      ),
    ]
  })
}

async function roomForVolumes(host: CloudHost): Promise<readonly Finding[]> {
  if (!releaseOf(host).services.some(({ serving }) => serving)) return []
  const source = sourceOf(host)
  const [volumes, there, group] = await together(
    source.run(lvm.volumes(source.vars.volumeGroup)),
    host.run(lvm.volumes(host.vars.volumeGroup)),
    host.run(lvm.group(host.vars.volumeGroup)),
  )
  const smaller = there.flatMap(({ name, bytes }) => {
    const wanted = volumes.find((volume) => volume.name === name)?.bytes ?? 0
    if (bytes >= wanted) return []
    return [
      broken(
        `has a volume ${name} of ${inWords(bytes)} already, and that of ${source.name} has ${inWords(wanted)}`,
        `see whose it is; where it is nobody's: lvremove -f ${group.name}/${name}`,
      ),
    ]
  })
  const missing = volumes.filter(({ name }) => !there.some((volume) => volume.name === name))
  const bytes = missing.reduce((sum, volume) => sum + volume.bytes, 0)
  if (group.free >= bytes) return smaller
  return [
    ...smaller,
    broken(
      `has ${inWords(group.free)} free in the volume group ${group.name}, and the volumes of ${source.name} need ` +
        inWords(bytes),
      `extend it: vgextend ${group.name} DEVICE`,
    ),
  ]
}
