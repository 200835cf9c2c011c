import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play } from '../../../lib/model/playbook.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, change, inventoryOf } from '../../rig/hosts.ts'
import { begin, HeldClock } from '../../rig/runs.ts'

// With real processes: what is said to have ended must have ended on the host.
const test = suite('endings')
const folder = mkdtempSync(path.join(tmpdir(), 'switchover-endings-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function here() {
  const inventory = inventoryOf({ ...aHost('a', { connection: 'local' }), groups: ['all'] })
  return { inventory, transport: createTransport({ inventory }) }
}
const file = (name: string) => path.join(folder, name)
const log = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : [])

/** Waits until a command has written so many lines. */
async function lines(name: string, count: number): Promise<void> {
  while (log(name).length < count)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
}

/** Takes long, and half a second to end. */
const stubborn = (name: string) =>
  change(
    `echo begins >>${file(name)}; trap 'sleep 0.5; echo ends >>${file(name)}; exit' TERM; sleep 60 & wait; echo survived >>${file(name)}`,
  )

test('a task over its time has ended on the host before the next attempt, and before what rescues it', async () => {
  const { inventory, transport } = here()
  const book = [
    play('p', { hosts: 'all' }, ({ task, block, handler }) => {
      const restart = handler('Restart', change(`echo handled >>${file('log')}`))
      block('Try', {
        try: () => void task('Work', { timeout: 1, retries: 1, notify: restart }, stubborn('log')),
        rescue: () => void task('Mend', change(`echo rescued >>${file('log')}`)),
      })
    }),
  ]
  const clock = new HeldClock()
  const running = begin({ inventory, transport }, book, { clock })
  await lines('log', 1)
  await clock.passes(1000)
  await clock.passes(5000)
  await lines('log', 3)
  await clock.passes(1000)
  assert.is(await running.ended, 'ok')
  await transport.close()
  assert.equal(log('log'), ['begins', 'ends', 'begins', 'ends', 'rescued', 'handled'])
  // It may have changed something: its handler is due.
  assert.ok(running.told.includes('a: notified Restart'), running.told.join('\n'))
})

test('a body that waits for anything else is given up, and what it began on the host has ended', async () => {
  const { inventory, transport } = here()
  const book = [
    play('p', { hosts: 'all' }, ({ task }) => {
      task('Work', { timeout: 1 }, async (host) => {
        void host.run(stubborn('body')).catch(() => {})
        await new Promise(() => {})
      })
    }),
  ]
  const clock = new HeldClock()
  const { ended, finished } = begin({ inventory, transport }, book, { clock })
  await lines('body', 1)
  await clock.passes(1000)
  assert.is(await ended, 'failed')
  assert.is(finished('Work', 'a').failure?.reason, '«Work» took longer than 1 s')
  assert.equal(log('body'), ['begins', 'ends'])
  await transport.close()
})

test('what was asked ahead of its turn does not run on after the run', async () => {
  const { inventory, transport } = here()
  const connection = transport.connection(inventory.hosts.get('a')!, {})
  const asking = connection.exec(`echo $$ >${file('asked')}; sleep 60; sleep 60`).catch(() => undefined)
  const streaming = await connection.stream(`echo $$ >${file('streamed')}; sleep 60; sleep 60`)
  streaming.ended.catch(() => undefined)
  await Promise.all([lines('asked', 1), lines('streamed', 1)])
  await transport.close()
  await asking
  for (const name of ['asked', 'streamed'])
    assert.not.ok(existsSync(`/proc/${log(name)[0]}`), `what was ${name} goes on`)
})

test.run()
