import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { database } from '../../../lib/modules/index.ts'
import { Advice, type Operation, type Value } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { needs } from '../../rig/needs.ts'
import { shells } from '../../rig/here.ts'
import { type Mariadb, sql, startMariadb } from '../../rig/mariadb.ts'
import { applied, planOf } from './applied.ts'
import { databaseHost } from './database-hosts.ts'

needs('mariadbd')

interface Server {
  server: Mariadb & { readonly port: number }
}
const test = suite<Server>('database.rows and database.rewrite')
const word = `p"w'#\\ Ж`
const password = Secret.of(word, 'nova database password')

test.before(async (context) => {
  const server = await startMariadb({ tcp: true })
  context.server = server as Server['server']
  sql(
    server,
    `CREATE DATABASE nova DEFAULT CHARACTER SET latin1; CREATE USER 'nova'@'127.0.0.1' IDENTIFIED BY '${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'; GRANT ALL ON nova.* TO 'nova'@'127.0.0.1'`,
  )
})
test.after(async ({ server }) => {
  await server.stop()
})
test.before.each(({ server }) => {
  sql(
    server,
    `DROP TABLE IF EXISTS mapping; CREATE TABLE mapping (id BIGINT NOT NULL PRIMARY KEY, host VARCHAR(99), info TEXT, raw BLOB, at DATETIME, price DECIMAL(20,2), ratio FLOAT) ENGINE=InnoDB DEFAULT CHARSET=utf8;
    INSERT INTO mapping VALUES (1, 'Узел «один»', '{"portal": "10.0.0.4:3260", "auth": "chap-secret-1"}', x'00FF', '2014-04-17 12:00:00', 12.50, 0.1),
      (2, NULL, NULL, 'text', NULL, NULL, NULL), (9007199254740993, 'it''s', '{"portal": "10.0.0.4:3260", "auth": "chap-secret-2"}', '', '2014-04-17 12:00:00', 1, 0.3),
      (4, 'other', '{"portal": "10.9.9.9:3260", "auth": "chap-secret-3"}', NULL, NULL, NULL, NULL)`,
    'nova',
  )
})

const fresh = ({ server }: Server) => {
  const connection = databaseHost('node-5', server, shells[0]!)
  const login = { user: 'nova', password, database: 'nova', port: server.port }
  const save = join(connection.dir, "it's/rows.jsonl")
  const ask = async (text: string, parameters?: readonly (string | number | null)[]) =>
    (await planOf(connection, database.rows(login, text, parameters))).result
  const moved = (more: Partial<database.RewriteOptions> = {}) =>
    database.rewrite({
      login,
      table: 'mapping',
      key: 'id',
      columns: ['info'],
      where: 'info IS NOT NULL',
      save,
      change: (row) => ({ info: String(row['info']).replace('10.0.0.4', '10.0.0.5') }),
      show: (value) => /10\.[\d.]+/.exec(String(value))?.[0] ?? '',
      ...more,
    })
  const error = async (operation: Operation<Value>) => {
    const thrown = await operation
      .prepare(connection)
      .then((plan) => plan.apply(connection))
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    assert.instance(thrown, Error)
    return thrown as Advice
  }
  return {
    connection,
    login,
    save,
    ask,
    moved,
    error,
    count: (where: string) => sql(server, `SELECT COUNT(*) FROM mapping WHERE ${where}`, 'nova').trim(),
  }
}

test('rows take parameters and give what the columns hold', async (context) => {
  const { ask } = fresh(context)
  assert.equal(await ask('SELECT * FROM mapping WHERE id = ?', [1]), [
    {
      id: 1,
      host: 'Узел «один»',
      info: '{"portal": "10.0.0.4:3260", "auth": "chap-secret-1"}',
      raw: '0x00FF',
      at: '2014-04-17 12:00:00',
      price: '12.50',
      ratio: 0.1,
    },
  ])
  assert.equal(
    await ask('SELECT id, host, raw FROM mapping WHERE host <=> ? OR host = ? ORDER BY id', [null, "it's"]),
    [
      { id: 2, host: null, raw: 'text' },
      { id: '9007199254740993', host: "it's", raw: '' },
    ],
  )
  assert.equal(await ask('SELECT COUNT(*) AS n FROM mapping WHERE host IN (?, ?)', ["' OR 1=1 --", 'Узел «один»']), [
    { n: 1 },
  ])
})

