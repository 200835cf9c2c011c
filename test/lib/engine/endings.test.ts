import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { wallClock } from '../../../lib/engine/clock.ts'
import { play } from '../../../lib/model/playbook.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, change, inventoryOf } from '../../rig/hosts.ts'
import { runs } from '../../rig/runs.ts'

// With real processes: what is said to have ended must have ended on the host.
const test = suite('endings')
const folder = mkdtempSync(path.join(tmpdir(), 'switchover-endings-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

function here() {
  const inventory = inventoryOf({ ...aHost('a', { connection: 'local' }), groups: ['all'] })
  return { inventory, transport: createTransport({ inventory }) }
}
const file = (name: string) => path.join(folder, name)
const log = (name: string) => readFileSync(file(name), 'utf8').trim().split('\n')

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
        try: () => void task('Work', { timeout: 1, retries: 1, delay: 0, notify: restart }, stubborn('log')),
        rescue: () => void task('Mend', change(`echo rescued >>${file('log')}`)),
      })
    }),
  ]
  const { outcome, told } = await runs({ inventory, transport }, book, { clock: wallClock })
  await transport.close()
  assert.is(outcome, 'ok')
  assert.equal(log('log'), ['begins', 'ends', 'begins', 'ends', 'rescued', 'handled'])
  // It may have changed something: its handler is due.
  assert.ok(told.includes('a: notified Restart'), told.join('\n'))
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
  const { outcome, finished } = await runs({ inventory, transport }, book, { clock: wallClock })
  assert.is(outcome, 'failed')
  assert.is(finished('Work', 'a').failure?.reason, '«Work» took longer than 1 s')
  assert.equal(log('body'), ['begins', 'ends'])
  await transport.close()
})

test('what was asked ahead of its turn does not run on after the run', async () => {
  const { inventory, transport } = here()
  const pid = file('pid')
  const book = [
    play('p', { hosts: 'all' }, ({ task }) => {
      // It fails when the question behind it is under way.
      task('Work', async () => {
        for (;;) {
          if (existsSync(pid)) throw new Error('oops')
          await new Promise((resolve) => {
            setTimeout(resolve, 20)
          })
        }
      })
    }),
  ]
  const connection = transport.connection(inventory.hosts.get('a')!, {})
  const asking = connection.exec(`echo $$ >${pid}; sleep 60; sleep 60`).catch(() => undefined)
  const streaming = await connection.stream(`echo $$ >${pid}.stream; sleep 60; sleep 60`)
  streaming.ended.catch(() => undefined)
  const { outcome } = await runs({ inventory, transport }, book, { clock: wallClock })
  assert.is(outcome, 'failed')
  await transport.close()
  await asking
  for (const one of [pid, `${pid}.stream`])
    assert.not.ok(existsSync(`/proc/${readFileSync(one, 'utf8').trim()}`), `${one} goes on`)
})

test.run()
