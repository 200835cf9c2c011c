import { rmSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Keeper } from '../../../lib/commands/undo/keep.ts'
import { type Entry, latest } from '../../../lib/commands/undo/manifest.ts'
import { putBack } from '../../../lib/commands/undo/put-back.ts'
import { emptyDirectory, here } from '../../rig/here.ts'

const test = suite('what is kept for an undo')

test('of a change in which the run was killed it is known what was there, and what is not known is said', async () => {
  const [connection, dir, run] = [here(), emptyDirectory(), `killed-${process.pid}`]
  const file = `${dir}/a`
  writeFileSync(file, 'old')
  const notes: Entry[] = []
  const look = `printf 'hall\\tlit\\n'`
  const plan = { result: null, changed: true, replaces: [{ file }, { what: 'lamps', many: true, look, back: ':' }] }
  const about = { path: { task: 'T' }, host: 'here', on: 'here', operation: { name: 'lamps' }, plan, connection }
  try {
    await new Keeper(run, (line) => notes.push(line)).save(about as never)
    writeFileSync(file, 'half')
    const [entry] = latest(notes)
    assert.is(entry!.not, 'the run was killed while it changed the lamps')
    assert.is(entry!.kept.length, 1)
    const undo = (force: boolean) => putBack({ ...entry!.kept[0], force } as never)
    const refused = await undo(false)
      .prepare(connection)
      .catch((error: Error) => error.message)
    assert.match(refused as string, /which was killed while it changed it: before the run it was a file of 3 bytes/)
    const prepared = await undo(true).prepare(connection)
    await prepared.apply(connection)
    assert.is((await connection.read(file))!.toString(), 'old')
  } finally {
    for (const at of ['/var/lib/switchover/undo', `${process.env.HOME}/.switchover-undo`])
      rmSync(`${at}/${run}`, { recursive: true, force: true })
  }
})

test.run()
