import type { Host, Inventory } from '../../lib/model/inventory.ts'
import { asked, type Connection, type Operation, operation, output, type Reader } from '../../lib/model/operation.ts'
import { type InRow, NotBegun, type Session, type Transport } from '../../lib/model/transport.ts'
import { aHost, inventoryOf } from './hosts.ts'

/**
 * Hosts at the end of a long wire: what is sent in one round trip arrives together, is done in the order of its pipe
 * (one for each session, those of `long` commands apart), and is answered together. `trips` counts the round trips of
 * the whole run.
 */
export interface Wire {
  readonly inventory: Inventory
  readonly transport: Transport
  readonly state: ReadonlyMap<string, Map<string, string>>
  readonly trips: number
  readonly requests: number
}

interface Request {
  readonly host: string
  readonly script: string
  readonly own: boolean
  readonly row: InRow | undefined
  answer(said: string, code?: number): void
  refuse(error: Error): void
}

/**
 * A wire to these hosts. `late`: what has a channel of its own is done after what came by the pipes; the order between
 * them is nobody's.
 */
export function wireTo(names: readonly string[], late = false): Wire {
  const state = new Map(names.map((name) => [name, new Map<string, string>()]))
  const broken = new Set<number>()
  let waiting: Request[] = []
  let underway = false
  let trips = 0
  let requests = 0
  const arrive = () => {
    underway = false
    trips++
    const batch = waiting
    waiting = []
    for (const request of late ? [...batch.filter((r) => !r.own), ...batch.filter((r) => r.own)] : batch) {
      const [verb, key = '', value = ''] = request.script.split(' ')
      const files = state.get(request.host)!
      const { row } = request
      if (row?.behind && (broken.has(row.row) || row.stop.aborted)) request.refuse(new NotBegun('not begun'))
      else if (verb === 'fail') {
        if (row) broken.add(row.row)
        request.answer('', 1)
      } else {
        if (verb === 'put') files.set(key, value)
        request.answer(verb === 'get' ? (files.get(key) ?? '') : '')
      }
    }
  }
  const connection = (host: Host, session: Session): Connection => {
    const never = () => Promise.reject(new Error('not on this wire'))
    return {
      host: { name: host.name },
      exec: async (script, options) => {
        requests++
        const { row } = session
        return new Promise((resolve, refuse) => {
          const answer = (stdout: string, code = 0) => resolve({ code, stdout, stderr: '' })
          waiting.push({ host: host.name, script, own: options?.long === true, row, answer, refuse })
          if (!underway) setImmediate(() => setImmediate(arrive))
          underway = true
        })
      },
      progress() {},
      read: never,
      write: never,
      stream: never,
      dial: never,
      peer: never,
    }
  }
  return {
    inventory: inventoryOf(...names.map((name) => ({ ...aHost(name), groups: ['all'] }))),
    transport: {
      connection,
      rows: true,
      close: async () => {},
    },
    state,
    get trips() {
      return trips
    },
    get requests() {
      return requests
    },
  }
}

const get = (connection: Reader, key: string) =>
  asked(connection, `get ${key}`, (reader) => output(reader, `get ${key}`))

/** A key with a value, brought about by one request, or by several, or by one that goes its own way. */
export const put = operation<
  { readonly key: string; readonly value: string; readonly how?: 'once' | 'twice' | 'long' },
  string,
  { readonly scripts: readonly string[]; readonly long: boolean },
  string
>(({ key, value }) => `put ${key} ${value}`, {
  read: (connection, { key }) => get(connection, key),
  plan: (there, { key, value, how }) => ({
    result: value,
    ...(there === value
      ? {}
      : {
          change: {
            scripts: [...(how === 'twice' ? [`put ${key} half`] : []), `put ${key} ${value}`],
            long: how === 'long',
          },
          diff: { path: 'key', before: there, after: value },
        }),
  }),
  async apply(connection, { scripts, long }) {
    for (const script of scripts) await output(connection, script, { long })
  },
})

/** A key that is like another one: what it does depends on what came before. */
export const like = operation<
  { readonly key: string; readonly other: string },
  readonly [there: string, wanted: string],
  string,
  string
>(({ key, other }) => `like ${key} ${other}`, {
  read: (connection, { key, other }) => Promise.all([get(connection, key), get(connection, other)]),
  plan: ([there, wanted], { key }) => ({
    result: wanted,
    ...(there === wanted ? {} : { change: `put ${key} ${wanted}` }),
  }),
  async apply(connection, script) {
    await output(connection, script)
  },
})

/** A command: nothing to read, one request. */
export const command = operation<string, undefined, string, string>((script) => script, {
  read: async () => undefined,
  plan: (_, script) => ({ result: '', change: script, unpredictable: true }),
  async apply(connection, script) {
    await output(connection, script)
  },
  sends: () => ({ allow: [0] }),
})

export type AnyOperation = Operation<string>
