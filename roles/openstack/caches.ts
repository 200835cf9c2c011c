import { operation } from '../../lib/kit/index.ts'
import { ini, probe, service as daemon } from '../../lib/modules/index.ts'
import { type CloudHost, type CloudView, releaseOf, serviceOf } from './cloud.ts'

/**
 * Empties what a service remembers of its database outside of it: a cache outlives the database that was replaced, and
 * would let in whom the old one knew, and nobody else. Where nothing listens there is no cache.
 */
export async function emptyCaches(host: CloudHost, name: string): Promise<{ readonly emptied: readonly string[] }> {
  const { caches } = serviceOf(host, name)
  if (!caches) return { emptied: [] }
  const places = placesIn(await host.run(ini.read(caches.file)), caches.keys)
  for (const { address, port } of places) await host.run(flushed({ address, port }))
  return { emptied: places.map(({ address, port }) => `${address}:${port}`) }
}

/** Does a service have such a cache? */
export function hasCaches(host: CloudView, name: string): boolean {
  return serviceOf(host, name).caches !== undefined
}

/**
 * Forgets what was sent through the broker of a controller and not read yet: it was meant for the cloud that is
 * replaced, and whoever starts next would do it to the other one. Brokers of 2014 cannot empty a queue by hand; a start
 * anew does, since no service of theirs keeps its queues.
 */
export async function forgetMessages(host: CloudHost): Promise<{ readonly forgotten: number }> {
  const broker = releaseOf(host).broker[host.vars.osFamily]
  // A broker that does not run has none.
  const { stdout } = await host.run(probe`rabbitmqctl -q list_queues messages 2>/dev/null || :`)
  const forgotten = stdout.split('\n').reduce((sum, line) => sum + (Number(line) || 0), 0)
  if (forgotten > 0) await host.run(daemon.restarted(broker))
  return { forgotten }
}

type Place = { readonly address: string; readonly port: number }

/** Servers as settings name them: `127.0.0.1:11211,10.0.0.4:11211`, or `url:127.0.0.1`. */
function placesIn(
  contents: ini.Contents,
  keys: readonly (readonly [section: string, key: string])[],
): readonly Place[] {
  const said = keys.flatMap(([section, key]) => contents[section]?.[key] ?? [])
  const servers = said.flatMap((value) => value.replace(/^url:/, '').split(',')).map((one) => one.trim())
  return [...new Set(servers.filter((one) => /^[\w.-]+(:\d+)?$/.test(one)))].map((one) => {
    const [address = '', port = '11211'] = one.split(':')
    return { address, port: Number(port) }
  })
}

const flushed = operation<Place, null, Place, null>(({ address, port }) => `empty the cache ${address}:${port}`, {
  read: () => Promise.resolve(null),
  plan: (_, place) => ({ result: null, unpredictable: true, leaves: [], change: place }),
  async apply(connection, { address, port }) {
    const stream = await connection.dial(port, address).catch(() => undefined)
    if (!stream) return
    let said = ''
    stream.on('data', (part: Buffer) => {
      said += part.toString('latin1')
    })
    const ended = new Promise<void>((resolve) => {
      stream.once('close', resolve).once('error', () => resolve())
    })
    stream.end('flush_all\r\nquit\r\n')
    await ended
    if (!said.startsWith('OK')) throw new Error(`${address}:${port} did not empty its cache: ${said.slice(0, 100)}`)
  },
})
