// A MySQL client of one file: a daemon must start in a blink and forty of them share a machine.
import { createHash } from 'node:crypto'
import { connect as dial } from 'node:net'

const sha1 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest()
const collations = { latin1: 8, utf8: 33, utf8mb4: 45 }

/** A refusal of the server, with its number and the words SQLAlchemy puts into a log. */
export class DatabaseError extends Error {
  constructor(code, message) {
    const kind = code > 1999 || [1045, 1049, 1054].includes(code) ? 'OperationalError' : 'ProgrammingError'
    super(`(${kind}) (${code}, ${JSON.stringify(message)})`)
    this.code = code
  }
}

const escapes = { '\0': '\\0', '\n': '\\n', '\r': '\\r', '\x1a': '\\Z' }

/** A text as an SQL literal. */
export const quote = (value) =>
  value === null || value === undefined
    ? 'NULL'
    : typeof value === 'number'
      ? String(value)
      : `'${String(value).replace(/[\0\n\r\x1a'"\\]/g, (c) => escapes[c] ?? `\\${c}`)}'`

/**
 * A connection as MySQLdb makes it: latin1 unless the URL says otherwise, bytes shown as UTF-8, so texts that were
 * written through the same kind of URL read right although the tables hold them twice encoded.
 */
export function connect({ host, port = 3306, socketPath, user, password, database, charset = 'latin1' }) {
  return new Promise((ready, refused) => {
    const socket = socketPath ? dial(socketPath) : dial(port, host)
    socket.setNoDelay(true)
    let buffer = Buffer.alloc(0)
    let handle = greet
    const waiting = []
    let gone

    const send = (sequence, payload) => {
      const head = Buffer.alloc(4)
      head.writeUIntLE(payload.length, 0, 3)
      head[3] = sequence
      socket.write(Buffer.concat([head, payload]))
    }
    const close = (error) => {
      gone ??= error
      refused(gone)
      for (const { fail } of waiting.splice(0)) fail(gone)
      socket.destroy()
    }
    socket.setTimeout(10000, () => close(new DatabaseError(2013, `Lost connection to MySQL server on '${host}'`)))
    socket.on('error', (error) =>
      close(new DatabaseError(2003, `Can't connect to MySQL server on '${host}' (${error.code})`)),
    )
    socket.on('close', () => close(new DatabaseError(2006, 'MySQL server has gone away')))
    socket.on('data', (data) => {
      buffer = buffer.length ? Buffer.concat([buffer, data]) : data
      while (buffer.length >= 4) {
        const length = buffer.readUIntLE(0, 3)
        if (buffer.length < length + 4) return
        const packet = buffer.subarray(4, length + 4)
        const sequence = buffer[3]
        buffer = buffer.subarray(length + 4)
        handle(packet, sequence)
      }
    })

    const failure = (packet) =>
      new DatabaseError(packet.readUInt16LE(1), packet.toString('utf8', packet[3] === 0x23 ? 9 : 3))

    function greet(packet) {
      if (packet[0] === 0xff) return close(failure(packet))
      const end = packet.indexOf(0, 1)
      const salt = Buffer.concat([packet.subarray(end + 5, end + 13), packet.subarray(end + 32, end + 44)])
      const head = Buffer.alloc(32)
      // LONG_PASSWORD FOUND_ROWS LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION PLUGIN_AUTH
      head.writeUInt32LE(0x1 | 0x2 | 0x4 | (database ? 0x8 : 0) | 0x200 | 0x2000 | 0x8000 | 0x80000, 0)
      head.writeUInt32LE(0x1000000, 4)
      head[8] = collations[charset] ?? 8
      send(
        1,
        Buffer.concat([
          head,
          Buffer.from(`${user}\0`),
          scramble(salt),
          database ? Buffer.from(`${database}\0`) : Buffer.alloc(0),
          Buffer.from('mysql_native_password\0'),
        ]),
      )
      handle = login
    }
    function scramble(salt, counted = true) {
      if (!password) return counted ? Buffer.from([0]) : Buffer.alloc(0)
      const once = sha1(password)
      const mask = sha1(salt, sha1(once))
      const mixed = once.map((byte, index) => byte ^ mask[index])
      return counted ? Buffer.concat([Buffer.from([20]), mixed]) : mixed
    }
    function login(packet, sequence) {
      if (packet[0] === 0xff) return close(failure(packet))
      if (packet[0] === 0xfe) {
        const end = packet.indexOf(0, 1)
        return send(sequence + 1, scramble(packet.subarray(end + 1, end + 21), false))
      }
      socket.setTimeout(0)
      handle = answer
      ready(face)
    }

    function lengthCoded(packet, at) {
      const first = packet[at]
      if (first < 0xfb) return [first, at + 1]
      if (first === 0xfb) return [null, at + 1]
      if (first === 0xfc) return [packet.readUInt16LE(at + 1), at + 3]
      if (first === 0xfd) return [packet.readUIntLE(at + 1, 3), at + 4]
      return [Number(packet.readBigUInt64LE(at + 1)), at + 9]
    }
    function texts(packet) {
      const found = []
      for (let at = 0; at < packet.length; ) {
        const [length, start] = lengthCoded(packet, at)
        found.push(length === null ? null : packet.toString('utf8', start, start + length))
        at = start + (length ?? 0)
      }
      return found
    }
    const done = (give) => {
      handle = answer
      give(waiting.shift())
      next()
    }
    function answer(packet) {
      if (packet[0] === 0xff) return done(({ fail }) => fail(failure(packet)))
      if (packet[0] === 0x00) return done(({ give }) => give({ affected: lengthCoded(packet, 1)[0] }))
      const names = []
      const rows = []
      handle = (column) => {
        if (column[0] === 0xfe && column.length < 9) {
          handle = (row) => {
            if (row[0] === 0xff) return done(({ fail }) => fail(failure(row)))
            if (row[0] === 0xfe && row.length < 9) return done(({ give }) => give(rows))
            const values = texts(row)
            rows.push(Object.fromEntries(names.map((name, index) => [name, values[index]])))
          }
          return
        }
        let at = 0
        for (let skip = 0; skip < 4; skip++) {
          const [length, start] = lengthCoded(column, at)
          at = start + length
        }
        const [length, start] = lengthCoded(column, at)
        names.push(column.toString('utf8', start, start + length))
      }
    }
    function next() {
      if (waiting.length) send(0, Buffer.concat([Buffer.from([3]), Buffer.from(waiting[0].sql)]))
    }
    const face = {
      /** Rows as objects of texts, or { affected } for a change. */
      query: (sql) =>
        new Promise((give, fail) => {
          if (gone) return fail(gone)
          waiting.push({ sql, give, fail })
          if (waiting.length === 1) next()
        }),
      end: () => socket.destroy(),
      get alive() {
        return gone === undefined
      },
    }
  })
}

/** A connection that is made when it is first needed and again after it broke. */
export function database(url) {
  let open
  return {
    async query(sql) {
      if (!open || !(await open.catch(() => ({ alive: false }))).alive) open = connect(url)
      return (await open).query(sql)
    },
  }
}
