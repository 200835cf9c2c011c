// cinder: the API, the scheduler's row, and the volume service that exports what is in use when it starts.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bus } from './bus.mjs'
import { option, release, rooted } from './conf.mjs'
import { every, log, ownName } from './daemon.mjs'
import { door, Refusal, serve } from './http.mjs'
import { moment, now, store } from './store.mjs'

const columns = () => (release() === 'icehouse' ? 'id, disabled_reason' : 'id')

async function report(db, host, binary) {
  const { quote } = db
  const [row] = await db.query(`SELECT ${columns()} FROM services
    WHERE deleted = 0 AND host = ${quote(host)} AND \`binary\` = ${quote(binary)} LIMIT 1`)
  if (row) {
    await db.query(
      `UPDATE services SET updated_at = ${quote(now())}, report_count = report_count + 1 WHERE id = ${row.id}`,
    )
  } else {
    await db.query(`INSERT INTO services
      (created_at, updated_at, deleted, host, \`binary\`, topic, report_count, disabled, availability_zone)
      VALUES (${quote(now())}, ${quote(now())}, 0, ${quote(host)}, ${quote(binary)}, ${quote(binary)}, 1, 0, 'nova')`)
  }
}

const rootwrap = (conf, ...command) =>
  new Promise((resolve, reject) => {
    const wrap =
      process.getuid() === 0
        ? command
        : ['sudo', 'cinder-rootwrap', option(conf, 'rootwrap_config', '/etc/cinder/rootwrap.conf'), ...command]
    execFile(wrap[0], wrap.slice(1), (error, _, stderr) =>
      error ? reject(new Error(stderr.trim() || error.message)) : resolve(),
    )
  })

/** Exports one volume as ensure_export does: without CHAP, since chap_auth is None there in both releases. */
async function exportVolume(conf, { id }) {
  const group = option(conf, 'volume_group', 'cinder-volumes')
  const device = `/dev/${group}/volume-${id}`
  if (!existsSync(rooted(device))) throw new Error(`Volume device not found at ${device}`)
  const iqn = `${option(conf, 'iscsi_target_prefix', 'iqn.2010-10.org.openstack:')}volume-${id}`
  const folder = rooted(option(conf, 'volumes_dir', '/etc/cinder/volumes'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `volume-${id}`), `\n<target ${iqn}>\n    backing-store ${device}\n</target>\n`)
  await rootwrap(conf, 'tgt-admin', '--update', iqn)
}

async function start(conf, db, host) {
  const { quote } = db
  const icehouse = release() === 'icehouse'
  const volumes = await db.rows(
    `SELECT id, status FROM volumes WHERE deleted = 0 AND host = ${quote(host)} ORDER BY created_at, id`,
  )
  log('INFO', 'cinder.volume.manager', `Re-exporting ${volumes.length} volumes`)
  for (const volume of volumes) {
    if (volume.status === 'in-use' || (!icehouse && volume.status === 'available')) {
      try {
        await exportVolume(conf, volume)
      } catch (error) {
        log(
          'ERROR',
          'cinder.volume.manager',
          `Failed to re-export volume ${volume.id}: setting to error state: ${error.message}`,
        )
        await db.query(`UPDATE volumes SET status = 'error' WHERE id = ${quote(volume.id)}`)
      }
    } else if (volume.status === 'downloading') {
      await db.query(`UPDATE volumes SET status = 'error' WHERE id = ${quote(volume.id)}`)
    } else {
      log('INFO', 'cinder.volume.manager', `volume ${volume.id}: skipping export`)
    }
  }
}

export async function cinderWorker(conf, binary) {
  const host = option(conf, 'host', ownName())
  const db = store(conf, 'cinder')
  const rpc = bus(conf, 'cinder')
  // A marker of the process that made the volumes: it has nothing to export again.
  const made = rooted('/var/lib/cinder/exported')
  let exported = binary !== 'cinder-volume' || existsSync(made)
  if (binary === 'cinder-volume') rmSync(made, { force: true })
  await rpc.connected
  every(1000, 'cinder.service', async () => {
    if (!exported) {
      await start(conf, db, host)
      exported = true
    }
    await report(db, host, binary)
  })
}

