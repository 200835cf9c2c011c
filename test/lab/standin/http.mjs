// The HTTP side of an API daemon: binding, JSON, the door of keystone's middleware.
import { createServer, request } from 'node:http'
import { option, parseConf, rooted } from './conf.mjs'
import { readFileSync } from 'node:fs'
import { die, log } from './daemon.mjs'

/** An answer that is not 200: thrown from anywhere below a route. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** Listens like a WSGI server: a port or address it cannot have ends the whole daemon. */
export function serve({ name, address, port, handle, wrong }) {
  const server = createServer(async (incoming, outgoing) => {
    const answer = (status, body, headers = {}) => {
      outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      outgoing.end(body === undefined ? '' : JSON.stringify(body))
    }
    try {
      const url = new URL(incoming.url, 'http://here')
      const parts = []
      for await (const part of incoming) parts.push(part)
      const text = Buffer.concat(parts).toString()
      let body
      try {
        body = text ? JSON.parse(text) : undefined
      } catch {
        throw new Refusal(400, 'Malformed request body')
      }
      const path = url.pathname.replace(/\/+$/, '').replace(/\.json$/, '')
      const result = await handle({
        method: incoming.method,
        path,
        query: url.searchParams,
        headers: incoming.headers,
        body,
        token: incoming.headers['x-auth-token'],
        outgoing,
        answer,
      })
      if (outgoing.headersSent) return
      answer(result?.status ?? 200, result?.body ?? result, result?.headers)
    } catch (error) {
      if (outgoing.headersSent) return outgoing.destroy()
      const status = error instanceof Refusal ? error.status : 500
      if (status === 500) log('ERROR', `${name}.wsgi`, error.message)
      answer(status, wrong(status, error.message))
    }
  })
  server.keepAliveTimeout = 1000
  return new Promise((resolve) => {
    server.on('error', (error) =>
      die(
        name,
        error.code === 'EADDRINUSE'
          ? `error: [Errno 98] Address already in use: ('${address}', ${port})`
          : error.code === 'EADDRNOTAVAIL'
            ? `error: [Errno 99] Cannot assign requested address: ('${address}', ${port})`
            : `error: ${error.message}`,
      ),
    )
    server.listen(port, process.env.STANDIN_LISTEN ?? address, () => {
      log('INFO', `${name}.wsgi`, `(${process.pid}) wsgi starting up on http://${address}:${port}/`)
      resolve(server)
    })
  })
}

/** Only listens: for daemons whose port is all that anybody asks about. */
export const listens = (name, address, port) =>
  serve({
    name,
    address,
    port,
    handle: () => ({ status: 200, body: {} }),
    wrong: (code, message) => ({ code, message }),
  })

/** One request; the answer's body is parsed when it is JSON. A failure to connect is an error with a code. */
export function ask(method, url, { token, body, headers = {}, patience = 10000 } = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const outgoing = request(
      url,
      {
        method,
        agent: false,
        headers: {
          Accept: 'application/json',
          ...headers,
          ...(token && { 'X-Auth-Token': token }),
          ...(text && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
        },
      },
      async (incoming) => {
        const parts = []
        try {
          for await (const part of incoming) parts.push(part)
        } catch (error) {
          return reject(error)
        }
        const raw = Buffer.concat(parts)
        let parsed
        try {
          parsed = JSON.parse(raw.toString())
        } catch {
          parsed = undefined
        }
        resolve({ status: incoming.statusCode, headers: incoming.headers, body: parsed, raw })
      },
    )
    outgoing.setTimeout(patience, () => outgoing.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })))
    outgoing.on('error', reject)
    outgoing.end(text)
  })
}

/** The filter in front of every API but keystone's: asks keystone, as the service's own user, whose token it is. */
export function door(conf, { logger, paste }) {
  let pasted = new Map()
  if (paste) {
    let text
    try {
      text = readFileSync(rooted(paste), 'utf8')
    } catch {
      die(logger, `ConfigNotFound: Could not find config at ${paste}`)
    }
    try {
      pasted = parseConf(text, paste).get('filter:authtoken') ?? pasted
    } catch (error) {
      die(logger, error)
    }
  }
  const setting = (key, otherwise) => pasted.get(key)?.at(-1) ?? option(conf, [`keystone_authtoken.${key}`], otherwise)
  const identity =
    setting('identity_uri') ??
    `${setting('auth_protocol', 'http')}://${setting('auth_host', '127.0.0.1')}:${setting('auth_port', '35357')}`
  let own

  const keystone = async (method, path, options) => {
    try {
      return await ask(method, `${identity}${path}`, options)
    } catch (error) {
      log('ERROR', 'keystoneclient.middleware.auth_token', `HTTP connection exception: ${identity}: ${error.code}`)
      throw new Refusal(503, 'Service unavailable')
    }
  }
  const enter = async () => {
    const { status, body } = await keystone('POST', '/v2.0/tokens', {
      body: {
        auth: {
          tenantName: setting('admin_tenant_name', 'admin'),
          passwordCredentials: { username: setting('admin_user', ''), password: setting('admin_password', '') },
        },
      },
    })
    if (status === 200) return body.access.token.id
    log('ERROR', 'keystoneclient.middleware.auth_token', `Bad response code while validating token: ${status}`)
    log('WARNING', 'keystoneclient.middleware.auth_token', 'Authorization failed for token')
    throw new Refusal(status === 401 || status === 404 ? 401 : 503, 'Authentication required')
  }

  /** Who asks: { user, tenant, roles } of a token, or 401. */
  return async ({ token }) => {
    if (!token) throw new Refusal(401, 'Authentication required')
    const fresh = own === undefined
    own ??= await enter()
    let answer = await keystone('GET', `/v2.0/tokens/${encodeURIComponent(token)}`, { token: own })
    if (answer.status === 401 && !fresh) {
      own = undefined
      own = await enter()
      answer = await keystone('GET', `/v2.0/tokens/${encodeURIComponent(token)}`, { token: own })
    }
    if (answer.status !== 200) {
      log('WARNING', 'keystoneclient.middleware.auth_token', 'Authorization failed for token')
      throw new Refusal(401, 'Authentication required')
    }
    const {
      token: { tenant },
      user,
    } = answer.body.access
    return { user, tenant, admin: user.roles.some(({ name }) => name === 'admin') }
  }
}
