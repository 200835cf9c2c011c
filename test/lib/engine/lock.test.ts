import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { holderOf, lives } from '../../../lib/engine/lock.ts'

const test = suite('locks of a folder')

test('a process that was killed lives no more, though nobody has taken notice', async () => {
  const own = { ...holderOf('r-1', 'site'), host: 'c-1' }
  assert.ok(lives(own))
  // Its child ends, and it waits for none.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const pid = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (said) => resolve(`${said}`))))
    const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
    while (stat()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5))
    assert.not.ok(lives({ ...own, pid, started: stat()[19]! }))
  } finally {
    parent.kill('SIGKILL')
  }
})

test.run()
