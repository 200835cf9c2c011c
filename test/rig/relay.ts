import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay between client and server that can be slow, and can be cut. */
export interface Relay {
  readonly port: number
  /** How often the client waited for the server before it went on: the round trips since the last reset. */
  trips(): number
  reset(): void
  /** Breaks every connection as a dead link does once it is noticed. */
  cut(): void
  /** Passes nothing any more, and tells nobody. */
  freeze(): void
  /** Passes everything again; what came meanwhile is gone. */
  thaw(): void
  stop(): Promise<void>
}

/** Starts a relay to a port of loopback; `delay` is the way in milliseconds, so a round trip takes two of it. */
export async function startRelay(
  to: number,
  { delay = 0, port = 0 }: { readonly delay?: number; readonly port?: number } = {},
): Promise<Relay> {
  const sockets = new Set<Socket>()
  let trips = 0
  let last: 'client' | 'server' = 'server'
  let frozen = false
  const pass = (from: Socket, into: Socket, side: 'client' | 'server'): void => {
    from.on('data', (bytes: Buffer) => {
      if (frozen) return
      if (side === 'client' && last === 'server') trips++
      last = side
      if (delay === 0) into.write(bytes)
      else
        setTimeout(() => {
          into.write(bytes)
        }, delay)
    })
    from.on('close', () => {
      setTimeout(() => {
        into.destroy()
      }, delay)
    })
    from.on('error', () => undefined)
  }
  const server = createServer((client) => {
    const target = connect({ port: to, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    pass(client, target, 'client')
    pass(target, client, 'server')
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port given')
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: address.port,
    trips: () => trips,
    reset() {
      trips = 0
    },
    cut,
    freeze() {
      frozen = true
    },
    thaw() {
      frozen = false
    },
    async stop() {
      cut()
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}
