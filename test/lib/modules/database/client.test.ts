import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Advice, type Reader } from '../../../../lib/model/operation.ts'
import { clientError } from '../../../../lib/modules/database/client.ts'

const test = suite('errors of database clients')
const connection = { host: { name: 'node-1' } } as unknown as Reader

// As MySQL 5.5 to 8.0 and MariaDB 5.5 to 11 have it, before the words or behind them.
for (const said of [
  'ERROR 2013 (HY000) at line 7: Lost connection to MySQL server during query',
  'mysqldump: Error 2013: Lost connection to MySQL server during query when dumping table `images` at row: 0',
  "mysqldump: Couldn't execute 'show create table `a`': Lost connection to server during query (2013)",
  "mysqldump: Couldn't execute 'SET SQL_QUOTE_SHOW_CREATE=1': Server has gone away (2006)",
])
  test(`a server that broke off is told with what to do: ${said}`, () => {
    const error = clientError(connection, 'mysqldump', { code: 2, stdout: '', stderr: said })
    assert.instance(error, Advice)
    assert.match(error.message, 'the database server of node-1 broke off')
    assert.match((error as Advice).hint, 'look at its log on node-1')
  })

test.run()
