import assert from 'node:assert/strict'
import { Advice, masked, role, Secret } from '../../lib/index.ts'
import { copyBetween, database, file, ini, lvm, probe, service, shell } from '../../lib/modules/index.ts'
import { cloud, rootLogin, serviceLogin, sourceOf } from '../openstack/cloud.ts'
import { move, start } from '../openstack/move.ts'
import { iscsiTarget } from '../openstack/services.ts'
import { carried, databaseSettings, merged, rabbitSettings } from '../openstack/settings.ts'

const conf = '/etc/cinder/cinder.conf'
const exports = '/etc/cinder/volumes'
const iqn = 'iqn.2010-10.org.openstack:'

/** Cinder's database, configuration and volumes on the target controller: the article's «Upgrade Cinder». */
export const cinderData = role('cinder', cloud, (steps) => {
  const { task } = steps
  move(steps, {
    service: 'cinder',
    configure(changed) {
      task(
        'Set database, broker, credentials and the iSCSI address',
        { tags: ['config'], notify: changed },
        async (host) => {
          const theirs = await sourceOf(host).run(ini.read(conf))
          return ini.set(
            conf,
            merged(
              databaseSettings(host, 'cinder'),
              rabbitSettings(host),
              {
                DEFAULT: {
                  iscsi_ip_address: host.vars.storage,
                  volume_group: host.vars.volumeGroup,
                  volumes_dir: exports,
                },
              },
              carried(theirs, {
                DEFAULT: ['enabled_backends', 'volume_name_template', 'iscsi_target_prefix'],
                keystone_authtoken: ['admin_user', 'admin_password', 'admin_tenant_name'],
              }),
            ),
          )
        },
      )
    },
    data: {
      name: 'Volumes',
      bring(moving) {
        task("Stop the source's iSCSI target", { tags: ['volumes'], when: moving }, async (host) => {
          await sourceOf(host).run(service.stopped(iscsiTarget(sourceOf(host))))
        })
        task('Make the volumes', { tags: ['volumes'], when: moving }, async (host) => {
          for (const { name, bytes } of await volumesOf(sourceOf(host)))
            await host.run(lvm.volume({ group: host.vars.volumeGroup, name, bytes }))
        })
        // Written once: by the second time a guest may have written to the volume here.
        task('Copy the volumes', { tags: ['volumes', 'destructive'], when: moving }, async (host) => {
          const source = sourceOf(host)
          for (const { name, bytes } of await volumesOf(source)) {
            await host.run(
              copyBetween.device({
                from: host.vars.source,
                path: `/dev/${source.vars.volumeGroup}/${name}`,
                to: `/dev/${host.vars.volumeGroup}/${name}`,
                bytes,
                record: `/var/lib/switchover/volumes/${name}`,
              }),
            )
          }
        })
      },
    },
    rows() {
      const tags = ['rows', 'database']
      // cinder-volume manages the volumes whose host is exactly its own, and sets the others' exports to nothing.
      task('Give the volumes to the new controller', { tags }, (host) => {
        const [from, to] = [sourceOf(host).vars, host.vars]
        return database.rewrite({
          login: serviceLogin(host, 'cinder'),
          table: 'volumes',
          key: 'id',
          columns: ['host', 'provider_location'],
          where: 'deleted = 0',
          save: `${host.vars.backups}/rows/cinder.volumes.jsonl`,
          change: (row) => ({
            host: row['host'] === null ? null : renamed(String(row['host']), from.fqdn, to.fqdn),
            provider_location:
              row['provider_location'] === null
                ? null
                : String(row['provider_location']).replace(
                    new RegExp(`^${from.storage.replaceAll('.', '\\.')}:`),
                    `${to.storage}:`,
                  ),
          }),
        })
      })
      task('Give the services and backups to the new controller', { tags }, async (host) => {
        const [from, to] = [sourceOf(host).vars.fqdn, host.vars.fqdn]
        for (const table of ['services', 'backups']) {
          await host.run(
            database.rewrite({
              login: serviceLogin(host, 'cinder'),
              table,
              key: 'id',
              columns: ['host'],
              where: 'deleted = 0',
              save: `${host.vars.backups}/rows/cinder.${table}.jsonl`,
              change: (row) => (row['host'] === null ? undefined : { host: renamed(String(row['host']), from, to) }),
            }),
          )
        }
      })
      task('See that every volume of the database is there', { tags: ['volumes', 'verify'] }, async (host) => {
        if (host.check) return
        const rows = await host.run(
          database.select(
            "SELECT id, size, status FROM cinder.volumes WHERE deleted = 0 AND status <> 'error'",
            rootLogin(host),
          ),
        )
        const there = new Map(
          (await host.run(lvm.volumes(host.vars.volumeGroup))).map((volume) => [volume.name, volume.bytes]),
        )
        const missing = rows
          .filter(([id, size]) => (there.get(`volume-${id}`) ?? 0) < Number(size) * 2 ** 30)
          .map(([id]) => `volume-${id}`)
        if (missing.length > 0) {
          throw new Advice(
            `these volumes are not in ${host.vars.volumeGroup}, or are too small: ${missing.join(', ')}; cinder-volume would set them to error`,
            'bring them: run cinder -i INVENTORY -t volumes',
          )
        }
      })
    },
  })
})

