import assert from 'node:assert/strict'
import { Advice, masked, role, Secret } from '../../lib/index.ts'
import { copyBetween, database, file, lvm, probe, service, shell } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { type CloudHost, cloud, sourceOf } from '../openstack/cloud.ts'
import { daemonsOf } from '../openstack/daemons.ts'
import { copiedVolumes } from '../openstack/kept.ts'
import { rootLogin, serviceLogin } from '../openstack/logins.ts'
import { move } from '../openstack/move.ts'
import { list, start } from '../openstack/start.ts'

const exports = '/etc/cinder/volumes'
const iqn = 'iqn.2010-10.org.openstack:'

/**
 * Cinder's database, configuration and volumes on the target controller: the article's «Upgrade Cinder». Volumes of
 * LVM are copied one by one, with their checksums, where the article says «transfer the data»; rows that name the old
 * controller or its iSCSI address are rewritten, and those of nova's database with nova.
 */
export const cinder = role('cinder', cloud, (steps) => {
  const { task } = steps
  move(steps, 'cinder', {
    data: {
      name: 'Volumes',
      bring(moving) {
        task("Stop the source's iSCSI target", { tags: ['volumes'], when: moving }, async (host) => {
          const source = sourceOf(host)
          await source.run(service.stopped(...daemonsOf(source, 'cinder', 'target')))
        })
        task('Make the volumes', { tags: ['volumes'], when: moving }, async (host) => {
          for (const { name, bytes } of await volumesOf(sourceOf(host)))
            await host.run(lvm.volume({ group: host.vars.volumeGroup, name, bytes }))
        })
        // Written once: by the second time a guest may have written to the volume here.
        task('Copy the volumes', { tags: ['volumes', 'destructive'], when: moving }, async (host) => {
          const source = sourceOf(host)
          for (const { name, bytes } of await volumesOf(source)) {
            const path = `/dev/${source.vars.volumeGroup}/${name}`
            const to = `/dev/${host.vars.volumeGroup}/${name}`
            const record = `${copiedVolumes}/${name}`
            await host.run(copyBetween.device({ from: host.vars.source, path, to, bytes, record }))
          }
        })
      },
    },
  })
  const looking = { tags: ['volumes', 'verify'], verify: true }
  task('See that every volume of the database is there', looking, async (host) => {
    const select = "SELECT id, size FROM cinder.volumes WHERE deleted = 0 AND status <> 'error'"
    const rows = await host.run(database.select(select, rootLogin(host)))
    const there = new Map((await host.run(lvm.volumes(host.vars.volumeGroup))).map((one) => [one.name, one.bytes]))
    const missing = rows
      .map(([id, size]) => ({ name: `volume-${id}`, bytes: Number(size) * 2 ** 30 }))
      .filter(({ name, bytes }) => (there.get(name) ?? 0) < bytes)
      .map(({ name }) => name)
    if (missing.length === 0) return
    throw new Advice(
      `${host.vars.volumeGroup} lacks these volumes, or has them too small: ${missing.join(', ')}; ` +
        'cinder-volume would set them to error',
      'bring them: run cinder -i INVENTORY -t volumes',
    )
  })
})

/** Starts the cinder that has been moved, and serves its volumes to those who had them. */
export const cinderStart = role('cinder.start', cloud, (steps) => {
  const { task, ensure, handler, flush } = steps
  ensure('Start the iSCSI target', { tags: ['start', 'volumes'] }, (host) =>
    service.started(...daemonsOf(host, 'cinder', 'target')),
  )
  start(steps, 'cinder')
  const restart = handler('Let the iSCSI target read its exports again', shell({ touches: [] })`tgt-admin --update ALL`)
  // At its start cinder-volume exports volumes in use without their CHAP login (cinder 2014.1
  // cinder/volume/iscsi.py:94): logins still work, but so would anyone's.
  const patient = { tags: ['volumes'], notify: restart, retries: 5, delay: '1s' } as const
  task('Give the exports their CHAP login back', patient, async (host) => {
    for (const { id, provider_auth } of await host.run(database.rows(serviceLogin(host, 'cinder'), exported))) {
      const [method, user, password] = String(provider_auth).split(' ')
      if (method !== 'CHAP' || !user || !password) continue
      const name = `volume-${String(id)}`
      const { exists } = await host.run(file.stat(`${exports}/${name}`))
      assert(exists, `cinder-volume has not exported ${name} yet`)
      const content = targetOfVolume(host, name, user, Secret.of(password, `CHAP password of ${name}`))
      await host.run(file.content(`${exports}/${name}`, content, { mode: '0640', owner: 'cinder', group: 'cinder' }))
    }
  })
  flush()
  const looking = { tags: ['verify', 'volumes'], retries: 10, delay: '1s', verify: true } as const
  task('Check that every volume in use is exported', looking, async (host) => {
    const select = "SELECT id FROM cinder.volumes WHERE deleted = 0 AND status = 'in-use'"
    const rows = await host.run(database.select(select, rootLogin(host)))
    const { stdout } = await host.run(probe`tgtadm --lld iscsi --op show --mode target`)
    const targets = stdout.split(/^Target /m)
    const missing = rows
      .map(([id]) => `volume-${id}`)
      .filter((name) => !targets.some((target) => target.includes(`${iqn}${name}`) && target.includes('LUN: 1')))
    assert(missing.length === 0, `the iSCSI target does not serve ${missing.join(', ')}`)
    return { exported: rows.length }
  })
  task('Check that no attachment names the old address', { tags: ['verify'], verify: true }, async (host) => {
    const old = sourceOf(host).vars.storage
    if (old === host.vars.storage) return
    const select = `
      SELECT id FROM nova.block_device_mapping WHERE deleted = 0 AND connection_info LIKE '%${old}:3260%'
      UNION ALL SELECT id FROM cinder.volumes WHERE deleted = 0 AND provider_location LIKE '${old}:%'`
    const rows = await host.run(database.select(select, rootLogin(host)))
    assert(rows.length === 0, `these rows still name ${old}: ${rows.map(([id]) => id).join(', ')}`)
  })
  list(steps, 'cinder')
})

/** `run cinder`: stops cinder on the source and moves it to the target. */
export default alone('cinder', [cinder, cinderStart])

async function volumesOf(source: CloudHost): Promise<readonly lvm.LogicalVolume[]> {
  const all = await source.run(lvm.volumes(source.vars.volumeGroup))
  const snapshots = all.filter((volume) => volume.origin !== '')
  if (snapshots.length === 0) return all.filter((volume) => volume.name.startsWith('volume-'))
  throw new Advice(
    `${source.name} has snapshots, which cannot be copied block by block: ${snapshots.map((s) => s.name).join(', ')}`,
    'delete them, or make volumes of them, before the move',
  )
}

const exported =
  "SELECT id, provider_auth FROM volumes WHERE deleted = 0 AND status = 'in-use' AND provider_auth IS NOT NULL"

/** The file by which tgtd serves a volume to those who know its login. */
function targetOfVolume({ vars }: CloudHost, name: string, user: string, password: Secret) {
  return masked`
<target ${iqn}${name}>
    backing-store /dev/${vars.volumeGroup}/${name}
    incominguser ${user} ${password}
</target>
`
}
