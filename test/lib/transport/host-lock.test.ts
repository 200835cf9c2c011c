import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Transport } from '../../../lib/model/transport.ts'
import { Locked, createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { startSshd } from '../../rig/sshd.ts'

needs('sshd')

const test = suite('the lock of a host')

test('a run that is known to have ended is waited for, and then it holds nothing', async () => {
  const sshd = await startSshd()
  const lock = `/tmp/.switchover-lock-${sshd.port}`
  const opened: Transport[] = []
  try {
    // A connection that never goes: this process.
    const begun = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    writeFileSync(lock, `r-1\nrun r-1 of «site»\n${boot}\nc ${process.pid} ${begun}\n`)
    const host = aHost('node-1', { ...reach(sshd), sshConfig: false })
    const under = (over: (run: string) => boolean) => {
      const warned: string[] = []
      let waited = 0
      const claim = {
        run: 'r-2',
        holder: 'run r-2',
        unlock: () => 'unlock',
        over,
        own: () => false,
        followed() {},
        refused() {},
        warn: (message: string) => void warned.push(message),
      }
      const pause = (milliseconds: number) => {
        waited += milliseconds
        return Promise.resolve()
      }
      const transport = createTransport({ inventory: inventoryOf(host), claim, pause })
      opened.push(transport)
      return { transport, warned, to: () => transport.connection(host, {}), waited: () => waited }
    }
    const stranger = under((run) => run !== 'r-1')
    const error = await stranger
      .to()
      .exec('true')
      .catch((why: unknown) => why)
    assert.instance(error, Locked)
    assert.is(stranger.waited(), 0)
    await stranger.transport.close()
    const next = under((run) => run === 'r-1')
    // Side by side: they wait together.
    const both = await Promise.all([next.to().exec('echo one'), next.to().exec('echo two')])
    assert.equal(
      both.map(({ stdout }) => stdout),
      ['one\n', 'two\n'],
    )
    assert.is(next.waited(), 5000)
    assert.equal(next.warned, ['node-1: run r-1 of «site» has ended, and its connection not yet: waiting for it'])
    assert.match(readFileSync(lock, 'utf8'), /^r-2\n/)
    await next.transport.close('ok')
    assert.not.ok(existsSync(lock))
  } finally {
    await Promise.all(opened.map((transport) => transport.close()))
    rmSync(lock, { force: true })
    await sshd.stop()
  }
})

test.run()
