import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { reboot, wait } from '../../../lib/modules/index.ts'
import { Unreachable } from '../../../lib/model/operation.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { startRelay } from '../../rig/relay.ts'
import { startSshd } from '../../rig/sshd.ts'
import { failure, planOf } from './applied.ts'

needs('root', 'sshd')
inPrivateNamespaces(import.meta.url)
assert.is(spawnSync('ip', ['link', 'set', 'lo', 'up']).status, 0)

// What the kernel says of its boot, in the hands of the test.
const boot = join(emptyDirectory(), 'boot_id')
const boots = () => writeFileSync(boot, `${randomUUID()}\n`)
boots()
assert.is(spawnSync('mount', ['--bind', boot, '/proc/sys/kernel/random/boot_id']).status, 0)

const test = suite('reboot')

test('over ssh: ordered once, waited for until the boot is another, and gone on with', async () => {
  const dir = emptyDirectory()
  const sshd = await startSshd({ programs: { shutdown: `echo "$*" >>${join(dir, 'ordered')}` } })
  const relay = await startRelay(sshd.port)
  const host = aHost('node-1', {
    ...reach(sshd),
    port: relay.port,
    hostKeys: 'accept-new',
    knownHosts: join(dir, 'known'),
  })
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    const connection = transport.connection(host, {})
    const said: string[] = []
    connection.progress = (message) => void said.push(message)
    const plan = await planOf(connection as never, reboot({ delay: 0.1, timeout: 60 }))
    assert.is(plan.changed, true)
    assert.is(existsSync(join(dir, 'ordered')), false, 'a plan reboots nothing')
    // It goes down when it was told to, and comes up as another. Asked again and again: a watched folder now and then
    // keeps Node from ending.
    const ordered = async (): Promise<void> => {
      while (!existsSync(join(dir, 'ordered'))) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const down = ordered().then(() => {
      relay.cut()
      boots()
    })
    const result = await plan.apply(connection)
    await down
    assert.ok((result as { seconds: number }).seconds >= 1)
    assert.match(said[0]!, 'it is not down yet')
    assert.is((await connection.exec(`cat ${join(dir, 'ordered')}`)).stdout, '-r now\n')
  } finally {
    await transport.close()
    await relay.stop()
    await sshd.stop()
  }
})

const quick = { delay: 0.02, timeout: 0.3 }
const bin = (text: string) => {
  const made = emptyDirectory()
  writeFileSync(join(made, 'shutdown'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return { PATH: `${made}:/usr/bin:/bin` }
}

test('a host that does not go down is not taken for one that is back', async () => {
  assert.match(await failure(here({ env: bin(':') }), reboot(quick)), /it has not rebooted after \d+ s$/)
})

test('why it may not, where the program says so', async () => {
  const said = await failure(
    here({ env: bin('echo "Operation inhibited by backup" >&2') }),
    reboot({ delay: 0.02, timeout: 3 }),
  )
  assert.match(said, 'it has not rebooted after 3 s: Operation inhibited by backup')
})

test('lost for good, and half awake: neither is a new boot', async () => {
  const connection = here({ env: bin(':') })
  const { exec } = connection
  let asked = 0
  const gone = Object.assign(Object.create(connection) as typeof connection, {
    exec: async (script: string, options?: object) => {
      if (!script.startsWith('cat /proc')) return exec(script, options)
      if (asked++ === 0) return exec(script, options)
      if (asked === 2) return { code: 1, stdout: '', stderr: 'System is going down' }
      throw new Unreachable('no route to host', 'wait')
    },
  })
  const said = await failure(gone, reboot({ delay: 0.02, timeout: 1 }))
  assert.match(said, 'it was rebooted, and does not answer after 1 s: no route to host')
})

test('wait.connection waits until the host answers, and is no change', async () => {
  const connection = here()
  assert.is((await planOf(connection, wait.connection())).changed, false)
  let left = 3
  const { exec } = connection
  const late = Object.assign(Object.create(connection) as typeof connection, {
    exec: async (script: string, options?: object) => {
      if (left-- > 0) throw new Unreachable('connection refused', 'wait')
      return exec(script, options)
    },
  })
  const plan = await planOf(late, wait.connection({ delay: 0.01 }))
  await plan.apply(late)
  assert.is(plan.judge?.(plan.result), false)
  left = Infinity
  assert.match(await failure(late, wait.connection({ delay: 0.01, timeout: 0.05 })), 'connection refused (waited 0 s)')
})

test.run()
