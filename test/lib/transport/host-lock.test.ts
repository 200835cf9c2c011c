import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import type { Transport } from '../../../lib/model/transport.ts'
import { HostLock } from '../../../lib/transport/host-lock.ts'
import { Locked, createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needing, needs } from '../../rig/needs.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'

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

/** A run that works on a host, and what it was warned of. */
function working(sshd: Sshd, run: string, settings: ConnectionSettings = {}) {
  const warned: string[] = []
  const host = aHost('node-1', { ...reach(sshd), sshConfig: false, ...settings })
  const claim = {
    run,
    holder: `run ${run}`,
    unlock: (name: string, of: string) => `unlock ${of} -l ${name}`,
    own: (of: string) => of === run,
    followed() {},
    refused() {},
    warn: (message: string) => void warned.push(message),
  }
  const transport = createTransport({ inventory: inventoryOf(host), claim })
  return {
    claim,
    warned,
    transport,
    as: (user?: string) => transport.connection(host, user ? { become: () => user } : {}),
  }
}

test('a lock with nobody alive behind it holds nobody up', async () => {
  const sshd = await startSshd()
  const lock = `/tmp/.switchover-lock-${sshd.port}`
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  // One that has ended, and whose parent takes no notice.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = Number(String(((await once(parent.stdout, 'data')) as [Buffer])[0]))
  const stat = () => readFileSync(`/proc/${ended}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
  while (stat()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10))
  const began = stat()[19]
  const dead = ['', `r\nrun r\n${boot}\n\n`, `r\nrun r\n${boot}\nc ${ended} ${began}\nw ${ended} ${began}\n`]
  try {
    for (const text of dead) {
      writeFileSync(lock, text)
      const { transport, warned, as } = working(sshd, 'r-1')
      try {
        assert.is((await as().exec('echo done')).stdout, 'done\n', text)
        assert.match(readFileSync(lock, 'utf8'), /^r-1\n/)
        assert.equal(warned, [])
      } finally {
        await transport.close('ok')
      }
    }
  } finally {
    parent.kill('SIGKILL')
    await sshd.stop()
  }
})

test('a shell that nobody listens to any more takes no lock', async () => {
  const sshd = { port: 1, privateKey: '', knownHosts: '' } as Sshd
  const { claim } = working(sshd, 'r-1')
  const taking = new HostLock(claim, () => Promise.resolve()).taking('token', false)
  for (const listens of [true, false]) {
    const place = `orphan-${process.pid}`
    const lock = `/tmp/.switchover-lock-${place}`
    const shell = spawn('sh', ['-c', `read go; ${taking}`, 'sh', place], { stdio: ['pipe', 'ignore', 'pipe'] })
    if (listens) shell.stderr.resume()
    else shell.stderr.destroy()
    if (!listens) await once(shell.stderr, 'close')
    shell.stdin.end('go\n')
    await once(shell, 'exit')
    assert.is(existsSync(lock), listens)
    rmSync(lock, { force: true })
  }
})

const rooted = needing(test, 'root')

rooted('where /tmp is full work is done without a lock, with a warning, and no lock is left', async () => {
  const sshd = await startSshd({ fullTmp: true })
  try {
    for (const run of ['r-1', 'r-2']) {
      const { transport, warned, as } = working(sshd, run)
      for (const long of [false, true])
        assert.equal(await as().exec('echo done; echo said >&2', { long }), {
          code: 0,
          stdout: 'done\n',
          stderr: 'said\n',
        })
      assert.match(warned.join('\n'), /^node-1 cannot be locked, and others may work there: .*(full|[Nn]o space)/)
      assert.match((await as().exec('ls -A /tmp')).stdout, /^full\nsshd-\w+\n$/)
      await transport.close('ok')
    }
  } finally {
    await sshd.stop()
  }
})

rooted("the lock that a killed run has left as root keeps nobody out, and root's first task takes it", async () => {
  const accounts = { deploy: {} }
  const sshd = await startSshd({ accounts, sudoers: ['deploy ALL=(ALL) NOPASSWD: ALL'] })
  const lock = `/tmp/.switchover-lock-${sshd.port}`
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(lock, `r-1\nrun r-1 of «site»\n${boot}\nc 4194303 1\n`)
  const { transport, warned, as } = working(sshd, 'r-2', { user: 'deploy' })
  try {
    assert.is((await as().exec('id -un')).stdout, 'deploy\n')
    assert.equal(warned, [
      "node-1 cannot be locked yet, and others may work there: the lock of run r-1 of «site» is root's " +
        '(become root to remove it: unlock r-1 -l node-1 -b)',
    ])
    assert.is((await as('root').exec('id -un')).stdout, 'root\n')
    assert.match(readFileSync(lock, 'utf8'), /^r-2\n/)
    await transport.close('ok')
    assert.not.ok(existsSync(lock))
  } finally {
    await transport.close()
    rmSync(lock, { force: true })
    await sshd.stop()
  }
})

rooted('of two users who ask at once the one whose lock it is takes it away', async () => {
  const accounts = { deploy: {} }
  const sshd = await startSshd({ accounts, sudoers: ['deploy ALL=(ALL) NOPASSWD: ALL'] })
  const lock = `/tmp/.switchover-lock-${sshd.port}`
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  // Root's shell has made it, and its answer comes last.
  writeFileSync(lock, `r-1\nrun r-1\n${boot}\n`)
  const { transport, as } = working(sshd, 'r-1', { user: 'deploy' })
  try {
    assert.is((await as().exec('id -un')).stdout, 'deploy\n')
    assert.is((await as('root').exec('id -un')).stdout, 'root\n')
    await transport.close('ok')
    assert.not.ok(existsSync(lock))
  } finally {
    await transport.close()
    rmSync(lock, { force: true })
    await sshd.stop()
  }
})

test.run()
