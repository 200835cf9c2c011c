import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ini } from '../../../lib/modules/index.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { applied, failure, planOf } from './applied.ts'

for (const shell of shells) {
  const test = suite(`ini under ${shell.name}`)
  const fresh = (text?: string) => {
    const path = join(emptyDirectory(), 'nova.conf')
    if (text !== undefined) writeFileSync(path, text, { mode: 0o640 })
    return { path, connection: here({ shell }), text: () => readFileSync(path, 'latin1') }
  }

  test('sets, adds, removes and leaves the rest', async () => {
    const { path, connection, text } = fresh('# nova\n[DEFAULT]\nverbose = True\nrabbit_port=5672\ndebug = False\n')
    const run = await applied(connection, () =>
      ini.set(path, {
        DEFAULT: { verbose: false, rabbit_port: null, workers: 4 },
        upgrade_levels: { compute: 'icehouse-compat' },
      }),
    )
    assert.match(text(), /^# nova\n\[DEFAULT\]\nverbose = False\ndebug = False\nworkers = 4\n/)
    assert.match(text(), /\[upgrade_levels\]\ncompute = icehouse-compat\n/)
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(run.diff[0]!.after, text())
    assert.is((statSync(path).mode & 0o777).toString(8), '640')
    const unpinned = await applied(connection, () => ini.absent(path, 'upgrade_levels'))
    assert.not.match(text(), 'upgrade_levels')
    assert.match(unpinned.diff[0]!.before, 'icehouse-compat')
  })

  test('a list is a multi-valued key', async () => {
    const { path, connection } = fresh('[DEFAULT]\n')
    await applied(connection, () => ini.set(path, { DEFAULT: { driver: ['a', 'b'] } }))
    assert.equal((await planOf(connection, ini.get(path, 'DEFAULT', 'driver'))).result, ['a', 'b'])
    assert.is((await planOf(connection, ini.set(path, { DEFAULT: { driver: ['b', 'a'] } }))).changed, false)
    await applied(connection, () => ini.set(path, { DEFAULT: { driver: [] } }))
    assert.equal((await planOf(connection, ini.get(path, 'DEFAULT', 'driver'))).result, [])
  })

  test('neither the new secret nor the one it replaces is shown', async () => {
    const { path, connection, text } = fresh(
      '[DEFAULT]\nadmin_token = veryold\nrabbit_password = oldrabbit\n' +
        'other_password = unknown-to-us\n[database]\nconnection = mysql://nova:olddb@10.0.0.1/nova\n',
    )
    const db = Secret.of('newdb-secret', 'database password')
    const rabbit = Secret.of('newrabbit', 'rabbit password')
    const run = await applied(connection, () =>
      ini.set(path, {
        DEFAULT: { rabbit_password: rabbit, admin_token: null },
        database: { connection: masked`mysql://nova:${db}@10.0.0.2/nova` },
      }),
    )
    assert.equal(run.diff, [
      {
        path,
        before:
          '[DEFAULT]\nadmin_token = ‹masked, before›\nrabbit_password = ‹rabbit_password before›\n' +
          'other_password = ‹masked›\n[database]\nconnection = ‹connection before›\n',
        after:
          '[DEFAULT]\nrabbit_password = ‹rabbit password›\n' +
          'other_password = ‹masked›\n[database]\nconnection = mysql://nova:‹database password›@10.0.0.2/nova\n',
      },
    ])
    assert.match(text(), 'connection = mysql://nova:newdb-secret@10.0.0.2/nova')
    assert.match(text(), 'other_password = unknown-to-us')
    assert.not.match(connection.scripts.join(), /newdb|newrabbit/)
  })

  test('a secret that stays is shown alike on both sides', async () => {
    const { path, connection } = fresh('[DEFAULT]\nkey_of = samesecret\nhost = a\n')
    const run = await applied(connection, () =>
      ini.set(path, { DEFAULT: { key_of: Secret.of('samesecret', 'k'), host: 'b' } }),
    )
    assert.equal(run.diff, [
      { path, before: '[DEFAULT]\nkey_of = ‹k›\nhost = a\n', after: '[DEFAULT]\nkey_of = ‹k›\nhost = b\n' },
    ])
  })

  test('a missing file is an error unless it may be made, and then nobody else can read its secrets', async () => {
    const { path, connection } = fresh()
    assert.match(await failure(connection, ini.set(path, { a: { b: 'c' } })), 'cannot be edited: there is no such file')
    assert.match(await failure(connection, ini.get(path, 'a', 'b')), 'there is no such file')
    await applied(connection, () => ini.set(path, { a: { b: Secret.of('sesame!', 'b') } }, { create: true }))
    assert.is((statSync(path).mode & 0o777).toString(8), '600')
  })

  test('bytes that are not UTF-8, a byte order mark and line ends stay', async () => {
    const latin = fresh()
    writeFileSync(latin.path, Buffer.from('[DEFAULT]\r\n# gr\xfc\xdfe\r\na = 1\r\n', 'latin1'))
    await applied(latin.connection, () => ini.set(latin.path, { DEFAULT: { a: '2' } }))
    assert.is(latin.text(), '[DEFAULT]\r\n# gr\xfc\xdfe\r\na = 2\r\n')
    const marked = fresh('\ufeff[DEFAULT]\na = 1\n')
    await applied(marked.connection, () => ini.set(marked.path, { DEFAULT: { a: 'ä' } }))
    assert.is(readFileSync(marked.path, 'utf8'), '\ufeff[DEFAULT]\na = ä\n')
    const both = fresh()
    writeFileSync(both.path, Buffer.from('\xef\xbb\xbf[DEFAULT]\n# gr\xfc\xdfe\na = 1\n', 'latin1'))
    await applied(both.connection, () => ini.set(both.path, { DEFAULT: { b: '2' } }))
    assert.is(readFileSync(both.path, 'latin1'), '\xef\xbb\xbf[DEFAULT]\n# gr\xfc\xdfe\na = 1\nb = 2\n')
  })

  test('a broken file is left alone, and the error names the line', async () => {
    const { path, connection, text } = fresh('[DEFAULT\na = 1\n')
    assert.match(await failure(connection, ini.set(path, { DEFAULT: { a: '2' } })), 'nova.conf')
    assert.is(text(), '[DEFAULT\na = 1\n')
  })

  test.run()
}
