import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeHosts } from 'switchover/testing'
import { app } from './app.ts'

test('switches to the new release and reloads the server', async () => {
  const hosts = await fakeHosts({ hosts: ['web-1'], vars: { folder: '/srv/app', release: '42' } })
  const web = hosts.host('web-1')
  web.answer('cat /proc/meminfo', 'MemTotal:       2048000 kB\n')
  web.answer('readlink /srv/app/current || :', 'releases/41\n')
  const { outcome } = await hosts.run(app)
  assert.equal(outcome, 'ok')
  assert.equal(web.commands.at(-1), 'echo reloaded')
})
