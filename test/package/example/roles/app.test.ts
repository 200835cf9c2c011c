import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeHosts } from 'switchover/testing'
import { app } from './app.ts'

test('switches to the new release, restarts the server, and then finds nothing to do', async () => {
  const hosts = await fakeHosts({ hosts: ['web-1'], vars: { folder: '/srv/app', release: '42' } })
  const web = hosts.host('web-1')
  web.files.write('/proc/meminfo', 'MemTotal:       2048000 kB\n').link('/srv/app/current', 'releases/41')

  assert.equal((await hosts.run(app)).outcome, 'ok')
  assert.equal(web.files.linked('/srv/app/current'), 'releases/42')
  assert.equal(web.commands.at(-1), 'touch /srv/app/restart.txt')
  assert.deepEqual((await hosts.run(app)).recap, ['web-1 ok=3'])
})
