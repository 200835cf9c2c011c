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
  const needs = [{ path: host.vars.backups, bytes: Number(size) * 3 }]
  for (const path of releaseOf(host).services.flatMap(({ folders }) => folders ?? [])) {
    const { stdout } = await source.run(probe`du -sk ${path} 2>/dev/null | cut -f 1; :`)
    needs.push({ path, bytes: Number(stdout.trim() || 0) * 1024 })
  }
  const { filesystems } = await host.fact(facts.disks)
  return needs.flatMap(({ path, bytes }) => {
    const free =
      filesystems
        .filter(({ mount }) => path === mount || path.startsWith(mount === '/' ? '/' : `${mount}/`))
        .sort((a, b) => b.mount.length - a.mount.length)[0]?.available ?? Infinity
    if (free >= bytes) return []
    return [
      broken(
        `has ${inWords(free)} free for ${path}, and ${inWords(bytes)} are needed`,
        'make room there, or name another place for dumps: -e backups=PATH',
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
  const missing = volumes.filter(({ name }) => !there.some((volume) => volume.name === name))
  const bytes = missing.reduce((sum, volume) => sum + volume.bytes, 0)
  if (group.free >= bytes) return []
  return [
    broken(
      `has ${inWords(group.free)} free in the volume group ${group.name}, and the volumes of ${source.name} need ` +
        inWords(bytes),
      `extend it: vgextend ${group.name} DEVICE`,
    ),
  ]
}
