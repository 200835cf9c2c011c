import { createServer, type AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { http } from '../../../../lib/modules/index.ts'
import { Advice } from '../../../../lib/model/operation.ts'
import { here } from '../../../rig/here.ts'

const test = suite('http.get')

test('an answer that breaks off is none, and says how much of it came', async () => {
  for (const [head, came] of [
    ['content-length: 10', 'after 5 of 10 bytes of its answer'],
    ['transfer-encoding: chunked', 'after 5 bytes of its answer'],
  ] as const) {
    const half = head.startsWith('content') ? 'hello' : '5\r\nhello\r\n'
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${half}`))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const error = await http
      .get(url)
      .prepare(here())
      .catch((thrown: unknown) => thrown)
    server.close()
    assert.instance(error, Advice)
    assert.is((error as Advice).message, `${url} broke off ${came}`)
    assert.is((error as Advice).hint, 'look into the log of the server, then run the task again')
  }
})

test.run()
