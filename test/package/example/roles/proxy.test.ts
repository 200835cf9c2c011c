import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeHosts } from 'switchover/testing'
import { proxy } from './proxy.ts'

test('names every backend, on port 80 unless said', async () => {
  const backends = [{ name: 'a' }, { name: 'b', port: 8080 }]
  const hosts = await fakeHosts({ hosts: ['p-1'], vars: { backends } })
  await hosts.run(proxy)
  assert.equal(hosts.host('p-1').files.read('/etc/proxy.conf'), 'workers 2\nserver a:80\nserver b:8080\n')
})

test('is refused with the place of each wrong value', async () => {
  const hosts = await fakeHosts({ hosts: ['p-1'], vars: { backends: [{ name: 'a', port: 0 }, { name: '1b' }] } })
  await assert.rejects(
    hosts.run(proxy),
    /p-1: backends\[0\]\.port: Too small: [^]*p-1: backends\[1\]\.name: Invalid string: /,
  )
})
