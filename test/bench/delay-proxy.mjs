// node delay-proxy.mjs ONE_WAY_MS COUNT: host I's door, 127.78.x.y port 22, leads to 127.77.x.y port 22 with a delay
// in each direction (I is 256 x + y).
// First in, first out, no limit of bandwidth; setting up a connection costs the round trip that SYN and SYN-ACK would.
// A line on stdin is answered with the most round trips that any connection since the last one had to wait for: the
// times a client said something after it had heard something.
import { connect, createServer } from 'node:net'

const [delay, count] = process.argv.slice(2).map(Number)
// What is under way may be much more than a window, but not without bound.
const mostQueued = 64e6

let connections = []

function carry(from, to, { said, delivered }) {
  const queue = []
  let queued = 0
  let _timer
  const flush = () => {
    _timer = undefined
    const now = performance.now()
    while (queue.length > 0 && queue[0].due <= now + 0.3) {
      const { bytes } = queue.shift()
      if (bytes === undefined) return to.end()
      queued -= bytes.length
      to.write(bytes)
      delivered()
    }
    if (queued < mostQueued && from.isPaused()) from.resume()
    if (queue.length > 0) _timer = setTimeout(flush, Math.max(0, queue[0].due - now))
  }
  const push = (bytes) => {
    queue.push({ due: performance.now() + delay, bytes })
    _timer ??= setTimeout(flush, delay)
  }
  let ended = false
  const end = () => {
    if (!ended) push(undefined)
    ended = true
  }
  from.on('data', (bytes) => {
    queued += bytes.length
    said()
    push(bytes)
    if (queued > mostQueued) from.pause()
  })
  from.on('end', end)
  from.on('close', end)
  from.on('error', () => to.destroy())
}

let listening = 0
for (let i = 1; i <= count; i++) {
  createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.pause()
    setTimeout(() => {
      const server = connect({ host: `127.77.${i >> 8}.${i & 255}`, port: 22, noDelay: true, allowHalfOpen: true })
      const connection = { trips: 1, heard: false }
      connections.push(connection)
      const answer = () => {
        if (connection.heard) connection.trips++
        connection.heard = false
      }
      carry(client, server, { said: answer, delivered: () => {} })
      carry(server, client, {
        said: () => {},
        delivered: () => {
          connection.heard = true
        },
      })
      client.resume()
    }, 2 * delay)
  }).listen(22, `127.78.${i >> 8}.${i & 255}`, () => {
    if (++listening === count) process.stdout.write('ready\n')
  })
}

process.stdin.on('data', () => {
  process.stdout.write(`${Math.max(0, ...connections.map(({ trips }) => trips))}\n`)
  connections = []
})
