import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Connection, operation } from '../../../lib/model/operation.ts'

const test = suite('operation')

/** A host that is one word. */
const hostOf = (word: string) => {
  const host = { word, written: [] as string[] }
  const connection = {
    exec: async () => ({ code: 0, stdout: host.word, stderr: '' }),
    write: async (_path: string, text: string) => void host.written.push(text),
  } as unknown as Connection
  return { ...host, connection }
}

const word = operation<string, string, { readonly text: string }, string>((wanted) => `word ${wanted}`, {
  read: async (connection) => (await connection.exec('cat /word')).stdout,
  plan: (is, wanted) => ({ result: is, ...(is === wanted ? {} : { change: { text: wanted } }) }),
  async apply(connection, { text }) {
    await connection.write('/word', text)
    return text
  },
  judge: (result) => result !== 'same',
})

test('gives its plan for a state without a host', () => {
  assert.equal(word('new').plan('old'), { result: 'old', change: { text: 'new' } })
  assert.equal(word('new').plan('new'), { result: 'new' })
})

test('is changed when there is a change, and carries out just that', async () => {
  const { connection, written } = hostOf('old')
  const prepared = await word('new').prepare(connection)
  assert.equal([prepared.changed, prepared.change, written], [true, { text: 'new' }, []])
  assert.is(await prepared.apply(connection), 'new')
  assert.equal(written, ['new'])
  assert.equal([prepared.judge?.('new'), prepared.judge?.('same')], [true, false])
})

test('has nothing to carry out where all is as wanted', async () => {
  const { connection, written } = hostOf('new')
  const prepared = await word('new').prepare(connection)
  assert.is(prepared.changed, false)
  const error = await prepared.apply(connection).catch((thrown: Error) => thrown.message)
  assert.equal([error, written], ['word new has no change to carry out', []])
})

test.run()
