import { Advice, role } from '../../lib/index.ts'
import { copyBetween, database, probe } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { type CloudHost, cloud, serviceOf, sourceOf } from '../openstack/cloud.ts'
import { timed } from '../openstack/durations.ts'
import { rootLogin } from '../openstack/logins.ts'
import { move } from '../openstack/move.ts'
import { list, start } from '../openstack/start.ts'
import { isLive } from '../openstack/still.ts'

/**
 * Glance's database, configuration and image files on the target controller: the article's «Upgrading Glance», with
 * the copy of /var/lib/glance of its «Setting up». Of that only the images are brought: the cache fills itself.
 */
export const glance = role('glance', cloud, (steps) => {
  move(steps, 'glance', {
    data: {
      name: 'Images',
      bring() {
        steps.task('Bring the image files', { tags: ['files'] }, async (host) => {
          // Once the target is used, images are made and deleted there: only what is missing is brought.
          if (await isLive(host)) return bringMissing(host)
          await timed(host, 'glance', 'files', 'copy', async () => {
            let all = 0
            for (const path of serviceOf(host, 'glance').folders ?? [])
              all += (await host.run(copyBetween.files({ from: host.vars.source, path }))).bytes
            return all
          })
        })
      },
    },
  })
})

/** Starts the glance that has been moved. Beyond the article every image file is compared with its row. */
export const glanceStart = role('glance.start', cloud, (steps) => {
  start(steps, 'glance')
  steps.task('Check that every image file is there', { tags: ['verify', 'files'], verify: true }, async (host) => {
    const rows = await host.run(database.select(imageFiles, rootLogin(host)))
    const wrong = await wrongIn(host, rows)
    const before = wrong.length === 0 ? [] : await wrongIn(sourceOf(host), rowsOf(rows, wrong))
    const left = wrong.filter(({ id }) => !before.some((one) => one.id === id))
    for (const { says } of before)
      host.log(`broken on ${host.vars.source.name} before, and a matter of its owner: ${says}`)
    if (left.length === 0) return { images: rows.length - before.length }
    throw new Advice(
      `these images cannot be used:\n${left.map(({ says }) => says).join('\n')}`,
      'bring their files again: run glance -i INVENTORY -t files,permissions',
    )
  })
  list(steps, 'glance')
})

/** `run glance`: stops glance on the source and moves it to the target. */
export default alone('glance', [glance, glanceStart])

type Rows = readonly (readonly string[])[]
interface Wrong {
  readonly id: string
  readonly says: string
}

/** Brings the files of the images that cannot be used here and can on the source. */
async function bringMissing(host: CloudHost): Promise<void> {
  const rows = await host.run(database.select(imageFiles, rootLogin(host)))
  const wrong = rowsOf(rows, await wrongIn(host, rows))
  const theirs = await wrongIn(sourceOf(host), wrong)
  for (const [id, , path] of wrong) {
    if (!theirs.some((one) => one.id === id)) await host.run(copyBetween.file({ from: host.vars.source, path: path! }))
  }
}

function rowsOf(rows: Rows, wrong: readonly Wrong[]): Rows {
  return rows.filter(([id]) => wrong.some((one) => one.id === id))
}

const imageFiles = `
  SELECT i.id, i.size, SUBSTRING(l.value, 8), IFNULL(i.checksum, '')
  FROM glance.images i JOIN glance.image_locations l ON l.image_id = i.id
  WHERE i.deleted = 0 AND l.deleted = 0 AND i.status = 'active' AND l.value LIKE 'file://%'`

/** Which files of a host are not what the rows of their images say. */
async function wrongIn(host: CloudHost, rows: Rows): Promise<readonly Wrong[]> {
  if (rows.length === 0) return []
  const { stdout } = await host.run(compared(rows.map((row) => `${row.join('\t')}\n`).join('')))
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((says) => ({ id: says.replace(/:.*/, ''), says }))
}

/** Says which files are not what their rows on stdin say, a line each; what may be empty comes last of a row. */
function compared(stdin: string) {
  return probe({ stdin, long: true })`
    while IFS="$(printf '\\t')" read -r id size path sum; do
      [ -n "$id" ] || continue
      if [ ! -f "$path" ]; then echo "$id: $path is missing"; continue; fi
      set -- $(stat -c '%s %U' "$path")
      if [ "$1" != "$size" ]; then echo "$id: $path has $1 bytes, not $size"
      elif [ "$2" != glance ]; then echo "$id: $path belongs to $2, not to glance"
      elif [ -n "$sum" ] && [ "$(md5sum < "$path" | cut -c 1-32)" != "$sum" ]; then
        echo "$id: $path has another checksum than $sum"
      fi
    done`
}
