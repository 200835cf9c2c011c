import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emptiedAnywhere, holding } from '../../../../lib/kit/links.ts'
import { database } from '../../../../lib/modules/index.ts'
import { Secret } from '../../../../lib/model/secret.ts'
import { typed } from '../typed.ts'

const test = suite('database: what is typed')

const utf8 = { charset: 'utf8', collation: 'utf8_general_ci' } as const
const glance = { database: 'glance', ...utf8 }
const replacement = { ...glance, dump: '/b/glance.sql', saved: "/b/it's saved.sql" }

const stages =
  'CREATE DATABASE IF NOT EXISTS `switchover` DEFAULT CHARACTER SET utf8; ' +
  'CREATE TABLE IF NOT EXISTS `switchover`.`stage` (name VARCHAR(64) NOT NULL PRIMARY KEY, stage VARCHAR(16) NOT NULL, ' +
  "since DATETIME NOT NULL, dump CHAR(64) NOT NULL DEFAULT '')"
const recorded = (stage: string) =>
  `${stages}; INSERT INTO \`switchover\`.\`stage\` (name, stage, since, dump) ` +
  `VALUES ('glance', '${stage}', UTC_TIMESTAMP(), '') ` +
  'ON DUPLICATE KEY UPDATE stage = VALUES(stage), since = VALUES(since)'
const begun =
  'CREATE DATABASE IF NOT EXISTS `switchover` DEFAULT CHARACTER SET utf8; ' +
  'CREATE TABLE IF NOT EXISTS `switchover`.`begun` (name VARCHAR(64) NOT NULL PRIMARY KEY)'
const word = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const asked = `stage=$($mysql -N -B -e ${word(`${stages}; SELECT stage FROM \`switchover\`.\`stage\` WHERE name = 'glance'`)} </dev/null) || exit`
const refuse = `refuse() { printf 'refused: %s\\ntry: %s\\n' "$1" "$2" >&2; exit 77; }`
const sql = '$mysql --default-character-set=utf8 -N -B'

/** The lines of a script that begin with one of these words. */
const lines = (script: string, ...words: readonly string[]) =>
  script.split('\n').filter((line) => words.some((word) => line.startsWith(word)))

for (const [what, operation, state, commands] of [
  [
    'a missing database',
    database.present(glance),
    undefined,
    [
      sql,
      '< CREATE DATABASE `glance` CHARACTER SET utf8 COLLATE utf8_general_ci; SELECT default_character_set_name, ' +
        "default_collation_name FROM information_schema.schemata WHERE schema_name = 'glance'",
    ],
  ],
  ['one that is right', database.present(glance), glance, []],
  ['one whatever it is', database.present({ database: 'glance' }), glance, []],
  [
    'a database goes on your word',
    database.absent({ database: 'gl`ance', unsaved: true }),
    { tables: 3 },
    ["$mysql -e 'DROP DATABASE IF EXISTS `gl``ance`'"],
  ],
  [
    'a database goes when it is saved',
    database.absent({ database: 'glance', saved: '/b/x.sql' }),
    { tables: 3 },
    [
      [
        'guards',
        `tables=$($mysql -N -B -e 'SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '\\''glance'\\''') || exit`,
        `[ "$tables" = 0 ] || whole /b/x.sql || refuse 'glance has '"$tables"' tables and has not been saved: ` +
          "there is no complete dump in /b/x.sql' 'dump it first and name the dump as `saved`, or say `unsaved: true`'",
        "$mysql -e 'DROP DATABASE IF EXISTS `glance`'",
      ].join('\n'),
    ],
  ],
  ['no database', database.absent({ database: 'glance' }), { tables: undefined }, []],
  ['what was migrated stays', database.replace(replacement), { stage: 'migrated', newer: false, tables: 3 }, []],
  ['what was imported stays', database.replace(replacement), { stage: 'imported', newer: false, tables: 3 }, []],
  [
    'what was never replaced stays',
    database.restore({ ...glance, saved: '/b/x' }),
    { stage: 'untouched', tables: 3 },
    [],
  ],
  ['what is migrated is not again', database.migrate({ database: 'glance', commands: ['sync'] }), 'migrated', []],
  [
    'a migration, and its record',
    database.migrate({ database: 'glance', commands: ['glance-manage db_sync', 'second'], hint: 'run glance -t dump' }),
    'converted',
    [
      [
        refuse,
        asked,
        'case $stage in',
        "  '') refuse 'glance has not been replaced by the source'\\''s, so there is nothing to migrate' 'run glance -t dump' ;;",
        '  imported|converted) ;;',
        "  migrated) refuse 'glance has been migrated meanwhile' 'run the task again' ;;",
        `  *) refuse "the $stage of "'glance broke off, and half of it is nothing to migrate' ` +
          "'import it anew first: run the tasks from the replacement on' ;;",
        'esac',
        `$mysql -e ${word(`${begun}; INSERT IGNORE INTO \`switchover\`.\`begun\` (name) VALUES ('glance'); ${recorded('migrating')}`)}`,
      ].join('\n'),
      'glance-manage db_sync # long',
      'second # long',
      sql,
      `< ${recorded('migrated')}; ${begun}; DELETE FROM \`switchover\`.\`begun\` WHERE name = 'glance'`,
    ],
  ],
  [
    'users go together',
    database.userAbsent({ user: "quan'tum" }),
    ['a', '%'],
    [sql, "< DROP USER 'quan''tum'@'a', 'quan''tum'@'%'"],
  ],
] as const) {
  test(what, () => assert.equal(typed(operation, state), commands))
}