test('rewrite changes what must be changed, keeps what was, and shows no secret', async (context) => {
  const { connection, moved, save, count } = fresh(context)
  const { result, diff } = await applied(connection, () => moved())
  assert.equal(result, { table: 'mapping', changed: 2, looked: 3 })
  assert.equal(diff, [
    { path: 'nova.mapping 1', before: 'info: 10.0.0.4\n', after: 'info: 10.0.0.5\n' },
    { path: 'nova.mapping 9007199254740993', before: 'info: 10.0.0.4\n', after: 'info: 10.0.0.5\n' },
  ])
  assert.not.match(JSON.stringify(diff), 'chap-secret')
  assert.is(count("info LIKE '%10.0.0.5:3260%'"), '2')
  assert.is((statSync(save).mode & 0o777).toString(8), '600')
  const kept = readFileSync(save, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: unknown; before: { info: string } })
  assert.equal(
    kept.map(({ key }) => key),
    [1, '9007199254740993'],
  )
  assert.is(kept[0]!.before.info, '{"portal": "10.0.0.4:3260", "auth": "chap-secret-1"}')
  // A second change is appended, since the first save shows the beginning.
  await applied(connection, () =>
    moved({ change: (row) => ({ info: String(row['info']).replace('10.0.0.5', '10.0.0.6') }) }),
  )
  assert.is(readFileSync(save, 'utf8').trim().split('\n').length, 4)
})

test('rewrite writes Cyrillic, quotes, NULL and numbers as they are', async (context) => {
  const { connection, moved, ask } = fresh(context)
  const text = `«Ж» it's "so" \\ \n\t%`
  await applied(connection, () =>
    moved({
      columns: ['host', 'info', 'price'],
      where: 'id = ?',
      parameters: [1],
      change: () => ({ host: text, info: null, price: '7.25' }),
    }),
  )
  assert.equal(await ask('SELECT host, info, price FROM mapping WHERE id = 1'), [
    { host: text, info: null, price: '7.25' },
  ])
  await applied(connection, () => moved({ columns: ['info'], where: 'id = 2', change: () => ({ info: '' }) }))
  assert.equal(await ask('SELECT info FROM mapping WHERE id = 2'), [{ info: '' }])
})

test('letters of four bytes are read, compared and written as they are', async (context) => {
  const { server } = context
  sql(
    server,
    `DROP TABLE IF EXISTS moods; CREATE TABLE moods (id INT PRIMARY KEY, mood VARCHAR(20), plain VARCHAR(20) CHARACTER SET utf8)
      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
    INSERT INTO moods VALUES (1, CONVERT(x'F09F9880C3BC' USING utf8mb4), 'x'), (2, 'y', 'Ж')`,
    'nova',
  )
  const { connection, ask, moved } = fresh(context)
  assert.equal(await ask('SELECT id, mood FROM moods WHERE mood = ?', ['😀ü']), [{ id: 1, mood: '😀ü' }])
  assert.equal(await ask('SELECT id FROM moods WHERE plain = ?', ['Ж']), [{ id: 2 }])
  const change = (row: database.Row) => {
    if (row['mood'] === '😀ü') return { mood: '😀ü!' }
    return row['mood'] === 'y' ? { mood: 'y😀' } : undefined
  }
  const { result } = await applied(connection, () =>
    moved({ table: 'moods', columns: ['mood', 'plain'], where: '1 = 1', change }),
  )
  assert.is(result.changed, 2)
  assert.is(
    sql(server, 'SELECT HEX(mood), HEX(plain) FROM moods ORDER BY id', 'nova').trim(),
    'F09F9880C3BC21\t78\n79F09F9880\tD096',
  )
})

