// The handshake of AMQP 0-9-1, as a broker of 2014 answers it: who logs in rightly is let in, who does not is hung up on.
const connection = 10

const frame = (method, payload) => {
  const body = Buffer.concat([Buffer.from([0, connection, 0, method]), payload])
  const head = Buffer.alloc(7)
  head[0] = 1
  head.writeUInt32BE(body.length, 3)
  return Buffer.concat([head, body, Buffer.from([0xce])])
}
const long = (text) => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([size, Buffer.from(text)])
}
const short = (text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])

/** Is this the beginning of AMQP? */
export const isAmqp = (bytes) => bytes.subarray(0, 4).toString('latin1') === 'AMQP'

/**
 * Answers on a socket whose first bytes were AMQP's: `known(user, password)` says whether the password is right,
 * `allowed(user, host)` whether the virtual host is theirs.
 */
export function answerAmqp(socket, known, allowed) {
  let seen = Buffer.alloc(0)
  let user
  socket.on('data', (part) => {
    seen = Buffer.concat([seen, part])
    while (seen.length >= 8 && seen.length >= seen.readUInt32BE(3) + 8) {
      const payload = seen.subarray(7, 7 + seen.readUInt32BE(3))
      seen = seen.subarray(payload.length + 8)
      take(payload.readUInt16BE(2), payload.subarray(4))
    }
  })
  const start = [Buffer.from([0, 9]), long(''), long('PLAIN AMQPLAIN'), long('en_US')]
  socket.write(frame(10, Buffer.concat(start)))

  function take(method, rest) {
    if (method === 11) {
      let at = 4 + rest.readUInt32BE(0)
      at += 1 + rest[at]
      const response = rest.subarray(at + 4, at + 4 + rest.readUInt32BE(at)).toString()
      const [, name, password] = response.split('\0')
      user = name
      if (known(name, password)) socket.write(frame(30, Buffer.from([0, 0, 0, 2, 0, 0, 0, 60])))
      else socket.end()
    } else if (method === 40) {
      const host = rest.subarray(1, 1 + rest[0]).toString()
      if (allowed(user, host)) socket.write(frame(41, short('')))
      else
        socket.end(
          frame(
            50,
            Buffer.concat([
              Buffer.from([0x02, 0x12]),
              short(`NOT_ALLOWED - access to vhost '${host}' refused for user '${user}'`),
              Buffer.from([0, 10, 0, 40]),
            ]),
          ),
        )
    }
  }
}
