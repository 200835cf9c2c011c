// keystone: v2.0 tokens and lists from the database of its conf.
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { option, release, rooted } from './conf.mjs'
import { die } from './daemon.mjs'
import { Refusal, serve } from './http.mjs'
import { store } from './store.mjs'

const crypted = (password, hash) =>
  new Promise((resolve, reject) => {
    const program = 'chomp(my ($p, $h) = <STDIN>); print crypt($p, $h) // ""'
    const child = execFile('perl', ['-e', program], (error, stdout) =>
      error ? reject(error) : resolve(stdout === hash),
    )
    child.stdin.end(`${password}\n${hash}\n`)
  })

/** What dogpile keeps in memcached, where [cache] is enabled: rows outlive the database that they are of. */
function cacheOf(conf) {
  const [host, port = '11211'] = option(conf, 'cache.backend_argument', '').replace(/^url:/, '').split(':')
  if (option(conf, 'cache.enabled', 'false').toLowerCase() !== 'true' || !host) return undefined
  const say = (...lines) =>
    new Promise((done) => {
      let said = ''
      const socket = connect(Number(port), host)
      socket.setTimeout(1000, () => socket.destroy())
      socket.on('data', (data) => {
        said += data
      })
      socket.on('error', () => {})
      socket.on('close', () => done(said))
      socket.end([...lines, 'quit', ''].join('\r\n'))
    })
  return {
    async get(key) {
      const [, value] = /^VALUE \S+ \d+ \d+\r\n(.*)\r\n/.exec(await say(`get ${key}`)) ?? []
      return value === undefined ? undefined : JSON.parse(Buffer.from(value, 'base64').toString())
    },
    set(key, row) {
      const value = Buffer.from(JSON.stringify(row)).toString('base64')
      return say(`set ${key} 0 600 ${value.length}`, value)
    },
  }
}

