// ssh2 knows no certificates. What OpenSSH does with them is added to one connection at a time, at the three places
// where its protocol handler meets a key: what it asks a server for, what a server shows, and what a user shows. Should
// a later ssh2 be built otherwise, a connection with certificates fails, and none is trusted that is not signed.
import type { Client } from 'ssh2'
import { type Certificate, type Certified, certificateIn, suffix } from './certificates.ts'
import { Packet, packed } from './wire.ts'

/** What is used of ssh2's protocol handler, and is not told by its types. */
interface Protocol {
  readonly _offer: {
    readonly lists: { readonly [name: string]: { readonly array: readonly string[] } } & {
      readonly cs: Ends
      readonly sc: Ends
    }
  }
  _kex: Exchange | undefined
  readonly _kexinit: unknown
  _queue: Buffer[] | undefined
  readonly _authsQueue: string[]
  readonly _cipher: { encrypt(packet: Buffer): void }
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer }
  }
  authPK(user: string, key: Certified, algorithm?: string, sign?: Sign): void
}
type Ends = { readonly [kind: string]: { readonly array: readonly string[] } }
type Sign = (data: Buffer, taken: (signature: Buffer) => void) => void
interface Exchange {
  readonly sessionID: Buffer
  readonly negotiated: { serverHostKey: string }
  _hostKey: Buffer | undefined
  parse(payload: Buffer): unknown
  finish(...args: readonly unknown[]): unknown
}

/** Lets a connection that has just been begun show certificates, and take those that `asked` names algorithms for. */
export function withCertificates(
  client: Client,
  asked: readonly string[],
  shown: (certificate: Certificate) => void,
): void {
  const protocol = (client as unknown as { readonly _protocol: Protocol })._protocol
  showing(protocol)
  if (asked.length > 0) taking(protocol, asked, shown)
}

/** A user's certificate is sent in place of the key, and signed for with the key. */
function showing(protocol: Protocol): void {
  const plain = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, given, sign) => {
    if (key.certificate === undefined) return plain(user, key, given, sign)
    const algorithm = given === undefined || typeof given === 'function' ? key.type : given
    const signing = typeof given === 'function' ? (given as Sign) : sign
    const request = (signed: boolean) =>
      Buffer.concat([
        Buffer.from([50]),
        packed(user, 'ssh-connection', 'publickey'),
        Buffer.from([signed ? 1 : 0]),
        packed(`${algorithm}${suffix}`, key.certificate.blob),
      ])
    const send = (body: Buffer) => {
      protocol._authsQueue.push('publickey')
      const packet = protocol._packetRW.write.alloc(body.length)
      packet.set(body, protocol._packetRW.write.allocStart)
      const whole = protocol._packetRW.write.finalize(packet)
      if (protocol._kexinit === undefined) protocol._cipher.encrypt(whole)
      else protocol._queue = [...(protocol._queue ?? []), whole]
    }
    if (signing === undefined) return send(request(false))
    const data = Buffer.concat([packed(protocol._kex!.sessionID), request(true)])
    signing(data, (signature) =>
      send(Buffer.concat([request(true), packed(packed(algorithm, onWire(signature, key.type)))])),
    )
  }
}

/** A signature as ssh writes it: OpenSSL has the two numbers of an ECDSA signature in a sequence of its own. */
function onWire(signature: Buffer, type: string): Buffer {
  if (!type.startsWith('ecdsa-') || signature[0] === 0) return signature
  const start = signature[1]! & 0x80 ? 3 : 2
  const first = signature.subarray(start + 2, start + 2 + signature[start + 1]!)
  const next = start + 2 + first.length
  return packed(first, signature.subarray(next + 2, next + 2 + signature[next + 1]!))
}

/** A host's certificate is part of what is signed; the key in it is what signed. */
function taking(protocol: Protocol, asked: readonly string[], shown: (certificate: Certificate) => void): void {
  const { lists } = protocol._offer
  const Offer = protocol._offer.constructor as new (lists: object) => Protocol['_offer']
  const ends = (end: Ends) => Object.fromEntries(Object.entries(end).map(([kind, { array }]) => [kind, array]))
  const offer = new Offer({
    kex: lists['kex']!.array,
    serverHostKey: [...asked, ...lists['serverHostKey']!.array],
    cs: ends(lists.cs),
    sc: ends(lists.sc),
  })
  let exchange = protocol._kex
  Object.defineProperties(protocol, {
    _offer: { value: offer },
    _kex: {
      get: () => exchange,
      set(next: Exchange | undefined) {
        exchange = next
        if (next?.negotiated.serverHostKey.endsWith(suffix)) takingOnce(next, shown)
      },
    },
  })
}

// The replies to a key exchange, in which the host shows its key.
const replies = [31, 33]

function takingOnce(exchange: Exchange, shown: (certificate: Certificate) => void): void {
  const [parse, finish] = [exchange.parse.bind(exchange), exchange.finish.bind(exchange)]
  let certificate: Certificate | undefined
  let key: Buffer | undefined
  let isFirst = false
  exchange.parse = (payload) => {
    if (certificate !== undefined || !replies.includes(payload[0]!)) return parse(payload)
    const packet = new Packet(payload.subarray(1))
    certificate = certificateIn(Buffer.from(packet.string()))
    if (certificate === undefined) return parse(payload)
    shown(certificate)
    exchange.negotiated.serverHostKey = exchange.negotiated.serverHostKey.slice(0, -suffix.length)
    const rest = payload.subarray(1 + packet.at)
    return parse(Buffer.concat([payload.subarray(0, 1), packed(certificate.key), rest]))
  }
  // What is signed is read first, then the key that its signature is looked at with.
  exchange.finish = (...args) => {
    isFirst = true
    return finish(...args)
  }
  Object.defineProperty(exchange, '_hostKey', {
    get() {
      const signed = isFirst && certificate !== undefined
      isFirst = false
      return signed ? certificate!.blob : key
    },
    set(next: Buffer | undefined) {
      key = next
    },
  })
}
