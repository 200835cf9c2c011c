import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { connect as secured } from 'node:tls'
import { Advice, operation, TimedOut } from '../model/operation.ts'
import type { Operation, Reader } from '../model/operation.ts'
import { revealed, type Secret } from '../model/secret.ts'

/** What a server answered. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a server is asked and its answer judged. */
export type HttpOptions = {
  /** Statuses that are no failure; everything below 400 unless said. */
  readonly status?: number | readonly number[]
  readonly headers?: { readonly [name: string]: string | Secret }
  /** Seconds until the answer must be complete; 30 unless said. */
  readonly timeout?: number
  /** Whether the certificate of an https server must be valid; true unless said. */
  readonly verify?: boolean
}

/** A request that may change something. */
export type RequestOptions = HttpOptions & {
  /** POST unless said. */
  readonly method?: string
  readonly body?: string | Uint8Array | Secret
}

/**
 * What a URL answers, asked from the host through its connection; nothing is needed there. Only looks. Redirects are
 * not followed.
 *
 * ```ts
 * const { body } = await host.run(http.get('http://127.0.0.1:9292/versions', { status: [200, 300] }))
 * ```
 */
export function get(url: string, options: HttpOptions = {}): Operation<Answer> {
  return look({ url: checked(url), options })
}

/**
 * Sends a request that changes something: counted as changed, never sent in check mode.
 *
 * ```ts
 * task('Register the endpoint', (host) => http.request('http://127.0.0.1:35357/v2.0/endpoints', {
 *   headers: { 'content-type': 'application/json', 'x-auth-token': host.vars.token }, body: JSON.stringify(endpoint),
 * }))
 * ```
 */
export function request(url: string, options: RequestOptions = {}): Operation<Answer> {
  return send({ url: checked(url), options })
}

type Asking = {
  readonly url: string
  readonly options: RequestOptions
}

const look = operation<Asking, Answer, Answer>(({ url }) => `http.get ${withoutPassword(url)}`, {
  read: (connection, { url, options }) => expected(connection, url, { ...options, method: 'GET' }),
  plan: (result) => ({ result }),
})

const send = operation<Asking, undefined, Asking, Answer>(
  ({ url, options }) => `http.request ${options.method ?? 'POST'} ${withoutPassword(url)}`,
  {
    read: async () => undefined,
    plan: (_, request) => ({
      result: { status: 0, headers: {}, body: '' },
      change: request,
      unpredictable: true,
    }),
    apply: (connection, { url, options }) => expected(connection, url, options),
  },
)

async function expected(connection: Reader, url: string, options: RequestOptions): Promise<Answer> {
  const answer = await fetchThrough(connection, url, options)
  if (!accepts(answer.status, options.status)) {
    throw new Advice(
      `${withoutPassword(url)} answered ${answer.status}` +
        (answer.body.trim() ? `: ${answer.body.trim().slice(0, 500)}` : ''),
      'look into the log of the server, or give the status that you expect',
    )
  }
  return answer
}

/** Is this one of the statuses asked for? */
export function accepts(status: number, wanted: HttpOptions['status']): boolean {
  return wanted === undefined ? status < 400 : [wanted].flat().includes(status)
}

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
          incoming.on('error', reject)
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

/** The URL as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^/:@]*):[^@/]*@/, '$1:‹password›@')
}

/** The URL itself. @throws when it is none that can be asked */
export function checked(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(`${JSON.stringify(withoutPassword(url))} is not an http or https URL`)
  return url
}
