import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Advice, type Connection, operation } from '../../../lib/model/operation.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'

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

const text = operation<unknown, null, null>(() => 'text', { read: async () => null, plan: () => ({ result: null }) })

test('refuses the label of a secret where its value is meant, wherever it stands', async () => {
  const { connection } = hostOf('old')
  const password = Secret.of('hunter2', 'a password')
  const short = Secret.of('x', 'a short one')
  const meant: readonly unknown[] = [
    `password=${password}`,
    ['a', { b: `${short}` }],
    { [`${password}`]: 1 },
    masked`a ${`b ${password}`}`,
    Secret.of(`b ${password}`, 'a line'),
  ]
  for (const args of meant) {
    const error = await text(args)
      .prepare(connection)
      .catch((thrown: unknown) => thrown)
    assert.instance(error, Advice)
    assert.match((error as Advice).message, /^the label ‹a (password|short one)› would be used in place of the secret/)
    assert.match((error as Advice).hint, 'masked`')
    assert.throws(() => text(args).plan(null), /the label/)
  }
})

test('takes secrets, and texts in which other words stand so', async () => {
  const { connection } = hostOf('old')
  const password = Secret.of('hunter2', 'a password')
  const circle: Record<string, unknown> = {}
  circle['itself'] = circle
  const fine: readonly unknown[] = [
    password,
    [masked`a ${password}`, '‹some other›', 'a password', '‹', '‹a password', 3, null, undefined, () => '‹a password›'],
    circle,
  ]
  for (const args of fine) assert.is((await text(args).prepare(connection)).result, null)
})

test.run()
