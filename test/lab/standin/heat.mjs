// heat: three APIs that know nothing themselves, and the engine, which acts in its users' names.
import { createDecipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bus } from './bus.mjs'
import { option, release, rooted } from './conf.mjs'
import { die, every, log } from './daemon.mjs'
import { ask, door, Refusal, serve } from './http.mjs'
import { store } from './store.mjs'

const wrong = (code, message) => ({ code, title: code === 500 ? 'Internal Server Error' : 'Error', error: { message } })

/** What it has encrypted: IV and AES-CFB, under the first 32 characters of the key (heat/common/crypt.py). */
export function decrypted(text, key) {
  if (![16, 24, 32].includes(Math.min(key.length, 32)))
    throw new Error('ValueError: AES key must be either 16, 24, or 32 bytes long')
  const bytes = Buffer.from(text, 'base64')
  const secret = Buffer.from(key.slice(0, 32))
  const cipher = createDecipheriv(`aes-${secret.length * 8}-cfb8`, secret, bytes.subarray(0, 16))
  return new TextDecoder('utf8', { fatal: true }).decode(
    Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]),
  )
}

/** Lists stacks for the API, and logs in once a minute where a stored login says, to look after its alarms. */
export async function heatEngine(conf) {
  const db = store(conf, 'heat')
  const { quote } = db
  const rpc = bus(conf, 'heat')
  const key = option(conf, 'auth_encryption_key', '')
  rpc.consume('engine', async ({ method, args }) => {
    if (method !== 'list_stacks') throw new Error(`no such method: ${method}`)
    return db.rows(`SELECT id, name, action, status, created_at FROM stack
      WHERE deleted_at IS NULL AND owner_id IS NULL AND tenant = ${quote(args.tenant)} ORDER BY created_at`)
  })
  await rpc.connected
  every(5000, 'heat.engine.service', async () => {
    const rows = await db.rows(`SELECT c.username, c.password, c.tenant, c.auth_url FROM user_creds c
      JOIN stack s ON s.user_creds_id = c.id
      WHERE s.deleted_at IS NULL AND c.username = 'admin' AND c.password IS NOT NULL`)
    for (const { username, password, tenant, auth_url: url } of rows) {
      let plain
      try {
        plain = decrypted(password, key)
      } catch (error) {
        throw new Error(`${error.message.startsWith('ValueError') ? '' : 'UnicodeDecodeError: '}${error.message}`)
      }
      const { status } = await ask('POST', `${url}/tokens`, {
        body: { auth: { tenantName: tenant, passwordCredentials: { username, password: plain } } },
      })
      log('INFO', 'heat.engine.watchrule', `login of ${username} at ${url}: ${status}`)
    }
  })
}

export async function heatApi(conf) {
  const paste = '/etc/heat/api-paste.ini'
  const icehouse = release() === 'icehouse'
  if (icehouse && readFileSync(rooted(paste), 'utf8').includes('heat.common.auth_token'))
    die('heat', 'ImportError: No module named auth_token (filter heat.common.auth_token:filter_factory)')
  const policy = JSON.parse(readFileSync(rooted('/etc/heat/policy.json'), 'utf8'))
  const enter = door(conf, { logger: 'heat', paste })
  const rpc = bus(conf, 'heat')
  await serve({
    name: 'heat.api',
    address: option(conf, 'heat_api.bind_host', '0.0.0.0'),
    port: Number(option(conf, 'heat_api.bind_port', '8004')),
    wrong,
    async handle(request) {
      if (request.path === '')
        return { status: 300, body: { versions: [{ id: 'v1.0', status: 'CURRENT', links: [] }] } }
      const me = await enter(request)
      const [, tenant, rest] = /^\/v1\/([^/]+)(\/.*)?$/.exec(request.path) ?? []
      if (!tenant || tenant !== me.tenant?.id || !/^\/stacks(\/detail)?$/.test(rest ?? ''))
        throw new Refusal(404, 'The resource could not be found.')
      // What the file does not name is forbidden.
      if (icehouse && !('stacks:index' in policy))
        throw new Refusal(403, 'You are not authorized to complete this action.')
      await rpc.connected
      const rows = await rpc.call('engine', { method: 'list_stacks', args: { tenant } }, 5000)
      return {
        stacks: rows.map((row) => ({
          id: row.id,
          stack_name: row.name,
          stack_status: `${row.action}_${row.status}`,
          creation_time: `${row.created_at.replace(' ', 'T')}Z`,
        })),
      }
    },
  })
}

/** The other two are asked for their versions alone. */
const other = (name, section, port) => (conf) =>
  serve({
    name,
    address: option(conf, `${section}.bind_host`, '0.0.0.0'),
    port: Number(option(conf, `${section}.bind_port`, port)),
    wrong,
    handle: () => ({ status: 300, body: { versions: [{ id: 'v1.0', status: 'CURRENT', links: [] }] } }),
  })
export const heatApiCfn = other('heat.api.cfn', 'heat_api_cfn', '8000')
export const heatApiCloudwatch = other('heat.api.cloudwatch', 'heat_api_cloudwatch', '8003')
