import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { database } from '../../../../lib/modules/index.ts'
import type { Operation, Value } from '../../../../lib/model/operation.ts'
import { shells } from '../../../rig/here.ts'
import { type Mariadb, startMariadb } from '../../../rig/mariadb.ts'
import { needs } from '../../../rig/needs.ts'
import { applied, planOf } from '../applied.ts'
import { acquainted, type DatabaseHost, databaseHost } from '../database-hosts.ts'

needs('mariadbd')

const test = suite('database.texts')
const servers: Mariadb[] = []
test.before(async () => {
  // A server as MOS 5.0 sets it up makes every connection of those without SUPER one of utf8.
  servers.push(...(await Promise.all([startMariadb(), startMariadb({ options: ['--init-connect=SET NAMES utf8'] })])))
})
test.after(async () => {
  await Promise.all(servers.map((server) => server.stop()))
})

/** What the services of Havana wrote, over a connection that the server takes for latin1. */
const written = ['Образ «Ночь»', 'Ж', 'abc', '日本語', '']
/** What lies there as what it is, or is no UTF-8 in any reading. */
const others = ['Café – 10 €', 'Größe']

async function apply<R extends Value>(host: DatabaseHost, operation: Operation<R>): Promise<R> {
  const prepared = await operation.prepare(host)
  return prepared.changed ? ((await prepared.apply(host)) ?? prepared.result) : prepared.result
}

test('texts that were written over latin1 are counted on the source, and read right on the target', async () => {
  const source = databaseHost('node-1', servers[0]!, shells[0]!)
  const target = databaseHost('node-5', servers[1]!, shells[0]!)
  acquainted(target, source)
  source.sql('CREATE DATABASE glance DEFAULT CHARACTER SET latin1')
  source.sql(
    `CREATE TABLE images (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), raw BLOB) ENGINE=InnoDB;
    CREATE TABLE tags (name VARCHAR(60) NOT NULL PRIMARY KEY) ENGINE=InnoDB;
    CREATE TABLE tagged (tag VARCHAR(60), FOREIGN KEY (tag) REFERENCES tags (name)) ENGINE=InnoDB;
    SET NAMES utf8;
    INSERT INTO images (name) VALUES ${others.map((one) => `('${one}')`).join(', ')};
    SET NAMES latin1;
    INSERT INTO images (name) VALUES ${written.map((one) => `('${one}')`).join(', ')}, ('Ж');
    INSERT INTO images (raw) VALUES ('Ж');
    INSERT INTO tags VALUES ('снег'); INSERT INTO tagged VALUES ('снег');`,
    'glance',
  )
  const found = (await planOf(source, database.texts('glance'))).result
  assert.equal(found, [
    { table: 'images', column: 'name', doubled: 4, others: 2, sample: found[0]!.sample },
    { table: 'tagged', column: 'tag', doubled: 1, others: 0, sample: 'снег' },
    { table: 'tags', column: 'name', doubled: 1, others: 0, sample: 'снег' },
  ])
  assert.ok(written.includes(found[0]!.sample), found[0]!.sample)

  const to = join(target.dir, 'glance.sql')
  const saved = join(target.dir, 'before.sql')
  const save = join(target.dir, 'rows', 'glance.texts')
  const utf8 = { charset: 'utf8', collation: 'utf8_general_ci' }
  const bring = async () => {
    await apply(target, database.replace({ database: 'glance', dump: to, saved, ...utf8 }))
    await apply(target, database.convert({ database: 'glance', ...utf8 }))
  }
  const names = () =>
    target
      .sql('SET NAMES utf8; SELECT IFNULL(name, HEX(raw)) FROM images ORDER BY id', 'glance')
      .split('\n')
      .slice(0, -1)
  await apply(target, database.dump({ database: 'glance', from: { name: 'node-1' }, to }))
  await bring()
  assert.not.equal(names(), [...others, ...written, 'Ж', 'D096'])
  const { result, diff } = await applied(target, () => database.reread({ database: 'glance', save }))
  assert.equal(result, { database: 'glance', values: 6 })
  assert.is(diff.length, 3)
  assert.equal(names(), [...others, ...written, 'Ж', 'D096'])
  assert.is(target.sql('SET NAMES utf8; SELECT t.name FROM tags t JOIN tagged ON tag = name', 'glance'), 'снег\n')
  // As it was and as it became, for its owner alone.
  assert.is((statSync(save).mode & 0o777).toString(8), '600')
  assert.match(readFileSync(save, 'utf8'), `images\tname\t${Buffer.from('Ð–').toString('hex').toUpperCase()}\tD096\n`)

  // Once: what a user writes after that and only looks doubled stays.
  target.sql("SET NAMES utf8; INSERT INTO images (name) VALUES ('Ã©')", 'glance')
  assert.is((await planOf(target, database.reread({ database: 'glance', save }))).changed, false)
  // An import is another database, with the same texts to read anew.
  target.sql("UPDATE switchover.stage SET stage = 'migrating'")
  await bring()
  assert.equal((await applied(target, () => database.reread({ database: 'glance', save }))).result.values, 6)
  assert.equal(names(), [...others, ...written, 'Ж', 'D096'])
})

test.run()
