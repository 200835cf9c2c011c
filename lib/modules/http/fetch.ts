import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { connect as secured } from 'node:tls'
import { Advice, TimedOut } from '../../model/operation.ts'
import type { Reader } from '../../model/operation.ts'
import { revealed } from '../../model/secret.ts'
import type { Answer, HttpOptions, RequestOptions } from '../http.ts'

// Results go to the journal: what is larger is a download and belongs into a file.
const largest = 10 * 1024 * 1024

/**
 * One request to a URL as seen from the host. @throws TimedOut, and whatever the connection throws when nobody listens
 */
export function fetchThrough(
  connection: Reader,
  url: string,
  { method = 'POST', body, headers = {}, timeout = 30, verify = true }: RequestOptions,
): Promise<Answer> {
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url)
  const tls = protocol === 'https:'
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  const abort = new AbortController()
  let duplex: Duplex | undefined
  const late = new TimedOut(`${withoutPassword(url)} did not answer within ${timeout} s`)
  const asked = (async () => {
    duplex = await connection.dial(port ? Number(port) : tls ? 443 : 80, address)
    duplex.on('error', () => {})
    if (abort.signal.aborted) throw late
    const raw = duplex
    const socket = tls
      ? secured({
          socket: raw,
          servername: /^[\d.:]+$/.test(address) ? undefined : address,
          rejectUnauthorized: verify,
        })
      : raw
    return new Promise<Answer>((resolve, reject) => {
      socket.on('error', reject)
      const content = body === undefined ? undefined : body instanceof Uint8Array ? body : revealed(body)
      const outgoing = (tls ? https : http).request(
        {
          // http and https only differ in how they connect, and here everything is connected already.
          // An agent, even `agent: false`, would connect by itself, from this machine.
          createConnection: () => socket as never,
          signal: abort.signal,
          method,
          host: address,
          port,
          path: pathname + search,
          ...(username ? { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` } : {}),
          headers: {
            ...(content === undefined ? {} : { 'content-length': Buffer.byteLength(content) }),
            ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, revealed(value)])),
            connection: 'close',
          },
        },
        (incoming) => {
          const parts: Buffer[] = []
          let size = 0
          incoming.on('data', (part: Buffer) => {
            size += part.length
            if (size > largest)
              incoming.destroy(
                new Advice(
                  `${withoutPassword(url)} answers more than ${largest / 1048576} MiB`,
                  'bring large files with a command on the host, into a file',
                ),
              )
            else parts.push(part)
          })
          incoming.on('error', (error: Error & { code?: string }) => {
            if (error.code !== 'ECONNRESET') return reject(error)
            const length = incoming.headers['content-length']
            const came = length === undefined ? `${size}` : `${size} of ${length}`
            reject(
              new Advice(
                `${withoutPassword(url)} broke off after ${came} bytes of its answer`,
                'look into the log of the server, then run the task again',
              ),
            )
          })
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
              ),
              body: Buffer.concat(parts).toString(),
            }),
          )
        },
      )
      outgoing.on('error', reject)
      outgoing.end(content)
    })
  })()
  let timer: NodeJS.Timeout
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late)
      abort.abort()
    }, timeout * 1000)
  })
  return Promise.race([asked, overdue]).finally(() => {
    clearTimeout(timer)
    duplex?.destroy()
    // When the time is over nobody listens to this any more.
    asked.catch(() => {})
  })
}

// Of what was asked for they say only where it is.
const elsewhere = new Set([301, 302, 303, 307, 308])

/** Is this one of the statuses asked for? */
export function accepts(status: number, wanted: HttpOptions['status']): boolean {
  return wanted === undefined ? status < 400 && !elsewhere.has(status) : [wanted].flat().includes(status)
}

/** The URL as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/:@]*):[^@/]*@/, '$1:‹password›@')
}

/** The URL itself. @throws when it is none that can be asked */
export function checked(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Advice(
      `${JSON.stringify(withoutPassword(url))} is not an http or https URL`,
      'write it as https://HOST/PATH',
    )
  return url
}
