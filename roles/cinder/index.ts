import assert from 'node:assert/strict'
import { Advice, role } from '../../lib/index.ts'
import { copyBetween, database, file, lvm, probe, service } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { type CloudHost, type CloudView, cloud, serviceOf, sourceOf } from '../openstack/cloud.ts'
import { daemonsOf, mustBeStopped } from '../openstack/daemons.ts'
import { copiedVolumes } from '../openstack/kept.ts'
import { timed } from '../openstack/durations.ts'
import { rootLogin } from '../openstack/logins.ts'
import { bringFolders, move } from '../openstack/move.ts'
import { inEarnest } from '../openstack/moved.ts'
import { list, start } from '../openstack/start.ts'
import { isLive } from '../openstack/still.ts'
import { keepLogins, mendLogins, mustBeServed } from './exports.ts'
import { leadsTo, portalsOf } from './portal.ts'

/**
 * Cinder's database, configuration and volumes on the target controller: the article's «Upgrade Cinder». Volumes of
 * LVM are copied one by one, with their checksums, where the article says «transfer the data»; rows that name the old
 * controller or its iSCSI address are rewritten, and those of nova's database with nova.
 */
export const cinder = role('cinder', cloud, (steps) => {
  const { task, block } = steps
  move(steps, 'cinder', {
    data: {
      name: 'Volumes',
      bring() {
        bringFolders(steps, 'cinder')
        block('Volumes of the volume group', { when: serving, try: bringVolumes })
      },
    },
  })
  function bringVolumes() {
    const guests = 'guests would go on writing to volumes that are being copied'
    task('Check that the source serves no volumes', { tags: ['volumes'], verify: true }, (host) =>
      mustBeStopped(sourceOf(host), 'cinder', guests, 'stop it: run cinder -i INVENTORY'),
    )
    task('Make the volumes', { tags: ['volumes'] }, async (host) => {
      for (const { name, bytes } of await toBring(host)) {
        const { vars } = host
        const there = (await host.run(lvm.volumes(vars.volumeGroup))).some((one) => one.name === name)
        // Of one that is gone the copy is gone too.
        if (!there) await host.run(file.absent(recordOf(name)))
        await host.run(lvm.volume({ group: vars.volumeGroup, name, bytes }))
      }
    })
    // Once a guest may have written to the volume here, never again.
    task('Copy the volumes', { tags: ['volumes', 'destructive'] }, async (host) => {
      const source = sourceOf(host)
      await inEarnest(host, mustBeStopped(source, 'cinder', guests, 'stop it: run cinder -i INVENTORY'))
      await timed(host, 'cinder', 'volumes', 'copy', async () => {
        let all = 0
        for (const volume of await toBring(host)) all += await copied(host, volume)
        return all
      })
    })
  }
  const looking = { tags: ['volumes', 'verify'], verify: true, when: serving }
  task('See that every volume of the database is there', looking, async (host) => {
    const select = "SELECT id, size FROM cinder.volumes WHERE deleted = 0 AND status <> 'error'"
    const rows = await host.run(database.select(select, rootLogin(host)))
    const there = new Map((await host.run(lvm.volumes(host.vars.volumeGroup))).map((one) => [one.name, one.bytes]))
    const missing = rows
      .map(([id, size]) => ({ name: `volume-${id}`, bytes: Number(size) * 2 ** 30 }))
      .filter(({ name, bytes }) => (there.get(name) ?? 0) < bytes)
      .map(({ name }) => name)
    if (missing.length === 0) return
    const source = sourceOf(host)
    const theirs = (await source.run(lvm.volumes(source.vars.volumeGroup))).map(({ name }) => name)
    const lost = missing.filter((name) => !theirs.includes(name))
    if (lost.length > 0) host.log(`${source.name} had no data of these either: ${lost.join(', ')}`)
    const left = missing.filter((name) => theirs.includes(name))
    if (left.length === 0) return
    throw new Advice(
      `${host.vars.volumeGroup} lacks these volumes, or has them too small: ${left.join(', ')}; ` +
        'cinder-volume would set them to error',
      'bring them: run cinder -i INVENTORY -t volumes',
    )
  })
})

/** Copies a volume, unless that has been done; how many bytes were compared. */
async function copied(host: CloudHost, { name, bytes }: lvm.LogicalVolume): Promise<number> {
  const source = sourceOf(host)
  const path = `/dev/${source.vars.volumeGroup}/${name}`
  const to = `/dev/${host.vars.volumeGroup}/${name}`
  const [record, of] = [recordOf(name), `${recordOf(name)}.of`]
  const state = await stateOf(source, path)
  const before = (await host.run(probe`cat ${of} 2>/dev/null; :`)).stdout
  if (before !== state) await host.run(file.absent(record))
  await host.run(copyBetween.device({ from: host.vars.source, path, to, bytes, record }))
  await host.run(file.content(of, state, { mode: '0600' }))
  return before === state ? 0 : bytes
}