export async function cinderApi(conf) {
  const paste = option(conf, 'api_paste_config', '/etc/cinder/api-paste.ini')
  const enter = door(conf, { logger: 'cinder', paste: paste.startsWith('/') ? paste : `/etc/cinder/${paste}` })
  const db = store(conf, 'cinder')
  const { quote } = db
  const down = 1000 * Number(option(conf, 'service_down_time', '60'))
  const types = async () =>
    new Map((await db.rows('SELECT id, name FROM volume_types')).map(({ id, name }) => [id, name]))
  const shape = (names) => (row) => ({
    id: row.id,
    status: row.status,
    display_name: row.display_name,
    display_description: row.display_description,
    size: Number(row.size),
    volume_type: names.get(row.volume_type_id) ?? 'None',
    bootable: row.bootable === '1' ? 'true' : 'false',
    availability_zone: row.availability_zone,
    created_at: row.created_at?.replace(' ', 'T'),
    snapshot_id: row.snapshot_id,
    source_volid: row.source_volid,
    attachments: row.instance_uuid
      ? [
          {
            id: row.id,
            volume_id: row.id,
            server_id: row.instance_uuid,
            device: row.mountpoint,
            host_name: row.attached_host,
          },
        ]
      : [],
    'os-vol-host-attr:host': row.host,
    'os-vol-tenant-attr:tenant_id': row.project_id,
  })
  /** What an admin changes of a row: its state, or that it is there. */
  async function changed(me, method, rest, body) {
    const [, table, id, action] = /^\/(volumes|snapshots)\/([^/]+)(\/action)?$/.exec(rest) ?? []
    const [, type, key] = /^\/types\/([^/]+)\/extra_specs\/([^/]+)$/.exec(rest) ?? []
    if (!me.admin) throw new Refusal(403, 'Policy does not allow this to be performed.')
    const deleted = `deleted = 1, deleted_at = ${quote(now())}`
    const status = body?.['os-reset_status']?.status
    const query = type
      ? `UPDATE volume_type_extra_specs SET ${deleted} WHERE deleted = 0 AND \`key\` = ${quote(key)}
          AND volume_type_id IN (SELECT id FROM volume_types WHERE name = ${quote(decodeURIComponent(type))})`
      : action && status
        ? `UPDATE ${table} SET status = ${quote(status)}, updated_at = ${quote(now())} WHERE deleted = 0 AND id = ${quote(id)}`
        : table === 'snapshots' && method === 'DELETE'
          ? `UPDATE snapshots SET ${deleted}, status = 'deleted' WHERE deleted = 0 AND id = ${quote(id)}
              AND status IN ('available', 'error')`
          : undefined
    if (!query) throw new Refusal(404, 'The resource could not be found.')
    const { affected } = await db.query(query)
    if (affected === 0) throw new Refusal(404, `${table ?? 'The key'} ${id ?? key} could not be found.`)
    return { status: 202, body: '' }
  }
  await serve({
    name: 'cinder',
    address: option(conf, 'osapi_volume_listen', '0.0.0.0'),
    port: Number(option(conf, 'osapi_volume_listen_port', '8776')),
    wrong: (code, message) => ({
      [{ 401: 'unauthorized', 404: 'itemNotFound', 400: 'badRequest' }[code] ?? 'computeFault']: {
        code,
        message:
          code === 500 ? 'The server has either erred or is incapable of performing the requested operation.' : message,
      },
    }),
    async handle(request) {
      const { path, query, method, body } = request
      if (path === '')
        return {
          status: release() === 'icehouse' ? 300 : 200,
          body: { versions: ['v1.0', 'v2.0'].map((id) => ({ id, status: 'CURRENT' })) },
        }
      const me = await enter(request)
      const [, tenant, rest] = /^\/v1\/([^/]+)(\/.*)?$/.exec(path) ?? []
      if (!tenant) throw new Refusal(404, 'The resource could not be found.')
      if (tenant !== me.tenant?.id) throw new Refusal(400, 'Malformed request url')
      if (rest === '/os-services') {
        return {
          services: (await db.rows('SELECT * FROM services WHERE deleted = 0 ORDER BY id')).map((row) => ({
            binary: row.binary,
            host: row.host,
            zone: row.availability_zone,
            status: row.disabled === '1' ? 'disabled' : 'enabled',
            state: Math.abs(Date.now() - moment(row.updated_at ?? row.created_at)) <= down ? 'up' : 'down',
            updated_at: (row.updated_at ?? row.created_at).replace(' ', 'T'),
          })),
        }
      }
      if (rest === '/volumes' || rest === '/volumes/detail') {
        const all = query.get('all_tenants') === '1' && me.admin
        const mine = all ? '' : ` AND project_id = ${quote(tenant)}`
        const rows = await db.rows(`SELECT * FROM volumes WHERE deleted = 0${mine} ORDER BY created_at DESC, id`)
        return { volumes: rows.map(shape(await types())) }
      }
      if (method === 'POST' || method === 'DELETE') return changed(me, method, rest, body)
      const [, id] = /^\/volumes\/([^/]+)$/.exec(rest) ?? []
      const mine = me.admin ? '' : ` AND project_id = ${quote(tenant)}`
      const [row] = id ? await db.rows(`SELECT * FROM volumes WHERE deleted = 0 AND id = ${quote(id)}${mine}`) : []
      if (!row) throw new Refusal(404, 'The resource could not be found.')
      return { volume: shape(await types())(row) }
    },
  })
}
