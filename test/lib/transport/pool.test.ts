import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Unreachable } from '../../../lib/model/operation.ts'
import { Gate } from '../../../lib/transport/become.ts'
import { localLink } from '../../../lib/transport/local.ts'
import { Pool } from '../../../lib/transport/pool.ts'
import { type Raw, Shell } from '../../../lib/transport/shell.ts'
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
  const end = async () => {
    exit(143)
    await closed
    return new Promise<undefined>(() => {})
  }
  const shell = new Shell('node-1', program, { end, halt: async () => {} })
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

const settled = async (asked: readonly Promise<Raw>[]) =>
  (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? `${one.value.stdout.text().trim()} ${one.value.code}` : one.reason.constructor.name,
  )

test('what stands in a row behind what does not go well is not begun, here or elsewhere', async () => {
  const folder = emptyDirectory()
  const link = localLink('here')
  const pool = new Pool(link, undefined, new Gate())
  const lane = {}
  const { signal: stop } = new AbortController()
  const row = (row: number, scripts: readonly string[], allow = [0]) =>
    scripts.map((script, i) => pool.run(lane, { script, keep: 100, row: { row, behind: i > 0, allow, stop } }))
  assert.equal(await settled(row(1, ['echo a', 'echo b; false', `touch ${folder}/1`, 'echo d'])), [
    'a 0',
    'b 1',
    'NotBegun',
    'NotBegun',
  ])
  // The next row is another one, and what is asked besides stands in none.
  const both = [...row(2, ['exit 7', 'exit 3', 'kill -9 $$'], [0, 3, 7]), pool.run(lane, { script: 'echo x', keep: 9 })]
  assert.equal(
    (await settled(both)).slice(0, 2),
    ['7', '3'].map((code) => ` ${code}`),
  )
  // It ends its shell, since its job may write into the answers of others: those behind it may not go on elsewhere.
  const left = row(3, [
    `sh -c 'sleep 9 & echo $! >${folder}/pid; exit 1'; (sleep 9) & echo $!; false`,
    `touch ${folder}/2`,
  ])
  const [, second] = await settled(left)
  assert.is(second, 'NotBegun')
  assert.equal(
    ['1', '2'].filter((name) => existsSync(`${folder}/${name}`)),
    [],
  )
  await pool.end()
  await link.close()
})

test('of a row that is ended it is known what had begun', async () => {
  const folder = emptyDirectory()
  const link = localLink('here')
  const pool = new Pool(link, undefined, new Gate())
  const abort = new AbortController()
  const { signal: stop } = new AbortController()
  const lane = {}
  const scripts = ['true', `touch ${folder}/2; sleep 60`, `touch ${folder}/3`, `touch ${folder}/4`]
  const asked = scripts.map((script, i) =>
    pool.run(lane, { script, keep: 9, signal: abort.signal, row: { row: 8, behind: i > 0, allow: [0], stop } }),
  )
  while (!existsSync(`${folder}/2`)) await pool.run({}, { script: 'sleep 0.02', keep: 9 })
  abort.abort(new RangeError('it is to end'))
  assert.equal(await settled(asked), [' 0', 'RangeError', 'NotBegun', 'NotBegun'])
  assert.equal(
    ['3', '4'].filter((name) => existsSync(`${folder}/${name}`)),
    [],
  )
  await pool.end()
  await link.close()
})

test('a row goes no further when it is to stop, and what runs goes on to its end', async () => {
  const folder = emptyDirectory()
  const link = localLink('here')
  const told = new Promise<void>((resolve) => {
    const start = link.start.bind(link)
    link.start = async (command, how) => {
      const program = await start(command, how)
      if (command.includes('USR2') && how?.urgent) void program.exited.then(() => resolve())
      return program
    }
  })
  const pool = new Pool(link, undefined, new Gate())
  const stop = new AbortController()
  const lane = {}
  const scripts = [
    `touch ${folder}/1; until [ -e ${folder}/go ]; do sleep 0.02; done; echo one`,
    `touch ${folder}/2`,
    `touch ${folder}/3`,
  ]
  const asked = scripts.map((script, i) =>
    pool.run(lane, { script, keep: 100, row: { row: 9, behind: i > 0, allow: [0], stop: stop.signal } }),
  )
  while (!existsSync(`${folder}/1`)) await pool.run({}, { script: 'sleep 0.02', keep: 9 })
  stop.abort()
  await told
  writeFileSync(`${folder}/go`, '')
  assert.equal(await settled(asked), ['one 0', 'NotBegun', 'NotBegun'])
  assert.equal(
    ['2', '3'].filter((name) => existsSync(`${folder}/${name}`)),
    [],
  )
  await pool.end()
  await link.close()
})

test.run()