/** Starts the cinder that has been moved, and serves its volumes to those who had them. */
export const cinderStart = role('cinder.start', cloud, (steps) => {
  const { task, ensure } = steps
  start(steps, 'cinder', () => {
    ensure('Start the iSCSI target', { tags: ['start', 'volumes'], when: serving }, (host) =>
      service.started(...daemonsOf(host, 'cinder', 'target')),
    )
    // Before the first export, and for every one that comes.
    task('Let the exports keep their CHAP login', { tags: ['start', 'volumes', 'config'], when: serving }, keepLogins)
  })
  const patient = { tags: ['volumes', 'start'], retries: 10, delay: '1s', when: serving } as const
  task('Give the exports their CHAP login back', patient, mendLogins)
  // It exports them one after the other, and of some clouds there are many.
  const looking = { tags: ['verify', 'volumes'], retries: 120, delay: '1s', verify: true, when: serving } as const
  task('Check that every volume in use is exported, to its guests alone', looking, mustBeServed)
  task(
    'Check that no attachment names the old address',
    { tags: ['verify'], verify: true, when: serving },
    mustLeadHere,
  )
  list(steps, 'cinder', lostBefore)
})

/** `run cinder`: stops cinder on the source and moves it to the target. */
export default alone('cinder', [cinder, cinderStart])

/** Does this cinder serve volumes of a volume group over iSCSI? */
function serving(host: CloudView): boolean {
  return serviceOf(host, 'cinder').serving !== undefined
}

/** The volumes that are to be copied: all until guests write to them here, and then what is missing. */
async function toBring(host: CloudHost): Promise<readonly lvm.LogicalVolume[]> {
  const source = sourceOf(host)
  const all = await volumesOf(source)
  if (!(await isLive(host))) return all
  const [here, rows] = await Promise.all([
    host.run(lvm.volumes(host.vars.volumeGroup)),
    host.run(database.select('SELECT id FROM cinder.volumes WHERE deleted = 0', rootLogin(host))),
  ])
  const wanted = rows.map(([id]) => `volume-${id}`)
  const whole = await host.run(probe`cd ${copiedVolumes} 2>/dev/null && ls; :`)
  const copied = whole.stdout.split('\n')
  const there = (name: string) => here.some((one) => one.name === name) && copied.includes(name)
  return all.filter(({ name }) => wanted.includes(name) && !there(name))
}

function recordOf(name: string): string {
  return `${copiedVolumes}/${name}`
}

/**
 * What changes when something is written to a volume: how much was written to the device since the host's start, as its
 * kernel counts it, and for a file its time.
 */
async function stateOf(source: CloudHost, path: string): Promise<string> {
  const { stdout } = await source.run(probe`
    p=$(readlink -f ${path})
    if [ -b "$p" ]; then
      cat /proc/sys/kernel/random/boot_id
      d=$(stat -c '%t %T' "$p")
      awk '{ print $5, $7 }' "/sys/dev/block/$((0x\${d% *})):$((0x\${d#* }))/stat"
    else stat -c '%Y %Z %s' "$p"; fi`)
  return stdout
}

/** Volumes that were lost before the move: their rows say so, or their data is not on the source. */
async function lostBefore(host: CloudHost): Promise<readonly string[]> {
  const source = sourceOf(host)
  const [rows, there] = await Promise.all([
    source.run(database.select('SELECT id, status FROM cinder.volumes WHERE deleted = 0', rootLogin(source))),
    source.run(lvm.volumes(source.vars.volumeGroup)),
  ])
  const names = there.map(({ name }) => name)
  return rows
    .filter(([id, status]) => status!.startsWith('error') || !names.includes(`volume-${id}`))
    .map(([id]) => id!)
}

/** No attachment may lead to the old controller. What leads to a third one is not ours, and is only told. */
async function mustLeadHere(host: CloudHost): Promise<void> {
  const [rows, old] = await Promise.all([
    host.run(
      database.select(
        `SELECT id, connection_info FROM nova.block_device_mapping
          WHERE deleted = 0 AND volume_id IS NOT NULL AND connection_info IS NOT NULL
        UNION ALL SELECT id, provider_location FROM cinder.volumes WHERE deleted = 0 AND provider_location IS NOT NULL`,
        rootLogin(host),
      ),
    ),
    portalsOf(sourceOf(host)),
  ])
  const led = rows
    .map(([id, where]) => ({ id: id!, to: leadsTo(where!, id) }))
    .filter(({ to }) => to !== host.vars.storage)
  const wrong = led.filter(({ to }) => to !== undefined && old.includes(to))
  assert(
    wrong.length === 0,
    `these rows still name ${host.vars.source.name}: ${wrong.map(({ id, to }) => `${id} (${to})`).join(', ')}`,
  )
  for (const { id, to } of led)
    host.log(`${id} leads to ${to ?? 'no portal'}, neither of both controllers: left as it is`)
}

async function volumesOf(source: CloudHost): Promise<readonly lvm.LogicalVolume[]> {
  const all = await source.run(lvm.volumes(source.vars.volumeGroup))
  const snapshots = all.filter((volume) => volume.origin !== '')
  if (snapshots.length === 0) return all.filter((volume) => volume.name.startsWith('volume-'))
  throw new Advice(
    `${source.name} has snapshots, which cannot be copied block by block: ${snapshots.map((s) => s.name).join(', ')}`,
    'delete them, or make volumes of them, before the move',
  )
}
