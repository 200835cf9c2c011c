import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textsOf } from './messages.ts'
import { allPages } from './pages.ts'

const test = suite('troubleshooting')
const { text } = allPages().find(({ file }) => file === 'lib/guide/troubleshooting.md')!
const documented = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message]) => message!)
const said = textsOf('lib')

/** Whether what a page shows may be what the sources put together: `…` of the page is anything. */
function saysSo(message: string): (text: string) => boolean {
  const pieces = message
    .split('…')
    .map((piece) => piece.trim())
    .filter(Boolean)
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(pieces.join('[^]*?'))
  return (text) => pattern.test(text)
}

test('messages are told from the sources', () => {
  assert.ok(said.length > 3000, String(said.length))
  assert.ok(said.includes('cannot use the ssh configuration …: …'))
  assert.ok(documented.length > 50, String(documented.length))
})

for (const message of documented) {
  // What a connection failed for is put behind «cannot connect to».
  const own = message.replace(/^cannot connect to …: /, '')
  test(message, () => {
    assert.ok(said.some(saysSo(own)) || said.some(saysSo(message)), 'no source says so')
    if (own !== message) assert.ok(said.some(saysSo('cannot connect to …')))
  })
}

test.run()
