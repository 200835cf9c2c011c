import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command, file, probe, script, shell as run } from '../../../lib/modules/index.ts'
import { pack } from '../../../lib/model/change.ts'
import { CommandFailed } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing } from '../../rig/needs.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

for (const shell of shells) {
  const test = suite(`command under ${shell.name}`)
  const fresh = () => {
    const dir = emptyDirectory()
    return { path: (name: string) => join(dir, name), connection: here({ shell }) }
  }

  test('shell is planned without a request and run in one', async () => {
    const { path, connection } = fresh()
    const plan = await planOf(
      connection,
      run`echo ${'two  words'} ${['a', "it's"]} >${path('f')}; cat ${path('f')}; echo warn >&2`,
    )
    assert.is(connection.requests, 0)
    assert.equal([plan.changed, plan.unpredictable, existsSync(path('f'))], [true, true, false])
    assert.equal(await plan.apply(connection), { code: 0, stdout: "two  words a it's\n", stderr: 'warn\n' })
    assert.is(connection.requests, 1)
  })

  test('a guard may be a pattern, and a link that leads nowhere is there', async () => {
    const { path, connection } = fresh()
    const changes = async (options: { readonly creates?: string; readonly removes?: string }) =>
      (await planOf(connection, run(options)`true`)).changed
    assert.is(await changes({ creates: path('app-*.war') }), true)
    writeFileSync(path("app-1 it's.war"), '')
    symlinkSync('nowhere', path('link'))
    writeFileSync(path('odd*[a'), '')
    assert.is(await changes({ creates: path('app-*.war') }), false)
    assert.is(await changes({ creates: path('app-[0-9]*') }), false)
    assert.is(await changes({ creates: path('app-[2-9]*') }), true)
    assert.is(await changes({ creates: path('link') }), false)
    assert.is(await changes({ removes: path('link') }), true)
    assert.is(await changes({ creates: path('odd*[a') }), false)
  })

  test('creates and removes guard it', async () => {
    const { path, connection } = fresh()
    const made = await applied(connection, () => run({ creates: path('f') })`echo made | tee ${path('f')}`)
    assert.equal(made.requests, { read: 1, apply: 1 })
    assert.is(made.result.stdout, 'made\n')
    await applied(connection, () => run({ removes: path('f') })`rm ${path('f')}`)
  })

  test('a failure shows what the command said; allowed codes are none', async () => {
    const { connection } = fresh()
    assert.is(await failure(connection, run`echo no such table >&2; exit 3`), 'no such table (exit code 3)')
    assert.is(await failure(connection, probe`false`), 'the command failed and said nothing (exit code 1)')
    assert.is((await planOf(connection, probe({ allow: [0, 3] })`exit 3`)).result.code, 3)
    const error = await probe`exit 4`.prepare(connection).catch((error) => error)
    assert.instance(error, CommandFailed)
    assert.is(error.command, 'exit 4')
  })

  test('probe looks in its plan and is never a change', async () => {
    const { connection } = fresh()
    const plan = await planOf(connection, probe`echo seen`)
    assert.equal([plan.changed, plan.result.stdout, connection.requests], [false, 'seen\n', 1])
  })

  test('changed is judged by what was written', async () => {
    const { connection } = fresh()
    for (const [text, expected] of [
      ['updated', true],
      ['nothing to do', false],
    ] as const) {
      const plan = await planOf(connection, run({ changed: ({ stdout }) => stdout.includes('updated') })`echo ${text}`)
      assert.is(plan.changed, true)
      const result = await plan.apply(connection)
      assert.is(plan.judge?.(result as typeof plan.result), expected)
    }
  })

  test('directory, environment and input arrive, secrets by no command line', async () => {
    const { path, connection } = fresh()
    const password = Secret.of("p'w \\ $x", 'password')
    const other = Secret.of('second one', 'other')
    const plan = await planOf(
      connection,
      run({
        cwd: path(''),
        env: { A: '$1 x', N: 5, PW: password, PX: other },
        stdin: 'in\nput',
      })`pwd; echo "$A|$N|$PW|$PX"; cat # all`,
    )
    assert.equal(await plan.apply(connection), {
      code: 0,
      stdout: `${path('')}\n$1 x|5|p'w \\ $x|second one\nin\nput`,
      stderr: '',
    })
    assert.not.match(connection.scripts.join(), 'second one')
    const secretly = await planOf(connection, run({ stdin: password })`cat`)
    assert.is(((await secretly.apply(connection)) as { stdout: string }).stdout, "p'w \\ $x")
    assert.throws(() => run`mysql -p${password as never}`, /cannot stand on a command line/)
    assert.match(await failure(connection, run({ cwd: '/nowhere' })`echo ran`), '/nowhere')
    assert.match(
      await failure(connection, run({ env: { PW: Secret.of('two\nlines', 'key') } })`:`),
      'has several lines',
    )
  })

  test('a command that takes too long is ended', async () => {
    const { connection } = fresh()
    assert.match(await failure(connection, run({ timeout: 0.3 })`sleep 20`), 'did not end within 0.3 s')
  })

  test('command has no shell between it and its arguments', async () => {
    const { connection } = fresh()
    assert.equal(await (await planOf(connection, command(['echo', '$HOME; *', 7]))).apply(connection), {
      code: 0,
      stdout: '$HOME; * 7\n',
      stderr: '',
    })
  })

  test('script runs a file as it is: by its first line, and with nothing of it to read', async () => {
    const { path, connection } = fresh()
    const ran = async (text: string, ...args: string[]) => {
      writeFileSync(path('s'), text)
      const plan = await planOf(connection, script(path('s'), ...args))
      return ((await plan.apply(connection)) as { stdout: string }).stdout
    }
    assert.is(await ran('cat\necho "after $0" | sed "s|/.*/||"\n'), 'after s\n')
    assert.is(await ran('#!/bin/cat -n\nnot sh at all\n').then((said) => said.trim().split('\n').length), 2)
    assert.is(
      await ran('#!/usr/bin/env sh\nread -r x || echo "nothing to read, $#"\n', 'a', 'b'),
      'nothing to read, 2\n',
    )
    assert.match(await ran('echo "$0"\n').then((file) => String(existsSync(file.trim()))), 'false')
  })

  needing(test, 'root')('creates and removes do not take a closed door for nothing there', async () => {
    const { path, connection: root } = fresh()
    chmodSync(path(''), 0o755)
    mkdirSync(path('closed'), { mode: 0o700 })
    writeFileSync(path('closed/there'), '')
    const connection = here({
      shell: { ...shell, argv: ['/usr/bin/setpriv', '--reuid=65534', '--clear-groups', ...shell.argv] },
    })
    for (const options of [{ creates: path('closed/there') }, { removes: path('closed/there') }])
      assert.match(await failure(connection, run(options)`echo ran`), `cannot look at ${path('closed/there')} on here`)
    assert.match(await failure(connection, file.mode(path('closed/there'), '0600')), 'permission denied')
    assert.match(await failure(connection, file.backup(path('closed/there'))), 'permission denied')
    assert.is((await planOf(root, run({ creates: path('closed/there') })`echo ran`)).changed, false)
    assert.is((await planOf(root, run({ removes: path('closed/none') })`echo ran`)).changed, false)
  })

  test('the text of a secret is refused in a command', async () => {
    const secret = Secret.of('Correct-Horse', 'horse')
    for (const make of [
      () => run`mysql -p${secret.reveal()}`,
      () => run`mysql --password=${`x${secret.reveal()}`}`,
      () => command(['mysql', `-p${secret.reveal()}`]),
    ])
      assert.throws(make, /^the text of the secret ‹horse› stands in a command/)
  })

  test('script brings a local script with its arguments', async () => {
    const { path, connection } = fresh()
    writeFileSync(path('s.sh'), '#!/bin/sh\necho "$1-$2"\nexit 0\n')
    const plan = await planOf(connection, script(path('s.sh'), 'a b', '-x'))
    assert.equal(await plan.apply(connection), { code: 0, stdout: 'a b--x\n', stderr: '' })
    assert.match(await failure(connection, script(path('none.sh'))), 'none.sh cannot be run: ENOENT')
  })

  test.run()
}

