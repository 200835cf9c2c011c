// nova: the API, the services that report into the database, and the compute that reports through the conductor.
import { readFileSync } from 'node:fs'
import { bus } from './bus.mjs'
import { flag, option, release, rooted } from './conf.mjs'
import { die, every, log, ownName } from './daemon.mjs'
import { door, listens, Refusal, serve } from './http.mjs'
import { moment, now, store } from './store.mjs'

const wrong = (code, message) => {
  const kinds = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    409: 'conflictingRequest',
    503: 'serviceUnavailable',
  }
  return {
    [kinds[code] ?? 'computeFault']: {
      code,
      message:
        code === 500 ? 'The server has either erred or is incapable of performing the requested operation.' : message,
    },
  }
}

/** The version of compute messages that are sent: what [upgrade_levels] said at the start, else the newest known. */
function computeCap(conf) {
  const own = release() === 'icehouse' ? '3.23' : '2.47'
  const level = option(conf, 'upgrade_levels.compute')
  return { 'icehouse-compat': '3.0', icehouse: '3.23', havana: '2.47', undefined: own }[level] ?? level
}

/** The package's version decides what a Havana compute understands. */
function packaged(name) {
  try {
    const line = readFileSync(rooted('/etc/standin-packages'), 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}=`))
    return line?.slice(name.length + 1)
  } catch {
    return undefined
  }
}

/** Whether a compute of that version serves messages of that one. */
function serves(version, message) {
  const [major, minor] = message.split('.').map(Number)
  if (Number.isNaN(major) || Number.isNaN(minor)) return false
  if (version.startsWith('2014.1')) return major === 3 && minor <= 23
  if (/^2013\.2(\.1)?$/.test(version)) return major === 2 && minor <= 47
  return (major === 2 && minor <= 47) || (major === 3 && minor === 0)
}

async function report(db, host, binary, topic) {
  const { quote } = db
  const where = `host = ${quote(host)} AND \`binary\` = ${quote(binary)} AND deleted = 0`
  const { affected } = await db.query(
    `UPDATE services SET updated_at = ${quote(now())}, report_count = report_count + 1 WHERE ${where}`,
  )
  if (affected === 0) {
    await db.query(`INSERT INTO services
      (created_at, updated_at, host, \`binary\`, topic, report_count, disabled, deleted)
      VALUES (${quote(now())}, ${quote(now())}, ${quote(host)}, ${quote(binary)}, ${quote(topic)}, 1, 0, 0)`)
  }
}

/** conductor, scheduler, cert, consoleauth, console: a row that says I am alive, once a broker has let them in. */
export async function novaWorker(conf, topic) {
  const host = option(conf, 'host', ownName())
  const db = store(conf, 'nova')
  const rpc = bus(conf, 'nova')
  if (topic === 'conductor') {
    rpc.consume('conductor', async ({ method, args }) => {
      if (method !== 'service_update') throw new Error(`no such method: ${method}`)
      await report(db, args.host, args.binary, args.topic)
    })
  }
  await rpc.connected
  every(1000, `nova.servicegroup.drivers.db`, () => report(db, host, `nova-${topic}`, topic))
}

/** A hypervisor without instances of its own: it only answers what the API asks of it. */
export function novaCompute(conf) {
  const host = option(conf, 'host', ownName())
  const version = packaged('openstack-nova-compute') ?? (release() === 'icehouse' ? '2014.1.5' : '2013.2.4')
  const cap = option(conf, 'upgrade_levels.compute')
  if (cap === 'icehouse-compat' && /^2013\.2(\.1)?$/.test(version)) {
    log('ERROR', 'nova.openstack.common.rpc.proxy', `ValueError: invalid literal for int() with base 10: '${cap}'`)
  }
  const rpc = bus(conf, 'nova')
  rpc.consume(`compute.${host}`, ({ method, version: message, args }) => {
    if (!serves(version, message)) {
      throw new Error(`UnsupportedRpcVersion: Specified RPC version, ${message}, not supported by this endpoint.`)
    }
    log('INFO', 'nova.compute.manager', `${method} ${args.instance} (RPC version ${message})`)
    return method === 'get_console_output' ? `${args.name} login: (console of ${args.instance} on ${host})\n` : null
  })
  log('AUDIT', 'nova.service', `Starting compute node (version ${version})`)
  rpc.connected.then(() =>
    every(1000, 'nova.servicegroup.drivers.db', async () => {
      try {
        await rpc.call(
          'conductor',
          { method: 'service_update', args: { host, binary: 'nova-compute', topic: 'compute' } },
          3000,
        )
      } catch (error) {
        rpc.drop()
        throw new Error(`model server went away: ${error.message}`)
      }
    }),
  )
}

const states = {
  active: 'ACTIVE',
  stopped: 'SHUTOFF',
  error: 'ERROR',
  building: 'BUILD',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  resized: 'VERIFY_RESIZE',
  deleted: 'DELETED',
}

function addresses(text) {
  const found = {}
  for (const { network } of JSON.parse(text || '[]')) {
    for (const subnet of network?.subnets ?? []) {
      for (const { address, version } of subnet.ips ?? [])
        (found[network.label] ??= []).push({ addr: address, version: version ?? 4 })
    }
  }
  return found
}

/** The API, with as many of its three doors as enabled_apis names. */
export async function novaApi(conf) {
  const paste = option(conf, 'api_paste_config', '/etc/nova/api-paste.ini')
  const enter = door(conf, { logger: 'nova', paste: paste.startsWith('/') ? paste : `/etc/nova/${paste}` })
  const db = store(conf, 'nova')
  const { quote } = db
  const cap = computeCap(conf)
  const down = 1000 * Number(option(conf, 'service_down_time', '60'))
  let rpc

  const shape = (row) => ({
    id: row.uuid,
    name: row.display_name,
    status: states[row.vm_state] ?? 'UNKNOWN',
    tenant_id: row.project_id,
    user_id: row.user_id,
    created: row.created_at?.replace(' ', 'T').concat('Z'),
    addresses: addresses(row.network_info),
    key_name: row.key_name,
    'OS-EXT-STS:task_state': row.task_state,
    'OS-EXT-STS:vm_state': row.vm_state,
    'OS-EXT-STS:power_state': Number(row.power_state),
    'OS-EXT-SRV-ATTR:host': row.host,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${Number(row.id).toString(16).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': row.node,
  })
  const servers = (where) =>
    db.rows(`SELECT i.*, c.network_info FROM instances i
    LEFT JOIN instance_info_caches c ON c.instance_uuid = i.uuid AND c.deleted = 0
    WHERE i.deleted = 0 AND ${where} ORDER BY i.created_at DESC, i.id DESC`)

  async function act(row, body) {
    const [action] = Object.keys(body ?? {})
    const methods = {
      'os-getConsoleOutput': 'get_console_output',
      reboot: 'reboot_instance',
      'os-start': 'start_instance',
      'os-stop': 'stop_instance',
    }
    const method = methods[action]
    if (action === 'os-resetState') {
      await db.query(`UPDATE instances SET vm_state = ${quote(body[action].state)}, task_state = NULL
        WHERE uuid = ${quote(row.uuid)}`)
      return { status: 202, body: '' }
    }
    if (!method) throw new Refusal(400, `There is no such action: ${action}`)
    if (!row.host) throw new Refusal(409, `Instance ${row.uuid} is not ready`)
    rpc ??= bus(conf, 'nova')
    await Promise.race([
      rpc.connected,
      new Promise((done) => {
        setTimeout(done, 1500)
      }),
    ])
    const args = { instance: row.uuid, name: row.hostname, ...body[action] }
    const result = await rpc.call(`compute.${row.host}`, { method, version: cap, args }, 1500)
    const to = { 'os-start': ["'active'", 1], 'os-stop': ["'stopped'", 4], reboot: ["'active'", 1] }[action]
    if (to)
      await db.query(`UPDATE instances SET vm_state = ${to[0]}, power_state = ${to[1]}, task_state = NULL
      WHERE uuid = ${quote(row.uuid)}`)
    return action === 'os-getConsoleOutput' ? { output: result } : { status: 202, body: '' }
  }

  async function services() {
    const zones = { 'nova-compute': 'nova' }
    return (await db.rows('SELECT * FROM services WHERE deleted = 0 ORDER BY id')).map((row) => ({
      id: Number(row.id),
      binary: row.binary,
      host: row.host,
      zone: zones[row.binary] ?? 'internal',
      status: row.disabled === '1' ? 'disabled' : 'enabled',
      disabled_reason: row.disabled_reason,
      state: Math.abs(Date.now() - moment(row.updated_at ?? row.created_at)) <= down ? 'up' : 'down',
      updated_at: (row.updated_at ?? row.created_at).replace(' ', 'T'),
    }))
  }

  const compute = async (request) => {
    const { path, method, query, body } = request
    if (path === '')
      return { versions: [{ id: 'v2.0', status: 'CURRENT', updated: '2011-01-21T11:33:21Z', links: [] }] }
    if (path === '/v2') return { version: { id: 'v2.0', status: 'CURRENT' } }
    const [, tenant, rest] = /^\/v2\/([^/]+)(\/.*)?$/.exec(path) ?? []
    const me = await enter(request)
    if (!tenant) throw new Refusal(404, 'The resource could not be found.')
    if (tenant !== me.tenant?.id) throw new Refusal(400, 'Malformed request url')
    if (rest === '/os-services' && method === 'GET') return { services: await services() }
    const [, turn] = /^\/os-services\/(enable|disable)$/.exec(rest) ?? []
    if (turn && method === 'PUT') {
      const { affected } = await db.query(`UPDATE services SET disabled = ${turn === 'disable' ? 1 : 0}
        WHERE deleted = 0 AND host = ${quote(body.host)} AND \`binary\` = ${quote(body.binary)}`)
      if (affected === 0) throw new Refusal(404, 'Unknown service')
      return { service: { host: body.host, binary: body.binary, status: `${turn}d` } }
    }
    if (rest === '/servers' || rest === '/servers/detail') {
      const all = query.get('all_tenants') === '1' && me.admin
      return { servers: (await servers(all ? '1 = 1' : `i.project_id = ${quote(tenant)}`)).map(shape) }
    }
    const [, guest, volume] = /^\/servers\/([^/]+)\/os-volume_attachments\/([^/]+)$/.exec(rest) ?? []
    if (volume && method === 'DELETE') {
      const { affected } = await db.query(`UPDATE block_device_mapping SET deleted = id, deleted_at = ${quote(now())}
        WHERE deleted = 0 AND instance_uuid = ${quote(guest)} AND volume_id = ${quote(volume)}`)
      if (affected === 0) throw new Refusal(404, `Not Found`)
      return { status: 202, body: '' }
    }
    const [, id, action] = /^\/servers\/([^/]+)(\/action)?$/.exec(rest) ?? []
    if (!id) throw new Refusal(404, 'The resource could not be found.')
    const [row] = await servers(`i.uuid = ${quote(id)}${me.admin ? '' : ` AND i.project_id = ${quote(tenant)}`}`)
    if (!row) throw new Refusal(404, 'Instance could not be found')
    if (method === 'DELETE') {
      await db.query(`UPDATE instances SET deleted = id, deleted_at = ${quote(now())}, vm_state = 'deleted'
        WHERE uuid = ${quote(id)}`)
      return { status: 204 }
    }
    return action && method === 'POST' ? act(row, body) : { server: shape(row) }
  }

  const ports = {
    ec2: ['ec2_listen', 'ec2_listen_port', 8773],
    osapi_compute: ['osapi_compute_listen', 'osapi_compute_listen_port', 8774],
    metadata: ['metadata_listen', 'metadata_listen_port', 8775],
  }
  for (const api of option(conf, 'enabled_apis', 'ec2,osapi_compute,metadata')
    .split(',')
    .map((name) => name.trim())) {
    if (!ports[api]) die('nova', `ConfigError: unknown API ${api} in enabled_apis`)
    const [listen, key, port] = ports[api]
    await serve({
      name: `nova.${api}`,
      address: option(conf, listen, '0.0.0.0'),
      port: Number(option(conf, key, port)),
      wrong,
      handle: api === 'osapi_compute' ? compute : metadata(conf, db),
    })
  }
}

const metadata =
  (conf, db) =>
  async ({ path }) => {
    if (path === '') return ['1.0', 'latest']
    if (!flag(conf, 'service_neutron_metadata_proxy', 'False')) await db.rows('SELECT 1')
    throw new Refusal(404, 'Not Found')
  }

export const novaMetadata = (conf) =>
  serve({
    name: 'nova.metadata',
    address: option(conf, 'metadata_listen', '0.0.0.0'),
    port: Number(option(conf, 'metadata_listen_port', '8775')),
    wrong,
    handle: metadata(conf, store(conf, 'nova')),
  })

export const novncproxy = (conf) =>
  listens(
    'nova.novncproxy',
    option(conf, 'novncproxy_host', '0.0.0.0'),
    Number(option(conf, 'novncproxy_port', '6080')),
  )
export const objectstore = (conf) =>
  listens('nova.objectstore', option(conf, 's3_listen', '0.0.0.0'), Number(option(conf, 's3_listen_port', '3333')))