test('an import asks for the dump and for what would be lost, and records its beginning and its end', () => {
  const state = { host: 'node-5', stage: 'untouched', newer: false, dump: undefined, tables: 3 }
  const [first] = typed(database.replace({ ...replacement, hint: 'run glance -t dump' }), state)
  assert.equal(lines(first!, 'guards', 'whole', '[ "$tables"'), [
    'guards',
    `whole /b/glance.sql || refuse 'the dump /b/glance.sql is '"$why"' on node-5' 'run glance -t dump'`,
    `[ "$tables" = 0 ] || whole '/b/it'\\''s saved.sql' || refuse 'glance has not been saved: /b/it'\\''s saved.sql is '"$why"` +
      "', and nothing is dropped before that' 'run glance -t dump'",
  ])
  const [begin, load, end] = lines(first!, '$mysql')
  assert.match(first!, "VALUES ('\\''glance'\\'', '\\''importing'\\'',")
  assert.match(
    begin!,
    /DROP DATABASE IF EXISTS `glance`; CREATE DATABASE `glance` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci' \|\| exit$/,
  )
  assert.is(load, '$mysql glance < /b/glance.sql || exit')
  assert.match(end!, /^\$mysql -e "SET @dump = '\$sum'; "'CREATE DATABASE/)
  assert.match(end!, /imported.*UTC_TIMESTAMP\(\), @dump\)/)
  const [again] = typed(database.replace(replacement), { ...state, stage: 'migrating' })
  assert.equal(lines(again!, '[ "$tables"'), [], 'what is there came from a dump')
  const [back] = typed(database.restore({ ...glance, saved: '/b/x.sql' }), { ...state, stage: 'migrated' })
  const done = lines(back!, '$mysql').at(-1)!
  assert.match(done, `DELETE FROM \`switchover\`.\`stage\` WHERE name = '\\''glance'\\''; SET @left = (`)
  assert.match(done, /; EXECUTE last' # long$/)
})

test('a conversion takes away only the keys that stand in its way, and makes them again', () => {
  const key = (table: string, name: string, referenced: string) => ({ table, name, referenced, make: `MAKE ${name}` })
  const state = {
    tables: [['images', 'latin1_swedish_ci']],
    otherwise: 'latin1_swedish_ci',
    keys: [key('tags', 'tags_image', 'images'), key('members', 'members_owner', 'owners')],
    dropped: [key('locations', 'locations_image', '')],
    stage: 'untouched',
  }
  const [script, statements] = typed(database.convert(glance), state)
  assert.equal(script!.split('\n').slice(2), [
    `case $stage in importing|migrating) refuse "the $stage of "'glance broke off, and half of it is nothing to convert' ` +
      "'import it anew first: run the tasks from the replacement on' ;; esac",
    '$mysql --default-character-set=utf8 -N -B # long',
  ])
  assert.equal(
    statements!.split(';\n').filter((line) => !line.includes('CREATE')),
    [
      "REPLACE INTO `switchover`.`foreign_key` VALUES ('glance', 'tags', 'tags_image', 'MAKE tags_image')",
      'SET SESSION foreign_key_checks = 0',
      'ALTER TABLE `glance`.`tags` DROP FOREIGN KEY `tags_image`',
      'ALTER TABLE `glance`.`images` CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci',
      'MAKE locations_image',
      'MAKE tags_image',
      "DELETE FROM `switchover`.`foreign_key` WHERE name = 'glance'",
      'ALTER DATABASE `glance` DEFAULT CHARACTER SET utf8 COLLATE utf8_general_ci',
    ],
  )
  const tracked = typed(database.convert(glance), { ...state, stage: 'imported' })[1]!
  assert.match(tracked, "'converting'")
  assert.match(tracked, "'converted'")
  assert.equal(
    typed(database.convert(glance), { ...state, tables: [], dropped: [], otherwise: 'utf8mb3_general_ci' }),
    [],
  )
})

test('a dump says from where it comes, and what receives it', () => {
  const options = { database: 'glance', from: { name: 'node-1' }, to: '/b/glance.sql' }
  const { change } = database.dump(options).plan({ host: 'node-5', found: undefined }) as { change: { from?: string } }
  assert.is(change.from, 'node-1')
  const here = database.dump(options).plan({ host: 'node-1', found: undefined }) as { change: { from?: string } }
  assert.is(here.change.from, undefined)
  const kept = database.dump({ ...options, keep: true })
  assert.equal(kept.plan({ host: 'node-5', found: { bytes: 9, complete: true } }).change, undefined)
  assert.ok(kept.plan({ host: 'node-5', found: { bytes: 9, complete: false } }).change)
  assert.equal(typed(kept, { host: 'node-5', found: undefined }), [
    'all letters\n$mysqldump --single-transaction --quick --routines --triggers --events --hex-blob --skip-dump-date glance',
  ])
})

test('users: a password stands for itself, never as text', () => {
  const password = Secret.of("it's secret", 'nova password')
  const nova = (more: object = {}) => database.user({ user: 'nova', password, ...more })
  const account = (has: 'same' | 'other', ...privileges: readonly string[]) => ({
    host: 'localhost',
    password: has,
    grants: privileges.length === 0 ? [] : [{ on: '`nova`.*', privileges: new Set(privileges) }],
  })
  const state = (...accounts: readonly object[]) => ({ accounts, alters: true })
  for (const [operation, found, statements] of [
    [
      nova({ grants: { 'nova.*': 'ALL' } }),
      state(),
      "CREATE USER 'nova'@'localhost' IDENTIFIED BY ‹nova password›;\nGRANT ALL PRIVILEGES ON `nova`.* TO 'nova'@'localhost';\n",
    ],
    [nova(), state(account('other')), "ALTER USER 'nova'@'localhost' IDENTIFIED BY ‹nova password›;\n"],
    [
      nova(),
      { ...state(account('other')), alters: false },
      "SET PASSWORD FOR 'nova'@'localhost' = PASSWORD(‹nova password›);\n",
    ],
    [
      nova({ grants: { 'nova.*': 'SELECT' } }),
      state(account('same', 'SELECT', 'INSERT')),
      "REVOKE INSERT ON `nova`.* FROM 'nova'@'localhost';\n",
    ],
    [nova({ grants: { 'nova.*': 'SELECT' } }), state(account('same', 'SELECT')), undefined],
  ] as const) {
    assert.equal(typed(operation, found), statements === undefined ? [] : [sql, `< ${statements}`])
  }
})

test('rewrite: every row by what was read of it; what is not shown stays secret', () => {
  const operation = database.rewrite({
    login: { user: 'nova', password: Secret.of('word', 'nova password'), database: 'nova' },
    table: 'mapping',
    key: 'id',
    columns: ['host', 'info'],
    change: ({ host, info }) => ({ host, info: String(info).replace('.4', '.5') }),
    show: (value, column) => (column === 'info' ? String(value).slice(0, 8) : String(value)),
    save: "/b/it's/rows.jsonl",
  })
  const { change } = operation.plan([
    { id: 7, host: 'a', info: '10.0.0.4 chap-secret' },
    { id: 8, host: 'b', info: 'none' },
  ])
  const { keep, updates } = change as { keep: { script: string; stdin: Secret }; updates: readonly object[] }
  assert.is(
    keep.script,
    `${emptiedAnywhere("/b/it's/rows.jsonl.part")}\n${holding}
n=rows.jsonl
if [ -e "./$n" ] || [ -L "./$n" ]; then hold '/b/it'\\''s/rows.jsonl'; exec 9<"$p"; else exec 9</dev/null; fi
hold '/b/it'\\''s/rows.jsonl.part'
{ cat <&9 && cat; } >"$p" && rename "$f" rows.jsonl`,
  )
  assert.is(
    keep.stdin.reveal(),
    '{"key":7,"before":{"info":"10.0.0.4 chap-secret"},"after":{"info":"10.0.0.5 chap-secret"}}\n',
  )
  assert.equal(JSON.parse(JSON.stringify(updates)), [
    {
      row: 'nova.mapping 7',
      sql: 'UPDATE `mapping` SET `info` = ? WHERE `id` = ? AND `info` <=> ?',
      values: ['‹info of nova.mapping 7›', '7', '‹info of nova.mapping 7›'],
    },
  ])
  assert.equal(operation.plan([{ id: 8, host: 'b', info: 'none' }]).change, undefined)
})

test.run()
