import type { Duplex } from 'node:stream'
import { type Operation, operation, type Reader, Unreachable } from '../../../lib/kit/index.ts'
import type { Secret } from '../../../lib/index.ts'

/** A login to a broker, as a service has it. */
export type BrokerLogin = {
  readonly address: string
  readonly user: string
  readonly password: Secret
  readonly port?: number
  readonly host?: string
}

/** Why a broker does not let a user in, asked through the host; nothing when it does. */
export function brokerLogin(login: BrokerLogin): Operation<string> {
  return loginOperation(login)
}

const loginOperation = operation<BrokerLogin, string, string>(
  ({ address, user }) => `log in at ${address} as ${user}`,
  {
    read: whyNot,
    plan: (result) => ({ result }),
  },
)

async function whyNot(connection: Reader, login: BrokerLogin): Promise<string> {
  let stream: Duplex
  try {
    stream = await connection.dial(login.port ?? 5672, login.address)
  } catch (error) {
    if (error instanceof Unreachable) throw error
    return error instanceof Error ? error.message : String(error)
  }
  const timer = setTimeout(() => stream.destroy(new Error('no answer for 15 s')), 15_000)
  try {
    return await shakeHands(stream, login)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
    stream.on('error', () => {}).destroy()
  }
}

// AMQP 0-9-1, as far as a login goes: https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, 1.4 and 4.2.
const connectionClass = 10
const method = { start: 10, startOk: 11, tune: 30, tuneOk: 31, open: 40, openOk: 41, close: 50 }

async function shakeHands(stream: Duplex, { user, password, host = '/' }: BrokerLogin): Promise<string> {
  const frames = framesOf(stream)
  const next = async () => (await frames.next()).value as Frame | undefined
  stream.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
  const start = await next()
  if (start?.method !== method.start) return 'what answers there is no AMQP 0-9-1 broker'
  const plain = `\0${user}\0${password.reveal()}`
  stream.write(frame(method.startOk, long(''), short('PLAIN'), long(plain), short('en_US')))
  const tune = await next()
  // Brokers of 2014 hang up on a wrong password; later ones say so.
  if (!tune) return 'it hangs up on this user and password'
  if (tune.method === method.close) return reasonOf(tune)
  stream.write(frame(method.tuneOk, tune.rest.subarray(0, 8)))
  stream.write(frame(method.open, short(host), short(''), Buffer.from([0])))
  const open = await next()
  if (open?.method === method.openOk) return ''
  return open?.method === method.close ? reasonOf(open) : `it has no virtual host ${host} for this user`
}

interface Frame {
  readonly method: number
  readonly rest: Buffer
}

async function* framesOf(stream: Duplex): AsyncGenerator<Frame, undefined> {
  let seen = Buffer.alloc(0)
  for await (const part of stream as AsyncIterable<Buffer>) {
    seen = Buffer.concat([seen, part])
    while (seen.length >= 8) {
      const size = seen.readUInt32BE(3)
      if (seen[0]! > 8 || size > 1 << 20) throw new Error('what answers there is no AMQP 0-9-1 broker')
      if (seen.length < size + 8) break
      const payload = seen.subarray(7, 7 + size)
      if (seen[0] === 1 && payload.readUInt16BE(0) === connectionClass)
        yield { method: payload.readUInt16BE(2), rest: Buffer.from(payload.subarray(4)) }
      seen = seen.subarray(size + 8)
    }
  }
  return undefined
}

function frame(number: number, ...parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([Buffer.alloc(4), ...parts])
  payload.writeUInt16BE(connectionClass, 0)
  payload.writeUInt16BE(number, 2)
  const head = Buffer.alloc(7)
  head[0] = 1
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([0xce])])
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function long(text: string): Buffer {
  const bytes = Buffer.from(text)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

function reasonOf({ rest }: Frame): string {
  return rest.subarray(3, 3 + (rest[2] ?? 0)).toString()
}
