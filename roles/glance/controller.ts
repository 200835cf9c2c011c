import assert from 'node:assert/strict'
import { Advice, role } from '../../lib/index.ts'
import { copyBetween, database, ini, probe, wait } from '../../lib/modules/index.ts'
import { cloud, rootLogin, sourceOf } from '../openstack/cloud.ts'
import { move, start } from '../openstack/move.ts'
import { carried, databaseSettings, merged, rabbitSettings } from '../openstack/settings.ts'

const images = '/var/lib/glance'

/** Glance's database, configuration and image files on the target controller: the article's «Upgrading Glance». */
export const glanceData = role('glance', cloud, (steps) => {
  const { task } = steps
  move(steps, {
    service: 'glance',
    owned: [images],
    configure(changed) {
      // The service's password is the one that the imported keystone database has. metadata_encryption_key decrypts the rows of
      // image_locations, and the stores must be named because Icehouse's default list is shorter.
      for (const kind of ['api', 'registry']) {
        const path = `/etc/glance/glance-${kind}.conf`
        task(
          `Set database and credentials in glance-${kind}.conf`,
          { tags: ['config'], notify: changed },
          async (host) => {
            const theirs = await sourceOf(host).run(ini.read(path))
            return ini.set(
              path,
              merged(
                databaseSettings(host, 'glance'),
                kind === 'api' ? rabbitSettings(host) : {},
                carried(theirs, {
                  DEFAULT: [
                    'metadata_encryption_key',
                    ...(kind === 'api' ? ['default_store', 'known_stores', 'filesystem_store_datadir'] : []),
                  ],
                  keystone_authtoken: ['admin_user', 'admin_password', 'admin_tenant_name'],
                }),
              ),
            )
          },
        )
      }
      task('Set the credentials in glance-cache.conf', { tags: ['config'] }, async (host) => {
        const theirs = await sourceOf(host).run(ini.read('/etc/glance/glance-cache.conf'))
        return ini.set(
          '/etc/glance/glance-cache.conf',
          carried(theirs, {
            DEFAULT: ['admin_user', 'admin_password', 'admin_tenant_name', 'metadata_encryption_key'],
          }),
        )
      })
    },
    data: {
      name: 'Images',
      bring(moving) {
        // The cache is left behind: it fills itself, and its database names files of the old host.
        task('Bring the image files', { tags: ['files'], when: moving }, (host) =>
          copyBetween.files({ from: host.vars.source, path: `${images}/images` }),
        )
      },
    },
  })
})

/** Starts the glance that has been moved. */
export const glanceStart = role('glance.start', cloud, (steps) => {
  const { task } = steps
  start(steps, 'glance')
  task(
    'Wait until glance answers',
    { tags: ['start', 'verify'] },
    wait.http('http://127.0.0.1:9292/', { status: 300, timeout: 60 }),
  )
  task('Check that every image file is there', { tags: ['verify', 'files'] }, async (host) => {
    const rows = await host.run(
      database.select(
        "SELECT i.id, i.size, IFNULL(i.checksum, ''), SUBSTRING(l.value, 8) FROM glance.images i JOIN glance.image_locations l ON l.image_id = i.id" +
          " WHERE i.deleted = 0 AND l.deleted = 0 AND i.status = 'active' AND l.value LIKE 'file://%'",
        rootLogin(host),
      ),
    )
    const list = rows.map((row) => row.join('\t')).join('\n')
    const { stdout } = await host.run(probe({ stdin: `${list}\n`, long: true })`
      while IFS="$(printf '\\t')" read -r id size sum path; do
        [ -n "$id" ] || continue
        if [ ! -f "$path" ]; then echo "$id: $path is missing"
        elif [ "$(stat -c %s "$path")" != "$size" ]; then echo "$id: $path has $(stat -c %s "$path") bytes, not $size"
        elif [ "$(stat -c %U "$path")" != glance ]; then echo "$id: $path belongs to $(stat -c %U "$path"), not to glance"
        elif [ -n "$sum" ] && [ "$(md5sum < "$path" | cut -c 1-32)" != "$sum" ]; then echo "$id: $path has another checksum than $sum"
        fi
      done`)
    const wrong = stdout.trim()
    if (wrong)
      throw new Advice(
        `these images cannot be used:\n${wrong}`,
        `bring their files again: run glance -i INVENTORY -t files,permissions (an image that is broken on ${host.vars.source.name} too needs its owner)`,
      )
    return { images: rows.length }
  })
  task('Check the image list', { tags: ['verify'], retries: 5, delay: '1s' }, async (host) => {
    const { stdout } = await host.run(probe`. /root/openrc && glance image-list`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}-/.test(row))
    const [counted] = await host.run(
      database.select("SELECT COUNT(*) FROM glance.images WHERE deleted = 0 AND status <> 'killed'", rootLogin(host)),
    )
    assert(rows.length > 0 || counted?.[0] === '0', 'glance lists no image')
    return { images: rows.length }
  })
})
