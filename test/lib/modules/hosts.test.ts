import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hosts } from '../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { applied, planOf } from './applied.ts'

const test = suite('hosts')
const connection = here()

function fresh(text: string) {
  const path = join(emptyDirectory(), 'hosts')
  writeFileSync(path, text, { mode: 0o640 })
  return { path, text: () => readFileSync(path, 'utf8') }
}

const text = `# the cloud
127.0.0.1\tlocalhost localhost.localdomain
::1       localhost ip6-localhost # six

10.0.0.3  old-controller ctrl  # until friday
10.0.0.5 node-5
`

test('a new address gets a line at the end, and its names leave other addresses', async () => {
  const file = fresh(text)
  const run = await applied(connection, () => hosts.entry('10.0.0.4', ['new-controller', 'CTRL'], { path: file.path }))
  assert.equal(run.requests, { read: 1, apply: 1 })
  assert.is(file.text(), text.replace('old-controller ctrl', 'old-controller') + '10.0.0.4 new-controller CTRL\n')
  assert.is(statSync(file.path).mode & 0o777, 0o640)
})

test('names are added to the line of the address; exact makes them the only ones', async () => {
  const file = fresh(text)
  await applied(connection, () => hosts.entry('10.0.0.3', ['ctrl', 'db'], { path: file.path }))
  assert.is(file.text(), text.replace('old-controller ctrl ', 'old-controller ctrl db '))
  await applied(connection, () => hosts.entry('10.0.0.3', 'ctrl', { path: file.path, exact: true }))
  assert.is(file.text(), text.replace('old-controller ctrl ', 'ctrl '))
})

test('a line whose last name moved goes away; another family and shared names stay', async () => {
  const file = fresh(text)
  await applied(connection, () => hosts.entry('10.0.0.9', 'node-5', { path: file.path }))
  assert.not.match(file.text(), '10.0.0.5')
  await applied(connection, () => hosts.entry('10.0.0.9', 'old-controller', { path: file.path, shared: true }))
  assert.match(file.text(), '10.0.0.3  old-controller ctrl')
  assert.is((await planOf(connection, hosts.entry('127.0.0.1', 'localhost', { path: file.path }))).changed, false)
  assert.is((await planOf(connection, hosts.entry('0:0:0:0:0:0:0:1', 'localhost', { path: file.path }))).changed, false)
})

test('absent takes names and addresses away', async () => {
  const file = fresh(text)
  await applied(connection, () => hosts.absent(['node-5', 'ctrl'], { path: file.path }))
  await applied(connection, () => hosts.absent('::1', { path: file.path }))
  assert.is(
    file.text(),
    '# the cloud\n127.0.0.1\tlocalhost localhost.localdomain\n\n10.0.0.3  old-controller  # until friday\n',
  )
})

test('line ends and a missing last one are respected', async () => {
  const file = fresh('127.0.0.1 localhost\r\n10.0.0.3 a')
  await applied(connection, () => hosts.entry('10.0.0.4', 'b', { path: file.path }))
  assert.is(file.text(), '127.0.0.1 localhost\r\n10.0.0.3 a\r\n10.0.0.4 b\r\n')
})

test('what is no address or name is refused before anything runs', () => {
  assert.throws(() => hosts.entry('10.0.0', 'a'), '"10.0.0" is not an IP address')
  assert.throws(() => hosts.entry('10.0.0.1', 'a b'), '"a b" cannot be the name of a host')
  assert.throws(() => hosts.entry('10.0.0.1', []), 'say which names lead to 10.0.0.1')
})

test.run()
