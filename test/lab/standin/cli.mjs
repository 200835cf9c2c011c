// keystone, glance, nova, neutron, cinder: the clients of 2014, as far as a verification asks them.
import { createWriteStream } from 'node:fs'
import { ask } from './http.mjs'

const [program, ...argv] = process.argv.slice(2)
const env = process.env

class Failure extends Error {}
const fail = (message) => {
  throw new Failure(message)
}

/** A table as prettytable draws it: centred unless the column is told to lean left. */
function table(columns, rows, left = false) {
  const text = (value) => (value === null || value === undefined ? 'None' : String(value))
  const cells = rows.map((row) => row.map(text))
  const widths = columns.map((name, at) => Math.max([...name].length, ...cells.map((row) => [...row[at]].length)))
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`
  const pad = (value, width) => {
    const spare = width - [...value].length
    const before = left ? 0 : Math.floor(spare / 2)
    return ` ${' '.repeat(before)}${value}${' '.repeat(spare - before)} `
  }
  const line = (row) => `|${row.map((value, at) => pad(value, widths[at])).join('|')}|`
  return [rule, line(columns), rule, ...cells.map(line), rule].join('\n')
}
const byFirst = (rows) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
const properties = (of, left = true) => table(['Property', 'Value'], Object.entries(of), left)

// Options anywhere on the line win over the environment, as argparse has it.
const settings = {
  username: env.OS_USERNAME,
  password: env.OS_PASSWORD,
  tenant: env.OS_TENANT_NAME,
  url: env.OS_AUTH_URL,
  kind: env.OS_ENDPOINT_TYPE ?? 'internalURL',
  // keystone's own client takes the shorter names too, and both before user and password
  token: env.OS_SERVICE_TOKEN ?? (program === 'keystone' ? env.SERVICE_TOKEN : undefined),
  endpoint: env.OS_SERVICE_ENDPOINT ?? (program === 'keystone' ? env.SERVICE_ENDPOINT : undefined),
}
const flags = {
  'os-username': 'username',
  'os-password': 'password',
  'os-tenant-name': 'tenant',
  'os-auth-url': 'url',
  'os-endpoint-type': 'kind',
  'endpoint-type': 'kind',
  'os-token': 'token',
  'os-endpoint': 'endpoint',
  file: 'file',
  'all-tenants': 'all',
}
const words = []
for (let at = 0; at < argv.length; at++) {
  const [, name, value] = /^--([\w-]+)(?:=(.*))?$/.exec(argv[at]) ?? []
  if (name === 'all-tenants') {
    settings.all = true
    if (/^[01]$/.test(argv[at + 1] ?? '')) at++
  } else if (['debug', 'insecure', 'hard', 'active'].includes(name)) continue
  else if (name) settings[flags[name] ?? name] = value ?? argv[++at]
  else if (argv[at] !== '-a') words.push(argv[at])
}
const [command, ...args] = words

const unreachable = (url, error) =>
  fail(
    program === 'keystone' || program === 'neutron'
      ? `Unable to establish connection to ${url}`
      : program === 'glance'
        ? `Error communicating with ${url} ${error.code}`
        : `ERROR: Unable to establish connection to ${url}: [Errno ${error.code}]`,
  )

async function request(method, url, options) {
  const answer = await ask(method, url, { patience: 15000, ...options }).catch((error) => unreachable(url, error))
  if (answer.status < 300) return answer
  const body = answer.body ?? {}
  const message =
    body.NeutronError ??
    body.error?.message ??
    Object.values(body).find((part) => part?.message)?.message ??
    body.message
  if (answer.status === 401) {
    fail(
      {
        keystone: `${message ?? 'Invalid user / password'} (HTTP 401)`,
        nova: 'ERROR: Invalid OpenStack Nova credentials.',
        cinder: 'ERROR: Invalid OpenStack Cinder credentials.',
        neutron: 'Unauthorized: Authentication required',
        glance: 'Invalid OpenStack Identity credentials.',
      }[program],
    )
  }
  const before = program === 'nova' || program === 'cinder' ? 'ERROR: ' : ''
  fail(`${before}${message ?? 'The server could not answer'} (HTTP ${answer.status})`)
}

async function enter() {
  for (const [key, flag] of [
    ['username', 'OS_USERNAME'],
    ['password', 'OS_PASSWORD'],
    ['tenant', 'OS_TENANT_NAME'],
    ['url', 'OS_AUTH_URL'],
  ]) {
    if (!settings[key]) fail(`You must provide ${flag} in the environment`)
  }
  const url = `${settings.url.replace(/\/+$/, '')}/tokens`
  const answer = await request('POST', url, {
    body: {
      auth: {
        tenantName: settings.tenant,
        passwordCredentials: { username: settings.username, password: settings.password },
      },
    },
  })
  const { access } = answer.body
  return {
    ...access,
    /** The URL of a kind of service, from the catalog. */
    at(type, kind = settings.kind) {
      const service = access.serviceCatalog.find((entry) => entry.type === type)
      return service?.endpoints[0]?.[kind] ?? fail(`${kind} endpoint for ${type} not found`)
    },
  }
}

async function get(type, path, kind) {
  const me = await enter()
  const base = me.at(type, kind).replace(/\/+$/, '')
  return (await request('GET', `${base}${path}`, { token: me.token.id })).body
}

const identity = async (path) => {
  if (settings.token && settings.endpoint) {
    return (await request('GET', `${settings.endpoint.replace(/\/+$/, '')}${path}`, { token: settings.token })).body
  }
  return get('identity', path, 'adminURL')
}
const network = (path) => get('network', `/v2.0${path}`)
const image = (path) => get('image', `/v1${path}`)
const all = () => (settings.all ? '?all_tenants=1' : '')

async function server(wanted) {
  const { servers } = await get('compute', `/servers/detail?all_tenants=1`)
  return (
    servers.find(({ id, name }) => id === wanted || name === wanted) ??
    fail(`ERROR: No server with a name or ID of '${wanted}' exists.`)
  )
}
async function act(wanted, body) {
  const { id } = await server(wanted)
  const me = await enter()
  return (
    await request('POST', `${me.at('compute').replace(/\/+$/, '')}/servers/${id}/action`, { token: me.token.id, body })
  ).body
}
async function toggle(turn, host, binary) {
  const me = await enter()
  await request('PUT', `${me.at('compute').replace(/\/+$/, '')}/os-services/${turn}`, {
    token: me.token.id,
    body: { host, binary },
  })
  return table(['Host', 'Binary', 'Status'], [[host, binary, `${turn}d`]], true)
}
async function anImage(wanted) {
  const { images } = await image('/images/detail')
  return (
    images.find(({ id, name }) => id === wanted || name === wanted) ??
    fail(`No image with a name or ID of '${wanted}' exists.`)
  )
}
/** Sends a change to a service of the catalog. */
async function change(type, method, path, body) {
  const me = await enter()
  await request(method, `${me.at(type).replace(/\/+$/, '')}${path}`, { token: me.token.id, body })
}
const services = async (type) => {
  const { services: rows } = await get(type, '/os-services')
  return table(
    ['Binary', 'Host', 'Zone', 'Status', 'State', 'Updated_at'],
    rows.map((row) => [row.binary, row.host, row.zone, row.status, row.state, `${row.updated_at}.000000`]),
    true,
  )
}
const power = { 0: 'NOSTATE', 1: 'Running', 3: 'Paused', 4: 'Shutdown', 6: 'Crashed', 7: 'Suspended' }

const commands = {
  keystone: {
    'endpoint-list': async () =>
      table(
        ['id', 'region', 'publicurl', 'internalurl', 'adminurl', 'service_id'],
        byFirst(
          (await identity('/endpoints')).endpoints.map((row) => [
            row.id,
            row.region,
            row.publicurl,
            row.internalurl,
            row.adminurl,
            row.service_id,
          ]),
        ),
      ),
    'tenant-list': async () =>
      table(
        ['id', 'name', 'enabled'],
        (await identity('/tenants')).tenants.map((row) => [row.id, row.name, row.enabled ? 'True' : 'False']),
      ),
    'user-list': async () =>
      table(
        ['id', 'name', 'enabled', 'email'],
        (await identity('/users')).users.map((row) => [
          row.id,
          row.name,
          row.enabled ? 'True' : 'False',
          row.email ?? '',
        ]),
      ),
    'role-list': async () =>
      table(['id', 'name'], byFirst((await identity('/OS-KSADM/roles')).roles.map((row) => [row.id, row.name]))),
    'role-create': async () => {
      const me = await enter()
      const base = me.at('identity', 'adminURL').replace(/\/+$/, '')
      const body = { role: { name: settings.name } }
      const { role } = (await request('POST', `${base}/OS-KSADM/roles`, { token: me.token.id, body })).body
      return properties(role, false)
    },
    'service-list': async () =>
      table(
        ['id', 'name', 'type', 'description'],
        (await identity('/OS-KSADM/services'))['OS-KSADM:services'].map((row) => [
          row.id,
          row.name,
          row.type,
          row.description,
        ]),
      ),
    'token-get': async () => {
      const { token, user } = await enter()
      return properties({ expires: token.expires, id: token.id, tenant_id: token.tenant.id, user_id: user.id }, false)
    },
  },
  glance: {
    'image-list': async () =>
      table(
        ['ID', 'Name', 'Disk Format', 'Container Format', 'Size', 'Status'],
        (await image('/images/detail')).images.map((row) => [
          row.id,
          row.name ?? '',
          row.disk_format ?? '',
          row.container_format ?? '',
          row.size ?? '',
          row.status,
        ]),
        true,
      ),
    'image-show': async ([wanted]) => {
      const row = await anImage(wanted)
      return properties({
        checksum: row.checksum,
        container_format: row.container_format,
        created_at: row.created_at,
        deleted: row.deleted ? 'True' : 'False',
        disk_format: row.disk_format,
        id: row.id,
        is_public: row.is_public ? 'True' : 'False',
        min_disk: row.min_disk,
        min_ram: row.min_ram,
        name: row.name,
        owner: row.owner,
        protected: row.protected ? 'True' : 'False',
        size: row.size,
        status: row.status,
        updated_at: row.updated_at,
      })
    },
    'image-delete': async ([wanted]) => change('image', 'DELETE', `/v1/images/${(await anImage(wanted)).id}`),
    'image-download': async ([wanted]) => {
      const { id } = await anImage(wanted)
      const me = await enter()
      const { raw } = await request('GET', `${me.at('image').replace(/\/+$/, '')}/v1/images/${id}`, {
        token: me.token.id,
      })
      await new Promise((done) => (settings.file ? createWriteStream(settings.file) : process.stdout).end(raw, done))
      return undefined
    },
  },
  nova: {
    list: async () => {
      const { servers } = await get('compute', `/servers/detail${all()}`)
      const networks = ({ addresses }) =>
        Object.entries(addresses)
          .map(([label, list]) => `${label}=${list.map(({ addr }) => addr).join(', ')}`)
          .join('; ')
      return table(
        ['ID', 'Name', 'Status', 'Task State', 'Power State', 'Networks'],
        byFirst(
          servers.map((row) => [
            row.id,
            row.name,
            row.status,
            row['OS-EXT-STS:task_state'] ?? '-',
            power[row['OS-EXT-STS:power_state']] ?? 'N/A',
            networks(row),
          ]),
        ),
        true,
      )
    },
    show: async ([wanted]) => {
      const { addresses: _, ...row } = await server(wanted)
      return properties(row)
    },
    'service-list': () => services('compute'),
    'service-disable': ([host, binary]) => toggle('disable', host, binary),
    'service-enable': ([host, binary]) => toggle('enable', host, binary),
    'console-log': async ([wanted]) =>
      (await act(wanted, { 'os-getConsoleOutput': { length: null } })).output.trimEnd(),
    reboot: async ([wanted]) =>
      void (await act(wanted, { reboot: { type: argv.includes('--hard') ? 'HARD' : 'SOFT' } })),
    start: async ([wanted]) => void (await act(wanted, { 'os-start': {} })),
    stop: async ([wanted]) => void (await act(wanted, { 'os-stop': {} })),
    'reset-state': async ([wanted]) =>
      void (await act(wanted, { 'os-resetState': { state: argv.includes('--active') ? 'active' : 'error' } })),
    delete: async ([wanted]) => change('compute', 'DELETE', `/servers/${(await server(wanted)).id}`),
    'volume-detach': async ([wanted, volume]) =>
      change('compute', 'DELETE', `/servers/${(await server(wanted)).id}/os-volume_attachments/${volume}`),
  },
  neutron: {
    'net-list': async () => {
      const [{ networks }, { subnets }] = [await network('/networks.json'), await network('/subnets.json')]
      const cidr = new Map(subnets.map((row) => [row.id, row.cidr]))
      return table(
        ['id', 'name', 'subnets'],
        networks.map((row) => [row.id, row.name, row.subnets.map((id) => `${id} ${cidr.get(id)}`).join(', ')]),
        true,
      )
    },
    'subnet-list': async () =>
      table(
        ['id', 'name', 'cidr'],
        (await network('/subnets.json')).subnets.map((row) => [row.id, row.name, row.cidr]),
        true,
      ),
    'router-list': async () =>
      table(
        ['id', 'name', 'status'],
        (await network('/routers.json')).routers.map((row) => [row.id, row.name, row.status]),
        true,
      ),
    'port-list': async () =>
      table(
        ['id', 'name', 'mac_address'],
        (await network('/ports.json')).ports.map((row) => [row.id, row.name, row.mac_address]),
        true,
      ),
    'agent-list': async () =>
      table(
        ['id', 'agent_type', 'host', 'alive', 'admin_state_up'],
        (await network('/agents.json')).agents.map((row) => [
          row.id,
          row.agent_type,
          row.host,
          row.alive ? ':-)' : 'xxx',
          row.admin_state_up ? 'True' : 'False',
        ]),
        true,
      ),
    'agent-delete': async ([id]) => {
      const me = await enter()
      await request('DELETE', `${me.at('network').replace(/\/+$/, '')}/v2.0/agents/${id}`, { token: me.token.id })
      return `Deleted agent: ${id}`
    },
  },
  heat: {
    'stack-list': async () =>
      table(
        ['id', 'stack_name', 'stack_status', 'creation_time'],
        (await get('orchestration', '/stacks')).stacks.map((row) => [
          row.id,
          row.stack_name,
          row.stack_status,
          row.creation_time,
        ]),
        true,
      ),
  },
  cinder: {
    list: async () =>
      table(
        ['ID', 'Status', 'Display Name', 'Size', 'Volume Type', 'Bootable', 'Attached to'],
        byFirst(
          (await get('volume', `/volumes/detail${all()}`)).volumes.map((row) => [
            row.id,
            row.status,
            row.display_name ?? '',
            row.size,
            row.volume_type,
            row.bootable,
            row.attachments.map(({ server_id: id }) => id).join(','),
          ]),
        ),
      ),
    show: async ([wanted]) => {
      const { volumes } = await get('volume', '/volumes/detail?all_tenants=1')
      const row =
        volumes.find((one) => one.id === wanted || one.display_name === wanted) ??
        fail(`ERROR: No volume with a name or ID of '${wanted}' exists.`)
      return properties(
        Object.fromEntries(
          Object.entries({ ...row, attachments: JSON.stringify(row.attachments) }).sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
        false,
      )
    },
    'service-list': () => services('volume'),
    'reset-state': async ([id]) =>
      change('volume', 'POST', `/volumes/${id}/action`, {
        'os-reset_status': { status: settings.state ?? 'available' },
      }),
    'snapshot-reset-state': async ([id]) =>
      change('volume', 'POST', `/snapshots/${id}/action`, {
        'os-reset_status': { status: settings.state ?? 'available' },
      }),
    'snapshot-delete': async ([id]) => change('volume', 'DELETE', `/snapshots/${id}`),
    'type-key': async ([type, what, key]) =>
      what === 'unset' ? change('volume', 'DELETE', `/types/${type}/extra_specs/${key}`) : fail('ERROR: unset alone'),
  },
}

try {
  const run =
    commands[program]?.[command] ?? fail(`${program}: error: argument <subcommand>: invalid choice: '${command ?? ''}'`)
  const printed = await run(args)
  if (printed !== undefined) process.stdout.write(`${printed}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Failure ? error.message : error.stack}\n`)
  process.exitCode = 1
}