const test = suite('command: what is typed')
const password = Secret.of('open sesame', 'password')

for (const [what, operation, wanted, commands] of [
  ['a script as it is', run`nova-manage db sync`, true, ['nova-manage db sync']],
  ['nothing, where a guard says so', run({ creates: '/x' })`make x`, false, []],
  ['one that may take long', run({ long: true, timeout: 60 })`make x`, true, ['make x # long, at most 60 s']],
  ['arguments', command(['echo', '$HOME', "it's"]), true, [`echo '$HOME' 'it'\\''s'`]],
  [
    'directory, environment, input: secrets are read',
    run({ cwd: '/a b', env: { N: 5, PW: password }, stdin: 'text' })`cat`,
    true,
    ["N=5; export N\nIFS= read -r PW; export PW\ncd '/a b' || exit\ncat", '< ‹password›', '< text'],
  ],
  ['what only looks', probe`uptime`, { code: 0, stdout: '', stderr: '' }, []],
] as const) {
  test(what, () => assert.equal(typed(operation, wanted), commands))
}

test('bytes for a command follow a secret of its environment', async () => {
  const connection = here()
  const sent = run({ env: { PW: password }, stdin: Buffer.from([255, 0, 10]) })`echo "$PW"; od -An -tx1`
  const prepared = await planOf(connection, sent)
  assert.not.match(JSON.stringify(pack(prepared.change, new Map())), 'sesame')
  assert.equal(await prepared.apply(connection), { code: 0, stdout: 'open sesame\n ff 00 0a\n', stderr: '' })
})

test.run()
