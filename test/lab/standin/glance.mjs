// glance: the registry has the rows, the api has the files.
import { closeSync, createReadStream, fstatSync, openSync, rmSync } from 'node:fs'
import { option, rooted } from './conf.mjs'
import { log } from './daemon.mjs'
import { ask, door, Refusal, serve } from './http.mjs'
import { now, store } from './store.mjs'

const wrong = (code, message) => ({
  code,
  message:
    code === 500 ? 'The server has either erred or is incapable of performing the requested operation.' : message,
})
const bool = (text) => text === '1'

const shape = (row) => ({
  id: row.id,
  name: row.name,
  status: row.status,
  size: row.size === null ? null : Number(row.size),
  checksum: row.checksum,
  disk_format: row.disk_format,
  container_format: row.container_format,
  owner: row.owner,
  is_public: bool(row.is_public),
  min_disk: Number(row.min_disk),
  min_ram: Number(row.min_ram),
  protected: bool(row.protected),
  created_at: row.created_at.replace(' ', 'T'),
  updated_at: row.updated_at?.replace(' ', 'T'),
  deleted: bool(row.deleted),
})

export async function glanceRegistry(conf) {
  const db = store(conf, 'glance')
  const enter = door(conf, {
    logger: 'glance',
    paste: option(conf, 'paste_deploy.config_file', '/etc/glance/glance-registry-paste.ini'),
  })
  await serve({
    name: 'glance-registry',
    address: option(conf, 'bind_host', '0.0.0.0'),
    port: Number(option(conf, 'bind_port', '9191')),
    wrong,
    async handle(request) {
      const me = await enter(request)
      const mine = me.admin ? '1 = 1' : `(is_public = 1 OR owner = ${db.quote(me.tenant?.id)})`
      if (/^(\/v1)?\/images(\/detail)?$/.test(request.path)) {
        return {
          images: (
            await db.rows(`SELECT * FROM images WHERE deleted = 0 AND ${mine} ORDER BY created_at DESC, id`)
          ).map(shape),
        }
      }
      const id = /\/images\/([^/]+)$/.exec(request.path)?.[1]
      if (!id) throw new Refusal(404, 'Not Found')
      const [row] = await db.rows(`SELECT * FROM images WHERE deleted = 0 AND ${mine} AND id = ${db.quote(id)}`)
      if (!row) throw new Refusal(404, `No image with ID '${id}'`)
      const [location] = await db.rows(
        `SELECT value FROM image_locations WHERE deleted = 0 AND image_id = ${db.quote(id)} ORDER BY id LIMIT 1`,
      )
      return { image: { ...shape(row), location: location?.value ?? null } }
    },
  })
}

export async function glanceApi(conf) {
  const db = store(conf, 'glance')
  const enter = door(conf, {
    logger: 'glance',
    paste: option(conf, 'paste_deploy.config_file', '/etc/glance/glance-api-paste.ini'),
  })
  const registry = `http://${option(conf, 'registry_host', '0.0.0.0')}:${option(conf, 'registry_port', '9191')}`
  const look = async (path, token) => {
    await db.rows('SELECT 1')
    const answer = await ask('GET', `${registry}${path}`, { token }).catch((error) => {
      throw new Error(`Unable to connect to registry ${registry}: ${error.code}`)
    })
    if (answer.status !== 200)
      throw new Refusal(answer.status === 401 ? 401 : answer.status, answer.body?.message ?? 'registry')
    return answer.body
  }
  await serve({
    name: 'glance-api',
    address: option(conf, 'bind_host', '0.0.0.0'),
    port: Number(option(conf, 'bind_port', '9292')),
    wrong,
    async handle(request) {
      const { path, method, token, outgoing } = request
      if (path === '' || path === '/versions')
        return {
          status: 300,
          body: { versions: ['v2.2', 'v2.1', 'v2.0', 'v1.1', 'v1.0'].map((id) => ({ id, status: 'CURRENT' })) },
        }
      await enter(request)
      if (/^\/v[12]\/images(\/detail)?$/.test(path)) return look('/images/detail', token)
      const id = /^\/v[12]\/images\/([^/]+)(\/file)?$/.exec(path)?.[1]
      if (!id) throw new Refusal(404, 'Not Found')
      const { image } = await look(`/images/${id}`, token)
      if (method === 'DELETE') {
        if (image.protected) throw new Refusal(403, `Image is protected`)
        const gone = `deleted = 1, deleted_at = ${db.quote(now())}`
        await db.query(`UPDATE images SET status = 'deleted', ${gone} WHERE id = ${db.quote(id)}`)
        await db.query(`UPDATE image_locations SET ${gone} WHERE deleted = 0 AND image_id = ${db.quote(id)}`)
        if (image.location?.startsWith('file://')) rmSync(rooted(new URL(image.location).pathname), { force: true })
        return {}
      }
      const headers = Object.fromEntries(
        Object.entries(image)
          .filter(([key, value]) => value !== null && key !== 'location')
          .map(([key, value]) => [`x-image-meta-${key}`, encodeURIComponent(String(value))]),
      )
      if (method === 'HEAD') {
        outgoing.writeHead(200, headers)
        return outgoing.end()
      }
      if (path.startsWith('/v2/') && !path.endsWith('/file')) return image
      if (!image.location) throw new Refusal(404, 'No image data could be found')
      if (!image.location.startsWith('file://'))
        throw new Refusal(400, `Store for scheme ${image.location.split(':')[0]} not found`)
      const file = rooted(new URL(image.location).pathname)
      let descriptor
      try {
        descriptor = openSync(file, 'r')
      } catch (error) {
        log('ERROR', 'glance.store.filesystem', `Image file ${file}: ${error.code}`)
        throw error.code === 'ENOENT' ? new Refusal(404, `Image file ${file} not found`) : error
      }
      const { size } = fstatSync(descriptor)
      outgoing.writeHead(200, { ...headers, 'Content-Type': 'application/octet-stream', 'Content-Length': size })
      if (size === 0) closeSync(descriptor)
      await new Promise((done) => {
        if (size === 0) return outgoing.end(done)
        createReadStream(null, { fd: descriptor })
          .on('error', () => outgoing.destroy())
          .pipe(outgoing)
          .on('close', done)
      })
    },
  })
}