/** Starts the cinder that has been moved, and serves its volumes to those who had them. */
export const cinderStart = role('cinder.start', cloud, (steps) => {
  const { task, handler, flush } = steps
  // Guests find their volumes by what nova remembers, and it asks nobody again: a hard reboot uses the stored text
  // (nova 2013.2.2 nova/compute/manager.py:1506).
  task("Rewrite the attachments in nova's database", { tags: ['rows', 'database'] }, async (host) => {
    const [from, to] = [sourceOf(host).vars.storage, host.vars.storage]
    const standing = await host.run(database.standing('nova', rootLogin(host)))
    if (standing.stage !== 'migrated') {
      if (host.check) return
      throw new Advice(
        `nova's database on ${host.name} is not the source's yet, and holds the attachments of the volumes`,
        'move nova first: run nova -i INVENTORY',
      )
    }
    await host.run(
      database.rewrite({
        login: serviceLogin(host, 'nova'),
        table: 'block_device_mapping',
        key: 'id',
        columns: ['connection_info'],
        where: 'deleted = 0 AND volume_id IS NOT NULL AND connection_info IS NOT NULL',
        save: `${host.vars.backups}/rows/nova.block_device_mapping.jsonl`,
        change: (row) => ({ connection_info: withPortal(String(row['connection_info']), from, to) }),
        show: (value) => portalOf(String(value)),
      }),
    )
  })
  task('Start the iSCSI target', { tags: ['start', 'volumes'] }, (host) => service.started(iscsiTarget(host)))
  start(steps, 'cinder')
  const restart = handler('Let the iSCSI target read its exports again', shell`tgt-admin --update ALL`)
  // At its start cinder-volume exports volumes in use without their CHAP login (cinder 2014.1 cinder/volume/iscsi.py:94): logins
  // still work, but so would anyone's.
  task(
    'Give the exports their CHAP login back',
    { tags: ['volumes'], notify: restart, retries: 5, delay: '1s' },
    async (host) => {
      const rows = await host.run(
        database.rows(
          serviceLogin(host, 'cinder'),
          "SELECT id, provider_auth FROM volumes WHERE deleted = 0 AND status = 'in-use' AND provider_auth IS NOT NULL",
        ),
      )
      for (const row of rows) {
        const [method, user, password] = String(row['provider_auth']).split(' ')
        if (method !== 'CHAP' || !user || !password) continue
        const name = `volume-${String(row['id'])}`
        const { exists } = await host.run(file.stat(`${exports}/${name}`))
        assert(exists || host.check, `cinder-volume has not exported ${name} yet`)
        await host.run(
          file.content(
            `${exports}/${name}`,
            masked`
<target ${iqn}${name}>
    backing-store /dev/${host.vars.volumeGroup}/${name}
    incominguser ${user} ${Secret.of(password, `CHAP password of ${name}`)}
</target>
`,
            { mode: '0640', owner: 'cinder', group: 'cinder' },
          ),
        )
      }
    },
  )
  flush()
  task(
    'Check that every volume in use is exported',
    { tags: ['verify', 'volumes'], retries: 10, delay: '1s' },
    async (host) => {
      const rows = await host.run(
        database.select("SELECT id FROM cinder.volumes WHERE deleted = 0 AND status = 'in-use'", rootLogin(host)),
      )
      const { stdout } = await host.run(probe`tgtadm --lld iscsi --op show --mode target`)
      const targets = stdout.split(/^Target /m)
      const missing = rows
        .map(([id]) => `volume-${id}`)
        .filter((name) => !targets.some((target) => target.includes(`${iqn}${name}`) && target.includes('LUN: 1')))
      assert(missing.length === 0, `tgtd does not serve ${missing.join(', ')}`)
      return { exported: rows.length }
    },
  )
  task('Check that no attachment names the old address', { tags: ['verify'] }, async (host) => {
    const old = sourceOf(host).vars.storage
    if (host.check || old === host.vars.storage) return
    const rows = await host.run(
      database.select(
        `SELECT id FROM nova.block_device_mapping WHERE deleted = 0 AND connection_info LIKE '%${old}:3260%' UNION ALL SELECT id FROM cinder.volumes WHERE deleted = 0 AND provider_location LIKE '${old}:%'`,
        rootLogin(host),
      ),
    )
    assert(rows.length === 0, `these rows still name ${old}: ${rows.map(([id]) => id).join(', ')}`)
  })
  task('Check the list of volumes', { tags: ['verify'], retries: 10, delay: '1s' }, async (host) => {
    const { stdout } = await host.run(probe`. /root/openrc && cinder list`)
    const rows = stdout.split('\n').filter((row) => /^\| [0-9a-f]{8}-/.test(row))
    const known = await host.run(
      database.select('SELECT id, status FROM cinder.volumes WHERE deleted = 0', rootLogin(host)),
    )
    assert(rows.length > 0 || known.length === 0, 'cinder lists no volume')
    const broken = rows.filter((row) => /\| error/.test(row))
    assert(broken.length === 0, `these volumes are broken:\n${broken.join('\n')}`)
    return { volumes: rows.length }
  })
})

