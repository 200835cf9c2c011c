import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { database } from '../../../../lib/modules/index.ts'
import { needs } from '../../../rig/needs.ts'
import { shells } from '../../../rig/here.ts'
import { type Mariadb, sql, startMariadb } from '../../../rig/mariadb.ts'
import { planOf } from '../applied.ts'
import { databaseHost } from '../database-hosts.ts'

needs('mariadbd')

const test = suite('database.connections')
let server: Mariadb
const clients: ChildProcess[] = []

test.before(async () => {
  server = await startMariadb({ tcp: true })
  sql(
    server,
    `CREATE DATABASE cinder; CREATE DATABASE nova_api; CREATE DATABASE other;
    GRANT ALL ON cinder.* TO cinder@'%';
    GRANT ALL ON \`nova\\_api\`.* TO nova@'%';
    GRANT ALL ON other.* TO zabbix@'%';`,
  )
})
test.after(async () => {
  for (const one of clients) one.kill()
  await server.stop()
})

/** A client that stays connected, as a pool of a service does. */
async function connect(user: string, name: string, how: readonly string[]): Promise<ChildProcess> {
  const before = connected()
  const client = spawn('mysql', ['--no-defaults', ...how, `--user=${user}`, ...(name ? [name] : [])])
  clients.push(client)
  for (let i = 0; i < 300 && connected() === before; i++) await new Promise((resolve) => void setTimeout(resolve, 10))
  return client
}
const connected = () => sql(server, "SELECT COUNT(*) FROM information_schema.processlist WHERE user <> 'system user'")
/** As the kernel has it: what the name leads to. */
const name = ({ pid }: ChildProcess) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
const tcp = () => ['--host=127.0.0.1', `--port=${server.port}`]

for (const shell of shells) {
  test(`tells who holds a connection, by process where that is here, under ${shell.name}`, async () => {
    const host = databaseHost('node-1', server, shell)
    const asked = async (...names: string[]) => (await planOf(host, database.connections(names))).result
    assert.equal(await asked('cinder', 'nova_api', 'other'), [])
    const [first, second] = [await connect('cinder', 'cinder', tcp()), await connect('nova', '', tcp())]
    const socket = await connect('root', 'other', [`--socket=${server.socket}`])
    const [one, ...more] = await asked('cinder')
    assert.equal(more, [])
    assert.match(one!.from, /^127\.0\.0\.1:\d+$/)
    assert.equal(
      { ...one, id: 0, from: '' },
      { id: 0, user: 'cinder', database: 'cinder', from: '', pid: first.pid, program: name(first) },
    )
    // Nothing in use yet, by one who may: granted by a pattern.
    const [idle] = await asked('nova_api')
    assert.equal([idle?.user, idle?.database, idle?.pid], ['nova', '', second.pid])
    // By the server's socket, where nobody can tell whose it is.
    assert.equal(
      (await asked('other')).map(({ id, ...rest }) => rest),
      [{ user: 'root', database: 'other', from: 'localhost' }],
    )
    for (const client of [first, second, socket]) {
      client.kill()
      await new Promise((resolve) => void client.once('exit', resolve))
    }
    for (let i = 0; i < 50 && (await asked('cinder', 'nova_api', 'other')).length > 0; i++);
  })
}

test.run()