test('rewrite refuses when a row changed meanwhile, and changes none', async (context) => {
  const { connection, moved, count } = fresh(context)
  const plan = await moved().prepare(connection)
  sql(context.server, "UPDATE mapping SET info = 'else' WHERE id = 9007199254740993", 'nova')
  const thrown = await plan.apply(connection).then(
    () => undefined,
    (reason: unknown) => reason as Advice,
  )
  assert.equal(
    [thrown?.message, thrown?.hint],
    [
      'nova.mapping 9007199254740993 changed while it was being rewritten, and nothing was',
      'stop the service that writes it, then run this task again',
    ],
  )
  assert.equal([count("info LIKE '%10.0.0.5%'"), count("info = 'else'")], ['0', '1'])
})

test('rewrite that the server refuses changes none, and its error has no values in it', async (context) => {
  const { moved, error, count } = fresh(context)
  sql(context.server, 'ALTER TABLE mapping MODIFY host VARCHAR(99) NOT NULL', 'nova')
  const thrown = await error(
    moved({
      columns: ['host', 'info'],
      where: 'id IN (1, 4)',
      change: (row) => (row['id'] === 4 ? { host: null } : { host: 'chap-secret-9' }),
    }),
  )
  assert.is(thrown.message, "Column 'host' cannot be null (ER_BAD_NULL_ERROR)")
  assert.match(
    (await error(moved({ columns: ['host'], where: 'id = 1', change: () => ({ host: 'chap-secret'.repeat(10) }) })))
      .message,
    "Data too long for column 'host'",
  )
  assert.is(count("host LIKE 'chap-secret%'"), '0')
  assert.not.match(JSON.stringify({ ...thrown }) + thrown.stack, 'chap-secret')
  assert.is((await error(moved({ table: 'nosuch' }))).message, "Table 'nova.nosuch' doesn't exist (ER_NO_SUCH_TABLE)")
})

test('a wrong password, a server that is down and one that is none say what to do', async (context) => {
  const { login, error } = fresh(context)
  const one = (more: object) => error(database.rows({ ...login, ...more }, 'SELECT 1'))
  const { port } = context.server
  const refused = await one({ password: Secret.of('not-the-password', 'wrong password') })
  assert.match(
    refused.message,
    `the database server at 127.0.0.1:${port} of node-5 refuses the login of nova: Access denied for user 'nova'@'127.0.0.1' (using password: YES)`,
  )
  assert.is(refused.hint, 'check the database password of nova for node-5 in the inventory')
  assert.match((await one({ database: 'mysql' })).message, 'refuses the login of nova: Access denied for user')
  const other = createServer((socket) => {
    socket.resume().end('SSH-2.0-OpenSSH_5.3\r\n')
  })
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve)
  })
  const wrong = (other.address() as AddressInfo).port
  assert.match(
    (await one({ port: wrong })).message,
    `no session with the database server at 127.0.0.1:${wrong} of node-5: `,
  )
  await new Promise((resolve) => {
    other.close(resolve)
  })
  const down = await one({ port: wrong })
  assert.match(down.message, `the database server at 127.0.0.1:${wrong} of node-5 does not answer: `)
  assert.is(down.hint, 'start it on node-5: service mysqld start')
})

test('a session that the server ends is an error of the task and not of the run', async (context) => {
  const { connection, login } = fresh(context)
  const asking = database
    .rows(login, 'SELECT SLEEP(60)')
    .prepare(connection)
    .then(
      () => undefined,
      (reason: unknown) => reason as Advice,
    )
  let id = ''
  while (id === '') {
    await new Promise(setImmediate)
    id = sql(
      context.server,
      "SELECT id FROM information_schema.processlist WHERE user = 'nova' AND info LIKE 'SELECT SLEEP%'",
    ).trim()
  }
  sql(context.server, `KILL ${id}`)
  const thrown = await asking
  assert.instance(thrown, Advice)
  assert.match(thrown!.message, `the database server at 127.0.0.1:${context.server.port} of node-5 broke off: `)
})

test.run()