async function volumesOf(source: Parameters<typeof sourceOf>[0]): Promise<readonly lvm.LogicalVolume[]> {
  const all = await source.run(lvm.volumes(source.vars.volumeGroup))
  const snapshots = all.filter((volume) => volume.origin !== '')
  if (snapshots.length > 0) {
    throw new Advice(
      `${source.name} has snapshots, which cannot be copied block by block: ${snapshots.map((s) => s.name).join(', ')}`,
      'delete them, or make volumes of them, before the move',
    )
  }
  return all.filter((volume) => volume.name.startsWith('volume-'))
}

/** A host name with the backend that may follow it. */
export function renamed(value: string, from: string, to: string): string {
  return value === from || value.startsWith(`${from}@`) ? to + value.slice(from.length) : value
}

/**
 * The connection of an attachment with another portal: `target_portal` and `device_path`, nothing else. The text is kept as it
 * is around them, because nova compares and logs it.
 * @throws Advice when it is not JSON
 */
export function withPortal(text: string, from: string, to: string): string {
  let parsed: { data?: { target_portal?: unknown; device_path?: unknown } }
  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch {
    throw new Advice(
      'a connection_info in nova.block_device_mapping is not JSON',
      'look at the rows with deleted = 0 and mend or detach them',
    )
  }
  const portal = parsed.data?.target_portal
  if (typeof portal !== 'string' || !portal.startsWith(`${from}:`)) return text
  const moved = portal.replace(from, to)
  return text.replaceAll(JSON.stringify(portal), JSON.stringify(moved)).replaceAll(`ip-${portal}-`, `ip-${moved}-`)
}

function portalOf(text: string): string {
  const { data } = JSON.parse(text) as { data?: { target_portal?: string; device_path?: string } }
  return `${data?.target_portal ?? 'no portal'} ${data?.device_path ?? ''}`.trim()
}
