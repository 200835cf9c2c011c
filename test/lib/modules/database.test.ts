import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { database } from '../../../lib/modules/index.ts'
import { clientScript } from '../../../lib/modules/database/client.ts'
import { Advice, type Operation, Outdated, type Prepared, type Value } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { needs } from '../../rig/needs.ts'
import { shells } from '../../rig/here.ts'
import { type Mariadb, startMariadb } from '../../rig/mariadb.ts'
import { applied, failure, planOf } from './applied.ts'
import { acquainted, type DatabaseHost, databaseHost, traces } from './database-hosts.ts'

needs('mariadbd')

const utf8 = { charset: 'utf8', collation: 'utf8_general_ci' } as const
const servers: { source?: Mariadb; target?: Mariadb } = {}

const first = suite('database servers')
first('a server of the release before and one of the next', async () => {
  ;[servers.source, servers.target] = await Promise.all([startMariadb(), startMariadb()])
  assert.ok(existsSync(servers.source.socket) && existsSync(servers.target.socket))
})
first.run()

// Texts that go wrong in the ways that texts go wrong: Cyrillic, cp1252's own bytes, quotes, a newline, a backslash.
const cyrillic = 'Образ диска'
const western = 'Café – 10 €'
const tables = `
  CREATE TABLE images (id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(255), size BIGINT, raw BLOB) ENGINE=InnoDB DEFAULT CHARSET=latin1;
  CREATE TABLE image_locations (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, image_id VARCHAR(36) NOT NULL, value TEXT NOT NULL,
    CONSTRAINT locations_image FOREIGN KEY (image_id) REFERENCES images (id) ON DELETE CASCADE) ENGINE=InnoDB DEFAULT CHARSET=latin1;
  CREATE TABLE image_tags (image_id VARCHAR(36) NOT NULL, parent VARCHAR(36), value VARCHAR(255) NOT NULL, PRIMARY KEY (image_id, value),
    CONSTRAINT tags_image FOREIGN KEY (image_id) REFERENCES images (id)) ENGINE=InnoDB DEFAULT CHARSET=latin1;
  INSERT INTO images VALUES ('a-1', '${western}', 9007199254740993, x'00FF80'), ('a-2', 'it''s "so" \\\\ it\\nis', NULL, NULL), ('a-3', NULL, 0, '');
  INSERT INTO image_locations (image_id, value) VALUES ('a-1', 'file:///var/lib/glance/images/a-1'), ('a-2', 'file:///b');
  INSERT INTO image_tags VALUES ('a-1', NULL, 'one'), ('a-1', NULL, 'two');
  CREATE TRIGGER images_named BEFORE INSERT ON images FOR EACH ROW SET NEW.size = IFNULL(NEW.size, 0);
  CREATE VIEW named AS SELECT id FROM images WHERE name IS NOT NULL;`
// As Havana's services do it: UTF-8 bytes over a latin1 connection.
const cyrillicRow = "SET NAMES latin1; INSERT INTO images (id, name, size) VALUES ('a-4', '" + cyrillic + "', 1)"

let count = 0

