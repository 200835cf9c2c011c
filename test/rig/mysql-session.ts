import { createServer as create } from 'mysql2'
import type { Duplex } from 'node:stream'

/** What a statement gives: rows under the names of their columns, or how many rows it changed. */
export type Result = readonly Readonly<Record<string, string | null>>[] | number

/** The connection of mysql2, seen from a server; its types know the client's side alone. */
interface Session extends NodeJS.EventEmitter {
  readonly stream: Duplex
  sequenceId: number
  readonly clientHelloReply?: { readonly database: string }
  serverHandshake(hello: object): void
  writeOk(ok?: { readonly affectedRows: number }): void
  writeError(error: { readonly code: number; readonly message: string }): void
  writeTextResult(rows: readonly object[], columns: readonly object[]): void
}

/** Speaks MySQL's protocol to whoever is at the other end, and asks the test what each statement gives. */
export function mysqlSession(
  socket: Duplex,
  ask: (database: string, sql: string, values: readonly unknown[]) => Result,
) {
  const server = (create as () => unknown)() as NodeJS.EventEmitter & { _handleConnection(socket: Duplex): void }
  const prepared = new Map<number, string>()
  server.on('connection', (session: Session) => {
    // Packets are counted from each command on, which the library leaves to its user.
    const answer = (say: () => void) => {
      session.sequenceId = 1
      try {
        say()
      } catch (error) {
        session.writeError({ code: 1064, message: String(error) })
      }
      session.sequenceId = 0
    }
    const asked = (sql: string, values: readonly unknown[]) =>
      write(session, ask(session.clientHelloReply?.database ?? '', sql, values))
    session.on('error', () => {})
    session.on('query', (sql: string) => answer(() => (/^SELECT/i.test(sql) ? asked(sql, []) : session.writeOk())))
    session.on('stmt_prepare', (sql: string) =>
      answer(() => {
        // The library takes SET for a prepared statement.
        if (/^SET/i.test(sql)) return session.writeOk()
        prepared.set(prepared.size + 1, sql)
        session.stream.write(preparedPackets(prepared.size, sql.split('?').length - 1))
      }),
    )
    session.on('stmt_execute', (id: number, _flags: number, _times: number, values: readonly unknown[]) =>
      answer(() => asked(prepared.get(id)!, values)),
    )
    session.serverHandshake({
      protocolVersion: 10,
      serverVersion: '5.5.35',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 33,
      // Without TLS and without the packets that came after 5.5.
      capabilityFlags: 0x000f_f7ff,
      authCallback(_login: unknown, done: (error: null) => void) {
        done(null)
        session.sequenceId = 0
      },
    })
  })
  server._handleConnection(socket)
}

function write(session: Session, result: Result): void {
  if (typeof result === 'number') return session.writeOk({ affectedRows: result })
  const names = Object.keys(result[0] ?? { none: '' })
  const columns = names.map((name) => ({
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: name,
    characterSet: 33,
    columnLength: 255,
    columnType: 0xfd,
    type: 0xfd,
    flags: 0,
    decimals: 0,
  }))
  session.writeTextResult(result, columns)
}

/** «Prepared»: its number, no columns, and a definition of each parameter, which the library cannot write. */
function preparedPackets(id: number, parameters: number): Buffer {
  const definition = Buffer.from(
    '\x03def\x00\x00\x00\x01?\x00\x0c\x21\x00\x00\x01\x00\x00\xfd\x00\x00\x00\x00\x00',
    'latin1',
  )
  const head = Buffer.alloc(12)
  head.writeUInt32LE(id, 1)
  head.writeUInt16LE(parameters, 7)
  const end = Buffer.from([0xfe, 0, 0, 2, 0])
  return Buffer.concat(
    [head, ...Array.from({ length: parameters }, () => definition), end].map((payload, i) => {
      const header = Buffer.from([payload.length, 0, 0, i + 1])
      return Buffer.concat([header, payload])
    }),
  )
}
