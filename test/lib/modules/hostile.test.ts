import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lookAt } from '../../../lib/commands/undo/look.ts'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import {
  block,
  command,
  file,
  group,
  ini,
  line,
  packages,
  probe,
  service,
  shell,
  user,
} from '../../../lib/modules/index.ts'
import { type Here, here, shells } from '../../rig/here.ts'

const test = suite('hostile arguments')
const scratch = mkdtempSync(join(tmpdir(), 'switchover-hostile-'))
const canary = join(scratch, 'canary')
test.after(() => rmSync(scratch, { recursive: true, force: true }))

const attacks = [
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `'; touch ${canary}; '`,
  `"; touch ${canary}; "`,
  `; touch ${canary} #`,
  `a && touch ${canary}`,
  `| touch ${canary}`,
  '-rf',
  '--help',
  '$HOME ~ * ? [a-z] {a,b} !! \\ " \' ` # & < > ( ) ;',
  '%s%n%d \\n \\c \\0',
  ' blanks at both ends ',
  'ünïcødé 漢字 \u{1f600}',
] as const
/** Names of files: no slash. */
const names = attacks.map((attack) => attack.replaceAll('/', '\\'))

async function does<R extends Value>(connection: Here, operation: Operation<R>): Promise<R> {
  const prepared = await operation.prepare(connection)
  return prepared.changed ? (((await prepared.apply(connection)) ?? prepared.result) as R) : prepared.result
}

const random = fc.sample(
  fc.string({ unit: fc.constantFrom(...'$`\'"\\;&|<>(){}[]*?~#!% \t-=ab'), minLength: 1, maxLength: 12 }),
  { numRuns: 2, seed: 7 },
)

for (const one of shells) {
  const connection = here({ shell: one })
  const folder = join(scratch, one.name.replaceAll(/\W/g, '-'))

  test(`paths and contents are what they are, under ${one.name}`, async () => {
    for (const [i, name] of [...names, ...random].entries()) {
      const dir = join(folder, `${i}`, name)
      const path = `${dir}/${name}`
      mkdirSync(join(folder, `${i}`), { recursive: true })
      await does(connection, file.directory(dir))
      await does(connection, file.content(path, `${name}\n`, { mode: '0640' }))
      assert.is(readFileSync(path, 'utf8'), `${name}\n`)
      assert.is((await does(connection, file.stat(path))).mode, '0640')
      await does(connection, line.present(path, { line: `more ${name}` }))
      assert.is(readFileSync(path, 'utf8'), `${name}\nmore ${name}\n`)
      await does(connection, file.attributes(path, { mode: '0600' }))
      await does(connection, file.backup(path))
      await does(connection, file.link(`${dir}/to`, path))
      assert.is(readlinkSync(`${dir}/to`), path)
      const [seen] = await lookAt(connection, [{ file: path }])
      assert.match(seen!.state!, /^file 600 \d+ \d+ \d+ [0-9a-f]{64}$/)
      await does(connection, file.absent(path))
      assert.not(existsSync(path))
      await does(connection, file.absent(dir))
      assert.not(existsSync(dir))
    }
    assert.not(existsSync(canary))
  })

  test(`what is set in files is set, under ${one.name}`, async () => {
    const conf = join(folder, 'app.ini')
    const text = join(folder, 'app.txt')
    for (const attack of attacks) {
      if (attack.trim() === attack) {
        await does(connection, ini.set(conf, { 'a b': { key: attack } }, { create: true }))
        assert.ok(readFileSync(conf, 'utf8').includes(`key = ${attack}\n`))
      }
      await does(
        connection,
        block.present(
          text,
          `${attack}
`,
          { create: true },
        ),
      )
      assert.ok(readFileSync(text, 'utf8').includes(`${attack}\n`))
    }
    assert.not(existsSync(canary))
  })

  test(`words of commands stay words, under ${one.name}`, async () => {
    for (const attack of [...attacks, ...random]) {
      const printed = { stdout: `<${attack}>` }
      assert.is((await does(connection, probe`printf '<%s>' ${attack}`)).stdout, printed.stdout)
      assert.is((await does(connection, shell`printf '<%s>' ${attack}`)).stdout, printed.stdout)
      assert.is((await does(connection, command(['printf', '<%s>', attack]))).stdout, printed.stdout)
      assert.is(
        (await does(connection, shell({ env: { ATTACK: attack } })`printf '<%s>' "$ATTACK"`)).stdout,
        printed.stdout,
      )
      assert.is((await does(connection, shell({ stdin: attack })`cat`)).stdout, attack)
    }
    assert.not(existsSync(canary))
  })
}

test('what can only be a name is refused where it is written, before any host', () => {
  for (const attack of attacks) {
    for (const [what, make] of [
      ['service', () => service.started(attack)],
      ['user', () => user.present(attack)],
      ['group', () => group.present(attack)],
      ['package', () => packages.installed(attack)],
      ['mode', () => file.content('/x', '', { mode: attack })],
    ] as const)
      assert.throws(make, undefined, `${what} ${attack}`)
  }
})

test('a relative path, and one of two lines, are refused where they are written', () => {
  for (const path of ['x', './x', '', '/a\nb', '/a\0b']) {
    assert.throws(() => file.content(path, ''), /is not an absolute path of one line/)
    assert.throws(() => file.absent(path))
  }
  assert.not(lstatSync(scratch).isSymbolicLink())
})

test.run()