for (const shell of shells) {
  const test = suite(`database under ${shell.name}`)
  /** For what is decided by SQL and not by a shell. */
  const once = (name: string, body: () => Promise<void>) => {
    if (shell === shells[0]) test(name, body)
  }

  /** A database on the source, none on the target, and where the dumps go. */
  const fresh = (content = tables) => {
    const name = `glance_${++count}`
    const source = databaseHost('node-1', servers.source!, shell)
    const target = databaseHost('node-5', servers.target!, shell)
    acquainted(target, source)
    source.sql(`CREATE DATABASE ${name} DEFAULT CHARACTER SET latin1`)
    source.sql(content, name)
    source.sql(cyrillicRow, name)
    const to = join(target.dir, 'backups', `${name}.sql`)
    const saved = join(target.dir, 'backups', 'target', `${name}.sql`)
    const replacement = { database: name, dump: to, saved, ...utf8 }
    return {
      name,
      source,
      target,
      to,
      saved,
      replacement,
      dump: () => apply(target, database.dump({ database: name, from: { name: 'node-1' }, to })),
      replace: () => apply(target, database.replace(replacement)),
      convert: () => apply(target, database.convert({ database: name, ...utf8 })),
      migrate: (...commands: string[]) => apply(target, database.migrate({ database: name, commands })),
      stage: async () => (await planOf(target, database.standing(name))).result.stage,
    }
  }
  async function apply<R extends Value>(host: DatabaseHost, operation: Operation<R>): Promise<R> {
    const prepared = await operation.prepare(host)
    return prepared.changed ? ((await prepared.apply(host)) ?? prepared.result) : prepared.result
  }
  const listed = (path: string) => (existsSync(join(path, '..')) ? readdirSync(join(path, '..')) : [])
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

  test('dump streams a whole database into a file of another host, and again gives the same bytes', async () => {
    const { name, target, to, dump } = fresh()
    const result = await dump()
    const bytes = readFileSync(to)
    assert.equal(result, { path: to, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    assert.match(bytes.toString('latin1').slice(-200), /-- Dump completed\n$/)
    for (const part of ['CREATE TABLE `image_locations`', 'TRIGGER images_named', 'VIEW `named`', '0x00FF80'])
      assert.match(bytes.toString(), part)
    assert.is(mode(to), '600')
    assert.is(mode(join(to, '..')), '700')
    assert.equal(listed(to), [`${name}.sql`])
    assert.equal((await dump()).sha256, result.sha256)
    const plan = await planOf(target, database.dump({ database: name, to }))
    assert.is(plan.changed, true)
    assert.is(plan.unpredictable, true)
  })

  test('fingerprint is the sum of the dump as long as no row changes, and reopen lets it be imported anew', async () => {
    const { name, source, target, dump, replace, convert, migrate, stage } = fresh()
    const { sha256 } = await dump()
    await replace()
    await convert()
    await migrate('true')
    const now = async () => (await planOf(source, database.fingerprint(name))).result
    assert.is((await planOf(target, database.standing(name))).result.dump, sha256)
    assert.is(await now(), sha256)
    source.sql("UPDATE image_tags SET value = 'three' WHERE value = 'two'", name)
    assert.is.not(await now(), sha256)
    assert.match(await failure(source, database.fingerprint('nothing_there')), /no database nothing_there/)
    const { result } = await applied(target, () => database.reopen(name))
    assert.is(result, 'importing')
    assert.is(await stage(), 'importing')
    await dump()
    await replace()
    assert.match(target.sql('SELECT value FROM image_tags', name), 'three')
    assert.equal((await planOf(target, database.reopen('never_replaced'))).changed, false)
    assert.equal((await planOf(target, database.stages(['never_replaced', name]))).result, {
      never_replaced: 'untouched',
      [name]: 'imported',
    })
  })

  test('an import that fails says where, and shows nothing of the data', async () => {
    const { target, to, saved, replacement } = fresh()
    for (const path of [to, saved]) mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(
      to,
      'CREATE TABLE volumes (id INT PRIMARY KEY, auth TEXT);\n' +
        "INSERT INTO volumes VALUES (1, 'CHAP user geheim'), (2 'CHAP user geheim');\n-- Dump completed\n",
    )
    const said = await failure(target, database.replace(replacement))
    assert.match(said, /ERROR 1064 \(42000\) at line 2: .* near something at line 1/)
    assert.not.match(said, 'geheim')
    writeFileSync(
      to,
      'CREATE TABLE volumes (id INT PRIMARY KEY, auth TEXT);\n' +
        "INSERT INTO volumes VALUES (1, 'CHAP user geheim'),\n(1, '--------------\n');\n-- Dump completed\n",
    )
    const twice = await failure(target, database.replace(replacement))
    assert.match(twice, /ERROR 1062 \(23000\) at line 2: Duplicate entry '1' for key 'PRIMARY'/)
    assert.not.match(twice, 'geheim')
  })

  test('dump keeps a complete dump when told, and replaces a broken one', async () => {
    const { name, source } = fresh()
    const to = join(source.dir, 'kept.sql')
    const keep = () => database.dump({ database: name, to, keep: true })
    writeFileSync(to, '-- half a dump\n', { mode: 0o644 })
    const { result } = await applied(source, keep)
    source.sql('DELETE FROM image_tags', name)
    assert.is(mode(to), '600')
    const again = await planOf(source, keep())
    assert.equal([again.changed, again.result], [false, { path: to, bytes: result.bytes, sha256: '' }])
    assert.match(readFileSync(to, 'utf8'), 'image_tags` VALUES')
  })

  test('letters of four bytes arrive from a host whose client asks for utf8 unless told, as those of 5.5 to 5.7 do', async () => {
    const { name, source, target, dump, replace } = fresh()
    source.sql(
      "SET NAMES utf8mb4; CREATE TABLE cats (name VARCHAR(9)) CHARSET utf8mb4; INSERT INTO cats VALUES ('😺é')",
      name,
    )
    source.mysqldump(`case "$*" in
      *--version*) echo 'mysqldump  Ver 10.13 Distrib 5.5.62, for Linux (x86_64)'; cat >/dev/null ;;
      *--default-character-set=*) real "$@" ;;
      *) real "$@" --default-character-set=utf8 ;;
    esac`)
    await dump()
    await replace()
    assert.is(target.sql('SELECT HEX(name) FROM cats', name).trim(), 'F09F98BAC3A9')
    const login = { user: 'root', password: Secret.of('', 'root password') }
    const { result } = await planOf(source, database.fingerprint(name, login))
    assert.is(result, (await planOf(source, database.fingerprint(name))).result)
  })

  test('the pace of a dump is that of the beginning of a table, and nothing is kept of it', async () => {
    const { name, source, target, to } = fresh()
    source.sql("CREATE TABLE many AS SELECT seq AS id, REPEAT('x', 200) AS text FROM seq_1_to_20000", name)
    const from = { name: 'node-1' }
    const of = async (more: object) =>
      (await planOf(target, database.pace({ from, database: name, table: 'many', ...more }))).result
    const whole = await of({})
    assert.ok(whole.bytes > 20_000 * 200 && whole.bytes < 20_000 * 250, `${whole.bytes}`)
    assert.ok(whole.seconds > 0)
    assert.is((await of({ most: 100_000 })).bytes, 100_000)
    assert.equal(listed(to), [])
  })

  once('nothing is asked of a client of 5.1 that it does not know', async () => {
    const { source, dump } = fresh()
    source.mysqldump(`case "$*" in
      *--version*) echo 'mysqldump  Ver 10.13 Distrib 5.1.73, for redhat-linux-gnu (x86_64)' ;;
      *utf8mb4*) echo "mysqldump: Character set 'utf8mb4' is not a compiled character set" >&2; exit 2 ;;
      *) real "$@" ;;
    esac`)
    assert.ok((await dump()).bytes > 0)
  })

  test('dump that breaks off in the middle leaves nothing, and what was there stays', async () => {
    const { name, source, target, to, dump } = fresh()
    source.mysqldump(
      `real "$@" | head -c 2000; echo "mysqldump: Error 2013: Lost connection to MySQL server during query when dumping table \\\`images\\\` at row: 0" >&2; exit 3`,
    )
    const operation = database.dump({ database: name, from: { name: 'node-1' }, to })
    assert.match(await failure(target, operation), /^the database server of node-1 broke off: .*Error 2013/s)
    assert.equal(listed(to), [])
    source.mysqldump()
    const { sha256 } = await dump()
    source.mysqldump('real "$@" | head -c 2000; echo oh >&2; exit 3')
    assert.match(await failure(target, operation), /oh \(exit code 3\)$/)
    source.mysqldump('real "$@" | head -c 2000')
    const error = await operation
      .prepare(target)
      .then((prepared) => prepared.apply(target))
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
    assert.instance(error, Advice)
    assert.is((error as Advice).message, `the dump of ${name} on node-1 ends before its closing line`)
    assert.equal(listed(to), [`${name}.sql`])
    assert.is(createHash('sha256').update(readFileSync(to)).digest('hex'), sha256)
  })

  test('dump says what is missing: the database, the login, the client, the room', async () => {
    const { name, source, target, to } = fresh()
    const from = { name: 'node-1' }
    assert.match(
      await failure(target, database.dump({ database: 'nosuch', from, to })),
      /^node-1 has no database nosuch: mysqldump: Got error: 1049/,
    )
    const login = { user: 'root', password: Secret.of('not-the-password', 'root password') }
    const refused = (await planOf(target, database.dump({ database: name, from, to, login }))
      .then((plan) => plan.apply(target))
      .catch((error: Advice) => error)) as Advice
    assert.match(refused.message, /^the database server of node-1 refuses the login: .*1045/)
    assert.is(refused.hint, 'check the database password of root for node-1 in the inventory')
    source.mysqldump('echo "sh: mysqldump: not found" >&2; exit 127')
    assert.match(await failure(target, database.dump({ database: name, from, to })), /^node-1 has no mysql client/)
    source.mysqldump(
      'echo "mysqldump: Got error: 2002: \\"Can\'t connect to local MySQL server through socket\\" when trying to connect" >&2; exit 2',
    )
    assert.match(
      await failure(target, database.dump({ database: name, from, to })),
      /^the database server of node-1 does not answer/,
    )
    source.mysqldump()
    writeFileSync(join(target.dir, 'file'), '')
    const inFile = join(target.dir, 'file', 'x.sql')
    assert.match(
      await failure(target, database.dump({ database: name, from, to: inFile })),
      `cannot write ${inFile}.part on node-5: `,
    )
    assert.equal(listed(to), [])
  })

  test('a password travels neither in arguments nor in a file with a name, whatever stands in it', async () => {
    const { name, source, target, to } = fresh()
    const nasty = [
      `a "quoted" # pass\\word 'x' ; $HOME \`id\``,
      '#1\\\\n',
      "'",
      '"',
      ' blanks at both ends ',
      'Пароль€',
      '\\',
    ].map((text, i) => `${text}keeper${i}`)
    for (const text of nasty) {
      source.sql(
        `CREATE OR REPLACE USER 'keep"er'@'localhost' IDENTIFIED BY '${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'; GRANT ALL ON *.* TO 'keep"er'@'localhost'`,
      )
      const login = { user: 'keep"er', password: Secret.of(text, 'keeper password') }
      const seen = await planOf(source, database.select('SELECT CURRENT_USER()', login))
      assert.equal(seen.result, [['keep"er@localhost']], text)
      // The client itself looks around, at the moment when it has the password.
      source.mysqldump(`case "$*" in *--version*) real "$@"; exit ;; esac
        grep -a -l -F -e ${quoted(text)} /proc/[0-9]*/cmdline $(find ${source.dir} ${target.dir} -type f ! -name mysqldump) > ${source.dir}/seen 2>/dev/null
        cat /dev/fd/3 > ${source.dir}/options; ls -A ${source.dir}/tmp > ${source.dir}/files; real "$@"`)
      await apply(target, database.dump({ database: name, from: { name: 'node-1' }, to, login }))
      assert.match(readFileSync(join(source.dir, 'options'), 'utf8'), '[client]\nuser="keep\\"er"\npassword="')
      // The search is itself a process with the text in its arguments.
      const others = readFileSync(join(source.dir, 'seen'), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.includes('/cmdline'))
      assert.equal(others, [])
      assert.is(readFileSync(join(source.dir, 'files'), 'utf8'), '')
      writeFileSync(join(source.dir, 'options'), '')
      assert.equal(
        traces(text, source.dir).filter((path) => !path.endsWith('/bin/mysqldump')),
        [],
      )
      assert.not.match(source.scripts.join('\n'), text)
    }
  })

  test('nothing of a login is left on the host when its script fails or is killed', async () => {
    const { source } = fresh()
    const login = { user: 'root', password: Secret.of('killed-with-this', 'root password') }
    const failing = clientScript(login, 'ls -A "$TMPDIR" >&2; cat /dev/fd/3; exit 4')
    const ended = await source.exec(failing.script, { stdin: failing.stdin })
    assert.equal([ended.code, ended.stderr], [4, ''])
    assert.match(ended.stdout, 'password="killed-with-this"')
    const waiting = clientScript(login, 'echo here; cat /dev/fd/3 >/dev/null; sleep 600')
    const stream = await source.stream(waiting.script)
    stream.stdin.end((waiting.stdin as Secret).reveal())
    await new Promise((resolve) => {
      stream.stdout.once('data', resolve)
    })
    assert.equal(traces('killed-with-this', source.dir), [])
    stream.kill()
    await stream.ended
    assert.equal(source.temporary(), [])
  })

  test('replace refuses without a dump, with half a dump, and before what is there is saved', async () => {
    const { name, target, to, saved, replace, replacement, dump } = fresh()
    target.sql(
      `CREATE DATABASE ${name}; CREATE TABLE ${name}.precious (id INT); INSERT INTO ${name}.precious VALUES (7)`,
    )
    const refused = async (message: string, hint: string) => {
      const error = await replace().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.instance(error, Advice)
      assert.equal([(error as Advice).message, (error as Advice).hint], [message, hint])
      assert.is(target.sql('SELECT id FROM precious', name), '7\n')
    }
    await refused(`the dump ${to} is missing on node-5`, 'bring it first')
    mkdirSync(join(to, '..'), { recursive: true })
    writeFileSync(to, 'CREATE TABLE half (id INT);\n')
    await refused(`the dump ${to} is incomplete on node-5`, 'bring it first')
    await dump()
    await refused(
      `${name} has not been saved: ${saved} is missing, and nothing is dropped before that`,
      'save it first',
    )
    assert.match(
      await failure(target, database.replace({ ...replacement, hint: 'run it with -t dump' })),
      'has not been saved',
    )
    mkdirSync(join(saved, '..'))
    writeFileSync(saved, '-- half\n')
    await refused(
      `${name} has not been saved: ${saved} is incomplete, and nothing is dropped before that`,
      'save it first',
    )
    const plan = await planOf(target, database.replace(replacement))
    assert.equal(plan.diff, {
      path: `database ${name}`,
      before: '1 tables of the target\n',
      after: `import of ${to}, ${statSync(to).size} bytes\n`,
    })
  })

  test('replace, convert, migrate: the whole way, once', async () => {
    const { name, source, target, saved, replacement, dump, stage } = fresh()
    target.sql(`CREATE DATABASE ${name}; CREATE TABLE ${name}.old (id INT)`)
    await apply(target, database.dump({ database: name, to: saved, keep: true }))
    await dump()
    const replaced = await applied(target, () => database.replace(replacement))
    assert.equal(replaced.result, { database: name, tables: 4 })
    assert.is(replaced.requests.apply, 2, 'the import, and the count of what it brought')
    assert.is(await stage(), 'imported')
    assert.is(
      target
        .sql(`SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = '${name}'`)
        .replace('utf8mb3', 'utf8'),
      'utf8_general_ci\n',
    )
    const before = source.sql('SELECT id, name, HEX(raw), size FROM images ORDER BY id', name)
    assert.is(target.sql('SELECT id, name, HEX(raw), size FROM images ORDER BY id', name), before)

    const converted = await applied(target, () => database.convert({ database: name, ...utf8 }))
    assert.equal(converted.result, { database: name, tables: ['images', 'image_locations', 'image_tags'] })
    assert.is(converted.requests.apply, 1)
    assert.equal(converted.diff[0], {
      path: `${name}.images`,
      before: 'latin1_swedish_ci\n',
      after: 'utf8_general_ci\n',
    })
    assert.is(await stage(), 'converted')
    assert.is(target.sql('SELECT id, name, HEX(raw), size FROM images ORDER BY id', name), before)
    assert.match(before, western)
    // The bytes: € is E2 82 AC in utf8, 80 in latin1; Cyrillic written over a latin1 connection reads right over one.
    assert.match(target.sql("SELECT HEX(name) FROM images WHERE id = 'a-1'", name), /E282AC/)
    assert.is(target.sql("SET NAMES latin1; SELECT name FROM images WHERE id = 'a-4'", name), `${cyrillic}\n`)
    const keys = (host: DatabaseHost) =>
      ['image_locations', 'image_tags'].flatMap(
        (table) => host.sql(`SHOW CREATE TABLE ${table}`, name).match(/CONSTRAINT[^\\]*/g) ?? [],
      )
    assert.equal(keys(target), keys(source))
    assert.equal(keys(target), [
      'CONSTRAINT `locations_image` FOREIGN KEY (`image_id`) REFERENCES `images` (`id`) ON DELETE CASCADE',
      'CONSTRAINT `tags_image` FOREIGN KEY (`image_id`) REFERENCES `images` (`id`)',
    ])
    target.sql("DELETE FROM image_tags WHERE image_id = 'a-1'; DELETE FROM images WHERE id = 'a-1'", name)
    assert.is(target.sql('SELECT COUNT(*) FROM image_locations', name), '1\n')
    const facts = (await planOf(target, database.charsets(name))).result
    assert.equal(
      [facts.charset, facts.collation, facts.columns, facts.tables.map(({ charset }) => charset)],
      ['utf8', 'utf8_general_ci', [], ['utf8', 'utf8', 'utf8']],
    )

    const migrated = await applied(target, () =>
      database.migrate({
        database: name,
        commands: [`echo one; echo two >&2`, `mysql ${name} -e 'CREATE TABLE made (id INT)'`],
      }),
    )
    assert.equal(migrated.result, { database: name, output: 'one\ntwo' })
    assert.equal(migrated.requests, { read: 2, apply: 4 })
    assert.is(await stage(), 'migrated')
    target.sql('CREATE TABLE lived_on (id INT)', name)
    await dump()
    for (const again of [
      database.replace(replacement),
      database.migrate({ database: name, commands: ['false'] }),
    ] as Operation<Value>[])
      assert.is((await planOf(target, again)).changed, false)
    assert.equal((await planOf(target, database.standing(name))).result, {
      database: name,
      stage: 'migrated',
      broken: false,
      exists: true,
      tables: 6,
      charset: target
        .sql(`SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = '${name}'`)
        .trim(),
      dump: createHash('sha256').update(readFileSync(replacement.dump)).digest('hex'),
    })
  })

  once('a newer dump is imported anew as long as nothing has been migrated', async () => {
    const { name, source, target, dump, replace, convert, replacement } = fresh()
    await dump()
    await replace()
    await convert()
    await dump()
    assert.is((await planOf(target, database.replace(replacement))).changed, false, 'the same rows are the same dump')
    source.sql("INSERT INTO images (id) VALUES ('a-9')", name)
    await dump()
    const plan = await planOf(target, database.replace(replacement))
    assert.equal([plan.changed, (plan.diff as { before: string }).before], [true, '4 tables of an older dump\n'])
    await replace()
    assert.is(target.sql("SELECT COUNT(*) FROM images WHERE id = 'a-9'", name), '1\n')
  })

  once('what has come to another stage since it was looked at is left alone', async () => {
    const { name, source, target, dump, replace, convert, migrate, replacement, saved } = fresh()
    const stale = async (plan: Prepared<Value>) => {
      const held = target.sql('CHECKSUM TABLE images', name)
      await plan.apply(target).then(
        () => assert.unreachable('it was not asked again'),
        (error: Error) => {
          assert.instance(error, Outdated)
          assert.match(error.message, new RegExp(`^${name} was left alone: it is not \\w+ any more`))
        },
      )
      assert.is(target.sql('CHECKSUM TABLE images', name), held)
    }
    await dump()
    const untouched = await planOf(target, database.replace(replacement))
    await replace()
    await apply(target, database.dump({ database: name, to: saved }))
    await stale(untouched)
    source.sql("INSERT INTO images (id) VALUES ('a-9')", name)
    await dump()
    const older = await planOf(target, database.replace(replacement))
    await replace()
    await stale(older)
    const imported = await planOf(target, database.restore({ database: name, saved, ...utf8 }))
    await convert()
    await migrate(`mysql ${name} -e 'ALTER TABLE images ADD COLUMN more INT'`)
    target.sql(`INSERT INTO images (id) VALUES ('new')`, name)
    await stale(imported)
  })

  for (const [text, when, left] of [
    ['importing', 'before', 'untouched'],
    ['importing', 'after', 'importing'],
    ['imported', 'before', 'importing'],
    ['imported', 'after', 'imported'],
  ] as const) {
    test(`replace killed ${when} it records «${text}» is taken up where that is safe`, async () => {
      const { name, source, target, dump, replace, stage } = fresh()
      await dump()
      target.killAt(`'${text}'`, when)
      await replace().then(
        () => assert.unreachable('it was killed'),
        () => {},
      )
      target.killAt(undefined)
      assert.is(await stage(), left)
      await replace()
      assert.is(await stage(), 'imported')
      assert.is(
        target.sql('CHECKSUM TABLE image_locations', name).split('\t')[1],
        source.sql('CHECKSUM TABLE image_locations', name).split('\t')[1],
      )
    })
  }

  once('an import that fails is an error of the client, and is done anew', async () => {
    const { target, dump, replace, stage, to } = fresh()
    await dump()
    const good = readFileSync(to)
    writeFileSync(
      to,
      `CREATE TABLE broken (id INT) DEFAULT CHARSET=latin1; INSERT INTO nosuch VALUES (1);\n-- Dump completed\n`,
    )
    const message = await replace().then(
      () => '',
      (error: Error) => error.message,
    )
    assert.match(message, /ERROR 1146 \(42S02\) at line 1: Table '.*nosuch' doesn't exist \(exit code 1\)/)
    assert.is(await stage(), 'importing')
    assert.match(
      await failure(target, database.convert({ database: `glance_${count}`, ...utf8 })),
      /^the importing of glance_\d+ broke off/,
    )
    writeFileSync(to, good)
    assert.equal(await replace(), { database: `glance_${count}`, tables: 4 })
  })

  once('convert that breaks off keeps the foreign keys in mind; run again it ends', async () => {
    const { name, target, dump, replace, convert, stage } = fresh()
    await dump()
    await replace()
    // Two names that differ for latin1 with this collation and not for the new one.
    target.sql(
      'ALTER TABLE images ADD UNIQUE (name), MODIFY name VARCHAR(255) CHARACTER SET latin1 COLLATE latin1_bin',
      name,
    )
    target.sql("INSERT INTO images (id, name) VALUES ('b-1', 'same'), ('b-2', 'SAME')", name)
    const message = await convert().then(
      () => '',
      (error: Error) => error.message,
    )
    assert.match(message, /ERROR 1062 .*Duplicate entry 'SAME'/)
    assert.is(await stage(), 'converting')
    const keys = () =>
      target.sql(
        `SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = '${name}' ORDER BY 1`,
      )
    assert.is(keys(), '')
    target.sql("DELETE FROM images WHERE id = 'b-2'", name)
    assert.equal((await convert()).tables, ['images', 'image_locations', 'image_tags'])
    assert.equal([keys(), await stage()], ['locations_image\ntags_image\n', 'converted'])
    assert.is((await planOf(target, database.convert({ database: name, ...utf8 }))).changed, false)
  })

  once('a conversion that was killed is imported anew by the replacement', async () => {
    const { name, target, dump, replace, convert, stage, replacement } = fresh()
    await dump()
    await replace()
    target.sql(
      "UPDATE switchover.stage SET stage = 'converting' WHERE name = '" +
        name +
        "'; ALTER TABLE image_tags DROP FOREIGN KEY tags_image",
      name,
    )
    assert.is((await planOf(target, database.replace(replacement))).changed, true)
    await replace()
    await convert()
    assert.is(await stage(), 'converted')
    assert.is(
      target.sql(`SELECT COUNT(*) FROM information_schema.referential_constraints WHERE constraint_schema = '${name}'`),
      '2\n',
    )
  })

  once('convert refuses where letters would be lost, whatever the server makes of it', async () => {
    const { name, target } = fresh()
    target.sql(
      `CREATE DATABASE ${name} CHARACTER SET utf8mb4;
       SET NAMES utf8mb4; CREATE TABLE ${name}.cats (name VARCHAR(9), said TEXT CHARACTER SET latin1, n INT) CHARSET utf8mb4;
       INSERT INTO ${name}.cats VALUES ('é', 'ü', 1), (NULL, NULL, 2), ('😺', 'x', 3)`,
    )
    const lost = `1 texts of ${name}.cats.name have letters that utf8 has not`
    assert.is(await failure(target, database.convert({ database: name, ...utf8 })), lost)
    const wide = { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' }
    await applied(target, () => database.convert({ database: name, ...wide }))
    target.sql('DELETE FROM cats WHERE n = 3', name)
    await applied(target, () => database.convert({ database: name, ...utf8 }))
    assert.is(target.sql('SET NAMES utf8; SELECT name, said FROM cats', name), 'é\tü\nNULL\tNULL\n')
    assert.match(
      await failure(target, database.convert({ database: name, charset: 'ascii', collation: 'ascii_general_ci' })),
      'have letters that ascii has not',
    )
  })

  once('convert minds columns of another character set, what new tables get, and names of both kinds', async () => {
    const { name, target } = fresh()
    target.sql(`CREATE DATABASE ${name} DEFAULT CHARACTER SET latin1; CREATE TABLE ${name}.t (a VARCHAR(9) CHARACTER SET latin1, b VARCHAR(9)) DEFAULT CHARSET=utf8;
      CREATE TABLE ${name}.n (id INT) DEFAULT CHARSET=utf8; INSERT INTO ${name}.t VALUES ('é', 'Ж')`)
    const facts = (await planOf(target, database.charsets(name))).result
    assert.equal(facts.columns, [{ table: 't', column: 'a', charset: 'latin1', collation: 'latin1_swedish_ci' }])
    assert.is(facts.charset, 'latin1')
    const { result, diff } = await applied(target, () => database.convert({ database: name, ...utf8 }))
    assert.equal(result.tables, ['t'])
    assert.equal(diff[0], { path: `${name} (new tables)`, before: 'latin1_swedish_ci\n', after: 'utf8_general_ci\n' })
    assert.is(target.sql('SELECT * FROM t', name), 'é\tЖ\n')
    assert.is(
      (await planOf(target, database.convert({ database: name, charset: 'utf8mb3', collation: 'utf8mb3_general_ci' })))
        .changed,
      false,
    )
    assert.is(await failure(target, database.convert({ database: 'nosuch', ...utf8 })), 'node-5 has no database nosuch')
  })

  test('migrate that breaks off is an error, and refuses until the dump has been imported anew', async () => {
    const { name, target, dump, replace, convert, migrate, stage } = fresh()
    assert.is(
      await migrate('true').then(
        () => '',
        (error: Error) => error.message,
      ),
      `${name} has not been replaced by the source's, so there is nothing to migrate`,
    )
    await dump()
    await replace()
    await convert()
    const half = `mysql ${name} -e 'ALTER TABLE images ADD COLUMN half INT'`
    const message = await migrate(half, 'echo working; echo "TypeError: no" >&2; exit 1', 'echo never').then(
      () => '',
      (error: Error) => error.message,
    )
    assert.is(message, 'TypeError: no (exit code 1)')
    assert.is(await stage(), 'migrating')
    assert.is((await planOf(target, database.standing(name))).result.broken, true)
    const refused = (await migrate(half).catch((error: Advice) => error)) as Advice
    assert.equal(
      [refused.message, refused.hint],
      [
        `the migrating of ${name} broke off, and half of it is nothing to migrate`,
        'import it anew first: run the tasks from the replacement on',
      ],
    )
    // Killed behind any of these, nobody may believe that what was done before the migration still holds.
    const broken = async () => (await planOf(target, database.standing(name))).result.broken
    await replace()
    assert.is(await broken(), true)
    await convert()
    assert.is(await broken(), true)
    assert.equal(await migrate(half, 'echo done'), { database: name, output: 'done' })
    assert.equal([await stage(), await broken()], ['migrated', false])
    assert.match(target.sql('SHOW CREATE TABLE images', name), /`half` int.*CHARSET=utf8/s)
    assert.match(target.sql('SHOW CREATE TABLE image_tags', name), 'CONSTRAINT `tags_image`')
  })

  test('replace waits for a migration that was begun before, and the next one is another command', async () => {
    const { name, target, dump, replace, convert, stage } = fresh()
    const long: string[] = []
    const heard = Object.create(target, {
      exec: {
        value: (script: string, options?: { readonly long?: boolean }) => {
          if (options?.long) long.push(script)
          return target.exec(script, options)
        },
      },
    }) as DatabaseHost
    const migrate = () => apply(heard, database.migrate({ database: name, commands: ['[ -e "$HOME/mended" ]'] }))
    await dump()
    await replace()
    await convert()
    await migrate().catch(() => {})
    assert.is(await stage(), 'migrating')
    let ended = false
    const going = spawn('mysql', [`--socket=${servers.target!.socket}`, '-u', 'root', name, '-e', 'DO SLEEP(1.5)'])
    going.on('exit', () => {
      ended = true
    })
    while (target.sql(`SELECT COUNT(*) FROM information_schema.processlist WHERE db = '${name}'`) === '0\n');
    await replace()
    assert.ok(ended)
    await convert()
    writeFileSync(join(target.dir, 'mended'), '')
    await migrate()
    assert.is(await stage(), 'migrated')
    assert.is(new Set(long).size, 2)
  })

  once('replace does not drop what is broken when the dump it would import anew is gone', async () => {
    const { name, target, to, dump, replace, migrate } = fresh()
    await dump()
    await replace()
    await migrate('false').catch(() => {})
    writeFileSync(to, '-- half\n')
    assert.is(
      await replace().then(
        () => '',
        (error: Error) => error.message,
      ),
      `the dump ${to} is incomplete on node-5`,
    )
    assert.is(target.sql('SELECT COUNT(*) FROM images', name), '4\n')
  })

  once('what happened since the look is asked for again, and nothing is lost by it', async () => {
    const { name, target, saved, dump, replacement } = fresh()
    await dump()
    const replacing = await planOf(target, database.replace(replacement))
    target.sql(`CREATE DATABASE ${name}; CREATE TABLE ${name}.precious (id INT)`)
    const said = (outcome: Promise<unknown>) => outcome.then(String, (error: Error) => error.message)
    assert.match(await said(replacing.apply(target)), `${name} has not been saved: ${saved} is missing`)
    const dropping = await planOf(target, database.absent({ database: name, saved }))
    target.sql('CREATE TABLE more (id INT)', name)
    assert.match(await said(dropping.apply(target)), `${name} has 2 tables and has not been saved`)
    assert.is(target.sql('SHOW TABLES', name), 'more\nprecious\n')
    await apply(target, database.dump({ database: name, to: saved }))
    await replacing.apply(target)
    const [converting, migrating] = [
      await planOf(target, database.convert({ database: name, ...utf8 })),
      await planOf(target, database.migrate({ database: name, commands: ['true'] })),
    ]
    target.sql(`UPDATE switchover.stage SET stage = 'importing' WHERE name = '${name}'`)
    assert.match(
      await said(converting.apply(target)),
      `the importing of ${name} broke off, and half of it is nothing to`,
    )
    assert.match(
      await said(migrating.apply(target)),
      `the importing of ${name} broke off, and half of it is nothing to`,
    )
    target.sql(`UPDATE switchover.stage SET stage = 'migrated' WHERE name = '${name}'`)
    assert.is(await said(migrating.apply(target)), `${name} has been migrated meanwhile`)
  })

  test('restore puts back what was there and forgets; a restore that was killed never passes for an import', async () => {
    const { name, target, saved, dump, replace, convert, migrate, stage } = fresh()
    const restore = () => database.restore({ database: name, saved, ...utf8 })
    target.sql(`CREATE DATABASE ${name}; CREATE TABLE ${name}.own (id INT); INSERT INTO ${name}.own VALUES (5)`)
    assert.is((await planOf(target, restore())).changed, false)
    await apply(target, database.dump({ database: name, to: saved, keep: true }))
    await dump()
    await replace()
    await convert()
    await migrate('true')
    target.killAt('DELETE FROM `switchover`.`stage`')
    await apply(target, restore()).then(
      () => assert.unreachable('it was killed'),
      () => {},
    )
    target.killAt(undefined)
    assert.is(await stage(), 'importing')
    const { result } = await applied(target, restore)
    assert.equal([result, await stage()], [{ database: name, tables: 1 }, 'untouched'])
    assert.is(target.sql('SELECT id FROM own', name), '5\n')
    await replace()
    writeFileSync(saved, '')
    assert.match(
      await failure(target, restore()),
      `what ${name} was before is not there: ${saved} is incomplete on node-5`,
    )
  })

  once('with the last database that is put back goes the record, unless something else is in it', async () => {
    const [one, other] = [fresh(), fresh()]
    const { target } = one
    const record = () => target.sql("SHOW DATABASES LIKE 'switchover'").trim()
    const back = ({ name, saved }: typeof one) => apply(target, database.restore({ database: name, saved, ...utf8 }))
    target.sql('DROP DATABASE IF EXISTS switchover')
    for (const { name, saved, dump, replace } of [one, other]) {
      target.sql(`CREATE DATABASE ${name}; CREATE TABLE ${name}.own (id INT)`)
      await apply(target, database.dump({ database: name, to: saved }))
      await dump()
      await replace()
    }
    await back(one)
    assert.is(record(), 'switchover')
    target.sql('CREATE TABLE switchover.notes (id INT)')
    await back(other)
    assert.is(record(), 'switchover')
    target.sql('DROP TABLE switchover.notes')
    await one.replace()
    assert.is(await one.stage(), 'imported')
    await back(one)
    assert.is(record(), '')
    assert.equal([await one.stage(), target.sql('SHOW TABLES', one.name)], ['untouched', 'own\n'])
    await one.replace()
    assert.is(await one.stage(), 'imported')
  })

  once('select gives texts with everything in them', async () => {
    const { source } = fresh()
    const { result } = await planOf(
      source,
      database.select(
        `SELECT 'tab\\there', 'two\\nlines', 'back\\\\slash', NULL, 'Ж', "it's" UNION ALL SELECT '', 2, 3, 4, 5, 6`,
      ),
    )
    assert.equal(result, [
      ['tab\there', 'two\nlines', 'back\\slash', 'NULL', 'Ж', "it's"],
      ['', '2', '3', '4', '5', '6'],
    ])
    const smile = "SELECT CONVERT(X'F09F9880C3A9' USING utf8mb4)"
    assert.equal((await planOf(source, database.select(smile))).result, [['😀é']])
    assert.match(await failure(source, database.select('SELECT nothing FROM nowhere.at_all')), /ERROR 1146/)
  })

  once('present makes a database, corrects what new tables get, and leaves tables alone', async () => {
    const { target } = fresh()
    const name = `made_${count}`
    const made = await applied(target, () => database.present({ database: name, ...utf8 }))
    assert.equal(made.result, { database: name, ...utf8 })
    assert.equal(made.diff, [
      { path: `database ${name}`, before: '', after: 'character set: utf8\ncollation: utf8_general_ci\n' },
    ])
    target.sql('CREATE TABLE t (a TEXT)', name)
    await applied(target, () => database.present({ database: name, charset: 'latin1', collation: 'latin1_bin' }))
    assert.equal((await planOf(target, database.charsets(name))).result.tables, [
      { table: 't', charset: 'utf8', collation: 'utf8_general_ci' },
    ])
    assert.is((await planOf(target, database.present({ database: name }))).changed, false)
    const bare = await applied(target, () => database.present({ database: `${name} \`odd\`` }))
    assert.equal(bare.result, { database: `${name} \`odd\``, charset: 'latin1', collation: 'latin1_swedish_ci' })
    assert.match(
      await failure(target, database.present({ database: `${name}x`, charset: 'klingon' })),
      /Unknown character set: 'klingon'/,
    )
    await applied(target, () => database.absent({ database: `${name} \`odd\`` }))
  })

  once('absent drops what is saved or empty, and nothing else', async () => {
    const { name, source } = fresh()
    const saved = join(source.dir, 'saved.sql')
    assert.match(
      await failure(source, database.absent({ database: name })),
      `${name} has 4 tables and has not been saved`,
    )
    assert.match(
      await failure(source, database.absent({ database: name, saved })),
      `has not been saved: there is no complete dump in ${saved}`,
    )
    await apply(source, database.dump({ database: name, to: saved }))
    const { result, diff } = await applied(source, () => database.absent({ database: name, saved }))
    assert.equal(
      [result, diff],
      [{ database: name, tables: 4 }, [{ path: `database ${name}`, before: '4 tables\n', after: '' }]],
    )
    assert.throws(() => database.absent({ database: 'mysql', unsaved: true }), /belongs to the database server itself/)
  })

  test.run()
}

const last = suite('database servers end')
last('they are stopped', async () => {
  await Promise.all([servers.source?.stop(), servers.target?.stop()])
  assert.is(existsSync(servers.source!.socket), false)
})
last.run()

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