export async function keystone(conf) {
  const icehouse = release() === 'icehouse'
  const format = option(conf, 'signing.token_format')
  const provider = option(conf, 'token.provider')
  if (format && provider && !provider.includes(`.${format.toLowerCase()}.`)) {
    die('keystone', `UnexpectedError: [signing] token_format (${format}) conflicts with [token] provider (${provider})`)
  }
  if (icehouse && !existsSync(rooted('/etc/keystone/keystone-paste.ini')))
    die('keystone', 'ConfigFilesNotFoundError: keystone-paste.ini')
  const remembered = icehouse ? cacheOf(conf) : undefined
  const db = store(conf, 'keystone')
  const { quote } = db
  const tokens = new Map()
  const proven = new Set()
  const adminToken = option(conf, 'admin_token', 'ADMIN')
  const extra = (row) => JSON.parse(row.extra || '{}')

  const proves = async (password, hash) => {
    if (!hash) return false
    const proof = createHash('sha256').update(`${hash}\n${password}`).digest('hex')
    if (proven.has(proof)) return true
    const right = await crypted(password, hash)
    if (right) proven.add(proof)
    return right
  }
  const denied = () => new Refusal(401, 'The request you have made requires authentication.')
  const project = (row) => ({ id: row.id, name: row.name, description: row.description, enabled: row.enabled === '1' })

  async function roles(user, tenant) {
    const known = new Map((await db.rows('SELECT id, name FROM role')).map(({ id, name }) => [id, name]))
    const ids = icehouse
      ? (
          await db.rows(`SELECT role_id FROM assignment
        WHERE type = 'UserProject' AND actor_id = ${quote(user)} AND target_id = ${quote(tenant)}`)
        ).map(({ role_id: id }) => id)
      : (
          await db.rows(
            `SELECT data FROM user_project_metadata WHERE user_id = ${quote(user)} AND project_id = ${quote(tenant)}`,
          )
        ).flatMap(({ data }) => (JSON.parse(data || '{}').roles ?? []).map((entry) => entry.id ?? entry))
    return ids.filter((id) => known.has(id)).map((id) => ({ id, name: known.get(id) }))
  }
  async function tenantsOf(user) {
    const rows = await db.rows('SELECT id, name, description, enabled FROM project WHERE enabled = 1')
    const mine = []
    for (const row of rows) if ((await roles(user, row.id)).length) mine.push(project(row))
    return mine
  }
  async function endpoints() {
    const rows = await db.rows(`SELECT * FROM endpoint${icehouse ? ' WHERE enabled = 1' : ''}`)
    const grouped = new Map()
    for (const row of rows) {
      const id = row.legacy_endpoint_id ?? row.id
      if (!grouped.has(id)) grouped.set(id, { id, region: row.region, service_id: row.service_id })
      grouped.get(id)[`${row.interface}url`] = row.url
    }
    return [...grouped.values()]
  }
  async function catalog(tenant, user) {
    const services = await db.rows(`SELECT * FROM service${icehouse ? ' WHERE enabled = 1' : ''}`)
    const fill = (url) => url?.replace(/[%$]\(tenant_id\)s/g, tenant).replace(/[%$]\(user_id\)s/g, user)
    const all = await endpoints()
    return services
      .map((service) => ({
        name: extra(service).name ?? '',
        type: service.type,
        endpoints_links: [],
        endpoints: all
          .filter((endpoint) => endpoint.service_id === service.id)
          .map((endpoint) => ({
            id: endpoint.id,
            region: endpoint.region,
            publicURL: fill(endpoint.publicurl),
            internalURL: fill(endpoint.internalurl),
            adminURL: fill(endpoint.adminurl),
          })),
      }))
      .filter((service) => service.endpoints.length)
  }

  async function issue({ auth }) {
    const { passwordCredentials, tenantName, tenantId, token } = auth ?? {}
    let user
    if (passwordCredentials) {
      const by = passwordCredentials.userId
        ? `id = ${quote(passwordCredentials.userId)}`
        : `domain_id = 'default' AND name = ${quote(passwordCredentials.username)}`
      const key = `user-${Buffer.from(by).toString('hex').slice(-200)}`
      user = await remembered?.get(key)
      if (!user) {
        ;[user] = await db.rows(`SELECT id, name, password, enabled FROM user WHERE ${by}`)
        if (user) await remembered?.set(key, user)
      }
      if (user?.enabled !== '1' || !(await proves(passwordCredentials.password, user.password))) throw denied()
    } else if (token && tokens.has(token.id)) {
      ;({ user } = tokens.get(token.id))
    } else throw denied()
    let tenant
    let granted = []
    if (tenantName || tenantId) {
      const by = tenantId ? `id = ${quote(tenantId)}` : `domain_id = 'default' AND name = ${quote(tenantName)}`
      ;[tenant] = await db.rows(`SELECT id, name, description, enabled FROM project WHERE ${by}`)
      if (tenant?.enabled !== '1') throw denied()
      granted = await roles(user.id, tenant.id)
      if (granted.length === 0) throw denied()
    }
    const id = randomUUID().replaceAll('-', '')
    const expires = new Date(Date.now() + 1000 * Number(option(conf, 'token.expiration', icehouse ? '3600' : '86400')))
      .toISOString()
      .replace(/\.\d+/, '')
    const access = {
      token: {
        id,
        expires,
        issued_at: new Date().toISOString().slice(0, 23),
        ...(tenant && { tenant: project(tenant) }),
      },
      user: {
        id: user.id,
        name: user.name,
        username: user.name,
        roles: granted.map(({ name }) => ({ name })),
        roles_links: [],
      },
      serviceCatalog: tenant ? await catalog(tenant.id, user.id) : [],
      metadata: { is_admin: 0, roles: granted.map((role) => role.id) },
    }
    tokens.set(id, { user, access })
    if (tokens.size > 5000) tokens.delete(tokens.keys().next().value)
    return access
  }

  const held = (token) => {
    if (token === adminToken) return { admin: true }
    const found = tokens.get(token)
    if (!found || Date.parse(found.access.token.expires) < Date.now()) throw denied()
    return { ...found, admin: found.access.user.roles.some(({ name }) => name === 'admin') }
  }
  const version = (port, host) => ({
    id: 'v2.0',
    status: 'stable',
    updated: icehouse ? '2014-04-17T00:00:00Z' : '2013-03-06T00:00:00Z',
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v2.0+json' }],
    links: [{ href: `http://${host ?? `localhost:${port}`}/v2.0/`, rel: 'self' }],
  })

  const handle =
    (port) =>
    async ({ method, path, headers, token, body }) => {
      if (path === '') return { status: 300, body: { versions: { values: [version(port, headers.host)] } } }
      if (path === '/v2.0') return { version: version(port, headers.host) }
      if (method === 'POST' && path === '/v2.0/tokens') return { access: await issue(body ?? {}) }
      const me = held(token)
      if (method === 'GET' && path === '/v2.0/tenants' && port === publicPort && me.user)
        return { tenants: await tenantsOf(me.user.id), tenants_links: [] }
      if (!me.admin) throw new Refusal(403, 'You are not authorized to perform the requested action, admin_required.')
      const asked = /^\/v2\.0\/tokens\/([^/]+)$/.exec(path)?.[1]
      if (asked && method === 'GET') {
        const found = tokens.get(decodeURIComponent(asked))
        if (!found) throw new Refusal(404, `Could not find token, ${asked}.`)
        await db.rows('SELECT 1')
        return { access: found.access }
      }
      if (method === 'POST' && path === '/v2.0/OS-KSADM/roles') {
        const role = { id: randomUUID().replaceAll('-', ''), name: body.role.name }
        const [same] = await db.rows(`SELECT id FROM role WHERE name = ${db.quote(role.name)}`)
        if (same) throw new Refusal(409, 'Conflict occurred attempting to store role. Duplicate Entry')
        await db.query(`INSERT INTO role (id, name, extra) VALUES (${db.quote(role.id)}, ${db.quote(role.name)}, '{}')`)
        return { role }
      }
      if (method !== 'GET') throw new Refusal(404, 'The resource could not be found.')
      switch (path) {
        case '/v2.0/endpoints':
          return { endpoints: await endpoints() }
        case '/v2.0/OS-KSADM/services':
          return {
            'OS-KSADM:services': (await db.rows('SELECT * FROM service')).map((row) => ({
              id: row.id,
              type: row.type,
              name: extra(row).name,
              description: extra(row).description,
            })),
          }
        case '/v2.0/OS-KSADM/roles':
          return { roles: await db.rows('SELECT id, name FROM role ORDER BY name') }
        case '/v2.0/tenants':
          return { tenants: (await db.rows('SELECT * FROM project ORDER BY name')).map(project), tenants_links: [] }
        case '/v2.0/users':
          return {
            users: (await db.rows('SELECT * FROM user ORDER BY name')).map((row) => ({
              id: row.id,
              name: row.name,
              username: row.name,
              enabled: row.enabled === '1',
              email: extra(row).email,
            })),
          }
        default:
          throw new Refusal(404, 'The resource could not be found.')
      }
    }
  const wrong = (code, message) => ({
    error: {
      code,
      title: code === 401 ? 'Not Authorized' : code === 500 ? 'Internal Server Error' : 'Error',
      message:
        code === 500 ? `An unexpected error prevented the server from fulfilling your request. ${message}` : message,
    },
  })
  const publicPort = Number(option(conf, 'public_port', '5000'))
  const adminPort = Number(option(conf, 'admin_port', '35357'))
  const host = option(conf, 'bind_host', '0.0.0.0')
  await serve({
    name: 'keystone',
    address: option(conf, ['admin_bind_host', 'bind_host'], host),
    port: adminPort,
    handle: handle(adminPort),
    wrong,
  })
  await serve({
    name: 'keystone',
    address: option(conf, ['public_bind_host', 'bind_host'], host),
    port: publicPort,
    handle: handle(publicPort),
    wrong,
  })
}
