import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { holderOf, lives } from '../../../lib/engine/lock.ts'

const test = suite('locks of a folder')

test('a process that was killed lives no more, though nobody has taken notice', async () => {
  const own = { ...holderOf('r-1', 'site'), host: 'c-1' }
  assert.ok(lives(own))
  // Its child is killed, and it waits for none: a shell would, so the shell is replaced first.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const pid = Number(await new Promise<string>((resolve) => parent.stdout.once('data', (said) => resolve(`${said}`))))
    const stat = (of: number) => readFileSync(`/proc/${of}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n')
    const started = stat(pid)[19]!
    assert.ok(lives({ ...own, pid, started }))
    process.kill(pid, 'SIGKILL')
    await until(() => stat(pid)[0] === 'Z')
    assert.not.ok(lives({ ...own, pid, started }))
  } finally {
    parent.kill('SIGKILL')
  }
})

test.run()
