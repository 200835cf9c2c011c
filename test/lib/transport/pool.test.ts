import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Unreachable } from '../../../lib/model/operation.ts'
import { Gate } from '../../../lib/transport/become.ts'
import { localLink } from '../../../lib/transport/local.ts'
import { Pool } from '../../../lib/transport/pool.ts'
import { Shell } from '../../../lib/transport/shell.ts'
import { emptyDirectory } from '../../rig/here.ts'

const test = suite('shells of a host')

test('what tidies up and takes long is not ended with what others ask of the same shell', async () => {
  const folder = emptyDirectory()
  const link = localLink('here')
  const pool = new Pool(link, undefined, new Gate(), 1)
  const ask = (script: string) => pool.run({}, { script, keep: 100 })
  const own = (await ask('echo $$')).stdout.text()
  pool.leave(`echo >${folder}/begun; until [ -e ${folder}/go ]; do sleep 0.02; done; echo $$ >${folder}/done`)
  while (!existsSync(`${folder}/begun`)) await ask('sleep 0.02')
  // When this is answered the time for tidying is long over, and so would be the ending of a shell.
  await ask('sleep 0.5')
  writeFileSync(`${folder}/go`, '')
  for (let i = 0; i < 100 && !existsSync(`${folder}/done`); i++) await ask('sleep 0.02')
  assert.ok(existsSync(`${folder}/done`), 'it was ended')
  assert.is(readFileSync(`${folder}/done`, 'utf8'), own)
  await pool.end()
  await link.close()
})

test('a script is not said to have ended the shell that we end', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let exit!: (code: number) => void
  const exited = new Promise<number>((resolve) => {
    exit = resolve
  })
  const closed = exited.then(() => undefined)
  const program = { stdin, stdout, stderr, exited, closed, close() {} }
  // Its exit code comes long before the answer of what ends it, as on a busy machine.
  const shell = new Shell('node-1', program, async () => {
    exit(143)
    await closed
    return new Promise(() => {})
  })
  const token = new Promise<string>((resolve) => {
    stdin.on('data', (text: Buffer) => {
      const found = /printf '([0-9a-f]{32})b1;'/.exec(`${text}`)
      if (found) resolve(found[1]!)
    })
  })
  const asked = shell.run({ script: 'service x start', keep: 100 })
  stdout.write(`${await token}b1;`)
  await new Promise(setImmediate)
  void shell.end()
  const error = await asked.catch((why: unknown) => why)
  assert.instance(error, Unreachable)
  assert.match((error as Error).message, 'was ended on node-1')
})

test.run()
