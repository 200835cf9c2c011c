import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Operation, Reader } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { accepts, checked, fetchThrough, withoutPassword } from './http/fetch.ts'

export { download, type Downloaded, type DownloadOptions } from './http/download.ts'

/** What a server answered. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a server is asked and its answer judged. */
export type HttpOptions = {
  /** Statuses that are no failure; everything below 400 but redirects unless said. */
  readonly status?: number | readonly number[]
  readonly headers?: { readonly [name: string]: string | Secret }
  /** Seconds until the answer must be complete; 30 unless said. */
  readonly timeout?: number
  /** Whether the certificate of an https server must be valid; true unless said. */
  readonly verify?: boolean
}

const httpNames: OptionNames<HttpOptions> = { status: true, headers: true, timeout: true, verify: true }

/** A request that may change something. */
export type RequestOptions = HttpOptions & {
  /** POST unless said. */
  readonly method?: string
  readonly body?: string | Uint8Array | Secret
}

const requestNames: OptionNames<RequestOptions> = { ...httpNames, method: true, body: true }

/**
 * What a URL answers, asked from the host through its connection; nothing is needed there. Only looks. A redirect is
 * not followed, and fails unless its status is asked for.
 *
 * ```ts
 * const { body } = await host.run(http.get('http://127.0.0.1:9292/versions', { status: [200, 300] }))
 * ```
 */
export function get(url: string, options: HttpOptions = {}): Operation<Answer> {
  refuseUnknown('http.get', options, httpNames)
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
  refuseUnknown('http.request', options, requestNames)
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
      irreversible: 'what a server did on a request it alone can take back',
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
      `${nextAfter(answer)}, or give the status that you expect`,
    )
  }
  return answer
}

function nextAfter({ status, headers }: Answer): string {
  const { location } = headers
  return status >= 300 && status < 400 && location
    ? `ask for what it points to: ${withoutPassword(location)}`
    : 'look into the log of the server'
}
