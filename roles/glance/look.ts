import { database, ini, probe } from '../../lib/modules/index.ts'
import { type CloudHost, serviceOf } from '../openstack/cloud.ts'
import { broken, inWords, left, moved, refused, some, type Finding } from '../openstack/look/finding.ts'
import { rootLogin } from '../openstack/logins.ts'
import { valueOf } from '../openstack/settings.ts'

/** Where new images are kept. */
export async function stores(host: CloudHost): Promise<readonly Finding[]> {
  const store = valueOf(await host.run(ini.read('/etc/glance/glance-api.conf')), 'DEFAULT', 'default_store') ?? 'file'
  if (store === 'file') return []
  return [
    left(
      host,
      store,
      `glance keeps new images in ${store}; they stay where they are`,
      `the target needs the way to them (packages, /etc/ceph, ${store}_store_* are carried)`,
    ),
  ]
}

/** The command that brings the file of an image into a folder, and its row with it. */
function movedInto(folder: string, id: string, path: string): string {
  const file = `${folder}/${id}`
  const update = `UPDATE image_locations SET value = 'file://${file}' WHERE image_id = '${id}' AND deleted = 0`
  return `mv ${path} ${file} && mysql glance -e "${update}"`
}

/** Image files, against their rows; checksums are compared where they arrive. */
export async function images(host: CloudHost): Promise<readonly Finding[]> {
  const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
  const rows = await ask(`SELECT i.id, i.size, SUBSTRING(l.value, 8) FROM glance.images i
    JOIN glance.image_locations l ON l.image_id = i.id
    WHERE i.deleted = 0 AND l.deleted = 0 AND i.status = 'active' AND l.value LIKE 'file://%'`)
  const elsewhere = await ask(`SELECT SUBSTRING_INDEX(l.value, ':', 1), COUNT(*) FROM glance.image_locations l
    JOIN glance.images i ON i.id = l.image_id
    WHERE i.deleted = 0 AND l.deleted = 0 AND l.value NOT LIKE 'file://%' GROUP BY 1`)
  const stdin = rows.map(([id, size, path]) => `${id} ${size} ${path}\n`).join('')
  const { stdout } = await host.run(
    probe({ stdin })`while read -r id size path; do
      if [ ! -f "$path" ]; then echo "$id:$path is missing"
      elif [ "$(stat -c %s "$path")" != "$size" ]; then echo "$id:$path has $(stat -c %s "$path") bytes, not $size"; fi
    done`,
  )
  const wrong = stdout.split('\n').filter(Boolean)
  const total = rows.reduce((sum, [, size]) => sum + Number(size), 0)
  const folders = serviceOf(host, 'glance').folders ?? []
  const outside = rows.filter(([, , path]) => !folders.some((folder) => path!.startsWith(`${folder}/`)))
  const [[queued = '0'] = []] = await ask("SELECT COUNT(*) FROM glance.images WHERE deleted = 0 AND status = 'queued'")
  return [
    ...(queued === '0' ? [] : [moved(`${queued} images are queued: their bytes may be sent to the target`)]),
    moved(`${rows.length} images in files, ${inWords(total)}`),
    ...elsewhere.map(([scheme, count]) => left(host, scheme!, `${count} images stay where they are, by ${scheme}:`)),
    ...(outside.length === 0
      ? []
      : [
          refused(
            `image files lie outside of ${folders.join(', ')}: ${some(outside.map(([, , path]) => path!))}`,
            `for each: ${movedInto(folders[0]!, outside[0]![0]!, outside[0]![2]!)}`,
          ),
        ]),
    ...wrong.map((line) => {
      const [id, ...what] = line.split(':')
      return broken(`image ${id} is broken: ${what.join(':')}`, `bring its file back, or: glance image-delete ${id}`)
    }),
  ]
}
