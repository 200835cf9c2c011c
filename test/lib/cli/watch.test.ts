import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from './project.ts'

const project = new Project()
const test = suite('code that gives way to nothing')
test.after(() => project[Symbol.dispose]())

/** Code that hears TERM, and is watched from when it begins to loop for so many milliseconds; then it says what it hears. */
const looping = (milliseconds: number) => `
import { watch } from '${fileURLToPath(new URL('../../../lib/cli/watch.ts', import.meta.url))}'
const heard = () => { console.log('heard'); process.exit(0) }
process.on('SIGTERM', heard)
setTimeout(() => {
  watch({ deaf: () => process.off('SIGTERM', heard), hears: () => { process.on('SIGTERM', heard); console.log('hears') } }, 2)
  const until = Date.now() + ${milliseconds}
  while (Date.now() < until);
}, 500)
setInterval(() => {}, 1000)
`

async function told(milliseconds: number, when: RegExp) {
  const child = spawn(process.execPath, ['--import', 'tsx', project.write('loop.mjs', looping(milliseconds))], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const hear = (text: Buffer) => {
    said += String(text)
    if (when.test(said)) child.kill('SIGTERM')
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const signal = await new Promise((resolve) => {
    child.once('close', (_code, by) => resolve(by))
  })
  return { said, signal }
}

test('ends by a signal all the same, once it was told that it kept all else waiting', async () => {
  const { said, signal } = await told(120_000, /kept all else waiting/)
  assert.match(said, /\[WARNING\]: .* has kept all else waiting for 2 s: .*Ctrl-C and kill end this process at once/)
  assert.is(signal, 'SIGTERM')
})

test('hears again when it has given way after all', async () => {
  const { said, signal } = await told(6000, /^hears$/m)
  assert.match(said, /hears\nheard\n/)
  assert.is(signal, null)
})

test.run()
