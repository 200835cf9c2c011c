import { writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { authorsFrame, showLocation } from '../model/location.ts'

/**
 * Watches from a thread of its own whether this one still turns to anything else. While it does not, as in a body that
 * loops for ever, no signal can be heard: it is told where that is, and `deaf` is called, in the midst of that code;
 * `hears` when it has given way after all. `patience`: seconds that it may take. What it gives ends it.
 */
export function watch({ deaf, hears }: { deaf(): void; hears(): void }, patience = 10): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  let isDeaf = false
  const beat = setInterval(() => {
    Atomics.add(beats, 0, 1)
    if (isDeaf) hears()
    isDeaf = false
  }, 1000).unref()
  const name = Symbol.for('switchover.deaf')
  Reflect.set(globalThis, name, () => {
    isDeaf = true
    deaf()
    tell(patience)
  })
  const worker = new Worker(watching, { eval: true, workerData: { beats, patience }, stdout: true, stderr: true })
  // Without it a run is as it was before there was one.
  worker.on('error', () => {})
  worker.unref()
  return () => {
    clearInterval(beat)
    Reflect.deleteProperty(globalThis, name)
    void worker.terminate()
  }
}

/** At once, by no stream: nothing of this thread comes to its turn. */
function tell(patience: number): void {
  const at = authorsFrame(new Error().stack ?? '')
  const what = at ? `the code at ${showLocation(at)}` : 'one piece of code'
  const cursor = process.stdout.isTTY ? '\x1b[?7h\x1b[?25h' : ''
  writeSync(
    2,
    `${cursor}\n[WARNING]: ${what} has kept all else waiting for ${patience} s: let it await something in between. ` +
      'Until it does, Ctrl-C and kill end this process at once, and --resume goes on from there\n',
  )
}

// An inspector is the one way into a thread that does not turn to anything.
const watching = `
const { Session } = require('node:inspector')
const { workerData: { beats, patience } } = require('node:worker_threads')
const session = new Session()
session.connectToMainThread()
let before = -1, silent = 0
setInterval(() => {
  const now = Atomics.load(beats, 0)
  silent = now === before ? silent + 1 : 0
  before = now
  if (silent === patience)
    session.post('Runtime.evaluate', { expression: "globalThis[Symbol.for('switchover.deaf')]?.()" })
}, 1000)
`
