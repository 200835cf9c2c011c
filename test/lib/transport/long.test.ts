import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Unreachable } from '../../../lib/model/operation.ts'
import type { Session } from '../../../lib/model/transport.ts'
import { type Claim, createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needing, needs } from '../../rig/needs.ts'
import { startRelay } from '../../rig/relay.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

const test = suite('long commands')
const jobs = `/tmp/.switchover-jobs-${userInfo().uid}`
const left = (run: string) => (existsSync(jobs) ? readdirSync(jobs).filter((name) => name.includes(`.${run}.`)) : [])

/** One run, on a host behind a relay that can be cut. */
async function runOf(sshd: Sshd, run: string, ...after: readonly string[]) {
  const relay = await startRelay(sshd.port)
  const knownHosts = join(sshd.home, `known-${relay.port}`)
  writeFileSync(knownHosts, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port}`, `:${relay.port}`))
  const host = aHost('node-1', { ...reach(sshd), port: relay.port, knownHosts, sshConfig: false })
  const claim: Claim = {
    run,
    holder: `run ${run}`,
    unlock: () => '',
    own: () => true,
    followed() {},
    refused() {},
    warn() {},
  }
  const transport = createTransport({ inventory: inventoryOf(host), claim, pause: () => Promise.resolve() })
  return {
    relay,
    to: (session: Session = {}) => transport.connection(host, { work: { task: 'Import', after }, ...session }),
    async close() {
      await transport.close()
      await relay.stop()
    },
  }
}

/** A command that has begun: somebody hears what it says first. What becomes of it is for whoever asked. */
async function begun(run: Awaited<ReturnType<typeof runOf>>, script: string) {
  let ended!: Promise<unknown>
  await new Promise<void>((resolve) => {
    ended = run.to({ output: () => resolve() }).exec(script, { long: true })
    ended.catch(() => undefined)
  })
  return { ended }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds())
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
}

for (const sh of ['/bin/dash', '/bin/busybox'] as const)
  needing(test, sh)(`${sh}: of long output the host keeps the beginning and the end`, async () => {
    const sshd = await startSshd({ sh })
    const [name, after] = [`much-${sh.slice(5)}-${process.pid}`, `after-${sh.slice(5)}-${process.pid}`]
    const go = join(sshd.home, 'go')
    const much = 16 << 20
    const script =
      `until [ -e ${go} ]; do echo first; sleep 0.05; done; ` +
      `head -c ${much} /dev/zero | tr '\\0' x; echo; echo last; exit 7`
    const one = await runOf(sshd, name)
    const two = await runOf(sshd, after, name)
    try {
      const broken = await begun(one, script)
      one.relay.cut()
      await broken.ended.catch(() => undefined)
      const [job = ''] = left(name)
      writeFileSync(go, '')
      await until(() => existsSync(join(jobs, job, 'code')) && readFileSync(join(jobs, job, 'out.2')).includes('last'))
      const sizes = readdirSync(join(jobs, job)).map((file) => statSync(join(jobs, job, file)).size)
      assert.ok(sizes.reduce((sum, size) => sum + size) < 18 << 20, sizes.join())
      const { code, stdout } = await two.to().exec(script, { long: true })
      assert.is(code, 7)
      assert.match(stdout, /^first\n/)
      assert.match(stdout, /x\nlast\n$/)
      const [said = '', gone] = /\n\[(\d+) bytes of what it wrote were left out here.*\]\n/.exec(stdout) ?? []
      const firsts = 6 * (stdout.match(/first\n/g) ?? []).length
      assert.is(stdout.length - said.length + Number(gone), firsts + much + '\nlast\n'.length)
      // Whoever hears it as it comes hears all of it.
      let heard = 0
      const output = (text: string, stream: string) => {
        if (stream === 'stdout') heard += text.length
      }
      const whole = await two.to({ work: { task: 'Another', after: [] }, output }).exec(script, { long: true })
      assert.is(whole.code, 7)
      assert.is(heard, much + '\nlast\n'.length)
    } finally {
      await Promise.all([one.close(), two.close()])
      await sshd.stop()
    }
  })

for (const sh of ['/bin/dash', '/bin/bash', '/bin/busybox'] as const) {
  const runs = (name: string) => `${name}-${sh.slice(5)}-${process.pid}`

  needing(test, sh)(`${sh}: goes on without its session, and is found with all that it wrote`, async () => {
    const sshd = await startSshd({ sh })
    const file = (name: string) => join(sshd.home, name)
    const script =
      `echo begun >>${file('log')}; echo first; echo trouble >&2; ` +
      `until [ -e ${file('go')} ]; do sleep 0.05; done; echo last; pwd; echo ended >>${file('log')}; exit 7`
    const one = await runOf(sshd, runs('one'))
    const two = await runOf(sshd, runs('two'))
    const three = await runOf(sshd, runs('three'), runs('one'), runs('two'))
    try {
      const broken = await begun(one, script)
      const [job] = left(runs('one'))
      assert.is(statSync(jobs).mode & 0o777, 0o700)
      for (const name of ['out', 'err', 'pid']) assert.is(statSync(join(jobs, job!, name)).mode & 0o777, 0o600)
      one.relay.cut()
      await broken.ended.then(
        () => assert.unreachable(),
        (error: unknown) => assert.instance(error, Unreachable),
      )
      await one.close()
      // A run that finds it while it goes on, and is cut off as well.
      const cutToo = await begun(two, script)
      two.relay.cut()
      await cutToo.ended.catch(() => undefined)
      await two.close()
      writeFileSync(file('go'), '')
      await until(() => readFileSync(file('log'), 'utf8') === 'begun\nended\n')
      const { code, stdout, stderr } = await three.to().exec(script, { long: true })
      assert.is(code, 7)
      assert.match(stdout, /^first\nlast\n\/.*\n$/)
      assert.match(stderr, /trouble\n$/)
      assert.is(readFileSync(file('log'), 'utf8'), 'begun\nended\n')
      // The next one is a new one.
      assert.is((await three.to().exec(script, { long: true })).stderr, 'trouble\n')
      assert.is(readFileSync(file('log'), 'utf8'), 'begun\nended\nbegun\nended\n')
    } finally {
      await Promise.all([one.close(), two.close(), three.close()])
      await sshd.stop()
    }
    assert.equal([...left(runs('one')), ...left(runs('two')), ...left(runs('three'))], [])
  })

  needing(test, sh)(`${sh}: what has ended is no result for a run, or a task, that did not begin it`, async () => {
    const sshd = await startSshd({ sh })
    const file = (name: string) => join(sshd.home, name)
    const script =
      `echo x >>${file('log')}; echo said; ` +
      `until [ -e ${file('go')} ]; do sleep 0.05; done; echo x >>${file('log')}`
    const lines = () => readFileSync(file('log'), 'utf8').length / 2
    const one = await runOf(sshd, runs('lost'))
    const anew = await runOf(sshd, runs('anew'))
    const resumed = await runOf(sshd, runs('resumed'), runs('lost'))
    try {
      const broken = await begun(one, script)
      one.relay.cut()
      await broken.ended.catch(() => undefined)
      writeFileSync(file('go'), '')
      await until(() => lines() === 2)
      const other = { work: { task: 'Another', after: [runs('lost')] } }
      assert.is((await resumed.to(other).exec(script, { long: true })).stderr, '')
      assert.is(lines(), 4)
      await resumed.close()
      assert.is((await anew.to().exec(script, { long: true })).stderr, '')
      assert.is(lines(), 6)
    } finally {
      await Promise.all([one.close(), anew.close(), resumed.close()])
      await sshd.stop()
    }
    assert.equal([...left(runs('lost')), ...left(runs('anew')), ...left(runs('resumed'))], [])
  })

  needing(test, sh)(
    `${sh}: what it reads is whole, two that are alike are two, and what is ended leaves nothing`,
    async () => {
      const sshd = await startSshd({ sh })
      const { to, close } = await runOf(sshd, runs('whole'))
      try {
        const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * 7) % 256))
        const sum = await to().exec('cksum', { long: true, stdin: bytes })
        const plain = await to().exec('cksum', { stdin: bytes })
        assert.equal(sum, plain)
        const alike = `echo x >>${sshd.home}/twice; sleep 0.2; wc -l <${sshd.home}/twice`
        await Promise.all([to().exec(alike, { long: true }), to().exec(alike, { long: true })])
        assert.is(readFileSync(`${sshd.home}/twice`, 'utf8'), 'x\nx\n')
        const abort = new AbortController()
        const running = to({ signal: abort.signal, output: () => abort.abort(new Error('terminated')) }).exec(
          `echo $$; echo $$ >${sshd.home}/pid; sleep 60`,
          { long: true },
        )
        await running.then(
          () => assert.unreachable(),
          (error: Error) => assert.is(error.message, 'terminated'),
        )
        assert.not.ok(existsSync(`/proc/${readFileSync(`${sshd.home}/pid`, 'utf8').trim()}`))
        // A daemon that keeps its outputs keeps nothing of ours.
        const daemon = await to().exec(`sleep 50 & echo $! >${sshd.home}/daemon; echo started`, { long: true })
        assert.is(daemon.stdout, 'started\n')
        process.kill(Number(readFileSync(`${sshd.home}/daemon`, 'utf8')))
      } finally {
        await close()
        await sshd.stop()
      }
      assert.equal(left(runs('whole')), [])
    },
  )

  needing(test, sh)(`${sh}: what nobody came for within a day is swept by whoever works there next`, async () => {
    const sshd = await startSshd({ sh })
    const next = await runOf(sshd, runs('next'))
    const kept = (name: string, hours: number, ...tees: readonly number[]) => {
      const folder = join(jobs, `${'0'.repeat(24)}.22.${runs('swept')}.${name}`)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(join(folder, 'tees'), tees.map((pid) => `${pid}\n`).join(''))
      if (hours === 0) return folder
      writeFileSync(join(folder, 'code'), '0\n')
      const time = Date.now() / 1000 - hours * 3600
      utimesSync(join(folder, 'code'), time, time)
      return folder
    }
    const ends = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve))
    const stranger = spawn('sleep', ['60'], { cwd: '/' })
    const tee = spawn('sleep', ['60'], { cwd: kept('old', 25) })
    try {
      kept('old', 25, stranger.pid!, tee.pid!)
      for (const [name, hours] of [
        ['young', 23],
        ['going', 0],
      ] as const)
        kept(name, hours)
      const ended = ends(tee)
      await next.to().exec('true')
      assert.equal(
        left(runs('swept'))
          .map((name) => name.split('.').at(-1))
          .sort(),
        ['going', 'young'],
      )
      await ended
      assert.is(stranger.exitCode ?? stranger.signalCode, null)
      // Nor is a stranger ended with a job, whose tee had the number that is his by now.
      const reused = `for d in ${jobs}/*.${runs('next')}.*; do echo ${stranger.pid} >>$d/tees; done`
      await next.to().exec(reused, { long: true })
      await next.to().exec('true')
      assert.equal(left(runs('next')), [])
      assert.is(stranger.exitCode ?? stranger.signalCode, null)
    } finally {
      for (const child of [stranger, tee]) child.kill()
      for (const name of left(runs('swept'))) rmSync(join(jobs, name), { recursive: true })
      await next.close()
      await sshd.stop()
    }
  })
}

test.run()
